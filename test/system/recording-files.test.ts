/** What we record, played by ffmpeg; what ffmpeg makes, played by us; a long call; a killed process. Needs a build. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWav, writeWav } from '../../src/media/index.js';
import { compareAudio } from '../../src/testing/audio-compare.js';
import { babble, mediaPair } from '../support/media-pair.js';
import { convert, decode, probe } from '../support/peers/ffmpeg.js';
import { describeWith } from '../support/peers/require-peer.js';
import { playWhole, recordSides } from '../support/recorded.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-recording-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Records a tone in a process of its own, which is killed after so many seconds of it. */
async function leavesPlayable(extension: string, seconds: number): Promise<void> {
  const path = join(folder, `killed.${extension}`);
  const recorder = new URL('../../dist/media/graph/recorder.js', import.meta.url).href;
  const program = `
    const { Recorder } = await import(${JSON.stringify(recorder)});
    const r = await Recorder.create(${JSON.stringify(path)}, { layout: 'mono' }, () => {});
    const frame = Int16Array.from({ length: 160 }, (_, i) => 9000 * Math.sin((2 * Math.PI * i) / 16));
    const none = new Int16Array(160);
    let pushed = 0;
    setInterval(() => {
      for (let i = 0; i < 5; i++) r.push(frame, 160, 8000, none, 160, 8000);
      if (++pushed === ${seconds * 10}) process.stdout.write('ready');
    }, 20);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { samples, sampleRate } = await playWhole(path);
  expect(samples.length / sampleRate).toBeGreaterThan(seconds / 2 - 0.1);
  expect(Math.max(...samples.subarray(-sampleRate / 2))).toBeGreaterThan(4000);
}

describeWith(['ffmpeg', 'ffprobe'], 'files and ffmpeg', () => {
  const left = babble(6, 8000, 1);
  const right = babble(6, 8000, 2);

  it.each([
    ['wav', 'pcm_s16le', 8000, 0.999],
    ['opus', 'opus', 16000, 0.97],
    ['opus', 'opus', 48000, 0.97],
    ['mp3', 'mp3', 8000, 0.95],
    ['mp3', 'mp3', 48000, 0.95],
    ['ogg', 'vorbis', 16000, 0.95],
  ])(
    '[recording/0] a stereo recording .%s (%s, %i Hz) has each party on its side',
    async (extension, codec, sampleRate, least) => {
      const path = join(folder, `stereo-${sampleRate}.${extension}`);
      await recordSides(path, left, right, { sampleRate });
      const probed = await probe(path);
      expect(probed).toMatchObject({ codec, channels: 2 });
      expect(probed.seconds).toBeGreaterThan(5.9);
      expect(probed.seconds).toBeLessThan(6.3);
      const sides = await decode(path, 2, 8000);
      const heard = compareAudio(left, sides[0], 8000, 200);
      const said = compareAudio(right, sides[1], 8000, 200);
      expect(heard.correlation).toBeGreaterThan(least);
      expect(said.correlation).toBeGreaterThan(least);
      expect(Math.abs(heard.delayMs - said.delayMs)).toBeLessThan(2);
      // Nobody is to be heard on the other side.
      expect(Math.abs(compareAudio(left, sides[1], 8000, 5).correlation)).toBeLessThan(0.15);
    },
  );

  it('[recording/0] two GSM files', async () => {
    const { paths = [] } = await recordSides(join(folder, 'two.gsm'), left, right);
    for (const [i, side] of [left, right].entries()) {
      const [samples] = await decode(paths[i], 1, 8000);
      expect(compareAudio(side, samples, 8000, 200).correlation).toBeGreaterThan(0.9);
    }
  });

  it.each([
    ['mp3', []],
    ['flac', []],
    ['opus', ['-c:a', 'libopus', '-ac', '2']],
    ['gsm', ['-c:a', 'libgsm', '-ar', '8000']],
    ['wav', ['-c:a', 'adpcm_ms']],
    ['m4a', ['-c:a', 'aac']],
  ])('a .%s file of ffmpeg is played', async (extension, options) => {
    const source = join(folder, 'source.wav');
    await writeWav(source, [left], 8000);
    const path = join(folder, `made.${extension}`);
    await convert(source, path, options);
    const played = await playWhole(path);
    const back = join(folder, `back-${extension}.wav`);
    await writeWav(back, [played.samples], played.sampleRate);
    const [samples] = await decode(back, 1, 8000);
    expect(compareAudio(left, samples, 8000, 300).correlation).toBeGreaterThan(0.9);
  });

  it('what ffmpeg cannot read is refused with its words', async () => {
    const path = join(folder, 'not-audio.mp3');
    await writeFile(path, 'These are words, and no audio. '.repeat(100));
    await expect(playWhole(path)).rejects.toThrow('nor can ffmpeg read it: ');
  });

  // libvorbis hands out pages of 4 kB, several seconds of a narrow-band voice.
  it.each([
    ['mp3', 3],
    ['ogg', 20],
  ])('a killed process leaves a playable .%s file', leavesPlayable);
});

describe('a five-minute recorded call with 5 % loss', () => {
  it('has both channels in step at the end', async () => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 10, loss: 0.05 }, 5);
    await pair.connect();
    const path = join(folder, 'long.wav');
    const recording = await pair.b.record(path);
    const coded = await pair.b.record(join(folder, 'long.opus'));
    const speech = babble(300);
    pair.a.play({ samples: speech, sampleRate: 8000 });
    pair.b.play({ samples: speech, sampleRate: 8000 });
    for (let second = 0; second < 300; second++) {
      await pair.clock.run(1000);
      // The disk and the encoder are real, the time is not.
      if (second % 4 === 3) await delay(60);
    }
    const result = await recording.stop();
    expect((await coded.stop()).durationMs).toBe(300_000);
    expect(result.durationMs).toBe(300_000);
    const [heard, said] = (await readWav(path)).channels;
    const offset = (from: number) => {
      const reference = speech.subarray(from * 8000, (from + 10) * 8000);
      const cut = (side: Int16Array) => side.subarray(from * 8000, (from + 11) * 8000);
      const a = compareAudio(reference, cut(heard), 8000, 500);
      const b = compareAudio(reference, cut(said), 8000, 500);
      expect(a.correlation).toBeGreaterThan(0.7);
      expect(b.correlation).toBeGreaterThan(0.9);
      return { between: a.delayMs - b.delayMs, sent: b.delayMs };
    };
    const start = offset(5);
    const end = offset(285);
    expect(Math.abs(end.between - start.between)).toBeLessThanOrEqual(20);
    expect(Math.abs(end.sent - start.sent)).toBeLessThanOrEqual(1);
    await pair.engine.close();
  });
});

describe('a killed process', () => {
  it.each([
    ['wav', 3],
    ['opus', 3],
    ['gsm', 3],
  ])('leaves a playable .%s file', leavesPlayable);
});
