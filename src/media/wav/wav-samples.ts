/**
 * Sample conversion for WAV data: every encoding to 16-bit PCM, all channels mixed down to one or kept apart. Pure;
 * used for whole files and for the chunks of the player.
 */
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from '../../codecs/g711/g711.js';
import { saturate } from '../../dsp/saturate.js';
import type { WavFormat } from './wav-header.js';

/** Reads one sample at byte `at` as a 16-bit value (fraction kept). */
type SampleReader = (view: DataView, at: number) => number;

function sampleReader({ encoding, bitsPerSample }: WavFormat): SampleReader {
  switch (encoding) {
    case 'ulaw':
      return (view, at) => ULAW_TO_LINEAR[view.getUint8(at)];
    case 'alaw':
      return (view, at) => ALAW_TO_LINEAR[view.getUint8(at)];
    case 'float':
      return bitsPerSample === 32
        ? (view, at) => finite(view.getFloat32(at, true)) * 32768
        : (view, at) => finite(view.getFloat64(at, true)) * 32768;
    default:
      break;
  }
  switch (bitsPerSample) {
    case 8:
      // 8-bit WAV is unsigned.
      return (view, at) => (view.getUint8(at) - 128) << 8;
    case 16:
      return (view, at) => view.getInt16(at, true);
    case 24:
      return (view, at) => view.getInt16(at + 1, true) + view.getUint8(at) / 256;
    default:
      return (view, at) => view.getInt32(at, true) / 65536;
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

export class WavSampleDecoder {
  readonly #format: WavFormat;
  readonly #read: SampleReader;

  constructor(format: WavFormat) {
    this.#format = format;
    this.#read = sampleReader(format);
  }

  /**
   * Converts the whole sample blocks in `bytes`.
   * @param channel which one to take; absent = the mean of all
   * @returns samples written
   */
  decode(bytes: Uint8Array, out: Int16Array, outOffset: number, channel?: number): number {
    const { channels, blockAlign } = this.#format;
    const width = blockAlign / channels;
    const count = Math.min(Math.floor(bytes.length / blockAlign), out.length - outOffset);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = this.#read;
    for (let i = 0; i < count; i++) {
      let value = 0;
      if (channel !== undefined) value = read(view, i * blockAlign + channel * width);
      else {
        for (let c = 0; c < channels; c++) value += read(view, i * blockAlign + c * width);
        value /= channels;
      }
      out[outOffset + i] = saturate(Math.round(value));
    }
    return count;
  }
}
