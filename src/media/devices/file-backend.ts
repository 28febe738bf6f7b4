/**
 * Files in the place of devices, for tests and machines without sound: `file:talk.wav` as a microphone is what the file
 * says, once, then silence; as a speaker it becomes a WAV file of everything played. Time is the clock's.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock, Timer } from '../../base/clock.js';
import { resampleAll } from '../../dsp/resample.js';
import { fileErrorText } from '../file-error.js';
import { WavWriter } from '../files/wav-writer.js';
import { readWav } from '../wav/wav-file.js';
import type {
  AudioBackend,
  AudioDevice,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from './audio-backend.js';
import { FILE_PREFIX } from './device-choice.js';

const PERIOD_MS = 10;
const BLOCK_MS = 200;

export class FileBackend implements AudioBackend {
  readonly name = 'file';
  readonly #clock: Clock;
  /** Files that were written to: a speaker that is opened again goes on where it was. */
  readonly #sinks = new Map<string, FileSink>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async list(): Promise<readonly AudioDevice[]> {
    return [];
  }

  capture(device: AudioDevice, options: CaptureOptions): CaptureStream {
    return new FileCapture(pathOf(device), options, this.#clock);
  }

  playback(device: AudioDevice, options: DeviceStreamOptions): PlaybackStream {
    const path = pathOf(device);
    let sink = this.#sinks.get(path);
    if (!sink) {
      sink = new FileSink(path, options.sampleRate);
      this.#sinks.set(path, sink);
    }
    return new FilePlayback(sink, options);
  }

  watch(): () => void {
    return () => {};
  }

  /** Resolves when all files are complete on disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()));
    this.#sinks.clear();
  }
}

function pathOf(device: AudioDevice): string {
  return device.id.slice(FILE_PREFIX.length);
}

class FileCapture implements CaptureStream {
  readonly #clock: Clock;
  readonly #frame: Int16Array;
  readonly #onSamples: CaptureOptions['onSamples'];
  readonly #startedAt: number;
  #samples: Int16Array = new Int16Array(0);
  #position = 0;
  #pieces = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(path: string, { sampleRate, onSamples, onEnd }: CaptureOptions, clock: Clock) {
    this.#clock = clock;
    this.#onSamples = onSamples;
    this.#frame = new Int16Array((sampleRate * PERIOD_MS) / 1000);
    this.#startedAt = clock.now();
    this.#next();
    readWav(path).then(
      (wav) => {
        this.#samples = resampleAll(wav.mono, wav.sampleRate, sampleRate);
      },
      (error: unknown) => {
        if (this.#closed) return;
        this.close();
        onEnd(fileErrorText(error));
      },
    );
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** Absolute times: late timers must not add up. */
  #next(): void {
    const due = this.#startedAt + ++this.#pieces * PERIOD_MS;
    this.#timer = this.#clock.after(due - this.#clock.now(), () => {
      if (this.#closed) return;
      this.#push();
      this.#next();
    });
  }

  #push(): void {
    const frame = this.#frame;
    const given = Math.min(frame.length, this.#samples.length - this.#position);
    for (let i = 0; i < given; i++) frame[i] = this.#samples[this.#position++];
    frame.fill(0, given);
    this.#onSamples(frame, frame.length);
  }
}

/** A WAV file that is written in blocks, in the background. */
class FileSink {
  readonly sampleRate: number;
  readonly #opening: Promise<FileHandle>;
  #writer: WavWriter | undefined;
  #block: Int16Array<ArrayBuffer>;
  #filled = 0;
  #writing: Promise<void>;
  error: unknown;
  /** Who writes: of several streams the one that was opened last. */
  owner: FilePlayback | undefined;

  constructor(path: string, sampleRate: number) {
    this.sampleRate = sampleRate;
    this.#block = new Int16Array((sampleRate * BLOCK_MS) / 1000);
    this.#opening = open(path, 'w');
    this.#writing = this.#begin();
  }

  get ready(): boolean {
    return this.#writer !== undefined;
  }

  push(pcm: Int16Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#block[this.#filled++] = pcm[i];
      if (this.#filled === this.#block.length) this.flush();
    }
  }

  flush(): void {
    const frames = this.#filled;
    if (frames === 0) return;
    const block = this.#block;
    this.#block = new Int16Array(block.length);
    this.#filled = 0;
    this.#writing = this.#writing.then(() => this.#writer?.write(0, block, frames)).catch(this.#fail);
  }

  async close(): Promise<void> {
    this.flush();
    await this.#writing;
    const file = await this.#opening.catch(() => undefined);
    await file?.close().catch(this.#fail);
  }

  readonly #fail = (error: unknown): void => {
    this.error ??= error;
  };

  async #begin(): Promise<void> {
    try {
      const writer = new WavWriter(await this.#opening, 1, this.sampleRate);
      await writer.begin();
      this.#writer = writer;
    } catch (error) {
      this.#fail(error);
    }
  }
}

class FilePlayback implements PlaybackStream {
  readonly queuedMs = undefined;
  readonly underruns = 0;
  readonly #sink: FileSink;
  readonly #onEnd: (why: string) => void;
  #closed = false;

  constructor(sink: FileSink, { onEnd }: DeviceStreamOptions) {
    this.#sink = sink;
    this.#onEnd = onEnd;
    sink.owner = this;
  }

  get ready(): boolean {
    if (this.#sink.error !== undefined) this.#fail();
    return this.#sink.ready && !this.#closed;
  }

  write(pcm: Int16Array, count: number): void {
    if (!this.#closed && this.#sink.owner === this) this.#sink.push(pcm, count);
  }

  close(): void {
    this.#closed = true;
    this.#sink.flush();
  }

  #fail(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onEnd(fileErrorText(this.#sink.error));
  }
}
