/** No object is made for a packet on its way through a call: the allocation bench within its bounds. Needs a build. */
import { expect, it } from 'vitest';
import { runNode } from '../support/run-node.js';

interface Result {
  name: string;
  value: number | null;
  goal?: number;
}

it('the way of a packet allocates next to nothing, in every codec, with SRTP and in a conference', async () => {
  const args = ['bench/main.mjs', '--only', 'allocation', '--quick', '--json'];
  const { code, stdout, stderr } = await runNode(args);
  expect(code, stderr).toBe(0);
  const { results } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { results: Result[] };
  expect(results.length).toBeGreaterThan(10);
  for (const { name, value, goal } of results) {
    expect(goal, name).toBeGreaterThan(0);
    expect(value, name).toBeLessThanOrEqual(goal ?? 0);
  }
});
