/**
 * Constant tables of G.729 Annex B: voice activity detection, silence descriptor quantisers and their LSF predictors.
 * Numbers only.
 */

/** Autocorrelation of the 0..1 kHz low-pass filter (B.3.1.2), lags 0..12, Q15 with lag 0 halved. */
export const LOW_BAND_CORRELATION = new Int16Array([
  7869, 7011, 4838, 2299, 321, -660, -782, -484, -164, 3, 39, 21, 4,
]);

/** Shift of 32 / (32 - n), where n of the first 32 frames were too quiet to count. */
export const INIT_AVERAGE_SHIFT = new Int16Array([
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 0,
]);

/** Mantissa of 32 / (32 - n), Q15 with INIT_AVERAGE_SHIFT. */
export const INIT_AVERAGE_FACTOR = new Int16Array([
  32767, 16913, 17476, 18079, 18725, 19418, 20165, 20972, 21845, 22795, 23831, 24966, 26214, 27594, 29127,
  30840, 32767, 17476, 18725, 20165, 21845, 23831, 26214, 29127, 32767, 18725, 21845, 26214, 32767, 21845,
  32767, 32767, 0,
]);

/** Scale of the summed residual energies by how many were summed (0: decoder estimate). */
export const SID_ENERGY_SCALE = new Int16Array([410, 26, 13]);

/** Comfort noise gain of each SID gain index, 2 dB steps above 14 dB, Q3. */
export const SID_GAIN = new Int16Array([
  2, 5, 8, 13, 20, 32, 50, 64, 80, 101, 127, 160, 201, 253, 318, 401, 505, 635, 800, 1007, 1268, 1596, 2010,
  2530, 3185, 4009, 5048, 6355, 8000, 10071, 12679, 15962,
]);

/** 1 minus the sum of each noise LSF predictor: 2 modes of 10, Q15. */
export const SID_PREDICTOR_REST = new Int16Array([
  7798, 8447, 8205, 8293, 8126, 8477, 8447, 8703, 9043, 8604, 10514, 12402, 12833, 11914, 11447, 11670, 11132,
  11311, 11844, 11447,
]);

/** The inverse of SID_PREDICTOR_REST, Q12. */
export const SID_PREDICTOR_REST_INVERSE = new Int16Array([
  17210, 15888, 16357, 16183, 16516, 15833, 15888, 15421, 14840, 15597, 12764, 10821, 10458, 11264, 11724,
  11500, 12056, 11865, 11331, 11724,
]);

/** LSF_STAGE1 vectors used for noise. */
export const SID_STAGE1_ENTRY = new Int16Array([
  96, 52, 20, 54, 86, 114, 82, 68, 36, 121, 48, 92, 18, 120, 94, 124, 50, 125, 4, 100, 28, 76, 12, 117, 81,
  22, 90, 116, 127, 21, 108, 66,
]);

/** LSF_STAGE2 vectors used for elements 0..4 of noise. */
export const SID_STAGE2_LOW_ENTRY = new Int16Array([
  31, 21, 9, 3, 10, 2, 19, 26, 4, 3, 11, 29, 15, 27, 21, 12,
]);

/** LSF_STAGE2 vectors used for elements 5..9 of noise. */
export const SID_STAGE2_HIGH_ENTRY = new Int16Array([
  16, 1, 0, 0, 8, 25, 22, 20, 19, 23, 20, 31, 4, 31, 20, 31,
]);

/** Weight of the first stage error by predictor mode, Q17. */
export const SID_MODE_WEIGHT = new Int16Array([8644, 16572]);
