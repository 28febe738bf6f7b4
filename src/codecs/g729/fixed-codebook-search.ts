/**
 * The search of the algebraic codebook in G.729 Annex A (A.3.8): a depth-first tree over pairs of tracks that tries 320
 * of the pulse combinations and keeps the one with the best correlation squared over energy. Run by the encoder in each
 * subframe.
 *
 * Tracks 0..2 hold pulse positions 5i + track; the fourth pulse has the positions of tracks 3 and 4.
 */
import { backwardFilter } from './closed-loop-pitch.js';
import { SUBFRAME } from './dimensions.js';
import { PULSE_MINUS, PULSE_PLUS, sharpen } from './fixed-codebook.js';
import {
  dot,
  MAX16,
  MAX32,
  mulQ15,
  negate16,
  norm32,
  product,
  roundHigh,
  sat16,
  sat32,
  shl16,
} from './fixed-point.js';

const TRACKS = 5;
const POSITIONS = 8;

/** Where the cross-correlations of a pair of tracks lie, and the strides of both positions; -1 for unused pairs. */
const pairBase = new Int16Array(TRACKS * TRACKS).fill(-1);
const pairStride = new Int16Array(TRACKS * TRACKS);
const pairCount = layOutPairs();
/** For lag d and k terms summed: which cross-correlation that is, or -1. */
const destination = layOutDestinations();

const scaledResponse = new Int16Array(SUBFRAME);
const correlation = new Int16Array(SUBFRAME);
const negative = new Uint8Array(SUBFRAME);
/** Autocorrelations by position, and the cross-correlations. */
const diagonal = new Int16Array(SUBFRAME);
const cross = new Int16Array(pairCount * POSITIONS * POSITIONS);
const partner = new Int16Array(POSITIONS);

function layOutPairs(): number {
  let count = 0;
  for (let a = 0; a < TRACKS; a++) {
    for (let b = a + 1; b < TRACKS; b++) {
      if (a === 3) continue;
      const base = count++ * POSITIONS * POSITIONS;
      pairBase[a * TRACKS + b] = base;
      pairBase[b * TRACKS + a] = base;
      pairStride[a * TRACKS + b] = POSITIONS;
      pairStride[b * TRACKS + a] = 1;
    }
  }
  return count;
}

function layOutDestinations(): Int16Array {
  const table = new Int16Array(SUBFRAME * SUBFRAME).fill(-1);
  for (let d = 1; d < SUBFRAME; d++) {
    for (let k = 0; k + d < SUBFRAME; k++) {
      const j = SUBFRAME - 1 - k;
      const i = j - d;
      const pair = (i % TRACKS) * TRACKS + (j % TRACKS);
      if (i % TRACKS === j % TRACKS || pairBase[pair] < 0) continue;
      const strideI = pairStride[pair];
      const strideJ = strideI === 1 ? POSITIONS : 1;
      table[d * SUBFRAME + k] =
        pairBase[pair] + Math.floor(i / TRACKS) * strideI + Math.floor(j / TRACKS) * strideJ;
    }
  }
  return table;
}

/** Cross-correlation of two pulse positions on different tracks. */
function between(p: number, q: number): number {
  const pair = (p % TRACKS) * TRACKS + (q % TRACKS);
  const stride = pairStride[pair];
  return cross[
    pairBase[pair] + ((p / TRACKS) | 0) * stride + ((q / TRACKS) | 0) * (stride === 1 ? POSITIONS : 1)
  ];
}

export class FixedCodebookSearch {
  /** The codewords: 13 bits of positions and 4 of signs. */
  positions = 0;
  signs = 0;

  // The pair chosen in the search step at hand: positions, correlation, its square and the energy.
  #p = 0;
  #q = 0;
  #sum = 0;
  #square = 0;
  #energy = 0;
  readonly #best = new Int16Array(4);

