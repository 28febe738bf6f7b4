/**
 * The simplest remedy against echo: while the far end speaks the microphone is made softer, unless what it hears is
 * clearly louder than any echo would be. No model of the room, hardly any work, half duplex. Used where asked for, and
 * where the echo canceller cannot be loaded.
 */
import type { EchoSuppressor } from './echo-canceller.js';
import { Gain } from './gain.js';
import { LevelMeter } from './level.js';

/** The far end is heard above this, dBov. */
const FAR_SPEAKS_DBOV = -45;
/** An echo is softer than what the speaker says by at least this, dB: louder is somebody speaking. */
const LOUDER_DB = 3;
/** -24 dB. */
const DUCKED = 0.063;
/** The room goes on sounding, and the devices are late, for this long. */
const HANGOVER_MS = 250;
const FRAME_MS = 10;

export class EchoDucker implements EchoSuppressor {
  readonly #far: LevelMeter;
  readonly #near: LevelMeter;
  readonly #gain: Gain;
  #hangoverMs = 0;
  #farDbov = FAR_SPEAKS_DBOV;
  #extraMs = 0;

  constructor(sampleRate: number) {
    this.#far = new LevelMeter(sampleRate);
    this.#near = new LevelMeter(sampleRate);
    this.#gain = new Gain(sampleRate);
  }

  set delayMs(ms: number) {
    this.#extraMs = Math.max(0, ms);
  }

  process(near: Int16Array, far: Int16Array): void {
    this.#far.push(far, 0, far.length);
    this.#near.push(near, 0, near.length);
    if (this.#far.dbov > FAR_SPEAKS_DBOV) {
      this.#hangoverMs = HANGOVER_MS + this.#extraMs;
      this.#farDbov = this.#far.dbov;
    } else this.#hangoverMs -= FRAME_MS;
    const echo = this.#hangoverMs > 0 && this.#near.dbov < this.#farDbov + LOUDER_DB;
    this.#gain.set(echo ? DUCKED : 1);
    this.#gain.process(near, 0, near.length);
  }

  close(): void {}
}
