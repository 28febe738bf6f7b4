import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import type { Codec } from '../../../src/codecs/codec.js';
import { allCodecs, findCodec } from '../../../src/codecs/registry.js';
import { speexNarrow, speexUltraWide, speexWide } from '../../../src/codecs/speex/codec.js';
import { filterToLsp, predictionFilter } from '../../../src/codecs/speex/linear-prediction.js';
import { lspToFilter } from '../../../src/codecs/speex/lsp.js';
import { BandJoiner, BandSplitter } from '../../../src/codecs/speex/quadrature-mirror.js';
import { audio, madeSpeech, rms, snr, throwGarbage, vectorBytes, vectorWords } from '../../support/codecs.js';
import { segmentalSnr } from '../../support/segmental.js';
import { hasShared } from '../../support/shared.js';
import { decodePackets, encodeFrames, heardBySpeex, SPEEX_BANDS, SPEEX_DELAYS } from '../../support/speex.js';
import { SPEEX_GOLDENS, type SpeexGolden } from '../../support/speex-goldens.js';

const each = [
  ['speex/8000', speexNarrow],
  ['speex/16000', speexWide],
  ['speex/32000', speexUltraWide],
] as const;

function goldenPackets(golden: SpeexGolden): Uint8Array[] {
  const bytes = Uint8Array.from(Buffer.from(golden.packets, 'base64'));
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at])
    packets.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
  return packets;
}

/** Bits to bytes; what is missing to the last octet is filled as RFC 5574 §3.3 says. */
function bitString(bits: string): Uint8Array {
  const text = bits.replaceAll(' ', '');
  const fill = -text.length & 7;
  const whole = fill === 0 ? text : `${text}0${'1'.repeat(fill - 1)}`;
  return Uint8Array.from({ length: whole.length / 8 }, (_, i) =>
    Number.parseInt(whole.slice(8 * i, 8 * i + 8), 2),
  );
}

describe('the Speex codecs', () => {
  it('say what RFC 5574 says of them', () => {
    for (const [i, codec] of SPEEX_BANDS.entries()) {
      const rate = 8000 << i;
      expect(codec.info).toMatchObject({
        name: 'speex',
        clockRate: rate,
        sampleRate: rate,
        frameSamples: rate / 50,
      });
      expect(findCodec('SPEEX', rate)?.info).toEqual(codec.info);
    }
    expect(speexNarrow.info.fmtp).toBe('mode="5,any"');
    expect(allCodecs().filter(({ info }) => info.name === 'speex')).toHaveLength(3);
  });
});

