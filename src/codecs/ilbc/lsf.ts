/**
 * Line spectral frequencies of iLBC: from LP coefficients and back, their quantization, and the filters interpolated
 * from them for each sub-block (RFC 3951 §3.2.3 to §3.2.7, §4.1). In radians, ten per set.
 */
import { type IlbcMode, LPC_ORDER, LPC_SIZE, LSF_SPLITS } from './mode.js';
import { LSF_CODEBOOK, LSF_MEAN } from './tables.js';

const HALF = LPC_ORDER / 2;
/** Grid of the root search, in fractions of the sampling rate: each step halves the one before. */
const GRID_STEPS = [0.00635, 0.003175, 0.0015875, 0.00079375];
/** Split vector quantizer (§3.2.4): dimensions and sizes of the three codebooks. */
const DIMENSIONS = [3, 3, 4];
const SIZES = [64, 128, 128];
/** Stability check (§3.2.5): least distance (50 Hz), half of it, and the limits. */
const LEAST_DISTANCE = 0.039;
const PUSH = 0.0195;
const HIGHEST = 3.14;
const LOWEST = 0.01;
const CHECKS = 2;

const sum = new Float64Array(HALF);
const difference = new Float64Array(HALF);

/** Value of a symmetric polynomial of order ten at a frequency, by Clenshaw's recurrence. */
function evaluate(c: Float64Array, frequency: number): number {
  const x = Math.cos(2 * Math.PI * frequency);
  const b1 = 2 * x + c[0];
  const b2 = 2 * x * b1 - 1 + c[1];
  const b3 = 2 * x * b2 - b1 + c[2];
  const b4 = 2 * x * b3 - b2 + c[3];
  return x * b4 - b3 + c[4];
}

/**
 * Finds the line spectral frequencies of an LP filter: the roots of the sum and difference polynomials by turns, each
 * located on a grid that is refined where the sign changes (§3.2.3).
 */
export function lpcToLsf(a: Float64Array, lsf: Float64Array, at: number): void {
  let s = -1;
  let d = 1;
  for (let i = 0; i < HALF; i++) {
    s = (i === 0 ? -1 : -s) + a[i + 1] + a[LPC_ORDER - i];
    d = d - a[LPC_ORDER - i] + a[i + 1];
    sum[i] = i === HALF - 1 ? s / 2 : s;
    difference[i] = i === HALF - 1 ? d / 2 : d;
  }
  let frequency = 0;
  let previousSum = Number.MAX_VALUE;
  let previousDifference = Number.MAX_VALUE;
  for (let root = 0; root < LPC_ORDER; root++) {
    const odd = (root & 1) === 1;
    const polynomial = odd ? difference : sum;
    let previous = odd ? previousDifference : previousSum;
    let coarse = frequency;
    let level = 0;
    for (;;) {
      const step = GRID_STEPS[level];
      const value = evaluate(polynomial, frequency);
      const crossed = value === 0 || previous === 0 || value > 0 !== previous > 0;
      if (!crossed && frequency < 0.5) {
        previous = value;
        frequency += step;
        continue;
      }
      if (level === 0) coarse = frequency;
      if (level === GRID_STEPS.length - 1) {
        lsf[at + root] = 2 * Math.PI * (Math.abs(value) >= Math.abs(previous) ? frequency - step : frequency);
        break;
      }
      level++;
      frequency -= GRID_STEPS[level];
    }
    // The next root of this polynomial has the opposite sign change.
    previous = previous >= 0 ? -Number.MAX_VALUE : Number.MAX_VALUE;
    if (odd) previousDifference = previous;
    else previousSum = previous;
    frequency = coarse;
  }
}

/** Expands the product of (1 - 2 cos(w) z^-1 + z^-2) over every second frequency; only half of it, it is symmetric. */
function expand(lsf: Float64Array, first: number, out: Float64Array): void {
  out[0] = 1;
  out[1] = -2 * Math.cos(lsf[first]);
  for (let i = 2; i <= HALF; i++) {
    const b = -2 * Math.cos(lsf[first + 2 * (i - 1)]);
    out[i] = b * out[i - 1] + 2 * out[i - 2];
    for (let j = i - 1; j > 1; j--) out[j] += b * out[j - 1] + out[j - 2];
    out[1] += b;
  }
}

const even = new Float64Array(HALF + 1);
const uneven = new Float64Array(HALF + 1);

