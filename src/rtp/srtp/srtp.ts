/**
 * SRTP and SRTCP of one session (RFC 3711): keeps roll-over counters, SRTCP indices, replay windows and master key
 * identifiers, and leaves the cryptography to a transform. Made by the media engine from what the SDP negotiated, and
 * given to {@link RtpSession.protect}. Everything happens in place; a packet that fails changes no state.
 */
import { SwitchhookError } from '../../base/errors.js';
import { RTP_HEADER_LENGTH, readUint32, writeUint32 } from '../packet.js';
import type { PacketProtection } from '../rtp-session.js';
import { CounterTransform } from './counter-transform.js';
import { GcmTransform } from './gcm-transform.js';
import { ReplayWindow } from './replay-window.js';
import { RTCP_CLEAR, type RtcpPlace, type RtpPlace, type SrtpTransform } from './transform.js';

export type SrtpSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AES_256_CM_HMAC_SHA1_80'
  | 'AES_256_CM_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

/** A master key with its salt (RFC 4568 §6.1). */
export interface SrtpKey {
  /** Master key, then master salt. */
  keySalt: Uint8Array;
  /** Master key identifier, if packets carry one. */
  mki?: Uint8Array;
}

export interface SrtpOptions {
  suite: SrtpSuite;
  /** Protects what we send. */
  send: SrtpKey;
  /** Of the peer; several only with MKIs, all of one length. */
  receive: ReadonlyArray<SrtpKey>;
}

interface SuiteFacts {
  keyLength: number;
  saltLength: number;
  /** 0 for AEAD. */
  rtpTagLength: number;
}

const SUITES: Readonly<Record<SrtpSuite, SuiteFacts>> = {
  AES_CM_128_HMAC_SHA1_80: { keyLength: 16, saltLength: 14, rtpTagLength: 10 },
  AES_CM_128_HMAC_SHA1_32: { keyLength: 16, saltLength: 14, rtpTagLength: 4 },
  AES_256_CM_HMAC_SHA1_80: { keyLength: 32, saltLength: 14, rtpTagLength: 10 },
  AES_256_CM_HMAC_SHA1_32: { keyLength: 32, saltLength: 14, rtpTagLength: 4 },
  AEAD_AES_128_GCM: { keyLength: 16, saltLength: 12, rtpTagLength: 0 },
  AEAD_AES_256_GCM: { keyLength: 32, saltLength: 12, rtpTagLength: 0 },
};

/** The suites that {@link Srtp} can do, best first. */
export const SRTP_SUITES: ReadonlyArray<SrtpSuite> = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'AES_CM_128_HMAC_SHA1_32',
];

/** SRTCP: flag E, and the 31 bits of the index (RFC 3711 §3.4). */
const E_FLAG = 0x8000_0000;
const MAX_RTCP_INDEX = 0x7fff_ffff;
const MAX_ROC = 0xffff_ffff;
const HALF_SEQUENCE = 0x8000;
/** Sources remembered per direction; a peer that changes SSRC more often loses the oldest. */
const MAX_STREAMS = 8;

/** One SSRC of one direction. */
class Stream {
  roc = 0;
  /** Highest sequence number, -1 before the first (s_l of RFC 3711 §3.3.1). */
  sequence = -1;
  /** SRTCP index of the next packet sent. */
  rtcpIndex = 0;
  readonly rtp = new ReplayWindow();
  readonly rtcp = new ReplayWindow();

  /** The roll-over counter a packet most likely has (RFC 3711 Appendix A); -1 when it would precede the first. */
  guessRoc(sequence: number): number {
    if (this.sequence < 0) return 0;
    if (this.sequence < HALF_SEQUENCE)
      return sequence - this.sequence > HALF_SEQUENCE ? this.roc - 1 : this.roc;
    return this.sequence - HALF_SEQUENCE > sequence ? this.roc + 1 : this.roc;
  }

  advance(roc: number, sequence: number): void {
    if (this.sequence >= 0 && (roc < this.roc || (roc === this.roc && sequence <= this.sequence))) return;
    this.roc = roc;
    this.sequence = sequence;
  }
}

interface Keyed {
  transform: SrtpTransform;
  mki: Uint8Array;
}

