/**
 * Extended report blocks (RFC 3611) that a telephone uses: receiver reference time and its answer (RRTR, DLRR; §4.4,
 * §4.5) and VoIP metrics (§4.7). Parsed and written for rtcp.ts and rtcp-writer.ts; other blocks are skipped. Pure.
 */
import { readUint32, writeUint32 } from './packet.js';

const XrBlockType = { RRTR: 4, DLRR: 5, VOIP_METRICS: 7 } as const;

/** RFC 3611 §4.7: "this parameter is unavailable". */
export const XR_UNAVAILABLE = 127;

/** VoIP metrics with the units of RFC 3611 §4.7: rates and densities in 1/256, times in ms, MOS times 10. */
export interface VoipMetrics {
  lossRate: number;
  discardRate: number;
  burstDensity: number;
  gapDensity: number;
  burstDurationMs: number;
  gapDurationMs: number;
  roundTripMs: number;
  endSystemDelayMs: number;
  /** dBm0, signed. */
  signalLevel: number;
  noiseLevel: number;
  /** Residual echo return loss, dB. */
  rerl: number;
  gmin: number;
  rFactor: number;
  externalRFactor: number;
  mosLq: number;
  mosCq: number;
  /** Loss concealment, jitter buffer kind and rate (§4.7.6). */
  rxConfig: number;
  jitterBufferNominalMs: number;
  jitterBufferMaximumMs: number;
  jitterBufferAbsMaxMs: number;
}

export type XrBlock =
  | { type: 'rrtr'; ntpSeconds: number; ntpFraction: number }
  | { type: 'dlrr'; items: Array<{ ssrc: number; lastRr: number; delaySinceLastRr: number }> }
  | { type: 'voip-metrics'; ssrc: number; metrics: VoipMetrics }
  | { type: 'unknown'; blockType: number };

const VOIP_METRICS_WORDS = 8;

/** @returns undefined when a block is malformed */
export function parseXrBlocks(data: Uint8Array, offset: number, end: number): XrBlock[] | undefined {
  const blocks: XrBlock[] = [];
  while (offset < end) {
    if (offset + 4 > end) return undefined;
    const blockType = data[offset];
    const words = (data[offset + 2] << 8) | data[offset + 3];
    const body = offset + 4;
    offset = body + 4 * words;
    if (offset > end) return undefined;
    if (blockType === XrBlockType.RRTR) {
      if (words !== 2) return undefined;
      blocks.push({
        type: 'rrtr',
        ntpSeconds: readUint32(data, body),
        ntpFraction: readUint32(data, body + 4),
      });
    } else if (blockType === XrBlockType.DLRR) {
      if (words % 3 !== 0) return undefined;
      blocks.push({ type: 'dlrr', items: parseDlrr(data, body, words / 3) });
    } else if (blockType === XrBlockType.VOIP_METRICS) {
      if (words !== VOIP_METRICS_WORDS) return undefined;
      const metrics = parseVoipMetrics(data, body + 4);
      blocks.push({ type: 'voip-metrics', ssrc: readUint32(data, body), metrics });
    } else {
      blocks.push({ type: 'unknown', blockType });
    }
  }
  return blocks;
}

function parseDlrr(data: Uint8Array, offset: number, count: number) {
  const items: Array<{ ssrc: number; lastRr: number; delaySinceLastRr: number }> = [];
  for (let i = 0; i < count; i++, offset += 12) {
    items.push({
      ssrc: readUint32(data, offset),
      lastRr: readUint32(data, offset + 4),
      delaySinceLastRr: readUint32(data, offset + 8),
    });
  }
  return items;
}

