/**
 * The search for lag and gains of the long-term prediction in a Speex encoder: likely lags by correlation, then all gain
 * vectors for each of them by what they leave of the weighted target.
 */
import { MAX_PITCH, MIN_PITCH, SUBFRAME } from './dimensions.js';
import { addPitchTap, predictPitch, readPitchGains } from './pitch-prediction.js';
import type { PitchGains } from './submodes.js';

/** Lags that are tried with all gains. */
const CANDIDATES = 6;
/** Gains are kept a little low, so that a lost frame is soon forgotten. */
const CAUTION = 1.04;
/** In 1/32: a vector with more than this amplifies. */
const UNITY = 31;
/** What predictions may amplify in a row. */
const MOST_ACCUMULATED = 256;

/** Samples of excitation before a sub-frame that the search looks at. */
export const PITCH_PAST = MAX_PITCH + 1;

export class PitchSearch {
  /** What was found: lag, number of the gain vector and the contribution to the excitation. */
  lag = 0;
  index = 0;
  readonly predicted = new Float64Array(SUBFRAME);

  readonly #backward = new Float64Array(SUBFRAME);
  readonly #lags = new Int32Array(CANDIDATES);
  readonly #scores = new Float64Array(CANDIDATES);
  readonly #tap = new Float64Array(SUBFRAME);
  /** Filtered contributions of the three taps, of the lag at hand and of the best one. */
  #taps = threeTaps();
  #bestTaps = threeTaps();
  readonly #gains = new Float64Array(3);
  /** Gain that all predictions since the last weak one amount to. */
  #accumulated = 1;
  #index = 0;
  #merit = 0;

  /**
   * @param target weighted speech that the excitation has to reach; what is left of it afterwards
   * @param response of the weighted synthesis filter
   * @param at start of the sub-frame in the excitation
   */
  search(
    target: Float64Array,
    response: Float64Array,
    excitation: Float64Array,
    at: number,
    lowest: number,
    highest: number,
    book: PitchGains,
  ): void {
    this.#filterBackward(target, response);
    this.#rank(excitation, at, lowest, highest);
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < CANDIDATES && this.#scores[i] > Number.NEGATIVE_INFINITY; i++) {
      const lag = this.#lags[i];
      this.#filterTaps(response, excitation, at, lag);
      this.#chooseGains(target, book.vectors);
      if (this.#merit <= best) continue;
      best = this.#merit;
      this.lag = lag;
      this.index = this.#index;
      const taps = this.#taps;
      this.#taps = this.#bestTaps;
      this.#bestTaps = taps;
    }
    readPitchGains(book.vectors, this.index, this.#gains);
    predictPitch(excitation, at, this.lag, this.#gains, this.predicted);
    const x = this.#bestTaps[0];
    const y = this.#bestTaps[1];
    const z = this.#bestTaps[2];
    const g0 = this.#gains[0];
    const g1 = this.#gains[1];
    const g2 = this.#gains[2];
    for (let i = 0; i < SUBFRAME; i++) target[i] -= g0 * x[i] + g1 * y[i] + g2 * z[i];
    this.#accumulated = Math.max(1, this.#accumulated) * (book.vectors[4 * this.index + 3] / 32);
  }

  /** There is no lag within what may be used: gains of zero. */
  skip(): void {
    this.lag = MIN_PITCH;
    this.index = 0;
    this.predicted.fill(0);
    this.#accumulated = 1;
  }

  reset(): void {
    this.#accumulated = 1;
  }

  #filterBackward(target: Float64Array, response: Float64Array): void {
    for (let n = 0; n < SUBFRAME; n++) {
      let sum = 0;
      for (let k = n; k < SUBFRAME; k++) sum += target[k] * response[k - n];
      this.#backward[n] = sum;
    }
  }

  /** The lags whose past fits best, best first. */
  #rank(excitation: Float64Array, at: number, lowest: number, highest: number): void {
    const scores = this.#scores;
    const backward = this.#backward;
    let energy = 0;
    scores.fill(Number.NEGATIVE_INFINITY);
    for (let lag = lowest; lag <= highest; lag++) {
      let product = 0;
      if (lag > SUBFRAME && lag > lowest) {
        const from = at - lag;
        for (let i = 0; i < SUBFRAME; i++) product += backward[i] * excitation[from + i];
        energy += excitation[from] ** 2 - excitation[from + SUBFRAME] ** 2;
      } else {
        energy = 0;
        const end = Math.min(2 * lag, SUBFRAME);
        for (let i = 0; i < end; i++) {
          const past = excitation[at + i - (i < lag ? lag : 2 * lag)];
          product += backward[i] * past;
          energy += past * past;
        }
      }
      const score = (product * Math.abs(product)) / (1 + Math.max(0, energy));
      if (score > scores[CANDIDATES - 1]) this.#insert(lag, score);
    }
  }

