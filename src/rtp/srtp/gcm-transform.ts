/**
 * AES-GCM (RFC 7714, NIST SP 800-38D): the transform of the AEAD suites, with {@link Keystream} for the encryption and
 * {@link Ghash} for the tag.
 */
import { Ghash } from './ghash.js';
import { deriveKey, KeyLabel } from './key-derivation.js';
import { blocksOf, createBlockCipher, Keystream } from './keystream.js';
import { equalTags, RTCP_CLEAR, type RtcpPlace, type RtpPlace, type SrtpTransform } from './transform.js';

const SALT_LENGTH = 12;
const TAG_LENGTH = 16;
const BLOCK = 16;
/**
 * RFC 7714 §8.1: IV = 0 (16 bits), SSRC, ROC, SEQ, xor salt; §9.1 has the SRTCP index in the place of the last 32
 * bits. The blocks count from 1 (SP 800-38D §7.1), and the first one masks the tag.
 */
const LAYOUT = { ssrcAt: 2, firstCounter: 1 };

/** Session key and salt of one of the two protocols. */
export interface GcmKeys {
  key: Uint8Array;
  /** 12 bytes. */
  salt: Uint8Array;
}

/** Which bytes of which packet; reused for every packet. */
interface GcmPlace {
  ssrc: number;
  /** The 48-bit packet index is `high * 2^16 + low`. */
  high: number;
  low: number;
  /** Authenticated only: up to `aadEnd`. */
  aad: Uint8Array;
  aadStart: number;
  aadEnd: number;
  /** Encrypted: `from` to `to`. */
  from: number;
  to: number;
  tagAt: number;
}

/** GCM with one key and salt, in place. */
class Gcm {
  readonly place: GcmPlace = {
    ssrc: 0,
    high: 0,
    low: 0,
    aad: new Uint8Array(0),
    aadStart: 0,
    aadEnd: 0,
    from: 0,
    to: 0,
    tagAt: 0,
  };
  readonly #keystream: Keystream;
  readonly #ghash: Ghash;
  readonly #tag = new Uint8Array(TAG_LENGTH);

  constructor({ key, salt }: GcmKeys, ahead: boolean) {
    this.#keystream = new Keystream(key, salt, LAYOUT, ahead);
    this.#ghash = new Ghash(createBlockCipher(key).update(new Uint8Array(BLOCK)));
  }

  /** Encrypts what {@link place} says and writes the tag. */
  seal(data: Uint8Array): void {
    const stream = this.#streamOfPlace();
    this.#xor(data, stream);
    this.#authenticate(data, stream);
    data.set(this.#tag, this.place.tagAt);
  }

  /** @returns false, leaving the data alone, when the tag is wrong */
  open(data: Uint8Array): boolean {
    const stream = this.#streamOfPlace();
    this.#authenticate(data, stream);
    if (!equalTags(this.#tag, data, this.place.tagAt, TAG_LENGTH)) return false;
    this.#xor(data, stream);
    return true;
  }

  #streamOfPlace(): Uint8Array {
    const { ssrc, high, low, from, to } = this.place;
    return this.#keystream.of(ssrc, high, low, 1 + blocksOf(to - from));
  }

  #authenticate(data: Uint8Array, stream: Uint8Array): void {
    const { aad, aadStart, aadEnd, from, to } = this.place;
    const { offset } = this.#keystream;
    for (let i = 0; i < TAG_LENGTH; i++) this.#tag[i] = stream[offset + i];
    this.#ghash.begin();
    this.#ghash.update(aad, aadStart, aadEnd);
    this.#ghash.update(data, from, to);
    this.#ghash.finish(aadEnd - aadStart, to - from, this.#tag);
  }

  #xor(data: Uint8Array, stream: Uint8Array): void {
    const { from, to } = this.place;
    const shift = this.#keystream.offset + BLOCK - from;
    for (let i = from; i < to; i++) data[i] ^= stream[i + shift];
  }
}

export class GcmTransform implements SrtpTransform {
  readonly rtpTagLength = TAG_LENGTH;
  readonly rtcpTagLengths = [TAG_LENGTH];
  readonly tagFollowsCiphertext = true;
  readonly #rtp: Gcm;
  readonly #rtcp: Gcm;
  /** Header and index word of an SRTCP packet. */
  readonly #rtcpAad = new Uint8Array(RTCP_CLEAR + 4);

  /** Takes session keys; {@link GcmTransform.derive} makes them from a master key. */
  constructor(rtp: GcmKeys, rtcp: GcmKeys) {
    this.#rtp = new Gcm(rtp, true);
    this.#rtcp = new Gcm(rtcp, false);
  }

  static derive(masterKey: Uint8Array, masterSalt: Uint8Array): GcmTransform {
    const derive = (label: number, length: number) => deriveKey(masterKey, masterSalt, label, length);
    return new GcmTransform(
      { key: derive(KeyLabel.rtpEncryption, masterKey.length), salt: derive(KeyLabel.rtpSalt, SALT_LENGTH) },
      {
        key: derive(KeyLabel.rtcpEncryption, masterKey.length),
        salt: derive(KeyLabel.rtcpSalt, SALT_LENGTH),
      },
    );
  }

  sealRtp(data: Uint8Array, p: RtpPlace): void {
    this.#placeRtp(data, p);
    this.#rtp.seal(data);
  }

  openRtp(data: Uint8Array, p: RtpPlace): boolean {
    this.#placeRtp(data, p);
    return this.#rtp.open(data);
  }

  sealRtcp(data: Uint8Array, p: RtcpPlace): void {
    this.#placeRtcp(data, p);
    this.#rtcp.seal(data);
  }

  openRtcp(data: Uint8Array, p: RtcpPlace): boolean {
    this.#placeRtcp(data, p);
    return this.#rtcp.open(data);
  }

  #placeRtp(data: Uint8Array, p: RtpPlace): void {
    const { place } = this.#rtp;
    place.ssrc = p.ssrc;
    place.high = p.roc;
    place.low = p.sequence;
    place.aad = data;
    place.aadStart = p.start;
    place.aadEnd = p.payload;
    place.from = p.payload;
    place.to = p.end;
    place.tagAt = p.tagAt;
  }

  #placeRtcp(data: Uint8Array, p: RtcpPlace): void {
    const { place } = this.#rtcp;
    place.ssrc = p.ssrc;
    place.high = p.index >>> 16;
    place.low = p.index & 0xffff;
    place.aad = this.#aadOf(data, p);
    place.aadStart = 0;
    place.aadEnd = place.aad.length;
    place.from = p.encrypted ? p.start + RTCP_CLEAR : p.end;
    place.to = p.end;
    place.tagAt = p.tagAt;
  }

  /** RFC 7714 §9.2 and §9.3: what is in the clear, and the index word. */
  #aadOf(data: Uint8Array, p: RtcpPlace): Uint8Array {
    const word = data.subarray(p.indexAt, p.indexAt + 4);
    if (!p.encrypted) {
      const aad = new Uint8Array(p.end - p.start + 4);
      aad.set(data.subarray(p.start, p.end));
      aad.set(word, p.end - p.start);
      return aad;
    }
    this.#rtcpAad.set(data.subarray(p.start, p.start + RTCP_CLEAR));
    this.#rtcpAad.set(word, RTCP_CLEAR);
    return this.#rtcpAad;
  }
}
