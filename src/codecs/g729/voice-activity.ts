/**
 * Voice activity detection of G.729 Annex B (B.3): energy, low band energy, spectrum and zero crossings against running
 * means of the background noise. The encoder asks once per frame, before it decides what to send.
 */
import { ORDER } from './dimensions.js';
import { abs16, MAX16, mac, msu, product, sat16, sat32, shl32 } from './fixed-point.js';
import { MAX_LAG } from './lp-analysis.js';
import { INIT_AVERAGE_FACTOR, INIT_AVERAGE_SHIFT, LOW_BAND_CORRELATION } from './noise-tables.js';
import { log2, mul32By16 } from './wide-arithmetic.js';

/** Frames over which the background means are first estimated. */
const INIT_FRAMES = 32;
/** Frames of which the minimum energy is tracked, in groups of 8. */
const MINIMUM_FRAMES = 128;
/** 15 dB, Q11 in tenths of a Bel: quieter frames are noise. */
const QUIET = 3072;
/** 3 dB in the same scale. */
const MARGIN = 614;
/** Samples of the analysis window in which zero crossings are counted. */
const CROSSING_FROM = 120;
const CROSSING_TO = 200;
/** Frame counter wraps from the largest 16-bit value to here. */
const WRAP_TO = 256;

/**
 * Update of the means by how often they were updated, all Q15: limit of the count, weights of the old energy, zero
 * crossing rate and spectrum, weights of the new ones. (The standard's pairs do not all add up to 1.)
 */
const UPDATE_RATES = [
  [20, 24576, 8192, 26214, 6554, 19661, 13017],
  [30, 31130, 1638, 30147, 2621, 21299, 11469],
  [40, 31785, 983, 30802, 1966, 22938, 9830],
  [50, 32440, 328, 31457, 1311, 24576, 8192],
  [60, 32604, 164, 32440, 328, 24576, 8192],
  [Number.POSITIVE_INFINITY, 32604, 164, 32702, 66, 24576, 8192],
] as const;

export class VoiceActivityDetector {
  readonly #meanLsf = new Int16Array(ORDER);
  /** Minimum energy of the last 16 groups of 8 frames. */
  readonly #minima = new Int16Array(16);
  #groupMinimum = 0;
  #nextMinimum = 0;
  #minimum = MAX16;
  #meanEnergy = 0;
  #meanNoiseEnergy = 0;
  #meanLowEnergy = 0;
  #meanCrossings = 0;
  #lastEnergy = 0;
  #silentFrames = 0;
  #updates = 0;
  #extensions = 0;
  #mayExtend = true;
  #quietFrames = 0;
  #frame = 0;
  /** Decisions on the last frame and the one before. */
  #last = true;
  #lastButOne = true;

  reset(): void {
    this.#meanLsf.fill(0);
    this.#minima.fill(0);
    this.#groupMinimum = 0;
    this.#nextMinimum = 0;
    this.#minimum = MAX16;
    this.#meanEnergy = 0;
    this.#meanNoiseEnergy = 0;
    this.#meanLowEnergy = 0;
    this.#meanCrossings = 0;
    this.#lastEnergy = 0;
    this.#silentFrames = 0;
    this.#updates = 0;
    this.#extensions = 0;
    this.#mayExtend = true;
    this.#quietFrames = 0;
    this.#frame = 0;
    this.#last = true;
    this.#lastButOne = true;
  }

