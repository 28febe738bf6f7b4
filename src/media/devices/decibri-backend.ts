/**
 * Sound devices of macOS, Windows and plain ALSA by the package `decibri` 5.7.0 (Apache-2.0), which is not installed
 * with this one: it is loaded when a device is first asked for, and named when it is not there.
 */
import { SwitchhookError } from '../../base/errors.js';
import type {
  AudioBackend,
  AudioDevice,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from './audio-backend.js';

const PACKAGE = 'decibri';
/** It tells of no changes: the list is read this often. */
const POLL_MS = 3000;
/** A device that takes nothing for longer loses what comes. */
const MOST_WAITING_MS = 200;

interface DeviceInfo {
  readonly name: string;
  readonly id: string;
  readonly isDefault: boolean;
}

interface OpenOptions {
  sampleRate: number;
  channels: number;
  dtype: 'int16';
  device?: { id: string };
}

interface Microphone {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  stop(): void;
}

interface Speaker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  writeAsync(chunk: Buffer): Promise<void>;
  stop(): void;
  readonly underrunCount: number;
}

/** What is used of the package. */
export interface DecibriLibrary {
  readonly Microphone: {
    open(options: OpenOptions & { framesPerBuffer: number }): Promise<Microphone>;
    devices(): readonly DeviceInfo[];
  };
  readonly Speaker: { open(options: OpenOptions): Promise<Speaker>; devices(): readonly DeviceInfo[] };
}

async function loadPackage(): Promise<DecibriLibrary> {
  const loaded = (await import(PACKAGE)) as Partial<DecibriLibrary> & { default?: DecibriLibrary };
  return loaded.Microphone && loaded.Speaker
    ? (loaded as DecibriLibrary)
    : (loaded.default as DecibriLibrary);
}

export class DecibriBackend implements AudioBackend {
  readonly name = PACKAGE;
  readonly #load: () => Promise<DecibriLibrary>;
  #library: Promise<DecibriLibrary> | undefined;

  constructor(load: () => Promise<DecibriLibrary> = loadPackage) {
    this.#load = load;
  }

  async list(): Promise<readonly AudioDevice[]> {
    const { Microphone, Speaker } = await this.#ready();
    return [
      ...Speaker.devices().map((info) => toDevice(info, 'output')),
      ...Microphone.devices().map((info) => toDevice(info, 'input')),
    ];
  }

  capture(device: AudioDevice, options: CaptureOptions): CaptureStream {
    const { sampleRate, onSamples, onEnd } = options;
    let closed = false;
    let microphone: Microphone | undefined;
    const end = (why: string): void => {
      if (closed) return;
      closed = true;
      onEnd(why);
    };
    const open = async (): Promise<void> => {
      const { Microphone } = await this.#ready();
      microphone = await Microphone.open({
        ...format(device, sampleRate),
        framesPerBuffer: sampleRate / 100,
      });
      if (closed) return microphone.stop();
      microphone.on('data', (chunk) => {
        if (closed) return;
        const count = chunk.length >> 1;
        const samples = new Int16Array(count);
        for (let i = 0; i < count; i++) samples[i] = chunk.readInt16LE(2 * i);
        onSamples(samples, count);
      });
      microphone.on('error', (error) => end(error.message));
      microphone.on('end', () => end('the device stopped'));
    };
    open().catch((error: unknown) => end(String(error)));
    return {
      close: () => {
        closed = true;
        microphone?.stop();
      },
    };
  }

  playback(device: AudioDevice, options: DeviceStreamOptions): PlaybackStream {
    return new DecibriPlayback(this.#ready(), device, options);
  }

  watch(onChange: () => void): () => void {
    const timer = setInterval(onChange, POLL_MS).unref();
    return () => clearInterval(timer);
  }

  #ready(): Promise<DecibriLibrary> {
    this.#library ??= this.#load().catch((cause: unknown) => {
      this.#library = undefined;
      const missing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
      const why = missing
        ? `the package ${PACKAGE} is not installed (npm install ${PACKAGE}@5.7.0)`
        : `the package ${PACKAGE} cannot be loaded: ${String(cause).split('\n')[0]}`;
      throw new SwitchhookError('ERR_AUDIO_BACKEND', { why }, { cause });
    });
    return this.#library;
  }
}

class DecibriPlayback implements PlaybackStream {
  readonly queuedMs = undefined;
  readonly #perMs: number;
  #speaker: Speaker | undefined;
  #writing = Promise.resolve();
  #waitingMs = 0;
  #closed = false;
  readonly #onEnd: (why: string) => void;

  constructor(library: Promise<DecibriLibrary>, device: AudioDevice, options: DeviceStreamOptions) {
    this.#perMs = options.sampleRate / 1000;
    this.#onEnd = options.onEnd;
    const open = async (): Promise<void> => {
      const speaker = await (await library).Speaker.open(format(device, options.sampleRate));
      if (this.#closed) return speaker.stop();
      speaker.on('error', (error) => this.#end(error.message));
      this.#speaker = speaker;
    };
    open().catch((error: unknown) => this.#end(String(error)));
  }

  get ready(): boolean {
    return this.#speaker !== undefined && !this.#closed;
  }

  /** Counted in samples there: what is told is whether there were new ones. */
  get underruns(): number {
    return this.#speaker?.underrunCount ?? 0;
  }

  write(pcm: Int16Array, count: number): void {
    const speaker = this.#speaker;
    const ms = count / this.#perMs;
    if (!speaker || this.#closed || this.#waitingMs + ms > MOST_WAITING_MS) return;
    this.#waitingMs += ms;
    const bytes = Buffer.from(new Uint8Array(pcm.buffer, pcm.byteOffset, count * 2));
    this.#writing = this.#writing
      .then(() => (this.#closed ? undefined : speaker.writeAsync(bytes)))
      .then(
        () => {
          this.#waitingMs -= ms;
        },
        (error: unknown) => this.#end(String(error)),
      );
  }

  close(): void {
    this.#closed = true;
    this.#speaker?.stop();
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onEnd(why);
  }
}

function toDevice({ name, id, isDefault }: DeviceInfo, kind: AudioDevice['kind']): AudioDevice {
  return { id: id || name, name, kind, isDefault };
}

function format(device: AudioDevice, sampleRate: number): OpenOptions {
  return { sampleRate, channels: 1, dtype: 'int16', device: { id: device.id } };
}
