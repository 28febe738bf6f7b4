/**
 * Linear prediction analysis of the iLBC encoder (RFC 3951 §3.2): from a frame of speech to the quantized synthesis
 * filters and the weighting filters of its sub-blocks. One object per stream: it remembers 10 ms or more of speech.
 */
import type { FrameParameters } from './frame.js';
import { dequantizeLsf, expandBandwidth, LsfInterpolator, lpcToLsf, quantizeLsf } from './lsf.js';
import { type IlbcMode, LPC_ORDER, LPC_SIZE } from './mode.js';

const WINDOW = 240;
const LOOKBACK = 60;
/** Bandwidth expansion of the synthesis filter (§3.2.2) and of the weighting filter (§3.4). */
const SYNTHESIS_CHIRP = 0.9025;
const WEIGHTING_CHIRP = 0.4222;
/** White noise floor and spectral smoothing by 60 Hz (§3.2.1). */
const NOISE_FLOOR = 1.0001;
const SMOOTHING = (2 * Math.PI * 60) / 8000;
/** An energy below this is silence. */
const EPSILON = 2.220446049250313e-16;

/** §3.2.1: a Hanning window for the first set; half a Hanning window and a quarter cosine for the last. */
const SYMMETRIC = Float64Array.from(
  { length: WINDOW },
  (_, i) => (1 - Math.cos((2 * Math.PI * (Math.min(i, WINDOW - 1 - i) + 1)) / (WINDOW + 1))) / 2,
);
const ASYMMETRIC = Float64Array.from({ length: WINDOW }, (_, i) =>
  i < 220 ? Math.sin((Math.PI * (i + 1)) / 441) ** 2 : Math.cos(((i - 220) * Math.PI) / 40),
);
const LAG_WINDOW = Float64Array.from({ length: LPC_SIZE }, (_, i) =>
  i === 0 ? NOISE_FLOOR : Math.exp(-0.5 * (SMOOTHING * i) ** 2),
);

export class LpcAnalysis {
  readonly #mode: IlbcMode;
  readonly #speech = new Float64Array(LOOKBACK + WINDOW);
  readonly #windowed = new Float64Array(WINDOW);
  readonly #r = new Float64Array(LPC_SIZE);
  readonly #a = new Float64Array(LPC_SIZE);
  readonly #lsf: Float64Array;
  readonly #quantized: Float64Array;
  readonly #exact: LsfInterpolator;
  readonly #coded: LsfInterpolator;

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    this.#lsf = new Float64Array(mode.lsfSets * LPC_ORDER);
    this.#quantized = new Float64Array(mode.lsfSets * LPC_ORDER);
    this.#exact = new LsfInterpolator(mode);
    this.#coded = new LsfInterpolator(mode);
  }

  reset(): void {
    this.#speech.fill(0);
    this.#exact.reset();
    this.#coded.reset();
  }

  /** @param synthesis, weighting receive one filter per sub-block */
  analyse(
    speech: Float64Array,
    parameters: FrameParameters,
    synthesis: Float64Array,
    weighting: Float64Array,
  ): void {
    const { frameSamples, lsfSets, subblocks } = this.#mode;
    const at = LOOKBACK + WINDOW - frameSamples;
    for (let i = 0; i < frameSamples; i++) this.#speech[at + i] = speech[i];
    for (let set = 0; set < lsfSets; set++) {
      if (set === lsfSets - 1) this.#autocorrelate(ASYMMETRIC, LOOKBACK);
      else this.#autocorrelate(SYMMETRIC, 0);
      this.#levinson();
      expandBandwidth(this.#a, 0, SYNTHESIS_CHIRP, this.#a);
      lpcToLsf(this.#a, this.#lsf, set * LPC_ORDER);
      quantizeLsf(this.#lsf, set * LPC_ORDER, parameters.values, parameters.lsfSet(set));
      dequantizeLsf(parameters.values, parameters.lsfSet(set), this.#quantized, set * LPC_ORDER);
    }
    this.#speech.copyWithin(0, frameSamples);
    this.#coded.interpolate(this.#quantized, synthesis);
    this.#exact.interpolate(this.#lsf, weighting);
    for (let i = 0; i < subblocks; i++) expandBandwidth(weighting, i * LPC_SIZE, WEIGHTING_CHIRP, weighting);
  }

  #autocorrelate(window: Float64Array, from: number): void {
    const x = this.#windowed;
    for (let i = 0; i < WINDOW; i++) x[i] = this.#speech[from + i] * window[i];
    for (let lag = 0; lag < LPC_SIZE; lag++) {
      let sum = 0;
      for (let i = lag; i < WINDOW; i++) sum += x[i] * x[i - lag];
      this.#r[lag] = sum * LAG_WINDOW[lag];
    }
  }

  /** The Levinson-Durbin recursion (§3.2.2). */
  #levinson(): void {
    const r = this.#r;
    const a = this.#a.fill(0);
    a[0] = 1;
    if (r[0] < EPSILON) return;
    let error = r[0];
    for (let m = 1; m <= LPC_ORDER; m++) {
      let sum = r[m];
      for (let i = 1; i < m; i++) sum += a[i] * r[m - i];
      const reflection = -sum / error;
      error += reflection * sum;
      for (let i = 1; i <= m >> 1; i++) {
        const mirrored = a[m - i];
        a[m - i] += reflection * a[i];
        if (i !== m - i) a[i] += reflection * mirrored;
      }
      a[m] = reflection;
    }
  }
}
