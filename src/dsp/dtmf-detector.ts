/**
 * In-band DTMF detection by ITU-T Q.23 and Q.24: Goertzel filters at the eight frequencies over a Hann window of 20 ms,
 * every 5 ms. The phase between two windows tells the true frequency within a few hertz, which is what separates
 * 1.5 % from 3.5 %; the share of the two tones in the whole signal is what keeps speech out (talk-off). Used by the
 * receive side of a call for peers without telephone-events; it never alters the audio.
 *
 *   idle ──two clean tones──▶ rising ──30 ms at level, 3 clean windows──▶ sounding ──level or key gone 20 ms──▶ idle
 *                               └──────── level or key gone: too short ──────────▶ idle
 */
import { Decimator } from './decimator.js';
import { DTMF_COLUMNS, DTMF_KEYS, DTMF_ROWS } from './tone.js';

export interface DtmfDetectorHandler {
  /** The key is certain; it still sounds. */
  onStart?(key: string): void;
  /** The key was released. */
  onDigit?(key: string, durationMs: number): void;
}

const WINDOW_MS = 20;
const HOP_MS = 5;
const GROUP = 4;
const TONES = 2 * GROUP;
/** Weakest tone, as amplitude: about -36 dBm0; Q.24 asks for -29 dBm at most. */
const MIN_AMPLITUDE = 32768 * 10 ** (-39 / 20);
/** Q.24 accepts 4 dB with the high group stronger, 8 dB with the low group stronger; 2 dB for lines and filters. */
const MAX_FORWARD_TWIST = 10 ** (6 / 10);
const MAX_REVERSE_TWIST = 10 ** (10 / 10);
/** Q.24: 1.5 % is accepted, 3.5 % refused. */
const MAX_DETUNE = 0.025;
/** Share of the two tones in the signal: 15 dB of noise leave 0.97, codecs and lines take some more. */
const MIN_PURITY = 0.8;
/** The strongest of a group over the others of it. */
const MIN_GROUP_RATIO = 10 ** (5 / 10);
/** A window counts towards the duration when the tones reach a quarter of their power: half the window is filled. */
const LEVEL_SHARE = 0.25;
/** Windows at level: 30 ms lies between what must be refused (20 ms) and what must be accepted (40 ms). */
const MIN_HOPS = 6;
/** Of these, windows in a row that pass every test. */
const MIN_CLEAN_HOPS = 3;
/** Interruptions up to 10 ms belong to the tone (Q.24), pauses of 40 ms end it. */
const MAX_BREAK_HOPS = 3;

type State = 'idle' | 'rising' | 'sounding';

export class DtmfDetector {
  readonly #handler: DtmfDetectorHandler;
  readonly #decimator: Decimator;
  readonly #decimated: Float64Array;
  readonly #rate: number;
  readonly #hop: number;
  /** The Hann window, and the last samples it is laid over. */
  readonly #hann: Float64Array;
  readonly #samples: Float64Array;
  readonly #windowed: Float64Array;
  #missing: number;
  readonly #coefficients = new Float64Array(TONES);
  /** e^(jω) at the eight frequencies, and its power over one hop. */
  readonly #cos = new Float64Array(TONES);
  readonly #sin = new Float64Array(TONES);
  readonly #hopCos = new Float64Array(TONES);
  readonly #hopSin = new Float64Array(TONES);
  readonly #real = new Float64Array(TONES);
  readonly #imaginary = new Float64Array(TONES);
  readonly #oldReal = new Float64Array(TONES);
  readonly #oldImaginary = new Float64Array(TONES);
  readonly #power = new Float64Array(TONES);
  /** The old values belong to the window one hop earlier. */
  #phaseKnown = false;

  #state: State = 'idle';
  #key = -1;
  #peak = 0;
  #clean = 0;
  #broken = 0;
  /** Hops since the key began, the current break left out. */
  #hops = 0;
  /** Powers since the key began, while it rises: the level that counts is known only later. */
  readonly #rise = new Float64Array(64);
  #rises = 0;

