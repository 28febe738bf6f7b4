/**
 * What is done when the sender has fallen behind the clock: a few frames within a stretch of packets are let pass, so
 * that the time of the stream is a little late from then on; more are made good, by the last packet once again when it
 * is for a few only, else by a jump of the timestamp. Pure.
 */
import type { SkewOptions } from '../types.js';

/** The stretch over which frames are counted, for each frame that may pass. */
const PACKETS_A_FRAME = 10;

export class SendSkew {
  readonly #tolerated: number;
  readonly #repeats: number;
  #behind = 0;
  /** Packets since the first frame that is counted. */
  #packets = 0;

  constructor({ toleratedFrames = 0, repeatUpTo = 0 }: SkewOptions) {
    this.#tolerated = toleratedFrames;
    this.#repeats = repeatUpTo;
  }

  /** The last packet may be wanted again. */
  get repeats(): boolean {
    return this.#repeats > 0;
  }

  /** A packet was sent in its time. */
  pass(): void {
    if (this.#behind === 0 || ++this.#packets <= PACKETS_A_FRAME * this.#tolerated) return;
    this.#behind = 0;
    this.#packets = 0;
  }

  /**
   * So many frames were left out.
   * @returns frames to make good, negative: by repeating the last packet
   */
  lag(frames: number): number {
    this.#behind += frames;
    if (this.#behind <= this.#tolerated) return 0;
    const missing = this.#behind;
    this.#behind = 0;
    this.#packets = 0;
    return missing <= this.#repeats ? -missing : missing;
  }
}
