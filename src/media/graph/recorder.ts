/**
 * Records a call into a file, or two. Both directions are put into the same blocks, so they cannot drift apart. The
 * disk and the encoder are never waited for: half-second blocks are encoded and written elsewhere, each of them leaving
 * the file playable, also when the process is killed. A full disk ends the file, not the call; a slow one leaves
 * silence, not a shift in time.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { cryptoRandom } from '../../base/random.js';
import { addSaturated } from '../../dsp/mix.js';
import { fileErrorText } from '../file-error.js';
import type { AudioFileWriter, OpenTrack } from '../files/audio-file-writer.js';
import { openTrack, planRecording, type RecordingPlan } from '../files/recording-format.js';
import type { RecordingResult, RecordOptions } from '../types.js';
import type { CallSink } from './call-sink.js';
import { RateAdapter } from './rate-adapter.js';

const BLOCK_MS = 500;
/** Of the noise in place of silence, about -70 dBov. */
const NOISE_PEAK = 16;
/** G.711 has no zero. */
const SILENT_PEAK = 8;
/** Blocks waiting for the disk: more than ten seconds, then audio is left out. */
const MAX_BLOCKS = 24;

/** Audio on its way to the files. */
interface Block {
  /** Interleaved samples for each file. */
  readonly tracks: readonly Int16Array[];
  /** Sample frames filled. */
  frames: number;
  /** Frames of silence before this block. */
  silence: number;
}

export class Recorder implements CallSink {
  readonly sampleRate: number;
  readonly #plan: RecordingPlan;
  readonly #writers: readonly AudioFileWriter[];
  readonly #received: RateAdapter;
  readonly #sent: RateAdapter;
  readonly #onError: (error: SwitchhookError) => void;
  readonly #free: Block[] = [];
  readonly #queue: Block[] = [];
  #blocks = 0;
  #current: Block | undefined;
  #silence = 0;
  #frames = 0;
  #paused = false;
  readonly #sync: RecordOptions['sync'];
  #receivedHeard = false;
  #sentHeard = false;
  #noise = 1;
  #failed: SwitchhookError | undefined;
  #pumping: Promise<void> | undefined;
  #stopped: Promise<RecordingResult> | undefined;

  private constructor(
    plan: RecordingPlan,
    writers: readonly AudioFileWriter[],
    onError: (error: SwitchhookError) => void,
    sync: RecordOptions['sync'],
  ) {
    this.#plan = plan;
    this.#sync = sync;
    this.#writers = writers;
    this.sampleRate = plan.sampleRate;
    this.#received = new RateAdapter(this.sampleRate);
    this.#sent = new RateAdapter(this.sampleRate);
    this.#onError = onError;
  }

