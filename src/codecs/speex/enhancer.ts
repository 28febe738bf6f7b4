/**
 * The perceptual enhancement of the Speex decoder: a comb filter at the pitch that lifts the harmonics out of the coding
 * noise. It adds the excitation of a period ago and of a period ahead (or of two ago), at a fraction of a sample, as far
 * as they resemble the one of now.
 */
import { clamp } from '../saturate.js';
import { effectiveValue } from './filters.js';

/** Samples that are enhanced in one go. */
export const ENHANCED = 80;
/** Up to this lag a period ahead is at hand. */
const AHEAD_LAG = 40;
/** Shifts tried around the lag, on either side. */
const REACH = 3;
const SHIFTS = 2 * REACH + 1;
/** Delays by half a sample and by about a quarter either way. */
const FRACTIONS = [
  new Float64Array([-0.011915, 0.046995, -0.152373, 0.614108, 0.614108, -0.152373, 0.046995]),
  new Float64Array([-0.0324855, 0.0859768, -0.2042986, 0.9640297, 0.208642, -0.0302054, -0.0063646]),
  new Float64Array([-0.0063646, -0.0302054, 0.208642, 0.9640297, -0.2042986, 0.0859768, -0.0324855]),
];
/** Keeps the weight of near silence low. */
const SILENCE = 1000;

/** Samples before the enhanced ones that are looked at, and after them. */
export const ENHANCER_PAST = 2 * 144 + 2 * REACH;
export const ENHANCER_FUTURE = AHEAD_LAG + 2 * REACH;

function correlation(x: Float64Array, at: number, y: Float64Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < ENHANCED; i++) sum += x[at + i] * y[from + i];
  return sum;
}

export class Enhancer {
  readonly #correlations = new Float64Array(SHIFTS);
  readonly #first = new Float64Array(ENHANCED);
  readonly #second = new Float64Array(ENHANCED);

  /**
   * @param excitation with ENHANCER_PAST samples before `at` and ENHANCER_FUTURE after the enhanced ones
   * @param strength of the sub-mode
   */
  enhance(
    excitation: Float64Array,
    at: number,
    lag: number,
    strength: number,
    out: Float64Array,
    outAt: number,
  ): void {
    const ahead = lag <= AHEAD_LAG;
    this.#align(excitation, at, lag, this.#first);
    this.#align(excitation, at, ahead ? -lag : 2 * lag, this.#second);
    const level = Math.sqrt(1 + correlation(excitation, at, excitation, at));
    const first = (ahead ? 0.6 : 0.7) * this.#weight(this.#first, excitation, at, level, strength);
    const second = (ahead ? 0.6 : 0.3) * this.#weight(this.#second, excitation, at, level, strength);
    for (let i = 0; i < ENHANCED; i++)
      out[outAt + i] = excitation[at + i] + first * this.#first[i] + second * this.#second[i];
    const before = Math.max(1, effectiveValue(excitation, at, ENHANCED));
    const after = Math.max(1, effectiveValue(out, outAt, ENHANCED));
    const gain = Math.min(before, after) / after;
    for (let i = 0; i < ENHANCED; i++) out[outAt + i] *= gain;
  }

  /** The stretch about `lag` ago that resembles the one at `at` most. */
  #align(excitation: Float64Array, at: number, lag: number, out: Float64Array): void {
    const correlations = this.#correlations;
    let best = Number.NEGATIVE_INFINITY;
    let shift = 0;
    let fraction: Float64Array | undefined;
    for (let j = 0; j < SHIFTS; j++) {
      correlations[j] = correlation(excitation, at, excitation, at - lag - REACH + j);
      if (correlations[j] > best) {
        best = correlations[j];
        shift = j;
      }
    }
    for (const taps of FRACTIONS)
      for (let j = 0; j < SHIFTS; j++) {
        let sum = 0;
        const end = Math.min(SHIFTS, SHIFTS + REACH - j);
        for (let k = Math.max(0, REACH - j); k < end; k++) sum += taps[k] * correlations[j + k - REACH];
        if (sum > best) {
          best = sum;
          shift = j;
          fraction = taps;
        }
      }
    const from = at - lag - REACH + shift;
    for (let i = 0; i < ENHANCED; i++) {
      if (!fraction) out[i] = excitation[from + i];
      else {
        let sum = 0;
        for (let k = 0; k < SHIFTS; k++) sum += fraction[k] * excitation[from + i + k - REACH];
        out[i] = sum;
      }
    }
  }

  /** How much of an aligned stretch is added. */
  #weight(
    aligned: Float64Array,
    excitation: Float64Array,
    at: number,
    level: number,
    strength: number,
  ): number {
    const magnitude = Math.sqrt(SILENCE + correlation(aligned, 0, aligned, 0));
    const likeness = clamp(correlation(excitation, at, aligned, 0) / (magnitude * level), 0, 1);
    const least = 0.4 * strength + 0.07;
    const unlike = 1 - (0.5 + 1.72 * 0.4 * strength) * likeness * likeness;
    return (least / Math.max(least, unlike)) * (level / magnitude);
  }
}
