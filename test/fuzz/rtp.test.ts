/** Garbage, truncated and mutated RTP, RTCP and telephone-events: nothing throws, and the call goes on. */
import { describe, expect, it } from 'vitest';
import { nullLogger } from '../../src/base/logger.js';
import { SeededRandom } from '../../src/base/random.js';
import { JitterBuffer } from '../../src/rtp/jitter-buffer.js';
import { type RtpPacketView, writeRtpHeader } from '../../src/rtp/packet.js';
import { parseRtcp } from '../../src/rtp/rtcp.js';
import { RtcpWriter } from '../../src/rtp/rtcp-writer.js';
import { RtpSession } from '../../src/rtp/rtp-session.js';
import { TelephoneEventReceiver } from '../../src/rtp/telephone-event-receiver.js';

const SEEDS = [1, 2, 3, 4, 5];
const ROUNDS = 4000;
const PEER = { host: '192.0.2.1', port: 4000 };

function garbage(random: SeededRandom): Uint8Array {
  const data = random.bytes(random.uint32() % 200);
  // Most of the time something that passes the first look.
  if (data.length > 2 && random.uint32() % 4 > 0) {
    data[0] = 0x80 | (data[0] & 0x3f);
    if (random.uint32() % 2) data[1] = 200 + (data[1] % 8);
    if (random.uint32() % 2 && data.length > 4) {
      data[2] = 0;
      data[3] = random.uint32() % 40;
    }
  }
  return data;
}

function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = data.slice(0, random.uint32() % 3 === 0 ? random.uint32() % (data.length + 1) : data.length);
  for (let i = random.uint32() % 4; i > 0 && copy.length > 0; i--)
    copy[random.uint32() % copy.length] = random.uint32();
  return copy;
}

function validRtcp(random: SeededRandom): Uint8Array {
  const block = {
    ssrc: random.uint32(),
    fractionLost: 1,
    cumulativeLost: 2,
    extendedHighest: 3,
    jitter: 4,
    lastSr: random.uint32(),
    delaySinceLastSr: random.uint32(),
  };
  const writer = new RtcpWriter()
    .senderReport({
      ssrc: random.uint32(),
      ntpSeconds: random.uint32(),
      ntpFraction: random.uint32(),
      rtpTimestamp: 1,
      packetCount: 2,
      octetCount: 3,
      reports: [block, block],
    })
    .cname(random.uint32(), random.token(random.uint32() % 40))
    .extendedReport(1, [{ type: 'rrtr', ntpSeconds: 1, ntpFraction: 2 }])
    .bye(random.uint32(), random.token(random.uint32() % 40));
  return writer.buffer.slice(0, writer.length);
}

