/**
 * The LSF quantiser for silence descriptors (G.729 B.4.2.2): the speech codebooks reduced to 32 and 16 entries and
 * predictors of their own. Works on the LSF memory of the direction that uses it.
 */
import { LSF_HISTORY, ORDER } from './dimensions.js';
import { MAX16, mulQ15, product, sat16, sat32, shl32 } from './fixed-point.js';
import { LSF_STAGE1, LSF_STAGE2 } from './lsf-codebook.js';
import { LSF_GAP, LSF_MAX, LSF_MIN, type LsfPredictor, spread, stabilize } from './lsf-predictor.js';
import { weightLsf } from './lsf-quantizer.js';
import { lsfToLsp, lspToLsf } from './lsp.js';
import {
  SID_MODE_WEIGHT,
  SID_PREDICTOR_REST,
  SID_PREDICTOR_REST_INVERSE,
  SID_STAGE1_ENTRY,
  SID_STAGE2_HIGH_ENTRY,
  SID_STAGE2_LOW_ENTRY,
} from './noise-tables.js';
import { LSF_PREDICTOR } from './speech-tables.js';

const HALF = ORDER / 2;
const PREDICTOR_SIZE = LSF_HISTORY * ORDER;
const FIRST_ENTRIES = 32;
const SECOND_ENTRIES = 16;
/** First stage candidates kept for the second. */
const SURVIVORS = 4;
/** Smallest distance within a code vector, Q13 (0.0012 radians). */
const CODE_GAP = 10;

/** Mode 0 is the first speech predictor, mode 1 six tenths of it and four of the other, Q15. */
const SID_PREDICTOR = new Int16Array(2 * PREDICTOR_SIZE).map((_, i) =>
  i < PREDICTOR_SIZE
    ? LSF_PREDICTOR[i]
    : (2 * (LSF_PREDICTOR[i - PREDICTOR_SIZE] * 19660 + LSF_PREDICTOR[i] * 13107)) >> 16,
);

const code = new Int16Array(ORDER);
const lsf = new Int16Array(ORDER);
const weights = new Int16Array(ORDER);
const targets = new Int16Array(2 * ORDER);
const firstErrors = new Int16Array(2 * FIRST_ENTRIES);
const remainder = new Int16Array(ORDER);

/** Element j of second stage entry `index`. */
function secondStage(index: number, j: number): number {
  const entry = j < HALF ? SID_STAGE2_LOW_ENTRY[index] : SID_STAGE2_HIGH_ENTRY[index];
  return LSF_STAGE2[entry * ORDER + j];
}

/**
 * Rebuilds the LSP vector (Q15) of a silence descriptor and moves the prediction memory on.
 * @param mode predictor, 1 bit
 * @param first 5 bits
 * @param second 4 bits
 */
export function decodeSidLsf(
  predictor: LsfPredictor,
  mode: number,
  first: number,
  second: number,
  lsp: Int16Array,
): void {
  const entry = SID_STAGE1_ENTRY[first] * ORDER;
  for (let j = 0; j < ORDER; j++) code[j] = sat16(LSF_STAGE1[entry + j] + secondStage(second, j));
  spread(code, 1, ORDER, CODE_GAP);
  predictor.compose(code, SID_PREDICTOR, mode * PREDICTOR_SIZE, SID_PREDICTOR_REST, mode * ORDER, lsf);
  predictor.push(code);
  stabilize(lsf);
  lsfToLsp(lsf, lsp);
}

/**
 * Quantises an LSP vector (Q15).
 * @param fields receives mode, first and second index from `at`
 * @param quantized receives the quantised LSP vector, Q15
 */
export function encodeSidLsf(
  predictor: LsfPredictor,
  lsp: Int16Array,
  quantized: Int16Array,
  fields: Int16Array,
  at: number,
): void {
  lspToLsf(lsp, lsf);
  space(lsf);
  weightLsf(lsf, weights);
  for (let mode = 0; mode < 2; mode++) {
    predictor.extract(
      lsf,
      SID_PREDICTOR,
      mode * PREDICTOR_SIZE,
      SID_PREDICTOR_REST_INVERSE,
      mode * ORDER,
      targets,
      mode * ORDER,
    );
    for (let i = 0; i < FIRST_ENTRIES; i++) firstErrors[mode * FIRST_ENTRIES + i] = firstError(mode, i);
  }

  let best = MAX16;
  let bestMode = -1;
  let bestFirst = 0;
  let bestSecond = 0;
  for (let survivor = 0; survivor < SURVIVORS; survivor++) {
    const pick = takeSmallest();
    const mode = pick >> 5;
    const first = pick & (FIRST_ENTRIES - 1);
    const entry = SID_STAGE1_ENTRY[first] * ORDER;
    for (let j = 0; j < ORDER; j++) remainder[j] = sat16(targets[mode * ORDER + j] - LSF_STAGE1[entry + j]);
    if (bestMode < 0) {
      bestMode = mode;
      bestFirst = first;
    }
    for (let i = 0; i < SECOND_ENTRIES; i++) {
      const error = secondError(mode, i);
      if (error < best) {
        best = error;
        bestMode = mode;
        bestFirst = first;
        bestSecond = i;
      }
    }
  }
  fields[at] = bestMode;
  fields[at + 1] = bestFirst;
  fields[at + 2] = bestSecond;
  decodeSidLsf(predictor, bestMode, bestFirst, bestSecond, quantized);
}

/** Spaces the LSFs by about 100 Hz before quantisation. */
function space(v: Int16Array): void {
  if (v[0] < LSF_MIN) v[0] = LSF_MIN;
  for (let i = 0; i < ORDER - 1; i++) {
    if (sat16(v[i + 1] - v[i]) < 2 * LSF_GAP) v[i + 1] = sat16(v[i] + 2 * LSF_GAP);
  }
  if (v[ORDER - 1] > LSF_MAX) v[ORDER - 1] = LSF_MAX;
  if (v[ORDER - 1] < v[ORDER - 2]) v[ORDER - 2] = sat16(v[ORDER - 1] - LSF_GAP);
}

function firstError(mode: number, index: number): number {
  const entry = SID_STAGE1_ENTRY[index] * ORDER;
  let sum = 0;
  for (let j = 0; j < ORDER; j++) {
    const d = sat16(targets[mode * ORDER + j] - LSF_STAGE1[entry + j]);
    sum += d * d;
  }
  return mulQ15(sat32(2 * sum) >> 16, SID_MODE_WEIGHT[mode]);
}

/** The smallest first stage error left; it is struck off. */
function takeSmallest(): number {
  let best = MAX16;
  let index = 0;
  for (let i = 0; i < firstErrors.length; i++) {
    if (firstErrors[i] < best) {
      best = firstErrors[i];
      index = i;
    }
  }
  firstErrors[index] = MAX16;
  return index;
}

function secondError(mode: number, index: number): number {
  let sum = 0;
  for (let j = 0; j < ORDER; j++) {
    const rest = SID_PREDICTOR_REST[mode * ORDER + j];
    const weight = mulQ15(shl32(product(rest, rest), 2) >> 16, weights[j]);
    const d = sat16(remainder[j] - secondStage(index, j));
    sum += (shl32(product(weight, d), 3) >> 16) * d;
  }
  return sat32(2 * sum) >> 16;
}
