/**
 * What happens when more calls come than are let in: the others get 503 with Retry-After, and those let in do not
 * suffer. The endpoint may have 100 unanswered requests here, each waits 500 ms for its answer, and three times as
 * many calls come.
 */
import { percentile, placeCalls } from '../support/caller.mjs';
import { startTarget } from '../support/target.mjs';

const LIMIT = 100;
const ANSWER_AFTER_MS = 500;

export async function run({ quick = false } = {}) {
  const target = await startTarget('endpoint', {
    ring: true,
    answerAfterMs: ANSWER_AFTER_MS,
    limits: { maxPendingRequests: LIMIT },
  });
  const fits = (LIMIT * 1000) / ANSWER_AFTER_MS;
  await placeCalls({ port: target.port, rate: fits / 2, calls: fits });
  const seconds = quick ? 4 : 15;
  const alone = await placeCalls({ port: target.port, rate: fits / 2, calls: (fits / 2) * seconds });
  const crowd = await placeCalls({ port: target.port, rate: fits * 3, calls: fits * 3 * seconds });
  await target.stop();
  const proper = crowd.refused.filter(({ status, retryAfter }) => status === 503 && /^\d+/.test(retryAfter));
  return [
    { name: 'overload: calls offered three times what is let in', value: fits * 3, unit: '/s' },
    { name: 'overload: refused with 503 and Retry-After', value: proper.length, unit: 'calls' },
    {
      name: 'overload: refused in any other way',
      value: crowd.refused.length - proper.length,
      unit: 'calls',
      goal: 0,
    },
    { name: 'overload: answered and ended', value: crowd.completed, unit: 'calls' },
    { name: 'overload: admitted calls that failed', value: crowd.failed, unit: 'calls', goal: 0 },
    {
      name: 'overload: INVITE to 180 of admitted calls, p99',
      value: percentile(crowd.ringMs, 0.99),
      unit: 'ms',
      yardstick: { name: 'at half the load that fits', value: percentile(alone.ringMs, 0.99) },
    },
  ];
}
