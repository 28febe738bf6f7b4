/** The presence of one peer, watched (RFC 3856): a subscription, and what its documents say. Made by Presence. */
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import {
  type Notification,
  PIDF_TYPE,
  parsePidf,
  type Subscription,
  type SubscriptionEnd,
} from '../../ua/index.js';
import { type Peer, peerOf } from '../peer-name.js';
import { type PresenceInfo, presenceGroup, presenceInfo } from './presence-status.js';

export interface PresenceState extends PresenceInfo {
  peer: Peer;
}

export type PresenceWatchEvents = {
  change: [state: PresenceState];
  /** It is over: closed by us, refused, or the peer does not exist. */
  ended: [end: SubscriptionEnd];
};

export class PresenceWatch extends Emitter<PresenceWatchEvents> {
  readonly peer: Peer;
  readonly #logger: Logger;
  #subscription: Subscription | undefined;
  #state: PresenceState;
  #closed = false;
  #heard = false;

  constructor(target: string, logger: Logger) {
    super();
    this.peer = peerOf(target);
    this.#logger = logger;
    this.#state = { peer: this.peer, group: 'unknown', state: 'Unknown', details: '' };
  }

  get state(): PresenceState {
    return this.#state;
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

  /** For Presence. */
  begin(subscription: Subscription): void {
    this.#subscription = subscription;
    subscription.on('notify', (notification) => this.#onNotify(notification));
    subscription.on('state', (phase, end) => {
      if (phase === 'pending' && !this.#heard) this.#set({ group: 'pending', state: 'Pending', details: '' });
      // 404: there is no such user; anything else tells nothing about its presence.
      if (phase === 'ended' && end?.reason === 'failed')
        this.#set({ group: 'unknown', state: end.status === 404 ? 'NotExists' : 'Unknown', details: '' });
    });
    subscription.on('ended', (end) => {
      this.#closed = true;
      this.emit('ended', end);
    });
  }

  #onNotify({ contentType, body, state, request }: Notification): void {
    if (state === 'pending' || body === '') return;
    const displayName = request.from.displayName || undefined;
    if (contentType !== PIDF_TYPE) {
      const group = presenceGroup(body.trim());
      if (group) this.#set({ group, state: body.trim(), details: '', displayName });
      return;
    }
    try {
      const info = presenceInfo(parsePidf(body));
      this.#heard = true;
      this.#set({ ...info, displayName: info.displayName ?? displayName });
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_XML')) throw error;
      this.#logger.warn('a presence document could not be read', { peer: this.peer.uri, error });
    }
  }

  #set(info: PresenceInfo): void {
    this.#state = { peer: this.peer, ...info };
    this.emit('change', this.#state);
  }
}
