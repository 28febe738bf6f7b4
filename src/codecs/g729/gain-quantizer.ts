/**
 * The search of the two-stage gain codebook (G.729 3.9.2): preselects 4 of 8 and 8 of 16 entries around the unquantised
 * gains and takes the pair with the least error. Run by the encoder in each subframe.
 */
import type { ClosedLoopPitch } from './closed-loop-pitch.js';
import { SUBFRAME } from './dimensions.js';
import {
  divideQ15,
  dot,
  MAX32,
  mulQ15,
  negate16,
  norm32,
  product,
  roundHigh,
  sat16,
  sat32,
  shl32,
  shr16,
  shr32,
} from './fixed-point.js';
import { GainPredictor } from './gain-predictor.js';
import {
  GAIN_STAGE1_CODE,
  GAIN_STAGE1_CODEWORD,
  GAIN_STAGE1_PITCH,
  GAIN_STAGE2_CODE,
  GAIN_STAGE2_CODEWORD,
  GAIN_STAGE2_PITCH,
  GAIN_THRESHOLD1,
  GAIN_THRESHOLD2,
} from './speech-tables.js';
import { mul32By16 } from './wide-arithmetic.js';

/** Bounds of the pitch gain while the guard against error growth asks for it: 0.94 (Q9) and below 1 (Q14). */
const TAMED_ESTIMATE = 481;
const TAMED_GAIN = 16383;
/** Entries tried of each stage. */
const CANDIDATES1 = 4;
const CANDIDATES2 = 8;
/** The slanted axes of the codebook for the preselection. */
const AXIS1 = 31881; // Q10
const AXIS2 = 31548; // Q16
const AXIS1_OFFSET = 1731217536 >> 10; // Q20
const AXIS2_OFFSET = 1822990272 >> 15; // Q20
const AXIS_SCALE = -17103; // Q19

/** Terms of the error: squares and products of both gains, mantissas and binary points. */
const term = new Int16Array(5);
const point = new Int16Array(5);
const aligned = new Int32Array(5);
const scaledCode = new Int16Array(SUBFRAME);

export class GainQuantizer {
  /** The quantised gains: Q14 and Q1. */
  pitchGain = 0;
  codeGain = 0;
  readonly #predictor = new GainPredictor();
  /** Binary point of the value `normalise` returned. */
  #point = 0;

  reset(): void {
    this.#predictor.reset();
  }

  /**
   * @param pitch the pitch gain's correlations
   * @param x target, `y1` and `y2` (Q12) the filtered adaptive and fixed code vectors
   * @param code fixed code vector, Q13
   * @param tame whether the pitch gain must be kept below 1
   * @returns the 7-bit codeword
   */
  quantize(
    pitch: ClosedLoopPitch,
    x: Int16Array,
    y1: Int16Array,
    y2: Int16Array,
    code: Int16Array,
    tame: boolean,
  ): number {
    collectTerms(pitch, x, y1, y2);
    const predictor = this.#predictor;
    predictor.predict(code);
    const gain = predictor.gain;
    const exponent = predictor.exponent;

    // The gains without quantisation (equations 63 ff.), Q9 and Q2.
    const denominator = this.#normalise(
      product(term[0], term[2]),
      point[0] + point[2] - 1,
      product(term[4], term[4]),
      2 * point[4] + 1,
      0,
    );
    const inverse = negate16(divideQ15(16384, denominator));
    const inversePoint = 29 - this.#point;
    const bestPitch = this.#estimate(2, 1, 3, inverse, inversePoint - 24, tame);
    const bestCode = this.#estimate(0, 3, 1, inverse, inversePoint - 17, false);

    const coarse = exponent >= 4 ? shr16(gain, exponent - 4) : shl32(gain, 20 - exponent) >> 16; // Q4
    const x1 = firstAxis(bestPitch, bestCode, coarse);
    const x2 = secondAxis(bestPitch, bestCode, coarse);
    const from1 = preselect(GAIN_THRESHOLD1, x1, coarse, 3);
    const from2 = preselect(GAIN_THRESHOLD2, x2, coarse, 5);

