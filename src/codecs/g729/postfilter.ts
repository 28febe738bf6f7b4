/**
 * The adaptive postfilter of G.729 Annex A (A.4.2): pitch postfilter with integer delays, formant postfilter with tilt
 * compensation, and gain control. The decoder runs it on each frame; it never feeds back into decoding.
 */
import { FRAME, ORDER, PITCH_MAX, SUBFRAME, TAPS } from './dimensions.js';
import { expandBandwidth, residual, synthesize } from './filters.js';
import {
  divideQ15,
  dot,
  mulQ15,
  norm32,
  product,
  roundHigh,
  sat16,
  sat32,
  shl32,
  shr32,
} from './fixed-point.js';
import { inverseSqrt } from './wide-arithmetic.js';

/** Bandwidth expansion of numerator and denominator (A.4.2.2), Q15: 0.55 and 0.7. */
const NUMERATOR = 18022;
const DENOMINATOR = 22938;
/** Tilt compensation factor (A.4.2.3), Q15: 0.8. */
const TILT = 26214;
/** Pitch postfilter gain 0.5, and the weights of both terms when the prediction gain is 1 or more, Q15. */
const PITCH_WEIGHT = 16384;
const DIRECT_SHARE = 21845;
const DELAYED_SHARE = 10923;
/** Gain control smoothing (4.2.4), Q15: 0.9. */
const SMOOTHING = 29491;
/** Samples of the impulse response from which the tilt is taken. */
const RESPONSE = 22;

const numerator = new Int16Array(TAPS);
const denominator = new Int16Array(TAPS);
const response = new Int16Array(RESPONSE);
const shaped = new Int16Array(SUBFRAME);
const filtered = new Int16Array(SUBFRAME);
const scaled = new Int16Array(SUBFRAME);
const zeros = new Int16Array(ORDER);

export class Postfilter {
  /** Weighted residual, and the same divided by 4: the past, then the subframe at hand. */
  readonly #residual = new Int16Array(PITCH_MAX + SUBFRAME);
  readonly #scaledResidual = new Int16Array(PITCH_MAX + SUBFRAME);
  readonly #synthesisMemory = new Int16Array(ORDER);
  #tiltMemory = 0;
  /** Smoothed gain, Q12. */
  #gain = 4096;

  reset(): void {
    this.#residual.fill(0);
    this.#scaledResidual.fill(0);
    this.#synthesisMemory.fill(0);
    this.#tiltMemory = 0;
    this.#gain = 4096;
  }

