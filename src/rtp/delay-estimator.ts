/**
 * How much delay a stream needs: follows the fastest transit of a sliding window as the zero line, keeps a decaying
 * histogram of how much later than that packets arrive, and a peak that jumps to a delay spike and then falls slowly.
 * Used by the jitter buffer only; pure, allocation-free, in milliseconds.
 */

export interface DelayLimits {
  /** Lower bound of the target, ms. */
  minDelayMs: number;
  /** Upper bound of the target, ms. */
  maxDelayMs: number;
  /** Target until enough packets have been seen, ms. */
  initialDelayMs: number;
  /** A constant target instead of an adaptive one, ms. */
  fixedDelayMs?: number;
}

/** Width of one histogram bucket, ms. */
const BUCKET_MS = 4;
const BUCKETS = 256;
/** This share of the packets must arrive in time. */
const QUANTILE = 0.97;
/** Weight that older packets lose with each new one: a memory of about 400 packets, 8 s at 20 ms. */
const FORGET = 0.9975;
/** Weights grow instead of the history shrinking; renormalised above this. */
const MAX_WEIGHT = 1e9;
/** The zero line is the minimum of the current and the previous window of this length, ms. */
const BASE_WINDOW_MS = 4000;
/** How fast the peak falls after a spike, ms per second. */
const PEAK_FALL = 50;
/** Packets after which the statistics are trusted more than the initial target. */
const WARM_UP_PACKETS = 50;

export class DelayEstimator {
  readonly #limits: DelayLimits;
  readonly #histogram = new Float64Array(BUCKETS);
  #weight = 1;
  #total = 0;
  #packets = 0;
  /** Transit that bucket 0 stands for. */
  #origin = 0;
  #windowMin = Number.POSITIVE_INFINITY;
  #previousMin = Number.POSITIVE_INFINITY;
  #windowStart = 0;
  #peak = 0;
  #peakTime = 0;
  #quantile = 0;
  /** The bucket in which {@link QUANTILE} of the weight is reached, and the weight above it. */
  #bucket = BUCKETS - 1;
  #above = 0;

  constructor(limits: DelayLimits) {
    this.#limits = limits;
  }

  /** Transit of the fastest recent packet, ms (arrival minus timestamp; only differences have a meaning). */
  get base(): number {
    return Math.min(this.#windowMin, this.#previousMin);
  }

  get hasBase(): boolean {
    return this.#packets > 0;
  }

  /** Takes the transit of one packet. */
  update(transitMs: number, nowMs: number): void {
    if (this.#packets === 0) {
      this.#origin = transitMs;
      this.#windowStart = nowMs;
      this.#peakTime = nowMs;
    } else if (nowMs - this.#windowStart > BASE_WINDOW_MS) {
      this.#previousMin = this.#windowMin;
      this.#windowMin = Number.POSITIVE_INFINITY;
      this.#windowStart = nowMs;
    }
    this.#packets++;
    if (transitMs < this.#windowMin) this.#windowMin = transitMs;
    const base = this.base;
    if (Math.abs(base - this.#origin) >= BUCKET_MS) this.#moveOrigin(base);

    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor((transitMs - this.#origin) / BUCKET_MS)));
    this.#histogram[bucket] += this.#weight;
    this.#total += this.#weight;
    if (bucket > this.#bucket) this.#above += this.#weight;
    this.#weight /= FORGET;
    if (this.#weight > MAX_WEIGHT) this.#renormalise();
    this.#findQuantile();
    this.#quantile = (this.#bucket + 1) * BUCKET_MS + this.#origin - base;

    const relative = transitMs - base;
    const peak = this.#peakAt(nowMs);
    this.#peak = Math.max(peak, relative > this.#quantile ? Math.min(relative, this.#limits.maxDelayMs) : 0);
    this.#peakTime = nowMs;
  }

  /** The delay over {@link base} to play with, ms. */
  target(nowMs: number): number {
    const { minDelayMs, maxDelayMs, initialDelayMs, fixedDelayMs } = this.#limits;
    if (fixedDelayMs !== undefined) return fixedDelayMs;
    let target = Math.max(this.#quantile, this.#peakAt(nowMs));
    if (this.#packets < WARM_UP_PACKETS) target = Math.max(target, initialDelayMs);
    return Math.min(maxDelayMs, Math.max(minDelayMs, target));
  }

  /** How much of {@link target} is more than the network needs, ms. */
  slack(nowMs: number): number {
    return Math.max(0, this.target(nowMs) - Math.max(this.#quantile, this.#peakAt(nowMs)));
  }

  /** Takes `transitMs` as the new zero line and keeps the shape of the histogram: the path or the sender's clock changed. */
  rebase(transitMs: number, nowMs: number): void {
    this.#origin += transitMs - this.base;
    this.#windowMin = transitMs;
    this.#previousMin = Number.POSITIVE_INFINITY;
    this.#windowStart = nowMs;
  }

  reset(): void {
    this.#histogram.fill(0);
    this.#weight = 1;
    this.#total = 0;
    this.#packets = 0;
    this.#windowMin = Number.POSITIVE_INFINITY;
    this.#previousMin = Number.POSITIVE_INFINITY;
    this.#peak = 0;
    this.#quantile = 0;
    this.#searchFromTop();
  }

  #peakAt(nowMs: number): number {
    return Math.max(0, this.#peak - ((nowMs - this.#peakTime) * PEAK_FALL) / 1000);
  }

  /** Moves {@link #bucket} to where it belongs, which is near where it was. */
  #findQuantile(): void {
    const histogram = this.#histogram;
    const most = this.#total * (1 - QUANTILE);
    while (this.#above > most && this.#bucket < BUCKETS - 1) this.#above -= histogram[++this.#bucket];
    while (this.#bucket > 0 && this.#above + histogram[this.#bucket] <= most)
      this.#above += histogram[this.#bucket--];
  }

  #searchFromTop(): void {
    this.#bucket = BUCKETS - 1;
    this.#above = 0;
  }

  /** Shifts the histogram so that what it says about transits stays true under the new zero line. */
  #moveOrigin(base: number): void {
    const histogram = this.#histogram;
    const shift = Math.round((base - this.#origin) / BUCKET_MS);
    this.#origin += shift * BUCKET_MS;
    this.#searchFromTop();
    const distance = Math.min(BUCKETS, Math.abs(shift));
    if (shift > 0) {
      let low = 0;
      for (let i = 0; i < distance; i++) low += histogram[i];
      histogram.copyWithin(0, distance);
      histogram.fill(0, BUCKETS - distance);
      histogram[0] += low;
    } else if (shift < 0) {
      let high = 0;
      for (let i = BUCKETS - distance; i < BUCKETS; i++) high += histogram[i];
      histogram.copyWithin(distance, 0, BUCKETS - distance);
      histogram.fill(0, 0, distance);
      histogram[BUCKETS - 1] += high;
    }
  }

  #renormalise(): void {
    const scale = 1 / this.#weight;
    let total = 0;
    for (let i = 0; i < BUCKETS; i++) total += this.#histogram[i] *= scale;
    this.#total = total;
    this.#weight = 1;
    this.#searchFromTop();
  }
}
