/**
 * The narrow band of a Speex encoder: analysis by synthesis at a constant sub-mode, or sub-mode 1 where there is no
 * speech. Looks ahead by one sub-frame.
 */
import type { BandEncoder } from './band.js';
import type { BitWriter } from './bits.js';
import { FRAME, MAX_PITCH, MIN_PITCH, ORDER, SUBFRAME, SUBFRAMES } from './dimensions.js';
import { EncoderSpectrum } from './encoder-spectrum.js';
import {
  analyze,
  atHalfRate,
  effectiveValue,
  filterMemory,
  HighPass,
  NARROW_INPUT,
  WIDE_INPUT,
} from './filters.js';
import { NOISE_SUBMODE, STOP_BITS, STOPPED } from './frame-walk.js';
import { frameLevel, GAIN_STEPS_1, GAIN_STEPS_3, NARROW_REFINEMENT, nearestStep } from './innovation.js';
import { InnovationSearch } from './innovation-search.js';
import { NARROW_LSP_MARGIN } from './lsp.js';
import { COARSE_LSP, FINE_LSP } from './lsp-quantizer.js';
import { OpenLoopPitch } from './open-loop-pitch.js';
import { PITCH_PAST, PitchSearch } from './pitch-search.js';
import { NARROW_SUBMODES, type NarrowSubmode } from './submodes.js';
import { VoiceActivity } from './voice-activity.js';
import { ErrorWeighting } from './weighting.js';

/** Samples in an analysis: the frame and the sub-frame after it. */
const ANALYSED = FRAME + SUBFRAME;
/** Weighting of errors. */
const GAMMAS = [0.92, 0.6] as const;
/** A pitch gain for a whole frame tends to be too much. */
const GAIN_CAUTION = 0.9;
/** Part of the energy that the prediction takes away at full voicing, when one level has to do for a frame. */
const PREDICTED_PART = 0.8;
const LEVEL_MARGIN = 1.1;

export class NarrowEncoder implements BandEncoder {
  readonly edge = new Float64Array(SUBFRAMES);
  readonly level = new Float64Array(SUBFRAMES);
  readonly innovationLevel = new Float64Array(SUBFRAMES);
  noise = false;

  readonly #number: number;
  readonly #activity: VoiceActivity | undefined;
  readonly #highPass: HighPass;
  /** The frame that is coded, then the look-ahead. */
  readonly #speech = new Float64Array(ANALYSED);
  readonly #spectrum = new EncoderSpectrum(ORDER, ANALYSED, NARROW_LSP_MARGIN);
  readonly #openLoop = new OpenLoopPitch();
  readonly #residualMemory = filterMemory();
  readonly #residual = new Float64Array(FRAME);
  readonly #weighting = new ErrorWeighting(SUBFRAME, GAMMAS);
  readonly #pitchSearch = new PitchSearch();
  readonly #innovationSearch = new InnovationSearch();
  readonly #excitation = new Float64Array(PITCH_PAST + FRAME);
  readonly #target = new Float64Array(SUBFRAME);
  readonly #ideal = new Float64Array(SUBFRAME);
  readonly #predicted = new Float64Array(SUBFRAME);
  readonly #innovation = new Float64Array(SUBFRAME);
  readonly #refinement = new Float64Array(SUBFRAME);
  /** The decoder does not know the excitation before this frame. */
  #unknownPast = true;

  /**
   * @param number of the sub-mode for speech
   * @param suppress silence is coded with sub-mode 1
   * @param embedded in a wide-band encoder, where the high-pass lies lower
   */
  constructor(number: number, suppress: boolean, embedded: boolean) {
    this.#number = number;
    this.#activity = suppress ? new VoiceActivity() : undefined;
    this.#highPass = new HighPass(embedded ? WIDE_INPUT : NARROW_INPUT);
  }

  encode(signal: Float64Array, bits: BitWriter): void {
    this.#highPass.filter(signal, FRAME);
    this.#speech.copyWithin(0, FRAME);
    for (let i = 0; i < FRAME; i++) this.#speech[SUBFRAME + i] = signal[i];
    this.#excitation.copyWithin(0, FRAME);
    this.#analyse();
    const number = this.noise ? NOISE_SUBMODE : this.#number;
    const submode = NARROW_SUBMODES[number] as NarrowSubmode;
    bits.write(number, 5);
    this.#encodeFrame(bits, submode);
    this.#spectrum.end();
    this.#unknownPast = number === NOISE_SUBMODE;
  }

