import { describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { Resampler, resampleAll } from '../../../src/dsp/resample.js';
import { SAMPLE_RATES } from '../../../src/dsp/sample-rates.js';

const AMPLITUDE = 16000;

function sine(hz: number, sampleRate: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) =>
    Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hz * i) / sampleRate)),
  );
}

/** Steady state of a tone sent through a resampler in 20 ms frames. */
function through(hz: number, from: number, to: number): Int16Array {
  const input = sine(hz, from, from / 2);
  const resampler = new Resampler(from, to);
  const out = new Int16Array(resampler.outputFor(input.length));
  const frame = from / 50;
  let written = 0;
  for (let at = 0; at < input.length; at += frame) {
    const expected = resampler.outputFor(frame);
    const got = resampler.process(input, at, frame, out, written);
    expect(got).toBe(expected);
    written += got;
  }
  expect(written).toBe(out.length);
  return out.subarray(out.length - Math.floor(to / 5));
}

const pairs = SAMPLE_RATES.flatMap((from) =>
  SAMPLE_RATES.filter((to) => to !== from).map((to) => [from, to] as const),
);

describe('resampler', () => {
  it.each(pairs)('%i to %i Hz: pass band flat, images and aliases below -60 dB', (from, to) => {
    const nyquist = Math.min(from, to) / 2;
    const inputLevel = levelDbov(sine(1000, from, from / 2));
    for (const share of [0.05, 0.3, 0.6, 0.84]) {
      const hz = Math.round((nyquist * share) / 50) * 50;
      const out = through(hz, from, to);
      const level = toneLevelDbov(out, hz, to);
      expect(Math.abs(level - inputLevel), `${hz} Hz`).toBeLessThan(0.1);
      // What is not the tone: images, aliases and rounding.
      const residue = subtractTone(out, hz, to);
      expect(levelDbov(residue) - inputLevel, `${hz} Hz`).toBeLessThan(-60);
    }
    if (from < to) {
      // Tones of the transition band: softer, but without images beyond the Nyquist frequency.
      for (const share of [0.9, 0.95, 0.985]) {
        const hz = nyquist * share;
        const out = through(hz, from, to);
        expect(toneLevelDbov(out, from - hz, to) - inputLevel, `${hz} Hz`).toBeLessThan(-60);
      }
    }
    if (from > to) {
      for (const share of [1.005, 1.1, 1.3, from / to - 0.05]) {
        const hz = nyquist * share;
        if (hz >= from / 2) continue;
        expect(levelDbov(through(hz, from, to)) - inputLevel, `${hz} Hz`).toBeLessThan(-60);
      }
    }
  });

  it('says beforehand how much goes in and comes out', () => {
    for (const [from, to] of pairs) {
      const resampler = new Resampler(from, to);
      const input = new Int16Array(4000);
      const out = new Int16Array(24000);
      for (let i = 0; i < 40; i++) {
        const wanted = 1 + ((i * 37) % 300);
        const needed = resampler.inputFor(wanted);
        expect(resampler.outputFor(needed)).toBeGreaterThanOrEqual(wanted);
        if (needed > 0) expect(resampler.outputFor(needed - 1)).toBeLessThan(wanted);
        resampler.process(input, 0, needed, out, 0);
      }
    }
  });

  it('keeps whole recordings in time', () => {
    const out = resampleAll(sine(440, 44100, 44100), 44100, 8000);
    expect(Math.abs(out.length - 8000)).toBeLessThanOrEqual(1);
    const expected = sine(440, 8000, 8000);
    // Half a sample of delay at most is left.
    let worst = 0;
    for (let i = 200; i < 7800; i++) worst = Math.max(worst, Math.abs(out[i] - expected[i]));
    expect(worst).toBeLessThan(AMPLITUDE * Math.PI * (440 / 8000));
  });

  it('saturates instead of wrapping', () => {
    const square = Int16Array.from({ length: 1600 }, (_, i) => (i % 80 < 40 ? 32767 : -32768));
    const out = resampleAll(square, 8000, 16000);
    for (let i = 100; i < 1500; i++) {
      if (i % 160 > 10 && i % 160 < 70) expect(out[i]).toBeGreaterThan(25000);
    }
  });

  it('refuses rates it does not know', () => {
    expect(() => new Resampler(8000, 12345)).toThrow(RangeError);
  });
});

/** Removes the best-fitting sine of `hz`. */
function subtractTone(pcm: Int16Array, hz: number, sampleRate: number): Int16Array {
  let [ss, cc, sc, xs, xc] = [0, 0, 0, 0, 0];
  for (let i = 0; i < pcm.length; i++) {
    const angle = (2 * Math.PI * hz * i) / sampleRate;
    const s = Math.sin(angle);
    const c = Math.cos(angle);
    ss += s * s;
    cc += c * c;
    sc += s * c;
    xs += pcm[i] * s;
    xc += pcm[i] * c;
  }
  const determinant = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / determinant;
  const b = (xc * ss - xs * sc) / determinant;
  return pcm.map((value, i) => {
    const angle = (2 * Math.PI * hz * i) / sampleRate;
    return Math.round(value - a * Math.sin(angle) - b * Math.cos(angle));
  });
}
