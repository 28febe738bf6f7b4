/**
 * One client of the control server: a connection, the source address of datagrams, or a name HTTP requests come with.
 * Has its place in the notifications, and gets them pushed until it polls: none is ever delivered twice.
 */
import type { JournalCursor } from './notification-journal.js';

export class ControlClient {
  readonly cursor: JournalCursor;
  /** Fires when the client is gone: what it waits for is given up. */
  readonly signal: AbortSignal;
  /** True once it has polled: from then on nothing is pushed to it. */
  polls = false;
  /** How much of the notifications it may be given in one answer. */
  readonly maxBytes: number;
  readonly #controller = new AbortController();

  constructor(cursor: JournalCursor, maxBytes = Number.POSITIVE_INFINITY) {
    this.cursor = cursor;
    this.maxBytes = maxBytes;
    this.signal = this.#controller.signal;
  }

  close(): void {
    this.#controller.abort();
  }
}
