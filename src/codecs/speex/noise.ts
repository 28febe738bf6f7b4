/** White noise for what a Speex decoder makes up: not for secrets, and the same in every run. */
export class Noise {
  #seed = 1000;

  /** Evenly spread, of effective value 1. */
  next(): number {
    this.#seed = (Math.imul(1664525, this.#seed) + 1013904223) >>> 0;
    return (this.#seed / 0x1_0000_0000 - 0.5) * Math.sqrt(12);
  }

  reset(): void {
    this.#seed = 1000;
  }
}
