/**
 * The comfort noise excitation of G.729 Annex B (B.4.4): a random mix of adaptive, Gaussian and pulse excitation at a
 * given level, from a generator that encoder and decoder run in step.
 */
import { predictExcitation } from './adaptive-codebook.js';
import { FRAME, SUBFRAME } from './dimensions.js';
import {
  abs16,
  dot,
  low16,
  mac,
  mulQ15Round,
  negate16,
  norm16,
  norm32,
  product,
  sat16,
  sat32,
  shl32,
  shr16,
  shr16Round,
  shr32,
} from './fixed-point.js';
import type { ExcitationErrorGuard } from './taming.js';
import { inverseSqrt, mul32By16 } from './wide-arithmetic.js';

const INITIAL_SEED = 11111;
/** Half of sqrt(40) / 2, less 1, Q15: scales Gaussian noise to half the level. */
const GAUSS_SCALE = 19043;
/** 1 - 0.5 ** 2, Q15: the share of the energy left to the pulses. */
const PULSE_SHARE = 24576;
/** Largest gain of the pulses. */
const PULSE_GAIN_MAX = 5000;

/** The 16-bit congruential generator of the standard (4.4.4, B.4.4). */
export class NoiseGenerator {
  #state: number;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.#state = seed;
  }

  reset(): void {
    this.#state = this.#seed;
  }

  next(): number {
    this.#state = low16(Math.imul(this.#state, 31821) + 13849);
    return this.#state;
  }
}

const gauss = new Int16Array(SUBFRAME);
const small = new Int16Array(SUBFRAME);
const position = new Int16Array(4);
const positive = new Uint8Array(4);

export class ComfortExcitation {
  readonly #random = new NoiseGenerator(INITIAL_SEED);

  /** Called with each speech frame: noise always begins alike. */
  reset(): void {
    this.#random.reset();
  }

  /**
   * Writes a frame of excitation at `at` (with the past before it).
   * @param level target level of a sample, Q3
   * @param guard the encoder's watch over the adaptive codebook, kept informed
   */
  generate(level: number, exc: Int16Array, at: number, guard?: ExcitationErrorGuard): void {
    if (level === 0) {
      exc.fill(0, at, at + FRAME);
      guard?.update(0, SUBFRAME + 1);
      guard?.update(0, SUBFRAME + 1);
      return;
    }
    for (let half = 0; half < FRAME; half += SUBFRAME) this.#subframe(level, exc, at + half, guard);
  }

  #subframe(level: number, exc: Int16Array, at: number, guard?: ExcitationErrorGuard): void {
    let bits = this.#random.next();
    const third = (bits & 3) === 3 ? 0 : (bits & 3) - 1;
    const delay = ((bits >> 2) & 63) + 40;
    position[0] = 5 * ((bits >> 8) & 7);
    positive[0] = (bits >> 11) & 1;
    position[1] = 5 * ((bits >> 12) & 7) + 1;
    positive[1] = (bits >> 15) & 1;
    bits = this.#random.next();
    position[2] = 5 * (bits & 7) + 2;
    positive[2] = (bits >> 3) & 1;
    position[3] = 5 * ((bits >> 5) & 7) + 3 + ((bits >> 4) & 1);
    positive[3] = (bits >> 8) & 1;
    let pitchGain = this.#random.next() & 0x1fff; // below 0.5, Q14

    this.#fillGauss(level);
    predictExcitation(exc, at, delay, third);
    let largest = 0;
    for (let i = 0; i < SUBFRAME; i++) {
      const x = sat16(mulQ15Round(exc[at + i], pitchGain << 1) + gauss[i]);
      exc[at + i] = x;
      largest = Math.max(largest, abs16(x));
    }

    // The pulse gain g solves 4 g^2 + 2 b g + c = 0, so that the subframe gets the target energy.
    let shift = largest === 0 ? 0 : Math.max(3 - norm16(largest), 0);
    for (let i = 0; i < SUBFRAME; i++) small[i] = exc[at + i] >> shift;
    const energy = dot(0, small, 0, small, 0, SUBFRAME);
    let b = this.#atPulses(small, 0);
    const target = product(level, low16(product(level, SUBFRAME) >> 6));
    let discriminant = sat32(shr32(target, 1 + 2 * shift) - energy);
    b >>= 1;
    discriminant = mac(discriminant, b, b);
    shift++;
    if (discriminant < 0) {
      // Too loud already: Gaussian noise and pulses alone.
      exc.set(gauss, at);
      let magnitude = 0;
      for (let i = 0; i < 4; i++) magnitude |= abs16(gauss[position[i]]);
      shift = (magnitude & 0x4000) === 0 ? 1 : 2;
      b = this.#atPulses(gauss, shift);
      discriminant = mac(shr32(mul32By16(target, PULSE_SHARE), 2 * shift - 1), b, b);
      pitchGain = 0;
    }

    const root = halfSquareRoot(discriminant);
    let g = sat16(root - b);
    const other = negate16(sat16(b + root));
    if (abs16(other) < abs16(g)) g = other;
    g = shr16Round(g, 2 - shift);
    g = Math.min(Math.max(g, -PULSE_GAIN_MAX), PULSE_GAIN_MAX);
    for (let i = 0; i < 4; i++) {
      const p = at + position[i];
      exc[p] = sat16(positive[i] ? exc[p] + g : exc[p] - g);
    }
    guard?.update(pitchGain, delay);
  }

  /** Gaussian noise at half the target level. */
  #fillGauss(level: number): void {
    for (let i = 0; i < SUBFRAME; i++) {
      let sum = 0;
      for (let k = 0; k < 12; k++) sum += this.#random.next();
      gauss[i] = sum >> 7;
    }
    const inverse = inverseSqrt(dot(0, gauss, 0, gauss, 0, SUBFRAME) >> 1);
    const wanted = sat16(level + mulQ15Round(level, GAUSS_SCALE));
    const factor = mul32By16(inverse, wanted);
    const shift = norm32(factor);
    const mantissa = shl32(factor, shift) >> 16;
    for (let i = 0; i < SUBFRAME; i++) gauss[i] = shr16Round(mulQ15Round(gauss[i], mantissa), shift - 14);
  }

  /** Sum of a vector, shifted down, at the pulses with their signs. */
  #atPulses(v: Int16Array, shift: number): number {
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      const x = shr16(v[position[i]], shift);
      sum = sat16(positive[i] ? sum + x : sum - x);
    }
    return sum;
  }
}

/** sqrt(x / 2) to 14 bits, bit by bit. */
function halfSquareRoot(x: number): number {
  let root = 0;
  for (let bit = 0x4000; bit > 1; bit >>= 1) {
    const trial = sat16(root + bit);
    if (x >= product(trial, trial)) root = trial;
  }
  return root;
}

/** Interpolates the noise level towards a new one, as both directions do (B.4.4). */
export function smoothLevel(level: number, target: number): number {
  return sat16(mulQ15Round(level, 28672) + mulQ15Round(target, 4096)); // 7/8 and 1/8, Q15
}
