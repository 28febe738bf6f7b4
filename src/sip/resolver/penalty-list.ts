/**
 * Servers that failed lately (RFC 3263 §4.3), so that the next request does not wait for them again. They are tried
 * last, never left out: they may be all there is.
 */
import type { Clock } from '../../base/clock.js';
import { type Target, targetName } from '../transport/target.js';

const MAX_ENTRIES = 1000;

export class PenaltyList {
  readonly #clock: Clock;
  readonly #penaltyMs: number;
  /** Target → clock time of its pardon, in the order they failed. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, penaltyMs: number) {
    this.#clock = clock;
    this.#penaltyMs = penaltyMs;
  }

  add(target: Target, ms = this.#penaltyMs): void {
    const key = targetName(target);
    const now = this.#clock.now();
    this.#until.delete(key);
    this.#until.set(key, now + ms);
    for (const [oldest, until] of this.#until) {
      if (this.#until.size <= MAX_ENTRIES && until > now) break;
      this.#until.delete(oldest);
    }
  }

  remove(target: Target): void {
    this.#until.delete(targetName(target));
  }

  clear(): void {
    this.#until.clear();
  }

  /** The same targets, those under penalty behind the others; the order among each kind stays. */
  sort(targets: readonly Target[]): Target[] {
    if (this.#until.size === 0) return [...targets];
    const now = this.#clock.now();
    const punished = (target: Target): boolean => (this.#until.get(targetName(target)) ?? 0) > now;
    return [...targets.filter((target) => !punished(target)), ...targets.filter(punished)];
  }
}
