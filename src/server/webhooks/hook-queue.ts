/**
 * The requests of one webhook, one after the other in the order of the notifications. A request that fails is tried
 * again, later each time, and holds those behind it; after the last attempt it is given up. What comes when the queue
 * is full pushes the oldest out.
 *
 *     idle ──push──► sending ──done or given up──► sending the next, or idle
 *                       └──failed──► waiting ──after the pause──► sending
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';

export const QUEUE_LIMIT = 1000;
export const ATTEMPTS = 5;
export const REQUEST_MS = 10_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export interface HookRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: string;
  readonly mediaType?: string;
}

/** Sends one. @returns the status of the answer; rejects when there is none */
export type SendHookRequest = (request: HookRequest, signal: AbortSignal) => Promise<number>;

export class HookQueue {
  readonly #send: SendHookRequest;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #waiting: HookRequest[] = [];
  #abort: AbortController | undefined;
  #pause: Timer | undefined;
  #attempts = 0;
  #closed = false;
  /** Pushed out or given up. */
  lost = 0;

  constructor(send: SendHookRequest, clock: Clock, log: Logger) {
    this.#send = send;
    this.#clock = clock;
    this.#log = log;
  }

  push(request: HookRequest): void {
    if (this.#closed) return;
    this.#waiting.push(request);
    if (this.#waiting.length > QUEUE_LIMIT) {
      // The first may be under way.
      this.#waiting.splice(this.#abort || this.#pause ? 1 : 0, 1);
      this.lost++;
    }
    if (!this.#abort && !this.#pause) void this.#next();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#pause?.cancel();
    this.#abort?.abort();
  }

  async #next(): Promise<void> {
    this.#pause = undefined;
    const request = this.#waiting[0];
    if (!request || this.#closed) return;
    const abort = new AbortController();
    this.#abort = abort;
    const timer = this.#clock.after(REQUEST_MS, () => abort.abort(new Error('no answer in time')));
    const problem = await this.#attempt(request, abort.signal);
    timer.cancel();
    this.#abort = undefined;
    if (this.#closed) return;
    if (problem === undefined) this.#done();
    else this.#failed(request, problem);
  }

  /** @returns what went wrong; undefined when it is delivered, or refused for good */
  async #attempt(request: HookRequest, signal: AbortSignal): Promise<string | undefined> {
    try {
      const status = await this.#send(request, signal);
      if (status < 400) return undefined;
      // RFC 9110 §15.5: our fault, and the same again would be; but for these two.
      if (status < 500 && status !== 408 && status !== 429) {
        this.#log.warn('a webhook was refused', { host: hostOf(request), status });
        this.lost++;
        return undefined;
      }
      return `status ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #failed(request: HookRequest, problem: string): void {
    if (++this.#attempts >= ATTEMPTS) {
      this.#log.warn('a webhook was given up', { host: hostOf(request), problem });
      this.lost++;
      this.#done();
      return;
    }
    const pause = Math.min(FIRST_PAUSE_MS * 4 ** (this.#attempts - 1), LONGEST_PAUSE_MS);
    this.#log.debug('a webhook failed and is tried again', { host: hostOf(request), problem, pause });
    this.#pause = this.#clock.after(pause, () => void this.#next());
  }

  #done(): void {
    this.#attempts = 0;
    this.#waiting.shift();
    void this.#next();
  }
}

/** Without path and query, which may hold secrets. */
function hostOf({ url }: HookRequest): string {
  return URL.canParse(url) ? new URL(url).host : '?';
}
