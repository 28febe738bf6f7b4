/**
 * One dialog of a subscription as the subscriber has it (RFC 6665 §4.1): refreshes in time, takes the NOTIFYs in order,
 * waits for those that are due (timer N), says goodbye. A forked SUBSCRIBE makes several. Owned by Subscription.
 *
 * ```
 *            NOTIFY active/pending                NOTIFY terminated, expired, 481, timer N
 *  notify ────────────────────────▶ subscribed ──────────────────────────────────▶ gone
 *  wait         ▲    │ refresh: SUBSCRIBE                                          ▲
 *   │           └────┘ close(): SUBSCRIBE, Expires 0 ──▶ leaving ──────────────────┤
 *   └── timer N ───────────────────────────────────────────────────────────────────┘
 * ```
 */
import type { Clock, Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Dialog, EventValue, ServerHandle, SipRequest, SipResponse } from '../../sip/index.js';
import type { SendInDialog } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import { endsSubscription } from './resubscribe.js';
import type { Notification, SubscriptionEnd } from './subscription-types.js';

export interface LegOwner {
  readonly clock: Clock;
  readonly random: Random;
  /** 64*T1, ms. */
  readonly timerN: number;
  readonly event: EventValue;
  readonly accept: readonly string[];
  /** Lifetime to ask for, seconds. */
  expires: number;
  onNotification(notification: Notification): void;
  /** The dialog is over; told once. */
  onGone(leg: SubscriberLeg, end: SubscriptionEnd): void;
}

/** The share of the lifetime after which it is renewed, at the latest this long before its end. */
const REFRESH_SHARE = 0.8;
const REFRESH_AHEAD_S = 60;
const RETRY_S = 30;

export class SubscriberLeg {
  readonly dialog: Dialog;
  readonly #owner: LegOwner;
  readonly #send: SendInDialog;
  readonly #shared: boolean;
  #state: 'pending' | 'active' | undefined;
  #leaving = false;
  #gone = false;
  #patience: Timer | undefined;
  #expiry: Timer | undefined;
  #refresh: Timer | undefined;

  /** @param shared the dialog belongs to a call: it is not ended with the subscription */
  constructor(owner: LegOwner, dialog: Dialog, send: SendInDialog, shared = false) {
    this.#owner = owner;
    this.dialog = dialog;
    this.#send = send;
    this.#shared = shared;
    this.#awaitNotify();
  }

  /** Undefined before the first NOTIFY. */
  get state(): 'pending' | 'active' | undefined {
    return this.#state;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Of the 2xx that accepted the SUBSCRIBE: it can only be as long as we asked. */
  granted(response: SipResponse): void {
    const seconds = lenient(() => response.expires, undefined);
    // RFC 6665 §3.1.1 wants it there; where it is not, what we asked for counts unless a NOTIFY has told better.
    if (seconds !== undefined) this.#lives(Math.min(seconds, this.#owner.expires));
    else if (!this.#expiry?.active) this.#lives(this.#owner.expires);
    if (response.status === 204) this.#patience?.cancel(); // RFC 5839 §4: no NOTIFY will come
  }

  onNotify(request: SipRequest, tx: ServerHandle): void {
    if (this.dialog.acceptRequest(request) !== 'ok') {
      tx.reply(500, 'CSeq out of order'); // RFC 3261 §12.2.2
      return;
    }
    const state = request.subscriptionState;
    if (!state) {
      tx.reply(400, 'Missing Subscription-State');
      return;
    }
    this.dialog.refreshTarget(request);
    tx.reply(200);
    if (this.#gone) return;
    this.#patience?.cancel();
    const terminated = state.state === 'terminated';
    // An unknown state is one of a subscription that lives (RFC 6665 §4.1.3 names three).
    this.#state = state.state === 'pending' ? 'pending' : 'active';
    if (!terminated && state.expires !== undefined) this.#lives(Math.min(state.expires, this.#owner.expires));
    this.#owner.onNotification({
      contentType: lenient(() => request.contentType?.essence, undefined),
      body: request.bodyText,
      state: terminated ? 'terminated' : this.#state,
      source: this.dialog.remoteTag,
      request,
    });
    if (terminated) this.#end({ reason: state.reason ?? 'gone', retryAfter: state.retryAfter });
  }

  /** Asks for the state anew, and for a longer life. */
  refresh(): void {
    if (this.#gone || this.#leaving) return;
    this.#refresh?.cancel();
    const { expires } = this.#owner;
    this.#awaitNotify();
    this.#subscribe(expires, (response) => {
      const { status } = response;
      if (status < 300) return this.granted(response);
      this.#patience?.cancel();
      const minimum = status === 423 ? lenient(() => response.minExpires, undefined) : undefined;
      if (minimum !== undefined && minimum > expires) {
        this.#owner.expires = minimum;
        this.refresh();
      } else if (endsSubscription(status)) {
        this.#end({ reason: 'gone', status });
      } else {
        // RFC 6665 §4.1.2.2: it lives until it expires; another attempt fits in before.
        const wait = lenient(() => response.retryAfter?.delta, undefined) ?? RETRY_S;
        this.#refresh = this.#owner.clock.after(wait * 1000, () => this.refresh());
      }
    });
  }

