/**
 * The level of the background: the lowest short-time power of the last seconds (minimum statistics), which speech does
 * not raise because speech has gaps. Used by voice activity detection and gain control, one value per short frame.
 */
import { powerToDbov } from './level.js';

/** The lowest of this many stretches … */
const STRETCHES = 8;
/** … of this length: a louder background is known after 3.2 s. */
const STRETCH_MS = 400;
/** Power is smoothed with this time constant first. */
const SMOOTHING_MS = 40;
/** The lowest value lies below the mean of a steady noise: by 1.5 dB with the smoothing above. */
const BIAS = 10 ** 0.15;
/** Until one stretch is over, a loud start is taken for speech: -45 dBov. */
const FIRST_GUESS = 32768 * 32768 * 10 ** -4.5;

export class NoiseFloor {
  readonly #lowest = new Float64Array(STRETCHES);
  #stretch = 0;
  #stretchMs = 0;
  #started = false;
  #smoothed = -1;
  #power = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#lowest.fill(Number.POSITIVE_INFINITY);
    this.#stretch = 0;
    this.#stretchMs = 0;
    this.#started = false;
    this.#smoothed = -1;
    this.#power = FIRST_GUESS;
  }

  /** Mean square of the background. */
  get power(): number {
    return this.#power;
  }

  get dbov(): number {
    return powerToDbov(this.#power);
  }

  /** @param power mean square of a frame of 5 to 30 ms */
  push(power: number, durationMs: number): void {
    // Digital silence says nothing about the background; it is what a muted or paused sender gives.
    if (power === 0) return;
    this.#smoothed =
      this.#smoothed < 0
        ? power
        : this.#smoothed + (power - this.#smoothed) * Math.min(1, durationMs / SMOOTHING_MS);
    const lowest = this.#lowest;
    if (this.#smoothed < lowest[this.#stretch]) lowest[this.#stretch] = this.#smoothed;
    this.#stretchMs += durationMs;
    if (this.#stretchMs >= STRETCH_MS) {
      this.#stretchMs = 0;
      this.#started = true;
      this.#stretch = (this.#stretch + 1) % STRETCHES;
      lowest[this.#stretch] = this.#smoothed;
    }
    let least = lowest[0];
    for (let i = 1; i < STRETCHES; i++) least = Math.min(least, lowest[i]);
    least *= BIAS;
    this.#power = this.#started ? least : Math.min(least, FIRST_GUESS);
  }
}
