/**
 * G.722.1 and its Annex C (RTP by RFC 5577): 7 kHz of audio at 24 or 32 kbit/s, 14 kHz at 24, 32 or 48 kbit/s, in frames
 * of 20 ms. Bit-exact to the fixed-point specification, with its concealment. Each bit rate is a format of its own in
 * SDP, told apart by the parameter `bitrate`; there is no other option.
 */
import type { Codec, Decoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { FrameDecoder } from './frame-decoder.js';
import { G7221Encoder } from './frame-encoder.js';
import { G7221_MODES, g7221Info } from './info.js';
import type { G7221Mode } from './mode.js';

/** Frames in a payload; 0 when its length is not that of whole frames. */
function framesIn({ frameBits }: G7221Mode, start: number, end: number): number {
  const frames = (end - start) / (frameBits / 8);
  return Number.isInteger(frames) && frames > 0 ? frames : 0;
}

class G7221Decoder implements Decoder {
  readonly #mode: G7221Mode;
  readonly #frames: FrameDecoder;
  readonly #concealed: FramePieces;

  constructor(mode: G7221Mode) {
    this.#mode = mode;
    this.#frames = new FrameDecoder(mode);
    this.#concealed = new FramePieces(mode.frameSamples, (out, at) => this.#frames.conceal(out, at));
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const { frameSamples, frameBits } = this.#mode;
    const room = Math.floor((out.length - outOffset) / frameSamples);
    const frames = end <= data.length ? Math.min(framesIn(this.#mode, start, end), room) : 0;
    if (frames <= 0) return 0;
    this.#concealed.drop();
    for (let i = 0; i < frames; i++)
      this.#frames.decode(data, start + (i * frameBits) / 8, out, outOffset + i * frameSamples);
    return frames * frameSamples;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#concealed.fill(out, outOffset, samples);
  }

  reset(): void {
    this.#frames.reset();
    this.#concealed.drop();
  }
}

function g7221(mode: G7221Mode): Codec {
  const codec: Codec = {
    info: g7221Info(mode),
    samplesIn: (_data, start, end) => framesIn(mode, start, end) * mode.frameSamples,
    createEncoder: () => new G7221Encoder(mode),
    createDecoder: () => new G7221Decoder(mode),
  };
  return codec;
}

/** Best first. */
export const g7221Codecs: readonly Codec[] = G7221_MODES.map(g7221);
