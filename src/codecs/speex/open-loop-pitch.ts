/** A first estimate of the pitch for the Speex encoder, from a whole frame of weighted speech. */
import { FRAME, MAX_PITCH, MIN_PITCH, ORDER } from './dimensions.js';
import { expandBandwidth, filterMemory, weigh } from './filters.js';

/** Stronger weighting than the one that errors are measured with: formants must not pass for pitch. */
const NUMERATOR = 0.9;
const DENOMINATOR = 0.55;
/** Lags that are compared when multiples of the pitch are sorted out, and how good a shorter one must be. */
const CANDIDATES = 6;
const GOOD_ENOUGH = 0.85;
const SOFTENING = 10;

export class OpenLoopPitch {
  lag = MIN_PITCH;
  /** How well the frame is predicted from a lag earlier, 0 … 1. */
  voicing = 0;
  readonly #weighted = new Float64Array(MAX_PITCH + FRAME);
  readonly #numerator = new Float64Array(ORDER);
  readonly #denominator = new Float64Array(ORDER);
  readonly #memory = filterMemory();
  readonly #lags = new Int32Array(CANDIDATES);
  readonly #scores = new Float64Array(CANDIDATES);
  readonly #voicings = new Float64Array(CANDIDATES);

  /** @param filter of the middle of the frame */
  analyse(speech: Float64Array, filter: Float64Array): void {
    const weighted = this.#weighted;
    weighted.copyWithin(0, FRAME);
    expandBandwidth(filter, NUMERATOR, this.#numerator);
    expandBandwidth(filter, DENOMINATOR, this.#denominator);
    weigh(speech, 0, this.#numerator, this.#denominator, weighted, MAX_PITCH, FRAME, this.#memory);
    this.#rank();
    let best = 0;
    for (let i = 1; i < CANDIDATES; i++)
      if (this.#voicings[i] > GOOD_ENOUGH * this.#voicings[0] && divides(this.#lags[i], this.#lags[best]))
        best = i;
    this.lag = this.#lags[best];
    this.voicing = Math.min(1, this.#voicings[0]);
  }

  reset(): void {
    this.#weighted.fill(0);
    this.#memory.fill(0);
    this.voicing = 0;
  }

  /** The best lags, best first. */
  #rank(): void {
    const x = this.#weighted;
    this.#scores.fill(-1);
    this.#lags.fill(MIN_PITCH);
    this.#voicings.fill(0);
    let frameEnergy = 0;
    let energy = 0;
    for (let i = 0; i < FRAME; i++) {
      frameEnergy += x[MAX_PITCH + i] ** 2;
      energy += x[MAX_PITCH - MIN_PITCH + i] ** 2;
    }
    for (let lag = MIN_PITCH; lag <= MAX_PITCH; lag++) {
      let product = 0;
      const from = MAX_PITCH - lag;
      for (let i = 0; i < FRAME; i++) product += x[MAX_PITCH + i] * x[from + i];
      if (product > 0) {
        const voicing = product / (SOFTENING + Math.sqrt(frameEnergy * energy));
        this.#insert(lag, (product * product) / (energy + 1), voicing);
      }
      if (lag < MAX_PITCH) energy = Math.max(0, energy + x[from - 1] ** 2 - x[from + FRAME - 1] ** 2);
    }
  }

  #insert(lag: number, score: number, voicing: number): void {
    if (score <= this.#scores[CANDIDATES - 1]) return;
    let place = CANDIDATES - 1;
    for (; place > 0 && score > this.#scores[place - 1]; place--) {
      this.#scores[place] = this.#scores[place - 1];
      this.#lags[place] = this.#lags[place - 1];
      this.#voicings[place] = this.#voicings[place - 1];
    }
    this.#scores[place] = score;
    this.#lags[place] = lag;
    this.#voicings[place] = voicing;
  }
}

/** The shorter lag fits two to five times into the longer one. */
function divides(short: number, long: number): boolean {
  for (let times = 2; times <= 5; times++) if (Math.abs(times * short - long) <= times) return true;
  return false;
}
