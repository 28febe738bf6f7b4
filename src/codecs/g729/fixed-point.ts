/**
 * The saturating fractional arithmetic in which ITU-T G.729 is specified bit by bit (Recommendation G.191 describes the
 * operators): 16-bit and 32-bit two's complement values held in numbers. Used by every part of the codec; it keeps no
 * state and never sees anything outside those ranges.
 */

import { saturate16 as sat16 } from '../saturate.js';

export { sat16 };

export const MAX16 = 32767;
export const MIN16 = -32768;
export const MAX32 = 2147483647;
export const MIN32 = -2147483648;

/** Clamps to 32 bits; exact for any integer below 2 ** 53. */
export function sat32(x: number): number {
  return x > MAX32 ? MAX32 : Math.max(x, MIN32);
}

/** Fractional product of two 16-bit values, Qa * Qb -> Q(a + b + 1), 32 bits. */
export function product(a: number, b: number): number {
  const p = Math.imul(a, b);
  return p === 0x40000000 ? MAX32 : p << 1;
}

/** acc + product(a, b), saturated. */
export function mac(acc: number, a: number, b: number): number {
  return sat32(acc + product(a, b));
}

/** acc - product(a, b), saturated. */
export function msu(acc: number, a: number, b: number): number {
  return sat32(acc - product(a, b));
}

/** Product with a Q15 factor, truncated to 16 bits. */
export function mulQ15(a: number, b: number): number {
  const p = Math.imul(a, b) >> 15;
  return Math.min(p, MAX16);
}

/** Product with a Q15 factor, rounded to 16 bits. */
export function mulQ15Round(a: number, b: number): number {
  const p = (Math.imul(a, b) + 0x4000) >> 15;
  return Math.min(p, MAX16);
}

/** The upper 16 bits of a 32-bit value, rounded. */
export function roundHigh(x: number): number {
  return x > 0x7fff7fff ? MAX16 : (x + 0x8000) >> 16;
}

/** The lower 16 bits of a 32-bit value, as a signed value. */
export function low16(x: number): number {
  return (x << 16) >> 16;
}

export function abs16(x: number): number {
  return x === MIN16 ? MAX16 : x < 0 ? -x : x;
}

export function negate16(x: number): number {
  return x === MIN16 ? MAX16 : -x;
}

/** 2 ** n for shift counts; every count above 62 saturates anything but zero just as well. */
const POWERS = new Float64Array(64).map((_, n) => 2 ** n);

/** Shifts a 32-bit value left with saturation; a negative count shifts right. */
export function shl32(x: number, n: number): number {
  if (n <= 0) return shr32(x, -n);
  return sat32(x * POWERS[Math.min(n, 63)]);
}

/** Shifts a 32-bit value right arithmetically; a negative count shifts left with saturation. */
export function shr32(x: number, n: number): number {
  if (n < 0) return shl32(x, -n);
  return n >= 31 ? x >> 31 : x >> n;
}

/** Shifts a 32-bit value right, rounding half up. */
export function shr32Round(x: number, n: number): number {
  if (n > 31) return 0;
  const y = shr32(x, n);
  return n > 0 && (x & (1 << (n - 1))) !== 0 ? y + 1 : y;
}

/** Shifts a 16-bit value left with saturation; a negative count shifts right. */
export function shl16(x: number, n: number): number {
  if (n <= 0) return shr16(x, -n);
  return sat16(x * POWERS[Math.min(n, 63)]);
}

/** Shifts a 16-bit value right arithmetically; a negative count shifts left with saturation. */
export function shr16(x: number, n: number): number {
  if (n < 0) return shl16(x, -n);
  return n >= 15 ? x >> 31 : x >> n;
}

/** Shifts a 16-bit value right, rounding half up; a negative count shifts left with saturation. */
export function shr16Round(x: number, n: number): number {
  if (n > 15) return 0;
  const y = shr16(x, n);
  return n > 0 && (x & (1 << (n - 1))) !== 0 ? y + 1 : y;
}

/** Left shifts that bring a 32-bit value to full scale; 0 for 0. */
export function norm32(x: number): number {
  return x === 0 ? 0 : Math.clz32(x < 0 ? ~x : x) - 1;
}

/** Left shifts that bring a 16-bit value to full scale; 0 for 0. */
export function norm16(x: number): number {
  return x === 0 ? 0 : Math.clz32(x < 0 ? ~x : x) - 17;
}

/** a / b in Q15, truncated, for 0 <= a <= b. Outside that range, which sound input never reaches, the result is full scale. */
export function divideQ15(a: number, b: number): number {
  return a >= b || a < 0 ? MAX16 : ((a << 15) / b) | 0;
}

/**
 * `start` (0 or 1) plus the fractional products of `n` elements. Each step saturates, as the order of the standard's
 * operations demands; the loop keeps half the sum, so that leaving 32 bits shows in one comparison and wraps nothing.
 * (A product of -1 and -1 counts as 1, one unit in 2 ** 31 above the standard's, unless the sum saturates anyway.)
 */
export function dot(
  start: number,
  x: Int16Array,
  xAt: number,
  y: Int16Array,
  yAt: number,
  n: number,
): number {
  let half = 0;
  for (let i = 0; i < n; i++) {
    half = (half + Math.imul(x[xAt + i], y[yAt + i])) | 0;
    if (outside31(half)) return saturatingDot(start, x, xAt, y, yAt, n);
  }
  return 2 * half + start;
}

/** Whether twice an integer would not fit 32 bits. */
export function outside31(half: number): boolean {
  return ((half + 0x40000000) | 0) < 0;
}

function saturatingDot(
  start: number,
  x: Int16Array,
  xAt: number,
  y: Int16Array,
  yAt: number,
  n: number,
): number {
  let sum = start;
  for (let i = 0; i < n; i++) sum = mac(sum, x[xAt + i], y[yAt + i]);
  return sum;
}
