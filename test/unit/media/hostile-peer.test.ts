/** A peer that does what no peer should: whatever came before, a second of good packets later it is heard as ever. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import type { Codec, Encoder } from '../../../src/codecs/codec.js';
import { findCodec } from '../../../src/codecs/registry.js';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { readWav, type StreamConfig } from '../../../src/media/index.js';
import { writeRtpHeader } from '../../../src/rtp/packet.js';
import { type MediaPair, mediaPair, streamTo } from '../../support/media-pair.js';

const FORMATS = [
  { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
  { payloadType: 8, codec: 'PCMA', clockRate: 8000 },
  { payloadType: 9, codec: 'G722', clockRate: 8000 },
  { payloadType: 3, codec: 'GSM', clockRate: 8000 },
  { payloadType: 96, codec: 'L16', clockRate: 16_000 },
  { payloadType: 111, codec: 'opus', clockRate: 48_000 },
];
const TONE_HZ = 1000;
const COMFORT_NOISE = 13;
const TELEPHONE_EVENT = 101;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

class Peer {
  ssrc: number;
  sequence: number;
  timestamp: number;
  ptimeMs = 20;
  #seconds = 0;
  readonly #codecs = new Map<number, { codec: Codec; encoder: Encoder }>();

  constructor(
    readonly pair: MediaPair,
    readonly random: SeededRandom,
  ) {
    this.ssrc = random.uint32();
    this.sequence = this.below(0x10000);
    this.timestamp = random.uint32();
  }

  async load(): Promise<void> {
    for (const { payloadType, codec: name, clockRate } of FORMATS) {
      const codec = findCodec(name, clockRate);
      if (!codec) throw new Error(`no codec ${name}`);
      await codec.load?.();
      this.#codecs.set(payloadType, { codec, encoder: codec.createEncoder() });
    }
    // Opus hands out its encoders a turn later.
    await new Promise((resolve) => setImmediate(resolve));
  }

  below(n: number): number {
    return this.random.uint32() % n;
  }

  anyFormat(): number {
    return FORMATS[this.below(FORMATS.length)].payloadType;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** The next packet of the tone; cut to `length` bytes of payload when that is given. */
  packet(payloadType = 0, length?: number): Buffer {
    const coder = this.#codecs.get(payloadType);
    if (!coder) throw new Error(`no payload type ${payloadType}`);
    const { sampleRate, frameSamples, clockRate, maxFrameBytes } = coder.codec.info;
    const frames = Math.max(1, Math.round((this.ptimeMs * sampleRate) / 1000 / frameSamples));
    const samples = frames * frameSamples;
    const pcm = Int16Array.from(
      { length: samples },
      (_, i) => 8000 * Math.sin(2 * Math.PI * TONE_HZ * (this.#seconds + i / sampleRate)),
    );
    const out = Buffer.alloc(12 + Math.max(256, frames * maxFrameBytes));
    let made = 0;
    for (let i = 0; i < frames; i++) made += coder.encoder.encode(pcm, i * frameSamples, out, 12 + made);
    const packet = this.#head(out.subarray(0, 12 + (length ?? made)), payloadType);
    this.#seconds += samples / sampleRate;
    this.timestamp += (samples * clockRate) / sampleRate;
    return packet;
  }

  /** A packet that takes no time of the audio. */
  odd(payloadType: number, payload: Buffer): Buffer {
    return this.#head(Buffer.concat([Buffer.alloc(12), payload]), payloadType);
  }

  send(data: Buffer, from = this.pair.a.address): void {
    const { network, a, b } = this.pair;
    network.inject(data, from, a.rtpPort, b.address, b.rtpPort);
  }

  /** What is sent each packet time; the tone when nothing is said. */
  async speak(ms: number, each: (i: number) => void = () => this.send(this.packet())): Promise<void> {
    for (let at = 0, i = 0; at < ms; at += this.ptimeMs, i++) {
      each(i);
      await this.pair.clock.run(this.ptimeMs);
    }
  }

  #head(packet: Buffer, payloadType: number): Buffer {
    writeRtpHeader(packet, 0, payloadType, false, this.sequence, this.timestamp >>> 0, this.ssrc);
    this.sequence = (this.sequence + 1) & 0xffff;
    return packet;
  }
}

