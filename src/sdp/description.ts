/**
 * The session description (RFC 8866) as plain data. Made by `parseSdp` or by hand, written by `printSdp`; the
 * offer/answer engine is its main user. Nothing here judges or changes a description.
 */

/** `a=name` or `a=name:value`; `value` is undefined without a colon and '' with nothing after it. */
export interface Attribute {
  name: string;
  value?: string;
}

/** Any line that has no field of its own. */
export interface SdpLine {
  /** The letter before the "=". */
  type: string;
  value: string;
}

/** `o=` (RFC 8866 §5.2). Ids are texts: they may be 64 bits wide. */
export interface Origin {
  username: string;
  sessionId: string;
  sessionVersion: string;
  netType: string;
  addrType: string;
  address: string;
}

/** `c=IN …` (RFC 8866 §5.7). */
export interface Connection {
  addrType: 'IP4' | 'IP6';
  /** IP literal without brackets, or a host name (RFC 8866 allows it). */
  address: string;
  /** What follows the first "/" of a multicast address: TTL and count of addresses. */
  multicast?: string;
}

/** `b=type:value` (RFC 8866 §5.8); kbit/s for AS and CT, bit/s for TIAS, RS and RR. */
export interface Bandwidth {
  type: string;
  value: number;
}

export interface MediaDescription {
  /** 'audio', 'video', 'application', … */
  kind: string;
  /** 0 means rejected or ended (RFC 3264 §6, §8.2). */
  port: number;
  portCount?: number;
  /** 'RTP/AVP', 'RTP/SAVP', 'udptl', … as spelled by its author. */
  protocol: string;
  /** Payload type numbers for RTP, in order of preference. */
  formats: string[];
  connection?: Connection;
  bandwidth: Bandwidth[];
  attributes: Attribute[];
  /** `i=`, `k=`, further `c=`, and lines of unknown type, in order. */
  other: SdpLine[];
}

export interface SessionDescription {
  version: number;
  origin: Origin;
  sessionName: string;
  connection?: Connection;
  bandwidth: Bandwidth[];
  /** `t=`, `r=` and `z=` in order. */
  timing: SdpLine[];
  attributes: Attribute[];
  media: MediaDescription[];
  /** `i=`, `u=`, `e=`, `p=`, `k=` and lines of unknown type, in order. */
  other: SdpLine[];
}
