/**
 * The power envelope of G.722.1 (§3.3, §4.1): the root mean square of each region as an index in steps of 3.01 dB, the
 * first one sent as it is, the others as differences in Huffman codes.
 */
import type { BitReader, BitWriter } from './bit-stream.js';
import { codeTree } from './code-tree.js';
import { DIFFERENCE_CODE_LENGTHS, DIFFERENCE_CODES, DIFFERENCES } from './difference-codes.js';
import { LOWEST_DIFFERENCE, NEGATIVE_POWERS, POWER_OFFSET, REGION } from './mode.js';

const FIRST_BITS = 5;
const HIGHEST = 31 - POWER_OFFSET;
const LOWEST = -8 - POWER_OFFSET;
/** 0 is kept out of the five bits of the first region. */
const LOWEST_FIRST = 1 - POWER_OFFSET;
const HIGHEST_DIFFERENCE = LOWEST_DIFFERENCE + DIFFERENCES - 1;

const TREES = DIFFERENCE_CODES.map((codes, row) => codeTree(DIFFERENCE_CODE_LENGTHS[row], codes));

function rowOf(region: number): number {
  return Math.min(region, DIFFERENCE_CODES.length) - 1;
}

/** The index of the power of 20 coefficients that are too large by `scale` powers of two. */
function powerIndex(coefficients: Int16Array, from: number, scale: number): number {
  let energy = 0;
  for (let i = from; i < from + REGION; i++) energy += coefficients[i] * coefficients[i];
  energy = Math.min(energy, 0x7fffffff);
  // Of nothing, 16 bits less than of the smallest.
  let exponent = -16;
  if (energy > 0) {
    exponent = 16 - Math.clz32(energy);
    const mantissa = exponent > 0 ? energy >> exponent : energy << -exponent;
    // The square root of two times the size of a region, at this scale.
    if (mantissa >> 1 >= 28963) exponent++;
  }
  return exponent - 2 * scale + 35 - NEGATIVE_POWERS;
}

export class EnvelopeEncoder {
  /** Power index of each region as the decoder will know it. */
  readonly powers: Int16Array;
  readonly #differences: Uint8Array;

  constructor(regions: number) {
    this.powers = new Int16Array(regions);
    this.#differences = new Uint8Array(regions);
  }

  /** @returns bits that {@link write} will write */
  analyse(coefficients: Int16Array, scale: number): number {
    const powers = this.powers;
    const regions = powers.length;
    for (let r = 0; r < regions; r++) powers[r] = powerIndex(coefficients, r * REGION, scale);
    // Valleys are raised so that the peaks after them are within reach of a difference.
    for (let r = regions - 2; r >= 0; r--)
      powers[r] = Math.max(powers[r], powers[r + 1] - HIGHEST_DIFFERENCE);
    powers[0] = Math.max(LOWEST_FIRST, Math.min(HIGHEST, powers[0]));
    for (let r = 1; r < regions; r++) powers[r] = Math.max(LOWEST, Math.min(HIGHEST, powers[r]));
    let bits = FIRST_BITS;
    for (let r = 1; r < regions; r++) {
      const difference = Math.max(0, powers[r] - powers[r - 1] - LOWEST_DIFFERENCE);
      powers[r] = powers[r - 1] + difference + LOWEST_DIFFERENCE;
      this.#differences[r] = difference;
      bits += DIFFERENCE_CODE_LENGTHS[rowOf(r)][difference];
    }
    return bits;
  }

  write(bits: BitWriter): void {
    bits.write(this.powers[0] + POWER_OFFSET, FIRST_BITS);
    for (let r = 1; r < this.powers.length; r++) {
      const difference = this.#differences[r];
      bits.write(DIFFERENCE_CODES[rowOf(r)][difference], DIFFERENCE_CODE_LENGTHS[rowOf(r)][difference]);
    }
  }
}

/** @returns false when no encoder can have written it; `powers` is of no use then */
export function readEnvelope(bits: BitReader, powers: Int16Array): boolean {
  let power = bits.bits(FIRST_BITS) - POWER_OFFSET;
  powers[0] = power;
  for (let r = 1; r < powers.length; r++) {
    const tree = TREES[rowOf(r)];
    let node = 0;
    do node = tree[2 * node + bits.bit()];
    while (node > 0);
    power += ~node + LOWEST_DIFFERENCE;
    if (power < LOWEST || power > HIGHEST) return false;
    powers[r] = power;
  }
  return true;
}
