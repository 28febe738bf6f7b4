import { beforeEach, describe, expect, it } from 'vitest';
import { nullLogger } from '../../../src/base/logger.js';
import { SeededRandom } from '../../../src/base/random.js';
import { RtpPacketView, writeRtpHeader } from '../../../src/rtp/packet.js';
import { parseRtcp } from '../../../src/rtp/rtcp.js';
import { RtcpWriter } from '../../../src/rtp/rtcp-writer.js';
import { type VoipMetrics, XR_UNAVAILABLE } from '../../../src/rtp/rtcp-xr.js';
import { RtpSession, type RtpSessionOptions, type RtpSink } from '../../../src/rtp/rtp-session.js';

const SDP = { host: '192.0.2.1', port: 4000 };
const SDP_RTCP = { host: '192.0.2.1', port: 4001 };
const NAT = { host: '203.0.113.9', port: 61_000 };
const SSRC = 0x1111_1111;

const METRICS: VoipMetrics = {
  lossRate: 1,
  discardRate: 2,
  burstDensity: 0,
  gapDensity: 1,
  burstDurationMs: 0,
  gapDurationMs: 5000,
  roundTripMs: 30,
  endSystemDelayMs: 70,
  signalLevel: XR_UNAVAILABLE,
  noiseLevel: XR_UNAVAILABLE,
  rerl: XR_UNAVAILABLE,
  gmin: 16,
  rFactor: 93,
  externalRFactor: XR_UNAVAILABLE,
  mosLq: 44,
  mosCq: 43,
  rxConfig: 0xb0,
  jitterBufferNominalMs: 40,
  jitterBufferMaximumMs: 100,
  jitterBufferAbsMaxMs: 500,
};

class TestSink implements RtpSink {
  readonly played: number[] = [];
  readonly sources: number[] = [];
  readonly remotes: string[] = [];
  readonly byes: Array<string | undefined> = [];
  readonly rtp: Uint8Array[] = [];
  readonly rtcp: Uint8Array[] = [];
  onPacket(packet: RtpPacketView): void {
    this.played.push(packet.sequence);
  }
  onSourceChange(ssrc: number): void {
    this.sources.push(ssrc);
  }
  output(data: Uint8Array, start: number, length: number, rtcp: boolean): void {
    (rtcp ? this.rtcp : this.rtp).push(data.slice(start, start + length));
  }
  onRemoteChange(remote: { host: string; port: number }): void {
    this.remotes.push(`${remote.host}:${remote.port}`);
  }
  onBye(reason: string | undefined): void {
    this.byes.push(reason);
  }
}

let sink: TestSink;
let session: RtpSession;
let now: number;

function create(options: Partial<RtpSessionOptions> = {}): void {
  now = 1000;
  sink = new TestSink();
  session = new RtpSession({
    sink,
    random: new SeededRandom(5),
    logger: nullLogger,
    wallTime: () => 1_800_000_000_000 + now,
    ...options,
  });
  configure();
}

function configure(remote: { host: string; port: number } | undefined = SDP, rtcpMux = false): void {
  const receive = [
    { payloadType: 0, clockRate: 8000 },
    { payloadType: 101, clockRate: 8000, event: true },
  ];
  const rtcpRemote = remote && { host: remote.host, port: remote.port + 1 };
  session.configure({ remote, rtcpRemote, rtcpMux, receive, sendClockRate: 8000 }, now);
}

function rtp(sequence: number, o: { ssrc?: number; payloadType?: number } = {}): Uint8Array {
  const data = new Uint8Array(172);
  writeRtpHeader(data, 0, o.payloadType ?? 0, false, sequence & 0xffff, sequence * 160, o.ssrc ?? SSRC);
  return data;
}

/** Packets `from`…`to` (inclusive), 20 ms apart, from an address. */
function stream(
  from: number,
  to: number,
  address = SDP,
  o: { ssrc?: number; payloadType?: number } = {},
): void {
  for (let sequence = from; sequence <= to; sequence++) {
    now += 20;
    receive(rtp(sequence, o), address);
  }
}

function receive(data: Uint8Array, address = SDP): void {
  session.onDatagram(data, data.length, address.host, address.port, now);
}

function receiveRtcp(writer: RtcpWriter, address = SDP_RTCP): void {
  receive(writer.buffer.slice(0, writer.length), address);
}

function sendAudio(timestamp: number, marker = false): boolean {
  const data = new Uint8Array(256);
  data[40] = 0x55;
  return session.send(data, 40, 160, 0, timestamp, marker, now);
}

beforeEach(() => create());

