/** Whether and when a subscription that ended is made anew (RFC 6665 §4.1.3, RFC 5057 §5.1). Pure. */
import type { Random } from '../../base/random.js';
import { backoff } from '../registration-retry.js';
import type { SubscriptionEnd } from './subscription-types.js';

/** Refusals that waiting does not change. */
const PERMANENT = new Set([
  400, 401, 402, 403, 404, 405, 406, 407, 410, 414, 415, 416, 420, 421, 484, 485, 489, 493, 501, 505, 603,
  604, 606,
]);
/** Answers to a refresh that end the subscription but leave nothing against a new one (RFC 6665 §4.1.2.2). */
const ENDS_USAGE = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);
/** "As soon as possible" must not be a storm. */
const SOON_S = 0.5;

export function endsSubscription(status: number): boolean {
  return ENDS_USAGE.has(status);
}

/**
 * Seconds to wait; undefined when it shall not be tried again.
 * @param failures attempts in a row that came to nothing
 */
export function resubscribeDelay(end: SubscriptionEnd, failures: number, random: Random): number | undefined {
  switch (end.reason) {
    case 'rejected':
    case 'noresource':
    case 'invariant':
    case 'closed':
    case 'fetched':
      return undefined;
    case 'deactivated':
    case 'timeout':
    case 'gone':
      // At once, unless that has just been tried.
      if (failures === 0) return SOON_S * random.float();
      break;
    case 'failed':
      if (end.error?.code === 'ERR_AUTHENTICATION_FAILED' || end.error?.code === 'ERR_INVALID_ARGUMENT')
        return undefined;
      if (end.status !== undefined && PERMANENT.has(end.status)) return undefined;
      break;
    default:
  }
  return Math.max(end.retryAfter ?? 0, backoff(failures, random));
}
