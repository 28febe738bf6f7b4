import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DtmfDetector } from '../../../src/dsp/dtmf-detector.js';
import { dtmfFrequencies, dtmfTone, ToneGenerator } from '../../../src/dsp/tone.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared, sharedPath } from '../../support/shared.js';
import { inBlocks, joined, mixed, silence, sines, whiteNoise } from '../../support/signals.js';

const ALL = '0123456789*#ABCD';

interface Heard {
  keys: string;
  durations: number[];
  starts: string;
}

function listen(pcm: Int16Array, sampleRate: number, blocks: readonly number[] = [sampleRate / 50]): Heard {
  const heard: Heard = { keys: '', durations: [], starts: '' };
  const detector = new DtmfDetector(sampleRate, {
    onStart: (key) => (heard.starts += key),
    onDigit(key, durationMs) {
      heard.keys += key;
      heard.durations.push(durationMs);
    },
  });
  inBlocks(pcm, blocks, (offset, count) => detector.process(pcm, offset, count));
  detector.reset();
  return heard;
}

interface Press {
  ms?: number;
  pauseMs?: number;
  low?: number;
  high?: number;
  detune?: number;
  sampleRate?: number;
}

/** Keys with hard edges, levels of the two groups in dBFS. */
function press(keys: string, { ms = 60, pauseMs = 60, low = -12, high = -12, detune = 0, ...o }: Press = {}) {
  const sampleRate = o.sampleRate ?? 8000;
  const parts = [silence(sampleRate, 53)];
  for (const key of keys) {
    const [lowHz, highHz] = dtmfFrequencies(key) ?? [0, 0];
    parts.push(
      sines(
        sampleRate,
        ms,
        { hz: lowHz * (1 + detune), levelDb: low },
        { hz: highHz * (1 + detune), levelDb: high },
      ),
      silence(sampleRate, pauseMs),
    );
  }
  return joined(...parts);
}

