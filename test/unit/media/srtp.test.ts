/** SRTP of the media engine in virtual time: what the keys, the network and strangers do to it. */
import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../../src/base/clock.js';
import type { SwitchhookError } from '../../../src/base/errors.js';
import { SeededRandom } from '../../../src/base/random.js';
import type { MediaSession, NoMediaReport, StreamConfig } from '../../../src/media/index.js';
import { writeRtpHeader } from '../../../src/rtp/packet.js';
import { Srtp, type SrtpOptions } from '../../../src/rtp/srtp/srtp.js';
import { babble, type MediaPair, mediaPair } from '../../support/media-pair.js';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const TAG = 10;
const key = (seed: number) => ({ keySalt: new SeededRandom(seed).bytes(30) });
const KEYS = { a: key(1), b: key(2), other: key(3) };

/** What `side` is told when all is well. */
function keysOf(side: 'a' | 'b'): SrtpOptions {
  return { suite: SUITE, send: KEYS[side], receive: [side === 'a' ? KEYS.b : KEYS.a] };
}

const secured = (config: StreamConfig, side: 'a' | 'b'): StreamConfig => ({ ...config, srtp: keysOf(side) });

/** a itself is silent: the test sends in its place. */
const spoofed = (config: StreamConfig, side: 'a' | 'b'): StreamConfig => ({
  ...secured(config, side),
  direction: side === 'a' ? 'recvonly' : 'sendrecv',
});

function speak(...sessions: MediaSession[]): void {
  for (const session of sessions) session.play({ samples: babble(20), sampleRate: 8000 }, { loop: true });
}

async function received(session: MediaSession) {
  return (await session.stats()).received;
}

/** Ends everything; nothing may be left. */
async function end({ engine, clock }: MediaPair): Promise<void> {
  await engine.close();
  await clock.run(100);
  expect(clock.pending).toBe(0);
}

/** Datagrams as they are on the wire, from now on; `to` a port only if given. */
function wiretap({ network }: MediaPair, to?: number): Buffer[] {
  const seen: Buffer[] = [];
  network.conditions.drop = (data, { port }) => {
    if (to === undefined || port === to) seen.push(Buffer.from(data));
    return false;
  };
  return seen;
}

/** A stream of a's that the test makes itself: b is told that a lives there. */
class Stream {
  readonly srtp: Srtp;
  constructor(
    readonly pair: MediaPair,
    options: SrtpOptions,
    public sequence: number,
    public ssrc = 77,
  ) {
    this.srtp = new Srtp(options);
  }

  /** One protected packet of silence, not sent yet. */
  packet(): Buffer {
    const data = Buffer.alloc(12 + 160 + this.srtp.overhead, 0xff);
    writeRtpHeader(data, 0, 0, false, this.sequence & 0xffff, (this.sequence * 160) >>> 0, this.ssrc);
    this.sequence++;
    return data.subarray(0, this.srtp.protectRtp(data, 0, 172));
  }

  inject(data: Uint8Array): void {
    const { network, a, b } = this.pair;
    network.inject(data, a.address, a.rtpPort, b.address, b.rtpPort);
  }

  async send(clock: VirtualClock, packets: number): Promise<void> {
    for (let i = 0; i < packets; i++) {
      this.inject(this.packet());
      await clock.run(20);
    }
  }
}

