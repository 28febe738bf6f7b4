/**
 * Streaming sample rate conversion between 8, 16, 24, 32, 44.1 and 48 kHz (and other rates of files): a polyphase FIR
 * filter (windowed sinc, Kaiser) in the ratio of the two rates. The pass band reaches 85 % of the lower rate's Nyquist
 * frequency (3.4 kHz at 8 kHz); above the Nyquist frequency images and aliases are more than 60 dB down. Nothing is
 * allocated per call.
 */
import { FIR_TAP_STEP, FirKernel } from './fir-kernel.js';
import { kaiser } from './kaiser.js';
import { canResample, commonMeasure } from './sample-rates.js';

/** Taps per phase at the lower of the two rates. */
const TAPS = 56;
/** Where the pass band ends, as a share of the lower Nyquist frequency. */
const PASS_BAND = 0.85;
/** Kaiser window parameter: about 70 dB stop band. */
const KAISER_BETA = 6.8;
/** Input is filtered in runs of this many samples. */
const RUN = 480;

interface FilterBank {
  readonly up: number;
  readonly down: number;
  readonly taps: number;
  readonly kernel: FirKernel;
}

/** Shared by all streams of a pair of rates. */
const banks = new Map<string, FilterBank>();
const MAX_BANKS = 24;

function filterBank(inputRate: number, outputRate: number): FilterBank {
  const key = `${inputRate}/${outputRate}`;
  const known = banks.get(key);
  if (known) return known;
  const divisor = commonMeasure(inputRate, outputRate);
  const up = outputRate / divisor;
  const down = inputRate / divisor;
  const taps = Math.ceil((TAPS * Math.max(1, down / up)) / FIR_TAP_STEP) * FIR_TAP_STEP;
  const length = taps * up;
  // Not (length - 1) / 2: so the delay is a whole number of input samples; the tap at the very edge is 0.
  const centre = length / 2;
  // Middle of the transition band, in cycles per sample of the common rate `inputRate * up`.
  const cutoff = (((1 + PASS_BAND) / 2) * 0.5) / Math.max(up, down);
  // Phase after phase, each in the order of the input (oldest sample first).
  const coefficients = new Float64Array(length);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const position = tap * up + phase;
      const x = position - centre;
      const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
      const window = position === 0 ? 0 : kaiser(x / centre, KAISER_BETA);
      const value = sinc * window * up;
      sum += value;
      // The newest input sample meets tap 0.
      coefficients[phase * taps + (taps - 1 - tap)] = value;
    }
    // Every phase passes a constant unchanged: no ripple at the phase rate.
    for (let tap = 0; tap < taps; tap++) coefficients[phase * taps + tap] /= sum;
  }
  const outSamples = Math.ceil((RUN * up) / down) + 1;
  const kernel = new FirKernel(coefficients, taps, up, down, taps - 1 + RUN, outSamples);
  const bank = { up, down, taps, kernel };
  if (banks.size >= MAX_BANKS) banks.clear();
  banks.set(key, bank);
  return bank;
}

export class Resampler {
  readonly inputRate: number;
  readonly outputRate: number;
  readonly #bank: FilterBank;
  /** The last `taps - 1` samples and the run that is being filtered. */
  readonly #window: Int16Array;
  #phase = 0;
  /** Input samples still to be taken before the next output sample can be made. */
  #wait = 1;

  /** @throws RangeError for rates that {@link canResample} refuses */
  constructor(inputRate: number, outputRate: number) {
    if (!canResample(inputRate, outputRate)) {
      throw new RangeError(`unsupported sample rate: ${inputRate} to ${outputRate}`);
    }
    this.inputRate = inputRate;
    this.outputRate = outputRate;
    this.#bank = filterBank(inputRate, outputRate);
    this.#window = new Int16Array(inputRate === outputRate ? 0 : this.#bank.taps - 1 + RUN);
  }

  /** How many input samples make the next `count` output samples come out. */
  inputFor(count: number): number {
    if (count <= 0) return 0;
    const { up, down } = this.#bank;
    return this.#wait + Math.floor((this.#phase + (count - 1) * down) / up);
  }

  /** How many output samples the next `count` input samples give. */
  outputFor(count: number): number {
    if (count < this.#wait) return 0;
    const { up, down } = this.#bank;
    return Math.floor(((count - this.#wait + 1) * up - this.#phase - 1) / down) + 1;
  }

  /** Delay of the filter in ms. */
  get delayMs(): number {
    return this.inputRate === this.outputRate ? 0 : ((this.#bank.taps / 2) * 1000) / this.inputRate;
  }

  reset(): void {
    this.#window.fill(0);
    this.#phase = 0;
    this.#wait = 1;
  }

  /**
   * Takes all `count` input samples and writes what comes of them: {@link outputFor} `count` samples, for which `out`
   * must have room.
   * @returns samples written
   */
  process(input: Int16Array, offset: number, count: number, out: Int16Array, outOffset: number): number {
    if (this.inputRate === this.outputRate) {
      for (let i = 0; i < count; i++) out[outOffset + i] = input[offset + i];
      return count;
    }
    let written = 0;
    for (let done = 0; done < count; done += RUN) {
      written += this.#run(input, offset + done, Math.min(RUN, count - done), out, outOffset + written);
    }
    return written;
  }

  #run(input: Int16Array, offset: number, count: number, out: Int16Array, outOffset: number): number {
    const { up, down, taps, kernel } = this.#bank;
    const window = this.#window;
    const history = taps - 1;
    for (let i = 0; i < count; i++) window[history + i] = input[offset + i];
    kernel.window.set(window);
    const written = this.outputFor(count);
    // Index of the newest sample the first output is made of, relative to the start of this run.
    const newest = this.#wait - 1;
    kernel.run(newest, this.#phase, written);
    const made = kernel.out;
    for (let i = 0; i < written; i++) out[outOffset + i] = made[i];
    const steps = this.#phase + written * down;
    this.#phase = steps % up;
    this.#wait = newest + Math.floor(steps / up) - count + 1;
    window.copyWithin(0, count, count + history);
    return written;
  }
}

/** Converts a whole recording at once; the filter's delay is removed and its tail flushed. */
export function resampleAll(samples: Int16Array, inputRate: number, outputRate: number): Int16Array {
  if (inputRate === outputRate) return samples.slice();
  const resampler = new Resampler(inputRate, outputRate);
  const skip = Math.round((resampler.delayMs * outputRate) / 1000);
  const length = Math.round((samples.length * outputRate) / inputRate);
  const padded = new Int16Array(samples.length + Math.ceil((resampler.delayMs * inputRate) / 1000) + 8);
  padded.set(samples);
  const out = new Int16Array(resampler.outputFor(padded.length));
  const written = resampler.process(padded, 0, padded.length, out, 0);
  return out.slice(skip, Math.min(written, skip + length));
}
