/**
 * The source of tags, branches, Call-IDs, SSRCs and nonces. Injected, so that a test can replay a run; in production
 * always the cryptographic one (RFC 3261 §19.3 wants tags to be cryptographically random).
 */
import { randomFillSync } from 'node:crypto';

export interface Random {
  /** `length` fresh random bytes. */
  bytes(length: number): Uint8Array;
  /** An unsigned 32-bit integer. */
  uint32(): number;
  /** A token of `length` characters from [a-z0-9], about 5.17 bits each. */
  token(length: number): string;
  /** A float in [0, 1). */
  float(): number;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

abstract class RandomBase implements Random {
  abstract uint32(): number;

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.uint32() >>> 24;
    return out;
  }

  token(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += ALPHABET[this.uint32() % ALPHABET.length];
    return text;
  }

  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }
}

/** Draws from a pool filled by the system's generator: one call to it per 1,024 numbers. */
class CryptoRandom extends RandomBase {
  readonly #pool = new Uint32Array(1024);
  #next = this.#pool.length;

  override uint32(): number {
    if (this.#next === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const value = this.#pool[this.#next];
    this.#pool[this.#next++] = 0;
    return value;
  }
}

export const cryptoRandom: Random = new CryptoRandom();

/** xorshift32: reproducible, for tests and simulations only. */
export class SeededRandom extends RandomBase {
  #state: number;

  constructor(seed = 1) {
    super();
    this.#state = seed >>> 0 || 0x9e3779b9;
  }

  override uint32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}
