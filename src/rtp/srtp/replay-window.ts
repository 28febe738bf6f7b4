/**
 * Replay protection of one stream (RFC 3711 §3.3.2): which packet indices were authenticated. Checked before
 * authentication, updated after it. Pure.
 */

/** At least 64 by RFC 3711; reordering over more than this many packets does not happen within a call. */
const WINDOW = 128;

export class ReplayWindow {
  highest = -1;
  /** The index last seen for each residue: a packet of the window is there or not. */
  readonly #seen = new Float64Array(WINDOW).fill(-1);

  /** True when a packet of this index may still be taken. */
  isFresh(index: number): boolean {
    if (index > this.highest) return true;
    return index > this.highest - WINDOW && this.#seen[index % WINDOW] !== index;
  }

  add(index: number): void {
    this.#seen[index % WINDOW] = index;
    if (index > this.highest) this.highest = index;
  }
}
