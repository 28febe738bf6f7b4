/**
 * The excitation of the lowest Speex rate (sub-mode 1): pulses at the pitch, as strong as the speech is voiced, mixed
 * with noise. Replaces what prediction and innovation have made.
 */
import { SUBFRAME } from './dimensions.js';

export class Vocoder {
  /** Samples until the next pulse. */
  #next = 0;
  #lastPulse = 0;
  #lastNoise = 0;
  #mean = 0;

  /** @param level of the frame; `noise` has it already */
  excite(
    excitation: Float64Array,
    at: number,
    noise: Float64Array,
    from: number,
    lag: number,
    gain: number,
    level: number,
  ): void {
    const voicing = Math.max(0, Math.min(1, 1.5 * (gain - 0.2)));
    const pulse = Math.sqrt(2 * lag) * voicing * level;
    for (let i = 0; i < SUBFRAME; i++) {
      let now = 0;
      if (this.#next === 0) {
        now = pulse;
        this.#next = lag;
      }
      this.#next--;
      const fresh = noise[from + i];
      const mixed =
        0.7 * now + 0.3 * this.#lastPulse + (1 - 0.85 * voicing) * fresh - 0.15 * voicing * this.#lastNoise;
      this.#lastPulse = now;
      this.#lastNoise = fresh;
      this.#mean = 0.8 * this.#mean + 0.2 * mixed;
      excitation[at + i] = mixed - this.#mean;
    }
  }

  reset(): void {
    this.#next = 0;
    this.#lastPulse = 0;
    this.#lastNoise = 0;
    this.#mean = 0;
  }
}
