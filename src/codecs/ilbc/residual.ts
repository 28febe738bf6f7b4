/**
 * The order in which iLBC codes the residual of a frame: start state, the rest of its two sub-blocks, then the
 * sub-blocks after it, then those before it backwards in time (RFC 3951 §3.6, §4.3). The encoder runs the same code with
 * a search in front of each block.
 */
import { CodebookDecoder, MEMORY, STATE_MEMORY } from './codebook.js';
import type { CodebookSearch } from './codebook-search.js';
import type { FrameParameters } from './frame.js';
import { type IlbcMode, LPC_SIZE, MAX_SAMPLES, STAGES, STATE_SAMPLES, SUBBLOCK } from './mode.js';
import { StartStateDecoder } from './start-state.js';

/** What the encoder adds: blocks are searched for before they are built. */
export interface ResidualTarget {
  readonly search: CodebookSearch;
  readonly residual: Float64Array;
  /** Weighting filters of the sub-blocks. */
  readonly weighting: Float64Array;
}

export class ResidualDecoder {
  readonly #mode: IlbcMode;
  readonly #startState = new StartStateDecoder();
  readonly #codebook = new CodebookDecoder();
  readonly #memory = new Float64Array(MEMORY);
  readonly #block = new Float64Array(SUBBLOCK);
  readonly #wanted = new Float64Array(SUBBLOCK);
  readonly #decoded = new Float64Array(MAX_SAMPLES);

  constructor(mode: IlbcMode) {
    this.#mode = mode;
  }

  /**
   * Decodes the residual; with a `target`, first chooses the parameters of all blocks but the start state.
   * @param synthesis filters of the sub-blocks
   * @returns the decoded residual of the frame, valid until the next call
   */
  decode(parameters: FrameParameters, synthesis: Float64Array, target?: ResidualTarget): Float64Array {
    const { values } = parameters;
    const { stateSamples, subblocks } = this.#mode;
    const decoded = this.#decoded;
    const start = values[parameters.start];
    const first = values[parameters.position] === 1;
    const begin = (start - 1) * SUBBLOCK;
    const end = begin + STATE_SAMPLES;
    const rest = STATE_SAMPLES - stateSamples;
    const state = begin + (first ? 0 : rest);
    this.#startState.decode(parameters, stateSamples, synthesis, decoded, state);

    const { extraIndex, extraGain } = parameters;
    if (first) {
      this.#fillMemory(state + stateSamples, -1, stateSamples);
      this.#codeBlock(values, extraIndex, extraGain, state + stateSamples, 1, rest, 0, start, target);
    } else {
      this.#fillMemory(state - 1, 1, stateSamples);
      this.#codeBlock(values, extraIndex, extraGain, state - 1, -1, rest, 0, start - 1, target);
    }

    let number = 1;
    this.#fillMemory(end, -1, STATE_SAMPLES);
    for (let n = start + 1; n < subblocks; n++, number++)
      this.#codeSubblock(parameters, n * SUBBLOCK, 1, number, n, target);
    this.#fillMemory(begin - 1, 1, Math.min(MEMORY, (subblocks + 1 - start) * SUBBLOCK));
    for (let n = start - 2; n >= 0; n--, number++)
      this.#codeSubblock(parameters, (n + 1) * SUBBLOCK - 1, -1, number, n, target);
    return decoded;
  }

  /**
   * Fills the codebook memory with what was decoded next to `edge`, the nearest sample last.
   * @param step where older samples lie: -1 before the edge, 1 after it
   */
  #fillMemory(edge: number, step: number, count: number): void {
    const memory = this.#memory.fill(0);
    for (let k = 0; k < count; k++) memory[MEMORY - 1 - k] = this.#decoded[edge + step * (k + 1)];
  }

  #codeSubblock(
    parameters: FrameParameters,
    at: number,
    step: number,
    number: number,
    filter: number,
    target?: ResidualTarget,
  ): void {
    const offset = (number - 1) * STAGES;
    const index = parameters.index + offset;
    this.#codeBlock(
      parameters.values,
      index,
      parameters.gain + offset,
      at,
      step,
      SUBBLOCK,
      number,
      filter,
      target,
    );
    this.#memory.copyWithin(0, SUBBLOCK);
    this.#memory.set(this.#block, MEMORY - SUBBLOCK);
  }

  /** @param step 1 forwards in time, -1 backwards; @param filter number of the block's sub-block */
  #codeBlock(
    values: Int32Array,
    index: number,
    gain: number,
    at: number,
    step: number,
    size: number,
    number: number,
    filter: number,
    target?: ResidualTarget,
  ): void {
    const length = number === 0 ? STATE_MEMORY : MEMORY;
    const memory = this.#memory;
    if (target) {
      for (let k = 0; k < size; k++) this.#wanted[k] = target.residual[at + step * k];
      const { search, weighting } = target;
      search.search(
        this.#wanted,
        size,
        memory,
        length,
        weighting,
        filter * LPC_SIZE,
        number,
        values,
        index,
        gain,
      );
    }
    this.#codebook.construct(memory, length, values, index, gain, size, this.#block);
    for (let k = 0; k < size; k++) this.#decoded[at + step * k] = this.#block[k];
  }
}
