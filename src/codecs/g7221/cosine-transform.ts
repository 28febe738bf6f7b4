/**
 * The discrete cosine transform of type IV in the fixed-point arithmetic of G.722.1: sums and differences take it apart
 * into transforms of ten points, rotations put those together again. Analysis and synthesis scale differently.
 */
import { saturate16 } from '../saturate.js';
import { ANALYSIS_BIAS, DITHER, SYNTHESIS_BIAS, WIDE_DITHER } from './bias-tables.js';
import {
  analysisFactors,
  CORE,
  type Rotation,
  synthesisFactors,
  type TransformFactors,
} from './rotations.js';

/** Half of the largest 32-bit values: products are summed up at half of what the standard's operators make of them. */
const MAX_HALF = (2 ** 31 - 1) / 2;
const MIN_HALF = -(2 ** 30);

/** One level of sums and differences, halved; the pieces of `span` come out as sums ascending, differences descending. */
function splitHalved(from: Int16Array, to: Int16Array, size: number, span: number): void {
  for (let base = 0, at = 0; base < size; base += span) {
    for (let low = base, high = base + span - 1; low < high; low++, high--) {
      const a = from[at++];
      const b = from[at++];
      to[low] = (a + b) >> 1;
      to[high] = (a - b) >> 1;
    }
  }
}

function split(from: Int16Array, to: Int16Array, size: number, span: number): void {
  for (let base = 0, at = 0; base < size; base += span) {
    for (let low = base, high = base + span - 1; low < high; low++, high--) {
      const a = from[at++];
      const b = from[at++];
      to[low] = saturate16(a + b);
      to[high] = saturate16(a - b);
    }
  }
}

/** The first level of the synthesis, over the whole size. */
function splitDithered(from: Int16Array, to: Int16Array, size: number, dither: Uint8Array): void {
  for (let low = 0, high = size - 1, at = 0; low < high; low++, high--) {
    const a = from[at];
    const b = from[at + 1];
    to[low] = (saturate16(a + dither[at++]) + b) >> 1;
    to[high] = (saturate16(a + dither[at++]) - b) >> 1;
  }
}

/** Transforms of ten points by their matrix. */
function transformCores(from: Int16Array, to: Int16Array, size: number, core: Int16Array): void {
  for (let base = 0; base < size; base += CORE) {
    for (let k = 0; k < CORE; k++) {
      let half = 0;
      let i = 0;
      for (; i < CORE; i++) {
        half = (half + Math.imul(from[base + i], core[i * CORE + k])) | 0;
        // Beyond 31 bits the standard's sum, which is twice this one, saturates.
        if (((half + 0x40000000) | 0) < 0) break;
      }
      to[base + k] = i === CORE ? saturate16((half + 0x4000) >> 15) : saturatedCore(from, base, core, k);
    }
  }
}

function saturatedCore(from: Int16Array, base: number, core: Int16Array, k: number): number {
  let half = 0;
  for (let i = 0; i < CORE; i++) {
    half += from[base + i] * core[i * CORE + k];
    half = Math.max(MIN_HALF, Math.min(MAX_HALF, half));
  }
  return saturate16(Math.floor((2 * half + 0x8000) / 0x10000));
}

/** Joins the halves of each piece of `span`; `shift` is 15 less the doublings of the result. */
function rotate(
  from: Int16Array,
  to: Int16Array,
  size: number,
  span: number,
  { cosines, sines }: Rotation,
  shift: number,
): void {
  const round = 1 << (shift - 1);
  const half = span >> 1;
  for (let base = 0; base < size; base += span) {
    let low = base;
    let high = base + span - 1;
    for (let i = 0; i < half; i += 2) {
      const a = from[base + i];
      const b = from[base + half + i];
      to[low++] = saturate16((cosines[i] * a + sines[i] * b + round) >> shift);
      to[high--] = saturate16((cosines[i] * b - sines[i] * a + round) >> shift);
      const c = from[base + i + 1];
      const d = from[base + half + i + 1];
      to[low++] = saturate16((cosines[i + 1] * c - sines[i + 1] * d + round) >> shift);
      to[high--] = saturate16((-sines[i + 1] * c - cosines[i + 1] * d + round) >> shift);
    }
  }
}

/** The second half of both directions: `spare` and `data` change places; the last rotation writes to `out`. */
function join(
  data: Int16Array,
  spare: Int16Array,
  out: Int16Array,
  size: number,
  factors: TransformFactors,
  shift: number,
): void {
  transformCores(data, spare, size, factors.core);
  let from = spare;
  let to = data;
  let span = 2 * CORE;
  for (const rotation of factors.rotations) {
    rotate(from, span === size ? out : to, size, span, rotation, shift);
    [from, to] = [to, from];
    span *= 2;
  }
}

export class AnalysisTransform {
  readonly #size: 320 | 640;
  readonly #factors: TransformFactors;
  readonly #a: Int16Array;
  readonly #b: Int16Array;

  constructor(size: 320 | 640) {
    this.#size = size;
    this.#factors = analysisFactors(size);
    this.#a = new Int16Array(size);
    this.#b = new Int16Array(size);
  }

  /** @param input is overwritten */
  transform(input: Int16Array, out: Int16Array): void {
    const size = this.#size;
    if (size === 320) for (let i = 0; i < size; i++) input[i] = saturate16(input[i] + ANALYSIS_BIAS[i]);
    let from = input;
    let to = this.#a;
    for (let span: number = size; span > CORE; span >>= 1) {
      splitHalved(from, to, size, span);
      from = to;
      to = from === this.#a ? this.#b : this.#a;
    }
    join(from, to, out, size, this.#factors, 15);
  }

  get window(): Int16Array {
    return this.#factors.window;
  }
}

export class SynthesisTransform {
  readonly #size: 320 | 640;
  readonly #factors: TransformFactors;
  readonly #a: Int16Array;
  readonly #b: Int16Array;

  constructor(size: 320 | 640) {
    this.#size = size;
    this.#factors = synthesisFactors(size);
    this.#a = new Int16Array(size);
    this.#b = new Int16Array(size);
  }

  transform(input: Int16Array, out: Int16Array): void {
    const size = this.#size;
    splitDithered(input, this.#a, size, size === 320 ? DITHER : WIDE_DITHER);
    let from = this.#a;
    let to = this.#b;
    for (let span = size >> 1; span > CORE; span >>= 1) {
      split(from, to, size, span);
      [from, to] = [to, from];
    }
    join(from, to, out, size, this.#factors, 14);
    if (size === 320) for (let i = 0; i < size; i++) out[i] = saturate16(out[i] + SYNTHESIS_BIAS[i]);
  }

  get window(): Int16Array {
    return this.#factors.window;
  }
}
