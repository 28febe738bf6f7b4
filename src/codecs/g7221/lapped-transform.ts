/**
 * The modulated lapped transform of G.722.1 (§3.1, §4.4): each frame is transformed together with the one before, under
 * a window. Coefficients are 16-bit integers with a common exponent, the scale. Frame encoder and decoder own one each.
 */
import { saturate16 } from '../saturate.js';
import { AnalysisTransform, SynthesisTransform } from './cosine-transform.js';

/** Left shifts that bring a 16-bit value to full scale; 0 for 0. */
function normalShift(value: number): number {
  return value === 0 ? 0 : Math.clz32(value) - 17;
}

/** Shifts that keep the coefficients of these samples within 16 bits, and not much below. */
function scaleOf(samples: Int16Array): number {
  let peak = 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = Math.min(Math.abs(samples[i]), 32767);
    peak = Math.max(peak, value);
    sum += value;
  }
  let scale = 0;
  if (peak < 14000) {
    const shift = normalShift(((peak < 438 ? peak + 1 : peak) * 9587) >> 19);
    scale = shift === 0 ? 9 : shift - 6;
  }
  return peak < sum >> 7 ? scale - 1 : scale;
}

export class ForwardTransform {
  readonly #dct: AnalysisTransform;
  /** The frame before. */
  readonly #old: Int16Array;
  readonly #windowed: Int16Array;

  constructor(size: 320 | 640) {
    this.#dct = new AnalysisTransform(size);
    this.#old = new Int16Array(size);
    this.#windowed = new Int16Array(size);
  }

  /** @returns the scale: the coefficients in `out` are too large by so many powers of two */
  transform(pcm: Int16Array, offset: number, out: Int16Array): number {
    const windowed = this.#windowed;
    const old = this.#old;
    const { window } = this.#dct;
    const size = windowed.length;
    const half = size >> 1;
    for (let i = 0; i < half; i++) {
      const before = half - 1 - i;
      const sum = window[before] * old[before] + window[half + i] * old[half + i];
      windowed[i] = (sum + 0x4000) >> 15;
      const last = size - 1 - i;
      const difference = window[last] * pcm[offset + i] - window[i] * pcm[offset + last];
      windowed[half + i] = (difference + 0x4000) >> 15;
    }
    for (let i = 0; i < size; i++) old[i] = pcm[offset + i];
    const scale = scaleOf(windowed);
    if (scale > 0) for (let i = 0; i < size; i++) windowed[i] = saturate16(windowed[i] << scale);
    else if (scale < 0) for (let i = 0; i < size; i++) windowed[i] >>= -scale;
    this.#dct.transform(windowed, out);
    return scale;
  }

  reset(): void {
    this.#old.fill(0);
  }
}

export class InverseTransform {
  readonly #dct: SynthesisTransform;
  /** The half of the last frame that overlaps this one. */
  readonly #old: Int16Array;
  readonly #samples: Int16Array;

  constructor(size: 320 | 640) {
    this.#dct = new SynthesisTransform(size);
    this.#old = new Int16Array(size / 2);
    this.#samples = new Int16Array(size);
  }

  /** @param scale as {@link ForwardTransform.transform} returned it */
  transform(coefficients: Int16Array, scale: number, out: Int16Array, outOffset: number): void {
    const samples = this.#samples;
    const old = this.#old;
    const { window } = this.#dct;
    const size = samples.length;
    const half = size >> 1;
    this.#dct.transform(coefficients, samples);
    if (scale > 0) for (let i = 0; i < size; i++) samples[i] >>= scale;
    else if (scale < 0) for (let i = 0; i < size; i++) samples[i] = saturate16(samples[i] << -scale);
    for (let i = 0; i < half; i++) {
      const back = half - 1 - i;
      const first = window[i] * samples[back] + window[size - 1 - i] * old[i];
      const second = window[half + i] * samples[i] - window[back] * old[back];
      out[outOffset + i] = saturate16((first + 0x1000) >> 13);
      out[outOffset + half + i] = saturate16((second + 0x1000) >> 13);
    }
    for (let i = 0; i < half; i++) old[i] = samples[half + i];
  }

  reset(): void {
    this.#old.fill(0);
  }
}
