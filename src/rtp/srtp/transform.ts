/**
 * What the cryptographic transforms of SRTP have in common. A transform belongs to one master key; it knows where the
 * bytes lie, but nothing of roll-over counters, replays or MKIs, which are the context's.
 */
import { RTP_HEADER_LENGTH } from '../packet.js';

/** SRTCP: flag E, and the 31 bits of the index (RFC 3711 §3.4). */
export const E_FLAG = 0x8000_0000;
export const MAX_RTCP_INDEX = 0x7fff_ffff;

/** Everything in place; `tagAt` is where the authentication tag lies or is to be written. */
export interface SrtpTransform {
  readonly rtpTagLength: number;
  /** That of the standard first, then what some peers use in its place. */
  readonly rtcpTagLengths: readonly number[];
  /** AEAD: the tag belongs to the ciphertext and precedes SRTCP index and MKI (RFC 7714 §9.2). */
  readonly tagFollowsCiphertext: boolean;
  sealRtp(data: Uint8Array, p: RtpPlace): void;
  /** @returns false, leaving the bytes alone, when the packet is not authentic */
  openRtp(data: Uint8Array, p: RtpPlace): boolean;
  sealRtcp(data: Uint8Array, p: RtcpPlace): void;
  openRtcp(data: Uint8Array, p: RtcpPlace): boolean;
}

/** Where the parts of an SRTP packet lie; reused for every packet. */
export interface RtpPlace {
  start: number;
  /** First byte to encrypt: after header, CSRCs and header extension. */
  payload: number;
  end: number;
  tagAt: number;
  ssrc: number;
  roc: number;
  sequence: number;
}

/** Where the parts of an SRTCP packet lie. */
export interface RtcpPlace {
  start: number;
  end: number;
  tagAt: number;
  tagLength: number;
  /** Of the word with E flag and index, which is written already. */
  indexAt: number;
  ssrc: number;
  index: number;
  encrypted: boolean;
}

export function emptyRtcpPlace(): RtcpPlace {
  return { start: 0, end: 0, tagAt: 0, tagLength: 0, indexAt: 0, ssrc: 0, index: 0, encrypted: true };
}

/** Header and SSRC stay in the clear (RFC 3711 §3.4). */
export const RTCP_CLEAR = 8;

/** Compares without telling by time where the difference is. */
export function equalTags(a: Uint8Array, b: Uint8Array, bOffset: number, length: number): boolean {
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= a[i] ^ b[bOffset + i];
  return difference === 0;
}

/** Header, CSRCs and extension (RFC 3550 §5.1, §5.3.1); -1 when they do not fit into `length`. */
export function rtpHeaderLength(data: Uint8Array, start: number, length: number): number {
  let header = RTP_HEADER_LENGTH + 4 * (data[start] & 0x0f);
  if ((data[start] & 0x10) !== 0) {
    if (header + 4 > length) return -1;
    header += 4 + 4 * ((data[start + header + 2] << 8) | data[start + header + 3]);
  }
  return header <= length ? header : -1;
}

/** Sets where tag, index word and MKI lie behind an SRTCP packet (RFC 3711 §3.4, RFC 7714 §9.2). */
export function placeRtcpTrailer(
  p: RtcpPlace,
  transform: SrtpTransform,
  tagLength: number,
  mkiLength: number,
): void {
  p.tagLength = tagLength;
  if (transform.tagFollowsCiphertext) {
    p.tagAt = p.end;
    p.indexAt = p.end + tagLength;
  } else {
    p.indexAt = p.end;
    p.tagAt = p.end + 4 + mkiLength;
  }
}
