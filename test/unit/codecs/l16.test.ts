import { describe, expect, it } from 'vitest';
import { l16Narrow, l16Wide } from '../../../src/codecs/l16/codec.js';
import { decodeAll, encodeAll, madeSpeech, rms, throwGarbage } from '../../support/codecs.js';

describe.each([
  ['8000', l16Narrow],
  ['16000', l16Wide],
])('L16/%s', (rate, codec) => {
  const speech = madeSpeech(Number(rate), 0.5);
  const coded = encodeAll(codec, speech);

  it('says what it is', () => {
    expect(codec.info).toMatchObject({ name: 'L16', clockRate: Number(rate), sampleRate: Number(rate) });
    expect(codec.info.payloadType).toBeUndefined();
    expect(codec.samplesIn(coded, 0, 40)).toBe(20);
    expect(codec.samplesIn(coded, 0, 41)).toBe(0);
    expect(codec.samplesIn(coded, 40, 40)).toBe(0);
  });

  it('sends the high byte first', () => {
    const pcm = new Int16Array(codec.info.frameSamples);
    pcm.set([0x1234, -2, -32768, 32767]);
    const out = new Uint8Array(codec.info.maxFrameBytes);
    expect(codec.createEncoder().encode(pcm, 0, out, 0)).toBe(codec.info.maxFrameBytes);
    expect([...out.subarray(0, 8)]).toEqual([0x12, 0x34, 0xff, 0xfe, 0x80, 0x00, 0x7f, 0xff]);
  });

  it('gives back exactly what went in', () => {
    expect(decodeAll(codec, coded, 2 * codec.info.maxFrameBytes)).toEqual(
      speech.subarray(0, coded.length / 2),
    );
  });

  it('fills lost packets', () => {
    const size = 2 * codec.info.maxFrameBytes;
    const out = decodeAll(codec, coded, size, undefined, new Set([5]));
    const from = 5 * 2 * codec.info.frameSamples;
    expect(rms(out, from, from + 2 * codec.info.frameSamples)).toBeGreaterThan(500);
    const decoder = codec.createDecoder();
    decoder.decode(coded, 0, size, new Int16Array(size), 0);
    decoder.reset();
    const silence = new Int16Array(100).fill(1);
    decoder.conceal(silence, 0, 100);
    expect(silence.every((sample) => sample === 0)).toBe(true);
  });

  it('takes any bytes', () => {
    throwGarbage(codec, codec.createDecoder());
    codec.createEncoder().reset();
  });
});
