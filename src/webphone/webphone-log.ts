/**
 * The log as users of the API see it: lines with a level from 0 to 12, kept for polling, sent as LOG and EVENT
 * notifications, and handed to whoever writes them to a file. Everything below logs to the Logger this gives.
 */
import { asBuffer } from '../base/bytes.js';
import type { SipTrace } from '../base/diagnostics.js';
import { createLogger, formatLogRecord, type Logger, type LogLevel } from '../base/logger.js';
import { hideSecrets } from './logs/hide-secrets.js';
import type { NotificationHub } from './notifications/notification-hub.js';

export interface LogLine {
  level: number;
  text: string;
}

/** From which `loglevel` on the lines of the engine are written. */
const LEVELS: Readonly<Record<LogLevel, number>> = { error: 1, warn: 2, info: 3, debug: 5, trace: 6 };
/** From which on SIP messages are written in full. */
const SIGNALLING = 5;
const KEPT = 5000;
/** The user is to see these. */
const FOR_USER = 1;

export interface WebphoneLogOptions {
  notifications: NotificationHub;
  /** The setting `loglevel`. */
  level(): number;
  /** The setting `logpolling`. */
  polling(): boolean;
  path(): string;
  /** Values that must not be seen. */
  secrets(): readonly string[];
}

export class WebphoneLog {
  /** For the engine. */
  readonly logger: Logger;
  readonly #options: WebphoneLogOptions;
  readonly #sinks = new Set<(line: LogLine) => void>();
  #kept: string[] = [];

  constructor(options: WebphoneLogOptions) {
    this.#options = options;
    this.logger = createLogger({
      level: 'trace',
      sink: (record) => {
        const level = LEVELS[record.level];
        if (level > options.level()) return;
        const type = record.level === 'error' ? 'ERROR' : record.level === 'warn' ? 'WARNING' : 'EVENT';
        this.#write(level, formatLogRecord(record), type);
      },
    });
  }

  /** The file lines are written to by whoever does. */
  get path(): string {
    return this.#options.path();
  }

  /** Hands every line to `sink` from now on. @returns the function that ends it */
  subscribe(sink: (line: LogLine) => void): () => void {
    this.#sinks.add(sink);
    return () => void this.#sinks.delete(sink);
  }

  /** A line of the application. */
  add(level: number, text: string): undefined {
    if (level > Math.max(FOR_USER, this.#options.level())) return;
    if (level <= FOR_USER) this.#options.notifications.publish('EVENT', { type: 'EVENT', txt: text });
    this.#write(level, text, 'EVENT');
  }

  /** A SIP message as it went over the wire. */
  sip({ direction, protocol, remote, data }: SipTrace): void {
    if (this.#options.level() < SIGNALLING) return;
    const arrow = direction === 'in' ? 'received from' : 'sent to';
    const message = asBuffer(data).toString('utf8');
    this.#write(SIGNALLING, `SIP ${arrow} ${protocol}:${remote.host}:${remote.port}\r\n${message}`, 'EVENT');
  }

  /** Takes the lines since the last time. */
  poll(): string {
    return this.#kept.splice(0).join('\r\n');
  }

  #write(level: number, line: string, type: string): void {
    const text = hideSecrets(line, this.#options.secrets());
    if (this.#options.polling()) {
      this.#kept.push(text);
      if (this.#kept.length > KEPT) this.#kept.shift();
    }
    this.#options.notifications.publish('LOG', { type, txt: text });
    for (const sink of [...this.#sinks]) {
      try {
        sink({ level, text });
      } catch {
        this.#sinks.delete(sink);
      }
    }
  }
}
