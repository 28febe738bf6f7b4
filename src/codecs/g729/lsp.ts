/**
 * Line spectral pairs of G.729 (3.2.3, 3.2.5, 3.2.6): from prediction coefficients and back, between the cosine (LSP)
 * and the frequency (LSF) domain, and the interpolation over the two subframes. Used by both directions of the codec;
 * nothing here keeps state between calls.
 */
import { ORDER, TAPS } from './dimensions.js';
import {
  abs16,
  divideQ15,
  low16,
  MAX16,
  MIN16,
  mulQ15,
  negate16,
  norm16,
  product,
  roundHigh,
  sat16,
  sat32,
  shl32,
  shr32,
  shr32Round,
} from './fixed-point.js';
import { ARCCOS_SLOPE, COSINE, COSINE_SLOPE, ROOT_GRID } from './speech-tables.js';
import { mul32By16 } from './wide-arithmetic.js';

const HALF = ORDER / 2;

/** LSP vector a codec starts from, Q15. */
export const INITIAL_LSP = new Int16Array([
  30000, 26000, 21000, 15000, 8000, 0, -8000, -15000, -21000, -26000,
]);

const sumPolynomial = new Int16Array(HALF + 1);
const differencePolynomial = new Int16Array(HALF + 1);

/**
 * Finds the line spectral pairs of A(z) as the roots of its sum and difference polynomials (3.2.3, A.3.2.3).
 * @param a 11 coefficients, Q12
 * @param lsp receives 10 values, Q15
 * @param fallback taken when fewer than ten roots are found
 */
export function lpcToLsp(a: Int16Array, lsp: Int16Array, fallback: Int16Array): void {
  // In Q11 where that fits, else in Q10.
  const fits = fillPolynomials(a, 1, 2048);
  if (!fits) fillPolynomials(a, 2, 1024);
  const scale = fits ? 1 : 0;

  let found = 0;
  let polynomial = sumPolynomial;
  let xLow = ROOT_GRID[0];
  let yLow = chebyshev(xLow, polynomial, scale);
  for (let j = 1; found < ORDER && j < ROOT_GRID.length; j++) {
    let xHigh = xLow;
    let yHigh = yLow;
    xLow = ROOT_GRID[j];
    yLow = chebyshev(xLow, polynomial, scale);
    if (yLow * yHigh > 0) continue;

    for (let i = 0; i < 2; i++) {
      const xMid = (xLow >> 1) + (xHigh >> 1);
      const yMid = chebyshev(xMid, polynomial, scale);
      if (yLow * yMid <= 0) {
        yHigh = yMid;
        xHigh = xMid;
      } else {
        yLow = yMid;
        xLow = xMid;
      }
    }
    xLow = interpolateRoot(xLow, yLow, xHigh, yHigh);
    lsp[found++] = xLow;
    polynomial = polynomial === sumPolynomial ? differencePolynomial : sumPolynomial;
    yLow = chebyshev(xLow, polynomial, scale);
  }
  if (found < ORDER) lsp.set(fallback);
}

/** Computes both polynomials with coefficients scaled down by `shift` bits; false when one does not fit 16 bits. */
function fillPolynomials(a: Int16Array, shift: number, one: number): boolean {
  let fits = true;
  sumPolynomial[0] = one;
  differencePolynomial[0] = one;
  for (let i = 0; i < HALF; i++) {
    const s = ((a[i + 1] + a[ORDER - i]) >> shift) - sumPolynomial[i];
    const d = ((a[i + 1] - a[ORDER - i]) >> shift) + differencePolynomial[i];
    if (s > MAX16 || s < MIN16 || d > MAX16 || d < MIN16) fits = false;
    sumPolynomial[i + 1] = sat16(s);
    differencePolynomial[i + 1] = sat16(d);
  }
  return fits;
}

/** Where the line through two points around a root crosses zero, Q15. */
function interpolateRoot(xLow: number, yLow: number, xHigh: number, yHigh: number): number {
  const dx = sat16(xHigh - xLow);
  const dy = sat16(yHigh - yLow);
  if (dy === 0) return xLow;
  const magnitude = abs16(dy);
  const exponent = norm16(magnitude);
  const inverse = divideQ15(16383, magnitude << exponent);
  let slope = low16(shr32(product(dx, inverse), 20 - exponent));
  if (dy < 0) slope = negate16(slope);
  return sat16(xLow - low16(product(yLow, slope) >> 11));
}

