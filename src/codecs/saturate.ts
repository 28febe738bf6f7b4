/** Limiting for the fixed-point codecs: ITU-T and ETSI standards define their arithmetic with it. */

/** The nearest 16-bit integer. */
export function saturate16(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
