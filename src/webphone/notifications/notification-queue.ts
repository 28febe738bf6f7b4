/**
 * The notifications one client has not taken yet: it polls, waits with a time-out, or loops. Each is given once. When
 * the client does not keep up, the oldest are dropped and counted. Made by NotificationHub.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { Notification } from './notification.js';

export interface NotificationQueueOptions {
  /** How many may wait; default 10,000. */
  capacity?: number;
  /** Only those for which it is true are kept. */
  filter?: (notification: Notification) => boolean;
}

/** Enough for minutes of a busy phone. */
export const DEFAULT_CAPACITY = 10_000;

export class NotificationQueue implements AsyncIterableIterator<Notification> {
  readonly capacity: number;
  readonly #filter: ((notification: Notification) => boolean) | undefined;
  readonly #clock: Clock;
  readonly #onClose: (queue: NotificationQueue) => void;
  #waiting: Notification[] = [];
  #first = 0;
  #wake = new Set<() => void>();
  #dropped = 0;
  /** Of these it has been told. */
  #droppedTold = 0;
  #closed = false;

  /** @internal */
  constructor(clock: Clock, options: NotificationQueueOptions, onClose: (queue: NotificationQueue) => void) {
    this.#clock = clock;
    this.capacity = Math.max(1, options.capacity ?? DEFAULT_CAPACITY);
    this.#filter = options.filter;
    this.#onClose = onClose;
  }

  get size(): number {
    return this.#waiting.length - this.#first;
  }

  /** How many were lost because nobody took them in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many were lost since this was asked before. */
  newlyDropped(): number {
    const count = this.#dropped - this.#droppedTold;
    this.#droppedTold = this.#dropped;
    return count;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @internal */
  push(notification: Notification): void {
    if (this.#closed || this.#filter?.(notification) === false) return;
    this.#waiting.push(notification);
    if (this.size > this.capacity) {
      this.#first++;
      this.#dropped++;
      if (this.#first > this.capacity) this.#compact();
    }
    for (const wake of [...this.#wake]) wake();
  }

  /** Takes what there is, the oldest first. */
  poll(max = Number.POSITIVE_INFINITY): Notification[] {
    const taken = this.#waiting.slice(this.#first, this.#first + Math.min(max, this.size));
    this.#first += taken.length;
    // Not with every one that is taken by itself.
    if (2 * this.#first >= this.#waiting.length) this.#compact();
    return taken;
  }

  /**
   * Takes what there is, and waits for it when there is nothing.
   * @returns an empty list when `timeoutMs` passed, `signal` fired or the queue was closed meanwhile
   */
  async read(
    options: { timeoutMs?: number; signal?: AbortSignal; max?: number } = {},
  ): Promise<Notification[]> {
    if (this.size === 0 && !this.#closed && !options.signal?.aborted) await this.#something(options);
    return this.poll(options.max);
  }

  #something({ timeoutMs, signal }: { timeoutMs?: number; signal?: AbortSignal }): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = (): void => {
        this.#wake.delete(done);
        timer?.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#wake.add(done);
      if (timeoutMs !== undefined) timer = this.#clock.after(timeoutMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  async next(): Promise<IteratorResult<Notification>> {
    while (this.size === 0 && !this.#closed) await this.#something({});
    const [value] = this.poll(1);
    return value ? { done: false, value } : { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Notification>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** No more come; those that wait can still be taken. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(this);
    for (const wake of [...this.#wake]) wake();
  }

  #compact(): void {
    if (this.#first === 0) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}
