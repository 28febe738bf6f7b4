/** Recordings are encoded and written in a thread of their own: every format, disk full, a thread that dies. Needs a build. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SwitchhookError } from '../../src/base/errors.js';
import { RecordingThread } from '../../src/media/files/recording-thread.js';
import { Recorder } from '../../src/media/graph/recorder.js';
import { MediaEngine, type RecordOptions, readWav } from '../../src/media/index.js';
import { compareAudio } from '../../src/testing/audio-compare.js';
import { babble } from '../support/media-pair.js';
import { playWhole } from '../support/recorded.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-thread-'));
});
afterAll(() => rm(folder, { recursive: true }));

const speech = babble(4);

/** Pushes the speech as a call would, as received and, an octave of silence later, as sent. */
async function push(recorder: Recorder, pauseMs = 0): Promise<void> {
  for (let at = 0; at + 160 <= speech.length; at += 160) {
    const frame = speech.subarray(at, at + 160);
    recorder.push(frame, 160, 8000, frame, 160, 8000);
    if (pauseMs > 0 && at % 8000 === 0) await delay(pauseMs);
  }
}

describe('the recording thread', () => {
  it.each<[string, RecordOptions]>([
    ['a.wav', {}],
    ['b.mp3', { layout: 'mono' }],
    ['c.ogg', { layout: 'stereo', sampleRate: 16000 }],
    ['d.opus', { layout: 'separate' }],
    ['e.gsm', {}],
  ])('writes %s as this thread would', async (name, options) => {
    const [here, there] = [join(folder, `here-${name}`), join(folder, `there-${name}`)];
    const local = await Recorder.create(here, options, () => {});
    await push(local);
    const expected = await local.stop();
    const recorder = await Recorder.create(there, options, () => {}, new RecordingThread().open);
    await push(recorder, 5);
    const result = await recorder.stop();
    expect(result.error).toBeUndefined();
    expect(result.durationMs).toBe(expected.durationMs);
    expect(result.paths?.length).toBe(expected.paths?.length);
    for (const path of result.paths ?? [result.path]) expect((await stat(path)).size).toBeGreaterThan(1000);
    if (name === 'a.wav') {
      const [a, b] = [await readWav(here), await readWav(there)];
      expect(b.channels).toEqual(a.channels);
    }
  });

  it('tells of a folder that is not there, and of a full disk once', async () => {
    const { open } = new RecordingThread();
    const told: SwitchhookError[] = [];
    const onError = (error: SwitchhookError) => void told.push(error);
    await expect(Recorder.create('/nonexistent/x.mp3', {}, onError, open)).rejects.toMatchObject({
      code: 'ERR_MEDIA_FILE',
      message: '/nonexistent/x.mp3: no such file or folder',
    });
    if (!existsSync('/dev/full')) return;
    const recorder = await Recorder.create('/dev/full', { format: 'mp3' }, onError, open).catch(
      () => undefined,
    );
    if (recorder) {
      await push(recorder);
      await recorder.stop();
    }
    for (const error of told) expect(error.message).toBe('/dev/full: the disk is full');
    expect(told.length).toBeLessThanOrEqual(1);
  });

  it('that dies ends its recordings with an error, and the next recording has a new one', async () => {
    const dying = new URL(
      `data:text/javascript,import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ op, request }) => {
        if (op === 'open') parentPort.postMessage({ request, bytes: 0, frames: 0 });
        else process.exit(3);
      });`,
    );
    const thread = new RecordingThread(dying);
    for (let i = 0; i < 2; i++) {
      const told: SwitchhookError[] = [];
      const path = join(folder, 'dies.mp3');
      const recorder = await Recorder.create(path, {}, (error) => told.push(error), thread.open);
      await push(recorder);
      const { error } = await recorder.stop();
      expect(error?.message).toContain('the recording thread has ended: exit code 3');
      expect(told).toEqual([error]);
    }
  });

  it('records the calls of a media worker', async () => {
    const engine = await MediaEngine.start();
    const session = await engine.openSession({ address: '127.0.0.1', label: 'recorded' });
    const format = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
    await session.configure({
      remote: { address: '127.0.0.1', port: session.rtpPort, rtcpPort: session.rtcpPort },
      direction: 'sendrecv',
      send: format,
      receive: [format],
    });
    const paths = ['w.wav', 'w.mp3', 'w.opus'].map((name) => join(folder, name));
    const recordings = await Promise.all(paths.map((path) => session.record(path, { layout: 'sent' })));
    await session.play({ samples: speech, sampleRate: 8000 }).done;
    for (const recording of recordings) {
      const { path, error } = await recording.stop();
      expect(error).toBeUndefined();
      const { samples, sampleRate } = await playWhole(path);
      expect(sampleRate).toBe(path.endsWith('opus') ? 48_000 : 8000);
      if (sampleRate === 8000) expect(compareAudio(speech, samples, 8000).correlation).toBeGreaterThan(0.9);
    }
    await engine.close();
  });
});
