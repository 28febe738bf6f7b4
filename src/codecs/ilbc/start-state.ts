/**
 * The start state of iLBC: the most energetic stretch of residual in a frame, quantized sample by sample
 * (RFC 3951 §3.5, §4.2). `StartStateCoder` is used by the encoder, `StartStateDecoder` by both sides.
 */
import { allPole, allZero } from './filters.js';
import type { FrameParameters } from './frame.js';
import { type IlbcMode, LPC_ORDER, LPC_SIZE, STATE_SAMPLES, SUBBLOCK } from './mode.js';
import { STATE_LEVELS, STATE_MAXIMA } from './tables.js';

/** The quantized samples fill +-4.5 (§3.5.2). */
const FULL_SCALE = 4.5;
const LEAST_MAXIMUM = 10;
/** Weights of the energies while looking for the start state (§3.5.1). */
const EDGE_SAMPLES = 5;
const POSITION_WEIGHTS = [0.8, 0.9, 1, 0.9, 0.8];

/** Circular convolution with the all-pass filter whose poles are those of the synthesis filter (§3.5.2). */
class AllPass {
  readonly input = new Float64Array(LPC_ORDER + 2 * STATE_SAMPLES);
  readonly #output = new Float64Array(LPC_ORDER + 2 * STATE_SAMPLES);
  readonly #numerator = new Float64Array(LPC_SIZE);

  /** Filters `count` samples of `input` from `LPC_ORDER` on; gives sample `i` of the folded output to `out[i]`. */
  run(count: number, synthesis: Float64Array, filter: number, out: Float64Array): void {
    for (let k = 0; k < LPC_SIZE; k++) this.#numerator[k] = synthesis[filter + LPC_ORDER - k];
    this.input.fill(0, LPC_ORDER + count, LPC_ORDER + 2 * count);
    allZero(this.input, LPC_ORDER, 2 * count, this.#numerator, 0, this.#output, LPC_ORDER);
    allPole(this.#output, LPC_ORDER, LPC_ORDER + 2 * count, synthesis, filter);
    for (let i = 0; i < count; i++)
      out[i] = this.#output[LPC_ORDER + i] + this.#output[LPC_ORDER + count + i];
  }
}

export class StartStateDecoder {
  readonly #allPass = new AllPass();
  readonly #folded = new Float64Array(STATE_SAMPLES);

  /** Writes the quantized samples of the start state to `out[at]` on. */
  decode(
    parameters: FrameParameters,
    count: number,
    synthesis: Float64Array,
    out: Float64Array,
    at: number,
  ): void {
    const { values, scale, samples, start } = parameters;
    const maximum = 10 ** STATE_MAXIMA[values[scale]] / FULL_SCALE;
    const input = this.#allPass.input;
    // Time runs backwards here: the all-pass filter of the encoder is undone by itself.
    for (let k = 0; k < count; k++)
      input[LPC_ORDER + k] = maximum * STATE_LEVELS[values[samples + count - 1 - k]];
    this.#allPass.run(count, synthesis, (values[start] - 1) * LPC_SIZE, this.#folded);
    for (let k = 0; k < count; k++) out[at + k] = this.#folded[count - 1 - k];
  }
}

export class StartStateCoder {
  readonly #mode: IlbcMode;
  readonly #allPass = new AllPass();
  /** The scaled state and its quantized reproduction, each behind ten zeros of filter memory. */
  readonly #scaled = new Float64Array(LPC_ORDER + STATE_SAMPLES);
  readonly #reproduced = new Float64Array(LPC_ORDER + STATE_SAMPLES);
  readonly #folded = new Float64Array(STATE_SAMPLES);

  constructor(mode: IlbcMode) {
    this.#mode = mode;
  }

  /** Finds the start state in a residual, sets `start` and `position`, and codes its samples. */
  encode(
    residual: Float64Array,
    parameters: FrameParameters,
    synthesis: Float64Array,
    weighting: Float64Array,
  ): void {
    const { values } = parameters;
    const start = this.#locate(residual);
    const begin = (start - 1) * SUBBLOCK;
    const count = this.#mode.stateSamples;
    const rest = STATE_SAMPLES - count;
    const first = energy(residual, begin, count) > energy(residual, begin + rest, count);
    values[parameters.start] = start;
    values[parameters.position] = first ? 1 : 0;
    const at = begin + (first ? 0 : rest);
    const filter = (start - 1) * LPC_SIZE;

    for (let k = 0; k < count; k++) this.#allPass.input[LPC_ORDER + k] = residual[at + k];
    this.#allPass.run(count, synthesis, filter, this.#folded);
    let peak = 0;
    for (let k = 0; k < count; k++) peak = Math.max(peak, Math.abs(this.#folded[k]));
    const maximum = nearest(STATE_MAXIMA, Math.log10(Math.max(LEAST_MAXIMUM, peak)));
    values[parameters.scale] = maximum;
    const scale = FULL_SCALE / 10 ** STATE_MAXIMA[maximum];
    for (let k = 0; k < count; k++) this.#scaled[LPC_ORDER + k] = this.#folded[k] * scale;
    const boundary = first ? SUBBLOCK : count - SUBBLOCK;
    this.#quantize(values, parameters.samples, count, boundary, weighting, filter);
  }

  /** §3.5.1: the pair of sub-blocks with most energy, those in the middle of the frame preferred. */
  #locate(residual: Float64Array): number {
    const { subblocks } = this.#mode;
    // The weights belong to six sub-blocks; four have the middle ones.
    const shift = (POSITION_WEIGHTS.length - subblocks + 1) >> 1;
    let most = -1;
    let best = 1;
    for (let n = 1; n < subblocks; n++) {
      const begin = (n - 1) * SUBBLOCK;
      const end = begin + STATE_SAMPLES;
      let sum = energy(residual, begin + EDGE_SAMPLES, STATE_SAMPLES - 2 * EDGE_SAMPLES);
      for (let i = 0; i < EDGE_SAMPLES; i++) {
        const weight = (i + 1) / (EDGE_SAMPLES + 1);
        sum += weight * (residual[begin + i] ** 2 + residual[end - 1 - i] ** 2);
      }
      sum *= POSITION_WEIGHTS[n - 1 + shift];
      if (sum > most) {
        most = sum;
        best = n;
      }
    }
    return best;
  }

  /** §3.5.3: noise-shaping predictive quantization. The filter changes where the second sub-block begins. */
  #quantize(
    values: Int32Array,
    to: number,
    count: number,
    boundary: number,
    weighting: Float64Array,
    filter: number,
  ): void {
    const scaled = this.#scaled;
    const reproduced = this.#reproduced;
    const second = LPC_ORDER + boundary;
    allPole(scaled, LPC_ORDER, second, weighting, filter);
    allPole(scaled, second, LPC_ORDER + count, weighting, filter + LPC_SIZE);
    for (let n = LPC_ORDER; n < LPC_ORDER + count; n++) {
      reproduced[n] = 0;
      allPole(reproduced, n, n + 1, weighting, n < second ? filter : filter + LPC_SIZE);
      const level = nearest(STATE_LEVELS, scaled[n] - reproduced[n]);
      values[to + n - LPC_ORDER] = level;
      reproduced[n] += STATE_LEVELS[level];
    }
  }
}

function energy(x: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += x[i] * x[i];
  return sum;
}

/** The entry of an ascending table nearest to a value; the lower one of two. */
function nearest(table: Float64Array, value: number): number {
  let i = 0;
  while (i < table.length - 1 && value > (table[i] + table[i + 1]) / 2) i++;
  return i;
}
