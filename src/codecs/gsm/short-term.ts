/**
 * The short term filters of GSM 06.10: decoding and interpolation of the log area ratios (§4.2.8, §4.2.9, §4.3.3) and
 * the lattice filters that remove the spectral envelope in the encoder (§4.2.10) and put it back in the decoder
 * (§4.3.4). One object serves one direction of one stream.
 */
import { saturate16 } from '../saturate.js';
import { multRounded } from './arithmetic.js';
import { LAR_COUNT } from './frame.js';
import { FRAME_SAMPLES } from './info.js';
import { B, INVA, MIC } from './tables.js';

/** The four stretches of a frame with their own coefficients start here (§4.2.9.1). */
const STRETCHES = [0, 13, 27, 40, FRAME_SAMPLES];

/** §4.2.9.2 */
function reflection(lar: number): number {
  const magnitude = lar === -32768 ? 32767 : Math.abs(lar);
  const r =
    magnitude < 11059
      ? magnitude << 1
      : magnitude < 20070
        ? magnitude + 11059
        : saturate16((magnitude >> 2) + 26112);
  return lar < 0 ? -r : r;
}

export class ShortTermFilter {
  /** Log area ratios of the last frame and of this one (LAR''). */
  #last = new Int32Array(LAR_COUNT);
  #current = new Int32Array(LAR_COUNT);
  readonly #r = new Int32Array(LAR_COUNT);
  /** State of the lattice (u in the encoder, v in the decoder). */
  readonly #state = new Int32Array(LAR_COUNT + 1);

  reset(): void {
    this.#last.fill(0);
    this.#current.fill(0);
    this.#state.fill(0);
  }

  /** Turns a frame of speech into the short term residual, in place. */
  analyse(larc: Uint8Array, signal: Int32Array): void {
    this.#take(larc);
    for (let i = 0; i < 4; i++) {
      this.#interpolate(i);
      this.#analyse(signal, STRETCHES[i], STRETCHES[i + 1]);
    }
  }

  /** Turns a frame of short term residual into speech, in place. */
  synthesize(larc: Uint8Array, signal: Int32Array): void {
    this.#take(larc);
    for (let i = 0; i < 4; i++) {
      this.#interpolate(i);
      this.#synthesize(signal, STRETCHES[i], STRETCHES[i + 1]);
    }
  }

  /** §4.2.8 */
  #take(larc: Uint8Array): void {
    const current = this.#last;
    this.#last = this.#current;
    this.#current = current;
    for (let i = 0; i < LAR_COUNT; i++) {
      const level = saturate16(((larc[i] + MIC[i]) << 10) - (B[i] << 1));
      current[i] = saturate16(multRounded(INVA[i], level) << 1);
    }
  }

  /** §4.2.9.1 */
  #interpolate(stretch: number): void {
    for (let i = 0; i < LAR_COUNT; i++) {
      const last = this.#last[i];
      const current = this.#current[i];
      let lar = current;
      if (stretch === 0) lar = saturate16(saturate16((last >> 2) + (current >> 2)) + (last >> 1));
      else if (stretch === 1) lar = saturate16((last >> 1) + (current >> 1));
      else if (stretch === 2) lar = saturate16(saturate16((last >> 2) + (current >> 2)) + (current >> 1));
      this.#r[i] = reflection(lar);
    }
  }

  #analyse(signal: Int32Array, from: number, to: number): void {
    const r = this.#r;
    const u = this.#state;
    for (let k = from; k < to; k++) {
      let d = signal[k];
      let saved = d;
      for (let i = 0; i < LAR_COUNT; i++) {
        const reflected = r[i];
        const old = u[i];
        u[i] = saved;
        saved = saturate16(old + multRounded(reflected, d));
        d = saturate16(d + multRounded(reflected, old));
      }
      signal[k] = d;
    }
  }

  #synthesize(signal: Int32Array, from: number, to: number): void {
    const r = this.#r;
    const v = this.#state;
    for (let k = from; k < to; k++) {
      let s = signal[k];
      for (let i = LAR_COUNT - 1; i >= 0; i--) {
        const reflected = r[i];
        s = saturate16(s - multRounded(reflected, v[i]));
        v[i + 1] = saturate16(v[i] + multRounded(reflected, s));
      }
      v[0] = s;
      signal[k] = s;
    }
  }
}