/** The LP filter of ten line spectral frequencies; ill-conditioned ones are spread evenly first, in place. */
export function lsfToLpc(lsf: Float64Array, a: Float64Array, at: number): void {
  const last = LPC_ORDER - 1;
  if (lsf[0] <= 0 || lsf[last] >= Math.PI) {
    if (lsf[0] <= 0) lsf[0] = 0.022 * 2 * Math.PI;
    if (lsf[last] >= Math.PI) lsf[last] = 0.499 * 2 * Math.PI;
    const step = (lsf[last] - lsf[0]) / last;
    for (let i = 1; i < LPC_ORDER; i++) lsf[i] = lsf[i - 1] + step;
  }
  expand(lsf, 0, even);
  expand(lsf, 1, uneven);
  a[at] = 1;
  for (let i = HALF; i > 0; i--) {
    const p = even[i] + even[i - 1];
    const q = uneven[i] - uneven[i - 1];
    a[at + i] = (p + q) / 2;
    a[at + LPC_SIZE - i] = (p - q) / 2;
  }
}

/** Writes out[from + i] = a[from + i] * chirp^i: widens the peaks of a filter. */
export function expandBandwidth(a: Float64Array, from: number, chirp: number, out: Float64Array): void {
  let factor = 1;
  for (let i = from; i < from + LPC_SIZE; i++) {
    out[i] = a[i] * factor;
    factor *= chirp;
  }
}

/** Chooses the nearest vector of each split codebook (§3.2.4). */
export function quantizeLsf(lsf: Float64Array, from: number, indices: Int32Array, at: number): void {
  let book = 0;
  for (let split = 0; split < LSF_SPLITS; split++) {
    const dimension = DIMENSIONS[split];
    let least = Number.MAX_VALUE;
    for (let i = 0; i < SIZES[split]; i++, book += dimension) {
      let distance = 0;
      for (let j = 0; j < dimension; j++) {
        const d = lsf[from + j] - LSF_CODEBOOK[book + j];
        distance += d * d;
      }
      if (distance < least) {
        least = distance;
        indices[at + split] = i;
      }
    }
    from += dimension;
  }
}

/** Looks up a quantized set and keeps its frequencies apart and in order (§3.2.5). */
export function dequantizeLsf(indices: Int32Array, at: number, lsf: Float64Array, from: number): void {
  let book = 0;
  let to = from;
  for (let split = 0; split < LSF_SPLITS; split++) {
    const dimension = DIMENSIONS[split];
    const vector = book + indices[at + split] * dimension;
    for (let j = 0; j < dimension; j++) lsf[to++] = LSF_CODEBOOK[vector + j];
    book += SIZES[split] * dimension;
  }
  for (let check = 0; check < CHECKS; check++) {
    for (let i = from; i < from + LPC_ORDER - 1; i++) {
      if (lsf[i + 1] < lsf[i]) {
        lsf[i + 1] = lsf[i] + PUSH;
        lsf[i] = lsf[i + 1] - PUSH;
      } else if (lsf[i + 1] - lsf[i] < LEAST_DISTANCE) {
        lsf[i] -= PUSH;
        lsf[i + 1] += PUSH;
      }
      lsf[i] = Math.max(LOWEST, Math.min(HIGHEST, lsf[i]));
    }
  }
}

/** Interpolates the filters of all sub-blocks between the sets of two frames; keeps the last set for the next frame. */
export class LsfInterpolator {
  readonly #mode: IlbcMode;
  readonly #old = new Float64Array(LSF_MEAN);
  readonly #mixed = new Float64Array(LPC_ORDER);

  constructor(mode: IlbcMode) {
    this.#mode = mode;
  }

  reset(): void {
    this.#old.set(LSF_MEAN);
  }

  /** @param lsf one or two sets; @param filters receives one filter per sub-block */
  interpolate(lsf: Float64Array, filters: Float64Array): void {
    const { lsfSets, lsfWeights, subblocks } = this.#mode;
    for (let i = 0; i < subblocks; i++) {
      // With two sets, the first sub-block lies between the old set and the first, the others between the two.
      const between = lsfSets === 2 && i > 0;
      const older = between ? lsf : this.#old;
      const newer = between ? LPC_ORDER : 0;
      const weight = lsfWeights[i];
      for (let j = 0; j < LPC_ORDER; j++) this.#mixed[j] = weight * older[j] + (1 - weight) * lsf[newer + j];
      lsfToLpc(this.#mixed, filters, i * LPC_SIZE);
    }
    const last = (lsfSets - 1) * LPC_ORDER;
    for (let j = 0; j < LPC_ORDER; j++) this.#old[j] = lsf[last + j];
  }
}
