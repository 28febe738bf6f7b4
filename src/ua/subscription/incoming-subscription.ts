/**
 * Somebody subscribed to a state of ours (RFC 6665 §4.2). Notifies at once, at every change but not too often, and when
 * it ends; one NOTIFY at a time, so that they cannot pass each other. Made by Subscriptions for a SUBSCRIBE, or by a call
 * for a REFER.
 *
 * ```
 *  new ──accept──▶ active ──▶ terminated ◀── expired, terminate(), unsubscribed, NOTIFY refused or unanswered
 *   ├───pending──▶ pending ─accept─▲  │ ▲
 *   └───reject(status): no dialog     reject() ─┘
 * ```
 */
import type { Clock, Timer } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import {
  type Dialog,
  type EventValue,
  type MediaType,
  type NameAddr,
  type ServerHandle,
  type SipRequest,
  type SipResponse,
  SubscriptionState,
} from '../../sip/index.js';
import type { Account } from '../account.js';
import type { SendInDialog } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import type { Partings } from '../partings.js';
import type { NotifyBody } from './event-package.js';
import { endsSubscription } from './resubscribe.js';

export type IncomingSubscriptionState = 'new' | 'pending' | 'active' | 'terminated';

export type IncomingSubscriptionEvents = {
  /** The subscriber asked for the state anew, or for a longer life. */
  refreshed: [];
  /** It is over; `reason` is what the last NOTIFY said or `unanswered`, `refused`. */
  ended: [reason: string];
};

export interface IncomingSubscriptionInit {
  clock: Clock;
  partings: Partings;
  dialog: Dialog;
  send: SendInDialog;
  event: EventValue;
  account: Account | undefined;
  /** Lifetime in seconds; 0 = one NOTIFY only. */
  expires: number;
  /** Shortest time between two NOTIFYs, ms. */
  interval: number;
  /** What a NOTIFY tells; without it each {@link IncomingSubscription.notify} brings its body. */
  render?(subscription: IncomingSubscription): NotifyBody | undefined;
  accept?: readonly MediaType[];
  onEnded(subscription: IncomingSubscription): void;
}

export class IncomingSubscription extends Emitter<IncomingSubscriptionEvents> {
  readonly dialog: Dialog;
  readonly event: EventValue;
  /** Whom it was sent to. */
  readonly account: Account | undefined;
  /** Body types the subscriber takes; empty when it did not say. */
  readonly accept: readonly MediaType[];
  /** For the package, to number its documents. */
  version = 0;
  readonly #init: IncomingSubscriptionInit;
  #state: IncomingSubscriptionState = 'new';
  #refusal: number | undefined;
  #expiresAt = 0;
  #expiry: Timer | undefined;
  #pause: Timer | undefined;
  #sending = false;
  /** The subscriber wants no NOTIFY before {@link #pause} is over. */
  #asleep = false;
  /** A NOTIFY is due: `forced` also within the pause. */
  #due: 'no' | 'changed' | 'forced' = 'no';
  #body: NotifyBody | undefined;
  #reason: { reason: string; retryAfter?: number } | undefined;
  #parted: (() => void) | undefined;
  #over = false;

  constructor(init: IncomingSubscriptionInit) {
    super();
    this.#init = init;
    this.dialog = init.dialog;
    this.event = init.event;
    this.account = init.account;
    this.accept = init.accept ?? [];
  }

  get state(): IncomingSubscriptionState {
    return this.#state;
  }

  /** Who subscribed. */
  get subscriber(): NameAddr {
    return this.dialog.remote;
  }

  /** The status it was refused with before it began. */
  get refusal(): number | undefined {
    return this.#refusal;
  }

