import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import {
  type MediaDirection,
  type MediaSession,
  type NoMediaReport,
  type PlaybackResult,
  readWav,
  writeWav,
} from '../../../src/media/index.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import { babble, type MediaPair, mediaPair } from '../../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-media-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(condition()).toBe(true);
}

const WAV_HEADER_BYTES = 44;

/** Waits until the whole half seconds of `ms` of 8 kHz stereo are on the disk, which is real while the time is not. */
async function written(path: string, ms: number): Promise<void> {
  const bytes = WAV_HEADER_BYTES + Math.floor(ms / 500) * 500 * 8 * 4;
  let size = 0;
  for (let i = 0; i < 5000 && size < bytes; i++) {
    size = (await stat(path)).size;
    if (size < bytes) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(size).toBeGreaterThanOrEqual(bytes);
}

/** Runs `pair` and gives what `session` heard meanwhile. */
async function heard(pair: MediaPair, session: MediaSession, ms: number, name: string): Promise<Int16Array> {
  const path = join(folder, name);
  const recording = await session.record(path);
  await pair.clock.run(ms);
  await recording.stop();
  return (await readWav(path)).channels[0];
}

function digitsOf(session: MediaSession): string[] {
  const digits: string[] = [];
  session.on('dtmf', ({ digit }) => digits.push(digit));
  return digits;
}

describe('a bad network', () => {
  it('5 % loss, 30 ms jitter, reordering and duplicates: intelligible, in time, counted', async () => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 30, loss: 0.05, duplication: 0.02 });
    await pair.connect();
    const speech = babble(10);
    pair.a.play({ samples: speech, sampleRate: 8000 });
    const audio = await heard(pair, pair.b, 10_500, 'loss.wav');
    const result = compareAudio(speech, audio, 8000);
    expect(result.correlation).toBeGreaterThan(0.8);
    const stats = await pair.b.stats();
    expect(stats.received.lost).toBeGreaterThan(10);
    expect(stats.received.lost).toBeLessThan(50);
    expect(stats.received.duplicate).toBeGreaterThan(0);
    expect(stats.concealedMs).toBeGreaterThan(200);
    expect(stats.mos).toBeLessThan(4.2);
    expect(stats.mos).toBeGreaterThan(2);
    await pair.engine.close();
  });

  it.each([80, 160, 240])(
    'standing still for %i ms again and again loses and doubles nothing',
    async (ms) => {
      const pair = await mediaPair();
      await pair.connect();
      const speech = babble(4);
      pair.a.play({ samples: speech, sampleRate: 8000 });
      const recording = await pair.b.record(join(folder, 'stalls.wav'));
      for (let now = 0; now < 4500; now += 20) {
        // What is sent meanwhile arrives at once when it goes on.
        pair.network.conditions = { delayMs: Math.max(1, ms - (now % 700)) };
        await pair.clock.run(20);
      }
      await recording.stop();
      const audio = (await readWav(join(folder, 'stalls.wav'))).channels[0];
      const result = compareAudio(speech, audio, 8000);
      expect(result.correlation).toBeGreaterThan(0.9);
      expect(result.coverage).toBeGreaterThan(0.97);
      const { received } = await pair.b.stats();
      expect([received.lost, received.late, received.duplicate]).toEqual([0, 0, 0]);
      await pair.engine.close();
    },
  );

  it('a clean call has a good MOS', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    await pair.clock.run(3000);
    expect((await pair.b.stats()).mos).toBeGreaterThan(4);
    await pair.engine.close();
  });
});

