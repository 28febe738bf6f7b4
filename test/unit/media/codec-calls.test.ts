import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodecOptions } from '../../../src/codecs/codec.js';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { readWav, type StreamConfig } from '../../../src/media/index.js';
import { RtpPacketView } from '../../../src/rtp/packet.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import { babble, type MediaPair, mediaPair } from '../../support/media-pair.js';
import { whiteNoise } from '../../support/signals.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-codecs-'));
});
afterAll(() => rm(folder, { recursive: true }));

function speaking(
  codec: string,
  clockRate: number,
  options?: CodecOptions,
  ptimeMs?: number,
): (config: StreamConfig) => StreamConfig {
  const format = { payloadType: 96, codec, clockRate, options };
  return (config) => ({ ...config, send: format, receive: [format, ...config.receive], ptimeMs });
}

/** Runs `pair` while `a` plays, and gives what `b` hears. */
async function heard(
  pair: MediaPair,
  pcm: Int16Array,
  sampleRate: number,
  name: string,
): Promise<Int16Array> {
  const path = join(folder, name);
  const recording = await pair.b.record(path, { sampleRate });
  pair.a.play({ samples: pcm, sampleRate });
  await pair.clock.run((pcm.length * 1000) / sampleRate + 400);
  await recording.stop();
  return (await readWav(path)).channels[0];
}

/** Packets of payload type 96 that `a` sends. */
function watch(pair: MediaPair) {
  const packets: Array<{ length: number; timestamp: number; marker: boolean; sequence: number }> = [];
  const view = new RtpPacketView();
  pair.network.conditions.drop = (data, to) => {
    if (to.address === pair.b.address && view.parse(data, 0, data.length) && view.payloadType === 96) {
      const { payloadLength: length, timestamp, marker, sequence } = view;
      packets.push({ length, timestamp, marker, sequence });
    }
    return false;
  };
  return packets;
}

describe('a call in every codec and packet time', () => {
  it.each<[string, number, number, number, CodecOptions | undefined]>([
    ['PCMU', 8000, 30, 0.95, undefined],
    // Its filter bank delays by half a sample of 8 kHz, which costs a few percent of correlation here.
    ['G722', 8000, 10, 0.95, undefined],
    ['GSM', 8000, 40, 0.85, undefined],
    ['iLBC', 8000, 30, 0.6, undefined],
    ['G729', 8000, 10, 0.6, undefined],
    ['G729', 8000, 20, 0.6, { annexb: 'no' }],
    ['G729', 8000, 30, 0.6, undefined],
    ['L16', 16000, 10, 0.94, undefined],
    ['opus', 48000, 40, 0.8, { maxplaybackrate: 16000 }],
    ['speex', 8000, 20, 0.5, undefined],
    ['speex', 16000, 40, 0.5, { vbr: 'vad' }],
    ['speex', 32000, 60, 0.5, undefined],
    ['G7221', 16000, 20, 0.8, { bitrate: 32000 }],
    ['G7221', 32000, 40, 0.8, { bitrate: 48000 }],
  ])('%s/%i in packets of %i ms', async (codec, clockRate, ptimeMs, least, options) => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 15 });
    await pair.connect(speaking(codec, clockRate, options, ptimeMs));
    const speech = babble(2);
    const result = compareAudio(speech, await heard(pair, speech, 8000, `${codec}-${ptimeMs}.wav`), 8000);
    expect(result.correlation).toBeGreaterThan(least);
    const { received, codec: name } = await pair.b.stats();
    expect(name).toBe(codec);
    expect(received.lost + received.late + received.invalid).toBe(0);
    await pair.engine.close();
  });

  it.each<[string, number, CodecOptions | undefined]>([
    ['PCMU', 8000, undefined],
    ['G722', 8000, undefined],
    ['GSM', 8000, undefined],
    ['iLBC', 8000, undefined],
    ['G729', 8000, undefined],
    ['opus', 48000, { useinbandfec: 1 }],
    ['speex', 16000, undefined],
    ['G7221', 16000, undefined],
  ])('%s/%i conceals a twentieth of the packets', async (codec, clockRate, options) => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 10, loss: 0.05 }, 4);
    await pair.connect(speaking(codec, clockRate, options));
    const speech = babble(3);
    const result = compareAudio(speech, await heard(pair, speech, 8000, `${codec}-loss.wav`), 8000);
    expect(result.coverage).toBeGreaterThan(0.8);
    const stats = await pair.b.stats();
    expect(stats.received.lost).toBeGreaterThan(2);
    expect(stats.concealedMs).toBeGreaterThan(40);
    await pair.engine.close();
  });
});

/** Faint noise for half a second, then speech over it, then noise again from 1.5 to 3 s. */
function withPause(): Int16Array {
  const noise = whiteNoise(8000, 4000, -62);
  const speech = babble(4);
  return noise.map((value, i) => (i < 4000 || (i > 12_000 && i < 24_000) ? value : value + speech[i]));
}

