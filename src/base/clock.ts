/**
 * Time for everything above the sockets. State machines get a {@link Clock} and never call `Date.now` or
 * `setTimeout` themselves, so that tests run them in virtual time. Node's own timer lists are already O(1) per
 * duration class, so the system clock stands directly on them. The media clock (per-packet deadlines) is not here:
 * see media/engine.
 */

/** A pending one-shot timer. */
export interface Timer {
  /** Stops the timer; harmless when it has fired or was cancelled before. */
  cancel(): void;
  /** True until the timer has fired or was cancelled. */
  readonly active: boolean;
}

export interface Clock {
  /** Monotonic time in milliseconds (fractional); only differences have a meaning. */
  now(): number;
  /** Wall-clock time in milliseconds since the Unix epoch. */
  wallTime(): number;
  /** Calls `fn` once after `ms` milliseconds. A pending timer does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
}

/** Node rejects longer delays (it fires after 1 ms instead). */
const MAX_DELAY_MS = 0x7fffffff;

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;

  constructor(ms: number, fn: () => void) {
    this.#handle = setTimeout(
      () => {
        this.#handle = undefined;
        fn();
      },
      Math.min(Math.max(0, ms), MAX_DELAY_MS),
    );
    this.#handle.unref();
  }

  get active(): boolean {
    return this.#handle !== undefined;
  }

  cancel(): void {
    if (this.#handle === undefined) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}

/** The real clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after: (ms, fn) => new SystemTimer(ms, fn),
};

interface VirtualTimer extends Timer {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
  active: boolean;
}

/**
 * A clock that moves only when told to. Timers fire in order of their due time, then of their creation; a timer
 * armed by another one fires within the same `advance` when it is due by then.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #timers: VirtualTimer[] = [];
  readonly #epoch: number;

  /** @param epoch the wall-clock time (ms since 1970) at virtual time 0 */
  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const timers = this.#timers;
    const timer: VirtualTimer = {
      due: this.#now + Math.max(0, ms),
      order: this.#order++,
      fn,
      active: true,
      cancel() {
        if (!timer.active) return;
        timer.active = false;
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      },
    };
    timers.push(timer);
    return timer;
  }

  /** How many timers are pending: a leak check for tests. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time forward by `ms`, firing what falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) this.#fire(next);
    this.#now = end;
  }

  /** Like {@link advance}, but lets pending promises settle before the start and after every timer. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#fire(next);
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): VirtualTimer | undefined {
    let best: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order)) best = timer;
    }
    return best;
  }

  #fire(timer: VirtualTimer): void {
    this.#now = Math.max(this.#now, timer.due);
    timer.cancel();
    timer.fn();
  }
}

/** Resolves after the promise jobs queued so far, and those they queue, have run. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
