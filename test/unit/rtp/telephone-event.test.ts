import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { RtpPacketView } from '../../../src/rtp/packet.js';
import { digitOfEvent, eventOfDigit } from '../../../src/rtp/telephone-event.js';
import { TelephoneEventReceiver } from '../../../src/rtp/telephone-event-receiver.js';
import { TelephoneEventSender } from '../../../src/rtp/telephone-event-sender.js';
import { hasShared, sharedPath } from '../../support/shared.js';

interface EventPacket {
  tick: number;
  timestamp: number;
  marker: boolean;
  payload: Uint8Array;
}

const ALL_DIGITS = '0123456789*#ABCD';

/** Runs a sender for `ticks` packet times; one entry per event packet. */
function send(
  sender: TelephoneEventSender,
  ticks: number,
  packetUnits = 160,
  firstTimestamp = 0,
): EventPacket[] {
  const packets: EventPacket[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    const payload = new Uint8Array(4);
    const length = sender.next((firstTimestamp + tick * packetUnits) >>> 0, packetUnits, payload, 0);
    if (length > 0) packets.push({ tick, timestamp: sender.timestamp, marker: sender.marker, payload });
  }
  return packets;
}

function fields({ payload }: EventPacket) {
  return {
    event: payload[0],
    end: payload[1] >> 7 === 1,
    volume: payload[1] & 0x3f,
    duration: (payload[2] << 8) | payload[3],
  };
}

class Log {
  readonly starts: string[] = [];
  readonly ends: Array<{ digit: string; durationMs: number }> = [];
  readonly receiver = new TelephoneEventReceiver({
    onEventStart: (event) => this.starts.push(digitOfEvent(event) ?? '?'),
    onEventEnd: (event, durationMs) => this.ends.push({ digit: digitOfEvent(event) ?? '?', durationMs }),
  });

  accept(packet: EventPacket, nowMs: number, clockRate = 8000): boolean {
    const { payload, timestamp, marker } = packet;
    this.receiver.poll(nowMs);
    return this.receiver.accept(payload, 0, payload.length, timestamp, marker, clockRate, nowMs);
  }

  get digits(): string {
    return this.ends.map(({ digit }) => digit).join('');
  }
}

describe('digits', () => {
  it('maps digits to events and back', () => {
    expect([...ALL_DIGITS].map((digit) => eventOfDigit(digit))).toEqual(
      Array.from({ length: 16 }, (_, i) => i),
    );
    expect([
      eventOfDigit('d'),
      eventOfDigit('!'),
      eventOfDigit('x'),
      eventOfDigit('12'),
      eventOfDigit(''),
    ]).toEqual([15, 16, undefined, undefined, undefined]);
    expect(digitOfEvent(11)).toBe('#');
    expect(digitOfEvent(99)).toBeUndefined();
  });
});

