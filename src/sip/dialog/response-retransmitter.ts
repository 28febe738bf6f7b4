/**
 * Repeats a response until its acknowledgement: what RFC 3261 leaves to the user agent server because it is end to
 * end. Used by calls for 2xx to INVITE (until ACK) and for reliable provisional responses (until PRACK).
 */
import type { Clock, Timer } from '../../base/clock.js';
import { type TimerValues, transactionTimeout } from '../transaction/timers.js';

export interface ResponseRetransmitterOptions {
  clock: Clock;
  timers: TimerValues;
  /** Sends the response again. */
  resend(): void;
  /** Nothing came within 64*T1. */
  onTimeout(): void;
}

abstract class ResponseRetransmitter {
  #interval: number;
  #elapsed = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly options: ResponseRetransmitterOptions,
    private readonly longestInterval: number,
  ) {
    this.#interval = options.timers.t1;
  }

  /** To be called when the response was sent for the first time. */
  start(): void {
    if (!this.#timer) this.#arm();
  }

  /** The acknowledgement has come, or nobody waits for it any more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const left = transactionTimeout(this.options.timers) - this.#elapsed;
    const delay = Math.min(this.#interval, left);
    this.#timer = this.options.clock.after(delay, () => {
      this.#elapsed += delay;
      if (delay === left) {
        this.options.onTimeout();
        return;
      }
      this.#interval = Math.min(this.#interval * 2, this.longestInterval);
      this.#arm();
      this.options.resend();
    });
  }
}

/** A 2xx to INVITE: T1, doubling up to T2, over every transport (RFC 3261 §13.3.1.4). */
export class AcceptRetransmitter extends ResponseRetransmitter {
  constructor(options: ResponseRetransmitterOptions) {
    super(options, options.timers.t2);
  }
}

/** A reliable provisional response: T1, doubling without bound (RFC 3262 §3). */
export class ProvisionalRetransmitter extends ResponseRetransmitter {
  constructor(options: ResponseRetransmitterOptions) {
    super(options, Number.POSITIVE_INFINITY);
  }
}
