import { describe, expect, it } from 'vitest';
import { WaveformConcealer } from '../../../src/codecs/concealment.js';

/** A voice-like periodic signal: five harmonics of `pitch` Hz. */
function voice(rate: number, pitch: number, samples: number): Int16Array {
  const pcm = new Int16Array(samples);
  for (let i = 0; i < samples; i++) {
    let value = 0;
    for (let h = 1; h <= 5; h++) value += Math.sin((2 * Math.PI * pitch * h * i) / rate + h) / h;
    pcm[i] = Math.round(value * 5000);
  }
  return pcm;
}

function rms(pcm: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += pcm[i] * pcm[i];
  return Math.sqrt(sum / (to - from));
}

function errorRms(a: Int16Array, b: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / (to - from));
}

/** The largest difference of two neighbours. */
function steepest(pcm: Int16Array, from: number, to: number): number {
  let most = 0;
  for (let i = from + 1; i < to; i++) most = Math.max(most, Math.abs(pcm[i] - pcm[i - 1]));
  return most;
}

/** Plays `pcm` in `frame` pieces; those in `lost` are concealed. */
function play(rate: number, pcm: Int16Array, frame: number, lost: ReadonlySet<number>): Int16Array {
  const concealer = new WaveformConcealer(rate);
  const out = pcm.slice();
  for (let i = 0; (i + 1) * frame <= out.length; i++) {
    if (lost.has(i)) concealer.conceal(out, i * frame, frame);
    else concealer.remember(out, i * frame, frame);
  }
  return out;
}

describe.each([8000, 16000, 44100, 48000])('waveform concealment at %i Hz', (rate) => {
  const ms = (n: number): number => Math.floor((rate * n) / 1000);

  it.each([80, 110, 150, 190, 260])('continues a %i Hz voice in phase through 10 ms of loss', (pitch) => {
    const pcm = voice(rate, pitch, ms(400));
    const frame = ms(10);
    const out = play(rate, pcm, frame, new Set([20]));
    const from = 20 * frame;
    expect(errorRms(out, pcm, from, from + frame)).toBeLessThan(0.25 * rms(pcm, from, from + frame));
    expect(out.subarray(0, from)).toEqual(pcm.subarray(0, from));
  });

  it('has no click where the loss begins, where periods are added, or where the audio returns', () => {
    const pcm = voice(rate, 123, ms(600));
    const frame = ms(20);
    for (const lost of [[10], [10, 11], [10, 11, 12, 13, 14], [8, 10, 12]]) {
      const out = play(rate, pcm, frame, new Set(lost));
      expect(steepest(out, 0, out.length)).toBeLessThan(1.6 * steepest(pcm, 0, pcm.length));
    }
  });

  it('fades by a fifth every 10 ms after the first, to silence at 60 ms', () => {
    const pcm = voice(rate, 100, ms(200));
    const concealer = new WaveformConcealer(rate);
    concealer.remember(pcm, 0, pcm.length);
    const out = new Int16Array(ms(100)).fill(99);
    for (let at = 0; at < out.length; at += ms(10))
      concealer.conceal(out, at, Math.min(ms(10), out.length - at));
    const full = rms(pcm, 0, ms(100));
    const level = (n: number): number => rms(out, ms(10 * n), ms(10 * n + 10)) / full;
    expect(level(0)).toBeGreaterThan(0.9);
    for (let n = 1; n < 6; n++) expect(level(n)).toBeCloseTo(1.1 - 0.2 * n, 1);
    expect(level(5)).toBeLessThan(0.2);
    for (let i = Math.ceil((rate * 60) / 1000) + 1; i < out.length; i++) expect(out[i]).toBe(0);
  });

  it('does not depend on the size of the pieces asked for', () => {
    const pcm = voice(rate, 140, ms(200));
    const whole = new WaveformConcealer(rate);
    const pieces = new WaveformConcealer(rate);
    whole.remember(pcm, 0, pcm.length);
    for (let at = 0; at < pcm.length; at += 37) pieces.remember(pcm, at, Math.min(37, pcm.length - at));
    const a = new Int16Array(ms(70));
    const b = new Int16Array(ms(70));
    whole.conceal(a, 0, a.length);
    for (let at = 0; at < b.length; at += 53) pieces.conceal(b, at, Math.min(53, b.length - at));
    expect(b).toEqual(a);
  });

  it('blends the returning audio and then leaves it alone', () => {
    const pcm = voice(rate, 160, ms(400));
    const frame = ms(20);
    const out = play(rate, pcm, frame, new Set([10, 11]));
    const back = 12 * frame;
    expect(out.subarray(back, back + 4)).not.toEqual(pcm.subarray(back, back + 4));
    expect(out.subarray(back + ms(10) + 1)).toEqual(pcm.subarray(back + ms(10) + 1));
  });
});

describe('waveform concealment', () => {
  it('gives silence when nothing was heard yet, and after a reset', () => {
    const concealer = new WaveformConcealer(8000);
    const out = new Int16Array(160).fill(7);
    concealer.conceal(out, 0, 160);
    expect(out.every((s) => s === 0)).toBe(true);
    concealer.remember(voice(8000, 100, 800), 0, 800);
    concealer.reset();
    out.fill(7);
    concealer.conceal(out, 0, 160);
    expect(out.every((s) => s === 0)).toBe(true);
  });

  it('survives full scale square waves without wrapping around', () => {
    const pcm = new Int16Array(800).map((_, i) => (i % 80 < 40 ? 32767 : -32768));
    const out = play(8000, pcm, 80, new Set([6]));
    for (let i = 480; i < 560; i++) expect(Math.abs(out[i] - pcm[i])).toBeLessThan(2);
  });

  it('writes only where it was asked to and ignores empty requests', () => {
    const concealer = new WaveformConcealer(8000);
    concealer.remember(voice(8000, 100, 800), 0, 800);
    const out = new Int16Array(200).fill(11);
    concealer.conceal(out, 20, 0);
    concealer.remember(out, 0, 0);
    expect(out.every((s) => s === 11)).toBe(true);
    concealer.conceal(out, 20, 160);
    expect(out.subarray(0, 20).every((s) => s === 11)).toBe(true);
    expect(out.subarray(180).every((s) => s === 11)).toBe(true);
  });
});
