import { describe, expect, it } from 'vitest';
import {
  JitterBuffer,
  type JitterBufferOptions,
  type JitterPutVerdict,
} from '../../../src/rtp/jitter-buffer.js';
import type { JitterPacketKind } from '../../../src/rtp/packet-ring.js';
import { simulate } from '../../support/jitter-simulation.js';

/** A buffer with a peer that sends 160 samples at 8 kHz every 20 ms and a path of `pathMs`. */
class Rig {
  readonly buffer: JitterBuffer;
  readonly pathMs = 30;

  constructor(options: Partial<JitterBufferOptions> = {}) {
    this.buffer = new JitterBuffer({ clockRate: 8000, ...options });
  }

  put(
    index: number,
    o: { at?: number; timestamp?: number; kind?: JitterPacketKind; length?: number; marker?: boolean } = {},
  ): JitterPutVerdict {
    const length = o.length ?? 1;
    const packet = {
      sequence: (65_530 + index) & 0xffff,
      timestamp: (o.timestamp ?? index * 160) >>> 0,
      marker: o.marker ?? false,
      payloadType: o.kind === 'silence' ? 13 : 0,
      data: new Uint8Array(length).fill(index),
      payloadOffset: 0,
      payloadLength: length,
    };
    return this.buffer.put(packet, o.kind === 'silence' ? 0 : 160, o.at ?? index * 20 + this.pathMs, o.kind);
  }

  /** Decisions of the ticks from `from` to `to` (exclusive), every 20 ms; decoded ones by their first byte. */
  get(from: number, to: number): Array<number | string> {
    const out: Array<number | string> = [];
    for (let now = from; now < to; now += 20) {
      const frame = this.buffer.get(now);
      out.push(frame.kind === 'decode' ? frame.data[frame.offset] : frame.kind);
    }
    return out;
  }
}

