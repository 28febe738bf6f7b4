/**
 * Who is in a conference that a server holds (RFC 4575): `phone.rosters` subscribes to its conference event and keeps the
 * list of members, by full and partial documents. Our own conferences are in conference.ts.
 */
import { isSwitchhookError } from '../base/errors.js';
import {
  CONFERENCE_INFO_TYPE,
  type ConferenceInfo,
  ConferenceView,
  type Notification,
  resolveTarget,
  type Subscription,
  type SubscriptionEnd,
  type UserAgent,
} from '../ua/index.js';
import { peerOf } from './peer-name.js';
import type { ServiceHost } from './service-host.js';
import { isLost, Watch } from './watch.js';

/** What is known of a conference now. */
export interface RosterState {
  /** Undefined while nothing is known, or no more. */
  readonly info: ConferenceInfo | undefined;
  /** The conference is over. */
  readonly over: boolean;
}

export class ConferenceRoster extends Watch<RosterState> {
  #view = new ConferenceView();

  get info(): ConferenceInfo | undefined {
    return this.#view.info;
  }

  protected override onState(phase: Subscription['phase'], end: SubscriptionEnd | undefined): void {
    // Another device of the server may number its documents anew.
    const before = this.info;
    if (phase === 'subscribing' || isLost(phase, end)) this.#view = new ConferenceView();
    if (before && isLost(phase, end)) this.#tell();
  }

  protected override onNotify({ contentType, body, state }: Notification): void {
    if (state === 'pending' || body === '' || contentType !== CONFERENCE_INFO_TYPE) return;
    try {
      const result = this.#view.apply(body);
      // §4.6: a document before this one was lost.
      if (result === 'refresh') this.refresh();
      if (result !== 'old' && this.info) this.#tell();
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_XML')) throw error;
      this.logger.warn('a conference document could not be read', { conference: this.peer.uri, error });
    }
  }

  #tell(): void {
    this.emit('change', { info: this.info, over: this.#view.deleted });
  }
}

export class ConferenceRosters {
  readonly #host: ServiceHost;
  readonly #rosters = new Map<string, ConferenceRoster>();
  /** They go on with the next SIP stack. */
  #paused: ConferenceRoster[] = [];

  constructor(host: ServiceHost) {
    this.#host = host;
  }

  /** Watches a conference; watched already, it is that watch. @throws ERR_INVALID_ARGUMENT */
  watch(target: string): ConferenceRoster {
    const uri = resolveTarget(target, this.#host.account()).toString();
    const { uri: key } = peerOf(uri);
    const known = this.#rosters.get(key);
    if (known && !known.closed) return known;
    const roster = new ConferenceRoster(uri, this.#host.logger);
    this.#rosters.set(key, roster);
    roster.on('ended', () => {
      if (this.#rosters.get(key) === roster) this.#rosters.delete(key);
    });
    void this.#begin(roster);
    return roster;
  }

  /** For the phone: it has started. */
  attach(_agent: UserAgent): void {
    for (const roster of this.#paused.splice(0)) if (!roster.closed) void this.#begin(roster);
  }

  /** For the phone: the SIP stack ends and another one will come. */
  detach(): void {
    this.#paused = [...this.#rosters.values()].filter((roster) => roster.pause());
  }

  close(): void {
    for (const roster of [...this.#rosters.values()]) roster.close();
  }

  async #begin(roster: ConferenceRoster): Promise<void> {
    try {
      const agent = await this.#host.agent();
      if (roster.closed) return;
      const account = this.#host.account();
      const accept = [CONFERENCE_INFO_TYPE];
      roster.begin(agent.subscribe(roster.target, { event: 'conference', accept, account }));
    } catch (error) {
      this.#host.logger.warn('a conference cannot be watched', { conference: roster.target, error });
      roster.close();
    }
  }
}
