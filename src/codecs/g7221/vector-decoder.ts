/**
 * Decodes the quantized vectors of G.722.1 and fills what was not sent with noise (§4.2, §4.3). Used by the frame
 * decoder; keeps the state of the noise.
 */
import type { BitReader } from './bit-stream.js';
import { LARGEST_INDEX, NO_BITS, VECTOR_SIZE } from './categories.js';
import { type CodeTree, codeTree } from './code-tree.js';
import { REGION } from './mode.js';
import { VECTOR_CODE_LENGTHS, VECTOR_CODES } from './vector-codes.js';

/** By category and index: the magnitude that stands for it, in 4096ths of the standard deviation. */
const CENTROIDS: readonly Int16Array[] = [
  [0, 1606, 3119, 4586, 6049, 7502, 8941, 10406, 11851, 13292, 14736, 16146, 17566, 19351],
  [0, 2229, 4341, 6401, 8471, 10531, 12583, 14588, 16673, 18924],
  [0, 3055, 5998, 8929, 11806, 14680, 17680],
  [0, 4121, 8192, 12259, 16322],
  [0, 5413, 11071, 16315],
  [0, 6785, 14300],
  [0, 8044],
].map((row) => Int16Array.from(row));

const TREES: readonly CodeTree[] = VECTOR_CODES.map((codes, category) =>
  codeTree(VECTOR_CODE_LENGTHS[category], codes),
);

/** From this category on, zeros are filled with noise: 0.18, 0.25 and, with nothing sent, 0.71 of the deviation. */
const FIRST_NOISY = 5;
const NOISE_FACTORS = [5793, 8192, 23170];

/** The quantization indices of the vectors by their number: digits to the base of the largest index and one. */
const DIGITS: readonly Uint8Array[] = VECTOR_SIZE.map((size, category) => {
  const base = LARGEST_INDEX[category] + 1;
  const digits = new Uint8Array(base ** size * size);
  for (let i = 0; i < digits.length; i++)
    digits[i] = Math.floor(Math.floor(i / size) / base ** (size - 1 - (i % size))) % base;
  return digits;
});

export class VectorDecoder {
  readonly #seeds = new Int16Array(4);

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#seeds.fill(1);
  }

  /**
   * @param deviations standard deviation of each region
   * @param categories when bits run short, the regions left become those without bits
   * @returns false when they did
   */
  decode(bits: BitReader, deviations: Int16Array, categories: Uint8Array, out: Int16Array): boolean {
    let complete = true;
    for (let region = 0; region < categories.length; region++) {
      const from = region * REGION;
      if (!complete) categories[region] = NO_BITS;
      else if (categories[region] < NO_BITS) {
        complete = this.#decodeRegion(bits, categories[region], deviations[region], out, from);
        if (!complete) categories[region] = NO_BITS;
      }
      if (categories[region] >= FIRST_NOISY) {
        const everywhere = categories[region] === NO_BITS;
        const level = (deviations[region] * NOISE_FACTORS[categories[region] - FIRST_NOISY]) >> 15;
        this.#addNoise(out, from, level, everywhere);
        this.#addNoise(out, from + REGION / 2, level, everywhere);
      }
    }
    return complete;
  }

  #decodeRegion(
    bits: BitReader,
    category: number,
    deviation: number,
    out: Int16Array,
    from: number,
  ): boolean {
    const tree = TREES[category];
    const digits = DIGITS[category];
    const centroids = CENTROIDS[category];
    const size = VECTOR_SIZE[category];
    for (let at = from; at < from + REGION; ) {
      let node = 0;
      do {
        if (bits.left <= 0) return false;
        node = tree[2 * node + bits.bit()];
      } while (node > 0);
      const first = ~node * size;
      let count = 0;
      for (let i = first; i < first + size; i++) if (digits[i] > 0) count++;
      if (bits.left < count) return false;
      const signs = bits.bits(count);
      let sign = 1 << (count - 1);
      for (let i = first; i < first + size; i++) {
        const magnitude = Math.imul(deviation, centroids[digits[i]]) >> 12;
        out[at++] = magnitude !== 0 && (signs & sign) === 0 ? -magnitude : magnitude;
        // A magnitude that vanishes in rounding takes no sign, though one was sent for it.
        if (magnitude !== 0) sign >>= 1;
      }
    }
    return true;
  }

  /** Half a region: as many bits as a random word has to give. */
  #addNoise(out: Int16Array, from: number, level: number, everywhere: boolean): void {
    let random = this.#random();
    for (let i = from; i < from + REGION / 2; i++) {
      if (!everywhere && out[i] !== 0) continue;
      out[i] = random & 1 ? level : -level;
      random >>= 1;
    }
  }

  #random(): number {
    const seeds = this.#seeds;
    let word = ((seeds[0] + seeds[3]) << 16) >> 16;
    if (word < 0) word++;
    seeds[3] = seeds[2];
    seeds[2] = seeds[1];
    seeds[1] = seeds[0];
    seeds[0] = word;
    return word;
  }
}
