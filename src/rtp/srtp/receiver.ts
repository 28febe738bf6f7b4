/**
 * Opens what the peer sends under its master keys: finds the key by MKI, guesses the roll-over counter, refuses what
 * is not authentic or was there before (RFC 3711 §3.3). A packet that is refused changes no state. Belongs to
 * {@link Srtp}.
 */
import { SwitchhookError } from '../../base/errors.js';
import { RTP_HEADER_LENGTH, readUint32 } from '../packet.js';
import { KEY_USED_UP, NOT_AUTHENTIC, REPLAYED } from '../protection.js';
import { MAX_ROC, Stream, Streams } from './stream.js';
import type { SrtpSuite } from './suite-names.js';
import { type Keyed, keyed, type SrtpKey } from './suites.js';
import {
  E_FLAG,
  emptyRtcpPlace,
  MAX_RTCP_INDEX,
  placeRtcpTrailer,
  RTCP_CLEAR,
  type RtcpPlace,
  type RtpPlace,
  rtpHeaderLength,
} from './transform.js';

export class SrtpReceiver {
  readonly #keys: Keyed[];
  readonly #streams = new Streams();
  readonly #rtp: RtpPlace = { start: 0, payload: 0, end: 0, tagAt: 0, ssrc: 0, roc: 0, sequence: 0 };
  readonly #rtcp: RtcpPlace = emptyRtcpPlace();
  /** Of the peer's last SRTCP packet. */
  rtcpTagLength = 0;
  /** For an SSRC that is not known before its packet has proved authentic. */
  #fresh = new Stream();

  /** @throws SwitchhookError ERR_INVALID_ARGUMENT for a key of the wrong length or keys that MKIs cannot tell apart */
  constructor(
    readonly suite: SrtpSuite,
    readonly keys: ReadonlyArray<SrtpKey>,
  ) {
    this.#keys = keys.map((key) => keyed(suite, key));
    const mkiLength = this.#keys[0]?.mki.length;
    const mixed = this.#keys.some(({ mki }) => mki.length !== mkiLength);
    if (mkiLength === undefined || mixed || (mkiLength === 0 && keys.length > 1)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: 'several SRTP keys need MKIs of one length',
      });
    }
  }

  unprotectRtp(data: Uint8Array, start: number, length: number): number {
    const key = this.#keys.length === 1 ? this.#keys[0] : this.#keyOfRtp(data, start, length);
    if (!key) return NOT_AUTHENTIC;
    const { transform, mki } = key;
    const plainLength = length - transform.rtpTagLength - mki.length;
    if (plainLength < RTP_HEADER_LENGTH) return NOT_AUTHENTIC;
    const headerLength = rtpHeaderLength(data, start, plainLength);
    if (headerLength < 0) return NOT_AUTHENTIC;
    const p = this.#rtp;
    p.start = start;
    p.payload = start + headerLength;
    p.end = start + plainLength;
    p.tagAt = transform.tagFollowsCiphertext ? p.end : p.end + mki.length;
    if (!equals(mki, data, transform.tagFollowsCiphertext ? p.end + transform.rtpTagLength : p.end))
      return NOT_AUTHENTIC;
    p.sequence = (data[start + 2] << 8) | data[start + 3];
    p.ssrc = readUint32(data, start + 8);
    const known = this.#streams.get(p.ssrc);
    const stream = known ?? this.#fresh;
    p.roc = stream.guessRoc(p.sequence);
    if (p.roc < 0 || p.roc > MAX_ROC) return NOT_AUTHENTIC;
    const index = p.roc * 0x10000 + p.sequence;
    if (!stream.rtp.isFresh(index)) return REPLAYED;
    if (key.lifetime.usedUp) return KEY_USED_UP;
    if (!transform.openRtp(data, p)) return NOT_AUTHENTIC;
    key.lifetime.count();
    if (!known) this.#adopt(p.ssrc, stream);
    stream.rtp.add(index);
    stream.advance(p.roc, p.sequence);
    return plainLength;
  }

  unprotectRtcp(data: Uint8Array, start: number, length: number): number {
    let verdict = NOT_AUTHENTIC;
    for (const key of this.#keys) {
      for (const tagLength of key.transform.rtcpTagLengths) {
        verdict = this.#openRtcp(data, start, length, key, tagLength);
        if (verdict !== NOT_AUTHENTIC) return verdict;
      }
    }
    return verdict;
  }

  #openRtcp(data: Uint8Array, start: number, length: number, key: Keyed, tagLength: number): number {
    const { transform, mki } = key;
    const plainLength = length - tagLength - 4 - mki.length;
    if (plainLength < RTCP_CLEAR) return NOT_AUTHENTIC;
    const p = this.#rtcp;
    p.start = start;
    p.end = start + plainLength;
    placeRtcpTrailer(p, transform, tagLength, mki.length);
    if (!equals(mki, data, p.indexAt + 4)) return NOT_AUTHENTIC;
    p.ssrc = readUint32(data, start + 4);
    const word = readUint32(data, p.indexAt);
    p.encrypted = word >= E_FLAG;
    p.index = word & MAX_RTCP_INDEX;
    const known = this.#streams.get(p.ssrc);
    const stream = known ?? this.#fresh;
    // Only an authentic packet can be a replay: the index of another tag length is made of other bytes.
    const fresh = stream.rtcp.isFresh(p.index);
    if (!fresh && transform.rtcpTagLengths.length === 1) return REPLAYED;
    if (!transform.openRtcp(data, p)) return NOT_AUTHENTIC;
    if (!fresh) return REPLAYED;
    if (key.lifetime.usedUp) return KEY_USED_UP;
    key.lifetime.count();
    if (!known) this.#adopt(p.ssrc, stream);
    stream.rtcp.add(p.index);
    this.rtcpTagLength = tagLength;
    return plainLength;
  }

  #keyOfRtp(data: Uint8Array, start: number, length: number): Keyed | undefined {
    for (const key of this.#keys) {
      const { transform, mki } = key;
      const end = start + length - (transform.tagFollowsCiphertext ? 0 : transform.rtpTagLength);
      if (end - mki.length >= start && equals(mki, data, end - mki.length)) return key;
    }
    return undefined;
  }

  #adopt(ssrc: number, stream: Stream): void {
    this.#streams.add(ssrc, stream);
    this.#fresh = new Stream();
  }
}

function equals(mki: Uint8Array, data: Uint8Array, offset: number): boolean {
  for (let i = 0; i < mki.length; i++) if (mki[i] !== data[offset + i]) return false;
  return true;
}
