/**
 * The predictive two-stage vector quantiser of the LSFs (G.729 3.2.4): `LsfEncoder` searches, `LsfDecoder` looks up and
 * conceals lost frames (4.4). Each holds the prediction memory of its direction, which silence descriptors use too.
 */
import { LSF_HISTORY, ORDER } from './dimensions.js';
import { MAX32, mulQ15, norm16, product, sat16, sat32, shl16, shl32 } from './fixed-point.js';
import { LSF_STAGE1, LSF_STAGE2 } from './lsf-codebook.js';
import { LsfPredictor, setEvenLsf, spread, stabilize } from './lsf-predictor.js';
import { lsfToLsp, lspToLsf } from './lsp.js';
import { LSF_PREDICTOR, LSF_PREDICTOR_REST, LSF_PREDICTOR_REST_INVERSE } from './speech-tables.js';

const HALF = ORDER / 2;
const PREDICTOR_SIZE = LSF_HISTORY * ORDER;
/** Minimum distances of the two spreading passes over a code vector, Q13. */
const GAP_FIRST = 10;
const GAP_SECOND = 5;
/** Half the distance at which the 32 bits of the standard's sum are full. */
const SATURATED = 0x40000000;

const code = new Int16Array(ORDER);
const lsf = new Int16Array(ORDER);
const weights = new Int16Array(ORDER);

/** Rebuilds the code vector of three codebook entries, its LSF vector into `out`, and moves the memory on. */
function reconstruct(
  predictor: LsfPredictor,
  mode: number,
  first: number,
  low: number,
  high: number,
  out: Int16Array,
): void {
  for (let j = 0; j < ORDER; j++) {
    const second = j < HALF ? low : high;
    code[j] = sat16(LSF_STAGE1[first * ORDER + j] + LSF_STAGE2[second * ORDER + j]);
  }
  spread(code, 1, ORDER, GAP_FIRST);
  spread(code, 1, ORDER, GAP_SECOND);
  predictor.compose(code, LSF_PREDICTOR, mode * PREDICTOR_SIZE, LSF_PREDICTOR_REST, mode * ORDER, out);
  predictor.push(code);
  stabilize(out);
}

export class LsfDecoder {
  readonly predictor = new LsfPredictor();
  #mode = 0;
  readonly #last = new Int16Array(ORDER);

  constructor() {
    this.reset();
  }

