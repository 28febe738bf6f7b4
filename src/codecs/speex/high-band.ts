/** What decoder and encoder of a high band of Speex have in common. */
import { FRAME, SUBFRAMES } from './dimensions.js';
import { atHalfRate } from './filters.js';
import { HIGH_SUBMODES, type HighSubmode, ULTRA_SUBMODES } from './submodes.js';

export interface HighBandTraits {
  /** Samples of a frame of this band alone, which is half of the joined signal. */
  readonly frame: number;
  /** Level of an innovation that is folded up from below. */
  readonly folding: number;
  readonly submodes: ReadonlyArray<HighSubmode | undefined>;
  /** Samples by which the band below comes later, because it was split and joined once more. */
  readonly lead: number;
}

export const WIDE_TRAITS: HighBandTraits = { frame: FRAME, folding: 0.9, submodes: HIGH_SUBMODES, lead: 0 };
export const ULTRA_TRAITS: HighBandTraits = {
  frame: 2 * FRAME,
  folding: 0.7,
  submodes: ULTRA_SUBMODES,
  lead: 63,
};

/** Levels of an innovation of its own, against the excitation of the band below. */
export const HIGH_LEVELS = Float64Array.from(
  [
    0.97979, 1.28384, 1.68223, 2.20426, 2.88829, 3.78458, 4.959, 6.49787, 8.51428, 11.15642, 14.61846,
    19.15484, 25.09895, 32.88761, 43.09325, 56.46588,
  ],
  (bound) => 0.8736 * bound,
);

/** Level of a folded innovation from its 5 bits. */
export function foldedLevel(index: number): number {
  return Math.exp(0.125 * (index - 10));
}

/** Number of the level that comes nearest. */
export function foldedLevelIndex(level: number): number {
  return Math.max(0, Math.min(31, Math.round(8 * Math.log(level)) + 10));
}

/**
 * How much louder the filter below is where the bands meet: the levels are sent relative to that. Splitting has turned
 * the spectrum of the high band round, so its lower edge is at half the rate and its upper one at zero.
 */
export function edgeRatio(below: number, filter: Float64Array): number {
  return (below + 0.01) / (atHalfRate(filter) + 0.01);
}

export function subframeOf(traits: HighBandTraits): number {
  return traits.frame / SUBFRAMES;
}
