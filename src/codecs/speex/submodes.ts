/**
 * The bit allocations of Speex: what each sub-mode of the narrow band and of a high band consists of, and which of them
 * make up a quality. Facts of the Speex format; decoder and encoder are driven by these records.
 */
import {
  SHAPES_5_64,
  SHAPES_5_256,
  SHAPES_8_128,
  SHAPES_10_16,
  SHAPES_10_32,
  SHAPES_20_32,
  SHAPES_HIGH_8_128,
  SHAPES_HIGH_10_32,
} from './innovation-codebooks.js';
import { PITCH_GAINS_32, PITCH_GAINS_128 } from './pitch-gain-codebooks.js';

/** How the innovation of a sub-frame is put together from code book vectors. */
export interface InnovationShape {
  readonly vectors: Float64Array;
  /** Samples of a vector. */
  readonly length: number;
  /** Bits of a vector's number, without the sign. */
  readonly bits: number;
  readonly signed: boolean;
}

export interface PitchGains {
  /** Four numbers per vector, see pitch-gain-codebooks.ts. */
  readonly vectors: Int8Array;
  readonly bits: number;
}

export interface NarrowSubmode {
  /** Of a whole frame, with the 5 that name the sub-mode. */
  readonly bits: number;
  /** 30 bits for the line spectral pairs instead of 18. */
  readonly fineLsp: boolean;
  /** One lag of 7 bits for the frame instead of one per sub-frame. */
  readonly framePitch: boolean;
  /** Three-tap prediction per sub-frame; absent: one gain of 4 bits for the frame. */
  readonly pitchGains?: PitchGains;
  /** Of the correction of the innovation gain in each sub-frame. */
  readonly gainBits: 0 | 1 | 3;
  /** Absent: noise. */
  readonly innovation?: InnovationShape;
  /** A second search refines what the first one has left. */
  readonly twice: boolean;
  /** Strength of the comb filter that enhances the decoded speech, 0 = none. */
  readonly comb: number;
}

export interface HighSubmode {
  /** Of a whole frame, with the 4 that name the sub-mode. */
  readonly bits: number;
  /** Absent: the innovation of the band below, folded up. */
  readonly innovation?: InnovationShape;
  readonly twice: boolean;
}

/** Code book samples are in 1/32. */
const SHAPE_UNIT = 1 / 32;

function shape(book: Int8Array, length: number, signed = false): InnovationShape {
  const vectors = Float64Array.from(book, (sample) => sample * SHAPE_UNIT);
  return { vectors, length, bits: Math.log2(vectors.length / length), signed };
}

const GAINS_32: PitchGains = { vectors: PITCH_GAINS_32, bits: 5 };
const GAINS_128: PitchGains = { vectors: PITCH_GAINS_128, bits: 7 };
const FIVE_64 = shape(SHAPES_5_64, 5);

/** By number; 0 is "no transmission". 2.15, 5.95, 8, 11, 15, 18.2, 24.6 and 3.95 kbit/s. */
export const NARROW_SUBMODES: ReadonlyArray<NarrowSubmode | undefined> = [
  undefined,
  { bits: 43, fineLsp: false, framePitch: true, gainBits: 0, twice: false, comb: 0 },
  {
    bits: 119,
    fineLsp: false,
    framePitch: true,
    pitchGains: GAINS_32,
    gainBits: 0,
    innovation: shape(SHAPES_10_16, 10),
    twice: false,
    comb: 0.6,
  },
  {
    bits: 160,
    fineLsp: false,
    framePitch: false,
    pitchGains: GAINS_32,
    gainBits: 1,
    innovation: shape(SHAPES_10_32, 10),
    twice: false,
    comb: 0.55,
  },
  {
    bits: 220,
    fineLsp: false,
    framePitch: false,
    pitchGains: GAINS_32,
    gainBits: 1,
    innovation: shape(SHAPES_8_128, 8),
    twice: false,
    comb: 0.45,
  },
  {
    bits: 300,
    fineLsp: true,
    framePitch: false,
    pitchGains: GAINS_128,
    gainBits: 3,
    innovation: FIVE_64,
    twice: false,
    comb: 0.25,
  },
  {
    bits: 364,
    fineLsp: true,
    framePitch: false,
    pitchGains: GAINS_128,
    gainBits: 3,
    innovation: shape(SHAPES_5_256, 5),
    twice: false,
    comb: 0.15,
  },
  {
    bits: 492,
    fineLsp: true,
    framePitch: false,
    pitchGains: GAINS_128,
    gainBits: 3,
    innovation: FIVE_64,
    twice: true,
    comb: 0.05,
  },
  {
    bits: 79,
    fineLsp: false,
    framePitch: true,
    gainBits: 0,
    innovation: shape(SHAPES_20_32, 20),
    twice: false,
    comb: 0.5,
  },
];

/** Bits that name a sub-mode, with the one that tells the bands apart. */
export const NARROW_HEADER_BITS = 5;
export const HIGH_HEADER_BITS = 4;

const FOLDED: HighSubmode = { bits: 36, twice: false };
const EIGHT_128 = shape(SHAPES_HIGH_8_128, 8, true);

/** Of the band from 4 to 8 kHz, by number; 0 is "no transmission". 1.8, 5.6, 9.6 and 17.6 kbit/s. */
export const HIGH_SUBMODES: ReadonlyArray<HighSubmode | undefined> = [
  undefined,
  FOLDED,
  { bits: 112, innovation: shape(SHAPES_HIGH_10_32, 10), twice: false },
  { bits: 192, innovation: EIGHT_128, twice: false },
  { bits: 352, innovation: EIGHT_128, twice: true },
];

/** Of the band from 8 to 16 kHz. */
export const ULTRA_SUBMODES: ReadonlyArray<HighSubmode | undefined> = [undefined, FOLDED];

/** Numbers of the three sub-modes for each mode of RFC 5574 table 2, which is Speex' "quality". */
export const NARROW_OF_QUALITY: readonly number[] = [1, 8, 2, 3, 4, 5, 5, 6, 6, 7, 7];
export const HIGH_OF_QUALITY: readonly number[] = [1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4];
export const ULTRA_OF_QUALITY: readonly number[] = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