describe('TelephoneEventSender', () => {
  it('sends a start, growing updates and three final packets', () => {
    const sender = new TelephoneEventSender(8000);
    sender.enqueue(5, 100, 60);
    const packets = send(sender, 20, 160, 0xffff_ff00);
    expect(packets.map(fields)).toEqual([
      { event: 5, end: false, volume: 10, duration: 160 },
      { event: 5, end: false, volume: 10, duration: 320 },
      { event: 5, end: false, volume: 10, duration: 480 },
      { event: 5, end: false, volume: 10, duration: 640 },
      { event: 5, end: true, volume: 10, duration: 800 },
      { event: 5, end: true, volume: 10, duration: 800 },
      { event: 5, end: true, volume: 10, duration: 800 },
    ]);
    expect(packets.map(({ marker }) => marker)).toEqual([true, false, false, false, false, false, false]);
    expect(new Set(packets.map(({ timestamp }) => timestamp))).toEqual(new Set([0xffff_ff00]));
    expect(sender.completed).toBe(1);
    expect(sender.busy).toBe(false);
  });

  it('keeps the gap between two events, measured in timestamps', () => {
    const sender = new TelephoneEventSender(8000);
    sender.enqueue(1, 80, 100);
    sender.enqueue(1, 80, 100);
    const starts = send(sender, 40).filter(({ marker }) => marker);
    expect(starts).toHaveLength(2);
    expect(starts[1].timestamp - starts[0].timestamp).toBeGreaterThanOrEqual((80 + 100) * 8);
    expect(starts[1].timestamp - starts[0].timestamp).toBeLessThanOrEqual((80 + 100 + 20) * 8);
  });

  it('pauses', () => {
    const sender = new TelephoneEventSender(8000);
    sender.enqueuePause(500);
    sender.enqueue(1, 80, 60);
    const [first] = send(sender, 60);
    expect(first.tick).toBe(25);
  });

  it('splits a tone beyond 0xFFFF into segments without end and marker between', () => {
    const sender = new TelephoneEventSender(8000);
    sender.enqueue(7, 18_000, 60);
    const packets = send(sender, 1000);
    const segments = [...new Set(packets.map(({ timestamp }) => timestamp))];
    expect(segments).toEqual([0, 0xffff, 2 * 0xffff]);
    for (const segment of segments.slice(0, 2)) {
      const last = packets.filter(({ timestamp }) => timestamp === segment).map(fields);
      expect(last.at(-1)).toMatchObject({ duration: 0xffff, end: false });
      expect(last.some(({ end }) => end)).toBe(false);
    }
    expect(packets.filter(({ marker }) => marker)).toHaveLength(1);
    const finals = packets.map(fields).filter(({ end }) => end);
    expect(finals).toHaveLength(3);
    expect(2 * 0xffff + finals[0].duration).toBe(18_000 * 8);
  });

  it('ends a tone properly when cleared, and drops the queue', () => {
    const sender = new TelephoneEventSender(8000);
    sender.enqueue(1, 5000, 60);
    sender.enqueue(2, 100, 60);
    send(sender, 3);
    sender.clear();
    const rest = send(sender, 40, 160, 480);
    expect(rest.map(fields).map(({ event, end }) => [event, end])).toEqual([
      [1, true],
      [1, true],
      [1, true],
    ]);
    expect(sender.busy).toBe(false);
  });

  it('bounds its queue', () => {
    const sender = new TelephoneEventSender(8000);
    let accepted = 0;
    while (sender.enqueue(1, 100, 60) && accepted < 10_000) accepted++;
    expect(accepted).toBe(256);
  });

  it.each([
    [8000, 160],
    [16_000, 320],
    [48_000, 960],
    [8000, 80],
    [8000, 480],
  ])('and receiver agree at %i Hz with packets of %i units', (clockRate, packetUnits) => {
    const sender = new TelephoneEventSender(clockRate);
    for (const digit of ALL_DIGITS) sender.enqueue(eventOfDigit(digit) ?? -1, 120, 60);
    const log = new Log();
    for (const packet of send(sender, 600, packetUnits)) {
      log.accept(packet, (packet.tick * packetUnits * 1000) / clockRate, clockRate);
    }
    expect(log.starts.join('')).toBe(ALL_DIGITS);
    expect(log.digits).toBe(ALL_DIGITS);
    for (const { durationMs } of log.ends) expect(durationMs).toBeCloseTo(120, 6);
  });
});

