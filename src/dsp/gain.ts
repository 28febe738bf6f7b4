/** Gain with saturation. A change of gain is spread over a few milliseconds, so that muting does not click. */
import { saturate } from './saturate.js';

const RAMP_MS = 5;

export class Gain {
  #current: number;
  #target: number;
  #step = 0;
  readonly #rampSamples: number;

  /** @param gain linear factor */
  constructor(sampleRate: number, gain = 1) {
    this.#rampSamples = Math.max(1, Math.round((RAMP_MS * sampleRate) / 1000));
    this.#current = gain;
    this.#target = gain;
  }

  set(gain: number): void {
    this.#target = gain;
    this.#step = (gain - this.#current) / this.#rampSamples;
  }

  /** True when everything comes out as zero. */
  get silent(): boolean {
    return this.#current === 0 && this.#target === 0;
  }

  /** Applies the gain in place. */
  process(pcm: Int16Array, offset: number, count: number): void {
    const end = offset + count;
    let i = offset;
    while (i < end && this.#current !== this.#target) {
      const next = this.#current + this.#step;
      const arrived = this.#step > 0 ? next >= this.#target : next <= this.#target;
      this.#current = arrived ? this.#target : next;
      pcm[i] = saturate(Math.round(pcm[i] * this.#current));
      i++;
    }
    const gain = this.#current;
    if (gain === 1) return;
    if (gain === 0) pcm.fill(0, i, end);
    else for (; i < end; i++) pcm[i] = saturate(Math.round(pcm[i] * gain));
  }
}
