/**
 * Messages on their way out: one at a time to a peer, in order; what cannot be delivered waits in the store for a sign
 * of life of the peer or for our registration, and is given up when that takes too long. Never sends a message twice
 * that was answered.
 */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { SipResponse } from '../../sip/index.js';
import type { Call } from '../../ua/index.js';
import { peerOf } from '../peer-name.js';
import type { MessageStore, StoredMessage } from './message-store.js';
import type { MessageReportEvent, SentMessage } from './message-types.js';

export interface OutboxOptions {
  clock: Clock;
  logger: Logger;
  store: MessageStore;
  queue(): boolean;
  acceptedIsDelivered(): boolean;
  maxAttempts: number;
  maxAgeMs: number;
  /** Sends it; the final response, whatever the status. */
  transmit(message: StoredMessage, call: Call | undefined): Promise<SipResponse>;
  report(report: MessageReportEvent): void;
}

interface Job {
  message: StoredMessage;
  call: Call | undefined;
  resolve?(sent: SentMessage): void;
  reject?(error: SwitchhookError): void;
}

/** Refusals another attempt does not change. */
const PERMANENT = new Set([
  400, 401, 402, 403, 405, 406, 407, 410, 413, 414, 415, 416, 420, 421, 484, 485, 488, 493, 501, 505, 513,
  600, 603, 606,
]);
/** A sign of life must not make us send all again every second. */
const AGAIN_MS = 5_000;

export class Outbox {
  readonly #options: OutboxOptions;
  /** What is under way or about to be, by peer. */
  readonly #lanes = new Map<string, Job[]>();
  readonly #triedAt = new Map<string, number>();
  /** Peers that showed a sign of life just after an attempt. */
  readonly #later = new Map<string, Timer>();
  #flushing = false;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  send(message: StoredMessage, call: Call | undefined): Promise<SentMessage> {
    return new Promise((resolve, reject) => this.#enqueue({ message, call, resolve, reject }));
  }

