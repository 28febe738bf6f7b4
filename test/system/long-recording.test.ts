/** A long call on a bad network, in virtual time: what both parties said at the same moment stays together in the file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readWav } from '../../src/media/index.js';
import { compareAudio } from '../../src/testing/audio-compare.js';
import { babble, mediaPair } from '../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-long-'));
});
afterAll(() => rm(folder, { recursive: true }));

const MINUTES = 5;
const RATE = 8000;

it('five minutes with 5 % loss: both channels are together within 20 ms, at the beginning and at the end', async () => {
  const pair = await mediaPair({ delayMs: 20, loss: 0.05 }, 21);
  await pair.connect();
  const path = join(folder, 'five-minutes.wav');
  const recording = await pair.b.record(path);
  const seconds = MINUTES * 60;
  const speech = babble(seconds);
  await pair.clock.run(500);
  // Both say the same, so that the channels can be compared with each other.
  pair.a.play({ samples: speech, sampleRate: RATE });
  pair.b.play({ samples: speech, sampleRate: RATE });
  await pair.clock.run(seconds * 1000 + 1000);
  const { durationMs, error } = await recording.stop();
  expect(error).toBeUndefined();
  expect(Math.abs(durationMs - (seconds * 1000 + 1500))).toBeLessThanOrEqual(40);
  const { channels } = await readWav(path);
  const [received, sent] = channels;
  const stretch = (from: number) => {
    const [at, end] = [from * RATE, (from + 8) * RATE];
    return compareAudio(sent.subarray(at, end), received.subarray(at, end), RATE, 400);
  };
  const offsets = [2, 60, 150, 240, seconds - 9].map(stretch);
  console.log(
    offsets.map(({ delayMs, correlation }) => `${delayMs.toFixed(1)} ms ${correlation.toFixed(3)}`),
  );
  for (const { delayMs, correlation } of offsets) {
    // The way through the network and the jitter buffer, which lies between hearing and saying in the call as well.
    expect(delayMs).toBeGreaterThan(10);
    expect(delayMs).toBeLessThan(80);
    expect(Math.abs(delayMs - offsets[0].delayMs)).toBeLessThanOrEqual(20);
    expect(correlation).toBeGreaterThan(0.8);
  }
  const { received: counted } = await pair.b.stats();
  expect(counted.lost / (counted.lost + counted.packets)).toBeCloseTo(0.05, 1);
  await pair.engine.close();
});
