/**
 * Counts what is still being said to peers about calls that are over for the application: a BYE without its answer, a
 * CANCEL without its 487. Closing down waits for these; nothing else does.
 */
export class Partings {
  #open = 0;
  #waiting: Array<() => void> = [];

  get count(): number {
    return this.#open;
  }

  /** @returns the function to call, once, when the peer has answered or will not */
  begin(): () => void {
    this.#open++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#open > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
  }

  /** Resolves when nothing is left to be said. */
  settled(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
