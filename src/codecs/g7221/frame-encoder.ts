/** Encodes frames of 20 ms by ITU-T G.722.1 or its Annex C, bit by bit as the fixed-point specification does. */
import type { Encoder } from '../codec.js';
import { BitWriter } from './bit-stream.js';
import { Categories } from './categories.js';
import { EnvelopeEncoder } from './envelope.js';
import { ForwardTransform } from './lapped-transform.js';
import { type G7221Mode, NEGATIVE_POWERS } from './mode.js';
import { VectorEncoder } from './vector-encoder.js';

export class G7221Encoder implements Encoder {
  readonly #mode: G7221Mode;
  readonly #transform: ForwardTransform;
  readonly #coefficients: Int16Array;
  readonly #envelope: EnvelopeEncoder;
  readonly #categories: Categories;
  readonly #vectors: VectorEncoder;
  readonly #bits = new BitWriter();

  constructor(mode: G7221Mode) {
    this.#mode = mode;
    this.#transform = new ForwardTransform(mode.frameSamples);
    this.#coefficients = new Int16Array(mode.frameSamples);
    this.#envelope = new EnvelopeEncoder(mode.regions);
    this.#categories = new Categories(mode);
    this.#vectors = new VectorEncoder(mode);
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const { frameBits, controlBits } = this.#mode;
    const scale = this.#transform.transform(pcm, pcmOffset, this.#coefficients);
    const available = frameBits - this.#envelope.analyse(this.#coefficients, scale) - controlBits;
    const { powers } = this.#envelope;
    this.#categories.assign(powers, available);
    const control = this.#vectors.encode(
      powers,
      2 * scale + NEGATIVE_POWERS,
      this.#coefficients,
      this.#categories,
      available,
    );
    const bits = this.#bits;
    bits.start(out, outOffset, frameBits);
    this.#envelope.write(bits);
    bits.write(control, controlBits);
    this.#vectors.write(bits, this.#categories);
    bits.finish();
    return frameBits / 8;
  }

  reset(): void {
    this.#transform.reset();
  }
}
