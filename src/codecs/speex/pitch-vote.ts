/** Chooses one lag for a Speex frame out of those of its sub-frames; for the enhancement and for concealment. */
import { SUBFRAMES } from './dimensions.js';

const NO_LAG = 40;

/** One lag is about 2, 3 or 4 times the other one. */
function isMultiple(long: number, short: number): boolean {
  return Math.abs(2 * short - long) < 3 || Math.abs(3 * short - long) < 4 || Math.abs(4 * short - long) < 5;
}

export class PitchVote {
  lag = NO_LAG;
  #bestGain = 0;
  #sum = 0;

  /** Mean gain of the frame. */
  get gain(): number {
    return this.#sum / SUBFRAMES;
  }

  start(): void {
    this.lag = NO_LAG;
    this.#bestGain = 0;
    this.#sum = 0;
  }

  /** A multiple of the lag so far has to be much better, a fraction of it may be somewhat worse. */
  add(lag: number, gain: number): void {
    this.#sum += gain;
    const wins = isMultiple(lag, this.lag)
      ? 0.67 * gain > this.#bestGain
      : gain > this.#bestGain || (isMultiple(this.lag, lag) && gain > 0.6 * this.#bestGain);
    if (!wins) return;
    this.lag = lag;
    this.#bestGain = Math.max(this.#bestGain, gain);
  }
}
