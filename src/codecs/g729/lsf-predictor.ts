/**
 * The moving average prediction of LSF vectors (G.729 3.2.4) and the spacing rules around it. One instance is the
 * memory of one encoder or decoder; speech and silence descriptors (Annex B) share it.
 */
import { LSF_HISTORY, ORDER } from './dimensions.js';
import { MAX32, MIN32, product, sat16, shl32 } from './fixed-point.js';

/** Smallest and largest LSF, Q13 (0.005 and 3.135 radians). */
export const LSF_MIN = 40;
export const LSF_MAX = 25681;
/** Smallest distance of neighbouring quantised LSFs, Q13 (0.0391 radians). */
export const LSF_GAP = 321;

/** LSFs spread evenly, i pi / 11, Q13: what the memory starts from. */
const EVEN_LSF = new Int16Array([2339, 4679, 7018, 9358, 11698, 14037, 16377, 18717, 21056, 23396]);

export class LsfPredictor {
  /** The last four code vectors, the youngest first, Q13. */
  readonly #history = new Int16Array(LSF_HISTORY * ORDER);

  constructor() {
    this.reset();
  }

  reset(): void {
    for (let k = 0; k < LSF_HISTORY; k++) this.#history.set(EVEN_LSF, k * ORDER);
  }

  /**
   * The LSF vector a code vector stands for.
   * @param predictor four vectors of weights from `at`, Q15
   * @param rest weight of the code vector itself from `restAt`, Q15
   */
  compose(
    code: Int16Array,
    predictor: Int16Array,
    at: number,
    rest: Int16Array,
    restAt: number,
    out: Int16Array,
  ): void {
    for (let j = 0; j < ORDER; j++) {
      let sum = 2 * code[j] * rest[restAt + j];
      for (let k = 0; k < LSF_HISTORY; k++) {
        sum += 2 * this.#history[k * ORDER + j] * predictor[at + k * ORDER + j];
        if (sum > MAX32) sum = MAX32;
        else if (sum < MIN32) sum = MIN32;
      }
      out[j] = sum >> 16;
    }
  }

  /** The code vector that would give this LSF vector: the inverse of `compose`; `inverse` is 1 / rest, Q12. */
  extract(
    lsf: Int16Array,
    predictor: Int16Array,
    at: number,
    inverse: Int16Array,
    inverseAt: number,
    out: Int16Array,
    outAt: number,
  ): void {
    for (let j = 0; j < ORDER; j++) {
      let sum = lsf[j] * 65536;
      for (let k = 0; k < LSF_HISTORY; k++) {
        sum -= 2 * this.#history[k * ORDER + j] * predictor[at + k * ORDER + j];
        if (sum > MAX32) sum = MAX32;
        else if (sum < MIN32) sum = MIN32;
      }
      out[outAt + j] = shl32(product(sum >> 16, inverse[inverseAt + j]), 3) >> 16;
    }
  }

  /** Enters the code vector of this frame. */
  push(code: Int16Array): void {
    this.#history.copyWithin(ORDER, 0, (LSF_HISTORY - 1) * ORDER);
    this.#history.set(code);
  }
}

/** The evenly spread LSF vector every codec starts from. */
export function setEvenLsf(out: Int16Array): void {
  out.set(EVEN_LSF);
}

/** Pushes neighbours `from - 1 .. to - 1` apart where they are closer than `gap`. */
export function spread(v: Int16Array, from: number, to: number, gap: number): void {
  for (let j = from; j < to; j++) {
    const push = sat16(sat16(v[j - 1] - v[j]) + gap) >> 1;
    if (push > 0) {
      v[j - 1] = sat16(v[j - 1] - push);
      v[j] = sat16(v[j] + push);
    }
  }
}

/** Orders the LSFs and keeps them in range and apart, so that the synthesis filter is stable (3.2.4). */
export function stabilize(lsf: Int16Array): void {
  for (let j = 0; j < ORDER - 1; j++) {
    if (lsf[j + 1] < lsf[j]) {
      const upper = lsf[j];
      lsf[j] = lsf[j + 1];
      lsf[j + 1] = upper;
    }
  }
  if (lsf[0] < LSF_MIN) lsf[0] = LSF_MIN;
  for (let j = 0; j < ORDER - 1; j++) {
    if (lsf[j + 1] - lsf[j] < LSF_GAP) lsf[j + 1] = sat16(lsf[j] + LSF_GAP);
  }
  if (lsf[ORDER - 1] > LSF_MAX) lsf[ORDER - 1] = LSF_MAX;
}
