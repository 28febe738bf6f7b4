import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { ComfortNoiseDecoder, ComfortNoiseEncoder } from '../../../src/codecs/cn/comfort-noise.js';
import { goertzelPower } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';

/** Noise through a one-pole low pass. */
function lowPassNoise(length: number, amplitude: number): Int16Array {
  const random = new SeededRandom(7);
  let state = 0;
  return Int16Array.from({ length }, () => {
    state = 0.9 * state + (random.float() - 0.5) * amplitude;
    return Math.round(state);
  });
}

function bandPower(pcm: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let hz = from; hz < to; hz += 50) sum += goertzelPower(pcm, 0, pcm.length, hz, 8000);
  return sum;
}

describe('comfort noise (RFC 3389)', () => {
  it('level byte alone gives white noise of that level', () => {
    const decoder = new ComfortNoiseDecoder();
    decoder.update(Uint8Array.of(50), 0, 1);
    const out = new Int16Array(8000);
    decoder.generate(out, 0, out.length);
    expect(levelDbov(out)).toBeCloseTo(-50, 0);
    expect(bandPower(out, 100, 1900) / bandPower(out, 2100, 3900)).toBeGreaterThan(0.5);
    expect(bandPower(out, 100, 1900) / bandPower(out, 2100, 3900)).toBeLessThan(2);
  });

  it('describes and remakes level and colour of a noise', () => {
    const noise = lowPassNoise(8000, 600);
    const encoder = new ComfortNoiseEncoder();
    for (let at = 0; at < noise.length; at += 160) encoder.analyse(noise, at, 160);
    const payload = new Uint8Array(ComfortNoiseEncoder.maxBytes);
    expect(encoder.write(payload, 0)).toBe(9);
    expect(payload[0] & 0x80).toBe(0);
    const decoder = new ComfortNoiseDecoder();
    decoder.update(payload, 0, payload.length);
    const out = new Int16Array(8000);
    for (let at = 0; at < out.length; at += 160) decoder.generate(out, at, 160);
    expect(Math.abs(levelDbov(out) - levelDbov(noise))).toBeLessThan(1.5);
    const tilt = (pcm: Int16Array) => 10 * Math.log10(bandPower(pcm, 100, 1000) / bandPower(pcm, 3000, 3900));
    expect(tilt(noise)).toBeGreaterThan(10);
    expect(Math.abs(tilt(out) - tilt(noise))).toBeLessThan(3);
  });

  it('is silent at level 127, before the first payload and after an empty one', () => {
    const decoder = new ComfortNoiseDecoder();
    const out = new Int16Array(160).fill(1);
    decoder.generate(out, 0, 160);
    expect(out.every((sample) => sample === 0)).toBe(true);
    decoder.update(new Uint8Array(0), 0, 0);
    decoder.update(Uint8Array.of(127), 0, 1);
    decoder.generate(out, 0, 160);
    expect(out.every((sample) => sample === 0)).toBe(true);
  });

  it('stays stable for every payload', () => {
    const decoder = new ComfortNoiseDecoder();
    const out = new Int16Array(320);
    const random = new SeededRandom(3);
    for (let round = 0; round < 200; round++) {
      const payload = random.bytes(1 + (random.uint32() % 40));
      decoder.update(payload, 0, payload.length);
      decoder.generate(out, 0, 320);
    }
    decoder.update(Uint8Array.of(60), 0, 1);
    for (let i = 0; i < 20; i++) decoder.generate(out, 0, 320);
    expect(levelDbov(out)).toBeLessThan(-55);
  });
});
