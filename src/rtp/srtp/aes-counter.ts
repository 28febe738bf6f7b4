/**
 * AES in counter mode as SRTP uses it (RFC 3711 §4.1.1, RFC 6188): one persistent AES-ECB object of node:crypto makes
 * the keystream, which saves the set-up of a cipher for each packet and keeps AES out of cache-timed tables.
 */
import { type Cipher, createCipheriv } from 'node:crypto';

const BLOCK = 16;
/** Blocks of keystream made at once; longer packets take several turns. */
const MAX_BLOCKS = 96;

/** A raw AES block cipher: encrypts whole blocks, one by one. */
export function createBlockCipher(key: Uint8Array): Cipher {
  return createCipheriv(`aes-${8 * key.length}-ecb`, key, null).setAutoPadding(false);
}

export class AesCounter {
  readonly #cipher: Cipher;
  readonly #salt = new Uint8Array(BLOCK);
  readonly #blocks = new Uint8Array(BLOCK * MAX_BLOCKS);
  /** The first n blocks, for each n. */
  readonly #views: Uint8Array[] = [];
  #ssrc = -1;
  #high = -1;

  /** @param salt 14 bytes */
  constructor(key: Uint8Array, salt: Uint8Array) {
    this.#cipher = createBlockCipher(key);
    this.#salt.set(salt);
    for (let n = 0; n <= MAX_BLOCKS; n++) this.#views.push(this.#blocks.subarray(0, n * BLOCK));
  }

  /**
   * Encrypts or decrypts `data[from..to)` in place. The 48-bit packet index is `high * 2^16 + low`.
   */
  apply(data: Uint8Array, from: number, to: number, ssrc: number, high: number, low: number): void {
    if (ssrc !== this.#ssrc || high !== this.#high) this.#prepare(ssrc, high);
    const blocks = this.#blocks;
    const byte12 = this.#salt[12] ^ (low >>> 8);
    const byte13 = this.#salt[13] ^ (low & 0xff);
    let counter = 0;
    for (let offset = from; offset < to; ) {
      const count = Math.min(MAX_BLOCKS, (to - offset + BLOCK - 1) >>> 4);
      for (let at = 12, end = count * BLOCK; at < end; at += BLOCK, counter++) {
        blocks[at] = byte12;
        blocks[at + 1] = byte13;
        blocks[at + 2] = counter >>> 8;
        blocks[at + 3] = counter;
      }
      const keystream = this.#cipher.update(this.#views[count]);
      const length = Math.min(to - offset, count * BLOCK);
      for (let i = 0; i < length; i++) data[offset + i] ^= keystream[i];
      offset += length;
    }
  }

  /** IV = salt · 2^16 xor SSRC · 2^64 xor index · 2^16: what only changes with the roll-over counter. */
  #prepare(ssrc: number, high: number): void {
    this.#ssrc = ssrc;
    this.#high = high;
    const blocks = this.#blocks;
    const salt = this.#salt;
    for (let base = 0; base < blocks.length; base += BLOCK) {
      for (let i = 0; i < 4; i++) {
        blocks[base + i] = salt[i];
        blocks[base + 4 + i] = salt[4 + i] ^ (ssrc >>> (24 - 8 * i));
        blocks[base + 8 + i] = salt[8 + i] ^ (high >>> (24 - 8 * i));
      }
    }
  }
}
