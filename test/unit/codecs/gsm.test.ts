import { describe, expect, it } from 'vitest';
import { gsm } from '../../../src/codecs/gsm/codec.js';
import { PARAMETERS, packFrame, unpackFrame } from '../../../src/codecs/gsm/frame.js';
import { FRAME_BYTES } from '../../../src/codecs/gsm/info.js';
import {
  audio,
  decodeAll,
  differences,
  digest,
  encodeAll,
  madeSpeech,
  rms,
  throwGarbage,
  vectorBytes,
  vectorWords,
} from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';

describe.skipIf(!hasShared)('GSM 06.10 against the ETSI sequences', () => {
  it.each(['Seq01', 'Seq02', 'Seq03', 'Seq04'])('encodes %s bit for bit', (name) => {
    const coded = encodeAll(gsm, vectorWords('gsm-fr', `${name}.inp`));
    expect(differences(coded, vectorBytes('gsm-fr', `${name}.gsm`))).toBe(0);
  });

  it.each(['Seq01', 'Seq02', 'Seq03', 'Seq04', 'Seq05'])('decodes %s sample for sample', (name) => {
    const coded = vectorBytes('gsm-fr', `${name}.gsm`);
    const expected = vectorWords('gsm-fr', `${name}.out`);
    for (const frames of [1, 3])
      expect(differences(decodeAll(gsm, coded, frames * FRAME_BYTES), expected)).toBe(0);
  });

  it('decodes and encodes speech as another codec does', () => {
    const coded = vectorBytes('codec-speech', 'speech-male-8k.gsm');
    const own = encodeAll(gsm, audio('speech-male-8k.wav'));
    expect(differences(own, coded.subarray(0, own.length))).toBe(0);
    const expected = vectorWords('codec-speech', 'speech-male-8k.gsm.dec.s16le');
    expect(differences(decodeAll(gsm, coded, FRAME_BYTES), expected)).toBe(0);
  });

  it('packs the parameters of the sequences as RFC 3551 lays them out', () => {
    const words = vectorWords('gsm-fr', 'Seq01.cod');
    const packed = vectorBytes('gsm-fr', 'Seq01.gsm');
    const frame = new Uint8Array(FRAME_BYTES);
    const unpacked = new Uint8Array(PARAMETERS);
    for (let i = 0; i < packed.length / FRAME_BYTES; i++) {
      const parameters = Uint8Array.from(words.subarray(i * PARAMETERS, (i + 1) * PARAMETERS));
      packFrame(parameters, frame, 0);
      expect(frame).toEqual(packed.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES));
      unpackFrame(packed, i * FRAME_BYTES, unpacked);
      expect(unpacked).toEqual(parameters);
    }
  });
});

describe('GSM 06.10', () => {
  const speech = madeSpeech(8000, 2);
  const coded = encodeAll(gsm, speech);

  it('says what RFC 3551 says of it', () => {
    expect(gsm.info).toMatchObject({ name: 'GSM', payloadType: 3, clockRate: 8000, maxFrameBytes: 33 });
    expect(coded.length).toBe(100 * 33);
    expect(gsm.samplesIn(coded, 0, 66)).toBe(320);
    expect(gsm.samplesIn(coded, 33, 66)).toBe(160);
  });

  it('keeps its coding of a made signal', () => {
    expect(digest(coded)).toBe('b2242d8fcd3aaf3c');
    expect(digest(decodeAll(gsm, coded, 33))).toBe('4b9a77d409d5cb8d');
  });

  it('refuses payloads that are not whole frames with their signature', () => {
    const decoder = gsm.createDecoder();
    const out = new Int16Array(480);
    expect(decoder.decode(coded, 0, 32, out, 0)).toBe(0);
    expect(decoder.decode(coded, 0, 0, out, 0)).toBe(0);
    const broken = coded.slice(0, 66);
    broken[33] ^= 0x80;
    expect(gsm.samplesIn(broken, 0, 66)).toBe(0);
    expect(decoder.decode(broken, 0, 66, out, 0)).toBe(0);
    throwGarbage(gsm, decoder);
  });

  it('decodes frames of random bits without overflowing or leaving its lags', () => {
    const decoder = gsm.createDecoder();
    const data = new Uint8Array(33);
    const out = new Int16Array(160);
    for (let seed = 1, i = 0; i < 500; i++) {
      for (let k = 0; k < 33; k++) data[k] = (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 24;
      data[0] = 0xd0 | (data[0] & 15);
      expect(decoder.decode(data, 0, 33, out, 0)).toBe(160);
    }
  });

  it('starts afresh after a reset', () => {
    const encoder = gsm.createEncoder();
    const first = new Uint8Array(33);
    const again = new Uint8Array(33);
    encoder.encode(speech, 1600, first, 0);
    encoder.encode(speech, 1760, again, 0);
    encoder.reset();
    encoder.encode(speech, 1600, again, 0);
    expect(again).toEqual(first);
    const decoder = gsm.createDecoder();
    const whole = decodeAll(gsm, coded, 33);
    decodeAll(gsm, coded, 33);
    const out = new Int16Array(160);
    decoder.decode(coded, 660, 693, out, 0);
    decoder.conceal(out, 0, 100);
    decoder.reset();
    decoder.decode(coded, 0, 33, out, 0);
    expect(out).toEqual(whole.subarray(0, 160));
  });

  describe('substitution of lost frames', () => {
    const start = 5;
    const concealed = (samples: number, piece: number): Int16Array => {
      const decoder = gsm.createDecoder();
      const out = new Int16Array(samples);
      for (let i = 0; i < start; i++) decoder.decode(coded, i * 33, i * 33 + 33, out, 0);
      for (let at = 0; at < samples; at += piece) decoder.conceal(out, at, Math.min(piece, samples - at));
      return out;
    };

    it('repeats the last good frame first', () => {
      const whole = decodeAll(gsm, coded, 33);
      const level = rms(concealed(160, 160)) / rms(whole, (start - 1) * 160, start * 160);
      expect(level).toBeGreaterThan(0.7);
      expect(level).toBeLessThan(1.4);
    });

    it('fades and is silent after 320 ms', () => {
      const out = concealed(20 * 160, 160);
      expect(rms(out, 5 * 160, 6 * 160)).toBeLessThan(0.3 * rms(out, 0, 160));
      expect(out.subarray(16 * 160).every((sample) => sample === 0)).toBe(true);
    });

    it('does not depend on the size of the pieces asked for', () => {
      expect(concealed(1000, 80)).toEqual(concealed(1000, 160));
      expect(concealed(1000, 1000)).toEqual(concealed(1000, 37));
    });

    it('is silent before the first frame', () => {
      const out = new Int16Array(200).fill(5);
      gsm.createDecoder().conceal(out, 0, 200);
      expect(out.every((sample) => sample === 0)).toBe(true);
    });
  });
});
