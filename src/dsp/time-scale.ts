/**
 * Time-scale modification of speech: plays a stretch of audio somewhat faster or slower at the same pitch, by leaving
 * out or repeating pitch periods where the waveform is most like itself (waveform similarity overlap-add). Used by the
 * receive path to follow the jitter buffer's advice instead of dropping or concealing frames. It works in the caller's
 * buffer, adds no delay and never changes more than it was asked for; it may change less.
 */
import { sumOfSquares } from './level.js';

/** Pitch periods of speech: 67 to 400 Hz. */
const MIN_LAG_MS = 2.5;
const MAX_LAG_MS = 15;
/** Length of the cross-fade. */
const FADE_MS = 5;
/** What is compared: this much before the cross-fade, and the cross-fade. */
const CONTEXT_MS = 5;
/** Longest stretch that is modified at once. */
const MAX_BLOCK_MS = 120;
/** Rate at which the first, coarse search is done. */
const COARSE_RATE = 8000;
/** Likeness (1 less the energy of the difference over the energy of both) from which the seam cannot be heard … */
const MIN_SIMILARITY = 0.8;
/** … and from which it is better than the delay when much is to be changed. */
const MIN_SIMILARITY_URGENT = 0.5;
const URGENT_MS = 80;
/** Signals this far below the loudest of the last seconds are pauses, in which any seam will do: 20 dB as power. */
const QUIET_SHARE = 0.01;
/** Mean square of -55 dBov: quiet whatever went before. */
const QUIET_POWER = 32768 * 32768 * 10 ** -5.5;
/** The loudest is forgotten with this time constant. */
const LOUDEST_DECAY_MS = 3000;
/** Speech stays easy to follow up to this change of tempo. */
const MAX_TEMPO_CHANGE = 0.25;

export class TimeScaler {
  readonly #minLag: number;
  readonly #maxLag: number;
  readonly #fade: number;
  readonly #context: number;
  readonly #history: number;
  readonly #maxBlock: number;
  readonly #coarseStep: number;
  readonly #urgent: number;
  /** What was played last, and the block in hand. */
  readonly #work: Float32Array;
  /** What the coarse search compares, at its rate; empty where there is none. */
  readonly #coarse: Float32Array;
  readonly #fadeIn: Float32Array;
  readonly #sampleRate: number;
  /** Of the last {@link #search}. */
  #similarity = 0;
  #loudest = 0;
  /** Of the block before, mean square. */
  #lastPower = 0;
  /** Samples that may be changed now without exceeding the tempo. */
  #credit: number;

