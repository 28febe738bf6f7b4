/**
 * G.729 Annex A with Annex B for RTP (RFC 3551 §4.5.6, RFC 4855): 10-byte frames of 10 ms, one or more to a packet, a
 * 2-byte silence descriptor possibly last. The media graph uses it through the codec registry; it knows no RTP.
 */
import type { Codec, CodecOptions, Decoder, Encoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { SID_BYTES, SPEECH_BYTES } from './bitstream.js';
import { FRAME } from './dimensions.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameEncoder } from './frame-encoder.js';
import { G729_INFO } from './info.js';

/** Frames in a payload, the silence descriptor included; 0 when its length fits none. */
function framesIn(start: number, end: number): number {
  const length = end - start;
  if (length <= 0) return 0;
  const rest = length % SPEECH_BYTES;
  const frames = Math.floor(length / SPEECH_BYTES);
  return rest === 0 ? frames : rest === SID_BYTES ? frames + 1 : 0;
}

class G729Encoder implements Encoder {
  readonly #frames = new FrameEncoder();
  readonly #silence: boolean;

  constructor(silence: boolean) {
    this.#silence = silence;
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    return this.#frames.encode(pcm, pcmOffset, this.#silence, out, outOffset);
  }

  reset(): void {
    this.#frames.reset();
  }
}

class G729Decoder implements Decoder {
  readonly #frames = new FrameDecoder();
  readonly #concealed = new FramePieces(FRAME, (out, at) => this.#frames.conceal(out, at));

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const frames = end <= data.length ? framesIn(start, end) : 0;
    const room = Math.floor((out.length - outOffset) / FRAME);
    let at = start;
    let samples = 0;
    this.#concealed.drop();
    for (let i = 0; i < frames && i < room; i++) {
      if (end - at >= SPEECH_BYTES) this.#frames.decodeSpeech(data, at, out, outOffset + samples);
      else this.#frames.decodeSilence(data, at, out, outOffset + samples);
      at += SPEECH_BYTES;
      samples += FRAME;
    }
    return samples;
  }

  /** Also what plays while the sender is silent: after a silence descriptor this is its comfort noise. */
  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#concealed.fill(out, outOffset, samples);
  }

  reset(): void {
    this.#frames.reset();
    this.#concealed.drop();
  }
}

/**
 * The G.729 codec. Encoder option `annexb` (fmtp, RFC 4855 §4.1.9): "no" or false sends every frame as speech;
 * anything else, as by default, leaves out silence. The decoder takes both either way.
 */
export const g729: Codec = {
  info: G729_INFO,
  samplesIn(_data: Uint8Array, start: number, end: number): number {
    return framesIn(start, end) * FRAME;
  },
  announcesSilence(_data: Uint8Array, start: number, end: number): boolean {
    return (end - start) % SPEECH_BYTES === SID_BYTES;
  },
  createEncoder(options?: CodecOptions): Encoder {
    return new G729Encoder(options?.annexb !== 'no' && options?.annexb !== false);
  },
  createDecoder(): Decoder {
    return new G729Decoder();
  },
};