export class Srtp implements PacketProtection {
  readonly overhead: number;
  readonly #send: Keyed;
  readonly #receive: Keyed[];
  readonly #sendStreams = new Map<number, Stream>();
  readonly #receiveStreams = new Map<number, Stream>();
  readonly #rtp: RtpPlace = { start: 0, payload: 0, end: 0, tagAt: 0, ssrc: 0, roc: 0, sequence: 0 };
  readonly #rtcp: RtcpPlace = { start: 0, end: 0, tagAt: 0, indexAt: 0, ssrc: 0, index: 0, encrypted: true };
  /** The stream of the last packet of an SSRC not known before it is authentic. */
  #fresh = new Stream();

  /** @throws SwitchhookError ERR_INVALID_ARGUMENT for a key of the wrong length or keys that MKIs cannot tell apart */
  constructor(options: SrtpOptions) {
    const { suite, send, receive } = options;
    this.#send = keyed(suite, send);
    this.#receive = receive.map((key) => keyed(suite, key));
    const mkiLength = this.#receive[0]?.mki.length;
    const mixed = this.#receive.some(({ mki }) => mki.length !== mkiLength);
    if (mkiLength === undefined || mixed || (mkiLength === 0 && receive.length > 1)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: 'several SRTP keys need MKIs of one length',
      });
    }
    const { transform, mki } = this.#send;
    this.overhead = Math.max(transform.rtpTagLength, transform.rtcpTagLength + 4) + mki.length;
  }

  protectRtp(data: Uint8Array, start: number, length: number): number {
    const { transform, mki } = this.#send;
    const p = this.#rtp;
    p.sequence = (data[start + 2] << 8) | data[start + 3];
    p.ssrc = readUint32(data, start + 8);
    const stream = this.#sendStreams.get(p.ssrc) ?? addStream(this.#sendStreams, p.ssrc, new Stream());
    p.roc = Math.min(MAX_ROC, Math.max(0, stream.guessRoc(p.sequence)));
    stream.advance(p.roc, p.sequence);
    p.start = start;
    p.payload = start + rtpHeaderLength(data, start, length);
    p.end = start + length;
    p.tagAt = transform.tagFollowsCiphertext ? p.end : p.end + mki.length;
    transform.sealRtp(data, p);
    data.set(mki, transform.tagFollowsCiphertext ? p.end + transform.rtpTagLength : p.end);
    return length + transform.rtpTagLength + mki.length;
  }

  unprotectRtp(data: Uint8Array, start: number, length: number): number {
    const key = this.#receive.length === 1 ? this.#receive[0] : this.#keyOfRtp(data, start, length);
    if (!key) return -1;
    const { transform, mki } = key;
    const plainLength = length - transform.rtpTagLength - mki.length;
    if (plainLength < RTP_HEADER_LENGTH) return -1;
    const headerLength = rtpHeaderLength(data, start, plainLength);
    if (headerLength < 0) return -1;
    const p = this.#rtp;
    p.start = start;
    p.payload = start + headerLength;
    p.end = start + plainLength;
    p.tagAt = transform.tagFollowsCiphertext ? p.end : p.end + mki.length;
    if (!equals(mki, data, transform.tagFollowsCiphertext ? p.end + transform.rtpTagLength : p.end))
      return -1;
    p.sequence = (data[start + 2] << 8) | data[start + 3];
    p.ssrc = readUint32(data, start + 8);
    const known = this.#receiveStreams.get(p.ssrc);
    const stream = known ?? this.#fresh;
    p.roc = stream.guessRoc(p.sequence);
    if (p.roc < 0 || p.roc > MAX_ROC) return -1;
    const index = p.roc * 0x10000 + p.sequence;
    if (!stream.rtp.isFresh(index) || !transform.openRtp(data, p)) return -1;
    if (!known) this.#adopt(p.ssrc, stream);
    stream.rtp.add(index);
    stream.advance(p.roc, p.sequence);
    return plainLength;
  }

  protectRtcp(data: Uint8Array, start: number, length: number): number {
    const { transform, mki } = this.#send;
    const p = this.#rtcp;
    p.start = start;
    p.end = start + length;
    p.ssrc = readUint32(data, start + 4);
    const stream = this.#sendStreams.get(p.ssrc) ?? addStream(this.#sendStreams, p.ssrc, new Stream());
    // RFC 3711 §3.4: zero for the first packet, then one more, modulo 2^31.
    p.index = stream.rtcpIndex;
    stream.rtcpIndex = (stream.rtcpIndex + 1) & MAX_RTCP_INDEX;
    p.encrypted = true;
    this.#placeRtcpTrailer(transform, mki.length);
    writeUint32(data, p.indexAt, E_FLAG + p.index);
    transform.sealRtcp(data, p);
    data.set(mki, p.indexAt + 4);
    return length + transform.rtcpTagLength + 4 + mki.length;
  }

  unprotectRtcp(data: Uint8Array, start: number, length: number): number {
    for (const { transform, mki } of this.#receive) {
      const plainLength = length - transform.rtcpTagLength - 4 - mki.length;
      if (plainLength < RTCP_CLEAR) return -1;
      const p = this.#rtcp;
      p.start = start;
      p.end = start + plainLength;
      this.#placeRtcpTrailer(transform, mki.length);
      if (!equals(mki, data, p.indexAt + 4)) continue;
      p.ssrc = readUint32(data, start + 4);
      const word = readUint32(data, p.indexAt);
      p.encrypted = word >= E_FLAG;
      p.index = word & MAX_RTCP_INDEX;
      const known = this.#receiveStreams.get(p.ssrc);
      const stream = known ?? this.#fresh;
      if (!stream.rtcp.isFresh(p.index) || !transform.openRtcp(data, p)) return -1;
      if (!known) this.#adopt(p.ssrc, stream);
      stream.rtcp.add(p.index);
      return plainLength;
    }
    return -1;
  }

  /** Sets where tag and index word lie behind the packet in {@link #rtcp}. */
  #placeRtcpTrailer(transform: SrtpTransform, mkiLength: number): void {
    const p = this.#rtcp;
    if (transform.tagFollowsCiphertext) {
      p.tagAt = p.end;
      p.indexAt = p.end + transform.rtcpTagLength;
    } else {
      p.indexAt = p.end;
      p.tagAt = p.end + 4 + mkiLength;
    }
  }

  #keyOfRtp(data: Uint8Array, start: number, length: number): Keyed | undefined {
    for (const key of this.#receive) {
      const { transform, mki } = key;
      const end = start + length - (transform.tagFollowsCiphertext ? 0 : transform.rtpTagLength);
      if (end - mki.length >= start && equals(mki, data, end - mki.length)) return key;
    }
    return undefined;
  }

  #adopt(ssrc: number, stream: Stream): void {
    addStream(this.#receiveStreams, ssrc, stream);
    this.#fresh = new Stream();
  }
}

