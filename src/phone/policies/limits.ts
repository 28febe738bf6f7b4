/** How many calls, and to whom: checked before an INVITE leaves and when one arrives. Pure. */
import { SwitchhookError } from '../../base/errors.js';
import type { Call } from '../../ua/index.js';

export interface LimitOptions {
  /** Calls at once, in both directions; 0 = none at all, undefined = no limit. */
  maxCalls?: number;
  /**
   * What stands in the way of a second call to the same number: nothing, an earlier one of less than 6 s, any call to
   * it, any call with it whoever called. Default 'allow'.
   */
  sameNumber?: 'allow' | 'recent' | 'outgoing' | 'any';
  /** Calls only while registered. Default false. */
  needsRegistration?: boolean;
}

/** Why this phone does not place a call. */
export type RefusalRule = 'maxCalls' | 'sameNumber' | 'registration' | 'line' | 'blocked' | 'directCall';

const RECENT_MS = 6000;

export interface PresentCall extends Pick<Call, 'direction'> {
  readonly remote: Pick<Call['remote'], 'user' | 'uri'>;
  /** When it began, by the clock `now` is of. */
  readonly startedMs: number;
}

/** @throws ERR_CALL_REFUSED {rule} */
export function checkOutgoing(
  target: { user: string; uri: string },
  options: LimitOptions,
  situation: { calls: readonly PresentCall[]; registered: boolean; nowMs: number },
): void {
  const { calls, registered, nowMs } = situation;
  if (options.needsRegistration && !registered) throw refused('registration', target, 'it is not registered');
  if (atLimit(options, calls.length)) {
    throw refused('maxCalls', target, `it has ${calls.length} of ${options.maxCalls} calls`);
  }
  const { sameNumber = 'allow' } = options;
  if (sameNumber === 'allow') return;
  const same = calls.filter(
    ({ remote }) => remote.uri === target.uri || (remote.user !== '' && remote.user === target.user),
  );
  const stands = same.some(
    ({ direction, startedMs }) =>
      sameNumber === 'any' ||
      (direction === 'outgoing' && (sameNumber === 'outgoing' || nowMs - startedMs < RECENT_MS)),
  );
  if (stands) throw refused('sameNumber', target, 'there is a call with that number');
}

/** True when a further call would be one too many. */
export function atLimit({ maxCalls }: LimitOptions, calls: number): boolean {
  return maxCalls !== undefined && calls >= maxCalls;
}

export function refused(rule: RefusalRule, target: { uri: string }, why: string): SwitchhookError {
  return new SwitchhookError('ERR_CALL_REFUSED', { rule, target: target.uri, why });
}