  /**
   * Creates (or overwrites) the file or files.
   * @param onError told at most once, when a file cannot be written on
   * @param open where files are written; in this thread when absent
   * @throws ERR_MEDIA_FILE, ERR_MEDIA_CODEC
   */
  static async create(
    path: string,
    options: RecordOptions,
    onError: (error: SwitchhookError) => void,
    open: OpenTrack = openTrack,
  ): Promise<Recorder> {
    const plan = planRecording(path, options);
    const writers: AudioFileWriter[] = [];
    try {
      for (const name of plan.paths) writers.push(await open(name, plan, cryptoRandom.uint32()));
    } catch (error) {
      await Promise.allSettled(writers.map((writer) => writer.close()));
      throw fileError(plan.paths[writers.length], error);
    }
    return new Recorder(plan, writers, onError, options.sync);
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    // A pause may be long, and the process killed in it.
    if (paused && !this.#stopped) this.#submit();
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
    if (this.#sync && !this.#prepare(count)) return;
    this.#frames += count;
    const room = this.#blockFrames();
    for (let done = 0; done < count; ) {
      const block = this.#block();
      if (!block) {
        this.#silence += count - done;
        return;
      }
      const run = Math.min(count - done, room - block.frames);
      this.#fill(block, done, run);
      done += run;
      if (block.frames === room) this.#submit();
    }
  }

  /** @returns false while it does not begin yet */
  #prepare(count: number): boolean {
    const received = isSilent(this.#received.frame, count);
    const sent = isSilent(this.#sent.frame, count);
    if (this.#sync === 'noise') {
      if (received) this.#addNoise(this.#received.frame, count);
      if (sent) this.#addNoise(this.#sent.frame, count);
      return true;
    }
    this.#receivedHeard ||= !received;
    this.#sentHeard ||= !sent;
    return this.#begun;
  }

  /** False while it waits until both have been heard. */
  get #begun(): boolean {
    return this.#sync !== 'both' || (this.#receivedHeard && this.#sentHeard);
  }

  #addNoise(frame: Int16Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#noise = (Math.imul(this.#noise, 1_103_515_245) + 12_345) & 0x7fffffff;
      frame[i] = ((this.#noise >> 16) % (2 * NOISE_PEAK)) - NOISE_PEAK;
    }
  }

  /** Nothing was heard or sent for `ms`: silence, so that the time line holds. */
  skip(ms: number): void {
    if (this.#paused || this.#failed || this.#stopped || !this.#begun) return;
    const frames = Math.round((ms * this.sampleRate) / 1000);
    this.#frames += frames;
    this.#submit();
    this.#silence += frames;
  }

  /** Completes the file. */
  stop(): Promise<RecordingResult> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  #fill(block: Block, from: number, run: number): void {
    const left = this.#received.frame;
    const right = this.#sent.frame;
    const at = block.frames;
    const [first, second] = block.tracks;
    switch (this.#plan.layout) {
      case 'stereo':
        for (let i = 0; i < run; i++) {
          first[2 * (at + i)] = left[from + i];
          first[2 * (at + i) + 1] = right[from + i];
        }
        break;
      case 'mono':
        copy(left, from, first, at, run);
        addSaturated(first, at, right, from, run);
        break;
      case 'separate':
        copy(left, from, first, at, run);
        copy(right, from, second, at, run);
        break;
      case 'received':
        copy(left, from, first, at, run);
        break;
      case 'sent':
        copy(right, from, first, at, run);
        break;
    }
    block.frames += run;
  }

  #blockFrames(): number {
    return Math.round((this.sampleRate * BLOCK_MS) / 1000);
  }

  #block(): Block | undefined {
    if (this.#current) return this.#current;
    let block = this.#free.pop();
    if (!block && this.#blocks < MAX_BLOCKS) {
      const length = this.#blockFrames() * this.#plan.channels;
      // In shared memory, so that the recording thread reads them where they are.
      const track = (): Int16Array => new Int16Array(new SharedArrayBuffer(2 * length));
      block = { tracks: this.#plan.paths.map(track), frames: 0, silence: 0 };
      this.#blocks++;
    }
    if (!block) return undefined;
    block.frames = 0;
    block.silence = this.#silence;
    this.#silence = 0;
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
    for (let block = this.#queue.shift(); block; block = this.#queue.shift()) {
      for (let i = 0; i < this.#writers.length && !this.#failed; i++) {
        try {
          await this.#writers[i].write(block.silence, block.tracks[i], block.frames);
        } catch (error) {
          this.#fail(i, error);
        }
      }
      this.#free.push(block);
    }
    this.#pumping = undefined;
  }

  #fail(file: number, error: unknown): void {
    this.#queue.length = 0;
    this.#current = undefined;
    if (this.#failed) return;
    this.#failed = fileError(this.#plan.paths[file], error);
    this.#onError(this.#failed);
  }

  async #finish(): Promise<RecordingResult> {
    this.#submit();
    while (this.#pumping) await this.#pumping;
    for (const [i, writer] of this.#writers.entries()) {
      try {
        if (!this.#failed) await writer.finish(this.#silence);
      } catch (error) {
        this.#fail(i, error);
      }
      await writer.close().catch((error: unknown) => this.#fail(i, error));
    }
    const { paths } = this.#plan;
    return {
      path: paths[0],
      paths: paths.length > 1 ? paths : undefined,
      durationMs: (this.#writers[0].frames * 1000) / this.sampleRate,
      bytes: this.#writers.reduce((sum, writer) => sum + writer.bytes, 0),
      error: this.#failed,
    };
  }
}

function isSilent(frame: Int16Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (frame[i] > SILENT_PEAK || frame[i] < -SILENT_PEAK) return false;
  return true;
}

function copy(from: Int16Array, fromAt: number, to: Int16Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[fromAt + i];
}

function fileError(path: string, error: unknown): SwitchhookError {
  if (isSwitchhookError(error)) return error;
  return new SwitchhookError('ERR_MEDIA_FILE', { path, why: fileErrorText(error) }, { cause: error });
}
