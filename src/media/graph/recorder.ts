/**
 * Records a call into a WAV file. Both directions are written in the same blocks, so they cannot drift apart. The disk
 * is never waited for: half-second blocks are written in the background, and after each the sizes in the header are
 * brought up to date, so that the file is playable at any time, also when the process is killed. A full disk ends the
 * file, not the call; a slow one leaves silence, not a shift in time.
 */
import { open } from 'node:fs/promises';
import { SwitchhookError } from '../../base/errors.js';
import { addSaturated } from '../../dsp/mix.js';
import { fileErrorText } from '../file-error.js';
import type { RecordingResult, RecordOptions } from '../types.js';
import { MAX_WAV_DATA, WAV_HEADER_LENGTH, writeWavHeader } from '../wav/wav-header.js';
import { RateAdapter } from './rate-adapter.js';

const BLOCK_MS = 500;
/** Blocks waiting for the disk: more than ten seconds, then audio is left out. */
const MAX_BLOCKS = 24;
const DEFAULT_RATE = 8000;

/** What a recorder needs of a file; node's FileHandle has it. */
export interface RecordingFile {
  write(
    data: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

interface Block {
  readonly bytes: Buffer;
  readonly samples: Int16Array;
  /** Samples filled, of all channels. */
  length: number;
  /** Bytes of silence before this block, left as a hole in the file. */
  gapBytes: number;
}

export class WavRecorder {
  readonly path: string;
  readonly sampleRate: number;
  readonly #channels: number;
  readonly #file: RecordingFile;
  readonly #received: RateAdapter;
  readonly #sent: RateAdapter;
  readonly #onError: (error: SwitchhookError) => void;
  readonly #header = Buffer.alloc(WAV_HEADER_LENGTH);
  readonly #free: Block[] = [];
  readonly #queue: Block[] = [];
  #blocks = 0;
  #current: Block | undefined;
  #gapBytes = 0;
  #frames = 0;
  /** Data bytes on disk. */
  #written = 0;
  #paused = false;
  #failed: SwitchhookError | undefined;
  #pumping: Promise<void> | undefined;
  #stopped: Promise<RecordingResult> | undefined;

  private constructor(
    path: string,
    file: RecordingFile,
    options: RecordOptions,
    onError: (error: SwitchhookError) => void,
  ) {
    this.path = path;
    this.#file = file;
    this.sampleRate = options.sampleRate ?? DEFAULT_RATE;
    this.#channels = options.layout === 'mono' ? 1 : 2;
    this.#received = new RateAdapter(this.sampleRate);
    this.#sent = new RateAdapter(this.sampleRate);
    this.#onError = onError;
  }

  /**
   * Creates (or overwrites) the file.
   * @param onError told at most once, when the file cannot be written on
   * @throws ERR_MEDIA_FILE
   */
  static async create(
    path: string,
    options: RecordOptions,
    onError: (error: SwitchhookError) => void,
  ): Promise<WavRecorder> {
    try {
      return await WavRecorder.into(await open(path, 'w'), path, options, onError);
    } catch (error) {
      throw new SwitchhookError('ERR_MEDIA_FILE', { path, why: fileErrorText(error) }, { cause: error });
    }
  }

  /** Records into a file that is open and empty; `path` only names it. */
  static async into(
    file: RecordingFile,
    path: string,
    options: RecordOptions,
    onError: (error: SwitchhookError) => void,
  ): Promise<WavRecorder> {
    const recorder = new WavRecorder(path, file, options, onError);
    try {
      await recorder.#writeHeader();
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    return recorder;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
  }

  /** Audio in the file and on its way there, in ms. */
  get durationMs(): number {
    return (this.#frames * 1000) / this.sampleRate;
  }

  /** Takes the same stretch of time of both directions. */
  push(
    received: Int16Array,
    receivedCount: number,
    receivedRate: number,
    sent: Int16Array,
    sentCount: number,
    sentRate: number,
  ): void {
    if (this.#paused || this.#failed || this.#stopped) return;
    const left = this.#received.push(received, receivedCount, receivedRate);
    const right = this.#sent.push(sent, sentCount, sentRate);
    // Both have the same length but for the first frame after a change of rate.
    const count = Math.max(left, right);
    this.#received.frame.fill(0, left, count);
    this.#sent.frame.fill(0, right, count);
    this.#frames += count;
    let done = 0;
    while (done < count) {
      const block = this.#block();
      if (!block) {
        this.#gapBytes += (count - done) * this.#channels * 2;
        return;
      }
      done += this.#fill(block, done, count - done);
      if (block.length === block.samples.length) this.#submit();
    }
  }

  /** Nothing was heard or sent for `ms`: silence, so that the time line holds. */
  skip(ms: number): void {
    if (this.#paused || this.#failed || this.#stopped) return;
    const frames = Math.round((ms * this.sampleRate) / 1000);
    this.#frames += frames;
    this.#submit();
    this.#gapBytes += frames * this.#channels * 2;
  }

  /** Completes the file. */
  stop(): Promise<RecordingResult> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  #fill(block: Block, from: number, count: number): number {
    const { samples } = block;
    const run = Math.min(count, (samples.length - block.length) / this.#channels);
    const left = this.#received.frame;
    const right = this.#sent.frame;
    if (this.#channels === 1) {
      for (let i = 0; i < run; i++) samples[block.length + i] = left[from + i];
      addSaturated(samples, block.length, right, from, run);
    } else {
      for (let i = 0; i < run; i++) {
        samples[block.length + 2 * i] = left[from + i];
        samples[block.length + 2 * i + 1] = right[from + i];
      }
    }
    block.length += run * this.#channels;
    return run;
  }

  #block(): Block | undefined {
    if (this.#current) return this.#current;
    let block = this.#free.pop();
    if (!block && this.#blocks < MAX_BLOCKS) {
      const length = Math.round((this.sampleRate * BLOCK_MS) / 1000) * this.#channels;
      const samples = new Int16Array(length);
      block = { samples, bytes: Buffer.from(samples.buffer), length: 0, gapBytes: 0 };
      this.#blocks++;
    }
    if (!block) return undefined;
    block.length = 0;
    block.gapBytes = this.#gapBytes;
    this.#gapBytes = 0;
    this.#current = block;
    return block;
  }

  #submit(): void {
    const block = this.#current;
    if (!block) return;
    this.#current = undefined;
    this.#queue.push(block);
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      for (let block = this.#queue.shift(); block; block = this.#queue.shift()) {
        const length = block.length * 2;
        if (this.#written + block.gapBytes + length > MAX_WAV_DATA) throw new Error('WAV files end at 4 GB');
        this.#written += block.gapBytes;
        await this.#writeAt(block.bytes, length, WAV_HEADER_LENGTH + this.#written);
        this.#written += length;
        this.#free.push(block);
        await this.#writeHeader();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#pumping = undefined;
  }

  async #writeAt(bytes: Buffer, length: number, position: number): Promise<void> {
    let done = 0;
    while (done < length) {
      const { bytesWritten } = await this.#file.write(bytes, done, length - done, position + done);
      done += bytesWritten;
    }
  }

  async #writeHeader(): Promise<void> {
    const format = { channels: this.#channels, sampleRate: this.sampleRate };
    writeWavHeader(this.#header, format, this.#written);
    await this.#writeAt(this.#header, WAV_HEADER_LENGTH, 0);
  }

  #fail(error: unknown): void {
    this.#queue.length = 0;
    this.#current = undefined;
    if (this.#failed) return;
    this.#failed = new SwitchhookError(
      'ERR_MEDIA_FILE',
      { path: this.path, why: fileErrorText(error) },
      { cause: error },
    );
    this.#onError(this.#failed);
  }

  async #finish(): Promise<RecordingResult> {
    this.#submit();
    while (this.#pumping) await this.#pumping;
    try {
      if (!this.#failed && this.#gapBytes > 0) {
        this.#written += this.#gapBytes;
        await this.#file.truncate(WAV_HEADER_LENGTH + this.#written);
        await this.#writeHeader();
      }
      await this.#file.close();
    } catch (error) {
      this.#fail(error);
    }
    const bytesPerSecond = this.sampleRate * this.#channels * 2;
    return {
      path: this.path,
      durationMs: (this.#written * 1000) / bytesPerSecond,
      bytes: WAV_HEADER_LENGTH + this.#written,
      error: this.#failed,
    };
  }
}
