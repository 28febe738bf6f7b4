/**
 * A raw TCP client: sends requests as lines or frames, gets each answer as a line, and from its first request on the
 * notifications in the same stream. Requests start in the order they came; one that takes its time does not hold up
 * the others, which is what the APIREQUEST of an answer is for. A client that does not read is cut off.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { ControlClient } from '../clients/control-client.js';
import {
  framedNotification,
  JournalCursor,
  type NotificationJournal,
} from '../clients/notification-journal.js';
import type { ControlCounters } from '../counters.js';
import type { Caller, Reply, RequestHandler } from '../request-handler.js';
import { LineFramer } from './line-framer.js';
import { isHttpLine } from './sniff.js';

/** Bytes that may wait for a client to read them. */
export const MAX_UNREAD_BYTES = 4 << 20;
/** Requests of one connection that may run at a time; more are read when these are done. */
const MAX_RUNNING = 64;
/** From the beginning of a request to its end. */
const REQUEST_MS = 30_000;
const MAX_REFUSALS = 3;

export interface TextConnectionParts {
  readonly handler: RequestHandler;
  readonly journal: NotificationJournal;
  readonly counters: ControlCounters;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxRequestBytes: number;
  /** Whether notifications may be pushed at the moment. */
  pushes(): boolean;
}

export class TextConnection {
  readonly #socket: Socket;
  readonly #parts: TextConnectionParts;
  readonly #framer: LineFramer;
  readonly #client: ControlClient;
  #unwatch: (() => void) | undefined;
  #admitted = false;
  #refusals = 0;
  #running = 0;
  #queue: string[] = [];
  #ended = false;
  #deadline: Timer | undefined;

  /** @param first bytes that have been read already */
  constructor(socket: Socket, first: Uint8Array, parts: TextConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#framer = new LineFramer(parts.maxRequestBytes);
    this.#client = new ControlClient(new JournalCursor(parts.journal));
    socket.setKeepAlive(true, 60_000);
    socket.on('close', () => this.#close());
    socket.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    socket.on('end', () => this.#onEnd());
    this.#onBytes(first);
  }

  #close(): void {
    this.#deadline?.cancel();
    this.#unwatch?.();
    this.#client.close();
    this.#queue = [];
  }

  #onBytes(bytes: Uint8Array): void {
    const requests = this.#framer.push(bytes);
    if (!requests) {
      this.#parts.counters.refused.size++;
      this.#send(`ERROR: a request may have ${this.#parts.maxRequestBytes} bytes\r\n`);
      this.#socket.end();
      return;
    }
    if (requests.length > 0 || !this.#framer.waiting) this.#deadline?.cancel();
    if (this.#framer.waiting && !this.#deadline?.active) {
      this.#deadline = this.#parts.clock.after(REQUEST_MS, () => {
        this.#parts.counters.refused.slow++;
        this.#socket.destroy();
      });
    }
    this.#queue.push(...requests);
    this.#work();
  }

  #onEnd(): void {
    const rest = this.#framer.rest();
    if (rest) this.#queue.push(rest);
    this.#ended = true;
    this.#deadline?.cancel();
    this.#work();
  }

  #work(): void {
    while (this.#running < MAX_RUNNING && !this.#socket.destroyed) {
      const request = this.#queue.shift();
      if (request === undefined) break;
      this.#run(request);
    }
    if (this.#queue.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#ended && this.#queue.length === 0 && this.#running === 0) this.#socket.end();
  }

  #run(request: string): void {
    if (isHttpLine(request)) {
      this.#socket.destroy();
      return;
    }
    const caller = this.#caller();
    const token = /^token\s*=\s*([^,&\r\n]+)$/i.exec(request)?.[1];
    if (token !== undefined) {
      const why = this.#parts.handler.admit(caller, token.trim());
      if (why) this.#refused();
      else caller.onAdmitted?.();
      this.#send(`${why ? `ERROR: ${why}` : 'OK'}\r\n`);
      return;
    }
    const reply = this.#parts.handler.handle(request, caller);
    if (!(reply instanceof Promise)) {
      this.#answer(reply);
      return;
    }
    this.#running++;
    void reply.then((late) => {
      this.#running--;
      this.#answer(late);
      this.#work();
    });
  }

  #caller(): Caller {
    return {
      transport: 'tcp',
      address: this.#socket.remoteAddress ?? '?',
      admitted: this.#admitted,
      client: () => this.#client,
      onAdmitted: () => {
        this.#admitted = true;
        if (this.#unwatch) return;
        this.#unwatch = this.#parts.journal.watch(() => this.#push());
      },
    };
  }

  #answer(reply: Reply): void {
    if (reply.outcome === 'token') this.#refused();
    this.#send(`${reply.text}\r\n`);
    this.#push();
  }

  #refused(): void {
    if (++this.#refusals >= MAX_REFUSALS) this.#socket.end();
  }

  #push(): void {
    if (!this.#unwatch || this.#client.polls || !this.#client.cursor.pending || !this.#parts.pushes()) return;
    const entries = this.#client.cursor.take();
    this.#send(entries.map(({ text }) => framedNotification(text)).join(''));
  }

  #send(text: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(text);
    if (this.#socket.writableLength <= MAX_UNREAD_BYTES) return;
    this.#parts.counters.notReading++;
    this.#parts.log.warn('a client does not read and is cut off', { address: this.#socket.remoteAddress });
    this.#socket.destroy();
  }
}
