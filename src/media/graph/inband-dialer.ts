/**
 * Dials by tones in the audio, for peers that take no telephone-events. While a digit or the gap after it lasts, it is
 * all that is sent; during other pauses the audio goes on. Driven by the call stream, fed by the DTMF queue.
 */
import { dtmfFrequencies, ToneGenerator } from '../../dsp/tone.js';
import { digitOfEvent } from '../../rtp/telephone-event.js';

const MAX_QUEUED = 256;
/** Both tones together at -9 dBov, within what Q.24 receivers take. */
const LEVEL_DBOV = -12;

interface Step {
  /** Undefined for a pause in which the audio goes on. */
  readonly event: number | undefined;
  readonly durationMs: number;
  readonly gapMs: number;
}

export class InbandDialer {
  /** Digits whose gap is over. */
  completed = 0;
  readonly #queue: Step[] = [];
  #step: Step | undefined;
  #tone: ToneGenerator | undefined;
  /** Samples left of the tone and of the gap or pause after it, at {@link #sampleRate}. */
  #toneLeft = 0;
  #gapLeft = 0;
  #sampleRate = 0;

  get busy(): boolean {
    return this.#step !== undefined || this.#queue.length > 0;
  }

  /** @returns false when too many wait already */
  enqueue(event: number, durationMs: number, gapMs: number): boolean {
    return this.#push({ event, durationMs, gapMs });
  }

  enqueuePause(durationMs: number): boolean {
    return this.#push({ event: undefined, durationMs: 0, gapMs: durationMs });
  }

  clear(): void {
    this.#queue.length = 0;
    this.#step = undefined;
    this.#toneLeft = 0;
    this.#gapLeft = 0;
  }

  /** Replaces the audio to be sent where there is something to dial. */
  process(frame: Int16Array, count: number, sampleRate: number): void {
    if (this.#step && sampleRate !== this.#sampleRate) this.#follow(sampleRate);
    for (let at = 0; at < count; ) {
      if (this.#toneLeft === 0 && this.#gapLeft === 0 && !this.#next(sampleRate)) return;
      const dialling = this.#step?.event !== undefined;
      const run = Math.min(count - at, this.#toneLeft || this.#gapLeft);
      if (dialling) frame.fill(0, at, at + run);
      if (this.#toneLeft > 0) {
        this.#tone?.generate(frame, at, run);
        this.#toneLeft -= run;
      } else this.#gapLeft -= run;
      at += run;
      if (this.#toneLeft === 0 && this.#gapLeft === 0) {
        if (dialling) this.completed++;
        this.#step = undefined;
      }
    }
  }

  #push(step: Step): boolean {
    if (this.#queue.length >= MAX_QUEUED) return false;
    this.#queue.push(step);
    return true;
  }

  #next(sampleRate: number): boolean {
    const step = this.#queue.shift();
    this.#step = step;
    if (!step) return false;
    this.#sampleRate = sampleRate;
    this.#toneLeft = Math.round((step.durationMs * sampleRate) / 1000);
    // A step without any length must end as well.
    this.#gapLeft = Math.max(1, Math.round((step.gapMs * sampleRate) / 1000));
    this.#tone = this.#generator(step);
    return true;
  }

  /** The codec has changed in the middle of a digit. */
  #follow(sampleRate: number): void {
    this.#toneLeft = Math.round((this.#toneLeft * sampleRate) / this.#sampleRate);
    this.#gapLeft = Math.max(1, Math.round((this.#gapLeft * sampleRate) / this.#sampleRate));
    this.#sampleRate = sampleRate;
    if (this.#step) this.#tone = this.#generator(this.#step);
  }

  #generator({ event, durationMs }: Step): ToneGenerator | undefined {
    const digit = event === undefined ? undefined : digitOfEvent(event);
    const frequencies = digit === undefined ? undefined : dtmfFrequencies(digit);
    if (!frequencies) return undefined;
    return new ToneGenerator(
      { segments: [{ frequencies, durationMs }], repeat: 1, level: LEVEL_DBOV },
      this.#sampleRate,
    );
  }
}
