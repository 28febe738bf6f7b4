/**
 * How much audio is kept in hand against holes: each hole asks for more, and when there has been none for a while a little
 * is given back. Used by both feeds.
 */
const STEP_MS = 10;
/** One ms is given back this often. */
const GIVE_BACK_MS = 2000;

export class Cushion {
  readonly #mostMs: number;
  #extraMs = 0;
  #quietMs = 0;

  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** Beyond the least, in ms. */
  get extraMs(): number {
    return this.#extraMs;
  }

  /** There was a hole. */
  raise(): void {
    this.#quietMs = 0;
    this.#extraMs = Math.min(this.#mostMs, this.#extraMs + STEP_MS);
  }

  /** So long there was none. */
  pass(ms: number): void {
    if (this.#extraMs === 0) return;
    this.#quietMs += ms;
    if (this.#quietMs < GIVE_BACK_MS) return;
    this.#quietMs = 0;
    this.#extraMs--;
  }

  reset(): void {
    this.#extraMs = 0;
    this.#quietMs = 0;
  }
}
