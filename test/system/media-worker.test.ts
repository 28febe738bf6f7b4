/** The media engine in its real worker thread, on real sockets. Needs a build. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SwitchhookError } from '../../src/base/errors.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import { MediaEngine, readWav, type StreamFormat } from '../../src/media/index.js';
import { compareAudio } from '../../src/testing/audio-compare.js';
import { babble, streamTo } from '../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-media-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a careless application does. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function pair(engine: MediaEngine) {
  const a = await engine.openSession({ address: '127.0.0.1', label: 'a' });
  const b = await engine.openSession({ address: '127.0.0.1', label: 'b' });
  await a.configure(streamTo(b));
  await b.configure(streamTo(a));
  return { a, b };
}

/** A far end of a call and our leg of it, in one codec. */
async function call(engine: MediaEngine, format: StreamFormat) {
  const far = await engine.openSession({ address: '127.0.0.1', label: 'far' });
  const leg = await engine.openSession({ address: '127.0.0.1', label: 'leg' });
  const config = { send: format, receive: [format] };
  await far.configure({ ...streamTo(leg), ...config });
  await leg.configure({ ...streamTo(far), ...config });
  return { far, leg };
}

/** Level that `share` of the pieces of 50 ms do not exceed: a busy machine tears holes into the whole. */
function toneLevel(pcm: Int16Array, hz: number, share: number): number {
  const levels: number[] = [];
  for (let at = 0; at + 800 <= pcm.length; at += 800) {
    levels.push(toneLevelDbov(pcm.subarray(at, at + 800), hz, 16_000));
  }
  return levels.sort((a, b) => a - b)[Math.floor(levels.length * share)];
}

