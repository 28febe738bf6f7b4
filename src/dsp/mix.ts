/**
 * Mixer core: adds any number of parties once and gives each the sum without its own part (N-1), so that the cost
 * grows with N, not with N². Sums are 32 bit and saturate once, at the end.
 */
import { saturate } from './saturate.js';

export class Mixer {
  readonly #sum: Int32Array;
  #count = 0;

  /** @param maxSamples longest frame */
  constructor(maxSamples: number) {
    this.#sum = new Int32Array(maxSamples);
  }

  /** Starts a frame of `count` samples. */
  begin(count: number): void {
    this.#count = count;
    this.#sum.fill(0, 0, count);
  }

  add(pcm: Int16Array, offset: number): void {
    const sum = this.#sum;
    for (let i = 0; i < this.#count; i++) sum[i] += pcm[offset + i];
  }

  /** Everybody's sum. */
  total(out: Int16Array, outOffset: number): void {
    const sum = this.#sum;
    for (let i = 0; i < this.#count; i++) {
      out[outOffset + i] = saturate(sum[i]);
    }
  }

  /** The sum without `own`, which must have been added before; `out` may be `own`. */
  others(own: Int16Array, ownOffset: number, out: Int16Array, outOffset: number): void {
    const sum = this.#sum;
    for (let i = 0; i < this.#count; i++) {
      out[outOffset + i] = saturate(sum[i] - own[ownOffset + i]);
    }
  }
}

/** Adds `count` samples of `source` to `target` with saturation. */
export function addSaturated(
  target: Int16Array,
  targetOffset: number,
  source: Int16Array,
  sourceOffset: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    target[targetOffset + i] = saturate(target[targetOffset + i] + source[sourceOffset + i]);
  }
}