  #insert(lag: number, score: number): void {
    let place = CANDIDATES - 1;
    for (; place > 0 && score > this.#scores[place - 1]; place--) {
      this.#scores[place] = this.#scores[place - 1];
      this.#lags[place] = this.#lags[place - 1];
    }
    this.#scores[place] = score;
    this.#lags[place] = lag;
  }

  /** Each tap through the filter; one is the one before it, a sample later and with a new first sample. */
  #filterTaps(response: Float64Array, excitation: Float64Array, at: number, lag: number): void {
    this.#tap.fill(0);
    addPitchTap(excitation, at, lag, lag - 1, 1, this.#tap);
    const first = this.#taps[0];
    for (let n = 0; n < SUBFRAME; n++) {
      let sum = 0;
      for (let k = 0; k <= n; k++) sum += this.#tap[k] * response[n - k];
      first[n] = sum;
    }
    for (let tap = 1; tap < 3; tap++) {
      const before = this.#taps[tap - 1];
      const now = this.#taps[tap];
      const entering = excitation[at - lag + 1 - tap];
      now[0] = entering * response[0];
      for (let n = 1; n < SUBFRAME; n++) now[n] = before[n - 1] + entering * response[n];
    }
  }

  /** Leaves the best vector and its merit: by how much it reduces the energy of the target. */
  #chooseGains(target: Float64Array, vectors: Int8Array): void {
    const x = this.#taps[0];
    const y = this.#taps[1];
    const z = this.#taps[2];
    let tx = 0;
    let ty = 0;
    let tz = 0;
    let xx = 0;
    let yy = 0;
    let zz = 0;
    let xy = 0;
    let yz = 0;
    let xz = 0;
    for (let i = 0; i < SUBFRAME; i++) {
      const t = target[i];
      const a = x[i];
      const b = y[i];
      const c = z[i];
      tx += t * a;
      ty += t * b;
      tz += t * c;
      xx += a * a;
      yy += b * b;
      zz += c * c;
      xy += a * b;
      yz += b * c;
      xz += a * c;
    }
    xx *= CAUTION;
    yy *= CAUTION;
    zz *= CAUTION;
    // What has amplified for long must not go on: an error on the way would grow with it.
    const most = this.#accumulated > MOST_ACCUMULATED ? UNITY : Number.POSITIVE_INFINITY;
    let best = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < vectors.length; at += 4) {
      if (vectors[at + 3] > most) continue;
      const a = vectors[at] / 64 + 0.5;
      const b = vectors[at + 1] / 64 + 0.5;
      const c = vectors[at + 2] / 64 + 0.5;
      const merit =
        2 * (a * tx + b * ty + c * tz - a * b * xy - b * c * yz - a * c * xz) -
        a * a * xx -
        b * b * yy -
        c * c * zz;
      if (merit > best) {
        best = merit;
        this.#index = at / 4;
      }
    }
    this.#merit = best;
  }
}

function threeTaps(): readonly Float64Array[] {
  return Array.from({ length: 3 }, () => new Float64Array(SUBFRAME));
}
