/**
 * The lines of a phone: every call sits on one, numbered from 1, as the buttons of a desk phone are. Chooses a line for
 * a new call, knows which one is active, and which one tells best how the phone is doing. Made by Phone, which seats
 * the calls; a line is free again the moment its call has ended. It starts, answers and ends no call.
 *
 *     free ──seat()──► taken ──the call ends──► free
 */
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type { Call } from '../ua/index.js';
import { LinePresets } from './line-presets.js';

/** In place of a line number: the active line, all with a call, the next free one; 0 stands for what is no call. */
export const LINE_CURRENT = -1;
export const LINE_ALL = -2;
export const LINE_NEXT = -3;
export const LINE_NONE = 0;

export interface LineOptions {
  /** Lines at first; twice as many whenever they do not suffice. Default 4. */
  initial?: number;
  /** Never more. Default 512. */
  maximum?: number;
  /** An order for a line without a call fails, instead of reaching the call that was most likely meant. Default false. */
  strict?: boolean;
}

/** What the table needs of a call. */
export type LineCall = Pick<Call, 'state' | 'direction' | 'held' | 'on'>;

export type LineChoice = 'outgoing' | 'incoming' | 'user';

export type LineEvents<C extends LineCall = Call> = {
  /** Another line is the active one. */
  active: [event: { line: number; previous: number; by: LineChoice }];
  /** A call has got a line. */
  seated: [event: { line: number; call: C }];
  /** A call has ended, and its line is free. */
  freed: [event: { line: number; call: C }];
};

const INITIAL = 4;
const MAXIMUM = 512;

export class LineTable<C extends LineCall = Call, Preset extends object = object> extends Emitter<
  LineEvents<C>
