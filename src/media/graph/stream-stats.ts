/** Puts the figures of a call stream together for whoever asks; not on the packet path. */
import { estimateQuality, type Quality } from '../../rtp/mos.js';
import type { MediaStats } from '../types.js';
import type { CallStream } from './call-stream.js';

export function callStreamStats(stream: CallStream, nowMs: number): MediaStats {
  const rtp = stream.rtp.stats(nowMs);
  const jitter = stream.received.jitterStats;
  const { received, dropped } = rtp;
  return {
    codec: stream.sent.codecName ?? stream.received.codecName,
    sent: rtp.sent,
    received: {
      packets: received.packets,
      bytes: received.bytes,
      lost: received.lost,
      late: jitter.late,
      duplicate: received.duplicates,
      outOfOrder: received.reordered,
      jitterMs: received.jitterMs,
      invalid: dropped.invalid + dropped.unknownPayloadType + stream.received.undecodable,
      unexpected: dropped.unexpectedAddress + dropped.unexpectedSsrc,
      notAuthentic: dropped.notAuthentic,
      replayed: dropped.replayed,
    },
    srtp: stream.srtpSuite,
    roundTripMs: rtp.roundTripMs,
    remoteReport: rtp.remoteReport && {
      fractionLost: rtp.remoteReport.fractionLost,
      lost: rtp.remoteReport.lost,
      jitterMs: rtp.remoteReport.jitterMs,
    },
    mos: streamQuality(stream, rtp.roundTripMs).mos,
    bursts: {
      burstDensity: jitter.bursts.burstDensity,
      gapDensity: jitter.bursts.gapDensity,
      burstMs: jitter.bursts.burstPackets * jitter.frameMs,
      gapMs: jitter.bursts.gapPackets * jitter.frameMs,
      ratio: jitter.bursts.ratio,
    },
    remoteMetrics: stream.rtp.remoteVoipMetrics,
    linkTest: stream.linkTest?.stats,
    delayMs: jitter.delayMs,
    concealedMs: jitter.concealedMs,
    remote: rtp.remote,
    voice: stream.voiceStats,
    level: { sentDbov: stream.sentLevel.dbov, receivedDbov: stream.receivedLevel.dbov },
    skippedFrames: stream.skippedFrames,
  };
}

/** Collecting a packet and waiting for the clock, at both ends. */
const PROCESSING_MS = 40;

/** Of the whole call so far. */
export function streamQuality(stream: CallStream, roundTripMs: number | undefined): Quality {
  const { played, lost, delayMs, bursts } = stream.received.jitterStats;
  return estimateQuality({
    codec: stream.received.codecName ?? '',
    lossRatio: played + lost === 0 ? 1 : lost / (played + lost),
    oneWayDelayMs: (roundTripMs ?? 0) / 2 + delayMs + PROCESSING_MS,
    burstRatio: bursts.ratio,
  });
}
