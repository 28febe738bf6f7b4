/**
 * Writes 16-bit PCM WAV files for the recorder. The sizes in the header are brought up to date with each block;
 * silence becomes a hole in the file.
 */
import { MAX_WAV_DATA, WAV_HEADER_LENGTH, writeWavHeader } from '../wav/wav-header.js';
import { type AudioFileWriter, type RecordingFile, writeAt } from './audio-file-writer.js';

export class WavWriter implements AudioFileWriter {
  readonly #file: RecordingFile;
  readonly #format: { channels: number; sampleRate: number };
  readonly #frameBytes: number;
  readonly #header = new Uint8Array(WAV_HEADER_LENGTH);
  /** Data bytes on disk. */
  #written = 0;

  constructor(file: RecordingFile, channels: number, sampleRate: number) {
    this.#file = file;
    this.#format = { channels, sampleRate };
    this.#frameBytes = channels * 2;
  }

  get bytes(): number {
    return WAV_HEADER_LENGTH + this.#written;
  }

  get frames(): number {
    return this.#written / this.#frameBytes;
  }

  async begin(): Promise<void> {
    writeWavHeader(this.#header, this.#format, this.#written);
    await writeAt(this.#file, this.#header, 0);
  }

  async write(silentFrames: number, samples: Int16Array, frames: number): Promise<void> {
    const start = this.#written + silentFrames * this.#frameBytes;
    const length = frames * this.#frameBytes;
    if (start + length > MAX_WAV_DATA) throw new Error('WAV files end at 4 GB');
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, length);
    await writeAt(this.#file, bytes, WAV_HEADER_LENGTH + start);
    this.#written = start + length;
    await this.begin();
  }

  async finish(silentFrames: number): Promise<void> {
    if (silentFrames === 0) return;
    const end = Math.min(this.#written + silentFrames * this.#frameBytes, MAX_WAV_DATA);
    await this.#file.truncate(WAV_HEADER_LENGTH + end);
    this.#written = end - (end % this.#frameBytes);
    await this.begin();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