describe('media worker', () => {
  it('a main thread that is busy half of every second, for a minute, costs no packet and no audio', async () => {
    const engine = await MediaEngine.start();
    const { a, b } = await pair(engine);
    const path = join(folder, 'stalled.wav');
    const recording = await b.record(path);
    const speech = babble(60);
    const { done } = a.play({ samples: speech, sampleRate: 8000 });
    for (let i = 0; i < 60; i++) {
      await sleep(500);
      stall(500);
    }
    expect((await done).reason).toBe('end');
    await sleep(300);
    await recording.stop();
    const result = compareAudio(speech, (await readWav(path)).channels[0], 8000);
    expect(result.correlation).toBeGreaterThan(0.95);
    expect(result.coverage).toBeGreaterThan(0.99);
    const sent = (await a.close()).sent.packets;
    const { received } = await b.close();
    expect(received.lost).toBe(0);
    expect(sent).toBeGreaterThan(60_000 / 20 - 10);
    await engine.close();
  }, 120_000);

  it('audio crosses between the application and the worker', async () => {
    const engine = await MediaEngine.start();
    const { a, b } = await pair(engine);
    const reader = b.output({ sampleRate: 16000 });
    const speech = babble(2, 16000);
    const heard: number[] = [];
    const writing = a.input.write(speech, 16000);
    for await (const { samples } of reader) {
      heard.push(...samples);
      if (heard.length > 2.3 * 16000) break;
    }
    expect(await writing).toBe(true);
    expect(compareAudio(speech, Int16Array.from(heard), 16000).correlation).toBeGreaterThan(0.97);
    await engine.close();
  });

  it('events, results and errors come back from it', async () => {
    const engine = await MediaEngine.start();
    const { a, b } = await pair(engine);
    const digits: string[] = [];
    b.on('dtmf', ({ digit }) => digits.push(digit));
    await a.sendDtmf('42#');
    await sleep(200);
    expect(digits.join('')).toBe('42#');
    const playback = a.play({ file: join(folder, 'missing.wav') });
    expect((await playback.done).error?.code).toBe('ERR_MEDIA_FILE');
    await expect(
      a.configure({ ...streamTo(b), receive: [{ payloadType: 300, codec: 'PCMU', clockRate: 8000 }] }),
    ).rejects.toThrow('payload type 300');
    await engine.close();
  });

  it('a conference of three codecs at three rates across two workers: each hears the other two', async () => {
    const engine = await MediaEngine.start({ workers: 2 });
    const hertz = [500, 1100, 1700];
    const calls = [
      await call(engine, { payloadType: 0, codec: 'PCMU', clockRate: 8000 }),
      await call(engine, { payloadType: 9, codec: 'G722', clockRate: 8000 }),
      await call(engine, { payloadType: 111, codec: 'opus', clockRate: 48000 }),
    ];
    const bridge = await engine.openBridge({ label: 'room' });
    for (const [i, { far, leg }] of calls.entries()) {
      bridge.add(leg);
      far.play({ tone: { segments: [{ frequencies: [hertz[i]], durationMs: 1000 }] } }, { loop: true });
    }
    await sleep(1000);
    const listen = async (round: number): Promise<string[]> => {
      const paths = calls.map((_, i) => join(folder, `party-${i}-${round}.wav`));
      const recordings = await Promise.all(
        calls.map(({ far }, i) => far.record(paths[i], { sampleRate: 16000 })),
      );
      await sleep(2000);
      await Promise.all(recordings.map((recording) => recording.stop()));
      const faint: string[] = [];
      for (const [i, path] of paths.entries()) {
        const audio = (await readWav(path)).channels[0].subarray(8000, 24_000);
        expect(toneLevel(audio, hertz[i], 0.5), `party ${i} hears itself`).toBeLessThan(-40);
        for (const [k, hz] of hertz.entries()) {
          const level = toneLevel(audio, hz, 0.9);
          if (k !== i && level <= -18) faint.push(`party ${i} hears party ${k} at ${level.toFixed(1)} dBov`);
        }
      }
      return faint;
    };
    // A machine that stands still for a moment swallows audio: then another two seconds are listened to.
    let faint = await listen(0);
    for (let round = 1; faint.length > 0 && round < 5; round++) faint = await listen(round);
    expect(faint).toEqual([]);
    await engine.close();
  });

  it('the threads start with the first sessions, and no more of them than asked for', async () => {
    const engine = await MediaEngine.start({ workers: 2 });
    expect((await engine.stats()).workers).toBe(0);
    const open = (label: string) => engine.openSession({ address: '127.0.0.1', label });
    await Promise.all([open('a'), open('b'), open('c')]);
    expect(await engine.stats()).toMatchObject({ workers: 2, sessions: 3 });
    await engine.close();
    const unused = await MediaEngine.start();
    await unused.close();
    await expect(unused.openSession({ address: '127.0.0.1', label: 'd' })).rejects.toMatchObject({
      code: 'ERR_CLOSED',
    });
  });

  it('a worker that dies ends its sessions with a coded error and is replaced', async () => {
    const workers = new Set<Worker>();
    const original = Worker.prototype.postMessage;
    const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, value) {
      workers.add(this);
      original.call(this, value);
    });
    const engine = await MediaEngine.start();
    const { a, b } = await pair(engine);
    const ended: Array<SwitchhookError | undefined> = [];
    a.on('ended', (error) => ended.push(error));
    b.on('ended', (error) => ended.push(error));
    const { done } = a.play({ tone: 'dial-eu' });
    for (const worker of workers) await worker.terminate();
    post.mockRestore();
    expect((await done).error?.code).toBe('ERR_MEDIA_WORKER');
    expect(ended.map((error) => error?.code)).toEqual(['ERR_MEDIA_WORKER', 'ERR_MEDIA_WORKER']);
    expect(() => a.play({ tone: 'dial-eu' })).toThrow(SwitchhookError);
    const again = await pair(engine);
    await sleep(200);
    expect((await again.b.stats()).received.packets).toBeGreaterThan(3);
    await engine.close();
  });
});
