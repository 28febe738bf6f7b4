/**
 * RTCP packets (RFC 3550 §6): their shapes and the strict parser of compound packets. Called by the reporter for each
 * received RTCP datagram, a few per minute, so it returns plain objects. Never throws: anything malformed makes the
 * whole datagram unusable (RFC 3550 A.2).
 */
import { utf8Text } from '../base/bytes.js';
import { readUint32 } from './packet.js';
import { parseXrBlocks, type XrBlock } from './rtcp-xr.js';

/** RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2. */
export const RtcpType = {
  SR: 200,
  RR: 201,
  SDES: 202,
  BYE: 203,
  APP: 204,
  RTPFB: 205,
  PSFB: 206,
  XR: 207,
} as const;

/** SDES item of the canonical name (RFC 3550 §6.5.1). */
export const SDES_CNAME = 1;

/** What a receiver says about one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  ssrc: number;
  /** In 1/256. */
  fractionLost: number;
  /** Signed. */
  cumulativeLost: number;
  extendedHighest: number;
  /** RTP clock units. */
  jitter: number;
  /** Middle 32 bits of the NTP time in the last SR, 0 when none came. */
  lastSr: number;
  /** Delay since that SR, 1/65536 s. */
  delaySinceLastSr: number;
}

export interface SenderReport {
  type: 'sr';
  ssrc: number;
  ntpSeconds: number;
  ntpFraction: number;
  rtpTimestamp: number;
  packetCount: number;
  octetCount: number;
  reports: ReportBlock[];
}

export interface ReceiverReport {
  type: 'rr';
  ssrc: number;
  reports: ReportBlock[];
}

export interface SourceDescription {
  type: 'sdes';
  chunks: Array<{ ssrc: number; items: Array<{ type: number; text: string }> }>;
}

export interface Goodbye {
  type: 'bye';
  sources: number[];
  reason?: string;
}

export interface ApplicationDefined {
  type: 'app';
  subtype: number;
  ssrc: number;
  /** Four ASCII characters. */
  name: string;
  data: Uint8Array;
}

export interface ExtendedReport {
  type: 'xr';
  ssrc: number;
  blocks: XrBlock[];
}

/** Feedback (RFC 4585), recognised and otherwise left alone: it has no use for audio. */
export interface Feedback {
  type: 'feedback';
  packetType: number;
  format: number;
  ssrc: number;
  mediaSsrc: number;
}

export interface UnknownRtcp {
  type: 'unknown';
  packetType: number;
}

export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | ApplicationDefined
  | ExtendedReport
  | Feedback
  | UnknownRtcp;

const REPORT_BLOCK_LENGTH = 24;

/**
 * Parses `data[start..end)` as RTCP packets, one after the other.
 * @returns undefined when any of them is malformed
 */
export function parseRtcp(data: Uint8Array, start: number, end: number): RtcpPacket[] | undefined {
  const packets: RtcpPacket[] = [];
  let offset = start;
  while (offset < end) {
    if (end - offset < 4 || data[offset] >> 6 !== 2) return undefined;
    const length = 4 * (((data[offset + 2] << 8) | data[offset + 3]) + 1);
    const next = offset + length;
    if (next > end) return undefined;
    let bodyEnd = next;
    if ((data[offset] & 0x20) !== 0) {
      // Only the last packet of a compound may be padded (RFC 3550 §6.4.1).
      const padding = data[next - 1];
      if (next !== end || padding === 0 || padding % 4 !== 0 || padding > length - 4) return undefined;
      bodyEnd -= padding;
    }
    const packet = parseOne(data, offset, bodyEnd);
    if (!packet) return undefined;
    packets.push(packet);
    offset = next;
  }
  return packets.length > 0 ? packets : undefined;
}

/** RFC 3550 §6.1: a compound packet begins with SR or RR. */
export function isCompound(packets: ReadonlyArray<RtcpPacket>): boolean {
  const first = packets[0];
  return first !== undefined && (first.type === 'sr' || first.type === 'rr');
}