describe('TelephoneEventReceiver', () => {
  const packet = (
    timestamp: number,
    event: number,
    duration: number,
    end = false,
    marker = false,
  ): EventPacket => ({
    tick: 0,
    timestamp,
    marker,
    payload: Uint8Array.of(event, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff),
  });

  it('reports an event of which only the last end packet arrives', () => {
    const log = new Log();
    log.accept(packet(1000, 3, 800, true), 0);
    expect(log.ends).toEqual([{ digit: '3', durationMs: 100 }]);
  });

  it('closes an event whose end is lost, by time', () => {
    const log = new Log();
    log.accept(packet(1000, 3, 160, false, true), 0);
    log.accept(packet(1000, 3, 320), 20);
    expect(log.receiver.active).toBe(true);
    log.receiver.poll(200);
    expect(log.ends).toEqual([]);
    log.receiver.poll(300);
    expect(log.ends).toEqual([{ digit: '3', durationMs: 40 }]);
    log.accept(packet(1000, 3, 480, true), 320);
    expect(log.digits).toBe('3');
    expect(log.starts).toEqual(['3']);
  });

  it('closes it by the next event', () => {
    const log = new Log();
    log.accept(packet(1000, 3, 160, false, true), 0);
    log.accept(packet(2280, 3, 160, false, true), 160);
    log.accept(packet(2280, 3, 320, true), 180);
    expect(log.digits).toBe('33');
  });

  it('is not fooled by an update that comes after the end', () => {
    const log = new Log();
    log.accept(packet(1000, 3, 160, false, true), 0);
    log.accept(packet(1000, 3, 480, true), 40);
    log.accept(packet(1000, 3, 320), 41);
    log.accept(packet(1000, 3, 480, true), 42);
    expect(log.starts).toEqual(['3']);
    expect(log.digits).toBe('3');
  });

  it('reports an event overtaken by the next one', () => {
    const log = new Log();
    log.accept(packet(3000, 4, 160, false, true), 0);
    log.accept(packet(1000, 3, 800, true), 10);
    log.accept(packet(1000, 3, 800, true), 11);
    log.accept(packet(3000, 4, 800, true), 100);
    expect(log.starts.join('')).toBe('43');
    expect(log.digits).toBe('34');
  });

  it('joins the segments of a long event, also when the end of one is lost', () => {
    for (const lose of [false, true]) {
      const sender = new TelephoneEventSender(8000);
      sender.enqueue(7, 18_000, 60);
      const log = new Log();
      for (const sent of send(sender, 1000)) {
        if (lose && fields(sent).duration === 0xffff) continue;
        log.accept(sent, sent.tick * 20);
      }
      expect(log.ends).toEqual([{ digit: '7', durationMs: 18_000 }]);
      expect(log.starts).toEqual(['7']);
    }
  });

  it('joins segments made of whole packets, when the last packets of one are lost, or all of one', () => {
    const full = 68 * 960;
    for (const lost of [0, 3, 68]) {
      const log = new Log();
      for (let i = 0; i < 3 * 68; i++) {
        const segment = Math.floor(i / 68);
        if (segment === 1 && i % 68 >= 68 - lost) continue;
        if (lost === 68 && segment === 1) continue;
        const at = lost === 68 ? segment * 0xffff : segment * full;
        log.accept(packet(at, 5, ((i % 68) + 1) * 960, i === 3 * 68 - 1, i === 0), i * 20, 48_000);
      }
      expect(log.digits).toBe('5');
      expect(log.starts).toEqual(['5']);
    }
  });

  it('takes the same digit again for another one, also when ends and marker are lost', () => {
    const log = new Log();
    log.accept(packet(0, 5, 800, false, true), 0);
    log.accept(packet(1600, 5, 160), 200);
    expect(log.starts).toEqual(['5', '5']);
  });

  it('reads several events in one packet (§2.5.1.5)', () => {
    const log = new Log();
    const both = packet(1000, 1, 400, true, true);
    both.payload = Uint8Array.of(...both.payload, ...packet(0, 2, 400, true).payload);
    log.accept(both, 0);
    expect(log.digits).toBe('12');
  });

  it('refuses payloads of a wrong size', () => {
    const log = new Log();
    for (const length of [0, 1, 3, 5, 7]) {
      expect(log.accept({ tick: 0, timestamp: 0, marker: true, payload: new Uint8Array(length) }, 0)).toBe(
        false,
      );
    }
    expect(log.starts).toEqual([]);
  });

  it('reports each digit at most once, and once when any packet of it arrives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0x7fff_ffff }),
        fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 25 }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.integer({ min: 0, max: 60 }),
        (seed, events, loss, jitterMs) => {
          const random = new SeededRandom(seed);
          const sender = new TelephoneEventSender(8000);
          for (const event of events) sender.enqueue(event, 100, 60);
          const arrivals = send(sender, events.length * 12, 160, random.uint32()).flatMap((sent) => {
            if (random.float() < loss) return [];
            const copies = random.float() < 0.1 ? 2 : 1;
            return Array.from({ length: copies }, () => ({
              sent,
              at: sent.tick * 20 + random.float() * jitterMs,
            }));
          });
          arrivals.sort((a, b) => a.at - b.at);
          const log = new Log();
          for (const { sent, at } of arrivals) log.accept(sent, at);
          log.receiver.poll(1e9);
          const arrived = new Map<number, number>();
          for (const { sent } of arrivals) arrived.set(sent.timestamp, fields(sent).event);
          const expected = [...arrived.values()].map((event) => digitOfEvent(event)).sort();
          expect(log.ends.map(({ digit }) => digit).sort()).toEqual(expected);
          expect([...log.starts].sort()).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe.skipIf(!hasShared)('the RFC 4733 reference stream', () => {
  it('is read as all sixteen digits', () => {
    const { packets } = JSON.parse(
      readFileSync(sharedPath('vectors', 'rtp', 'rfc4733-dtmf-all.json'), 'utf8'),
    ) as {
      packets: Array<{ t: number; seq: number; ts: number; marker: boolean; rtp: string }>;
    };
    const log = new Log();
    const view = new RtpPacketView();
    for (const { t, seq, ts, marker, rtp } of packets) {
      const bytes = Buffer.from(rtp, 'hex');
      expect(view.parse(bytes, 0, bytes.length)).toBe(true);
      expect(view).toMatchObject({ sequence: seq, timestamp: ts, marker, payloadType: 101 });
      log.receiver.poll(t * 1000);
      const { data, payloadOffset, payloadLength, timestamp } = view;
      log.receiver.accept(data, payloadOffset, payloadLength, timestamp, view.marker, 8000, t * 1000);
    }
    expect([...log.digits].sort()).toEqual([...ALL_DIGITS].sort());
    for (const { durationMs } of log.ends) expect(durationMs).toBe(120);
  });
});