  /** @param sampleRate Hz */
  constructor(sampleRate: number) {
    const samples = (ms: number): number => Math.round((ms * sampleRate) / 1000);
    this.#sampleRate = sampleRate;
    this.#minLag = samples(MIN_LAG_MS);
    this.#maxLag = samples(MAX_LAG_MS);
    this.#fade = samples(FADE_MS);
    this.#context = samples(CONTEXT_MS);
    this.#history = this.#maxLag + this.#context;
    this.#maxBlock = samples(MAX_BLOCK_MS);
    this.#urgent = samples(URGENT_MS);
    this.#coarseStep = Math.max(1, Math.round(sampleRate / COARSE_RATE));
    this.#work = new Float32Array(this.#history + this.#maxBlock);
    const compared = this.#coarseStep > 1 ? this.#history + this.#fade + this.#maxLag : 0;
    this.#coarse = new Float32Array(Math.floor(compared / this.#coarseStep));
    this.#fadeIn = Float32Array.from(
      { length: this.#fade },
      (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / this.#fade),
    );
    this.#credit = this.#maxLag;
  }

  /** Forgets what was played. */
  reset(): void {
    this.#work.fill(0);
    this.#loudest = 0;
    this.#lastPower = 0;
    this.#credit = this.#maxLag;
  }

  /**
   * Takes everything that is played, block after block, and changes the length of this one.
   * @param pcm holds the block; up to `wanted` samples behind it are overwritten when it grows
   * @param wanted samples to add (> 0) or to take away (< 0); 0 leaves the block as it is
   * @returns the new length: between `count` and `count + wanted`
   */
  process(pcm: Int16Array, offset: number, count: number, wanted: number): number {
    if (count <= 0) return 0;
    if (count > this.#maxBlock) {
      this.#remember(pcm, offset, count);
      return count;
    }
    this.#credit = Math.min(this.#maxLag, this.#credit + count * MAX_TEMPO_CHANGE);
    const power = sumOfSquares(pcm, offset, count) / count;
    this.#loudest = Math.max(
      power,
      this.#loudest * Math.max(0, 1 - (count * 1000) / (this.#sampleRate * LOUDEST_DECAY_MS)),
    );
    let length = count;
    if (wanted !== 0) {
      const quiet = Math.max(power, this.#lastPower) < Math.max(QUIET_POWER, this.#loudest * QUIET_SHARE);
      const room = Math.min(wanted, pcm.length - offset - count);
      for (let i = 0; i < count; i++) this.#work[this.#history + i] = pcm[offset + i];
      length =
        room > 0
          ? this.#expand(pcm, offset, count, room, quiet)
          : this.#shorten(pcm, offset, count, -wanted, quiet);
    }
    this.#lastPower = power;
    this.#remember(pcm, offset, length);
    return length;
  }

  /** Goes back by one period at the start of the block, once. */
  #expand(pcm: Int16Array, offset: number, count: number, wanted: number, quiet: boolean): number {
    if (count < this.#fade) return count;
    const lag = this.#findLag(this.#history, -1, Math.min(this.#maxLag, wanted), wanted, quiet);
    if (lag === 0) return count;
    const start = this.#history;
    for (let i = 0; i < count + lag; i++) {
      const earlier = this.#work[start - lag + i];
      if (i >= this.#fade) pcm[offset + i] = earlier;
      else {
        const later = this.#work[start + i];
        pcm[offset + i] = Math.round(later + (earlier - later) * this.#fadeIn[i]);
      }
    }
    return count + lag;
  }

  /** Leaves out one period after the other, from the start of the block. */
  #shorten(pcm: Int16Array, offset: number, count: number, wanted: number, quiet: boolean): number {
    let length = count;
    let left = wanted;
    for (let at = 0; left >= this.#minLag; at += this.#fade) {
      const start = this.#history + at;
      const most = Math.min(this.#maxLag, left, length - at - this.#fade);
      const lag = this.#findLag(start, 1, most, left, quiet);
      if (lag === 0) break;
      const work = this.#work;
      for (let i = 0; i < this.#fade; i++) {
        work[start + i] += (work[start + lag + i] - work[start + i]) * this.#fadeIn[i];
      }
      work.copyWithin(start + this.#fade, start + this.#fade + lag, this.#history + length);
      length -= lag;
      left -= lag;
    }
    if (length < count) {
      for (let i = 0; i < length; i++) pcm[offset + i] = Math.round(this.#work[this.#history + i]);
    }
    return length;
  }

  /** @returns a lag after which the signal at `start` goes on as if nothing had happened; 0 when there is none */
  #findLag(start: number, direction: 1 | -1, most: number, wanted: number, quiet: boolean): number {
    if (most < this.#minLag || (!quiet && this.#credit < this.#minLag)) return 0;
    const lag = this.#search(start, direction, most);
    if (quiet) return lag;
    if (lag > this.#credit) return 0;
    const needed = wanted >= this.#urgent ? MIN_SIMILARITY_URGENT : MIN_SIMILARITY;
    if (this.#similarity < needed) return 0;
    this.#credit -= lag;
    return lag;
  }

  /** The lag in [minLag, most] with the highest correlation: coarse over all, then fine around the best. */
  #search(start: number, direction: 1 | -1, most: number): number {
    const step = this.#coarseStep;
    if (step === 1) return this.#best(this.#work, start, this.#minLag, most, direction, 1);
    const from = start - this.#history;
    const length = Math.floor((this.#history + this.#fade + most * (direction > 0 ? 1 : 0)) / step);
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let j = from + i * step; j < from + (i + 1) * step; j++) sum += this.#work[j];
      this.#coarse[i] = sum;
    }
    const coarse = this.#best(
      this.#coarse,
      Math.floor(this.#history / step),
      Math.ceil(this.#minLag / step),
      Math.floor(most / step),
      direction,
      step,
    );
    const low = Math.max(this.#minLag, (coarse - 1) * step);
    const high = Math.min(most, (coarse + 1) * step);
    return this.#best(this.#work, start, low, high, direction, 1);
  }

  #best(x: Float32Array, start: number, low: number, high: number, direction: 1 | -1, step: number): number {
    const begin = start - Math.floor(this.#context / step);
    const end = start + Math.floor(this.#fade / step);
    // Energies: of what is there, and of what lies a lag away, which moves on with it by a sample at each end.
    let own = 0;
    let other = 0;
    for (let i = begin; i < end; i++) {
      own += x[i] * x[i];
      other += x[i + direction * low] * x[i + direction * low];
    }
    let best = low;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let lag = low; lag <= high; lag++) {
      const shift = direction * lag;
      if (lag > low) {
        const leaves = x[direction > 0 ? begin + shift - 1 : end + shift];
        const comes = x[direction > 0 ? end + shift - 1 : begin + shift];
        other += comes * comes - leaves * leaves;
      }
      const cross = product(x, begin, end, shift);
      const sum = own + other;
      const score = sum > 0 ? (2 * cross) / sum : 1;
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    this.#similarity = bestScore;
    return best;
  }

  /** Keeps the end of what is played as history of the next block. */
  #remember(pcm: Int16Array, offset: number, count: number): void {
    const fresh = Math.min(count, this.#history);
    if (fresh < this.#history) this.#work.copyWithin(0, fresh, this.#history);
    const from = offset + count - fresh;
    for (let i = 0; i < fresh; i++) this.#work[this.#history - fresh + i] = pcm[from + i];
  }
}

/** Of `x[begin..end)` and what lies `shift` on; four sums at once, as each addition waits for the one before. */
function product(x: Float32Array, begin: number, end: number, shift: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = begin;
  for (; i + 3 < end; i += 4) {
    a += x[i] * x[i + shift];
    b += x[i + 1] * x[i + 1 + shift];
    c += x[i + 2] * x[i + 2 + shift];
    d += x[i + 3] * x[i + 3 + shift];
  }
  for (; i < end; i++) a += x[i] * x[i + shift];
  return a + b + (c + d);
}
