/**
 * Between the media clock and a speaker: the headset writes one frame per tick, the device takes it in its own time and
 * tells how much it has not played yet. The audio is stretched by as much as keeps that at its level. It starts with a
 * little silence in hand, puts more there when the device ran dry, and leaves audio out when too much has piled up.
 */
import { DriftController } from '../../dsp/drift.js';
import { FractionalResampler } from '../../dsp/fractional-resampler.js';
import type { PlaybackStream } from './audio-backend.js';
import { Cushion } from './cushion.js';

/** Silence in hand at the start, and put there when the device ran dry. */
const START_MS = 20;
const REFILL_MS = 10;
const MOST_EXTRA_MS = 100;
/** Sinks have buffers of their own: the least that is queued in the first second is the level to keep. */
const SETTLING_MS = 1000;
/** No sink needs more: what is beyond came of a stall at the opening. */
const MOST_BASE_MS = 200;
/** More than this over it is left out. */
const SURPLUS_MS = 60;
/** Less than this beyond what the sink itself holds is as good as nothing. */
const DRY_MS = 3;
const MAX_FRAME_MS = 20;

export class PlaybackFeed {
  readonly #stream: PlaybackStream;
  readonly #perMs: number;
  readonly #silence: Int16Array;
  readonly #resampler = new FractionalResampler();
  readonly #made: Int16Array;
  readonly #cushion = new Cushion(MOST_EXTRA_MS);
  #drift: DriftController | undefined;
  #baseMs = Number.POSITIVE_INFINITY;
  #settledMs = 0;
  #begun = false;
  #leavingOut = false;
  #underruns = 0;
  #dry = false;

  constructor(stream: PlaybackStream, sampleRate: number) {
    this.#stream = stream;
    this.#perMs = sampleRate / 1000;
    this.#silence = new Int16Array(START_MS * this.#perMs);
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

  /** How much faster than the device the media clock runs, as far as known. */
  get driftPpm(): number {
    return this.#drift?.ppm ?? 0;
  }

  write(pcm: Int16Array, count: number): void {
    const stream = this.#stream;
    if (!stream.ready) return;
    const frameMs = count / this.#perMs;
    const { queuedMs } = stream;
    if (!this.#begun) {
      this.#begun = true;
      stream.write(this.#silence, this.#silence.length);
    } else if (this.#ranDry(queuedMs)) {
      this.#cushion.raise();
      stream.write(this.#silence, REFILL_MS * this.#perMs);
    } else this.#cushion.pass(frameMs);
    if (queuedMs !== undefined && this.#leavesOut(queuedMs, frameMs)) return;
    const made = this.#resampler.process(pcm, 0, count, this.#made, 0);
    stream.write(this.#made, made);
  }

  close(): void {
    this.#stream.close();
  }

  /**
   * We came too late, once for each time. A device that ran dry though there was something in the queue is none of our
   * business: more in the queue would not help.
   */
  #ranDry(queuedMs: number | undefined): boolean {
    if (queuedMs === undefined) {
      const { underruns } = this.#stream;
      const more = underruns > this.#underruns;
      this.#underruns = underruns;
      return more;
    }
    const wasDry = this.#dry;
    this.#dry = this.#drift !== undefined && queuedMs < this.#baseMs - START_MS + DRY_MS;
    return this.#dry && !wasDry;
  }

  /** Follows the level. @returns true when this frame is left out */
  #leavesOut(queuedMs: number, frameMs: number): boolean {
    const { extraMs } = this.#cushion;
    if (!this.#drift) {
      this.#settledMs += frameMs;
      // What was refilled meanwhile is not the sink's own.
      this.#baseMs = Math.min(this.#baseMs, Math.max(START_MS, queuedMs - extraMs));
      if (this.#settledMs < SETTLING_MS) return false;
      this.#baseMs = Math.min(this.#baseMs, MOST_BASE_MS);
      this.#drift = new DriftController(this.#baseMs);
    }
    const surplusMs = queuedMs - this.#baseMs - extraMs;
    this.#leavingOut = surplusMs > (this.#leavingOut ? frameMs : SURPLUS_MS);
    if (this.#leavingOut) return true;
    this.#resampler.ppm = this.#drift.update(queuedMs - extraMs, frameMs);
    return false;
  }
}
