/**
 * GSM 06.10 full rate speech at 13 kbit/s (ETSI EN 300 961; RTP by RFC 3551 §4.5.8.1). Bit-exact both ways. Lost frames
 * are substituted after GSM 06.11 (ETSI EN 300 962): the last good one is repeated, then muted step by step.
 */
import type { Codec, Decoder, Encoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { clamp, saturate16 } from '../saturate.js';
import { multRounded } from './arithmetic.js';
import {
  framesIn,
  GAIN,
  GRID,
  LAG,
  MAXIMUM,
  PARAMETERS,
  packFrame,
  SUBFRAME_SAMPLES,
  SUBFRAMES,
  subframeAt,
  unpackFrame,
} from './frame.js';
import { FRAME_BYTES, FRAME_SAMPLES, GSM_INFO } from './info.js';
import { LongTermSearch, MAX_LAG, MIN_LAG } from './long-term.js';
import { LpcAnalysis } from './lpc.js';
import { decodePulses, RpeCoder } from './rpe.js';
import { ShortTermFilter } from './short-term.js';
import { QLB } from './tables.js';

/** Pre-emphasis and de-emphasis (§4.2.3, §4.3.5) and offset compensation (§4.2.2) coefficients. */
const EMPHASIS = 28180;
const OFFSET_POLE = 32735;

class GsmEncoder implements Encoder {
  readonly #lpc = new LpcAnalysis();
  readonly #shortTerm = new ShortTermFilter();
  readonly #longTerm = new LongTermSearch();
  readonly #rpe = new RpeCoder();
  readonly #parameters = new Uint8Array(PARAMETERS);
  readonly #signal = new Int32Array(FRAME_SAMPLES);
  readonly #residual = new Int32Array(SUBFRAME_SAMPLES);
  readonly #prediction = new Int32Array(SUBFRAME_SAMPLES);
  /** Reconstructed short term residual: the last 120 samples, then this frame. */
  readonly #past = new Int32Array(MAX_LAG + FRAME_SAMPLES);
  /** State of the offset compensation and of the pre-emphasis. */
  #z1 = 0;
  #z2 = 0;
  #emphasized = 0;

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const parameters = this.#parameters;
    this.#preprocess(pcm, pcmOffset);
    this.#lpc.analyse(this.#signal, parameters);
    this.#shortTerm.analyse(parameters, this.#signal);
    for (let i = 0; i < SUBFRAMES; i++) this.#encodeSubframe(i);
    this.#past.copyWithin(0, FRAME_SAMPLES);
    packFrame(parameters, out, outOffset);
    return FRAME_BYTES;
  }

  reset(): void {
    this.#shortTerm.reset();
    this.#past.fill(0);
    this.#z1 = 0;
    this.#z2 = 0;
    this.#emphasized = 0;
  }

  /** §4.2.1 to §4.2.3 */
  #preprocess(pcm: Int16Array, offset: number): void {
    for (let k = 0; k < FRAME_SAMPLES; k++) {
      const scaled = (pcm[offset + k] >> 3) << 2;
      const change = scaled - this.#z1;
      this.#z1 = scaled;
      const high = this.#z2 >> 15;
      const low = this.#z2 - (high << 15);
      const sum = (change << 15) + multRounded(low, OFFSET_POLE) + high * OFFSET_POLE;
      this.#z2 = clamp(sum, -0x8000_0000, 0x7fff_ffff);
      const emphasis = multRounded(this.#emphasized, -EMPHASIS);
      this.#emphasized = Math.min(this.#z2 + 16384, 0x7fff_ffff) >> 15;
      this.#signal[k] = saturate16(this.#emphasized + emphasis);
    }
  }

  #encodeSubframe(subframe: number): void {
    const parameters = this.#parameters;
    const at = subframeAt(subframe);
    const from = subframe * SUBFRAME_SAMPLES;
    const now = MAX_LAG + from;
    const past = this.#past;
    const signal = this.#signal;
    this.#longTerm.search(signal, from, past, now, parameters, at);

    // §4.2.12
    const gain = QLB[parameters[at + GAIN]];
    const lag = parameters[at + LAG];
    for (let k = 0; k < SUBFRAME_SAMPLES; k++) {
      const prediction = multRounded(gain, past[now + k - lag]);
      this.#prediction[k] = prediction;
      this.#residual[k] = saturate16(signal[from + k] - prediction);
    }
    this.#rpe.encode(this.#residual, parameters, at);

    // §4.2.18
    decodePulses(parameters, at, past, now);
    for (let k = 0; k < SUBFRAME_SAMPLES; k++)
      past[now + k] = saturate16(past[now + k] + this.#prediction[k]);
  }
}

