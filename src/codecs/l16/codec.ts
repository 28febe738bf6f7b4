/**
 * L16: uncompressed 16-bit samples in network byte order (RFC 3551 §4.5.11), mono at 8000 and 16000 Hz with dynamic
 * payload types. Lost audio is filled by waveform substitution.
 */
import type { Codec, CodecInfo, Decoder, Encoder } from '../codec.js';
import { WaveformConcealer } from '../concealment.js';
import { L16_NARROW_INFO, L16_WIDE_INFO } from './info.js';

class L16Encoder implements Encoder {
  readonly #samples: number;

  constructor(samples: number) {
    this.#samples = samples;
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    for (let i = 0; i < this.#samples; i++) {
      const sample = pcm[pcmOffset + i];
      out[outOffset + 2 * i] = sample >> 8;
      out[outOffset + 2 * i + 1] = sample;
    }
    return 2 * this.#samples;
  }

  reset(): void {}
}

class L16Decoder implements Decoder {
  readonly #concealer: WaveformConcealer;

  constructor(sampleRate: number) {
    this.#concealer = new WaveformConcealer(sampleRate);
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    if ((end - start) % 2 !== 0) return 0;
    const samples = Math.min((end - start) / 2, out.length - outOffset);
    if (samples <= 0) return 0;
    for (let i = 0; i < samples; i++)
      out[outOffset + i] = (data[start + 2 * i] << 8) | data[start + 2 * i + 1];
    this.#concealer.remember(out, outOffset, samples);
    return samples;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#concealer.conceal(out, outOffset, samples);
  }

  reset(): void {
    this.#concealer.reset();
  }
}

function l16(info: CodecInfo): Codec {
  return {
    info,
    samplesIn: (_data, start, end) => (end > start && (end - start) % 2 === 0 ? (end - start) / 2 : 0),
    createEncoder: () => new L16Encoder(info.frameSamples),
    createDecoder: () => new L16Decoder(info.sampleRate),
  };
}

export const l16Narrow: Codec = l16(L16_NARROW_INFO);
export const l16Wide: Codec = l16(L16_WIDE_INFO);
