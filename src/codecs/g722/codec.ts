/**
 * G.722: 7 kHz audio at 64 kbit/s (ITU-T G.722; RTP by RFC 3551 §4.5.2, with its historic clock rate of 8000). Two
 * samples make an octet: the quadrature mirror filter splits them into two sub-bands, each coded by ADPCM. Bit-exact.
 * The standard has no concealment; lost audio is filled by waveform substitution.
 */
import type { Codec, CodecOptions, Decoder, Encoder } from '../codec.js';
import { WaveformConcealer } from '../concealment.js';
import { saturate16 } from '../saturate.js';
import { FRAME_BYTES, FRAME_SAMPLES, G722_INFO, SAMPLE_RATE } from './info.js';
import { evenTaps, oddTaps, QMF_TAPS } from './qmf.js';
import { type G722Mode, HigherBand, LowerBand } from './sub-bands.js';

class G722Encoder implements Encoder {
  readonly #lower = new LowerBand();
  readonly #higher = new HigherBand();
  /** The last 22 samples of the frame before, then the frame. */
  readonly #input = new Int32Array(QMF_TAPS - 2 + FRAME_SAMPLES);

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const input = this.#input;
    for (let i = 0; i < FRAME_SAMPLES; i++) input[QMF_TAPS - 2 + i] = pcm[pcmOffset + i];
    for (let i = 0; i < FRAME_BYTES; i++) {
      // Transmit QMF (G.722 §6.2.1.1)
      const even = evenTaps(input, 2 * i);
      const odd = oddTaps(input, 2 * i);
      const lower = this.#lower.encode((even + odd) >> 14);
      const higher = this.#higher.encode((odd - even) >> 14);
      out[outOffset + i] = (higher << 6) | lower;
    }
    input.copyWithin(0, FRAME_SAMPLES);
    return FRAME_BYTES;
  }

  reset(): void {
    this.#lower.reset();
    this.#higher.reset();
    this.#input.fill(0);
  }
}

class G722Decoder implements Decoder {
  readonly #mode: G722Mode;
  readonly #lower = new LowerBand();
  readonly #higher = new HigherBand();
  readonly #concealer = new WaveformConcealer(SAMPLE_RATE);
  /** Delay line of the receive QMF (sums and differences by turns), then room for a frame. */
  readonly #bands = new Int32Array(QMF_TAPS - 2 + FRAME_SAMPLES);

  constructor(mode: G722Mode) {
    this.#mode = mode;
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const octets = Math.min(end - start, (out.length - outOffset) >> 1);
    if (octets <= 0) return 0;
    for (let done = 0; done < octets; done += FRAME_BYTES)
      this.#decodePiece(data, start + done, Math.min(FRAME_BYTES, octets - done), out, outOffset + 2 * done);
    this.#concealer.remember(out, outOffset, 2 * octets);
    return 2 * octets;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#concealer.conceal(out, outOffset, samples);
  }

  reset(): void {
    this.#lower.reset();
    this.#higher.reset();
    this.#concealer.reset();
    this.#bands.fill(0);
  }

  /** Up to a frame, as much as the delay line has room for. */
  #decodePiece(data: Uint8Array, start: number, octets: number, out: Int16Array, outOffset: number): void {
    const bands = this.#bands;
    for (let i = 0; i < octets; i++) {
      const octet = data[start + i];
      const lower = this.#lower.decode(octet & 63, this.#mode);
      const higher = this.#higher.decode(octet >> 6);
      // Receive QMF (G.722 §6.2.2.5)
      const at = QMF_TAPS - 2 + 2 * i;
      bands[at] = lower + higher;
      bands[at + 1] = lower - higher;
      out[outOffset + 2 * i] = saturate16(oddTaps(bands, 2 * i) >> 11);
      out[outOffset + 2 * i + 1] = saturate16(evenTaps(bands, 2 * i) >> 11);
    }
    bands.copyWithin(0, 2 * octets, 2 * octets + QMF_TAPS - 2);
  }
}

/** Decoder option `mode`: 1 (default), 2 or 3, how many bits of each octet are audio (8, 7, 6); RTP always has 1. */
export const g722: Codec = {
  info: G722_INFO,
  samplesIn: (_data, start, end) => Math.max(0, end - start) * 2,
  createEncoder: () => new G722Encoder(),
  createDecoder: (options?: CodecOptions) => {
    const mode = options?.mode;
    return new G722Decoder(mode === 2 || mode === 3 ? mode : 1);
  },
};
