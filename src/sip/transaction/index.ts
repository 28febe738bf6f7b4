/** Transactions (RFC 3261 §17, RFC 6026). */
export type { ServerHandle } from './server-handle.js';
export { DEFAULT_TIMERS, type TimerValues } from './timers.js';
