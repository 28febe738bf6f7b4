/**
 * The decoder of G.729 Annex A with Annex B, one 10 ms frame at a time (clause 4, A.4, B.4.4): parameters, excitation,
 * synthesis, postfilter. The codec's decoder feeds it the frames of RTP payloads and asks it to conceal lost ones.
 */
import { delayParity, predictExcitation, secondSubframeBase } from './adaptive-codebook.js';
import { SPEECH_WIDTHS, unpackFields } from './bitstream.js';
import { NoiseGenerator } from './comfort-excitation.js';
import {
  EXCITATION_PAST,
  FRAME,
  ORDER,
  PITCH_MAX,
  SHARPENING_MAX,
  SHARPENING_MIN,
  SUBFRAME,
  TAPS,
} from './dimensions.js';
import { synthesize } from './filters.js';
import { buildPulses, sharpen } from './fixed-codebook.js';
import { dot, mulQ15, norm32, product, roundHigh, sat16, sat32, shl32 } from './fixed-point.js';
import { GainPredictor } from './gain-predictor.js';
import { HighPass, OUTPUT_HIGH_PASS } from './high-pass.js';
import { LsfDecoder } from './lsf-quantizer.js';
import { INITIAL_LSP, interpolateLpc } from './lsp.js';
import { NoiseDecoder } from './noise-decoder.js';
import { Postfilter } from './postfilter.js';
import {
  GAIN_STAGE1_CODE,
  GAIN_STAGE1_ENTRY,
  GAIN_STAGE1_PITCH,
  GAIN_STAGE2_CODE,
  GAIN_STAGE2_ENTRY,
  GAIN_STAGE2_PITCH,
} from './speech-tables.js';

const INITIAL_DELAY = 60;
const LOST_CODE_SEED = 21845;

const fields = new Int16Array(SPEECH_WIDTHS.length);
const lsp = new Int16Array(ORDER);
const code = new Int16Array(SUBFRAME);

