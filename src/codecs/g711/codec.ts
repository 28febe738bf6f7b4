/**
 * PCMU and PCMA (RFC 3551 §4.5.14): one byte a sample, any number of samples in a packet. Lost audio is concealed as
 * in G.711 Appendix I.
 */
import type { Codec, CodecInfo, Decoder, Encoder } from '../codec.js';
import { WaveformConcealer } from '../concealment.js';
import { ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_ULAW, ULAW_TO_LINEAR } from './g711.js';
import { FRAME_SAMPLES, PCMA_INFO, PCMU_INFO } from './info.js';

const SAMPLE_RATE = 8000;

class G711Encoder implements Encoder {
  constructor(private readonly table: Uint8Array) {}

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const table = this.table;
    for (let i = 0; i < FRAME_SAMPLES; i++) out[outOffset + i] = table[pcm[pcmOffset + i] & 0xffff];
    return FRAME_SAMPLES;
  }

  reset(): void {}
}

class G711Decoder implements Decoder {
  readonly #concealer = new WaveformConcealer(SAMPLE_RATE);

  constructor(private readonly table: Int16Array) {}

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const table = this.table;
    const count = Math.min(end - start, out.length - outOffset);
    if (count <= 0) return 0;
    for (let i = 0; i < count; i++) out[outOffset + i] = table[data[start + i]];
    this.#concealer.remember(out, outOffset, count);
    return count;
  }

  conceal(out: Int16Array, outOffset: number, samples: number): void {
    this.#concealer.conceal(out, outOffset, samples);
  }

  reset(): void {
    this.#concealer.reset();
  }
}

class G711Codec implements Codec {
  constructor(
    readonly info: CodecInfo,
    private readonly encodeTable: Uint8Array,
    private readonly decodeTable: Int16Array,
  ) {}

  samplesIn(_data: Uint8Array, start: number, end: number): number {
    return Math.max(0, end - start);
  }

  createEncoder(): Encoder {
    return new G711Encoder(this.encodeTable);
  }

  createDecoder(): Decoder {
    return new G711Decoder(this.decodeTable);
  }
}

export const pcmu: Codec = new G711Codec(PCMU_INFO, LINEAR_TO_ULAW, ULAW_TO_LINEAR);
export const pcma: Codec = new G711Codec(PCMA_INFO, LINEAR_TO_ALAW, ALAW_TO_LINEAR);
