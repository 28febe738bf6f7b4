/**
 * Linear prediction analysis (G.729 3.2.1, 3.2.2): windowed autocorrelation, lag window, Levinson-Durbin recursion.
 * The encoder runs it once per frame; the noise encoder of Annex B uses the recursion on averaged autocorrelations.
 */
import { ORDER, TAPS } from './dimensions.js';
import {
  abs16,
  MAX32,
  mulQ15Round,
  norm32,
  outside31,
  roundHigh,
  sat32,
  shl32,
  shr16,
} from './fixed-point.js';
import { ANALYSIS_WINDOW, LAG_WINDOW } from './speech-tables.js';
import { div32, mul32By32 } from './wide-arithmetic.js';

/** Samples under the analysis window. */
export const WINDOW = 240;
/** Highest autocorrelation lag: the prediction needs 10, voice activity detection 12 (Annex B). */
export const MAX_LAG = 12;

const windowed = new Int16Array(WINDOW);

/**
 * Autocorrelation of the windowed signal, normalised to r[0] in [0.5, 1).
 * @param r receives lags 0..maxLag, Q31
 * @returns the exponent: r stands for r * 2 ** exponent
 */
export function autocorrelate(x: Int16Array, at: number, maxLag: number, r: Int32Array): number {
  for (let i = 0; i < WINDOW; i++) windowed[i] = mulQ15Round(x[at + i], ANALYSIS_WINDOW[i]);
  let exponent = 1;
  let energy = windowEnergy();
  while (energy > MAX32) {
    for (let i = 0; i < WINDOW; i++) windowed[i] >>= 2;
    exponent += 4;
    energy = windowEnergy();
  }
  const shift = norm32(energy);
  r[0] = (energy << shift) & ~1;
  // No lag can exceed lag 0, so these sums cannot saturate.
  for (let lag = 1; lag <= maxLag; lag++) {
    let sum = 0;
    for (let i = lag; i < WINDOW; i++) sum = (sum + Math.imul(windowed[i], windowed[i - lag])) | 0;
    r[lag] = shl32(2 * sum, shift) & ~1;
  }
  return exponent - shift;
}

/** Energy of the windowed signal, 1 at least so that silence can be normalised; infinite when 32 bits do not hold it. */
function windowEnergy(): number {
  let half = 0;
  for (let i = 0; i < WINDOW; i++) {
    half = (half + Math.imul(windowed[i], windowed[i])) | 0;
    if (outside31(half)) return Number.POSITIVE_INFINITY;
  }
  return 2 * half + 1;
}

/** Applies the lag window to lags 1..maxLag. */
export function applyLagWindow(r: Int32Array, maxLag: number): void {
  for (let lag = 1; lag <= maxLag; lag++) r[lag] = mul32By32(r[lag], LAG_WINDOW[lag - 1]) & ~1;
}

/** The Levinson-Durbin recursion; remembers its last sound result for when a filter would be unstable. */
export class LevinsonDurbin {
  /** The first two reflection coefficients, Q15. */
  readonly reflection = new Int16Array(2);
  /** Energy of the prediction residual in the scale of r[0] >> 16; unchanged when the recursion gave up. */
  residualEnergy = 0;

  readonly #lastCoefficients = new Int16Array(TAPS);
  readonly #lastReflection = new Int16Array(2);
  readonly #current = new Int32Array(TAPS);
  readonly #next = new Int32Array(TAPS);

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#lastCoefficients.fill(0);
    this.#lastCoefficients[0] = 4096;
    this.#lastReflection.fill(0);
  }

  /**
   * @param r autocorrelation lags 0..10, Q31, r[0] normalised
   * @param a receives the 11 coefficients of A(z), Q12
   * @returns false when the filter would be unstable and the last sound one was given instead
   */
  solve(r: Int32Array, a: Int16Array): boolean {
    const current = this.#current;
    const next = this.#next;
    const reflection = this.reflection;

    let k = div32(Math.min(Math.abs(r[1]), MAX32), r[0]);
    if (r[1] > 0) k = -k;
    reflection[0] = k >> 16;
    current[1] = (k >> 4) & ~1;
    let alpha = mul32By32(r[0], oneMinusSquare(k));
    let alphaExponent = norm32(alpha);
    alpha <<= alphaExponent;

    for (let i = 2; i <= ORDER; i++) {
      let sum = 0;
      for (let j = 1; j < i; j++) sum = sat32(sum + mul32By32(r[j], current[i - j]));
      sum = sat32(shl32(sum, 4) + r[i]);

      k = div32(Math.min(Math.abs(sum), MAX32), alpha);
      if (sum > 0) k = -k;
      k = shl32(k, alphaExponent);
      if (i === 2) reflection[1] = k >> 16;
      if (abs16(k >> 16) > 32750) {
        a.set(this.#lastCoefficients);
        reflection.set(this.#lastReflection);
        return false;
      }

      for (let j = 1; j < i; j++) next[j] = sat32(mul32By32(k, current[i - j]) + current[j]) & ~1;
      next[i] = (k >> 4) & ~1;
      alpha = mul32By32(alpha, oneMinusSquare(k));
      const shift = norm32(alpha);
      alpha <<= shift;
      alphaExponent += shift;
      for (let j = 1; j <= i; j++) current[j] = next[j];
    }

    this.residualEnergy = shr16(alpha >> 16, alphaExponent);
    a[0] = 4096;
    for (let i = 1; i <= ORDER; i++) a[i] = roundHigh(shl32(current[i], 1));
    this.#lastCoefficients.set(a);
    this.#lastReflection.set(reflection);
    return true;
  }
}

/** 1 - k * k for a reflection coefficient, Q31. */
function oneMinusSquare(k: number): number {
  return MAX32 - Math.min(Math.abs(mul32By32(k, k)), MAX32);
}