export class FrameDecoder {
  readonly #lsf = new LsfDecoder();
  readonly #noise = new NoiseDecoder();
  readonly #gains = new GainPredictor();
  readonly #lostCode = new NoiseGenerator(LOST_CODE_SEED);
  readonly #postfilter = new Postfilter();
  readonly #highPass = new HighPass(OUTPUT_HIGH_PASS);
  /** Past excitation, then that of the frame. */
  readonly #exc = new Int16Array(EXCITATION_PAST + FRAME);
  /** Ten samples of the past, then the synthesis of the frame. */
  readonly #speech = new Int16Array(ORDER + FRAME);
  readonly #synthesisMemory = new Int16Array(ORDER);
  readonly #lsp = new Int16Array(ORDER);
  readonly #az = new Int16Array(2 * TAPS);
  readonly #delays = new Int16Array(2);
  /** Adaptive and fixed codebook gain of the last subframe, Q14 and Q1. */
  #pitchGain = 0;
  #codeGain = 0;
  #sharpening = SHARPENING_MIN;
  #lastDelay = INITIAL_DELAY;
  /** Pitch delay of the subframe at hand in whole samples and thirds. */
  #delay = INITIAL_DELAY;
  #third = 0;
  #speaking = true;
  /** Excitation energy of the last frame received, mantissa and exponent (B.4.5). */
  #energy = 0;
  #energyExponent = 1;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#lsf.reset();
    this.#noise.reset();
    this.#gains.reset();
    this.#lostCode.reset();
    this.#postfilter.reset();
    this.#highPass.reset();
    this.#exc.fill(0);
    this.#speech.fill(0);
    this.#synthesisMemory.fill(0);
    this.#lsp.set(INITIAL_LSP);
    this.#pitchGain = 0;
    this.#codeGain = 0;
    this.#sharpening = SHARPENING_MIN;
    this.#lastDelay = INITIAL_DELAY;
    this.#speaking = true;
    this.#energy = 0;
    this.#energyExponent = 1;
  }

  /** Decodes a speech frame of 10 bytes into 80 samples. */
  decodeSpeech(data: Uint8Array, at: number, out: Int16Array, outAt: number): void {
    unpackFields(data, at, SPEECH_WIDTHS, fields);
    this.#lsf.decode(fields[0], fields[1], lsp);
    this.#speak(false);
    this.#measureEnergy();
    this.#finish(true, out, outAt);
  }

  /** Decodes a silence descriptor of 2 bytes into 80 samples of noise. */
  decodeSilence(data: Uint8Array, at: number, out: Int16Array, outAt: number): void {
    this.#noise.receive(data, at, this.#lsf.predictor);
    this.#makeNoise();
    this.#measureEnergy();
    this.#finish(false, out, outAt);
  }

  /** Makes 80 samples for a frame the sender is known to have left out. */
  decodeUntransmitted(out: Int16Array, outAt: number): void {
    this.#continueNoise();
    this.#measureEnergy();
    this.#finish(false, out, outAt);
  }

  /** Makes 80 samples for a frame that is missing: noise goes on, speech is concealed (4.4). */
  conceal(out: Int16Array, outAt: number): void {
    const speaking = this.#speaking;
    if (speaking) {
      this.#lsf.conceal(lsp);
      this.#speak(true);
    } else {
      this.#continueNoise();
    }
    this.#finish(speaking, out, outAt);
  }

  #speak(lost: boolean): void {
    this.#noise.rewind();
    interpolateLpc(this.#lsp, lsp, this.#az);
    this.#lsp.set(lsp);
    for (let half = 0; half < 2; half++) {
      const at = EXCITATION_PAST + half * SUBFRAME;
      this.#findDelay(half, lost);
      this.#delays[half] = this.#delay;
      predictExcitation(this.#exc, at, this.#delay, this.#third);
      const first = half === 0 ? 4 : 8;
      if (lost) {
        const positions = this.#lostCode.next() & 0x1fff;
        buildPulses(positions, this.#lostCode.next() & 0xf, code);
      } else {
        buildPulses(fields[first], fields[first + 1], code);
      }
      sharpen(code, this.#delay, this.#sharpening);
      if (lost) this.#fadeGains();
      else this.#decodeGains(fields[first + 2]);
      this.#sharpening = Math.min(Math.max(this.#pitchGain, SHARPENING_MIN), SHARPENING_MAX);
      for (let i = 0; i < SUBFRAME; i++) {
        const sum = sat32(product(this.#exc[at + i], this.#pitchGain) + product(code[i], this.#codeGain));
        this.#exc[at + i] = roundHigh(sat32(2 * sum));
      }
      this.#synthesizeSubframe(half);
    }
    this.#speaking = true;
  }

  /** Pitch delay of a subframe (4.1.3); after loss or a parity error the last one, one sample longer each time. */
  #findDelay(half: number, lost: boolean): void {
    const index = half === 0 ? fields[2] : fields[7];
    if (lost || (half === 0 && delayParity(index) !== fields[3])) {
      this.#delay = this.#lastDelay;
      this.#third = 0;
      this.#lastDelay = Math.min(this.#lastDelay + 1, PITCH_MAX);
      return;
    }
    if (half === 1) {
      const step = Math.floor((index + 2) / 3) - 1;
      this.#delay = secondSubframeBase(this.#delay) + step;
      this.#third = index - 2 - 3 * step;
    } else if (index < 197) {
      this.#delay = Math.floor((index + 2) / 3) + 19;
      this.#third = index - 3 * this.#delay + 58;
    } else {
      this.#delay = index - 112;
      this.#third = 0;
    }
    this.#lastDelay = this.#delay;
  }

  /** Gains from their codewords (4.1.5). */
  #decodeGains(index: number): void {
    const first = GAIN_STAGE1_ENTRY[index >> 4];
    const second = GAIN_STAGE2_ENTRY[index & 15];
    const factor = GAIN_STAGE1_CODE[first] + GAIN_STAGE2_CODE[second];
    this.#pitchGain = sat16(GAIN_STAGE1_PITCH[first] + GAIN_STAGE2_PITCH[second]);
    this.#gains.predict(code);
    this.#codeGain = this.#gains.scaled(factor);
    this.#gains.update(factor);
  }

  /** Attenuated gains for a lost frame (4.4.2). */
  #fadeGains(): void {
    this.#pitchGain = Math.min(mulQ15(this.#pitchGain, 29491), 29491); // 0.9
    this.#codeGain = mulQ15(this.#codeGain, 32111); // 0.98
    this.#gains.updateLost();
  }

  #continueNoise(): void {
    if (this.#speaking) this.#noise.assumeEnergy(this.#energy, this.#energyExponent);
    this.#makeNoise();
  }

  #makeNoise(): void {
    this.#noise.generate(this.#exc, EXCITATION_PAST, this.#speaking);
    interpolateLpc(this.#lsp, this.#noise.lsp, this.#az);
    this.#lsp.set(this.#noise.lsp);
    for (let half = 0; half < 2; half++) {
      this.#synthesizeSubframe(half);
      this.#delays[half] = this.#lastDelay;
    }
    this.#sharpening = SHARPENING_MIN;
    this.#speaking = false;
  }

  /** Synthesis (4.1.6); on overflow the excitation, past and present, is divided by 4 and the filter run again. */
  #synthesizeSubframe(half: number): void {
    const at = half * SUBFRAME;
    const exc = this.#exc;
    const speech = this.#speech;
    const memory = this.#synthesisMemory;
    const overflow = synthesize(
      this.#az,
      half * TAPS,
      exc,
      EXCITATION_PAST + at,
      speech,
      ORDER + at,
      SUBFRAME,
      memory,
      false,
    );
    if (overflow) {
      for (let i = 0; i < exc.length; i++) exc[i] >>= 2;
      synthesize(
        this.#az,
        half * TAPS,
        exc,
        EXCITATION_PAST + at,
        speech,
        ORDER + at,
        SUBFRAME,
        memory,
        false,
      );
    }
    for (let i = 0; i < ORDER; i++) memory[i] = speech[at + SUBFRAME + i];
  }

  /** Remembers the energy of a received frame, in case a first silence descriptor gets lost. */
  #measureEnergy(): void {
    const energy = dot(0, this.#exc, EXCITATION_PAST, this.#exc, EXCITATION_PAST, FRAME);
    const shift = norm32(energy);
    this.#energy = roundHigh(shl32(energy, shift));
    this.#energyExponent = 16 - shift;
  }

  /** Postfilter, high-pass filter, and the buffers move on by a frame. */
  #finish(voice: boolean, out: Int16Array, outAt: number): void {
    this.#postfilter.run(this.#speech, ORDER, this.#az, this.#delays, voice, out, outAt);
    this.#highPass.run(out, outAt, out, outAt, FRAME);
    this.#speech.copyWithin(0, FRAME);
    this.#exc.copyWithin(0, FRAME);
  }
}
