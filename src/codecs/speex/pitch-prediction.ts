/** The long-term prediction of Speex with three taps, from the excitation that decoder and encoder have in common. */
import { SUBFRAME } from './dimensions.js';

/** The three gains of a vector: for the lag less one, the lag and the lag more one. */
export function readPitchGains(vectors: Int8Array, index: number, gains: Float64Array): void {
  for (let k = 0; k < 3; k++) gains[k] = vectors[4 * index + k] / 64 + 0.5;
}

/**
 * The contribution of one tap: the excitation `distance` ago; what is not known yet is taken from a lag earlier, and
 * left out beyond that.
 */
export function addPitchTap(
  excitation: Float64Array,
  at: number,
  lag: number,
  distance: number,
  gain: number,
  out: Float64Array,
): void {
  const known = Math.min(SUBFRAME, distance);
  const repeated = Math.min(SUBFRAME, distance + lag);
  for (let i = 0; i < known; i++) out[i] += gain * excitation[at + i - distance];
  for (let i = known; i < repeated; i++) out[i] += gain * excitation[at + i - distance - lag];
}

/** The predicted sub-frame, from `at` in the excitation. */
export function predictPitch(
  excitation: Float64Array,
  at: number,
  lag: number,
  gains: Float64Array,
  out: Float64Array,
): void {
  out.fill(0);
  for (let k = 0; k < 3; k++) addPitchTap(excitation, at, lag, lag - 1 + k, gains[k], out);
}

/** The one gain that three taps amount to. */
export function wholePitchGain(gains: Float64Array): number {
  const before = gains[0];
  const after = gains[2];
  return Math.abs(gains[1]) + Math.max(before, -0.5 * before) + Math.max(after, -0.5 * after);
}
