/**
 * GHASH (NIST SP 800-38D §6.4), the authentication half of AES-GCM, with one table of 256 multiples of the hash key.
 * Used by the GCM transform, which makes the keystream with a persistent block cipher: setting up a cipher object of
 * node:crypto for every packet costs twice as much as all of this.
 */

const BLOCK = 16;
/** The reduction polynomial in GCM's reflected order (§6.3). */
const R = 0xe1000000;

/** What a byte shifted out at the low end adds to the top 16 bits. */
const REDUCTION = makeReduction();

function makeReduction(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = 0;
    for (let bit = 0; bit < 8; bit++) {
      // Bit 0 of the byte is shifted out first and then itself shifted down by the others.
      if ((byte >>> bit) & 1) value ^= R >>> (7 - bit);
    }
    table[byte] = value >>> 0;
  }
  return table;
}

export class Ghash {
  /** byte · H for every byte, four words each. */
  readonly #table = new Int32Array(256 * 4);
  /** A last block that is not whole. */
  readonly #last = new Uint8Array(BLOCK);
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param h the hash key: the encrypted zero block */
  constructor(h: Uint8Array) {
    const table = this.#table;
    let [a, b, c, d] = [word(h, 0), word(h, 4), word(h, 8), word(h, 12)];
    // The highest bit of a byte is the lowest power: 0x80 stands for H itself, 0x40 for H·x, …
    for (let bit = 0x80; bit > 0; bit >>= 1) {
      table.set([a, b, c, d], 4 * bit);
      const out = d & 1;
      d = (d >>> 1) | (c << 31);
      c = (c >>> 1) | (b << 31);
      b = (b >>> 1) | (a << 31);
      a = (a >>> 1) ^ (out ? R : 0);
    }
    for (let byte = 1; byte < 256; byte++) {
      const low = byte & -byte;
      if (low === byte) continue;
      for (let i = 0; i < 4; i++) table[4 * byte + i] = table[4 * low + i] ^ table[4 * (byte ^ low) + i];
    }
  }

  begin(): void {
    this.#a = 0;
    this.#b = 0;
    this.#c = 0;
    this.#d = 0;
  }

  /** Takes `data[from..to)`, filled up with zeros to whole blocks. */
  update(data: Uint8Array, from: number, to: number): void {
    let offset = from;
    for (; offset + BLOCK <= to; offset += BLOCK) {
      this.#block(
        word(data, offset),
        word(data, offset + 4),
        word(data, offset + 8),
        word(data, offset + 12),
      );
    }
    if (offset === to) return;
    const left = to - offset;
    const last = this.#last.fill(0);
    for (let i = 0; i < left; i++) last[i] = data[offset + i];
    this.#block(word(last, 0), word(last, 4), word(last, 8), word(last, 12));
  }

  /** Takes the block of lengths (in bytes here) and writes the hash, xor what is in `out`. */
  finish(aadLength: number, textLength: number, out: Uint8Array): void {
    this.#block(0, 8 * aadLength, 0, 8 * textLength);
    xorWord(out, 0, this.#a);
    xorWord(out, 4, this.#b);
    xorWord(out, 8, this.#c);
    xorWord(out, 12, this.#d);
  }

  /** Y = (Y xor X) · H, from the last byte to the first. */
  #block(xa: number, xb: number, xc: number, xd: number): void {
    const table = this.#table;
    const reduction = REDUCTION;
    const ya = this.#a ^ xa;
    const yb = this.#b ^ xb;
    const yc = this.#c ^ xc;
    const yd = this.#d ^ xd;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 15; i >= 0; i--) {
      const y = i > 11 ? yd : i > 7 ? yc : i > 3 ? yb : ya;
      const at = ((y >>> (24 - 8 * (i & 3))) & 0xff) << 2;
      const out = d & 0xff;
      d = ((d >>> 8) | (c << 24)) ^ table[at + 3];
      c = ((c >>> 8) | (b << 24)) ^ table[at + 2];
      b = ((b >>> 8) | (a << 24)) ^ table[at + 1];
      a = (a >>> 8) ^ reduction[out] ^ table[at];
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }
}

function word(data: Uint8Array, offset: number): number {
  return (data[offset] << 24) | (data[offset + 1] << 16) | (data[offset + 2] << 8) | data[offset + 3];
}

function xorWord(out: Uint8Array, offset: number, value: number): void {
  out[offset] ^= value >>> 24;
  out[offset + 1] ^= value >>> 16;
  out[offset + 2] ^= value >>> 8;
  out[offset + 3] ^= value;
}
