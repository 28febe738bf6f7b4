/**
 * Where the calls of a phone go through: wires the desks, lines, conferences and policies to one user agent. Made by
 * Phone once its sockets are open; Phone is what applications see of it.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { SipEndpoint } from '../sip/index.js';
import type { Call, UserAgent } from '../ua/index.js';
import type { AccountBook } from './account-book.js';
import type { CallOptions, LinePreset } from './call-options.js';
import type { ConferenceGroups } from './conference-groups.js';
import type { LineTable } from './lines.js';
import type { PhoneMediaEngine } from './phone-options.js';
import { BargeIn } from './policies/barge-in.js';
import type { RequestFilter } from './policies/filter.js';
import { type AutomaticAction, IncomingDesk, type IncomingOffer } from './policies/incoming-desk.js';
import { MusicOnHold } from './policies/music-on-hold.js';
import { OutgoingDesk } from './policies/outgoing-desk.js';
import type { Policies } from './policies/policies.js';
import type { RedialDecision } from './policies/redial.js';
import { RedialDesk } from './policies/redial-desk.js';
import { callDetail } from './store/call-detail.js';
import type { StoredCall } from './store/store.js';

/** What the switchboard tells the phone. */
export interface SwitchboardReports {
  /** @returns false when nobody listens */
  incoming(call: Call, offer: IncomingOffer): boolean;
  automatic(call: Call, action: AutomaticAction): void;
  redial(before: Call, call: Call, why: RedialDecision['why']): void;
  callEnded(call: Call): void;
  record(record: StoredCall): void;
  dialled(target: string): void;
}

export interface SwitchboardOptions {
  agent: UserAgent;
  endpoint: SipEndpoint;
  engine: PhoneMediaEngine;
  clock: Clock;
  logger: Logger;
  lines: LineTable<Call, LinePreset>;
  policies: Policies;
  conferences: ConferenceGroups;
  book: AccountBook;
  filter: RequestFilter;
  displayName: string | undefined;
  reports: SwitchboardReports;
}

export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #outgoing: OutgoingDesk;
  readonly #incoming: IncomingDesk;
  readonly #bargeIn: BargeIn;
  readonly #music: MusicOnHold;
  readonly #redial: RedialDesk;
  /** Calls nobody is told of. */
  readonly #quiet = new WeakSet<Call>();

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    const { agent, engine, endpoint, clock, logger, lines, policies, conferences, reports, filter } = options;
    const { openBridge } = engine;
    this.#music = new MusicOnHold(policies, logger);
    this.#bargeIn = new BargeIn({
      logger,
      openBridge: openBridge && ((bridge) => openBridge.call(engine, bridge)),
      audible: () => this.#audible(),
    });
    this.#outgoing = new OutgoingDesk(options);
    this.#redial = new RedialDesk({
      clock,
      logger,
      policies,
      others: (call) => this.calls.filter((other) => other !== call).length,
      dial: (target, call, before) => this.#place(target, { line: lines.lineOf(before), ...call }),
      redialled: (before, call, why) => reports.redial(before, call, why),
    });
    this.#incoming = new IncomingDesk({
      clock,
      logger,
      lines,
      policies,
      calls: () => this.calls,
      offer: (call, offer) => reports.incoming(call, offer),
      handled: (call, action) => this.#handled(call, action),
      bargeIn: (call) => this.#bargeIn.accept(call),
    });
    conferences.on('group', this.#listenIn);
    agent.on('incoming', (call, handling) => {
      handling.ring = false;
      this.#attend(call);
      this.#incoming.receive(call);
    });
    agent.on('placed', (call, by) => this.#placedByPeer(call, by));
    agent.on('callEnded', (call) => {
      if (!this.#quiet.has(call)) reports.callEnded(call);
      this.#listenIn();
    });
    endpoint.screen = (request, flow) => filter.drops(request, flow);
  }

  /** The calls the user knows of. */
  get calls(): readonly Call[] {
    return this.#options.agent.calls.filter((call) => !this.#bargeIn.hides(call));
  }

  /** Supervisors that listen in now. */
  get listeners(): number {
    return this.#bargeIn.count;
  }

  /** What was dialled last. */
  get lastDialled(): string | undefined {
    return this.#outgoing.last;
  }

  set lastDialled(target: string | undefined) {
    this.#outgoing.last = target;
  }

  /** @throws as OutgoingDesk.dial */
  dial(target: string, options: CallOptions = {}): Call {
    const call = this.#place(target, options);
    this.#redial.placed(call, this.#outgoing.last ?? target, options);
    return call;
  }

  /** To be waited for before {@link dial} when there is something to wait for. */
  lookUp(target: string, options?: CallOptions): Promise<void> | undefined {
    return this.#outgoing.lookUp(target, options);
  }

  /** The call that takes the place of one that has failed, if one does. */
  nextAttempt(call: Call): Promise<Call | undefined> {
    return this.#redial.next(call);
  }

  close(): void {
    this.#options.conferences.off('group', this.#listenIn);
    this.#redial.close();
    this.#music.close();
  }

  #place(target: string, options: CallOptions): Call {
    const call = this.#outgoing.dial(target, options);
    this.#attend(call);
    this.#options.reports.dialled(this.#outgoing.last ?? target);
    return call;
  }

  /** A transfer made a new call, or one steps into the place of another (RFC 3891): that keeps its line. */
  #placedByPeer(call: Call, by: Call | undefined): void {
    const { lines } = this.#options;
    this.#attend(call);
    const replaces = by !== undefined && call.direction === 'incoming';
    const line = replaces ? lines.takeOver(by, call) : lines.seat(call);
    if (line === undefined) void call.hangup({ reason: 'all lines are taken' });
  }

  #attend(call: Call): void {
    this.#outgoing.began(call);
    this.#music.attend(call);
    call.once('connected', () => this.#listenIn());
    void call.ended.then((record) => {
      if (!this.#quiet.has(call)) {
        this.#options.reports.record(callDetail(call, record, this.#options.lines.lineOf(call) ?? 0));
      }
      if (!this.#bargeIn.hides(call)) this.#redial.ended(call, record);
    });
  }

  #handled(call: Call, action: AutomaticAction): void {
    const hidden = action === 'bargeIn' || this.#options.policies.answering.hideAutomatic === true;
    if (hidden) this.#quiet.add(call);
    else this.#options.reports.automatic(call, action);
  }

  /** Of each conference one call: it hears the others. */
  #audible(): Call[] {
    const { conferences } = this.#options;
    const heard = new Set<unknown>();
    return this.calls.filter((call) => {
      if (call.state !== 'connected') return false;
      const conference = conferences.of(call);
      if (!conference) return true;
      if (heard.has(conference)) return false;
      heard.add(conference);
      return true;
    });
  }

  readonly #listenIn = (): void => {
    this.#bargeIn.refresh().catch((error: unknown) => {
      this.#options.logger.warn('listening in was interrupted', { error });
    });
  };
}
