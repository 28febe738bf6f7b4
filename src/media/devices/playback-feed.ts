/**
 * Between the media clock and a speaker: the headset writes one frame per tick, the device takes it in its own time and
 * tells how much it has not played yet. The audio is stretched by as much as keeps that at its level. It starts with a
 * little silence in hand, puts more there when the device ran dry, and leaves audio out when too much has piled up.
 */
import { DriftController } from '../../dsp/drift.js';
import { FractionalResampler } from '../../dsp/fractional-resampler.js';
import type { PlaybackStream } from './audio-backend.js';

/** Silence in hand at the start, and after the device ran dry. */
const CUSHION_MS = 20;
const STEP_MS = 10;
const MOST_EXTRA_MS = 100;
/** The level of the first second is the one to keep: sinks have buffers of their own. */
const SETTLING_MS = 1000;
/** More than this over it is dropped. */
const SURPLUS_MS = 60;
const MAX_FRAME_MS = 20;

export class PlaybackFeed {
  readonly #stream: PlaybackStream;
  readonly #perMs: number;
  readonly #silence: Int16Array;
  readonly #resampler = new FractionalResampler();
  readonly #made: Int16Array;
  #drift: DriftController | undefined;
  #baseMs = 0;
  #settledMs = 0;
  #levelSum = 0;
  #levels = 0;
  #extraMs = 0;
  #begun = false;
  #underruns = 0;
  #skippedMs = 0;

  constructor(stream: PlaybackStream, sampleRate: number) {
    this.#stream = stream;
    this.#perMs = sampleRate / 1000;
    this.#silence = new Int16Array(CUSHION_MS * this.#perMs);
    this.#made = new Int16Array(this.#resampler.outputFor(MAX_FRAME_MS * this.#perMs));
  }

  get ready(): boolean {
    return this.#stream.ready;
  }

  get queuedMs(): number | undefined {
    return this.#stream.queuedMs;
  }

  get underruns(): number {
    return this.#stream.underruns;
  }

  /** Audio left out since too much had piled up, in ms. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  /** How much faster than the device the media clock runs, as far as known. */
  get driftPpm(): number {
    return this.#drift?.ppm ?? 0;
  }

  write(pcm: Int16Array, count: number): void {
    const stream = this.#stream;
    if (!stream.ready) return;
    const frameMs = count / this.#perMs;
    if (!this.#begun) {
      this.#begun = true;
      this.#underruns = stream.underruns;
      stream.write(this.#silence, this.#silence.length);
    } else if (stream.underruns > this.#underruns) this.#refill();
    const queuedMs = stream.queuedMs;
    if (queuedMs !== undefined && this.#control(queuedMs, frameMs)) {
      this.#skippedMs += frameMs;
      return;
    }
    const made = this.#resampler.process(pcm, 0, count, this.#made, 0);
    stream.write(this.#made, made);
  }

  close(): void {
    this.#stream.close();
  }

  #refill(): void {
    this.#underruns = this.#stream.underruns;
    this.#extraMs = Math.min(MOST_EXTRA_MS, this.#extraMs + STEP_MS);
    this.#stream.write(this.#silence, STEP_MS * this.#perMs);
  }

  /** @returns true when this frame is left out */
  #control(queuedMs: number, frameMs: number): boolean {
    if (!this.#drift) {
      this.#settledMs += frameMs;
      this.#levelSum += queuedMs;
      this.#levels++;
      if (this.#settledMs < SETTLING_MS) return false;
      this.#baseMs = this.#levelSum / this.#levels - this.#extraMs;
      this.#drift = new DriftController(this.#baseMs);
    }
    if (queuedMs > this.#baseMs + this.#extraMs + SURPLUS_MS) return true;
    this.#resampler.ppm = this.#drift.update(queuedMs - this.#extraMs, frameMs);
    return false;
  }
}
