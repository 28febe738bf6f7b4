/** When and where a registration is tried again (RFC 5626 §4.5). Pure. */
import { isSwitchhookError, type SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { Flow, Target } from '../sip/index.js';

/** Base time when all flows failed, and the ceiling, in seconds. */
const BACKOFF_BASE_S = 30;
const BACKOFF_MAX_S = 1800;
/** Answers that waiting does not change. */
const PERMANENT = new Set([400, 401, 402, 403, 404, 405, 407, 410, 416, 420, 421, 484, 485, 501, 604]);

/** True when only the user can do something about it. */
export function isPermanent(error: SwitchhookError): boolean {
  return (
    error.code === 'ERR_AUTHENTICATION_FAILED' ||
    error.code === 'ERR_INVALID_ARGUMENT' ||
    PERMANENT.has(Number(error.details.status))
  );
}

/** Nobody was there: another server, or a new connection, may help. */
export function isUnreachable(error: unknown): boolean {
  return isSwitchhookError(error, 'ERR_SIP_TIMEOUT') || isSwitchhookError(error, 'ERR_SIP_TRANSPORT');
}

/** The targets but the one behind `flow`; a connection may be made anew, so then it only comes last. */
export function withoutDead(targets: readonly Target[], flow: Flow): Target[] {
  const isDead = ({ protocol, host, port }: Target): boolean =>
    protocol === flow.protocol && host === flow.remote.host && port === flow.remote.port;
  const others = targets.filter((target) => !isDead(target));
  return flow.reliable ? [...others, ...targets.filter(isDead)] : others;
}

/** When to refresh a binding of `seconds`: at 80 to 90 %, so that a missed attempt still has time to be repeated. */
export function refreshDelay(seconds: number, random: Random): number {
  return Math.max(1, seconds * (0.8 + 0.1 * random.float()));
}

/** A random time between half of and the whole of min(max, base × 2^failures), in seconds. */
export function backoff(failures: number, random: Random): number {
  const upper = Math.min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** failures);
  return upper * (0.5 + 0.5 * random.float());
}
