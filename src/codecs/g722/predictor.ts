/**
 * The adaptive predictor of one G.722 sub-band: two poles and six zeros (ITU-T G.722 §6.2.1.4, §6.2.2.3, blocks RECONS
 * to PREDIC). Encoder and decoder run the same one, which is what keeps them together.
 */
import { clamp, saturate16 } from '../saturate.js';

const ZEROS = 6;

/** `value` where `sign` is 0, its negative where it is -1. */
function withSign(value: number, sign: number): number {
  return (value ^ sign) - sign;
}

export class Predictor {
  /** The predicted sample (S). */
  s = 0;
  /** Contribution of the zeros (SZ). */
  #sz = 0;
  /** Reconstructed (R) and partially reconstructed (P) signal, one and two samples ago. */
  #r1 = 0;
  #p1 = 0;
  #p2 = 0;
  /** Pole coefficients (A). */
  #a1 = 0;
  #a2 = 0;
  /** Zero coefficients (B) and twice the differences they weigh (D), saturated. */
  readonly #b = new Int32Array(ZEROS);
  readonly #d = new Int32Array(ZEROS);

  reset(): void {
    this.s = 0;
    this.#sz = 0;
    this.#r1 = 0;
    this.#p1 = 0;
    this.#p2 = 0;
    this.#a1 = 0;
    this.#a2 = 0;
    this.#b.fill(0);
    this.#d.fill(0);
  }

  /** Takes the quantized difference of this sample and predicts the next one. */
  update(d0: number): void {
    // RECONS, PARREC
    const r0 = saturate16(this.s + d0);
    const p0 = saturate16(this.#sz + d0);

    // UPPOL2, UPPOL1: sign products of P steer the poles, which stay within the stability triangle. -1 where the signs
    // differ: a branch here would be mispredicted half of the time.
    const sign1 = (p0 ^ this.#p1) >> 31;
    const sign2 = (p0 ^ this.#p2) >> 31;
    const slope = saturate16(withSign(saturate16(this.#a1 << 2), ~sign1));
    let a2 = withSign(128, sign2) + (slope >> 7) + (Math.imul(this.#a2, 32512) >> 15);
    a2 = clamp(a2, -12288, 12288);
    const limit = 15360 - a2;
    let a1 = withSign(192, sign1) + (Math.imul(this.#a1, 32640) >> 15);
    a1 = clamp(a1, -limit, limit);

    // UPZERO, DELAYA, FILTEZ in one pass from the oldest tap on.
    const b = this.#b;
    const d = this.#d;
    const gain = d0 === 0 ? 0 : 128;
    const doubled = saturate16(d0 << 1);
    let sz = 0;
    for (let i = ZEROS - 1; i >= 0; i--) {
      const coefficient = (Math.imul(b[i], 32640) >> 15) + withSign(gain, (d[i] ^ d0) >> 31);
      const value = i === 0 ? doubled : d[i - 1];
      b[i] = coefficient;
      d[i] = value;
      sz += Math.imul(coefficient, value) >> 15;
    }
    sz = saturate16(sz);

    // FILTEP, PREDIC
    const sp = saturate16(
      (Math.imul(a1, saturate16(r0 << 1)) >> 15) + (Math.imul(a2, saturate16(this.#r1 << 1)) >> 15),
    );
    this.s = saturate16(sp + sz);
    this.#sz = sz;
    this.#r1 = r0;
    this.#p2 = this.#p1;
    this.#p1 = p0;
    this.#a1 = a1;
    this.#a2 = a2;
  }
}
