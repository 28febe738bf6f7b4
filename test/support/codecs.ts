/** What the codec tests share: reference files as samples, a made signal, and whole-stream encoding and decoding. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SeededRandom } from '../../src/base/random.js';
import type { Codec, CodecOptions, Decoder } from '../../src/codecs/codec.js';
import { sharedPath } from './shared.js';

/** A file of 16-bit little-endian words below `shared/vectors`. */
export function vectorWords(...parts: string[]): Int16Array {
  const bytes = vectorBytes(...parts);
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

export function vectorBytes(...parts: string[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(sharedPath('vectors', ...parts)));
}

/** The samples of a 16-bit mono WAV file in `shared/vectors/audio`. */
export function audio(name: string): Int16Array {
  const bytes = vectorBytes('audio', name);
  return new Int16Array(bytes.buffer.slice(44));
}

/** Something like speech: harmonics of a gliding pitch under a syllable envelope, with a little noise. */
export function madeSpeech(sampleRate: number, seconds: number, seed = 1): Int16Array {
  const random = new SeededRandom(seed);
  const pcm = new Int16Array(Math.floor(sampleRate * seconds));
  let phase = 0;
  for (let i = 0; i < pcm.length; i++) {
    const time = i / sampleRate;
    phase += (2 * Math.PI * (130 + 40 * Math.sin(2 * Math.PI * 0.7 * time))) / sampleRate;
    const envelope = Math.max(0, Math.sin(2 * Math.PI * 2.3 * time)) ** 0.5;
    let value = 0;
    for (let h = 1; h <= 12; h++) value += Math.sin(h * phase + h * h) / (1 + Math.abs(h - 4));
    pcm[i] = Math.round(3500 * envelope * value + 200 * (random.float() - 0.5));
  }
  return pcm;
}

/** Encodes whole frames and joins them. */
export function encodeAll(codec: Codec, pcm: Int16Array, options?: CodecOptions): Uint8Array {
  const encoder = codec.createEncoder(options);
  const { frameSamples, maxFrameBytes } = codec.info;
  const frames = Math.floor(pcm.length / frameSamples);
  const out = new Uint8Array(frames * maxFrameBytes);
  let length = 0;
  for (let i = 0; i < frames; i++) length += encoder.encode(pcm, i * frameSamples, out, length);
  return out.subarray(0, length);
}

/** Decodes frames of `frameBytes`; those whose number is in `lost` are concealed. */
export function decodeAll(
  codec: Codec,
  data: Uint8Array,
  frameBytes: number,
  options?: CodecOptions,
  lost: ReadonlySet<number> = new Set(),
): Int16Array {
  const decoder = codec.createDecoder(options);
  const frames = Math.ceil(data.length / frameBytes);
  const out = new Int16Array(frames * codec.samplesIn(data, 0, frameBytes));
  let length = 0;
  for (let i = 0; i < frames; i++) {
    const start = i * frameBytes;
    const end = Math.min(start + frameBytes, data.length);
    if (lost.has(i)) {
      const samples = codec.samplesIn(data, start, end);
      decoder.conceal(out, length, samples);
      length += samples;
    } else length += decoder.decode(data, start, end, out, length);
  }
  return out.subarray(0, length);
}

/** Number of differing entries; the shorter length decides nothing: it counts as a difference. */
export function differences(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) count++;
  return count;
}

/** Signal-to-noise ratio in dB of `actual` against `expected`, which may be `delay` samples earlier. */
export function snr(expected: Int16Array, actual: Int16Array, delay = 0): number {
  let signal = 0;
  let noise = 0;
  for (let i = 0; i + delay < actual.length && i < expected.length; i++) {
    signal += expected[i] ** 2;
    noise += (expected[i] - actual[i + delay]) ** 2;
  }
  return 10 * Math.log10(signal / Math.max(noise, 1e-9));
}

export function rms(pcm: Int16Array, from = 0, to = pcm.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += pcm[i] ** 2;
  return Math.sqrt(sum / (to - from));
}

/** First 16 hex digits of the SHA-256 over bytes or little-endian samples. */
export function digest(data: Uint8Array | Int16Array): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Feeds random payloads of all small sizes; nothing may be thrown, and `samplesIn` must tell what comes out. */
export function throwGarbage(codec: Codec, decoder: Decoder, seed = 7): void {
  const random = new SeededRandom(seed);
  const out = new Int16Array(20_000);
  for (let i = 0; i < 300; i++) {
    const data = random.bytes(i);
    const written = decoder.decode(data, 0, data.length, out, 0);
    if (written !== codec.samplesIn(data, 0, data.length)) throw new Error(`size ${i}: ${written} samples`);
    if (i % 7 === 0) decoder.conceal(out, 0, codec.info.frameSamples);
  }
}
