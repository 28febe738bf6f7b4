/**
 * Watches for missing media. Told the time and when RTP came last; says once per silence that there is none, and once
 * that it is back, and once that it has lasted too long. Why there is none is found out by the call stream.
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
  readonly #timeoutMs: number;
  readonly #startTimeoutMs: number;
  #heard = false;
  #timedOut = false;

  constructor(options: WatchdogOptions = {}) {
    this.#firstPacketMs = options.firstPacketMs ?? FIRST_PACKET_MS;
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
    this.#timeoutMs = options.timeoutMs ?? 0;
    this.#startTimeoutMs = options.startTimeoutMs ?? this.#timeoutMs;
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

  check(nowMs: number, lastReceivedMs: number): 'noMedia' | 'mediaBack' | 'mediaTimeout' | undefined {
    if (this.#state === 'off') return undefined;
    if (lastReceivedMs > this.#since) {
      const wasSilent = this.#state === 'silent';
      this.silentMs = lastReceivedMs - this.#since;
      this.#since = lastReceivedMs;
      this.#state = 'flowing';
      this.#timedOut = false;
      this.#heard = true;
      if (wasSilent) return 'mediaBack';
    }
    const timeoutMs = this.#heard ? this.#timeoutMs : this.#startTimeoutMs;
    if (timeoutMs > 0 && !this.#timedOut && nowMs - this.#since >= timeoutMs) {
      this.#timedOut = true;
      this.silentMs = nowMs - this.#since;
      return 'mediaTimeout';
    }
    if (this.#state === 'silent') return undefined;
    const limit = this.#state === 'waiting' ? this.#firstPacketMs : this.#silenceMs;
    this.silentMs = nowMs - this.#since;
    if (limit <= 0 || this.silentMs < limit) return undefined;
    this.#state = 'silent';
    return 'noMedia';
  }
}