  /**
   * @param x target
   * @param response impulse response, Q12; on return with the pitch contribution
   * @param delay pitch delay
   * @param sharpening gain of the pitch contribution, Q14
   * @param code receives the code vector, Q13
   * @param filtered receives it filtered, Q12
   */
  search(
    x: Int16Array,
    response: Int16Array,
    delay: number,
    sharpening: number,
    code: Int16Array,
    filtered: Int16Array,
  ): void {
    sharpen(response, delay, sharpening);
    backwardFilter(response, x, correlation);
    for (let i = 0; i < SUBFRAME; i++) {
      negative[i] = correlation[i] < 0 ? 1 : 0;
      if (negative[i]) correlation[i] = negate16(correlation[i]);
    }
    correlateResponse(response);

    this.#p = 0;
    this.#q = 0;
    this.#sum = 0;
    const best = this.#best;
    for (let track = 0; track < 4; track++) best[track] = track;
    let bestSquare = -1;
    let bestEnergy = 1;
    for (let last = 3; last < TRACKS; last++) {
      this.#searchPair(2, last);
      let p = this.#p;
      let q = this.#q;
      this.#searchRest(p, q, 0, 1);
      if (Math.imul(bestEnergy, this.#square) > Math.imul(bestSquare, this.#energy)) {
        bestSquare = this.#square;
        bestEnergy = this.#energy;
        best[0] = this.#p;
        best[1] = this.#q;
        best[2] = p;
        best[3] = q;
      }
      this.#searchPair(last, 0);
      p = this.#p;
      q = this.#q;
      this.#searchRest(p, q, 1, 2);
      if (Math.imul(bestEnergy, this.#square) > Math.imul(bestSquare, this.#energy)) {
        bestSquare = this.#square;
        bestEnergy = this.#energy;
        best[0] = q;
        best[1] = this.#p;
        best[2] = this.#q;
        best[3] = p;
      }
    }
    this.#build(response, code, filtered);
    sharpen(code, delay, sharpening);
  }

  /** First two pulses: the two strongest positions of one track, each with all of another. */
  #searchPair(first: number, second: number): void {
    let square = -1;
    let energy = 1;
    let previous = -1;
    for (let round = 0; round < 2; round++) {
      let strongest = -1;
      let p = 0;
      for (let j = first; j < SUBFRAME; j += TRACKS) {
        if (correlation[j] > strongest && j !== previous) {
          strongest = correlation[j];
          p = j;
        }
      }
      previous = p;
      const start = diagonal[p] * 16384; // 1/4
      for (let q = second; q < SUBFRAME; q += TRACKS) {
        const sum = sat16(correlation[p] + correlation[q]);
        const e = roundHigh(sat32(start + between(p, q) * 32768 + diagonal[q] * 16384)); // 1/2, 1/4
        const s = mulQ15(sum, sum);
        if (Math.imul(energy, s) > Math.imul(square, e)) {
          square = s;
          energy = e;
          this.#sum = sum;
          this.#p = p;
          this.#q = q;
        }
      }
    }
    this.#square = square;
    this.#energy = energy;
  }

  /** The other two pulses, on tracks `third` and `fourth`, with the first two at p and q. */
  #searchRest(p: number, q: number, third: number, fourth: number): void {
    for (let i = 0; i < POSITIONS; i++) {
      const j = fourth + i * TRACKS;
      partner[i] = roundHigh(between(p, j) * 16384 + between(q, j) * 16384 + diagonal[j] * 8192);
    }
    const startSum = this.#sum;
    const startEnergy = this.#energy * 16384;
    let square = -1;
    let energy = 1;
    for (let r = third; r < SUBFRAME; r += TRACKS) {
      const sumR = sat16(startSum + correlation[r]);
      const energyR = startEnergy + between(p, r) * 8192 + between(q, r) * 8192 + diagonal[r] * 4096;
      const base = pairBase[third * TRACKS + fourth] + ((r / TRACKS) | 0) * POSITIONS;
      for (let i = 0; i < POSITIONS; i++) {
        const t = fourth + i * TRACKS;
        const sum = sat16(sumR + correlation[t]);
        const e = roundHigh(energyR + cross[base + i] * 8192 + partner[i] * 32768);
        const s = mulQ15(sum, sum);
        if (Math.imul(energy, s) > Math.imul(square, e)) {
          square = s;
          energy = e;
          this.#p = r;
          this.#q = t;
        }
      }
    }
    this.#square = square;
    this.#energy = energy;
  }

  /** Codewords, code vector and filtered code vector of the chosen pulses. */
  #build(response: Int16Array, code: Int16Array, filtered: Int16Array): void {
    const best = this.#best;
    code.fill(0);
    filtered.fill(0);
    this.signs = 0;
    for (let track = 0; track < 4; track++) {
      const p = best[track];
      if (negative[p]) {
        code[p] = PULSE_MINUS;
        for (let i = p; i < SUBFRAME; i++) filtered[i] = sat16(filtered[i] - response[i - p]);
      } else {
        code[p] = PULSE_PLUS;
        for (let i = p; i < SUBFRAME; i++) filtered[i] = sat16(filtered[i] + response[i - p]);
        this.signs |= 1 << track;
      }
    }
    const last = Math.floor(best[3] / TRACKS);
    this.positions =
      Math.floor(best[0] / TRACKS) |
      (Math.floor(best[1] / TRACKS) << 3) |
      (Math.floor(best[2] / TRACKS) << 6) |
      ((2 * last + (best[3] % TRACKS) - 3) << 9);
  }
}

/**
 * All correlations of the impulse response that the search needs, from the response scaled up as far as it goes. The
 * signs of the target's correlations are moved into the cross-correlations, so that all pulses count as positive.
 */
function correlateResponse(response: Int16Array): void {
  const energy = dot(0, response, 0, response, 0, SUBFRAME);
  if (energy >> 16 > 32000) {
    for (let i = 0; i < SUBFRAME; i++) scaledResponse[i] = response[i] >> 1;
  } else {
    const shift = norm32(energy) >> 1;
    for (let i = 0; i < SUBFRAME; i++) scaledResponse[i] = shl16(response[i], shift);
  }
  const h = scaledResponse;
  let sum = 0;
  for (let k = 0; k < SUBFRAME; k++) {
    sum = Math.min(sum + product(h[k], h[k]), MAX32);
    diagonal[SUBFRAME - 1 - k] = sum >> 16;
  }
  for (let d = 1; d < SUBFRAME; d++) {
    if (d % TRACKS === 0) continue;
    sum = 0;
    for (let k = 0, at = d * SUBFRAME; k + d < SUBFRAME; k++, at++) {
      sum = sat32(sum + (Math.imul(h[k], h[k + d]) << 1));
      const to = destination[at];
      if (to < 0) continue;
      const j = SUBFRAME - 1 - k;
      const c = sum >> 16;
      cross[to] = negative[j] === negative[j - d] ? mulQ15(c, MAX16) : negate16(c);
    }
  }
}
