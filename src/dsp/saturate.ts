/** Limits a value to 16 bits; the fraction is left to the typed array it is written to (which truncates). */
export function saturate(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}
