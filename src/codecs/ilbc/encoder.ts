/** The iLBC encoder (RFC 3951 §3): one frame of speech to one frame of bits. One object per stream. */
import type { Encoder } from '../codec.js';
import { CodebookSearch } from './codebook-search.js';
import { allZero, HighPass } from './filters.js';
import { FrameParameters } from './frame.js';
import { LpcAnalysis } from './lpc.js';
import { type IlbcMode, LPC_ORDER, LPC_SIZE, MAX_SUBBLOCKS, SUBBLOCK } from './mode.js';
import { ResidualDecoder, type ResidualTarget } from './residual.js';
import { StartStateCoder } from './start-state.js';
import { INPUT_HIGH_PASS } from './tables.js';

export class IlbcEncoder implements Encoder {
  readonly #mode: IlbcMode;
  readonly #highPass = new HighPass(INPUT_HIGH_PASS);
  readonly #parameters: FrameParameters;
  readonly #lpc: LpcAnalysis;
  readonly #startState: StartStateCoder;
  readonly #decoder: ResidualDecoder;
  readonly #target: ResidualTarget;
  readonly #synthesis = new Float64Array(MAX_SUBBLOCKS * LPC_SIZE);
  readonly #speech: Float64Array;
  /** The last ten samples of the frame before, then the frame. */
  readonly #analysed: Float64Array;

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    this.#parameters = new FrameParameters(mode);
    this.#lpc = new LpcAnalysis(mode);
    this.#startState = new StartStateCoder(mode);
    this.#decoder = new ResidualDecoder(mode);
    this.#target = {
      search: new CodebookSearch(),
      residual: new Float64Array(mode.frameSamples),
      weighting: new Float64Array(MAX_SUBBLOCKS * LPC_SIZE),
    };
    this.#speech = new Float64Array(mode.frameSamples);
    this.#analysed = new Float64Array(LPC_ORDER + mode.frameSamples);
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const { frameBytes, frameSamples, subblocks } = this.#mode;
    const parameters = this.#parameters;
    const speech = this.#speech;
    const analysed = this.#analysed;
    const { residual, weighting } = this.#target;
    for (let i = 0; i < frameSamples; i++) speech[i] = this.#highPass.filter(pcm[pcmOffset + i]);
    this.#lpc.analyse(speech, parameters, this.#synthesis, weighting);

    // §3.3: the residual
    analysed.set(speech, LPC_ORDER);
    for (let n = 0; n < subblocks; n++) {
      const from = n * SUBBLOCK;
      allZero(analysed, LPC_ORDER + from, SUBBLOCK, this.#synthesis, n * LPC_SIZE, residual, from);
    }
    analysed.copyWithin(0, frameSamples);

    this.#startState.encode(residual, parameters, this.#synthesis, weighting);
    this.#decoder.decode(parameters, this.#synthesis, this.#target);
    parameters.pack(out, outOffset);
    return frameBytes;
  }

  reset(): void {
    this.#highPass.reset();
    this.#lpc.reset();
    this.#analysed.fill(0);
  }
}
