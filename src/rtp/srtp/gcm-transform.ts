/**
 * AES-GCM (RFC 7714, NIST SP 800-38D): the transform of the AEAD suites, with a persistent block cipher of node:crypto
 * for the keystream and {@link Ghash} for the tag.
 */
import type { Cipher } from 'node:crypto';
import { writeUint32 } from '../packet.js';
import { createBlockCipher } from './aes-counter.js';
import { Ghash } from './ghash.js';
import { deriveKey, KeyLabel } from './key-derivation.js';
import { equalTags, RTCP_CLEAR, type RtcpPlace, type RtpPlace, type SrtpTransform } from './transform.js';

const SALT_LENGTH = 12;
const TAG_LENGTH = 16;
const IV_LENGTH = 12;
const BLOCK = 16;
/** Blocks of keystream made at once: one for the tag and those of a packet of any usual size. */
const MAX_BLOCKS = 96;

/** Session key and salt of one of the two protocols. */
export interface GcmKeys {
  key: Uint8Array;
  /** 12 bytes. */
  salt: Uint8Array;
}

/** GCM with one key and salt, in place. */
class Gcm {
  /** Set by the transform before each packet: the 12 bytes before the counter. */
  readonly iv = new Uint8Array(IV_LENGTH);
  readonly #salt: Uint8Array;
  readonly #cipher: Cipher;
  readonly #ghash: Ghash;
  readonly #blocks = new Uint8Array(BLOCK * MAX_BLOCKS);
  /** The first n blocks, for each n. */
  readonly #views: Uint8Array[] = [];
  readonly #tag = new Uint8Array(TAG_LENGTH);

  constructor({ key, salt }: GcmKeys) {
    this.#salt = salt;
    this.#cipher = createBlockCipher(key);
    this.#ghash = new Ghash(this.#cipher.update(new Uint8Array(BLOCK)));
    for (let n = 0; n <= MAX_BLOCKS; n++) this.#views.push(this.#blocks.subarray(0, n * BLOCK));
  }

  /** Encrypts `data[from..to)` and writes the tag; `aad` up to `aadEnd` is authenticated with it. */
  seal(
    data: Uint8Array,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    from: number,
    to: number,
    tagAt: number,
  ): void {
    const keystream = this.#keystream(1, 1 + blocksOf(to - from));
    this.#takeTagMask(keystream);
    this.#xor(data, from, to, keystream);
    this.#authenticate(data, aad, aadStart, aadEnd, from, to);
    data.set(this.#tag, tagAt);
  }

  /** @returns false, leaving the data alone, when the tag is wrong */
  open(
    data: Uint8Array,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    from: number,
    to: number,
    tagAt: number,
  ): boolean {
    const keystream = this.#keystream(1, 1 + blocksOf(to - from));
    this.#takeTagMask(keystream);
    this.#authenticate(data, aad, aadStart, aadEnd, from, to);
    if (!equalTags(this.#tag, data, tagAt, TAG_LENGTH)) return false;
    this.#xor(data, from, to, keystream);
    return true;
  }

  /** E(K, Y0) is what the hash is masked with (SP 800-38D §7.1). */
  #takeTagMask(keystream: Uint8Array): void {
    for (let i = 0; i < TAG_LENGTH; i++) this.#tag[i] = keystream[i];
  }

  #authenticate(
    data: Uint8Array,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    from: number,
    to: number,
  ): void {
    this.#ghash.begin();
    this.#ghash.update(aad, aadStart, aadEnd);
    this.#ghash.update(data, from, to);
    this.#ghash.finish(aadEnd - aadStart, to - from, this.#tag);
  }

  /** The first turn's keystream has the tag's block in front; packets that are longer take more turns. */
  #xor(data: Uint8Array, from: number, to: number, keystream: Uint8Array): void {
    let skip = BLOCK;
    let counter = keystream.length / BLOCK + 1;
    for (let offset = from; offset < to; ) {
      const length = Math.min(to - offset, keystream.length - skip);
      for (let i = 0; i < length; i++) data[offset + i] ^= keystream[skip + i];
      offset += length;
      if (offset === to) return;
      skip = 0;
      keystream = this.#keystream(counter, blocksOf(to - offset));
      counter += keystream.length / BLOCK;
    }
  }

  /** Up to `count` blocks of keystream, from counter value `first`. */
  #keystream(first: number, count: number): Uint8Array {
    const turn = Math.min(MAX_BLOCKS, count);
    const blocks = this.#blocks;
    const { iv } = this;
    const salt = this.#salt;
    for (let at = 0, counter = first; at < turn * BLOCK; at += BLOCK, counter++) {
      for (let i = 0; i < IV_LENGTH; i++) blocks[at + i] = iv[i] ^ salt[i];
      blocks[at + 12] = 0;
      blocks[at + 13] = 0;
      blocks[at + 14] = counter >>> 8;
      blocks[at + 15] = counter;
    }
    return this.#cipher.update(this.#views[turn]);
  }
}

function blocksOf(length: number): number {
  return (length + BLOCK - 1) >>> 4;
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
    this.#rtp = new Gcm(rtp);
    this.#rtcp = new Gcm(rtcp);
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
    this.#setRtpIv(p);
    this.#rtp.seal(data, data, p.start, p.payload, p.payload, p.end, p.tagAt);
  }

  openRtp(data: Uint8Array, p: RtpPlace): boolean {
    this.#setRtpIv(p);
    return this.#rtp.open(data, data, p.start, p.payload, p.payload, p.end, p.tagAt);
  }

  sealRtcp(data: Uint8Array, p: RtcpPlace): void {
    this.#setRtcpIv(p);
    const aad = this.#aadOf(data, p);
    this.#rtcp.seal(data, aad, 0, aad.length, p.start + RTCP_CLEAR, p.end, p.tagAt);
  }

  openRtcp(data: Uint8Array, p: RtcpPlace): boolean {
    this.#setRtcpIv(p);
    const aad = this.#aadOf(data, p);
    const from = p.encrypted ? p.start + RTCP_CLEAR : p.end;
    return this.#rtcp.open(data, aad, 0, aad.length, from, p.end, p.tagAt);
  }

  /** RFC 7714 §8.1: 0 (16 bits), SSRC, ROC, SEQ, xor salt. */
  #setRtpIv(p: RtpPlace): void {
    const { iv } = this.#rtp;
    writeUint32(iv, 2, p.ssrc);
    writeUint32(iv, 6, p.roc);
    iv[10] = p.sequence >>> 8;
    iv[11] = p.sequence;
  }

  /** RFC 7714 §9.1: 0 (16 bits), SSRC, 0 (16 bits), 0 and index, xor salt. */
  #setRtcpIv(p: RtcpPlace): void {
    const { iv } = this.#rtcp;
    writeUint32(iv, 2, p.ssrc);
    writeUint32(iv, 8, p.index);
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
