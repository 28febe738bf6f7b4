/**
 * How many more packets a master key may protect (RFC 3711 §9.2, RFC 4568 §6.1): SRTP and SRTCP packets of all streams
 * under it together, 2^48 unless the SDP says less. Counted by sender and receiver, each for its keys.
 */

const MAX_PACKETS = 2 ** 48;
/** A new key is asked for when this share of the life is left. */
const EXPIRING_SHARE = 0.1;

export class KeyLifetime {
  readonly #expiringFrom: number;
  #left: number;

  /** @param packets as the SDP says; the most that is allowed when absent */
  constructor(packets: number = MAX_PACKETS) {
    this.#left = Math.max(1, Math.min(MAX_PACKETS, packets));
    this.#expiringFrom = this.#left * EXPIRING_SHARE;
  }

  get usedUp(): boolean {
    return this.#left === 0;
  }

  get expiring(): boolean {
    return this.#left <= this.#expiringFrom;
  }

  count(): void {
    this.#left--;
  }
}
