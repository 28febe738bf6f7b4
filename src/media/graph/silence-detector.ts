/** Tells when an outgoing signal may be suppressed: quiet for a while, by level alone. Used by the send path with CN. */
import { levelDbov } from '../../dsp/level.js';

/** Below this nobody speaks. */
const QUIET_DBOV = -50;
/** Word endings and short pauses are sent. */
const HANGOVER_MS = 300;

export class SilenceDetector {
  #quietMs = 0;

  /** @returns true when the frame belongs to a pause */
  push(pcm: Int16Array, count: number, durationMs: number): boolean {
    if (levelDbov(pcm, 0, count) > QUIET_DBOV) {
      this.#quietMs = 0;
      return false;
    }
    this.#quietMs += durationMs;
    return this.#quietMs > HANGOVER_MS;
  }

  reset(): void {
    this.#quietMs = 0;
  }
}
