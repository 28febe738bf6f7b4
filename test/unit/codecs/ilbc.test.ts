import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { ilbc20, ilbc30 } from '../../../src/codecs/ilbc/codec.js';
import { FrameParameters } from '../../../src/codecs/ilbc/frame.js';
import { lpcToLsf, lsfToLpc } from '../../../src/codecs/ilbc/lsf.js';
import { LPC_ORDER, MODE_20, MODE_30 } from '../../../src/codecs/ilbc/mode.js';
import { LSF_MEAN } from '../../../src/codecs/ilbc/tables.js';
import {
  decodeAll,
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

const modes = [
  [20, ilbc20],
  [30, ilbc30],
] as const;

/** The largest difference of two signals. */
function worst(a: Int16Array, b: Int16Array): number {
  let most = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

describe.skipIf(!hasShared).each(modes)(
  'iLBC of %i ms against the reference program of RFC 3951',
  (ms, codec) => {
    const size = codec.info.maxFrameBytes;

    it.each(['F01', 'F03'])('decodes %s to within rounding', (name) => {
      const own = decodeAll(codec, vectorBytes('ilbc', `${name}.RFC3951.BIT${ms}`), size);
      expect(worst(own, vectorWords('ilbc', `${name}.RFC3951.OUT${ms}`))).toBeLessThanOrEqual(1);
      const fixed = decodeAll(codec, vectorBytes('ilbc', `${name}.BIT${ms}`), size);
      const expected = vectorWords('ilbc', `${name}.BIT${ms}.decoded-by-rfc3951.s16le`);
      expect(worst(fixed, expected)).toBeLessThanOrEqual(1);
    });

    it.each(['F01', 'F03'])('encodes %s as the reference, but for a tie or two', (name) => {
      const coded = encodeAll(codec, vectorWords('ilbc', `${name}.INP`));
      const expected = vectorBytes('ilbc', `${name}.RFC3951.BIT${ms}`);
      expect(Math.abs(coded.length - expected.length)).toBeLessThanOrEqual(size);
      let different = 0;
      for (let at = 0; at < Math.min(coded.length, expected.length); at += size)
        if (Buffer.compare(coded.subarray(at, at + size), expected.subarray(at, at + size)) !== 0)
          different++;
      expect(different).toBeLessThanOrEqual(3);
    });

    it.each(['F00', 'F01', 'F02', 'F03'])('decodes %s like the fixed-point codec', (name) => {
      const own = decodeAll(codec, vectorBytes('ilbc', `${name}.BIT${ms}`), size);
      expect(snr(vectorWords('ilbc', `${name}.OUT${ms}`), own)).toBeGreaterThan(24);
    });
  },
);

describe.each(modes)('iLBC of %i ms', (ms, codec) => {
  const speech = madeSpeech(8000, 2);
  const coded = encodeAll(codec, speech);
  const size = codec.info.maxFrameBytes;
  const samples = codec.info.frameSamples;

  it('says what RFC 3952 says of it', () => {
    expect(codec.info).toMatchObject({
      name: 'iLBC',
      clockRate: 8000,
      fmtp: `mode=${ms}`,
      defaultPtimeMs: ms,
    });
    expect(size).toBe(ms === 20 ? 38 : 50);
    expect(codec.samplesIn(coded, 0, size)).toBe(ms * 8);
    expect(codec.samplesIn(coded, 0, 3 * size)).toBe(ms * 24);
    expect(codec.samplesIn(coded, 0, size - 1)).toBe(0);
  });

  it('keeps its coding of a made signal', () => {
    expect(digest(coded)).toBe(ms === 20 ? '03ecf3b085d19894' : '2c284f9d1b745b96');
  });

  it('gives the speech back, later by the delay of the enhancer', () => {
    const decoded = decodeAll(codec, coded, size);
    expect(decoded.length).toBe(Math.floor(speech.length / samples) * samples);
    expect(snr(speech, decoded, ms === 20 ? 40 : 80)).toBeGreaterThan(5);
    expect(rms(decoded) / rms(speech)).toBeGreaterThan(0.85);
    expect(rms(decoded) / rms(speech)).toBeLessThan(1.1);
  });

  it('decodes several frames of a payload as if they had come alone', () => {
    expect(decodeAll(codec, coded.subarray(0, 12 * size), 3 * size)).toEqual(
      decodeAll(codec, coded.subarray(0, 12 * size), size),
    );
  });

  it('starts afresh after a reset', () => {
    const encoder = codec.createEncoder();
    const first = new Uint8Array(size);
    const again = new Uint8Array(size);
    encoder.encode(speech, 2400, first, 0);
    encoder.encode(speech, 4000, again, 0);
    encoder.reset();
    encoder.encode(speech, 2400, again, 0);
    expect(again).toEqual(first);
    const decoder = codec.createDecoder();
    const a = new Int16Array(2 * samples);
    const b = new Int16Array(2 * samples);
    decoder.decode(coded, 5 * size, 7 * size, a, 0);
    decoder.conceal(b, 0, 100);
    decoder.reset();
    decoder.decode(coded, 5 * size, 7 * size, b, 0);
    expect(b).toEqual(a);
  });

  it('conceals a lost frame at the level of the speech around and recovers', () => {
    const whole = decodeAll(codec, coded, size);
    const at = Math.floor(900 / samples) + 1;
    const patched = decodeAll(codec, coded, size, undefined, new Set([at]));
    const from = at * samples;
    expect(patched.subarray(0, from)).toEqual(whole.subarray(0, from));
    const level = rms(patched, from, from + samples) / rms(whole, from, from + samples);
    expect(level).toBeGreaterThan(0.5);
    expect(level).toBeLessThan(1.5);
    const later = from + 6 * samples;
    expect(snr(whole.subarray(later, later + 1600), patched.subarray(later, later + 1600))).toBeGreaterThan(
      20,
    );
  });

  it('treats a frame marked empty, or with an impossible start state, as lost', () => {
    const empty = coded.slice();
    empty[8 * size - 1] |= 1;
    const lost = decodeAll(codec, coded, size, undefined, new Set([7]));
    expect(decodeAll(codec, empty, size)).toEqual(lost);
    const parameters = new FrameParameters(ms === 20 ? MODE_20 : MODE_30);
    parameters.unpack(coded, 7 * size);
    parameters.values[parameters.start] = 0;
    const impossible = coded.slice();
    parameters.pack(impossible, 7 * size);
    expect(decodeAll(codec, impossible, size)).toEqual(lost);
  });

  it('fades to silence in a long loss, whatever the pieces asked for', () => {
    const conceal = (piece: number): Int16Array => {
      const decoder = codec.createDecoder();
      const out = new Int16Array(4000);
      for (let i = 0; i < 5; i++) decoder.decode(coded, i * size, (i + 1) * size, out, 0);
      for (let at = 0; at < out.length; at += piece)
        decoder.conceal(out, at, Math.min(piece, out.length - at));
      return out;
    };
    const out = conceal(160);
    expect(rms(out, 0, 160)).toBeGreaterThan(100);
    expect(rms(out, 3000, 4000)).toBeLessThan(3);
    expect(conceal(80)).toEqual(out);
    expect(conceal(333)).toEqual(out);
    expect(conceal(4000)).toEqual(out);
  });

  it('follows a peer that sends the other frame size', () => {
    const other = ms === 20 ? ilbc30 : ilbc20;
    const foreign = encodeAll(other, speech);
    expect(codec.samplesIn(foreign, 0, other.info.maxFrameBytes)).toBe(other.info.frameSamples);
    expect(decodeAll(codec, foreign, other.info.maxFrameBytes)).toEqual(
      decodeAll(other, foreign, other.info.maxFrameBytes),
    );
  });

  it('keeps silence silent and loud signals within bounds', () => {
    const silence = encodeAll(codec, new Int16Array(2400));
    expect(rms(decodeAll(codec, silence, size))).toBeLessThan(12);
    const square = new Int16Array(4800).map((_, i) => (i % 60 < 30 ? 32767 : -32768));
    const decoded = decodeAll(codec, encodeAll(codec, square), size);
    expect(rms(decoded, 2400, 4800)).toBeGreaterThan(16000);
  });

  it('takes any bytes, and speaks sense again afterwards', () => {
    const decoder = codec.createDecoder();
    throwGarbage(codec, decoder);
    const random = new SeededRandom(3);
    const out = new Int16Array(samples);
    for (let i = 0; i < 300; i++) {
      const data = random.bytes(size);
      data[size - 1] &= 0xfe;
      expect(decoder.decode(data, 0, size, out, 0)).toBe(samples);
    }
    const fresh = codec.createDecoder();
    const expected = new Int16Array(samples);
    for (let i = 0; i < 30; i++) {
      decoder.decode(coded, i * size, (i + 1) * size, out, 0);
      fresh.decode(coded, i * size, (i + 1) * size, expected, 0);
    }
    expect(snr(expected, out)).toBeGreaterThan(30);
  });

  it('writes no more frames than the output has room for', () => {
    const out = new Int16Array(samples + 10);
    expect(codec.createDecoder().decode(coded, 0, 3 * size, out, 0)).toBe(samples);
  });
});

describe('the parts of iLBC', () => {
  it.each([MODE_20, MODE_30])('pack what they unpack', (mode) => {
    const parameters = new FrameParameters(mode);
    const random = new SeededRandom(11);
    const again = new Uint8Array(mode.frameBytes);
    for (let i = 0; i < 50; i++) {
      const data = random.bytes(mode.frameBytes);
      data[mode.frameBytes - 1] &= 0xfe;
      parameters.unpack(data, 0);
      parameters.pack(again, 0);
      expect(again).toEqual(data);
    }
  });

  it('turn line spectral frequencies into a filter and back', () => {
    const filter = new Float64Array(LPC_ORDER + 1);
    const found = new Float64Array(LPC_ORDER);
    lsfToLpc(LSF_MEAN.slice(), filter, 0);
    expect(filter[0]).toBe(1);
    lpcToLsf(filter, found, 0);
    for (let i = 0; i < LPC_ORDER; i++) expect(Math.abs(found[i] - LSF_MEAN[i])).toBeLessThan(0.006);
  });
});
