import { expect, it } from 'vitest';
import type { MediaSession } from '../../../../src/media/index.js';
import { sound } from '../../../support/headset-room.js';
import { atDesk } from '../../../support/webphone-desk.js';

const USUAL_MS = 10;
const STEP_MS = 10;

/**
 * What the buffer delays by when the network has kept everything back for so long and lets it go at once, soon after
 * that and when things have been quiet for long, in ms.
 */
function afterStall(
  settings: Record<string, number>,
  stallMs: number,
): Promise<{ soon: number; later: number }> {
  return atDesk({ useaudiodevicerecord: 0, ...settings }, async (desk) => {
    const call = await desk.talks();
    sound(call.media as MediaSession, 600);
    await desk.run(3000);
    const { conditions } = desk.network;
    for (let left = stallMs; left > 0; left -= STEP_MS) {
      conditions.delayMs = USUAL_MS + left;
      await desk.run(STEP_MS);
    }
    conditions.delayMs = USUAL_MS;
    await desk.run(150);
    const [session] = desk.sessions;
    const soon = (await session.stats()).delayMs;
    await desk.run(40_000);
    return { soon, later: (await session.stats()).delayMs };
  });
}

it('[param:jittersize] [jitter/0] [jitter/1] bounds the delay: none at 0, eight packets at 3, more by each step', async () => {
  const delays: number[] = [];
  for (const jittersize of [0, 1, 2, 3, 4, 5, 6]) delays.push((await afterStall({ jittersize }, 600)).soon);
  const [none, one, two, three, ...large] = delays;
  // A packet that is being played counts as well.
  expect(none).toBeLessThanOrEqual(40 + 20);
  expect(one).toBeLessThanOrEqual(60 + 20);
  expect(two).toBeLessThanOrEqual(100 + 20);
  expect(three).toBeLessThanOrEqual(160 + 20);
  for (const [i, delay] of [one, two, three].entries()) expect(delay).toBeGreaterThan(delays[i]);
  expect(Math.min(...large)).toBeGreaterThan(250);
});

it('[param:maxjitterpackets] [jitter/0] is a hard limit beside it, in packets', async () => {
  const { soon } = await afterStall({ jittersize: 6, maxjitterpackets: 5 }, 600);
  expect(soon).toBeLessThanOrEqual(100 + 20);
});

it('[param:allowspeedup] [jitter/0] what is too much is played faster, or frames of it are dropped', async () => {
  const [faster, dropping] = [
    await afterStall({ jittersize: 4, allowspeedup: 1 }, 400),
    await afterStall({ jittersize: 4, allowspeedup: 0 }, 400),
  ];
  expect(faster.later).toBeLessThan(faster.soon - 50);
  expect(dropping.later).toBeLessThan(dropping.soon - 50);
});
