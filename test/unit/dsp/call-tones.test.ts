import { describe, expect, it } from 'vitest';
import { callTone, ringTone, toneOfCountry } from '../../../src/dsp/call-tones.js';
import { TONE_COUNTRIES } from '../../../src/dsp/country-tones-table.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { namedTone, ToneGenerator } from '../../../src/dsp/tone.js';

describe('call progress tones by country', () => {
  it('are what the plans of the United States and of Europe say', () => {
    for (const country of ['us', 'eu'] as const) {
      for (const tone of ['dial', 'ringback', 'busy', 'congestion'] as const) {
        expect(callTone(tone, country), `${tone}-${country}`).toEqual(namedTone(`${tone}-${country}`));
      }
    }
    expect(callTone('busy', 'DE').segments).toEqual([
      { frequencies: [425], durationMs: 480 },
      { frequencies: [], durationMs: 480 },
    ]);
    expect(callTone('busy', 'xx')).toEqual(callTone('busy', 'eu'));
    expect(toneOfCountry('busy-xx')).toBeUndefined();
    expect(toneOfCountry('constructor-us')).toBeUndefined();
    expect(toneOfCountry('busy-toString')).toBeUndefined();
  });

  it('sound and end for every country', () => {
    for (const country of TONE_COUNTRIES) {
      for (const tone of ['dial', 'ringback', 'busy', 'congestion', 'waiting'] as const) {
        const { segments } = callTone(tone, country);
        expect(segments.length).toBeGreaterThan(0);
        for (const { frequencies, durationMs } of segments) {
          expect(durationMs).toBeGreaterThanOrEqual(40);
          for (const hz of frequencies) expect(hz).toBeGreaterThan(300);
        }
      }
    }
  });

  it('give the bell its cadence', () => {
    const generator = new ToneGenerator(ringTone('gb'), 8000);
    const pcm = new Int16Array(8 * 3000);
    generator.generate(pcm, 0, pcm.length);
    const level = (fromMs: number, toMs: number) => levelDbov(pcm, 8 * fromMs, 8 * (toMs - fromMs));
    expect(level(0, 400)).toBeGreaterThan(-30);
    expect(level(400, 600)).toBeLessThan(-80);
    expect(level(600, 1000)).toBeGreaterThan(-30);
    expect(level(1000, 3000)).toBeLessThan(-80);
  });
});
