/**
 * Clock drift between two ends that both believe in the same sample rate: {@link DriftEstimator} measures it from
 * pairs of their times (RTP timestamps and arrivals), {@link DriftController} finds it from the level of the queue
 * between them (a sound device). Both give ppm for the {@link FractionalResampler}; neither touches audio.
 */
import { MAX_DRIFT_PPM } from './fractional-resampler.js';

/** One point per second: the fastest packet of it, because jitter only ever delays. */
const WINDOW_MS = 1000;
/** Points the line is laid through. */
const POINTS = 64;
/** Before this many points any line is chance. */
const MIN_POINTS = 10;
/** A point this far off the others is another route or another timeline. */
const JUMP_MS = 60;

export class DriftEstimator {
  readonly #times = new Float64Array(POINTS);
  readonly #transits = new Float64Array(POINTS);
  #points = 0;
  #next = 0;
  #windowStart = Number.NaN;
  #fastest = Number.POSITIVE_INFINITY;
  #fastestAt = 0;
  #origin = 0;
  #ppm: number | undefined;

  /** How much faster the sender's clock runs than ours, ppm; undefined until known (ten seconds). */
  get ppm(): number | undefined {
    return this.#ppm;
  }

  reset(): void {
    this.#points = 0;
    this.#next = 0;
    this.#windowStart = Number.NaN;
    this.#ppm = undefined;
  }

  /**
   * @param senderMs time on the sender's clock, any origin (an RTP timestamp as ms, unwrapped)
   * @param localMs when it arrived on ours, monotonic
   * @returns true when {@link ppm} was measured anew
   */
  observe(senderMs: number, localMs: number): boolean {
    if (Number.isNaN(this.#windowStart)) {
      this.#windowStart = localMs;
      this.#origin = localMs - senderMs;
      this.#fastest = Number.POSITIVE_INFINITY;
    }
    const transit = localMs - senderMs - this.#origin;
    let measured = false;
    if (localMs - this.#windowStart >= WINDOW_MS) {
      measured = this.#close(localMs);
      if (Number.isNaN(this.#windowStart)) return false;
    }
    if (transit < this.#fastest) {
      this.#fastest = transit;
      this.#fastestAt = localMs;
    }
    return measured;
  }

  /** Ends the window of one point. */
  #close(localMs: number): boolean {
    this.#windowStart = localMs;
    const point = this.#fastest;
    this.#fastest = Number.POSITIVE_INFINITY;
    if (point === Number.POSITIVE_INFINITY) return false;
    const last = (this.#next + POINTS - 1) % POINTS;
    if (this.#points > 0 && Math.abs(point - this.#transits[last]) > JUMP_MS) {
      this.reset();
      return false;
    }
    this.#times[this.#next] = this.#fastestAt;
    this.#transits[this.#next] = point;
    this.#next = (this.#next + 1) % POINTS;
    this.#points = Math.min(POINTS, this.#points + 1);
    if (this.#points < MIN_POINTS) return false;
    this.#ppm = this.#slope() * -1e6;
    return true;
  }

  /** Least squares, twice: the second time without the points that lie far above the first line (slow packets). */
  #slope(): number {
    const first = this.#line(Number.POSITIVE_INFINITY, 0, 0);
    let deviation = 0;
    for (let i = 0; i < this.#points; i++) {
      deviation += Math.abs(this.#transits[i] - first.at - first.slope * (this.#times[i] - first.middle));
    }
    const limit = (1.5 * deviation) / this.#points + 1e-9;
    return this.#line(limit, first.at - first.slope * first.middle, first.slope).slope;
  }

  #line(limit: number, base: number, tilt: number): { slope: number; at: number; middle: number } {
    let n = 0;
    let t = 0;
    let y = 0;
    for (let i = 0; i < this.#points; i++) {
      if (this.#transits[i] - base - tilt * this.#times[i] > limit) continue;
      n++;
      t += this.#times[i];
      y += this.#transits[i];
    }
    const middle = t / n;
    const at = y / n;
    let ty = 0;
    let tt = 0;
    for (let i = 0; i < this.#points; i++) {
      if (this.#transits[i] - base - tilt * this.#times[i] > limit) continue;
      ty += (this.#times[i] - middle) * (this.#transits[i] - at);
      tt += (this.#times[i] - middle) ** 2;
    }
    return { slope: tt > 0 ? ty / tt : 0, at, middle };
  }
}

/** ppm per ms off the target, and per ms and second: the level settles in about a minute without overshoot. */
const PROPORTIONAL = 40;
const INTEGRAL = 0.4;
/** Levels come in whole frames: they are smoothed with this time constant. */
const LEVEL_SMOOTHING_MS = 1000;

export class DriftController {
  readonly #targetMs: number;
  #level: number | undefined;
  #integral = 0;
  #ppm = 0;

  /** @param targetMs level of the queue to hold */
  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** How much faster the queue is filled than emptied, as far as known, ppm. */
  get ppm(): number {
    return this.#ppm;
  }

  /** Level of the queue, smoothed, ms. */
  get levelMs(): number {
    return this.#level ?? this.#targetMs;
  }

  reset(): void {
    this.#level = undefined;
    this.#integral = 0;
    this.#ppm = 0;
  }

  /**
   * @param levelMs what is in the queue
   * @param elapsedMs since the last call
   * @returns ppm for the resampler that empties the queue
   */
  update(levelMs: number, elapsedMs: number): number {
    this.#level ??= levelMs;
    this.#level += (levelMs - this.#level) * Math.min(1, elapsedMs / LEVEL_SMOOTHING_MS);
    const error = this.#level - this.#targetMs;
    this.#integral = limit(this.#integral + (INTEGRAL * error * elapsedMs) / 1000);
    this.#ppm = limit(this.#integral + PROPORTIONAL * error);
    return this.#ppm;
  }
}

function limit(ppm: number): number {
  return Math.max(-MAX_DRIFT_PPM, Math.min(MAX_DRIFT_PPM, ppm));
}
