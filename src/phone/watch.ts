/**
 * Watching the state of a peer, whatever that is: one subscription, and that it ends once. Made into presence and lamps by
 * PresenceWatch and BlfWatch, which read the documents.
 */
import { Emitter } from '../base/emitter.js';
import type { Logger } from '../base/logger.js';
import type { Notification, Subscription, SubscriptionEnd } from '../ua/index.js';
import { type Peer, peerOf } from './peer-name.js';

export type WatchEvents<State> = {
  change: [state: State];
  /** It is over: closed by us, refused, or the peer does not exist. */
  ended: [end: SubscriptionEnd];
};

export abstract class Watch<State> extends Emitter<WatchEvents<State>> {
  readonly peer: Peer;
  /** Whom it was asked for. */
  readonly target: string;
  protected readonly logger: Logger;
  #subscription: Subscription | undefined;
  #closed = false;

  constructor(target: string, logger: Logger) {
    super();
    this.peer = peerOf(target);
    this.target = target;
    this.logger = logger;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Asks for the state anew. */
  refresh(): void {
    this.#subscription?.refresh();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#subscription) this.#subscription.close();
    else this.emit('ended', { reason: 'closed' });
  }

  /** @internal by those who make it */
  begin(subscription: Subscription): void {
    this.#subscription = subscription;
    this.onState(subscription.phase, undefined);
    subscription.on('notify', (notification) => this.onNotify(notification));
    subscription.on('state', (phase, end) => this.onState(phase, end));
    subscription.on('ended', (end) => {
      this.#closed = true;
      this.emit('ended', end);
    });
  }

  /**
   * @internal the SIP stack ends: the watch waits for its next {@link begin}
   * @returns false when it has not begun or is over
   */
  pause(): boolean {
    const subscription = this.#subscription;
    if (!subscription || this.#closed) return false;
    this.#subscription = undefined;
    subscription.removeAllListeners();
    subscription.close();
    return true;
  }

  protected abstract onNotify(notification: Notification): void;
  protected abstract onState(phase: Subscription['phase'], end: SubscriptionEnd | undefined): void;
}

/** Ends after which the next subscription comes at once, and tells more (RFC 6665 §4.1.3). */
const AT_ONCE: ReadonlySet<string> = new Set(['deactivated', 'timeout', 'gone']);

/** True when what was known of the peer is worth nothing any more: the subscription is over, or has to wait for long. */
export function isLost(
  phase: Subscription['phase'],
  end: SubscriptionEnd | undefined,
): end is SubscriptionEnd {
  if (!end || end.reason === 'closed' || end.reason === 'fetched') return false;
  return phase === 'ended' || (phase === 'waiting' && !AT_ONCE.has(end.reason));
}
