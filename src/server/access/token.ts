/** The secret a client must know. Compared in constant time, whatever the lengths. */
import { createHash, timingSafeEqual } from 'node:crypto';

export class AccessToken {
  readonly #digest: Buffer | undefined;

  /** @param token undefined: everybody may */
  constructor(token: string | undefined) {
    this.#digest = token ? digest(token) : undefined;
  }

  get required(): boolean {
    return this.#digest !== undefined;
  }

  admits(given: string | undefined): boolean {
    if (!this.#digest) return true;
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
