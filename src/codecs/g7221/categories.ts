/**
 * The allotment of bits in G.722.1 (§3.5): each region gets a category, 0 (finest) to 7 (no bits at all), by the powers
 * of the regions and the bits there are. Encoder and decoder come to the same series of allotments; which one of the
 * series holds is sent as a number.
 */
import type { G7221Mode } from './mode.js';

/** The category without vectors. */
export const NO_BITS = 7;

/** Coefficients of a vector, by category. */
export const VECTOR_SIZE: readonly number[] = [2, 2, 2, 4, 4, 5, 5];
/** Largest quantization index of a coefficient, by category. */
export const LARGEST_INDEX: readonly number[] = [13, 9, 6, 4, 3, 2, 1];
/** Bits to be expected of a region, by category. */
const EXPECTED_BITS = Uint8Array.from([52, 47, 43, 37, 29, 22, 16, 0]);

/** What a category's vectors code badly, put in numbers: lower categories are due where it is low. */
function urgency(offset: number, power: number, category: number): number {
  return offset - power - 2 * category;
}

export class Categories {
  /** Of each region: first the finest of the series, then what is chosen. */
  readonly chosen: Uint8Array;
  /** The region that falls by a category with each step through the series. */
  readonly steps: Uint8Array;
  readonly #regions: number;
  readonly #frameSamples: number;
  readonly #finest: Uint8Array;
  readonly #coarsest: Uint8Array;
  /** The series grows from the middle to both ends. */
  readonly #series: Uint8Array;

  constructor({ regions, frameSamples, controlBits }: G7221Mode) {
    const possibilities = 1 << controlBits;
    this.#regions = regions;
    this.#frameSamples = frameSamples;
    this.chosen = new Uint8Array(regions);
    this.steps = new Uint8Array(possibilities - 1);
    this.#finest = new Uint8Array(regions);
    this.#coarsest = new Uint8Array(regions);
    this.#series = new Uint8Array(2 * possibilities);
  }

  /**
   * Works out the series; `chosen` is its finest member then.
   * @param powers power index of each region
   * @param bits for the vectors
   */
  assign(powers: Int16Array, bits: number): void {
    // At high rates categories take more bits than expected.
    const surplus = bits - this.#frameSamples;
    const available = surplus > 0 ? this.#frameSamples + ((surplus * 5) >> 3) : bits;
    const offset = this.#findOffset(powers, available);
    this.#spread(powers, available, offset);
  }

  /** Goes on in the series: one region gets fewer bits. */
  step(index: number): void {
    this.chosen[this.steps[index]]++;
  }

  #category(offset: number, power: number): number {
    return Math.max(0, Math.min(NO_BITS, (offset - power) >> 1));
  }

  /** The largest offset of powers to categories that is expected to take nearly all bits. */
  #findOffset(powers: Int16Array, available: number): number {
    let offset = -32;
    for (let delta = 32; delta > 0; delta >>= 1) {
      let bits = 0;
      for (let region = 0; region < this.#regions; region++)
        bits += EXPECTED_BITS[this.#category(offset + delta, powers[region])];
      if (bits >= available - 32) offset += delta;
    }
    return offset;
  }

  #spread(powers: Int16Array, available: number, offset: number): void {
    const finest = this.#finest;
    const coarsest = this.#coarsest;
    const series = this.#series;
    const steps = this.steps.length;
    let most = 0;
    for (let region = 0; region < this.#regions; region++) {
      const category = this.#category(offset, powers[region]);
      finest[region] = category;
      coarsest[region] = category;
      most += EXPECTED_BITS[category];
    }
    let least = most;
    let from = steps + 1;
    let to = from;
    for (let i = 0; i < steps; i++) {
      if (most + least <= 2 * available) {
        const region = this.#mostUrgent(powers, offset);
        series[--from] = region;
        most += EXPECTED_BITS[finest[region] - 1] - EXPECTED_BITS[finest[region]];
        finest[region]--;
      } else {
        const region = this.#leastUrgent(powers, offset);
        series[to++] = region;
        least += EXPECTED_BITS[coarsest[region] + 1] - EXPECTED_BITS[coarsest[region]];
        coarsest[region]++;
      }
    }
    this.chosen.set(finest);
    for (let i = 0; i < steps; i++) this.steps[i] = series[from + i];
  }

  /** The lowest of equals. */
  #mostUrgent(powers: Int16Array, offset: number): number {
    let best = 99;
    let found = 0;
    for (let region = 0; region < this.#regions; region++) {
      if (this.#finest[region] === 0) continue;
      const value = urgency(offset, powers[region], this.#finest[region]);
      if (value >= best) continue;
      best = value;
      found = region;
    }
    return found;
  }

  /** The highest of equals. */
  #leastUrgent(powers: Int16Array, offset: number): number {
    let best = -99;
    let found = 0;
    for (let region = this.#regions - 1; region >= 0; region--) {
      if (this.#coarsest[region] === NO_BITS) continue;
      const value = urgency(offset, powers[region], this.#coarsest[region]);
      if (value <= best) continue;
      best = value;
      found = region;
    }
    return found;
  }
}
