/**
 * Voice activity detection by level over an adaptive noise floor, with hangover, and the statistics of who spoke how
 * long and how loud. Used for speaking notifications, silence suppression, active speakers. It follows level only: a
 * steady tone or noise counts as background once it has lasted three seconds.
 *
 *   silent ──20 ms over the floor by the on-threshold──▶ speaking ──below the off-threshold for the hangover──▶ silent
 */
import { powerToDbov, SILENCE_DBOV } from './level.js';
import { NoiseFloor } from './noise-floor.js';

export interface VadOptions {
  /** How long a pause must last to count, ms. Default 200. */
  hangoverMs?: number;
  /** Below this level nobody speaks, dBov. Default -60. */
  minDbov?: number;
}

/** Since the start or the last {@link Vad.resetStats}; levels in dBov, -127 when there was nothing. */
export interface VadStats {
  /** Somebody speaks now. */
  speaking: boolean;
  durationMs: number;
  speechMs: number;
  /** Part of the time that was speech, 0 to 1. */
  speechShare: number;
  /** Mean level of everything. */
  averageDbov: number;
  /** Mean level while speaking. */
  speechDbov: number;
  /** Loudest 10 ms. */
  maxDbov: number;
  /** Level of the background. */
  noiseDbov: number;
  /** Changes from silence to speech. */
  talkSpurts: number;
  /** Length of the silence that lasts now, ms; 0 while speaking. */
  silenceMs: number;
  longestSilenceMs: number;
}

const FRAME_MS = 10;
const ON_FRAMES = 2;
/** Over the floor to begin, and to go on: 9 and 6 dB. */
const ON_RATIO = 10 ** 0.9;
const OFF_RATIO = 10 ** 0.6;
const DEFAULT_HANGOVER_MS = 200;
const DEFAULT_MIN_DBOV = -60;

export class Vad {
  readonly #floor = new NoiseFloor();
  readonly #frame: number;
  readonly #hangoverMs: number;
  readonly #minPower: number;
  #speaking = false;
  #over = 0;
  #belowMs = 0;
  /** Of the 10 ms being collected. */
  #sum = 0;
  #squares = 0;
  #samples = 0;
  #power = 0;

  #durationMs = 0;
  #speechMs = 0;
  #totalPower = 0;
  #speechPower = 0;
  #maxPower = 0;
  #talkSpurts = 0;
  #silenceMs = 0;
  #longestSilenceMs = 0;

  /** @param sampleRate Hz */
  constructor(sampleRate: number, options: VadOptions = {}) {
    this.#frame = Math.round((FRAME_MS * sampleRate) / 1000);
    this.#hangoverMs = options.hangoverMs ?? DEFAULT_HANGOVER_MS;
    this.#minPower = 32768 * 32768 * 10 ** ((options.minDbov ?? DEFAULT_MIN_DBOV) / 10);
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Level of the last 10 ms, dBov. */
  get dbov(): number {
    return powerToDbov(this.#power);
  }

  /** Length of the silence that lasts now, ms. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  /** Takes a block of any size. @returns true while somebody speaks, as of the last whole 10 ms */
  push(pcm: Int16Array, offset: number, count: number): boolean {
    const end = offset + count;
    for (let i = offset; i < end; ) {
      const stop = Math.min(end, i + this.#frame - this.#samples);
      this.#samples += stop - i;
      let sum = 0;
      let squares = 0;
      for (; i < stop; i++) {
        const value = pcm[i];
        sum = (sum + value) | 0;
        squares += value * value;
      }
      this.#sum += sum;
      this.#squares += squares;
      if (this.#samples === this.#frame) this.#judge();
    }
    return this.#speaking;
  }

  stats(): VadStats {
    const silent = this.#durationMs === 0;
    const speech = this.#speechMs;
    return {
      speaking: this.#speaking,
      durationMs: this.#durationMs,
      speechMs: speech,
      speechShare: silent ? 0 : speech / this.#durationMs,
      averageDbov: silent ? SILENCE_DBOV : powerToDbov((this.#totalPower * FRAME_MS) / this.#durationMs),
      speechDbov: speech === 0 ? SILENCE_DBOV : powerToDbov((this.#speechPower * FRAME_MS) / speech),
      maxDbov: powerToDbov(this.#maxPower),
      noiseDbov: this.#floor.dbov,
      talkSpurts: this.#talkSpurts,
      silenceMs: this.#silenceMs,
      longestSilenceMs: this.#longestSilenceMs,
    };
  }

  /** Begins a new interval of statistics; the detector itself goes on. */
  resetStats(): void {
    this.#durationMs = 0;
    this.#speechMs = 0;
    this.#totalPower = 0;
    this.#speechPower = 0;
    this.#maxPower = 0;
    this.#talkSpurts = 0;
    this.#longestSilenceMs = this.#silenceMs;
  }

  /** Forgets signal and statistics. */
  reset(): void {
    this.#floor.reset();
    this.#speaking = false;
    this.#over = 0;
    this.#belowMs = 0;
    this.#sum = 0;
    this.#squares = 0;
    this.#samples = 0;
    this.#power = 0;
    this.#silenceMs = 0;
    this.resetStats();
  }

  #judge(): void {
    const mean = this.#sum / this.#frame;
    // Without its mean: an offset of the converter is no sound.
    const power = Math.max(0, this.#squares / this.#frame - mean * mean);
    this.#sum = 0;
    this.#squares = 0;
    this.#samples = 0;
    this.#power = power;
    this.#floor.push(power, FRAME_MS);
    const ratio = this.#speaking ? OFF_RATIO : ON_RATIO;
    const over = power > this.#minPower && power > this.#floor.power * ratio;
    this.#over = over ? this.#over + 1 : 0;
    if (over) this.#belowMs = 0;
    else this.#belowMs += FRAME_MS;
    if (!this.#speaking && this.#over >= ON_FRAMES) {
      this.#speaking = true;
      this.#talkSpurts++;
    } else if (this.#speaking && this.#belowMs > this.#hangoverMs) this.#speaking = false;
    this.#count(power);
  }

  #count(power: number): void {
    this.#durationMs += FRAME_MS;
    this.#totalPower += power;
    if (power > this.#maxPower) this.#maxPower = power;
    if (this.#speaking) {
      this.#speechMs += FRAME_MS;
      this.#speechPower += power;
      this.#silenceMs = 0;
    } else {
      this.#silenceMs += FRAME_MS;
      if (this.#silenceMs > this.#longestSilenceMs) this.#longestSilenceMs = this.#silenceMs;
    }
  }
}
