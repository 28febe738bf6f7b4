/**
 * iLBC, the internet low bitrate codec: 13.33 kbit/s in frames of 30 ms or 15.2 kbit/s in frames of 20 ms (RFC 3951; RTP
 * by RFC 3952). Floating point after the RFC's description, so equal to other implementations in sound, not in bits.
 */
import type { Codec, Decoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { IlbcFrameDecoder } from './decoder.js';
import { IlbcEncoder } from './encoder.js';
import { ilbcInfo } from './info.js';
import { type IlbcMode, MODE_20, MODE_30 } from './mode.js';

/** The mode a payload is in: the negotiated one if its length fits, else the other one, if that fits. */
function modeOf(length: number, negotiated: IlbcMode): IlbcMode | undefined {
  if (length <= 0) return undefined;
  if (length % negotiated.frameBytes === 0) return negotiated;
  const other = negotiated === MODE_20 ? MODE_30 : MODE_20;
  return length % other.frameBytes === 0 ? other : undefined;
}

/** Decodes both frame sizes: there are peers that send the one they were not asked for. */
class IlbcDecoder implements Decoder {
  readonly #negotiated: IlbcMode;
  readonly #decoders: Readonly<Record<20 | 30, IlbcFrameDecoder>>;
  readonly #pieces: Readonly<Record<20 | 30, FramePieces>>;
  /** The mode of the last payload. */
  #mode: IlbcMode;

  constructor(mode: IlbcMode) {
    this.#negotiated = mode;
    this.#mode = mode;
    const decoders = { 20: new IlbcFrameDecoder(MODE_20), 30: new IlbcFrameDecoder(MODE_30) };
    this.#decoders = decoders;
    this.#pieces = {
      20: new FramePieces(MODE_20.frameSamples, (out, offset) => decoders[20].conceal(out, offset)),
      30: new FramePieces(MODE_30.frameSamples, (out, offset) => decoders[30].conceal(out, offset)),
    };
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const mode = modeOf(end - start, this.#negotiated);
    if (!mode) return 0;
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#decoders[mode.milliseconds].reset();
    }
    const room = Math.floor((out.length - outOffset) / mode.frameSamples);
    const frames = Math.max(0, Math.min((end - start) / mode.frameBytes, room));
    this.#pieces[mode.milliseconds].drop();
    for (let i = 0; i < frames; i++)
      this.#decoders[mode.milliseconds].decode(
        data,
        start + i * mode.frameBytes,
        out,
        outOffset + i * mode.frameSamples,
      );
    return frames * mode.frameSamples;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#pieces[this.#mode.milliseconds].fill(out, outOffset, samples);
  }

  reset(): void {
    this.#mode = this.#negotiated;
    for (const mode of [20, 30] as const) {
      this.#decoders[mode].reset();
      this.#pieces[mode].drop();
    }
  }
}

function ilbc(mode: IlbcMode): Codec {
  const codec: Codec = {
    info: ilbcInfo(mode),
    samplesIn: (_data, start, end) => {
      const found = modeOf(end - start, mode);
      return found ? ((end - start) / found.frameBytes) * found.frameSamples : 0;
    },
    createEncoder: () => new IlbcEncoder(mode),
    createDecoder: () => new IlbcDecoder(mode),
  };
  return codec;
}

/** Which of the two is used is negotiated by `a=fmtp … mode=` (RFC 3952 §5): absent means 30, the larger one wins. */
export const ilbc20: Codec = ilbc(MODE_20);
export const ilbc30: Codec = ilbc(MODE_30);
