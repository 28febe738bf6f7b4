/**
 * HMAC-SHA1 (RFC 2104, FIPS 180-4) without allocation per message: node:crypto's costs an object and 1.8 µs for each.
 * Used by the SRTP transforms only. SHA-1 is what RFC 3711 §4.2.1 prescribes; as a MAC it is not broken.
 */

const BLOCK = 64;
const SHA1_LENGTH = 20;

/** SHA-1 initial state (FIPS 180-4 §5.3.1). */
const INITIAL = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);

// One call runs at a time in a thread and leaves nothing behind that the next one reads.
const schedule = new Int32Array(80);
const tail = new Uint8Array(2 * BLOCK);
const state = new Int32Array(5);

export class HmacSha1 {
  /** The MAC computed last. */
  readonly digest = new Uint8Array(SHA1_LENGTH);
  readonly #inner = Int32Array.from(INITIAL);
  readonly #outer = Int32Array.from(INITIAL);

  /** @param key up to 64 bytes */
  constructor(key: Uint8Array) {
    const pad = new Uint8Array(BLOCK).fill(0x36);
    for (let i = 0; i < key.length; i++) pad[i] ^= key[i];
    compress(this.#inner, pad, 0);
    for (let i = 0; i < BLOCK; i++) pad[i] ^= 0x36 ^ 0x5c;
    compress(this.#outer, pad, 0);
    pad.fill(0);
  }

  /**
   * Computes the MAC of `data[start..end)` followed, unless it is negative, by `trailer` as a 32-bit word.
   * The result is in {@link digest}.
   */
  compute(data: Uint8Array, start: number, end: number, trailer: number): void {
    copyState(this.#inner);
    let offset = start;
    for (; offset + BLOCK <= end; offset += BLOCK) compress(state, data, offset);
    let length = 0;
    while (offset < end) tail[length++] = data[offset++];
    if (trailer >= 0) {
      writeWord(tail, length, trailer);
      length += 4;
    }
    finish(state, length, BLOCK + (end - start) + (trailer >= 0 ? 4 : 0));
    for (let i = 0; i < 5; i++) writeWord(tail, 4 * i, state[i]);
    copyState(this.#outer);
    finish(state, SHA1_LENGTH, BLOCK + SHA1_LENGTH);
    for (let i = 0; i < 5; i++) writeWord(this.digest, 4 * i, state[i]);
  }
}

// The methods of typed arrays for this cost more than the few words.
function copyState(from: Int32Array): void {
  for (let i = 0; i < 5; i++) state[i] = from[i];
}

/** Pads the `length` bytes in {@link tail} of a message of `total` bytes and hashes them. */
function finish(hash: Int32Array, length: number, total: number): void {
  const end = length + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
  tail[length] = 0x80;
  for (let i = length + 1; i < end - 4; i++) tail[i] = 0;
  writeWord(tail, end - 4, 8 * total);
  compress(hash, tail, 0);
  if (end > BLOCK) compress(hash, tail, BLOCK);
}

/** The compression function (FIPS 180-4 §6.1.2). */
function compress(hash: Int32Array, data: Uint8Array, offset: number): void {
  const w = schedule;
  for (let t = 0; t < 16; t++, offset += 4) {
    w[t] = (data[offset] << 24) | (data[offset + 1] << 16) | (data[offset + 2] << 8) | data[offset + 3];
  }
  for (let t = 16; t < 80; t++) {
    const x = w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
    w[t] = (x << 1) | (x >>> 31);
  }
  let a = hash[0];
  let b = hash[1];
  let c = hash[2];
  let d = hash[3];
  let e = hash[4];
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a827999 + w[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 20; t < 40; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + w[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 40; t < 60; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + 0x8f1bbcdc + w[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 60; t < 80; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0xca62c1d6 + w[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  hash[0] = (hash[0] + a) | 0;
  hash[1] = (hash[1] + b) | 0;
  hash[2] = (hash[2] + c) | 0;
  hash[3] = (hash[3] + d) | 0;
  hash[4] = (hash[4] + e) | 0;
}

function writeWord(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}
