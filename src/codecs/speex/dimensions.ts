/** Sizes that all of Speex shares. */

/** Sub-frames of a frame, in every band. */
export const SUBFRAMES = 4;
/** Narrow band: samples of a frame of 20 ms and of its sub-frames. */
export const FRAME = 160;
export const SUBFRAME = FRAME / SUBFRAMES;
/** Order of the linear prediction in the narrow band; that of the high bands is 8, kept in ten coefficients. */
export const ORDER = 10;
export const HIGH_ORDER = 8;
export const MIN_PITCH = 17;
export const MAX_PITCH = 144;
