import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodecOptions } from '../../../src/codecs/codec.js';
import { readWav } from '../../../src/media/index.js';
import type { StreamConfig } from '../../../src/media/types.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import { babble, type MediaPair, mediaPair, streamTo } from '../../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-opus-'));
});
afterAll(() => rm(folder, { recursive: true }));

function opusConfig(config: StreamConfig, ptimeMs: number, options?: CodecOptions): StreamConfig {
  const format = { payloadType: 111, codec: 'opus', clockRate: 48000, options };
  return { ...config, send: format, receive: [format, ...config.receive], ptimeMs };
}

/** Of what is compared: lower is faster. */
const sampleRate = 8000;

async function heard(pair: MediaPair, speech: Int16Array, name: string) {
  const path = join(folder, name);
  const recording = await pair.b.record(path, { sampleRate });
  pair.a.play({ samples: speech, sampleRate });
  await pair.clock.run((speech.length / sampleRate) * 1000 + 500);
  await recording.stop();
  return compareAudio(speech, (await readWav(path)).channels[0], sampleRate);
}

describe('a call with Opus', () => {
  it.each([
    [20, 48000],
    [10, 16000],
    [40, 24000],
    [60, 8000],
  ])('in packets of %i ms with PCM at %i Hz', async (ptimeMs, rate) => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect((config) => opusConfig(config, ptimeMs, { maxplaybackrate: String(rate) }));
    const result = await heard(pair, babble(2), `clean-${ptimeMs}.wav`);
    expect(result.correlation).toBeGreaterThan(0.9);
    const stats = await pair.b.stats();
    expect(stats.codec).toBe('opus');
    const expected = 2500 / ptimeMs;
    expect(Math.abs(stats.received.packets - expected)).toBeLessThan(6);
    expect(stats.received.lost).toBe(0);
    await pair.engine.close();
  });

  it('stands losses better with the redundancy asked for', async () => {
    const speech = babble(4);
    const correlation = async (options: CodecOptions): Promise<number> => {
      const pair = await mediaPair({ delayMs: 20, loss: 0.15 });
      await pair.connect((config) =>
        opusConfig(config, 20, { maxplaybackrate: 16000, bitrate: 32000, ...options }),
      );
      const result = await heard(pair, speech, 'fec.wav');
      await pair.engine.close();
      return result.correlation;
    };
    const without = await correlation({});
    const withIt = await correlation({ useinbandfec: '1', packetloss: 15 });
    expect(withIt).toBeGreaterThan(without);
  });

  it('of two configurations that overlap the later one stands, though only the first must load a codec', async () => {
    const pair = await mediaPair({});
    const first = pair.a.configure(opusConfig(streamTo(pair.b), 20));
    const second = pair.a.configure(streamTo(pair.b));
    await Promise.all([first, second]);
    expect((await pair.a.stats()).codec).toBe('PCMU');
    await pair.engine.close();
  });
});
