/**
 * Tells speech from background noise for the Speex encoder, frame by frame: what is clearly above the lowest level of the
 * last seconds, and whatever has a pitch.
 */

/** Levels in dB of the effective value. Below the first nothing can be heard. */
const SILENCE_DB = 20;
const TONE_DB = 30;
/** Noise louder than this is left alone: it may be something that matters. */
const HIGHEST_FLOOR_DB = 55;
/** Above the floor by this is speech; with some pitch less is enough, with a clear one nothing is asked. */
const OVER_FLOOR_DB = 9;
const VOICED_OVER_FLOOR_DB = 4;
const VOICED = 0.6;
const CLEARLY_VOICED = 0.8;
/** Frames in either half of the time over which the floor is sought: 1.5 s. */
const HALF_WINDOW = 75;
/** Frames after speech that count as speech. */
const HANGOVER = 10;

export class VoiceActivity {
  /** Lowest levels of the current half window and of the one before. */
  #lowest = Number.POSITIVE_INFINITY;
  #lowestBefore = SILENCE_DB;
  #frames = 0;
  #hangover = 0;

  /** @param voicing 0 … 1, as OpenLoopPitch measures it */
  hasSpeech(signal: Float64Array, count: number, voicing: number): boolean {
    let energy = 1;
    for (let i = 0; i < count; i++) energy += signal[i] * signal[i];
    const level = Math.max(SILENCE_DB, 10 * Math.log10(energy / count));
    this.#lowest = Math.min(this.#lowest, level);
    const floor = Math.min(HIGHEST_FLOOR_DB, this.#lowest, this.#lowestBefore);
    if (++this.#frames === HALF_WINDOW) {
      this.#frames = 0;
      this.#lowestBefore = this.#lowest;
      this.#lowest = Number.POSITIVE_INFINITY;
    }
    const over = level - floor;
    const speech =
      over > OVER_FLOOR_DB ||
      (over > VOICED_OVER_FLOOR_DB && voicing > VOICED) ||
      (level > TONE_DB && voicing > CLEARLY_VOICED);
    this.#hangover = speech ? HANGOVER : Math.max(0, this.#hangover - 1);
    return speech || this.#hangover > 0;
  }

  reset(): void {
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#lowestBefore = SILENCE_DB;
    this.#frames = 0;
    this.#hangover = 0;
  }
}
