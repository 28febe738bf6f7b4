/** Reads WAV files of every PCM depth and G.711 for the player. */
import type { FileHandle } from 'node:fs/promises';
import { parseWavHeader, type WavHeader } from '../wav/wav-header.js';
import { WavSampleDecoder } from '../wav/wav-samples.js';
import { type AudioFileReader, readFully } from './audio-file-reader.js';

/** Chunks before the data (tags, pictures) may be this long. */
const MAX_HEADER_BYTES = 1 << 20;
const HEADER_STEP = 4096;

export class WavReader implements AudioFileReader {
  readonly sampleRate: number;
  readonly #file: FileHandle;
  readonly #header: WavHeader;
  readonly #decoder: WavSampleDecoder;
  #bytes = Buffer.alloc(0);
  /** Byte position in the data chunk. */
  #position = 0;

  private constructor(file: FileHandle, header: WavHeader) {
    this.#file = file;
    this.#header = header;
    this.#decoder = new WavSampleDecoder(header);
    this.sampleRate = header.sampleRate;
  }

  /** @returns why it cannot be read here */
  static async open(file: FileHandle): Promise<WavReader | { error: string }> {
    let bytes = Buffer.alloc(0);
    for (;;) {
      const step = Buffer.alloc(HEADER_STEP);
      const { bytesRead } = await file.read(step, 0, HEADER_STEP, bytes.length);
      bytes = Buffer.concat([bytes, step.subarray(0, bytesRead)]);
      const result = parseWavHeader(bytes);
      if ('header' in result) return new WavReader(file, result.header);
      if ('error' in result) return result;
      if (bytesRead === 0 || bytes.length > MAX_HEADER_BYTES) return { error: 'not a whole WAV file' };
    }
  }

  async read(out: Int16Array): Promise<number> {
    const { blockAlign, dataLength, dataOffset } = this.#header;
    const wanted = Math.min(out.length * blockAlign, dataLength - this.#position);
    if (this.#bytes.length < wanted) this.#bytes = Buffer.allocUnsafe(wanted);
    const got = await readFully(this.#file, this.#bytes.subarray(0, wanted), dataOffset + this.#position);
    this.#position += got;
    return this.#decoder.decode(this.#bytes.subarray(0, got), out, 0);
  }

  async rewind(): Promise<void> {
    this.#position = 0;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
