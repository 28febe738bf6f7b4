/** Digits waiting to be sent on a call, and whom to tell when they have been. Polled by the call stream. */
import { SwitchhookError } from '../../base/errors.js';
import { eventOfDigit } from '../../rtp/telephone-event.js';
import type { TelephoneEventSender } from '../../rtp/telephone-event-sender.js';
import type { DtmfSendOptions } from '../types.js';
import type { SendPath } from './send-path.js';

const DURATION_MS = 100;
const GAP_MS = 60;
/** As modems and dial strings have it. */
const COMMA_MS = 500;
/** Q.24: digits below 40 ms need not be recognised; events beyond 8 s are no key presses. */
const MIN_DURATION_MS = 40;
const MAX_DURATION_MS = 8000;

interface Waiting {
  /** Value of `completed` when the last digit is out. */
  readonly target: number;
  readonly done: (error?: SwitchhookError) => void;
}

export class DtmfQueue {
  readonly #sent: SendPath;
  readonly #waiting: Waiting[] = [];
  #sender: TelephoneEventSender | undefined;
  #queued = 0;

  constructor(sent: SendPath) {
    this.#sent = sent;
  }

  /** @param done called once, when the last digit has been sent or will never be */
  send(digits: string, options: DtmfSendOptions, done: (error?: SwitchhookError) => void): void {
    const sender = this.#sent.events;
    if (!sender) return done(invalid('the peer takes no telephone-events'));
    for (const digit of digits) {
      if (digit !== ',' && eventOfDigit(digit) === undefined)
        return done(invalid(`'${digit}' is no DTMF digit`));
    }
    const durationMs = clamp(options.durationMs ?? DURATION_MS, MIN_DURATION_MS, MAX_DURATION_MS);
    const gapMs = clamp(options.gapMs ?? GAP_MS, 0, MAX_DURATION_MS);
    for (const digit of digits) {
      const event = eventOfDigit(digit);
      const taken =
        event === undefined ? sender.enqueuePause(COMMA_MS) : sender.enqueue(event, durationMs, gapMs);
      if (!taken) return done(invalid('too many DTMF digits are waiting'));
      if (event !== undefined) this.#queued++;
    }
    this.#waiting.push({ target: this.#queued, done });
  }

  /** Once per tick. */
  check(): void {
    if (this.#waiting.length === 0) return;
    const sender = this.#sender;
    const completed = sender?.completed ?? 0;
    while (this.#waiting.length > 0 && (completed >= this.#waiting[0].target || !sender?.busy)) {
      this.#waiting.shift()?.done();
    }
  }

  /** The sender may be another one now; what the old one had queued is lost. */
  onConfigured(): void {
    if (this.#sent.events === this.#sender) return;
    this.#sender = this.#sent.events;
    this.#queued = this.#sender?.completed ?? 0;
    this.#fail(invalid('the peer takes no telephone-events any more'));
  }

  close(): void {
    this.#fail(new SwitchhookError('ERR_CLOSED', { what: 'the media session' }));
  }

  #fail(error: SwitchhookError): void {
    for (const { done } of this.#waiting.splice(0)) done(error);
  }
}

function invalid(what: string): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
