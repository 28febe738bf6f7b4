/**
 * Typed events for long-lived objects (never for packets). A listener that throws, or whose promise rejects, is
 * reported to {@link Emitter.onListenerError} and cannot disturb the engine or the other listeners.
 */
import { EventEmitter } from 'node:events';

/** Event name → argument list. */
export type EventMap<T> = { [K in keyof T]: unknown[] };

let reportListenerError: (error: unknown, event: string) => void = (error, event) => {
  process.emitWarning(
    `A listener of '${event}' failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    'SwitchhookListenerWarning',
  );
};

export class Emitter<T extends EventMap<T>> {
  /** Lets TypeScript find T from an emitter; it has no value. */
  declare readonly eventMap?: T;
  readonly #inner = new EventEmitter({ captureRejections: false }).setMaxListeners(0);

  /** Replaces the process-wide report of failing listeners; by default a process warning. */
  static set onListenerError(report: (error: unknown, event: string) => void) {
    reportListenerError = report;
  }

  on<K extends keyof T & string>(event: K, listener: (...args: T[K]) => unknown): this {
    this.#inner.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  once<K extends keyof T & string>(event: K, listener: (...args: T[K]) => unknown): this {
    this.#inner.once(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off<K extends keyof T & string>(event: K, listener: (...args: T[K]) => unknown): this {
    this.#inner.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  listenerCount<K extends keyof T & string>(event: K): number {
    return this.#inner.listenerCount(event);
  }

  removeAllListeners(): this {
    this.#inner.removeAllListeners();
    return this;
  }

  /** Calls the listeners in order; true when there was one. */
  emit<K extends keyof T & string>(event: K, ...args: T[K]): boolean {
    const listeners = this.#inner.rawListeners(event);
    for (const listener of listeners) {
      try {
        const result: unknown = Reflect.apply(listener, this, args);
        if (result instanceof Promise) result.catch((error: unknown) => reportListenerError(error, event));
      } catch (error) {
        reportListenerError(error, event);
      }
    }
    return listeners.length > 0;
  }
}

/**
 * The next `event` of `emitter` as a promise.
 * @throws the signal's reason when it aborts first
 */
export function nextEvent<T extends EventMap<T>, K extends keyof T & string>(
  emitter: Emitter<T>,
  event: K,
  signal?: AbortSignal,
): Promise<T[K]> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onEvent = (...args: T[K]) => {
      signal?.removeEventListener('abort', onAbort);
      resolve(args);
    };
    const onAbort = () => {
      emitter.off(event, onEvent);
      reject(signal?.reason);
    };
    emitter.once(event, onEvent);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
