import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import type { PlaybackResult } from '../../../src/media/index.js';
import { readWav } from '../../../src/media/index.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import { babble, mediaPair, streamTo } from '../../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-media-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a G.711 call in virtual time', () => {
  it('carries audio both ways, unchanged and complete', async () => {
    const { clock, engine, a, b, connect } = await mediaPair({ delayMs: 30 });
    await connect();
    const recordingA = await a.record(join(folder, 'a.wav'));
    const recordingB = await b.record(join(folder, 'b.wav'));
    const speechA = babble(4, 8000, 1);
    const speechB = babble(4, 8000, 2);
    let result: PlaybackResult | undefined;
    a.play({ samples: speechA, sampleRate: 8000 }).done.then((r) => {
      result = r;
    });
    b.play({ samples: speechB, sampleRate: 8000 });
    await clock.run(3970);
    expect(result).toBeUndefined();
    await clock.run(500);
    expect(result).toEqual({ reason: 'end', playedMs: 4000, error: undefined });
    await Promise.all([recordingA.stop(), recordingB.stop()]);

    const heardByB = await readWav(join(folder, 'b.wav'));
    const ab = compareAudio(speechA, heardByB.channels[0], 8000);
    expect(ab.correlation).toBeGreaterThan(0.99);
    expect(ab.segmentalSnrDb).toBeGreaterThan(30);
    expect(ab.delayMs).toBeGreaterThanOrEqual(30);
    expect(ab.delayMs).toBeLessThan(130);
    const heardByA = await readWav(join(folder, 'a.wav'));
    expect(compareAudio(speechB, heardByA.channels[0], 8000).correlation).toBeGreaterThan(0.99);
    // The other channel holds what was sent.
    expect(compareAudio(speechA, heardByA.channels[1], 8000).correlation).toBeGreaterThan(0.99);

    const stats = await b.stats();
    expect(stats.received.lost).toBe(0);
    expect(stats.received.late).toBe(0);
    expect(stats.concealedMs).toBe(0);
    expect(stats.codec).toBe('PCMU');
    expect(stats.remote).toEqual({ host: '10.0.0.1', port: a.rtpPort });
    await engine.close();
    await clock.run(100);
    expect(clock.pending).toBe(0);
  });

  it('goes on from another address, with ports of its own there; where that cannot be it stays', async () => {
    const { clock, network, engine, a, b, connect } = await mediaPair({ delayMs: 30 });
    await connect();
    const recording = await b.record(join(folder, 'moved.wav'));
    const speech = babble(4, 8000, 1);
    a.play({ samples: speech, sampleRate: 8000 });
    await clock.run(2000);
    const ports = network.openPorts;
    const before = { address: a.address, port: a.rtpPort };
    await a.move('10.0.0.7');
    expect([a.address, a.rtcpPort]).toEqual(['10.0.0.7', a.rtpPort + 1]);
    expect(network.openPorts).toBe(ports);
    await b.configure(streamTo(a));
    await clock.run(2500);
    await recording.stop();
    const heard = await readWav(join(folder, 'moved.wav'));
    expect(compareAudio(speech, heard.channels[0], 8000).correlation).toBeGreaterThan(0.95);
    const stats = await b.stats();
    expect(stats.remote).toEqual({ host: '10.0.0.7', port: a.rtpPort });
    expect(stats.received.lost).toBeLessThan(3);
    expect((await a.stats()).received.packets).toBeGreaterThan(200);
    expect(before).not.toEqual({ address: a.address, port: a.rtpPort });
    network.open = () => Promise.reject(new SwitchhookError('ERR_MEDIA_PORTS', { address: 'x', range: '' }));
    await expect(a.move('10.0.0.8')).rejects.toMatchObject({ code: 'ERR_MEDIA_PORTS' });
    expect(a.address).toBe('10.0.0.7');
    await engine.close();
    await clock.run(100);
    expect(network.openPorts).toBe(0);
  });
});
