/**
 * The second order high-pass filters before the encoder (G.729 3.1: 140 Hz, halves the level) and after the decoder
 * (4.2.5: 100 Hz, doubles it).
 */
import { MAX32, MIN32, product, roundHigh, sat32 } from './fixed-point.js';
import { mul32By16 } from './wide-arithmetic.js';

interface HighPassDesign {
  /** Numerator; the middle coefficient is -2 times the outer ones. */
  readonly b0: number;
  readonly b1: number;
  /** Feedback of the last and the last but one output. */
  readonly a1: number;
  readonly a2: number;
  /** Shift from the coefficients' scale to Q31. */
  readonly shift: number;
  /** Further gain in bits, applied to the output only. */
  readonly outputShift: number;
}

/** 3.1, coefficients Q12. */
export const INPUT_HIGH_PASS: HighPassDesign = {
  b0: 1899,
  b1: -3798,
  a1: 7807,
  a2: -3733,
  shift: 3,
  outputShift: 0,
};

/** 4.2.5, coefficients Q13. */
export const OUTPUT_HIGH_PASS: HighPassDesign = {
  b0: 7699,
  b1: -15398,
  a1: 15836,
  a2: -7667,
  shift: 2,
  outputShift: 1,
};

export class HighPass {
  #y1 = 0;
  #y2 = 0;
  #x1 = 0;
  #x2 = 0;
  readonly #b0: number;
  readonly #b1: number;
  readonly #a1: number;
  readonly #a2: number;
  readonly #scale: number;
  readonly #outputScale: number;

  constructor(design: HighPassDesign) {
    this.#b0 = design.b0;
    this.#b1 = design.b1;
    this.#a1 = design.a1;
    this.#a2 = design.a2;
    this.#scale = 1 << design.shift;
    this.#outputScale = 1 << design.outputShift;
  }

  reset(): void {
    this.#y1 = 0;
    this.#y2 = 0;
    this.#x1 = 0;
    this.#x2 = 0;
  }

  /** Filters `n` samples of `x` into `y`, which may be the same. */
  run(x: Int16Array, xAt: number, y: Int16Array, yAt: number, n: number): void {
    let y1 = this.#y1;
    let y2 = this.#y2;
    let x1 = this.#x1;
    let x2 = this.#x2;
    for (let i = 0; i < n; i++) {
      const x0 = x[xAt + i];
      let sum = sat32(mul32By16(y1, this.#a1) + mul32By16(y2, this.#a2));
      sum = sat32(sum + product(x0, this.#b0));
      sum = sat32(sum + product(x1, this.#b1));
      sum = sat32(sum + product(x2, this.#b0));
      sum *= this.#scale;
      if (sum > MAX32) sum = MAX32;
      else if (sum < MIN32) sum = MIN32;
      y[yAt + i] = roundHigh(sat32(sum * this.#outputScale));
      y2 = y1;
      y1 = sum;
      x2 = x1;
      x1 = x0;
    }
    this.#y1 = y1;
    this.#y2 = y2;
    this.#x1 = x1;
    this.#x2 = x2;
  }
}
