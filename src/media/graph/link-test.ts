/**
 * Measures the way of media between sessions of one process: packets carry a number and the time they left in place of
 * speech, and whoever gets one knows how long it was under way. Works as long as nobody on the way decodes the audio.
 * Used by the call stream while a link test is on; allocates nothing per packet.
 *
 *     payload: "LTst" | sender, 16 bits | number, 32 bits | wall clock in ms, 32 bits | rest as it was
 */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { RtpPacketView } from '../../rtp/packet.js';
import type { LinkTestStats } from '../types.js';

const MAGIC = 0x4c547374;
const LENGTH = 14;
/** Delays are counted in steps of so many ms, up to two seconds. */
const STEP_MS = 10;
const STEPS = 200;
/** Numbers back that are told from copies. */
const WINDOW = 1024;

export class LinkTest {
  readonly #clock: Clock;
  readonly #id: number;
  #sent = 0;
  /** Whose packets we get. */
  #sender = -1;
  #first = 0;
  #highest = -1;
  /** Of senders before this one. */
  #expectedBefore = 0;
  readonly #seen = new Float64Array(WINDOW);
  #received = 0;
  #disordered = 0;
  #unknown = 0;
  #delayTotal = 0;
  #delayMax = 0;
  readonly #arrivals = new Uint32Array(STEPS + 1);

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#id = random.uint32() & 0xffff;
  }

  /** Marks a packet about to be sent. @returns the length of its payload */
  mark(out: Buffer, start: number, length: number): number {
    out.writeUInt32BE(MAGIC, start);
    out.writeUInt16BE(this.#id, start + 4);
    out.writeUInt32BE(this.#sent++ >>> 0, start + 6);
    out.writeUInt32BE(this.#now, start + 10);
    return Math.max(length, LENGTH);
  }

  /** Counts a packet that came. @returns false when it is none of ours */
  take({ data, payloadOffset: at, payloadLength }: RtpPacketView): boolean {
    if (payloadLength < LENGTH || word(data, at) !== MAGIC) {
      this.#unknown++;
      return false;
    }
    const sender = (data[at + 4] << 8) | data[at + 5];
    const number = word(data, at + 6);
    // What came before was sent before the test began at the other end.
    if (this.#received === 0) this.#unknown = 0;
    if (sender !== this.#sender) this.#begin(sender, number);
    if (number <= this.#highest) this.#disordered++;
    const slot = number % WINDOW;
    // A copy is no further packet.
    if (this.#seen[slot] === number) return true;
    this.#seen[slot] = number;
    this.#first = Math.min(this.#first, number);
    this.#highest = Math.max(this.#highest, number);
    this.#received++;
    const delay = Math.max(0, (this.#now - word(data, at + 10)) | 0);
    this.#delayTotal += delay;
    this.#delayMax = Math.max(this.#delayMax, delay);
    this.#arrivals[Math.min(STEPS, Math.max(1, Math.ceil(delay / STEP_MS)))]++;
    return true;
  }

  get stats(): LinkTestStats {
    const arrivals: Array<{ withinMs: number; packets: number }> = [];
    for (let step = 1; step <= STEPS; step++) {
      if (this.#arrivals[step] > 0)
        arrivals.push({ withinMs: step * STEP_MS, packets: this.#arrivals[step] });
    }
    return {
      sent: this.#sent,
      expected: this.#expectedBefore + this.#span,
      received: this.#received,
      disordered: this.#disordered,
      unknown: this.#unknown,
      delayTotalMs: this.#delayTotal,
      delayMaxMs: this.#delayMax,
      arrivals,
    };
  }

  get #now(): number {
    return this.#clock.wallTime() >>> 0;
  }

  get #span(): number {
    return this.#highest < 0 ? 0 : this.#highest - this.#first + 1;
  }

  #begin(sender: number, number: number): void {
    this.#expectedBefore += this.#span;
    this.#sender = sender;
    this.#first = number;
    this.#highest = -1;
    this.#seen.fill(-1);
  }
}

function word(data: Uint8Array, at: number): number {
  return ((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) >>> 0;
}
