/** The application's end of a call's audio input: queues samples and feeds them into the ring as room comes up. */
import { SwitchhookError } from '../../base/errors.js';
import { isSampleRate, SAMPLE_RATES } from '../../dsp/sample-rates.js';
import type { PcmWriter } from '../types.js';
import { allocateRing, PcmPipe } from './pcm-ring.js';

/** The application's thread may stall for this long without a gap, if it is ahead. */
const RING_SECONDS = 2;
const MAX_WAITING_SECONDS = 60;

interface Waiting {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  taken: number;
  readonly done: (whole: boolean) => void;
}

export interface PcmWriterPort {
  /** Hands a new ring to the core; the one before has ended. */
  openInput(ring: SharedArrayBuffer, sampleRate: number): void;
  clearInput(): void;
}

export class SessionPcmWriter implements PcmWriter {
  readonly #port: PcmWriterPort;
  readonly #waiting: Waiting[] = [];
  #waitingSeconds = 0;
  #pipe: PcmPipe | undefined;
  #sampleRate = 0;
  #closed = false;

  constructor(port: PcmWriterPort) {
    this.#port = port;
  }

  write(samples: Int16Array, sampleRate: number): true | Promise<boolean> {
    if (!isSampleRate(sampleRate)) throw unsupportedRate(sampleRate);
    if (this.#closed) return Promise.resolve(false);
    const taken = this.#waiting.length === 0 ? this.#feed(samples, 0, sampleRate) : 0;
    if (taken === samples.length) return true;
    const seconds = (samples.length - taken) / sampleRate;
    if (this.#waitingSeconds + seconds > MAX_WAITING_SECONDS) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `more than ${MAX_WAITING_SECONDS} s of audio wait to be sent; await write()`,
      });
    }
    this.#waitingSeconds += seconds;
    return new Promise((done) => {
      // A copy: the application may use its buffer again.
      this.#waiting.push({ samples: samples.slice(taken), sampleRate, taken: 0, done });
      this.onRoom();
    });
  }

  clear(): void {
    this.#drop();
    if (!this.#closed) this.#port.clearInput();
  }

  /** The session is over. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** There is room in the ring. */
  onRoom(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const taken = this.#feed(first.samples, first.taken, first.sampleRate);
      first.taken += taken;
      this.#waitingSeconds = Math.max(0, this.#waitingSeconds - taken / first.sampleRate);
      if (first.taken < first.samples.length) return;
      this.#waiting.shift();
      first.done(true);
    }
  }

  #drop(): void {
    for (const { done } of this.#waiting.splice(0)) done(false);
    this.#waitingSeconds = 0;
  }

  /** @returns samples taken; when fewer than there are, the core will call for more */
  #feed(samples: Int16Array, offset: number, sampleRate: number): number {
    let pipe = this.#pipe;
    if (!pipe || this.#sampleRate !== sampleRate) {
      pipe?.end();
      pipe = new PcmPipe(allocateRing(sampleRate * RING_SECONDS));
      this.#pipe = pipe;
      this.#sampleRate = sampleRate;
      this.#port.openInput(pipe.buffer, sampleRate);
    }
    let taken = pipe.write(samples, offset, samples.length - offset);
    if (offset + taken === samples.length) return taken;
    pipe.raiseWaiting();
    // The reader may have made room between the two.
    taken += pipe.write(samples, offset + taken, samples.length - offset - taken);
    return taken;
  }
}

export function unsupportedRate(sampleRate: number): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `sampleRate ${sampleRate} is none of ${SAMPLE_RATES.join(', ')}`,
  });
}
