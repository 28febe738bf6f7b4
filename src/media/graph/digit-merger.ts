/**
 * Reports each digit once, though a peer or a gateway may send it on several paths: as a telephone-event, as tones in
 * the audio, as SIP INFO. A digit that another path told already is matched with that, one to one, so that the same
 * digit pressed twice stays two. Fed by the call stream.
 */
import type { DtmfPath, ReceivedDigit } from '../types.js';

/** The paths differ by the delay of the jitter buffer, of signalling and its retransmissions. */
const WINDOW_MS = 2500;
const MEMORY = 32;

interface Report {
  digit: string;
  via: DtmfPath;
  ms: number;
  /** Other paths that have told it as well. */
  matched: DtmfPath[];
}

export class DigitMerger {
  readonly #report: (digit: ReceivedDigit) => void;
  #recent: Report[] = [];
  /** The peer sends telephone-events: what sounds like a digit in its audio is at best an echo of them. */
  #eventsSeen = false;

  constructor(report: (digit: ReceivedDigit) => void) {
    this.#report = report;
  }

  /** A digit was recognised on one path. */
  take(digit: string, durationMs: number, via: DtmfPath, nowMs: number): void {
    if (via === 'rfc4733') this.#eventsSeen = true;
    this.#recent = this.#recent.filter(({ ms }) => nowMs - ms <= WINDOW_MS);
    const same = this.#recent.find(
      (report) => report.digit === digit && report.via !== via && !report.matched.includes(via),
    );
    if (same) {
      same.matched.push(via);
      return;
    }
    if (via === 'inband' && this.#eventsSeen) return;
    if (this.#recent.length === MEMORY) this.#recent.shift();
    this.#recent.push({ digit, via, ms: nowMs, matched: [] });
    this.#report({ digit, durationMs, via });
  }

  /** Another peer speaks. */
  reset(): void {
    this.#eventsSeen = false;
  }
}