  /**
   * @param speech synthesised speech, ten samples of the past before `at`
   * @param az prediction filters of both subframes, Q12
   * @param delays pitch delays of both subframes
   * @param voice whether the frame is speech; comfort noise passes without pitch postfilter (Annex B)
   * @param out receives the frame
   */
  run(
    speech: Int16Array,
    at: number,
    az: Int16Array,
    delays: Int16Array,
    voice: boolean,
    out: Int16Array,
    outAt: number,
  ): void {
    for (let half = 0; half < FRAME / SUBFRAME; half++) {
      const start = at + half * SUBFRAME;
      expandBandwidth(az, half * TAPS, NUMERATOR, numerator, 0);
      expandBandwidth(az, half * TAPS, DENOMINATOR, denominator, 0);
      residual(numerator, 0, speech, start, this.#residual, PITCH_MAX, SUBFRAME);
      for (let i = PITCH_MAX; i < PITCH_MAX + SUBFRAME; i++) this.#scaledResidual[i] = this.#residual[i] >> 2;
      if (voice) {
        this.#emphasizePitch(Math.min(delays[half] - 3, PITCH_MAX - 6));
      } else {
        for (let i = 0; i < SUBFRAME; i++) shaped[i] = this.#residual[PITCH_MAX + i];
      }
      this.#compensateTilt();
      synthesize(denominator, 0, shaped, 0, filtered, 0, SUBFRAME, this.#synthesisMemory, true);
      this.#controlGain(speech, start, out, outAt + half * SUBFRAME);
      this.#residual.copyWithin(0, SUBFRAME);
      this.#scaledResidual.copyWithin(0, SUBFRAME);
    }
  }

  /** Pitch postfilter (A.4.2.1) into `shaped`, searching seven delays from `shortest`. */
  #emphasizePitch(shortest: number): void {
    const signal = this.#residual;
    const small = this.#scaledResidual;
    let best = -Infinity;
    let delay = shortest;
    for (let t = shortest; t <= shortest + 6; t++) {
      const correlation = dot(0, small, PITCH_MAX, small, PITCH_MAX - t, SUBFRAME);
      if (correlation > best) {
        best = correlation;
        delay = t;
      }
    }
    const past = dot(1, small, PITCH_MAX - delay, small, PITCH_MAX - delay, SUBFRAME);
    const present = dot(1, small, PITCH_MAX, small, PITCH_MAX, SUBFRAME);
    best = Math.max(best, 0);

    const shift = norm32(Math.max(best, past, present));
    const correlation = roundHigh(shl32(best, shift));
    const pastEnergy = roundHigh(shl32(past, shift));
    const energy = roundHigh(shl32(present, shift));
    // A prediction gain below 3 dB switches the pitch postfilter off.
    if (product(correlation, correlation) - (product(pastEnergy, energy) >> 1) < 0) {
      for (let i = 0; i < SUBFRAME; i++) shaped[i] = signal[PITCH_MAX + i];
      return;
    }
    let direct = DIRECT_SHARE;
    let delayed = DELAYED_SHARE;
    if (correlation <= pastEnergy) {
      const weighted = mulQ15(correlation, PITCH_WEIGHT) >> 1;
      const sum = weighted + (pastEnergy >> 1);
      delayed = sum > 0 ? divideQ15(weighted, sum) : 0;
      direct = 32767 - delayed;
    }
    for (let i = 0; i < SUBFRAME; i++) {
      const now = signal[PITCH_MAX + i];
      shaped[i] = sat16(mulQ15(direct, now) + mulQ15(delayed, signal[PITCH_MAX + i - delay]));
    }
  }

  /** Tilt compensation (A.4.2.3) of `shaped` by the first reflection of the formant filter's impulse response. */
  #compensateTilt(): void {
    response.fill(0);
    response.set(numerator);
    synthesize(denominator, 0, response, 0, response, 0, RESPONSE, zeros, false);
    const lag0 = dot(0, response, 0, response, 0, RESPONSE) >> 16;
    const lag1 = dot(0, response, 0, response, 1, RESPONSE - 1) >> 16;
    const factor = lag1 <= 0 ? 0 : divideQ15(mulQ15(lag1, TILT), lag0);

    const last = shaped[SUBFRAME - 1];
    for (let i = SUBFRAME - 1; i > 0; i--) shaped[i] = sat16(shaped[i] - mulQ15(factor, shaped[i - 1]));
    shaped[0] = sat16(shaped[0] - mulQ15(factor, this.#tiltMemory));
    this.#tiltMemory = last;
  }

  /** Gain control (4.2.4): brings `filtered` to the level of the speech, smoothly, into `out`. */
  #controlGain(speech: Int16Array, at: number, out: Int16Array, outAt: number): void {
    const outEnergy = quarterEnergy(filtered, 0);
    if (outEnergy === 0) {
      this.#gain = 0;
      for (let i = 0; i < SUBFRAME; i++) out[outAt + i] = filtered[i];
      return;
    }
    const inEnergy = quarterEnergy(speech, at);
    let target = 0;
    if (inEnergy !== 0) {
      const outShift = norm32(outEnergy) - 1;
      const inShift = norm32(inEnergy);
      const ratio = divideQ15(roundHigh(shl32(outEnergy, outShift)), roundHigh(shl32(inEnergy, inShift)));
      const root = inverseSqrt(shr32(shl32(ratio, 7), outShift - inShift));
      target = mulQ15(roundHigh(shl32(root, 9)), 32767 - SMOOTHING);
    }
    let gain = this.#gain;
    for (let i = 0; i < SUBFRAME; i++) {
      gain = sat16(mulQ15(gain, SMOOTHING) + target);
      out[outAt + i] = sat32(product(filtered[i], gain) * 8) >> 16;
    }
    this.#gain = gain;
  }
}

/** Energy of a subframe divided by 4. */
function quarterEnergy(x: Int16Array, at: number): number {
  for (let i = 0; i < SUBFRAME; i++) scaled[i] = x[at + i] >> 2;
  return dot(0, scaled, 0, scaled, 0, SUBFRAME);
}
