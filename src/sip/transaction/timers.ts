/**
 * The durations behind timers A to M (RFC 3261 table 4, RFC 6026 §8.11). Given to every transaction, never read from
 * a global, so that a test or a private network may shorten them.
 */

/** All in milliseconds. */
export interface TimerValues {
  /** Round-trip time estimate. */
  t1: number;
  /** Longest interval between retransmissions of a non-INVITE request or an INVITE response. */
  t2: number;
  /** Longest time a message stays in the network. */
  t4: number;
  /** How long an INVITE client transaction absorbs retransmitted final responses over UDP; "at least 32 s". */
  d: number;
  /** An INVITE whose user is silent this long is answered with 100 (RFC 3261 §17.2.1). */
  trying: number;
}

export const DEFAULT_TIMERS: Readonly<TimerValues> = { t1: 500, t2: 4000, t4: 5000, d: 32_000, trying: 200 };

/** Timers B, F, H, J, L and M, and how long a 2xx is repeated without an ACK. */
export function transactionTimeout(timers: TimerValues): number {
  return 64 * timers.t1;
}

/**
 * When a client's timer E has grown to T2, seen from its first transmission: before that a 100 to a non-INVITE
 * request over UDP would only slow the client down (RFC 4320 §4.1).
 */
export function nonInviteTryingDelay(timers: TimerValues): number {
  let elapsed = 0;
  for (let interval = timers.t1; interval < timers.t2; interval *= 2) elapsed += interval;
  return elapsed;
}
