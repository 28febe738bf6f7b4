/**
 * The filters A(z) and 1/A(z) of G.729 and the convolution with an impulse response, saturating as the standard
 * prescribes. Used all over the codec; the caller keeps the memories.
 */
import { ORDER, SUBFRAME } from './dimensions.js';
import { MAX32, MIN32, product, roundHigh, sat32 } from './fixed-point.js';

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
    let sum = 2 * x[xAt + i] * a[aAt];
    for (let j = 1; j <= ORDER; j++) {
      sum -= 2 * a[aAt + j] * history[ORDER + i - j];
      if (sum > MAX32) {
        sum = MAX32;
        overflow = true;
      } else if (sum < MIN32) {
        sum = MIN32;
        overflow = true;
      }
    }
    sum *= 8;
    if (sum >= 0x7fff8000) {
      sum = MAX32;
      overflow = true;
    } else if (sum < MIN32) {
      sum = MIN32;
      overflow = true;
    }
    history[ORDER + i] = roundHigh(sum);
  }
  for (let i = 0; i < n; i++) y[yAt + i] = history[ORDER + i];
  if (update) for (let i = 0; i < ORDER; i++) memory[i] = history[n + i];
  return overflow;
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
    let sum = 2 * x[xAt + i] * a[aAt];
    for (let j = 1; j <= ORDER; j++) {
      sum += 2 * a[aAt + j] * x[xAt + i - j];
      if (sum > MAX32) sum = MAX32;
      else if (sum < MIN32) sum = MIN32;
    }
    y[yAt + i] = roundHigh(sat32(sum * 8));
  }
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
