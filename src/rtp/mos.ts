/**
 * Speech quality from what the network did, by the E-model (ITU-T G.107) with the transmission planning defaults:
 * rating R, mean opinion score, and the 0–5 points people read. Called for statistics and XR reports; pure.
 */
import { CODEC_IMPAIRMENTS, UNKNOWN_CODEC } from './codec-impairment-table.js';

export interface QualityInput {
  /** Encoding name as in `a=rtpmap`. */
  codec: string;
  /** Share of the audio that had to be concealed, lost or late, 0–1. */
  lossRatio: number;
  /** Mouth-to-ear delay of one direction, ms. */
  oneWayDelayMs: number;
  /** Mean length of loss bursts over that of random loss (G.107 §7.5); 1 is random. */
  burstRatio?: number;
}

export interface Quality {
  /** Transmission rating factor, 0–100. */
  rFactor: number;
  /** Conversational: with the effect of delay, 1–4.5. */
  mos: number;
  /** Listening only: without delay. */
  mosListening: number;
  /** 0 no usable audio, 1 very bad, 2 bad, 3 medium, 4 good, 5 excellent. */
  points: number;
}

/** R with every parameter at its default and no delay, loss or coding (G.107 §7.7). */
const DEFAULT_RATING = 93.2;

export function estimateQuality(input: QualityInput): Quality {
  const equipment = equipmentImpairment(input);
  const listening = clampRating(DEFAULT_RATING - equipment);
  const rFactor = clampRating(DEFAULT_RATING - equipment - delayImpairment(input.oneWayDelayMs));
  const mos = mosOfRating(rFactor);
  return { rFactor, mos, mosListening: mosOfRating(listening), points: pointsOf(input, mos) };
}

/** Ie,eff (G.107 §7.5, equation 7-29): the codec's own impairment, growing with loss as fast as its Bpl lets it. */
function equipmentImpairment({ codec, lossRatio, burstRatio = 1 }: QualityInput): number {
  const { ie, bpl } = CODEC_IMPAIRMENTS[codec.toUpperCase()] ?? UNKNOWN_CODEC;
  const percent = 100 * Math.min(1, Math.max(0, lossRatio));
  if (percent === 0) return ie;
  return ie + ((95 - ie) * percent) / (percent / Math.max(1, burstRatio) + bpl);
}

/** Idd (G.107 §7.4, equations 7-27 and 7-28): nothing up to 100 ms, then too long for an easy conversation. */
function delayImpairment(delayMs: number): number {
  if (delayMs <= 100) return 0;
  const x = Math.log2(delayMs / 100);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}

/** G.107 Annex B, equation B-4. */
function mosOfRating(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

function clampRating(r: number): number {
  return Math.min(100, Math.max(0, r));
}

/** The user satisfaction bands of G.107 Annex B, as points. */
function pointsOf({ lossRatio }: QualityInput, mos: number): number {
  if (lossRatio >= 0.95) return 0;
  if (mos >= 4.03) return 5;
  if (mos >= 3.6) return 4;
  if (mos >= 3.1) return 3;
  return mos >= 2.58 ? 2 : 1;
}