describe('a call with SRTP', () => {
  it('protects RTP and RTCP both ways', async () => {
    const pair = await mediaPair({ delayMs: 30 });
    const seen = wiretap(pair);
    await pair.connect(secured);
    speak(pair.a, pair.b);
    await pair.clock.run(12_000);
    for (const session of [pair.a, pair.b]) {
      const stats = await session.stats();
      expect(stats.srtp).toBe(SUITE);
      expect(stats.received).toMatchObject({ lost: 0, notAuthentic: 0, replayed: 0, invalid: 0 });
      expect(stats.received.packets).toBeGreaterThan(590);
      // Told by RTCP, which has come through.
      expect(stats.roundTripMs).toBeGreaterThan(50);
    }
    const rtcp = seen.filter((data) => data[1] >= 200 && data[1] <= 207);
    expect(rtcp.length).toBeGreaterThan(2);
    // E flag: encrypted.
    for (const data of rtcp) expect(data[data.length - TAG - 4] & 0x80).toBe(0x80);
    const rtp = seen.filter((data) => !rtcp.includes(data));
    expect(new Set(rtp.map(({ length }) => length))).toEqual(new Set([172 + TAG]));
    await end(pair);
  });

  it('carries telephone-events', async () => {
    const pair = await mediaPair();
    await pair.connect(secured);
    const digits: string[] = [];
    pair.b.on('dtmf', ({ digit }) => digits.push(digit));
    void pair.a.sendDtmf('12#');
    await pair.clock.run(2000);
    expect(digits.join('')).toBe('12#');
    await end(pair);
  });

  it('refuses what is under a wrong key, and says so once', async () => {
    const pair = await mediaPair();
    const errors: SwitchhookError[] = [];
    const reports: NoMediaReport[] = [];
    pair.b.on('error', (error) => errors.push(error));
    pair.b.on('noMedia', (report) => reports.push(report));
    await pair.connect((config, side) =>
      side === 'a' ? { ...config, srtp: { ...keysOf('a'), send: KEYS.other } } : secured(config, side),
    );
    speak(pair.a, pair.b);
    await pair.clock.run(8000);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: 'ERR_MEDIA_SRTP_KEY',
      details: { from: `10.0.0.1:${pair.a.rtpPort}`, packets: 15 },
    });
    expect(reports).toHaveLength(1);
    expect(reports[0].explanation).toMatch(/packets arrive .* but their SRTP authentication fails/);
    const stats = await pair.b.stats();
    expect(stats.received.packets).toBe(0);
    expect(stats.received.notAuthentic).toBeGreaterThan(390);
    // The other direction is not touched by that.
    expect((await received(pair.a)).packets).toBeGreaterThan(390);
    await end(pair);
  });

  it('refuses plain RTP once SRTP is agreed on', async () => {
    const pair = await mediaPair();
    await pair.connect((config, side) => (side === 'b' ? secured(config, side) : config));
    speak(pair.a);
    await pair.clock.run(1000);
    expect(await received(pair.b)).toMatchObject({ packets: 0 });
    expect((await received(pair.b)).notAuthentic).toBeGreaterThan(45);
    await end(pair);
  });

  it('refuses replayed packets and counts them', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    const seen = wiretap(pair, pair.b.rtpPort);
    await pair.connect(secured);
    speak(pair.a);
    await pair.clock.run(1000);
    const before = await received(pair.b);
    const recorded = seen.filter((data) => data.length === 172 + TAG).slice(0, 40);
    for (const data of recorded) {
      pair.network.inject(data, pair.a.address, pair.a.rtpPort, pair.b.address, pair.b.rtpPort);
    }
    await pair.clock.run(1000);
    const after = await received(pair.b);
    expect(after.replayed).toBe(before.replayed + recorded.length);
    expect(after.duplicate).toBe(0);
    expect(after.notAuthentic).toBe(0);
    expect(after.packets - before.packets).toBe(50);
    await end(pair);
  });

  it('is not disturbed by packets of strangers, nor follows them', async () => {
    const pair = await mediaPair();
    const errors: unknown[] = [];
    pair.b.on('error', (error) => errors.push(error));
    await pair.connect(secured);
    speak(pair.a);
    const stranger = new Stream(pair, { suite: SUITE, send: KEYS.other, receive: [KEYS.b] }, 5);
    for (let i = 0; i < 100; i++) {
      pair.network.inject(stranger.packet(), '10.6.6.6', 666, pair.b.address, pair.b.rtpPort);
      await pair.clock.run(20);
    }
    const stats = await pair.b.stats();
    expect(stats.received).toMatchObject({ notAuthentic: 100, lost: 0 });
    expect(stats.received.packets).toBeGreaterThan(95);
    expect(stats.remote).toEqual({ host: '10.0.0.1', port: pair.a.rtpPort });
    expect(errors).toEqual([]);
    await end(pair);
  });

  it('follows the sequence over its wrap, also when told the same keys again', async () => {
    const pair = await mediaPair();
    await pair.connect(spoofed);
    const stream = new Stream(pair, keysOf('a'), 0x1_0000 - 20);
    await stream.send(pair.clock, 40);
    await pair.connect(spoofed);
    await stream.send(pair.clock, 40);
    expect(await received(pair.b)).toMatchObject({ packets: 80, lost: 0, notAuthentic: 0 });
    // Halfway to the next wrap, and over it.
    for (const jump of [0x7000, 0x7000, 0x1f00]) {
      stream.sequence += jump;
      await stream.send(pair.clock, 5);
    }
    const { packets, notAuthentic } = await received(pair.b);
    expect(notAuthentic).toBe(0);
    expect(packets).toBeGreaterThan(80);
    await end(pair);
  });

  it('follows a change of the SSRC', async () => {
    const pair = await mediaPair();
    await pair.connect(spoofed);
    const changes: unknown[] = [];
    pair.b.on('ssrcChanged', (event) => changes.push(event));
    const stream = new Stream(pair, keysOf('a'), 100);
    await stream.send(pair.clock, 30);
    stream.ssrc = 78;
    stream.sequence = 60_000;
    await pair.clock.run(100);
    await stream.send(pair.clock, 30);
    expect(changes).toEqual([{ from: 77, to: 78 }]);
    expect((await received(pair.b)).packets).toBeGreaterThan(57);
    expect((await received(pair.b)).notAuthentic).toBe(0);
    await end(pair);
  });
});

