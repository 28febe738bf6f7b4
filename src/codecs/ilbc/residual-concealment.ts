/**
 * Packet loss concealment of iLBC (RFC 3951 §4.5): repeats the pitch of the last residual, mixed with noise drawn from
 * it by how voiced it was, and damps it while the loss lasts. Part of the decoder; it works before the synthesis filter.
 */
import { type IlbcMode, LPC_SIZE, MAX_SAMPLES } from './mode.js';

/** Samples compared in the search for the lag, and how far around the last lag it goes. */
const CORRELATION = 60;
const SEARCH = 3;
/** Voicing below and above which the residual is only noise or only pitch. */
const NOISE_BELOW = 0.4;
const PITCH_ABOVE = 0.7;
/** Each further 40 ms of loss damp more: factor of a frame by its end in the loss, in samples. */
const DAMPING_STEP = 320;
const DAMPING = [1, 0.9, 0.7, 0.5, 0];
/** Damping within a frame, by 10 ms. */
const FADE_STEP = 80;
const FADE = [1, 0.95, 0.9];
/** A residual below this level (30 dB) is replaced by noise only. */
const QUIET = 30;
const FIRST_SEED = 777;
/** Noise is drawn from 50 to 119 samples back. */
const NOISE_LAG = 50;
const NOISE_LAGS = 70;

export class ResidualConcealment {
  readonly #mode: IlbcMode;
  /** The residual and the last filter of the frame before. */
  readonly #residual = new Float64Array(MAX_SAMPLES);
  readonly #filter = new Float64Array(LPC_SIZE);
  readonly #noise = new Float64Array(MAX_SAMPLES);
  /** Frames lost in a row; lag and voicing found at the first of them. */
  #lost = 0;
  #lag = 0;
  #voicing = 0;
  #seed = FIRST_SEED;

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    this.reset();
  }

  reset(): void {
    this.#residual.fill(0);
    this.#filter.fill(0);
    this.#filter[0] = 1;
    this.#lost = 0;
    this.#seed = FIRST_SEED;
  }

  /** Takes note of a received frame. */
  remember(residual: Float64Array, synthesis: Float64Array): void {
    const { frameSamples, subblocks } = this.#mode;
    for (let i = 0; i < frameSamples; i++) this.#residual[i] = residual[i];
    for (let i = 0; i < LPC_SIZE; i++) this.#filter[i] = synthesis[(subblocks - 1) * LPC_SIZE + i];
    this.#lost = 0;
  }

  /**
   * Makes up a frame.
   * @param lastLag pitch lag the enhancer found
   */
  conceal(lastLag: number, out: Float64Array, synthesis: Float64Array): void {
    const { frameSamples, subblocks } = this.#mode;
    if (this.#lost === 0) this.#findLag(lastLag);
    this.#lost++;
    const step = Math.floor((this.#lost * frameSamples - 1) / DAMPING_STEP);
    const gain = DAMPING[Math.min(step, DAMPING.length - 1)];
    const pitch = Math.max(0, Math.min(1, (this.#voicing - NOISE_BELOW) / (PITCH_ABOVE - NOISE_BELOW)));
    // A short pitch cycle is not repeated alone.
    const lag = this.#lag < FADE_STEP ? 2 * this.#lag : this.#lag;

    const residual = this.#residual;
    const noise = this.#noise;
    let energy = 0;
    for (let i = 0; i < frameSamples; i++) {
      this.#seed = (Math.imul(this.#seed, 69069) + 1) & 0x7fffffff;
      const back = i - NOISE_LAG - (this.#seed % NOISE_LAGS);
      noise[i] = back < 0 ? residual[frameSamples + back] : noise[back];
      const repeated = i < lag ? residual[frameSamples + i - lag] : out[i - lag];
      out[i] = FADE[Math.floor(i / FADE_STEP)] * gain * (pitch * repeated + (1 - pitch) * noise[i]);
      energy += out[i] * out[i];
    }
    if (energy < QUIET * QUIET * frameSamples)
      for (let i = 0; i < frameSamples; i++) out[i] = gain * noise[i];
    for (let i = 0; i < frameSamples; i++) residual[i] = out[i];
    for (let n = 0; n < subblocks; n++) synthesis.set(this.#filter, n * LPC_SIZE);
  }

  /** Looks around the last lag for the one that repeats the residual best, and how periodic it is. */
  #findLag(lastLag: number): void {
    const { frameSamples } = this.#mode;
    const residual = this.#residual;
    let most = -1;
    for (let lag = lastLag - SEARCH; lag <= lastLag + SEARCH; lag++) {
      let product = 0;
      let past = 0;
      let present = 0;
      for (let i = Math.max(lag, frameSamples - CORRELATION); i < frameSamples; i++) {
        product += residual[i] * residual[i - lag];
        past += residual[i - lag] * residual[i - lag];
        present += residual[i] * residual[i];
      }
      const score = past > 0 ? (product * product) / past : 0;
      if (score > most) {
        most = score;
        this.#lag = lag;
        this.#voicing = score > 0 ? Math.sqrt(Math.abs(product) / Math.sqrt(past * present)) : 0;
      }
    }
  }
}
