import { describe, expect, it } from 'vitest';
import { g722 } from '../../../src/codecs/g722/codec.js';
import { type G722Mode, HigherBand, LowerBand } from '../../../src/codecs/g722/sub-bands.js';
import {
  audio,
  decodeAll,
  differences,
  digest,
  encodeAll,
  madeSpeech,
  rms,
  snr,
  throwGarbage,
  vectorBytes,
  vectorWords,
} from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';

const modes: G722Mode[] = [1, 2, 3];

describe.skipIf(!hasShared)('G.722 against the ITU-T sequences', () => {
  it('encodes speech bit for bit', () => {
    const expected = vectorWords('g722', 'codspw.cod').map((word) => word & 255);
    const coded = encodeAll(g722, vectorWords('g722', 'inpsp.bin'));
    expect(differences(coded, expected.subarray(0, coded.length))).toBe(0);
    expect(expected.length - coded.length).toBeLessThan(80);
  });

  it.each(modes)('decodes speech in mode %i sample for sample', (mode) => {
    const coded = Uint8Array.from(vectorWords('g722', 'codspw.cod'), (word) => word & 255);
    const expected = vectorWords('g722', `outsp${mode}.bin`);
    for (const size of [80, 160, 33, 320])
      expect(differences(decodeAll(g722, coded, size, { mode }), expected)).toBe(0);
  });

  it('decodes and encodes speech as another codec does', () => {
    const coded = vectorBytes('codec-speech', 'speech-male-16k.g722');
    const own = encodeAll(g722, audio('speech-male-16k.wav'));
    expect(differences(own, coded.subarray(0, own.length))).toBe(0);
    expect(
      differences(decodeAll(g722, coded, 160), vectorWords('codec-speech', 'speech-male-16k.g722.dec.s16le')),
    ).toBe(0);
  });

  it.each([
    ['bt1c1.xmt', 'bt2r1.cod'],
    ['bt1c2.xmt', 'bt2r2.cod'],
  ])('codes %s in both sub-bands without the filters', (input, output) => {
    const samples = vectorWords('g722', input);
    const expected = vectorWords('g722', output);
    const lower = new LowerBand();
    const higher = new HigherBand();
    let wrong = 0;
    samples.forEach((word, i) => {
      if (word & 1) {
        lower.reset();
        higher.reset();
      } else if (((higher.encode(word >> 1) << 6) | lower.encode(word >> 1)) !== ((expected[i] >> 8) & 255))
        wrong++;
    });
    expect(wrong).toBe(0);
  });

  describe.each([
    [1, 'bt2r1.cod'],
    [2, 'bt2r2.cod'],
    [3, 'bt1d3.cod'],
  ])('sequence %i', (number, input) => {
    it.each(modes)('is decoded in mode %i in both sub-bands without the filters', (mode) => {
      const codes = vectorWords('g722', input);
      const expectedLow = vectorWords('g722', `bt3l${number}.rc${mode}`);
      const expectedHigh = vectorWords('g722', `bt3h${number}.rc0`);
      const lower = new LowerBand();
      const higher = new HigherBand();
      let wrong = 0;
      codes.forEach((word, i) => {
        if (word & 1) {
          lower.reset();
          higher.reset();
          return;
        }
        const octet = (word >> 8) & 255;
        if (lower.decode(octet & 63, mode) !== expectedLow[i] >> 1) wrong++;
        if (higher.decode(octet >> 6) !== expectedHigh[i] >> 1) wrong++;
      });
      expect(wrong).toBe(0);
    });
  });
});

describe('G.722', () => {
  const speech = madeSpeech(16000, 1);

  it('says what RFC 3551 says of it', () => {
    expect(g722.info).toMatchObject({ name: 'G722', payloadType: 9, clockRate: 8000, sampleRate: 16000 });
    expect(g722.samplesIn(new Uint8Array(160), 0, 160)).toBe(320);
    expect(g722.samplesIn(new Uint8Array(160), 20, 20)).toBe(0);
  });

  it('keeps its coding of a made signal', () => {
    const coded = encodeAll(g722, speech);
    expect(coded.length).toBe(8000);
    expect(digest(coded)).toBe('e3bae46eb6c57bf4');
    expect(digest(decodeAll(g722, coded, 160))).toBe('4d70e2bd249cf413');
  });

  it('gives the speech back 22 samples later', () => {
    const decoded = decodeAll(g722, encodeAll(g722, speech), 160);
    expect(snr(speech, decoded, 22)).toBeGreaterThan(17);
  });

  it('starts afresh after a reset', () => {
    const encoder = g722.createEncoder();
    const first = new Uint8Array(80);
    const again = new Uint8Array(80);
    encoder.encode(speech, 3200, first, 0);
    encoder.encode(speech, 3360, again, 0);
    encoder.reset();
    encoder.encode(speech, 3200, again, 0);
    expect(again).toEqual(first);
    const decoder = g722.createDecoder();
    const a = new Int16Array(160);
    const b = new Int16Array(160);
    decoder.decode(first, 0, 80, a, 0);
    decoder.conceal(b, 0, 160);
    decoder.reset();
    decoder.decode(first, 0, 80, b, 0);
    expect(b).toEqual(a);
  });

  it('fills lost packets with something as loud as the speech around', () => {
    const coded = encodeAll(g722, speech);
    const whole = decodeAll(g722, coded, 160);
    const patched = decodeAll(g722, coded, 160, undefined, new Set([5]));
    expect(patched.subarray(0, 1600)).toEqual(whole.subarray(0, 1600));
    const level = rms(patched, 1600, 1920) / rms(whole, 1600, 1920);
    expect(level).toBeGreaterThan(0.5);
    expect(level).toBeLessThan(1.5);
  });

  it('takes any bytes, and no more than the output has room for', () => {
    throwGarbage(g722, g722.createDecoder());
    const out = new Int16Array(100);
    expect(g722.createDecoder().decode(new Uint8Array(80), 0, 80, out, 40)).toBe(60);
    expect(g722.createDecoder().decode(new Uint8Array(80), 40, 40, out, 0)).toBe(0);
  });
});
