/** Which sample rates there are, and between which can be converted; known without the code that does it. Pure. */

/** The rates of codecs, devices and applications. */
export const SAMPLE_RATES: readonly number[] = [8000, 16000, 24000, 32000, 44100, 48000];

export function isSampleRate(rate: number): boolean {
  return SAMPLE_RATES.includes(rate);
}

const MIN_RATE = 4000;
const MAX_RATE = 192_000;
/** Rates without a common measure would need a huge table: 1600 takes any multiple of 5 Hz to 8 kHz. */
const MAX_PHASES = 1600;

/** True for the rates above, and for the others found in files (11025, 22050, 96000 …). */
export function canResample(inputRate: number, outputRate: number): boolean {
  for (const rate of [inputRate, outputRate]) {
    if (!Number.isInteger(rate) || rate < MIN_RATE || rate > MAX_RATE) return false;
  }
  return outputRate / commonMeasure(inputRate, outputRate) <= MAX_PHASES;
}

export function commonMeasure(a: number, b: number): number {
  return b === 0 ? a : commonMeasure(b, a % b);
}