describe('hostile datagrams', () => {
  it('disturb nothing and throw nothing', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    const random = new SeededRandom(99);
    const speech = babble(5);
    pair.a.play({ samples: speech, sampleRate: 8000 });
    const recording = await pair.b.record(join(folder, 'hostile.wav'));
    for (let i = 0; i < 1100; i++) {
      await pair.clock.run(5);
      const data = random.bytes(random.uint32() % 400);
      // Mostly something that looks like RTP or RTCP, some of it from the right address.
      if (data.length > 2 && i % 4 > 0) data[0] = 0x80 | (data[0] & 0x1f);
      if (data.length > 2 && i % 4 > 1) data[1] = [0, 8, 13, 101, 200, 201, 203][i % 7];
      const from = i % 3 === 0 ? '10.0.0.1' : '10.6.6.6';
      pair.network.inject(
        data,
        from,
        pair.a.rtpPort,
        '10.0.0.2',
        i % 5 === 0 ? pair.b.rtcpPort : pair.b.rtpPort,
      );
    }
    await recording.stop();
    const audio = (await readWav(join(folder, 'hostile.wav'))).channels[0];
    expect(compareAudio(speech, audio, 8000).correlation).toBeGreaterThan(0.98);
    const { received } = await pair.b.stats();
    expect(received.invalid + received.unexpected).toBeGreaterThan(300);
    await pair.engine.close();
  });
});

describe('DTMF', () => {
  it.each([
    [0, 0],
    [0.1, 60],
    [0.2, 20],
  ])('arrives once each at %f loss and %i ms jitter', async (loss, jitterMs) => {
    const pair = await mediaPair({ delayMs: 20, jitterMs, loss, duplication: 0.1 }, 11);
    await pair.connect();
    const digits = digitsOf(pair.b);
    await pair.clock.run(100);
    let sent = false;
    pair.a.sendDtmf('0123456789').then(() => {
      sent = true;
    });
    pair.a.sendDtmf('*#ABcd,55', { durationMs: 120, gapMs: 80 });
    await pair.clock.run(1200);
    expect(sent).toBe(false);
    await pair.clock.run(4000);
    expect(sent).toBe(true);
    expect(digits.join('')).toBe('0123456789*#ABCD55');
    await pair.engine.close();
  });

  it('refuses what cannot be sent', async () => {
    const pair = await mediaPair();
    await pair.connect((config) => ({ ...config, telephoneEventSend: undefined }));
    await expect(pair.a.sendDtmf('1')).rejects.toThrow('the peer takes no telephone-events');
    await pair.connect();
    await expect(pair.a.sendDtmf('1x')).rejects.toThrow("'x' is no DTMF digit");
    const waiting = pair.a.sendDtmf('111');
    await pair.a.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await pair.engine.close();
  });
});

