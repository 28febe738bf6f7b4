/**
 * Who speaks in a conference: the loudest of those who speak, held until somebody else speaks clearly louder for a
 * while, so that coughs and overlaps do not make it flicker. Used by the conference mixer once per frame.
 */

/** Somebody else must lead for this long … */
const TAKE_OVER_MS = 300;
/** … by this much, dB, while the present speaker goes on. */
const LEAD_DB = 6;
/** After this much silence anybody who speaks takes over. */
const RELEASE_MS = 400;
/** Who speaks for this long counts. */
const ONSET_MS = 60;

export interface Speaker {
  readonly speaking: boolean;
  /** Smoothed level, dBov. */
  readonly loudnessDbov: number;
}

export class ActiveSpeaker<T extends Speaker> {
  #current: T | undefined;
  #candidate: T | undefined;
  #candidateMs = 0;
  #silentMs = 0;

  /** Who speaks, or spoke last; undefined until somebody did. */
  get current(): T | undefined {
    return this.#current;
  }

  /** One of the speakers has left. */
  forget(speaker: T): void {
    if (this.#current === speaker) this.#current = undefined;
    if (this.#candidate === speaker) this.#candidate = undefined;
  }

  /** @returns true when another one speaks now */
  update(speakers: readonly T[], frameMs: number): boolean {
    let loudest: T | undefined;
    for (let i = 0; i < speakers.length; i++) {
      const speaker = speakers[i];
      if (speaker.speaking && (!loudest || speaker.loudnessDbov > loudest.loudnessDbov)) loudest = speaker;
    }
    const current = this.#current;
    this.#silentMs = current?.speaking ? 0 : this.#silentMs + frameMs;
    if (!loudest || loudest === current) {
      this.#candidate = undefined;
      return false;
    }
    const free = !current || this.#silentMs >= RELEASE_MS;
    if (!free && current.speaking && loudest.loudnessDbov < current.loudnessDbov + LEAD_DB) {
      this.#candidate = undefined;
      return false;
    }
    this.#candidateMs = loudest === this.#candidate ? this.#candidateMs + frameMs : frameMs;
    this.#candidate = loudest;
    if (this.#candidateMs < (free ? ONSET_MS : TAKE_OVER_MS)) return false;
    this.#current = loudest;
    this.#candidate = undefined;
    this.#silentMs = 0;
    return true;
  }
}
