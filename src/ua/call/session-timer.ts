/**
 * Session timers (RFC 4028): a call whose peer vanished without BYE ends by itself. The call's INVITE, re-INVITE and
 * UPDATE handling feeds it with what was agreed; it asks for a refresh or declares the session dead.
 *
 *     off ──agree(we refresh)──► refreshing ──half the interval──► onRefresh ──agree──► …
 *                                                                     └─failed─► onRefresh again, as time allows
 *     off ──agree(peer refreshes)──► watching ──interval − min(32, interval/3)──► onExpired
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { SipMessage, SipRequest, SipResponse } from '../../sip/index.js';
import { lenient } from '../lenient.js';

/** RFC 4028 §4: the smallest interval anyone may ask for, in seconds. */
export const ABSOLUTE_MIN_SE = 90;

/** With less than twice this left a failed refresh is not tried again. */
const SHORTEST_RETRY_MS = 2000;

export interface SessionTimerOptions {
  /** Interval to ask for, in seconds; 0 turns session timers off. Default 1800. */
  interval: number;
  /** Smallest interval we accept, in seconds (at least 90). */
  minimum: number;
}

/**
 * RFC 4028 §9: the Min-SE to put into a 422 when a request asks for too short an interval.
 * @throws ERR_SIP_PARSE for headers that could not be read when the request is accepted: too late for a 400
 */
export function tooShortSession(request: SipRequest, options: SessionTimerOptions): number | undefined {
  void request.minSe;
  const knowsTimers = request.supported.includes('timer');
  const asked = request.sessionExpires?.delta;
  const minimum = Math.max(ABSOLUTE_MIN_SE, options.minimum);
  return knowsTimers && asked !== undefined && asked < minimum ? minimum : undefined;
}

export class SessionTimer {
  readonly #clock: Clock;
  readonly #options: SessionTimerOptions;
  readonly #onRefresh: () => Promise<void>;
  readonly #onExpired: () => void;
  #timer: Timer | undefined;
  #retry: Timer | undefined;
  #interval = 0;
  #weRefresh = false;
  /** Raised by 422 (RFC 4028 §7.3). */
  #minimum: number;

  /**
   * @param onRefresh sends the refresh; rejects when it came to nothing
   * @param onExpired the peer is gone
   */
  constructor(
    clock: Clock,
    options: SessionTimerOptions,
    onRefresh: () => Promise<void>,
    onExpired: () => void,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#minimum = Math.max(ABSOLUTE_MIN_SE, options.minimum);
    this.#onRefresh = onRefresh;
    this.#onExpired = onExpired;
  }

  /** The interval in force in seconds; 0 when there is none. */
  get interval(): number {
    return this.#interval;
  }

  /** Puts our wish into an INVITE or UPDATE (RFC 4028 §7.1). */
  propose(request: SipRequest): void {
    if (this.#options.interval === 0) return;
    const interval = this.#interval || Math.max(this.#options.interval, this.#minimum);
    const refresher = this.#interval ? `;refresher=${this.#weRefresh ? 'uac' : 'uas'}` : '';
    request.set('Session-Expires', `${interval}${refresher}`);
    if (this.#minimum > ABSOLUTE_MIN_SE) request.set('Min-SE', this.#minimum);
  }

  /** RFC 4028 §7.3: after a 422, true when the request can be tried again with a longer interval. */
  raise(response: SipResponse): boolean {
    const minimum = lenient(() => response.minSe, undefined);
    if (minimum === undefined || minimum <= this.#minimum || minimum > 86_400) return false;
    this.#minimum = minimum;
    if (this.#interval) this.#interval = Math.max(this.#interval, minimum);
    return true;
  }

  /** As {@link tooShortSession}. */
  refusal(request: SipRequest): number | undefined {
    return tooShortSession(request, this.#options);
  }

  /** As UAS of `request`: settles the timer in our 2xx and starts it (RFC 4028 §9, table 2). */
  accept(request: SipRequest, response: SipResponse): void {
    const peerSupports = request.supported.includes('timer');
    const asked = request.sessionExpires;
    if (this.#options.interval === 0 && !asked) return this.stop();
    const ours = this.#options.interval || asked?.delta || 0;
    const wanted = Math.max(request.minSe ?? 0, this.#minimum, Math.min(asked?.delta ?? ours, ours));
    // RFC 4028 §9: never longer than the caller asked for.
    const interval = asked ? Math.min(wanted, Math.max(asked.delta, ABSOLUTE_MIN_SE)) : wanted;
    const refresher = peerSupports ? (asked?.refresher ?? 'uac') : 'uas';
    response.set('Session-Expires', `${interval};refresher=${refresher}`);
    if (refresher === 'uac') response.add('Require', 'timer');
    this.#start(interval, refresher === 'uas');
  }

  /** As UAC: takes what the 2xx says (RFC 4028 §7.2). */
  agreed(response: SipMessage): void {
    const settled = lenient(() => response.sessionExpires, undefined);
    if (!settled) {
      this.stop();
      return;
    }
    this.#start(Math.max(settled.delta, ABSOLUTE_MIN_SE), settled.refresher !== 'uas');
  }

  stop(): void {
    this.#timer?.cancel();
    this.#retry?.cancel();
    this.#interval = 0;
  }

  #start(interval: number, weRefresh: boolean): void {
    this.stop();
    this.#interval = interval;
    this.#weRefresh = weRefresh;
    // RFC 4028 §10: the one who does not refresh gives up a little before the interval is over. So does the one whose
    // refreshes all come to nothing.
    const seconds = interval - Math.min(32, interval / 3);
    this.#timer = this.#clock.after(seconds * 1000, () => this.#onExpired());
    if (weRefresh) this.#refreshAfter((interval * 1000) / 2, seconds * 1000);
  }

  /** @param left until the session is over; both in ms */
  #refreshAfter(delay: number, left: number): void {
    this.#retry = this.#clock.after(delay, () => {
      const started = this.#clock.now();
      this.#onRefresh().catch(() => {
        const rest = left - delay - (this.#clock.now() - started);
        if (this.#timer?.active && rest > SHORTEST_RETRY_MS) this.#refreshAfter(rest / 2, rest);
      });
    });
  }
}