describe('hold and resume', () => {
  it('stops and starts the directions; prompts wait, nothing old is heard', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    const directions = async (a: MediaDirection, b: MediaDirection) =>
      pair.connect((config, side) => ({ ...config, direction: side === 'a' ? a : b }));
    await directions('sendrecv', 'sendrecv');
    let done: PlaybackResult | undefined;
    pair.a.play({ samples: babble(2), sampleRate: 8000 }).done.then((result) => {
      done = result;
    });
    await pair.clock.run(1000);
    await directions('inactive', 'inactive');
    await pair.clock.run(50);
    const before = (await pair.a.stats()).sent.packets;
    expect(levelDbov(await heard(pair, pair.b, 2000, 'hold.wav'), 800)).toBe(-127);
    expect((await pair.a.stats()).sent.packets).toBe(before);
    expect(done).toBeUndefined();
    await directions('sendrecv', 'sendrecv');
    const after = await heard(pair, pair.b, 1500, 'resumed.wav');
    expect(levelDbov(after)).toBeGreaterThan(-40);
    expect(done).toMatchObject({ reason: 'end', playedMs: 2000 });
    expect((await pair.b.stats()).received.lost).toBe(0);
    await pair.engine.close();
  });

  it('changes codec and packet time within the call', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    pair.a.play({ tone: { segments: [{ frequencies: [1000], durationMs: 1000 }] } });
    await pair.clock.run(1000);
    for (const ptimeMs of [10, 30, 40, 60]) {
      await pair.connect((config) => ({
        ...config,
        send: { payloadType: 8, codec: 'PCMA', clockRate: 8000 },
        ptimeMs,
      }));
      await pair.clock.run(500);
      const before = (await pair.a.stats()).sent.packets;
      const audio = await heard(pair, pair.b, 1200, `ptime${ptimeMs}.wav`);
      expect((await pair.a.stats()).sent.packets - before).toBeCloseTo(1200 / ptimeMs, -0.5);
      expect(toneLevelDbov(audio.subarray(800, 8800), 1000, 8000)).toBeCloseTo(-16, 0);
      expect((await pair.b.stats()).received.lost).toBe(0);
    }
    expect((await pair.a.stats()).codec).toBe('PCMA');
    await pair.engine.close();
  });

  it('goes to wideband and back; recordings keep their time line', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    const codec = (name: string, payloadType: number) =>
      pair.connect((config) => ({
        ...config,
        send: { payloadType, codec: name, clockRate: 8000 },
        receive: [
          { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
          { payloadType: 9, codec: 'G722', clockRate: 8000 },
        ],
      }));
    await codec('PCMU', 0);
    const path = join(folder, 'wideband.wav');
    const recording = await pair.b.record(path, { sampleRate: 16000 });
    pair.a.play({ tone: { segments: [{ frequencies: [1000], durationMs: 1000 }] } });
    await pair.clock.run(2000);
    await codec('G722', 9);
    await pair.clock.run(2000);
    await codec('PCMU', 0);
    await pair.clock.run(2000);
    await recording.stop();
    const [left] = (await readWav(path)).channels;
    expect(left.length).toBe(6000 * 16);
    for (const second of [1, 3, 5]) {
      const part = left.subarray(second * 16000, (second + 0.5) * 16000);
      expect(toneLevelDbov(part, 1000, 16000), `second ${second}`).toBeCloseTo(-16, 0);
    }
    expect((await pair.b.stats()).received.lost).toBe(0);
    await pair.engine.close();
  });

  it('refuses nonsense and goes on as before', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const bad = { payloadType: 96, codec: 'FOO', clockRate: 8000 };
    await expect(pair.connect((config) => ({ ...config, send: bad }))).rejects.toThrow(
      'unknown codec FOO/8000',
    );
    await pair.clock.run(200);
    expect((await pair.b.stats()).received.packets).toBeGreaterThan(5);
    await pair.engine.close();
  });
});

describe('players', () => {
  it('stream files of any rate and length without gaps, and loop', async () => {
    const tone = Int16Array.from({ length: 22050 }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 500 * i) / 22050)),
    );
    const path = join(folder, 'tone.wav');
    await writeWav(path, [tone, tone], 22050);
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    const playback = pair.a.play({ file: path }, { loop: true, gain: 0.5 });
    const recording = await pair.b.record(join(folder, 'looped.wav'));
    // The disk is real, the time is not: for every chunk that is played this reads the whole file as well.
    for (let i = 0; i < 36; i++) {
      await pair.clock.run(100);
      for (let j = 0; j < 3; j++) await readFile(path);
    }
    playback.stop();
    expect((await playback.done).reason).toBe('stopped');
    await recording.stop();
    const audio = (await readWav(join(folder, 'looped.wav'))).channels[0].subarray(4000, 28_000);
    // 500 Hz fit the second, so the loop has no seam: all energy is in the tone.
    expect(levelDbov(audio)).toBeCloseTo(toneLevelDbov(audio, 500, 8000), 0.5);
    expect(levelDbov(audio)).toBeCloseTo(20 * Math.log10(4000 / 32768 / Math.SQRT2), 0);
    await pair.engine.close();
  });

  it('end with what is wrong with the file', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const results: PlaybackResult[] = [];
    pair.a.play({ file: '/nonexistent.wav' }).done.then((r) => results.push(r));
    await until(() => results.length === 1);
    expect(results[0].error?.message).toBe('/nonexistent.wav: no such file or folder');
    expect(() => pair.a.play({ samples: new Int16Array(9), sampleRate: 0 })).toThrow('sampleRate 0');
    expect(() => pair.a.play({ tone: 'nightingale' })).toThrow("unknown tone 'nightingale'");
    await pair.engine.close();
  });

  it('mix, and mute silences all of them', async () => {
    const pair = await mediaPair();
    await pair.connect();
    pair.a.play({ tone: 'dial-eu' });
    pair.a.play({ tone: 'milliwatt' });
    const both = (await heard(pair, pair.b, 1000, 'both.wav')).subarray(2000);
    expect(toneLevelDbov(both, 425, 8000)).toBeCloseTo(-16, 0);
    expect(toneLevelDbov(both, 1004, 8000)).toBeCloseTo(-16, 0);
    pair.a.setMute({ send: true });
    await pair.clock.run(200);
    expect(levelDbov(await heard(pair, pair.b, 500, 'mute.wav'))).toBe(-127);
    pair.a.setMute({ send: false });
    await pair.clock.run(200);
    expect(levelDbov(await heard(pair, pair.b, 500, 'unmute.wav'))).toBeGreaterThan(-20);
    await pair.engine.close();
  });
});