  /** Unsubscribes; the last NOTIFY is waited for so that it gets its 200. */
  close(): void {
    if (this.#gone || this.#leaving) return;
    this.#leaving = true;
    this.#refresh?.cancel();
    this.#expiry?.cancel();
    this.#awaitNotify();
    this.#subscribe(0, ({ status }) => {
      if (status >= 300) this.#end({ reason: 'closed' });
    });
  }

  /** Forgets it without a word. */
  abandon(): void {
    this.#end({ reason: 'closed' });
  }

  #subscribe(expires: number, onFinal: (response: SipResponse) => void): void {
    const { event, accept } = this.#owner;
    const request = this.dialog.createRequest('SUBSCRIBE');
    request.set('Event', event);
    request.set('Expires', expires);
    if (accept.length > 0) request.set('Accept', accept.join(', '));
    this.#send(this.dialog, request, {
      onFinal: (response) => {
        if (this.#gone) return;
        onFinal(response);
        // A target refresh request (RFC 6665 §4.4.1).
        if (response.status < 300) lenient(() => this.dialog.refreshTarget(response), undefined);
      },
      onError: (error) => this.#unanswered(error),
    });
  }

  #unanswered(error: SwitchhookError): void {
    if (this.#gone) return;
    this.#end({ reason: this.#leaving ? 'closed' : 'gone', error });
  }

  /** Timer N. */
  #awaitNotify(): void {
    this.#patience?.cancel();
    this.#patience = this.#owner.clock.after(this.#owner.timerN, () => {
      if (this.#leaving) return this.#end({ reason: 'closed' });
      const target = this.dialog.remote.uri.toString();
      const error = new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'NOTIFY', target });
      this.#end({ reason: this.#state ? 'gone' : 'failed', error });
    });
  }

  #lives(seconds: number): void {
    if (this.#leaving || this.#gone) return;
    this.#expiry?.cancel();
    this.#refresh?.cancel();
    if (seconds <= 0) return; // a fetch: the NOTIFY ends it
    const { clock, random, expires } = this.#owner;
    this.#expiry = clock.after(seconds * 1000, () => this.#end({ reason: 'gone' }));
    if (expires === 0) return;
    // Spread over a tenth, so that the subscriptions of a phone do not go out together.
    const early = Math.max(seconds * REFRESH_SHARE, seconds - REFRESH_AHEAD_S) * (1 - 0.1 * random.float());
    this.#refresh = clock.after(Math.max(1, early) * 1000, () => this.refresh());
  }

  #end(end: SubscriptionEnd): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#patience?.cancel();
    this.#expiry?.cancel();
    this.#refresh?.cancel();
    if (!this.#shared) this.dialog.terminate();
    this.#owner.onGone(this, end);
  }
}
