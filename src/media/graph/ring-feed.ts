/**
 * The reading end of a PCM ring between two media clocks, which tick at the same rate but not at the same moment. It
 * keeps a little in hand so that a late tick on the other side leaves no hole, and drops what has piled up after a
 * stall. Used by bridges, headsets and their ports.
 */
import type { PcmPipe } from '../engine/pcm-ring.js';

/** Ticks may be this late without a hole, where both sides move the same number of samples at a time. */
const CUSHION_MS = 5;
/** More than this in hand is delay that does not go away by itself. */
const MOST_MS = 60;

export class RingFeed {
  readonly #pipe: PcmPipe;
  readonly #cushion: number;
  readonly #most: number;
  #started = false;

  /** @param cushionMs what is kept in hand */
  constructor(pipe: PcmPipe, sampleRate: number, cushionMs = CUSHION_MS) {
    this.#pipe = pipe;
    this.#cushion = Math.round((cushionMs * sampleRate) / 1000);
    this.#most = Math.round((MOST_MS * sampleRate) / 1000);
  }

  /** The other side has finished and all it wrote has been read. */
  get finished(): boolean {
    return this.#pipe.ended && this.#pipe.available === 0;
  }

  /** @returns false when there is nothing to play; else `count` samples are in `out` */
  take(out: Int16Array, count: number): boolean {
    const pipe = this.#pipe;
    const available = pipe.available;
    if (available < count) {
      this.#started = false;
      if (!pipe.ended || available === 0) return false;
      pipe.read(out, 0, available);
      out.fill(0, available, count);
      return true;
    }
    const wanted = count + this.#cushion;
    if (!this.#started && available < wanted && !pipe.ended) return false;
    if (!this.#started || available > count + this.#most) pipe.skip(Math.max(0, available - wanted));
    this.#started = true;
    pipe.read(out, 0, count);
    return true;
  }
}
