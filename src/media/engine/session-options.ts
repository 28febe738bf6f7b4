/** Checks what a session is opened with, in the caller's thread, so that a wrong option fails at once and by name. */
import { SwitchhookError } from '../../base/errors.js';
import type { MediaSessionOptions } from '../types.js';

const MAX_DELAY_MS = 4000;

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function checkSessionOptions({ jitter = {}, watchdog = {} }: MediaSessionOptions): void {
  for (const name of ['minMs', 'maxMs', 'fixedMs'] as const) {
    const value = jitter[name];
    if (value === undefined || (value >= 0 && value <= MAX_DELAY_MS)) continue;
    throw invalid(`jitter.${name} is ${value}, not 0 to ${MAX_DELAY_MS} ms`);
  }
  if (jitter.minMs !== undefined && jitter.maxMs !== undefined && jitter.minMs > jitter.maxMs) {
    throw invalid(`jitter.minMs ${jitter.minMs} is more than jitter.maxMs ${jitter.maxMs}`);
  }
  for (const name of ['firstPacketMs', 'silenceMs', 'timeoutMs', 'startTimeoutMs'] as const) {
    const value = watchdog[name];
    if (value === undefined || value >= 0) continue;
    throw invalid(`watchdog.${name} is ${value}, not a time in ms`);
  }
}

function invalid(what: string): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
}
