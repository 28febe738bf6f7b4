/**
 * The AES keystream of the packets of one session key, made ahead for the packets that come next: one call of a
 * persistent AES-ECB object of node:crypto serves up to 16 packets. A call and the Buffer it returns cost as much as
 * encrypting 2 KB, so this takes a fifth of the time and a sixteenth of the garbage of a call per packet, and half the
 * time of AES in TypeScript, whose tables would leak the key to cache timing as well. Used by the SRTP transforms.
 */
import { type Cipher, createCipheriv } from 'node:crypto';

const BLOCK = 16;
/** Packets made at once, if they are small enough. */
const PACKETS_AHEAD = 16;
/** Bytes made at once, unless a single packet needs more. */
const BYTES_AHEAD = 4096;
/** Blocks of a packet that fits into an Ethernet frame. What is made for a longer one is not kept for others. */
const USUAL_BLOCKS = 96;
const LOW_VALUES = 0x1_0000;
/** Where the number of the block within the packet stands, 16 bits. */
const COUNTER_AT = 14;

/** How the first block of a packet is made of salt, SSRC and packet index. */
export interface KeystreamLayout {
  /** Where the SSRC stands in the block; 4 bytes on begins the packet index, 48 bits. */
  ssrcAt: number;
  firstCounter: number;
}

/** A raw AES block cipher: encrypts whole blocks, one by one. */
export function createBlockCipher(key: Uint8Array): Cipher {
  return createCipheriv(`aes-${8 * key.length}-ecb`, key, null).setAutoPadding(false);
}

export class Keystream {
  /** Where in the bytes that {@link of} returned the keystream of the packet begins. */
  offset = 0;
  readonly #cipher: Cipher;
  readonly #salt = new Uint8Array(BLOCK);
  readonly #layout: KeystreamLayout;
  readonly #ahead: boolean;
  #blocks = new Uint8Array(0);
  #stream: Uint8Array = this.#blocks;
  /** Blocks per packet. */
  #stride = 0;
  #ssrc = -1;
  #high = -1;
  /** The packets in {@link #stream}: the low 16 bits of the index of the first one, and how many. */
  #first = 0;
  #packets = 0;

  /**
   * @param salt 12 or 14 bytes
   * @param ahead false for packets that come seldom
   */
  constructor(key: Uint8Array, salt: Uint8Array, layout: KeystreamLayout, ahead: boolean) {
    this.#cipher = createBlockCipher(key);
    this.#salt.set(salt);
    this.#layout = layout;
    this.#ahead = ahead;
  }

  /**
   * @param high the packet index without its low 16 bits
   * @param low the low 16 bits
   * @param blocks how many are needed
   * @returns bytes with the keystream from {@link offset} on, valid until the next call
   */
  of(ssrc: number, high: number, low: number, blocks: number): Uint8Array {
    const fits = blocks <= this.#stride && this.#stride <= USUAL_BLOCKS;
    const known = fits && ssrc === this.#ssrc && high === this.#high;
    if (!fits) this.#resize(blocks);
    if (!known) this.#prepare(ssrc, high);
    if (!known || low < this.#first || low >= this.#first + this.#packets) this.#make(low);
    this.offset = (low - this.#first) * this.#stride * BLOCK;
    return this.#stream;
  }

  #resize(blocks: number): void {
    this.#stride = blocks;
    const most = Math.floor(BYTES_AHEAD / BLOCK / blocks);
    const packets = this.#ahead ? Math.min(PACKETS_AHEAD, Math.max(1, most)) : 1;
    this.#blocks = new Uint8Array(packets * blocks * BLOCK);
  }

  /** Writes what stays the same from one turn to the next. */
  #prepare(ssrc: number, high: number): void {
    this.#ssrc = ssrc;
    this.#high = high;
    const { ssrcAt, firstCounter } = this.#layout;
    const salt = this.#salt;
    const out = this.#blocks;
    const stride = this.#stride * BLOCK;
    for (let at = 0; at < out.length; at += BLOCK) {
      for (let i = 0; i < BLOCK; i++) out[at + i] = salt[i];
      for (let i = 0; i < 4; i++) {
        out[at + ssrcAt + i] ^= ssrc >>> (24 - 8 * i);
        out[at + ssrcAt + 4 + i] ^= high >>> (24 - 8 * i);
      }
      const counter = firstCounter + (at % stride) / BLOCK;
      out[at + COUNTER_AT] = counter >>> 8;
      out[at + COUNTER_AT + 1] = counter;
    }
  }

  /** Makes the keystream of the packet `low` and of those that follow it before the low part wraps. */
  #make(low: number): void {
    const stride = this.#stride * BLOCK;
    const blocks = this.#blocks;
    const lowAt = this.#layout.ssrcAt + 8;
    const salt1 = this.#salt[lowAt];
    const salt2 = this.#salt[lowAt + 1];
    const packets = Math.min(blocks.length / stride, LOW_VALUES - low);
    for (let packet = 0, at = lowAt; packet < packets; packet++) {
      const byte1 = salt1 ^ ((low + packet) >>> 8);
      const byte2 = salt2 ^ ((low + packet) & 0xff);
      for (const end = at + stride; at < end; at += BLOCK) {
        blocks[at] = byte1;
        blocks[at + 1] = byte2;
      }
    }
    const length = packets * stride;
    this.#stream = this.#cipher.update(length === blocks.length ? blocks : blocks.subarray(0, length));
    this.#first = low;
    this.#packets = packets;
  }
}

/** Blocks of keystream for `length` bytes. */
export function blocksOf(length: number): number {
  return (length + BLOCK - 1) >>> 4;
}