  /**
   * @param reflection second reflection coefficient, Q15
   * @param lsf unquantised LSFs as fractions of the sampling rate, Q15
   * @param r lag-windowed autocorrelation of lags 0..12, Q31, with its exponent
   * @param window the samples under the analysis window
   * @returns whether the frame is voice
   */
  detect(reflection: number, lsf: Int16Array, r: Int32Array, exponent: number, window: Int16Array): boolean {
    this.#frame = this.#frame === MAX16 ? WRAP_TO : this.#frame + 1;
    const energy = decibels(r[0], exponent);
    let low = 0;
    for (let lag = 1; lag <= MAX_LAG; lag++) low = mac(low, r[lag] >> 16, LOW_BAND_CORRELATION[lag]);
    const lowEnergy = decibels(mac(shl32(low, 1), r[0] >> 16, LOW_BAND_CORRELATION[0]), exponent);
    let distortion = 0;
    for (let i = 0; i < ORDER; i++) {
      const d = sat16(lsf[i] - this.#meanLsf[i]);
      distortion += d * d;
    }
    distortion = sat32(2 * distortion) >> 16;
    let crossings = 0;
    for (let i = CROSSING_FROM + 1; i <= CROSSING_TO; i++) {
      if (window[i - 1] * window[i] < 0) crossings += 410; // 1/80, Q15
    }

    this.#trackMinimum(energy);
    let voice = energy >= QUIET;
    if (this.#frame <= INIT_FRAMES) this.#initialise(voice, energy, crossings, lsf);
    if (this.#frame >= INIT_FRAMES) {
      if (this.#frame === INIT_FRAMES) this.#concludeInitialisation();
      voice = this.#decide(voice, energy, lowEnergy, distortion, crossings, reflection);
      if (
        sat16(energy - MARGIN) < this.#meanNoiseEnergy &&
        reflection < 24576 && // 0.75
        distortion < 83 // 0.0025
      ) {
        this.#updateMeans(energy, lowEnergy, crossings, lsf);
      }
      const above = sat16(this.#meanNoiseEnergy - this.#minimum);
      if (this.#frame > MINIMUM_FRAMES && ((above < 0 && distortion < 83) || above > 2048)) {
        this.#meanNoiseEnergy = this.#minimum;
        this.#updates = 0;
      }
    }
    this.#lastEnergy = energy;
    this.#lastButOne = this.#last;
    this.#last = voice;
    return voice;
  }

  /** Minimum energy over the last 128 frames (B.3.4). */
  #trackMinimum(energy: number): void {
    const minima = this.#minima;
    const groupEnds = (this.#frame & 7) === 0;
    if (this.#frame <= MINIMUM_FRAMES) {
      if (energy < this.#minimum) {
        this.#minimum = energy;
        this.#groupMinimum = energy;
      }
      if (groupEnds) {
        minima[(this.#frame >> 3) - 1] = this.#minimum;
        this.#minimum = MAX16;
      }
    }
    if (groupEnds) this.#groupMinimum = smallest(minima);
    if (this.#frame <= MINIMUM_FRAMES) return;
    if ((this.#frame & 7) === 1) {
      this.#minimum = this.#groupMinimum;
      this.#nextMinimum = MAX16;
    }
    this.#minimum = Math.min(this.#minimum, energy);
    this.#nextMinimum = Math.min(this.#nextMinimum, energy);
    if (groupEnds) {
      minima.copyWithin(0, 1);
      minima[15] = this.#nextMinimum;
      this.#groupMinimum = smallest(minima);
    }
  }

  /** Collects the first means over the frames that are not too quiet (B.3.2). */
  #initialise(loud: boolean, energy: number, crossings: number, lsf: Int16Array): void {
    if (!loud) {
      this.#quietFrames++;
      return;
    }
    const share = 1024; // 1/32, Q15
    this.#meanEnergy = mac(this.#meanEnergy * 65536, energy, share) >> 16;
    this.#meanCrossings = mac(this.#meanCrossings * 65536, crossings, share) >> 16;
    for (let i = 0; i < ORDER; i++) {
      this.#meanLsf[i] = mac(this.#meanLsf[i] * 65536, lsf[i], share) >> 16;
    }
  }

  #concludeInitialisation(): void {
    const factor = INIT_AVERAGE_FACTOR[this.#quietFrames];
    const shift = INIT_AVERAGE_SHIFT[this.#quietFrames];
    this.#meanEnergy = shl32(product(this.#meanEnergy, factor), shift) >> 16;
    this.#meanCrossings = shl32(product(this.#meanCrossings, factor), shift) >> 16;
    for (let i = 0; i < ORDER; i++) {
      this.#meanLsf[i] = shl32(product(this.#meanLsf[i], factor), shift) >> 16;
    }
    this.#meanNoiseEnergy = sat16(this.#meanEnergy - 2048); // 10 dB
    this.#meanLowEnergy = sat16(this.#meanEnergy - 2458); // 12 dB
  }

  /** The initial decision and its smoothing (B.3.5, B.3.6). */
  #decide(
    loud: boolean,
    energy: number,
    lowEnergy: number,
    distortion: number,
    crossings: number,
    reflection: number,
  ): boolean {
    const dEnergy = sat16(this.#meanNoiseEnergy - energy);
    const dLow = sat16(this.#meanLowEnergy - lowEnergy);
    const dCrossings = sat16(this.#meanCrossings - crossings);
    const rise = sat16(energy - this.#lastEnergy);
    let voice = loud && isVoice(dLow, dEnergy, distortion, dCrossings);

    let extended = false;
    if (this.#last && !voice && sat16(dEnergy + 410) < 0 && energy > QUIET) {
      voice = true;
      extended = true;
    }
    if (this.#mayExtend) {
      if (this.#lastButOne && this.#last && !voice && abs16(sat16(this.#lastEnergy - energy)) <= MARGIN) {
        this.#extensions++;
        voice = true;
        extended = true;
        if (this.#extensions > 4) {
          this.#extensions = 0;
          this.#mayExtend = false;
        }
      }
    } else {
      this.#mayExtend = true;
    }
    if (!voice) this.#silentFrames++;
    if (voice && this.#silentFrames > 10 && rise <= MARGIN) {
      voice = false;
      this.#silentFrames = 0;
    }
    if (voice) this.#silentFrames = 0;
    if (
      sat16(energy - MARGIN) < this.#meanNoiseEnergy &&
      this.#frame > MINIMUM_FRAMES &&
      !extended &&
      reflection < 19661 // 0.6
    ) {
      voice = false;
    }
    return voice;
  }

  /** Running means of the background (B.3.7), slower the longer they have run. */
  #updateMeans(energy: number, lowEnergy: number, crossings: number, lsf: Int16Array): void {
    this.#updates = Math.min(this.#updates + 1, MAX16);
    let stage = 0;
    while (this.#updates >= UPDATE_RATES[stage][0]) stage++;
    const rate = UPDATE_RATES[stage];
    this.#meanNoiseEnergy = mac(product(rate[1], this.#meanNoiseEnergy), rate[2], energy) >> 16;
    this.#meanLowEnergy = mac(product(rate[1], this.#meanLowEnergy), rate[2], lowEnergy) >> 16;
    this.#meanCrossings = mac(product(rate[3], this.#meanCrossings), rate[4], crossings) >> 16;
    for (let i = 0; i < ORDER; i++) {
      this.#meanLsf[i] = mac(product(rate[5], this.#meanLsf[i]), rate[6], lsf[i]) >> 16;
    }
  }
}

function smallest(v: Int16Array): number {
  let least = v[0];
  for (let i = 1; i < v.length; i++) if (v[i] < least) least = v[i];
  return least;
}

/** 10 log10 of an autocorrelation's mean per sample, in tenths, Q11. */
function decibels(r: number, exponent: number): number {
  const sum = mac(mul32By16(log2(r), 9864), 9864, exponent - 2); // log10(2), Q15
  return sat16((shl32(sum, 11) >> 16) - 4875);
}

/** The fourteen half planes of the multi-boundary decision (B.3.5), each with constants in the scale noted. */
function isVoice(dLow: number, dEnergy: number, distortion: number, dCrossings: number): boolean {
  const s = distortion * 65536;
  const e = dEnergy * 65536;
  const l = dLow * 65536;
  // Distortion against zero crossings, Q31.
  if (sat32((mac(product(dCrossings, -14680), 8192, -28521) >> 8) + s) > 0) return true;
  if (sat32((mac(product(dCrossings, 19065), 8192, -19446) >> 7) + s) > 0) return true;
  // Energy against zero crossings, Q27.
  if (sat32((mac(product(dCrossings, 20480), 8192, 16384) >> 2) + e) < 0) return true;
  if (sat32((mac(product(dCrossings, -16384), 8192, 19660) >> 2) + e) < 0) return true;
  if (mac(product(dEnergy, 32767), 1024, 30802) < 0) return true;
  // Energy against distortion, Q22; distortion alone, Q31.
  if (mac(mac(product(distortion, -28160), 64, 19988), dEnergy, 512) < 0) return true;
  if (msu(product(distortion, 32767), 32, 30199) > 0) return true;
  // Energy against zero crossings again, Q27.
  if (sat32((mac(product(dCrossings, -20480), 8192, 22938) >> 2) + e) < 0) return true;
  if (sat32((mac(product(dCrossings, 23831), 4096, 31576) >> 2) + e) < 0) return true;
  if (mac(product(dEnergy, 32767), 2048, 17367) < 0) return true;
  // Low band energy against distortion, Q20, and against energy, Q27 and Q26.
  if (mac(mac(product(distortion, -22400), 32, 25395), dLow, 256) < 0) return true;
  if (sat32(mac(product(dEnergy, -30427), 256, -29959) + l) > 0) return true;
  if (sat32(mac(product(dEnergy, -23406), 512, 28087) + l) < 0) return true;
  return mac(mac(product(dEnergy, 24576), 1024, 29491), dLow, 16384) < 0;
}
