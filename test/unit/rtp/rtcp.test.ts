import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { isCompound, parseRtcp, type ReportBlock } from '../../../src/rtp/rtcp.js';
import { RtcpSchedule } from '../../../src/rtp/rtcp-schedule.js';
import { RtcpWriter } from '../../../src/rtp/rtcp-writer.js';
import type { VoipMetrics } from '../../../src/rtp/rtcp-xr.js';
import { hasShared, sharedPath } from '../../support/shared.js';

const REPORT: ReportBlock = {
  ssrc: 0xcafebabe,
  fractionLost: 255,
  cumulativeLost: -5,
  extendedHighest: 0xfffe_1234,
  jitter: 77,
  lastSr: 0x8765_4321,
  delaySinceLastSr: 65_536,
};

const METRICS: VoipMetrics = {
  lossRate: 12,
  discardRate: 12,
  burstDensity: 84,
  gapDensity: 10,
  burstDurationMs: 120,
  gapDurationMs: 520,
  roundTripMs: 1000,
  endSystemDelayMs: 70,
  signalLevel: -18,
  noiseLevel: 127,
  rerl: 127,
  gmin: 16,
  rFactor: 93,
  externalRFactor: 127,
  mosLq: 44,
  mosCq: 43,
  rxConfig: 0xb0,
  jitterBufferNominalMs: 40,
  jitterBufferMaximumMs: 200,
  jitterBufferAbsMaxMs: 500,
};

function parse(writer: RtcpWriter) {
  return parseRtcp(writer.buffer, 0, writer.length);
}

