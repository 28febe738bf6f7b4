/** The application's end of a call's audio output: 20 ms frames out of the ring, one loop at a time. */
import type { AudioFrame, PcmReader } from '../types.js';
import { allocateRing, PcmTape } from './pcm-ring.js';

const FRAMES_PER_SECOND = 50;
/** The tape keeps half of its capacity for a reader that is late. */
const RING_SECONDS = 4;

export class SessionPcmReader implements PcmReader {
  readonly ring: SharedArrayBuffer;
  readonly #tape: PcmTape;
  readonly #sampleRate: number;
  readonly #onClose: () => void;
  #position = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(sampleRate: number, onClose: () => void) {
    this.ring = allocateRing(sampleRate * RING_SECONDS);
    this.#tape = new PcmTape(this.ring);
    this.#sampleRate = sampleRate;
    this.#onClose = onClose;
  }

  get dropped(): number {
    return Math.round((this.#tape.missed * FRAMES_PER_SECOND) / this.#sampleRate);
  }

  /** There is something in the ring, or it has ended. */
  onReady(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onReady();
    this.#onClose();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AudioFrame, void, void> {
    try {
      while (!this.#closed) {
        const frame = this.#read();
        if (frame) {
          yield frame;
          continue;
        }
        if (this.#tape.ended) return;
        await this.#ready();
      }
    } finally {
      this.close();
    }
  }

  #ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#tape.raiseWaiting();
      // What came in between has told nobody.
      if (this.#tape.readable(this.#sampleRate / FRAMES_PER_SECOND) || this.#tape.ended) this.onReady();
    });
  }

  #read(): AudioFrame | undefined {
    const samples = new Int16Array(this.#sampleRate / FRAMES_PER_SECOND);
    const missed = this.#tape.missed;
    if (!this.#tape.read(samples, 0, samples.length)) return undefined;
    this.#position += this.#tape.missed - missed;
    const timeMs = (this.#position * 1000) / this.#sampleRate;
    this.#position += samples.length;
    return { samples, timeMs };
  }
}
