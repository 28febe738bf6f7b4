/**
 * Between a microphone and the media clock: the device pushes pieces of any length in its own time, the headset takes
 * one frame per tick. The two clocks differ by some ppm, so the audio is stretched by as much as keeps the queue at its
 * level; what piled up during a stall is dropped, and after a hole the queue fills up again first. Never allocates.
 */
import { DriftController } from '../../dsp/drift.js';
import { FractionalResampler } from '../../dsp/fractional-resampler.js';
import { Cushion } from './cushion.js';

/** What is in the queue after a frame was taken. */
const TARGET_MS = 15;
const MOST_EXTRA_MS = 60;
/** More than this over the target is not followed but dropped. */
const SURPLUS_MS = 80;
const QUEUE_MS = 500;
/** Longest frame taken at once, and the piece the resampler is fed with. */
const MAX_FRAME_MS = 20;
const PIECE = 16;

export class CaptureFeed {
  underruns = 0;
  readonly #perMs: number;
  readonly #queue: Int16Array;
  #from = 0;
  #available = 0;
  #started = false;
  readonly #cushion = new Cushion(MOST_EXTRA_MS);
  readonly #drift = new DriftController(TARGET_MS);
  readonly #resampler = new FractionalResampler();
  readonly #piece = new Int16Array(PIECE);
  readonly #made: Int16Array;
  #left = 0;

  constructor(sampleRate: number) {
    this.#perMs = sampleRate / 1000;
    this.#queue = new Int16Array(QUEUE_MS * this.#perMs);
    this.#made = new Int16Array(MAX_FRAME_MS * this.#perMs + this.#resampler.outputFor(PIECE));
  }

  /** What waits in the queue, in ms. */
  get queuedMs(): number {
    return this.#available / this.#perMs;
  }

  /** How much faster than the media clock the device runs, as far as known. */
  get driftPpm(): number {
    return this.#drift.ppm;
  }

  /** From the device. The oldest gives way when nobody takes it. */
  push(pcm: Int16Array, count: number): void {
    const queue = this.#queue;
    const from = Math.max(0, count - queue.length);
    const surplus = this.#available + (count - from) - queue.length;
    if (surplus > 0) this.#drop(surplus);
    let at = (this.#from + this.#available) % queue.length;
    for (let i = from; i < count; i++) {
      queue[at++] = pcm[i];
      if (at === queue.length) at = 0;
    }
    this.#available += count - from;
  }

  /** Fills `out` with `count` samples; silence where there is nothing. */
  take(out: Int16Array, count: number): void {
    const perMs = this.#perMs;
    const { extraMs } = this.#cushion;
    const target = (TARGET_MS + extraMs) * perMs;
    if (!this.#started && this.#available < count + target) {
      out.fill(0, 0, count);
      return;
    }
    const over = this.#available - count - target;
    if (!this.#started ? over > 0 : over > SURPLUS_MS * perMs) this.#drop(Math.floor(over));
    this.#started = true;
    this.#fill(out, count);
    this.#cushion.pass(count / perMs);
    this.#resampler.ppm = this.#drift.update(this.#available / perMs - extraMs, count / perMs);
  }

  /** Another device: what is queued is of the old one. */
  reset(): void {
    this.#available = 0;
    this.#left = 0;
    this.#started = false;
    this.#cushion.reset();
    this.#drift.reset();
    this.#resampler.reset();
  }

  #drop(count: number): void {
    this.#from = (this.#from + count) % this.#queue.length;
    this.#available -= count;
  }

  #fill(out: Int16Array, count: number): void {
    const made = this.#made;
    let have = this.#left;
    while (have < count && this.#available > 0) {
      const taken = Math.min(PIECE, this.#available);
      for (let i = 0; i < taken; i++) this.#piece[i] = this.#queue[(this.#from + i) % this.#queue.length];
      this.#drop(taken);
      have += this.#resampler.process(this.#piece, 0, taken, made, have);
    }
    const given = Math.min(have, count);
    for (let i = 0; i < given; i++) out[i] = made[i];
    made.copyWithin(0, given, have);
    this.#left = have - given;
    if (given === count) return;
    out.fill(0, given, count);
    this.#started = false;
    this.underruns++;
    this.#cushion.raise();
  }
}
