/**
 * Compares audio that went through a call with what was sent: how late it is, how alike, and how clean. Used by the
 * demo, the interop tests and by applications that test their own set-ups.
 */

export interface AudioComparison {
  /** How much later the degraded signal is (negative: earlier), in ms. */
  delayMs: number;
  /** Normalised correlation of the aligned signals over the part they share, -1 to 1; a factor in level does not count. */
  correlation: number;
  /** Mean of the signal-to-noise ratio of 20 ms segments with signal, each limited to -10 … 35 dB. */
  segmentalSnrDb: number;
}

const SEGMENT_MS = 20;
const MIN_SEGMENT_DB = -10;
const MAX_SEGMENT_DB = 35;
/** Segments this far below the loudest one say nothing about quality. */
const ACTIVE_RANGE_DB = 40;
/** The coarse search works at about this rate. */
const COARSE_RATE = 2000;

/** @param maxDelayMs how far to search; the length of the longer signal when absent */
export function compareAudio(
  reference: Int16Array,
  degraded: Int16Array,
  sampleRate: number,
  maxDelayMs?: number,
): AudioComparison {
  if (reference.length === 0 || degraded.length === 0) {
    return { delayMs: 0, correlation: 0, segmentalSnrDb: MIN_SEGMENT_DB };
  }
  const delay = findDelay(reference, degraded, sampleRate, maxDelayMs);
  const start = Math.max(0, -delay);
  const end = Math.min(reference.length, degraded.length - delay);
  const { correlation, gain } = correlate(reference, degraded, delay, start, end, 1);
  return {
    delayMs: (delay * 1000) / sampleRate,
    correlation,
    segmentalSnrDb: segmentalSnr(reference, degraded, delay, start, end, gain, sampleRate),
  };
}

/** The shift in samples with the highest correlation: coarse on decimated signals, then around the best one. */
function findDelay(
  reference: Int16Array,
  degraded: Int16Array,
  sampleRate: number,
  maxDelayMs: number | undefined,
): number {
  const step = Math.max(1, Math.floor(sampleRate / COARSE_RATE));
  const a = decimate(reference, step);
  const b = decimate(degraded, step);
  const limit = maxDelayMs === undefined ? Number.POSITIVE_INFINITY : (maxDelayMs * sampleRate) / 1000;
  // At least a quarter of the shorter signal must overlap: chance correlations of short stretches are high.
  const overlap = Math.min(a.length, b.length) / 4;
  const first = Math.max(-Math.floor(limit / step), -Math.floor(a.length - overlap));
  const last = Math.min(Math.floor(limit / step), Math.floor(b.length - overlap));
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let shift = first; shift <= last; shift++) {
    const score = overlapScore(a, b, shift);
    if (score > bestScore) {
      bestScore = score;
      best = shift;
    }
  }
  const centre = best * step;
  bestScore = Number.NEGATIVE_INFINITY;
  for (let shift = centre - 2 * step; shift <= centre + 2 * step; shift++) {
    const start = Math.max(0, -shift);
    const end = Math.min(reference.length, degraded.length - shift);
    const { correlation } = correlate(reference, degraded, shift, start, end, step > 2 ? 2 : 1);
    if (correlation > bestScore) {
      bestScore = correlation;
      best = shift;
    }
  }
  return best;
}

/** Correlation weighted by the energy that overlaps, so that a small matching end does not win. */
function overlapScore(a: Float32Array, b: Float32Array, shift: number): number {
  const start = Math.max(0, -shift);
  const end = Math.min(a.length, b.length - shift);
  let product = 0;
  let energy = 0;
  for (let i = start; i < end; i++) {
    product += a[i] * b[i + shift];
    energy += b[i + shift] * b[i + shift];
  }
  return energy === 0 ? 0 : product / Math.sqrt(energy);
}

function correlate(
  a: Int16Array,
  b: Int16Array,
  shift: number,
  start: number,
  end: number,
  step: number,
): { correlation: number; gain: number } {
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  for (let i = start; i < end; i += step) {
    const x = a[i];
    const y = b[i + shift];
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  if (energyA === 0 || energyB === 0) return { correlation: 0, gain: 1 };
  return { correlation: product / Math.sqrt(energyA * energyB), gain: product / energyA };
}

function segmentalSnr(
  reference: Int16Array,
  degraded: Int16Array,
  delay: number,
  start: number,
  end: number,
  gain: number,
  sampleRate: number,
): number {
  const length = Math.round((SEGMENT_MS * sampleRate) / 1000);
  const signals: number[] = [];
  const noises: number[] = [];
  for (let at = start; at + length <= end; at += length) {
    let signal = 0;
    let noise = 0;
    for (let i = at; i < at + length; i++) {
      const wanted = reference[i] * gain;
      const difference = degraded[i + delay] - wanted;
      signal += wanted * wanted;
      noise += difference * difference;
    }
    signals.push(signal);
    noises.push(noise);
  }
  const floor = Math.max(...signals, 1) / 10 ** (ACTIVE_RANGE_DB / 10);
  let sum = 0;
  let count = 0;
  for (const [i, signal] of signals.entries()) {
    if (signal < floor) continue;
    const ratio = 10 * Math.log10(signal / Math.max(1, noises[i]));
    sum += Math.max(MIN_SEGMENT_DB, Math.min(MAX_SEGMENT_DB, ratio));
    count++;
  }
  return count === 0 ? MIN_SEGMENT_DB : sum / count;
}

/** Averages groups of `step` samples. */
function decimate(pcm: Int16Array, step: number): Float32Array {
  const out = new Float32Array(Math.floor(pcm.length / step));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < step; j++) sum += pcm[i * step + j];
    out[i] = sum / step;
  }
  return out;
}
