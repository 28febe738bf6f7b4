/** The VoIP metrics of a call stream in the units of RFC 3611 §4.7, for its XR reports. Asked for once per report. */
import { GMIN } from '../../rtp/burst-meter.js';
import { type VoipMetrics, XR_UNAVAILABLE } from '../../rtp/rtcp-xr.js';
import type { CallStream } from './call-stream.js';
import { streamQuality } from './stream-stats.js';

/** §4.7.6: standard concealment, adaptive jitter buffer, rate unknown. */
const RX_CONFIG = 0b10_11_0000;

export function voipMetrics(stream: CallStream, roundTripMs: number | undefined): VoipMetrics {
  const { played, lost, late, delayMs, maxDelayMs, bursts, frameMs } = stream.received.jitterStats;
  const expected = Math.max(1, played + lost);
  const quality = streamQuality(stream, roundTripMs);
  return {
    lossRate: in256((lost - late) / expected),
    discardRate: in256(late / expected),
    burstDensity: in256(bursts.burstDensity),
    gapDensity: in256(bursts.gapDensity),
    burstDurationMs: bursts.burstPackets * frameMs,
    gapDurationMs: bursts.gapPackets * frameMs,
    roundTripMs: roundTripMs ?? 0,
    endSystemDelayMs: delayMs,
    signalLevel: Math.max(-127, Math.round(stream.receivedLevel.dbov)),
    noiseLevel: XR_UNAVAILABLE,
    rerl: XR_UNAVAILABLE,
    gmin: GMIN,
    rFactor: Math.round(quality.rFactor),
    externalRFactor: XR_UNAVAILABLE,
    mosLq: Math.round(quality.mosListening * 10),
    mosCq: Math.round(quality.mos * 10),
    rxConfig: RX_CONFIG,
    jitterBufferNominalMs: delayMs,
    jitterBufferMaximumMs: maxDelayMs,
    jitterBufferAbsMaxMs: stream.received.longestDelayMs,
  };
}

function in256(share: number): number {
  return Math.min(255, Math.max(0, Math.floor(share * 256)));
}
