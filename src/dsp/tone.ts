/**
 * Tone generator: sums of sine waves with a cadence, phase-continuous, for call progress tones and DTMF. Used by the
 * media graph's tone source and by tests.
 */
import { saturate } from './saturate.js';

export interface ToneSegment {
  /** In Hz; none = silence. */
  frequencies: readonly number[];
  durationMs: number;
}

export interface ToneSpec {
  segments: readonly ToneSegment[];
  /** Rounds through the segments; endless when absent. */
  repeat?: number;
  /** Level of each frequency in dBov (a full-scale square wave is 0); -16 when absent. */
  level?: number;
}

const EU = 425;

function cadence(frequencies: readonly number[], ...onOffMs: number[]): ToneSpec {
  return {
    segments: onOffMs.map((durationMs, i) => ({ frequencies: i % 2 === 0 ? frequencies : [], durationMs })),
  };
}

/** Call progress tones: US by the Precise Tone Plan, EU by ETSI TS 101 041-2 and ITU-T E.180 supplement 2. */
const NAMED_TONES: Readonly<Record<string, ToneSpec>> = {
  'dial-eu': cadence([EU], 1000),
  'ringback-eu': cadence([EU], 1000, 4000),
  'busy-eu': cadence([EU], 500, 500),
  'congestion-eu': cadence([EU], 250, 250),
  'dial-us': cadence([350, 440], 1000),
  'ringback-us': cadence([440, 480], 2000, 4000),
  'busy-us': cadence([480, 620], 500, 500),
  'congestion-us': cadence([480, 620], 250, 250),
  milliwatt: cadence([1004], 1000),
};

/** Rows and columns of ITU-T Q.23. */
export const DTMF_ROWS: readonly number[] = [697, 770, 852, 941];
export const DTMF_COLUMNS: readonly number[] = [1209, 1336, 1477, 1633];
/** Row by row. */
export const DTMF_KEYS = '123A456B789C*0#D';

/** The names {@link namedTone} knows. */
export const TONE_NAMES: readonly string[] = Object.keys(NAMED_TONES);

export function namedTone(name: string): ToneSpec | undefined {
  return Object.hasOwn(NAMED_TONES, name) ? NAMED_TONES[name] : undefined;
}

/** The two frequencies of a key by ITU-T Q.23, low group first; undefined for anything but 0-9 * # A-D. */
export function dtmfFrequencies(key: string): [low: number, high: number] | undefined {
  const index = key.length === 1 ? DTMF_KEYS.indexOf(key.toUpperCase()) : -1;
  return index < 0 ? undefined : [DTMF_ROWS[index >> 2], DTMF_COLUMNS[index & 3]];
}

/** In-band DTMF: each key followed by a pause; other characters are skipped. */
export function dtmfTone(keys: string, durationMs = 100, gapMs = 60): ToneSpec {
  const segments: ToneSegment[] = [];
  for (const key of keys) {
    const frequencies = dtmfFrequencies(key);
    if (frequencies) segments.push({ frequencies, durationMs }, { frequencies: [], durationMs: gapMs });
  }
  return { segments, repeat: 1 };
}

/** A rise and fall of 2 ms keeps the cadence free of clicks. */
const RAMP_MS = 2;

export class ToneGenerator {
  readonly #sampleRate: number;
  readonly #segments: ReadonlyArray<{ steps: readonly number[]; samples: number }>;
  readonly #amplitude: number;
  readonly #ramp: number;
  readonly #roundSamples: number;
  #roundsLeft: number;
  #segment = 0;
  #position = 0;
  /** Per frequency, in radians; runs on while the same frequencies sound. */
  readonly #phases: Float64Array;

  constructor(spec: ToneSpec, sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#segments = spec.segments
      .map(({ frequencies, durationMs }) => ({
        steps: frequencies.map((hz) => (2 * Math.PI * hz) / sampleRate),
        samples: Math.round((durationMs * sampleRate) / 1000),
      }))
      .filter(({ samples }) => samples > 0);
    // A sine of full scale is 3.01 dB below the square wave that dBov refers to.
    this.#amplitude = 32768 * Math.SQRT2 * 10 ** ((spec.level ?? -16) / 20);
    this.#ramp = Math.round((RAMP_MS * sampleRate) / 1000);
    this.#roundSamples = this.#segments.reduce((sum, { samples }) => sum + samples, 0);
    this.#roundsLeft = this.#segments.length === 0 ? 0 : (spec.repeat ?? Number.POSITIVE_INFINITY);
    this.#phases = new Float64Array(Math.max(0, ...this.#segments.map(({ steps }) => steps.length)));
  }

  get sampleRate(): number {
    return this.#sampleRate;
  }

  /** Samples until the end; Infinity for an endless tone. */
  get remaining(): number {
    if (this.#roundsLeft === 0) return 0;
    let samples = (this.#roundsLeft - 1) * this.#roundSamples - this.#position;
    for (let i = this.#segment; i < this.#segments.length; i++) samples += this.#segments[i].samples;
    return samples;
  }

  /** Writes up to `count` samples. @returns samples written; fewer than `count` when the tone is over */
  generate(out: Int16Array, offset: number, count: number): number {
    let done = 0;
    while (done < count && this.#roundsLeft > 0) {
      const { steps, samples } = this.#segments[this.#segment];
      const run = Math.min(count - done, samples - this.#position);
      this.#fill(steps, samples, out, offset + done, run);
      done += run;
      this.#position += run;
      if (this.#position === samples) this.#nextSegment();
    }
    return done;
  }

  #nextSegment(): void {
    const old = this.#segments[this.#segment];
    this.#position = 0;
    if (++this.#segment === this.#segments.length) {
      this.#segment = 0;
      this.#roundsLeft--;
    }
    if (this.#segments[this.#segment] !== old) this.#phases.fill(0);
  }

  #fill(steps: readonly number[], samples: number, out: Int16Array, offset: number, count: number): void {
    // A lone segment is a continuous tone: no ramps.
    const ramp = this.#segments.length === 1 ? 0 : this.#ramp;
    for (let i = 0; i < count; i++) {
      let value = 0;
      for (let f = 0; f < steps.length; f++) {
        value += Math.sin(this.#phases[f]);
        const next = this.#phases[f] + steps[f];
        this.#phases[f] = next > 2 * Math.PI ? next - 2 * Math.PI : next;
      }
      const edge = Math.min(this.#position + i + 1, samples - this.#position - i);
      const gain = edge < ramp ? edge / ramp : 1;
      out[offset + i] = saturate(Math.round(value * this.#amplitude * gain));
    }
  }
}
