/**
 * The codebook search of the iLBC encoder (RFC 3951 §3.6.2 to §3.7): three stages, each looking for the vector and gain
 * that leave least of the perceptually weighted target. The last sections of the codebook are searched only around
 * what was found in the first.
 */
import {
  augmentedVector,
  baseVectors,
  FIRST_LAG,
  filterMemory,
  gainScale,
  LAST_LAG,
  MEMORY,
  sectionVectors,
} from './codebook.js';
import { allPole } from './filters.js';
import { LPC_ORDER, STAGES, SUBBLOCK } from './mode.js';
import { GAINS_3, GAINS_4, GAINS_5 } from './tables.js';

const MAX_GAIN = 1.3;
/** Width of the restricted search (§3.6.4.1). */
const RESTRICTED = 34;
/** Base vectors searched at each stage: the start state's block, the first sub-block, all others. */
const RANGES = [
  [58, 58, 58],
  [108, 44, 44],
  [108, 108, 108],
];
const NO_MEASURE = -10000000;
const EPSILON = 2.220446049250313e-16;
const GAIN_TABLES = [GAINS_5, GAINS_4, GAINS_3];
/** Gain correction may at most double the gain (§3.7). */
const MOST_CORRECTION = 2;

export class CodebookSearch {
  /** Ten zeros, the memory and the target, weighted together. */
  readonly #buffer = new Float64Array(LPC_ORDER + MEMORY + SUBBLOCK);
  readonly #filtered = new Float64Array(MEMORY);
  readonly #target = new Float64Array(SUBBLOCK);
  readonly #coded = new Float64Array(SUBBLOCK);
  readonly #augmented = new Float64Array(SUBBLOCK);
  /** Inverse energy of the vectors that are not interpolated, by index. */
  readonly #inverse = new Float64Array(256);
  #stage = 0;
  #size = 0;
  #best = 0;
  #measure = 0;
  #gain = 0;

  /**
   * @param target the block to code, `size` samples
   * @param memory the last `length` samples before `MEMORY` are the codebook memory
   * @param weighting filters; the block's begins at `filter`
   * @param block 0 for the start state's block, then the number of the sub-block in order of coding
   * @param values receives three indices from `index` on and three gain indices from `gain` on
   */
  search(
    target: Float64Array,
    size: number,
    memory: Float64Array,
    length: number,
    weighting: Float64Array,
    filter: number,
    block: number,
    values: Int32Array,
    index: number,
    gain: number,
  ): void {
    const buffer = this.#buffer.fill(0, 0, LPC_ORDER);
    const end = LPC_ORDER + length;
    for (let i = 0; i < length; i++) buffer[LPC_ORDER + i] = memory[MEMORY - length + i];
    for (let i = 0; i < size; i++) buffer[end + i] = target[i];
    allPole(buffer, LPC_ORDER, end + size, weighting, filter);
    let targetEnergy = 0;
    for (let i = 0; i < size; i++) {
      this.#target[i] = buffer[end + i];
      targetEnergy += buffer[end + i] * buffer[end + i];
    }
    filterMemory(buffer, LPC_ORDER, length, 0, length, this.#filtered);
    this.#coded.fill(0);
    this.#size = size;

    let first = 0;
    let scale = 1;
    for (let stage = 0; stage < STAGES; stage++) {
      this.#searchStage(stage, length, RANGES[Math.min(block, RANGES.length - 1)][stage]);
      const factor = this.#quantizeGain(scale, values, gain + stage);
      values[index + stage] = this.#best;
      this.#subtract(length, factor);
      if (stage === 0) first = factor;
      scale = gainScale(factor);
    }
    this.#correctGain(first, targetEnergy, values, gain);
  }

  #searchStage(stage: number, length: number, range: number): void {
    const size = this.#size;
    const end = LPC_ORDER + length;
    const section = sectionVectors(length, size);
    this.#stage = stage;
    this.#best = 0;
    this.#measure = NO_MEASURE;
    this.#gain = 0;
    if (stage === 0) {
      this.#energies(this.#buffer, end, 0, range);
      this.#energies(this.#filtered, length, section, range);
    }
    this.#tryVectors(this.#buffer, end, 0, 0, range);
    if (size === SUBBLOCK) this.#tryAugmented(this.#buffer, end, section - SUBBLOCK / 2, FIRST_LAG, LAST_LAG);
    this.#searchFiltered(length, section, range);
  }

