/**
 * Session-ID (RFC 7989): one identifier from each end that stays the same over every hop, so that traces of many devices
 * can be joined. One per call.
 */
import type { Random } from '../../base/random.js';
import type { SipMessage } from '../../sip/index.js';

/** 'answer': only to a peer that sends one. */
export type SessionIdMode = 'off' | 'answer' | 'on';

/** RFC 7989 §5: not known yet. */
const NIL = '0'.repeat(32);
const HEADER = /^\s*([0-9a-f]{32})\s*(?:;\s*remote=([0-9a-f]{32}))?/i;

export class SessionId {
  readonly #mode: SessionIdMode;
  readonly local: string;
  #remote: string | undefined;

  /** @param local 32 hexadecimal digits; made at random when absent */
  constructor(mode: SessionIdMode, random: Random, local?: string) {
    this.#mode = mode;
    this.local =
      local !== undefined && /^[0-9a-f]{32}$/i.test(local) && local !== NIL
        ? local.toLowerCase()
        : Buffer.from(random.bytes(16)).toString('hex');
  }

  /** The peer's; undefined as long as it has sent none. */
  get remote(): string | undefined {
    return this.#remote;
  }

  learn(message: SipMessage): void {
    const uuid = HEADER.exec(message.get('Session-ID') ?? '')?.[1]?.toLowerCase();
    if (uuid !== undefined && uuid !== NIL) this.#remote = uuid;
  }

  apply(message: SipMessage): void {
    if (this.#mode === 'off' || (this.#mode === 'answer' && this.#remote === undefined)) return;
    message.set('Session-ID', `${this.local};remote=${this.#remote ?? NIL}`);
  }
}
