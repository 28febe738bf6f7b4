import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { SeededRandom } from '../../../src/base/random.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { MediaEngine, type MediaSessionOptions } from '../../../src/media/index.js';
import type { HeaderExtension } from '../../../src/rtp/header-extension.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import { babble, mediaPair, streamTo } from '../../support/media-pair.js';
import { whiteNoise } from '../../support/signals.js';
import '../../support/preloaded.js';

/** As {@link mediaPair}, with options for `b`. */
async function pairWith(options: Partial<MediaSessionOptions>) {
  const clock = new VirtualClock();
  const random = new SeededRandom(3);
  const network = new DatagramNetwork(clock, random, { delayMs: 10 });
  const engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport: network });
  const a = await engine.openSession({ address: '10.0.0.1', label: 'a' });
  const b = await engine.openSession({ address: '10.0.0.2', label: 'b', ...options });
  await a.configure(streamTo(b));
  await b.configure(streamTo(a));
  return { clock, network, engine, a, b };
}

describe('options of a session', () => {
  it.each<[string, Partial<MediaSessionOptions>]>([
    ['jitter.maxMs is -1', { jitter: { maxMs: -1 } }],
    ['jitter.fixedMs is NaN', { jitter: { fixedMs: Number.NaN } }],
    ['jitter.minMs 200 is more than jitter.maxMs 100', { jitter: { minMs: 200, maxMs: 100 } }],
    ['watchdog.timeoutMs is -5', { watchdog: { timeoutMs: -5 } }],
  ])('are refused by name: %s', async (what, options) => {
    await expect(pairWith(options)).rejects.toThrow(what);
  });
});

describe('processing', () => {
  it('levels faint speech, tells who spoke, and takes noise away', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    const faint = babble(8).map((sample) => sample >> 4);
    pair.b.setProcessing({ received: { agc: true, vad: true } });
    pair.a.setProcessing({ sent: { vad: true } });
    const reader = pair.b.output({ sampleRate: 8000 });
    pair.a.play({ samples: faint, sampleRate: 8000 });
    await pair.clock.run(8000);
    const heard: number[] = [];
    for await (const { samples } of reader) {
      heard.push(...samples);
      if (heard.length >= 6000) break;
    }
    expect(levelDbov(Int16Array.from(heard))).toBeGreaterThan(levelDbov(faint) + 6);
    await pair.clock.run(1000);
    const { voice } = await pair.b.stats();
    expect(voice?.received?.speechMs).toBeGreaterThan(4000);
    expect(voice?.received?.longestSilenceMs).toBeGreaterThanOrEqual(700);
    expect(voice?.sent).toBeUndefined();
    expect((await pair.a.stats()).voice?.sent?.speechDbov).toBeLessThan(-35);
    await pair.engine.close();

    const noisy = await mediaPair({ delayMs: 10 }, 2);
    await noisy.connect();
    noisy.b.setProcessing({ received: { noiseSuppression: 'strong' } });
    noisy.a.play({ samples: whiteNoise(8000, 5000, -40), sampleRate: 8000 });
    await noisy.clock.run(4500);
    const { level } = await noisy.b.stats();
    expect(level.receivedDbov).toBeLessThan(levelDbov(whiteNoise(8000, 1000, -40)) - 8);
    await noisy.engine.close();
  });
});

describe('media time-out', () => {
  it('is told once per silence, after it was told that there is none', async () => {
    const { clock, network, engine, b } = await pairWith({ watchdog: { silenceMs: 2000, timeoutMs: 5000 } });
    const told: string[] = [];
    for (const name of ['noMedia', 'mediaBack', 'mediaTimeout'] as const) {
      b.on(name, ({ silentMs }: { silentMs: number }) => told.push(`${name} ${Math.round(silentMs / 1000)}`));
    }
    await clock.run(1000);
    network.conditions.loss = 1;
    await clock.run(12_000);
    network.conditions.loss = 0;
    await clock.run(1000);
    network.conditions.loss = 1;
    await clock.run(6000);
    expect(told).toEqual(['noMedia 2', 'mediaTimeout 5', 'mediaBack 12', 'noMedia 2', 'mediaTimeout 5']);
    await engine.close();
  });
});

