/**
 * One playback on a call: brings its source to the rate that is sent, applies the gain and adds it to the outgoing
 * frame. Driven by the call stream; reports its end once.
 */
import { SwitchhookError } from '../../base/errors.js';
import { addSaturated } from '../../dsp/mix.js';
import { Resampler } from '../../dsp/resample.js';
import { canResample } from '../../dsp/sample-rates.js';
import { saturate } from '../../dsp/saturate.js';
import type { PcmSource } from './pcm-source.js';

/** Longest frame asked for, with room for rounding. */
const MAX_FRAME_MS = 20;
const SPARE_SAMPLES = 16;

/** How many frames to wait for a source that has less than a frame. */
const PATIENCE_FRAMES = 5;

export class Player {
  readonly id: number;
  /** Why the playback ended early. */
  error: SwitchhookError | undefined;
  readonly #source: PcmSource;
  readonly #gain: number;
  #input = new Int16Array(0);
  #output = new Int16Array(0);
  #resampler: Resampler | undefined;
  /** Silence still to be pushed through the filter after the end, in input samples. */
  #tail = -1;
  #waited = 0;
  #playedMs = 0;
  #finished = false;

  constructor(id: number, source: PcmSource, gain: number) {
    this.id = id;
    this.#source = source;
    this.#gain = gain;
  }

  /** Audio of the source that went out, in ms. */
  get playedMs(): number {
    return this.#playedMs;
  }

  /** True when everything of the source has been added to a frame. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Adds the next `count` samples of `sampleRate` to `frame`; less, or nothing, while the source has no more. */
  addTo(frame: Int16Array, count: number, sampleRate: number): void {
    const source = this.#source;
    if (this.#finished) return;
    if (source.ended && source.available === 0 && this.#playedMs === 0) this.#finished = true;
    if (this.#finished || source.sampleRate === 0) return;
    const resampler = this.#adapt(sampleRate);
    if (!resampler) {
      this.fail(
        new SwitchhookError('ERR_INVALID_ARGUMENT', {
          what: `a sample rate of ${source.sampleRate} Hz cannot be played`,
        }),
      );
      return;
    }
    const needed = resampler.inputFor(count);
    // Better a pause of one frame than a hole within it; but what is left over must not wait for ever.
    if (source.available < needed && !source.ended) {
      if (source.available === 0 || ++this.#waited < PATIENCE_FRAMES) return;
    }
    this.#waited = 0;
    const got = source.read(this.#input, 0, needed);
    this.#playedMs += (got * 1000) / source.sampleRate;
    if (got < needed) {
      this.#input.fill(0, got, needed);
      if (source.ended) this.#flush(resampler, needed - got);
    }
    let output = this.#input;
    let made = needed;
    if (resampler.inputRate !== sampleRate) {
      output = this.#output;
      made = resampler.process(this.#input, 0, needed, output, 0);
    }
    if (this.#gain !== 1) {
      for (let i = 0; i < made; i++) output[i] = saturate(Math.round(output[i] * this.#gain));
    }
    addSaturated(frame, 0, output, 0, made);
    if (source.ended && source.available === 0 && resampler.delayMs === 0) this.#finished = true;
  }

  /** Ends the playback. */
  fail(error: SwitchhookError): void {
    this.error = error;
    this.#finished = true;
  }

  close(): void {
    this.#finished = true;
    this.#source.close();
  }

  /** The send rate may change with the codec; rates the source cannot be brought to end the playback. */
  #adapt(sampleRate: number): Resampler | undefined {
    const inputRate = this.#source.sampleRate;
    if (this.#resampler?.outputRate === sampleRate) return this.#resampler;
    if (!canResample(inputRate, sampleRate)) return undefined;
    this.#resampler = new Resampler(inputRate, sampleRate);
    this.#input = new Int16Array(Math.ceil((inputRate * MAX_FRAME_MS) / 1000) + SPARE_SAMPLES);
    this.#output = new Int16Array(Math.ceil((sampleRate * MAX_FRAME_MS) / 1000) + SPARE_SAMPLES);
    return this.#resampler;
  }

  /** The source is at its end: silence follows until its last sample is through the filter. */
  #flush(resampler: Resampler, silence: number): void {
    if (this.#tail < 0) this.#tail = Math.ceil((resampler.delayMs * resampler.inputRate) / 1000);
    this.#tail -= silence;
    if (this.#tail <= 0) this.#finished = true;
  }
}
