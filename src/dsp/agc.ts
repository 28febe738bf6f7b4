/**
 * Automatic gain control: brings speech of any level to one level and limits the peaks. The gain follows the level of
 * speech only; in pauses it stands still, and it never lifts the background above -40 dBov. In place, no delay.
 */
import { powerToDbov } from './level.js';
import { NoiseFloor } from './noise-floor.js';
import { saturate } from './saturate.js';

export interface AgcOptions {
  /** Level of speech to reach, dBov. Default -22 (ITU-T P.56 active speech level, usual -26, with room for devices). */
  targetDbov?: number;
  /** Default 30. */
  maxGainDb?: number;
  /** Default -20. */
  minGainDb?: number;
}

const FULL_SCALE = 32768 * 32768;
const FRAME_MS = 10;
const DEFAULT_TARGET_DBOV = -22;
const DEFAULT_MAX_GAIN_DB = 30;
const DEFAULT_MIN_GAIN_DB = -20;
/** Speech is 10 dB over the background and over -65 dBov. */
const SPEECH_RATIO = 10;
const MIN_SPEECH_POWER = FULL_SCALE * 10 ** -6.5;
/** The background is not lifted above this: -40 dBov. */
const MAX_NOISE_POWER = FULL_SCALE * 10 ** -4;
/** Time constants of the measured level in dB: louder is followed at once, softer may be a word ending. */
const ATTACK_MS = 60;
const DECAY_MS = 400;
/** Speed of the gain, dB per second of speech. */
const UP_DB_PER_S = 30;
const DOWN_DB_PER_S = 80;
/** Peaks stay 1 dB below full scale; the limiter lets go with this time constant. */
const LIMIT = 32767 * 10 ** (-1 / 20);
const LIMITER_RELEASE_MS = 100;

export class Agc {
  readonly #targetDbov: number;
  readonly #maxGain: number;
  readonly #minGain: number;
  readonly #frame: number;
  readonly #floor = new NoiseFloor();
  /** Level of the speech, dBov; NaN until some was heard. */
  #speechDbov = Number.NaN;
  #gain = 1;
  #limiter = 1;
  /** What the last sample was multiplied with. */
  #applied = 1;

  /** @param sampleRate Hz */
  constructor(sampleRate: number, options: AgcOptions = {}) {
    this.#targetDbov = options.targetDbov ?? DEFAULT_TARGET_DBOV;
    this.#maxGain = 10 ** ((options.maxGainDb ?? DEFAULT_MAX_GAIN_DB) / 20);
    this.#minGain = 10 ** ((options.minGainDb ?? DEFAULT_MIN_GAIN_DB) / 20);
    this.#frame = Math.round((FRAME_MS * sampleRate) / 1000);
  }

  /** The gain at the moment, the limiter included, dB. */
  get gainDb(): number {
    return 20 * Math.log10(this.#applied);
  }

  reset(): void {
    this.#floor.reset();
    this.#speechDbov = Number.NaN;
    this.#gain = 1;
    this.#limiter = 1;
    this.#applied = 1;
  }

  /** Changes `count` samples in place; blocks of any size, best multiples of 10 ms. */
  process(pcm: Int16Array, offset: number, count: number): void {
    for (let done = 0; done < count; done += this.#frame) {
      this.#run(pcm, offset + done, Math.min(this.#frame, count - done));
    }
  }

  #run(pcm: Int16Array, offset: number, count: number): void {
    const end = offset + count;
    let squares = 0;
    let peak = 0;
    for (let i = offset; i < end; i++) {
      const value = pcm[i];
      squares += value * value;
      const size = value < 0 ? -value : value;
      if (size > peak) peak = size;
    }
    const ms = (count / this.#frame) * FRAME_MS;
    this.#follow(squares / count, ms);
    this.#limit(peak, ms);
    const from = this.#applied;
    const to = this.#gain * this.#limiter;
    // A smaller gain must be there before the peak is: it is reached in an eighth of the frame.
    const ramp = to < from ? Math.max(1, count >> 3) : count;
    const step = (to - from) / ramp;
    for (let i = 0; i < count; i++) {
      const gain = i < ramp ? from + step * (i + 1) : to;
      pcm[offset + i] = saturate(Math.round(pcm[offset + i] * gain));
    }
    this.#applied = to;
  }

  /** Moves the gain towards what the speech needs. */
  #follow(power: number, ms: number): void {
    this.#floor.push(power, ms);
    if (power < MIN_SPEECH_POWER || power < this.#floor.power * SPEECH_RATIO) return;
    const level = powerToDbov(power);
    if (Number.isNaN(this.#speechDbov)) this.#speechDbov = level;
    const constant = level > this.#speechDbov ? ATTACK_MS : DECAY_MS;
    this.#speechDbov += (level - this.#speechDbov) * Math.min(1, ms / constant);
    const most = Math.min(this.#maxGain, Math.max(1, Math.sqrt(MAX_NOISE_POWER / this.#floor.power)));
    const ideal = 10 ** ((this.#targetDbov - this.#speechDbov) / 20);
    const wanted = Math.min(most, Math.max(this.#minGain, ideal));
    const up = 10 ** ((UP_DB_PER_S * ms) / 20_000);
    const down = 10 ** ((-DOWN_DB_PER_S * ms) / 20_000);
    this.#gain *= Math.min(up, Math.max(down, wanted / this.#gain));
  }

  #limit(peak: number, ms: number): void {
    this.#limiter += (1 - this.#limiter) * Math.min(1, ms / LIMITER_RELEASE_MS);
    const result = peak * this.#gain * this.#limiter;
    if (result > LIMIT) this.#limiter *= LIMIT / result;
  }
}