describe('discontinuous transmission', () => {
  it.each([10, 20, 30])('G.729 Annex B in packets of %i ms', async (ptimeMs) => {
    const pair = await mediaPair({ delayMs: 20 });
    const packets = watch(pair);
    await pair.connect(speaking('G729', 8000, undefined, ptimeMs));
    const pcm = withPause();
    const audio = await heard(pair, pcm, 8000, `g729-dtx-${ptimeMs}.wav`);
    const silent = packets.filter(({ length }) => length % 10 === 2);
    expect(silent.length).toBeGreaterThan(0);
    // Speech frames, and a silence descriptor only as the last one.
    for (const { length } of packets) {
      expect([0, 2]).toContain(length % 10);
      expect(length).toBeLessThanOrEqual(ptimeMs);
    }
    expect(packets.length).toBeLessThan(3600 / ptimeMs);
    const sequences = packets.map(({ sequence }) => sequence - packets[0].sequence);
    expect(sequences).toEqual(packets.map((_, i) => i));
    // Timestamps never overlap, and speech after a pause is marked.
    for (let i = 1; i < packets.length; i++) {
      const frames = Math.ceil(packets[i - 1].length / 10);
      const step = packets[i].timestamp - packets[i - 1].timestamp;
      expect(step).toBeGreaterThanOrEqual(frames * 80);
      expect(step % 80).toBe(0);
      if (packets[i].length >= 10 && packets[i - 1].length % 10 === 2) expect(packets[i].marker).toBe(true);
    }
    const stats = await pair.b.stats();
    expect(stats.received.lost).toBe(0);
    expect(stats.concealedMs).toBe(0);
    const pause = levelDbov(audio, 16_000, 7000);
    expect(pause).toBeLessThan(-50);
    expect(pause).toBeGreaterThan(-75);
    await pair.engine.close();
  });

  it('Opus tells once that it falls silent; the receiver does not take it for loss', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    const packets = watch(pair);
    await pair.connect(speaking('opus', 48000, { usedtx: 1, maxplaybackrate: 16000 }));
    const pcm = new Int16Array(32_000);
    pcm.set(babble(1));
    pcm.set(babble(1), 24_000);
    const audio = await heard(pair, pcm, 8000, 'opus-dtx.wav');
    expect(packets.length).toBeLessThan(170);
    expect(packets.some(({ length }) => length <= 2)).toBe(true);
    expect(packets.filter(({ length }) => length <= 2).length).toBeLessThan(10);
    const stats = await pair.b.stats();
    expect(stats.received.lost).toBe(0);
    expect(stats.concealedMs).toBe(0);
    expect(levelDbov(audio, 16_000, 4000)).toBeLessThan(-60);
    expect(levelDbov(audio, 25_000, 4000)).toBeGreaterThan(-35);
    await pair.engine.close();
  });
});

describe('a peer that does as it likes', () => {
  it('changes codec, clock and packet time without warning', async () => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 10 });
    const formats = [
      { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
      { payloadType: 9, codec: 'G722', clockRate: 8000 },
      { payloadType: 97, codec: 'L16', clockRate: 16000 },
      { payloadType: 18, codec: 'G729', clockRate: 8000 },
      { payloadType: 98, codec: 'iLBC', clockRate: 8000 },
      { payloadType: 111, codec: 'opus', clockRate: 48000 },
    ];
    await pair.connect((config) => ({ ...config, receive: formats }));
    pair.a.play({ tone: { segments: [{ frequencies: [600], durationMs: 1000 }] } });
    const path = join(folder, 'changes.wav');
    const recording = await pair.b.record(path);
    const base = {
      remote: { address: pair.b.address, port: pair.b.rtpPort },
      direction: 'sendrecv' as const,
    };
    for (const send of formats) {
      // Only the sender knows.
      await pair.a.configure({ ...base, send, receive: formats });
      await pair.clock.run(1000);
    }
    await recording.stop();
    const [audio] = (await readWav(path)).channels;
    for (let i = 0; i < formats.length; i++) {
      const level = toneLevelDbov(audio.subarray(i * 8000 + 3200, i * 8000 + 7200), 600, 8000);
      expect(level, formats[i].codec).toBeGreaterThan(-19);
      expect(level, formats[i].codec).toBeLessThan(-14);
    }
    expect((await pair.b.stats()).received.lost).toBe(0);
    await pair.engine.close();
  });

  it.each<[string, number]>([
    ['PCMU', 8000],
    ['G722', 8000],
    ['GSM', 8000],
    ['iLBC', 8000],
    ['G729', 8000],
    ['L16', 16000],
    ['opus', 48000],
    ['speex', 8000],
    ['G7221', 16000],
  ])('sends %s payloads of every size: counted, survived', async (codec, clockRate) => {
    const pair = await mediaPair({ delayMs: 10 });
    await pair.connect(speaking(codec, clockRate));
    await pair.clock.run(200);
    const packet = Buffer.alloc(1500);
    for (let i = 0; i < 60; i++) {
      packet.writeUInt8(0x80, 0);
      packet.writeUInt8(96, 1);
      packet.writeUInt16BE(i, 2);
      packet.writeUInt32BE(i * 160, 4);
      packet.writeUInt32BE(77, 8);
      const length = 12 + (i < 45 ? i : i * 24);
      pair.network.inject(packet.subarray(0, length), '10.0.0.1', pair.a.rtpPort, '10.0.0.2', pair.b.rtpPort);
      await pair.clock.run(20);
    }
    const speech = babble(1);
    const result = compareAudio(speech, await heard(pair, speech, 8000, `${codec}-sizes.wav`), 8000);
    expect(result.correlation).toBeGreaterThan(0.6);
    await pair.engine.close();
  });

  it('sends telephone-events of another clock than the audio', async () => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 10 });
    await pair.connect(speaking('L16', 16000));
    const digits: string[] = [];
    pair.b.on('dtmf', ({ digit }) => digits.push(digit));
    const speech = babble(3);
    pair.clock.after(1000, () => void pair.a.sendDtmf('12'));
    const result = compareAudio(speech, await heard(pair, speech, 8000, 'events.wav'), 8000);
    expect(digits.join('')).toBe('12');
    expect(result.coverage).toBeGreaterThan(0.8);
    const { received, concealedMs } = await pair.b.stats();
    expect(received.lost + received.late).toBe(0);
    expect(concealedMs).toBe(0);
    await pair.engine.close();
  });
});