  /** @param sampleRate Hz */
  constructor(sampleRate: number, handler: DtmfDetectorHandler) {
    this.#handler = handler;
    this.#decimator = new Decimator(sampleRate);
    this.#rate = this.#decimator.outputRate;
    this.#decimated = new Float64Array(BLOCK);
    const length = Math.round((WINDOW_MS * this.#rate) / 1000);
    this.#hop = Math.round((HOP_MS * this.#rate) / 1000);
    this.#hann = Float64Array.from(
      { length },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length),
    );
    this.#samples = new Float64Array(length);
    this.#windowed = new Float64Array(length);
    this.#missing = this.#hop;
    for (let tone = 0; tone < TONES; tone++) {
      const omega = (2 * Math.PI * frequencyOf(tone)) / this.#rate;
      this.#coefficients[tone] = 2 * Math.cos(omega);
      this.#cos[tone] = Math.cos(omega);
      this.#sin[tone] = Math.sin(omega);
      this.#hopCos[tone] = Math.cos(omega * this.#hop);
      this.#hopSin[tone] = Math.sin(omega * this.#hop);
    }
  }

  /** The key that sounds now, if any. */
  get key(): string | undefined {
    return this.#state === 'sounding' ? DTMF_KEYS[this.#key] : undefined;
  }

