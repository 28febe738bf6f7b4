import { describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { dtmfFrequencies, dtmfTone, namedTone, TONE_NAMES, ToneGenerator } from '../../../src/dsp/tone.js';

function render(spec: ConstructorParameters<typeof ToneGenerator>[0], seconds: number, sampleRate = 8000) {
  const generator = new ToneGenerator(spec, sampleRate);
  const out = new Int16Array(seconds * sampleRate);
  let written = 0;
  const frame = sampleRate / 50;
  while (written < out.length) {
    const got = generator.generate(out, written, Math.min(frame, out.length - written));
    written += got;
    if (got < frame) break;
  }
  return { out, written };
}

describe('tone generator', () => {
  it.each([
    ['busy-us', [480, 620], 0.5, 0.5],
    ['ringback-eu', [425], 1, 4],
    ['ringback-us', [440, 480], 2, 4],
    ['congestion-eu', [425], 0.25, 0.25],
  ] as const)('%s has its frequencies and cadence', (name, frequencies, on, off) => {
    const spec = namedTone(name);
    expect(spec).toBeDefined();
    if (!spec) return;
    const { out } = render(spec, on + off + on);
    const tone = out.subarray(0, on * 8000);
    for (const hz of frequencies) expect(toneLevelDbov(tone, hz, 8000)).toBeCloseTo(-16, 0);
    expect(toneLevelDbov(tone, 1000, 8000)).toBeLessThan(-50);
    expect(levelDbov(out, on * 8000, off * 8000)).toBe(-127);
    expect(levelDbov(out, (on + off) * 8000, on * 8000)).toBeGreaterThan(-17);
  });

  it('a continuous tone has no seam', () => {
    const spec = namedTone('dial-eu');
    if (!spec) throw new Error('no tone');
    const { out } = render(spec, 3);
    let worst = 0;
    for (let i = 1; i < out.length; i++) worst = Math.max(worst, Math.abs(out[i] - out[i - 1]));
    // The steepest step of the sine itself.
    expect(worst).toBeLessThan(32768 * Math.SQRT2 * 10 ** (-16 / 20) * ((2 * Math.PI * 425) / 8000) + 2);
  });

  it('plays DTMF keys one after the other and ends', () => {
    const { out, written } = render(dtmfTone('1x#d', 100, 50), 2);
    expect(written).toBe(3 * 150 * 8);
    for (const [i, key] of ['1', '#', 'D'].entries()) {
      const [low, high] = dtmfFrequencies(key) ?? [0, 0];
      const part = out.subarray(i * 1200, i * 1200 + 800);
      expect(toneLevelDbov(part, low, 8000)).toBeGreaterThan(-18);
      expect(toneLevelDbov(part, high, 8000)).toBeGreaterThan(-18);
    }
  });

  it('knows the keys of Q.23 and no others', () => {
    expect(dtmfFrequencies('0')).toEqual([941, 1336]);
    expect(dtmfFrequencies('a')).toEqual([697, 1633]);
    expect(dtmfFrequencies('E')).toBeUndefined();
    expect(dtmfFrequencies('')).toBeUndefined();
    expect(namedTone('toString')).toBeUndefined();
    expect(TONE_NAMES).toContain('dial-us');
  });

  it('never hangs on an empty description', () => {
    expect(render({ segments: [] }, 1).written).toBe(0);
    expect(render({ segments: [{ frequencies: [400], durationMs: 0 }] }, 1).written).toBe(0);
  });
});
