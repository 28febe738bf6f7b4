/**
 * The host's line to one core: matches replies to requests, hands events to their sessions and knows when the core is
 * gone. One kind runs the core in a worker thread, the other in this thread.
 */
import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import { lazy } from '../../base/lazy.js';
import type { Logger, LogLevel } from '../../base/logger.js';
import { cryptoRandom } from '../../base/random.js';
import type { MediaEngineOptions } from '../types.js';
import {
  type Command,
  type CoreEvent,
  type Notice,
  type RequestName,
  type Requests,
  unpackError,
  type WorkerInit,
} from './protocol.js';

/** What a session in the host hears from its core. */
export interface CoreListener {
  onCoreEvent(event: Exclude<CoreEvent, { event: 'reply' | 'failed' | 'log' }>): void;
  /** The core is gone; nothing more will come. */
  onCoreEnd(error: SwitchhookError): void;
  /** The engine is being closed. */
  onEngineClose(error: SwitchhookError): Promise<unknown>;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: SwitchhookError): void;
}

/**
 * What the thread allocates lives for a packet, or for 16: the young generation need not grow to 48 MB as calls come.
 * With 6 MB a call with SRTP took a tenth more of the processor.
 */
const YOUNG_GENERATION_MB = 16;

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** In a worker thread they are loaded there. */
const engineCore = lazy(() => import('./engine-core.js'));
const transports = lazy(() => import('../transport.js'));

export class CoreLink {
  readonly sessions = new Map<number, CoreListener>();
  readonly #pending = new Map<number, Pending>();
  readonly #logger: Logger;
  #nextRequest = 1;
  #ended: SwitchhookError | undefined;
  #send: (command: Command) => void = () => {};
  #worker: Worker | undefined;

  private constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** What works in a worker thread otherwise is loaded only here. */
  static async inProcess(options: MediaEngineOptions, logger: Logger): Promise<CoreLink> {
    const [{ EngineCore }, { udpTransport }] = await Promise.all([engineCore(), transports()]);
    const link = new CoreLink(logger);
    const clock: Clock = options.clock ?? systemClock;
    const random = options.random ?? cryptoRandom;
    const core = new EngineCore({
      clock,
      random,
      logger,
      transport: options.transport ?? udpTransport(random, options.rtp),
      portRange: options.rtp?.portRange,
      audioBackend: options.audioBackend,
      loadCanceller: options.loadCanceller,
      emit: (event) => link.#onEvent(event),
    });
    link.#send = (command) => core.handle(command);
    return link;
  }

  /** @throws ERR_MEDIA_WORKER when the thread does not start */
  static async worker(options: MediaEngineOptions, logger: Logger): Promise<CoreLink> {
    const { Worker } = await import('node:worker_threads');
    const link = new CoreLink(logger);
    const init: WorkerInit = {
      portRange: options.rtp?.portRange,
      portOrder: options.rtp?.portOrder,
      bufferBytes: options.rtp?.bufferBytes,
      logLevel: LEVELS.find((level) => logger.enabled(level)),
    };
    const worker = new Worker(workerFile(), {
      workerData: init,
      name: 'switchhook-media',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    link.#worker = worker;
    link.#send = (command) => worker.postMessage(command);
    worker.on('message', (event: CoreEvent) => link.#onEvent(event));
    worker.on('error', (error) => link.#end(error.message));
    worker.on('messageerror', (error) => link.#logger.error('media message lost', { error: error.message }));
    worker.on('exit', (code) => link.#end(`it exited with code ${code}`));
    await new Promise<void>((resolve, reject) => {
      worker.once('online', resolve);
      worker.once('error', (error) =>
        reject(new SwitchhookError('ERR_MEDIA_WORKER', { why: error.message }, { cause: error })),
      );
    });
    link.#keepAlive();
    return link;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  notify(notice: Notice): void {
    if (!this.#ended) this.#send(notice);
  }

  request<K extends RequestName>(op: K, input: Requests[K]['in']): Promise<Requests[K]['out']> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest++;
      this.#pending.set(request, { resolve: resolve as (value: unknown) => void, reject });
      this.#keepAlive();
      this.#send({ op, request, ...(input as object) } as Command);
    });
  }

  attach(session: number, listener: CoreListener): void {
    this.sessions.set(session, listener);
    this.#keepAlive();
  }

  detach(session: number): void {
    this.sessions.delete(session);
    this.#keepAlive();
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.request('shutdown', {});
    this.#ended = new SwitchhookError('ERR_CLOSED', { what: 'the media engine' });
    this.#worker?.ref();
    await this.#worker?.terminate();
  }

  /** Calls and requests keep the process alive, an idle engine does not. */
  #keepAlive(): void {
    if (this.sessions.size > 0 || this.#pending.size > 0) this.#worker?.ref();
    else this.#worker?.unref();
  }

  #onEvent(event: CoreEvent): void {
    switch (event.event) {
      case 'reply':
        this.#take(event.request)?.resolve(event.value);
        break;
      case 'failed':
        this.#take(event.request)?.reject(unpackError(event.error));
        break;
      case 'log':
        this.#logger[event.level](event.message, event.fields);
        break;
      default:
        this.sessions.get(event.session)?.onCoreEvent(event);
    }
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    this.#keepAlive();
    return pending;
  }

  #end(why: string): void {
    if (this.#ended) return;
    const error = new SwitchhookError('ERR_MEDIA_WORKER', { why });
    this.#ended = error;
    this.#logger.error('media worker stopped', { why, sessions: this.sessions.size });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) session.onCoreEnd(error);
  }
}

/** Worker threads load JavaScript only: from the sources the built file is used. */
function workerFile(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../../dist/media/engine/worker.js', import.meta.url)
    : new URL('./worker.js', import.meta.url);
}
