/**
 * The linear filters of iLBC. All work in place or between caller's arrays; filter coefficients lie in an array from
 * `at` on, the leading 1 included. Used by encoder and decoder.
 */
import { LPC_ORDER } from './mode.js';

/**
 * All-pole filter in place. The ten samples before `from` are the filter's memory.
 * @param a coefficients, `a[at]` = 1
 */
export function allPole(x: Float64Array, from: number, to: number, a: Float64Array, at: number): void {
  for (let n = from; n < to; n++) {
    let sum = x[n];
    for (let k = 1; k <= LPC_ORDER; k++) sum -= a[at + k] * x[n - k];
    x[n] = sum;
  }
}

/** All-zero filter from `x` to `out`; the ten samples of `x` before `from` are the filter's memory. */
export function allZero(
  x: Float64Array,
  from: number,
  count: number,
  a: Float64Array,
  at: number,
  out: Float64Array,
  outFrom: number,
): void {
  for (let n = 0; n < count; n++) {
    let sum = 0;
    for (let k = 0; k <= LPC_ORDER; k++) sum += a[at + k] * x[from + n - k];
    out[outFrom + n] = sum;
  }
}

/** The second-order high-pass filters at both ends (§3.1, §4.8). */
export class HighPass {
  /** Three zero coefficients, two pole coefficients. */
  readonly #c: Float64Array;
  #x1 = 0;
  #x2 = 0;
  #y1 = 0;
  #y2 = 0;

  constructor(coefficients: Float64Array) {
    this.#c = coefficients;
  }

  reset(): void {
    this.#x1 = 0;
    this.#x2 = 0;
    this.#y1 = 0;
    this.#y2 = 0;
  }

  filter(x: number): number {
    const c = this.#c;
    const y = c[0] * x + c[1] * this.#x1 + c[2] * this.#x2 - c[3] * this.#y1 - c[4] * this.#y2;
    this.#x2 = this.#x1;
    this.#x1 = x;
    this.#y2 = this.#y1;
    this.#y1 = y;
    return y;
  }
}
