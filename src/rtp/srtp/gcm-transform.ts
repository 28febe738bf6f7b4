/** AES-GCM (RFC 7714): the transform of the AEAD suites, on node:crypto. */
import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { writeUint32 } from '../packet.js';
import { deriveKey, KeyLabel } from './key-derivation.js';
import { RTCP_CLEAR, type RtcpPlace, type RtpPlace, type SrtpTransform } from './transform.js';

const SALT_LENGTH = 12;
const TAG_LENGTH = 16;
const IV_LENGTH = 12;
const OPTIONS = { authTagLength: TAG_LENGTH };

/** Session key and salt of one of the two protocols. */
export interface GcmKeys {
  key: Uint8Array;
  /** 12 bytes. */
  salt: Uint8Array;
}

export class GcmTransform implements SrtpTransform {
  readonly rtpTagLength = TAG_LENGTH;
  readonly rtcpTagLength = TAG_LENGTH;
  readonly tagFollowsCiphertext = true;
  readonly #algorithm: CipherGCMTypes;
  readonly #rtp: GcmKeys;
  readonly #rtcp: GcmKeys;
  readonly #iv = new Uint8Array(IV_LENGTH);
  /** Header and index word of an SRTCP packet. */
  readonly #rtcpAad = new Uint8Array(RTCP_CLEAR + 4);

  /** Takes session keys; {@link GcmTransform.derive} makes them from a master key. */
  constructor(rtp: GcmKeys, rtcp: GcmKeys) {
    this.#algorithm = rtp.key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    this.#rtp = rtp;
    this.#rtcp = rtcp;
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
    const aad = data.subarray(p.start, p.payload);
    this.#seal(data, this.#rtp.key, this.#rtpIv(p), aad, p.payload, p.end, p.tagAt);
  }

  openRtp(data: Uint8Array, p: RtpPlace): boolean {
    const aad = data.subarray(p.start, p.payload);
    return this.#open(data, this.#rtp.key, this.#rtpIv(p), aad, p.payload, p.end, p.tagAt);
  }

  sealRtcp(data: Uint8Array, p: RtcpPlace): void {
    this.#seal(
      data,
      this.#rtcp.key,
      this.#rtcpIv(p),
      this.#aadOf(data, p),
      p.start + RTCP_CLEAR,
      p.end,
      p.tagAt,
    );
  }

  openRtcp(data: Uint8Array, p: RtcpPlace): boolean {
    const aad = this.#aadOf(data, p);
    const from = p.encrypted ? p.start + RTCP_CLEAR : p.end;
    return this.#open(data, this.#rtcp.key, this.#rtcpIv(p), aad, from, p.end, p.tagAt);
  }

  #seal(
    data: Uint8Array,
    key: Uint8Array,
    iv: Uint8Array,
    aad: Uint8Array,
    from: number,
    to: number,
    tagAt: number,
  ): void {
    const cipher = createCipheriv(this.#algorithm, key, iv, OPTIONS);
    cipher.setAAD(aad);
    data.set(cipher.update(data.subarray(from, to)), from);
    cipher.final();
    data.set(cipher.getAuthTag(), tagAt);
  }

  #open(
    data: Uint8Array,
    key: Uint8Array,
    iv: Uint8Array,
    aad: Uint8Array,
    from: number,
    to: number,
    tagAt: number,
  ): boolean {
    const decipher = createDecipheriv(this.#algorithm, key, iv, OPTIONS);
    decipher.setAAD(aad);
    decipher.setAuthTag(data.subarray(tagAt, tagAt + TAG_LENGTH));
    const plain = decipher.update(data.subarray(from, to));
    try {
      decipher.final();
    } catch {
      return false;
    }
    data.set(plain, from);
    return true;
  }

  /** RFC 7714 §8.1: 0 (16 bits), SSRC, ROC, SEQ, xor salt. */
  #rtpIv(p: RtpPlace): Uint8Array {
    const iv = this.#iv;
    iv[0] = 0;
    iv[1] = 0;
    writeUint32(iv, 2, p.ssrc);
    writeUint32(iv, 6, p.roc);
    iv[10] = p.sequence >>> 8;
    iv[11] = p.sequence;
    return this.#salted(this.#rtp.salt);
  }

  /** RFC 7714 §9.1: 0 (16 bits), SSRC, 0 (16 bits), 0 and index, xor salt. */
  #rtcpIv(p: RtcpPlace): Uint8Array {
    const iv = this.#iv.fill(0);
    writeUint32(iv, 2, p.ssrc);
    writeUint32(iv, 8, p.index);
    return this.#salted(this.#rtcp.salt);
  }

  #salted(salt: Uint8Array): Uint8Array {
    for (let i = 0; i < IV_LENGTH; i++) this.#iv[i] ^= salt[i];
    return this.#iv;
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
