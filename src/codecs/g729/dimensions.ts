/** The sizes G.729 is built on (3.1 .. 3.7), shared by all its parts. Constants only. */

/** Samples of a 10 ms frame at 8 kHz. */
export const FRAME = 80;
/** Samples of a subframe. */
export const SUBFRAME = 40;
/** Order of the linear prediction. */
export const ORDER = 10;
/** Coefficients of a prediction filter, the leading one included. */
export const TAPS = ORDER + 1;
/** Shortest and longest pitch delay in samples. */
export const PITCH_MIN = 20;
export const PITCH_MAX = 143;
/** Reach of the fractional pitch interpolation beyond the delay. */
export const INTERPOLATION = 11;
/** Excitation kept from the past: the longest delay and the interpolation filter. */
export const EXCITATION_PAST = PITCH_MAX + INTERPOLATION;
/** Bounds of the gain by which pitch pulses sharpen the fixed codebook (3.8), Q14. */
export const SHARPENING_MAX = 13017;
export const SHARPENING_MIN = 3277;
/** Memory length of the LSF prediction (3.2.4). */
export const LSF_HISTORY = 4;
