/**
 * Waveform substitution for codecs whose standard has no packet loss concealment of its own (G.711, G.722, L16):
 * the last pitch periods are repeated and faded out, after ITU-T G.711 Appendix I. A decoder calls `remember` for each
 * frame it decodes and `conceal` for each one it misses. Unlike the Appendix it adds no delay: what was already played
 * cannot be blended any more, so the seam at the start of a loss is smoothed on the concealed side alone.
 */
import { saturate16 } from './saturate.js';

/** Pitch search range: 300 Hz to 66 Hz. The Appendix stops at 200 Hz, which many voices exceed. */
const MIN_PITCH_MS = 3.3;
const MAX_PITCH_MS = 15;
/**
 * Length of the stretch that is compared in the pitch search. The Appendix takes 20 ms; where the pitch glides, a
 * shorter one finds the period that is now (1 dB nearer to the lost speech in our speech samples).
 */
const CORRELATION_MS = 12;
/** Three longest periods and a quarter of one for the overlap. */
const HISTORY_MS = 3.25 * MAX_PITCH_MS;
/** The coarse pitch search runs at about this rate. */
const COARSE_RATE = 4000;
/** Step of the concealment: a period more is repeated and 20 % of the level lost every 10 ms. */
const STEP_MS = 10;
const LOSS_PER_STEP = 0.2;
const MAX_PERIODS = 3;
/** Overlap with the first good frame grows by 4 ms per step of loss, up to 10 ms. */
const MERGE_GROWTH_MS = 4;
const MAX_MERGE_MS = 10;

export class WaveformConcealer {
  /** Samples in 10 ms. */
  readonly #step: number;
  readonly #minPitch: number;
  readonly #maxPitch: number;
  readonly #window: number;
  readonly #decimation: number;
  /** The last samples that were played, newest last. */
  readonly #history: Int16Array;
  /** The history as it stood when the loss began; the last quarter period is blended to loop smoothly. */
  readonly #cycle: Float32Array;
  /** The last quarter period before it was blended. */
  readonly #tail: Float32Array;
  /** A signal that is left behind while another one is faded in. */
  readonly #fade: Float32Array;
  #fadeLength = 0;
  #fadeAt = 0;
  #pitch = 0;
  #quarter = 0;
  #periods = 0;
  /** Read position within the repeated periods. */
  #position = 0;
  /** Samples concealed since the last good frame; 0 = no loss. */
  #elapsed = 0;

  /** @param sampleRate of the PCM in Hz */
  constructor(sampleRate: number) {
    const samples = (ms: number): number => Math.round((sampleRate * ms) / 1000);
    this.#step = samples(STEP_MS);
    this.#minPitch = samples(MIN_PITCH_MS);
    this.#maxPitch = samples(MAX_PITCH_MS);
    this.#window = samples(CORRELATION_MS);
    this.#decimation = Math.max(1, Math.round(sampleRate / COARSE_RATE));
    const size = samples(HISTORY_MS) + 1;
    this.#history = new Int16Array(size);
    this.#cycle = new Float32Array(size);
    this.#tail = new Float32Array((this.#maxPitch >> 2) + 1);
    this.#fade = new Float32Array((this.#maxPitch >> 2) + 1);
  }

  reset(): void {
    this.#history.fill(0);
    this.#elapsed = 0;
  }

