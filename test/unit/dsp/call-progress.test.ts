import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallProgressDetector, type CallProgressTone } from '../../../src/dsp/call-progress.js';
import { namedTone, ToneGenerator, type ToneSpec } from '../../../src/dsp/tone.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared, sharedPath } from '../../support/shared.js';
import { inBlocks, joined, mixed, silence, whiteNoise } from '../../support/signals.js';

interface Heard {
  tones: CallProgressTone[];
  atMs: number[];
}

function listen(pcm: Int16Array, sampleRate: number, blocks = [sampleRate / 50]): Heard {
  const heard: Heard = { tones: [], atMs: [] };
  let samples = 0;
  const detector = new CallProgressDetector(sampleRate, {
    onTone(tone) {
      heard.tones.push(tone);
      heard.atMs.push((samples * 1000) / sampleRate);
    },
  });
  inBlocks(pcm, blocks, (offset, count) => {
    samples += count;
    detector.process(pcm, offset, count);
  });
  return heard;
}

/** A cadence: tones and pauses in turn, in ms. */
function cadence(frequencies: number[], onOffMs: number[], level = -20): ToneSpec {
  return {
    level,
    segments: onOffMs.map((durationMs, i) => ({ frequencies: i % 2 === 0 ? frequencies : [], durationMs })),
  };
}

function render(spec: ToneSpec, seconds: number, sampleRate = 8000): Int16Array {
  const pcm = new Int16Array(seconds * sampleRate);
  new ToneGenerator(spec, sampleRate).generate(pcm, 0, pcm.length);
  return pcm;
}

const spec = (name: string): ToneSpec => {
  const found = namedTone(name);
  if (!found) throw new Error(`no tone ${name}`);
  return found;
};

describe('call progress tones', () => {
  it.each([
    ['dial-us', 'dial', 1500],
    ['dial-eu', 'dial', 3000],
    ['ringback-us', 'ringback', 500],
    ['ringback-eu', 'ringback', 3000],
    ['busy-us', 'busy', 2000],
    ['busy-eu', 'busy', 2000],
    ['congestion-us', 'reorder', 1000],
    ['congestion-eu', 'reorder', 1000],
  ] as const)('%s is %s, told once and in time', (name, tone, withinMs) => {
    for (const [rate, seconds] of [
      [8000, 12],
      [16000, 4],
      [44100, 4],
    ]) {
      const pcm = render(spec(name), seconds, rate);
      for (const blocks of rate === 8000 ? [[160], [1, 333, 4000]] : [[rate / 50]]) {
        const heard = listen(pcm, rate, blocks);
        expect(heard.tones).toEqual([tone]);
        expect(heard.atMs[0]).toBeLessThan(withinMs + 100);
      }
    }
  });

  it.each([
    ['United Kingdom ringback', cadence([400, 450], [400, 200, 400, 2000]), ['ringback']],
    ['United Kingdom busy', cadence([400], [375, 375]), ['busy']],
    ['France ringback', cadence([440], [1500, 3500]), ['ringback']],
    ['Italy dial', cadence([425], [5000]), ['dial']],
    ['Italy congestion', cadence([425], [200, 200]), ['reorder']],
    ['fax calling', cadence([1100], [500, 3000]), ['fax-calling']],
    ['fax answering', cadence([2100], [3000, 3000]), ['fax-answer']],
    ['another tone', cadence([1004], [500, 500]), []],
    ['DTMF held', cadence([697, 1209], [3000]), []],
  ] as Array<[string, ToneSpec, CallProgressTone[]]>)('%s', (_, tone, expected) => {
    expect(listen(render(tone, 10), 8000).tones).toEqual(expected);
  });

  it.each([
    ['intercept', [913.8, 1370.6, 1776.7], [276, 276, 380]],
    ['vacant code', [985.2, 1370.6, 1776.7], [380, 276, 380]],
    ['no circuit', [985.2, 1428.5, 1776.7], [380, 380, 380]],
    ['E.180', [950, 1400, 1800], [330, 330, 330]],
  ] as const)('special information tone: %s', (_, frequencies, ms) => {
    const tone: ToneSpec = {
      level: -20,
      repeat: 1,
      segments: frequencies.map((hz, i) => ({ frequencies: [hz], durationMs: ms[i] })),
    };
    expect(listen(joined(silence(8000, 300), render(tone, 2)), 8000).tones).toEqual(['sit']);
    const backwards = { ...tone, segments: [...tone.segments].reverse() };
    expect(listen(joined(silence(8000, 300), render(backwards, 2)), 8000).tones).toEqual([]);
  });

  it('hears tones in noise and at other levels', () => {
    const noise = whiteNoise(8000, 6000, -38);
    expect(listen(mixed(render(spec('busy-eu'), 6), noise), 8000).tones).toEqual(['busy']);
    expect(listen(render(cadence([480, 620], [250, 250], -35), 4), 8000).tones).toEqual(['reorder']);
    expect(listen(render(cadence([440, 480], [2000, 4000], -5), 4), 8000).tones).toEqual(['ringback']);
  });

  it('names what follows, and the same again after a while', () => {
    const ring = render(spec('ringback-eu'), 7);
    const busy = render(spec('busy-eu'), 4);
    expect(listen(joined(ring, busy), 8000).tones).toEqual(['ringback', 'busy']);
    expect(listen(joined(busy, silence(8000, 8000), busy), 8000).tones).toEqual(['busy', 'busy']);
    const detector = new CallProgressDetector(8000, { onTone: () => {} });
    detector.process(busy, 0, busy.length);
    expect(detector.tone).toBe('busy');
    detector.reset();
    expect(detector.tone).toBeUndefined();
  });

  it('hears nothing in something like speech, noise and silence', () => {
    for (let seed = 1; seed <= 3; seed++) expect(listen(madeSpeech(8000, 15, seed), 8000).tones).toEqual([]);
    expect(listen(whiteNoise(8000, 10_000, -20), 8000).tones).toEqual([]);
    expect(listen(silence(8000, 10_000), 8000).tones).toEqual([]);
  });
});

describe.skipIf(!hasShared)('call progress tones in reference files', () => {
  it.each([
    ['cpt-dial-us-8k', 'dial'],
    ['cpt-ringback-us-8k', 'ringback'],
    ['cpt-ringback-eu-8k', 'ringback'],
    ['cpt-busy-us-8k', 'busy'],
    ['cpt-busy-eu-8k', 'busy'],
    ['cpt-reorder-us-8k', 'reorder'],
    ['cpt-sit-8k', 'sit'],
    ['fax-cng-1100Hz-8k', 'fax-calling'],
    ['fax-ced-2100Hz-8k', 'fax-answer'],
  ])('%s', (name, tone) => {
    expect(listen(audio(`${name}.wav`), 8000).tones).toEqual([tone]);
  });

  it('nothing in any other file', () => {
    for (const name of readdirSync(sharedPath('vectors', 'audio'))) {
      const rate = /-(8|16|48)k/.exec(name);
      if (!rate || /^(cpt|fax)-/.test(name)) continue;
      expect(listen(audio(name), 1000 * Number(rate[1])).tones, name).toEqual([]);
    }
  });
});
