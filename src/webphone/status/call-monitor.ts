/**
 * Watches one call and tells its states as STATUS notifications of its line, its digits and INFOs, and its record at the
 * end. Made by StatusBoard for every call that gets a line; it changes nothing.
 *
 *     outgoing:  CallSetup → Routed → InProgress → Ringing → CallConnect → Speaking ⇄ Hold, Muted, Midcall
 *     incoming:  CallSetup → Ringing → CallConnect → Speaking ⇄ Hold, Muted, Midcall
 *     then       CallDisconnect → Finishing → Finished
 */
import type { MediaStats } from '../../media/index.js';
import type { Call, CallEnd, CallRecord } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import { extensionText } from '../signalling/line-extras.js';
import { disconnectReason } from './disconnect-reason.js';
import {
  type CallNotes,
  encryptionNumber,
  holdNumber,
  hostOf,
  type LineDesk,
  muteNumber,
  partyOf,
  userOf,
} from './line-desk.js';
import { GLOBAL_TEXTS, type LineMoment, type LineState, seconds, speakingText } from './status-texts.js';

/** What the monitor needs of the board. */
export interface MonitorHost {
  readonly notifications: NotificationHub;
  readonly desk: LineDesk;
  /** Clock time in ms. */
  now(): number;
  global(text: string): void;
  /** As API_IsRegisteredEx. */
  registered(): number;
  /** Treats 183 as ringing. */
  progressIsRinging(): boolean;
  /** RTP header extensions of the peer are told. */
  tellsExtensions(): boolean;
  /** `mediatimeout_notify` is set: that no media comes is told. */
  warnsOfSilence(): boolean;
  /** Port of our SIP socket. */
  port(): number;
  ended(call: Call, end: CallEnd, record: CallRecord): void;
}

const ONLINE = 1;

export class CallMonitor {
  readonly call: Call;
  readonly line: number;
  readonly #host: MonitorHost;
  readonly #notes: CallNotes;
  /** Of a call that came, read once. */
  readonly #caller: ReturnType<typeof partyOf> | undefined;
  #told = new Set<string>();

  /** @param rings false for a call that is dealt with before anybody could take it */
  constructor(call: Call, line: number, host: MonitorHost, rings = true) {
    this.call = call;
    this.line = line;
    this.#host = host;
    this.#caller = this.outgoing ? undefined : partyOf(call);
    this.#notes = host.desk.notes(call);
    this.#begin(rings);
    call.on('progress', ({ status }) => this.#progress(status));
    call.on('state', (state) => {
      if (state === 'connected') this.#connected();
    });
    call.on('hold', () => this.changed());
    call.on('encryption', () => this.changed());
    call.on('dtmf', ({ digit }) => host.notifications.publish('DTMF', { line, msg: digit }));
    call.on('info', ({ body }) => {
      host.notifications.publish('INFO', { type: 'REC', line, peername: this.peer, text: body });
    });
    call.on('dtmfFallback', ({ to }) => {
      const text = `failback to ${to === 'rfc4733' ? 'rfc2833' : 'inband'}`;
      host.notifications.publish('INFO', { type: 'WARNING', line, peername: this.peer, text });
    });
    call.on('connected', () => {
      call.media?.on('headerExtension', ({ profile, data }) => {
        if (!host.tellsExtensions()) return;
        host.notifications.publish('RTPE', { line, profile, extension: extensionText({ data }) });
      });
    });
    call.on('noMedia', () => {
      if (host.warnsOfSilence()) host.notifications.publish('WARNING', { text: 'media timeout (notify)' });
    });
    call.on('noResponse', ({ explanation }) =>
      host.notifications.publish('EVENT', { type: 'WARNING', txt: explanation }),
    );
    call.on('error', (error) => host.notifications.publish('EVENT', { type: 'WARNING', txt: error.message }));
    call.on('ended', (end, record) => this.#ended(end, record));
  }

  get peer(): string {
    return this.#party.user;
  }

  get #party(): ReturnType<typeof partyOf> {
    return this.#caller ?? partyOf(this.call);
  }

  get outgoing(): boolean {
    return this.call.direction === 'outgoing';
  }

  /** Tells the state anew: something about the call has changed. */
  changed(): void {
    if (this.call.state !== 'connected') return;
    this.#notes.state = this.#host.desk.steadyState(this.call);
    this.#say(this.#notes.state);
  }

  /** An incoming call that was kept silent rings now. */
  rings(): void {
    this.#enter('Ringing');
  }

  /** The state once more, with what has passed so far. */
  async report(): Promise<void> {
    if (this.call.state !== 'connected') return;
    const stats = await this.call.stats().catch(() => undefined);
    if (this.call.state === 'connected') this.#say(this.#notes.state, stats);
  }

  #begin(rings: boolean): void {
    if (!this.outgoing) this.#host.global(GLOBAL_TEXTS.incoming);
    this.#moment('CallSetup');
    this.#notes.state = 'Setup';
    if (!this.outgoing && rings) this.#enter('Ringing');
  }