  /** Takes `count` samples; blocks of any size. */
  process(pcm: Int16Array, offset: number, count: number): void {
    const block = BLOCK * this.#decimator.factor;
    for (let done = 0; done < count; done += block) {
      const made = this.#decimator.process(
        pcm,
        offset + done,
        Math.min(block, count - done),
        this.#decimated,
      );
      this.#take(made);
    }
  }

  /** Forgets what was heard; a key that sounds is reported as released. */
  reset(): void {
    this.#end();
    this.#decimator.reset();
    this.#samples.fill(0);
    this.#missing = this.#hop;
    this.#phaseKnown = false;
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
      this.#window();
    }
  }

  /** Judges one window. */
  #window(): void {
    const { length } = this.#samples;
    let energy = 0;
    for (let i = 0; i < length; i++) {
      const value = this.#samples[i] * this.#hann[i];
      this.#windowed[i] = value;
      energy += value * value;
    }
    // Two tones of amplitude A have an energy of A² times the sum of the squared window, which is 3/8 of its length.
    if (energy < MIN_AMPLITUDE * MIN_AMPLITUDE * length * 0.375 * LEVEL_SHARE) {
      this.#phaseKnown = false;
      this.#step(-1, 0, false);
      return;
    }
    this.#transform();
    let low = 0;
    let high = GROUP;
    for (let i = 1; i < GROUP; i++) {
      if (this.#power[i] > this.#power[low]) low = i;
      if (this.#power[GROUP + i] > this.#power[high]) high = GROUP + i;
    }
    const power = this.#power[low] + this.#power[high];
    const clean = this.#isClean(low, high, energy);
    this.#phaseKnown = true;
    this.#step(low * GROUP + high - GROUP, power, clean);
  }

  /** The eight components as amplitude² (of a sine in the middle of the filter), with phase. */
  #transform(): void {
    const { length } = this.#windowed;
    const windowed = this.#windowed;
    // A Hann window passes half of the amplitude: |sum| = A/2 · length/2.
    const scale = 16 / (length * length);
    for (let tone = 0; tone < TONES; tone += 2) {
      const ca = this.#coefficients[tone];
      const cb = this.#coefficients[tone + 1];
      let a1 = 0;
      let a2 = 0;
      let b1 = 0;
      let b2 = 0;
      for (let i = 0; i < length; i++) {
        const x = windowed[i];
        const a0 = x + ca * a1 - a2;
        a2 = a1;
        a1 = a0;
        const b0 = x + cb * b1 - b2;
        b2 = b1;
        b1 = b0;
      }
      this.#store(tone, a1, a2, scale);
      this.#store(tone + 1, b1, b2, scale);
    }
  }

  #store(tone: number, s1: number, s2: number, scale: number): void {
    this.#oldReal[tone] = this.#real[tone];
    this.#oldImaginary[tone] = this.#imaginary[tone];
    // Sum of x[n]·e^(jω(N-1-n)): the conjugate of the spectrum at ω with its phase counted from the window's end.
    const real = s1 - s2 * this.#cos[tone];
    const imaginary = s2 * this.#sin[tone];
    this.#real[tone] = real;
    this.#imaginary[tone] = imaginary;
    this.#power[tone] = (real * real + imaginary * imaginary) * scale;
  }

  /** Every test of Q.24 that one window can pass. */
  #isClean(low: number, high: number, energy: number): boolean {
    if (!this.#phaseKnown) return false;
    const lowPower = this.#power[low];
    const highPower = this.#power[high];
    const weakest = MIN_AMPLITUDE * MIN_AMPLITUDE;
    if (lowPower < weakest || highPower < weakest) return false;
    if (highPower > lowPower * MAX_FORWARD_TWIST || lowPower > highPower * MAX_REVERSE_TWIST) return false;
    for (let i = 0; i < GROUP; i++) {
      if (i !== low && this.#power[i] * MIN_GROUP_RATIO > lowPower) return false;
      if (GROUP + i !== high && this.#power[GROUP + i] * MIN_GROUP_RATIO > highPower) return false;
    }
    const lowOffset = this.#offsetHz(low);
    if (Math.abs(lowOffset) > MAX_DETUNE * frequencyOf(low)) return false;
    const highOffset = this.#offsetHz(high);
    if (Math.abs(highOffset) > MAX_DETUNE * frequencyOf(high)) return false;
    // What the window takes from a tone beside the middle of its filter is given back before the share is judged.
    const tones = lowPower / hannPower(lowOffset) + highPower / hannPower(highOffset);
    return tones * this.#windowed.length * (3 / 16) >= MIN_PURITY * energy;
  }

  /** How far the tone lies from its nominal frequency, by the phase it has gained over one hop. */
  #offsetHz(tone: number): number {
    const oldReal = this.#oldReal[tone] * this.#hopCos[tone] - this.#oldImaginary[tone] * this.#hopSin[tone];
    const oldImaginary =
      this.#oldReal[tone] * this.#hopSin[tone] + this.#oldImaginary[tone] * this.#hopCos[tone];
    const real = this.#real[tone] * oldReal + this.#imaginary[tone] * oldImaginary;
    const imaginary = this.#imaginary[tone] * oldReal - this.#real[tone] * oldImaginary;
    return (Math.atan2(imaginary, real) * this.#rate) / (2 * Math.PI * this.#hop);
  }

  #step(key: number, power: number, clean: boolean): void {
    if (this.#state === 'idle') {
      // The first windows of a tone are only partly filled: they count once it is known how strong it is.
      if (key < 0) return;
      this.#begin(key, power);
    }
    const heard = key === this.#key && power >= LEVEL_SHARE * this.#peak;
    if (!heard) {
      if (this.#state === 'rising') this.#restart(key, power, clean);
      else if (++this.#broken > MAX_BREAK_HOPS) {
        this.#end();
        if (key >= 0) this.#restart(key, power, clean);
      }
      return;
    }
    this.#hops += this.#broken + 1;
    this.#broken = 0;
    this.#peak = Math.max(this.#peak, power);
    if (this.#state === 'sounding') return;
    this.#clean = clean ? this.#clean + 1 : 0;
    if (this.#rises < this.#rise.length) this.#rise[this.#rises++] = power;
    else this.#dropOldest(power);
    let atLevel = 0;
    for (let i = 0; i < this.#rises; i++) {
      if (this.#rise[i] >= LEVEL_SHARE * this.#peak) atLevel++;
    }
    if (atLevel < MIN_HOPS || this.#clean < MIN_CLEAN_HOPS) return;
    this.#hops = atLevel;
    this.#state = 'sounding';
    this.#handler.onStart?.(DTMF_KEYS[this.#key]);
  }

  #begin(key: number, power: number): void {
    this.#state = 'rising';
    this.#key = key;
    this.#peak = power;
    this.#clean = 0;
    this.#broken = 0;
    this.#hops = 0;
    this.#rises = 0;
  }

  #restart(key: number, power: number, clean: boolean): void {
    this.#state = 'idle';
    if (key < 0) return;
    this.#begin(key, power);
    this.#step(key, power, clean);
  }

  #dropOldest(power: number): void {
    this.#rise.copyWithin(0, 1);
    this.#rise[this.#rises - 1] = power;
  }

  #end(): void {
    const sounding = this.#state === 'sounding';
    this.#state = 'idle';
    if (sounding) this.#handler.onDigit?.(DTMF_KEYS[this.#key], this.#hops * HOP_MS);
  }
}

/** Samples of about 8 kHz handled at once. */
const BLOCK = 160;

function frequencyOf(tone: number): number {
  return tone < GROUP ? DTMF_ROWS[tone] : DTMF_COLUMNS[tone - GROUP];
}

/** Power response of the Hann window at an offset from the middle. */
function hannPower(offsetHz: number): number {
  const x = (Math.abs(offsetHz) * WINDOW_MS) / 1000;
  if (x < 1e-6) return 1;
  const amplitude = Math.sin(Math.PI * x) / (Math.PI * x * (1 - x * x));
  return amplitude * amplitude;
}
