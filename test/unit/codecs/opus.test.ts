import { beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import type { Codec, CodecOptions, Decoder, Encoder } from '../../../src/codecs/codec.js';
import { opus48 } from '../../../src/codecs/opus/codec.js';
import { hasRedundancy, packetMs } from '../../../src/codecs/opus/packet.js';
import { allCodecs, findCodec } from '../../../src/codecs/registry.js';
import { madeSpeech, rms, snr, vectorBytes, vectorWords } from '../../support/codecs.js';
import { hasShared } from '../../support/shared.js';

beforeAll(() => opus48.load?.());

/** The library hands its objects out within a turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function encoder(codec: Codec, options?: CodecOptions): Promise<Encoder> {
  const made = codec.createEncoder(options);
  await turn();
  return made;
}

async function decoder(codec: Codec): Promise<Decoder> {
  const made = codec.createDecoder();
  await turn();
  return made;
}

/** One packet per frame. */
async function packets(codec: Codec, pcm: Int16Array, options?: CodecOptions): Promise<Uint8Array[]> {
  const made = await encoder(codec, options);
  const { frameSamples, maxFrameBytes } = codec.info;
  const out = new Uint8Array(maxFrameBytes + 2);
  const list: Uint8Array[] = [];
  for (let at = 0; at + frameSamples <= pcm.length; at += frameSamples)
    list.push(out.slice(1, 1 + made.encode(pcm, at, out, 1)));
  made.close?.();
  return list;
}

/** Empty packets count as lost. */
async function audioOf(codec: Codec, list: readonly Uint8Array[]): Promise<Int16Array> {
  const made = await decoder(codec);
  const out = new Int16Array(list.length * 120 * (codec.info.sampleRate / 1000));
  let length = 0;
  for (const packet of list) {
    if (packet.length > 0) length += made.decode(packet, 0, packet.length, out, length);
    else {
      made.conceal(out, length, codec.info.frameSamples);
      length += codec.info.frameSamples;
    }
  }
  made.close?.();
  return out.slice(0, length);
}

function variant(options: CodecOptions): Codec {
  const found = findCodec('OPUS', 48000, options);
  if (!found) throw new Error('no opus');
  return found;
}

/** Best ratio over the delays a codec may have. */
function bestSnr(expected: Int16Array, actual: Int16Array, most: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let delay = 0; delay <= most; delay++) best = Math.max(best, snr(expected, actual, delay));
  return best;
}

const total = (list: readonly Uint8Array[]): number => list.reduce((sum, { length }) => sum + length, 0);

describe('the forms of Opus', () => {
  it('are one format on the wire (RFC 7587 §7)', () => {
    const all = [8000, 16000, 24000, 48000].flatMap((rate) =>
      [10, 20, 40, 60].map((ptime) => ({ rate, ptime, codec: variant({ maxplaybackrate: rate, ptime }) })),
    );
    for (const { rate, ptime, codec } of all) {
      expect(codec.info).toMatchObject({
        name: 'opus',
        clockRate: 48000,
        rtpmapChannels: 2,
        sampleRate: rate,
        frameSamples: (rate / 1000) * ptime,
        maxFramesPerPacket: 1,
        defaultPtimeMs: ptime,
      });
    }
    expect(new Set(all.map(({ codec }) => codec)).size).toBe(16);
    expect(allCodecs().filter(({ info }) => info.name === 'opus')).toEqual([opus48]);
    expect(variant({ maxplaybackrate: '16000' }).info.fmtp).toBe(
      'maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1',
    );
  });

  it('are chosen by what the receiver plays, the sender captures and the packet time', () => {
    const chosen = (options: CodecOptions): [number, number] => {
      const { info } = variant(options);
      return [info.sampleRate, info.defaultPtimeMs];
    };
    expect(chosen({})).toEqual([48000, 20]);
    expect(chosen({ maxplaybackrate: '8000' })).toEqual([8000, 20]);
    expect(chosen({ maxplaybackrate: '12000' })).toEqual([16000, 20]);
    expect(chosen({ maxplaybackrate: '44100', ptime: 30 })).toEqual([48000, 20]);
    expect(chosen({ maxplaybackrate: '24000', 'sprop-maxcapturerate': '16000' })).toEqual([16000, 20]);
    expect(chosen({ maxplaybackrate: 'much', ptime: 5 })).toEqual([48000, 10]);
    expect(chosen({ maxplaybackrate: '-1', ptime: 120 })).toEqual([8000, 60]);
    expect(findCodec('opus', 48000)).toBe(opus48);
  });
});

