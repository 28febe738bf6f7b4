/**
 * Resampling by a ratio very close to one, which may change at any time: what clock drift asks for. A windowed sinc of
 * 32 taps, its phases interpolated. Flat to 85 % of the Nyquist frequency; at ratio one, and before the first change,
 * the signal passes unchanged but for the delay of 16 samples. Used between clocks that do not run alike.
 */
import { kaiser } from './kaiser.js';
import { saturate } from './saturate.js';

/** No pair of working clocks differs by more: ±1000 ppm. */
export const MAX_DRIFT_PPM = 1000;

const TAPS = 32;
const PHASES = 128;
const KAISER_BETA = 7;
const RUN = 480;

let shared: Float64Array | undefined;

/** Phase after phase; one more than {@link PHASES}, so that each has a next one. */
function phases(): Float64Array {
  if (shared) return shared;
  const table = new Float64Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - (TAPS / 2 - 1) - phase / PHASES;
      const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const value = sinc * kaiser(x / (TAPS / 2), KAISER_BETA);
      table[phase * TAPS + tap] = value;
      sum += value;
    }
    // A constant passes unchanged at every phase.
    for (let tap = 0; tap < TAPS; tap++) table[phase * TAPS + tap] /= sum;
  }
  shared = table;
  return table;
}

export class FractionalResampler {
  readonly #table = phases();
  readonly #window = new Float64Array(TAPS - 1 + RUN);
  /** Input samples per output sample. */
  #step = 1;
  /** Where the next output sample lies: position of its first tap in the coming run, and the fraction after it. */
  #position = 0;

  /** How much faster than its nominal rate the input arrives, ppm; it is limited to ±{@link MAX_DRIFT_PPM}. */
  set ppm(ppm: number) {
    const limited = Math.max(-MAX_DRIFT_PPM, Math.min(MAX_DRIFT_PPM, Number.isFinite(ppm) ? ppm : 0));
    this.#step = 1 + limited * 1e-6;
  }

  get ppm(): number {
    return (this.#step - 1) * 1e6;
  }

  /** The most samples `count` input samples can give. */
  outputFor(count: number): number {
    return Math.ceil(count * (1 + 2 * MAX_DRIFT_PPM * 1e-6)) + 1;
  }

  reset(): void {
    this.#window.fill(0);
    this.#position = 0;
  }

  /**
   * Takes all `count` samples; `out` must have room for {@link outputFor} `count`.
   * @returns samples written: now and then one more or one less than came in
   */
  process(input: Int16Array, offset: number, count: number, out: Int16Array, outOffset: number): number {
    let written = 0;
    for (let done = 0; done < count; done += RUN) {
      written += this.#run(input, offset + done, Math.min(RUN, count - done), out, outOffset + written);
    }
    return written;
  }

  #run(input: Int16Array, offset: number, count: number, out: Int16Array, outOffset: number): number {
    const window = this.#window;
    const table = this.#table;
    const history = TAPS - 1;
    for (let i = 0; i < count; i++) window[history + i] = input[offset + i];
    let written = 0;
    let position = this.#position;
    for (; position < count; position += this.#step) {
      const first = Math.floor(position);
      const place = (position - first) * PHASES;
      const phase = Math.floor(place);
      let base = phase * TAPS;
      let near = 0;
      let next = 0;
      for (let tap = first; tap < first + TAPS; tap++, base++) {
        const value = window[tap];
        near += table[base] * value;
        next += table[base + TAPS] * value;
      }
      out[outOffset + written++] = saturate(Math.round(near + (next - near) * (place - phase)));
    }
    this.#position = position - count;
    window.copyWithin(0, count, count + history);
    return written;
  }
}