describe.each(SEEDS)('hostile media, seed %i', (seed) => {
  it('neither throws nor disturbs the stream that is played', () => {
    const random = new SeededRandom(seed);
    let good = 0;
    let now = 0;
    const session = new RtpSession({
      random,
      logger: nullLogger,
      wallTime: () => now,
      sink: {
        onPacket: (packet: RtpPacketView) => {
          if (packet.ssrc === 7 && packet.payloadLength === 160) good++;
        },
        onSourceChange: () => {},
        output: () => {},
      },
    });
    session.configure(
      { remote: PEER, rtcpMux: true, receive: [{ payloadType: 0, clockRate: 8000 }], sendClockRate: 8000 },
      now,
    );
    const packet = new Uint8Array(172);
    for (let i = 0; i < ROUNDS; i++) {
      now += 20;
      writeRtpHeader(packet, 0, 0, false, i & 0xffff, i * 160, 7);
      session.onDatagram(packet.slice(), packet.length, PEER.host, PEER.port, now);
      const bad = [garbage(random), mutate(validRtcp(random), random), mutate(packet, random)][i % 3];
      const host = random.uint32() % 2 ? PEER.host : '198.51.100.7';
      // Mutations that come from elsewhere: what is forged from the peer's own address and SSRC only SRTP can tell.
      if (i % 3 === 2) session.onDatagram(bad, bad.length, '198.51.100.7', 9, now);
      else session.onDatagram(bad, bad.length, host, PEER.port, now);
      session.poll(now);
    }
    expect(good).toBe(ROUNDS);
    expect(session.remote).toEqual(PEER);
    expect(session.stats(now).dropped.invalid).toBeGreaterThan(0);
  });

  it('parses mutated RTCP without throwing, and reads what is intact', () => {
    const random = new SeededRandom(seed);
    for (let i = 0; i < ROUNDS; i++) {
      const data = validRtcp(random);
      expect(parseRtcp(data, 0, data.length)).toHaveLength(4);
      const bad = i % 2 ? mutate(data, random) : garbage(random);
      parseRtcp(bad, 0, bad.length);
    }
  });

  it('keeps the jitter buffer bounded under any order of puts and gets', () => {
    const random = new SeededRandom(seed);
    const buffer = new JitterBuffer({ clockRate: 8000, timeScaling: seed % 2 === 0 });
    const packet = { sequence: 0, timestamp: 0, marker: false, payloadType: 0, data: new Uint8Array(2000) };
    let now = 0;
    for (let i = 0; i < ROUNDS; i++) {
      now += random.uint32() % 30;
      const wild = random.uint32() % 10 === 0;
      const input = {
        ...packet,
        sequence: wild ? random.uint32() & 0xffff : (i + (random.uint32() % 5)) & 0xffff,
        timestamp: wild ? random.uint32() : (i * 160) >>> 0,
        payloadOffset: 0,
        payloadLength: random.uint32() % 1500,
      };
      const kind = random.uint32() % 20 === 0 ? 'other' : random.uint32() % 20 === 0 ? 'silence' : 'audio';
      buffer.put(input, wild ? random.uint32() % 10_000 : 160, now, kind);
      expect(buffer.size).toBeLessThanOrEqual(64);
      for (let gets = random.uint32() % 3; gets > 0; gets--) {
        const frame = buffer.get(now, random.uint32() % 320);
        expect(frame.duration).toBeGreaterThanOrEqual(0);
        expect(frame.offset + frame.length).toBeLessThanOrEqual(frame.data.length);
        expect(Number.isFinite(frame.stretch)).toBe(true);
      }
    }
    const { delayMs, targetMs, lost } = buffer.stats();
    expect([delayMs, targetMs, lost].every(Number.isFinite)).toBe(true);
  });

  it('holds what comes in any order before it is played, and plays it in order', () => {
    const random = new SeededRandom(seed);
    const packet = { timestamp: 0, marker: false, payloadType: 0, data: new Uint8Array(2), payloadOffset: 0 };
    for (let run = 0; run < 300; run++) {
      const buffer = new JitterBuffer({ clockRate: 8000, slots: 8 << (run % 4) });
      const base = random.uint32() & 0xffff;
      const played: number[] = [];
      for (let i = 0; i < 60; i++) {
        const index = 100 + i + (random.uint32() % 90) - 45;
        packet.data[0] = index;
        const input = {
          ...packet,
          sequence: (base + index) & 0xffff,
          timestamp: index * 160,
          payloadLength: 1,
        };
        buffer.put(input, 160, i * 20);
        for (let gets = random.uint32() % 40 === 0 ? 5 : 0; gets > 0; gets--) {
          const frame = buffer.get(i * 20 + 5000);
          if (frame.kind === 'decode') played.push(frame.data[frame.offset]);
        }
        if (random.uint32() % 50 === 0) {
          buffer.reset();
          played.length = 0;
        }
      }
      for (let i = 1; i < played.length; i++) expect(played[i]).toBeGreaterThan(played[i - 1]);
    }
  });

  it('reads telephone-events of any bytes', () => {
    const random = new SeededRandom(seed);
    let starts = 0;
    let ends = 0;
    const receiver = new TelephoneEventReceiver({ onEventStart: () => starts++, onEventEnd: () => ends++ });
    for (let i = 0; i < ROUNDS; i++) {
      const data = random.bytes(random.uint32() % 12);
      receiver.accept(data, 0, data.length, random.uint32() % 5000, random.uint32() % 2 === 0, 8000, i);
      receiver.poll(i);
    }
    receiver.poll(Number.POSITIVE_INFINITY);
    expect(ends).toBe(starts);
  });
});