  /** The search of the filtered sections, restricted to the neighbourhood of the best vector so far (§3.6.4.1). */
  #searchFiltered(length: number, section: number, range: number): void {
    const best = this.#best;
    const augmentedFrom = section - SUBBLOCK / 2;
    let from = best - RESTRICTED / 2;
    let to = from + RESTRICTED;
    let lag = 0;
    if (this.#size < SUBBLOCK) {
      if (from < 0) {
        to -= from;
        from = 0;
      }
      if (to > range) {
        from -= to - range;
        to = range;
      }
    } else if (from < 0) {
      lag = LAST_LAG + 1 + from;
      from = 0;
    } else if (best < augmentedFrom) {
      if (to > range) {
        from -= to - range;
        to = range;
      }
    } else if (from < augmentedFrom) {
      lag = FIRST_LAG;
      from = 0;
      to = RESTRICTED - (LAST_LAG - FIRST_LAG + 1);
    } else {
      lag = FIRST_LAG + from - augmentedFrom;
      from = 0;
      to = RESTRICTED - (LAST_LAG - lag + 1);
    }
    this.#tryVectors(this.#filtered, length, section, from, to);
    if (lag !== 0) this.#tryAugmented(this.#filtered, length, section + augmentedFrom, lag, LAST_LAG);
  }

  /** Inverse energies of the vectors `0..range-1` before `end`, each energy from the one before. */
  #energies(buffer: Float64Array, end: number, index: number, range: number): void {
    const size = this.#size;
    let energy = 0;
    for (let j = end - size; j < end; j++) energy += buffer[j] * buffer[j];
    for (let i = 0; i < range; i++) {
      if (i > 0) {
        const enters = buffer[end - size - i];
        const leaves = buffer[end - i];
        energy += enters * enters - leaves * leaves;
      }
      this.#inverse[index + i] = energy > 0 ? 1 / (energy + EPSILON) : 0;
    }
  }

  #tryVectors(buffer: Float64Array, end: number, index: number, from: number, to: number): void {
    const size = this.#size;
    const target = this.#target;
    for (let i = from; i < to; i++) {
      const start = end - size - i;
      let dot = 0;
      for (let j = 0; j < size; j++) dot += target[j] * buffer[start + j];
      this.#consider(index + i, dot, this.#inverse[index + i]);
    }
  }

  /** Interpolated vectors; built up as in `augmentedVector`, but their energy mostly from the one before. */
  #tryAugmented(buffer: Float64Array, end: number, index: number, from: number, to: number): void {
    const target = this.#target;
    let common = 0;
    for (let j = 5; j < from; j++) common += buffer[end - j] * buffer[end - j];
    for (let lag = from; lag <= to; lag++) {
      const start = end - lag;
      common += buffer[start] * buffer[start];
      let energy = common;
      let dot = 0;
      for (let j = 0; j < lag - 4; j++) dot += target[j] * buffer[start + j];
      for (let m = 1; m < 5; m++) {
        const weight = m / 5;
        const value = (1 - weight) * buffer[end - 5 + m] + weight * buffer[start - 5 + m];
        energy += value * value;
        dot += target[lag - 5 + m] * value;
      }
      for (let j = lag; j < SUBBLOCK; j++) {
        const value = buffer[start - lag + j];
        energy += value * value;
        dot += target[j] * value;
      }
      this.#consider(index + lag - FIRST_LAG, dot, energy > 0 ? 1 / (energy + EPSILON) : 0);
    }
  }

  #consider(index: number, dot: number, inverse: number): void {
    if (this.#stage === 0 && dot <= 0) return;
    const gain = dot * inverse;
    const measure = dot * gain;
    if (measure > this.#measure && Math.abs(gain) < MAX_GAIN) {
      this.#best = index;
      this.#measure = measure;
      this.#gain = gain;
    }
  }

  /** §3.6.4.2 */
  #quantizeGain(scale: number, values: Int32Array, at: number): number {
    const table = GAIN_TABLES[this.#stage];
    let chosen = 0;
    let least = Number.MAX_VALUE;
    for (let i = 0; i < table.length; i++) {
      const error = (this.#gain - scale * table[i]) ** 2;
      if (error < least) {
        least = error;
        chosen = i;
      }
    }
    values[at] = chosen;
    return scale * table[chosen];
  }

  /** Takes the chosen vector out of the target (§3.6.4.3). */
  #subtract(length: number, gain: number): void {
    const size = this.#size;
    const base = baseVectors(length, size);
    const section = sectionVectors(length, size);
    const filtered = this.#best >= section;
    const index = filtered ? this.#best - section : this.#best;
    const end = filtered ? length : LPC_ORDER + length;
    let vector = filtered ? this.#filtered : this.#buffer;
    let start = end - size - index;
    if (index >= base) {
      augmentedVector(vector, end, index - base + FIRST_LAG, this.#augmented);
      vector = this.#augmented;
      start = 0;
    }
    for (let j = 0; j < size; j++) {
      const part = gain * vector[start + j];
      this.#coded[j] += part;
      this.#target[j] -= part;
    }
  }

  /** §3.7: the first gain is raised until the block has the energy of the target. */
  #correctGain(first: number, targetEnergy: number, values: Int32Array, at: number): void {
    let codedEnergy = 0;
    for (let i = 0; i < this.#size; i++) codedEnergy += this.#coded[i] * this.#coded[i];
    let chosen = values[at];
    for (let i = chosen; i < GAINS_5.length; i++) {
      const gain = GAINS_5[i];
      if (
        codedEnergy * gain * gain < targetEnergy * first * first &&
        GAINS_5[chosen] < MOST_CORRECTION * first
      )
        chosen = i;
    }
    values[at] = chosen;
  }
}