  reset(): void {
    this.noise = false;
    this.#spectrum.forget();
    this.#unknownPast = true;
    this.#activity?.reset();
    this.#highPass.reset();
    this.#openLoop.reset();
    this.#weighting.reset();
    this.#pitchSearch.reset();
    for (const state of [this.#speech, this.#excitation, this.#residualMemory]) state.fill(0);
  }

  /** Spectrum and pitch of the frame, and whether there is speech in it. */
  #analyse(): void {
    const { filter } = this.#spectrum;
    this.#spectrum.analyse(this.#speech);
    this.#spectrum.middle();
    const submode = NARROW_SUBMODES[this.#number] as NarrowSubmode;
    if (this.#activity || submode.gainBits < 3) this.#openLoop.analyse(this.#speech, filter);
    if (this.#activity) this.noise = !this.#activity.hasSpeech(this.#speech, FRAME, this.#openLoop.voicing);
    analyze(this.#speech, 0, filter, this.#residual, 0, FRAME, this.#residualMemory);
  }

  #encodeFrame(bits: BitWriter, submode: NarrowSubmode): void {
    const { lag: frameLag, voicing } = this.#openLoop;
    this.#spectrum.write(bits, submode.fineLsp ? FINE_LSP : COARSE_LSP);
    if (submode.framePitch) bits.write(frameLag - MIN_PITCH, 7);
    let frameGain = 0;
    if (!submode.pitchGains) {
      const index = Math.min(15, Math.round(15 * GAIN_CAUTION * voicing));
      bits.write(index, 4);
      frameGain = Math.min(0.99, index / 15);
    }
    let level = effectiveValue(this.#residual, 0, FRAME);
    if (submode.innovation && submode.gainBits < 3)
      level *= LEVEL_MARGIN * Math.sqrt(1 - PREDICTED_PART * voicing * voicing);
    const levelIndex = Math.max(0, Math.min(31, Math.round(3.5 * Math.log(level))));
    bits.write(levelIndex, 5);
    level = frameLevel(levelIndex);
    if (!submode.innovation) bits.write(this.noise ? STOPPED : 0, STOP_BITS);
    for (let sub = 0; sub < SUBFRAMES; sub++)
      this.#encodeSubframe(bits, submode, sub, frameLag, frameGain, level);
  }

  #encodeSubframe(
    bits: BitWriter,
    submode: NarrowSubmode,
    sub: number,
    frameLag: number,
    frameGain: number,
    frameLevelNow: number,
  ): void {
    const from = sub * SUBFRAME;
    const at = PITCH_PAST + from;
    const weighting = this.#weighting;
    const speech = this.#speech;
    const excitation = this.#excitation;
    const { filter, quantized } = this.#spectrum;
    this.#spectrum.subframe(sub);
    this.edge[sub] = atHalfRate(quantized);
    weighting.begin(filter, quantized);
    weighting.residual(speech, from, quantized, this.#ideal);
    if (submode.innovation) {
      weighting.target(speech, from, quantized, this.#target);
      this.#predict(bits, submode, from, at, frameLag, frameGain);
      this.#innovate(bits, submode, frameLevelNow);
      for (let i = 0; i < SUBFRAME; i++) excitation[at + i] = this.#predicted[i] + this.#innovation[i];
    } else {
      // Sub-mode 1: the decoder makes up its own.
      for (let i = 0; i < SUBFRAME; i++) excitation[at + i] = this.#innovation[i] = this.#ideal[i];
    }
    weighting.end(speech, from, quantized, excitation, at);
    this.innovationLevel[sub] = effectiveValue(this.#innovation, 0, SUBFRAME);
    this.level[sub] = effectiveValue(excitation, at, SUBFRAME);
  }

  /** Long-term prediction; takes it from the target. */
  #predict(
    bits: BitWriter,
    submode: NarrowSubmode,
    from: number,
    at: number,
    frameLag: number,
    frameGain: number,
  ): void {
    const { pitchGains } = submode;
    const excitation = this.#excitation;
    const predicted = this.#predicted;
    const search = this.#pitchSearch;
    if (!pitchGains) {
      for (let i = 0; i < SUBFRAME; i++)
        predicted[i] = frameGain * (i < frameLag ? excitation[at + i - frameLag] : predicted[i - frameLag]);
      subtractFiltered(this.#target, predicted, this.#weighting.response);
      return;
    }
    const lowest = submode.framePitch ? frameLag : MIN_PITCH;
    let highest = submode.framePitch ? frameLag : MAX_PITCH;
    if (this.#unknownPast) highest = Math.min(highest, from);
    if (highest < lowest) search.skip();
    else search.search(this.#target, this.#weighting.response, excitation, at, lowest, highest, pitchGains);
    if (!submode.framePitch) bits.write(search.lag - MIN_PITCH, 7);
    bits.write(search.index, pitchGains.bits);
    predicted.set(search.predicted);
  }

  #innovate(bits: BitWriter, submode: NarrowSubmode, frame: number): void {
    const { innovation } = submode;
    if (!innovation) return;
    const target = this.#target;
    for (let i = 0; i < SUBFRAME; i++) this.#ideal[i] -= this.#predicted[i];
    let level = frame;
    if (submode.gainBits > 0) {
      const steps = submode.gainBits === 3 ? GAIN_STEPS_3 : GAIN_STEPS_1;
      const index = nearestStep(steps, effectiveValue(this.#ideal, 0, SUBFRAME) / frame);
      bits.write(index, submode.gainBits);
      level *= steps[index];
    }
    for (let i = 0; i < SUBFRAME; i++) target[i] /= level;
    this.#innovationSearch.search(bits, innovation, target, this.#weighting.response, this.#innovation);
    if (submode.twice) {
      for (let i = 0; i < SUBFRAME; i++) target[i] /= NARROW_REFINEMENT;
      this.#innovationSearch.search(bits, innovation, target, this.#weighting.response, this.#refinement);
      for (let i = 0; i < SUBFRAME; i++) this.#innovation[i] += NARROW_REFINEMENT * this.#refinement[i];
    }
    for (let i = 0; i < SUBFRAME; i++) this.#innovation[i] *= level;
  }
}

function subtractFiltered(target: Float64Array, signal: Float64Array, response: Float64Array): void {
  for (let k = 0; k < SUBFRAME; k++)
    for (let n = k; n < SUBFRAME; n++) target[n] -= signal[k] * response[n - k];
}
