/** The presence of one peer, watched (RFC 3856): a subscription, and what its documents say. Made by Presence. */
import { isSwitchhookError } from '../../base/errors.js';
import {
  type Notification,
  PIDF_TYPE,
  parsePidf,
  type Subscription,
  type SubscriptionEnd,
} from '../../ua/index.js';
import type { Peer } from '../peer-name.js';
import { isLost, Watch } from '../watch.js';
import { type PresenceInfo, presenceGroup, presenceInfo } from './presence-status.js';

export interface PresenceState extends PresenceInfo {
  peer: Peer;
}

export class PresenceWatch extends Watch<PresenceState> {
  #state: PresenceState = { peer: this.peer, group: 'unknown', state: 'Unknown', details: '' };
  #heard = false;

  get state(): PresenceState {
    return this.#state;
  }

  protected override onState(phase: Subscription['phase'], end: SubscriptionEnd | undefined): void {
    if (phase === 'pending' && !this.#heard) this.#set({ group: 'pending', state: 'Pending', details: '' });
    if (!isLost(phase, end)) return;
    const info = lostInfo(end);
    const { state, details, group } = this.#state;
    this.#heard = false;
    // Who has said goodbye is still not there.
    if (info.group === 'unknown' && group === 'offline') return;
    if (info.state !== state || info.details !== details) this.#set(info);
  }

  protected override onNotify({ contentType, body, state, request }: Notification): void {
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
      this.logger.warn('a presence document could not be read', { peer: this.peer.uri, error });
    }
  }

  #set(info: PresenceInfo): void {
    this.#state = { peer: this.peer, ...info };
    this.emit('change', this.#state);
  }
}

/** What is known of a peer that tells nothing any more. */
function lostInfo({ reason, status, error }: SubscriptionEnd): PresenceInfo {
  // 404: there is no such user.
  if (status === 404) return { group: 'unknown', state: 'NotExists', details: '' };
  const silent = reason === 'failed' && error !== undefined && status === undefined;
  if (silent || status === 408 || status === 480)
    return { group: 'offline', state: 'Closed', details: 'Unreachable' };
  return { group: 'unknown', state: 'Unknown', details: '' };
}
