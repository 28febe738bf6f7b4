import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Resampler } from '../../../../src/dsp/resample.js';
import { OggReader } from '../../../../src/media/files/ogg.js';
import { beginTrack } from '../../../../src/media/files/recording-format.js';
import { Recorder } from '../../../../src/media/graph/recorder.js';
import { type RecordingFormat, writeWav } from '../../../../src/media/index.js';
import { compareAudio } from '../../../../src/testing/audio-compare.js';
import { babble } from '../../../support/media-pair.js';
import { playWhole, recordSides } from '../../../support/recorded.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

const left = babble(4, 8000, 1);
const right = babble(4, 8000, 2);

function to8k({ sampleRate, samples }: { sampleRate: number; samples: Int16Array }): Int16Array {
  if (sampleRate === 8000) return samples;
  const resampler = new Resampler(sampleRate, 8000);
  const out = new Int16Array(Math.ceil((samples.length * 8000) / sampleRate) + 2);
  return out.subarray(0, resampler.process(samples, 0, samples.length, out, 0));
}

describe('recorded files', () => {
  it.each([
    ['wav', 'wav', 0.999],
    ['gsm', 'gsm', 0.9],
    ['opus', 'opus', 0.97],
  ])('.%s is chosen by its extension and plays as it was recorded', async (extension, _format, least) => {
    const path = join(folder, `side.${extension}`);
    const result = await recordSides(path, left, right, { layout: 'received' });
    expect(result).toMatchObject({ path, durationMs: 4000, error: undefined });
    expect((await readFile(path)).length).toBe(result.bytes);
    const played = await playWhole(path);
    expect(played.samples.length / played.sampleRate).toBeCloseTo(4, 2);
    const { correlation, delayMs } = compareAudio(left, to8k(played), 8000, 200);
    expect(correlation).toBeGreaterThan(least);
    expect(Math.abs(delayMs)).toBeLessThan(5);
  });

  it('in two files hold one side each, of the same length', async () => {
    const path = join(folder, 'two.opus');
    const result = await recordSides(path, left, right, { layout: 'separate', sampleRate: 16000 });
    expect(result.paths).toEqual([join(folder, 'two-received.opus'), join(folder, 'two-sent.opus')]);
    const [a, b] = await Promise.all((result.paths ?? []).map(async (name) => to8k(await playWhole(name))));
    expect(a.length).toBe(b.length);
    expect(compareAudio(left, a, 8000, 200).correlation).toBeGreaterThan(0.95);
    expect(compareAudio(right, b, 8000, 200).correlation).toBeGreaterThan(0.95);
  });

  it('[recording/0] are stereo, two GSM files, Vorbis, MP3, two mono files or one mono file, at the rate asked for', async () => {
    const kinds = [
      ['s.wav', {}, 1, 2],
      ['g.gsm', {}, 2, 1],
      ['v.ogg', {}, 1, 2],
      ['m.mp3', {}, 1, 2],
      ['t.wav', { layout: 'separate' }, 2, 1],
      ['x.wav', { layout: 'mono', sampleRate: 16_000 }, 1, 1],
    ] as const;
    for (const [name, options, files, channels] of kinds) {
      const { path, paths = [path], error } = await recordSides(join(folder, name), left, right, options);
      expect(error).toBeUndefined();
      expect(paths).toHaveLength(files);
      for (const file of paths) {
        const bytes = await readFile(file);
        if (name.endsWith('.wav')) {
          const rate = 'sampleRate' in options ? options.sampleRate : 8000;
          // Channels, rate and bits per sample of the header.
          expect(bytes.readUInt16LE(22)).toBe(channels);
          expect(bytes.readUInt32LE(24)).toBe(rate);
          expect(bytes.readUInt16LE(34)).toBe(16);
          const { samples } = await playWhole(file);
          expect(samples.length / rate).toBeCloseTo(4, 1);
        } else if (name.endsWith('.gsm')) {
          expect(bytes.length % 33).toBe(0);
          expect(bytes[0] >> 4).toBe(0xd);
        } else if (name.endsWith('.ogg')) {
          expect(bytes.subarray(0, 4).toString()).toBe('OggS');
          expect(bytes.subarray(28, 35).toString('latin1')).toBe('\x01vorbis');
          expect(bytes[39]).toBe(channels);
        } else {
          // An MPEG audio frame, layer III.
          expect(bytes[0]).toBe(0xff);
          expect(bytes[1] & 0xe6).toBe(0xe2);
        }
      }
    }
  });

  it('of GSM are two when both sides are asked for, at 8 kHz whatever is asked for', async () => {
    const result = await recordSides(join(folder, 'both.gsm'), left, right, { sampleRate: 16000 });
    expect(result.paths).toHaveLength(2);
    expect(result.bytes).toBe(2 * 200 * 33);
  });

  it.each<[RecordingFormat, number[]]>([
    ['mp3', [0xff]],
    ['vorbis', [...Buffer.from('OggS')]],
  ])('of kind %s begin as such', async (format, magic) => {
    const path = join(folder, `x-${format}.bin`);
    await recordSides(path, left, right, { format });
    const bytes = await readFile(path);
    expect([...bytes.subarray(0, magic.length)]).toEqual(magic);
    expect(bytes.length).toBeGreaterThan(8000);
  });

  it('of Ogg Vorbis are pages by libogg, which the page reader agrees with', async () => {
    const path = join(folder, 'pages.ogg');
    await recordSides(path, left, right);
    const reader = new OggReader();
    const packets = reader.push(await readFile(path));
    expect(reader.damaged).toBe(0);
    expect(packets.length).toBeGreaterThan(10);
    expect(packets[0].first).toBe(true);
    expect(packets.at(-1)).toMatchObject({ last: true, granule: 32_000 });
  });

  it('of Ogg Opus have whole pages and end where the audio does', async () => {
    const path = join(folder, 'exact.opus');
    await recordSides(path, left.subarray(0, 8000), right.subarray(0, 8000), { sampleRate: 24000 });
    const reader = new OggReader();
    const packets = reader.push(await readFile(path));
    const preSkip = Buffer.from(packets[0].data).readUInt16LE(10);
    expect(packets.at(-1)).toMatchObject({ last: true, granule: preSkip + 48000 });
    expect(reader.damaged).toBe(0);
    expect((await playWhole(path)).samples.length).toBe(48000);
  });

  it('cut off anywhere play up to there', async () => {
    const path = join(folder, 'cut.opus');
    const { bytes } = await recordSides(path, left, right, {});
    await truncate(path, Math.round(bytes * 0.7));
    const { samples } = await playWhole(path);
    expect(samples.length).toBeGreaterThan(48000 * 1.9);
    expect(samples.length).toBeLessThan(48000 * 3);
  });

  it('leave pauses out and keep skipped time in', async () => {
    const path = join(folder, 'paused.opus');
    const recorder = await Recorder.create(path, {}, () => {});
    const push = () => recorder.push(left.subarray(0, 160), 160, 8000, right.subarray(0, 160), 160, 8000);
    for (let i = 0; i < 10; i++) push();
    recorder.paused = true;
    for (let i = 0; i < 10; i++) push();
    recorder.paused = false;
    recorder.skip(310);
    for (let i = 0; i < 10; i++) push();
    recorder.skip(90);
    expect((await recorder.stop()).durationMs).toBe(800);
    expect((await playWhole(path)).samples.length).toBe(800 * 48);
  });

  it.each<RecordingFormat>(['gsm', 'opus', 'mp3', 'vorbis'])(
    '%s on a full disk: told once',
    async (format) => {
      const errors: Error[] = [];
      let room = 6000;
      const file = {
        async write(_data: Uint8Array, _offset: number, length: number) {
          room -= length;
          if (room < 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
          return { bytesWritten: length };
        },
        async truncate() {},
        async close() {},
      };
      const options = { format, layout: 'mono' } as const;
      const recorder = await Recorder.create(
        'x',
        options,
        (error) => errors.push(error),
        (_path, plan, serial) => beginTrack(file, plan, serial),
      );
      for (let at = 0; at < left.length * 3; at += 160) {
        const frame = left.subarray(at % left.length, (at % left.length) + 160);
        recorder.push(frame, 160, 8000, frame, 160, 8000);
      }
      const result = await recorder.stop();
      if (room < 0) {
        expect(errors).toEqual([result.error]);
        expect(result.error?.message).toBe('x: the disk is full');
      }
      expect(room).toBeLessThan(0);
    },
  );
});

describe('files that cannot be played', () => {
  it('say what is wrong', async () => {
    const empty = join(folder, 'empty.wav');
    await writeFile(empty, '');
    await expect(playWhole(empty)).rejects.toThrow('the file is empty');
  });

  it('say what to do when only ffmpeg could, and it is not there', async () => {
    const path = join(folder, 'notes.txt');
    await writeFile(path, 'no audio at all, but long enough to be looked at');
    const search = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      await expect(playWhole(path)).rejects.toMatchObject({
        code: 'ERR_MEDIA_FILE',
        message: `${path}: neither WAV nor Ogg Opus nor GSM; install ffmpeg to play it, or convert it to WAV, Ogg Opus or GSM`,
      });
    } finally {
      process.env.PATH = search;
    }
  });
});

describe('a queue of files', () => {
  it('plays without a gap, also of different kinds', async () => {
    const { FileSource } = await import('../../../../src/media/graph/file-source.js');
    const tone = (seconds: number, rate: number) =>
      Int16Array.from({ length: seconds * rate }, (_, i) => 9000 * Math.sin((2 * Math.PI * 400 * i) / rate));
    const paths = [join(folder, 'q1.wav'), join(folder, 'q2.wav')];
    await writeWav(paths[0], [tone(1, 8000)], 8000);
    await writeWav(paths[1], [tone(1, 16000)], 16000);
    const errors: Error[] = [];
    const source = new FileSource(paths, false, (error) => errors.push(error));
    const out = new Int16Array(20_000);
    let got = 0;
    for (let i = 0; i < 500 && !(source.ended && source.available === 0); i++) {
      got += source.read(out, got, 160);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(errors).toEqual([]);
    expect(got).toBe(16_000);
    // No hole at the seam: nowhere are two milliseconds quiet.
    for (let at = 200; at < 15_800; at += 16) {
      expect(Math.max(...out.subarray(at, at + 16).map(Math.abs)), `at ${at}`).toBeGreaterThan(3000);
    }
    source.close();
  });
});
