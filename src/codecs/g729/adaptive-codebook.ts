/**
 * The adaptive codebook (G.729 3.7, 4.1.3): past excitation at a delay in thirds of a sample, and the coding of the
 * delay with its parity bit. Used by both directions and by the comfort noise; keeps no state.
 */
import { PITCH_MAX, PITCH_MIN, SUBFRAME } from './dimensions.js';
import { MAX32, MIN32, roundHigh } from './fixed-point.js';
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
    let sum = 0;
    for (let k = 0, tap = 0; k < REACH; k++, tap += THIRDS) {
      sum += 2 * exc[from - k] * PITCH_INTERPOLATION[tap + phase];
      if (sum > MAX32) sum = MAX32;
      else if (sum < MIN32) sum = MIN32;
      sum += 2 * exc[from + 1 + k] * PITCH_INTERPOLATION[tap + THIRDS - phase];
      if (sum > MAX32) sum = MAX32;
      else if (sum < MIN32) sum = MIN32;
    }
    exc[at + i] = roundHigh(sum);
  }
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
