/**
 * The narrow band of a Speex decoder: all sub-modes, enhancement, comfort noise and concealment. The speech comes out one
 * sub-frame late, which is what the enhancement looks ahead.
 */
import type { BandDecoder } from './band.js';
import type { BitReader } from './bits.js';
import { FRAME, MIN_PITCH, ORDER, SUBFRAME, SUBFRAMES } from './dimensions.js';
import { ENHANCED, ENHANCER_FUTURE, ENHANCER_PAST, Enhancer } from './enhancer.js';
import {
  atHalfRate,
  effectiveValue,
  expandBandwidth,
  filterMemory,
  HighPass,
  NARROW_OUTPUT,
  RUNAWAY,
  synthesize,
  WIDE_OUTPUT,
} from './filters.js';
import { NOISE_SUBMODE, nextFrame, STOP_BITS, STOPPED } from './frame-walk.js';
import { addInnovation, frameLevel, GAIN_STEPS_1, GAIN_STEPS_3, NARROW_REFINEMENT } from './innovation.js';
import { interpolateLsp, lspToFilter, NARROW_LSP_MARGIN, subframePosition } from './lsp.js';
import { COARSE_LSP, FINE_LSP, readLsp } from './lsp-quantizer.js';
import { LossState } from './narrow-loss.js';
import { Noise } from './noise.js';
import { predictPitch, readPitchGains, wholePitchGain } from './pitch-prediction.js';
import { PitchVote } from './pitch-vote.js';
import { NARROW_SUBMODES, type NarrowSubmode } from './submodes.js';
import { Vocoder } from './vocoder.js';

/** The prediction never exceeds this, whatever a packet says. */
const LIMIT = 32000;
/** Steps of the one pitch gain of a frame, and what it may amount to. */
const FRAME_GAIN_STEP = 0.066667;
const MAX_FRAME_GAIN = 0.99;
/** The filter's edge is blunted while there is only noise. */
const NOISE_BANDWIDTH = 0.93;

/** Samples of the excitation before the frame. */
const PAST = ENHANCER_PAST + SUBFRAME;

export class NarrowDecoder implements BandDecoder {
  readonly signal = new Float64Array(FRAME);
  readonly innovation = new Float64Array(FRAME);
  readonly edge = new Float64Array(SUBFRAMES);
  readonly level = new Float64Array(SUBFRAMES);
  silent = false;

  readonly #noise = new Noise();
  readonly #enhancer = new Enhancer();
  readonly #vocoder = new Vocoder();
  readonly #vote = new PitchVote();
  readonly #loss = new LossState();
  readonly #highPass: HighPass;
  /** Past excitation, this frame's from PAST, and a little that is always zero. */
  readonly #excitation = new Float64Array(PAST + FRAME + ENHANCER_FUTURE - SUBFRAME);
  readonly #predicted = new Float64Array(SUBFRAME);
  readonly #gains = new Float64Array(3);
  readonly #lsp = new Float64Array(ORDER);
  readonly #oldLsp = new Float64Array(ORDER);
  readonly #betweenLsp = new Float64Array(ORDER);
  /** Synthesis filter of the sub-frame that is due to be heard. */
  readonly #filter = new Float64Array(ORDER);
  readonly #blunt = new Float64Array(ORDER);
  readonly #memory = filterMemory();
  /** No frame before this one to interpolate from. */
  #first = true;

  /** @param embedded in a wide-band decoder, where the high-pass lies lower */
  constructor(embedded: boolean) {
    this.#highPass = new HighPass(embedded ? WIDE_OUTPUT : NARROW_OUTPUT);
  }

  decode(bits: BitReader): boolean {
    const number = nextFrame(bits);
    if (number < 0) return false;
    this.#shift();
    const submode = NARROW_SUBMODES[number];
    if (submode) this.#decodeSpeech(bits, number, submode);
    else this.#fillWithNoise();
    this.#measure();
    return true;
  }

