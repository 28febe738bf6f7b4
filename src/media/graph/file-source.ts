/**
 * Streams a WAV file for a player: chunks are read and converted off the clock into a queue of one second, so that a
 * slow disk costs silence, never a late packet, and a long file little memory.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { SwitchhookError } from '../../base/errors.js';
import { fileErrorText } from '../file-error.js';
import { parseWavHeader, type WavHeader } from '../wav/wav-header.js';
import { WavSampleDecoder } from '../wav/wav-samples.js';
import type { PcmSource } from './pcm-source.js';

const QUEUE_MS = 1000;
const CHUNK_MS = 250;
/** Chunks before the data (tags, pictures) may be this long. */
const MAX_HEADER_BYTES = 1 << 20;
const HEADER_STEP = 4096;

export class FileSource implements PcmSource {
  sampleRate = 0;
  #path: string;
  #loop: boolean;
  #file: FileHandle | undefined;
  #header: WavHeader | undefined;
  #decoder: WavSampleDecoder | undefined;
  #chunk = Buffer.alloc(0);
  /** Byte position in the data chunk. */
  #position = 0;
  #queue = new Int16Array(0);
  #from = 0;
  #available = 0;
  #reading = false;
  #atEnd = false;
  #closed = false;
  readonly #onError: (error: SwitchhookError) => void;

  /** @param onError called at most once; the source then has ended */
  constructor(path: string, loop: boolean, onError: (error: SwitchhookError) => void) {
    this.#path = path;
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
    return this.#queue.length - this.#available >= this.#queue.length * (CHUNK_MS / QUEUE_MS);
  }

  async #refill(): Promise<void> {
    this.#reading = true;
    try {
      if (!this.#header) await this.#open();
      while (!this.#closed && !this.#atEnd && this.#hasRoom()) await this.#readChunk();
    } catch (error) {
      this.#atEnd = true;
      if (!this.#closed) {
        const known = error instanceof SwitchhookError;
        this.#onError(known ? error : this.#error(fileErrorText(error), error));
      }
    }
    this.#reading = false;
    if (this.#atEnd) await this.#release();
  }

  async #open(): Promise<void> {
    this.#file = await open(this.#path, 'r');
    let bytes = Buffer.alloc(0);
    for (;;) {
      const step = Buffer.alloc(HEADER_STEP);
      const { bytesRead } = await this.#file.read(step, 0, HEADER_STEP, bytes.length);
      bytes = Buffer.concat([bytes, step.subarray(0, bytesRead)]);
      const result = parseWavHeader(bytes);
      if ('header' in result) {
        this.#prepare(result.header);
        return;
      }
      if ('error' in result) throw this.#error(result.error);
      if (bytesRead === 0 || bytes.length > MAX_HEADER_BYTES) throw this.#error('not a whole WAV file');
    }
  }

  #prepare(header: WavHeader): void {
    const frames = Math.ceil((header.sampleRate * CHUNK_MS) / 1000);
    this.#decoder = new WavSampleDecoder(header);
    this.#chunk = Buffer.allocUnsafe(frames * header.blockAlign);
    this.#queue = new Int16Array(frames * Math.round(QUEUE_MS / CHUNK_MS));
    this.#header = header;
    this.sampleRate = header.sampleRate;
  }

  async #readChunk(): Promise<void> {
    const header = this.#header;
    const file = this.#file;
    if (!header || !file) return;
    const wanted = Math.min(this.#chunk.length, header.dataLength - this.#position);
    let got = 0;
    while (got < wanted) {
      const { bytesRead } = await file.read(
        this.#chunk,
        got,
        wanted - got,
        header.dataOffset + this.#position + got,
      );
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    if (this.#closed) return;
    this.#append(this.#chunk.subarray(0, got - (got % header.blockAlign)));
    this.#position += got;
    if (got < wanted || this.#position >= header.dataLength) {
      // An empty file must not loop for ever.
      if (this.#loop && this.#position >= header.blockAlign) this.#position = 0;
      else this.#atEnd = true;
    }
  }

  #append(bytes: Uint8Array): void {
    const decoder = this.#decoder;
    const header = this.#header;
    if (!decoder || !header) return;
    const queue = this.#queue;
    const count = bytes.length / header.blockAlign;
    const at = (this.#from + this.#available) % queue.length;
    const first = Math.min(count, queue.length - at);
    decoder.decode(bytes.subarray(0, first * header.blockAlign), queue, at);
    decoder.decode(bytes.subarray(first * header.blockAlign), queue, 0);
    this.#available += count;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // Nothing was written: an error of close tells nothing.
    await file?.close().catch(() => {});
  }

  #error(why: string, cause?: unknown): SwitchhookError {
    return new SwitchhookError('ERR_MEDIA_FILE', { path: this.#path, why }, { cause });
  }
}