  /** Seconds it still lives. */
  get secondsLeft(): number {
    return Math.max(0, Math.round((this.#expiresAt - this.#init.clock.now()) / 1000));
  }

  /** The subscriber may know. */
  authorize(): void {
    if (this.#state === 'pending' || this.#state === 'new') this.#enter('active');
  }

  /** Whether the subscriber may know is not decided yet: it hears that it has to wait. */
  pending(): void {
    if (this.#state === 'new') this.#enter('pending');
  }

  /** Refuses it: with that status when it has not begun, else by a last NOTIFY. */
  reject(status = 403): void {
    if (this.#state === 'new') {
      this.#refusal = status;
      this.#state = 'terminated';
    } else {
      this.terminate('rejected');
    }
  }

  /** The state has changed; `body` when there is nobody to render it. */
  notify(body?: NotifyBody): void {
    if (this.#state === 'terminated') return;
    this.#body = body ?? this.#body;
    if (this.#state === 'new') return; // begin() tells it
    if (this.#due === 'no') this.#due = 'changed';
    this.#flush();
  }

  /** Ends it with a last NOTIFY (RFC 6665 §4.2.2). */
  terminate(reason: string, options: { retryAfter?: number; body?: NotifyBody } = {}): void {
    if (this.#state === 'terminated') return;
    this.#body = options.body ?? this.#body;
    this.#reason = { reason, retryAfter: options.retryAfter };
    this.#state = 'terminated';
    this.#expiry?.cancel();
    this.#parted = this.#init.partings.begin();
    this.#asleep = false;
    this.#due = 'forced';
    this.#flush();
  }

  /** Forgets it without a word. */
  abandon(): void {
    this.#state = 'terminated';
    this.#end(this.#reason?.reason ?? 'closed');
  }

  /** The subscription begins: the first NOTIFY goes out at once, whatever is known (RFC 6665 §4.2.1.2). */
  begin(body?: NotifyBody): void {
    this.#body = body ?? this.#body;
    if (this.#state === 'new') this.#enter('active');
    this.renew(this.#init.expires);
  }

  /** A SUBSCRIBE within the dialog; 0 ends it. It has been answered. */
  renew(seconds: number): void {
    this.#expiry?.cancel();
    this.#expiresAt = this.#init.clock.now() + seconds * 1000;
    if (seconds === 0) {
      this.terminate('timeout');
      return;
    }
    this.#expiry = this.#init.clock.after(seconds * 1000, () => this.terminate('timeout'));
    this.#asleep = false;
    this.#due = 'forced';
    this.#flush();
  }

  /** A SUBSCRIBE within the dialog: checked for its order here, answered by the caller. */
  accepts(request: SipRequest, tx: ServerHandle): boolean {
    if (this.dialog.acceptRequest(request) !== 'ok') {
      tx.reply(500, 'CSeq out of order'); // RFC 3261 §12.2.2
      return false;
    }
    if (this.#state === 'terminated') {
      tx.reply(481);
      return false;
    }
    this.dialog.refreshTarget(request);
    return true;
  }

  #enter(state: IncomingSubscriptionState): void {
    const before = this.#state;
    this.#state = state;
    if (before === 'pending') {
      this.#due = 'forced';
      this.#flush();
    }
  }

  #flush(): void {
    if (
      this.#sending ||
      this.#asleep ||
      this.#due === 'no' ||
      (this.#due === 'changed' && this.#pause?.active)
    )
      return;
    this.#due = 'no';
    this.#sending = true;
    const request = this.dialog.createRequest('NOTIFY');
    request.set('Event', this.event);
    request.set('Subscription-State', this.#subscriptionState());
    const body = this.#content();
    if (body) request.setBody(body.body, body.contentType);
    const last = this.#state === 'terminated';
    this.#init.send(this.dialog, request, {
      onFinal: (response) => this.#sent(last, response),
      onError: () => this.#lost(),
    });
    this.#pause?.cancel();
    if (!last) this.#pause = this.#init.clock.after(this.#init.interval, () => this.#flush());
  }

  /** What is not authorised yet, or refused, tells nothing (RFC 3856 §6.7). */
  #content(): NotifyBody | undefined {
    if (this.#state === 'pending' || this.#reason?.reason === 'rejected') return undefined;
    return this.#init.render ? this.#init.render(this) : this.#body;
  }

  #subscriptionState(): SubscriptionState {
    if (this.#state !== 'terminated')
      return new SubscriptionState(this.#state, { expires: String(this.secondsLeft) });
    const { reason = 'noresource', retryAfter } = this.#reason ?? {};
    const params: Record<string, string> = { reason };
    if (retryAfter !== undefined) params['retry-after'] = String(retryAfter);
    return new SubscriptionState('terminated', params);
  }

  #sent(last: boolean, response: SipResponse): void {
    this.#sending = false;
    const { status } = response;
    if (last) {
      this.#end(this.#reason?.reason ?? 'closed');
    } else if (status >= 300 && endsSubscription(status)) {
      this.#end('refused'); // RFC 6665 §4.2.2
    } else {
      // Any other refusal ends it as well, unless the subscriber wants it later.
      const later = status < 300 ? 0 : lenient(() => response.retryAfter?.delta, undefined);
      if (later === undefined) this.#end('refused');
      else if (later > 0) this.#again(later);
      else this.#flush();
    }
  }

  #again(seconds: number): void {
    this.#due = 'forced';
    this.#pause?.cancel();
    this.#asleep = true;
    this.#pause = this.#init.clock.after(seconds * 1000, () => {
      this.#asleep = false;
      this.#flush();
    });
  }

  #lost(): void {
    this.#sending = false;
    this.#end(this.#reason?.reason ?? 'unanswered');
  }

  #end(reason: string): void {
    this.#state = 'terminated';
    this.#due = 'no';
    this.#expiry?.cancel();
    this.#pause?.cancel();
    this.#parted?.();
    this.#parted = undefined;
    if (this.#over) return;
    this.#over = true;
    this.#init.onEnded(this);
    this.emit('ended', reason);
  }
}
