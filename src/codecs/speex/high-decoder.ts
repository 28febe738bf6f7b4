/**
 * A high band of a Speex decoder on top of the band below it: 4 to 8 kHz for wide band, 8 to 16 kHz for ultra-wide band.
 * Joins both to a signal of twice the rate. One sub-frame late, like the narrow band.
 */
import type { BandDecoder } from './band.js';
import type { BitReader } from './bits.js';
import { HIGH_ORDER, ORDER, SUBFRAMES } from './dimensions.js';
import { atZero, effectiveValue, expandBandwidth, filterMemory, RUNAWAY, synthesize } from './filters.js';
import { skipLayer } from './frame-walk.js';
import { edgeRatio, foldedLevel, HIGH_LEVELS, type HighBandTraits, subframeOf } from './high-band.js';
import { addInnovation, HIGH_REFINEMENT } from './innovation.js';
import { HIGH_LSP_MARGIN, interpolateLsp, lspToFilter, subframePosition } from './lsp.js';
import { HIGH_LSP, readLsp } from './lsp-quantizer.js';
import { Noise } from './noise.js';
import { BandJoiner } from './quadrature-mirror.js';
import { HIGH_HEADER_BITS, type HighSubmode } from './submodes.js';

/** In a loss the level falls by this per frame, and the spectrum is blunted. */
const FADE = 0.9;
const LOSS_BANDWIDTH = 0.99;

export class HighDecoder implements BandDecoder {
  readonly signal: Float64Array;
  readonly innovation: Float64Array;
  readonly edge = new Float64Array(SUBFRAMES);
  readonly level = new Float64Array(SUBFRAMES);

  readonly #traits: HighBandTraits;
  readonly #below: BandDecoder;
  readonly #subframe: number;
  readonly #band: Float64Array;
  /** Of the sub-frame before, then of this frame. */
  readonly #excitation: Float64Array;
  readonly #lsp = new Float64Array(ORDER);
  readonly #oldLsp = new Float64Array(ORDER);
  readonly #betweenLsp = new Float64Array(ORDER);
  readonly #filter = new Float64Array(ORDER);
  readonly #fresh = new Float64Array(ORDER);
  readonly #memory = filterMemory();
  readonly #joiner: BandJoiner;
  readonly #noise = new Noise();
  #first = true;
  /** Effective value of the excitation of the last frame that had one. */
  #lastLevel = 0;

  constructor(traits: HighBandTraits, below: BandDecoder) {
    this.#traits = traits;
    this.#below = below;
    this.#subframe = subframeOf(traits);
    this.signal = new Float64Array(2 * traits.frame);
    this.innovation = new Float64Array(2 * traits.frame);
    this.#band = new Float64Array(traits.frame);
    this.#excitation = new Float64Array(this.#subframe + traits.frame);
    this.#joiner = new BandJoiner(traits.frame);
  }

  get silent(): boolean {
    return this.#below.silent;
  }

  decode(bits: BitReader): boolean {
    if (!this.#below.decode(bits)) return false;
    const submode = this.#readHeader(bits);
    if (submode) this.#decodeBand(bits, submode);
    else if (this.silent) this.#fillWithNoise();
    else this.#ringOut();
    this.#join();
    return true;
  }

  conceal(): void {
    this.#below.conceal();
    if (!this.silent) {
      expandBandwidth(this.#filter, LOSS_BANDWIDTH, this.#filter);
      this.#lastLevel *= FADE;
    }
    this.#fillWithNoise();
    this.#join();
  }

  reset(): void {
    this.#below.reset();
    this.#joiner.reset();
    this.#noise.reset();
    this.#first = true;
    this.#lastLevel = 0;
    for (const state of [this.#excitation, this.#filter, this.#memory, this.edge, this.level]) state.fill(0);
  }

  /** @returns undefined when this frame has nothing for the band, or nothing that fits it */
  #readHeader(bits: BitReader): HighSubmode | undefined {
    if (bits.peek() === 0) return undefined;
    bits.skip(1);
    const number = bits.read(3);
    const submode = this.#traits.submodes[number];
    if (submode && bits.left >= submode.bits - HIGH_HEADER_BITS) return submode;
    skipLayer(bits, number);
    return undefined;
  }

  #decodeBand(bits: BitReader, submode: HighSubmode): void {
    const length = this.#subframe;
    readLsp(bits, HIGH_LSP, this.#lsp);
    if (this.#first) this.#oldLsp.set(this.#lsp);
    this.innovation.fill(0);
    let energy = 0;
    for (let sub = 0; sub < SUBFRAMES; sub++) {
      const lsp = this.#betweenLsp;
      interpolateLsp(this.#oldLsp, this.#lsp, subframePosition(sub), HIGH_LSP_MARGIN, HIGH_ORDER, lsp);
      lspToFilter(lsp, HIGH_ORDER, this.#fresh);
      this.edge[sub] = atZero(this.#fresh);
      this.#excite(bits, submode, sub);
      // The excitation of the sub-frame before, through its own filter.
      synthesize(
        this.#excitation,
        sub * length,
        this.#filter,
        this.#band,
        sub * length,
        length,
        this.#memory,
      );
      this.#filter.set(this.#fresh);
      const level = effectiveValue(this.#excitation, (sub + 1) * length, length);
      this.level[sub] = level;
      energy += level * level;
    }
    this.#lastLevel = Math.sqrt(energy / SUBFRAMES);
    this.#oldLsp.set(this.#lsp);
    this.#first = false;
  }

  #excite(bits: BitReader, submode: HighSubmode, sub: number): void {
    const length = this.#subframe;
    const excitation = this.#excitation;
    const at = (sub + 1) * length;
    const ratio = edgeRatio(this.#below.edge[sub], this.#fresh);
    if (submode.innovation) {
      const level = (HIGH_LEVELS[bits.read(4)] * this.#below.level[sub]) / ratio;
      excitation.fill(0, at, at + length);
      addInnovation(bits, submode.innovation, level, excitation, at, length);
      if (submode.twice)
        addInnovation(bits, submode.innovation, level * HIGH_REFINEMENT, excitation, at, length);
    } else {
      const level = (this.#traits.folding * foldedLevel(bits.read(5))) / ratio;
      const below = this.#below.innovation;
      for (let i = 0; i < length; i += 2) {
        excitation[at + i] = level * below[sub * length + i];
        excitation[at + i + 1] = -level * below[sub * length + i + 1];
      }
    }
    for (let i = 0; i < length; i++) this.innovation[2 * (sub * length + i)] = excitation[at + i];
  }

  /** The filter's memory dies away; nothing was sent for this band. */
  #ringOut(): void {
    this.#lastLevel = 0;
    this.#fillWithNoise();
  }

  #fillWithNoise(): void {
    const band = this.#band;
    for (let i = 0; i < band.length; i++) band[i] = this.#lastLevel * this.#noise.next();
    synthesize(band, 0, this.#filter, band, 0, band.length, this.#memory);
    this.innovation.fill(0);
    this.level.fill(0);
    this.#first = true;
  }

  #join(): void {
    const band = this.#band;
    if (!(Math.abs(band[band.length - 1]) < RUNAWAY)) {
      band.fill(0);
      this.#memory.fill(0);
    }
    this.#joiner.join(this.#below.signal, band, this.signal);
    this.#excitation.copyWithin(0, this.#traits.frame);
  }
}