describe('new keys during a call', () => {
  it('begin a new context; what is still on its way under the old ones counts', async () => {
    const pair = await mediaPair({ delayMs: 60 });
    await pair.connect(secured);
    speak(pair.a, pair.b);
    await pair.clock.run(1000);
    const next = { a: key(11), b: key(12) };
    const rekeyed = (config: StreamConfig, side: 'a' | 'b'): StreamConfig => ({
      ...config,
      srtp: { suite: SUITE, send: next[side], receive: [side === 'a' ? next.b : next.a] },
    });
    await pair.connect(rekeyed);
    await pair.clock.run(1000);
    for (const session of [pair.a, pair.b]) {
      expect(await received(session)).toMatchObject({ lost: 0, notAuthentic: 0 });
      expect((await received(session)).packets).toBeGreaterThan(95);
    }
    await end(pair);
  });

  it('of one side leave the other direction alone', async () => {
    const pair = await mediaPair();
    await pair.connect(spoofed);
    const stream = new Stream(pair, keysOf('a'), 0x1_0000 - 20);
    await stream.send(pair.clock, 40);
    // b sends under a new key from now on; a's stream has rolled over, which b must remember.
    await pair.connect((config, side) =>
      side === 'b' ? { ...config, srtp: { ...keysOf('b'), send: KEYS.other } } : spoofed(config, side),
    );
    await stream.send(pair.clock, 20);
    expect(await received(pair.b)).toMatchObject({ packets: 60, notAuthentic: 0 });
    await end(pair);
  });

  it('may be of another suite', async () => {
    const pair = await mediaPair({ delayMs: 30 });
    await pair.connect(secured);
    speak(pair.a, pair.b);
    await pair.clock.run(500);
    const gcm = { a: key(1).keySalt.slice(0, 28), b: key(2).keySalt.slice(0, 28) };
    await pair.connect((config, side) => ({
      ...config,
      srtp: {
        suite: 'AEAD_AES_128_GCM',
        send: { keySalt: gcm[side] },
        receive: [{ keySalt: side === 'a' ? gcm.b : gcm.a }],
      },
    }));
    await pair.clock.run(500);
    expect((await pair.b.stats()).srtp).toBe('AEAD_AES_128_GCM');
    expect(await received(pair.b)).toMatchObject({ lost: 0, notAuthentic: 0 });
    await end(pair);
  });

  it('that are unusable change nothing', async () => {
    const pair = await mediaPair();
    await pair.connect(secured);
    const short = { keySalt: new Uint8Array(3) };
    const bad = pair.connect((config) => ({
      ...config,
      srtp: { suite: SUITE, send: short, receive: [short] },
    }));
    await expect(bad).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    speak(pair.a);
    await pair.clock.run(500);
    expect(await received(pair.b)).toMatchObject({ notAuthentic: 0 });
    expect((await received(pair.b)).packets).toBeGreaterThan(20);
    await end(pair);
  });

  it('can be given up for plain RTP, when both sides say so', async () => {
    const pair = await mediaPair();
    await pair.connect(secured);
    speak(pair.a, pair.b);
    await pair.clock.run(500);
    await pair.connect();
    await pair.clock.run(500);
    const stats = await pair.b.stats();
    expect(stats.srtp).toBeUndefined();
    expect(stats.received.lost).toBe(0);
    expect(stats.received.packets).toBeGreaterThan(45);
    await end(pair);
  });
});