describe.each([8000, 16000, 24000, 48000])('Opus with PCM at %i Hz', (rate) => {
  const speech = madeSpeech(rate, 1.5);
  const codec = variant({ maxplaybackrate: rate });

  it.each([10, 20, 40, 60])('gives speech back in packets of %i ms', async (ptime) => {
    const made = variant({ maxplaybackrate: rate, ptime });
    const list = await packets(made, speech, { bitrate: 48000 });
    for (const packet of list) {
      expect(made.samplesIn(packet, 0, packet.length)).toBe(made.info.frameSamples);
      expect(packet.length).toBeLessThanOrEqual(made.info.maxFrameBytes);
    }
    const decoded = await audioOf(made, list);
    expect(decoded.length).toBe(list.length * made.info.frameSamples);
    expect(bestSnr(speech.subarray(0, rate / 4), decoded, rate / 100)).toBeGreaterThan(10);
  });

  it('keeps to a bit rate', async () => {
    const seconds = speech.length / rate;
    const cbr = await packets(codec, speech, { bitrate: 16000, cbr: '1' });
    expect(new Set(cbr.map(({ length }) => length))).toEqual(new Set([40]));
    const limited = await packets(codec, speech, { bitrate: 64000, maxaveragebitrate: '20000' });
    expect((total(limited) * 8) / seconds).toBeLessThan(26000);
    const free = await packets(codec, speech, { bitrate: 64000 });
    expect(total(free)).toBeGreaterThan(1.5 * total(limited));
  });

  it('conceals a lost packet at the level of the speech around', async () => {
    const list = await packets(codec, speech);
    const whole = await audioOf(codec, list);
    const at = 12;
    const patched = await audioOf(
      codec,
      list.map((packet, i) => (i === at ? new Uint8Array(0) : packet)),
    );
    const frame = codec.info.frameSamples;
    const from = at * frame;
    expect(patched.subarray(0, from)).toEqual(whole.subarray(0, from));
    const level = rms(patched, from, from + frame) / rms(whole, from, from + frame);
    expect(level).toBeGreaterThan(0.5);
    expect(level).toBeLessThan(1.5);
  });

  it('restores a lost packet from the one after it (RFC 7587 §3.3)', async () => {
    const list = await packets(codec, speech, { useinbandfec: '1', packetloss: 20, bitrate: 32000 });
    const frame = codec.info.frameSamples;
    const whole = await audioOf(codec, list);
    const made = await decoder(codec);
    const out = new Int16Array(frame);
    const restored = new Int16Array(frame);
    let better = 0;
    let tried = 0;
    for (let i = 0; i + 1 < list.length; i++) {
      const lost = i % 5 === 4;
      if (!lost) {
        expect(made.decode(list[i], 0, list[i].length, out, 0)).toBe(frame);
        continue;
      }
      const next = list[i + 1];
      const written = made.decodeFec?.(next, 0, next.length, restored, 0, frame) ?? 0;
      if (written === 0) {
        made.conceal(restored, 0, frame);
        continue;
      }
      expect(written).toBe(frame);
      tried++;
      const original = whole.subarray(i * frame, (i + 1) * frame);
      if (rms(original) > 300 && snr(original, restored) > 3) better++;
    }
    expect(tried).toBeGreaterThan(5);
    expect(better).toBeGreaterThan(1);
  });

  it('sends next to nothing of silence when asked to (usedtx)', async () => {
    const pcm = new Int16Array(rate * 3);
    pcm.set(speech.subarray(0, rate));
    const dtx = await packets(codec, pcm, { usedtx: '1' });
    const silent = dtx.slice(75);
    expect(silent.filter(({ length }) => length === 0).length).toBeGreaterThan(silent.length * 0.8);
    expect(silent.some(({ length }) => length > 0)).toBe(true);
    const plain = await packets(codec, pcm);
    expect(plain.every(({ length }) => length > 0)).toBe(true);
  });

  it('takes any bytes', async () => {
    const made = await decoder(codec);
    const random = new SeededRandom(5);
    const out = new Int16Array(120 * (rate / 1000));
    for (let i = 0; i < 400; i++) {
      const data = random.bytes(i % 90);
      const written = made.decode(data, 0, data.length, out, 0);
      if (written > 0) expect(written).toBe(codec.samplesIn(data, 0, data.length));
      made.decodeFec?.(data, 0, data.length, out, 0, codec.info.frameSamples);
      if (i % 7 === 0) made.conceal(out, 0, i % 333);
    }
    // No room: nothing is written.
    const [packet] = await packets(codec, speech);
    expect(made.decode(packet, 0, packet.length, out, out.length - 10)).toBe(0);
    expect(made.decodeFec?.(packet, 0, packet.length, out, out.length - 10, codec.info.frameSamples)).toBe(0);
  });
});

