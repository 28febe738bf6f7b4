/**
 * Discontinuous transmission of G.729 Annex B (B.4.1, B.4.2): follows the spectrum and level of the background, decides
 * when a silence descriptor is due, writes it, and makes the same comfort noise as the decoder. Owned by the frame
 * encoder.
 */
import { SID_WIDTHS } from './bitstream.js';
import { ComfortExcitation, smoothLevel } from './comfort-excitation.js';
import { ORDER, TAPS } from './dimensions.js';
import {
  dot,
  MAX32,
  MIN32,
  mulQ15Round,
  norm32,
  product,
  roundHigh,
  sat32,
  shl32,
  shr16,
  shr32,
} from './fixed-point.js';
import type { LevinsonDurbin } from './lp-analysis.js';
import type { LsfPredictor } from './lsf-predictor.js';
import { interpolateLpc, lpcToLsp } from './lsp.js';
import { SID_GAIN } from './noise-tables.js';
import { quantizeMeanEnergy, sidEnergyDb } from './sid-gain.js';
import { encodeSidLsf } from './sid-lsf.js';
import type { ExcitationErrorGuard } from './taming.js';

/** Frames averaged for the current filter, and sums of those averaged for the past one. */
const CURRENT_FRAMES = 2;
const PAST_SUMS = 3;
/** Residual energies averaged for the level. */
const ENERGIES = 2;
/** Frames between silence descriptors at least. */
const MIN_INTERVAL = 3;
/** How much the Itakura distance may exceed the residual energy, Q15: against the reference and the past filter. */
const REFERENCE_THRESHOLD = 4855;
const PAST_THRESHOLD = 3161;
/** Exponent of an autocorrelation not there yet. */
const NO_EXPONENT = 40;

/** Autocorrelations of several frames, the youngest first, as mantissas with one exponent each. */
class AutocorrelationHistory {
  readonly values: Int16Array;
  readonly exponents: Int16Array;

  constructor(readonly length: number) {
    this.values = new Int16Array(length * TAPS);
    this.exponents = new Int16Array(length);
    this.reset();
  }

  reset(): void {
    this.values.fill(0);
    this.exponents.fill(NO_EXPONENT);
  }

  /** Makes room for a new first entry. */
  shift(): void {
    this.values.copyWithin(TAPS, 0);
    this.exponents.copyWithin(1, 0);
  }

  /** Sums all entries into `out` from 0, normalised; returns the exponent. */
  sum(out: Int16Array): number {
    let common = this.exponents[0];
    for (let i = 1; i < this.length; i++) common = Math.min(common, this.exponents[i]);
    common += 14; // two bits of margin
    for (let j = 0; j < TAPS; j++) {
      let sum = 0;
      for (let i = 0; i < this.length; i++) {
        sum = sat32(sum + shl32(this.values[i * TAPS + j], common - this.exponents[i]));
      }
      sums[j] = sum;
    }
    const shift = norm32(sums[0]);
    for (let j = 0; j < TAPS; j++) out[j] = shl32(sums[j], shift) >> 16;
    return common + shift - 16;
  }
}

const sums = new Int32Array(TAPS);
const current = new Int16Array(TAPS);
const past = new Int16Array(TAPS);
const wide = new Int32Array(TAPS);
const lsp = new Int16Array(ORDER);

export class NoiseEncoder {
  /** The fields of the silence descriptor last written. */
  readonly fields = new Int16Array(SID_WIDTHS.length);

  readonly #levinson: LevinsonDurbin;
  readonly #recent = new AutocorrelationHistory(CURRENT_FRAMES);
  readonly #past = new AutocorrelationHistory(PAST_SUMS);
  readonly #energies = new Int16Array(ENERGIES);
  readonly #energyExponents = new Int16Array(ENERGIES);
  readonly #excitation = new ComfortExcitation();
  readonly #lsp = new Int16Array(ORDER);
  readonly #currentFilter = new Int16Array(TAPS);
  readonly #pastFilter = new Int16Array(TAPS);
  /** Autocorrelation of the reference filter's coefficients, with its shift. */
  readonly #reference = new Int16Array(TAPS);
  #referenceShift = 0;
  #framesSinceSum = 0;
  #framesSinceSid = 0;
  #energyCount = 0;
  #changed = false;
  #lastEnergyDb = 0;
  #target = 0;
  #level = 0;

  constructor(levinson: LevinsonDurbin) {
    this.#levinson = levinson;
    this.reset();
  }

  reset(): void {
    this.#recent.reset();
    this.#past.reset();
    this.#energies.fill(0);
    this.#energyExponents.fill(NO_EXPONENT);
    this.#excitation.reset();
    this.#lsp.fill(0);
    this.#reference.fill(0);
    this.#referenceShift = 0;
    this.#framesSinceSum = 0;
    this.#framesSinceSid = 0;
    this.#energyCount = 0;
    this.#changed = false;
    this.#lastEnergyDb = 0;
    this.#target = 0;
    this.#level = 0;
  }

  /** Called with each speech frame: noise always begins alike. */
  rewind(): void {
    this.#excitation.reset();
  }

  /** Takes in the autocorrelation (Q31, before the lag window, with its exponent) of every frame. */
  observe(r: Int32Array, exponent: number, voice: boolean): void {
    const recent = this.#recent;
    recent.shift();
    recent.exponents[0] = -(16 + exponent);
    for (let i = 0; i < TAPS; i++) recent.values[i] = r[i] >> 16;
    if (++this.#framesSinceSum === CURRENT_FRAMES) {
      this.#framesSinceSum = 0;
      if (voice) this.#pushSum();
    }
  }

