/**
 * Hands out generated audio in pieces of any size when it can only be made frame by frame. Decoders with their own
 * concealment (GSM, iLBC) use it to answer requests that are no multiple of their frames.
 */
export class FramePieces {
  readonly #make: (out: Int16Array, outOffset: number) => void;
  readonly #frame: Int16Array;
  /** Samples of the frame that are still to be handed out. */
  #left = 0;

  /** @param make writes the next frame of `frameSamples` samples */
  constructor(frameSamples: number, make: (out: Int16Array, outOffset: number) => void) {
    this.#frame = new Int16Array(frameSamples);
    this.#make = make;
  }

  fill(out: Int16Array, outOffset: number, samples: number): void {
    const end = outOffset + samples;
    while (outOffset < end) {
      if (this.#left === 0 && end - outOffset >= this.#frame.length) {
        this.#make(out, outOffset);
        outOffset += this.#frame.length;
        continue;
      }
      if (this.#left === 0) {
        this.#make(this.#frame, 0);
        this.#left = this.#frame.length;
      }
      out[outOffset++] = this.#frame[this.#frame.length - this.#left--];
    }
  }

  /** Forgets the rest of a frame that was not asked for. */
  drop(): void {
    this.#left = 0;
  }
}