describe('recordings', () => {
  it('hold both directions in time through loss, mute, hold and silence of the peer', async () => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 20, loss: 0.05 }, 21);
    await pair.connect();
    const path = join(folder, 'aligned.wav');
    const recording = await pair.b.record(path);
    const clicks = new Int16Array(8000 * 30);
    for (let s = 0; s < 30; s++) clicks.fill(20000, s * 8000, s * 8000 + 400);
    pair.a.play({ samples: clicks, sampleRate: 8000 });
    pair.b.play({ samples: clicks, sampleRate: 8000 });
    // A recorder keeps 12 s for a slow disk, then it leaves audio out.
    for (let second = 0; second < 30; second += 5) {
      if (second === 10) pair.b.setMute({ send: true });
      if (second === 15) pair.b.setMute({ send: false });
      await pair.clock.run(5000);
      await written(path, (second + 5) * 1000);
    }
    await pair.clock.run(500);
    const result = await recording.stop();
    expect(result.durationMs).toBeGreaterThan(30_460);
    expect(result.durationMs).toBeLessThanOrEqual(30_500);
    const { channels } = await readWav(path);
    const onset = (channel: Int16Array, from: number) => channel.findIndex((s, i) => i >= from && s > 8000);
    const first = onset(channels[0], 0) - onset(channels[1], 0);
    const last = onset(channels[0], 25.5 * 8000) - onset(channels[1], 25.5 * 8000);
    // Network and jitter buffer delay only, and the same at the end as at the beginning.
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(0.15 * 8000);
    expect(Math.abs(last - first)).toBeLessThanOrEqual(0.04 * 8000);
    await pair.engine.close();
  });
});

describe('the end of a call', () => {
  it('completes recordings and playbacks', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const path = join(folder, 'ended.wav');
    const recording = await pair.b.record(path);
    const { done } = pair.b.play({ tone: 'dial-eu' });
    await pair.clock.run(730);
    await pair.b.close();
    expect(await done).toMatchObject({ reason: 'stopped', playedMs: 740 });
    const result = await recording.stop();
    expect(result).toMatchObject({ path, durationMs: 740, error: undefined });
    expect(await recording.stop()).toBe(result);
    expect((await readWav(path)).channels[1].length).toBe(5920);
    await pair.engine.close();
  });
});