/** Muting of lost frames (GSM 06.11): the coded block maximum falls by 4 per frame; all is silent after 16 frames. */
const MUTING_STEP = 4;
const MUTED_AFTER = 16;
/** While muting, the long term gain stays below one: a repeated 1.0 would keep a voice ringing, or make it swell. */
const MUTING_GAIN = 2;

class GsmDecoder implements Decoder {
  readonly #shortTerm = new ShortTermFilter();
  readonly #parameters = new Uint8Array(PARAMETERS);
  readonly #signal = new Int32Array(FRAME_SAMPLES);
  readonly #past = new Int32Array(MAX_LAG + FRAME_SAMPLES);
  #lag = MIN_LAG;
  #emphasized = 0;
  /** Frames substituted in a row; a stream that has not begun counts as muted. */
  #lost = MUTED_AFTER;
  readonly #substitutes = new FramePieces(FRAME_SAMPLES, (out, offset) => this.#substitute(out, offset));
  /** Drives the grid positions of substituted frames. */
  #dice = 1;

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const frames = Math.min(framesIn(data, start, end), Math.floor((out.length - outOffset) / FRAME_SAMPLES));
    for (let i = 0; i < frames; i++) {
      unpackFrame(data, start + i * FRAME_BYTES, this.#parameters);
      this.#synthesize(out, outOffset + i * FRAME_SAMPLES);
    }
    if (frames <= 0) return 0;
    this.#lost = 0;
    this.#substitutes.drop();
    return frames * FRAME_SAMPLES;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#substitutes.fill(out, outOffset, samples);
  }

  reset(): void {
    this.#shortTerm.reset();
    this.#past.fill(0);
    this.#lag = MIN_LAG;
    this.#emphasized = 0;
    this.#lost = MUTED_AFTER;
    this.#substitutes.drop();
    this.#dice = 1;
  }

  #substitute(out: Int16Array, outOffset: number): void {
    if (this.#lost >= MUTED_AFTER) {
      out.fill(0, outOffset, outOffset + FRAME_SAMPLES);
      return;
    }
    if (this.#lost++ > 0) {
      for (let i = 0; i < SUBFRAMES; i++) {
        const at = subframeAt(i);
        this.#parameters[at + MAXIMUM] = Math.max(0, this.#parameters[at + MAXIMUM] - MUTING_STEP);
        this.#parameters[at + GAIN] = Math.min(this.#parameters[at + GAIN], MUTING_GAIN);
        this.#dice = (Math.imul(this.#dice, 1664525) + 1013904223) | 0;
        this.#parameters[at + GRID] = this.#dice >>> 30;
      }
    }
    this.#synthesize(out, outOffset);
  }

  #synthesize(out: Int16Array, outOffset: number): void {
    const parameters = this.#parameters;
    const past = this.#past;
    for (let i = 0; i < SUBFRAMES; i++) {
      // §4.3.2
      const at = subframeAt(i);
      const now = MAX_LAG + i * SUBFRAME_SAMPLES;
      const lag = parameters[at + LAG];
      if (lag >= MIN_LAG && lag <= MAX_LAG) this.#lag = lag;
      const gain = QLB[parameters[at + GAIN]];
      decodePulses(parameters, at, past, now);
      for (let k = now; k < now + SUBFRAME_SAMPLES; k++)
        past[k] = saturate16(past[k] + multRounded(gain, past[k - this.#lag]));
    }
    const signal = this.#signal;
    for (let k = 0; k < FRAME_SAMPLES; k++) signal[k] = past[MAX_LAG + k];
    past.copyWithin(0, FRAME_SAMPLES);
    this.#shortTerm.synthesize(parameters, signal);

    // §4.3.5 to §4.3.7: de-emphasis, upscaling, truncation to 13 bits
    for (let k = 0; k < FRAME_SAMPLES; k++) {
      this.#emphasized = saturate16(signal[k] + multRounded(this.#emphasized, EMPHASIS));
      out[outOffset + k] = saturate16(this.#emphasized << 1) & ~7;
    }
  }
}

export const gsm: Codec = {
  info: GSM_INFO,
  samplesIn: (data, start, end) => framesIn(data, start, end) * FRAME_SAMPLES,
  createEncoder: () => new GsmEncoder(),
  createDecoder: () => new GsmDecoder(),
};
