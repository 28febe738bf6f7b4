/** What decoder and encoder of a high band of Speex have in common. */
import { FRAME, ORDER, SUBFRAMES } from './dimensions.js';
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

/** Least distance of line spectral pairs, in radians. */
export const HIGH_LSP_MARGIN = 0.05;

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

/** A(z) at the lower edge of the band; the splitting filter has turned the spectrum round. */
export function lowerEdge(filter: Float64Array): number {
  let edge = 1;
  for (let i = 0; i < ORDER; i += 2) edge += filter[i + 1] - filter[i];
  return edge;
}

export function upperEdge(filter: Float64Array): number {
  let edge = 1;
  for (let i = 0; i < ORDER; i++) edge += filter[i];
  return edge;
}

/** How much louder the filter below is where the bands meet: the levels are sent relative to that. */
export function edgeRatio(below: number, filter: Float64Array): number {
  return (below + 0.01) / (lowerEdge(filter) + 0.01);
}

export function subframeOf(traits: HighBandTraits): number {
  return traits.frame / SUBFRAMES;
}