describe('a media time-out of its own for the start', () => {
  it('[call-limits/2] counts while no packet has come at all', async () => {
    const { clock, network, engine, b } = await pairWith({
      watchdog: { silenceMs: 0, timeoutMs: 10_000, startTimeoutMs: 5000 },
    });
    const told: number[] = [];
    b.on('mediaTimeout', ({ silentMs }) => told.push(Math.round(silentMs / 1000)));
    network.conditions.loss = 1;
    await clock.run(6000);
    expect(told).toEqual([5]);
    network.conditions.loss = 0;
    await clock.run(1000);
    network.conditions.loss = 1;
    await clock.run(9000);
    expect(told).toEqual([5]);
    await clock.run(2000);
    expect(told).toEqual([5, 10]);
    await engine.close();
  });
});

describe('a strict session', () => {
  it.each(['address', 'ssrc'] as const)('[security-strict/6] by %s does not follow', async (strictSource) => {
    const { clock, network, engine, a, b } = await pairWith({ strictSource });
    await clock.run(500);
    const before = (await b.stats()).received.packets;
    network.conditions.loss = 1;
    await clock.run(2000);
    network.conditions.loss = 0;
    await a.close();
    const packet = Buffer.alloc(172);
    for (let i = 0; i < 100; i++) {
      packet.writeUInt16BE(0x8000, 0);
      packet.writeUInt16BE(i, 2);
      packet.writeUInt32BE(i * 160, 4);
      packet.writeUInt32BE(4711, 8);
      const from = strictSource === 'ssrc' ? '10.0.0.1' : '10.0.0.9';
      network.inject(packet, from, strictSource === 'ssrc' ? a.rtpPort : 4000, '10.0.0.2', b.rtpPort);
      await clock.run(20);
    }
    const { received } = await b.stats();
    expect(received.packets).toBe(before);
    expect(received.unexpected).toBeGreaterThan(90);
    await engine.close();
  });
});

describe('header extensions', () => {
  it('go out with every packet and are told when they change', async () => {
    const { clock, engine, a, b } = await pairWith({ headerExtensions: true });
    const told: HeaderExtension[] = [];
    b.on('headerExtension', (extension) => told.push(extension));
    const bytes = (...values: number[]) => Uint8Array.from(values);
    await clock.run(300);
    expect(told).toHaveLength(0);
    a.setHeaderExtension([
      { id: 1, data: bytes(0x7f) },
      { id: 3, data: bytes(1, 2, 3) },
    ]);
    await clock.run(500);
    a.setHeaderExtension([
      { id: 200, data: bytes() },
      { id: 2, data: new Uint8Array(20).fill(9) },
    ]);
    await clock.run(500);
    a.setHeaderExtension({ profile: 0x1234, data: bytes(1, 2, 3, 4, 5) });
    await clock.run(500);
    a.setHeaderExtension();
    await clock.run(500);
    expect(told.map(({ profile }) => profile)).toEqual([0xbede, 0x1000, 0x1234]);
    expect(told[0].elements).toEqual([
      { id: 1, data: bytes(0x7f) },
      { id: 3, data: bytes(1, 2, 3) },
    ]);
    expect(told[1].elements.map(({ id, data }) => [id, data.length])).toEqual([
      [200, 0],
      [2, 20],
    ]);
    expect(told[2]).toMatchObject({ data: bytes(1, 2, 3, 4, 5, 0, 0, 0), elements: [] });
    const { received } = await b.stats();
    expect(received.lost + received.invalid).toBe(0);
    expect(() => a.setHeaderExtension({ profile: 1, data: new Uint8Array(100) })).toThrow('more than 64');
    expect(() => a.setHeaderExtension([{ id: 0, data: bytes(1) }])).toThrow('ids are 1 to 255');
    await engine.close();
  });
});
