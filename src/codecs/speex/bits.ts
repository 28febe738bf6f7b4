/** Reading and writing of the Speex bit stream, most significant bit first. Used by both directions; checks nothing. */

export class BitReader {
  #data: Uint8Array = new Uint8Array(0);
  /** In bits from the start of the data. */
  #at = 0;
  #end = 0;

  open(data: Uint8Array, start: number, end: number): void {
    this.#data = data;
    this.#at = start * 8;
    this.#end = end * 8;
  }

  /** Bits that are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** The next bits, up to 16, as an unsigned number; those beyond the end are zero. */
  read(count: number): number {
    const byte = this.#at >> 3;
    const data = this.#data;
    const last = this.#end >> 3;
    const window =
      ((byte < last ? data[byte] : 0) << 16) |
      ((byte + 1 < last ? data[byte + 1] : 0) << 8) |
      (byte + 2 < last ? data[byte + 2] : 0);
    const value = (window >> (24 - (this.#at & 7) - count)) & ((1 << count) - 1);
    this.skip(count);
    return value;
  }

  /** The next bit, without taking it. */
  peek(): number {
    return this.left > 0 ? (this.#data[this.#at >> 3] >> (7 - (this.#at & 7))) & 1 : 0;
  }

  /** Goes on, but never beyond the end. */
  skip(count: number): void {
    this.#at = Math.min(this.#at + count, this.#end);
  }
}

export class BitWriter {
  #out: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** In bits from the start of the buffer. */
  #at = 0;

  open(out: Uint8Array, offset: number): void {
    this.#out = out;
    this.#start = offset;
    this.#at = offset * 8;
  }

  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      const byte = this.#at >> 3;
      if ((this.#at & 7) === 0) this.#out[byte] = 0;
      this.#out[byte] |= ((value >> bit) & 1) << (7 - (this.#at++ & 7));
    }
  }

  /**
   * Fills the last octet: a zero, then ones (RFC 5574 §3.3).
   * @returns octets written since {@link open}
   */
  close(): number {
    const fill = -this.#at & 7;
    if (fill > 0) this.write((1 << (fill - 1)) - 1, fill);
    return (this.#at >> 3) - this.#start;
  }
}
