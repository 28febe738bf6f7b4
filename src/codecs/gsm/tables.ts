/** The constants of GSM 06.10 (ETSI EN 300 961, tables 4.1 to 4.6), named as there. Used by every part of the codec. */

/** Quantization of the log area ratios (table 4.1) and its inverse (table 4.2). */
export const A = new Int32Array([20480, 20480, 20480, 20480, 13964, 15360, 8534, 9036]);
export const B = new Int32Array([0, 0, 2048, -2560, 94, -1792, -341, -1144]);
export const MIC = new Int32Array([-32, -32, -16, -16, -8, -8, -4, -4]);
export const MAC = new Int32Array([31, 31, 15, 15, 7, 7, 3, 3]);
export const INVA = new Int32Array([13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708]);

/** Decision and quantization levels of the long term gain (table 4.3). */
export const DLB = new Int32Array([6554, 16384, 26214, 32767]);
export const QLB = new Int32Array([3277, 11469, 21299, 32767]);

/** Impulse response of the weighting filter (table 4.4). */
export const H = new Int32Array([-134, -374, 0, 2054, 5741, 8192, 5741, 2054, 0, -374, -134]);

/** Normalized inverse and direct mantissa of the block maximum (tables 4.5, 4.6). */
export const NRFAC = new Int32Array([29128, 26215, 23832, 21846, 20165, 18725, 17476, 16384]);
export const FAC = new Int32Array([18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767]);