function parseVoipMetrics(data: Uint8Array, at: number): VoipMetrics {
  return {
    lossRate: data[at],
    discardRate: data[at + 1],
    burstDensity: data[at + 2],
    gapDensity: data[at + 3],
    burstDurationMs: readUint16(data, at + 4),
    gapDurationMs: readUint16(data, at + 6),
    roundTripMs: readUint16(data, at + 8),
    endSystemDelayMs: readUint16(data, at + 10),
    signalLevel: signed8(data[at + 12]),
    noiseLevel: signed8(data[at + 13]),
    rerl: data[at + 14],
    gmin: data[at + 15],
    rFactor: data[at + 16],
    externalRFactor: data[at + 17],
    mosLq: data[at + 18],
    mosCq: data[at + 19],
    rxConfig: data[at + 20],
    jitterBufferNominalMs: readUint16(data, at + 22),
    jitterBufferMaximumMs: readUint16(data, at + 24),
    jitterBufferAbsMaxMs: readUint16(data, at + 26),
  };
}

/** Writes one block with its header. @returns the offset after it */
export function writeXrBlock(out: Uint8Array, offset: number, block: XrBlock): number {
  switch (block.type) {
    case 'rrtr':
      offset = writeBlockHeader(out, offset, XrBlockType.RRTR, 2);
      writeUint32(out, offset, block.ntpSeconds);
      writeUint32(out, offset + 4, block.ntpFraction);
      return offset + 8;
    case 'dlrr':
      offset = writeBlockHeader(out, offset, XrBlockType.DLRR, 3 * block.items.length);
      for (const item of block.items) {
        writeUint32(out, offset, item.ssrc);
        writeUint32(out, offset + 4, item.lastRr);
        writeUint32(out, offset + 8, item.delaySinceLastRr);
        offset += 12;
      }
      return offset;
    case 'voip-metrics':
      offset = writeBlockHeader(out, offset, XrBlockType.VOIP_METRICS, VOIP_METRICS_WORDS);
      writeUint32(out, offset, block.ssrc);
      writeVoipMetrics(out, offset + 4, block.metrics);
      return offset + 4 * VOIP_METRICS_WORDS;
    case 'unknown':
      return writeBlockHeader(out, offset, block.blockType, 0);
  }
}

function writeVoipMetrics(out: Uint8Array, at: number, metrics: VoipMetrics): void {
  out[at] = metrics.lossRate;
  out[at + 1] = metrics.discardRate;
  out[at + 2] = metrics.burstDensity;
  out[at + 3] = metrics.gapDensity;
  writeUint16(out, at + 4, metrics.burstDurationMs);
  writeUint16(out, at + 6, metrics.gapDurationMs);
  writeUint16(out, at + 8, metrics.roundTripMs);
  writeUint16(out, at + 10, metrics.endSystemDelayMs);
  out[at + 12] = metrics.signalLevel;
  out[at + 13] = metrics.noiseLevel;
  out[at + 14] = metrics.rerl;
  out[at + 15] = metrics.gmin;
  out[at + 16] = metrics.rFactor;
  out[at + 17] = metrics.externalRFactor;
  out[at + 18] = metrics.mosLq;
  out[at + 19] = metrics.mosCq;
  out[at + 20] = metrics.rxConfig;
  out[at + 21] = 0;
  writeUint16(out, at + 22, metrics.jitterBufferNominalMs);
  writeUint16(out, at + 24, metrics.jitterBufferMaximumMs);
  writeUint16(out, at + 26, metrics.jitterBufferAbsMaxMs);
}

function writeBlockHeader(out: Uint8Array, offset: number, blockType: number, words: number): number {
  out[offset] = blockType;
  out[offset + 1] = 0;
  writeUint16(out, offset + 2, words);
  return offset + 4;
}

function readUint16(data: Uint8Array, offset: number): number {
  return (data[offset] << 8) | data[offset + 1];
}

/** Saturates: the fields are times in ms. */
function writeUint16(out: Uint8Array, offset: number, value: number): void {
  const bounded = Math.min(0xffff, Math.max(0, Math.round(value)));
  out[offset] = bounded >>> 8;
  out[offset + 1] = bounded;
}

function signed8(byte: number): number {
  return (byte << 24) >> 24;
}
