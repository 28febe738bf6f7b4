/**
 * Noise suppression for speech: a Wiener filter in the short-time spectrum. The noise of each band is followed by the
 * probability that the band holds speech (unbiased MMSE estimation), the speech by the decision-directed rule; a floor
 * keeps some of the noise, because silence between words sounds broken. Used on the microphone and, when asked for, on
 * what is received. Delay 10 ms; nothing is allocated per frame.
 */
import { RealFft } from './fft.js';
import { saturate } from './saturate.js';

export type NoiseSuppressionStrength = 'light' | 'strong';

const FRAME_MS = 10;

/** How far noise is lowered at most, and by how much it is overrated to get there. */
const STRENGTHS: Readonly<Record<NoiseSuppressionStrength, { floor: number; excess: number }>> = {
  light: { floor: 10 ** (-10 / 20), excess: 1 },
  strong: { floor: 10 ** (-20 / 20), excess: 1.3 },
};

/** Signal to noise ratio a band with speech is assumed to have: 15 dB. */
const SPEECH_SNR = 10 ** 1.5;
const SPEECH_SNR_SHARE = SPEECH_SNR / (1 + SPEECH_SNR);
/** The noise estimate is renewed by this share per frame; time constant about 60 ms of noise. */
const NOISE_RENEWAL = 0.15;
/** Smoothing of the speech probability, and its limit: a step of the noise floor is learned in about a second. */
const PRESENCE_SMOOTHING = 0.92;
const MAX_PRESENCE = 0.99;
/** Decision-directed rule: how much the last frame counts. */
const SPEECH_SMOOTHING = 0.96;
const MIN_SNR = 10 ** -2.5;
/** Frames at the start that are taken for noise. */
const FIRST_FRAMES = 5;
/** Quieter than the quantization of 16 bit (1/12): keeps divisions finite. */
const TINY = 1;

export class NoiseSuppressor {
  /** Blocks are multiples of this many samples: 10 ms. */
  readonly frameSamples: number;
  readonly #fft: RealFft;
  /** Root of a Hann window over two frames, before and after. */
  readonly #window: Float64Array;
  /** The last frame and this one. */
  readonly #input: Float64Array;
  readonly #work: Float64Array;
  /** The second half of the last result, to be added to the first half of this one. */
  readonly #overlap: Float64Array;
  readonly #noise: Float64Array;
  readonly #presence: Float64Array;
  /** Speech power of the last frame in each band. */
  readonly #speech: Float64Array;
  #strength: NoiseSuppressionStrength;
  #frames = 0;

  /** @param sampleRate Hz, up to 51200 and a multiple of 100 */
  constructor(sampleRate: number, strength: NoiseSuppressionStrength = 'light') {
    this.frameSamples = (sampleRate * FRAME_MS) / 1000;
    if (!Number.isInteger(this.frameSamples)) throw new RangeError(`no whole frames at ${sampleRate} Hz`);
    const length = 2 * this.frameSamples;
    this.#fft = new RealFft(2 ** Math.ceil(Math.log2(length)));
    this.#window = Float64Array.from({ length }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / length));
    this.#input = new Float64Array(length);
    this.#work = new Float64Array(this.#fft.size);
    this.#overlap = new Float64Array(this.frameSamples);
    const bins = this.#fft.size / 2 + 1;
    this.#noise = new Float64Array(bins);
    this.#presence = new Float64Array(bins);
    this.#speech = new Float64Array(bins);
    this.#strength = strength;
  }

  get strength(): NoiseSuppressionStrength {
    return this.#strength;
  }

  set strength(strength: NoiseSuppressionStrength) {
    this.#strength = strength;
  }

  /** Delay, ms. */
  get delayMs(): number {
    return FRAME_MS;
  }

  reset(): void {
    this.#input.fill(0);
    this.#overlap.fill(0);
    this.#noise.fill(0);
    this.#presence.fill(0);
    this.#speech.fill(0);
    this.#frames = 0;
  }

  /**
   * Changes the samples in place; they come out 10 ms later.
   * @param count a multiple of {@link frameSamples}
   * @throws RangeError for other counts
   */
  process(pcm: Int16Array, offset: number, count: number): void {
    const frame = this.frameSamples;
    if (count % frame !== 0) throw new RangeError(`${count} is no multiple of ${frame} samples`);
    for (let at = offset; at < offset + count; at += frame) this.#frame(pcm, at);
  }

  #frame(pcm: Int16Array, at: number): void {
    const frame = this.frameSamples;
    const input = this.#input;
    const work = this.#work;
    const window = this.#window;
    for (let i = 0; i < frame; i++) {
      input[i] = input[frame + i];
      input[frame + i] = pcm[at + i];
    }
    for (let i = 0; i < 2 * frame; i++) work[i] = input[i] * window[i];
    work.fill(0, 2 * frame);
    this.#fft.forward(work);
    this.#filter();
    this.#fft.inverse(work);
    for (let i = 0; i < frame; i++) {
      pcm[at + i] = saturate(Math.round(this.#overlap[i] + work[i] * window[i]));
      this.#overlap[i] = work[frame + i] * window[frame + i];
    }
  }

  #filter(): void {
    const { re, im } = this.#fft;
    const { floor, excess } = STRENGTHS[this.#strength];
    const learning = this.#frames < FIRST_FRAMES;
    if (learning) this.#frames++;
    for (let k = 0; k < re.length; k++) {
      const power = re[k] * re[k] + im[k] * im[k] + TINY;
      if (learning) this.#noise[k] += (power - this.#noise[k]) / this.#frames;
      else this.#learn(k, power);
      const noise = this.#noise[k] * excess;
      const snr = Math.max(
        MIN_SNR,
        (SPEECH_SMOOTHING * this.#speech[k]) / noise +
          (1 - SPEECH_SMOOTHING) * Math.max(0, power / noise - 1),
      );
      const wiener = snr / (1 + snr);
      this.#speech[k] = wiener * wiener * power;
      const gain = Math.max(floor, wiener);
      re[k] *= gain;
      im[k] *= gain;
    }
  }

  /** Renews the noise of a band as far as there is probably no speech in it. */
  #learn(k: number, power: number): void {
    const noise = this.#noise[k];
    // Beyond 20 dB the exponential vanishes.
    const ratio = Math.min(100, power / noise);
    let presence = 1 / (1 + (1 + SPEECH_SNR) * Math.exp(-ratio * SPEECH_SNR_SHARE));
    this.#presence[k] = PRESENCE_SMOOTHING * this.#presence[k] + (1 - PRESENCE_SMOOTHING) * presence;
    if (this.#presence[k] > MAX_PRESENCE) presence = Math.min(presence, MAX_PRESENCE);
    const periodogram = presence * noise + (1 - presence) * power;
    this.#noise[k] = noise + (periodogram - noise) * NOISE_RENEWAL;
  }
}