/** Value at x (Q15) of a Chebyshev series with coefficients in Q11 (scale 1) or Q10 (scale 0); Q14, saturated. */
function chebyshev(x: number, f: Int16Array, scale: number): number {
  let b2 = 0x800000 << scale;
  let b1 = x * (512 << scale) + f[1] * 8192;
  for (let i = 2; i < HALF; i++) {
    let b0 = sat32(2 * mul32By16(b1, x));
    b0 = sat32(b0 - (b2 >> 16) * 65536);
    b0 = sat32(b0 - (b2 & 0xfffe));
    b0 = sat32(b0 + f[i] * 8192);
    b2 = b1;
    b1 = b0;
  }
  let y = sat32(mul32By16(b1, x) - (b2 >> 16) * 65536);
  y = sat32(y - (b2 & 0xfffe));
  y = sat32(y + f[HALF] * 4096);
  return sat32(y * (128 >> scale)) >> 16;
}

const polynomial1 = new Int32Array(HALF + 1);
const polynomial2 = new Int32Array(HALF + 1);

/** Coefficients of A(z), Q12, of an LSP vector, Q15 (3.2.6). */
function lspToLpc(lsp: Int16Array, a: Int16Array, aAt: number): void {
  expandRoots(lsp, 0, polynomial1);
  expandRoots(lsp, 1, polynomial2);
  for (let i = HALF; i > 0; i--) {
    polynomial1[i] = sat32(polynomial1[i] + polynomial1[i - 1]);
    polynomial2[i] = sat32(polynomial2[i] - polynomial2[i - 1]);
  }
  a[aAt] = 4096;
  for (let i = 1; i <= HALF; i++) {
    a[aAt + i] = shr32Round(sat32(polynomial1[i] + polynomial2[i]), 13);
    a[aAt + TAPS - i] = shr32Round(sat32(polynomial1[i] - polynomial2[i]), 13);
  }
}

/** Multiplies out the quadratic factors of every second LSP, Q24. */
function expandRoots(lsp: Int16Array, first: number, f: Int32Array): void {
  f[0] = 0x1000000;
  f[1] = -lsp[first] * 1024;
  for (let i = 2; i <= HALF; i++) {
    const root = lsp[first + 2 * (i - 1)];
    f[i] = f[i - 2];
    for (let j = i; j > 1; j--) {
      const step = sat32(2 * mul32By16(f[j - 1], root));
      f[j] = sat32(sat32(f[j] + f[j - 2]) - step);
    }
    f[1] = sat32(f[1] - root * 1024);
  }
}

const midway = new Int16Array(ORDER);

/**
 * Prediction coefficients of both subframes: the first from the mean of the last and this frame's LSPs (3.2.5).
 * @param az receives two filters of 11 coefficients, Q12
 */
export function interpolateLpc(before: Int16Array, now: Int16Array, az: Int16Array): void {
  for (let i = 0; i < ORDER; i++) midway[i] = (now[i] >> 1) + (before[i] >> 1);
  lspToLpc(midway, az, 0);
  lspToLpc(now, az, TAPS);
}

/** LSF in radians, Q13, to LSP, Q15. */
export function lsfToLsp(lsf: Int16Array, lsp: Int16Array): void {
  for (let i = 0; i < ORDER; i++) {
    const turn = mulQ15(lsf[i], 20861); // 1 / (2 pi), Q17
    const segment = Math.min(turn >> 8, 63);
    lsp[i] = sat16(COSINE[segment] + ((2 * COSINE_SLOPE[segment] * (turn & 0xff)) >> 13));
  }
}

/** LSP, Q15, to LSF in radians, Q13. */
export function lspToLsf(lsp: Int16Array, lsf: Int16Array): void {
  let segment = 63;
  for (let i = ORDER - 1; i >= 0; i--) {
    while (segment > 0 && COSINE[segment] < lsp[i]) segment--;
    const offset = sat16(lsp[i] - COSINE[segment]);
    const turn = sat16((segment << 9) + low16(product(ARCCOS_SLOPE[segment], offset) >> 12));
    lsf[i] = mulQ15(turn, 25736); // 2 pi, Q12
  }
}

/** LSP, Q15, to LSF as a fraction of the sampling rate, Q15 (used by voice activity detection). */
export function lspToNormalisedLsf(lsp: Int16Array, lsf: Int16Array): void {
  let segment = 63;
  for (let i = ORDER - 1; i >= 0; i--) {
    while (segment > 0 && COSINE[segment] < lsp[i]) segment--;
    const step = product(sat16(lsp[i] - COSINE[segment]), ARCCOS_SLOPE[segment]);
    lsf[i] = sat16(roundHigh(shl32(step, 3)) + (segment << 8));
  }
}
