/**
 * Anything users and networks may do to three phones, in any order. SWITCHHOOK_SEQUENCES says how many sequences;
 * SWITCHHOOK_SEED replays the run of a failure.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ModelWorld } from '../../support/model/model-world.js';
import { type Setup, type Step, setup, steps } from '../../support/model/steps.js';

const SEQUENCES = Number(process.env.SWITCHHOOK_SEQUENCES ?? 120);
const SEED = process.env.SWITCHHOOK_SEED;

async function live(how: Setup, happenings: readonly Step[]): Promise<ModelWorld> {
  const world = new ModelWorld(how);
  await world.start();
  for (const step of happenings) {
    await world.apply(step);
    world.check();
  }
  await world.settle();
  world.check();
  world.agree();
  await world.empty();
  return world;
}

it('whatever happens, no line sticks, nothing leaks, and both ends of every call agree', async () => {
  let lived = 0;
  const property = fc.asyncProperty(setup, steps, async (how, happenings) => {
    const world = await live(how, happenings);
    lived++;
    await world.end();
  });
  await fc.assert(property, { numRuns: SEQUENCES, ...(SEED ? { seed: Number(SEED) } : {}) });
  expect(lived).toBeGreaterThanOrEqual(SEQUENCES);
}, 3_600_000);
