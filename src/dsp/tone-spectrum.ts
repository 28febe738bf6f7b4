/**
 * Finds the one or two sine waves a signal consists of, every 20 ms over the last 96 ms: their frequencies within two
 * hertz, and the share of the power they make up. What the call progress detector looks at.
 */
import { Decimator } from './decimator.js';
import { RealFft } from './fft.js';

const WINDOW_MS = 96;
const HOP_MS = 20;
const FFT_SIZE = 1024;
/** Where call progress and fax tones lie. */
const LOWEST_HZ = 250;
const HIGHEST_HZ = 2400;
/** A second tone more than 12 dB below the first is none. */
const MIN_SECOND = 10 ** -1.2;
/** Below -50 dBov there is silence. */
const MIN_POWER = 32768 * 32768 * 10 ** -5;
const BLOCK = 160;

export class ToneSpectrum {
  static readonly hopMs: number = HOP_MS;
  /** Of the last window: its last hop is silent. */
  silent = true;
  /** Frequency of the lower tone, Hz; 0 when there is none. */
  low = 0;
  /** Frequency of the higher tone, Hz; 0 when there is one or none. */
  high = 0;
  /** Share of the tones in the power. */
  purity = 0;

  readonly #onHop: () => void;
  readonly #decimator: Decimator;
  readonly #decimated = new Float64Array(BLOCK);
  readonly #samples: Float64Array;
  readonly #hann: Float64Array;
  readonly #windowed = new Float64Array(FFT_SIZE);
  readonly #fft = new RealFft(FFT_SIZE);
  readonly #power = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #hop: number;
  readonly #binHz: number;
  readonly #firstBin: number;
  readonly #lastBin: number;
  #missing: number;
  /** Of the last {@link #peak}. */
  #peakHz = 0;
  #peakPower = 0;

  /** @param onHop called after each window */
  constructor(sampleRate: number, onHop: () => void) {
    this.#onHop = onHop;
    this.#decimator = new Decimator(sampleRate);
    const rate = this.#decimator.outputRate;
    const length = Math.min(FFT_SIZE, Math.round((WINDOW_MS * rate) / 1000));
    this.#samples = new Float64Array(length);
    this.#hann = Float64Array.from(
      { length },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length),
    );
    this.#hop = Math.round((HOP_MS * rate) / 1000);
    this.#missing = this.#hop;
    this.#binHz = rate / FFT_SIZE;
    this.#firstBin = Math.round(LOWEST_HZ / this.#binHz);
    this.#lastBin = Math.round(HIGHEST_HZ / this.#binHz);
  }

  reset(): void {
    this.#decimator.reset();
    this.#samples.fill(0);
    this.#missing = this.#hop;
  }

  process(pcm: Int16Array, offset: number, count: number): void {
    const block = BLOCK * this.#decimator.factor;
    for (let done = 0; done < count; done += block) {
      const run = Math.min(block, count - done);
      this.#take(this.#decimator.process(pcm, offset + done, run, this.#decimated));
    }
  }

  #take(count: number): void {
    const samples = this.#samples;
    for (let taken = 0; taken < count; ) {
      const run = Math.min(this.#missing, count - taken);
      samples.copyWithin(0, run);
      const start = samples.length - run;
      for (let i = 0; i < run; i++) samples[start + i] = this.#decimated[taken + i];
      taken += run;
      this.#missing -= run;
      if (this.#missing > 0) return;
      this.#missing = this.#hop;
      this.#analyse();
      this.#onHop();
    }
  }

  #analyse(): void {
    const samples = this.#samples;
    const { length } = samples;
    let last = 0;
    for (let i = length - this.#hop; i < length; i++) last += samples[i] * samples[i];
    this.silent = last < MIN_POWER * this.#hop;
    this.low = 0;
    this.high = 0;
    this.purity = 0;
    let energy = 0;
    for (let i = 0; i < length; i++) {
      const value = samples[i] * this.#hann[i];
      this.#windowed[i] = value;
      energy += value * value;
    }
    if (energy < MIN_POWER * length * 0.1) return;
    this.#fft.forward(this.#windowed);
    const { re, im } = this.#fft;
    for (let k = this.#firstBin - 1; k <= this.#lastBin + 1; k++) {
      this.#power[k] = re[k] * re[k] + im[k] * im[k];
    }
    this.#pick(energy);
  }

  #pick(energy: number): void {
    const power = this.#power;
    let first = 0;
    let second = 0;
    for (let k = this.#firstBin; k <= this.#lastBin; k++) {
      if (power[k] <= power[k - 1] || power[k] < power[k + 1]) continue;
      if (first === 0 || power[k] > power[first]) {
        second = first;
        first = k;
      } else if (second === 0 || power[k] > power[second]) second = k;
    }
    if (first === 0) return;
    this.#peak(first);
    const firstHz = this.#peakHz;
    const firstPower = this.#peakPower;
    let sum = firstPower;
    let secondHz = 0;
    if (second !== 0) {
      this.#peak(second);
      if (this.#peakPower >= MIN_SECOND * firstPower) {
        secondHz = this.#peakHz;
        sum += this.#peakPower;
      }
    }
    // A sine of amplitude A: peak (A/2 · length/2)², energy A²/2 · 3/8 · length.
    this.purity = (sum * 3) / (energy * this.#samples.length);
    this.low = secondHz > 0 ? Math.min(firstHz, secondHz) : firstHz;
    this.high = secondHz > 0 ? Math.max(firstHz, secondHz) : 0;
  }

  /** Frequency and power at the top of a peak, by a parabola through the logarithms. */
  #peak(k: number): void {
    const tiny = 1e-9;
    const left = Math.log(this.#power[k - 1] + tiny);
    const middle = Math.log(this.#power[k] + tiny);
    const right = Math.log(this.#power[k + 1] + tiny);
    const curve = left - 2 * middle + right;
    const shift = curve < 0 ? (left - right) / (2 * curve) : 0;
    this.#peakHz = (k + shift) * this.#binHz;
    this.#peakPower = Math.exp(middle - ((left - right) * shift) / 4);
  }
}
