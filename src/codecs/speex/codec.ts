/**
 * Speex at 8, 16 and 32 kHz (the Speex codec manual; RTP by RFC 5574): CELP in a narrow band, with one or two high bands
 * on top. Floating point, so equal to other implementations in sound, not in bits.
 */
import type { Codec, CodecInfo, Decoder, Encoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { saturate16 } from '../saturate.js';
import type { BandDecoder } from './band.js';
import { BitReader } from './bits.js';
import { countFrames, MAX_FRAMES } from './frame-walk.js';
import { ULTRA_TRAITS, WIDE_TRAITS } from './high-band.js';
import { HighDecoder } from './high-decoder.js';
import { NarrowDecoder } from './narrow-decoder.js';

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

/** Narrow band alone, or with one or two high bands above it. */
function bandDecoder(highBands: 0 | 1 | 2): BandDecoder {
  const narrow = new NarrowDecoder(highBands > 0);
  if (highBands === 0) return narrow;
  const wide = new HighDecoder(WIDE_TRAITS, narrow);
  return highBands === 1 ? wide : new HighDecoder(ULTRA_TRAITS, wide);
}

const counter = new BitReader();

function speex(highBands: 0 | 1 | 2, details: Pick<CodecInfo, 'maxFrameBytes' | 'fmtp'>): Codec {
  const rate = 8000 << highBands;
  return {
    info: {
      name: 'speex',
      clockRate: rate,
      sampleRate: rate,
      rtpmapChannels: 1,
      frameSamples: rate / 50,
      defaultPtimeMs: 20,
      ...details,
    },
    samplesIn: (data, start, end) => {
      counter.open(data, start, end);
      return (countFrames(counter) * rate) / 50;
    },
    createEncoder: (): Encoder => {
      throw new Error('later');
    },
    createDecoder: () => new SpeexDecoder(bandDecoder(highBands)),
  };
}

export const speexNarrow: Codec = speex(0, { maxFrameBytes: 62 });
export const speexWide: Codec = speex(1, { maxFrameBytes: 106 });
export const speexUltraWide: Codec = speex(2, { maxFrameBytes: 110 });
