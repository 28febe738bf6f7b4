import { describe, expect, it } from 'vitest';
import { allocateRing, PcmPipe, PcmTape } from '../../../src/media/engine/pcm-ring.js';

function ramp(from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => (from + i) & 0x7fff);
}

describe('PcmPipe', () => {
  it('gives back what was written, over any wrap', () => {
    const writer = new PcmPipe(allocateRing(100));
    const reader = new PcmPipe(writer.buffer);
    expect(writer.capacity).toBe(128);
    const out = new Int16Array(50);
    let written = 0;
    let read = 0;
    for (let round = 0; round < 500; round++) {
      written += writer.write(ramp(written, 37), 0, 37);
      const got = reader.read(out, 0, 1 + (round % 50));
      for (let i = 0; i < got; i++) expect(out[i]).toBe((read + i) & 0x7fff);
      read += got;
    }
    expect(read).toBeGreaterThan(10_000);
  });

  it('takes only what there is room for, and tells about room once', () => {
    const pipe = new PcmPipe(allocateRing(64));
    expect(pipe.write(ramp(0, 100), 0, 100)).toBe(64);
    expect(pipe.free).toBe(0);
    expect(pipe.takeWaiting()).toBe(false);
    pipe.raiseWaiting();
    expect(pipe.takeWaiting()).toBe(true);
    expect(pipe.takeWaiting()).toBe(false);
    pipe.drain();
    expect(pipe.available).toBe(0);
    pipe.end();
    expect(pipe.ended).toBe(true);
  });
});

describe('PcmTape', () => {
  it('keeps the newest and counts what was missed', () => {
    const tape = new PcmTape(allocateRing(1024));
    const out = new Int16Array(100);
    for (let i = 0; i < 30; i++) tape.write(ramp(i * 100, 100), 0, 100);
    expect(tape.read(out, 0, 100)).toBe(true);
    expect(tape.missed % 100).toBe(0);
    expect(tape.missed).toBeGreaterThan(2000);
    expect(out[0]).toBe(tape.missed);
    let frames = 1;
    while (tape.read(out, 0, 100)) frames++;
    expect(out[99]).toBe(2999);
    expect(tape.missed + frames * 100).toBe(3000);
  });
});
