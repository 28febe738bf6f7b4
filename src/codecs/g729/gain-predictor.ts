/**
 * Prediction of the fixed codebook gain from the energies of the last four subframes (G.729 3.9.1), as encoder and
 * decoder run it in step.
 */
import { SUBFRAME } from './dimensions.js';
import { dot, low16, MAX32, MIN32, mulQ15, product, sat32, shl32 } from './fixed-point.js';
import { GAIN_PREDICTOR } from './speech-tables.js';
import { log2, mul32By16, pow2 } from './wide-arithmetic.js';

/** -14 dB, Q10: the start and the floor of the memory. */
const FLOOR = -14336;

export class GainPredictor {
  /** The predicted gain is `gain` / 2 ** `exponent`. */
  gain = 0;
  exponent = 0;
  readonly #past = new Int16Array(4);

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#past.fill(FLOOR);
  }

  /** Predicts for this code vector (Q13); the result is in `gain` and `exponent`. */
  predict(code: Int16Array): void {
    const energy = dot(0, code, 0, code, 0, SUBFRAME);
    // Mean energy less that of the code: 127.298 - 10 log10(energy), Q14, then Q24.
    let sum = sat32(mul32By16(log2(energy), -24660) + product(32588, 32));
    sum = shl32(sum, 10);
    for (let i = 0; i < 4; i++) {
      sum += 2 * GAIN_PREDICTOR[i] * this.#past[i];
      if (sum > MAX32) sum = MAX32;
      else if (sum < MIN32) sum = MIN32;
    }
    // 10 ** (g / 20) = 2 ** (0.166 g), Q16.
    const power = product(sum >> 16, 5439) >> 8;
    this.gain = low16(pow2(14, (power >> 1) & 0x7fff));
    this.exponent = 14 - (power >> 16);
  }

  /** The gain for a correction factor (Q13) from the codebooks: Q1. */
  scaled(factor: number): number {
    return shl32(product(factor >> 1, this.gain), 4 - this.exponent) >> 16;
  }

  /** Enters the correction factor chosen for this subframe, Q13. */
  update(factor: number): void {
    this.#push(mulQ15(shl32(log2(factor) - 13 * 65536, 13) >> 16, 24660));
  }

  /** Lets the energy fall by 4 dB for a lost subframe (4.4.3). */
  updateLost(): void {
    const past = this.#past;
    const mean = (past[0] + past[1] + past[2] + past[3]) >> 2;
    this.#push(Math.max(mean - 4096, FLOOR));
  }

  #push(energy: number): void {
    this.#past.copyWithin(1, 0, 3);
    this.#past[0] = energy;
  }
}
