/**
 * Speex at 8, 16 and 32 kHz (the Speex codec manual; RTP by RFC 5574): CELP in a narrow band, with one or two high bands
 * on top. Floating point, so equal to other implementations in sound, not in bits.
 */
import type { Codec, CodecOptions, Decoder, Encoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { saturate16 } from '../saturate.js';
import type { BandDecoder, BandEncoder } from './band.js';
import { BitReader, BitWriter } from './bits.js';
import { countFrames, endsInSilence, MAX_FRAMES } from './frame-walk.js';
import { ULTRA_TRAITS, WIDE_TRAITS } from './high-band.js';
import { HighDecoder } from './high-decoder.js';
import { HighEncoder } from './high-encoder.js';
import { SPEEX_INFOS } from './info.js';
import { NarrowDecoder } from './narrow-decoder.js';
import { NarrowEncoder } from './narrow-encoder.js';
import { encoderMode, suppressesSilence } from './options.js';
import { HIGH_OF_QUALITY, NARROW_OF_QUALITY, ULTRA_OF_QUALITY } from './submodes.js';

class SpeexDecoder implements Decoder {
  readonly #band: BandDecoder;
  readonly #pieces: FramePieces;
  readonly #bits = new BitReader();

  constructor(band: BandDecoder) {
    this.#band = band;
    this.#pieces = new FramePieces(band.signal.length, (out, offset) => {
      band.conceal();
      this.#write(out, offset);
    });
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const samples = this.#band.signal.length;
    const room = Math.min(MAX_FRAMES, Math.floor((out.length - outOffset) / samples));
    let frames = 0;
    this.#bits.open(data, start, end);
    while (frames < room && this.#band.decode(this.#bits)) {
      if (frames === 0) this.#pieces.drop();
      this.#write(out, outOffset + frames * samples);
      frames++;
    }
    return frames * samples;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#pieces.fill(out, outOffset, samples);
  }

  reset(): void {
    this.#band.reset();
    this.#pieces.drop();
  }

  #write(out: Int16Array, offset: number): void {
    const signal = this.#band.signal;
    for (let i = 0; i < signal.length; i++) out[offset + i] = Math.round(saturate16(signal[i]));
  }
}

class SpeexEncoder implements Encoder {
  readonly #band: BandEncoder;
  readonly #signal: Float64Array;
  readonly #bits = new BitWriter();

  constructor(band: BandEncoder, frameSamples: number) {
    this.#band = band;
    this.#signal = new Float64Array(frameSamples);
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    return this.encodePacket(pcm, pcmOffset, 1, out, outOffset);
  }

  /** The frames follow each other without gaps; only the packet is padded (RFC 5574 §3.3). */
  encodePacket(
    pcm: Int16Array,
    pcmOffset: number,
    frames: number,
    out: Uint8Array,
    outOffset: number,
  ): number {
    const signal = this.#signal;
    this.#bits.open(out, outOffset);
    for (let frame = 0; frame < frames; frame++) {
      const from = pcmOffset + frame * signal.length;
      for (let i = 0; i < signal.length; i++) signal[i] = pcm[from + i];
      this.#band.encode(signal, this.#bits);
    }
    return this.#bits.close();
  }

  reset(): void {
    this.#band.reset();
  }
}

/** Narrow band alone, or with one or two high bands above it. */
function bandDecoder(highBands: 0 | 1 | 2): BandDecoder {
  const narrow = new NarrowDecoder(highBands > 0);
  if (highBands === 0) return narrow;
  const wide = new HighDecoder(WIDE_TRAITS, narrow);
  return highBands === 1 ? wide : new HighDecoder(ULTRA_TRAITS, wide);
}

function bandEncoder(highBands: 0 | 1 | 2, options: CodecOptions | undefined): BandEncoder {
  const mode = encoderMode(options, highBands > 0);
  const suppress = suppressesSilence(options);
  if (highBands === 0) return new NarrowEncoder(mode, suppress, false);
  const narrow = new NarrowEncoder(NARROW_OF_QUALITY[mode], suppress, true);
  const wide = new HighEncoder(WIDE_TRAITS, HIGH_OF_QUALITY[mode], narrow);
  return highBands === 1 ? wide : new HighEncoder(ULTRA_TRAITS, ULTRA_OF_QUALITY[mode], wide);
}

/** For looks into packets that are not decoded. */
const walker = new BitReader();

function speex(highBands: 0 | 1 | 2): Codec {
  const info = SPEEX_INFOS[highBands];
  const rate = info.sampleRate;
  return {
    info,
    samplesIn: (data, start, end) => {
      walker.open(data, start, end);
      return (countFrames(walker) * rate) / 50;
    },
    announcesSilence: (data, start, end) => {
      walker.open(data, start, end);
      return endsInSilence(walker);
    },
    createEncoder: (options) => new SpeexEncoder(bandEncoder(highBands, options), rate / 50),
    createDecoder: () => new SpeexDecoder(bandDecoder(highBands)),
  };
}

/**
 * Encoder options are the parameters of `a=fmtp` (RFC 5574 §4.1.1): `mode`, of which the first that exists is used, and
 * `vbr`, for short frames in silence.
 */
export const speexNarrow: Codec = speex(0);
export const speexWide: Codec = speex(1);
export const speexUltraWide: Codec = speex(2);