  /** Takes note of a decoded frame. The first one after a loss has its beginning blended with the concealment. */
  remember(pcm: Int16Array, offset: number, count: number): void {
    if (count <= 0) return;
    if (this.#elapsed > 0) this.#merge(pcm, offset, count);
    this.#append(pcm, offset, count);
  }

  /** Writes `count` samples in place of lost ones; silent after 60 ms of loss. */
  conceal(out: Int16Array, offset: number, count: number): void {
    if (count <= 0) return;
    if (this.#elapsed === 0) this.#begin();
    const end = offset + count;
    for (let i = offset; i < end; i++) out[i] = this.#next();
    this.#append(out, offset, count);
  }

  #append(pcm: Int16Array, offset: number, count: number): void {
    const history = this.#history;
    const size = history.length;
    const kept = Math.max(0, size - count);
    history.copyWithin(0, size - kept);
    for (let i = kept, from = offset + count - (size - kept); i < size; i++) history[i] = pcm[from++];
  }

  #merge(pcm: Int16Array, offset: number, count: number): void {
    const steps = Math.floor((this.#elapsed - 1) / this.#step);
    const growth = Math.round((this.#step * MERGE_GROWTH_MS) / STEP_MS);
    const limit = Math.round((this.#step * MAX_MERGE_MS) / STEP_MS);
    const length = Math.min(this.#quarter + steps * growth, limit, count);
    for (let i = 0; i < length; i++) {
      const weight = (i + 1) / (length + 1);
      const old = this.#next();
      pcm[offset + i] = Math.round(old + (pcm[offset + i] - old) * weight);
    }
    this.#elapsed = 0;
  }

  /** Starts a loss: finds the pitch and joins the repeated period to the last sample played. */
  #begin(): void {
    const history = this.#history;
    const size = history.length;
    const cycle = this.#cycle;
    cycle.set(history);
    this.#pitch = this.#findPitch();
    this.#quarter = this.#pitch >> 2;
    for (let i = 0; i < this.#quarter; i++) this.#tail[i] = cycle[size - this.#quarter + i];
    const jump = history[size - 1] - history[size - 1 - this.#pitch];
    this.#repeat(1);
    this.#position = 0;
    this.#fadeLength = this.#quarter;
    this.#fadeAt = 0;
    for (let i = 0; i < this.#quarter; i++) this.#fade[i] = cycle[size - this.#pitch + i] + jump;
  }

  /** Makes the last `periods` periods loop: their end is blended into what came before their beginning. */
  #repeat(periods: number): void {
    this.#periods = periods;
    const quarter = this.#quarter;
    const end = this.#cycle.length - quarter;
    const before = this.#cycle.length - periods * this.#pitch - quarter;
    for (let i = 0; i < quarter; i++) {
      const weight = (i + 1) / (quarter + 1);
      this.#cycle[end + i] = this.#tail[i] * (1 - weight) + this.#cycle[before + i] * weight;
    }
  }

  /** Repeats one period more, from the same phase, so that long losses do not sound like a tone. */
  #addPeriod(): void {
    const from = this.#position;
    for (let i = 0; i < this.#quarter; i++) this.#fade[i] = this.#read();
    this.#fadeLength = this.#quarter;
    this.#fadeAt = 0;
    this.#repeat(this.#periods + 1);
    this.#position = from % this.#pitch;
  }

  #read(): number {
    const length = this.#periods * this.#pitch;
    const value = this.#cycle[this.#cycle.length - length + this.#position];
    if (++this.#position === length) this.#position = 0;
    return value;
  }

  #next(): number {
    const elapsed = this.#elapsed++;
    const steps = elapsed / this.#step;
    const gain = steps <= 1 ? 1 : 1 - (steps - 1) * LOSS_PER_STEP;
    if (gain <= 0) return 0;
    if (elapsed > 0 && elapsed % this.#step === 0 && this.#periods < MAX_PERIODS) this.#addPeriod();
    let value = this.#read();
    if (this.#fadeAt < this.#fadeLength) {
      const weight = (this.#fadeAt + 1) / (this.#fadeLength + 1);
      value = value * weight + this.#fade[this.#fadeAt++] * (1 - weight);
    }
    value = Math.round(value * gain);
    return saturate16(value);
  }

  /** The lag with the best normalised correlation: coarse over decimated samples, then refined around the best. */
  #findPitch(): number {
    const step = this.#decimation;
    let best = this.#maxPitch;
    let bestScore = 0;
    for (let lag = this.#minPitch; lag <= this.#maxPitch; lag += step) {
      const score = this.#correlation(lag, step);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    if (step === 1 || bestScore === 0) return best;
    const from = Math.max(this.#minPitch, best - step + 1);
    const to = Math.min(this.#maxPitch, best + step - 1);
    bestScore = 0;
    // The refinement looks at every second sample of wideband audio: enough for the lag, at half the price.
    const fine = Math.max(1, step >> 1);
    for (let lag = from; lag <= to; lag++) {
      const score = this.#correlation(lag, fine);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    return best;
  }

  #correlation(lag: number, step: number): number {
    const history = this.#history;
    let product = 0;
    let energy = 0;
    for (let i = history.length - this.#window; i < history.length; i += step) {
      const old = history[i - lag];
      product += history[i] * old;
      energy += old * old;
    }
    return product <= 0 ? 0 : product / Math.sqrt(energy + 1);
  }
}
