/** The order in which the servers of a set of SRV records are tried (RFC 2782). Pure; used by the target resolver. */
import type { Random } from '../../base/random.js';
import type { SrvRecord } from './dns-client.js';

/**
 * Sorts by priority; within one, draws by weight: among the records left, those of weight 0 first, the one whose
 * running sum reaches a uniform number between 0 and the sum of the weights (inclusive) comes next.
 */
export function orderSrv(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  const priorities = [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    const left = records
      .filter((record) => record.priority === priority)
      .sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
    while (left.length > 0) ordered.push(...left.splice(draw(left, random), 1));
  }
  return ordered;
}

function draw(records: readonly SrvRecord[], random: Random): number {
  const sum = records.reduce((total, record) => total + record.weight, 0);
  const chosen = Math.floor(random.float() * (sum + 1));
  let running = 0;
  return records.findIndex((record) => (running += record.weight) >= chosen);
}
