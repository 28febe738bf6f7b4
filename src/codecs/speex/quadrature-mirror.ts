/**
 * The quadrature mirror filter of Speex, 64 taps: splits a band into a lower and a higher half at half the rate and joins
 * them again. One object serves one direction of one stream.
 */

const TAPS = 64;
const HALF = TAPS / 2;

/** First half of the impulse response; it is symmetric. */
const RISE = [
  3.596189e-5, -0.0001123515, -0.0001104587, 0.0002790277, 0.0002298438, -0.0005953563, -0.0003823631,
  0.00113826, 0.0005308539, -0.001986177, -0.0006243724, 0.003235877, 0.0005743159, -0.004989147,
  -0.0002584767, 0.007367171, -0.0004857935, -0.01050689, 0.001894714, 0.01459396, -0.004313674, -0.01994365,
  0.00828756, 0.02716055, -0.01485397, -0.03764973, 0.026447, 0.05543245, -0.05095487, -0.09779096, 0.1382363,
  0.4600981,
];
const EVEN = Float64Array.from({ length: HALF }, (_, i) => RISE[i < HALF / 2 ? 2 * i : TAPS - 1 - 2 * i]);
/** The odd taps are the even ones backwards. */
const ODD = EVEN.slice().reverse();

/** The sum of `taps`(k) `x`(at - k). */
function convolve(x: Float64Array, at: number, taps: Float64Array): number {
  let a = 0;
  let b = 0;
  for (let k = 0; k < HALF; k += 2) {
    a += taps[k] * x[at - k];
    b += taps[k + 1] * x[at - k - 1];
  }
  return a + b;
}

export class BandSplitter {
  readonly #half: number;
  /** Samples at even and at odd places, each behind the last ones of the frame before. */
  readonly #even: Float64Array;
  readonly #odd: Float64Array;

  /** @param half samples of a frame of either half band */
  constructor(half: number) {
    this.#half = half;
    this.#even = new Float64Array(HALF + half);
    this.#odd = new Float64Array(HALF + half);
  }

  split(input: Float64Array, low: Float64Array, high: Float64Array): void {
    const even = this.#even;
    const odd = this.#odd;
    for (let i = 0; i < this.#half; i++) {
      even[HALF + i] = input[2 * i];
      odd[HALF + i] = input[2 * i + 1];
    }
    for (let i = 0; i < this.#half; i++) {
      const e = convolve(even, HALF + i, EVEN);
      const o = convolve(odd, HALF - 1 + i, ODD);
      low[i] = e + o;
      high[i] = e - o;
    }
    even.copyWithin(0, this.#half);
    odd.copyWithin(0, this.#half);
  }

  reset(): void {
    this.#even.fill(0);
    this.#odd.fill(0);
  }
}

export class BandJoiner {
  readonly #half: number;
  /** Sums and differences of the half bands, each behind the last ones of the frame before. */
  readonly #sums: Float64Array;
  readonly #differences: Float64Array;

  constructor(half: number) {
    this.#half = half;
    this.#sums = new Float64Array(HALF + half);
    this.#differences = new Float64Array(HALF + half);
  }

  join(low: Float64Array, high: Float64Array, output: Float64Array): void {
    const sums = this.#sums;
    const differences = this.#differences;
    for (let i = 0; i < this.#half; i++) {
      sums[HALF + i] = 2 * (low[i] + high[i]);
      differences[HALF + i] = 2 * (low[i] - high[i]);
    }
    for (let i = 0; i < this.#half; i++) {
      output[2 * i] = convolve(differences, HALF + i, EVEN);
      output[2 * i + 1] = convolve(sums, HALF + i, ODD);
    }
    sums.copyWithin(0, this.#half);
    differences.copyWithin(0, this.#half);
  }

  reset(): void {
    this.#sums.fill(0);
    this.#differences.fill(0);
  }
}