describe('echo and the application', () => {
  it('echo sends back what is received', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    pair.b.setEcho(true);
    const speech = babble(3);
    pair.a.play({ samples: speech, sampleRate: 8000 });
    const audio = await heard(pair, pair.a, 3500, 'echo.wav');
    expect(compareAudio(speech, audio, 8000).correlation).toBeGreaterThan(0.98);
    await pair.engine.close();
  });

  it('application audio crosses at other rates, in order, without loss', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect();
    const speech = babble(5, 16000);
    const reader = pair.b.output({ sampleRate: 16000 });
    const chunks: Int16Array[] = [];
    const times: number[] = [];
    const reading = (async () => {
      for await (const { samples, timeMs } of reader) {
        chunks.push(samples);
        times.push(timeMs);
      }
    })();
    const written = pair.a.input.write(speech, 16000);
    expect(written).not.toBe(true);
    await pair.clock.run(5500);
    expect(await written).toBe(true);
    reader.close();
    await reading;
    expect(reader.dropped).toBe(0);
    expect(times.slice(0, 3)).toEqual([0, 20, 40]);
    expect(chunks.length).toBeGreaterThan(270);
    const audio = Int16Array.from(chunks.flatMap((chunk) => [...chunk]));
    expect(compareAudio(speech, audio, 16000).correlation).toBeGreaterThan(0.97);
    await pair.engine.close();
  });

  it('bounds both ways: writes are refused, old frames dropped and counted', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const minute = new Int16Array(8000 * 55);
    const first = pair.a.input.write(minute, 8000);
    expect(() => pair.a.input.write(minute, 8000)).toThrow('more than 60 s');
    expect(() => pair.a.input.write(minute, 7000)).toThrow('sampleRate 7000');
    pair.a.input.clear();
    expect(await first).toBe(false);
    expect(pair.a.input.write(new Int16Array(160), 8000)).toBe(true);

    const reader = pair.b.output({ sampleRate: 8000 });
    await pair.clock.run(10_000);
    const frames = reader[Symbol.asyncIterator]();
    const { value } = await frames.next();
    expect(reader.dropped).toBeGreaterThan(350);
    expect(value?.timeMs).toBe(reader.dropped * 20);
    await pair.b.close();
    await frames.return?.();
    await pair.engine.close();
  });
});

describe('watchdog', () => {
  it('says that and why no media came, once, and when it is back', async () => {
    const pair = await mediaPair();
    const reports: NoMediaReport[] = [];
    const back: number[] = [];
    pair.b.on('noMedia', (report) => reports.push(report));
    pair.b.on('mediaBack', ({ silentMs }) => back.push(silentMs));
    pair.network.conditions = { drop: (_, to) => to.address === '10.0.0.2' };
    await pair.connect();
    await pair.clock.run(20_000);
    expect(reports).toHaveLength(1);
    expect(reports[0].expected).toEqual({ host: '10.0.0.1', port: pair.a.rtpPort });
    expect(reports[0].explanation).toMatch(/^no RTP for 5\.0 s: .*10\.0\.0\.1:\d+/);
    pair.network.conditions = {};
    await pair.clock.run(1000);
    expect(back).toHaveLength(1);
    expect(back[0]).toBeGreaterThan(19_000);
    pair.network.conditions = { loss: 1 };
    await pair.clock.run(9000);
    expect(reports).toHaveLength(1);
    await pair.clock.run(2000);
    expect(reports).toHaveLength(2);
    await pair.engine.close();
  });

  it('names the address that sends instead', async () => {
    const pair = await mediaPair();
    const reports: NoMediaReport[] = [];
    pair.b.on('noMedia', (report) => reports.push(report));
    pair.network.conditions = { drop: (_, to) => to.address === '10.0.0.2' };
    await pair.connect();
    for (let i = 0; i < 300; i++) {
      await pair.clock.run(20);
      pair.network.conditions = {};
      // Of another payload type than agreed: never to be played.
      const stray = Uint8Array.of(0x80, 77, 0, i & 0xff, 0, 0, 0, 0, 9, 9, 9, 9, 1, 2, 3);
      pair.network.inject(stray, '192.168.1.9', 4000, '10.0.0.2', pair.b.rtpPort);
      pair.network.conditions = { drop: (_, to) => to.address === '10.0.0.2' };
    }
    expect(reports).toHaveLength(1);
    expect(reports[0].got).toEqual({ host: '192.168.1.9', port: 4000 });
    await pair.engine.close();
  });

  it('is quiet on hold, and something keeps the NAT open', async () => {
    const pair = await mediaPair();
    const reports: NoMediaReport[] = [];
    pair.b.on('noMedia', (report) => reports.push(report));
    await pair.connect();
    await pair.clock.run(1000);
    await pair.connect((config) => ({ ...config, direction: 'inactive' }));
    await pair.clock.run(100);
    let empty = 0;
    pair.network.conditions = {
      drop: (data) => {
        if (data.length === 0) empty++;
        return false;
      },
    };
    await pair.clock.run(60_000);
    expect(reports).toHaveLength(0);
    expect(empty).toBeGreaterThanOrEqual(6);
    expect(empty).toBeLessThanOrEqual(8);
    await pair.engine.close();
  });
});

