import { describe, expect, it } from 'vitest';
import { Gain } from '../../../src/dsp/gain.js';
import { goertzelPower, toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { LevelMeter, levelDbov } from '../../../src/dsp/level.js';
import { addSaturated, Mixer } from '../../../src/dsp/mix.js';

describe('mixer', () => {
  it('gives each party the others', () => {
    const parties = [1, 10, 100].map((value) => new Int16Array(4).fill(value));
    const mixer = new Mixer(8);
    mixer.begin(4);
    for (const party of parties) mixer.add(party, 0);
    const out = new Int16Array(4);
    mixer.total(out, 0);
    expect([...out]).toEqual([111, 111, 111, 111]);
    mixer.others(parties[1], 0, out, 0);
    expect([...out]).toEqual([101, 101, 101, 101]);
  });

  it('saturates the sum, not the parts', () => {
    const loud = new Int16Array(2).fill(30000);
    const quiet = new Int16Array(2).fill(-30000);
    const mixer = new Mixer(2);
    mixer.begin(2);
    mixer.add(loud, 0);
    mixer.add(loud, 0);
    mixer.add(quiet, 0);
    const out = new Int16Array(2);
    mixer.total(out, 0);
    expect(out[0]).toBe(30000);
    mixer.others(quiet, 0, out, 0);
    expect(out[0]).toBe(32767);
    addSaturated(loud, 0, loud, 0, 2);
    expect(loud[1]).toBe(32767);
  });
});

describe('gain', () => {
  it('ramps to the new value and saturates', () => {
    const gain = new Gain(8000);
    const pcm = new Int16Array(160).fill(20000);
    gain.process(pcm, 0, 160);
    expect(pcm[159]).toBe(20000);
    gain.set(2);
    gain.process(pcm, 0, 160);
    expect(pcm[0]).toBeLessThan(21000);
    expect(pcm[159]).toBe(32767);
    gain.set(0);
    pcm.fill(20000);
    gain.process(pcm, 0, 160);
    expect(pcm[40]).toBe(0);
    expect(gain.silent).toBe(true);
  });
});

describe('levels', () => {
  it('full-scale square is 0 dBov, silence -127', () => {
    expect(levelDbov(new Int16Array(160).fill(-32768))).toBeCloseTo(0, 5);
    expect(levelDbov(new Int16Array(160))).toBe(-127);
    expect(levelDbov(new Int16Array(0))).toBe(-127);
  });

  it('Goertzel measures a tone and nothing beside it', () => {
    const tone = Int16Array.from({ length: 800 }, (_, i) =>
      Math.round(10000 * Math.sin((2 * Math.PI * 697 * i) / 8000)),
    );
    expect(toneLevelDbov(tone, 697, 8000)).toBeCloseTo(levelDbov(tone), 1);
    expect(toneLevelDbov(tone, 1336, 8000)).toBeLessThan(-50);
    expect(goertzelPower(tone, 0, 0, 697, 8000)).toBe(0);
  });

  it('the meter rises at once and falls slowly', () => {
    const meter = new LevelMeter(8000);
    meter.push(new Int16Array(160).fill(16384), 0, 160);
    expect(meter.dbov).toBeCloseTo(-6, 0);
    meter.push(new Int16Array(160), 0, 160);
    expect(meter.dbov).toBeGreaterThan(-8);
    for (let i = 0; i < 200; i++) meter.push(new Int16Array(160), 0, 160);
    expect(meter.dbov).toBeLessThan(-60);
  });
});
