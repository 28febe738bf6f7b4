/**
 * Quantization of the line spectral pairs of Speex: a sum of code book vectors over evenly spread ones. Three layouts:
 * the fine and the coarse one of the narrow band and that of a high band.
 */
import type { BitReader } from './bits.js';
import { HIGH_ORDER, ORDER } from './dimensions.js';
import {
  LSP_HIGH_BAND,
  LSP_HIGH_BAND_FINE,
  LSP_NARROW,
  LSP_NARROW_HIGH_1,
  LSP_NARROW_HIGH_2,
  LSP_NARROW_LOW_1,
  LSP_NARROW_LOW_2,
} from './lsp-codebooks.js';

/** Every code book has 64 vectors. */
const INDEX_BITS = 6;

interface Stage {
  readonly vectors: Int8Array;
  /** The pairs it applies to. */
  readonly first: number;
  readonly length: number;
  /** Radians per unit. */
  readonly unit: number;
}

export interface LspLayout {
  readonly order: number;
  /** Pairs before any code book. */
  readonly base: Float64Array;
  readonly stages: readonly Stage[];
}

function stage(vectors: Int8Array, first: number, length: number, unit: number): Stage {
  return { vectors, first, length, unit };
}

const HALF = ORDER / 2;
const NARROW_BASE = Float64Array.from({ length: ORDER }, (_, i) => 0.25 * (i + 1));
const WHOLE = stage(LSP_NARROW, 0, ORDER, 1 / 256);
const LOW = stage(LSP_NARROW_LOW_1, 0, HALF, 1 / 512);
const HIGH = stage(LSP_NARROW_HIGH_1, HALF, HALF, 1 / 512);

export const FINE_LSP: LspLayout = {
  order: ORDER,
  base: NARROW_BASE,
  stages: [
    WHOLE,
    LOW,
    stage(LSP_NARROW_LOW_2, 0, HALF, 1 / 1024),
    HIGH,
    stage(LSP_NARROW_HIGH_2, HALF, HALF, 1 / 1024),
  ],
};

export const COARSE_LSP: LspLayout = { order: ORDER, base: NARROW_BASE, stages: [WHOLE, LOW, HIGH] };

export const HIGH_LSP: LspLayout = {
  order: HIGH_ORDER,
  base: Float64Array.from({ length: HIGH_ORDER }, (_, i) => 0.3125 * i + 0.75),
  stages: [stage(LSP_HIGH_BAND, 0, HIGH_ORDER, 1 / 256), stage(LSP_HIGH_BAND_FINE, 0, HIGH_ORDER, 1 / 512)],
};

export function readLsp(bits: BitReader, layout: LspLayout, lsp: Float64Array): void {
  for (let i = 0; i < layout.order; i++) lsp[i] = layout.base[i];
  for (let s = 0; s < layout.stages.length; s++) {
    const { vectors, first, length, unit } = layout.stages[s];
    const at = bits.read(INDEX_BITS) * length;
    for (let i = 0; i < length; i++) lsp[first + i] += vectors[at + i] * unit;
  }
}