describe('Opus encoders and decoders', () => {
  const speech = madeSpeech(48000, 0.5);

  it('give nothing before the library has handed them out, and after close', async () => {
    const made = opus48.createEncoder();
    const out = new Uint8Array(1275);
    expect(made.encode(speech, 0, out, 0)).toBe(0);
    await turn();
    const length = made.encode(speech, 0, out, 0);
    expect(length).toBeGreaterThan(0);
    made.close?.();
    made.reset();
    made.close?.();
    await turn();
    expect(made.encode(speech, 0, out, 0)).toBe(0);
    const receiver = opus48.createDecoder();
    const pcm = new Int16Array(960).fill(1);
    expect(receiver.decode(out, 0, length, pcm, 0)).toBe(0);
    receiver.conceal(pcm, 0, 960);
    expect(pcm).toEqual(new Int16Array(960));
    receiver.close?.();
    await turn();
    expect(receiver.decode(out, 0, length, pcm, 0)).toBe(0);
  });

  it('start afresh after a reset', async () => {
    const made = await encoder(opus48);
    const encode = (): Uint8Array[] =>
      [0, 960, 1920, 2880].map((at) => {
        const out = new Uint8Array(1275);
        return out.slice(0, made.encode(speech, at, out, 0));
      });
    const first = encode();
    made.reset();
    await turn();
    expect(encode()).toEqual(first);
    const receiver = await decoder(opus48);
    const decode = (): Int16Array => {
      const out = new Int16Array(960 * 4);
      first.forEach((packet, i) => {
        receiver.decode(packet, 0, packet.length, out, 960 * i);
      });
      return out;
    };
    const heard = decode();
    receiver.reset();
    await turn();
    expect(decode()).toEqual(heard);
    made.close?.();
    receiver.close?.();
  });

  it('differ by application and complexity', async () => {
    const lowdelay = await packets(opus48, speech, { application: 'lowdelay' });
    // Configurations from 16 on are CELT (RFC 6716 table 2), the only one without lookahead for SILK.
    expect(lowdelay.every(([toc]) => toc >> 3 >= 16)).toBe(true);
    const voip = await packets(opus48, speech, { application: 'voip', bitrate: 20000 });
    expect(voip.every(([toc]) => toc >> 3 < 16)).toBe(true);
    const thorough = await packets(opus48, speech, { application: 'voip', bitrate: 20000, complexity: '10' });
    expect(thorough).not.toEqual(voip);
  });
});