  conceal(): void {
    if (this.silent) {
      this.#shift();
      this.#fillWithNoise();
    } else {
      const level = effectiveValue(this.#excitation, PAST, FRAME);
      this.#shift();
      this.#loss.extrapolate(this.#excitation, PAST, level, this.#noise);
      this.innovation.fill(0);
      expandBandwidth(this.#filter, 0.98, this.#filter);
      synthesize(this.#excitation, PAST - SUBFRAME, this.#filter, this.signal, 0, FRAME, this.#memory);
      this.#highPass.filter(this.signal, FRAME);
      this.#first = false;
    }
    this.#measure();
  }

  reset(): void {
    this.silent = false;
    this.#first = true;
    this.#noise.reset();
    this.#vocoder.reset();
    this.#loss.reset();
    this.#highPass.reset();
    for (const state of [this.#excitation, this.#filter, this.#memory, this.edge]) state.fill(0);
  }

  #shift(): void {
    this.#excitation.copyWithin(0, FRAME, FRAME + PAST);
  }

  #decodeSpeech(bits: BitReader, number: number, submode: NarrowSubmode): void {
    const loss = this.#loss;
    readLsp(bits, submode.fineLsp ? FINE_LSP : COARSE_LSP, this.#lsp);
    if (loss.frames > 0) loss.dampMemory(this.#oldLsp, this.#lsp, this.#memory);
    if (this.#first || loss.frames > 0) this.#oldLsp.set(this.#lsp);

    const frameLag = submode.framePitch ? MIN_PITCH + bits.read(7) : 0;
    const frameGain = submode.pitchGains ? 0 : bits.read(4) * FRAME_GAIN_STEP;
    const level = frameLevel(bits.read(5));
    this.silent = number === NOISE_SUBMODE && bits.read(STOP_BITS) === STOPPED;

    this.innovation.fill(0);
    this.#vote.start();
    for (let sub = 0; sub < SUBFRAMES; sub++) {
      const lag = this.#predict(bits, submode, sub, frameLag, frameGain);
      this.#vote.add(lag, wholePitchGain(this.#gains));
      this.#innovate(bits, submode, sub, level);
      if (number === NOISE_SUBMODE)
        this.#vocoder.excite(
          this.#excitation,
          PAST + sub * SUBFRAME,
          this.innovation,
          sub * SUBFRAME,
          frameLag,
          frameGain,
          level,
        );
    }
    if (loss.frames > 0) this.#rescale(level);
    this.#synthesizeSpeech(submode);
    this.#oldLsp.set(this.#lsp);
    this.#first = false;
    loss.recover(this.#vote);
  }

  /** The long-term prediction of a sub-frame; leaves its gains. @returns the lag */
  #predict(
    bits: BitReader,
    submode: NarrowSubmode,
    sub: number,
    frameLag: number,
    frameGain: number,
  ): number {
    const gains = this.#gains;
    const predicted = this.#predicted;
    const at = PAST + sub * SUBFRAME;
    let lag = frameLag;
    if (submode.pitchGains) {
      if (!submode.framePitch) lag = MIN_PITCH + bits.read(7);
      readPitchGains(submode.pitchGains.vectors, bits.read(submode.pitchGains.bits), gains);
      if (lag > sub * SUBFRAME) this.#loss.limitGains(gains);
      predictPitch(this.#excitation, at, lag, gains, predicted);
    } else {
      gains[0] = 0;
      gains[1] = Math.min(frameGain, MAX_FRAME_GAIN);
      gains[2] = 0;
      for (let i = 0; i < SUBFRAME; i++)
        predicted[i] = gains[1] * (i < lag ? this.#excitation[at + i - lag] : predicted[i - lag]);
    }
    for (let i = 0; i < SUBFRAME; i++)
      this.#excitation[at + i] = Math.max(-LIMIT, Math.min(LIMIT, predicted[i]));
    return lag;
  }

  #innovate(bits: BitReader, submode: NarrowSubmode, sub: number, frame: number): void {
    const from = sub * SUBFRAME;
    const innovation = this.innovation;
    let level = frame;
    if (submode.gainBits === 1) level *= GAIN_STEPS_1[bits.read(1)];
    else if (submode.gainBits === 3) level *= GAIN_STEPS_3[bits.read(3)];
    if (submode.innovation) {
      addInnovation(bits, submode.innovation, level, innovation, from, SUBFRAME);
      if (submode.twice)
        addInnovation(bits, submode.innovation, level * NARROW_REFINEMENT, innovation, from, SUBFRAME);
    } else for (let i = from; i < from + SUBFRAME; i++) innovation[i] = level * this.#noise.next();
    for (let i = from; i < from + SUBFRAME; i++) this.#excitation[PAST + i] += innovation[i];
  }

  /** After a loss the prediction was from guesses: what counts is the level that was sent. */
  #rescale(level: number): void {
    const gain = Math.min(2, level / (effectiveValue(this.#excitation, PAST, FRAME) + 1));
    for (let i = PAST; i < PAST + FRAME; i++) this.#excitation[i] *= gain;
  }

  #synthesizeSpeech(submode: NarrowSubmode): void {
    const out = this.signal;
    const from = PAST - SUBFRAME;
    if (submode.comb > 0 && this.#loss.frames === 0)
      for (let at = 0; at < FRAME; at += ENHANCED)
        this.#enhancer.enhance(this.#excitation, from + at, this.#vote.lag, submode.comb, out, at);
    else for (let i = 0; i < FRAME; i++) out[i] = this.#excitation[from + i];
    for (let sub = 0; sub < SUBFRAMES; sub++) {
      synthesize(out, sub * SUBFRAME, this.#filter, out, sub * SUBFRAME, SUBFRAME, this.#memory);
      const lsp = this.#betweenLsp;
      interpolateLsp(this.#oldLsp, this.#lsp, subframePosition(sub), NARROW_LSP_MARGIN, ORDER, lsp);
      lspToFilter(lsp, ORDER, this.#filter);
      this.edge[sub] = atHalfRate(this.#filter);
    }
    if (!(Math.abs(out[FRAME - 1]) < RUNAWAY)) {
      out.fill(0);
      this.#memory.fill(0);
    }
    this.#highPass.filter(out, FRAME);
  }

  /** Noise at the level there was, through the filter there was. */
  #fillWithNoise(): void {
    const at = PAST;
    const excitation = this.#excitation;
    const level = effectiveValue(excitation, at, FRAME);
    for (let i = at; i < at + FRAME; i++) excitation[i] = level * this.#noise.next();
    this.innovation.fill(0);
    expandBandwidth(this.#filter, NOISE_BANDWIDTH, this.#blunt);
    synthesize(excitation, at, this.#blunt, this.signal, 0, FRAME, this.#memory);
    this.#first = true;
    this.#loss.frames = 0;
  }

  #measure(): void {
    for (let sub = 0; sub < SUBFRAMES; sub++)
      this.level[sub] = effectiveValue(this.#excitation, PAST + sub * SUBFRAME, SUBFRAME);
  }
}
