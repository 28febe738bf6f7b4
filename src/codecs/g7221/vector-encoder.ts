/**
 * Quantizes the coefficients of G.722.1 and finds the allotment of bits that fills the frame (§3.6, §3.7). Used by the
 * frame encoder.
 */
import type { BitWriter } from './bit-stream.js';
import { type Categories, LARGEST_INDEX, NO_BITS, VECTOR_SIZE } from './categories.js';
import { type G7221Mode, REGION } from './mode.js';
import { VECTOR_CODE_LENGTHS, VECTOR_CODES } from './vector-codes.js';

/** By category: 32768 divided by the step size, which is a power of the square root of two. */
const INVERSE_STEP = Int16Array.from([23167, 16384, 11585, 8192, 5793, 4096, 2896]);
/** By category: what is added before rounding down, in 13 and in two more bits (Release 1.2 of the specification). */
const ROUNDING = Int16Array.from([2457, 2703, 2949, 3195, 3440, 3686, 4096]);
const ROUNDING_LOW = Int16Array.from([2, 1, 0, 0, 3, 2, 0]);
/** 32768 divided by the standard deviation, by power index from -24 on; saturated at both ends. */
const INVERSE_DEVIATION = Int16Array.from({ length: 64 }, (_, i) =>
  i < 25 ? 32767 : Math.floor(2 ** ((54 - i) / 2) + 0.5),
);
/** Vectors of a region at most. */
const MOST_VECTORS = 10;
/** Above this index coefficients are shifted down first, to stay within 16 bits. */
const LARGEST_POWER = 39;

export class VectorEncoder {
  readonly #possibilities: number;
  /** Codes with their signs, and their lengths; ten places for each region. */
  readonly #codes: Int32Array;
  readonly #lengths: Uint8Array;
  readonly #bits: Int16Array;
  readonly #deviations: Int16Array;

  constructor({ regions, controlBits }: G7221Mode) {
    this.#possibilities = 1 << controlBits;
    this.#codes = new Int32Array(regions * MOST_VECTORS);
    this.#lengths = new Uint8Array(regions * MOST_VECTORS);
    this.#bits = new Int16Array(regions);
    this.#deviations = new Int16Array(regions);
  }

  /**
   * @param powers index of each region's power; 24 and twice the scale are added to it here
   * @param coefficients loud regions are scaled down in place
   * @param available bits for all vectors
   * @returns the number of the allotment
   */
  encode(
    powers: Int16Array,
    offset: number,
    coefficients: Int16Array,
    categories: Categories,
    available: number,
  ): number {
    const regions = this.#bits.length;
    for (let r = 0; r < regions; r++) this.#normalise(r, powers[r] + offset, coefficients);
    // From the middle of the series to the end with too many bits or with too few.
    let control = 0;
    while (control < (this.#possibilities >> 1) - 1) categories.step(control++);
    let total = 0;
    for (let r = 0; r < regions; r++) total += this.#quantize(r, categories.chosen[r], coefficients);
    while (total < available && control > 0) {
      const region = categories.steps[--control];
      total += this.#requantize(region, --categories.chosen[region], coefficients);
    }
    while (total > available && control < this.#possibilities - 1) {
      const region = categories.steps[control++];
      total += this.#requantize(region, ++categories.chosen[region], coefficients);
    }
    return control;
  }

  write(bits: BitWriter, { chosen }: Categories): void {
    for (let r = 0; r < this.#bits.length; r++) {
      if (chosen[r] === NO_BITS) continue;
      const end = r * MOST_VECTORS + REGION / VECTOR_SIZE[chosen[r]];
      for (let at = r * MOST_VECTORS; at < end; at++) bits.write(this.#codes[at], this.#lengths[at]);
    }
  }

  #normalise(region: number, power: number, coefficients: Int16Array): void {
    const shift = (power - LARGEST_POWER) >> 1;
    if (shift > 0) {
      const from = region * REGION;
      for (let i = from; i < from + REGION; i++)
        coefficients[i] = ((coefficients[i] << 16) + 0x8000) >> (shift + 16);
      power -= 2 * shift;
    }
    this.#deviations[region] = INVERSE_DEVIATION[power];
  }

  #requantize(region: number, category: number, coefficients: Int16Array): number {
    const before = this.#bits[region];
    return this.#quantize(region, category, coefficients) - before;
  }

  /** @returns bits of the region */
  #quantize(region: number, category: number, coefficients: Int16Array): number {
    this.#bits[region] = 0;
    if (category === NO_BITS) return 0;
    const lengths = VECTOR_CODE_LENGTHS[category];
    const codes = VECTOR_CODES[category];
    const size = VECTOR_SIZE[category];
    const largest = LARGEST_INDEX[category];
    const factor = (Math.imul(INVERSE_STEP[category], this.#deviations[region]) + 4096) >> 13;
    const high = factor >> 2;
    const low = factor & 3;
    const end = (region + 1) * REGION;
    let total = 0;
    let at = region * MOST_VECTORS;
    for (let i = region * REGION; i < end; ) {
      let index = 0;
      let signs = 0;
      let count = 0;
      for (let j = 0; j < size; j++) {
        const coefficient = coefficients[i++];
        const magnitude = Math.min(Math.abs(coefficient), 32767);
        // The product with the low bits is kept in 16 bits.
        const rest = ((((2 * magnitude * low) << 16) >> 17) + ROUNDING_LOW[category]) >> 2;
        let step = (magnitude * high + ROUNDING[category] + rest) >> 13;
        if (step > 0) {
          count++;
          signs = 2 * signs + (coefficient > 0 ? 1 : 0);
          step = Math.min(step, largest);
        }
        index = index * (largest + 1) + step;
      }
      this.#codes[at] = (codes[index] << count) | signs;
      this.#lengths[at] = lengths[index] + count;
      total += this.#lengths[at++];
    }
    this.#bits[region] = total;
    return total;
  }
}
