/**
 * Decodes frames of 20 ms by ITU-T G.722.1 or its Annex C, bit by bit as the fixed-point specification does. A frame that
 * is lost, or that no encoder can have written, repeats the spectrum of the one before; a second one is silent (§4.5).
 */
import { BitReader } from './bit-stream.js';
import { Categories } from './categories.js';
import { readEnvelope } from './envelope.js';
import { InverseTransform } from './lapped-transform.js';
import { type G7221Mode, NEGATIVE_POWERS, REGION } from './mode.js';
import { VectorDecoder } from './vector-decoder.js';

/** Standard deviations by power index from -24 on: powers of the square root of two, where an integer can tell them. */
const DEVIATIONS = Int16Array.from({ length: 64 }, (_, i) =>
  i < 22 || i > 53 ? 0 : Math.max(1, Math.floor(2 ** ((i - 24) / 2) + 0.5)),
);
/** What the scale starts from; deviations are to add up to less than 8 and the index to stay below 29 for each step. */
const HIGHEST_SCALE = 9;

export class FrameDecoder {
  readonly #mode: G7221Mode;
  readonly #bits = new BitReader();
  readonly #powers: Int16Array;
  readonly #deviations: Int16Array;
  readonly #categories: Categories;
  readonly #vectors = new VectorDecoder();
  readonly #transform: InverseTransform;
  readonly #coefficients: Int16Array;
  /** Coefficients of the last good frame, for one that is lost after it. */
  readonly #kept: Int16Array;
  #keptScale = 0;

  constructor(mode: G7221Mode) {
    this.#mode = mode;
    this.#powers = new Int16Array(mode.regions);
    this.#deviations = new Int16Array(mode.regions);
    this.#categories = new Categories(mode);
    this.#transform = new InverseTransform(mode.frameSamples);
    this.#coefficients = new Int16Array(mode.frameSamples);
    this.#kept = new Int16Array(mode.regions * REGION);
  }

  decode(data: Uint8Array, start: number, out: Int16Array, outOffset: number): void {
    this.#bits.start(data, start, this.#mode.frameBits);
    if (!readEnvelope(this.#bits, this.#powers)) {
      this.conceal(out, outOffset);
      return;
    }
    const scale = this.#scaleDeviations();
    if (!this.#decodeVectors()) {
      this.conceal(out, outOffset);
      return;
    }
    const coefficients = this.#coefficients;
    for (let i = 0; i < this.#kept.length; i++) this.#kept[i] = coefficients[i];
    this.#keptScale = scale;
    this.#synthesise(scale, out, outOffset);
  }

  conceal(out: Int16Array, outOffset: number): void {
    this.#coefficients.set(this.#kept);
    const scale = this.#keptScale;
    this.#kept.fill(0);
    this.#keptScale = 0;
    this.#synthesise(scale, out, outOffset);
  }

  reset(): void {
    this.#vectors.reset();
    this.#transform.reset();
    this.#kept.fill(0);
    this.#keptScale = 0;
  }

  #synthesise(scale: number, out: Int16Array, outOffset: number): void {
    this.#coefficients.fill(0, this.#kept.length);
    this.#transform.transform(this.#coefficients, scale, out, outOffset);
  }

  /** @returns the scale with which the coefficients make good use of 16 bits */
  #scaleDeviations(): number {
    const powers = this.#powers;
    let sum = 0;
    let highest = 0;
    for (let r = 0; r < powers.length; r++) {
      const index = powers[r] + NEGATIVE_POWERS;
      highest = Math.max(highest, index);
      sum += DEVIATIONS[index];
    }
    sum = Math.min(sum, 32767);
    let scale = HIGHEST_SCALE;
    for (; scale >= 0 && (sum >= 8 || highest > 28); scale--) {
      sum >>= 1;
      highest -= 2;
    }
    for (let r = 0; r < powers.length; r++)
      this.#deviations[r] = DEVIATIONS[powers[r] + NEGATIVE_POWERS + 2 * scale];
    return scale;
  }

  /** @returns false when the frame cannot be right */
  #decodeVectors(): boolean {
    const bits = this.#bits;
    const { controlBits } = this.#mode;
    const control = bits.bits(controlBits);
    this.#categories.assign(this.#powers, bits.left);
    for (let i = 0; i < control; i++) this.#categories.step(i);
    const complete = this.#vectors.decode(
      bits,
      this.#deviations,
      this.#categories.chosen,
      this.#coefficients,
    );
    // Bits that run short count as one too many; the encoder lets that happen only when it has no coarser allotment.
    let left = complete ? bits.left : bits.left - 1;
    if (left < 0) return control === (1 << controlBits) - 1;
    for (; left > 0; left--) if (bits.bit() === 0) return false;
    return true;
  }
}
