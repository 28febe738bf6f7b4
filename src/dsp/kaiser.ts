/** The Kaiser window, for the low-pass filters of the resamplers. */

/** @param x from -1 to 1, the edges of the window */
export function kaiser(x: number, beta: number): number {
  return bessel0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / bessel0(beta);
}

/** Modified Bessel function of the first kind, order 0 (power series). */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
