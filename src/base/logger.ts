/**
 * The logging seam. Layers get a {@link Logger} and write one line per state change; where the lines go is decided
 * at the top (a file, the terminal, an adapter to the application's own logger). Secrets are never handed to it.
 */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** Lets a caller skip building an expensive line. */
  enabled(level: LogLevel): boolean;
  /** The same logger with a component name and fields added to every line. */
  child(component: string, fields?: LogFields): Logger;
}

export interface LogRecord {
  /** Milliseconds since the Unix epoch. */
  time: number;
  level: LogLevel;
  component: string;
  message: string;
  fields: LogFields;
}

const RANK: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3, trace: 4 };

class SinkLogger implements Logger {
  constructor(
    private readonly sink: (record: LogRecord) => void,
    private readonly rank: number,
    private readonly component: string,
    private readonly fields: LogFields,
  ) {}

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }
  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields);
  }

  enabled(level: LogLevel): boolean {
    return RANK[level] <= this.rank;
  }

  child(component: string, fields?: LogFields): Logger {
    if (this.rank < 0) return this;
    const name = this.component ? `${this.component}.${component}` : component;
    return new SinkLogger(this.sink, this.rank, name, { ...this.fields, ...fields });
  }

  #write(level: LogLevel, message: string, fields?: LogFields): void {
    if (RANK[level] > this.rank) return;
    this.sink({
      time: Date.now(),
      level,
      component: this.component,
      message,
      fields: fields ? { ...this.fields, ...fields } : this.fields,
    });
  }
}

/** A logger that hands every record up to `level` to `sink`. */
export function createLogger(options: { level: LogLevel; sink: (record: LogRecord) => void }): Logger {
  return new SinkLogger(options.sink, RANK[options.level], '', {});
}

/** Says nothing. */
export const nullLogger: Logger = new SinkLogger(() => {}, -1, '', {});

/** One line: `20:15:31.042 INFO  ua.call answered callId=… status=200`. */
export function formatLogRecord(record: LogRecord): string {
  const time = new Date(record.time).toISOString().slice(11, 23);
  let line = `${time} ${record.level.toUpperCase().padEnd(5)} ${record.component} ${record.message}`;
  for (const [key, value] of Object.entries(record.fields)) {
    if (value === undefined) continue;
    const text =
      typeof value === 'string' ? value : value instanceof Error ? value.message : JSON.stringify(value);
    line += ` ${key}=${/[\s"]/.test(text) ? JSON.stringify(text) : text}`;
  }
  return line;
}
