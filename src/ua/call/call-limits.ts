/** Ends a call that takes too long: to be answered, to be spoken in, or altogether. Part of CallSession. */
import type { Clock, Timer } from '../../base/clock.js';
import type { CallCause } from './call-causes.js';
import type { CallLimits } from './call-policies.js';

/** A timer of Node's takes no more. */
const LONGEST_S = 2_000_000;

export class CallTimeLimits {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #expired: (cause: CallCause, seconds: number) => void;
  readonly #timers = new Map<CallCause, Timer>();

  constructor(clock: Clock, limits: CallLimits, expired: (cause: CallCause, seconds: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#expired = expired;
    this.#start('setup-timeout', limits.setup);
    this.#start('max-call-time', limits.total);
  }

  answered(): void {
    this.#timers.get('setup-timeout')?.cancel();
    this.#start('max-speech-time', this.#limits.speech);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #start(cause: CallCause, seconds: number | undefined): void {
    if (!seconds || seconds > LONGEST_S) return;
    this.#timers.set(
      cause,
      this.#clock.after(seconds * 1000, () => this.#expired(cause, seconds)),
    );
  }
}
