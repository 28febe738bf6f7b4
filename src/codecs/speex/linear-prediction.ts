/** Linear prediction for the Speex encoders: from windowed samples to a filter, and from a filter to line spectral pairs. */
import { ORDER } from './dimensions.js';

/** Speech does not predict better than this; keeps silence and pure tones from extremes. */
const FLOOR = 1.0002;
const LEAST_ENERGY = 10;
/** Gaussian window on the correlation: every spectral line is widened by this part of the sampling rate. */
const WIDENING = 96 / 8000;
const LAG_WINDOW = Float64Array.from({ length: ORDER + 1 }, (_, i) =>
  Math.exp(-0.5 * (2 * Math.PI * WIDENING * i) ** 2),
);
/** Part of the energy that is never attributed to the prediction. */
const CAUTION = 0.003;
/** Points of the root search on the upper half of the unit circle, and halvings after it. */
const GRID = 128;
const HALVINGS = 8;
const GRID_COSINES = Float64Array.from({ length: GRID + 1 }, (_, i) => Math.cos((Math.PI * i) / GRID));

/** The window rises like Hamming's, stays, and falls over most of the look-ahead, which is its last fifth. */
const RISE = 0.6;
const FALL = 0.85;

const correlation = new Float64Array(ORDER + 1);
const work = new Float64Array(ORDER);
const sum = new Float64Array(ORDER / 2 + 1);
const difference = new Float64Array(ORDER / 2 + 1);

export function analysisWindow(samples: number): Float64Array {
  return Float64Array.from({ length: samples }, (_, i) => {
    const at = i / samples;
    if (at < RISE) return 0.54 - 0.46 * Math.cos((Math.PI * at) / RISE);
    return at < FALL ? 1 : 0.54 + 0.46 * Math.cos((Math.PI * (at - FALL)) / (1 - FALL));
  });
}

/** The filter A(z) that predicts the windowed signal best; coefficients beyond `order` are zero. */
export function predictionFilter(windowed: Float64Array, order: number, filter: Float64Array): void {
  for (let lag = 0; lag <= order; lag++) {
    let value = 0;
    for (let i = lag; i < windowed.length; i++) value += windowed[i] * windowed[i - lag];
    correlation[lag] = value * LAG_WINDOW[lag];
  }
  correlation[0] = (correlation[0] + LEAST_ENERGY) * FLOOR;
  filter.fill(0);
  let error = correlation[0];
  for (let i = 0; i < order; i++) {
    let value = correlation[i + 1];
    for (let j = 0; j < i; j++) value += filter[j] * correlation[i - j];
    const reflection = -value / (error + CAUTION * correlation[0]);
    work.set(filter);
    for (let j = 0; j < i; j++) filter[j] = work[j] + reflection * work[i - 1 - j];
    filter[i] = reflection;
    error *= 1 - reflection * reflection;
  }
}

/** Places in `values`. */
const LEFT = 0;
const RIGHT = 1;
const MIDDLE = 2;
const values = new Float64Array(3);

/** Chebyshev series of a symmetric polynomial of order 2 `half` at a cosine. Into `values`: to return it would box it. */
function evaluate(c: Float64Array, half: number, x: number, place: number): void {
  let b1 = 0;
  let b2 = 0;
  for (let k = 0; k < half; k++) {
    const b0 = 2 * x * b1 - b2 + c[k];
    b2 = b1;
    b1 = b0;
  }
  values[place] = x * b1 - b2 + 0.5 * c[half];
}

/**
 * Line spectral pairs of a filter: the roots of its sum and difference polynomials, which take turns.
 * @returns false when they cannot be told apart; `lsp` is then of no use
 */
export function filterToLsp(filter: Float64Array, order: number, lsp: Float64Array): boolean {
  const half = order / 2;
  sum[0] = 1;
  difference[0] = 1;
  for (let i = 0; i < half; i++) {
    sum[i + 1] = filter[i] + filter[order - 1 - i] - sum[i];
    difference[i + 1] = filter[i] - filter[order - 1 - i] + difference[i];
  }
  let found = 0;
  let polynomial = sum;
  let left = 1;
  evaluate(sum, half, left, LEFT);
  for (let point = 1; point <= GRID && found < order; ) {
    let right = GRID_COSINES[point];
    evaluate(polynomial, half, right, RIGHT);
    if (values[LEFT] * values[RIGHT] > 0) {
      left = right;
      values[LEFT] = values[RIGHT];
      point++;
      continue;
    }
    for (let i = 0; i < HALVINGS; i++) {
      const middle = 0.5 * (left + right);
      evaluate(polynomial, half, middle, MIDDLE);
      if (values[MIDDLE] * values[LEFT] > 0) {
        left = middle;
        values[LEFT] = values[MIDDLE];
      } else {
        right = middle;
        values[RIGHT] = values[MIDDLE];
      }
    }
    // Where the chord of what is left crosses zero.
    const fall = values[LEFT] - values[RIGHT];
    if (fall !== 0) left -= ((left - right) * values[LEFT]) / fall;
    lsp[found++] = Math.acos(left);
    // The next one is of the other polynomial, from here on.
    polynomial = polynomial === sum ? difference : sum;
    evaluate(polynomial, half, left, LEFT);
  }
  return found === order;
}
