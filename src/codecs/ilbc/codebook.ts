/**
 * The adaptive codebook of iLBC (RFC 3951 §3.6.3, §4.4): vectors cut from a memory of decoded residual, some of them
 * interpolated, all of them once more from the filtered memory; and the gain-shape decoding of a block from three of
 * them. Encoder and decoder build their blocks here, so that they agree.
 */
import { STAGES, SUBBLOCK } from './mode.js';
import { EXPANSION_FILTER, GAINS_3, GAINS_4, GAINS_5 } from './tables.js';

/** Samples of decoded residual the codebook is cut from. */
export const MEMORY = 147;
/** How many of them serve the predicted part of the start state. */
export const STATE_MEMORY = 85;
/** The interpolated ("augmented") vectors have lags from 20 to 39 (§3.6.3.3). */
export const FIRST_LAG = 20;
export const LAST_LAG = 39;
/** Gains of a later stage are scaled by the one before, but not by less than this (§3.6.4.2). */
const LEAST_SCALE = 0.1;

const FILTER_TAPS = 8;
/** Taps of the expansion filter before the current sample. */
const FILTER_DELAY = 3;

/** Vectors of the base section and of the whole unfiltered section for a memory and a block of these lengths. */
export function baseVectors(memory: number, block: number): number {
  return memory - block + 1;
}
export function sectionVectors(memory: number, block: number): number {
  return baseVectors(memory, block) + (block === SUBBLOCK ? SUBBLOCK / 2 : 0);
}

/** Quantization scale of a gain that follows another one. */
export function gainScale(previous: number): number {
  return Math.max(LEAST_SCALE, Math.abs(previous));
}

/** The vector of a lag shorter than a sub-block: the memory's end, blended into its own repetition. */
export function augmentedVector(buffer: Float64Array, end: number, lag: number, out: Float64Array): void {
  for (let j = 0; j < lag; j++) out[j] = buffer[end - lag + j];
  for (let m = 1; m < 5; m++) {
    const weight = m / 5;
    out[lag - 5 + m] = (1 - weight) * buffer[end - 5 + m] + weight * buffer[end - lag - 5 + m];
  }
  for (let j = lag; j < SUBBLOCK; j++) out[j] = buffer[end - 2 * lag + j];
}

/**
 * Filters part of a memory for the expanded section (§3.6.3.2). The memory counts as zero outside.
 * @param first, last range to compute, counted from the start of the memory; written to `out` at the same places
 */
export function filterMemory(
  memory: Float64Array,
  from: number,
  length: number,
  first: number,
  last: number,
  out: Float64Array,
): void {
  for (let k = first; k < last; k++) {
    let sum = 0;
    const start = k - FILTER_DELAY;
    const lowest = start < 0 ? -start : 0;
    const highest = Math.min(FILTER_TAPS, length - start);
    for (let j = lowest; j < highest; j++)
      sum += memory[from + start + j] * EXPANSION_FILTER[FILTER_TAPS - 1 - j];
    out[k] = sum;
  }
}

export class CodebookDecoder {
  readonly #filtered = new Float64Array(MEMORY);
  readonly #vector = new Float64Array(SUBBLOCK);

  /**
   * Builds a block from its three vectors and gains.
   * @param memory the last `length` samples before `MEMORY` are the codebook memory
   * @param values parameters; indices and gains from `index` and `gain` on
   */
  construct(
    memory: Float64Array,
    length: number,
    values: Int32Array,
    index: number,
    gain: number,
    size: number,
    out: Float64Array,
  ): void {
    let factor = GAINS_5[values[gain]];
    for (let stage = 0; stage < STAGES; stage++) {
      if (stage === 1) factor = gainScale(factor) * GAINS_4[values[gain + stage]];
      if (stage === 2) factor = gainScale(factor) * GAINS_3[values[gain + stage]];
      this.#lookUp(memory, length, values[index + stage], size);
      if (stage === 0) for (let j = 0; j < size; j++) out[j] = factor * this.#vector[j];
      else for (let j = 0; j < size; j++) out[j] += factor * this.#vector[j];
    }
  }

  #lookUp(memory: Float64Array, length: number, index: number, size: number): void {
    const base = baseVectors(length, size);
    const section = sectionVectors(length, size);
    const from = MEMORY - length;
    const vector = this.#vector;
    if (index < base) {
      const start = MEMORY - size - index;
      for (let j = 0; j < size; j++) vector[j] = memory[start + j];
    } else if (index < section) {
      augmentedVector(memory, MEMORY, index - base + FIRST_LAG, vector);
    } else if (size === SUBBLOCK && index - section >= base) {
      filterMemory(memory, from, length, length - LAST_LAG - 5, length, this.#filtered);
      augmentedVector(this.#filtered, length, index - section - base + FIRST_LAG, vector);
    } else {
      // No encoder sends the one or two highest indices of a short block: they stand for its last vector.
      const start = length - size - Math.min(index - section, base - 1);
      filterMemory(memory, from, length, start, start + size, this.#filtered);
      for (let j = 0; j < size; j++) vector[j] = this.#filtered[start + j];
    }
  }
}
