import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { DriftController, DriftEstimator } from '../../../src/dsp/drift.js';
import { FractionalResampler, MAX_DRIFT_PPM } from '../../../src/dsp/fractional-resampler.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { correlation, inBlocks, sines } from '../../support/signals.js';

describe('drift estimator', () => {
  function measure(ppm: number, jitterMs: number, seconds: number, seed = 1): number | undefined {
    const random = new SeededRandom(seed);
    const estimator = new DriftEstimator();
    for (let t = 0; t < seconds * 1000; t += 20) {
      const delay = 30 + jitterMs * random.float() ** 3;
      estimator.observe(123_456 + t * (1 + ppm * 1e-6), 9_000_000 + t + delay);
    }
    return estimator.ppm;
  }

  it.each([-500, -80, 0, 30, 500])('finds %i ppm without jitter', (ppm) => {
    expect(measure(ppm, 0, 20)).toBeCloseTo(ppm, 0);
  });

  it.each([-500, 100, 300])('finds %i ppm within 15 ppm through 40 ms of jitter in a minute', (ppm) => {
    for (let seed = 1; seed <= 3; seed++) {
      expect(Math.abs((measure(ppm, 40, 65, seed) ?? 9999) - ppm)).toBeLessThan(15);
    }
  });

  it('says nothing before it knows, and starts anew after a jump', () => {
    expect(measure(100, 0, 5)).toBeUndefined();
    const estimator = new DriftEstimator();
    for (let t = 0; t < 20_000; t += 20) estimator.observe(t, t);
    expect(estimator.ppm).toBeCloseTo(0, 3);
    for (let t = 20_000; t < 24_000; t += 20) estimator.observe(t - 5000, t);
    expect(estimator.ppm).toBeUndefined();
    for (let t = 24_000; t < 40_000; t += 20) estimator.observe(t - 5000, t);
    expect(estimator.ppm).toBeCloseTo(0, 3);
  });
});

describe('drift controller', () => {
  it.each([-500, 200, 500])('holds the level of a queue filled %i ppm too fast', (ppm) => {
    const controller = new DriftController(40);
    let level = 40;
    let worst = 0;
    for (let t = 0; t < 600_000; t += 20) {
      level += 20 * ppm * 1e-6 - 20 * controller.ppm * 1e-6;
      // The queue is read in frames: its level is seen in steps.
      controller.update(Math.round(level / 5) * 5, 20);
      worst = Math.max(worst, Math.abs(level - 40));
    }
    expect(worst).toBeLessThan(20);
    expect(Math.abs(level - 40)).toBeLessThan(3);
    expect(Math.abs(controller.ppm - ppm)).toBeLessThan(120);
  });
});

describe('fractional resampler', () => {
  function through(pcm: Int16Array, ppm: number, blocks = [160, 37, 1000]): Int16Array {
    const resampler = new FractionalResampler();
    resampler.ppm = ppm;
    const out = new Int16Array(pcm.length * 2);
    let written = 0;
    inBlocks(pcm, blocks, (offset, count) => {
      const got = resampler.process(pcm, offset, count, out, written);
      expect(got).toBeLessThanOrEqual(resampler.outputFor(count));
      written += got;
    });
    return out.slice(0, written);
  }

  it('passes everything at 0 ppm, 16 samples later', () => {
    const pcm = sines(8000, 500, { hz: 3900, levelDb: -3 });
    const out = through(pcm, 0);
    expect(out.length).toBe(pcm.length);
    expect(out.subarray(16)).toEqual(pcm.subarray(0, -16));
  });

  it.each([-500, 123, 500])('%i ppm: length and frequency change by it, nothing else is added', (ppm) => {
    const ratio = 1 / (1 + ppm * 1e-6);
    for (const hz of [300, 1000, 2500, 3400]) {
      const pcm = sines(8000, 10_000, { hz, levelDb: -6 });
      const out = through(pcm, ppm);
      expect(Math.abs(out.length - pcm.length * ratio)).toBeLessThan(2);
      const expected = Int16Array.from({ length: 8000 }, (_, i) =>
        Math.round(16422 * Math.sin((2 * Math.PI * hz * ((i + 40_000) / ratio - 16)) / 8000)),
      );
      const part = out.subarray(40_000, 48_000);
      expect(Math.abs(levelDbov(part) - levelDbov(expected))).toBeLessThan(0.1);
      expect(correlation(part, expected)).toBeGreaterThan(0.99999);
      expect(levelDbov(part.map((value, i) => value - expected[i])) - levelDbov(part)).toBeLessThan(-60);
    }
  });

  it('changes without a click; absurd values are limited', () => {
    const pcm = sines(8000, 2000, { hz: 400, levelDb: -6 });
    const resampler = new FractionalResampler();
    const out = new Int16Array(20_000);
    let written = 0;
    for (let at = 0; at < pcm.length; at += 160) {
      resampler.ppm = at % 320 === 0 ? 1e9 : -300;
      written += resampler.process(pcm, at, 160, out, written);
    }
    resampler.ppm = 1e9;
    expect(resampler.ppm).toBeCloseTo(MAX_DRIFT_PPM, 3);
    resampler.ppm = Number.NaN;
    expect(resampler.ppm).toBe(0);
    let sharpest = 0;
    for (let i = 100; i < written; i++) {
      sharpest = Math.max(sharpest, Math.abs(out[i] - 2 * out[i - 1] + out[i - 2]));
    }
    expect(sharpest).toBeLessThan(16422 * (2 * Math.PI * (400 / 8000)) ** 2 * 1.1 + 3);
  });
});
