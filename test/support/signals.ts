/** Signals for tests of signal processing, and measures on them. All levels in dB over a full-scale sine. */
import { SeededRandom } from '../../src/base/random.js';

export interface Sine {
  hz: number;
  levelDb: number;
}

/** A sum of sines with hard edges. */
export function sines(sampleRate: number, durationMs: number, ...tones: Sine[]): Int16Array {
  return Int16Array.from({ length: Math.round((sampleRate * durationMs) / 1000) }, (_, i) => {
    let value = 0;
    for (const { hz, levelDb } of tones) {
      value += 32767 * 10 ** (levelDb / 20) * Math.sin((2 * Math.PI * hz * i) / sampleRate);
    }
    return Math.max(-32768, Math.min(32767, Math.round(value)));
  });
}

/** White noise with the power of a sine of that level. */
export function whiteNoise(sampleRate: number, durationMs: number, levelDb: number, seed = 1): Int16Array {
  const random = new SeededRandom(seed);
  const deviation = (32767 / Math.SQRT2) * 10 ** (levelDb / 20);
  // Twelve uniform values sum up to nearly a normal distribution of variance 1.
  return Int16Array.from({ length: Math.round((sampleRate * durationMs) / 1000) }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random.float();
    return Math.max(-32768, Math.min(32767, Math.round(sum * deviation)));
  });
}

export function silence(sampleRate: number, durationMs: number): Int16Array {
  return new Int16Array(Math.round((sampleRate * durationMs) / 1000));
}

export function joined(...parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Sample by sample sum, as long as the first. */
export function mixed(first: Int16Array, second: Int16Array): Int16Array {
  return first.map((value, i) => Math.max(-32768, Math.min(32767, value + (second[i] ?? 0))));
}

/** Hands a signal over in blocks of the given sizes, in turn. */
export function inBlocks(
  pcm: Int16Array,
  sizes: readonly number[],
  take: (offset: number, count: number) => void,
): void {
  for (let at = 0, turn = 0; at < pcm.length; turn++) {
    const count = Math.min(sizes[turn % sizes.length], pcm.length - at);
    take(at, count);
    at += count;
  }
}

/** Normalised correlation of two signals of the same length and alignment. */
export function correlation(a: Int16Array, b: Int16Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