  /** Sends what waits for a peer (`sip:user@host`), or for all of them. */
  async flush(peer?: string): Promise<void> {
    if (this.#closed || (this.#flushing && peer === undefined)) return;
    this.#flushing ||= peer === undefined;
    const { store, clock } = this.#options;
    try {
      for (const message of await store.list()) {
        if (peer !== undefined && keyOf(message) !== peer) continue;
        if (this.#isQueued(message)) continue;
        const pause = (this.#triedAt.get(message.id) ?? Number.NEGATIVE_INFINITY) + AGAIN_MS - clock.now();
        if (pause > 0) {
          this.#flushLater(keyOf(message), pause);
          continue;
        }
        this.#enqueue({ message, call: undefined });
      }
    } finally {
      if (peer === undefined) this.#flushing = false;
    }
  }

  /** The same, when nobody waits for it. */
  flushQuietly(peer?: string): void {
    this.flush(peer).catch((error: unknown) => {
      this.#options.logger.error('messages that wait could not be read', { error });
    });
  }

  /** Sends again after a close. */
  open(): void {
    this.#closed = false;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#later.values()) timer.cancel();
    this.#later.clear();
  }

  #flushLater(peer: string, ms: number): void {
    if (this.#closed || this.#later.has(peer)) return;
    const timer = this.#options.clock.after(ms, () => {
      this.#later.delete(peer);
      this.flushQuietly(peer);
    });
    this.#later.set(peer, timer);
  }

  #isQueued(message: StoredMessage): boolean {
    return (this.#lanes.get(keyOf(message)) ?? []).some((job) => job.message.id === message.id);
  }

  #enqueue(job: Job): void {
    this.#report(job, 'init', '');
    const key = keyOf(job.message);
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.push(job);
      return;
    }
    const fresh = [job];
    this.#lanes.set(key, fresh);
    void this.#run(key, fresh);
  }

  async #run(peer: string, lane: Job[]): Promise<void> {
    for (let job = lane[0]; job && !this.#closed; job = lane[0]) {
      try {
        await this.#deliver(job);
      } catch (error) {
        this.#options.logger.error('a message could not be stored', { id: job.message.id, error });
        job.reject?.(asError(error, peer));
      }
      lane.shift();
    }
    this.#lanes.delete(peer);
    for (const job of lane.splice(0)) await this.#keep(job);
  }

  /** Closed before its turn: it waits for the next start. */
  async #keep(job: Job): Promise<void> {
    const { store, queue, logger } = this.#options;
    const { id, peer } = job.message;
    try {
      if (queue()) {
        await store.put(job.message);
        job.resolve?.({ id, peer: peerOf(peer), status: 'queued' });
        return;
      }
    } catch (error) {
      logger.error('a message could not be stored', { id, error });
    }
    job.reject?.(new SwitchhookError('ERR_CLOSED', { what: 'the phone' }));
  }

  async #deliver(job: Job): Promise<void> {
    const { message } = job;
    const { store, transmit, acceptedIsDelivered, clock } = this.#options;
    this.#report(job, 'sending', '');
    this.#triedAt.set(message.id, clock.now());
    let response: SipResponse;
    try {
      response = await transmit(message, job.call);
    } catch (cause) {
      const error = asError(cause, message.peer);
      const local = error.code === 'ERR_INVALID_ARGUMENT' || error.code === 'ERR_SIP_LIMIT';
      return this.#undelivered(job, error, !local && error.code !== 'ERR_AUTHENTICATION_FAILED');
    }
    const { status, reason } = response;
    if (status >= 300) {
      const error = new SwitchhookError('ERR_MESSAGE_REJECTED', { target: message.peer, status, reason });
      return this.#undelivered(job, error, !PERMANENT.has(status));
    }
    await store.remove(message.id);
    this.#triedAt.delete(message.id);
    // RFC 3428 §7: 202 says that somebody on the way keeps it.
    const kept = status === 202 && !acceptedIsDelivered();
    this.#report(job, kept ? 'queued' : 'sent', reason);
    job.resolve?.({ id: message.id, peer: peerOf(message.peer), status: kept ? 'queued' : 'sent' });
  }

  async #undelivered(job: Job, error: SwitchhookError, later: boolean): Promise<void> {
    const { store, queue, maxAttempts, maxAgeMs, clock, logger } = this.#options;
    const message = { ...job.message, attempts: job.message.attempts + 1, lastError: error.message };
    const most = Math.min(maxAttempts, message.maxAttempts ?? maxAttempts);
    const old = clock.wallTime() - message.createdAt >= maxAgeMs;
    if (later && queue() && message.attempts < most && !old) {
      await store.put(message);
      const waiting = (await store.list()).filter((one) => keyOf(one) === keyOf(message));
      this.#report(job, 'queued', error.message, waiting.map(({ body }) => body).join(''), error);
      job.resolve?.({ id: message.id, peer: peerOf(message.peer), status: 'queued' });
      return;
    }
    await store.remove(message.id);
    this.#triedAt.delete(message.id);
    logger.warn('a message was not delivered', { id: message.id, peer: message.peer, error });
    this.#report(job, 'failed', error.message, undefined, error);
    job.reject?.(error);
  }

  #report(
    { message, call }: Job,
    status: MessageReportEvent['status'],
    statusText: string,
    text = message.body,
    error?: SwitchhookError,
  ): void {
    const { id, peer, group } = message;
    const md5 = createHash('md5').update(text).digest('hex');
    this.#options.report({ id, peer: peerOf(peer), status, statusText, group, md5, call, error });
  }
}

function keyOf({ peer }: StoredMessage): string {
  return peerOf(peer).uri;
}

function asError(error: unknown, target: string): SwitchhookError {
  if (isSwitchhookError(error)) return error;
  return new SwitchhookError('ERR_SIP_TRANSPORT', { method: 'MESSAGE', target, why: String(error) });
}
