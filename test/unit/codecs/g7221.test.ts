import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { offeredCodecInfos } from '../../../src/codecs/catalogue.js';
import type { Codec } from '../../../src/codecs/codec.js';
import { BitReader, BitWriter } from '../../../src/codecs/g7221/bit-stream.js';
import { g7221Codecs } from '../../../src/codecs/g7221/codec.js';
import { DIFFERENCE_CODE_LENGTHS, DIFFERENCE_CODES } from '../../../src/codecs/g7221/difference-codes.js';
import { VECTOR_CODE_LENGTHS, VECTOR_CODES } from '../../../src/codecs/g7221/vector-codes.js';
import { allCodecs, findCodec } from '../../../src/codecs/registry.js';
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

function codecOf(sampleRate: number, bitrate: number): Codec {
  const found = findCodec('g7221', sampleRate, { bitrate: String(bitrate) });
  const codec = g7221Codecs.find(
    ({ info }) => info.fmtp === found?.info.fmtp && info.clockRate === sampleRate,
  );
  if (!codec) throw new Error('no such codec');
  return codec;
}

/** ITU-T G.192: a word for each frame (good or erased), its length, and a word for each bit. */
function frames(name: string): Array<Uint8Array | undefined> {
  const words = vectorWords('g7221', name);
  const list: Array<Uint8Array | undefined> = [];
  for (let at = 0; at < words.length; ) {
    const good = words[at] === 0x6b21;
    const bits = words[at + 1];
    const frame = new Uint8Array(bits / 8);
    for (let i = 0; i < bits; i++) if (words[at + 2 + i] === 0x81) frame[i >> 3] |= 0x80 >> (i & 7);
    list.push(good ? frame : undefined);
    at += 2 + bits;
  }
  return list;
}

/** The reference output has the lowest two bits cleared. */
const masked = (pcm: Int16Array): Int16Array => pcm.map((value) => value & ~3);

describe.skipIf(!hasShared).each([24000, 32000])('G.722.1 at %i bit/s and the ITU sequences', (bitrate) => {
  const codec = codecOf(16000, bitrate);
  const size = bitrate / 400;

  it('encodes to the bit', () => {
    const wav = vectorBytes('g7221', 'g722_1_enc_in.wav');
    const coded = encodeAll(codec, new Int16Array(wav.buffer.slice(44)));
    expect(differences(coded, vectorBytes('g7221', `g722_1_enc_out_${bitrate}_be.pak`))).toBe(0);
  });

  it('decodes to the bit', () => {
    const decoded = decodeAll(codec, vectorBytes('g7221', `g722_1_enc_out_${bitrate}_be.pak`), size);
    expect(differences(masked(decoded), vectorWords('g7221', `g722_1_dec_out_${bitrate}.pcm`))).toBe(0);
  });

  it('conceals erased frames to the bit', () => {
    const decoder = codec.createDecoder();
    const list = frames(`g722_1_dec_in_${bitrate}_fe.itu`);
    const out = new Int16Array(list.length * 320);
    list.forEach((frame, i) => {
      if (frame) decoder.decode(frame, 0, size, out, i * 320);
      else decoder.conceal(out, i * 320, 320);
    });
    expect(list.filter((frame) => !frame).length).toBeGreaterThan(0);
    expect(differences(masked(out), vectorWords('g7221', `g722_1_dec_out_${bitrate}_fe.pcm`))).toBe(0);
  });
});

describe.skipIf(!hasShared)('G.722.1 with recorded speech', () => {
  it.each([
    [24000, 11],
    [32000, 14],
  ])('at %i bit/s keeps it', (bitrate, least) => {
    const speech = audio('speech-female-16k.wav');
    const codec = codecOf(16000, bitrate);
    const decoded = decodeAll(codec, encodeAll(codec, speech), bitrate / 400);
    expect(snr(speech, decoded, 320)).toBeGreaterThan(least);
  });
});

