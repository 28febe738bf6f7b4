/**
 * Compares audio that went through a call with what was sent: how late it is, how alike, and how clean. Used by the
 * demo, the interop tests and by applications that test their own set-ups.
 */

import { crossCorrelation } from './cross-correlation.js';

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
  const { correlation, gain } = correlate(reference, degraded, delay, start, end);
  return {
    delayMs: (delay * 1000) / sampleRate,
    correlation,
    segmentalSnrDb: segmentalSnr(reference, degraded, delay, start, end, gain, sampleRate),
  };
}

/** The shift in samples with the highest correlation. */
function findDelay(
  reference: Int16Array,
  degraded: Int16Array,
  sampleRate: number,
  maxDelayMs: number | undefined,
): number {
  const products = crossCorrelation(reference, degraded);
  const energy = runningEnergy(degraded);
  const limit = maxDelayMs === undefined ? Number.POSITIVE_INFINITY : (maxDelayMs * sampleRate) / 1000;
  // At least a quarter of the shorter signal must overlap: chance correlations of short stretches are high.
  const overlap = Math.min(reference.length, degraded.length) / 4;
  const first = Math.ceil(Math.max(-limit, overlap - reference.length));
  const last = Math.floor(Math.min(limit, degraded.length - overlap));
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let shift = first; shift <= last; shift++) {
    const from = Math.max(0, shift);
    const to = Math.min(degraded.length, reference.length + shift);
    // Not divided by the energy of the reference: so a small matching end does not win over the whole.
    const score = products[shift + reference.length - 1] / Math.sqrt(energy[to] - energy[from] + 1);
    if (score > bestScore) {
      bestScore = score;
      best = shift;
    }
  }
  return best;
}

/** Energy of the samples before each index. */
function runningEnergy(pcm: Int16Array): Float64Array {
  const out = new Float64Array(pcm.length + 1);
  for (let i = 0; i < pcm.length; i++) out[i + 1] = out[i] + pcm[i] * pcm[i];
  return out;
}

function correlate(
  a: Int16Array,
  b: Int16Array,
  shift: number,
  start: number,
  end: number,
): { correlation: number; gain: number } {
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  for (let i = start; i < end; i++) {
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
