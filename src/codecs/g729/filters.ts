/**
 * The filters A(z) and 1/A(z) of G.729, saturating as the standard prescribes, and bandwidth expansion. Used all over
 * the codec; the caller keeps the memories.
 */
import { ORDER, SUBFRAME } from './dimensions.js';
import { MAX16, MAX32, MIN16, MIN32, mac, msu, outside31, product, roundHigh } from './fixed-point.js';

const history = new Int16Array(ORDER + SUBFRAME);

/**
 * Filters through 1/A(z).
 * @param a coefficients, Q12, from `aAt`
 * @param y receives `n` (at most 40) samples; may be `x` itself
 * @param memory the last ten outputs; replaced when `update`
 * @returns whether a sample overflowed on the way
 */
export function synthesize(
  a: Int16Array,
  aAt: number,
  x: Int16Array,
  xAt: number,
  y: Int16Array,
  yAt: number,
  n: number,
  memory: Int16Array,
  update: boolean,
): boolean {
  let overflow = false;
  for (let i = 0; i < ORDER; i++) history[i] = memory[i];
  for (let i = 0; i < n; i++) {
    const input = Math.imul(x[xAt + i], a[aAt]);
    let half = input;
    for (let j = 1; j <= ORDER && !outside31(half); j++) {
      half = (half - Math.imul(a[aAt + j], history[ORDER + i - j])) | 0;
    }
    let sample = (half + 0x800) >> 12;
    if (outside31(half)) {
      overflow = true;
      sample = saturatedSample(a, aAt, input, i);
    } else if (half >= 0x7fff800) {
      overflow = true;
      sample = MAX16;
    } else if (half < -0x8000000) {
      overflow = true;
      sample = MIN16;
    }
    history[ORDER + i] = sample;
  }
  for (let i = 0; i < n; i++) y[yAt + i] = history[ORDER + i];
  if (update) for (let i = 0; i < ORDER; i++) memory[i] = history[n + i];
  return overflow;
}

/** One output of 1/A(z) with every step saturated. */
function saturatedSample(a: Int16Array, aAt: number, input: number, i: number): number {
  let sum = 2 * input;
  for (let j = 1; j <= ORDER; j++) sum = msu(sum, a[aAt + j], history[ORDER + i - j]);
  return scaleSample(sum);
}

/** From Q13 in the upper word to an integer, rounded and saturated. */
function scaleSample(sum: number): number {
  return roundHigh(Math.min(Math.max(sum * 8, MIN32), MAX32));
}

/** Filters through A(z), Q12; needs the ten samples before `xAt`. */
export function residual(
  a: Int16Array,
  aAt: number,
  x: Int16Array,
  xAt: number,
  y: Int16Array,
  yAt: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    let half = Math.imul(x[xAt + i], a[aAt]);
    for (let j = 1; j <= ORDER && !outside31(half); j++) {
      half = (half + Math.imul(a[aAt + j], x[xAt + i - j])) | 0;
    }
    y[yAt + i] = outside31(half) ? saturatedResidual(a, aAt, x, xAt + i) : scaleSample(2 * half);
  }
}

/** One output of A(z) with every step saturated. */
function saturatedResidual(a: Int16Array, aAt: number, x: Int16Array, at: number): number {
  let sum = product(x[at], a[aAt]);
  for (let j = 1; j <= ORDER; j++) sum = mac(sum, a[aAt + j], x[at - j]);
  return scaleSample(sum);
}

/** A(z / gamma): each coefficient times a power of gamma (Q15). */
export function expandBandwidth(
  a: Int16Array,
  aAt: number,
  gamma: number,
  out: Int16Array,
  outAt: number,
): void {
  let factor = gamma;
  out[outAt] = a[aAt];
  for (let i = 1; i <= ORDER; i++) {
    out[outAt + i] = roundHigh(product(a[aAt + i], factor));
    factor = roundHigh(product(factor, gamma));
  }
}
