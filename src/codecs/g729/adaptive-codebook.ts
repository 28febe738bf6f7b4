/**
 * The adaptive codebook (G.729 3.7, 4.1.3): past excitation at a delay in thirds of a sample, and the coding of the
 * delay with its parity bit. Used by both directions and by the comfort noise; keeps no state.
 */
import { PITCH_MAX, PITCH_MIN, SUBFRAME } from './dimensions.js';
import { mac, outside31, roundHigh } from './fixed-point.js';
import { PITCH_INTERPOLATION } from './speech-tables.js';

/** Fractions per sample. */
const THIRDS = 3;
/** Interpolation taps on each side. */
const REACH = 10;

/** Writes a subframe of excitation at `at`: the excitation `delay + third / 3` samples before (3.7.1). */
export function predictExcitation(exc: Int16Array, at: number, delay: number, third: number): void {
  let from = at - delay;
  let phase = -third;
  if (phase < 0) {
    phase += THIRDS;
    from--;
  }
  for (let i = 0; i < SUBFRAME; i++, from++) {
    let half = 0;
    for (let k = 0, tap = 0; k < REACH; k++, tap += THIRDS) {
      half = (half + Math.imul(exc[from - k], PITCH_INTERPOLATION[tap + phase])) | 0;
      if (outside31(half)) break;
      half = (half + Math.imul(exc[from + 1 + k], PITCH_INTERPOLATION[tap + THIRDS - phase])) | 0;
      if (outside31(half)) break;
    }
    exc[at + i] = roundHigh(outside31(half) ? saturatedInterpolation(exc, from, phase) : 2 * half);
  }
}

/** One interpolated sample with every step saturated. */
function saturatedInterpolation(exc: Int16Array, from: number, phase: number): number {
  let sum = 0;
  for (let k = 0, tap = 0; k < REACH; k++, tap += THIRDS) {
    sum = mac(sum, exc[from - k], PITCH_INTERPOLATION[tap + phase]);
    sum = mac(sum, exc[from + 1 + k], PITCH_INTERPOLATION[tap + THIRDS - phase]);
  }
  return sum;
}

/** Lowest delay of the second subframe's ten, given the delay of the first. */
export function secondSubframeBase(delay: number): number {
  return Math.min(Math.max(delay - 5, PITCH_MIN), PITCH_MAX - 9);
}

/** Parity over the six upper bits of the first delay (3.7.2). */
export function delayParity(index: number): number {
  let x = index >> 2;
  x ^= x >> 4;
  x ^= x >> 2;
  x ^= x >> 1;
  return (x & 1) ^ 1;
}
