/**
 * A subscription to the state of somebody else (RFC 6665 §4.1): SUBSCRIBE, one dialog for every device that notifies,
 * and a new attempt when the subscription ends for a reason that allows it. Applications get it from
 * `UserAgent.subscribe`; a REFER makes one without SUBSCRIBE (`Subscriptions.implicit`).
 *
 * ```
 *                 first NOTIFY                      all dialogs gone, may be tried again
 *  subscribing ────────────────▶ pending ⇄ active ────────────────────▶ waiting ──▶ subscribing
 *       │ refused, no NOTIFY         │ rejected, noresource, close() …      │ close()
 *       └────────▶ waiting, or ──────┴───────────────▶ ended ◀──────────────┘
 * ```
 */
import type { Clock, Timer } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import {
  type ClientHandle,
  Dialog,
  EventValue,
  type ServerHandle,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../../sip/index.js';
import { DialogWay, type SendInDialog } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import { buildRequest, sendRequest } from '../out-of-dialog.js';
import type { SignallingEnvironment } from '../signalling.js';
import { resubscribeDelay } from './resubscribe.js';
import { type LegOwner, SubscriberLeg } from './subscriber-leg.js';
import type {
  Notification,
  SubscribeOptions,
  SubscriptionEnd,
  SubscriptionEvents,
  SubscriptionPhase,
} from './subscription-types.js';

/** Where NOTIFYs find their subscription; see subscriptions.ts. */
export interface SubscriptionRegistry {
  /** All that are not over, those that wait for their next attempt included. */
  readonly alive: Set<Subscription>;
  add(callId: string, localTag: string, subscription: Subscription): void;
  remove(callId: string, localTag: string, subscription: Subscription): void;
}

/** The request whose NOTIFYs we wait for. */
interface Attempt {
  request: SipRequest;
  way: DialogWay | undefined;
  send: SendInDialog;
  abort: AbortController;
  /** NOTIFYs may make further dialogs until then (RFC 6665 §4.1.2.4). */
  open: Timer | undefined;
  /** The dialog of the call it lives in. */
  shared: Dialog | undefined;
}

export interface ImplicitOptions {
  /** The request that makes the subscription, as sent: REFER. */
  request: SipRequest;
  event: string;
  /** The dialog of the call the request was sent in; without it the first NOTIFY makes one. */
  dialog?: Dialog;
  send: SendInDialog;
}

/** Devices of one forked subscription we listen to. */
const MAX_LEGS = 16;

export class Subscription extends Emitter<SubscriptionEvents> implements LegOwner {
  readonly event: EventValue;
  readonly accept: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly timerN: number;
  expires: number;
  /** Whose state it is. */
  readonly target: SipUri;
  readonly #env: SignallingEnvironment;
  readonly #registry: SubscriptionRegistry;
  readonly #options: SubscribeOptions;
  readonly #legs = new Map<string, SubscriberLeg>();
  readonly #fetch: boolean;
  readonly #implicit: boolean;
  #attempt: Attempt | undefined;
  #phase: SubscriptionPhase = 'subscribing';
  #end: SubscriptionEnd | undefined;
  #failures = 0;
  #retry: Timer | undefined;
  /** To be called when the notifiers have heard that we unsubscribed. */
  #parted: (() => void) | undefined;

  private constructor(
    env: SignallingEnvironment,
    registry: SubscriptionRegistry,
    target: SipUri,
    options: SubscribeOptions,
    implicit: boolean,
  ) {
    super();
    this.#env = env;
    this.#registry = registry;
    this.#options = options;
    this.#implicit = implicit;
    this.target = target;
    this.event = EventValue.parse(options.event);
    this.accept = options.accept ?? [];
    this.expires = options.expires ?? 3600;
    this.#fetch = this.expires === 0;
    this.clock = env.clock;
    this.random = env.random;
    this.timerN = 64 * env.timers.t1;
    registry.alive.add(this);
  }

  /** Sends the SUBSCRIBE. @throws ERR_INVALID_ARGUMENT for headers that cannot be sent */
  static start(
    env: SignallingEnvironment,
    registry: SubscriptionRegistry,
    target: SipUri,
    options: SubscribeOptions,
  ): Subscription {
    const subscription = new Subscription(env, registry, target, options, false);
    subscription.#subscribe();
    return subscription;
  }

  /** Waits for what the request sent by somebody else leads to. */
  static implicit(
    env: SignallingEnvironment,
    registry: SubscriptionRegistry,
    { request, event, dialog, send }: ImplicitOptions,
  ): Subscription {
    const options = { event, persistent: false, forks: false };
    const subscription = new Subscription(env, registry, request.uri as SipUri, options, true);
    const attempt = subscription.#open(request, undefined, send);
    attempt.shared = dialog;
    return subscription;
  }

  get phase(): SubscriptionPhase {
    return this.#phase;
  }

  /** Why it is `waiting` or `ended`. */
  get end(): SubscriptionEnd | undefined {
    return this.#end;
  }

  /** Devices that notify now. */
  get devices(): number {
    return this.#legs.size;
  }

  /** Asks for the state anew; subscribes now when it is waiting for that. */
  refresh(): void {
    if (this.#phase === 'waiting') this.#subscribe();
    else for (const leg of this.#legs.values()) leg.refresh();
  }

  /** Unsubscribes. Nothing is notified any more. */
  close(): void {
    this.#finish({ reason: 'closed' });
  }

  /** Ends it as {@link close}, without a word to the notifier. */
  abandon(): void {
    for (const leg of [...this.#legs.values()]) leg.abandon();
    this.#finish({ reason: 'closed' });
  }

  /** True for a NOTIFY of this subscription; `id` of a REFER may be left out by either side (RFC 3515 §2.4.6). */
  matches(event: EventValue): boolean {
    if (event.name !== this.event.name) return false;
    return event.id === this.event.id || (this.#implicit && event.id === undefined);
  }

  /** A NOTIFY with our Call-ID, our tag and our event. */
  onNotify(request: SipRequest, tx: ServerHandle): void {
    const tag = request.from.tag ?? '';
    const leg = this.#legs.get(tag) ?? this.#newLeg(request);
    if (!leg) {
      tx.reply(481);
      return;
    }
    leg.onNotify(request, tx);
  }

  onNotification(notification: Notification): void {
    if (this.#phase === 'ended') return;
    if (notification.state !== 'terminated') {
      this.#failures = 0;
      this.#settlePhase();
    }
    this.emit('notify', notification);
  }

  onGone(leg: SubscriberLeg, end: SubscriptionEnd): void {
    if (this.#legs.get(leg.dialog.remoteTag) !== leg) return;
    this.#legs.delete(leg.dialog.remoteTag);
    if (this.#phase === 'ended') {
      if (this.#legs.size === 0) this.#release();
      return;
    }
    if (this.#legs.size > 0) this.#settlePhase();
    else this.#over(this.#fetch && end.reason === 'timeout' ? { reason: 'fetched' } : end);
  }

  #subscribe(): void {
    this.#retry?.cancel();
    this.#release();
    const { account } = this.#options;
    const request = buildRequest(this.#env, 'SUBSCRIBE', this.target, this.#options);
    request.set('Event', this.event);
    request.set('Expires', this.expires);
    if (this.accept.length > 0) request.set('Accept', this.accept.join(', '));
    const way = new DialogWay(this.#env, account, undefined);
    const attempt = this.#open(request, way, way.send);
    this.#enter('subscribing');
    const { signal } = attempt.abort;
    const current = (): boolean => this.#attempt === attempt;
    sendRequest(this.#env, request, account, {
      signal,
      onFinal: (response, handle) => current() && this.#answered(attempt, response, handle),
      onError: (error) => current() && this.#failed({ reason: 'failed', error }),
    }).catch((cause: unknown) => {
      if (current() && !signal.aborted) this.#failed({ reason: 'failed', error: asError(cause, request) });
    });
  }

  /** From now on NOTIFYs find us. */
  #open(request: SipRequest, way: DialogWay | undefined, send: SendInDialog): Attempt {
    const attempt: Attempt = {
      request,
      way,
      send,
      abort: new AbortController(),
      open: this.clock.after(this.timerN, () => this.#closeForForks(attempt)),
      shared: undefined,
    };
    this.#attempt = attempt;
    this.#registry.add(request.callId, request.from.tag ?? '', this);
    return attempt;
  }

  /** Timer N: who has not notified by now will not (RFC 6665 §4.1.2.4). */
  #closeForForks(attempt: Attempt): void {
    attempt.open = undefined;
    if (this.#attempt === attempt && this.#legs.size === 0 && this.#phase === 'subscribing')
      this.#failed({ reason: 'failed', error: this.#noAnswer() });
  }

  #answered(attempt: Attempt, response: SipResponse, { flow }: ClientHandle): void {
    attempt.way?.metOver(flow);
    const { status } = response;
    if (status >= 300) {
      const minimum = status === 423 ? lenient(() => response.minExpires, undefined) : undefined;
      if (minimum !== undefined && minimum > this.expires && !this.#fetch) {
        this.expires = minimum;
        this.#subscribe();
        return;
      }
      const error = new SwitchhookError('ERR_SUBSCRIPTION', {
        event: this.event.name,
        target: this.target.toString(),
        why: `${status} ${response.reason}`,
        status,
      });
      const retryAfter = lenient(() => response.retryAfter?.delta, undefined);
      this.#failed({ reason: 'failed', status, retryAfter, error });
      return;
    }
    const tag = lenient(() => response.to.tag, undefined);
    const known = tag === undefined ? undefined : this.#legs.get(tag);
    if (known) return known.granted(response);
    if (this.#phase === 'ended' || this.#legs.size > 0 || tag === undefined) return;
    // The NOTIFY is on its way; until then this is the dialog to unsubscribe in.
    const dialog = lenient(() => Dialog.fromResponse(attempt.request, response), undefined);
    if (dialog) this.#adopt(attempt, dialog).granted(response);
  }

  /** The dialog a NOTIFY makes; undefined when it may not. */
  #newLeg(notify: SipRequest): SubscriberLeg | undefined {
    const attempt = this.#attempt;
    if (!attempt || this.#phase === 'ended') return undefined;
    const { shared } = attempt;
    if (shared) {
      return shared.remoteTag === (notify.from.tag ?? '') ? this.#adopt(attempt, shared) : undefined;
    }
    const heard = [...this.#legs.values()].filter((leg) => leg.state !== undefined).length;
    const room = this.#options.forks === false ? heard === 0 : heard < MAX_LEGS;
    if (!attempt.open || !room) return undefined;
    return this.#adopt(attempt, Dialog.fromNotify(attempt.request, notify));
  }

  #adopt(attempt: Attempt, dialog: Dialog): SubscriberLeg {
    const leg = new SubscriberLeg(this, dialog, attempt.send, attempt.shared !== undefined);
    this.#legs.set(dialog.remoteTag, leg);
    return leg;
  }

  #settlePhase(): void {
    const states = [...this.#legs.values()].map((leg) => leg.state);
    if (states.includes('active')) this.#enter('active');
    else if (states.includes('pending')) this.#enter('pending');
  }

  /** The SUBSCRIBE came to nothing. */
  #failed(end: SubscriptionEnd): void {
    const legs = [...this.#legs.values()];
    this.#legs.clear();
    for (const leg of legs) leg.abandon();
    if (this.#phase !== 'ended' && this.#phase !== 'waiting') this.#over(end);
  }

  /** All dialogs are gone: another attempt, or the end. */
  #over(end: SubscriptionEnd): void {
    const again = this.#options.persistent !== false && !this.#fetch;
    const seconds = again ? resubscribeDelay(end, this.#failures, this.random) : undefined;
    if (seconds === undefined) {
      this.#finish(end);
      return;
    }
    this.#failures++;
    this.#release();
    this.#retry = this.clock.after(seconds * 1000, () => this.#subscribe());
    this.#enter('waiting', end);
  }

  #finish(end: SubscriptionEnd): void {
    if (this.#phase === 'ended') return;
    this.#retry?.cancel();
    this.#enter('ended', end);
    const legs = [...this.#legs.values()];
    if (legs.length === 0) this.#release();
    else this.#parted = this.#env.partings.begin();
    for (const leg of legs) leg.close();
    this.emit('ended', end);
  }

  #release(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#parted?.();
    this.#parted = undefined;
    if (this.#phase === 'ended') this.#registry.alive.delete(this);
    if (!attempt) return;
    attempt.open?.cancel();
    attempt.abort.abort();
    this.#registry.remove(attempt.request.callId, attempt.request.from.tag ?? '', this);
  }

  #noAnswer(): SwitchhookError {
    return new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'NOTIFY', target: this.target.toString() });
  }

  #enter(phase: SubscriptionPhase, end?: SubscriptionEnd): void {
    this.#end = end;
    if (phase === this.#phase) return;
    const { clock, diagnostics, logger } = this.#env;
    const change = { from: this.#phase, to: phase, reason: end?.reason };
    logger.info('subscription', { event: this.event.name, target: this.target.toString(), ...change });
    if (diagnostics.state.active) {
      const id = this.#attempt?.request.callId ?? '';
      diagnostics.state.publish({ time: clock.wallTime(), kind: 'subscription', id, ...change });
    }
    this.#phase = phase;
    this.emit('state', phase, end);
  }
}

function asError(cause: unknown, request: SipRequest): SwitchhookError {
  if (isSwitchhookError(cause)) return cause;
  const details = { method: request.method, target: request.uri.toString(), why: String(cause) };
  return new SwitchhookError('ERR_SIP_TRANSPORT', details, { cause });
}
