/** RTP and RTCP: packets, sessions, jitter buffer, telephone-events, quality figures. */

export { BurstMeter, type BurstMetrics } from './burst-meter.js';
export * from './header-extension.js';
export * from './jitter-buffer.js';
export * from './mos.js';
export * from './packet.js';
export type { JitterPacketKind, StorablePacket, StoredPacket } from './packet-ring.js';
export * from './protection.js';
export * from './receiver-stats.js';
export * from './rtcp.js';
export * from './rtcp-writer.js';
export * from './rtcp-xr.js';
export * from './rtp-session.js';
export * from './sequence.js';
export * from './socket.js';
export * from './srtp/srtp.js';
export { SRTP_SUITES, type SrtpSuite } from './srtp/suite-names.js';
export type { SrtpKey } from './srtp/suites.js';
export * from './telephone-event.js';
export * from './telephone-event-receiver.js';
export * from './telephone-event-sender.js';
