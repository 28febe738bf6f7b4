/**
 * The last notifications, numbered: one ring for all clients of the control server. Each client has a cursor into it,
 * so that each sees every notification once, in order, however it asks; what a client has not read before the ring is
 * full (10,000 notifications or 8 MB) is lost to it, which it is told.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { ControlNotification } from '../command-target.js';

export const JOURNAL_LIMIT = 10_000;
export const JOURNAL_BYTES = 8 << 20;

export interface JournalEntry {
  /** Counts from 1. */
  readonly number: number;
  readonly kind: string;
  readonly text: string;
}

/**
 * How a notification stands on the wire: the prefix tells it from an answer, the end where it ends. A line break within
 * is LF alone, so that nothing in a message of a peer passes for another to a client that reads lines; SIP messages,
 * which are asked for, stay as they are.
 */
export function framedNotification(text: string): string {
  const body = text.startsWith('SIP,') ? text : text.replace(/\r\n?/g, '\n');
  return `WPNOTIFICATION,${body},NEOL \r\n`;
}

export class NotificationJournal {
  readonly #clock: Clock;
  #entries: JournalEntry[] = [];
  /** Index of the oldest entry that is kept; the array is cut now and then, not each time. */
  #head = 0;
  #bytes = 0;
  #last = 0;
  readonly #watchers = new Set<(entry: JournalEntry) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of the newest notification; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  append(notification: ControlNotification): void {
    const text = notification.toString();
    const entry: JournalEntry = { number: ++this.#last, kind: notification.kind, text };
    this.#entries.push(entry);
    this.#bytes += text.length;
    while (this.#entries.length - this.#head > JOURNAL_LIMIT || this.#bytes > JOURNAL_BYTES) {
      this.#bytes -= this.#entries[this.#head++].text.length;
    }
    if (this.#head > JOURNAL_LIMIT) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    for (const watch of this.#watchers) watch(entry);
  }

  /** Called with every new entry. @returns the function that ends it */
  watch(watcher: (entry: JournalEntry) => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** What came after `number`, at most `count`; older ones than the ring holds are missing. */
  after(number: number, count = JOURNAL_LIMIT): JournalEntry[] {
    const first = this.#entries[this.#head]?.number ?? this.#last + 1;
    const from = this.#head + Math.max(0, number + 1 - first);
    return this.#entries.slice(from, from + count);
  }

  /** Resolves when there is something after `number`, when `ms` have passed, or when the signal fires. */
  waitAfter(number: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#last > number || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const finish = (): void => {
        timer?.cancel();
        unwatch();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      // A moment later, so that what comes in one burst is read at once.
      const unwatch = this.watch(() => queueMicrotask(finish));
      signal.addEventListener('abort', finish, { once: true });
      timer = this.#clock.after(ms, finish);
    });
  }
}

function within(maxBytes: number, entries: JournalEntry[]): JournalEntry[] {
  if (maxBytes === Number.POSITIVE_INFINITY) return entries;
  let bytes = 0;
  const end = entries.findIndex(({ text }, at) => {
    bytes += Buffer.byteLength(framedNotification(text));
    return at > 0 && bytes > maxBytes;
  });
  return end < 0 ? entries : entries.slice(0, end);
}

function lossTold(count: number, number: number): JournalEntry {
  const text = `WARNING,${count} notifications are lost: they were not read in time`;
  return { number, kind: 'WARNING', text };
}

/** One reader of the journal. */
export class JournalCursor {
  readonly #journal: NotificationJournal;
  #read: number;

  /** @param after the last notification it does not want to see; default: the newest there is */
  constructor(journal: NotificationJournal, after: number = journal.last) {
    this.#journal = journal;
    this.#read = after;
  }

  get pending(): boolean {
    return this.#journal.last > this.#read;
  }

  /**
   * What has come since the last time; never the same twice.
   * @param maxBytes what goes beyond is left for the next time, but for the first
   */
  take(count?: number, maxBytes = Number.POSITIVE_INFINITY): JournalEntry[] {
    const entries = within(maxBytes, this.#journal.after(this.#read, count));
    if (entries.length === 0) return entries;
    const lost = entries[0].number - this.#read - 1;
    this.#read = entries[entries.length - 1].number;
    return lost > 0 ? [lossTold(lost, entries[0].number - 1), ...entries] : entries;
  }

  /**
   * The same, and waits when there is nothing.
   * @param until ends the waiting
   * @param gone nobody takes the answer any more: nothing is read
   */
  async wait(
    ms: number,
    { until, gone, maxBytes }: { until: AbortSignal; gone?: AbortSignal; maxBytes?: number },
  ): Promise<JournalEntry[]> {
    const signal = gone ? AbortSignal.any([until, gone]) : until;
    if (!this.pending) await this.#journal.waitAfter(this.#read, ms, signal);
    return gone?.aborted ? [] : this.take(undefined, maxBytes);
  }
}
