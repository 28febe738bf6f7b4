/**
 * Brings audio of any rate to about 8 kHz for the detectors, whose work lies below 3 kHz: a short low-pass filter and
 * every n-th sample. Not for listening: what lies between 4 and 5.5 kHz folds back above 2.5 kHz.
 */

const TARGET_RATE = 8000;
/** Filter length in output samples; with a Hamming window the pass band ends at 2.3 kHz, the stop band begins at 5.7 kHz. */
const SPAN = 8;
/** Input is filtered in runs of this many samples. */
const RUN = 480;

export class Decimator {
  /** Input samples per output sample. */
  readonly factor: number;
  /** Rate of the output, Hz: 8000 for its multiples, 8820 for 44100. */
  readonly outputRate: number;
  readonly #coefficients: Float64Array;
  readonly #window: Float64Array;
  /** Input samples to skip before the next output sample. */
  #wait = 0;

  /** @param inputRate Hz */
  constructor(inputRate: number) {
    this.factor = Math.max(1, Math.round(inputRate / TARGET_RATE));
    this.outputRate = inputRate / this.factor;
    this.#coefficients = lowPass(this.factor === 1 ? 1 : this.factor * SPAN, this.factor);
    this.#window = new Float64Array(this.#coefficients.length - 1 + RUN);
  }

  /** The most output samples that `count` input samples can give. */
  outputFor(count: number): number {
    return Math.ceil(count / this.factor);
  }

  reset(): void {
    this.#window.fill(0);
    this.#wait = 0;
  }

  /** Takes all `count` samples. @returns samples written to `out` from its start */
  process(input: Int16Array, offset: number, count: number, out: Float64Array): number {
    if (this.factor === 1) {
      for (let i = 0; i < count; i++) out[i] = input[offset + i];
      return count;
    }
    let written = 0;
    for (let done = 0; done < count; done += RUN) {
      written = this.#run(input, offset + done, Math.min(RUN, count - done), out, written);
    }
    return written;
  }

  #run(input: Int16Array, offset: number, count: number, out: Float64Array, written: number): number {
    const coefficients = this.#coefficients;
    const window = this.#window;
    const history = coefficients.length - 1;
    for (let i = 0; i < count; i++) window[history + i] = input[offset + i];
    let at = this.#wait;
    for (; at < count; at += this.factor) {
      let sum = 0;
      for (let tap = 0; tap <= history; tap++) sum += coefficients[tap] * window[at + tap];
      out[written++] = sum;
    }
    this.#wait = at - count;
    window.copyWithin(0, count, count + history);
    return written;
  }
}

function lowPass(length: number, factor: number): Float64Array {
  const taps = Float64Array.from({ length }, (_, i) => {
    const x = (i - (length - 1) / 2) / factor;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const window = length === 1 ? 1 : 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (length - 1));
    return sinc * window;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
