/**
 * The encoder of G.729 Annex A with Annex B, one 10 ms frame at a time (clause 3, A.3, B.3, B.4): analysis, decision
 * between speech and silence, and the analysis-by-synthesis search. The codec's encoder hands it PCM and gets bytes.
 */
import { delayParity, secondSubframeBase } from './adaptive-codebook.js';
import { packFields, SID_BYTES, SID_WIDTHS, SPEECH_BYTES, SPEECH_WIDTHS } from './bitstream.js';
import { ClosedLoopPitch } from './closed-loop-pitch.js';
import {
  EXCITATION_PAST,
  FRAME,
  ORDER,
  PITCH_MAX,
  PITCH_MIN,
  SHARPENING_MAX,
  SHARPENING_MIN,
  SUBFRAME,
  TAPS,
} from './dimensions.js';
import { expandBandwidth, residual, synthesize } from './filters.js';
import { FixedCodebookSearch } from './fixed-codebook-search.js';
import { mulQ15, product, roundHigh, sat16, sat32 } from './fixed-point.js';
import { GainQuantizer } from './gain-quantizer.js';
import { HighPass, INPUT_HIGH_PASS } from './high-pass.js';
import { applyLagWindow, autocorrelate, LevinsonDurbin, MAX_LAG, WINDOW } from './lp-analysis.js';
import { LsfEncoder } from './lsf-quantizer.js';
import { INITIAL_LSP, interpolateLpc, lpcToLsp, lspToNormalisedLsf } from './lsp.js';
import { NoiseEncoder } from './noise-encoder.js';
import { estimateOpenLoopDelay } from './open-loop-pitch.js';
import { ExcitationErrorGuard } from './taming.js';
import { VoiceActivityDetector } from './voice-activity.js';

/** Where the window's new samples and the frame being encoded begin: analysis looks 40 samples ahead. */
const NEW_AT = WINDOW - FRAME;
const FRAME_AT = NEW_AT - SUBFRAME;
/** Perceptual weighting factor (A.3.3), Q15: 0.75; and the zero of the weighted speech's low-pass (A.3.4): 0.7. */
const WEIGHTING = 24576;
const LOW_PASS = 22938;
/** Bound of the pitch gain while errors could grow, Q14: 0.95. */
const TAMED_GAIN = 15564;

const r = new Int32Array(MAX_LAG + 1);
const unwindowed = new Int32Array(TAPS);
const a = new Int16Array(TAPS);
const lsp = new Int16Array(ORDER);
const quantized = new Int16Array(ORDER);
const lsf = new Int16Array(ORDER);
const az = new Int16Array(2 * TAPS);
const weighted = new Int16Array(2 * TAPS);
const lowPassed = new Int16Array(TAPS);
const response = new Int16Array(SUBFRAME);
const target = new Int16Array(SUBFRAME);
const codeTarget = new Int16Array(SUBFRAME);
const pitchFiltered = new Int16Array(SUBFRAME);
const codeFiltered = new Int16Array(SUBFRAME);
const code = new Int16Array(SUBFRAME);
const zeros = new Int16Array(ORDER);
const fields = new Int16Array(SPEECH_WIDTHS.length);

