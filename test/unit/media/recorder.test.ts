import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SwitchhookError } from '../../../src/base/errors.js';
import type { RecordingFile } from '../../../src/media/files/audio-file-writer.js';
import { beginTrack } from '../../../src/media/files/recording-format.js';
import { Recorder } from '../../../src/media/graph/recorder.js';
import { parseWav, type RecordOptions } from '../../../src/media/index.js';

/** A disk that can be slow or full. */
class FakeFile implements RecordingFile {
  bytes = new Uint8Array(0);
  closed = false;
  limit = Number.POSITIVE_INFINITY;
  gate: Promise<void> | undefined;

  async write(data: Uint8Array, offset: number, length: number, position: number) {
    await this.gate;
    if (position + length > this.limit) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    this.#grow(position + length);
    this.bytes.set(data.subarray(offset, offset + length), position);
    return { bytesWritten: length };
  }

  async truncate(length: number): Promise<void> {
    this.#grow(length);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #grow(length: number): void {
    if (length <= this.bytes.length) return;
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}

const record = (
  file: FakeFile,
  options: RecordOptions = {},
  onError: (error: SwitchhookError) => void = () => {},
) => Recorder.create('x.wav', options, onError, (_path, plan, serial) => beginTrack(file, plan, serial));

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function frame(value: number, count = 160): Int16Array {
  return new Int16Array(count).fill(value);
}

/** Pushes `ms` of constant values. */
function push(recorder: Recorder, ms: number, left: number, right: number): void {
  for (let at = 0; at < ms; at += 20) recorder.push(frame(left), 160, 8000, frame(right), 160, 8000);
}

describe('recorder', () => {
  it('writes stereo: left received, right sent', async () => {
    const file = new FakeFile();
    const recorder = await record(file);
    push(recorder, 740, 100, -200);
    const result = await recorder.stop();
    expect(result).toMatchObject({ path: 'x.wav', durationMs: 740, bytes: 44 + 740 * 8 * 4 });
    expect(file.closed).toBe(true);
    const wav = parseWav(file.bytes);
    expect(wav.channels.map((c) => c.length)).toEqual([5920, 5920]);
    expect(wav.channels[0].every((s) => s === 100)).toBe(true);
    expect(wav.channels[1].every((s) => s === -200)).toBe(true);
    expect(await recorder.stop()).toBe(result);
  });

  it('adds both directions for mono, with saturation, at another rate', async () => {
    const file = new FakeFile();
    const recorder = await record(file, { layout: 'mono', sampleRate: 16000 });
    push(recorder, 1000, 20000, 20000);
    await recorder.stop();
    const wav = parseWav(file.bytes);
    expect(wav.sampleRate).toBe(16000);
    expect(wav.mono.length).toBe(16000);
    expect(wav.mono[8000]).toBe(32767);
  });

  it('is playable at any time, also when nobody stops it', async () => {
    const file = new FakeFile();
    const recorder = await record(file);
    push(recorder, 2300, 1, 2);
    for (let i = 0; i < 20; i++) await settle();
    // As a killed process would leave it.
    const wav = parseWav(file.bytes.slice());
    expect(wav.channels[0].length).toBe(16000);
    expect(new DataView(file.bytes.buffer).getUint32(40, true)).toBe(64000);
  });

  it('leaves pauses out, keeps skipped time in', async () => {
    const file = new FakeFile();
    const recorder = await record(file);
    push(recorder, 100, 1, 1);
    recorder.paused = true;
    push(recorder, 100, 2, 2);
    recorder.paused = false;
    recorder.skip(200);
    push(recorder, 100, 3, 3);
    recorder.skip(60);
    expect(recorder.durationMs).toBe(460);
    expect((await recorder.stop()).durationMs).toBe(460);
    const [left] = parseWav(file.bytes).channels;
    expect(left.length).toBe(3680);
    expect([left[799], left[800], left[2399], left[2400], left[3199], left[3200]]).toEqual([
      1, 0, 0, 3, 3, 0,
    ]);
  });

  it('is complete on the disk while it pauses', async () => {
    const file = new FakeFile();
    const recorder = await record(file);
    push(recorder, 780, 1, 2);
    recorder.paused = true;
    for (let i = 0; i < 20; i++) await settle();
    expect(parseWav(file.bytes.slice()).channels[0].length).toBe(6240);
    recorder.paused = false;
    push(recorder, 220, 3, 4);
    expect((await recorder.stop()).durationMs).toBe(1000);
  });

  it('that begins when both are heard has no time before that, skipped or not', async () => {
    const file = new FakeFile();
    const recorder = await record(file, { sync: 'both' });
    push(recorder, 100, 0, 500);
    recorder.skip(400);
    push(recorder, 100, 500, 0);
    recorder.skip(40);
    expect((await recorder.stop()).durationMs).toBe(140);
  });

  it('a slow disk costs silence, not time, and bounded memory', async () => {
    const file = new FakeFile();
    const recorder = await record(file);
    let open = () => {};
    file.gate = new Promise((resolve) => {
      open = resolve;
    });
    push(recorder, 30_000, 5, 5);
    open();
    for (let i = 0; i < 200; i++) await settle();
    push(recorder, 1000, 7, 7);
    const result = await recorder.stop();
    expect(result.durationMs).toBe(31_000);
    const [left] = parseWav(file.bytes).channels;
    expect(left.length).toBe(248_000);
    expect(left[247_999]).toBe(7);
    expect(left[240_000]).toBe(7);
    expect(left[239_999]).toBe(0);
    expect(left[0]).toBe(5);
  });

  it('reports a full disk once and keeps what is there playable', async () => {
    const file = new FakeFile();
    const errors: SwitchhookError[] = [];
    const recorder = await record(file, {}, (error) => errors.push(error));
    file.limit = 44 + 40_000;
    for (let i = 0; i < 10; i++) {
      push(recorder, 500, 9, 9);
      for (let j = 0; j < 5; j++) await settle();
    }
    const result = await recorder.stop();
    expect(errors).toHaveLength(1);
    expect(errors[0].message).toBe('x.wav: the disk is full');
    expect(result.error).toBe(errors[0]);
    expect(result.durationMs).toBe(1000);
    expect(parseWav(file.bytes).channels[0].every((s) => s === 9)).toBe(true);
    expect(file.closed).toBe(true);
  });

  it('refuses a path it cannot write', async () => {
    await expect(Recorder.create('/nonexistent/x.wav', {}, () => {})).rejects.toMatchObject({
      code: 'ERR_MEDIA_FILE',
      message: '/nonexistent/x.wav: no such file or folder',
    });
    if (existsSync('/dev/full')) {
      await expect(Recorder.create('/dev/full', {}, () => {})).rejects.toThrow('the disk is full');
    }
  });
});