describe('the codes', () => {
  /** True when every sequence of bits is one sequence of symbols. */
  const complete = (lengths: Uint8Array, codes: Uint16Array): boolean => {
    const texts = [
      ...new Set(Array.from(codes, (code, i) => code.toString(2).padStart(lengths[i], '0'))),
    ].sort();
    const prefixed = texts.some((text, i) => texts[i + 1]?.startsWith(text));
    return !prefixed && texts.reduce((sum, { length }) => sum + 2 ** -length, 0) === 1;
  };

  it('are complete prefix codes', () => {
    VECTOR_CODES.forEach((codes, i) => {
      expect(complete(VECTOR_CODE_LENGTHS[i], codes)).toBe(true);
    });
    DIFFERENCE_CODES.forEach((codes, i) => {
      expect(complete(DIFFERENCE_CODE_LENGTHS[i], codes)).toBe(true);
    });
    expect(VECTOR_CODES.map(({ length }) => length)).toEqual([196, 100, 49, 625, 256, 243, 32]);
    expect(VECTOR_CODE_LENGTHS.map(({ length }) => length)).toEqual([196, 100, 49, 625, 256, 243, 32]);
  });

  it('are written up to the end of the frame and read back', () => {
    const out = new Uint8Array(4).fill(9);
    const writer = new BitWriter();
    writer.start(out, 1, 16);
    writer.write(0b101, 3);
    writer.write(0x1fff & 0x0f0f, 12);
    writer.finish();
    expect(out[0]).toBe(9);
    expect(out[3]).toBe(9);
    const reader = new BitReader();
    reader.start(out, 1, 16);
    expect(reader.bits(3)).toBe(0b101);
    expect(reader.bits(12)).toBe(0xf0f);
    expect(reader.left).toBe(1);
    expect(reader.bit()).toBe(1);
    writer.start(out, 0, 16);
    writer.write(0xfffff & 0xabcde, 20);
    expect([...out.subarray(0, 2)]).toEqual([0xab, 0xcd]);
  });
});

describe('the formats', () => {
  it('are five, told apart by clock and bit rate (RFC 5577 §3.1)', () => {
    expect(g7221Codecs.map(({ info }) => [info.clockRate, info.fmtp, info.maxFrameBytes])).toEqual([
      [32000, 'bitrate=48000', 120],
      [32000, 'bitrate=32000', 80],
      [32000, 'bitrate=24000', 60],
      [16000, 'bitrate=32000', 80],
      [16000, 'bitrate=24000', 60],
    ]);
    const known = allCodecs().map(({ info }) => info);
    for (const { info } of g7221Codecs) expect(known).toContainEqual(info);
    expect(offeredCodecInfos().some((info) => info.name === 'G7221')).toBe(false);
    expect(codecOf(16000, 24000)).toBe(g7221Codecs[4]);
    expect(codecOf(32000, 24000)).toBe(g7221Codecs[2]);
    expect(codecOf(16000, 48000)).toBe(g7221Codecs[3]);
  });
});

const modes = [
  [16000, 24000, '8a2853c06ab71c6f', 7],
  [16000, 32000, 'c9e938e1fc542d19', 9],
  [32000, 24000, '70d53137ee6770f8', 6],
  [32000, 32000, 'b0a1e4dc6b081781', 7],
  [32000, 48000, '3a1c3523a6748651', 9],
] as const;

