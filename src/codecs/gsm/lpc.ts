/**
 * Linear prediction analysis of the GSM 06.10 encoder (§4.2.4 to §4.2.7): from 160 preprocessed samples to the 8 coded
 * log area ratios. Keeps nothing between frames.
 */
import { clamp, saturate16 } from '../saturate.js';
import { div, mult, multRounded, norm } from './arithmetic.js';
import { LAR_COUNT } from './frame.js';
import { FRAME_SAMPLES } from './info.js';
import { A, B, MAC, MIC } from './tables.js';

export class LpcAnalysis {
  readonly #scaled = new Int32Array(FRAME_SAMPLES);
  readonly #acf = new Float64Array(LAR_COUNT + 1);
  readonly #p = new Int32Array(LAR_COUNT + 1);
  readonly #k = new Int32Array(LAR_COUNT + 1);
  readonly #r = new Int32Array(LAR_COUNT);

  /** @param signal is scaled down and up again where it is loud, which costs it its low bits, as §4.2.4 prescribes */
  analyse(signal: Int32Array, larc: Uint8Array): void {
    this.#autocorrelate(signal);
    this.#reflect();
    for (let i = 0; i < LAR_COUNT; i++) {
      const coded = saturate16(saturate16(mult(A[i], logAreaRatio(this.#r[i])) + B[i]) + 256) >> 9;
      larc[i] = clamp(coded, MIC[i], MAC[i]) - MIC[i];
    }
  }

  /** §4.2.4 */
  #autocorrelate(signal: Int32Array): void {
    let peak = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) peak = Math.max(peak, Math.min(32767, Math.abs(signal[i])));
    const shift = peak === 0 ? 0 : Math.max(0, 4 - norm(peak << 16));
    const x = this.#scaled;
    if (shift > 0) {
      const factor = 16384 >> (shift - 1);
      for (let i = 0; i < FRAME_SAMPLES; i++) {
        x[i] = multRounded(signal[i], factor);
        signal[i] = x[i] << shift;
      }
    } else x.set(signal);
    for (let lag = 0; lag <= LAR_COUNT; lag++) {
      let sum = 0;
      for (let i = lag; i < FRAME_SAMPLES; i++) sum = (sum + Math.imul(x[i], x[i - lag])) | 0;
      this.#acf[lag] = sum << 1;
    }
  }

  /** §4.2.5: reflection coefficients by the Schur recursion. */
  #reflect(): void {
    const { 0: energy } = this.#acf;
    const p = this.#p;
    const k = this.#k;
    const r = this.#r.fill(0);
    if (energy === 0) return;
    const shift = norm(energy);
    for (let i = 0; i <= LAR_COUNT; i++) k[i] = p[i] = (this.#acf[i] << shift) >> 16;
    for (let n = 0; n < LAR_COUNT; n++) {
      const magnitude = Math.min(32767, Math.abs(p[1]));
      if (p[0] < magnitude) return;
      const quotient = div(magnitude, p[0]);
      const reflection = p[1] > 0 ? -quotient : quotient;
      r[n] = reflection;
      p[0] = saturate16(p[0] + multRounded(p[1], reflection));
      for (let m = 1; m < LAR_COUNT - n; m++) {
        const next = p[m + 1];
        p[m] = saturate16(next + multRounded(k[m], reflection));
        k[m] = saturate16(k[m] + multRounded(next, reflection));
      }
    }
  }
}

/** §4.2.6 */
function logAreaRatio(reflection: number): number {
  const r = Math.abs(reflection);
  const lar = r < 22118 ? r >> 1 : r < 31130 ? r - 11059 : (r - 26112) << 2;
  return reflection < 0 ? -lar : lar;
}
