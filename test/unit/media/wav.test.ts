import { describe, expect, it } from 'vitest';
import { LINEAR_TO_ALAW, LINEAR_TO_ULAW } from '../../../src/codecs/g711/g711.js';
import { formatWav, parseWav } from '../../../src/media/index.js';
import { parseWavHeader } from '../../../src/media/wav/wav-header.js';

const SAMPLES = Int16Array.from({ length: 100 }, (_, i) => Math.round(20000 * Math.sin(i / 5)));

/** A file with one chunk before the data, in any encoding. */
function build(
  code: number,
  bits: number,
  write: (view: DataView, at: number, sample: number) => void,
  extensible = false,
) {
  const fmtLength = extensible ? 40 : 16;
  const width = bits / 8;
  const bytes = new Uint8Array(12 + 8 + fmtLength + 8 + 4 + 8 + SAMPLES.length * width);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) =>
    bytes.set(
      [...value].map((c) => c.charCodeAt(0)),
      at,
    );
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, fmtLength, true);
  view.setUint16(20, extensible ? 0xfffe : code, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 11025, true);
  view.setUint32(28, 11025 * width, true);
  view.setUint16(32, width, true);
  view.setUint16(34, bits, true);
  if (extensible) view.setUint16(44, code, true);
  let at = 20 + fmtLength;
  text(at, 'LIST');
  // An odd size is padded.
  view.setUint32(at + 4, 3, true);
  at += 12;
  text(at, 'data');
  view.setUint32(at + 4, SAMPLES.length * width, true);
  at += 8;
  for (const [i, sample] of SAMPLES.entries()) write(view, at + i * width, sample);
  return bytes;
}

describe('WAV', () => {
  it.each([
    ['8 bit', build(1, 8, (v, at, s) => v.setUint8(at, (s >> 8) + 128)), 256],
    ['16 bit', build(1, 16, (v, at, s) => v.setInt16(at, s, true)), 0],
    ['24 bit', build(1, 24, (v, at, s) => v.setInt16(at + 1, s, true)), 0],
    ['32 bit', build(1, 32, (v, at, s) => v.setInt32(at, s * 65536, true)), 0],
    ['32 bit extensible', build(1, 32, (v, at, s) => v.setInt32(at, s * 65536, true), true), 0],
    ['float', build(3, 32, (v, at, s) => v.setFloat32(at, s / 32768, true)), 0],
    ['double', build(3, 64, (v, at, s) => v.setFloat64(at, s / 32768, true)), 0],
    ['A-law', build(6, 8, (v, at, s) => v.setUint8(at, LINEAR_TO_ALAW[s & 0xffff])), 600],
    ['µ-law', build(7, 8, (v, at, s) => v.setUint8(at, LINEAR_TO_ULAW[s & 0xffff])), 600],
  ])('reads %s', (_, bytes, tolerance) => {
    const wav = parseWav(bytes);
    expect(wav.sampleRate).toBe(11025);
    expect(wav.mono.length).toBe(100);
    for (const [i, sample] of wav.mono.entries())
      expect(Math.abs(sample - SAMPLES[i])).toBeLessThanOrEqual(tolerance);
  });

  it('writes and reads back stereo; mono is the mean', () => {
    const right = SAMPLES.map((s) => -s >> 1);
    const wav = parseWav(formatWav([SAMPLES, right], 16000));
    expect(wav.sampleRate).toBe(16000);
    expect(wav.channels).toEqual([SAMPLES, right]);
    expect(Math.abs(wav.mono[7] - (SAMPLES[7] + right[7]) / 2)).toBeLessThanOrEqual(1);
  });

  it('reads to the end of a file whose header was never completed', () => {
    const bytes = formatWav([SAMPLES], 8000);
    new DataView(bytes.buffer).setUint32(40, 0, true);
    expect(parseWav(bytes).mono).toEqual(SAMPLES);
    expect(parseWav(bytes.subarray(0, bytes.length - 51)).mono.length).toBe(74);
  });

  it('says what is wrong with other files', () => {
    expect(() => parseWav(new TextEncoder().encode('OggS this is no WAV file'))).toThrow('not a WAV file');
    expect(() => parseWav(build(0x55, 8, () => {}))).toThrow('format 85 is not supported');
    expect(() => parseWav(build(1, 32, () => {}).subarray(0, 30))).toThrow('cut off');
    const bytes = formatWav([SAMPLES], 8000);
    for (let length = 0; length < 44; length++)
      expect('more' in parseWavHeader(bytes.subarray(0, length))).toBe(true);
    const zero = bytes.slice();
    zero[22] = 0;
    expect(() => parseWav(zero)).toThrow('0 channels');
    const hostile = bytes.slice();
    hostile[32] = 0;
    expect(() => parseWav(hostile)).toThrow('block size');
  });

  it('never throws anything else on damaged headers', () => {
    const bytes = formatWav([SAMPLES], 8000);
    for (let at = 0; at < 44; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          parseWav(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MEDIA_FILE' });
        }
      }
    }
  });
});
