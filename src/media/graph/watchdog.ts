/**
 * Watches for missing media. Told the time and when RTP came last; says once per silence that there is none, and once
 * that it is back. Why there is none is found out by the call stream.
 *
 *   off ──expect──▶ waiting ──RTP──▶ flowing ──silenceMs──▶ silent ──RTP──▶ flowing
 *                   waiting ──firstPacketMs──▶ silent;  any ──ignore──▶ off
 */
import type { WatchdogOptions } from '../types.js';

const FIRST_PACKET_MS = 5000;
const SILENCE_MS = 10_000;

type State = 'off' | 'waiting' | 'flowing' | 'silent';

export class Watchdog {
  readonly #firstPacketMs: number;
  readonly #silenceMs: number;
  #state: State = 'off';
  #since = 0;
  /** Length of the silence that {@link check} told about, in ms. */
  silentMs = 0;

  constructor(options: WatchdogOptions = {}) {
    this.#firstPacketMs = options.firstPacketMs ?? FIRST_PACKET_MS;
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
  }

  /** Media should come from now on; a silence that is running goes on. */
  expect(nowMs: number): void {
    if (this.#state !== 'off') return;
    this.#state = 'waiting';
    this.#since = nowMs;
  }

  /** No media is due (hold). */
  ignore(): void {
    this.#state = 'off';
  }

  check(nowMs: number, lastReceivedMs: number): 'noMedia' | 'mediaBack' | undefined {
    if (this.#state === 'off') return undefined;
    if (lastReceivedMs > this.#since) {
      const wasSilent = this.#state === 'silent';
      this.silentMs = lastReceivedMs - this.#since;
      this.#since = lastReceivedMs;
      this.#state = 'flowing';
      if (wasSilent) return 'mediaBack';
    }
    if (this.#state === 'silent') return undefined;
    const limit = this.#state === 'waiting' ? this.#firstPacketMs : this.#silenceMs;
    this.silentMs = nowMs - this.#since;
    if (limit <= 0 || this.silentMs < limit) return undefined;
    this.#state = 'silent';
    return 'noMedia';
  }
}