describe('RtpSession sending', () => {
  it('numbers and stamps packets, from random values', () => {
    for (let i = 0; i < 3; i++) expect(sendAudio(i * 160, i === 0)).toBe(true);
    const view = new RtpPacketView();
    const seen = sink.rtp.map((data) => {
      expect(view.parse(data, 0, data.length)).toBe(true);
      return [view.sequence, view.timestamp, view.marker, view.ssrc, data[view.payloadOffset]];
    });
    const [sequence, timestamp] = seen[0] as [number, number];
    expect(seen).toEqual([
      [sequence, timestamp, true, session.ssrc, 0x55],
      [sequence + 1, (timestamp + 160) >>> 0, false, session.ssrc, 0x55],
      [sequence + 2, (timestamp + 320) >>> 0, false, session.ssrc, 0x55],
    ]);
    expect(session.stats(now).sent).toEqual({ packets: 3, bytes: 480 });
  });

  it('sends nothing while there is nowhere to send', () => {
    configure(undefined);
    session.configure({ rtcpMux: false, receive: [], sendClockRate: 8000 }, now);
    expect(session.remote).toBeUndefined();
    expect(sendAudio(0)).toBe(false);
    expect(sink.rtp).toHaveLength(0);
  });
});

describe('RtpSession receiving', () => {
  it('plays the stream of the address in the SDP from the first packet on', () => {
    stream(65_534, 65_540);
    expect(sink.played).toEqual([65_534, 65_535, 0, 1, 2, 3, 4]);
    expect(sink.sources).toEqual([SSRC]);
    expect(session.stats(now).received).toMatchObject({ packets: 7, lost: 0, jitterMs: 0 });
  });

  it('drops duplicates, and passes reordered packets on', () => {
    for (const sequence of [1, 3, 2, 2, 4]) receive(rtp(sequence));
    expect(sink.played).toEqual([1, 3, 2, 4]);
    expect(session.stats(now).received).toMatchObject({ duplicates: 1, reordered: 1, lost: 0 });
  });

  it('counts and drops what it did not negotiate or cannot read', () => {
    receive(rtp(1, { payloadType: 18 }));
    receive(Uint8Array.of(0x80, 0, 0));
    receive(Uint8Array.of(0, 1, 0, 0));
    receive(new Uint8Array(0));
    expect(session.stats(now).dropped).toMatchObject({ unknownPayloadType: 1, invalid: 3 });
    expect(sink.played).toEqual([]);
  });

  it('follows a new SSRC after the old one fell silent, and back', () => {
    stream(10, 12);
    stream(500, 503, SDP, { ssrc: 2 });
    expect(sink.sources).toEqual([SSRC, 2]);
    expect(sink.played.slice(3).at(0)).toBeLessThanOrEqual(502);
    stream(13, 16);
    expect(sink.sources).toEqual([SSRC, 2, SSRC]);
    expect(session.stats(now).received.sourceChanges).toBe(2);
  });

  it('does not let a second SSRC break into a stream that goes on', () => {
    for (let i = 0; i < 50; i++) {
      stream(10 + i, 10 + i);
      receive(rtp(700 + i, { ssrc: 2 }));
    }
    expect(sink.sources).toEqual([SSRC]);
    expect(sink.played).toHaveLength(50);
    expect(session.stats(now).dropped.unexpectedSsrc).toBe(50);
  });

  it('does not believe single packets of random sources', () => {
    stream(10, 12);
    now += 500;
    for (let i = 0; i < 20; i++) receive(rtp(i * 777, { ssrc: 100 + i }));
    expect(sink.sources).toEqual([SSRC]);
  });

  it('starts over when the sequence jumps and goes on from there', () => {
    stream(10, 12);
    stream(30_000, 30_002);
    expect(sink.played).toEqual([10, 11, 12, 30_001, 30_002]);
    expect(sink.sources).toEqual([SSRC, SSRC]);
    expect(session.stats(now).dropped.badSequence).toBe(1);
  });

  it('hears its own packets when an echo service reflects them', () => {
    for (let i = 0; i < 5; i++) sendAudio(i * 160);
    for (const data of sink.rtp) receive(data);
    expect(sink.played).toHaveLength(5);
  });
});