describe('JitterBuffer', () => {
  it('waits for its target delay, then plays one frame a tick', () => {
    const rig = new Rig({ initialDelayMs: 40 });
    expect(rig.get(0, 40)).toEqual(['empty', 'empty']);
    for (let i = 0; i < 10; i++) rig.put(i);
    expect(rig.get(40, 140)).toEqual(['empty', 'empty', 0, 1, 2]);
    expect(rig.buffer.frame).toMatchObject({ duration: 160, length: 1, payloadType: 0, timestamp: 320 });
  });

  it('puts reordered packets into order, before and after the start', () => {
    const rig = new Rig();
    for (const i of [1, 0, 3, 2, 5, 4]) rig.put(i, { at: 30 });
    expect(rig.get(80, 200)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('puts the first packets of a second source into order as well', () => {
    const rig = new Rig();
    for (const i of [0, 1, 2]) rig.put(i, { at: 30 });
    rig.get(80, 140);
    rig.buffer.reset();
    for (const i of [1001, 1000, 1002]) rig.put(i, { at: 1030 });
    expect(rig.get(1080, 1140)).toEqual([1000 & 0xff, 1001 & 0xff, 1002 & 0xff]);
  });

  it('drops duplicates of waiting and of played packets', () => {
    const rig = new Rig();
    for (let i = 0; i < 4; i++) rig.put(i, { at: 30 });
    expect(rig.put(2)).toBe('duplicate');
    rig.get(80, 120);
    expect(rig.put(0)).toBe('duplicate');
    expect(rig.buffer.stats().duplicates).toBe(2);
  });

  it('conceals a lost packet, offering the next one for its redundancy', () => {
    const rig = new Rig();
    for (const i of [0, 1, 3, 4]) rig.put(i, { at: 30 });
    expect(rig.get(80, 180)).toEqual([0, 1, 'fec', 3, 4]);
    expect(rig.buffer.stats()).toMatchObject({ lost: 1, late: 0, concealedMs: 20 });
  });

  it('counts a packet that comes after its concealment as late', () => {
    const rig = new Rig();
    for (const i of [0, 1, 3, 4]) rig.put(i, { at: 30 });
    rig.get(80, 160);
    expect(rig.put(2, { at: 150 })).toBe('late');
    expect(rig.buffer.stats()).toMatchObject({ lost: 1, late: 1 });
  });

  it('conceals several lost packets one by one; only the last can be recovered', () => {
    const rig = new Rig();
    for (const i of [0, 4, 5]) rig.put(i, { at: 30 });
    expect(rig.get(80, 200)).toEqual([0, 'conceal', 'conceal', 'fec', 4, 5]);
  });

  it('rides out a stall without losing what was delayed', () => {
    const rig = new Rig();
    for (let i = 0; i < 3; i++) rig.put(i);
    expect(rig.get(80, 220)).toEqual([0, 1, 2, 'conceal', 'conceal', 'conceal', 'conceal']);
    for (let i = 3; i < 9; i++) rig.put(i, { at: 215 });
    expect(rig.get(220, 280)).toEqual([3, 4, 5]);
    expect(rig.buffer.stats()).toMatchObject({ lost: 0, late: 0, underruns: 1 });
  });

  it('conceals a burst of losses no longer than it lasted', () => {
    const rig = new Rig();
    for (let i = 0; i < 3; i++) rig.put(i);
    rig.get(80, 140);
    // 3…6 are lost; 7 comes on time while the buffer has been dry for some ticks.
    const before = rig.get(140, 180);
    for (let i = 7; i < 12; i++) rig.put(i);
    expect([...before, ...rig.get(180, 260)]).toEqual(['conceal', 'conceal', 'conceal', 'fec', 7, 8]);
    expect(rig.buffer.stats().lost).toBe(4);
  });

  it('gives up after a while and begins again when packets come', () => {
    const rig = new Rig({ initialDelayMs: 20 });
    for (let i = 0; i < 3; i++) rig.put(i);
    const dry = rig.get(60, 600);
    expect(dry.slice(0, 3)).toEqual([0, 1, 2]);
    expect(dry.filter((kind) => kind === 'conceal')).toHaveLength(12);
    expect(dry.at(-1)).toBe('empty');
    // The peer was on hold: sequence and timestamp go on where they stopped.
    for (let i = 3; i < 6; i++) rig.put(i, { at: 1000 + (i - 3) * 20 });
    expect(rig.get(1000, 1080)).toEqual(['empty', 3, 4, 5]);
    expect(rig.buffer.stats().lost).toBe(0);
  });

  it('tells silence of the sender from loss: contiguous sequence, later timestamp', () => {
    const rig = new Rig();
    rig.put(0);
    rig.put(1);
    rig.put(2, { kind: 'silence' });
    for (let i = 3; i < 6; i++)
      rig.put(i, { timestamp: (i + 10) * 160, at: (i + 10) * 20 + 30, marker: i === 3 });
    expect(rig.get(80, 160)).toEqual([0, 1, 2, 'gap']);
    expect(rig.get(160, 380).filter((kind) => kind !== 'gap')).toEqual([3, 4, 5].slice(0, 2));
    expect(rig.buffer.stats()).toMatchObject({ lost: 0, concealedMs: 0 });
  });

  it('waits in silence, without concealing, after comfort noise', () => {
    const rig = new Rig();
    rig.put(0);
    rig.put(1, { kind: 'silence' });
    expect(
      rig
        .get(80, 1000)
        .slice(2)
        .every((kind) => kind === 'gap'),
    ).toBe(true);
  });

  it('does not take telephone-events for lost audio', () => {
    const rig = new Rig();
    rig.put(0);
    rig.put(1);
    for (let i = 2; i < 8; i++) rig.put(i, { kind: 'other', timestamp: 320 });
    rig.put(8);
    rig.put(9);
    const decided = rig.get(80, 280);
    expect(decided.filter((kind) => typeof kind === 'number')).toEqual([0, 1, 8, 9]);
    expect(decided).not.toContain('conceal');
    expect(rig.buffer.stats().lost).toBe(0);
  });

  it.each([
    ['forward', 1_000_000],
    ['backward', -1_000_000],
  ])('bridges a timestamp jump %s', (_, jump) => {
    const rig = new Rig();
    for (let i = 0; i < 4; i++) rig.put(i, { timestamp: 2_000_000 + i * 160 });
    for (let i = 4; i < 8; i++) rig.put(i, { timestamp: 2_000_000 + jump + i * 160 });
    expect(rig.get(80, 240)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rig.buffer.stats()).toMatchObject({ jumps: 1, lost: 0 });
  });

  it.each([
    ['its timestamps go on', (i: number) => i * 160],
    ['its timestamps skip as much', (i: number) => (i + 800) * 160],
    ['its timestamps are others', (i: number) => 3_000_000_000 + i * 160],
  ])('goes on without a pause when the sender skips sequence numbers and %s', (_, timestamp) => {
    const rig = new Rig({ timeScaling: true });
    const heard: Array<number | string> = [];
    for (let i = 0; i < 100; i++) {
      if (i < 20) rig.put(i);
      else rig.put(i + 800, { timestamp: timestamp(i), at: i * 20 + rig.pathMs });
      heard.push(...rig.get(i * 20 + rig.pathMs, i * 20 + rig.pathMs + 20));
    }
    const gaps = heard.slice(10).filter((decision) => typeof decision === 'string');
    expect(gaps.length).toBeLessThanOrEqual(1);
    expect(rig.buffer.stats().delayMs).toBeLessThanOrEqual(60);
  });

  it('starts over when the sequence runs far back', () => {
    const rig = new Rig();
    for (let i = 0; i < 4; i++) rig.put(i);
    rig.get(80, 160);
    rig.put(-20_000, { at: 170, timestamp: 77 });
    rig.put(-19_999, { at: 190, timestamp: 237 });
    expect(rig.get(200, 240).map((kind) => typeof kind)).toContain('number');
  });

  it('drops the oldest when more comes than the ring holds', () => {
    const rig = new Rig({ slots: 16, maxDelayMs: 10_000 });
    for (let i = 0; i < 40; i++) rig.put(i, { at: 30 });
    expect(rig.buffer.size).toBe(16);
    expect(rig.buffer.stats().overflows).toBe(24);
    expect(rig.get(520, 560)).toEqual([24, 25]);
  });

  it('never plays later than the maximum delay when a burst comes after a stall', () => {
    const rig = new Rig({ maxDelayMs: 100 });
    for (let i = 0; i < 3; i++) rig.put(i);
    rig.get(80, 220);
    for (let i = 3; i < 13; i++) rig.put(i, { at: 295 });
    rig.get(300, 320);
    expect(rig.buffer.stats().delayMs).toBeLessThanOrEqual(120);
    expect(rig.buffer.stats().dropped).toBeGreaterThan(0);
  });

  it('copies payloads, whatever their size', () => {
    const rig = new Rig();
    const sizes = [10, 1300, 1, 400];
    const data = new Uint8Array(1300);
    sizes.forEach((length, i) => {
      data.fill(i + 1);
      const packet = { sequence: i, timestamp: i * 160, marker: false, payloadType: 96, data };
      rig.buffer.put({ ...packet, payloadOffset: 0, payloadLength: length }, 160, 30);
    });
    data.fill(0);
    for (const [i, length] of sizes.entries()) {
      const frame = rig.buffer.get(80 + i * 20);
      expect(frame.kind).toBe('decode');
      expect(Array.from(frame.data.subarray(frame.offset, frame.offset + frame.length))).toEqual(
        Array.from({ length }, () => i + 1),
      );
    }
  });

  it.each([10, 20, 30, 40, 60])('plays packets of %i ms in order and without loss', (frameMs) => {
    const trace = Array.from({ length: 200 }, (_, i) => [i, i * frameMs + 30 + (i % 3)] as const);
    const result = simulate(trace, { frameMs });
    expect(result.played).toEqual(trace.map(([index]) => index));
    expect(result.concealed).toBe(0);
    expect(Math.max(...result.delays)).toBeLessThanOrEqual(30 + 40 + 20 + 2);
  });

  it('serves a media clock of 10 ms and a 48 kHz RTP clock', () => {
    const trace = Array.from({ length: 200 }, (_, i) => [i, i * 20 + 30] as const);
    const result = simulate(trace, { tickMs: 10, clockRate: 48_000 });
    expect(result.played).toHaveLength(200);
    expect(result.concealed).toBe(0);
  });

  it('copes with a peer that changes its packet time', () => {
    const rig = new Rig();
    const packet = {
      marker: false,
      payloadType: 0,
      data: new Uint8Array(1),
      payloadOffset: 0,
      payloadLength: 1,
    };
    let timestamp = 0;
    for (const [sequence, ms] of [20, 20, 60, 60, 10, 10, 10].entries()) {
      rig.buffer.put({ ...packet, sequence, timestamp }, ms * 8, 30 + timestamp / 8 + ms);
      timestamp += ms * 8;
    }
    let played = 0;
    for (let now = 200, queued = 0; now < 400; now += 20) {
      for (; queued < 160; ) {
        const frame = rig.buffer.get(now, queued);
        if (frame.kind === 'decode') played++;
        queued += frame.kind === 'decode' ? frame.duration : 160;
      }
      queued -= 160;
    }
    expect(played).toBe(7);
    expect(rig.buffer.stats()).toMatchObject({ lost: 0, jumps: 0 });
  });

  it('advises to shorten a long delay and to lengthen a short one', () => {
    const rig = new Rig({ timeScaling: true, fixedDelayMs: 60 });
    for (let i = 0; i < 10; i++) rig.put(i);
    expect(rig.buffer.get(90)).toMatchObject({ kind: 'decode', stretch: 0 });
    expect(rig.buffer.get(180)).toMatchObject({ kind: 'decode', stretch: -70 * 8 });
    expect(rig.buffer.get(100)).toMatchObject({ kind: 'decode', stretch: 30 * 8 });
  });

  it('keeps its counts over a reset for another codec', () => {
    const rig = new Rig();
    for (const i of [0, 1, 3]) rig.put(i, { at: 30 });
    rig.get(80, 160);
    rig.buffer.reset(16_000);
    expect(rig.buffer.size).toBe(0);
    expect(rig.buffer.get(200).kind).toBe('empty');
    expect(rig.buffer.stats()).toMatchObject({ played: 3, lost: 1 });
  });
});
