/**
 * How well a call went between two looks at its statistics, in a few numbers and the 0–5 points people read. Pure: for
 * whoever reports quality from time to time.
 */
import { estimateQuality } from '../rtp/mos.js';
import type { MediaStats } from './types.js';

/** No usable audio, very bad, bad, medium, good, excellent; -1: nothing was to be heard. */
export type QualityPoints = -1 | 0 | 1 | 2 | 3 | 4 | 5;

export interface QualityReport {
  points: QualityPoints;
  /** ITU-T G.107 estimate for the interval, 1 to 4.5. */
  mos: number;
  /** RTP packets. */
  sent: number;
  /** RTP packets that were played. */
  received: number;
  lost: number;
  /** Packets that were late, out of order, twice there, broken, strange or refused, and frames sent too late. */
  issues: number;
}

/** Who hears this little of what we send hears nothing: comfort noise alone would be more. */
const SILENT_SHARE = 0.01;
/** Collecting a packet and waiting for the clock, at both ends. */
const PROCESSING_MS = 40;

/** @param before an earlier look at the same call; its beginning when absent */
export function qualityReport(now: MediaStats, before?: MediaStats): QualityReport {
  const sent = now.sent.packets - (before?.sent.packets ?? 0);
  const arrived = now.received.packets - (before?.received.packets ?? 0);
  const late = now.received.late - (before?.received.late ?? 0);
  const lost = Math.max(0, now.received.lost - (before?.received.lost ?? 0));
  const played = Math.max(0, arrived - late - (now.received.duplicate - (before?.received.duplicate ?? 0)));
  const expected = played + late + lost;
  const { points, mos } = estimateQuality({
    codec: now.codec ?? '',
    lossRatio: expected === 0 ? 1 : (lost + late) / expected,
    oneWayDelayMs: (now.roundTripMs ?? 0) / 2 + now.delayMs + PROCESSING_MS,
    burstRatio: now.bursts.ratio,
  });
  return {
    points: sent + expected === 0 ? -1 : arrived <= sent * SILENT_SHARE ? 0 : (points as QualityPoints),
    mos,
    sent,
    received: played,
    lost,
    issues: issuesOf(now) - (before ? issuesOf(before) : 0),
  };
}

function issuesOf({ received, skippedFrames }: MediaStats): number {
  const { late, outOfOrder, duplicate, invalid, unexpected, notAuthentic, replayed } = received;
  return late + outOfOrder + duplicate + invalid + unexpected + notAuthentic + replayed + skippedFrames;
}
