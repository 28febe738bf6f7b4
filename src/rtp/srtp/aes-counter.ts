/** AES in counter mode as SRTP uses it (RFC 3711 §4.1.1, RFC 6188), for packets and for the derivation of keys. */
import { blocksOf, Keystream } from './keystream.js';

/** IV = salt · 2^16 xor SSRC · 2^64 xor index · 2^16; the blocks count from 0 in its last 16 bits. */
const LAYOUT = { ssrcAt: 4, firstCounter: 0 };

export class AesCounter {
  readonly #keystream: Keystream;

  /**
   * @param salt 14 bytes
   * @param ahead make the keystream of the next packets as well; for packets in a row
   */
  constructor(key: Uint8Array, salt: Uint8Array, ahead = false) {
    this.#keystream = new Keystream(key, salt, LAYOUT, ahead);
  }

  /**
   * Encrypts or decrypts `data[from..to)` in place. The 48-bit packet index is `high * 2^16 + low`.
   */
  apply(data: Uint8Array, from: number, to: number, ssrc: number, high: number, low: number): void {
    const stream = this.#keystream.of(ssrc, high, low, blocksOf(to - from));
    const shift = this.#keystream.offset - from;
    for (let i = from; i < to; i++) data[i] ^= stream[i + shift];
  }
}
