import { describe, expect, it } from 'vitest';
import { goertzelPower } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { TimeScaler } from '../../../src/dsp/time-scale.js';
import { audio, madeSpeech } from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';
import { correlation, sines, whiteNoise } from '../../support/signals.js';

/** Plays a signal in frames and asks for a change with each; `advise` gets what is left of the request. */
function play(
  pcm: Int16Array,
  sampleRate: number,
  advise: (changed: number) => number,
  frameMs = 20,
): { out: Int16Array; changed: number } {
  const scaler = new TimeScaler(sampleRate);
  const frame = (sampleRate * frameMs) / 1000;
  const out = new Int16Array(pcm.length * 3);
  let at = 0;
  let changed = 0;
  const block = new Int16Array(frame * 2);
  for (let i = 0; i + frame <= pcm.length; i += frame) {
    block.set(pcm.subarray(i, i + frame));
    const wanted = Math.round(advise(changed));
    const length = scaler.process(block, 0, frame, wanted);
    expect(length).toBeGreaterThanOrEqual(Math.min(frame, frame + wanted));
    expect(length).toBeLessThanOrEqual(Math.max(frame, frame + wanted));
    out.set(block.subarray(0, length), at);
    at += length;
    changed += length - frame;
  }
  return { out: out.slice(0, at), changed };
}

const rates = [8000, 16000, 24000, 32000, 44100, 48000];

/** Largest second difference: a click shows there before anywhere else. */
function sharpest(pcm: Int16Array): number {
  let worst = 0;
  for (let i = 2; i < pcm.length; i++) {
    worst = Math.max(worst, Math.abs(pcm[i] - 2 * pcm[i - 1] + pcm[i - 2]));
  }
  return worst;
}

/** Share of the pieces of `ms` that occur just so in the original; and the mean of their best correlations. */
function found(original: Int16Array, changed: Int16Array, sampleRate: number, ms = 15): number {
  const length = (sampleRate * ms) / 1000;
  const reach = sampleRate * 0.3;
  let sum = 0;
  let pieces = 0;
  for (let at = 0; at + length <= changed.length; at += 4 * length) {
    const piece = changed.subarray(at, at + length);
    if (levelDbov(piece) < -45) continue;
    const centre = Math.round((at * original.length) / changed.length);
    let best = 0;
    for (let i = Math.max(0, centre - reach); i < Math.min(original.length - length, centre + reach); i++) {
      best = Math.max(best, correlation(piece, original.subarray(i, i + length)));
    }
    sum += best;
    pieces++;
  }
  return sum / pieces;
}

/** Pitch by autocorrelation, Hz; 0 where there is none. */
function pitches(pcm: Int16Array, sampleRate: number): number[] {
  const out: number[] = [];
  const length = sampleRate * 0.03;
  for (let at = 0; at + 2 * length < pcm.length; at += length) {
    const piece = pcm.subarray(at, at + length);
    if (levelDbov(piece) < -40) continue;
    let best = 0;
    let lag = 0;
    for (let l = Math.round(sampleRate / 300); l < sampleRate / 70; l++) {
      const c = correlation(piece, pcm.subarray(at + l, at + l + length));
      if (c > best + 0.01) {
        best = c;
        lag = l;
      }
    }
    if (best > 0.8) out.push(sampleRate / lag);
  }
  return out.sort((a, b) => a - b);
}

const median = (values: readonly number[]): number => values[values.length >> 1];

