/**
 * The two frame sizes of iLBC (RFC 3951 §2.1 and table 3.2): everything in which they differ. Encoder, decoder and the
 * bitstream take it as a parameter.
 */

/** LP order, samples of a sub-block, samples of the two sub-blocks that hold the start state. */
export const LPC_ORDER = 10;
/** Coefficients of a filter of that order, the leading 1 included; how filters lie one after the other in arrays. */
export const LPC_SIZE = LPC_ORDER + 1;
export const SUBBLOCK = 40;
export const STATE_SAMPLES = 80;
export const STAGES = 3;
export const LSF_SPLITS = 3;
export const MAX_SAMPLES = 240;
export const MAX_SUBBLOCKS = 6;

/** Bits of a parameter in the three sensitivity classes. */
type ClassBits = readonly [number, number, number];

export interface IlbcMode {
  readonly milliseconds: 20 | 30;
  readonly frameSamples: number;
  readonly frameBytes: number;
  readonly subblocks: number;
  /** Sub-blocks coded by the adaptive codebook (all but the two of the start state). */
  readonly codedSubblocks: number;
  /** Sets of line spectral frequencies per frame. */
  readonly lsfSets: number;
  /** Samples of the start state that are quantized one by one; the rest of its 80 are predicted. */
  readonly stateSamples: number;
  /** Share of the older set of line spectral frequencies in each sub-block (§3.2.6, §3.2.7). */
  readonly lsfWeights: readonly number[];
  readonly startBits: ClassBits;
  readonly extraIndexBits: readonly ClassBits[];
  readonly extraGainBits: readonly ClassBits[];
  readonly indexBits: readonly ClassBits[];
  readonly gainBits: readonly ClassBits[];
}

export const MODE_20: IlbcMode = {
  milliseconds: 20,
  frameSamples: 160,
  frameBytes: 38,
  subblocks: 4,
  codedSubblocks: 2,
  lsfSets: 1,
  stateSamples: 57,
  lsfWeights: [3 / 4, 2 / 4, 1 / 4, 0],
  startBits: [2, 0, 0],
  extraIndexBits: [
    [6, 0, 1],
    [0, 0, 7],
    [0, 0, 7],
  ],
  extraGainBits: [
    [2, 0, 3],
    [1, 1, 2],
    [0, 0, 3],
  ],
  indexBits: [
    [7, 0, 1],
    [0, 0, 7],
    [0, 0, 7],
    [0, 0, 8],
    [0, 0, 8],
    [0, 0, 8],
  ],
  gainBits: [
    [1, 2, 2],
    [1, 1, 2],
    [0, 0, 3],
    [1, 1, 3],
    [0, 2, 2],
    [0, 0, 3],
  ],
};

export const MODE_30: IlbcMode = {
  milliseconds: 30,
  frameSamples: 240,
  frameBytes: 50,
  subblocks: 6,
  codedSubblocks: 4,
  lsfSets: 2,
  stateSamples: 58,
  lsfWeights: [1 / 2, 1, 2 / 3, 1 / 3, 0, 0],
  startBits: [3, 0, 0],
  extraIndexBits: [
    [4, 2, 1],
    [0, 0, 7],
    [0, 0, 7],
  ],
  extraGainBits: [
    [1, 1, 3],
    [1, 1, 2],
    [0, 0, 3],
  ],
  indexBits: [
    [6, 1, 1],
    [0, 0, 7],
    [0, 0, 7],
    [0, 7, 1],
    [0, 0, 8],
    [0, 0, 8],
    [0, 7, 1],
    [0, 0, 8],
    [0, 0, 8],
    [0, 7, 1],
    [0, 0, 8],
    [0, 0, 8],
  ],
  gainBits: [
    [1, 2, 2],
    [1, 2, 1],
    [0, 0, 3],
    [0, 2, 3],
    [0, 2, 2],
    [0, 0, 3],
    [0, 1, 4],
    [0, 1, 3],
    [0, 0, 3],
    [0, 1, 4],
    [0, 1, 3],
    [0, 0, 3],
  ],
};