  reset(): void {
    this.predictor.reset();
    this.#mode = 0;
    setEvenLsf(this.#last);
  }

  /**
   * @param index1 L0 and L1: 8 bits
   * @param index2 L2 and L3: 10 bits
   * @param lsp receives the LSP vector, Q15
   */
  decode(index1: number, index2: number, lsp: Int16Array): void {
    this.#mode = (index1 >> 7) & 1;
    reconstruct(this.predictor, this.#mode, index1 & 127, (index2 >> 5) & 31, index2 & 31, this.#last);
    lsfToLsp(this.#last, lsp);
  }

  /** Repeats the last vector for a lost frame (4.4.1) and sets the memory as if it had been received. */
  conceal(lsp: Int16Array): void {
    this.predictor.extract(
      this.#last,
      LSF_PREDICTOR,
      this.#mode * PREDICTOR_SIZE,
      LSF_PREDICTOR_REST_INVERSE,
      this.#mode * ORDER,
      code,
      0,
    );
    this.predictor.push(code);
    lsfToLsp(this.#last, lsp);
  }
}

export class LsfEncoder {
  readonly predictor = new LsfPredictor();
  readonly #target = new Int16Array(ORDER);
  readonly #remainder = new Int16Array(ORDER);
  readonly #candidate = new Int16Array(ORDER);

  reset(): void {
    this.predictor.reset();
  }

  /**
   * @param lsp LSP vector of the frame, Q15
   * @param quantized receives the quantised LSP vector, Q15
   * @param indices receives L0/L1 and L2/L3 at `at` and `at + 1`
   */
  encode(lsp: Int16Array, quantized: Int16Array, indices: Int16Array, at: number): void {
    lspToLsf(lsp, lsf);
    weightLsf(lsf, weights);

    let best = MAX32;
    let bestMode = 0;
    let bestFirst = 0;
    let bestLow = 0;
    let bestHigh = 0;
    for (let mode = 0; mode < 2; mode++) {
      this.predictor.extract(
        lsf,
        LSF_PREDICTOR,
        mode * PREDICTOR_SIZE,
        LSF_PREDICTOR_REST_INVERSE,
        mode * ORDER,
        this.#target,
        0,
      );
      const first = this.#nearestFirst();
      for (let j = 0; j < ORDER; j++)
        this.#remainder[j] = sat16(this.#target[j] - LSF_STAGE1[first * ORDER + j]);
      const low = this.#nearestSecond(0, HALF);
      this.#fill(first, low, 0, HALF);
      spread(this.#candidate, 1, HALF, GAP_FIRST);
      const high = this.#nearestSecond(HALF, ORDER);
      this.#fill(first, high, HALF, ORDER);
      spread(this.#candidate, HALF, ORDER, GAP_FIRST);
      spread(this.#candidate, 1, ORDER, GAP_SECOND);
      const distance = this.#distance(mode);
      if (mode === 0 || sat32(distance - best) < 0) {
        best = distance;
        bestMode = mode;
        bestFirst = first;
        bestLow = low;
        bestHigh = high;
      }
    }
    indices[at] = (bestMode << 7) | bestFirst;
    indices[at + 1] = (bestLow << 5) | bestHigh;
    reconstruct(this.predictor, bestMode, bestFirst, bestLow, bestHigh, lsf);
    lsfToLsp(lsf, quantized);
  }

  #fill(first: number, second: number, from: number, to: number): void {
    for (let j = from; j < to; j++) {
      this.#candidate[j] = sat16(LSF_STAGE1[first * ORDER + j] + LSF_STAGE2[second * ORDER + j]);
    }
  }

  // Both searches add up positive terms only, so an entry is out as soon as its sum reaches the best so far, and no
  // entry is nearer than saturation.

  /** First stage entry nearest to the target, unweighted. */
  #nearestFirst(): number {
    const target = this.#target;
    let best = SATURATED;
    let index = 0;
    for (let i = 0, at = 0; i < 128; i++, at += ORDER) {
      let distance = 0;
      for (let j = 0; j < ORDER && distance < best; j++) {
        const d = sat16(target[j] - LSF_STAGE1[at + j]);
        distance += Math.imul(d, d);
      }
      if (distance < best) {
        best = distance;
        index = i;
      }
    }
    return index;
  }

  /** Second stage entry nearest to what the first left over, weighted, over elements from..to. */
  #nearestSecond(from: number, to: number): number {
    const remainder = this.#remainder;
    let best = SATURATED;
    let index = 0;
    for (let i = 0, at = 0; i < 32; i++, at += ORDER) {
      let distance = 0;
      for (let j = from; j < to && distance < best; j++) {
        const d = sat16(remainder[j] - LSF_STAGE2[at + j]);
        distance += Math.imul(mulQ15(weights[j], d), d);
      }
      if (distance < best) {
        best = distance;
        index = i;
      }
    }
    return index;
  }

  /** Weighted distance of the candidate from the target in the LSF domain. */
  #distance(mode: number): number {
    let sum = 0;
    for (let j = 0; j < ORDER; j++) {
      const d = mulQ15(sat16(this.#candidate[j] - this.#target[j]), LSF_PREDICTOR_REST[mode * ORDER + j]);
      sum += (shl32(product(weights[j], d), 4) >> 16) * d;
    }
    return sat32(2 * sum);
  }
}

/** Weights of the LSF errors: large where LSFs are close (3.2.4, equation 22); normalised to the largest. */
export function weightLsf(v: Int16Array, out: Int16Array): void {
  const one = 8192;
  for (let i = 0; i < ORDER; i++) {
    const below = i === 0 ? 1029 : v[i - 1]; // 0.04 pi, Q13
    const above = i === ORDER - 1 ? 23677 : v[i + 1]; // 0.92 pi, Q13
    const excess = sat16(sat16(above - below) - one);
    if (excess > 0) {
      out[i] = 2048;
    } else {
      const square = shl32(product(excess, excess), 2) >> 16;
      out[i] = sat16((shl32(product(square, 20480), 2) >> 16) + 2048); // 10, Q11
    }
  }
  out[4] = shl32(product(out[4], 19661), 1) >> 16; // 1.2, Q14
  out[5] = shl32(product(out[5], 19661), 1) >> 16;
  let largest = 0;
  for (let i = 0; i < ORDER; i++) if (out[i] > largest) largest = out[i];
  const shift = norm16(largest);
  for (let i = 0; i < ORDER; i++) out[i] = shl16(out[i], shift);
}