describe('DTMF detection', () => {
  it.each([8000, 16000, 24000, 32000, 44100, 48000])(
    'hears every key at %i Hz, in blocks of any size',
    (rate) => {
      const tone = new ToneGenerator(dtmfTone(ALL, 50, 45), rate);
      const pcm = new Int16Array(rate * 2);
      tone.generate(pcm, 0, pcm.length);
      for (const blocks of [[rate / 50], [1, 7, 500, 33], [pcm.length]]) {
        const heard = listen(pcm, rate, blocks);
        expect(heard.keys).toBe(ALL);
        expect(heard.starts).toBe(ALL);
        for (const ms of heard.durations) expect(Math.abs(ms - 50)).toBeLessThanOrEqual(10);
      }
    },
  );

  it.each([40, 45, 70, 200, 1000])('accepts %i ms and measures it', (ms) => {
    const heard = listen(press(ALL, { ms, pauseMs: 50 }), 8000);
    expect(heard.keys).toBe(ALL);
    for (const got of heard.durations) expect(Math.abs(got - ms)).toBeLessThanOrEqual(10);
  });

  it.each([10, 20, 23])('refuses %i ms', (ms) => {
    expect(listen(press(ALL, { ms, pauseMs: 50 }), 8000).keys).toBe('');
  });

  it('tells the same key pressed twice from one with a short break', () => {
    expect(listen(press('55', { pauseMs: 40 }), 8000).keys).toBe('55');
    expect(listen(press('55', { pauseMs: 10 }), 8000).keys).toBe('5');
    expect(listen(press('58', { pauseMs: 0 }), 8000).keys).toBe('58');
  });

  it.each([
    ['forward 4 dB', -16, -12],
    ['reverse 8 dB', -12, -20],
  ])('accepts twist: %s', (_, low, high) => {
    expect(listen(press(ALL, { low, high }), 8000).keys).toBe(ALL);
  });

  it.each([
    ['forward 9 dB', -21, -12],
    ['reverse 13 dB', -12, -25],
  ])('refuses twist: %s', (_, low, high) => {
    expect(listen(press(ALL, { low, high }), 8000).keys).toBe('');
  });

  it.each([0.015, -0.015, 0.018])('accepts a frequency off by %f', (detune) => {
    expect(listen(press(ALL, { detune, ms: 45 }), 8000).keys).toBe(ALL);
    expect(listen(press(ALL, { detune, sampleRate: 48000 }), 48000).keys).toBe(ALL);
  });

  it.each([0.035, -0.035, 0.06])('refuses a frequency off by %f', (detune) => {
    expect(listen(press(ALL, { detune, ms: 200 }), 8000).keys).toBe('');
  });

  it('hears weak keys, and none below the threshold', () => {
    // -31 dBm0: a full-scale sine is +3.14 dBm0 (G.711).
    expect(listen(press(ALL, { low: -34.2, high: -34.2 }), 8000).keys).toBe(ALL);
    expect(listen(press(ALL, { low: -45, high: -45 }), 8000).keys).toBe('');
  });

  it('hears clipped keys', () => {
    expect(listen(press(ALL, { low: -3, high: -1, ms: 45 }), 8000).keys).toBe(ALL);
  });

  it.each([1, 2, 3, 4])('hears every key at 15 dB SNR (noise %i)', (seed) => {
    const pcm = press(ALL, { ms: 50, low: -15, high: -15 });
    // Two sines of -15 dB have the power of one of -12 dB.
    expect(listen(mixed(pcm, whiteNoise(8000, 4000, -27, seed)), 8000).keys).toBe(ALL);
  });

  it('hears nothing in noise, single tones, call progress tones and something like speech', () => {
    expect(listen(whiteNoise(8000, 20_000, -20), 8000).keys).toBe('');
    for (const hz of [697, 770, 941, 1209, 1633]) {
      expect(listen(sines(8000, 300, { hz, levelDb: -6 }), 8000).keys).toBe('');
    }
    const dial = sines(8000, 1000, { hz: 350, levelDb: -10 }, { hz: 440, levelDb: -10 });
    expect(listen(dial, 8000).keys).toBe('');
    for (let seed = 1; seed <= 3; seed++) expect(listen(madeSpeech(8000, 20, seed), 8000).keys).toBe('');
  });

  it('names the key while it sounds; a reset releases it', () => {
    const pcm = press('7', { ms: 100 });
    const released: string[] = [];
    const detector = new DtmfDetector(8000, { onDigit: (key) => released.push(key) });
    detector.process(pcm, 0, 8 * 120);
    expect(detector.key).toBe('7');
    expect(released).toEqual([]);
    detector.reset();
    expect(detector.key).toBeUndefined();
    expect(released).toEqual(['7']);
    detector.reset();
    expect(released).toEqual(['7']);
  });
});

describe.skipIf(!hasShared)('DTMF detection in reference files', () => {
  it.each([
    'all-8k-100ms',
    'all-16k-100ms',
    'all-8k-45ms',
    'all-8k-detune-plus1.5pct',
    'all-8k-noise15dB',
    'all-8k-twist-forward4',
    'all-8k-twist-reverse8',
    'all-8k-weak-20dBm',
  ])('dtmf-%s: every key once', (name) => {
    expect(listen(audio(`dtmf-${name}.wav`), rateOf(name)).keys).toBe(ALL);
  });

  it('keys between speech, and only these', () => {
    const heard = listen(audio('dtmf-1234-after-speech-8k.wav'), 8000);
    expect(heard.keys).toBe('1234');
    for (const ms of heard.durations) expect(Math.abs(ms - 120)).toBeLessThanOrEqual(10);
  });

  it('no key in any other file', () => {
    const others = readdirSync(sharedPath('vectors', 'audio')).filter(
      (name) => name.endsWith('.wav') && !/^dtmf-(all|1234)/.test(name),
    );
    expect(others.length).toBeGreaterThan(20);
    for (const name of others) expect(listen(audio(name), rateOf(name)).keys, name).toBe('');
  });
});

function rateOf(name: string): number {
  return 1000 * Number(/-(8|16|48)k/.exec(name)?.[1]);
}
