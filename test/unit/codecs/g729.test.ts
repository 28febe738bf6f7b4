import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { g729 } from '../../../src/codecs/g729/g729.js';
import {
  differences,
  digest,
  encodeAll,
  madeSpeech,
  rms,
  throwGarbage,
  vectorWords,
} from '../../support/codecs.js';
import {
  ANNEX_A_DECODER,
  ANNEX_A_ENCODER,
  ANNEX_B_DECODER,
  ANNEX_B_ENCODER,
  decodeSerial,
  serialFrames,
  wrongFrames,
} from '../../support/g729-vectors.js';
import { hasShared } from '../../support/shared.js';

const FRAME = 80;
/** Frames run of each ITU vector here; test/system/g729-vectors.test.ts runs them whole. */
const VECTOR_FRAMES = 200;

describe.skipIf(!hasShared)('G.729 at the start of the ITU-T vectors', () => {
  it.each([
    ...ANNEX_A_ENCODER.map(([input, output]) => [input, output, 'no']),
    ...ANNEX_B_ENCODER.map(([input, output]) => [input, output, 'yes']),
  ])('encodes %s to %s bit for bit (annexb=%s)', (input, output, annexb) => {
    expect(wrongFrames(vectorWords('g729', input), serialFrames(output, VECTOR_FRAMES), annexb)).toBe(0);
  });

  it.each([...ANNEX_A_DECODER, ...ANNEX_B_DECODER])('decodes %s to %s sample for sample', (input, output) => {
    const samples = decodeSerial(serialFrames(input, VECTOR_FRAMES));
    expect(differences(samples, vectorWords('g729', output).subarray(0, samples.length))).toBe(0);
  });
});

