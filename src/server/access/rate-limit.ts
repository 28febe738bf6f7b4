/** How many requests a second one client may make: a bucket per client, refilled all the time. */
import type { Clock } from '../../base/clock.js';

const MAX_BUCKETS = 4096;

interface Bucket {
  left: number;
  at: number;
}

export class RateLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond a burst may have twice as many */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Takes one; false when there is none left. */
  allows(client: string): boolean {
    const bucket = this.#bucket(client);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  /** False when the next would be refused. */
  has(client: string): boolean {
    return !this.#buckets.has(client) || this.#bucket(client).left >= 1;
  }

  #bucket(client: string): Bucket {
    const now = this.#clock.now();
    const full = this.#perSecond * 2;
    let bucket = this.#buckets.get(client);
    if (!bucket) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#sweep(now);
      bucket = { left: full, at: now };
      this.#buckets.set(client, bucket);
    }
    bucket.left = Math.min(full, bucket.left + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    return bucket;
  }

  /** Forgets those whose bucket is full again by now; if that is none, the oldest. */
  #sweep(now: number): void {
    for (const [client, { left, at }] of this.#buckets) {
      if (left + ((now - at) / 1000) * this.#perSecond >= this.#perSecond * 2) this.#buckets.delete(client);
    }
    if (this.#buckets.size >= MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
  }
}
