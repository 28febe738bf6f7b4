/**
 * Streams one file, or several without a gap, for a player: read and decoded off the clock into a queue of one second,
 * so that a slow disk costs silence, never a late packet, and a long file little memory.
 */
import { isSwitchhookError, type SwitchhookError } from '../../base/errors.js';
import { Resampler } from '../../dsp/resample.js';
import { canResample } from '../../dsp/sample-rates.js';
import { fileErrorText } from '../file-error.js';
import { type AudioFileReader, unreadable } from '../files/audio-file-reader.js';
import { openAudioFile } from '../files/open-audio-file.js';
import type { PcmSource } from './pcm-source.js';

const QUEUE_MS = 1000;
const CHUNK_MS = 100;

export class FileSource implements PcmSource {
  /** That of the first file; the others are brought to it. */
  sampleRate = 0;
  readonly #paths: readonly string[];
  readonly #loop: boolean;
  readonly #onError: (error: SwitchhookError) => void;
  /** The file that is read, or comes next. */
  #index = 0;
  #reader: AudioFileReader | undefined;
  #resampler: Resampler | undefined;
  /** Samples that come out of the filter before the file does. */
  #drop = 0;
  #chunk = new Int16Array(0);
  #converted = new Int16Array(0);
  /** Samples read since the first file was begun (again). */
  #round = 0;
  #queue = new Int16Array(0);
  #from = 0;
  #available = 0;
  #reading = false;
  #atEnd = false;
  #closed = false;

  /** @param onError called at most once; the source then has ended */
  constructor(paths: readonly string[], loop: boolean, onError: (error: SwitchhookError) => void) {
    this.#paths = paths;
    this.#loop = loop;
    this.#onError = onError;
    void this.#refill();
  }

  get available(): number {
    return this.#available;
  }

  get ended(): boolean {
    return this.#atEnd;
  }

  read(out: Int16Array, offset: number, count: number): number {
    const given = Math.min(count, this.#available);
    const queue = this.#queue;
    for (let i = 0; i < given; i++) {
      out[offset + i] = queue[this.#from++];
      if (this.#from === queue.length) this.#from = 0;
    }
    this.#available -= given;
    if (!this.#reading && !this.#atEnd && this.#hasRoom()) void this.#refill();
    return given;
  }

  close(): void {
    this.#closed = true;
    this.#atEnd = true;
    this.#available = 0;
    // A read that is under way closes the file itself when it is back.
    if (!this.#reading) void this.#release();
  }

  #hasRoom(): boolean {
    return this.#queue.length - this.#available >= this.#queue.length * ((2 * CHUNK_MS) / QUEUE_MS);
  }

  async #refill(): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#closed && !this.#atEnd && this.#hasRoom()) await this.#readChunk();
    } catch (error) {
      this.#atEnd = true;
      const path = this.#paths[this.#index];
      if (!this.#closed)
        this.#onError(isSwitchhookError(error) ? error : unreadable(path, fileErrorText(error), error));
    }
    this.#reading = false;
    if (this.#atEnd) await this.#release();
  }

  async #readChunk(): Promise<void> {
    const reader = this.#reader ?? (await this.#open());
    if (!reader || this.#closed) return;
    const count = await reader.read(this.#chunk);
    if (this.#closed) return;
    if (count === 0) {
      await this.#next(reader);
      return;
    }
    this.#round += count;
    this.#convert(count);
  }

  /** Takes `count` samples of the chunk. */
  #convert(count: number): void {
    if (!this.#resampler) {
      this.#append(this.#chunk, 0, count);
      return;
    }
    const made = this.#resampler.process(this.#chunk, 0, count, this.#converted, 0);
    const dropped = Math.min(this.#drop, made);
    this.#drop -= dropped;
    this.#append(this.#converted, dropped, made - dropped);
  }

  /** What is still in the filter comes out when silence follows. */
  #flush(): void {
    if (!this.#resampler) return;
    const silence = Math.min(this.#chunk.length, this.#delay(this.#resampler.inputRate));
    this.#chunk.fill(0, 0, silence);
    this.#convert(silence);
  }

  #delay(sampleRate: number): number {
    return Math.round(((this.#resampler?.delayMs ?? 0) * sampleRate) / 1000);
  }

  async #open(): Promise<AudioFileReader | undefined> {
    const path = this.#paths[this.#index];
    if (path === undefined) {
      this.#atEnd = true;
      return undefined;
    }
    const reader = await openAudioFile(path);
    this.#reader = reader;
    const { sampleRate } = reader;
    if (this.sampleRate === 0) {
      this.sampleRate = sampleRate;
      this.#queue = new Int16Array((sampleRate * QUEUE_MS) / 1000);
    } else if (!canResample(sampleRate, this.sampleRate)) {
      throw unreadable(
        path,
        `a sample rate of ${sampleRate} Hz cannot be played after ${this.sampleRate} Hz`,
      );
    }
    this.#chunk = new Int16Array(Math.ceil((sampleRate * CHUNK_MS) / 1000));
    this.#resampler = sampleRate === this.sampleRate ? undefined : new Resampler(sampleRate, this.sampleRate);
    this.#drop = this.#delay(this.sampleRate);
    this.#converted = new Int16Array(Math.ceil((this.sampleRate * CHUNK_MS) / 1000) + 4);
    return reader;
  }

  /** The file is at its end. */
  async #next(reader: AudioFileReader): Promise<void> {
    this.#flush();
    this.#index++;
    if (this.#index === this.#paths.length) {
      // Empty files must not loop for ever.
      if (!this.#loop || this.#round === 0) {
        this.#atEnd = true;
        return;
      }
      this.#index = 0;
      this.#round = 0;
      if (this.#paths.length === 1) {
        await reader.rewind();
        return;
      }
    }
    await this.#release();
  }

  #append(pcm: Int16Array, offset: number, count: number): void {
    const queue = this.#queue;
    let at = (this.#from + this.#available) % queue.length;
    for (let i = 0; i < count; i++) {
      queue[at++] = pcm[offset + i];
      if (at === queue.length) at = 0;
    }
    this.#available += count;
  }

  async #release(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    // Nothing was written: an error of close tells nothing.
    await reader?.close().catch(() => {});
  }
}
