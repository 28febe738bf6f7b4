/**
 * When to send the next RTCP packet: the interval of RFC 3550 §6.2 with the randomisation and timer reconsideration
 * of §6.3, for the two members of a call. Owns no timer; the reporter asks it.
 */
import type { Random } from '../base/random.js';

/** The recommended minimum, ms (RFC 3550 §6.2). */
const RTCP_MIN_INTERVAL_MS = 5000;
/** Share of the session bandwidth that is RTCP's (§6.2). */
const RTCP_SHARE = 0.05;
/** Share of that for senders while they are few (§6.2). */
const SENDER_SHARE = 0.25;
/** Makes up for the bias of timer reconsideration: e - 3/2 (§6.3.1). */
const COMPENSATION = Math.E - 1.5;
/** First guess of the mean size of RTCP packets, lower layers included (§6.3.3), bytes. */
const INITIAL_AVERAGE_SIZE = 128;
/** IPv4 and UDP headers, which §6.2 counts in. */
const LOWER_LAYERS = 28;
/** Two parties: the participant table of §6.2.1 is known beforehand. */
const MEMBERS = 2;

export class RtcpSchedule {
  readonly #random: Random;
  readonly #minimumMs: number;
  readonly #bandwidth: number;
  #averageSize = INITIAL_AVERAGE_SIZE;
  #initial = true;
  #lastMs = 0;
  #nextMs = Number.POSITIVE_INFINITY;

  /**
   * @param minimumMs least mean interval (Tmin)
   * @param sessionBandwidth of the media, bit/s
   */
  constructor(random: Random, minimumMs = RTCP_MIN_INTERVAL_MS, sessionBandwidth = 64_000) {
    this.#random = random;
    this.#minimumMs = minimumMs;
    this.#bandwidth = (sessionBandwidth * RTCP_SHARE) / 8000;
  }

  get started(): boolean {
    return this.#nextMs !== Number.POSITIVE_INFINITY;
  }

  /** Schedules the first packet; later calls do nothing. */
  start(nowMs: number): void {
    if (this.started) return;
    this.#lastMs = nowMs;
    this.#nextMs = nowMs + this.#interval(0, false);
  }

  /**
   * True when a packet is to be sent now; reconsiders the interval as §6.3.6 says.
   * @param senders how many of the two sent media lately
   */
  due(nowMs: number, senders: number, weSent: boolean): boolean {
    if (nowMs < this.#nextMs) return false;
    const reconsidered = this.#lastMs + this.#interval(senders, weSent);
    if (reconsidered > nowMs) {
      this.#nextMs = reconsidered;
      return false;
    }
    return true;
  }

  onSent(bytes: number, nowMs: number, senders: number, weSent: boolean): void {
    this.#learnSize(bytes);
    this.#initial = false;
    this.#lastMs = nowMs;
    this.#nextMs = nowMs + this.#interval(senders, weSent);
  }

  onReceived(bytes: number): void {
    this.#learnSize(bytes);
  }

  #learnSize(bytes: number): void {
    this.#averageSize += (bytes + LOWER_LAYERS - this.#averageSize) / 16;
  }

  /** §6.3.1, ms; bandwidth in bytes per ms. */
  #interval(senders: number, weSent: boolean): number {
    let members = MEMBERS;
    let bandwidth = this.#bandwidth;
    if (senders > 0 && senders <= MEMBERS * SENDER_SHARE) {
      bandwidth *= weSent ? SENDER_SHARE : 1 - SENDER_SHARE;
      members = weSent ? senders : MEMBERS - senders;
    }
    const minimum = this.#initial ? this.#minimumMs / 2 : this.#minimumMs;
    const deterministic = Math.max(minimum, (this.#averageSize * members) / bandwidth);
    return (deterministic * (this.#random.float() + 0.5)) / COMPENSATION;
  }
}
