import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import { babble } from '../../support/media-pair.js';

const speech = babble(4);

function delayed(samples: number): Int16Array {
  const out = new Int16Array(speech.length + samples);
  out.set(speech, samples);
  return out;
}

describe('compareAudio', () => {
  it('finds the delay to the sample, either way', () => {
    for (const samples of [0, 1, 7, 160, 1234, 9000]) {
      const result = compareAudio(speech, delayed(samples), 8000);
      expect(result.delayMs).toBeCloseTo(samples / 8, 3);
      expect(result.correlation).toBeGreaterThan(0.999);
      expect(result.segmentalSnrDb).toBe(35);
    }
    expect(compareAudio(delayed(800), speech, 8000).delayMs).toBeCloseTo(-100, 3);
  });

  it('does not mind the level, but noise', () => {
    const random = new SeededRandom(9);
    const quiet = speech.map((sample) => sample / 4);
    expect(compareAudio(speech, quiet, 8000).correlation).toBeGreaterThan(0.999);
    const noisy = speech.map((sample) => sample + (random.float() - 0.5) * 2000);
    const result = compareAudio(speech, noisy, 8000);
    expect(result.correlation).toBeLessThan(0.99);
    expect(result.correlation).toBeGreaterThan(0.8);
    expect(result.segmentalSnrDb).toBeLessThan(20);
    expect(result.segmentalSnrDb).toBeGreaterThan(0);
  });

  it('tells different and missing audio', () => {
    expect(compareAudio(speech, babble(4, 8000, 77), 8000).correlation).toBeLessThan(0.7);
    expect(compareAudio(speech, new Int16Array(32_000), 8000).correlation).toBe(0);
    expect(compareAudio(speech, new Int16Array(0), 8000).correlation).toBe(0);
  });

  it('follows parts that were moved in time', () => {
    const shifted = delayed(0);
    // 40 ms dropped in the middle, as a jitter buffer does.
    shifted.copyWithin(16_000, 16_320);
    const result = compareAudio(speech, shifted, 8000);
    expect(result.correlation).toBeGreaterThan(0.95);
    expect(result.delaySpreadMs).toBeCloseTo(40, 1);
  });

  it('follows speech that came after a standstill', () => {
    for (const gapMs of [100, 200, 300, 500]) {
      const gap = 8 * gapMs;
      const out = new Int16Array(speech.length + gap);
      out.set(speech.subarray(0, 12_000));
      out.set(speech.subarray(12_000), 12_000 + gap);
      const result = compareAudio(speech, out, 8000);
      // The stretch with the gap in it fits by half.
      expect(result.correlation, `gap of ${gapMs} ms`).toBeGreaterThan(0.95);
      expect(result.delaySpreadMs).toBeCloseTo(gapMs, 0);
    }
  });

  it('tells how much of the reference is there', () => {
    expect(compareAudio(speech, delayed(500), 8000).coverage).toBeCloseTo(1, 5);
    const half = compareAudio(speech, speech.slice(16_000), 8000);
    expect(half.correlation).toBeGreaterThan(0.999);
    expect(half.coverage).toBeGreaterThan(0.3);
    expect(half.coverage).toBeLessThan(0.7);
  });
});
