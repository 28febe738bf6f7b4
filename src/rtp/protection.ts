/** The seam between an RTP session and what secures its packets: SRTP is one such protection. */

/** The packet is not from the peer, was changed, or is under another key. */
export const NOT_AUTHENTIC = -1;
/** The packet, or one of the same number, was there before (RFC 3711 §3.3.2). */
export const REPLAYED = -2;
/** The key may protect no more packets (RFC 3711 §9.2, RFC 4568 §6.1). */
export const KEY_USED_UP = -3;

/** Protects and unprotects in place. */
export interface PacketProtection {
  /** @returns the new length, or {@link KEY_USED_UP}; room for {@link overhead} more bytes must follow */
  protectRtp(data: Uint8Array, start: number, length: number): number;
  protectRtcp(data: Uint8Array, start: number, length: number): number;
  /** @returns the new length, {@link NOT_AUTHENTIC}, {@link REPLAYED} or {@link KEY_USED_UP}; the bytes are unchanged in these cases */
  unprotectRtp(data: Uint8Array, start: number, length: number): number;
  unprotectRtcp(data: Uint8Array, start: number, length: number): number;
  /** Bytes that protection adds at most. */
  readonly overhead: number;
  /** The key we send under will soon be used up: time for a new one. */
  readonly expiring: boolean;
}
