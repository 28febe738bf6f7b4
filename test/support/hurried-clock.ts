/**
 * A clock for real networks on which long waits pass ten times as fast: session timers and the end of retransmission
 * come within a test's time, while what peers pace (retransmissions, media) stays as it is.
 */
import { type Clock, systemClock } from '../../src/base/clock.js';

/** 64*T1 (RFC 3261 §17.1.1.2) and all that is longer. */
const LONG_MS = 32_000;
const FACTOR = 10;

export const hurriedClock: Clock = {
  now: () => systemClock.now(),
  wallTime: () => systemClock.wallTime(),
  after: (ms, fn) => systemClock.after(ms >= LONG_MS ? ms / FACTOR : ms, fn),
};
