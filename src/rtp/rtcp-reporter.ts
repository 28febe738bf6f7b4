/**
 * The RTCP side of a session: decides when to report, builds SR or RR with SDES (and XR when negotiated), and takes
 * in the peer's reports: round-trip time, what it receives of us, BYE. Belongs to one RtpSession; does no I/O.
 */
import type { Random } from '../base/random.js';
import type { SourceStats } from './receiver-stats.js';
import { isCompound, parseRtcp, type ReportBlock, type RtcpPacket } from './rtcp.js';
import { RtcpSchedule } from './rtcp-schedule.js';
import { RtcpWriter } from './rtcp-writer.js';
import type { VoipMetrics, XrBlock } from './rtcp-xr.js';

/** What the peer last reported about our stream. */
export interface RemoteReport {
  /** Share of packets lost in the peer's last interval, 0–1. */
  fractionLost: number;
  lost: number;
  jitterMs: number;
  /** Time since the report came, ms. */
  ageMs: number;
}

export interface RtcpReporterOptions {
  ssrc: number;
  random: Random;
  cname: string;
  /** ms since 1970. */
  wallTime: () => number;
  enabled: boolean;
  intervalMs?: number;
}

/** Our stream at the moment of a report, and the source we receive. */
export interface LocalStream {
  packets: number;
  bytes: number;
  timestamp: number;
  source: SourceStats | undefined;
}

/** Seconds from 1900 to 1970 (RFC 5905 §6). */
const NTP_EPOCH_OFFSET = 2_208_988_800;
const TWO_32 = 0x1_0000_0000;
/** Round-trip times beyond this come from broken clocks, ms. */
const MAX_ROUND_TRIP_MS = 30_000;

export class RtcpReporter {
  sent = 0;
  received = 0;
  invalid = 0;
  roundTripMs: number | undefined;
  byeReason: string | undefined;
  /** The peer's view of the call, when it sends XR. */
  remoteMetrics: VoipMetrics | undefined;
  /** Set to send XR blocks (RFC 3611; only when the peer asked for them by a=rtcp-xr); asked once per report. */
  localMetrics: (() => VoipMetrics) | undefined;

  readonly #options: RtcpReporterOptions;
  readonly #schedule: RtcpSchedule;
  readonly #writer = new RtcpWriter();
  #bye = false;
  #packetsAtLastReport = 0;
  #receivedAtLastReport = 0;
  #weSent = false;
  #peerSent = false;
  /** Middle 32 bits of the last SR and when it came. */
  #lastSr = 0;
  #lastSrMs = 0;
  #lastSrSource = 0;
  #lastRrtr = 0;
  #lastRrtrMs = 0;
  #lastRrtrSource = 0;
  #report: ReportBlock | undefined;
  #reportMs = 0;

  constructor(options: RtcpReporterOptions) {
    this.#options = options;
    this.#schedule = new RtcpSchedule(options.random, options.intervalMs);
  }

  get buffer(): Uint8Array {
    return this.#writer.buffer;
  }

  get started(): boolean {
    return this.#options.enabled && this.#schedule.started;
  }

  start(nowMs: number): void {
    this.#schedule.start(nowMs);
  }

  due(nowMs: number): boolean {
    return this.started && this.#schedule.due(nowMs, this.#senders(), this.#weSent);
  }

  /** Builds a compound packet into {@link buffer}. @returns its length */
  build(nowMs: number, bye: boolean, local: LocalStream): number {
    const { ssrc, cname } = this.#options;
    const { source } = local;
    this.#weSent = local.packets > this.#packetsAtLastReport;
    this.#packetsAtLastReport = local.packets;
    this.#peerSent = source !== undefined && source.received > this.#receivedAtLastReport;
    // RFC 3550 §6.4: a block only for sources heard since the last report.
    const reports = source && this.#peerSent ? [this.#reportBlock(source, nowMs)] : [];
    this.#receivedAtLastReport = source?.received ?? 0;

    const writer = this.#writer.clear();
    const ntp = this.#ntpNow();
    if (this.#weSent) {
      writer.senderReport({
        ssrc,
        ntpSeconds: ntp.seconds,
        ntpFraction: ntp.fraction,
        rtpTimestamp: local.timestamp,
        packetCount: local.packets,
        octetCount: local.bytes % TWO_32,
        reports,
      });
    } else {
      writer.receiverReport(ssrc, reports);
    }
    writer.cname(ssrc, cname);
    const blocks = this.#xrBlocks(source, nowMs, ntp);
    if (blocks.length > 0) writer.extendedReport(ssrc, blocks);
    if (bye) writer.bye(ssrc);
    this.sent++;
    this.#schedule.onSent(writer.length, nowMs, this.#senders(), this.#weSent);
    return writer.length;
  }

  /**
   * Takes a received datagram.
   * @returns the SSRC of its sender, -1 when it is malformed
   */
  receive(data: Uint8Array, start: number, length: number, nowMs: number): number {
    const packets = parseRtcp(data, start, start + length);
    if (!packets || !isCompound(packets)) {
      this.invalid++;
      return -1;
    }
    this.received++;
    this.#bye = false;
    this.#schedule.onReceived(length);
    const first = packets[0];
    for (const packet of packets) this.#take(packet, nowMs);
    return first.type === 'sr' || first.type === 'rr' ? first.ssrc : -1;
  }

