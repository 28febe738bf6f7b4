/**
 * Protects what one side sends under one master key: numbers SRTCP packets, follows the roll-over of the sequence
 * (RFC 3711 §3.3), leaves the cryptography to the transform of the suite. Belongs to {@link Srtp}.
 */
import { readUint32, writeUint32 } from '../packet.js';
import { KEY_USED_UP } from '../protection.js';
import { MAX_ROC, Stream, Streams } from './stream.js';
import type { SrtpSuite } from './suite-names.js';
import { type Keyed, keyed, type SrtpKey } from './suites.js';
import {
  E_FLAG,
  emptyRtcpPlace,
  MAX_RTCP_INDEX,
  placeRtcpTrailer,
  type RtcpPlace,
  type RtpPlace,
  rtpHeaderLength,
} from './transform.js';

export class SrtpSender {
  readonly #key: Keyed;
  readonly #streams = new Streams();
  readonly #rtp: RtpPlace = { start: 0, payload: 0, end: 0, tagAt: 0, ssrc: 0, roc: 0, sequence: 0 };
  readonly #rtcp: RtcpPlace = emptyRtcpPlace();
  /** Of SRTCP packets. */
  #rtcpTagLength: number;

  constructor(
    readonly suite: SrtpSuite,
    readonly key: SrtpKey,
  ) {
    this.#key = keyed(suite, key);
    this.#rtcpTagLength = this.#key.transform.rtcpTagLengths[0];
  }

  /** To be that of the peer where it differs from the standard: it would not take ours. */
  set rtcpTagLength(length: number) {
    this.#rtcpTagLength = length;
  }

  get expiring(): boolean {
    return this.#key.lifetime.expiring;
  }

  get overhead(): number {
    const { transform, mki } = this.#key;
    return Math.max(transform.rtpTagLength, transform.rtcpTagLengths[0] + 4) + mki.length;
  }

  protectRtp(data: Uint8Array, start: number, length: number): number {
    const { transform, mki, lifetime } = this.#key;
    if (lifetime.usedUp) return KEY_USED_UP;
    const p = this.#rtp;
    p.sequence = (data[start + 2] << 8) | data[start + 3];
    p.ssrc = readUint32(data, start + 8);
    const stream = this.#streams.get(p.ssrc) ?? this.#streams.add(p.ssrc, new Stream());
    p.roc = Math.max(0, stream.guessRoc(p.sequence));
    // RFC 3711 §3.3.1: the index never comes round to one that was used under the same key.
    if (p.roc > MAX_ROC) return KEY_USED_UP;
    lifetime.count();
    stream.advance(p.roc, p.sequence);
    p.start = start;
    p.payload = start + rtpHeaderLength(data, start, length);
    p.end = start + length;
    p.tagAt = transform.tagFollowsCiphertext ? p.end : p.end + mki.length;
    transform.sealRtp(data, p);
    if (mki.length > 0)
      data.set(mki, transform.tagFollowsCiphertext ? p.end + transform.rtpTagLength : p.end);
    return length + transform.rtpTagLength + mki.length;
  }

  protectRtcp(data: Uint8Array, start: number, length: number): number {
    const { transform, mki, lifetime } = this.#key;
    if (lifetime.usedUp) return KEY_USED_UP;
    lifetime.count();
    const p = this.#rtcp;
    p.start = start;
    p.end = start + length;
    p.ssrc = readUint32(data, start + 4);
    const stream = this.#streams.get(p.ssrc) ?? this.#streams.add(p.ssrc, new Stream());
    // RFC 3711 §3.4: zero for the first packet, then one more, modulo 2^31.
    p.index = stream.rtcpIndex;
    stream.rtcpIndex = (stream.rtcpIndex + 1) & MAX_RTCP_INDEX;
    placeRtcpTrailer(p, transform, this.#rtcpTagLength, mki.length);
    writeUint32(data, p.indexAt, E_FLAG + p.index);
    transform.sealRtcp(data, p);
    data.set(mki, p.indexAt + 4);
    return length + this.#rtcpTagLength + 4 + mki.length;
  }
}
