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

function sumOfSquares(pcm: Int16Array, offset: number, count: number): number {
  let sum = 0;
  for (let i = offset; i < offset + count; i++) sum += pcm[i] * pcm[i];
  return sum;
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
