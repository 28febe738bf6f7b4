/**
 * The echo canceller in a thread of its own (echo-thread.ts). What a frame becomes is there at the next tick: 10 ms more
 * delay, and no call that waits for a tenth of a second while it is loaded.
 */
import { Worker } from 'node:worker_threads';
import { SwitchhookError } from '../../base/errors.js';
import type { EchoSuppressor } from '../../dsp/echo-canceller.js';
import type { EchoThreadInit, FromEcho, ToEcho } from './echo-thread.js';

/** Frames that came late together: more of them is delay that stays. */
const MOST_WAITING = 2;

export class ThreadedCanceller implements EchoSuppressor {
  readonly #worker: Worker;
  readonly #done: Int16Array[] = [];

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromEcho) => {
      if ('near' in message) this.#done.push(message.near);
    });
  }

  /** @throws ERR_AUDIO_ECHO when the library cannot be loaded */
  static open(sampleRate: number): Promise<EchoSuppressor> {
    const init: EchoThreadInit = { sampleRate };
    const worker = new Worker(threadFile(), { workerData: init, name: 'switchhook-echo' });
    worker.unref();
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        void worker.terminate();
        reject(new SwitchhookError('ERR_AUDIO_ECHO', { why }));
      };
      worker.once('error', (error) => fail(error.message));
      worker.once('message', (message: FromEcho) => {
        if ('ready' in message && message.ready) resolve(new ThreadedCanceller(worker));
        else fail(('why' in message && message.why) || 'it did not start');
      });
    });
  }

  set delayMs(ms: number) {
    this.#post({ delayMs: ms });
  }

  process(near: Int16Array, far: Int16Array): void {
    // Copies: both are written over in the next tick.
    this.#post({ near: near.slice(), far: far.slice() });
    if (this.#done.length > MOST_WAITING) this.#done.splice(0, this.#done.length - 1);
    const clean = this.#done.shift();
    if (clean) near.set(clean);
    else near.fill(0);
  }

  close(): void {
    void this.#worker.terminate();
  }

  #post(message: ToEcho): void {
    this.#worker.postMessage(message);
  }
}

/** Worker threads load JavaScript only: from the sources the built file is used. */
function threadFile(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../../dist/media/devices/echo-thread.js', import.meta.url)
    : new URL('./echo-thread.js', import.meta.url);
}
