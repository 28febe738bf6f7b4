/**
 * When a call that failed or was lost is placed again: by another server, with other codecs, without extensions, or just
 * once more. Decides only; the phone dials. Never after a hang-up of ours, and never without end.
 */
import type { Call, CallRecord } from '../../ua/index.js';
import type { CallOptions } from '../call-options.js';

export interface RedialOptions {
  /**
   * Calls that failed before they were answered: `unreachable`: no server could be reached (another one may); `trouble`:
   * also no answer to the INVITE, and server errors. Default 'never'.
   */
  onFail?: 'never' | 'unreachable' | 'trouble';
  /**
   * Calls that were cut off after the answer, unless we hung up or there is another call. Default 'never'.
   */
  afterDrop?: 'never' | 'mediaTimeoutWhenCaller' | 'mediaTimeout' | 'whenCaller' | 'whenCalled' | 'always';
  /** After 415, 488 or 606 once more with all codecs. Default false. */
  otherCodecs?: boolean;
  /**
   * After a refusal of what we ask for (420, 421, 494) once more without SRTP, unless there is to be no call without it.
   * Default false.
   */
  plain?: boolean;
  /** How often for one call. Default 1. */
  attempts?: number;
  /** Time until then. Default 1000. */
  delayMs?: number;
}

export interface RedialDecision {
  why: 'onFail' | 'afterDrop' | 'otherCodecs' | 'plain';
  delayMs: number;
  /** What differs from the call before. */
  options: Partial<CallOptions>;
}

const DELAY_MS = 1000;
const CODEC_REFUSALS = new Set([415, 488, 606]);
const ABILITY_REFUSALS = new Set([420, 421, 494]);
const SERVER_TROUBLE = new Set([408, 500, 502, 503, 504]);

/**
 * @param attempt how often this call was placed again already
 * @param others how many other calls there are
 */
export function decideRedial(
  call: Pick<Call, 'direction' | 'requiresSrtp'>,
  record: Pick<CallRecord, 'end' | 'answeredAt'>,
  options: RedialOptions,
  situation: { attempt: number; others: number },
): RedialDecision | undefined {
  const { attempts = 1, delayMs = DELAY_MS } = options;
  const { end, answeredAt } = record;
  if (end.by === 'local' || situation.attempt >= attempts) return undefined;
  const decide = (why: RedialDecision['why'], change: Partial<CallOptions> = {}): RedialDecision => ({
    why,
    delayMs,
    options: change,
  });
  if (answeredAt !== undefined) {
    return situation.others === 0 && wasDropped(call, record, options) ? decide('afterDrop') : undefined;
  }
  if (call.direction === 'incoming') return undefined;
  const { status, error } = end;
  if (options.otherCodecs && (CODEC_REFUSALS.has(status) || error?.code === 'ERR_MEDIA_NO_COMMON_CODEC')) {
    return decide('otherCodecs', { media: { codecs: undefined } });
  }
  // Whoever sends such a refusal must not be able to talk us out of what is required.
  if (options.plain && ABILITY_REFUSALS.has(status) && !call.requiresSrtp)
    return decide('plain', { media: { srtp: 'off' } });
  const { onFail = 'never' } = options;
  if (onFail === 'never') return undefined;
  const unreachable =
    error?.code === 'ERR_SIP_TRANSPORT' || error?.code === 'ERR_SIP_CONNECTION_LOST' || status === 503;
  const trouble = error?.code === 'ERR_SIP_TIMEOUT' || SERVER_TROUBLE.has(status);
  return unreachable || (onFail === 'trouble' && trouble) ? decide('onFail') : undefined;
}

function wasDropped(
  { direction }: Pick<Call, 'direction'>,
  { end }: Pick<CallRecord, 'end'>,
  { afterDrop = 'never' }: RedialOptions,
): boolean {
  const mediaTimeout = end.error?.code === 'ERR_MEDIA_TIMEOUT';
  switch (afterDrop) {
    case 'never':
      return false;
    case 'mediaTimeoutWhenCaller':
      return mediaTimeout && direction === 'outgoing';
    case 'mediaTimeout':
      return mediaTimeout;
    case 'whenCaller':
      return direction === 'outgoing';
    case 'whenCalled':
      return direction === 'incoming';
    case 'always':
      return true;
  }
}
