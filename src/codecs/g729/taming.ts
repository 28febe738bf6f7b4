/**
 * The guard against runaway error in the adaptive codebook ("taming", as the encoder of G.729 does it): a decoder that
 * missed frames differs from the encoder, and long runs of high pitch gain would make the difference grow. The encoder
 * asks it before it chooses gains.
 */
import { INTERPOLATION, SUBFRAME } from './dimensions.js';
import { sat32 } from './fixed-point.js';
import { mul32By16 } from './wide-arithmetic.js';

/** The error a single sample may have accumulated, Q14: 60000. */
const LIMIT = 983040000;
const ONE = 0x4000;

export class ExcitationErrorGuard {
  /** Worst error of the last four subframes, the youngest first, Q14. */
  readonly #worst = new Int32Array(4);

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#worst.fill(ONE);
  }

  /** Whether a delay in thirds reaches back to samples of which the error may be too large. */
  mustTame(delay: number, third: number): boolean {
    const longest = third > 0 ? delay + 1 : delay;
    const from = zone(Math.max(longest - SUBFRAME - INTERPOLATION + 1, 0));
    const to = zone(longest + INTERPOLATION - 3);
    for (let i = from; i <= to; i++) if (this.#worst[i] > LIMIT) return true;
    return false;
  }

  /** Enters the pitch gain (Q14) and delay of a subframe. */
  update(gain: number, delay: number): void {
    let worst: number;
    if (delay < SUBFRAME) {
      const once = amplified(this.#worst[0], gain);
      worst = Math.max(once, amplified(once, gain));
    } else {
      worst = -1;
      for (let i = zone(delay - SUBFRAME); i <= zone(delay - 1); i++) {
        worst = Math.max(worst, amplified(this.#worst[i], gain));
      }
    }
    this.#worst.copyWithin(1, 0, 3);
    this.#worst[0] = worst;
  }
}

/** Which subframe back a delay reaches; no delay reaches beyond four. */
function zone(samples: number): number {
  return Math.min(Math.floor(samples / SUBFRAME), 3);
}

function amplified(error: number, gain: number): number {
  return sat32(ONE + sat32(2 * mul32By16(error, gain)));
}
