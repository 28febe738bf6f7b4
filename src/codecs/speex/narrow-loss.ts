/** What a narrow-band Speex decoder does about lost frames: how it goes on without them and how it comes back. */
import { FRAME, MAX_PITCH, MIN_PITCH, ORDER } from './dimensions.js';
import type { Noise } from './noise.js';
import { wholePitchGain } from './pitch-prediction.js';
import type { PitchVote } from './pitch-vote.js';

/** Level of the first lost frames, one after the other; silence after them. */
const FADE = [1, 0.961, 0.852, 0.698, 0.527, 0.368, 0.237, 0.141, 0.077, 0.039];
/** What is extrapolated, or predicted from it, must not ring on. */
const MAX_GAIN = 0.85;
const MAX_RECOVERY_GAIN = 0.95;
const NO_LAG = 40;

export class LossState {
  /** Frames lost in a row. */
  frames = 0;
  #lag = NO_LAG;
  #gain = 0;
  /** Gains of the last three frames, made up ones as well. */
  readonly #gains = new Float64Array(3);
  #next = 0;

  /** Goes on with the last pitch period, more and more noise and less and less of all. */
  extrapolate(excitation: Float64Array, at: number, level: number, noise: Noise): void {
    const fade = this.frames < FADE.length ? FADE[this.frames] : 0;
    const [a, b, c] = this.#gains;
    const median = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    this.#gain = Math.min(this.#gain, median);
    const gain = fade * Math.min(this.#gain, MAX_GAIN);
    const noiseLevel = level * fade * (1 - gain * gain);
    const wander = Math.trunc(noise.next() * (1 + this.frames));
    const lag = Math.max(MIN_PITCH, Math.min(MAX_PITCH, this.#lag + wander));
    for (let i = at; i < at + FRAME; i++)
      excitation[i] = gain * excitation[i - lag] + noiseLevel * noise.next();
    this.frames++;
    this.#remember(gain);
  }

  /** Predictions from an excitation that was made up are held back. */
  limitGains(gains: Float64Array): void {
    if (this.frames === 0) return;
    const most = Math.min(MAX_RECOVERY_GAIN, this.frames < 4 ? this.#gain : 0.5 * this.#gain);
    const gain = wholePitchGain(gains);
    if (gain > most) for (let i = 0; i < 3; i++) gains[i] *= most / gain;
  }

  /** Calms the synthesis filter, the more the spectrum has changed meanwhile. */
  dampMemory(before: Float64Array, now: Float64Array, memory: Float64Array): void {
    let distance = 0;
    for (let i = 0; i < ORDER; i++) distance += Math.abs(now[i] - before[i]);
    const factor = 0.6 * Math.exp(-0.2 * distance);
    for (let i = 0; i < ORDER; i++) memory[i] *= factor;
  }

  /** A good frame was decoded. */
  recover(vote: PitchVote): void {
    this.frames = 0;
    this.#lag = vote.lag;
    this.#gain = vote.gain;
    this.#remember(vote.gain);
  }

  reset(): void {
    this.frames = 0;
    this.#lag = NO_LAG;
    this.#gain = 0;
    this.#gains.fill(0);
    this.#next = 0;
  }

  #remember(gain: number): void {
    this.#gains[this.#next] = gain;
    this.#next = (this.#next + 1) % 3;
  }
}
