/**
 * Turns received telephone-event packets into one start and one end per event (RFC 4733 §2.5.2), whatever is lost,
 * doubled or reordered on the way. Events are told apart by their RTP timestamp. The session's sink feeds it and the
 * media clock polls it for time-outs; it never looks at the time itself. A change of source is nothing to it: the rest
 * of an event may come under another SSRC, and the chance that timestamps of two sources meet is nil.
 *
 *   none ──packet──▶ open ──E bit, a later event, or no packet for CLOSE_AFTER_MS──▶ closed (remembered)
 */
import { timestampDelta } from './sequence.js';
import { MAX_EVENT_DURATION, TELEPHONE_EVENT_LENGTH } from './telephone-event.js';

export interface TelephoneEventHandler {
  /** The first packet of an event came. */
  onEventStart(event: number, volume: number): void;
  /** The event is over; `durationMs` as far as the packets told. Follows its start exactly once. */
  onEventEnd(event: number, durationMs: number): void;
}

/** An event without news for this long is over: its end packets were lost. Updates come every 20–50 ms. */
const CLOSE_AFTER_MS = 250;
/** An older timestamp this near, in seconds, belongs to an earlier event; a farther one to a restarted clock. */
const OVERTAKEN_S = 10;
/** In seconds: a segment that has no room for one more packet is full. */
const LONGEST_PACKET_S = 0.06;
/** Timestamps of past events remembered. */
const HISTORY = 32;

export class TelephoneEventReceiver {
  readonly #handler: TelephoneEventHandler;
  readonly #history = new Float64Array(HISTORY).fill(-1);
  #historyNext = 0;

  /** The newest event, open or closed; -1 before the first. */
  #event = -1;
  #open = false;
  /** Closed by its E bit. */
  #ended = false;
  /** Timestamp of the segment last reported. */
  #segment = 0;
  /** Duration of the segments before it, and the longest reported of this one, timestamp units. */
  #before = 0;
  #duration = 0;
  #clockRate = 8000;
  #lastMs = 0;

  constructor(handler: TelephoneEventHandler) {
    this.#handler = handler;
  }

  /** True while an event is open: the sender is in a tone. */
  get active(): boolean {
    return this.#open;
  }

  /**
   * Takes one packet of a telephone-event payload type.
   * @param clockRate of that payload type, Hz
   * @returns false when the payload is malformed
   */
  accept(
    data: Uint8Array,
    offset: number,
    length: number,
    timestamp: number,
    marker: boolean,
    clockRate: number,
    nowMs: number,
  ): boolean {
    if (length < TELEPHONE_EVENT_LENGTH || length % TELEPHONE_EVENT_LENGTH !== 0) return false;
    // Several blocks in one packet follow each other in time (§2.5.1.5).
    for (let at = offset; at < offset + length; at += TELEPHONE_EVENT_LENGTH) {
      const flags = data[at + 1];
      const duration = (data[at + 2] << 8) | data[at + 3];
      this.#block(
        data[at],
        (flags & 0x80) !== 0,
        flags & 0x3f,
        duration,
        timestamp,
        marker,
        clockRate,
        nowMs,
      );
      timestamp = (timestamp + duration) >>> 0;
    }
    return true;
  }

  /** Closes an event whose end was lost. */
  poll(nowMs: number): void {
    if (this.#open && nowMs - this.#lastMs >= CLOSE_AFTER_MS) this.#close();
  }

  #block(
    event: number,
    end: boolean,
    volume: number,
    duration: number,
    timestamp: number,
    marker: boolean,
    clockRate: number,
    nowMs: number,
  ): void {
    if (this.#event >= 0 && timestamp === this.#segment) {
      if (event === this.#event) this.#update(duration, end, nowMs);
      return;
    }
    if (this.#history.includes(timestamp)) return;
    this.#history[this.#historyNext] = timestamp;
    this.#historyNext = (this.#historyNext + 1) % HISTORY;

    if (this.#event >= 0) {
      const ahead = timestampDelta(timestamp, this.#segment);
      if (event === this.#event && !marker && this.#continues(ahead)) {
        this.#segment = timestamp;
        this.#before += ahead;
        this.#duration = 0;
        this.#update(duration, end, nowMs);
        return;
      }
      if (ahead < 0 && ahead > -OVERTAKEN_S * clockRate) {
        // Overtaken by the event after it: over already, and reported late rather than not at all.
        this.#handler.onEventStart(event, volume);
        this.#handler.onEventEnd(event, (duration * 1000) / clockRate);
        return;
      }
      if (this.#open) this.#close();
    }
    this.#event = event;
    this.#open = true;
    this.#ended = false;
    this.#segment = timestamp;
    this.#before = 0;
    this.#duration = 0;
    this.#clockRate = clockRate;
    this.#handler.onEventStart(event, volume);
    this.#update(duration, end, nowMs);
  }

  #update(duration: number, end: boolean, nowMs: number): void {
    if (!this.#open) return;
    this.#lastMs = nowMs;
    if (duration > this.#duration) this.#duration = duration;
    if (!end) return;
    this.#ended = true;
    this.#close();
  }

  /**
   * A new segment of a long event begins where a full one ended (§2.5.2.3), whole ones may be lost in between; some
   * senders fill them with whole packets. Other lengths only if we saw them reached.
   */
  #continues(ahead: number): boolean {
    if (this.#ended || ahead <= 0) return false;
    if (ahead % MAX_EVENT_DURATION === 0 || ahead === this.#duration) return true;
    const fullest = MAX_EVENT_DURATION - LONGEST_PACKET_S * this.#clockRate;
    return ahead >= fullest && ahead < MAX_EVENT_DURATION && ahead > this.#duration;
  }

  #close(): void {
    this.#open = false;
    this.#handler.onEventEnd(this.#event, ((this.#before + this.#duration) * 1000) / this.#clockRate);
  }
}
