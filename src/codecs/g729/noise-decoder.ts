/**
 * The decoder's comfort noise state (G.729 B.4.4): the spectrum and level last received in a silence descriptor, and the
 * excitation made of them. Owned by the frame decoder.
 */
import { SID_WIDTHS, unpackFields } from './bitstream.js';
import { ComfortExcitation, smoothLevel } from './comfort-excitation.js';
import { ORDER } from './dimensions.js';
import type { LsfPredictor } from './lsf-predictor.js';
import { SID_GAIN } from './noise-tables.js';
import { quantizeFrameEnergy } from './sid-gain.js';
import { decodeSidLsf } from './sid-lsf.js';

/** LSPs of a flat spectrum, cos(i pi / 11), Q15. */
const FLAT_LSP = new Int16Array([31441, 27566, 21458, 13612, 4663, -4663, -13612, -21458, -27566, -31441]);

const fields = new Int16Array(SID_WIDTHS.length);

export class NoiseDecoder {
  /** LSP vector of the noise, Q15. */
  readonly lsp = new Int16Array(ORDER);
  readonly #excitation = new ComfortExcitation();
  #level = 0;
  #target = SID_GAIN[0];

  constructor() {
    this.reset();
  }

  reset(): void {
    this.lsp.set(FLAT_LSP);
    this.#excitation.reset();
    this.#level = 0;
    this.#target = SID_GAIN[0];
  }

  /** Called with each speech frame, so that the next noise begins as the encoder's does. */
  rewind(): void {
    this.#excitation.reset();
  }

  /** Takes in a silence descriptor. */
  receive(data: Uint8Array, at: number, predictor: LsfPredictor): void {
    unpackFields(data, at, SID_WIDTHS, fields);
    this.#target = SID_GAIN[fields[3]];
    decodeSidLsf(predictor, fields[0], fields[1], fields[2], this.lsp);
  }

  /** Without a first descriptor: takes the level from the energy of the last good frame's excitation. */
  assumeEnergy(mantissa: number, exponent: number): void {
    this.#target = SID_GAIN[quantizeFrameEnergy(mantissa, exponent)];
  }

  /** Writes a frame of excitation; `first` right after speech, when the level is taken at once. */
  generate(exc: Int16Array, at: number, first: boolean): void {
    this.#level = first ? this.#target : smoothLevel(this.#level, this.#target);
    this.#excitation.generate(this.#level, exc, at);
  }
}