describe('decoding Speex', () => {
  it.each(SPEEX_GOLDENS.map((golden) => [golden.name, golden] as const))(
    'follows libspeex: %s',
    (name, golden) => {
      const codec = SPEEX_BANDS[golden.band];
      const decoded = decodePackets(codec, goldenPackets(golden));
      const { frameSamples } = codec.info;
      const noisy = name.endsWith('sub-mode 1');
      golden.levels.forEach((level, frame) => {
        const own = rms(decoded, frame * frameSamples, (frame + 1) * frameSamples);
        expect(Math.abs(own / level - 1)).toBeLessThan(noisy ? 0.3 : 0.01);
      });
      const last = decoded.subarray(-frameSamples);
      if (!noisy)
        golden.samples.forEach((sample, i) => {
          expect(Math.abs(last[(i * frameSamples) / 20] - sample)).toBeLessThanOrEqual(2);
        });
    },
  );

  it.skipIf(!hasShared).each([
    ['nb', speexNarrow],
    ['wb', speexWide],
    ['uwb', speexUltraWide],
  ])('gives what libspeex gives, to within rounding: %s', (name, codec) => {
    const stream = vectorBytes('codec-speech', `speech-female-${name}.speex.lp`);
    const packets: Uint8Array[] = [];
    for (let at = 0; at + 2 <= stream.length; ) {
      const length = (stream[at] << 8) | stream[at + 1];
      packets.push(stream.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    const expected = vectorWords('codec-speech', `speech-female-${name}.speex.dec.s16le`);
    const decoded = decodePackets(codec, packets);
    expect(decoded.length).toBe(expected.length);
    expect(snr(expected, decoded)).toBeGreaterThan(60);
  });

  it('takes the bands it knows out of a stream with more', () => {
    const pcm = madeSpeech(32000, 1);
    const packets = encodeFrames(speexUltraWide, pcm);
    const wide = decodePackets(speexWide, packets);
    const narrow = decodePackets(speexNarrow, packets);
    expect(wide.length).toBe(16000);
    expect(narrow.length).toBe(8000);
    expect(rms(narrow)).toBeGreaterThan(1000);
    for (const packet of packets) {
      expect(speexNarrow.samplesIn(packet, 0, packet.length)).toBe(160);
      expect(speexWide.samplesIn(packet, 0, packet.length)).toBe(320);
    }
    // And a narrow-band stream in a wide-band decoder.
    const upper = decodePackets(speexWide, encodeFrames(speexNarrow, madeSpeech(8000, 1)));
    expect(upper.length).toBe(16000);
    expect(rms(upper)).toBeGreaterThan(1000);
  });

  it('passes over messages within the stream', () => {
    const frame = encodeFrames(speexNarrow, madeSpeech(8000, 0.1), { mode: '7' })[2];
    const bits = Array.from(frame, (octet) => octet.toString(2).padStart(8, '0'))
      .join('')
      .slice(0, 492);
    const alone = bitString(bits);
    const messages: [string, string][] = [
      ['enhancement request', `0 1110 0000 1 ${bits}`],
      ['mode request', `0 1110 0010 0101 ${bits}`],
      ['maximum bit rate', `0 1110 1100 ${'01'.repeat(16)} ${bits}`],
      ['acknowledge', `0 1110 1110 ${'0'.repeat(64)} ${bits}`],
      ['message of the user', `0 1101 0011 00001 ${'10101010'.repeat(3)} ${bits}`],
      ['two of them', `0 1110 0000 1 0 1110 0010 0101 ${bits}`],
      ['stray wide-band layer', `1 001 ${'0'.repeat(32)} ${bits}`],
    ];
    const decode = (data: Uint8Array): Int16Array => decodePackets(speexNarrow, [data]);
    for (const [name, text] of messages) {
      const data = bitString(text);
      expect(speexNarrow.samplesIn(data, 0, data.length), name).toBe(160);
      expect(decode(data), name).toEqual(decode(alone));
    }
  });

  it('stops at the end of the frames', () => {
    const empty: [string, number][] = [
      ['0 1111 000', 0],
      ['0 1001 000', 0],
      ['0 0101 000', 0],
      ['1 111 0000', 0],
      ['0 0000', 1],
      ['0 0000 0 0000', 2],
    ];
    for (const [bits, frames] of empty) {
      const data = bitString(bits);
      expect(speexNarrow.samplesIn(data, 0, data.length), bits).toBe(frames * 160);
      expect(decodePackets(speexNarrow, [data]).length, bits).toBe(frames * 160);
    }
    const zeros = new Uint8Array(1400);
    expect(speexNarrow.samplesIn(zeros, 0, 1400)).toBe(12 * 160);
    expect(speexNarrow.samplesIn(zeros, 0, 0)).toBe(0);
    const short = new Int16Array(200);
    expect(speexNarrow.createDecoder().decode(zeros, 0, 1400, short, 0)).toBe(160);
  });

  it.each(each)('never fails on garbage: %s', (_name, codec) => {
    throwGarbage(codec, codec.createDecoder());
  });

  it.each(each)('comes back after damaged packets: %s', (_name, codec) => {
    const pcm = madeSpeech(codec.info.sampleRate, 1.5);
    const packets = encodeFrames(codec, pcm, { mode: '8' });
    const random = new SeededRandom(3);
    const decoder = codec.createDecoder();
    const out = new Int16Array(12 * codec.info.frameSamples);
    for (let round = 0; round < 4; round++)
      for (const packet of packets) {
        const damaged = packet.slice();
        for (let n = 0; n <= round; n++)
          damaged[random.uint32() % damaged.length] ^= 1 << (random.uint32() % 8);
        const end = round % 2 === 0 ? damaged.length : random.uint32() % damaged.length;
        expect(decoder.decode(damaged, 0, end, out, 0)).toBe(codec.samplesIn(damaged, 0, end));
      }
    // The intact stream sounds as in a fresh decoder after a while.
    const fresh = codec.createDecoder();
    const clean = new Int16Array(out.length);
    const tail: number[] = [];
    const expected: number[] = [];
    packets.forEach((packet, i) => {
      const count = decoder.decode(packet, 0, packet.length, out, 0);
      fresh.decode(packet, 0, packet.length, clean, 0);
      if (i < packets.length / 2) return;
      tail.push(...out.subarray(0, count));
      expected.push(...clean.subarray(0, count));
    });
    expect(snr(Int16Array.from(expected), Int16Array.from(tail))).toBeGreaterThan(20);
  });

  it.each(each)('conceals what is lost: %s', (_name, codec) => {
    const { frameSamples, sampleRate } = codec.info;
    const packets = encodeFrames(codec, madeSpeech(sampleRate, 2));
    const whole = decodePackets(codec, packets);
    const holed = decodePackets(codec, packets, (i) => i % 10 === 6);
    expect(holed.length).toBe(whole.length);
    const lostFrames = packets
      .map((_, i) => i)
      .filter((i) => i % 10 === 6 && rms(whole, i * frameSamples, (i + 1) * frameSamples) > 500);
    expect(lostFrames.length).toBeGreaterThan(3);
    for (const i of lostFrames) {
      const level = rms(holed, i * frameSamples, (i + 1) * frameSamples);
      expect(level / rms(whole, i * frameSamples, (i + 1) * frameSamples)).toBeGreaterThan(0.3);
    }
    expect(snr(whole, holed)).toBeGreaterThan(0);
    // Nothing more comes: it fades out.
    const decoder = codec.createDecoder();
    const out = new Int16Array(60 * frameSamples);
    for (const packet of packets.slice(0, 10)) decoder.decode(packet, 0, packet.length, out, 0);
    decoder.conceal(out, 0, out.length);
    expect(rms(out, 0, frameSamples)).toBeGreaterThan(300);
    expect(rms(out, 40 * frameSamples)).toBeLessThan(20);
  });

  it('conceals in pieces of any size, and nothing before the first packet', () => {
    const packets = encodeFrames(speexWide, madeSpeech(16000, 0.5));
    const make = (sizes: number[]): Int16Array => {
      const decoder = speexWide.createDecoder();
      const out = new Int16Array(3200);
      for (const packet of packets.slice(0, 12)) decoder.decode(packet, 0, packet.length, out, 0);
      let at = 0;
      for (let turn = 0; at < 1600; turn++) {
        const count = Math.min(sizes[turn % sizes.length], 1600 - at);
        decoder.conceal(out, at, count);
        at += count;
      }
      return out.slice(0, 1600);
    };
    expect(make([37, 111])).toEqual(make([320]));
    const out = new Int16Array(640);
    speexWide.createDecoder().conceal(out, 0, 640);
    expect(rms(out)).toBeLessThan(2);
  });
});

describe('encoding Speex', () => {
  it.each([
    [1, 43],
    [2, 119],
    [3, 160],
    [4, 220],
    [5, 300],
    [6, 364],
    [7, 492],
    [8, 79],
  ])('fills the bits of narrow-band mode %i', (mode, bits) => {
    for (const packet of encodeFrames(speexNarrow, madeSpeech(8000, 0.2), { mode: `"${mode},any"` })) {
      expect(packet.length).toBe(Math.ceil(bits / 8));
      expect(packet[0] >> 3).toBe(mode);
      const fill = -bits & 7;
      if (fill > 0) expect(packet[packet.length - 1] & ((1 << fill) - 1)).toBe((1 << (fill - 1)) - 1);
    }
  });

  it.each([
    [0, 79, 83],
    [1, 115, 151],
    [2, 155, 191],
    [3, 196, 232],
    [4, 256, 292],
    [5, 336, 372],
    [6, 412, 448],
    [7, 476, 512],
    [8, 556, 592],
    [9, 684, 720],
    [10, 844, 880],
  ])('fills the bits of wide-band mode %i', (mode, wide, ultra) => {
    const options = { mode: String(mode) };
    for (const packet of encodeFrames(speexWide, madeSpeech(16000, 0.1), options))
      expect(packet.length).toBe(Math.ceil(wide / 8));
    for (const packet of encodeFrames(speexUltraWide, madeSpeech(32000, 0.1), options))
      expect(packet.length).toBe(Math.ceil(ultra / 8));
  });

  it('takes the first mode it knows, and a good one if there is none', () => {
    const size = (codec: Codec, mode?: string): number =>
      encodeFrames(codec, new Int16Array(640), { mode })[0].length;
    expect(size(speexNarrow)).toBe(38);
    expect(size(speexNarrow, '"any"')).toBe(38);
    expect(size(speexNarrow, '"0,9,12,3,any"')).toBe(20);
    expect(size(speexWide)).toBe(70);
    expect(size(speexWide, '11, 10')).toBe(106);
    expect(size(speexWide, '0')).toBe(10);
  });

  // Modes in order of rate, and the ratio in dB that each must reach.
  it.each([
    ['speex/8000', 0, { 8: 8.5, 2: 14.5, 3: 15.5, 4: 18.5, 5: 21.5, 6: 24, 7: 27 }],
    ['speex/16000', 1, { 1: 7.5, 2: 13, 3: 15.5, 4: 18, 5: 21, 6: 21.5, 7: 24, 8: 24, 9: 26.5, 10: 27 }],
    ['speex/32000', 2, { 1: 7.5, 3: 14.5, 8: 23 }],
  ] as const)('keeps the waveform, the better the more bits there are: %s', (_name, band, least) => {
    const codec = SPEEX_BANDS[band];
    const { sampleRate } = codec.info;
    const pcm = madeSpeech(sampleRate, 1);
    const heard = heardBySpeex(pcm, band);
    for (const [mode, ratio] of Object.entries(least)) {
      const decoded = decodePackets(codec, encodeFrames(codec, pcm, { mode }));
      const reached = segmentalSnr(heard, decoded, sampleRate, SPEEX_DELAYS[band]);
      expect(reached, `mode ${mode}`).toBeGreaterThan(ratio);
    }
  });

  it.each(each)('packs several frames without gaps: %s', (_name, codec) => {
    const { frameSamples, maxFrameBytes } = codec.info;
    const pcm = madeSpeech(codec.info.sampleRate, 0.36);
    const single = decodePackets(codec, encodeFrames(codec, pcm));
    const encoder = codec.createEncoder();
    const packets: Uint8Array[] = [];
    for (let at = 0; at < pcm.length; at += 3 * frameSamples) {
      const out = new Uint8Array(3 * maxFrameBytes).fill(0xff);
      packets.push(out.subarray(0, encoder.encodePacket?.(pcm, at, 3, out, 0)));
      const { length } = packets[packets.length - 1];
      expect(codec.samplesIn(out, 0, length)).toBe(3 * frameSamples);
    }
    expect(decodePackets(codec, packets)).toEqual(single);
  });

  it.each(each)('survives anything: %s', (_name, codec) => {
    const random = new SeededRandom(5);
    const { sampleRate } = codec.info;
    const signals = [
      new Int16Array(sampleRate / 10),
      new Int16Array(sampleRate / 10).fill(32767),
      Int16Array.from({ length: sampleRate / 10 }, (_, i) => (i % 64 < 32 ? 32767 : -32768)),
      Int16Array.from({ length: sampleRate / 10 }, () => (random.uint32() & 0xffff) - 32768),
      Int16Array.from({ length: sampleRate / 10 }, (_, i) => (i === 300 ? 32767 : 0)),
      Int16Array.from({ length: sampleRate / 10 }, (_, i) => 20000 * Math.sin(i * 0.7)),
    ];
    for (const mode of ['1', '2', '7', '8']) {
      const encoder = codec.createEncoder({ mode, vbr: 'vad' });
      const decoder = codec.createDecoder();
      const out = new Uint8Array(codec.info.maxFrameBytes);
      const pcm = new Int16Array(codec.info.frameSamples);
      for (const signal of signals)
        for (let at = 0; at + pcm.length <= signal.length; at += pcm.length) {
          const length = encoder.encode(signal, at, out, 0);
          expect(decoder.decode(out, 0, length, pcm, 0)).toBe(pcm.length);
        }
    }
  });

  it('says the same after a reset', () => {
    for (const codec of SPEEX_BANDS) {
      const pcm = madeSpeech(codec.info.sampleRate, 0.2);
      const encoder = codec.createEncoder({ vbr: 'vad' });
      const decoder = codec.createDecoder();
      const run = (): Int16Array[] =>
        Array.from({ length: 10 }, (_, i) => {
          const packet = new Uint8Array(200);
          const out = new Int16Array(2 * codec.info.frameSamples);
          const length = encoder.encode(pcm, i * codec.info.frameSamples, packet, 0);
          decoder.decode(packet, 0, length, out, 0);
          decoder.conceal(out, codec.info.frameSamples, 100);
          return out;
        });
      const first = run();
      encoder.reset();
      decoder.reset();
      expect(run()).toEqual(first);
    }
  });
});

describe('silence in Speex', () => {
  it.each(each)('is sent as short frames of noise that say so: %s', (_name, codec) => {
    const { sampleRate, frameSamples } = codec.info;
    const speech = madeSpeech(sampleRate, 1);
    const random = new SeededRandom(9);
    const noise = Int16Array.from({ length: 2 * sampleRate }, () => 60 * (random.float() - 0.5));
    const pcm = Int16Array.from([...noise, ...speech, ...noise]);
    const packets = encodeFrames(codec, pcm, { vbr: 'vad' });
    const silent = packets.map((packet) => codec.announcesSilence?.(packet, 0, packet.length));
    const share = (from: number, to: number): number =>
      silent.slice(from, to).filter((value) => value).length / (to - from);
    expect(share(5, 100)).toBe(1);
    expect(share(102, 120)).toBe(0);
    expect(share(180, 250)).toBe(1);
    expect(Math.max(...packets.slice(50, 100).map(({ length }) => length))).toBeLessThan(16);
    expect(encodeFrames(codec, noise.subarray(0, frameSamples), { vbr: 'on' })[0].length).toBeLessThan(16);
    expect(encodeFrames(codec, noise.subarray(0, frameSamples), { vbr: 'off' })[0].length).toBeGreaterThan(
      30,
    );
    const decoded = decodePackets(codec, packets);
    const level = rms(decoded, 200 * frameSamples);
    expect(level).toBeGreaterThan(5);
    expect(level).toBeLessThan(40);
  });

  it('is filled with noise of the right level while nothing is sent', () => {
    const random = new SeededRandom(9);
    const noise = Int16Array.from({ length: 32000 }, () => 2000 * (random.float() - 0.5));
    const packets = encodeFrames(speexWide, noise, { mode: '0' });
    // Sub-mode 1 of libspeex with discontinuous transmission: the last four bits are ones.
    const last = packets[packets.length - 1].slice();
    const bits = Array.from(last, (octet) => octet.toString(2).padStart(8, '0')).join('');
    const stopping = bitString(`${bits.slice(0, 39)}1111`);
    expect(speexWide.announcesSilence?.(last, 0, last.length)).toBe(false);
    expect(speexWide.announcesSilence?.(stopping, 0, stopping.length)).toBe(true);
    const decoder = speexWide.createDecoder();
    const out = new Int16Array(320 * 100);
    for (const packet of packets) decoder.decode(packet, 0, packet.length, out, 0);
    decoder.decode(stopping, 0, stopping.length, out, 0);
    const before = rms(out, 0, 320);
    decoder.conceal(out, 0, out.length);
    expect(rms(out, 90 * 320) / before).toBeGreaterThan(0.3);
    expect(rms(out, 90 * 320) / before).toBeLessThan(3);
  });
});

describe('the parts of Speex', () => {
  it('turns filters into line spectral pairs and back', () => {
    const pcm = madeSpeech(8000, 1);
    for (const order of [8, 10]) {
      for (let at = 0; at + 200 <= pcm.length; at += 200) {
        const windowed = Float64Array.from(
          pcm.subarray(at, at + 200),
          (x, i) => x * Math.sin((Math.PI * i) / 200),
        );
        const filter = new Float64Array(10);
        const lsp = new Float64Array(10);
        const again = new Float64Array(10);
        predictionFilter(windowed, order, filter);
        expect(filterToLsp(filter, order, lsp)).toBe(true);
        for (let i = 1; i < order; i++) expect(lsp[i]).toBeGreaterThan(lsp[i - 1]);
        lspToFilter(lsp, order, again);
        for (let i = 0; i < 10; i++) expect(again[i]).toBeCloseTo(filter[i], 4);
      }
    }
  });

  it('splits a band and joins it again', () => {
    const splitter = new BandSplitter(160);
    const joiner = new BandJoiner(160);
    const pcm = madeSpeech(16000, 1);
    const low = new Float64Array(160);
    const high = new Float64Array(160);
    const joined = new Float64Array(320);
    const out = new Int16Array(pcm.length);
    for (let at = 0; at < pcm.length; at += 320) {
      splitter.split(Float64Array.from(pcm.subarray(at, at + 320)), low, high);
      joiner.join(low, high, joined);
      out.set(Int16Array.from(joined, Math.round), at);
    }
    expect(snr(pcm, out, 63)).toBeGreaterThan(45);
  });

  it.skipIf(!hasShared).each([
    ['8k', 0, 'nb'],
    ['16k', 1, 'wb'],
  ] as const)('keep real speech of %s as libspeex does', (rate, band, name) => {
    const pcm = audio(`speech-female-${rate}.wav`);
    const codec = SPEEX_BANDS[band];
    const heard = heardBySpeex(pcm, band);
    const quality = (decoded: Int16Array): number =>
      segmentalSnr(heard, decoded, codec.info.sampleRate, SPEEX_DELAYS[band]);
    // The file has the first half only.
    const libspeex = vectorWords('codec-speech', `speech-female-${name}.speex.dec.s16le`);
    const ours = quality(decodePackets(codec, encodeFrames(codec, pcm)).subarray(0, libspeex.length));
    const theirs = quality(libspeex);
    expect(ours).toBeGreaterThan(theirs - 0.3);
  });
});
