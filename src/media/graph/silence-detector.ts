/**
 * Tells when an outgoing signal may be suppressed, by voice activity over the background and by level: what is not
 * quiet is never taken for background, since a steady tone is none. Used by the send path with comfort noise.
 */
import { levelDbov } from '../../dsp/level.js';
import { Vad } from '../../dsp/vad.js';

/** Below this nobody speaks. */
const QUIET_DBOV = -50;
/** Above this it is no background, however steady. */
const LOUD_DBOV = -35;
/** Word endings and short pauses are sent. */
const HANGOVER_MS = 300;

export class SilenceDetector {
  #vad: Vad | undefined;
  #sampleRate = 0;
  #quietMs = 0;

  /** @returns true when the frame belongs to a pause */
  push(pcm: Int16Array, count: number, sampleRate: number): boolean {
    if (sampleRate !== this.#sampleRate) {
      this.#sampleRate = sampleRate;
      this.#vad = new Vad(sampleRate, { hangoverMs: HANGOVER_MS, minDbov: QUIET_DBOV });
    }
    this.#vad?.push(pcm, 0, count);
    const level = levelDbov(pcm, 0, count);
    const background = level < LOUD_DBOV && this.#vad?.speaking === false;
    if (level > QUIET_DBOV && !background) {
      this.#quietMs = 0;
      return false;
    }
    this.#quietMs += (count * 1000) / sampleRate;
    return this.#quietMs > HANGOVER_MS;
  }
}
