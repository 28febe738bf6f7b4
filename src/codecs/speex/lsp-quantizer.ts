/**
 * Quantization of the line spectral pairs of Speex: a sum of code book vectors over evenly spread ones. Three layouts:
 * the fine and the coarse one of the narrow band and that of a high band.
 */
import type { BitReader, BitWriter } from './bits.js';
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

const weights = new Float64Array(ORDER);
const rest = new Float64Array(ORDER);

/** Pairs that lie close together mark a formant and count more. */
function weighPairs(lsp: Float64Array, order: number): void {
  for (let i = 0; i < order; i++) {
    const below = i === 0 ? lsp[0] : lsp[i] - lsp[i - 1];
    const above = i === order - 1 ? Math.PI - lsp[i] : lsp[i + 1] - lsp[i];
    weights[i] = 1 / (0.04 + Math.min(below, above));
  }
}

/** Writes the nearest pairs there are. @param quantized receives what the decoder will have */
export function writeLsp(
  bits: BitWriter,
  layout: LspLayout,
  lsp: Float64Array,
  quantized: Float64Array,
): void {
  weighPairs(lsp, layout.order);
  for (let i = 0; i < layout.order; i++) rest[i] = lsp[i] - layout.base[i];
  for (let s = 0; s < layout.stages.length; s++) {
    const chosen = layout.stages[s];
    const { vectors, first, length, unit } = chosen;
    const index = nearest(chosen);
    bits.write(index, INDEX_BITS);
    for (let i = 0; i < length; i++) rest[first + i] -= vectors[index * length + i] * unit;
  }
  for (let i = 0; i < layout.order; i++) quantized[i] = lsp[i] - rest[i];
}

function nearest({ vectors, first, length, unit }: Stage): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < vectors.length; at += length) {
    let distance = 0;
    for (let i = 0; i < length; i++) {
      const gap = rest[first + i] - vectors[at + i] * unit;
      distance += weights[first + i] * gap * gap;
    }
    if (distance < least) {
      least = distance;
      best = at / length;
    }
  }
  return best;
}
