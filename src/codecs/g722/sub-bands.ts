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

/**
 * SCALEL, SCALEH: the quantizer steps by the upper bits of the logarithmic scale factor, of which the lower six do not
 * count.
 */
function linearScales(maxLog: number, exponent: number): Int32Array {
  return Int32Array.from({ length: (maxLog >> 6) + 1 }, (_, i) => {
    const shift = exponent - (i >> 5);
    const mantissa = ILB[i & 31];
    return (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  });
}

const MAX_LOWER_LOG = 18432;
const MAX_HIGHER_LOG = 22528;
const LOWER_STEPS = linearScales(MAX_LOWER_LOG, 8);
const HIGHER_STEPS = linearScales(MAX_HIGHER_LOG, 10);

/** Beyond the last decision level all magnitudes are alike. */
const MAX_QUOTIENT = Q6[Q6.length - 1] + 1;
const CODES_PER_SIGN = MAX_QUOTIENT + 1;

/**
 * QUANTL without a search: a magnitude is below a decision level exactly when (magnitude + 1) * 4096 / step, rounded
 * up, is not above the level's constant in Q6. The codes by that quotient, of positive differences and then of negative
 * ones.
 */
const CODES = new Uint8Array(2 * CODES_PER_SIGN);
for (let quotient = 0, level = 1; quotient <= MAX_QUOTIENT; quotient++) {
  if (quotient > Q6[level]) level++;
  CODES[quotient] = ILP[level];
  CODES[CODES_PER_SIGN + quotient] = ILN[level];
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
    const step = this.#step;
    const sign = difference >> 31;
    const scaled = ((difference ^ sign) + 1) << 12;
    const quotient = Math.min(((scaled + step - 1) / step) | 0, MAX_QUOTIENT);
    const code = CODES[quotient + (sign & CODES_PER_SIGN)];
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
    this.#log = clamp(log, 0, MAX_LOWER_LOG);
    this.#step = LOWER_STEPS[this.#log >> 6];
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
    // SUBTRA, QUANTH, without branches, which would be mispredicted: `outer` is 1 from the decision level on.
    const difference = saturate16(sample - this.#predictor.s);
    const sign = difference >> 31;
    const outer = ((Math.imul(Q2, this.#step) >> 12) - 1 - (difference ^ sign)) >>> 31;
    const code = 3 - (sign & 2) - outer;
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
    this.#log = clamp(log, 0, MAX_HIGHER_LOG);
    this.#step = HIGHER_STEPS[this.#log >> 6];
    this.#predictor.update(difference);
  }
}
