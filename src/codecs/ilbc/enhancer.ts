/**
 * The enhancer of the iLBC decoder (RFC 3951 §4.6): smooths the decoded residual by mixing each block of it with the
 * pitch periods before and after it, as far as the energy of the change stays small. Delays the residual by 40 (20 ms
 * mode) or 80 samples, estimates the pitch for the concealment, and joins concealed to received residual (§4.5.3).
 */
import { type IlbcMode, SUBBLOCK } from './mode.js';
import { DECIMATION_FILTER, POLYPHASE } from './tables.js';

const BLOCK = 80;
const BLOCKS = 8;
const BUFFER = BLOCKS * BLOCK;
/** Periods mixed on each side of a block. */
const SIDES = 3;
const SEGMENTS = 2 * SIDES + 1;
/** Search range around an estimated segment position, and distance kept from the buffer's ends. */
const SLOP = 2;
const CORRELATIONS = 2 * SLOP + 1;
/** Upsampling rate and half length of its filters. */
const UPSAMPLING = 4;
const HALF_TAPS = 3;
const TAPS = 2 * HALF_TAPS + 1;
/** Largest share of a block's energy that may be changed. */
const ALPHA = 0.05;
/** Pitch search in the signal decimated by two. */
const DECIMATION = 2;
const DECIMATION_DELAY = 3;
const SEARCH_HISTORY = 120;
const MIN_HALF_LAG = 10;
const MAX_HALF_LAG = 59;
const FIRST_PERIOD = 40;
/** Samples at the end of a backward prediction over which a limited energy is let loose again. */
const RELEASE = 10;

/** Cosine window over the segments; the one in the middle is the block itself and does not count. */
const WEIGHTS = Float64Array.from({ length: SEGMENTS }, (_, i) =>
  i === SIDES ? 0 : (1 - Math.cos((2 * Math.PI * (i + 1)) / (SEGMENTS + 1))) / 2,
);

/** How well `regressor` predicts `target`: squared correlation by energy, 0 if they oppose each other. */
function likeness(
  x: Float64Array,
  target: number,
  y: Float64Array,
  regressor: number,
  count: number,
): number {
  let product = 0;
  let energy = 0;
  for (let i = 0; i < count; i++) {
    product += x[target + i] * y[regressor + i];
    energy += y[regressor + i] * y[regressor + i];
  }
  return product > 0 ? (product * product) / energy : 0;
}