/** One packet: header at `offset`, body up to `end`, padding cut off. */
function parseOne(data: Uint8Array, offset: number, end: number): RtcpPacket | undefined {
  const count = data[offset] & 0x1f;
  const packetType = data[offset + 1];
  const body = offset + 4;
  const length = end - body;
  switch (packetType) {
    case RtcpType.SR: {
      if (length < 24 + count * REPORT_BLOCK_LENGTH) return undefined;
      return {
        type: 'sr',
        ssrc: readUint32(data, body),
        ntpSeconds: readUint32(data, body + 4),
        ntpFraction: readUint32(data, body + 8),
        rtpTimestamp: readUint32(data, body + 12),
        packetCount: readUint32(data, body + 16),
        octetCount: readUint32(data, body + 20),
        reports: parseReports(data, body + 24, count),
      };
    }
    case RtcpType.RR:
      if (length < 4 + count * REPORT_BLOCK_LENGTH) return undefined;
      return { type: 'rr', ssrc: readUint32(data, body), reports: parseReports(data, body + 4, count) };
    case RtcpType.SDES:
      return parseSdes(data, body, end, count);
    case RtcpType.BYE:
      return parseBye(data, body, end, count);
    case RtcpType.APP:
      if (length < 8) return undefined;
      return {
        type: 'app',
        subtype: count,
        ssrc: readUint32(data, body),
        name: utf8Text(data.subarray(body + 4, body + 8)),
        data: data.slice(body + 8, end),
      };
    case RtcpType.RTPFB:
    case RtcpType.PSFB:
      if (length < 8) return undefined;
      return {
        type: 'feedback',
        packetType,
        format: count,
        ssrc: readUint32(data, body),
        mediaSsrc: readUint32(data, body + 4),
      };
    case RtcpType.XR: {
      if (length < 4) return undefined;
      const blocks = parseXrBlocks(data, body + 4, end);
      return blocks && { type: 'xr', ssrc: readUint32(data, body), blocks };
    }
    default:
      return { type: 'unknown', packetType };
  }
}

function parseReports(data: Uint8Array, offset: number, count: number): ReportBlock[] {
  const reports: ReportBlock[] = [];
  for (let i = 0; i < count; i++, offset += REPORT_BLOCK_LENGTH) {
    const loss = readUint32(data, offset + 4);
    reports.push({
      ssrc: readUint32(data, offset),
      fractionLost: loss >>> 24,
      cumulativeLost: (loss << 8) >> 8,
      extendedHighest: readUint32(data, offset + 8),
      jitter: readUint32(data, offset + 12),
      lastSr: readUint32(data, offset + 16),
      delaySinceLastSr: readUint32(data, offset + 20),
    });
  }
  return reports;
}

/** RFC 3550 §6.5: chunks of items, each chunk ended by a zero byte and filled up to four. */
function parseSdes(
  data: Uint8Array,
  offset: number,
  end: number,
  count: number,
): SourceDescription | undefined {
  const chunks: SourceDescription['chunks'] = [];
  for (let i = 0; i < count; i++) {
    if (offset + 4 > end) return undefined;
    const ssrc = readUint32(data, offset);
    const items: Array<{ type: number; text: string }> = [];
    const chunkStart = offset;
    offset += 4;
    for (;;) {
      if (offset >= end) return undefined;
      const type = data[offset];
      if (type === 0) break;
      if (offset + 2 > end) return undefined;
      const length = data[offset + 1];
      if (offset + 2 + length > end) return undefined;
      items.push({ type, text: utf8Text(data.subarray(offset + 2, offset + 2 + length)) });
      offset += 2 + length;
    }
    offset = chunkStart + 4 * (Math.floor((offset - chunkStart) / 4) + 1);
    if (offset > end) return undefined;
    chunks.push({ ssrc, items });
  }
  return { type: 'sdes', chunks };
}

function parseBye(data: Uint8Array, offset: number, end: number, count: number): Goodbye | undefined {
  if (offset + 4 * count > end) return undefined;
  const sources: number[] = [];
  for (let i = 0; i < count; i++, offset += 4) sources.push(readUint32(data, offset));
  if (offset === end) return { type: 'bye', sources };
  const length = data[offset];
  if (offset + 1 + length > end) return undefined;
  return { type: 'bye', sources, reason: utf8Text(data.subarray(offset + 1, offset + 1 + length)) };
}
