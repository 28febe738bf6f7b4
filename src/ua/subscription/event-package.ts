/** What an event package tells the notifier about itself (RFC 6665 §5.4); presence, dialog, and what applications add. */
import type { SipRequest } from '../../sip/index.js';
import type { IncomingSubscription } from './incoming-subscription.js';

export interface NotifyBody {
  contentType: string;
  body: string;
}

export interface EventPackage {
  /** As in Event: `presence`. */
  readonly name: string;
  /** Body types it can render, the usual one first. */
  readonly contentTypes: readonly string[];
  /** Lifetimes in seconds; default 3600, at least 60, at most 86400. */
  readonly expires?: { default?: number; min?: number; max?: number };
  /** Shortest time between two NOTIFYs of a subscription, ms; default 1000. */
  readonly interval?: number;
  /** Subscriptions at a time; further ones get 503. Default 500. */
  readonly limit?: number;
  /**
   * Somebody wants to subscribe. `pending()` asks the user first, `reject(status)` refuses; otherwise it is accepted when
   * this returns.
   */
  onSubscribe(subscription: IncomingSubscription, request: SipRequest): void;
  /** The state to send to an accepted subscriber, now; undefined for a NOTIFY without a body. */
  render(subscription: IncomingSubscription): NotifyBody | undefined;
}
