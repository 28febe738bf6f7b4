/**
 * The quadrature mirror filter that joins and splits the two sub-bands of G.722 (ITU-T G.722 §6.2.1.1, §6.2.2.5): 24
 * taps, symmetric, so the even taps (H0, H2 …) are the odd ones backwards. Written out
 * tap by tap: the loop costs twice as much, and this is a third of the codec.
 */

export const QMF_TAPS = 24;

/** The even taps over `x[at]`, `x[at + 2]` … */
export function evenTaps(x: Int32Array, at: number): number {
  return (
    (Math.imul(x[at], 3) +
      Math.imul(x[at + 2], -11) +
      Math.imul(x[at + 4], 12) +
      Math.imul(x[at + 6], 32) +
      Math.imul(x[at + 8], -210) +
      Math.imul(x[at + 10], 951) +
      Math.imul(x[at + 12], 3876) +
      Math.imul(x[at + 14], -805) +
      Math.imul(x[at + 16], 362) +
      Math.imul(x[at + 18], -156) +
      Math.imul(x[at + 20], 53) +
      Math.imul(x[at + 22], -11)) |
    0
  );
}

/** The odd taps over `x[at + 1]`, `x[at + 3]` … */
export function oddTaps(x: Int32Array, at: number): number {
  return (
    (Math.imul(x[at + 1], -11) +
      Math.imul(x[at + 3], 53) +
      Math.imul(x[at + 5], -156) +
      Math.imul(x[at + 7], 362) +
      Math.imul(x[at + 9], -805) +
      Math.imul(x[at + 11], 3876) +
      Math.imul(x[at + 13], 951) +
      Math.imul(x[at + 15], -210) +
      Math.imul(x[at + 17], 32) +
      Math.imul(x[at + 19], 12) +
      Math.imul(x[at + 21], -11) +
      Math.imul(x[at + 23], 3)) |
    0
  );
}
