/**
 * The two ADPCM coders of G.722 between the quadrature mirror filters (ITU-T G.722 §6.2): the lower sub-band with 6, 5
 * or 4 bits per sample, the higher one with 2. One object serves one direction of one stream. The conformance
 * sequences of G.722 Appendix II drive them directly, without the filters.
 */
import { clamp, saturate16 } from '../saturate.js';
import { Predictor } from './predictor.js';
import { ILB, ILN, ILP, Q2, Q6, QM2, QM4, QM5, QM6, WH_BY_CODE, WL_BY_CODE } from './tables.js';

/** Bit rate mode of G.722 §1.2: 1 = 64, 2 = 56, 3 = 48 kbit/s; the octets' spare low bits are not audio. */
export type G722Mode = 1 | 2 | 3;

/** Reconstructed samples stay within 15 bits (LIMIT). */
function limit(value: number): number {
  return clamp(value, -16384, 16383);
}

/** SCALEL, SCALEH: the quantizer step from the logarithmic scale factor. */
function linearScale(log: number, exponent: number): number {
  const shift = exponent - (log >> 11);
  const mantissa = ILB[(log >> 6) & 31];
  return (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
}

export class LowerBand {
  readonly #predictor = new Predictor();
  /** Logarithmic scale factor (NBL) and quantizer step (DETL). */
  #log = 0;
  #step = 32;

  reset(): void {
    this.#predictor.reset();
    this.#log = 0;
    this.#step = 32;
  }

  /** @returns the 6-bit code of a sample (XL) */
  encode(sample: number): number {
    // SUBTRA, QUANTL
    const difference = saturate16(sample - this.#predictor.s);
    const magnitude = difference >= 0 ? difference : ~difference;
    const step = this.#step;
    let low = 1;
    let high = Q6.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (magnitude < Math.imul(Q6[middle], step) >> 12) high = middle;
      else low = middle + 1;
    }
    const code = difference < 0 ? ILN[low] : ILP[low];
    this.#adapt(code >> 2);
    return code;
  }

  /** @returns the sample (RL) of a 6-bit code */
  decode(code: number, mode: G722Mode): number {
    const level = mode === 1 ? QM6[code] : mode === 2 ? QM5[code >> 1] : QM4[code >> 2];
    const sample = limit(this.#predictor.s + (Math.imul(this.#step, level) >> 15));
    this.#adapt(code >> 2);
    return sample;
  }

  /** INVQAL, LOGSCL, SCALEL and the predictor: only the upper 4 bits count, so that any mode can follow. */
  #adapt(code: number): void {
    const difference = Math.imul(this.#step, QM4[code]) >> 15;
    const log = (Math.imul(this.#log, 127) >> 7) + WL_BY_CODE[code];
    this.#log = clamp(log, 0, 18432);
    this.#step = linearScale(this.#log, 8);
    this.#predictor.update(difference);
  }
}

export class HigherBand {
  readonly #predictor = new Predictor();
  /** Logarithmic scale factor (NBH) and quantizer step (DETH). */
  #log = 0;
  #step = 8;

  reset(): void {
    this.#predictor.reset();
    this.#log = 0;
    this.#step = 8;
  }

  /** @returns the 2-bit code of a sample (XH) */
  encode(sample: number): number {
    // SUBTRA, QUANTH
    const difference = saturate16(sample - this.#predictor.s);
    const magnitude = difference >= 0 ? difference : ~difference;
    const outer = magnitude >= Math.imul(Q2, this.#step) >> 12;
    const code = difference < 0 ? (outer ? 0 : 1) : outer ? 2 : 3;
    this.#adapt(code, Math.imul(this.#step, QM2[code]) >> 15);
    return code;
  }

  /** @returns the sample (RH) of a 2-bit code */
  decode(code: number): number {
    const difference = Math.imul(this.#step, QM2[code]) >> 15;
    const sample = limit(this.#predictor.s + difference);
    this.#adapt(code, difference);
    return sample;
  }

  /** LOGSCH, SCALEH and the predictor. */
  #adapt(code: number, difference: number): void {
    const log = (Math.imul(this.#log, 127) >> 7) + WH_BY_CODE[code];
    this.#log = clamp(log, 0, 22528);
    this.#step = linearScale(this.#log, 10);
    this.#predictor.update(difference);
  }
}