function keyed(suite: SrtpSuite, { keySalt, mki }: SrtpKey): Keyed {
  const { keyLength, saltLength, rtpTagLength } = SUITES[suite];
  if (keySalt.length !== keyLength + saltLength) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `${suite} needs a key with salt of ${keyLength + saltLength} bytes, not ${keySalt.length}`,
    });
  }
  const key = keySalt.subarray(0, keyLength);
  const salt = keySalt.subarray(keyLength);
  const transform =
    rtpTagLength === 0 ? GcmTransform.derive(key, salt) : new CounterTransform(key, salt, rtpTagLength);
  return { transform, mki: mki ?? new Uint8Array(0) };
}

function addStream(streams: Map<number, Stream>, ssrc: number, stream: Stream): Stream {
  if (streams.size >= MAX_STREAMS) {
    for (const oldest of streams.keys()) {
      streams.delete(oldest);
      break;
    }
  }
  streams.set(ssrc, stream);
  return stream;
}

/** Header, CSRCs and extension (RFC 3550 §5.1, §5.3.1); -1 when they do not fit into `length`. */
function rtpHeaderLength(data: Uint8Array, start: number, length: number): number {
  let header = RTP_HEADER_LENGTH + 4 * (data[start] & 0x0f);
  if ((data[start] & 0x10) !== 0) {
    if (header + 4 > length) return -1;
    header += 4 + 4 * ((data[start + header + 2] << 8) | data[start + header + 3]);
  }
  return header <= length ? header : -1;
}

function equals(mki: Uint8Array, data: Uint8Array, offset: number): boolean {
  for (let i = 0; i < mki.length; i++) if (mki[i] !== data[offset + i]) return false;
  return true;
}