  /**
   * Handles a frame of silence.
   * @param first whether the last frame was speech
   * @param exc excitation, of which the frame at `at` is written
   * @param quantizedLsp LSP vector of the last frame, replaced by that of the noise, Q15
   * @param az receives the prediction filters of both subframes
   * @returns whether a silence descriptor is to be sent; it is in `fields`
   */
  encode(
    first: boolean,
    exc: Int16Array,
    at: number,
    quantizedLsp: Int16Array,
    predictor: LsfPredictor,
    guard: ExcitationErrorGuard,
    az: Int16Array,
  ): boolean {
    this.#analyse();
    this.#energyCount = first ? 1 : Math.min(this.#energyCount + 1, ENERGIES);
    const gainIndex = quantizeMeanEnergy(this.#energies, this.#energyExponents, this.#energyCount);
    const energyDb = sidEnergyDb(gainIndex);
    const send = this.#isDue(first, energyDb);
    if (send) {
      this.#framesSinceSid = 0;
      this.#changed = false;
      lpcToLsp(this.#chooseFilter(), lsp, quantizedLsp);
      encodeSidLsf(predictor, lsp, this.#lsp, this.fields, 0);
      this.fields[3] = gainIndex;
      this.#lastEnergyDb = energyDb;
      this.#target = SID_GAIN[gainIndex];
    }
    this.#level = first ? this.#target : smoothLevel(this.#level, this.#target);
    this.#excitation.generate(this.#level, exc, at, guard);
    interpolateLpc(quantizedLsp, this.#lsp, az);
    quantizedLsp.set(this.#lsp);
    if (this.#framesSinceSum === 0) this.#pushSum();
    return send;
  }

  /** The filter of the current frames, and the energy of their residual. */
  #analyse(): void {
    this.#energies.copyWithin(1, 0);
    this.#energyExponents.copyWithin(1, 0);
    this.#energyExponents[0] = this.#recent.sum(current);
    if (current[0] === 0) this.#energies[0] = 0;
    else if (this.#solve(current, this.#currentFilter)) this.#energies[0] = this.#levinson.residualEnergy;
  }

  #solve(r: Int16Array, a: Int16Array): boolean {
    for (let i = 0; i < TAPS; i++) wide[i] = r[i] * 65536;
    return this.#levinson.solve(wide, a);
  }

  /** Whether the background has changed enough, or only just begun (B.4.1.3). */
  #isDue(first: boolean, energyDb: number): boolean {
    if (first) return true;
    if (this.#differs(REFERENCE_THRESHOLD)) this.#changed = true;
    if (Math.abs(this.#lastEnergyDb - energyDb) > 2) this.#changed = true;
    this.#framesSinceSid = Math.min(this.#framesSinceSid + 1, MIN_INTERVAL);
    return this.#framesSinceSid >= MIN_INTERVAL && this.#changed;
  }

  /** The past average filter while it still describes the background, else the current one (B.4.2.2). */
  #chooseFilter(): Int16Array {
    this.#past.sum(past);
    if (past[0] === 0) {
      this.#pastFilter.fill(0);
      this.#pastFilter[0] = 4096;
    } else {
      this.#solve(past, this.#pastFilter);
    }
    this.#refer(this.#pastFilter);
    if (!this.#differs(PAST_THRESHOLD)) return this.#pastFilter;
    this.#refer(this.#currentFilter);
    return this.#currentFilter;
  }

  /** Makes a filter the reference. */
  #refer(a: Int16Array): void {
    const energy = dot(0, a, 0, a, 0, TAPS);
    const shift = norm32(energy);
    this.#reference[0] = roundHigh(shl32(energy, shift));
    for (let lag = 1; lag <= ORDER; lag++) {
      this.#reference[lag] = roundHigh(shl32(dot(0, a, 0, a, lag, TAPS - lag), shift));
    }
    this.#referenceShift = shift;
  }

  /** Whether the current frames' Itakura distance from the reference filter is above a threshold (B.4.1.3). */
  #differs(threshold: number): boolean {
    let shiftReference = 0;
    let shiftCurrent = 0;
    let distance = this.#distance(0, 0);
    for (let turn = 1; Number.isNaN(distance); turn = 1 - turn) {
      if (turn === 1) shiftCurrent++;
      else shiftReference++;
      distance = this.#distance(shiftReference, shiftCurrent);
    }
    const energy = this.#energies[0];
    const limit = shl32(
      mulQ15Round(energy, threshold) + energy,
      this.#referenceShift + 9 - shiftReference - shiftCurrent,
    );
    return distance > limit;
  }

  /** The distance with both autocorrelations shifted down, or NaN when it overflows. */
  #distance(shiftReference: number, shiftCurrent: number): number {
    let sum = shr32(product(shr16(this.#reference[0], shiftReference), shr16(current[0], shiftCurrent)), 1);
    for (let i = 1; i < TAPS; i++) {
      sum += 2 * shr16(this.#reference[i], shiftReference) * shr16(current[i], shiftCurrent);
      if (sum > MAX32 || sum < MIN32) return Number.NaN;
    }
    return sum;
  }

  #pushSum(): void {
    this.#past.shift();
    this.#past.exponents[0] = this.#recent.sum(this.#past.values);
  }
}