export class FrameEncoder {
  readonly #highPass = new HighPass(INPUT_HIGH_PASS);
  readonly #levinson = new LevinsonDurbin();
  readonly #detector = new VoiceActivityDetector();
  readonly #noise = new NoiseEncoder(this.#levinson);
  readonly #lsf = new LsfEncoder();
  readonly #pitch = new ClosedLoopPitch();
  readonly #codebook = new FixedCodebookSearch();
  readonly #gains = new GainQuantizer();
  readonly #guard = new ExcitationErrorGuard();
  /** The samples under the analysis window. */
  readonly #speech = new Int16Array(WINDOW);
  readonly #weightedSpeech = new Int16Array(PITCH_MAX + FRAME);
  readonly #exc = new Int16Array(EXCITATION_PAST + FRAME);
  readonly #lsp = new Int16Array(ORDER);
  readonly #quantizedLsp = new Int16Array(ORDER);
  readonly #weightedMemory = new Int16Array(ORDER);
  readonly #targetMemory = new Int16Array(ORDER);
  #sharpening = SHARPENING_MIN;
  #speaking = true;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#highPass.reset();
    this.#levinson.reset();
    this.#detector.reset();
    this.#noise.reset();
    this.#lsf.reset();
    this.#gains.reset();
    this.#guard.reset();
    this.#speech.fill(0);
    this.#weightedSpeech.fill(0);
    this.#exc.fill(0);
    this.#lsp.set(INITIAL_LSP);
    this.#quantizedLsp.set(INITIAL_LSP);
    this.#weightedMemory.fill(0);
    this.#targetMemory.fill(0);
    this.#sharpening = SHARPENING_MIN;
    this.#speaking = true;
  }

  /**
   * Encodes 80 samples.
   * @param silence whether silence may be left out (Annex B)
   * @returns bytes written: 10 for speech, 2 for a silence descriptor, 0 for nothing
   */
  encode(pcm: Int16Array, pcmAt: number, silence: boolean, out: Uint8Array, outAt: number): number {
    this.#highPass.run(pcm, pcmAt, this.#speech, NEW_AT, FRAME);
    const voice = this.#analyse(silence);
    let bytes = SPEECH_BYTES;
    if (voice) {
      this.#encodeSpeech();
      packFields(fields, SPEECH_WIDTHS, out, outAt);
    } else if (this.#encodeSilence()) {
      bytes = SID_BYTES;
      packFields(this.#noise.fields, SID_WIDTHS, out, outAt);
    } else {
      bytes = 0;
    }
    this.#speaking = voice;
    this.#speech.copyWithin(0, FRAME);
    this.#weightedSpeech.copyWithin(0, FRAME);
    this.#exc.copyWithin(0, FRAME);
    return bytes;
  }

  /** LP analysis into `lsp`; with `silence`, whether the frame is voice, else true. */
  #analyse(silence: boolean): boolean {
    const lags = silence ? MAX_LAG : ORDER;
    const exponent = autocorrelate(this.#speech, 0, lags, r);
    if (silence) for (let i = 0; i < TAPS; i++) unwindowed[i] = r[i];
    applyLagWindow(r, lags);
    this.#levinson.solve(r, a);
    lpcToLsp(a, lsp, this.#lsp);
    if (!silence) return true;
    lspToNormalisedLsf(lsp, lsf);
    const voice = this.#detector.detect(this.#levinson.reflection[1], lsf, r, exponent, this.#speech);
    this.#noise.observe(unwindowed, exponent, voice);
    return voice;
  }

  /** A frame of silence: comfort noise, and the filter memories follow it. Returns whether a descriptor is due. */
  #encodeSilence(): boolean {
    const exc = this.#exc;
    const send = this.#noise.encode(
      this.#speaking,
      exc,
      EXCITATION_PAST,
      this.#quantizedLsp,
      this.#lsf.predictor,
      this.#guard,
      az,
    );
    for (let half = 0; half < 2; half++) {
      const at = half * SUBFRAME;
      residual(az, half * TAPS, this.#speech, FRAME_AT + at, target, 0, SUBFRAME);
      expandBandwidth(az, half * TAPS, WEIGHTING, weighted, 0);
      this.#weightSpeech(0, target, 0, at);
      for (let i = 0; i < SUBFRAME; i++) target[i] = sat16(target[i] - exc[EXCITATION_PAST + at + i]);
      synthesize(weighted, 0, target, 0, target, 0, SUBFRAME, this.#targetMemory, true);
    }
    this.#sharpening = SHARPENING_MIN;
    return send;
  }

  /** Weighted, low-passed speech of a subframe (A.3.4) from its LP residual. */
  #weightSpeech(filterAt: number, x: Int16Array, xAt: number, at: number): void {
    lowPassed[0] = 4096;
    for (let i = 1; i <= ORDER; i++) {
      lowPassed[i] = sat16(weighted[filterAt + i] - mulQ15(weighted[filterAt + i - 1], LOW_PASS));
    }
    const speech = this.#weightedSpeech;
    synthesize(lowPassed, 0, x, xAt, speech, PITCH_MAX + at, SUBFRAME, this.#weightedMemory, true);
  }

  /** A frame of speech, from `lsp` into `fields`. */
  #encodeSpeech(): void {
    this.#noise.rewind();
    this.#lsf.encode(lsp, quantized, fields, 0);
    interpolateLpc(this.#quantizedLsp, quantized, az);
    this.#lsp.set(lsp);
    this.#quantizedLsp.set(quantized);
    for (let half = 0; half < 2; half++) {
      const at = half * SUBFRAME;
      expandBandwidth(az, half * TAPS, WEIGHTING, weighted, half * TAPS);
      residual(az, half * TAPS, this.#speech, FRAME_AT + at, this.#exc, EXCITATION_PAST + at, SUBFRAME);
      this.#weightSpeech(half * TAPS, this.#exc, EXCITATION_PAST + at, at);
    }
    const open = estimateOpenLoopDelay(this.#weightedSpeech, PITCH_MAX);
    const from = Math.min(Math.max(open - 3, PITCH_MIN), PITCH_MAX - 6);
    this.#encodeSubframe(0, from, from + 6);
    const base = secondSubframeBase(this.#pitch.delay);
    this.#encodeSubframe(1, base, base + 9);
  }

  #encodeSubframe(half: number, from: number, to: number): void {
    const at = EXCITATION_PAST + half * SUBFRAME;
    const filterAt = half * TAPS;
    const exc = this.#exc;
    const pitch = this.#pitch;
    const first = half === 0;

    response.fill(0);
    response[0] = 4096;
    synthesize(weighted, filterAt, response, 0, response, 0, SUBFRAME, zeros, false);
    synthesize(weighted, filterAt, exc, at, target, 0, SUBFRAME, this.#targetMemory, false);

    pitch.search(exc, at, target, response, from, to, first);
    const delayWord = pitch.codeword(first, from);
    let field = 7;
    if (first) {
      fields[2] = delayWord;
      fields[3] = delayParity(delayWord);
      field = 4;
    } else {
      fields[field++] = delayWord;
    }

    synthesize(weighted, filterAt, exc, at, pitchFiltered, 0, SUBFRAME, zeros, false);
    pitch.measure(target, pitchFiltered);
    const tame = this.#guard.mustTame(pitch.delay, pitch.third);
    const gain = tame ? Math.min(pitch.gain, TAMED_GAIN) : pitch.gain;
    for (let i = 0; i < SUBFRAME; i++) {
      codeTarget[i] = sat16(target[i] - (sat32(2 * product(pitchFiltered[i], gain)) >> 16));
    }

    const codebook = this.#codebook;
    codebook.search(codeTarget, response, pitch.delay, this.#sharpening, code, codeFiltered);
    fields[field++] = codebook.positions;
    fields[field++] = codebook.signs;
    fields[field] = this.#gains.quantize(pitch, target, pitchFiltered, codeFiltered, code, tame);
    this.#update(at);
  }

  /** With the quantised gains: excitation, sharpening, error guard and the memory of the target filter. */
  #update(at: number): void {
    const exc = this.#exc;
    const pitchGain = this.#gains.pitchGain;
    const codeGain = this.#gains.codeGain;
    this.#sharpening = Math.min(Math.max(pitchGain, SHARPENING_MIN), SHARPENING_MAX);
    for (let i = 0; i < SUBFRAME; i++) {
      const sum = sat32(product(exc[at + i], pitchGain) + product(code[i], codeGain));
      exc[at + i] = roundHigh(sat32(2 * sum));
    }
    this.#guard.update(pitchGain, this.#pitch.delay);
    for (let j = 0; j < ORDER; j++) {
      const i = SUBFRAME - ORDER + j;
      const adaptive = sat32(2 * product(pitchFiltered[i], pitchGain)) >> 16;
      const fixed = sat32(4 * product(codeFiltered[i], codeGain)) >> 16;
      this.#targetMemory[j] = sat16(target[i] - sat16(adaptive + fixed));
    }
  }
}
