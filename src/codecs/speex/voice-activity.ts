/** Tells speech from background noise for the Speex encoder, frame by frame. */

/** Levels in dB of the effective value. */
const SILENCE_DB = 20;
/** Above the floor by this is speech; with pitch less is enough. */
const OVER_FLOOR_DB = 8;
const VOICED_OVER_FLOOR_DB = 4;
const VOICED = 0.6;
/** The floor follows falling levels at once and rising ones slowly, faster in what is taken for noise. */
const RISE_DB = 0.02;
const NOISE_RISE_DB = 0.2;
const HIGHEST_FLOOR_DB = 55;
/** Frames after speech that count as speech. */
const HANGOVER = 10;

export class VoiceActivity {
  #floor = SILENCE_DB;
  #hangover = 0;

  hasSpeech(signal: Float64Array, count: number, voicing: number): boolean {
    let energy = 1;
    for (let i = 0; i < count; i++) energy += signal[i] * signal[i];
    const level = Math.max(SILENCE_DB, 10 * Math.log10(energy / count));
    const over = level - this.#floor;
    const speech = over > OVER_FLOOR_DB || (over > VOICED_OVER_FLOOR_DB && voicing > VOICED);
    this.#floor = Math.min(HIGHEST_FLOOR_DB, level, this.#floor + (speech ? RISE_DB : NOISE_RISE_DB));
    this.#hangover = speech ? HANGOVER : Math.max(0, this.#hangover - 1);
    return speech || this.#hangover > 0;
  }

  reset(): void {
    this.#floor = SILENCE_DB;
    this.#hangover = 0;
  }
}