    alignTerms(exponent);
    let best = MAX32;
    let index1 = from1;
    let index2 = from2;
    for (let i = from1; i < from1 + CANDIDATES1; i++) {
      for (let j = from2; j < from2 + CANDIDATES2; j++) {
        const gp = sat16(GAIN_STAGE1_PITCH[i] + GAIN_STAGE2_PITCH[j]);
        if (tame && gp >= TAMED_GAIN) continue;
        const gc = mulQ15(gain, (GAIN_STAGE1_CODE[i] + GAIN_STAGE2_CODE[j]) >> 1);
        let error = mul32By16(aligned[0], mulQ15(gp, gp));
        error = sat32(error + mul32By16(aligned[1], gp));
        error = sat32(error + mul32By16(aligned[2], mulQ15(gc, gc)));
        error = sat32(error + mul32By16(aligned[3], gc));
        error = sat32(error + mul32By16(aligned[4], mulQ15(gc, gp)));
        if (error < best) {
          best = error;
          index1 = i;
          index2 = j;
        }
      }
    }
    const factor = GAIN_STAGE1_CODE[index1] + GAIN_STAGE2_CODE[index2];
    this.pitchGain = sat16(GAIN_STAGE1_PITCH[index1] + GAIN_STAGE2_PITCH[index2]);
    this.codeGain = predictor.scaled(factor);
    predictor.update(factor);
    return (GAIN_STAGE1_CODEWORD[index1] << 4) | GAIN_STAGE2_CODEWORD[index2];
  }

  /** One unquantised gain: (2 t[a] t[b] - t[c] t[4]) times the inverse denominator. */
  #estimate(a: number, b: number, c: number, inverse: number, shift: number, tame: boolean): number {
    const numerator = this.#normalise(
      product(term[a], term[b]),
      point[a] + point[b],
      product(term[c], term[4]),
      point[c] + point[4] + 1,
      1,
    );
    const value = shr32(product(numerator, inverse), this.#point + shift) >> 16;
    return tame ? Math.min(value, TAMED_ESTIMATE) : value;
  }

  /** p - q with binary points aligned, `headroom` bits of margin, as a normalised mantissa; its point in `#point`. */
  #normalise(p: number, pPoint: number, q: number, qPoint: number, headroom: number): number {
    let difference: number;
    let at: number;
    if (pPoint > qPoint) {
      difference = sat32(shr32(p, pPoint - qPoint + headroom) - shr32(q, headroom));
      at = qPoint - headroom;
    } else {
      difference = sat32(shr32(p, headroom) - shr32(q, qPoint - pPoint + headroom));
      at = pPoint - headroom;
    }
    const shift = norm32(difference);
    this.#point = at + shift - 16;
    return shl32(difference, shift) >> 16;
  }
}

/** <y1,y1>, -2<x,y1>, <y2,y2>, -2<x,y2>, 2<y1,y2> with their binary points. */
function collectTerms(pitch: ClosedLoopPitch, x: Int16Array, y1: Int16Array, y2: Int16Array): void {
  term[0] = pitch.energy;
  point[0] = pitch.energyShift - 15;
  term[1] = negate16(pitch.correlation);
  point[1] = pitch.correlationShift - 16;
  for (let i = 0; i < SUBFRAME; i++) scaledCode[i] = y2[i] >> 3; // Q9
  setTerm(2, scaledCode, 3);
  setTerm(3, x, -7);
  term[3] = negate16(term[3]);
  setTerm(4, y1, -7);
}

function setTerm(index: number, v: Int16Array, offset: number): void {
  const sum = dot(1, v, 0, scaledCode, 0, SUBFRAME);
  const shift = norm32(sum);
  term[index] = roundHigh(shl32(sum, shift));
  point[index] = shift + offset;
}

/** Brings the terms to one binary point for gains in the search's scale. */
function alignTerms(exponent: number): void {
  point[0] += 13;
  point[1] += 14;
  point[2] += 2 * exponent - 21;
  point[3] += exponent - 3;
  point[4] += exponent - 4;
  let lowest = point[0];
  for (let i = 1; i < 5; i++) lowest = Math.min(lowest, point[i]);
  for (let i = 0; i < 5; i++) aligned[i] = shr32(term[i] * 65536, point[i] - lowest);
}

/** Coordinate along the first codebook's axis, Q16 in units of the predicted gain. */
function firstAxis(pitch: number, code: number, gain: number): number {
  const across = mulQ15(sat32(product(AXIS1, pitch) - AXIS1_OFFSET) >> 16, gain);
  const sum = sat32(product(across, AXIS2) - (product(AXIS1, code) >> 3));
  return product(shl32(sum, 2) >> 16, AXIS_SCALE);
}

/** Coordinate along the second codebook's axis, Q15. */
function secondAxis(pitch: number, code: number, gain: number): number {
  const along = sat32(product(AXIS1, pitch) + AXIS2_OFFSET) >> 16;
  const sum = sat32(shl32(code, 7) - product(along, gain));
  return product(shl32(sum, 2) >> 16, AXIS_SCALE);
}

/** How many thresholds, in units of the predicted gain, a coordinate lies beyond. */
function preselect(thresholds: Int16Array, x: number, gain: number, shift: number): number {
  let count = 0;
  while (count < thresholds.length) {
    const excess = x - (product(thresholds[count], gain) >> shift);
    if (gain > 0 ? excess <= 0 : excess >= 0) break;
    count++;
  }
  return count;
}
