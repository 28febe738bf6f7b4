/**
 * The filters of linear prediction of order ten, in transposed direct form, which is what the Speex format presumes: the
 * memory goes on when the coefficients change. Unrolled, because everything in Speex spends its time here. A filter is
 * the coefficients a1 … a10 of A(z) = 1 + a1 z^-1 + …; a memory is ten numbers. Input and output may be the same.
 */
import { ORDER } from './dimensions.js';

export function filterMemory(): Float64Array {
  return new Float64Array(ORDER);
}

/** 1 / A(z). */
export function synthesize(
  input: Float64Array,
  from: number,
  a: Float64Array,
  output: Float64Array,
  to: number,
  count: number,
  memory: Float64Array,
): void {
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const a4 = a[4];
  const a5 = a[5];
  const a6 = a[6];
  const a7 = a[7];
  const a8 = a[8];
  const a9 = a[9];
  let m0 = memory[0];
  let m1 = memory[1];
  let m2 = memory[2];
  let m3 = memory[3];
  let m4 = memory[4];
  let m5 = memory[5];
  let m6 = memory[6];
  let m7 = memory[7];
  let m8 = memory[8];
  let m9 = memory[9];
  for (let i = 0; i < count; i++) {
    const y = input[from + i] + m0;
    m0 = m1 - a0 * y;
    m1 = m2 - a1 * y;
    m2 = m3 - a2 * y;
    m3 = m4 - a3 * y;
    m4 = m5 - a4 * y;
    m5 = m6 - a5 * y;
    m6 = m7 - a6 * y;
    m7 = m8 - a7 * y;
    m8 = m9 - a8 * y;
    m9 = -a9 * y;
    output[to + i] = y;
  }
  store(memory, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9);
}

/** A(z): the residual of the prediction. */
export function analyze(
  input: Float64Array,
  from: number,
  a: Float64Array,
  output: Float64Array,
  to: number,
  count: number,
  memory: Float64Array,
): void {
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const a4 = a[4];
  const a5 = a[5];
  const a6 = a[6];
  const a7 = a[7];
  const a8 = a[8];
  const a9 = a[9];
  let m0 = memory[0];
  let m1 = memory[1];
  let m2 = memory[2];
  let m3 = memory[3];
  let m4 = memory[4];
  let m5 = memory[5];
  let m6 = memory[6];
  let m7 = memory[7];
  let m8 = memory[8];
  let m9 = memory[9];
  for (let i = 0; i < count; i++) {
    const x = input[from + i];
    output[to + i] = x + m0;
    m0 = m1 + a0 * x;
    m1 = m2 + a1 * x;
    m2 = m3 + a2 * x;
    m3 = m4 + a3 * x;
    m4 = m5 + a4 * x;
    m5 = m6 + a5 * x;
    m6 = m7 + a6 * x;
    m7 = m8 + a7 * x;
    m8 = m9 + a8 * x;
    m9 = a9 * x;
  }
  store(memory, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9);
}

/** B(z) / A(z): the perceptual weighting. */
export function weigh(
  input: Float64Array,
  from: number,
  b: Float64Array,
  a: Float64Array,
  output: Float64Array,
  to: number,
  count: number,
  memory: Float64Array,
): void {
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const a4 = a[4];
  const a5 = a[5];
  const a6 = a[6];
  const a7 = a[7];
  const a8 = a[8];
  const a9 = a[9];
  const b0 = b[0];
  const b1 = b[1];
  const b2 = b[2];
  const b3 = b[3];
  const b4 = b[4];
  const b5 = b[5];
  const b6 = b[6];
  const b7 = b[7];
  const b8 = b[8];
  const b9 = b[9];
  let m0 = memory[0];
  let m1 = memory[1];
  let m2 = memory[2];
  let m3 = memory[3];
  let m4 = memory[4];
  let m5 = memory[5];
  let m6 = memory[6];
  let m7 = memory[7];
  let m8 = memory[8];
  let m9 = memory[9];
  for (let i = 0; i < count; i++) {
    const x = input[from + i];
    const y = x + m0;
    m0 = m1 + b0 * x - a0 * y;
    m1 = m2 + b1 * x - a1 * y;
    m2 = m3 + b2 * x - a2 * y;
    m3 = m4 + b3 * x - a3 * y;
    m4 = m5 + b4 * x - a4 * y;
    m5 = m6 + b5 * x - a5 * y;
    m6 = m7 + b6 * x - a6 * y;
    m7 = m8 + b7 * x - a7 * y;
    m8 = m9 + b8 * x - a8 * y;
    m9 = b9 * x - a9 * y;
    output[to + i] = y;
  }
  store(memory, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9);
}

