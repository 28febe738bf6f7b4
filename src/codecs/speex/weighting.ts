/**
 * The measure of errors in the Speex encoders: A(z/g1) / A(z/g2) over the synthesis filter, for one sub-frame at a time.
 * Gives the target that the excitation has to reach, and what a single pulse of it does.
 */
import { ORDER } from './dimensions.js';
import { analyze, expandBandwidth, filterMemory, synthesize, weigh } from './filters.js';

export class ErrorWeighting {
  readonly response: Float64Array;
  readonly #gammas: readonly [number, number];
  readonly #length: number;
  readonly #numerator = new Float64Array(ORDER);
  readonly #denominator = new Float64Array(ORDER);
  /** State of the decoder's synthesis filter and of the weighting of the error it makes. */
  readonly #synthesis = filterMemory();
  readonly #error = filterMemory();
  readonly #residual = filterMemory();
  readonly #trial = filterMemory();
  readonly #scratch: Float64Array;

  /** @param length of a sub-frame */
  constructor(length: number, gammas: readonly [number, number]) {
    this.#gammas = gammas;
    this.#length = length;
    this.response = new Float64Array(length);
    this.#scratch = new Float64Array(length);
  }

  /** @param filter of the speech itself, from which the weighting comes, and the one the decoder will have */
  begin(filter: Float64Array, quantized: Float64Array): void {
    expandBandwidth(filter, this.#gammas[0], this.#numerator);
    expandBandwidth(filter, this.#gammas[1], this.#denominator);
    const { response } = this;
    response.fill(0);
    response[0] = 1;
    this.#trial.fill(0);
    weigh(response, 0, this.#numerator, this.#denominator, response, 0, this.#length, this.#trial);
    this.#trial.fill(0);
    synthesize(response, 0, quantized, response, 0, this.#length, this.#trial);
  }

  /** The weighted difference of the speech and what the decoder will make without any excitation. */
  target(speech: Float64Array, at: number, quantized: Float64Array, out: Float64Array): void {
    this.#trial.set(this.#synthesis);
    out.fill(0);
    synthesize(out, 0, quantized, out, 0, this.#length, this.#trial);
    for (let i = 0; i < this.#length; i++) out[i] = speech[at + i] - out[i];
    this.#trial.set(this.#error);
    weigh(out, 0, this.#numerator, this.#denominator, out, 0, this.#length, this.#trial);
  }

  /** The excitation with which nothing would be lost. */
  residual(speech: Float64Array, at: number, quantized: Float64Array, out: Float64Array): void {
    analyze(speech, at, quantized, out, 0, this.#length, this.#residual);
  }

  /** Follows the decoder with the excitation that was chosen. */
  end(
    speech: Float64Array,
    at: number,
    quantized: Float64Array,
    excitation: Float64Array,
    from: number,
  ): void {
    const scratch = this.#scratch;
    synthesize(excitation, from, quantized, scratch, 0, this.#length, this.#synthesis);
    for (let i = 0; i < this.#length; i++) scratch[i] = speech[at + i] - scratch[i];
    weigh(scratch, 0, this.#numerator, this.#denominator, scratch, 0, this.#length, this.#error);
  }

  /** It is unknown what the decoder made. */
  forget(): void {
    this.#synthesis.fill(0);
    this.#error.fill(0);
  }

  reset(): void {
    this.forget();
    this.#residual.fill(0);
  }
}