describe('RtpSession and the address of the peer', () => {
  it('latches to another address after several packets while the expected one is silent', () => {
    stream(1, 3, NAT);
    expect(sink.played).toEqual([]);
    stream(4, 6, NAT);
    expect(sink.played).toEqual([4, 5, 6]);
    expect(session.remote).toEqual(NAT);
    expect(session.rtcpRemote).toEqual({ host: NAT.host, port: NAT.port + 1 });
    expect(sink.remotes).toEqual(['203.0.113.9:61000']);
  });

  it('stays with the address of the SDP while that one sends', () => {
    for (let i = 0; i < 100; i++) {
      stream(i, i);
      receive(rtp(i, { ssrc: 9 }), NAT);
    }
    expect(session.remote).toEqual(SDP);
    expect(sink.played).toHaveLength(100);
    expect(session.stats(now).dropped.unexpectedAddress).toBe(100);
  });

  it('returns to the address of the SDP as soon as it sends', () => {
    stream(1, 6, NAT);
    expect(session.remote).toEqual(NAT);
    stream(7, 8);
    expect(session.remote).toEqual(SDP);
    expect(sink.played.slice(-2)).toEqual([7, 8]);
  });

  it('follows a peer whose address changes in mid-call', () => {
    stream(1, 10);
    now += 400;
    stream(31, 50, NAT);
    expect(session.remote).toEqual(NAT);
    expect(sink.played.at(-1)).toBe(50);
  });

  it('is not moved by packets that do not make one stream', () => {
    for (let i = 0; i < 50; i++) {
      now += 20;
      receive(rtp(i, { ssrc: i }), NAT);
      receive(rtp(i * 1000, {}), NAT);
      receive(rtp(i, { payloadType: 77 }), NAT);
      receive(Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 1), NAT);
      receive(new Uint8Array(20), NAT);
    }
    expect(session.remote).toEqual(SDP);
    expect(sink.played).toEqual([]);
  });

  it('believes the SDP only, when latching is off', () => {
    create({ latching: false });
    stream(1, 50, NAT);
    expect(sink.played).toEqual([]);
    expect(session.remote).toEqual(SDP);
  });

  it('goes where a re-INVITE says, and does not fall back to the old address at once', () => {
    const moved = { host: '192.0.2.77', port: 5000 };
    stream(1, 10);
    configure(moved);
    expect(session.remote).toEqual(moved);
    stream(11, 20);
    expect(session.remote).toEqual(moved);
    stream(1, 5, moved, { ssrc: 4 });
    expect(sink.played.slice(-5)).toEqual([1, 2, 3, 4, 5]);
    expect(session.remote).toEqual(moved);
  });

  it('keeps what it learnt over a re-INVITE that does not change the address', () => {
    stream(1, 10, NAT);
    configure();
    expect(session.remote).toEqual(NAT);
    stream(11, 12, NAT);
    expect(sink.played.at(-1)).toBe(12);
  });

  it('learns the address of RTCP from a report of the source it plays', () => {
    stream(1, 3);
    receiveRtcp(new RtcpWriter().receiverReport(SSRC, []), { host: SDP.host, port: 9999 });
    expect(session.rtcpRemote).toEqual({ host: SDP.host, port: 9999 });
    receiveRtcp(new RtcpWriter().receiverReport(0xbad, []), { host: SDP.host, port: 1 });
    expect(session.rtcpRemote?.port).toBe(9999);
  });

  it('sends RTCP where RTP goes when both share a port', () => {
    configure(SDP, true);
    expect(session.rtcpRemote).toEqual(SDP);
  });
});

describe('RtpSession.explainSilence', () => {
  it('names the address that nothing came from', () => {
    expect(session.explainSilence()).toBe('no RTP came at all; the SDP said 192.0.2.1:4000');
  });

  it('names the address that something came from', () => {
    create({ latching: false });
    stream(1, 7, NAT);
    expect(session.explainSilence()).toBe(
      'RTP came from another address (7 from 203.0.113.9:61000), but the SDP said 192.0.2.1:4000',
    );
  });

  it('names a wrong payload type', () => {
    receive(rtp(1, { payloadType: 18 }));
    expect(session.explainSilence()).toContain('payload type that was not negotiated');
  });

  it('says that a stream stopped', () => {
    stream(1, 3);
    expect(session.explainSilence()).toBe('the RTP from 192.0.2.1:4000 stopped after 3 packets');
  });
});