  /** True when the datagram last received held a BYE. */
  get saidBye(): boolean {
    return this.#bye;
  }

  remoteReport(nowMs: number, clockRate: number): RemoteReport | undefined {
    const report = this.#report;
    return (
      report && {
        fractionLost: report.fractionLost / 256,
        lost: report.cumulativeLost,
        jitterMs: (report.jitter * 1000) / clockRate,
        ageMs: nowMs - this.#reportMs,
      }
    );
  }

  #take(packet: RtcpPacket, nowMs: number): void {
    switch (packet.type) {
      case 'sr':
        this.#lastSr = middle32(packet.ntpSeconds, packet.ntpFraction);
        this.#lastSrMs = nowMs;
        this.#lastSrSource = packet.ssrc;
        this.#takeReports(packet.reports, nowMs);
        break;
      case 'rr':
        this.#takeReports(packet.reports, nowMs);
        break;
      case 'bye':
        this.#bye = true;
        this.byeReason = packet.reason;
        break;
      case 'xr':
        for (const block of packet.blocks) this.#takeXr(packet.ssrc, block, nowMs);
        break;
      default:
        break;
    }
  }

  #takeReports(reports: ReadonlyArray<ReportBlock>, nowMs: number): void {
    for (const report of reports) {
      if (report.ssrc !== this.#options.ssrc) continue;
      this.#report = report;
      this.#reportMs = nowMs;
      this.#learnRoundTrip(report.lastSr, report.delaySinceLastSr);
    }
  }

  #takeXr(ssrc: number, block: XrBlock, nowMs: number): void {
    if (block.type === 'rrtr') {
      this.#lastRrtr = middle32(block.ntpSeconds, block.ntpFraction);
      this.#lastRrtrMs = nowMs;
      this.#lastRrtrSource = ssrc;
    } else if (block.type === 'dlrr') {
      for (const item of block.items) {
        if (item.ssrc === this.#options.ssrc) this.#learnRoundTrip(item.lastRr, item.delaySinceLastRr);
      }
    } else if (block.type === 'voip-metrics' && block.ssrc === this.#options.ssrc) {
      this.remoteMetrics = block.metrics;
    }
  }

  /** RFC 3550 §6.4.1: A - LSR - DLSR in 1/65536 s. */
  #learnRoundTrip(last: number, delay: number): void {
    if (last === 0) return;
    const now = this.#ntpNow();
    const units = (middle32(now.seconds, now.fraction) - last - delay) | 0;
    const ms = (units * 1000) / 65536;
    // A few ms below zero are the rounding and the coarse clocks of some peers.
    if (ms > -50 && ms < MAX_ROUND_TRIP_MS) this.roundTripMs = Math.max(0, ms);
  }

  #reportBlock(source: SourceStats, nowMs: number): ReportBlock {
    const known = this.#lastSr !== 0 && this.#lastSrSource === source.ssrc;
    return {
      ssrc: source.ssrc,
      fractionLost: source.takeFractionLost(),
      cumulativeLost: source.cumulativeLost,
      extendedHighest: source.extendedHighest,
      jitter: Math.floor(source.jitter),
      lastSr: known ? this.#lastSr : 0,
      delaySinceLastSr: known ? sinceIn65536(this.#lastSrMs, nowMs) : 0,
    };
  }

  #xrBlocks(
    source: SourceStats | undefined,
    nowMs: number,
    ntp: { seconds: number; fraction: number },
  ): XrBlock[] {
    const blocks: XrBlock[] = [];
    if (!this.localMetrics || !source) return blocks;
    blocks.push({ type: 'rrtr', ntpSeconds: ntp.seconds, ntpFraction: ntp.fraction });
    if (this.#lastRrtr !== 0) {
      const delaySinceLastRr = sinceIn65536(this.#lastRrtrMs, nowMs);
      blocks.push({
        type: 'dlrr',
        items: [{ ssrc: this.#lastRrtrSource, lastRr: this.#lastRrtr, delaySinceLastRr }],
      });
    }
    blocks.push({ type: 'voip-metrics', ssrc: source.ssrc, metrics: this.localMetrics() });
    return blocks;
  }

  #senders(): number {
    return (this.#weSent ? 1 : 0) + (this.#peerSent ? 1 : 0);
  }

  #ntpNow(): { seconds: number; fraction: number } {
    const ms = this.#options.wallTime();
    const seconds = Math.floor(ms / 1000);
    return {
      seconds: (seconds + NTP_EPOCH_OFFSET) % TWO_32,
      fraction: Math.floor(((ms - seconds * 1000) / 1000) * TWO_32),
    };
  }
}

/** The middle 32 bits of a 64-bit NTP time. */
function middle32(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}

function sinceIn65536(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.round(((nowMs - thenMs) * 65536) / 1000)) % TWO_32;
}
