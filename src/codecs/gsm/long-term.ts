/**
 * The long term predictor of the GSM 06.10 encoder (§4.2.11): finds the lag and gain with which the past excitation
 * resembles a subframe best. The history stays with the caller.
 */
import { mult, norm } from './arithmetic.js';
import { GAIN, LAG, SUBFRAME_SAMPLES } from './frame.js';
import { DLB } from './tables.js';

export const MIN_LAG = 40;
export const MAX_LAG = 120;
/** The target is scaled to 9 bits so that the correlation fits 32. */
const SCALE_BITS = 6;

export class LongTermSearch {
  readonly #target = new Int32Array(SUBFRAME_SAMPLES);

  /**
   * @param d short term residual; the subframe starts at `from`
   * @param past reconstructed short term residual; the subframe's place in it starts at `now`
   */
  search(
    d: Int32Array,
    from: number,
    past: Int32Array,
    now: number,
    parameters: Uint8Array,
    at: number,
  ): void {
    let peak = 0;
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) peak = Math.max(peak, Math.min(32767, Math.abs(d[from + k])));
    const scale = peak === 0 ? SCALE_BITS : Math.max(0, SCALE_BITS - norm(peak << 16));
    const target = this.#target;
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) target[k] = d[from + k] >> scale;

    let best = 0;
    let lag = MIN_LAG;
    for (let candidate = MIN_LAG; candidate <= MAX_LAG; candidate++) {
      let sum = 0;
      const start = now - candidate;
      for (let k = 0; k < SUBFRAME_SAMPLES; k++) sum = (sum + Math.imul(target[k], past[start + k])) | 0;
      if (sum > best) {
        best = sum;
        lag = candidate;
      }
    }
    parameters[at + LAG] = lag;
    parameters[at + GAIN] = this.#gain((best << 1) >> (SCALE_BITS - scale), past, now - lag);
  }

  #gain(correlation: number, past: Int32Array, start: number): number {
    let power = 0;
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) {
      const value = past[start + k] >> 3;
      power += value * value;
    }
    power *= 2;
    if (correlation <= 0) return 0;
    if (correlation >= power) return 3;
    const bits = norm(power);
    const r = (correlation << bits) >> 16;
    const s = (power << bits) >> 16;
    let gain = 0;
    while (gain < 3 && r > mult(s, DLB[gain])) gain++;
    return gain;
  }
}