function store(
  memory: Float64Array,
  m0: number,
  m1: number,
  m2: number,
  m3: number,
  m4: number,
  m5: number,
  m6: number,
  m7: number,
  m8: number,
  m9: number,
): void {
  memory[0] = m0;
  memory[1] = m1;
  memory[2] = m2;
  memory[3] = m3;
  memory[4] = m4;
  memory[5] = m5;
  memory[6] = m6;
  memory[7] = m7;
  memory[8] = m8;
  memory[9] = m9;
}

/** A(z) at half the sampling rate. */
export function atHalfRate(a: Float64Array): number {
  let value = 1;
  for (let i = 0; i < ORDER; i += 2) value += a[i + 1] - a[i];
  return value;
}

/** A(z) at frequency zero. */
export function atZero(a: Float64Array): number {
  let value = 1;
  for (let i = 0; i < ORDER; i++) value += a[i];
  return value;
}

/** `wider`(k) = `a`(k) gamma^k: moves the poles towards the origin. */
export function expandBandwidth(a: Float64Array, gamma: number, wider: Float64Array): void {
  let factor = gamma;
  for (let i = 0; i < ORDER; i++) {
    wider[i] = a[i] * factor;
    factor *= gamma;
  }
}

/** Speech beyond this means that made-up parameters drove a synthesis filter into instability. */
export const RUNAWAY = 1e6;

/** A sample below this level is nobody's: the format's floor of all effective values, squared. */
const FLOOR = 0.1;

/** Effective value of a stretch of a signal. */
export function effectiveValue(signal: Float64Array, from: number, count: number): number {
  let energy = 0;
  for (let i = from; i < from + count; i++) energy += signal[i] * signal[i];
  return Math.sqrt(FLOOR + energy / count);
}

/** Second-order high-pass, in place; coefficients b0 b1 b2 a1 a2. */
export class HighPass {
  readonly #coefficients: readonly number[];
  #m0 = 0;
  #m1 = 0;

  constructor(coefficients: readonly number[]) {
    this.#coefficients = coefficients;
  }

  filter(signal: Float64Array, count: number): void {
    const b0 = this.#coefficients[0];
    const b1 = this.#coefficients[1];
    const b2 = this.#coefficients[2];
    const a1 = this.#coefficients[3];
    const a2 = this.#coefficients[4];
    let m0 = this.#m0;
    let m1 = this.#m1;
    for (let i = 0; i < count; i++) {
      const x = signal[i];
      const y = b0 * x + m0;
      m0 = m1 + b1 * x - a1 * y;
      m1 = b2 * x - a2 * y;
      signal[i] = y;
    }
    this.#m0 = m0;
    this.#m1 = m1;
  }

  reset(): void {
    this.#m0 = 0;
    this.#m1 = 0;
  }
}

/** What removes the lowest frequencies from speech before the encoder and after the decoder. */
export const NARROW_INPUT = [0.95654, -1.91309, 0.95654, -1.9112, 0.91498];
export const NARROW_OUTPUT = [0.96446, -1.92879, 0.96446, -1.92683, 0.93071];
export const WIDE_INPUT = [0.96723, -1.93445, 0.96723, -1.93338, 0.93553];
export const WIDE_OUTPUT = [0.98645, -1.97277, 0.98645, -1.97226, 0.97332];
