/** Level in dBov: 0 is a full-scale square wave, -127 is silence (RFC 6464 §3, RFC 3389 §3.1). */

export const SILENCE_DBOV = -127;

export function powerToDbov(meanSquare: number): number {
  if (meanSquare <= 0) return SILENCE_DBOV;
  return Math.max(SILENCE_DBOV, Math.min(0, 10 * Math.log10(meanSquare / (32768 * 32768))));
}

/** Level of `count` samples from `offset`. */
export function levelDbov(pcm: Int16Array, offset = 0, count: number = pcm.length - offset): number {
  return count <= 0 ? SILENCE_DBOV : powerToDbov(sumOfSquares(pcm, offset, count) / count);
}

export function sumOfSquares(pcm: Int16Array, offset: number, count: number): number {
  // Two sums, which need not wait for each other.
  let even = 0;
  let odd = 0;
  const end = offset + count;
  let i = offset;
  for (; i + 1 < end; i += 2) {
    even += pcm[i] * pcm[i];
    odd += pcm[i + 1] * pcm[i + 1];
  }
  return i < end ? even + odd + pcm[i] * pcm[i] : even + odd;
}

/** A running level: rises within a frame, falls with a time constant of 200 ms. */
export class LevelMeter {
  #meanSquare = 0;
  readonly #sampleRate: number;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  push(pcm: Int16Array, offset: number, count: number): void {
    if (count <= 0) return;
    const now = sumOfSquares(pcm, offset, count) / count;
    const share = Math.min(1, count / (0.2 * this.#sampleRate));
    this.#meanSquare = now > this.#meanSquare ? now : this.#meanSquare + (now - this.#meanSquare) * share;
  }

  get dbov(): number {
    return powerToDbov(this.#meanSquare);
  }
}
