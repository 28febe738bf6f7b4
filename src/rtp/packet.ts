/**
 * RTP packets (RFC 3550 §5): a reusable view that parses in place, and the header writer. Called for every packet by
 * the session; allocates nothing, copies nothing and never throws on bad input.
 */

/** The fixed header: 12 bytes (RFC 3550 §5.1). */
export const RTP_HEADER_LENGTH = 12;

/** What a datagram on an RTP port is, by RFC 7983 §7 and RFC 5761 §4. */
export type DatagramKind = 'rtp' | 'rtcp' | 'stun' | 'dtls' | 'other';

/**
 * Tells RTP, RTCP and the rest apart by the first two bytes. RTCP packet types 192–223 would be RTP payload types
 * 64–95 with the marker, which RFC 5761 §4 forbids on a shared port.
 */
export function classifyDatagram(data: Uint8Array, length: number): DatagramKind {
  if (length < 2) return 'other';
  const first = data[0];
  if (first >= 128 && first <= 191) {
    const second = data[1];
    return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  }
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  return 'other';
}

/**
 * One RTP packet seen in place. The fields are valid after {@link RtpPacketView.parse} returned true, until the next
 * call and as long as the bytes below are left alone. Offsets are indices into `data`.
 */
export class RtpPacketView {
  data: Uint8Array = new Uint8Array(0);
  marker = false;
  payloadType = 0;
  sequence = 0;
  timestamp = 0;
  ssrc = 0;
  csrcCount = 0;
  /** The 16 bits "defined by profile", -1 without a header extension. */
  extensionProfile = -1;
  extensionOffset = 0;
  extensionLength = 0;
  payloadOffset = 0;
  payloadLength = 0;
  /** Bytes of padding that were cut off, its count byte included. */
  paddingLength = 0;
  /** Where the packet begins in `data`. */
  start = 0;

  /**
   * Parses `data[start..end)` with the checks of RFC 3550 Appendix A.1.
   * @returns false when this is no valid RTP packet
   */
  parse(data: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length < RTP_HEADER_LENGTH || end > data.length) return false;
    const first = data[start];
    if (first >> 6 !== 2) return false;
    const second = data[start + 1];
    const csrcCount = first & 0x0f;
    let offset = start + RTP_HEADER_LENGTH + 4 * csrcCount;
    if (offset > end) return false;

    let extensionProfile = -1;
    let extensionOffset = 0;
    let extensionLength = 0;
    if ((first & 0x10) !== 0) {
      if (offset + 4 > end) return false;
      extensionProfile = (data[offset] << 8) | data[offset + 1];
      extensionLength = 4 * ((data[offset + 2] << 8) | data[offset + 3]);
      extensionOffset = offset + 4;
      offset = extensionOffset + extensionLength;
      if (offset > end) return false;
    }

    let paddingLength = 0;
    if ((first & 0x20) !== 0) {
      // RFC 3550 §5.1: the last octet counts the padding and itself.
      paddingLength = data[end - 1];
      if (paddingLength === 0 || offset + paddingLength > end) return false;
    }

    this.data = data;
    this.start = start;
    this.marker = (second & 0x80) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = (data[start + 2] << 8) | data[start + 3];
    this.timestamp = readUint32(data, start + 4);
    this.ssrc = readUint32(data, start + 8);
    this.csrcCount = csrcCount;
    this.extensionProfile = extensionProfile;
    this.extensionOffset = extensionOffset;
    this.extensionLength = extensionLength;
    this.payloadOffset = offset;
    this.payloadLength = end - paddingLength - offset;
    this.paddingLength = paddingLength;
    return true;
  }

  /** The contributing source at `index` < `csrcCount`. */
  csrc(index: number): number {
    return readUint32(this.data, this.start + RTP_HEADER_LENGTH + 4 * index);
  }
}

/**
 * Writes a fixed header without CSRCs, extension or padding.
 * @returns the offset after it
 */
export function writeRtpHeader(
  out: Uint8Array,
  offset: number,
  payloadType: number,
  marker: boolean,
  sequence: number,
  timestamp: number,
  ssrc: number,
): number {
  out[offset] = 0x80;
  out[offset + 1] = (marker ? 0x80 : 0) | payloadType;
  out[offset + 2] = sequence >>> 8;
  out[offset + 3] = sequence;
  writeUint32(out, offset + 4, timestamp);
  writeUint32(out, offset + 8, ssrc);
  return offset + RTP_HEADER_LENGTH;
}

/** Big-endian, unsigned. */
export function readUint32(data: Uint8Array, offset: number): number {
  return ((data[offset] << 24) | (data[offset + 1] << 16) | (data[offset + 2] << 8) | data[offset + 3]) >>> 0;
}

/** Big-endian; `value` is taken modulo 2^32. */
export function writeUint32(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}
