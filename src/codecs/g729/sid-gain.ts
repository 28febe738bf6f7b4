/**
 * Quantisation of the noise energy for silence descriptors (G.729 B.4.2.1): 32 levels in steps of 4 dB at the bottom and
 * 2 dB above. The encoder sends it; the decoder uses it on its own estimate when the first descriptor was lost.
 */
import { MAX32, mulQ15, mulQ15Round, sat16, sat32, shl16, shl32 } from './fixed-point.js';
import { SID_ENERGY_SCALE } from './noise-tables.js';
import { log2, mul32By16 } from './wide-arithmetic.js';

/** The index for one energy, `mantissa` * 2 ** `exponent`, of a whole frame of excitation (decoder). */
export function quantizeFrameEnergy(mantissa: number, exponent: number): number {
  return quantize(mul32By16(shl32(mantissa, exponent), SID_ENERGY_SCALE[0]), 0);
}

/** The index for the mean of `count` (1 or 2) residual energies, `mantissas[i]` / 2 ** `exponents[i]` (encoder). */
export function quantizeMeanEnergy(mantissas: Int16Array, exponents: Int16Array, count: number): number {
  let common = exponents[0];
  for (let i = 1; i < count; i++) common = Math.min(common, exponents[i]);
  common += count === 1 ? 16 : 15;
  let sum = 0;
  for (let i = 0; i < count; i++) sum = Math.min(sum + shl32(mantissas[i], common - exponents[i]), MAX32);
  return quantize(mul32By16(sat32(sum), SID_ENERGY_SCALE[count]), common);
}

/** The energy in dB an index stands for. */
export function sidEnergyDb(index: number): number {
  return index === 0 ? -12 : index < 6 ? 4 * index - 8 : 2 * index + 4;
}

/** The index for `energy` / 2 ** `exponent`. */
function quantize(energy: number, exponent: number): number {
  const log = log2(energy);
  // log2, Q10
  const level = sat16(shl16(sat16((log >> 16) - exponent), 10) + mulQ15Round((log >> 1) & 0x7fff, 1024));
  if (level <= -2721) return 0; // -8 dB
  if (level > 22111) return 31; // 65 dB
  if (level <= 4762) return Math.max(mulQ15(sat16(level + 3401), 24), 1); // 14 dB
  return Math.max((mulQ15(level - 340, 193) >> 2) - 1, 6);
}