  #progress(status: number): void {
    if (!this.outgoing) return;
    this.#routed();
    if (status === 180 || (status === 183 && this.#host.progressIsRinging())) {
      if (this.#enter('Ringing')) this.#host.global(GLOBAL_TEXTS.ringing);
    }
  }

  /** Something came back: the call has found its way. */
  #routed(): void {
    if (!this.outgoing || this.#told.has('Routed')) return;
    this.#enter('Routed');
    this.#enter('InProgress');
    this.#host.global(GLOBAL_TEXTS.calling);
  }

  #connected(): void {
    if (this.#told.has('CallConnect')) return;
    this.#routed();
    this.#notes.connectedAt = this.#host.now();
    this.#moment('CallConnect');
    this.#notes.state = this.#host.desk.steadyState(this.call);
    this.#say(this.#notes.state);
    this.#host.global(speakingText(0));
  }

  #ended(end: CallEnd, record: CallRecord): void {
    const { notifications } = this.#host;
    const reason = disconnectReason(end, record);
    this.#moment('CallDisconnect', record.media);
    this.#host.global(GLOBAL_TEXTS.callFinished);
    const us = userOf(record.local);
    notifications.publish('CDR', {
      line: this.line,
      peername: this.peer,
      caller: this.outgoing ? us : this.peer,
      called: this.outgoing ? this.peer : us,
      peeraddress: hostOf(record.remote),
      connecttime: record.setupMs ?? record.endedAt - record.startedAt,
      duration: record.durationMs,
      disparty: reason.party,
      reasontext: reason.text,
      callid: record.callId,
      dir: this.outgoing ? 1 : 2,
      disccode: reason.status,
      peerdisplayname: this.#party.displayName || this.peer,
    });
    this.#enter('Finishing');
    notifications.publish('EVENT', {
      type: 'EVENT',
      txt: `Call duration: ${seconds(record.durationMs)} sec [ep: ${this.line} ${record.callId} Finishing ${this.#host.port()}]`,
    });
    this.#enter('Finished');
    this.#host.ended(this.call, end, record);
  }

  /** @returns false when it has been in that state already */
  #enter(state: LineState): boolean {
    if (this.#told.has(state)) return false;
    this.#told.add(state);
    this.#notes.state = state;
    this.#say(state);
    return true;
  }

  #moment(moment: LineMoment, stats?: MediaStats): void {
    if (this.#told.has(moment)) return;
    this.#told.add(moment);
    this.#say(moment, stats, true);
  }

  #say(text: LineState | LineMoment, stats?: MediaStats, counters = stats !== undefined): void {
    const { notifications, registered } = this.#host;
    if (!notifications.wants('STATUS')) return;
    const { call } = this;
    const received = stats?.received.packets ?? 0;
    const lost = stats?.received.lost ?? 0;
    notifications.publish('STATUS', {
      line: this.line,
      statustext: text,
      peername: this.peer,
      localname: userOf(call.local),
      endpointtype: this.outgoing ? 1 : 2,
      peerdisplayname: this.#party.displayName || this.peer,
      callid: call.id,
      online: ONLINE,
      registered: registered(),
      incall: call.state === 'connected' ? 2 : call.state === 'ended' ? 0 : 1,
      mute: muteNumber(this.#host.desk.muted(call)),
      hold: holdNumber(call),
      encrypted: encryptionNumber(call),
      video: 0,
      group: this.#notes.group || undefined,
      ...(counters
        ? {
            rtpsent: stats?.sent.packets ?? 0,
            rtprec: received,
            rtploss: lost,
            rtplosspercent: lost + received === 0 ? 0 : (100 * lost) / (lost + received),
          }
        : {}),
    });
  }
}
