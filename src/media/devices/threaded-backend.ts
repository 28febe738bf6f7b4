/**
 * A backend of the system that runs in a thread of its own (device-thread.ts): starting a program blocks the thread that
 * does it, and the media worker has other calls to serve. Samples cross as messages, a hundred a second.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type {
  AudioDevice,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from './audio-backend.js';
import type { AudioBackendName, ClosableBackend } from './open-backend.js';
import type { DeviceThreadInit, FromDevices, ToDevices } from './thread-messages.js';

/** A device that does not let go is left behind. */
const CLOSE_MS = 1000;

interface Listener {
  onEvent(event: Extract<FromDevices, { stream: number }>): void;
}

interface Listing {
  resolve(devices: readonly AudioDevice[]): void;
  reject(error: SwitchhookError): void;
}

export class ThreadedBackend implements ClosableBackend {
  readonly name: AudioBackendName;
  readonly #clock: Clock;
  readonly #worker: Worker;
  readonly #streams = new Map<number, Listener>();
  readonly #listings = new Map<number, Listing>();
  readonly #watchers = new Set<() => void>();
  #next = 1;
  #dead: string | undefined;
  #onClosed = (): void => {};

  constructor(name: AudioBackendName, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    const init: DeviceThreadInit = { backend: name };
    this.#worker = new Worker(threadFile(), { workerData: init, name: 'switchhook-devices' });
    this.#worker.unref();
    this.#worker.on('message', (event: FromDevices) => this.#onEvent(event));
    this.#worker.on('error', (error) => this.#die(error.message));
    this.#worker.on('exit', () => this.#die('the device thread ended'));
  }

  list(): Promise<readonly AudioDevice[]> {
    if (this.#dead) return Promise.reject(new SwitchhookError('ERR_AUDIO_BACKEND', { why: this.#dead }));
    const request = this.#next++;
    return new Promise((resolve, reject) => {
      this.#listings.set(request, { resolve, reject });
      this.#post({ op: 'list', request });
    });
  }

  capture(device: AudioDevice, { onSamples, onEnd, ...options }: CaptureOptions): CaptureStream {
    const stream = this.#next++;
    this.#streams.set(stream, {
      onEvent: (event) => {
        if (event.event === 'samples') onSamples(event.pcm, event.pcm.length);
        else if (event.event === 'ended') onEnd(event.why);
      },
    });
    this.#post({ op: 'capture', stream, device, ...options });
    return { close: () => this.#close(stream) };
  }

  playback(device: AudioDevice, { onEnd, ...options }: DeviceStreamOptions): PlaybackStream {
    const stream = this.#next++;
    const playback = new ThreadedPlayback(options.sampleRate, this.#clock, {
      write: (pcm) => this.#post({ op: 'write', stream, pcm }),
      close: () => this.#close(stream),
    });
    this.#streams.set(stream, {
      onEvent: (event) => {
        if (event.event === 'played') playback.onPlayed(event);
        else if (event.event === 'ended') onEnd(event.why);
      },
    });
    this.#post({ op: 'playback', stream, device, ...options });
    return playback;
  }

  async raise(devices: readonly AudioDevice[]): Promise<void> {
    this.#post({ op: 'raise', devices });
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  async close(): Promise<void> {
    if (!this.#dead) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(CLOSE_MS, resolve);
        this.#onClosed = () => {
          timer.cancel();
          resolve();
        };
        // Nothing else may keep this thread awake for the answer.
        this.#worker.ref();
        this.#post({ op: 'shutdown' });
      });
    }
    await this.#worker.terminate();
  }

  #post(message: ToDevices): void {
    if (!this.#dead) this.#worker.postMessage(message);
  }

  #close(stream: number): void {
    if (this.#streams.delete(stream)) this.#post({ op: 'close', stream });
  }

  #onEvent(event: FromDevices): void {
    switch (event.event) {
      case 'listed':
        this.#listing(event.request)?.resolve(event.devices);
        break;
      case 'notListed':
        this.#listing(event.request)?.reject(new SwitchhookError('ERR_AUDIO_BACKEND', { why: event.why }));
        break;
      case 'changed':
        for (const watcher of this.#watchers) watcher();
        break;
      case 'closed':
        this.#onClosed();
        break;
      default:
        this.#streams.get(event.stream)?.onEvent(event);
        if (event.event === 'ended') this.#streams.delete(event.stream);
    }
  }

  #listing(request: number): Listing | undefined {
    const listing = this.#listings.get(request);
    this.#listings.delete(request);
    return listing;
  }

  #die(why: string): void {
    if (this.#dead) return;
    this.#dead = why;
    this.#onClosed();
    for (const { reject } of this.#listings.values())
      reject(new SwitchhookError('ERR_AUDIO_BACKEND', { why }));
    this.#listings.clear();
    for (const [stream, listener] of [...this.#streams]) listener.onEvent({ event: 'ended', stream, why });
    this.#streams.clear();
  }
}

class ThreadedPlayback implements PlaybackStream {
  ready = false;
  underruns = 0;
  readonly #perMs: number;
  readonly #clock: Clock;
  readonly #port: { write(pcm: Int16Array): void; close(): void };
  #written = 0;
  #told: { queuedMs: number; taken: number; at: number } | undefined;

  constructor(sampleRate: number, clock: Clock, port: { write(pcm: Int16Array): void; close(): void }) {
    this.#perMs = sampleRate / 1000;
    this.#clock = clock;
    this.#port = port;
  }

  /** What was told, what was written since, and the time that has passed. */
  get queuedMs(): number | undefined {
    if (!this.#told) return undefined;
    const { queuedMs, taken, at } = this.#told;
    return Math.max(0, queuedMs + (this.#written - taken) / this.#perMs - (this.#clock.now() - at));
  }

  write(pcm: Int16Array, count: number): void {
    this.#written += count;
    this.#port.write(pcm.slice(0, count));
  }

  close(): void {
    this.#port.close();
  }

  onPlayed({ ready, underruns, queuedMs, taken }: Extract<FromDevices, { event: 'played' }>): void {
    this.ready = ready;
    this.underruns = underruns;
    this.#told = queuedMs === undefined ? undefined : { queuedMs, taken, at: this.#clock.now() };
  }
}

/** Worker threads load JavaScript only: from the sources the built file is used. */
function threadFile(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../../dist/media/devices/device-thread.js', import.meta.url)
    : new URL('./device-thread.js', import.meta.url);
}
