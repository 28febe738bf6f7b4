/**
 * The open-loop pitch estimate of G.729 Annex A (A.3.4): one delay per frame from the correlation of every second
 * sample of the weighted speech. The encoder searches around it afterwards. Keeps no state.
 */
import { FRAME, PITCH_MAX } from './dimensions.js';
import { abs16, low16, MAX32, MIN32, mac, mulQ15, outside31, sat16, shl16 } from './fixed-point.js';
import { inverseSqrt, mul32By32 } from './wide-arithmetic.js';

const signal = new Int16Array(PITCH_MAX + FRAME);

/**
 * @param weighted weighted speech of the frame at `at`, the longest delay before it
 * @returns delay in samples
 */
export function estimateOpenLoopDelay(weighted: Int16Array, at: number): number {
  scale(weighted, at - PITCH_MAX);

  // No section holds a multiple of a delay in it.
  let delay1 = bestDelay(20, 40, 1);
  let peak1 = normalisedPeak(delay1);
  const delay2 = bestDelay(40, 80, 1);
  let peak2 = normalisedPeak(delay2);
  let delay3 = bestDelay(80, 143, 2);
  const centre = delay3;
  let best = correlation(centre);
  const above = correlation(centre + 1);
  if (above > best) {
    best = above;
    delay3 = centre + 1;
  }
  if (correlation(centre - 1) > best) delay3 = centre - 1;
  const peak3 = normalisedPeak(delay3);

  // Short delays are favoured where a longer one is their multiple.
  const quarter3 = peak3 >> 2;
  if (abs16(2 * delay2 - delay3) < 5) peak2 = sat16(peak2 + quarter3);
  if (abs16(3 * delay2 - delay3) < 7) peak2 = sat16(peak2 + quarter3);
  const fifth2 = mulQ15(peak2, 6554);
  if (abs16(2 * delay1 - delay2) < 5) peak1 = sat16(peak1 + fifth2);
  if (abs16(3 * delay1 - delay2) < 7) peak1 = sat16(peak1 + fifth2);

  if (peak1 < peak2) {
    peak1 = peak2;
    delay1 = delay2;
  }
  return peak1 < peak3 ? delay3 : delay1;
}

/** Copies the signal, scaled so that the correlations fit and keep their precision. */
function scale(weighted: Int16Array, from: number): void {
  let half = 0;
  for (let i = 0; i < signal.length && !outside31(half); i += 2) {
    half = (half + Math.imul(weighted[from + i], weighted[from + i])) | 0;
  }
  if (outside31(half)) {
    for (let i = 0; i < signal.length; i++) signal[i] = weighted[from + i] >> 3;
  } else if (2 * half < 0x100000) {
    for (let i = 0; i < signal.length; i++) signal[i] = shl16(weighted[from + i], 3);
  } else {
    for (let i = 0; i < signal.length; i++) signal[i] = weighted[from + i];
  }
}

/** The delay in [from, to) with the largest correlation. */
function bestDelay(from: number, to: number, step: number): number {
  let best = MIN32;
  let delay = from;
  for (let t = from; t < to; t += step) {
    const c = correlation(t);
    if (c > best) {
      best = c;
      delay = t;
    }
  }
  return delay;
}

function correlation(delay: number): number {
  let half = 0;
  for (let i = PITCH_MAX; i < PITCH_MAX + FRAME; i += 2) {
    half = (half + Math.imul(signal[i], signal[i - delay])) | 0;
    if (outside31(half)) return saturatedCorrelation(delay);
  }
  return 2 * half;
}

function saturatedCorrelation(delay: number): number {
  let sum = 0;
  for (let i = PITCH_MAX; i < PITCH_MAX + FRAME; i += 2) sum = mac(sum, signal[i], signal[i - delay]);
  return sum;
}

/** The correlation at a delay over the root of the energy there. */
function normalisedPeak(delay: number): number {
  let energy = 1;
  for (let i = PITCH_MAX - delay; i < PITCH_MAX - delay + FRAME; i += 2) energy += 2 * signal[i] * signal[i];
  return low16(mul32By32(correlation(delay), inverseSqrt(Math.min(energy, MAX32))));
}
