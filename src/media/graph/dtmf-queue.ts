/**
 * Digits waiting to be sent on a call, as telephone-events or as tones, and whom to tell when they have been. Polled by
 * the call stream.
 */
import { SwitchhookError } from '../../base/errors.js';
import { dtmfFrequencies } from '../../dsp/tone.js';
import { eventOfDigit } from '../../rtp/telephone-event.js';
import type { TelephoneEventSender } from '../../rtp/telephone-event-sender.js';
import type { DtmfSendOptions } from '../types.js';
import type { InbandDialer } from './inband-dialer.js';
import type { SendPath } from './send-path.js';

const DURATION_MS = 100;
const GAP_MS = 60;
/** As modems and dial strings have it. */
const COMMA_MS = 500;
/** Q.24: digits below 40 ms need not be recognised; events beyond 8 s are no key presses. */
const MIN_DURATION_MS = 40;
const MAX_DURATION_MS = 8000;

type Lane = TelephoneEventSender | InbandDialer;

interface Waiting {
  readonly lane: Lane;
  /** Value of `completed` when the last digit is out. */
  readonly target: number;
  readonly done: (error?: SwitchhookError) => void;
}

export class DtmfQueue {
  readonly #sent: SendPath;
  readonly #dialer: InbandDialer;
  #waiting: Waiting[] = [];
  #sender: TelephoneEventSender | undefined;
  /** Digits given to each lane. */
  #events = 0;
  #tones = 0;

  constructor(sent: SendPath, dialer: InbandDialer) {
    this.#sent = sent;
    this.#dialer = dialer;
  }

  /** @param done called once, when the last digit has been sent or will never be */
  send(digits: string, options: DtmfSendOptions, done: (error?: SwitchhookError) => void): void {
    const inband = options.method === 'inband';
    const lane = inband ? this.#dialer : this.#sent.events;
    if (!lane) return done(invalid('the peer takes no telephone-events'));
    for (const digit of digits) {
      const known = inband ? dtmfFrequencies(digit) : eventOfDigit(digit);
      if (digit !== ',' && known === undefined) return done(invalid(`'${digit}' is no DTMF digit`));
    }
    const durationMs = clamp(options.durationMs ?? DURATION_MS, MIN_DURATION_MS, MAX_DURATION_MS);
    const gapMs = clamp(options.gapMs ?? GAP_MS, 0, MAX_DURATION_MS);
    for (const digit of digits) {
      const event = eventOfDigit(digit);
      const taken =
        event === undefined ? lane.enqueuePause(COMMA_MS) : lane.enqueue(event, durationMs, gapMs);
      if (!taken) return done(invalid('too many DTMF digits are waiting'));
      if (event === undefined) continue;
      if (inband) this.#tones++;
      else this.#events++;
    }
    this.#waiting.push({ lane, target: inband ? this.#tones : this.#events, done });
  }

  /** Once per tick. */
  check(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ lane, target }) => lane.completed >= target || !lane.busy);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { done } of ready) done();
  }

  /** The sender may be another one now; what the old one had queued is lost. */
  onConfigured(): void {
    if (this.#sent.events === this.#sender) return;
    const lost = this.#waiting.filter(({ lane }) => lane === this.#sender);
    this.#sender = this.#sent.events;
    this.#events = this.#sender?.completed ?? 0;
    this.#waiting = this.#waiting.filter((waiting) => !lost.includes(waiting));
    for (const { done } of lost) done(invalid('the peer takes no telephone-events any more'));
  }

  close(): void {
    this.#dialer.clear();
    const error = new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
    for (const { done } of this.#waiting.splice(0)) done(error);
  }
}

function invalid(what: string): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
