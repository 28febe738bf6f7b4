import { describe, expect, it } from 'vitest';
import { NoiseFloor } from '../../../src/dsp/noise-floor.js';
import { Vad } from '../../../src/dsp/vad.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';
import { inBlocks, joined, mixed, silence, sines, whiteNoise } from '../../support/signals.js';

function run(
  pcm: Int16Array,
  sampleRate: number,
  blocks = [sampleRate / 50],
  vad = new Vad(sampleRate),
): Vad {
  inBlocks(pcm, blocks, (offset, count) => vad.push(pcm, offset, count));
  return vad;
}

describe('voice activity', () => {
  it.each([8000, 16000, 48000])('tells speech from pauses at %i Hz', (rate) => {
    const speech = madeSpeech(rate, 2);
    const stats = run(joined(silence(rate, 1000), speech, silence(rate, 1000)), rate).stats();
    expect(stats.durationMs).toBe(4000);
    // The hangover belongs to the speech; the pauses between its syllables are short.
    expect(stats.speechMs).toBeGreaterThan(1700);
    expect(stats.speechMs).toBeLessThan(2300);
    expect(stats.speechShare).toBeCloseTo(stats.speechMs / 4000, 6);
    expect(stats.silenceMs).toBeGreaterThan(700);
    expect(stats.longestSilenceMs).toBeGreaterThanOrEqual(stats.silenceMs);
    expect(stats.speechDbov).toBeGreaterThan(stats.averageDbov);
    expect(stats.maxDbov).toBeGreaterThan(stats.speechDbov);
  });

  it('hears speech over noise, and no speech in noise alone', () => {
    const noise = whiteNoise(8000, 8000, -45);
    const speech = joined(silence(8000, 3000), madeSpeech(8000, 2), silence(8000, 3000));
    const vad = run(mixed(speech, noise), 8000);
    expect(vad.speaking).toBe(false);
    expect(vad.stats().speechMs).toBeGreaterThan(1500);
    expect(vad.stats().speechMs).toBeLessThan(2500);
    expect(Math.abs(vad.stats().noiseDbov + 48)).toBeLessThan(1);
    expect(run(noise, 8000).stats().speechMs).toBeLessThan(700);
  });

  it('counts talk spurts; hangover as asked', () => {
    const word = sines(8000, 150, { hz: 300, levelDb: -20 });
    const words = joined(silence(8000, 500), word, silence(8000, 300), word, silence(8000, 1000));
    expect(run(words, 8000).stats().talkSpurts).toBe(2);
    const patient = run(words, 8000, [160], new Vad(8000, { hangoverMs: 400 }));
    expect(patient.stats().talkSpurts).toBe(1);
    expect(run(words, 8000, [160], new Vad(8000, { minDbov: -10 })).stats().talkSpurts).toBe(0);
  });

  it('gives the same in blocks of any size', () => {
    const pcm = joined(silence(8000, 300), madeSpeech(8000, 1), silence(8000, 400));
    expect(run(pcm, 8000, [1, 77, 500]).stats()).toEqual(run(pcm, 8000, [160]).stats());
  });

  it('an offset of the converter is no sound', () => {
    const stats = run(new Int16Array(8000).fill(3000), 8000).stats();
    expect(stats.speechMs).toBe(0);
    expect(stats.maxDbov).toBe(-127);
  });

  it('statistics by interval, and anew', () => {
    const vad = run(joined(silence(8000, 300), madeSpeech(8000, 1)), 8000);
    vad.resetStats();
    expect(vad.stats()).toMatchObject({
      durationMs: 0,
      speechMs: 0,
      speechShare: 0,
      maxDbov: -127,
      averageDbov: -127,
    });
    run(silence(8000, 500), 8000, [160], vad);
    expect(vad.stats().durationMs).toBe(500);
    expect(vad.speaking).toBe(false);
    expect(vad.silenceMs).toBeGreaterThan(200);
    vad.reset();
    expect(vad.stats()).toEqual(new Vad(8000).stats());
  });
});

describe('noise floor', () => {
  it('follows a louder background in seconds, a softer one at once', () => {
    const floor = new NoiseFloor();
    const feed = (power: number, ms: number) => {
      for (let t = 0; t < ms; t += 10) floor.push(power, 10);
    };
    feed(100, 2000);
    const before = floor.dbov;
    feed(10_000, 2000);
    expect(floor.dbov).toBeCloseTo(before, 1);
    feed(10_000, 2000);
    expect(floor.dbov).toBeCloseTo(before + 20, 0);
    feed(10, 300);
    expect(floor.dbov).toBeLessThan(before - 8);
  });
});

describe.skipIf(!hasShared)('voice activity in reference files', () => {
  it.each([
    ['speech-male-8k', 8000],
    ['speech-female-8k', 8000],
    ['speech-male-16k', 16000],
    ['speech-male-noisy-8k', 8000],
    ['speech-male-noisy-16k', 16000],
  ])('%s: sentences and the pauses between them', (name, rate) => {
    const stats = run(audio(`${name}.wav`), rate).stats();
    expect(stats.speechShare).toBeGreaterThan(0.8);
    expect(stats.speechShare).toBeLessThan(0.95);
    expect(stats.talkSpurts).toBeGreaterThanOrEqual(3);
    expect(stats.longestSilenceMs).toBeGreaterThan(200);
  });

  it('no speech in noise and silence', () => {
    for (const name of ['noise-white--50dBov-8k', 'silence-8k']) {
      expect(run(audio(`${name}.wav`), 8000).stats().speechMs, name).toBe(0);
    }
  });
});
