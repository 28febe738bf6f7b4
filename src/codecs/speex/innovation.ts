/** The innovation of Speex: what the code books add to the prediction, and the levels it is sent with. */
import type { BitReader } from './bits.js';
import type { InnovationShape } from './submodes.js';

/** Levels of a narrow-band sub-frame against that of its frame, for corrections of 1 and of 3 bits. */
export const GAIN_STEPS_1 = new Float64Array([0.70469, 1.05127]);
export const GAIN_STEPS_3 = new Float64Array([
  0.06113, 0.163546, 0.310413, 0.42822, 0.555887, 0.719055, 0.938694, 1.326874,
]);

/** The second search works at a finer level than the first one; these are the ratios of narrow band and high band. */
export const NARROW_REFINEMENT = 0.454545;
export const HIGH_REFINEMENT = 0.4;

/** Level of a narrow-band frame from its 5 bits. */
export function frameLevel(index: number): number {
  return Math.exp(index / 3.5);
}

/** Number of the step that is nearest to a value; steps rise. */
export function nearestStep(steps: Float64Array, value: number): number {
  let index = 0;
  while (index < steps.length - 1 && value > 0.5 * (steps[index] + steps[index + 1])) index++;
  return index;
}

/** Adds the vectors of a sub-frame, times `gain`. */
export function addInnovation(
  bits: BitReader,
  shape: InnovationShape,
  gain: number,
  out: Float64Array,
  from: number,
  count: number,
): void {
  const { vectors, length } = shape;
  for (let at = from; at < from + count; at += length) {
    const negative = shape.signed && bits.read(1) === 1;
    const scale = negative ? -gain : gain;
    const vector = bits.read(shape.bits) * length;
    for (let i = 0; i < length; i++) out[at + i] += scale * vectors[vector + i];
  }
}