> {
  /** What calls of a line are made with beside what they are told. */
  readonly presets: LinePresets<Preset>;
  readonly #taken = new Map<number, C>();
  /** Also of calls that are over: their records name the line. */
  readonly #lines = new WeakMap<C, number>();
  #maximum: number;
  #count: number;
  #active = 1;
  strict: boolean;

  constructor(options: LineOptions = {}) {
    super();
    const { initial = INITIAL, maximum = MAXIMUM, strict = false } = options;
    this.#maximum = checkedMaximum(maximum);
    this.#count = Math.max(1, Math.min(initial, maximum));
    this.strict = strict;
    this.presets = new LinePresets(() => this.#active);
  }

  /**
   * Changes what was given. Calls there are keep their lines, also beyond a lower maximum.
   * @throws ERR_INVALID_ARGUMENT
   */
  configure({ initial = this.#count, maximum = this.#maximum, strict = this.strict }: LineOptions): void {
    this.#maximum = checkedMaximum(maximum);
    this.#count = Math.max(1, Math.min(initial, maximum), ...this.#taken.keys());
    this.strict = strict;
    if (this.#active > this.#count && !this.#taken.has(this.#active)) this.#activate(1, 'user');
  }

  /** Lines there are now. */
  get count(): number {
    return this.#count;
  }

  get maximum(): number {
    return this.#maximum;
  }

  /** The line that is meant when none is named. */
  get active(): number {
    return this.#active;
  }

  /** The call on the active line. */
  get current(): C | undefined {
    return this.#taken.get(this.#active);
  }

  /** Lines with a call, in order. */
  get taken(): readonly number[] {
    return [...this.#taken.keys()].sort((a, b) => a - b);
  }

  get calls(): readonly C[] {
    return this.taken.map((line) => this.#taken.get(line) as C);
  }

  /** The call on that line. */
  get(line: number): C | undefined {
    return this.#taken.get(line);
  }

  /** The line a call has, or had; undefined for one that never had any. */
  lineOf(call: C): number | undefined {
    return this.#lines.get(call);
  }

  /** Makes a line the active one; it need not have a call. @throws ERR_INVALID_ARGUMENT beyond the maximum */
  setActive(line: number): void {
    this.#check(line);
    while (this.#count < line) this.#grow();
    this.#activate(line, 'user');
  }

  /**
   * The line a new call would get: `wanted` when it is free, else the active one, else the lowest that is free.
   * @returns undefined when all are taken; with `strict`, when the one wanted is
   */
  free(wanted?: number): number | undefined {
    if (wanted !== undefined && wanted > 0) {
      this.#check(wanted);
      if (!this.#taken.has(wanted)) return wanted;
      if (this.strict) return undefined;
    }
    if (!this.#taken.has(this.#active) && this.#active <= this.#maximum) return this.#active;
    for (let line = 1; line <= this.#maximum; line++) if (!this.#taken.has(line)) return line;
    return undefined;
  }

  /**
   * Gives a call its line, and makes that the active one.
   * @returns undefined when all are taken, or the call is over already
   */
  seat(call: C, wanted?: number): number | undefined {
    const known = this.#lines.get(call);
    if (known !== undefined) return known;
    const line = call.state === 'ended' ? undefined : this.free(wanted);
    if (line === undefined) return undefined;
    this.#take(line, call);
    this.#activate(line, call.direction);
    return line;
  }

  /**
   * A call steps into the place of another, which is over or about to be (a Replaces, a redial): same line. Should it end
   * before that other, the line goes back.
   */
  takeOver(before: C, call: C): number | undefined {
    const line = this.#lines.get(before);
    if (line === undefined || this.#lines.has(call) || call.state === 'ended') return this.seat(call);
    const there = this.#taken.get(line);
    if (there ? there !== before : line > this.#maximum) return this.seat(call);
    if (there) this.#release(line, before);
    this.#take(line, call);
    call.on('state', (state) => {
      if (state === 'ended' && before.state !== 'ended') this.#giveBack(before, line);
    });
    return line;
  }

  /**
   * The lines an order is for, by number or one of the LINE_ constants. A line without a call is replaced by the most
   * likely one, unless `strict`.
   */
  select(line: number): readonly number[] {
    if (line === LINE_ALL) return this.taken;
    if (line === LINE_NONE) return [];
    if (line === LINE_NEXT) {
      const next = this.free();
      return next === undefined ? [] : [next];
    }
    const wanted = line === LINE_CURRENT ? this.#active : line;
    if (this.#taken.has(wanted)) return [wanted];
    if (this.strict) return [];
    const { best } = this;
    return best === undefined ? [] : [best];
  }

  /**
   * The line that tells best how the phone is doing: one in conversation before one on hold, ringing, or calling out;
   * among equals the active one. Undefined without a call.
   */
  get best(): number | undefined {
    let best: number | undefined;
    let rank = 0;
    for (const [line, call] of this.#taken) {
      const now = 2 * liveliness(call) + (line === this.#active ? 1 : 0);
      if (now > rank || (now === rank && line < (best as number))) {
        best = line;
        rank = now;
      }
    }
    return best;
  }

  #take(line: number, call: C): void {
    this.#taken.set(line, call);
    this.#lines.set(call, line);
    while (this.#count < Math.min(line, this.#maximum)) this.#grow();
    if (this.#taken.size === this.#count) this.#grow();
    call.on('state', (state) => {
      if (state === 'ended') this.#release(line, call);
    });
    this.emit('seated', { line, call });
  }

  #giveBack(call: C, before: number): void {
    const line = this.#taken.has(before) ? this.free() : before;
    if (line !== undefined) this.#take(line, call);
  }

  #release(line: number, call: C): void {
    if (this.#taken.get(line) !== call) return;
    this.#taken.delete(line);
    this.emit('freed', { line, call });
  }

  #activate(line: number, by: LineChoice): void {
    const previous = this.#active;
    if (line === previous) return;
    this.#active = line;
    this.emit('active', { line, previous, by });
  }

  #grow(): void {
    this.#count = Math.max(this.#count, Math.min(2 * this.#count, this.#maximum));
  }

  #check(line: number): void {
    if (Number.isInteger(line) && line >= 1 && line <= this.#maximum) return;
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `line ${line} is not one of 1 to ${this.#maximum}`,
    });
  }
}

function checkedMaximum(maximum: number): number {
  if (Number.isInteger(maximum) && maximum >= 1) return maximum;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `option 'lines.maximum': ${maximum}` });
}

function liveliness({ state, direction, held }: LineCall): number {
  switch (state) {
    case 'connected':
      return held.local || held.remote ? 6 : 7;
    case 'connecting':
      return 5;
    case 'ringing':
      return direction === 'incoming' ? 4 : 3;
    case 'trying':
      return 2;
    default:
      return 1;
  }
}