describe('comfort noise', () => {
  it('fills pauses of a peer that suppresses silence', async () => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect((config) => ({
      ...config,
      comfortNoise: { sendPayloadType: 13, receivePayloadType: 13, suppressSilence: true },
    }));
    const noise = babble(6).map((sample, i) =>
      i < 8000 || i > 40_000 ? sample : Math.round(60 * Math.sin(i * i)),
    );
    pair.a.play({ samples: noise, sampleRate: 8000 });
    const audio = await heard(pair, pair.b, 6500, 'cn.wav');
    const stats = await pair.a.stats();
    expect(stats.sent.packets).toBeLessThan(200);
    const pause = levelDbov(audio, 20_000, 16_000);
    expect(Math.abs(pause - levelDbov(noise, 20_000, 16_000))).toBeLessThan(3);
    expect((await pair.b.stats()).received.lost).toBe(0);
    await pair.engine.close();
  });
});

describe('sessions', () => {
  it('tell about the first packet and a change of SSRC; closed ones say so', async () => {
    const pair = await mediaPair();
    const events: string[] = [];
    pair.b.on('flowing', ({ remote }) => events.push(`flowing ${remote.host}`));
    pair.b.on('ssrcChanged', () => events.push('ssrcChanged'));
    pair.b.on('ended', (error) => events.push(`ended ${error?.code}`));
    await pair.connect();
    await pair.clock.run(500);
    const c = await pair.engine.openSession({ address: '10.0.0.1', label: 'c' });
    await pair.a.configure({ ...(await streamOf(pair)), direction: 'inactive' });
    await pair.clock.run(200);
    await pair.b.configure({ ...(await streamOf(pair)), remote: { address: c.address, port: c.rtpPort } });
    await c.configure({
      ...(await streamOf(pair)),
      remote: { address: pair.b.address, port: pair.b.rtpPort },
    });
    await pair.clock.run(500);
    const first = pair.b.close();
    expect(await first).toBe(await pair.b.close());
    expect(events).toEqual(['flowing 10.0.0.1', 'ssrcChanged', 'ended undefined']);
    expect(() => pair.b.play({ tone: 'dial-eu' })).toThrow('the media session is closed');
    await expect(pair.b.stats()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await pair.engine.close();
    await expect(pair.engine.openSession({ address: '10.0.0.1', label: 'd' })).rejects.toMatchObject({
      code: 'ERR_CLOSED',
    });
    expect(pair.network.openPorts).toBe(0);
    await pair.clock.run(100);
    expect(pair.clock.pending).toBe(0);
  });
});

async function streamOf(pair: MediaPair) {
  const { streamTo } = await import('../../support/media-pair.js');
  return streamTo(pair.b);
}