describe('RtpSession and RTCP', () => {
  it('reports what it sends and receives, and says goodbye', () => {
    for (let i = 0; i < 400; i++) {
      stream(i === 100 ? 101 : i, i === 100 ? 100 : i);
      sendAudio(i * 160);
      session.poll(now);
    }
    expect(sink.rtcp.length).toBeGreaterThanOrEqual(1);
    const packets = parseRtcp(sink.rtcp[0], 0, sink.rtcp[0].length);
    expect(packets?.map(({ type }) => type)).toEqual(['sr', 'sdes']);
    expect(packets?.[0]).toMatchObject({ ssrc: session.ssrc, reports: [{ ssrc: SSRC }] });
    session.close(now);
    const last = sink.rtcp.at(-1) ?? new Uint8Array(0);
    expect(parseRtcp(last, 0, last.length)?.map(({ type }) => type)).toEqual(['sr', 'sdes', 'bye']);
    sendAudio(0);
    session.poll(now + 1e6);
    session.close(now);
    expect(sink.rtcp.at(-1)).toBe(last);
  });

  it('sends an RR while it sends no media, without a block while it hears none', () => {
    now += 10_000;
    session.poll(now);
    now += 10_000;
    session.poll(now);
    const first = sink.rtcp[0];
    expect(parseRtcp(first, 0, first.length)?.[0]).toEqual({ type: 'rr', ssrc: session.ssrc, reports: [] });
  });

  it('relates the NTP time of a report to the RTP timestamp of the same moment', () => {
    sendAudio(0);
    const view = new RtpPacketView();
    view.parse(sink.rtp[0], 0, 172);
    now += 10_000;
    session.poll(now);
    const report = parseRtcp(sink.rtcp[0], 0, sink.rtcp[0].length)?.[0];
    if (report?.type !== 'sr') throw new Error('no sender report');
    expect((report.rtpTimestamp - view.timestamp) >>> 0).toBe(80_000);
    expect(report.ntpSeconds - 2_208_988_800).toBe(1_800_000_000 + 11);
  });

  it('computes the round-trip time from LSR and DLSR', () => {
    sendAudio(0);
    now += 10_000;
    session.poll(now);
    const report = parseRtcp(sink.rtcp[0], 0, sink.rtcp[0].length)?.[0];
    if (report?.type !== 'sr') throw new Error('no sender report');
    const lastSr = (((report.ntpSeconds & 0xffff) << 16) | (report.ntpFraction >>> 16)) >>> 0;
    now += 300;
    const block = {
      ssrc: session.ssrc,
      fractionLost: 64,
      cumulativeLost: 3,
      extendedHighest: 0,
      jitter: 80,
      lastSr,
      delaySinceLastSr: Math.round(0.25 * 65_536),
    };
    receiveRtcp(new RtcpWriter().receiverReport(SSRC, [block]));
    const stats = session.stats(now + 1000);
    expect(stats.roundTripMs).toBeCloseTo(50, 0);
    expect(stats.remoteReport).toEqual({ fractionLost: 0.25, lost: 3, jitterMs: 10, ageMs: 1000 });
  });

  it('exchanges VoIP metrics, and learns the round-trip time from RRTR and DLRR without sending media', () => {
    stream(1, 3);
    session.voipMetrics = () => METRICS;
    now += 10_000;
    stream(4, 4);
    session.poll(now);
    const report = parseRtcp(sink.rtcp[0], 0, sink.rtcp[0].length);
    expect(report?.map(({ type }) => type)).toEqual(['rr', 'sdes', 'xr']);
    const xr = report?.[2];
    if (xr?.type !== 'xr' || xr.blocks[0].type !== 'rrtr') throw new Error('no reference time');
    expect(xr.blocks[1]).toEqual({ type: 'voip-metrics', ssrc: SSRC, metrics: METRICS });
    const { ntpSeconds, ntpFraction } = xr.blocks[0];
    const lastRr = (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
    now += 140;
    receiveRtcp(
      new RtcpWriter().receiverReport(SSRC, []).extendedReport(SSRC, [
        { type: 'dlrr', items: [{ ssrc: session.ssrc, lastRr, delaySinceLastRr: Math.round(0.1 * 65_536) }] },
        { type: 'voip-metrics', ssrc: session.ssrc, metrics: { ...METRICS, lossRate: 99 } },
      ]),
    );
    expect(session.stats(now).roundTripMs).toBeCloseTo(40, 0);
    expect(session.remoteVoipMetrics?.lossRate).toBe(99);
  });

  it('passes on the BYE of the source it plays, once', () => {
    stream(1, 3);
    receiveRtcp(new RtcpWriter().receiverReport(77, []).bye(77, 'somebody else'));
    receiveRtcp(new RtcpWriter().receiverReport(SSRC, []));
    expect(sink.byes).toEqual([]);
    receiveRtcp(new RtcpWriter().receiverReport(SSRC, []).bye(SSRC, 'done'));
    expect(sink.byes).toEqual(['done']);
  });

  it('counts malformed reports and those of strangers, and does nothing else with them', () => {
    stream(1, 3);
    receive(Uint8Array.of(0x80, 201, 0, 9, 0, 0, 0, 1), SDP_RTCP);
    receive(Uint8Array.of(0x81, 203, 0, 1, 0, 0, 0, 1), SDP_RTCP);
    receiveRtcp(new RtcpWriter().receiverReport(SSRC, []).bye(SSRC), { host: '198.51.100.1', port: 1 });
    expect(session.stats(now).rtcp).toMatchObject({ received: 0, invalid: 2 });
    expect(sink.byes).toEqual([]);
  });
});
