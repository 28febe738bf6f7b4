/**
 * Arithmetic of the wrapping counters of RTP: 16-bit sequence numbers and 32-bit timestamps, and their extension to
 * numbers that do not wrap. Pure; used by the receive statistics, the jitter buffer and SRTP.
 */

/** `a - b` as the shortest way round: -32768 … 32767. */
export function sequenceDelta(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** `a - b` as the shortest way round: -2^31 … 2^31-1. */
export function timestampDelta(a: number, b: number): number {
  return (a - b) | 0;
}

/** Extends sequence numbers over wraps: each is placed nearest to the highest one seen. */
export class SequenceExtender {
  /** The highest extended number so far; -1 before the first. */
  highest = -1;

  /**
   * Starts one cycle up, so that packets reordered before the first one stay positive.
   * @returns the extended number; advances `highest`
   */
  extend(sequence: number): number {
    const extended = this.peek(sequence);
    if (extended > this.highest) this.highest = extended;
    return extended;
  }

  /** Like {@link extend}, without remembering it. */
  peek(sequence: number): number {
    if (this.highest < 0) return sequence + 0x10000;
    return this.highest + sequenceDelta(sequence, this.highest & 0xffff);
  }

  reset(): void {
    this.highest = -1;
  }
}

/** Extends timestamps in the same way, nearest to the last one given. */
export class TimestampExtender {
  #last = -1;

  extend(timestamp: number): number {
    this.#last =
      this.#last < 0
        ? timestamp + 0x1_0000_0000
        : this.#last + timestampDelta(timestamp, this.#last % 0x1_0000_0000);
    return this.#last;
  }

  reset(): void {
    this.#last = -1;
  }
}
