/**
 * The spectrum in a Speex encoder, for the narrow band and for the high ones: line spectral pairs of a frame, their
 * quantization, and the filters between those of the frame before and of this one.
 */
import type { BitWriter } from './bits.js';
import { ORDER } from './dimensions.js';
import { analysisWindow, filterToLsp, predictionFilter } from './linear-prediction.js';
import { interpolateLsp, lspToFilter, subframePosition } from './lsp.js';
import { type LspLayout, writeLsp } from './lsp-quantizer.js';

export class EncoderSpectrum {
  /** The filter of the speech itself and the one that the decoder will have, as last asked for. */
  readonly filter = new Float64Array(ORDER);
  readonly quantized = new Float64Array(ORDER);

  readonly #order: number;
  readonly #margin: number;
  readonly #window: Float64Array;
  readonly #windowed: Float64Array;
  readonly #lsp = new Float64Array(ORDER);
  readonly #oldLsp = new Float64Array(ORDER);
  readonly #quantizedLsp = new Float64Array(ORDER);
  readonly #oldQuantizedLsp = new Float64Array(ORDER);
  readonly #between = new Float64Array(ORDER);
  #first = true;

  /**
   * @param samples that are analysed: a frame and the sub-frame after it
   * @param margin least distance of the pairs
   */
  constructor(order: number, samples: number, margin: number) {
    this.#order = order;
    this.#margin = margin;
    this.#window = analysisWindow(samples);
    this.#windowed = new Float64Array(samples);
  }

  analyse(speech: Float64Array): void {
    const windowed = this.#windowed;
    for (let i = 0; i < windowed.length; i++) windowed[i] = speech[i] * this.#window[i];
    predictionFilter(windowed, this.#order, this.filter);
    if (!filterToLsp(this.filter, this.#order, this.#lsp)) {
      // No spectrum to speak of, or the one there was.
      if (this.#first)
        for (let i = 0; i < this.#order; i++) this.#lsp[i] = (Math.PI * (i + 1)) / (this.#order + 1);
      else this.#lsp.set(this.#oldLsp);
    }
    if (this.#first) this.#oldLsp.set(this.#lsp);
  }

  write(bits: BitWriter, layout: LspLayout): void {
    writeLsp(bits, layout, this.#lsp, this.#quantizedLsp);
    if (this.#first) this.#oldQuantizedLsp.set(this.#quantizedLsp);
  }

  /** Leaves in `filter` the one of the middle, which stands for the whole frame. */
  middle(): void {
    this.#turn(this.#oldLsp, this.#lsp, 0.5, this.filter);
  }

  /** Leaves both filters of a sub-frame. */
  subframe(sub: number): void {
    const position = subframePosition(sub);
    this.#turn(this.#oldLsp, this.#lsp, position, this.filter);
    this.#turn(this.#oldQuantizedLsp, this.#quantizedLsp, position, this.quantized);
  }

  /** The frame is done. */
  end(): void {
    this.#oldLsp.set(this.#lsp);
    this.#oldQuantizedLsp.set(this.#quantizedLsp);
    this.#first = false;
  }

  /** There is no frame before the next one. */
  forget(): void {
    this.#first = true;
  }

  #turn(old: Float64Array, fresh: Float64Array, position: number, filter: Float64Array): void {
    interpolateLsp(old, fresh, position, this.#margin, this.#order, this.#between);
    lspToFilter(this.#between, this.#order, filter);
  }
}