describe('RTCP', () => {
  it('reads back a compound packet of every kind it writes', () => {
    const report = {
      ssrc: 1,
      ntpSeconds: 0xe000_0000,
      ntpFraction: 0x8000_0000,
      rtpTimestamp: 0xffff_ffff,
      packetCount: 10,
      octetCount: 1600,
      reports: [REPORT, REPORT],
    };
    const writer = new RtcpWriter()
      .senderReport(report)
      .cname(1, 'käse@example')
      .app({ subtype: 3, ssrc: 1, name: 'TEST', data: Uint8Array.of(1, 2, 3, 4) })
      .extendedReport(1, [
        { type: 'rrtr', ntpSeconds: 5, ntpFraction: 6 },
        { type: 'dlrr', items: [{ ssrc: 9, lastRr: 8, delaySinceLastRr: 7 }] },
        { type: 'voip-metrics', ssrc: 2, metrics: METRICS },
      ])
      .bye(1, 'over and out');
    const packets = parse(writer);
    expect(packets).toEqual([
      { type: 'sr', ...report },
      { type: 'sdes', chunks: [{ ssrc: 1, items: [{ type: 1, text: 'käse@example' }] }] },
      { type: 'app', subtype: 3, ssrc: 1, name: 'TEST', data: Uint8Array.of(1, 2, 3, 4) },
      {
        type: 'xr',
        ssrc: 1,
        blocks: [
          { type: 'rrtr', ntpSeconds: 5, ntpFraction: 6 },
          { type: 'dlrr', items: [{ ssrc: 9, lastRr: 8, delaySinceLastRr: 7 }] },
          { type: 'voip-metrics', ssrc: 2, metrics: METRICS },
        ],
      },
      { type: 'bye', sources: [1], reason: 'over and out' },
    ]);
    expect(packets && isCompound(packets)).toBe(true);
  });

  it.each(['', 'a', 'ab', 'abc', 'abcd', 'x'.repeat(255), 'y'.repeat(300)])(
    'fills up SDES and BYE texts: %#',
    (text) => {
      const packets = parse(new RtcpWriter().receiverReport(7, []).cname(7, text).bye(7, text));
      expect(packets).toHaveLength(3);
      expect(packets?.[1]).toEqual({
        type: 'sdes',
        chunks: [{ ssrc: 7, items: [{ type: 1, text: text.slice(0, 255) }] }],
      });
    },
  );

  it('recognises feedback and unknown types, and skips unknown XR blocks', () => {
    const data = Buffer.from(
      '80c9000100000001' +
        '81cd0002000000010000000200'.slice(0, 24) +
        '80d000010000000a' +
        '80cf0003000000010900000155555555',
      'hex',
    );
    expect(parseRtcp(data, 0, data.length)).toEqual([
      { type: 'rr', ssrc: 1, reports: [] },
      { type: 'feedback', packetType: 205, format: 1, ssrc: 1, mediaSsrc: 2 },
      { type: 'unknown', packetType: 208 },
      { type: 'xr', ssrc: 1, blocks: [{ type: 'unknown', blockType: 9 }] },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['less than a header', '80c9'],
    ['version 1', '40c9000100000001'],
    ['a length beyond the datagram', '80c9000200000001'],
    ['bytes left over', '80c900010000000180'],
    ['an SR without sender information', '80c8000100000001'],
    ['fewer report blocks than counted', `82c9000700000001${'00'.repeat(24)}`],
    ['padding in a packet that is not the last', 'a0c9000200000001' + '00000004' + '80c9000100000001'],
    ['padding of zero', 'a0c90001' + '00000000'],
    ['more padding than packet', 'a0c9000100000008'],
    ['padding that is no multiple of four', 'a0c9000200000001' + '00000003'],
    ['an SDES chunk without end', '81ca000200000001' + '01024141'],
    ['an SDES item beyond the end', '81ca000200000001' + '01ff4141'],
    ['more BYE sources than bytes', '82cb000100000001'],
    ['a BYE reason beyond the end', '81cb000200000001' + '09616161'],
    ['an APP without name', '80cc000100000001'],
    ['an XR block beyond the end', '80cf00020000000104000002'],
    ['a VoIP metrics block of a wrong size', '80cf0003000000010700000100000000'],
  ])('refuses %s', (_, hex) => {
    const data = Buffer.from(hex, 'hex');
    expect(parseRtcp(data, 0, data.length)).toBeUndefined();
  });
});

describe('RtcpSchedule', () => {
  it('keeps to the randomised interval of RFC 3550 §6.3', () => {
    const schedule = new RtcpSchedule(new SeededRandom(3));
    schedule.start(0);
    const times: number[] = [];
    for (let now = 0; now < 600_000; now += 20) {
      if (!schedule.due(now, 2, true)) continue;
      times.push(now);
      schedule.onSent(100, now, 2, true);
    }
    const intervals = times.slice(1).map((time, i) => time - times[i]);
    const factor = 1 / (Math.E - 1.5);
    expect(Math.min(...intervals)).toBeGreaterThanOrEqual(5000 * 0.5 * factor);
    expect(Math.max(...intervals)).toBeLessThanOrEqual(5000 * 1.5 * factor + 20);
    const mean = intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length;
    expect(mean).toBeGreaterThan(4000);
    expect(mean).toBeLessThan(6500);
    expect(times[0]).toBeLessThanOrEqual(2500 * 1.5 * factor + 20);
  });

  it('is not due before it was started', () => {
    const schedule = new RtcpSchedule(new SeededRandom(3));
    expect(schedule.due(1e9, 0, false)).toBe(false);
  });
});

describe.skipIf(!hasShared)('reference RTCP packets', () => {
  const folder = sharedPath('vectors', 'rtp');
  const files = hasShared ? readdirSync(folder).filter((name) => name.startsWith('werift-rtcp_')) : [];
  const read = (name: string) => {
    const data = readFileSync(sharedPath('vectors', 'rtp', name));
    return parseRtcp(data, 0, data.length);
  };

  it.each(files.filter((name) => /invalid|truncated/.test(name)))('refuses %s', (name) => {
    expect(read(name)).toBeUndefined();
  });

  it.each(files.filter((name) => !/invalid|truncated/.test(name)))('reads %s', (name) => {
    expect(read(name)).toBeDefined();
  });

  it('reads the fields of SR, RR and SDES', () => {
    expect(read('werift-rtcp_sr.bin')?.[0]).toMatchObject({
      type: 'sr',
      ssrc: 1_831_097_322,
      rtpTimestamp: 1_722_342_718,
      packetCount: 269,
      octetCount: 13_557,
      reports: [
        { ssrc: 2_398_654_957, fractionLost: 0, cumulativeLost: 0, extendedHighest: 246, jitter: 127 },
      ],
    });
    expect(read('werift-rtcp_rr.bin')?.[0]).toMatchObject({
      type: 'rr',
      ssrc: 817_267_719,
      reports: [{ ssrc: 1_200_895_919, extendedHighest: 630, jitter: 1906 }],
    });
    expect(read('werift-rtcp_sdes.bin')?.[0]).toMatchObject({
      type: 'sdes',
      chunks: [{ ssrc: 1_831_097_322, items: [{ type: 1, text: '{63f459ea-41fe-4474-9d33-9707c9ee79d1}' }] }],
    });
  });
});
