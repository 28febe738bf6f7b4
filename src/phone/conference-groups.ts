/**
 * The conferences of a phone by line: brings calls together, lets them go, joins one conference with the call of
 * another line, calls somebody into one. Conference does the mixing; a group with one member left is no conference any
 * more and is closed, its call lives on. Made by Phone.
 */
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type { Call } from '../ua/index.js';
import type { CallOptions, LinePreset } from './call-options.js';
import type { Conference } from './conference.js';
import type { LineTable } from './lines.js';

export interface ConferenceGroupOptions {
  /** Several at once; else every call joins the one there is. Default false. */
  several?: boolean;
}

export type ConferenceGroupEvents = {
  /** Somebody joined or left; without members the conference is over. */
  group: [event: { conference: Conference; members: readonly Call[]; lines: readonly number[] }];
};

export interface ConferenceGroupEnvironment {
  lines: LineTable<Call, LinePreset>;
  open(): Promise<Conference>;
  dial(target: string, options: CallOptions): Promise<Call>;
}

export class ConferenceGroups extends Emitter<ConferenceGroupEvents> {
  options: ConferenceGroupOptions;
  readonly #env: ConferenceGroupEnvironment;
  readonly #open = new Set<Conference>();
  /** One change at a time: two calls that are added at once must not open two conferences. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(env: ConferenceGroupEnvironment, options: ConferenceGroupOptions = {}) {
    super();
    this.#env = env;
    this.options = options;
  }

  get all(): readonly Conference[] {
    return [...this.#open];
  }

  /** The conference a call is in. */
  of(call: Call): Conference | undefined {
    return this.all.find(({ members }) => members.includes(call));
  }

  /** True for two calls of one conference. */
  together(one: Call, other: Call): boolean {
    return this.of(one)?.members.includes(other) ?? false;
  }

  /** Every call that is connected comes together. @throws ERR_CALL_STATE with less than two */
  addAll(): Promise<Conference> {
    return this.#inTurn(async () => {
      const calls = this.#env.lines.calls.filter(({ state }) => state === 'connected');
      if (calls.length < 2) throw noConference('fewer than two calls');
      return this.#join(this.all[0] ?? (await this.#make()), calls);
    });
  }

  /**
   * A call joins the conference that `others` is in, or a new one with it. Without `others`: the one there is, else that
   * of the active line, else any call in conversation.
   * @param several instead of what the options say
   * @throws ERR_CALL_STATE when one of them is not connected, or there is nobody to join
   */
  add(call: Call, others?: Call, several = this.options.several): Promise<Conference> {
    return this.#inTurn(async () => {
      const partner = others ?? this.#partner(call);
      const known = partner && this.of(partner);
      if (!partner) throw noConference('there is no other call');
      if (this.of(call) && this.of(call) !== known) this.#let(call);
      const conference = known ?? (several ? undefined : this.all[0]) ?? (await this.#make());
      return this.#join(conference, [partner, call]);
    });
  }

  /** Calls somebody, who joins as {@link add} when the call is answered. @throws what dialling and `add` throw */
  async addNumber(target: string, options: CallOptions & { others?: Call } = {}): Promise<Call> {
    const { others, ...rest } = options;
    const partner = others ?? this.#partner(undefined);
    const call = await this.#env.dial(target, rest);
    await call.answered(options.signal);
    await this.add(call, partner?.state === 'connected' ? partner : undefined);
    return call;
  }

  /** A call leaves its conference and lives on. @returns false when it was in none */
  async remove(call: Call): Promise<boolean> {
    return this.#inTurn(async () => this.#let(call));
  }

  /** Ends a conference, or all, and keeps the calls. */
  async destroy(conference?: Conference): Promise<void> {
    await this.#inTurn(async () => {
      for (const one of conference ? [conference] : this.all) await one.close();
    });
  }

  #let(call: Call): boolean {
    const conference = this.of(call);
    conference?.remove(call);
    return conference !== undefined;
  }

  #partner(call: Call | undefined): Call | undefined {
    const { lines } = this.#env;
    const known = this.all.at(-1)?.members[0];
    const candidates = [known, lines.current, ...lines.calls];
    return candidates.find((other) => other && other !== call && other.state === 'connected');
  }

  async #join(conference: Conference, calls: readonly Call[]): Promise<Conference> {
    try {
      for (const call of calls) {
        if (conference.members.includes(call)) continue;
        this.#let(call);
        await conference.add(call);
      }
    } catch (error) {
      this.#settle(conference);
      throw error;
    }
    return conference;
  }

  async #make(): Promise<Conference> {
    const conference = await this.#env.open();
    this.#open.add(conference);
    let full = false;
    conference.on('joined', () => {
      full ||= conference.members.length > 1;
      this.#tell(conference);
    });
    conference.on('left', () => {
      if (!this.#open.has(conference)) return;
      this.#tell(conference);
      if (full) this.#settle(conference);
    });
    conference.on('ended', () => {
      if (this.#open.delete(conference)) this.#tell(conference);
    });
    return conference;
  }

  #settle(conference: Conference): void {
    if (conference.members.length < 2) conference.close().catch(() => {});
  }

  #tell(conference: Conference): void {
    const members = this.#open.has(conference) ? conference.members : [];
    const lines = members.flatMap((call) => this.#env.lines.lineOf(call) ?? []);
    this.emit('group', { conference, members, lines });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => {});
    return done;
  }
}

function noConference(state: string): SwitchhookError {
  return new SwitchhookError('ERR_CALL_STATE', { what: 'make a conference', state });
}
