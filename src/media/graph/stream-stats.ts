/** Puts the figures of a call stream together for whoever asks; not on the packet path. */
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
    },
    roundTripMs: rtp.roundTripMs,
    remoteReport: rtp.remoteReport && {
      fractionLost: rtp.remoteReport.fractionLost,
      lost: rtp.remoteReport.lost,
      jitterMs: rtp.remoteReport.jitterMs,
    },
    mos: 0,
    delayMs: jitter.delayMs,
    concealedMs: jitter.concealedMs,
    remote: rtp.remote,
    level: { sentDbov: stream.sentLevel.dbov, receivedDbov: stream.receivedLevel.dbov },
    skippedFrames: stream.skippedFrames,
  };
}
