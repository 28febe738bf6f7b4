/**
 * The nonces of a {@link DigestServer}. A nonce proves by itself (time and MAC) that it is ours and not too old; only
 * those in use are kept, with the counts seen, so that no count is accepted twice.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { asBuffer } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';

const TIME_BYTES = 6;
const SALT_BYTES = 6;
const MAC_BYTES = 12;
const NONCE_BYTES = TIME_BYTES + SALT_BYTES + MAC_BYTES;
const KEY_BYTES = 32;
/** Counts below the highest by more than this are taken for used: requests may overtake each other a little. */
const WINDOW = 32;

interface Use {
  highest: number;
  /** Bit i: the count `highest - i` was used. */
  seen: number;
}

export type NonceState = 'fresh' | 'expired' | 'foreign';

export class NonceStore {
  readonly #key: Uint8Array;
  readonly #uses = new Map<string, Use>();
  /** Nonces made up to this time may have been used without our remembering. */
  #forgottenUntil = -1;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly lifetimeMs: number,
    /** How many nonces in use are remembered; the oldest ones are then asked to be renewed. */
    private readonly capacity: number,
  ) {
    this.#key = random.bytes(KEY_BYTES);
  }

  create(): string {
    const bytes = Buffer.alloc(NONCE_BYTES);
    bytes.writeUIntBE(Math.floor(this.clock.now()), 0, TIME_BYTES);
    bytes.set(this.random.bytes(SALT_BYTES), TIME_BYTES);
    bytes.set(this.#mac(bytes), TIME_BYTES + SALT_BYTES);
    return bytes.toString('base64url');
  }

  check(nonce: string): NonceState {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== NONCE_BYTES || bytes.toString('base64url') !== nonce) return 'foreign';
    if (!timingSafeEqual(bytes.subarray(TIME_BYTES + SALT_BYTES), this.#mac(bytes))) return 'foreign';
    return this.clock.now() - madeAt(nonce) <= this.lifetimeMs ? 'fresh' : 'expired';
  }

  /**
   * Counts one use of a fresh nonce.
   * @returns false when this count was used before, or so long ago that nobody remembers
   */
  use(nonce: string, count: number): boolean {
    const use = this.#uses.get(nonce);
    if (!use) {
      if (madeAt(nonce) <= this.#forgottenUntil) return false;
      this.#uses.set(nonce, { highest: count, seen: 1 });
      this.#forget();
      return true;
    }
    const ahead = count - use.highest;
    if (ahead > 0) {
      use.seen = ahead < WINDOW ? (use.seen << ahead) | 1 : 1;
      use.highest = count;
      return true;
    }
    if (-ahead >= WINDOW || (use.seen >>> -ahead) & 1) return false;
    use.seen |= 1 << -ahead;
    return true;
  }

  /** Drops what has expired, and the oldest when there are too many. */
  #forget(): void {
    const expired = this.clock.now() - this.lifetimeMs;
    for (const nonce of this.#uses.keys()) {
      const made = madeAt(nonce);
      if (this.#uses.size <= this.capacity && made >= expired) return;
      this.#uses.delete(nonce);
      this.#forgottenUntil = Math.max(this.#forgottenUntil, made);
    }
  }

  #mac(bytes: Uint8Array): Uint8Array {
    const mac = createHmac('sha256', this.#key)
      .update(bytes.subarray(0, TIME_BYTES + SALT_BYTES))
      .digest();
    return asBuffer(mac).subarray(0, MAC_BYTES);
  }
}

/** When a nonce of ours was made, on its clock. */
function madeAt(nonce: string): number {
  return Buffer.from(nonce, 'base64url').readUIntBE(0, TIME_BYTES);
}
