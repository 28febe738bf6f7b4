/** What subscriptions of both kinds tell and are told (RFC 6665). */
import type { SwitchhookError } from '../../base/errors.js';
import type { SipRequest } from '../../sip/index.js';
import type { RequestOptions } from '../out-of-dialog.js';

/** Of the subscriber: `waiting` is between two attempts, `ended` is for good. */
export type SubscriptionPhase = 'subscribing' | 'pending' | 'active' | 'waiting' | 'ended';

export interface SubscribeOptions extends Omit<RequestOptions, 'signal'> {
  /** Event package, with parameters if need be: `presence`, `dialog;sla`. */
  event: string;
  /** Body types we take; default: what the package prescribes. */
  accept?: readonly string[];
  /** Lifetime to ask for, in seconds; 0 fetches the state once (RFC 6665 §4.4.3). Default 3600. */
  expires?: number;
  /** Subscribe again by itself when the subscription ends for a reason that allows it. Default true. */
  persistent?: boolean;
  /** Keep the subscriptions of all devices a forked SUBSCRIBE reached, not of the first alone. Default true. */
  forks?: boolean;
}

/** One NOTIFY. */
export interface Notification {
  /** `type/subtype`; undefined when it has no body. */
  readonly contentType: string | undefined;
  readonly body: string;
  readonly state: 'pending' | 'active' | 'terminated';
  /** Which device of a forked subscription it is from: its tag. */
  readonly source: string;
  readonly request: SipRequest;
}

export interface SubscriptionEnd {
  /**
   * Of the notifier: `rejected`, `noresource`, `invariant`, `timeout` …; ours: `closed` for {@link Subscription.close},
   * `fetched` for a fetch that has its answer, `failed` when the SUBSCRIBE was refused or not answered.
   */
  reason: string;
  /** Seconds, when the notifier said so. */
  retryAfter?: number;
  /** Status of the refusal. */
  status?: number;
  error?: SwitchhookError;
}

export type SubscriptionEvents = {
  /** Every change; `end` tells why for `waiting` and `ended`. */
  state: [phase: SubscriptionPhase, end?: SubscriptionEnd];
  notify: [notification: Notification];
  /** It is over for good. */
  ended: [end: SubscriptionEnd];
};
