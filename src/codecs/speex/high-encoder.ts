/**
 * A high band of a Speex encoder on top of the encoder of the band below it. Splits the signal, has the lower half coded
 * and adds its own layer: a spectrum, and levels relative to the band below.
 */
import type { BandEncoder } from './band.js';
import type { BitWriter } from './bits.js';
import { HIGH_ORDER, SUBFRAMES } from './dimensions.js';
import { EncoderSpectrum } from './encoder-spectrum.js';
import { atZero, effectiveValue } from './filters.js';
import {
  edgeRatio,
  foldedLevel,
  foldedLevelIndex,
  HIGH_LEVELS,
  type HighBandTraits,
  subframeOf,
} from './high-band.js';
import { HIGH_REFINEMENT, nearestStep } from './innovation.js';
import { InnovationSearch } from './innovation-search.js';
import { HIGH_LSP_MARGIN } from './lsp.js';
import { HIGH_LSP } from './lsp-quantizer.js';
import { BandSplitter } from './quadrature-mirror.js';
import type { HighSubmode } from './submodes.js';
import { ErrorWeighting } from './weighting.js';

/** Weighting of errors. */
const GAMMAS = [0.9, 0.6] as const;
/** The sub-mode where there is no speech. */
const NOISE_SUBMODE = 1;
/** The innovation is every second sample at the rate of the joined signal. */
const INTERLEAVED = Math.SQRT1_2;

export class HighEncoder implements BandEncoder {
  readonly edge = new Float64Array(SUBFRAMES);
  readonly level = new Float64Array(SUBFRAMES);
  readonly innovationLevel = new Float64Array(SUBFRAMES);

  readonly #traits: HighBandTraits;
  readonly #number: number;
  readonly #below: BandEncoder;
  readonly #subframe: number;
  readonly #splitter: BandSplitter;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  /** The frame that is coded, the look-ahead, and what the band below is late by. */
  readonly #speech: Float64Array;
  readonly #spectrum: EncoderSpectrum;
  readonly #weighting: ErrorWeighting;
  readonly #search = new InnovationSearch();
  readonly #ideal: Float64Array;
  readonly #target: Float64Array;
  readonly #innovation: Float64Array;
  readonly #refinement: Float64Array;

  /** @param number of the sub-mode for speech */
  constructor(traits: HighBandTraits, number: number, below: BandEncoder) {
    const length = subframeOf(traits);
    this.#traits = traits;
    this.#number = number;
    this.#below = below;
    this.#subframe = length;
    this.#splitter = new BandSplitter(traits.frame);
    this.#low = new Float64Array(traits.frame);
    this.#high = new Float64Array(traits.frame);
    this.#speech = new Float64Array(traits.frame + length + traits.lead);
    this.#spectrum = new EncoderSpectrum(HIGH_ORDER, traits.frame + length, HIGH_LSP_MARGIN);
    this.#weighting = new ErrorWeighting(length, GAMMAS);
    this.#ideal = new Float64Array(length);
    this.#target = new Float64Array(length);
    this.#innovation = new Float64Array(length);
    this.#refinement = new Float64Array(length);
  }

  get noise(): boolean {
    return this.#below.noise;
  }

  encode(signal: Float64Array, bits: BitWriter): void {
    const { frame, submodes } = this.#traits;
    this.#splitter.split(signal, this.#low, this.#high);
    this.#below.encode(this.#low, bits);
    this.#speech.copyWithin(0, frame);
    this.#speech.set(this.#high, this.#speech.length - frame);
    const number = this.noise ? Math.min(NOISE_SUBMODE, this.#number) : this.#number;
    bits.write(8 + number, 4);
    const submode = submodes[number];
    if (submode) this.#encodeBand(bits, submode);
    else {
      this.#spectrum.forget();
      this.#weighting.forget();
    }
  }

  reset(): void {
    this.#below.reset();
    this.#splitter.reset();
    this.#weighting.reset();
    this.#speech.fill(0);
    this.#spectrum.forget();
  }

  #encodeBand(bits: BitWriter, submode: HighSubmode): void {
    const spectrum = this.#spectrum;
    spectrum.analyse(this.#speech);
    spectrum.write(bits, HIGH_LSP);
    for (let sub = 0; sub < SUBFRAMES; sub++) {
      spectrum.subframe(sub);
      this.edge[sub] = atZero(spectrum.quantized);
      const from = sub * this.#subframe;
      this.#weighting.residual(this.#speech, from, spectrum.quantized, this.#ideal);
      const ratio = edgeRatio(this.#below.edge[sub], spectrum.quantized);
      if (submode.innovation) this.#innovate(bits, submode, sub, ratio);
      else this.#fold(bits, sub, ratio);
    }
    spectrum.end();
  }

  /** The decoder will fold up the innovation of the band below; only a level is sent. */
  #fold(bits: BitWriter, sub: number, ratio: number): void {
    const wanted = effectiveValue(this.#ideal, 0, this.#subframe);
    const below = this.#below.innovationLevel[sub];
    const index = foldedLevelIndex((ratio * wanted) / (1 + below));
    bits.write(index, 5);
    this.level[sub] = (this.#traits.folding * foldedLevel(index) * below) / ratio;
    this.innovationLevel[sub] = INTERLEAVED * this.level[sub];
    this.#weighting.forget();
  }

  #innovate(bits: BitWriter, submode: HighSubmode, sub: number, ratio: number): void {
    const { innovation } = submode;
    if (!innovation) return;
    const weighting = this.#weighting;
    const target = this.#target;
    const length = this.#subframe;
    const from = sub * length;
    const { filter, quantized } = this.#spectrum;
    weighting.begin(filter, quantized);
    weighting.target(this.#speech, from, quantized, target);
    const below = this.#below.level[sub];
    const wanted = (ratio * (1 + effectiveValue(this.#ideal, 0, length))) / (1 + below);
    const index = nearestStep(HIGH_LEVELS, wanted);
    bits.write(index, 4);
    const level = (HIGH_LEVELS[index] * below) / ratio;
    for (let i = 0; i < length; i++) target[i] /= level;
    this.#search.search(bits, innovation, target, weighting.response, this.#innovation);
    if (submode.twice) {
      for (let i = 0; i < length; i++) target[i] /= HIGH_REFINEMENT;
      this.#search.search(bits, innovation, target, weighting.response, this.#refinement);
      for (let i = 0; i < length; i++) this.#innovation[i] += HIGH_REFINEMENT * this.#refinement[i];
    }
    for (let i = 0; i < length; i++) this.#innovation[i] *= level;
    weighting.end(this.#speech, from, quantized, this.#innovation, 0);
    this.level[sub] = effectiveValue(this.#innovation, 0, length);
    this.innovationLevel[sub] = INTERLEAVED * this.level[sub];
  }
}
