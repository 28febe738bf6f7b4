/**
 * Compares audio that went through a call with what was sent: how late it is, how alike, and how clean. Jitter buffers
 * and stalled machines move parts of a recording in time, so short stretches are aligned one by one, and within a sample. Used by the demo,
 * the interop tests and by applications that test their own set-ups.
 */
import { crossCorrelation } from './cross-correlation.js';
import { alignWithinSample } from './sub-sample.js';

export interface AudioComparison {
  /** How much later the degraded signal is as a whole (negative: earlier), in ms. */
  delayMs: number;
  /** How far the delay moved within the signal: latest minus earliest stretch, in ms. */
  delaySpreadMs: number;
  /** Normalised correlation over the part both share, -1 to 1; a factor in level does not count. */
  correlation: number;
  /** Share of the reference's energy that lies in that part: below 1 when the beginning or the end is missing. */
  coverage: number;
  /** Mean of the signal-to-noise ratio of 20 ms segments with signal, each limited to -10 … 35 dB. */
  segmentalSnrDb: number;
}

const SEGMENT_MS = 20;
const MIN_SEGMENT_DB = -10;
const MAX_SEGMENT_DB = 35;
/** Segments this far below the loudest one say nothing about quality. */
const ACTIVE_RANGE_DB = 40;
/** Stretches that are aligned together, and how far one may have moved against the one before. */
const STRETCH_MS = 200;
const MAX_MOVE_MS = 150;
/** A machine that stood still moves all that follows by more; then only what fits this well is believed. */
const MAX_STALL_MS = 600;
const FITS_AFTER_STALL = 0.9;
/** A stretch that fits this well is not looked at twice. */
const FITS = 0.97;
/** Another delay must be better by this much: voiced sounds repeat themselves. */
const BETTER = 0.05;

/** @param maxDelayMs how far to search; the length of the longer signal when absent */
export function compareAudio(
  reference: Int16Array,
  degraded: Int16Array,
  sampleRate: number,
  maxDelayMs?: number,
): AudioComparison {
  if (reference.length === 0 || degraded.length === 0) {
    return { delayMs: 0, delaySpreadMs: 0, correlation: 0, coverage: 0, segmentalSnrDb: MIN_SEGMENT_DB };
  }
  const ms = 1000 / sampleRate;
  const delay = findDelay(reference, degraded, sampleRate, maxDelayMs);
  const stretches = alignStretches(reference, degraded, sampleRate, delay);
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  let earliest = delay;
  let latest = delay;
  for (const stretch of stretches) {
    product += stretch.product;
    energyA += stretch.energyA;
    energyB += stretch.energyB;
    earliest = Math.min(earliest, stretch.delay);
    latest = Math.max(latest, stretch.delay);
  }
  const silent = energyA === 0 || energyB === 0;
  return {
    delayMs: delay * ms,
    delaySpreadMs: (latest - earliest) * ms,
    correlation: silent ? 0 : product / Math.sqrt(energyA * energyB),
    coverage: energyA / Math.max(1, runningEnergy(reference)[reference.length]),
    segmentalSnrDb: silent
      ? MIN_SEGMENT_DB
      : segmentalSnr(reference, stretches, product / energyA, sampleRate),
  };
}

interface Match {
  delay: number;
  product: number;
  energyA: number;
  energyB: number;
}

interface Stretch extends Match {
  start: number;
  end: number;
  /** The degraded signal, aligned. */
  aligned: Float64Array;
}

function alignStretches(
  reference: Int16Array,
  degraded: Int16Array,
  sampleRate: number,
  delay: number,
): Stretch[] {
  const length = Math.round((STRETCH_MS * sampleRate) / 1000);
  const reach = Math.round((MAX_MOVE_MS * sampleRate) / 1000);
  const stall = Math.round((MAX_STALL_MS * sampleRate) / 1000);
  const first = Math.max(0, -delay);
  const last = Math.min(reference.length, degraded.length - delay);
  const stretches: Stretch[] = [];
  let current = delay;
  for (let start = first; start < last; start += length) {
    const end = Math.min(last, start + length);
    let best = match(reference, degraded, current, start, end);
    if (score(best) < FITS && best.energyA > 0)
      best = betterMatch(reference, degraded, best, start, end, reach);
    if (score(best) < FITS_AFTER_STALL && best.energyA > 0) {
      const far = betterMatch(reference, degraded, best, start, end, stall);
      if (score(far) >= FITS_AFTER_STALL) best = far;
    }
    current = best.delay;
    const { samples, product, energy } = alignWithinSample(
      reference.subarray(start, end),
      degraded,
      start + current,
    );
    stretches.push({ ...best, product, energyB: energy, start, end, aligned: samples });
  }
  return stretches;
}

/** The first of the best delays within `reach` samples of that of `stay`, or `stay` when none is clearly better. */
function betterMatch(
  reference: Int16Array,
  degraded: Int16Array,
  stay: Match,
  start: number,
  end: number,
  reach: number,
): Match {
  const { energyA } = stay;
  const length = end - start;
  const from = start + stay.delay - reach;
  // Silence around the signal.
  const around = new Int16Array(length + 2 * reach);
  around.set(degraded.subarray(Math.max(0, from), Math.max(0, from + around.length)), Math.max(0, -from));
  const products = crossCorrelation(reference.subarray(start, end), around);
  const energy = runningEnergy(around);
  let best: number | undefined;
  let highest = score(stay) + BETTER;
  for (let shift = 0; shift <= 2 * reach; shift++) {
    const energyB = energy[shift + length] - energy[shift];
    const reached = score({ delay: 0, product: products[shift + length - 1], energyA, energyB });
    if (reached <= highest) continue;
    highest = reached;
    best = shift;
  }
  if (best === undefined) return stay;
  return match(reference, degraded, stay.delay - reach + best, start, end);
}

function score({ product, energyA, energyB }: Match): number {
  return energyA === 0 || energyB === 0 ? 0 : product / Math.sqrt(energyA * energyB);
}

function match(a: Int16Array, b: Int16Array, delay: number, start: number, end: number): Match {
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  for (let i = start; i < end; i++) {
    const x = a[i];
    const y = b[i + delay] ?? 0;
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  return { delay, product, energyA, energyB };
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

function segmentalSnr(
  reference: Int16Array,
  stretches: readonly Stretch[],
  gain: number,
  sampleRate: number,
): number {
  const length = Math.round((SEGMENT_MS * sampleRate) / 1000);
  const signals: number[] = [];
  const noises: number[] = [];
  for (const { start, end, aligned } of stretches) {
    for (let at = start; at + length <= end; at += length) {
      let signal = 0;
      let noise = 0;
      for (let i = at; i < at + length; i++) {
        const wanted = reference[i] * gain;
        const difference = aligned[i - start] - wanted;
        signal += wanted * wanted;
        noise += difference * difference;
      }
      signals.push(signal);
      noises.push(noise);
    }
  }
  const loudest = signals.reduce((most, signal) => Math.max(most, signal), 1);
  const floor = loudest / 10 ** (ACTIVE_RANGE_DB / 10);
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
