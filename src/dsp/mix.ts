/**
 * Mixer core: adds any number of parties once and gives each the sum without its own part (N-1), so that the cost
 * grows with N, not with N². Sums are 32 bit. When they exceed 16 bit, everybody's frame is made softer by the same
 * smoothly moving gain; below that the sum is exact.
 */
import { saturate } from './saturate.js';

/** A gain once lowered comes back by this factor per frame: 20 ms frames take half a second for 6 dB. */
const RELEASE = 1.028;
/** The gain falls within this part of the frame. */
const ATTACK_SHARE = 1 / 8;
const FULL_SCALE = 32767;
const UNITY = 32768;

export class Mixer {
  readonly #sum: Int32Array;
  /** Gain per sample of the frame while limiting, in 1/32768. */
  readonly #gains: Int32Array;
  #count = 0;
  #gain = 1;
  /** The frame's sum is complete and the gain known. */
  #ready = false;
  /** {@link #gains} apply to this frame. */
  #limiting = false;

  /** @param maxSamples longest frame */
  constructor(maxSamples: number) {
    this.#sum = new Int32Array(maxSamples);
    this.#gains = new Int32Array(maxSamples);
  }

  /** True while the sum is made softer to fit. */
  get limiting(): boolean {
    return this.#limiting;
  }

  /** Starts a frame of `count` samples. */
  begin(count: number): void {
    this.#count = count;
    this.#ready = false;
    this.#sum.fill(0, 0, count);
  }

  /** Adds a party; all of them before the first {@link total} or {@link others}. */
  add(pcm: Int16Array, offset: number): void {
    accumulate(this.#sum, pcm, offset, this.#count);
  }

  /** Everybody's sum. */
  total(out: Int16Array, outOffset: number): void {
    if (!this.#ready) this.#prepare();
    const sum = this.#sum;
    const count = this.#count;
    for (let i = 0; i < count; i++) out[outOffset + i] = saturate(sum[i]);
  }

  /** The sum without `own`, which must have been added before; `out` may be `own`. */
  others(own: Int16Array, ownOffset: number, out: Int16Array, outOffset: number): void {
    if (!this.#ready) this.#prepare();
    if (this.#limiting) subtractScaled(this.#sum, this.#gains, own, ownOffset, out, outOffset, this.#count);
    else subtract(this.#sum, own, ownOffset, out, outOffset, this.#count);
  }

  /** Chooses the gain of the frame by the peak of the sum, and applies it to the sum. */
  #prepare(): void {
    this.#ready = true;
    const sum = this.#sum;
    const count = this.#count;
    let peak = 0;
    for (let i = 0; i < count; i++) {
      // One less for negative values: these may be -32768.
      const size = sum[i] < 0 ? ~sum[i] : sum[i];
      if (size > peak) peak = size;
    }
    const from = this.#gain;
    const to = Math.min(1, from * RELEASE, peak > 0 ? FULL_SCALE / peak : 1);
    this.#gain = to;
    this.#limiting = from < 1 || to < 1;
    if (!this.#limiting) return;
    const ramp = to < from ? Math.max(1, Math.round(count * ATTACK_SHARE)) : count;
    const step = (to - from) / ramp;
    for (let i = 0; i < count; i++) {
      const gain = Math.round((i < ramp ? from + step * (i + 1) : to) * UNITY);
      this.#gains[i] = gain;
      sum[i] = Math.round((sum[i] * gain) / UNITY);
    }
  }
}

// The loops that cost: plain functions, four samples a round, which V8 compiles best.

function accumulate(sum: Int32Array, pcm: Int16Array, offset: number, count: number): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const j = (offset + i) | 0;
    sum[i] = (sum[i] + pcm[j]) | 0;
    sum[i + 1] = (sum[i + 1] + pcm[j + 1]) | 0;
    sum[i + 2] = (sum[i + 2] + pcm[j + 2]) | 0;
    sum[i + 3] = (sum[i + 3] + pcm[j + 3]) | 0;
  }
  for (; i < count; i++) sum[i] += pcm[offset + i];
}

/** The sum fits into 16 bit, but without a part of it it may not. */
function subtract(
  sum: Int32Array,
  own: Int16Array,
  ownOffset: number,
  out: Int16Array,
  outOffset: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const value = (sum[i] - own[ownOffset + i]) | 0;
    out[outOffset + i] = saturate(value);
  }
}

function subtractScaled(
  sum: Int32Array,
  gains: Int32Array,
  own: Int16Array,
  ownOffset: number,
  out: Int16Array,
  outOffset: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const value = (sum[i] - (Math.imul(own[ownOffset + i], gains[i]) >> 15)) | 0;
    out[outOffset + i] = saturate(value);
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