export class Enhancer {
  readonly #mode: IlbcMode;
  /** Samples by which the output lags behind the input. */
  readonly #delay: number;
  /** New blocks per frame, as far as periods are estimated: two in 20 ms mode, three in 30 ms mode. */
  readonly #blocks: number;
  /** The last 640 samples of decoded residual. */
  readonly #buffer = new Float64Array(BUFFER);
  /** Pitch period of each block of the buffer. */
  readonly #periods = new Float64Array(BLOCKS).fill(FIRST_PERIOD);
  readonly #decimated = new Float64Array((SEARCH_HISTORY + 3 * BLOCK) / DECIMATION);
  readonly #prediction = new Float64Array(BLOCK);
  readonly #segments = new Float64Array(SEGMENTS * BLOCK);
  readonly #correlation = new Float64Array(CORRELATIONS);
  readonly #surround = new Float64Array(BLOCK);

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    this.#delay = mode.milliseconds === 20 ? SUBBLOCK : BLOCK;
    this.#blocks = mode.frameSamples / BLOCK;
  }

  reset(): void {
    this.#buffer.fill(0);
    this.#periods.fill(FIRST_PERIOD);
  }

  /**
   * Takes the residual of a frame and gives the enhanced one, delayed.
   * @param afterLoss the frame before was concealed and this one was not made from it
   * @returns pitch lag at the end of the frame, 20 to 118
   */
  enhance(residual: Float64Array, out: Float64Array, afterLoss: boolean): number {
    const { frameSamples } = this.#mode;
    const buffer = this.#buffer;
    buffer.copyWithin(0, frameSamples);
    for (let i = 0; i < frameSamples; i++) buffer[BUFFER - frameSamples + i] = residual[i];
    this.#estimatePeriods();
    const lag = this.#periods[BLOCKS - 1];
    if (afterLoss) this.#joinConcealed(residual);
    const first = BUFFER - frameSamples - this.#delay;
    for (let i = 0; i < this.#blocks; i++) this.#enhanceBlock(first + i * BLOCK, out, i * BLOCK);
    return lag;
  }

  /** §4.6.1 */
  #estimatePeriods(): void {
    const blocks = this.#blocks;
    const begin = BUFFER - blocks * BLOCK - SEARCH_HISTORY;
    const count = (SEARCH_HISTORY + blocks * BLOCK) / DECIMATION;
    const decimated = this.#decimated;
    for (let n = 0; n < count; n++) {
      const at = begin + DECIMATION_DELAY + n * DECIMATION;
      let sum = 0;
      for (let j = Math.max(0, at - BUFFER + 1); j < DECIMATION_FILTER.length; j++)
        sum += DECIMATION_FILTER[j] * this.#buffer[at - j];
      decimated[n] = sum;
    }
    this.#periods.copyWithin(0, blocks);
    for (let i = 0; i < blocks; i++) {
      const target = (SEARCH_HISTORY + i * BLOCK) / DECIMATION;
      let best = MIN_HALF_LAG;
      let most = -1;
      for (let lag = MIN_HALF_LAG; lag <= MAX_HALF_LAG; lag++) {
        const score = likeness(decimated, target, decimated, target - lag, BLOCK / DECIMATION);
        if (score > most) {
          most = score;
          best = lag;
        }
      }
      this.#periods[BLOCKS - blocks + i] = DECIMATION * best;
    }
  }

  /**
   * §4.5.3: the concealed samples that were not played yet (the enhancer's delay) are mixed with a prediction backwards
   * from the received frame.
   */
  #joinConcealed(residual: Float64Array): void {
    const length = this.#delay;
    const buffer = this.#buffer;
    const estimate = this.#periods[BLOCKS - this.#blocks];
    let lag = estimate - 1;
    let most = -1;
    for (let candidate = estimate - 1; candidate <= estimate + 1; candidate++) {
      const score = likeness(residual, 0, residual, candidate, length);
      if (score > most) {
        most = score;
        lag = candidate;
      }
    }
    this.#periods[BLOCKS - this.#blocks - 1] = lag;

    const prediction = this.#prediction;
    const last = BUFFER - 1 - this.#mode.frameSamples;
    let predicted = 0;
    let concealed = 0;
    for (let i = 0; i < length; i++) {
      const value = i < lag ? residual[lag - 1 - i] : buffer[last - (i - lag)];
      prediction[length - 1 - i] = value;
      predicted += value * value;
      concealed += buffer[last - i] * buffer[last - i];
    }
    if (predicted > 4 * concealed) {
      const factor = 2 * Math.sqrt(concealed / predicted);
      for (let i = 0; i < length; i++) {
        const release = Math.max(0, i - length + RELEASE) / RELEASE;
        prediction[i] *= factor + release * (1 - factor);
      }
    }
    for (let i = 0; i < length; i++) {
      const weight = (i + 1) / (length + 1);
      buffer[last - i] = weight * buffer[last - i] + (1 - weight) * prediction[length - 1 - i];
    }
  }

  #enhanceBlock(begin: number, out: Float64Array, outOffset: number): void {
    this.#collectSegments(begin);
    this.#smooth(out, outOffset);
  }

  /** §4.6.2: the block in the middle, three periods before it and three after it, all aligned to it. */
  #collectSegments(begin: number): void {
    const segments = this.#segments;
    const periods = this.#periods;
    for (let i = 0; i < BLOCK; i++) segments[SIDES * BLOCK + i] = this.#buffer[begin + i];

    let at = begin;
    let block = nearestBlock(begin + (BLOCK - 1) / 2);
    for (let q = SIDES - 1; q >= 0; q--) {
      const period = periods[block];
      at -= period;
      block = nearestBlock(at + BLOCK / 2 - period);
      if (at - SLOP >= 0) at = this.#align(at, begin, q);
      else segments.fill(0, q * BLOCK, (q + 1) * BLOCK);
    }
    at = begin;
    for (let q = SIDES + 1; q < SEGMENTS; q++) {
      at += periods[this.#blockOnePeriodAhead(at + BLOCK / 2)];
      if (at + BLOCK + SLOP < BUFFER) at = this.#align(at, begin, q);
      else segments.fill(0, q * BLOCK, (q + 1) * BLOCK);
    }
  }

  /** The block whose centre lies nearest to one of its own periods after `position`. */
  #blockOnePeriodAhead(position: number): number {
    let best = 0;
    let least = Number.MAX_VALUE;
    for (let i = 0; i < BLOCKS; i++) {
      const distance = Math.abs(i * BLOCK + BLOCK / 2 - this.#periods[i] - position);
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  /**
   * Writes segment `q`: the stretch near `at` most like the block at `center`, in quarters of a sample.
   * @returns its position
   */
  #align(at: number, center: number, q: number): number {
    const buffer = this.#buffer;
    const middle = Math.trunc(at - 0.5);
    const from = Math.max(0, middle - SLOP);
    const to = Math.min(BUFFER - BLOCK - 1, middle + SLOP);
    const count = to - from + 1;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let j = 0; j < BLOCK; j++) sum += buffer[from + i + j] * buffer[center + j];
      this.#correlation[i] = sum;
    }
    let peak = 0;
    let most = -Number.MAX_VALUE;
    for (let i = 0; i < UPSAMPLING * count; i++) {
      const value = this.#upsampled(i, count);
      if (value > most) {
        most = value;
        peak = i;
      }
    }

    const whole = Math.ceil(peak / UPSAMPLING);
    const filter = (whole * UPSAMPLING - peak) * TAPS;
    const start = from + whole - HALF_TAPS;
    const segment = q * BLOCK;
    const inside = start >= 0 && start + BLOCK + TAPS <= BUFFER + 1;
    for (let i = 0; i < BLOCK; i++) {
      let sum = 0;
      for (let j = 0; j < TAPS; j++) {
        const k = start + i + j;
        if (inside || (k >= 0 && k < BUFFER)) sum += buffer[k] * POLYPHASE[filter + j];
      }
      this.#segments[segment + i] = sum;
    }
    return from + peak / UPSAMPLING + 1;
  }

  /** Value `i` of the correlation upsampled by four; the few correlations there are only fit the filters' middle. */
  #upsampled(i: number, count: number): number {
    const half = count >> 1;
    const filter = (i % UPSAMPLING) * TAPS + HALF_TAPS - half;
    const newest = Math.floor(i / UPSAMPLING) + half;
    let sum = 0;
    for (let k = Math.max(0, newest - count + 1); k <= Math.min(2 * half, newest); k++)
      sum += this.#correlation[newest - k] * POLYPHASE[filter + k];
    return sum;
  }

  /** §4.6.3 to §4.6.5 */
  #smooth(out: Float64Array, outOffset: number): void {
    const segments = this.#segments;
    const surround = this.#surround;
    const middle = SIDES * BLOCK;
    let w00 = 0;
    let w10 = 0;
    let w11 = 0;
    for (let i = 0; i < BLOCK; i++) {
      let sum = 0;
      for (let q = 0; q < SEGMENTS; q++) sum += WEIGHTS[q] * segments[q * BLOCK + i];
      surround[i] = sum;
      const own = segments[middle + i];
      w00 += own * own;
      w10 += own * sum;
      w11 += sum * sum;
    }
    w11 = Math.max(1, w11);
    const scale = Math.sqrt(w00 / w11);
    let error = 0;
    for (let i = 0; i < BLOCK; i++) error += (segments[middle + i] - scale * surround[i]) ** 2;
    let around = scale;
    let own = 0;
    if (error > ALPHA * w00) {
      w00 = Math.max(1, w00);
      const spread = (w11 * w00 - w10 * w10) / (w00 * w00);
      around = 0;
      own = 1;
      // Where the periods hardly differ there is nothing to smooth.
      if (spread > 0.0001) {
        around = Math.sqrt((ALPHA - (ALPHA * ALPHA) / 4) / spread);
        own = 1 - ALPHA / 2 - (around * w10) / w00;
      }
    }
    for (let i = 0; i < BLOCK; i++) out[outOffset + i] = around * surround[i] + own * segments[middle + i];
  }
}

/** The block whose centre lies nearest to a position; of two the earlier. */
function nearestBlock(position: number): number {
  return Math.max(0, Math.min(BLOCKS - 1, Math.ceil(position / BLOCK) - 1));
}