describe('the outside of a packet', () => {
  it('tells its length (RFC 6716 §3.1, §3.2)', () => {
    const ms = (...bytes: number[]): number => packetMs(Uint8Array.from([9, ...bytes]), 1, bytes.length + 1);
    expect(ms()).toBe(0);
    expect(ms(0 << 3)).toBe(10);
    expect(ms(3 << 3)).toBe(60);
    expect(ms((13 << 3) | 1)).toBe(40);
    expect(ms((16 << 3) | 2)).toBe(5);
    expect(ms((31 << 3) | 3, 6)).toBe(120);
    expect(ms((31 << 3) | 3, 7)).toBe(0);
    expect(ms((31 << 3) | 3)).toBe(0);
    expect(ms((31 << 3) | 3, 0)).toBe(0);
  });

  it('tells whether it carries redundancy, wherever the first frame begins (RFC 6716 §4.2.3)', () => {
    const redundant = (...bytes: number[]): boolean => hasRedundancy(Uint8Array.from(bytes), 0, bytes.length);
    const silk20 = 9 << 3;
    expect(redundant(silk20, 0x40)).toBe(true);
    expect(redundant(silk20, 0x80)).toBe(false);
    expect(redundant(silk20)).toBe(false);
    expect(redundant(silk20 | 4, 0x10)).toBe(true);
    expect(redundant((11 << 3) | 0, 0x10)).toBe(true);
    expect(redundant(31 << 3, 0x40)).toBe(false);
    expect(redundant(silk20 | 2, 1, 0x40, 0)).toBe(true);
    expect(redundant(silk20 | 2, 252, 0, 0x40)).toBe(true);
    // Two frames of variable length with padding of 255 and 1.
    expect(redundant(silk20 | 3, 0xc2, 255, 1, 1, 0x40)).toBe(true);
    expect(redundant(silk20 | 3, 0xc2, 255, 255)).toBe(false);
  });

  it('is read from garbage without harm', () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 500; i++) {
      const data = random.bytes(i % 12);
      expect(typeof hasRedundancy(data, 0, data.length)).toBe('boolean');
    }
  });
});

/** [length u32 BE][final range u32 BE][packet] */
function testVector(name: string): Uint8Array[] {
  const data = vectorBytes('opus', name);
  const view = new DataView(data.buffer);
  const list: Uint8Array[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const length = view.getUint32(at);
    list.push(data.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return list;
}

/** [length u16 BE][packet] */
function speechVector(name: string): Uint8Array[] {
  const data = vectorBytes('codec-speech', name);
  const list: Uint8Array[] = [];
  for (let at = 0; at + 2 <= data.length; ) {
    const length = (data[at] << 8) | data[at + 1];
    list.push(data.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return list;
}

describe.skipIf(!hasShared)('the vectors of RFC 6716', () => {
  it.each(['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'])(
    '%s: stereo is heard as mono',
    async (number) => {
      const list = testVector(`testvector${number}-first50.bit`);
      const decoded = await audioOf(opus48, list);
      const stereo = vectorWords('opus', `testvector${number}-first50.dec.s16le48k2`);
      const mono = new Int16Array(stereo.length / 2).map((_, i) =>
        Math.round((stereo[2 * i] + stereo[2 * i + 1]) / 2),
      );
      expect(decoded.length).toBe(mono.length);
      expect(rms(mono) === 0 ? 99 : bestSnr(mono, decoded, 8)).toBeGreaterThan(10);
    },
  );

  it.each(['audio-20ms-64k', 'lowdelay-10ms-48k', 'voip-20ms-24k', 'voip-60ms-16k-fec'])(
    'speech coded by libopus 1.3.1, %s',
    async (name) => {
      const list = speechVector(`speech-female-opus-${name}.lp`);
      const decoded = await audioOf(opus48, list);
      const expected = vectorWords('codec-speech', `speech-female-opus-${name}.dec.s16le48k1`);
      expect(snr(expected, decoded)).toBeGreaterThan(20);
    },
  );
});
