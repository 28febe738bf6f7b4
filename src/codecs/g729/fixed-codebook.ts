/**
 * The algebraic fixed codebook of G.729 (3.8): four signed pulses on interleaved tracks. Here are the code's layout,
 * its reconstruction (4.1.4) and the pitch sharpening; the search is in fixed-codebook-search.ts. Keeps no state.
 */
import { SUBFRAME } from './dimensions.js';
import { mulQ15, sat16 } from './fixed-point.js';

/** A pulse of each sign, Q13. */
export const PULSE_PLUS = 8191;
export const PULSE_MINUS = -8192;

/** Rebuilds the pulses: 13 bits of positions, 4 of signs. */
export function buildPulses(positions: number, signs: number, code: Int16Array): void {
  code.fill(0);
  code[5 * (positions & 7)] = signs & 1 ? PULSE_PLUS : PULSE_MINUS;
  code[5 * ((positions >> 3) & 7) + 1] = signs & 2 ? PULSE_PLUS : PULSE_MINUS;
  code[5 * ((positions >> 6) & 7) + 2] = signs & 4 ? PULSE_PLUS : PULSE_MINUS;
  code[5 * ((positions >> 10) & 7) + 3 + ((positions >> 9) & 1)] = signs & 8 ? PULSE_PLUS : PULSE_MINUS;
}

/** Adds the vector delayed by the pitch (3.8, equation 49) where the delay falls within the subframe; gain in Q14. */
export function sharpen(v: Int16Array, delay: number, gain: number): void {
  const q15 = sat16(gain * 2);
  for (let i = delay; i < SUBFRAME; i++) v[i] = sat16(v[i] + mulQ15(v[i - delay], q15));
}