const NASTY: Readonly<Record<string, (peer: Peer) => Promise<void> | void>> = {
  'another SSRC, sequence and timestamp': (peer) => {
    peer.ssrc = peer.random.uint32();
    peer.sequence = peer.below(0x10000);
    peer.timestamp = peer.random.uint32();
  },
  'a sequence that jumps': (peer) => {
    peer.sequence = peer.below(0x10000);
  },
  'a sequence that skips': (peer) => {
    peer.sequence = (peer.sequence + peer.below(3000)) & 0xffff;
  },
  'a timestamp that jumps': (peer) => {
    peer.timestamp = peer.random.uint32();
  },
  'another codec in each packet': (peer) => peer.speak(1500, () => peer.send(peer.packet(peer.anyFormat()))),
  'payloads of any length': (peer) =>
    peer.speak(800, () => peer.send(peer.packet(peer.anyFormat(), peer.below(200)))),
  'empty payloads': (peer) => peer.speak(500, () => peer.send(peer.packet(0, 0))),
  'bytes that are no packets in between': (peer) =>
    peer.speak(500, () => {
      peer.send(peer.bytes(peer.below(300)));
      peer.send(peer.packet());
    }),
  'two SSRCs by turns': async (peer) => {
    const ssrcs = [peer.ssrc, peer.random.uint32()];
    await peer.speak(1000, (i) => {
      peer.ssrc = ssrcs[i % 2];
      peer.send(peer.packet());
    });
  },
  'a stranger with the same SSRC': (peer) =>
    peer.speak(1000, () => {
      const packet = peer.packet();
      peer.send(Buffer.concat([packet.subarray(0, 12), peer.bytes(160)]), '10.6.6.6');
      peer.send(packet);
    }),
  'another packet time': async (peer) => {
    peer.ptimeMs = [10, 30, 40, 60][peer.below(4)];
    await peer.speak(1200);
  },
  'half of the packets lost': (peer) =>
    peer.speak(1000, () => {
      const packet = peer.packet();
      if (peer.below(2) === 0) peer.send(packet);
    }),
  'a second held back, then all at once': async (peer) => {
    const held: Buffer[] = [];
    await peer.speak(1000, () => held.push(peer.packet()));
    for (const packet of held) peer.send(packet);
  },
  'a pause in which its clock stands': (peer) => peer.pair.clock.run(peer.below(20_000)),
  'comfort noise': (peer) =>
    peer.speak(1000, (i) => {
      if (i % 10 === 0) peer.send(peer.odd(COMFORT_NOISE, Buffer.of(60)));
      peer.timestamp += 160;
    }),
  'telephone-events of chance': (peer) =>
    peer.speak(400, () => {
      peer.send(peer.odd(TELEPHONE_EVENT, peer.bytes(4)));
      peer.timestamp += 160;
    }),
};

describe('a peer that sends', () => {
  it.each(
    Object.entries(NASTY).flatMap(([name, be], i) =>
      [1, 2, 3].map((turn) => [name, i * 3 + turn, be] as const),
    ),
  )('%s is heard again (%i)', async (_, seed, be) => {
    const pair = await mediaPair({ delayMs: 10 }, seed);
    const { clock, engine, a, b } = pair;
    const config: StreamConfig = { ...streamTo(a), receive: FORMATS };
    await b.configure(config);
    const peer = new Peer(pair, new SeededRandom(seed));
    await peer.load();
    await peer.speak(1000);
    await be(peer);
    await peer.speak(1000);
    const before = await b.stats();
    const recording = await b.record(join(folder, `${seed}.wav`), { layout: 'received', sampleRate: 8000 });
    await peer.speak(1000);
    const { path } = await recording.stop();
    const after = await b.stats();
    expect(after.concealedMs).toBe(before.concealedMs);
    const [heard] = (await readWav(path)).channels;
    for (let at = 0; at + 160 <= heard.length; at += 160)
      expect(toneLevelDbov(heard.subarray(at, at + 160), TONE_HZ, 8000), `at ${at / 8} ms`).toBeGreaterThan(
        -20,
      );
    await engine.close();
    await clock.run(100);
    expect(clock.pending).toBe(0);
  });
});