describe.each(modes)('G.722.1 at %i Hz and %i bit/s', (sampleRate, bitrate, golden, least) => {
  const codec = codecOf(sampleRate, bitrate);
  const speech = madeSpeech(sampleRate, 2);
  const coded = encodeAll(codec, speech);
  const size = bitrate / 400;
  const frame = sampleRate / 50;

  it('tells how much audio a payload holds', () => {
    expect(codec.info).toMatchObject({ sampleRate, frameSamples: frame, maxFrameBytes: size });
    expect(codec.samplesIn(coded, 0, size)).toBe(frame);
    expect(codec.samplesIn(coded, 7, 7 + 3 * size)).toBe(3 * frame);
    expect(codec.samplesIn(coded, 0, size - 1)).toBe(0);
    expect(codec.samplesIn(coded, 5, 5)).toBe(0);
  });

  it('keeps its coding of a made signal', () => {
    expect(digest(coded)).toBe(golden);
  });

  it('gives the speech back a frame later', () => {
    const decoded = decodeAll(codec, coded, size);
    expect(decoded.length).toBe(speech.length);
    expect(snr(speech, decoded, frame)).toBeGreaterThan(least);
    expect(Math.abs(rms(decoded) / rms(speech) - 1)).toBeLessThan(0.1);
  });

  it('carries tones up to its bandwidth', () => {
    const tone = (hertz: number): number => {
      const pcm = new Int16Array(sampleRate).map((_, i) =>
        Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / sampleRate)),
      );
      return snr(pcm, decodeAll(codec, encodeAll(codec, pcm), size), frame);
    };
    for (const share of [0.02, 0.3, 0.8]) expect(tone((share * sampleRate) / 2)).toBeGreaterThan(15);
    expect(tone(0.47 * sampleRate)).toBeLessThan(3);
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
    encoder.encode(speech, 9 * frame, first, 0);
    encoder.encode(speech, 4 * frame, again, 0);
    encoder.reset();
    encoder.encode(speech, 9 * frame, again, 0);
    expect(again).toEqual(first);
    const decoder = codec.createDecoder();
    const a = new Int16Array(2 * frame);
    const b = new Int16Array(2 * frame);
    decoder.decode(coded, 5 * size, 7 * size, a, 0);
    decoder.conceal(b, 0, 100);
    decoder.reset();
    decoder.decode(coded, 5 * size, 7 * size, b, 0);
    expect(b).toEqual(a);
  });

  it('repeats the spectrum of one lost frame, then falls silent', () => {
    const decoder = codec.createDecoder();
    const out = new Int16Array(frame);
    for (let i = 0; i < 12; i++) decoder.decode(coded, i * size, (i + 1) * size, out, 0);
    const before = rms(out);
    decoder.conceal(out, 0, frame);
    expect(rms(out)).toBeGreaterThan(before / 3);
    decoder.conceal(out, 0, frame);
    decoder.conceal(out, 0, frame);
    // What is left is the offset of the synthesis.
    expect(rms(out)).toBeLessThan(8);
  });

  it('conceals in pieces of any size alike', () => {
    const conceal = (piece: number): Int16Array => {
      const decoder = codec.createDecoder();
      const out = new Int16Array(4 * frame);
      for (let i = 0; i < 5; i++) decoder.decode(coded, i * size, (i + 1) * size, out, 0);
      for (let at = 0; at < out.length; at += piece)
        decoder.conceal(out, at, Math.min(piece, out.length - at));
      return out;
    };
    const whole = conceal(frame);
    expect(conceal(100)).toEqual(whole);
    expect(conceal(4 * frame)).toEqual(whole);
  });

  it('keeps silence silent and the loudest signal within bounds', () => {
    const silence = decodeAll(codec, encodeAll(codec, new Int16Array(sampleRate / 5)), size);
    expect(rms(silence)).toBeLessThan(3);
    const square = new Int16Array(sampleRate).map((_, i) => (i % 100 < 50 ? 32767 : -32768));
    const decoded = decodeAll(codec, encodeAll(codec, square), size);
    expect(snr(square, decoded, frame)).toBeGreaterThan(8);
    const random = new SeededRandom(8);
    const noise = new Int16Array(sampleRate).map(() => (random.float() < 0.5 ? 32767 : -32768));
    expect(rms(decodeAll(codec, encodeAll(codec, noise), size))).toBeGreaterThan(15000);
  });

  it('takes any bytes, and speaks sense again afterwards', () => {
    const decoder = codec.createDecoder();
    throwGarbage(codec, decoder);
    const random = new SeededRandom(3);
    const out = new Int16Array(frame);
    for (let i = 0; i < 500; i++) {
      // Every other one damaged only behind the envelope.
      const data = i % 2 === 0 ? random.bytes(size) : coded.slice(9 * size, 10 * size);
      if (i % 2 === 1) data[20 + (i % (size - 20))] ^= 1 << (i % 8);
      expect(decoder.decode(data, 0, size, out, 0)).toBe(frame);
    }
    expect(decoder.decode(coded, 0, size, out, 1)).toBe(0);
    const fresh = codec.createDecoder();
    const expected = new Int16Array(frame);
    for (let i = 5; i < 10; i++) {
      decoder.decode(coded, i * size, (i + 1) * size, out, 0);
      fresh.decode(coded, i * size, (i + 1) * size, expected, 0);
    }
    expect(snr(expected, out)).toBeGreaterThan(15);
  });
});