describe('time-scale modification', () => {
  it('leaves everything as it is when nothing is asked for', () => {
    const speech = madeSpeech(8000, 1);
    const { out, changed } = play(speech, 8000, () => 0);
    expect(changed).toBe(0);
    expect(out).toEqual(speech);
  });

  it.each(rates)('shortens and lengthens speech at %i Hz as asked, within the tempo', (rate) => {
    const speech = madeSpeech(rate, 3);
    for (const goal of [-0.3 * rate, 0.3 * rate]) {
      const { out, changed } = play(speech, rate, (done) => goal - done);
      expect(Math.abs(changed)).toBeGreaterThan(0.8 * Math.abs(goal));
      expect(Math.abs(changed)).toBeLessThanOrEqual(Math.abs(goal));
      expect(sharpest(out)).toBeLessThan(1.3 * sharpest(speech));
    }
  });

  it.each([100, 150, 220, 330])('keeps a tone of %i Hz clean', (hz) => {
    const tone = sines(8000, 2000, { hz, levelDb: -10 });
    for (const goal of [-2000, 2000]) {
      const { out, changed } = play(tone, 8000, (done) => goal - done);
      expect(Math.abs(changed)).toBeGreaterThan(1000);
      const part = out.subarray(800, 8800);
      let power = 0;
      for (const value of part) power += (value * value) / part.length;
      // All the power within 6 Hz of the tone.
      let near = 0;
      for (let f = hz - 6; f <= hz + 6; f++) near += goertzelPower(part, 0, part.length, f, 8000);
      expect(near / power).toBeGreaterThan(0.9);
      expect(sharpest(out)).toBeLessThan(1.6 * sharpest(tone));
    }
  });

  it('does not tear music or noise apart at a moderate request', () => {
    const noise = whiteNoise(8000, 2000, -15);
    const { changed } = play(noise, 8000, () => -160);
    expect(Math.abs(changed)).toBeLessThan(400);
  });

  it('changes pauses without limit', () => {
    const hiss = whiteNoise(8000, 1000, -65);
    const { out, changed } = play(hiss, 8000, () => -160);
    expect(changed).toBeLessThan(-0.4 * 8000);
    expect(Math.abs(levelDbov(out) - levelDbov(hiss))).toBeLessThan(1.5);
  });

  it('handles short, long and empty blocks', () => {
    const scaler = new TimeScaler(8000);
    const pcm = new Int16Array(4000).fill(100);
    expect(scaler.process(pcm, 0, 0, -50)).toBe(0);
    expect(scaler.process(pcm, 0, 40, -50)).toBe(40);
    expect(scaler.process(pcm, 0, 10, 50)).toBe(10);
    expect(scaler.process(pcm, 0, 2000, -500)).toBe(2000);
    expect(scaler.process(pcm, 3840, 160, 100)).toBe(160);
    expect(scaler.process(pcm, 0, 480, -240)).toBeLessThan(480);
    expect(new Set(pcm)).toEqual(new Set([100]));
  });

  it('does not repeat what was before a reset', () => {
    const tone = sines(8000, 100, { hz: 200, levelDb: -10 });
    const scaler = new TimeScaler(8000);
    const pcm = new Int16Array(400);
    pcm.set(tone.subarray(0, 160));
    expect(scaler.process(pcm, 0, 160, 0)).toBe(160);
    expect(scaler.process(pcm, 0, 160, 100)).toBeGreaterThan(160);
    scaler.reset();
    pcm.set(tone.subarray(0, 160));
    expect(scaler.process(pcm, 0, 160, 100)).toBe(160);
  });
});

describe.skipIf(!hasShared)('time-scale modification of reference speech', () => {
  it.each([
    ['speech-male-8k', 8000],
    ['speech-female-8k', 8000],
    ['speech-male-48k', 48000],
  ])('%s: pitch and waveform kept', (name, rate) => {
    const speech = audio(`${name}.wav`).subarray(0, 4 * rate);
    for (const goal of [-0.4 * rate, 0.4 * rate]) {
      const { out, changed } = play(speech, rate, (done) =>
        Math.max(-0.03 * rate, Math.min(0.03 * rate, goal - done)),
      );
      expect(Math.abs(changed)).toBeGreaterThan(0.9 * Math.abs(goal));
      expect(sharpest(out)).toBeLessThan(1.3 * sharpest(speech));
      if (rate > 8000) continue;
      expect(found(speech, out, rate)).toBeGreaterThan(0.95);
      expect(median(pitches(out, rate)) / median(pitches(speech, rate))).toBeCloseTo(1, 1);
    }
  });
});