describe('G.729', () => {
  const speech = madeSpeech(8000, 1);
  /** Speech, then a quiet hiss long enough for the detector to learn the background. */
  const call = new Int16Array(8000 * 5);
  call.set(speech);
  const hiss = new SeededRandom(3);
  for (let i = speech.length; i < call.length; i++) call[i] = Math.round(20 * (hiss.float() - 0.5));

  function decodeWhole(data: Uint8Array): Int16Array {
    const out = new Int16Array(g729.samplesIn(data, 0, data.length));
    expect(g729.createDecoder().decode(data, 0, data.length, out, 0)).toBe(out.length);
    return out;
  }

  /** Bytes of each frame, and all bytes. */
  function encodeFrames(pcm: Int16Array, annexb?: string): { lengths: number[]; data: Uint8Array } {
    const encoder = g729.createEncoder({ annexb });
    const data = new Uint8Array((pcm.length / FRAME) * 10);
    const lengths: number[] = [];
    let length = 0;
    for (let at = 0; at + FRAME <= pcm.length; at += FRAME) {
      lengths.push(encoder.encode(pcm, at, data, length));
      length += lengths.at(-1) ?? 0;
    }
    return { lengths, data: data.subarray(0, length) };
  }

  it('is what RFC 3551 and RFC 4855 say', () => {
    expect(g729.info).toMatchObject({
      name: 'G729',
      clockRate: 8000,
      sampleRate: 8000,
      payloadType: 18,
      frameSamples: 80,
      defaultPtimeMs: 20,
    });
  });

  it('codes a made signal as it always did', () => {
    const coded = encodeAll(g729, speech, { annexb: 'no' });
    expect([coded, decodeWhole(coded), encodeFrames(call).data].map(digest)).toEqual([
      'b7a033e5b5ee7aa4',
      '7dab97d9011b9094',
      '817e4ecefa2d6704',
    ]);
  });

  it('saturates as it always did', () => {
    const random = new SeededRandom(11);
    const noise = decodeWhole(random.bytes(3000));
    const loud = new Int16Array(8000);
    for (let i = 0; i < loud.length; i++)
      loud[i] = i < 4000 ? (i % 67 < 33 ? 32767 : -32768) : Math.floor(65536 * random.float()) - 32768;
    expect([noise, encodeAll(g729, loud, { annexb: 'no' })].map(digest)).toEqual([
      '524bf06c67f19e7f',
      '84f972d89217bea8',
    ]);
  });

  it('counts the samples of a payload by its length', () => {
    const data = new Uint8Array(64);
    const counts = [0, 1, 2, 9, 10, 12, 13, 20, 22, 60, 62].map((length) => g729.samplesIn(data, 0, length));
    expect(counts).toEqual([0, 0, 80, 0, 80, 160, 0, 160, 240, 480, 560]);
  });

  it('decodes several frames and a silence descriptor in one payload as it does one by one', () => {
    const coded = encodeAll(g729, speech.subarray(0, 5 * FRAME), { annexb: 'no' });
    const payload = Uint8Array.of(...coded, 0x5a, 0xb4);
    const together = decodeWhole(payload);
    const single = new Int16Array(together.length);
    const decoder = g729.createDecoder();
    for (let i = 0; i < 6; i++)
      decoder.decode(payload, 10 * i, Math.min(10 * i + 10, payload.length), single, i * FRAME);
    expect(together).toEqual(single);
    expect(together.length).toBe(6 * FRAME);
  });

  it('writes no more frames than there is room for', () => {
    const out = new Int16Array(200);
    expect(g729.createDecoder().decode(new Uint8Array(40), 0, 40, out, 0)).toBe(160);
    expect(g729.createDecoder().decode(new Uint8Array(10), 0, 20, out, 0)).toBe(0);
  });

  it('leaves silence out unless annexb=no', () => {
    const { lengths } = encodeFrames(call);
    const quiet = lengths.slice(300);
    expect(quiet.filter((length) => length === 10).length).toBeLessThan(quiet.length / 10);
    expect(quiet).toContain(0);
    expect(lengths).toContain(2);
    expect(lengths[lengths.findIndex((length) => length < 10)]).toBe(2);
    expect(new Set(encodeFrames(call, 'no').lengths)).toEqual(new Set([10]));
  });

  it('fills the gaps of a silent sender with noise of the level announced', () => {
    const encoder = g729.createEncoder();
    const decoder = g729.createDecoder();
    const payload = new Uint8Array(10);
    const out = new Int16Array(call.length);
    for (let at = 0; at < call.length; at += FRAME) {
      const length = encoder.encode(call, at, payload, 0);
      if (length > 0) decoder.decode(payload, 0, length, out, at);
      else decoder.conceal(out, at, FRAME);
    }
    const wanted = rms(call, 32000);
    expect(rms(out, 32000)).toBeGreaterThan(wanted / 3);
    expect(rms(out, 32000)).toBeLessThan(wanted * 2);
  });

  it('conceals in pieces of any length what it conceals frame by frame, and fades', () => {
    const coded = encodeAll(g729, speech.subarray(0, 4000), { annexb: 'no' });
    const [whole, pieces] = [new Int16Array(4000), new Int16Array(4000)];
    const decoder = g729.createDecoder();
    const other = g729.createDecoder();
    const scratch = new Int16Array(4000);
    decoder.decode(coded, 0, coded.length, scratch, 0);
    other.decode(coded, 0, coded.length, scratch, 0);
    for (let at = 0; at < 4000; at += FRAME) decoder.conceal(whole, at, FRAME);
    for (let at = 0; at < 4000; at += 160) {
      other.conceal(pieces, at, 37);
      other.conceal(pieces, at + 37, 123);
    }
    expect(pieces).toEqual(whole);
    expect(rms(whole, 0, FRAME)).toBeGreaterThan(100);
    expect(rms(whole, 3200)).toBeLessThan(rms(whole, 0, 800) / 4);
  });

  it('starts afresh after a reset', () => {
    const encoder = g729.createEncoder();
    const out = new Uint8Array(10);
    const run = () => {
      const all: number[] = [];
      for (let at = 0; at < call.length; at += FRAME)
        all.push(...out.subarray(0, encoder.encode(call, at, out, 0)));
      return Uint8Array.from(all);
    };
    const first = run();
    encoder.reset();
    expect(run()).toEqual(first);

    const decoder = g729.createDecoder();
    const samples = new Int16Array(8000);
    decoder.decode(first, 0, 1000, samples, 0);
    const before = samples.slice();
    decoder.conceal(samples, 0, 100);
    decoder.reset();
    decoder.decode(first, 0, 1000, samples, 0);
    expect(samples).toEqual(before);
  });

  it('survives garbage', () => {
    const decoder = g729.createDecoder();
    expect(() => throwGarbage(g729, decoder)).not.toThrow();
    const out = new Int16Array(FRAME);
    expect(decoder.decode(new Uint8Array(10), 0, 10, out, 0)).toBe(FRAME);
  });
});
