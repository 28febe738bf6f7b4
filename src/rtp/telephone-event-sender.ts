/**
 * Sends queued telephone-events in the place of audio packets (RFC 4733 §2.5.1). The media clock asks it once per
 * packet time; while it has something to send, that packet replaces the audio. Never sends and never waits by itself.
 *
 *   idle ──▶ tone ──duration reached──▶ end (3 packets) ──▶ gap ──▶ idle or the next in the queue
 *   idle ──▶ pause ──▶ idle or the next in the queue
 */
import { timestampDelta } from './sequence.js';
import { MAX_EVENT_DURATION, TELEPHONE_EVENT_LENGTH, writeTelephoneEvent } from './telephone-event.js';

/** Events and pauses waiting at most. */
const MAX_QUEUE = 256;
/** Sends of the final packet (RFC 4733 §2.5.1.4). */
const FINAL_PACKETS = 3;
/** Power of the tone, -dBm0: within the range Q.24 receivers accept everywhere. */
const DEFAULT_VOLUME = 10;
const PAUSE = -1;

interface QueuedEvent {
  event: number;
  durationMs: number;
  gapMs: number;
  volume: number;
}

type State = 'idle' | 'tone' | 'end' | 'gap';

export class TelephoneEventSender {
  /** Of the packet that {@link next} wrote: to put into the RTP header. */
  timestamp = 0;
  marker = false;
  /** Events sent completely since the beginning. */
  completed = 0;

  readonly #queue: QueuedEvent[] = [];
  #clockRate: number;
  #state: State = 'idle';
  #current: QueuedEvent | undefined;
  /** Timestamp of the segment being reported. */
  #segment = 0;
  /** Timestamp at which the event began. */
  #start = 0;
  /** End of the current gap, as a timestamp. */
  #resume = 0;
  #finalPackets = 0;
  #first = false;

  /** @param clockRate RTP clock of the telephone-event payload type, Hz */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** True while anything is being sent, paused or queued. */
  get busy(): boolean {
    return this.#state !== 'idle' || this.#queue.length > 0;
  }

  /** True while {@link next} will replace audio packets. */
  get sending(): boolean {
    return this.#state === 'tone' || this.#state === 'end';
  }

  /**
   * Queues an event.
   * @param durationMs length of the tone
   * @param gapMs least time from its end to the next event
   * @returns false when the queue is full
   */
  enqueue(event: number, durationMs: number, gapMs: number, volume = DEFAULT_VOLUME): boolean {
    if (this.#queue.length >= MAX_QUEUE) return false;
    this.#queue.push({ event, durationMs, gapMs, volume });
    return true;
  }

  /** Queues a pause. @returns false when the queue is full */
  enqueuePause(durationMs: number): boolean {
    return this.enqueue(PAUSE, 0, durationMs);
  }

  /** Drops what is queued; a tone that has begun is ended properly. */
  clear(): void {
    this.#queue.length = 0;
    if (this.#current) this.#current.durationMs = 0;
  }

  /** Forgets everything, without ending a tone: the payload type or its clock rate has changed. */
  reset(clockRate: number): void {
    this.#queue.length = 0;
    this.#current = undefined;
    this.#state = 'idle';
    this.#clockRate = clockRate;
  }

  /**
   * Called once per packet time.
   * @param timestamp that an audio packet sent now would have
   * @param packetUnits length of that packet in timestamp units
   * @returns bytes written to `out` at `offset` (4), 0 when audio may be sent
   */
  next(timestamp: number, packetUnits: number, out: Uint8Array, offset: number): number {
    if (this.#state === 'gap' && timestampDelta(timestamp, this.#resume) >= 0) this.#state = 'idle';
    if (this.#state === 'idle') this.#begin(timestamp);
    const current = this.#current;
    if (!current || !this.sending) return 0;

    if (this.#state === 'tone') {
      const wanted = Math.round((current.durationMs * this.#clockRate) / 1000);
      // The packet covers the time up to the end of the packet interval, like the audio it replaces.
      if (timestampDelta(timestamp, this.#start) + packetUnits >= wanted) this.#state = 'end';
    }
    let duration = timestampDelta(timestamp, this.#segment) + packetUnits;
    if (this.#state === 'end') {
      if (this.#finalPackets === 0) this.#resume = timestamp + packetUnits;
      duration = timestampDelta(this.#resume, this.#segment);
    }
    this.timestamp = this.#segment;
    this.marker = this.#first;
    this.#first = false;

    if (duration > MAX_EVENT_DURATION) {
      // RFC 4733 §2.5.1.3: report the full segment without E, then count from its end.
      writeTelephoneEvent(out, offset, current.event, false, current.volume, MAX_EVENT_DURATION);
      this.#segment = (this.#segment + MAX_EVENT_DURATION) >>> 0;
      if (this.#state === 'end') this.#state = 'tone';
      return TELEPHONE_EVENT_LENGTH;
    }
    const ending = this.#state === 'end';
    writeTelephoneEvent(out, offset, current.event, ending, current.volume, duration);
    if (ending && ++this.#finalPackets === FINAL_PACKETS) this.#finish(current);
    return TELEPHONE_EVENT_LENGTH;
  }

  #begin(timestamp: number): void {
    const current = this.#queue.shift();
    if (!current) return;
    if (current.event === PAUSE) {
      this.#resume = timestamp + this.#units(current.gapMs);
      this.#state = 'gap';
      return;
    }
    this.#current = current;
    this.#state = 'tone';
    this.#segment = timestamp;
    this.#start = timestamp;
    this.#finalPackets = 0;
    this.#first = true;
  }

  #finish(current: QueuedEvent): void {
    this.#resume += this.#units(current.gapMs);
    this.#state = 'gap';
    this.#current = undefined;
    this.completed++;
  }

  #units(ms: number): number {
    return Math.round((ms * this.#clockRate) / 1000);
  }
}
