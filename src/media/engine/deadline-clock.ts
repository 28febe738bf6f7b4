/**
 * The media clock: one per worker, on monotonic time. Time is cut into slots of 5 ms; a stream is due every 1, 2 or 4
 * of them, and streams are spread over the slots so that their work does not pile up. Deadlines are absolute, so that
 * late timers never add up to drift. After a late wake-up each stream gets one tick per slot until it has caught up;
 * what is later than {@link STALE_MS} is skipped, so that a stall never ends in a burst.
 */
import { type Clock, systemClock, type Timer } from '../../base/clock.js';

export const SLOT_MS = 5;
/** A receiver would play nothing that comes this late. */
const STALE_MS = 100;
/** Node's timers have whole milliseconds: half of one too early is as good as half too late. */
const EARLY_MS = 0.5;

export interface Ticked {
  /** One period has passed. @param now the clock's time */
  tick(now: number): void;
  /** `periods` periods are left out; called before the tick that follows. */
  skip(periods: number): void;
}

interface Entry {
  readonly stream: Ticked;
  period: number;
  /** Number of the slot of the next tick. */
  next: number;
  active: boolean;
}

export interface ClockStats {
  /** Wake-ups more than one slot late. */
  lateTicks: number;
  /** Periods left out, of all streams. */
  skipped: number;
  maxLateMs: number;
}

export class DeadlineClock {
  readonly stats: ClockStats = { lateTicks: 0, skipped: 0, maxLateMs: 0 };
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #entries: Entry[] = [];
  #timer: Timer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #running = false;
  readonly #wake: () => void;
  readonly #run: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#origin = clock.now();
    this.#run = () => this.#runDue();
    this.#wake = () => {
      this.#timer = undefined;
      // After a stall the datagrams that came meanwhile are still in the sockets: let them in first.
      if (clock === systemClock && this.#lateMs() > SLOT_MS) setImmediate(this.#run);
      else this.#runDue();
    };
  }

  get streams(): number {
    return this.#entries.length;
  }

  /**
   * Ticks `stream` every `periodMs` (5, 10 or 20) from the least loaded slot on.
   * @returns the function that ends it; it may be called from within a tick
   */
  add(stream: Ticked, periodMs: number): () => void {
    const period = periodMs / SLOT_MS;
    const entry: Entry = { stream, period, next: this.#firstSlot(period), active: true };
    this.#entries.push(entry);
    if (!this.#running) this.#arm(entry.next);
    return () => {
      if (!entry.active) return;
      entry.active = false;
      if (!this.#running) this.#compact();
      if (this.#entries.length === 0) this.#disarm();
    };
  }

  /** The next slot but one (so that it is never too late already), moved to where the fewest streams are. */
  #firstSlot(period: number): number {
    const earliest = this.#slotAt(this.#clock.now()) + 1;
    let best = earliest;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let slot = earliest; slot < earliest + period; slot++) {
      let load = 0;
      for (const entry of this.#entries) {
        if ((slot - entry.next) % Math.min(period, entry.period) === 0) load++;
      }
      if (load < bestLoad) {
        bestLoad = load;
        best = slot;
      }
    }
    return best;
  }

  /** The last slot whose time has come. */
  #slotAt(now: number): number {
    return Math.floor((now - this.#origin + EARLY_MS) / SLOT_MS);
  }

  #lateMs(): number {
    return this.#clock.now() - (this.#origin + this.#armedFor * SLOT_MS);
  }

  #runDue(): void {
    const late = this.#lateMs();
    if (late > SLOT_MS) this.stats.lateTicks++;
    if (late > this.stats.maxLateMs) this.stats.maxLateMs = late;
    const slot = this.#slotAt(this.#clock.now());
    this.#running = true;
    // Streams that join during the loop are not due yet.
    const count = this.#entries.length;
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[i];
      if (!entry.active || entry.next > slot) continue;
      const behind = slot - entry.next;
      if (behind * SLOT_MS > STALE_MS) {
        const periods = Math.floor(behind / entry.period);
        entry.next += periods * entry.period;
        this.stats.skipped += periods;
        entry.stream.skip(periods);
      }
      entry.next += entry.period;
      entry.stream.tick(this.#clock.now());
    }
    this.#running = false;
    this.#compact();
    this.#disarm();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) next = Math.min(next, entry.next);
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(next, slot + 1));
  }

  #arm(slot: number): void {
    if (slot >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = slot;
    const delay = this.#origin + slot * SLOT_MS - this.#clock.now();
    // Node cuts fractions off. A virtual clock has none.
    this.#timer = this.#clock.after(Math.max(0, Math.ceil(delay - EARLY_MS)), this.#wake);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #compact(): void {
    let kept = 0;
    for (const entry of this.#entries) if (entry.active) this.#entries[kept++] = entry;
    this.#entries.length = kept;
  }

  /** Stops ticking altogether. */
  close(): void {
    for (const entry of this.#entries) entry.active = false;
    this.#entries.length = 0;
    this.#disarm();
  }
}
