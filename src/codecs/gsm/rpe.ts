/**
 * Regular pulse excitation of GSM 06.10: the residual of a subframe becomes 13 equidistant pulses on one of four grids,
 * coded against their maximum (§4.2.13 to §4.2.17), and back (§4.3.1). Keeps nothing between subframes.
 */
import { saturate16 } from '../saturate.js';
import { mult, multRounded } from './arithmetic.js';
import { GRID, MAXIMUM, PULSE, PULSES, SUBFRAME_SAMPLES } from './frame.js';
import { FAC, H, NRFAC } from './tables.js';

/** Distance of the pulses on a grid, and the number of grids. */
const SPACING = 3;
const GRIDS = 4;
const HALF_FILTER = 5;
const MAX_EXPONENT = 6;

/** Exponent of a coded block maximum (§4.2.15); -4 to 6. */
function exponentOf(maximum: number): number {
  let exponent = maximum > 15 ? (maximum >> 3) - 1 : 0;
  let mantissa = maximum - (exponent << 3);
  if (mantissa === 0) return -4;
  for (; mantissa <= 7; exponent--) mantissa = (mantissa << 1) | 1;
  return exponent;
}

/** Mantissa of a coded block maximum, 0 to 7. */
function mantissaOf(maximum: number): number {
  let mantissa = maximum > 15 ? (maximum & 7) + 8 : maximum;
  if (mantissa === 0) return 7;
  while (mantissa <= 7) mantissa = (mantissa << 1) | 1;
  return mantissa - 8;
}

export class RpeCoder {
  /** The residual between two stretches of zeros. */
  readonly #padded = new Int32Array(SUBFRAME_SAMPLES + 2 * HALF_FILTER);
  readonly #weighted = new Int32Array(SUBFRAME_SAMPLES);

  /** Codes `residual[0..39]` into the parameters of the subframe at `at`. */
  encode(residual: Int32Array, parameters: Uint8Array, at: number): void {
    this.#weigh(residual);
    const x = this.#weighted;
    const grid = this.#chooseGrid();
    parameters[at + GRID] = grid;

    // §4.2.15
    let peak = 0;
    for (let i = 0; i < PULSES; i++) peak = Math.max(peak, Math.min(32767, Math.abs(x[grid + SPACING * i])));
    const size = Math.min(MAX_EXPONENT, 32 - Math.clz32(peak >> 9));
    const maximum = (peak >> (size + 5)) + (size << 3);
    parameters[at + MAXIMUM] = maximum;

    const shift = MAX_EXPONENT - exponentOf(maximum);
    const factor = NRFAC[mantissaOf(maximum)];
    for (let i = 0; i < PULSES; i++)
      parameters[at + PULSE + i] = (mult(x[grid + SPACING * i] << shift, factor) >> 12) + 4;
  }

  /** §4.2.13 */
  #weigh(residual: Int32Array): void {
    const e = this.#padded;
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) e[HALF_FILTER + k] = residual[k];
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) {
      let sum = 4096;
      for (let i = 0; i <= 2 * HALF_FILTER; i++) sum = (sum + Math.imul(e[k + i], H[i])) | 0;
      this.#weighted[k] = saturate16(sum >> 13);
    }
  }

  /** §4.2.14: the grid with most energy. */
  #chooseGrid(): number {
    let most = 0;
    let grid = 0;
    for (let m = 0; m < GRIDS; m++) {
      let energy = 0;
      for (let i = 0; i < PULSES; i++) {
        const value = this.#weighted[m + SPACING * i] >> 2;
        energy += value * value;
      }
      if (energy > most) {
        most = energy;
        grid = m;
      }
    }
    return grid;
  }
}

/** Writes the 40 samples of excitation that the parameters at `at` stand for (§4.2.16, §4.2.17). */
export function decodePulses(parameters: Uint8Array, at: number, out: Int32Array, outOffset: number): void {
  const maximum = parameters[at + MAXIMUM];
  const shift = MAX_EXPONENT - exponentOf(maximum);
  const factor = FAC[mantissaOf(maximum)];
  const rounding = shift === 0 ? 0 : 1 << (shift - 1);
  out.fill(0, outOffset, outOffset + SUBFRAME_SAMPLES);
  const first = outOffset + parameters[at + GRID];
  for (let i = 0; i < PULSES; i++) {
    const pulse = (2 * parameters[at + PULSE + i] - 7) << 12;
    out[first + SPACING * i] = saturate16(multRounded(factor, pulse) + rounding) >> shift;
  }
}
