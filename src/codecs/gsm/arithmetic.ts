/**
 * The fixed-point operations of GSM 06.10 §4.1 that are more than an operator. None of the products here ever has both
 * factors at -32768 (one is always a table value or a coefficient short of it), so they need no saturation.
 */

/** Q15 product, truncated ("mult"). */
export function mult(a: number, b: number): number {
  return Math.imul(a, b) >> 15;
}

/** Q15 product, rounded ("mult_r"). */
export function multRounded(a: number, b: number): number {
  return (Math.imul(a, b) + 16384) >> 15;
}

/** Left shifts that bring a 32-bit value other than 0 to its full width ("norm"). */
export function norm(value: number): number {
  return Math.clz32(value < 0 ? ~value : value) - 1;
}

/** Q15 quotient of 0 <= dividend <= divisor, divisor > 0 ("div"). */
export function div(dividend: number, divisor: number): number {
  return dividend === divisor ? 32767 : Math.floor((dividend * 32768) / divisor);
}
