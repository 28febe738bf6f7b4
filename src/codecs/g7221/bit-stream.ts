/** Bits of a frame, the first one highest (RFC 5577 §4): written up to its length, read up to its end. */

export class BitWriter {
  #out: Uint8Array = new Uint8Array(0);
  #at = 0;
  #left = 0;
  #pending = 0;
  /** Free bits in the pending octet. */
  #free = 8;

  /** @param bits length of the frame, a multiple of 8; what is written beyond is dropped */
  start(out: Uint8Array, offset: number, bits: number): void {
    this.#out = out;
    this.#at = offset;
    this.#left = bits;
    this.#pending = 0;
    this.#free = 8;
  }

  /** @param count up to 24 */
  write(value: number, count: number): void {
    if (count > this.#left) {
      value >>>= count - this.#left;
      count = this.#left;
    }
    this.#left -= count;
    while (count > 0) {
      const taken = Math.min(count, this.#free);
      count -= taken;
      this.#free -= taken;
      this.#pending |= ((value >>> count) & ((1 << taken) - 1)) << this.#free;
      if (this.#free > 0) continue;
      this.#out[this.#at++] = this.#pending;
      this.#pending = 0;
      this.#free = 8;
    }
  }

  /** Fills the rest of the frame with ones. */
  finish(): void {
    while (this.#left > 0) this.write(0xff, Math.min(8, this.#left));
  }
}

export class BitReader {
  #data: Uint8Array = new Uint8Array(0);
  /** In bits. */
  #at = 0;
  #end = 0;

  start(data: Uint8Array, offset: number, bits: number): void {
    this.#data = data;
    this.#at = offset * 8;
    this.#end = this.#at + bits;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  /** Only while something is left. */
  bit(): number {
    const at = this.#at++;
    return (this.#data[at >> 3] >> (7 - (at & 7))) & 1;
  }

  /** Only while so many are left. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = (value << 1) | this.bit();
    return value;
  }
}
