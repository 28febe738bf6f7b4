/**
 * Line spectral pairs of Speex, in radians: interpolation over the sub-frames of a frame and the way back to a filter.
 * Filters are the coefficients a1 … of A(z) = 1 + a1 z^-1 + …, always ten of them. Used by all decoders and encoders.
 */
import { ORDER, SUBFRAMES } from './dimensions.js';

/** Least distance of the pairs of the narrow band and of the high ones. */
export const NARROW_LSP_MARGIN = 0.002;
export const HIGH_LSP_MARGIN = 0.05;

/**
 * The pairs of a sub-frame between those of the frame before and of this one, kept `margin` apart.
 * @param position 0 … 1, from the old to the new ones
 */
export function interpolateLsp(
  old: Float64Array,
  fresh: Float64Array,
  position: number,
  margin: number,
  order: number,
  out: Float64Array,
): void {
  const last = order - 1;
  for (let i = 0; i < order; i++) out[i] = old[i] + position * (fresh[i] - old[i]);
  if (out[0] < margin) out[0] = margin;
  if (out[last] > Math.PI - margin) out[last] = Math.PI - margin;
  for (let i = 1; i < last; i++) {
    if (out[i] < out[i - 1] + margin) out[i] = out[i - 1] + margin;
    if (out[i] > out[i + 1] - margin) out[i] = 0.5 * (out[i] + out[i + 1] - margin);
  }
}

/** Where a sub-frame lies between two frames: the last one has the new pairs. */
export function subframePosition(subframe: number): number {
  return (subframe + 1) / SUBFRAMES;
}

const sum = new Float64Array(ORDER / 2 + 1);
const difference = new Float64Array(ORDER / 2 + 1);

/** Lower half of the product of (1 - 2 cos(w) z^-1 + z^-2) over every second pair; it is symmetric. */
function product(lsp: Float64Array, first: number, pairs: number, out: Float64Array): void {
  out[0] = 1;
  for (let i = 0; i < pairs; i++) {
    const c = -2 * Math.cos(lsp[first + 2 * i]);
    // The middle one of the longer product takes its right neighbour from the mirror.
    out[i + 1] = c * out[i] + (i > 0 ? 2 * out[i - 1] : 0);
    for (let k = i; k > 1; k--) out[k] += c * out[k - 1] + out[k - 2];
    if (i > 0) out[1] += c;
  }
}

/** The filter of line spectral pairs; coefficients beyond `order` are zero. */
export function lspToFilter(lsp: Float64Array, order: number, filter: Float64Array): void {
  const pairs = order / 2;
  product(lsp, 0, pairs, sum);
  product(lsp, 1, pairs, difference);
  for (let i = 1; i <= pairs; i++) {
    const s = sum[i] + sum[i - 1];
    const d = difference[i] - difference[i - 1];
    filter[i - 1] = 0.5 * (s + d);
    filter[order - i] = 0.5 * (s - d);
  }
  for (let i = order; i < ORDER; i++) filter[i] = 0;
}
