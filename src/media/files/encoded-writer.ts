/**
 * Writes coded audio for the recorder: cuts the blocks into the pieces a codec takes, encodes a few at a time so that
 * the media clock of the same thread is never late for them, and appends the result block by block.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AudioFileWriter, type RecordingFile, writeAt } from './audio-file-writer.js';

/** A codec together with its container. What it hands to `put` is copied at once. */
export interface PieceEncoder {
  /** Frames of one piece. */
  readonly pieceFrames: number;
  /** What stands at the beginning of the file. */
  begin?(put: (bytes: Uint8Array) => void): void;
  /** @param piece interleaved, as long as a piece */
  encode(piece: Int16Array, put: (bytes: Uint8Array) => void): void;
  /** Hands out all it can, for the file is about to be written. */
  flush?(put: (bytes: Uint8Array) => void): void;
  /** @param frames length of the whole file; of the last piece the rest is padding */
  finish(frames: number, put: (bytes: Uint8Array) => void): void;
  close?(): void;
}

/** Pieces encoded in one go: about 1 ms of work. */
const PIECES_PER_TURN = 2;

export class EncodedWriter implements AudioFileWriter {
  readonly #file: RecordingFile;
  readonly #encoder: PieceEncoder;
  readonly #channels: number;
  readonly #piece: Int16Array;
  /** Samples in the piece. */
  #filled = 0;
  #encoded = 0;
  #chunks: Buffer[] = [];
  readonly #put = (bytes: Uint8Array): void => void this.#chunks.push(Buffer.from(bytes));
  bytes = 0;
  frames = 0;

  constructor(file: RecordingFile, encoder: PieceEncoder, channels: number) {
    this.#file = file;
    this.#encoder = encoder;
    this.#channels = channels;
    this.#piece = new Int16Array(encoder.pieceFrames * channels);
  }

  async begin(): Promise<void> {
    this.#encoder.begin?.(this.#put);
    await this.#append();
  }

  async write(silentFrames: number, samples: Int16Array, frames: number): Promise<void> {
    await this.#feed(undefined, silentFrames);
    await this.#feed(samples, frames);
    this.#encoder.flush?.(this.#put);
    await this.#append();
  }

  async finish(silentFrames: number): Promise<void> {
    await this.#feed(undefined, silentFrames);
    if (this.#filled > 0) {
      this.#piece.fill(0, this.#filled);
      this.#encoder.encode(this.#piece, this.#put);
    }
    this.#encoder.finish(this.frames, this.#put);
    await this.#append();
  }

  close(): Promise<void> {
    this.#encoder.close?.();
    return this.#file.close();
  }

  /** @param samples absent = silence */
  async #feed(samples: Int16Array | undefined, frames: number): Promise<void> {
    const count = frames * this.#channels;
    const piece = this.#piece;
    for (let done = 0; done < count; ) {
      const run = Math.min(count - done, piece.length - this.#filled);
      if (samples) piece.set(samples.subarray(done, done + run), this.#filled);
      else piece.fill(0, this.#filled, this.#filled + run);
      this.#filled += run;
      done += run;
      if (this.#filled < piece.length) break;
      this.#filled = 0;
      this.#encoder.encode(piece, this.#put);
      if (++this.#encoded % PIECES_PER_TURN === 0) await nextTurn();
    }
    this.frames += frames;
  }

  async #append(): Promise<void> {
    if (this.#chunks.length === 0) return;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    await writeAt(this.#file, bytes, this.bytes);
    this.bytes += bytes.length;
  }
}
