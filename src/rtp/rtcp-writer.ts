/**
 * Writes compound RTCP packets (RFC 3550 §6) into one preallocated buffer. Used by the reporter, and by tests and
 * tools that need RTCP; the inverse of `parseRtcp`.
 */
import { utf8Bytes } from '../base/bytes.js';
import { writeUint32 } from './packet.js';
import {
  type ApplicationDefined,
  type ReportBlock,
  RtcpType,
  SDES_CNAME,
  type SenderReport,
} from './rtcp.js';
import { writeXrBlock, type XrBlock } from './rtcp-xr.js';

/** One report holds at most 31 blocks (RFC 3550 §6.1). */
const MAX_REPORTS = 31;
/** Item and reason lengths are one byte. */
const MAX_TEXT = 255;

export class RtcpWriter {
  readonly buffer: Uint8Array;
  /** Bytes written so far. */
  length = 0;

  /** @param capacity of the buffer in bytes; SRTCP needs room behind what is written */
  constructor(capacity = 1400) {
    this.buffer = new Uint8Array(capacity);
  }

  clear(): this {
    this.length = 0;
    return this;
  }

  senderReport(report: Omit<SenderReport, 'type'>): this {
    const start = this.#begin();
    this.#uint32(report.ssrc);
    this.#uint32(report.ntpSeconds);
    this.#uint32(report.ntpFraction);
    this.#uint32(report.rtpTimestamp);
    this.#uint32(report.packetCount);
    this.#uint32(report.octetCount);
    return this.#end(start, RtcpType.SR, this.#reports(report.reports));
  }

  receiverReport(ssrc: number, reports: ReadonlyArray<ReportBlock>): this {
    const start = this.#begin();
    this.#uint32(ssrc);
    return this.#end(start, RtcpType.RR, this.#reports(reports));
  }

  /** SDES with the canonical name only: nothing else about the user is anybody's business. */
  cname(ssrc: number, cname: string): this {
    const start = this.#begin();
    this.#uint32(ssrc);
    this.#byte(SDES_CNAME);
    this.#text(cname);
    // The list of items ends with a null octet, and more up to the next 32-bit boundary (RFC 3550 §6.5).
    do this.#byte(0);
    while ((this.length - start) % 4 !== 0);
    return this.#end(start, RtcpType.SDES, 1);
  }

  bye(ssrc: number, reason?: string): this {
    const start = this.#begin();
    this.#uint32(ssrc);
    if (reason) {
      this.#text(reason);
      while ((this.length - start) % 4 !== 0) this.#byte(0);
    }
    return this.#end(start, RtcpType.BYE, 1);
  }

  /** The data must be a multiple of four bytes long, the name four ASCII characters (RFC 3550 §6.7). */
  app(packet: Omit<ApplicationDefined, 'type'>): this {
    const start = this.#begin();
    this.#uint32(packet.ssrc);
    for (let i = 0; i < 4; i++) this.#byte(packet.name.charCodeAt(i) & 0x7f);
    this.buffer.set(packet.data, this.length);
    this.length += packet.data.length;
    return this.#end(start, RtcpType.APP, packet.subtype);
  }

  extendedReport(ssrc: number, blocks: ReadonlyArray<XrBlock>): this {
    const start = this.#begin();
    this.#uint32(ssrc);
    for (const block of blocks) this.length = writeXrBlock(this.buffer, this.length, block);
    return this.#end(start, RtcpType.XR, 0);
  }

  #begin(): number {
    const start = this.length;
    this.length += 4;
    return start;
  }

  #end(start: number, packetType: number, count: number): this {
    const words = (this.length - start) / 4 - 1;
    const { buffer } = this;
    buffer[start] = 0x80 | count;
    buffer[start + 1] = packetType;
    buffer[start + 2] = words >>> 8;
    buffer[start + 3] = words;
    return this;
  }

  #reports(reports: ReadonlyArray<ReportBlock>): number {
    const count = Math.min(MAX_REPORTS, reports.length);
    for (let i = 0; i < count; i++) {
      const report = reports[i];
      this.#uint32(report.ssrc);
      this.#uint32((report.fractionLost << 24) | (report.cumulativeLost & 0xffffff));
      this.#uint32(report.extendedHighest);
      this.#uint32(report.jitter);
      this.#uint32(report.lastSr);
      this.#uint32(report.delaySinceLastSr);
    }
    return count;
  }

  #text(text: string): void {
    const bytes = utf8Bytes(text).subarray(0, MAX_TEXT);
    this.#byte(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  #byte(value: number): void {
    this.buffer[this.length++] = value;
  }

  #uint32(value: number): void {
    writeUint32(this.buffer, this.length, value);
    this.length += 4;
  }
}
