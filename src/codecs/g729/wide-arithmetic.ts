/**
 * The wider operations of G.729's arithmetic: products and quotients of 31-bit fractions, logarithm, power of two and
 * inverse square root by table. The standard splits such numbers in an upper word and 15 lower bits; here they stay
 * whole, bit 0 being without meaning. Used by the LP analysis, gain and noise parts; it keeps no state.
 */
import { divideQ15, MAX32, norm32, product, sat32, shl32, shr32, shr32Round } from './fixed-point.js';
import { INVERSE_SQRT_TABLE, LOG2_TABLE, POW2_TABLE } from './speech-tables.js';

/** A 31-bit fraction times a Q15 factor. */
export function mul32By16(x: number, n: number): number {
  return sat32(product(x >> 16, n) + (Math.imul((x >> 1) & 0x7fff, n) >> 15) * 2);
}

/** The product of two 31-bit fractions. */
export function mul32By32(x: number, y: number): number {
  const xh = x >> 16;
  const yh = y >> 16;
  const cross1 = Math.imul(xh, (y >> 1) & 0x7fff) >> 15;
  const cross2 = Math.imul((x >> 1) & 0x7fff, yh) >> 15;
  return sat32(sat32(product(xh, yh) + 2 * cross1) + 2 * cross2);
}

/** num / denom in Q31 to 24 bits, for 0 <= num < denom and a normalised denom. */
export function div32(num: number, denom: number): number {
  const estimate = divideQ15(0x3fff, denom >> 16);
  const correction = sat32(MAX32 - mul32By16(denom, estimate));
  return shl32(mul32By32(num, mul32By16(correction, estimate)), 2);
}

/** log2 of a positive integer, Q16 (bit 0 clear); 0 for anything else. */
export function log2(x: number): number {
  if (x <= 0) return 0;
  const shift = norm32(x);
  const y = x << shift;
  const i = (y >> 25) - 32;
  const a = (y >> 10) & 0x7fff;
  const fraction = (LOG2_TABLE[i] * 65536 - 2 * (LOG2_TABLE[i] - LOG2_TABLE[i + 1]) * a) >> 16;
  return ((30 - shift) << 16) | (fraction << 1);
}

/** 2 ** (exponent + fraction / 32768), rounded to an integer. */
export function pow2(exponent: number, fraction: number): number {
  const i = fraction >> 10;
  const a = (fraction << 5) & 0x7fff;
  const y = POW2_TABLE[i] * 65536 - 2 * (POW2_TABLE[i] - POW2_TABLE[i + 1]) * a;
  return shr32Round(y, 30 - exponent);
}

/** 1 / sqrt(x), Q30; the largest value for x <= 0. */
export function inverseSqrt(x: number): number {
  if (x <= 0) return 0x3fffffff;
  const shift = norm32(x);
  const exponent = 30 - shift;
  const y = (exponent & 1) === 0 ? (x << shift) >> 1 : x << shift;
  const i = (y >> 25) - 16;
  const a = (y >> 10) & 0x7fff;
  const root = INVERSE_SQRT_TABLE[i] * 65536 - 2 * (INVERSE_SQRT_TABLE[i] - INVERSE_SQRT_TABLE[i + 1]) * a;
  return shr32(root, (exponent >> 1) + 1);
}
