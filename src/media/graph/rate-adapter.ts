/** Brings frames of any, possibly changing, rate to one rate. Used by the sinks, which do not follow codec changes. */
import { Resampler } from '../../dsp/resample.js';

/** Longest frame pushed at once. */
const MAX_FRAME_MS = 20;

export class RateAdapter {
  readonly sampleRate: number;
  /** What the last {@link push} gave. */
  readonly frame: Int16Array;
  #resampler: Resampler | undefined;

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
    this.frame = new Int16Array(Math.ceil((sampleRate * MAX_FRAME_MS) / 1000) + 4);
  }

  /** @returns samples in {@link frame} */
  push(pcm: Int16Array, count: number, inputRate: number): number {
    if (this.#resampler?.inputRate !== inputRate) this.#resampler = new Resampler(inputRate, this.sampleRate);
    return this.#resampler.process(pcm, 0, count, this.frame, 0);
  }
}
