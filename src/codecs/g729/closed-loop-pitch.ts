/**
 * The closed-loop pitch search of G.729 Annex A (A.3.7) around a given range, the pitch gain with its correlations
 * (A.3.7.3), and the delay's codeword. Run by the encoder in each subframe.
 */
import { predictExcitation } from './adaptive-codebook.js';
import { SUBFRAME } from './dimensions.js';
import { divideQ15, dot, MAX32, norm32, outside31, roundHigh, shl32, shr16 } from './fixed-point.js';

/** Largest pitch gain, Q14: 1.2. */
const GAIN_MAX = 19661;
/** Above this delay the first subframe uses whole samples only. */
const FRACTION_LIMIT = 84;

const wide = new Float64Array(SUBFRAME);
const target = new Int16Array(SUBFRAME);
const candidate = new Int16Array(SUBFRAME);
const quarter = new Int16Array(SUBFRAME);

/** Correlates a target with the impulse response (Q12) backwards, scaled to 13 bits. */
export function backwardFilter(response: Int16Array, x: Int16Array, out: Int16Array): void {
  let largest = 0;
  for (let i = 0; i < SUBFRAME; i++) {
    const sum = dot(0, x, i, response, 0, SUBFRAME - i);
    wide[i] = sum;
    largest = Math.max(largest, Math.min(Math.abs(sum), MAX32));
  }
  const shift = 18 - Math.min(norm32(largest), 16);
  for (let i = 0; i < SUBFRAME; i++) out[i] = wide[i] >> shift;
}

export class ClosedLoopPitch {
  /** The delay found, whole samples and thirds. */
  delay = 0;
  third = 0;
  /** Gain of the filtered codebook vector, Q14. */
  gain = 0;
  /** Energy of that vector and its correlation with the target: mantissas, and the shifts that normalised them. */
  energy = 0;
  energyShift = 0;
  correlation = 0;
  correlationShift = 0;

  /**
   * Finds the delay that fits the target best and leaves its excitation at `at`.
   * @param exc excitation; at `at` the LP residual, which stands in for what delays below 40 would need
   * @param x target of the subframe
   * @param response impulse response, Q12
   */
  search(
    exc: Int16Array,
    at: number,
    x: Int16Array,
    response: Int16Array,
    from: number,
    to: number,
    firstSubframe: boolean,
  ): void {
    backwardFilter(response, x, target);
    let best = -Infinity;
    this.delay = from;
    for (let t = from; t <= to; t++) {
      const c = dot(0, target, 0, exc, at - t, SUBFRAME);
      if (c > best) {
        best = c;
        this.delay = t;
      }
    }

    this.third = 0;
    predictExcitation(exc, at, this.delay, 0);
    if (firstSubframe && this.delay > FRACTION_LIMIT) return;
    best = dot(0, target, 0, exc, at, SUBFRAME);
    for (let i = 0; i < SUBFRAME; i++) candidate[i] = exc[at + i];
    for (let third = -1; third <= 1; third += 2) {
      predictExcitation(exc, at, this.delay, third);
      const c = dot(0, target, 0, exc, at, SUBFRAME);
      if (c > best) {
        best = c;
        this.third = third;
        for (let i = 0; i < SUBFRAME; i++) candidate[i] = exc[at + i];
      }
    }
    exc.set(candidate, at);
  }

  /** The codeword of the delay (3.7.2); `base` is the lowest delay of the second subframe's range. */
  codeword(firstSubframe: boolean, base: number): number {
    if (!firstSubframe) return 3 * (this.delay - base) + 2 + this.third;
    return this.delay <= 85 ? 3 * this.delay - 58 + this.third : this.delay + 112;
  }

  /** Computes gain and correlations of target `x` and filtered excitation `y`. */
  measure(x: Int16Array, y: Int16Array): void {
    for (let i = 0; i < SUBFRAME; i++) quarter[i] = y[i] >> 2;

    let energy = exactDot(1, y, y);
    let scale = 0;
    if (Number.isNaN(energy)) {
      energy = dot(1, quarter, 0, quarter, 0, SUBFRAME);
      scale = 4;
    }
    let shift = norm32(energy);
    this.energy = roundHigh(shl32(energy, shift));
    this.energyShift = shift - scale;

    let correlation = exactDot(0, x, y);
    scale = 0;
    if (Number.isNaN(correlation)) {
      correlation = dot(0, x, 0, quarter, 0, SUBFRAME);
      scale = 2;
    }
    shift = norm32(correlation);
    this.correlation = roundHigh(shl32(correlation, shift));
    this.correlationShift = shift - scale;

    if (this.correlation <= 0) {
      this.correlationShift = 30;
      this.gain = 0;
      return;
    }
    const ratio = divideQ15(this.correlation >> 1, this.energy);
    this.gain = Math.min(shr16(ratio, shift - scale - this.energyShift), GAIN_MAX);
  }
}

/** `start` plus the fractional products, or NaN when that leaves 32 bits on the way. */
function exactDot(start: number, x: Int16Array, y: Int16Array): number {
  let half = 0;
  for (let i = 0; i < SUBFRAME; i++) {
    half = (half + Math.imul(x[i], y[i])) | 0;
    if (outside31(half)) return Number.NaN;
  }
  return 2 * half + start;
}
