/** Statistics of a call as reports tell them: quality points of an interval, bursts, XR, voice activity. */
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/logger.js';
import { MediaEngine, qualityReport } from '../../../src/media/index.js';
import { babble, mediaPair } from '../../support/media-pair.js';
import '../../support/preloaded.js';

describe('a quality report', () => {
  it('[rtp-stats/0] tells quality 0 to 5, sent, received, issues and loss since the one before', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    pair.a.play({ samples: babble(20), sampleRate: 8000 }, { loop: true });
    const before = await pair.b.stats();
    expect(qualityReport(before).points).toBe(-1);
    await pair.clock.run(5000);
    const clean = await pair.b.stats();
    const first = qualityReport(clean, before);
    expect(first).toMatchObject({ points: 5, lost: 0, issues: 0 });
    expect(Math.abs(first.received - 250)).toBeLessThan(6);
    expect(Math.abs(first.sent - 250)).toBeLessThan(6);
    pair.network.conditions = { delayMs: 20, loss: 0.1 };
    await pair.clock.run(5000);
    const lossy = await pair.b.stats();
    const second = qualityReport(lossy, clean);
    expect(second.lost).toBeGreaterThan(10);
    expect(second.lost).toBe(lossy.received.lost - clean.received.lost);
    expect(second.points).toBeLessThan(5);
    expect(second.points).toBeGreaterThan(0);
    expect(second.mos).toBeLessThan(first.mos);
    pair.network.conditions = { loss: 1 };
    await pair.clock.run(5000);
    expect(qualityReport(await pair.b.stats(), lossy)).toMatchObject({ points: 0 });
    await pair.engine.close();
  });

  it('counts what went wrong as issues', async () => {
    const pair = await mediaPair({ delayMs: 20, duplication: 0.2 });
    await pair.connect();
    await pair.clock.run(3000);
    const stats = await pair.b.stats();
    expect(stats.received.duplicate).toBeGreaterThan(10);
    expect(qualityReport(stats).issues).toBe(stats.received.duplicate);
    await pair.engine.close();
  });
});

describe('VoIP metrics', () => {
  it('tell the peer of bursts, delay and MOS when it asks for them, and come with the round-trip time', async () => {
    const pair = await mediaPair({ delayMs: 40 });
    await pair.connect((config) => ({ ...config, rtcpXr: true }));
    let sent = 0;
    // Every two seconds a burst of five packets.
    pair.network.conditions = { delayMs: 40, drop: (data) => (data[1] & 0x7f) === 0 && sent++ % 200 < 5 };
    await pair.clock.run(30_000);
    const [a, b] = [await pair.a.stats(), await pair.b.stats()];
    for (const { bursts, remoteMetrics, roundTripMs, mos } of [a, b]) {
      expect(bursts.burstDensity).toBeGreaterThan(0.8);
      expect(bursts.burstMs).toBeGreaterThan(20);
      expect(bursts.gapMs).toBeGreaterThan(1000);
      expect(roundTripMs).toBeGreaterThan(75);
      expect(roundTripMs).toBeLessThan(90);
      expect(mos).toBeLessThan(4.3);
      expect(remoteMetrics?.lossRate).toBeGreaterThan(0);
      expect(remoteMetrics?.burstDensity).toBeGreaterThan(200);
      expect(remoteMetrics?.gmin).toBe(16);
      expect(remoteMetrics?.mosCq).toBeGreaterThan(20);
      expect(remoteMetrics?.mosCq).toBeLessThan(45);
      expect(remoteMetrics?.roundTripMs).toBeGreaterThan(70);
    }
    await pair.engine.close();
  });
});

describe('voice activity', () => {
  it('[vad/0] has average, maximum and whether somebody speaks, for both sides', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    pair.b.setProcessing({ sent: { vad: true }, received: { vad: true } });
    pair.a.play({ samples: babble(10), sampleRate: 8000 });
    await pair.clock.run(3000);
    const { voice } = await pair.b.stats();
    expect(voice?.received?.speaking).toBe(true);
    expect(voice?.received?.averageDbov).toBeGreaterThan(-40);
    expect(voice?.received?.maxDbov).toBeGreaterThan(voice?.received?.averageDbov ?? 0);
    expect(voice?.sent).toMatchObject({ speaking: false, averageDbov: -127, maxDbov: -127 });
    await pair.engine.close();
  });

  it('[vad/1] is told on every change', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    pair.b.setProcessing({ received: { vad: true } });
    const told: string[] = [];
    pair.b.on('voice', ({ side, speaking }) => told.push(`${side} ${speaking}`));
    await pair.clock.run(1000);
    expect(told).toEqual([]);
    pair.a.play({ samples: babble(2).slice(0, 4000), sampleRate: 8000 });
    await pair.clock.run(2000);
    expect(told[0]).toBe('received true');
    expect(told.at(-1)).toBe('received false');
    await pair.engine.close();
  });
});

describe('mute', () => {
  it('[mute/2] stops the RTP when asked to, and sends silence otherwise; digits go out all the same', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    const packetsIn = async (ms: number): Promise<number> => {
      const before = (await pair.b.stats()).received.packets;
      await pair.clock.run(ms);
      return (await pair.b.stats()).received.packets - before;
    };
    const digits: string[] = [];
    pair.b.on('dtmf', ({ digit }) => digits.push(digit));
    expect(await packetsIn(1000)).toBeGreaterThan(45);
    pair.a.setMute({ send: true });
    expect(await packetsIn(1000)).toBeGreaterThan(45);
    pair.a.setMute({ send: true, rtp: 'stop' });
    await pair.clock.run(100);
    expect(await packetsIn(1000)).toBe(0);
    void pair.a.sendDtmf('7');
    await pair.clock.run(1000);
    expect(digits).toEqual(['7']);
    pair.a.setMute({ send: false });
    expect(await packetsIn(1000)).toBeGreaterThan(45);
    await pair.engine.close();
  });
});

it('a traffic class cannot be set, which is said once', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', sink: ({ message }) => lines.push(message) });
  const engine = await MediaEngine.start({ workers: 'in-process', rtp: { trafficClass: 0xb8 }, logger });
  const session = await engine.openSession({ address: '127.0.0.1', label: 'x' });
  await session.close();
  await engine.close();
  expect(lines).toEqual(['RTP is sent without a traffic class: Node.js cannot set one on a UDP socket']);
});
