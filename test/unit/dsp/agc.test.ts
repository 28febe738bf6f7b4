import { describe, expect, it } from 'vitest';
import { Agc } from '../../../src/dsp/agc.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';
import { inBlocks, joined, silence, sines, whiteNoise } from '../../support/signals.js';

function controlled(pcm: Int16Array, sampleRate: number, agc = new Agc(sampleRate)): Int16Array {
  const out = pcm.slice();
  inBlocks(out, [sampleRate / 50], (offset, count) => agc.process(out, offset, count));
  return out;
}

function scaled(pcm: Int16Array, db: number): Int16Array {
  return pcm.map((value) => Math.max(-32768, Math.min(32767, Math.round(value * 10 ** (db / 20)))));
}

function peak(pcm: Int16Array): number {
  return pcm.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

describe('gain control', () => {
  it.each([8000, 16000, 48000])('brings soft and loud speech to the same level at %i Hz', (rate) => {
    const speech = madeSpeech(rate, 4);
    const levels = [-25, -12, 0, 6].map((db) => {
      const out = controlled(scaled(speech, db), rate);
      return levelDbov(out, out.length / 2, out.length / 2);
    });
    for (const level of levels) expect(Math.abs(level - levels[0])).toBeLessThan(3);
    expect(levels[0]).toBeGreaterThan(-28);
    expect(levels[0]).toBeLessThan(-16);
  });

  it('reaches the level it is told', () => {
    const speech = madeSpeech(8000, 4);
    const at = (targetDbov: number) => {
      const out = controlled(speech, 8000, new Agc(8000, { targetDbov }));
      return levelDbov(out, out.length / 2, out.length / 2);
    };
    expect(at(-20) - at(-30)).toBeCloseTo(10, 0);
  });

  it('stays within the gains it is given', () => {
    const agc = new Agc(8000, { maxGainDb: 6, minGainDb: -3 });
    controlled(scaled(madeSpeech(8000, 3), -30), 8000, agc);
    expect(agc.gainDb).toBeCloseTo(6, 1);
    agc.reset();
    expect(agc.gainDb).toBe(0);
    controlled(sines(8000, 200, { hz: 300, levelDb: -6 }), 8000, agc);
    expect(agc.gainDb).toBeCloseTo(-3, 1);
  });

  it('lets noise and silence alone', () => {
    const hiss = whiteNoise(8000, 5000, -60);
    expect(Math.abs(levelDbov(controlled(hiss, 8000)) - levelDbov(hiss))).toBeLessThan(1);
    expect(peak(controlled(silence(8000, 1000), 8000))).toBe(0);
    // Speech lifts the gain, the pause after it does not go on lifting.
    const agc = new Agc(8000);
    controlled(scaled(madeSpeech(8000, 3), -20), 8000, agc);
    const gain = agc.gainDb;
    controlled(whiteNoise(8000, 3000, -68), 8000, agc);
    expect(agc.gainDb).toBeLessThan(gain + 0.5);
  });

  it('limits a sudden shout without clipping it for long', () => {
    const soft = scaled(madeSpeech(8000, 3), -25);
    const out = controlled(joined(soft, madeSpeech(8000, 1)), 8000);
    let clipped = 0;
    for (const value of out.subarray(soft.length)) if (Math.abs(value) >= 32767) clipped++;
    expect(clipped).toBeLessThan(16);
    expect(peak(out.subarray(soft.length + 800))).toBeLessThanOrEqual(32767 * 10 ** (-0.9 / 20));
  });
});

describe.skipIf(!hasShared)('gain control of reference speech', () => {
  it('a spread of 28 dB is more than halved within two seconds', () => {
    const steps = audio('agc-steps-16k.wav');
    const out = controlled(steps, 16000);
    // The loudest 100 ms of the last second of each piece of two.
    const loudest = (pcm: Int16Array) =>
      [1, 3, 5, 7].map((second) =>
        Math.max(...Array.from({ length: 10 }, (_, i) => levelDbov(pcm, (second + i / 10) * 16000, 1600))),
      );
    const spread = (levels: readonly number[]) => Math.max(...levels) - Math.min(...levels);
    expect(spread(loudest(steps))).toBeGreaterThan(25);
    expect(spread(loudest(out))).toBeLessThan(13);
    for (const level of loudest(out)) expect(level).toBeGreaterThan(-32);
  });
});
