/** The iLBC decoder (RFC 3951 §4), with enhancer and packet loss concealment. One object per stream and mode. */
import { saturate16 } from '../saturate.js';
import { Enhancer } from './enhancer.js';
import { allPole, HighPass } from './filters.js';
import { FrameParameters } from './frame.js';
import { dequantizeLsf, LsfInterpolator } from './lsf.js';
import { type IlbcMode, LPC_ORDER, LPC_SIZE, MAX_SUBBLOCKS, SUBBLOCK } from './mode.js';
import { ResidualDecoder } from './residual.js';
import { ResidualConcealment } from './residual-concealment.js';
import { OUTPUT_HIGH_PASS } from './tables.js';

/** Pitch lag before the first frame. */
const FIRST_LAG = 20;
/** Speech beyond this means that made-up parameters drove the synthesis filter into instability. */
const RUNAWAY = 1e6;

export class IlbcFrameDecoder {
  readonly #mode: IlbcMode;
  readonly #parameters: FrameParameters;
  readonly #lsf: Float64Array;
  readonly #interpolator: LsfInterpolator;
  readonly #decoder: ResidualDecoder;
  readonly #concealment: ResidualConcealment;
  readonly #enhancer: Enhancer;
  readonly #highPass = new HighPass(OUTPUT_HIGH_PASS);
  /** Synthesis filters of the frame before, then of this frame. */
  readonly #filters = new Float64Array(2 * MAX_SUBBLOCKS * LPC_SIZE);
  readonly #synthesis: Float64Array;
  readonly #concealed: Float64Array;
  readonly #enhanced: Float64Array;
  /** The last ten samples of speech, then the frame. */
  readonly #speech: Float64Array;
  /** Sub-blocks by which the enhancer delays the residual. */
  readonly #delayed: number;
  #lag = FIRST_LAG;
  #afterLoss = false;

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    this.#parameters = new FrameParameters(mode);
    this.#lsf = new Float64Array(mode.lsfSets * LPC_ORDER);
    this.#interpolator = new LsfInterpolator(mode);
    this.#decoder = new ResidualDecoder(mode);
    this.#concealment = new ResidualConcealment(mode);
    this.#enhancer = new Enhancer(mode);
    this.#synthesis = this.#filters.subarray(mode.subblocks * LPC_SIZE);
    this.#concealed = new Float64Array(mode.frameSamples);
    this.#enhanced = new Float64Array(mode.frameSamples);
    this.#speech = new Float64Array(LPC_ORDER + mode.frameSamples);
    this.#delayed = mode.milliseconds === 20 ? 1 : 2;
    this.reset();
  }

  /** Decodes the frame at `start`, or conceals it if it is marked empty or makes no sense. */
  decode(data: Uint8Array, start: number, out: Int16Array, outOffset: number): void {
    const parameters = this.#parameters;
    if (!parameters.unpack(data, start)) {
      this.conceal(out, outOffset);
      return;
    }
    for (let set = 0; set < this.#mode.lsfSets; set++)
      dequantizeLsf(parameters.values, parameters.lsfSet(set), this.#lsf, set * LPC_ORDER);
    this.#interpolator.interpolate(this.#lsf, this.#synthesis);
    const residual = this.#decoder.decode(parameters, this.#synthesis);
    this.#concealment.remember(residual, this.#synthesis);
    this.#finish(residual, out, outOffset);
    this.#afterLoss = false;
  }

  conceal(out: Int16Array, outOffset: number): void {
    this.#concealment.conceal(this.#lag, this.#concealed, this.#synthesis);
    this.#finish(this.#concealed, out, outOffset);
    this.#afterLoss = true;
  }

  reset(): void {
    this.#interpolator.reset();
    this.#concealment.reset();
    this.#enhancer.reset();
    this.#highPass.reset();
    this.#filters.fill(0);
    for (let at = 0; at < this.#filters.length; at += LPC_SIZE) this.#filters[at] = 1;
    this.#speech.fill(0);
    this.#lag = FIRST_LAG;
    this.#afterLoss = false;
  }

  /** Enhances the residual, passes it through the synthesis filters it belongs to, and writes the speech. */
  #finish(residual: Float64Array, out: Int16Array, outOffset: number): void {
    const { frameSamples, subblocks } = this.#mode;
    const speech = this.#speech;
    this.#lag = this.#enhancer.enhance(residual, this.#enhanced, this.#afterLoss);
    speech.set(this.#enhanced, LPC_ORDER);
    for (let n = 0; n < subblocks; n++) {
      const from = LPC_ORDER + n * SUBBLOCK;
      allPole(speech, from, from + SUBBLOCK, this.#filters, (subblocks - this.#delayed + n) * LPC_SIZE);
    }
    if (!(Math.abs(speech[LPC_ORDER + frameSamples - 1]) < RUNAWAY)) speech.fill(0);
    for (let i = 0; i < frameSamples; i++)
      out[outOffset + i] = Math.round(saturate16(this.#highPass.filter(speech[LPC_ORDER + i])));
    speech.copyWithin(0, frameSamples);
    this.#filters.copyWithin(0, subblocks * LPC_SIZE, 2 * subblocks * LPC_SIZE);
  }
}
