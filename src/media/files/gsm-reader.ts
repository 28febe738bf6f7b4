/** Reads raw GSM 06.10 for the player: frames of 33 octets that begin with the signature 0xD (RFC 3551 §4.5.8). */
import type { FileHandle } from 'node:fs/promises';
import { gsm } from '../../codecs/gsm/codec.js';
import { type AudioFileReader, readFully } from './audio-file-reader.js';

const { frameSamples, maxFrameBytes, sampleRate } = gsm.info;

export class GsmReader implements AudioFileReader {
  readonly sampleRate = sampleRate;
  readonly #file: FileHandle;
  readonly #decoder = gsm.createDecoder();
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  static recognizes(head: Uint8Array): boolean {
    return head[0] >> 4 === 0xd;
  }

  async read(out: Int16Array): Promise<number> {
    const frames = Math.max(1, Math.floor(out.length / frameSamples));
    const bytes = new Uint8Array(frames * maxFrameBytes);
    const got = await readFully(this.#file, bytes, this.#position);
    this.#position += got;
    return this.#decoder.decode(bytes, 0, got - (got % maxFrameBytes), out, 0);
  }

  async rewind(): Promise<void> {
    this.#position = 0;
    this.#decoder.reset();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
