import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../src/dsp/level.js';
import { type NoiseSuppressionStrength, NoiseSuppressor } from '../../../src/dsp/noise-suppression.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';
import { correlation, inBlocks, joined, mixed, silence, sines, whiteNoise } from '../../support/signals.js';

/** The suppressed signal with the delay taken out, as long as what is left of the original. */
function suppressed(pcm: Int16Array, sampleRate: number, strength: NoiseSuppressionStrength): Int16Array {
  const suppressor = new NoiseSuppressor(sampleRate, strength);
  const out = pcm.slice(0, pcm.length - (pcm.length % suppressor.frameSamples));
  inBlocks(out, [2 * suppressor.frameSamples, suppressor.frameSamples], (offset, count) =>
    suppressor.process(out, offset, count),
  );
  return out.subarray((sampleRate * suppressor.delayMs) / 1000);
}

/** Signal to everything else, dB, at the best scale. */
function snrDb(clean: Int16Array, heard: Int16Array): number {
  const c = correlation(clean.subarray(0, heard.length), heard);
  return 10 * Math.log10((c * c) / (1 - c * c));
}

const strengths = [
  ['light', 7],
  ['strong', 12],
] as const;

describe('noise suppression', () => {
  it.each(strengths)('%s: lowers noise by at least %i dB, in all rates', (strength, db) => {
    for (const rate of [8000, 16000, 24000, 32000, 44100, 48000]) {
      const noise = whiteNoise(rate, 2000, -40);
      const out = suppressed(noise, rate, strength);
      const before = levelDbov(noise, rate, rate / 2);
      const after = levelDbov(out, rate, rate / 2);
      expect(before - after, `${rate} Hz`).toBeGreaterThan(db);
    }
  });

  it.each(strengths)('%s: keeps clean speech', (strength) => {
    const speech = joined(silence(16000, 300), madeSpeech(16000, 3));
    const out = suppressed(speech, 16000, strength);
    expect(correlation(out, speech.subarray(0, out.length))).toBeGreaterThan(0.99);
    expect(Math.abs(levelDbov(out) - levelDbov(speech))).toBeLessThan(0.5);
  });

  it.each(strengths)('%s: speech in noise gains', (strength) => {
    const speech = joined(silence(8000, 500), madeSpeech(8000, 4));
    const noisy = mixed(speech, whiteNoise(8000, 4500, -32));
    expect(snrDb(speech, suppressed(noisy, 8000, strength)) - snrDb(speech, noisy)).toBeGreaterThan(3);
  });

  it('learns a new noise within two seconds', () => {
    const noise = joined(whiteNoise(8000, 1500, -60), whiteNoise(8000, 4000, -35, 2));
    const out = suppressed(noise, 8000, 'light');
    expect(levelDbov(noise, 28_000, 8000) - levelDbov(out, 28_000, 8000)).toBeGreaterThan(7);
  });

  it('silence stays silence; full scale does not wrap; a reset forgets', () => {
    const suppressor = new NoiseSuppressor(8000, 'strong');
    expect(suppressor.strength).toBe('strong');
    const loud = sines(8000, 400, { hz: 700, levelDb: 0 });
    suppressor.process(loud, 0, loud.length);
    for (let i = 1; i < loud.length; i++) expect(Math.abs(loud[i] - loud[i - 1])).toBeLessThan(26_000);
    suppressor.reset();
    const quiet = silence(8000, 100);
    suppressor.process(quiet, 0, quiet.length);
    expect(quiet.every((value) => value === 0)).toBe(true);
    suppressor.strength = 'light';
    expect(() => suppressor.process(quiet, 0, 50)).toThrow(RangeError);
    expect(() => new NoiseSuppressor(11025)).toThrow(RangeError);
  });
});

describe.skipIf(!hasShared)('noise suppression of reference speech', () => {
  it.each([
    [8000, 'light', 2.5, 7],
    [8000, 'strong', 1.8, 11],
    [16000, 'light', 2.5, 7],
    [16000, 'strong', 1.8, 11],
  ] as const)('%i Hz, %s: SNR better by %f dB, pauses softer by %i dB', (rate, strength, gainDb, pauseDb) => {
    const clean = audio(`speech-male-${rate / 1000}k.wav`);
    const noisy = audio(`speech-male-noisy-${rate / 1000}k.wav`);
    const out = suppressed(noisy, rate, strength);
    expect(snrDb(clean, out) - snrDb(clean, noisy)).toBeGreaterThan(gainDb);
    const pause = [0.1 * rate, 0.3 * rate] as const;
    expect(levelDbov(noisy, ...pause) - levelDbov(out, ...pause)).toBeGreaterThan(pauseDb);
    const kept = suppressed(clean, rate, strength);
    expect(correlation(kept, clean.subarray(0, kept.length))).toBeGreaterThan(0.99);
  });
});
