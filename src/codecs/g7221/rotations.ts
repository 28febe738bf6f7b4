/**
 * The factors of the transforms of G.722.1: windows, the matrix of ten-point transforms, and the rotations that join
 * them. Those of the main body follow from formulas, Annex C brings some of its own. Made once per mode and direction.
 */
import {
  WIDE_ANALYSIS_COSINES,
  WIDE_ANALYSIS_SINES,
  WIDE_ANALYSIS_WINDOW,
  WIDE_SYNTHESIS_COSINES,
  WIDE_SYNTHESIS_SINES,
  WIDE_SYNTHESIS_WINDOW,
} from './wide-tables.js';

/** Size of the smallest transform, done by a matrix. */
export const CORE = 10;

export interface Rotation {
  readonly cosines: Int16Array;
  readonly sines: Int16Array;
}

/** What one direction is made of. */
export interface TransformFactors {
  readonly window: Int16Array;
  /** `CORE` rows of `CORE`. */
  readonly core: Int16Array;
  /** For spans of 20, 40, … up to the size of the transform. */
  readonly rotations: readonly Rotation[];
}

function window(size: number, scale: number): Int16Array {
  return Int16Array.from({ length: size }, (_, i) => scale * Math.sin((Math.PI / 2) * ((i + 0.5) / size)));
}

function core(scale: number): Int16Array {
  return Int16Array.from({ length: CORE * CORE }, (_, i) => {
    const row = Math.floor(i / CORE) + 0.5;
    return Math.round(scale * Math.cos((Math.PI * row * ((i % CORE) + 0.5)) / CORE));
  });
}

function rotation(span: number, scale: number): Rotation {
  const angle = (i: number): number => ((i + 0.5) * Math.PI) / (2 * span);
  return {
    cosines: Int16Array.from({ length: span / 2 }, (_, i) => Math.round(scale * Math.cos(angle(i)))),
    sines: Int16Array.from({ length: span / 2 }, (_, i) => Math.round(scale * Math.sin(angle(i)))),
  };
}

function rotations(scale: number): Rotation[] {
  return [20, 40, 80, 160, 320].map((span) => rotation(span, scale));
}

/** From samples to coefficients. */
export function analysisFactors(size: 320 | 640): TransformFactors {
  const scale = 29828.12;
  const narrow = rotations(scale);
  const wide = { cosines: WIDE_ANALYSIS_COSINES, sines: WIDE_ANALYSIS_SINES };
  return {
    window: size === 320 ? window(size, 18318) : WIDE_ANALYSIS_WINDOW,
    core: core(0.32 * 32768),
    rotations: size === 320 ? narrow : [...narrow, wide],
  };
}

/** From coefficients to samples. */
export function synthesisFactors(size: 320 | 640): TransformFactors {
  const scale = 18427;
  const narrow = rotations(scale);
  const wide = { cosines: WIDE_SYNTHESIS_COSINES, sines: WIDE_SYNTHESIS_SINES };
  return {
    window: size === 320 ? window(size, 18095.7185) : WIDE_SYNTHESIS_WINDOW,
    core: core(0.9 * 32768),
    rotations: size === 320 ? narrow : [...narrow, wide],
  };
}
