/**
 * Typing, told to peers and heard of them (RFC 3994): active is told at the first key and again while it goes on, idle
 * when no key came for a while; what is heard goes out by itself. Timing only; the messages are sent by Messages.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { IsComposing } from '../../ua/index.js';

/** §3.2: no key for that long is idle. */
const IDLE_MS = 15_000;
/** §3.2: told again while typing goes on, sooner than we say that it lasts. */
const REFRESH_MS = 90_000;
const LASTS_S = 120;
/** What to assume of a peer that does not say (§3.3). */
const ASSUMED_REFRESH_S = 120;
const MAX_REFRESH_S = 3600;
/** Peers at a time. */
const MAX_PEERS = 1000;

interface Typing {
  idle: Timer;
  toldAt: number;
}

export class Composing {
  readonly #clock: Clock;
  readonly #send: (peer: string, state: IsComposing) => void;
  readonly #heard: (peer: string, typing: boolean) => void;
  /** By address. */
  readonly #ours = new Map<string, Typing>();
  /** By `sip:user@host`. */
  readonly #theirs = new Map<string, Timer>();

  constructor(
    clock: Clock,
    send: (peer: string, state: IsComposing) => void,
    heard: (peer: string, typing: boolean) => void,
  ) {
    this.#clock = clock;
    this.#send = send;
    this.#heard = heard;
  }

  /** A key was struck in a message to `peer`. */
  key(peer: string): void {
    const before = this.#ours.get(peer);
    if (!before && this.#ours.size >= MAX_PEERS) return;
    before?.idle.cancel();
    const now = this.#clock.now();
    const due = !before || now - before.toldAt >= REFRESH_MS;
    const idle = this.#clock.after(IDLE_MS, () => this.stopped(peer));
    this.#ours.set(peer, { idle, toldAt: due ? now : before.toldAt });
    if (due) this.#send(peer, { state: 'active', contentType: 'text/plain', refresh: LASTS_S });
  }

  /** The user has left off. */
  stopped(peer: string): void {
    if (this.#forget(peer)) this.#send(peer, { state: 'idle', contentType: 'text/plain' });
  }

  /** The message goes out, which says the same (§3.2). */
  sent(peer: string): void {
    this.#forget(peer);
  }

  /** A document of the peer. */
  received(peer: string, { state, refresh }: IsComposing): void {
    const before = this.#theirs.get(peer);
    before?.cancel();
    this.#theirs.delete(peer);
    if (state === 'active' && (before || this.#theirs.size < MAX_PEERS)) {
      const seconds = Math.min(refresh ?? ASSUMED_REFRESH_S, MAX_REFRESH_S);
      this.#theirs.set(
        peer,
        this.#clock.after(seconds * 1000, () => {
          this.#theirs.delete(peer);
          this.#heard(peer, false);
        }),
      );
      if (!before) this.#heard(peer, true);
    } else if (before) {
      this.#heard(peer, false);
    }
  }

  /** A message of the peer ends its typing (§3.3). */
  messageCame(peer: string): void {
    this.received(peer, { state: 'idle' });
  }

  close(): void {
    for (const { idle } of this.#ours.values()) idle.cancel();
    for (const timer of this.#theirs.values()) timer.cancel();
    this.#ours.clear();
    this.#theirs.clear();
  }

  #forget(peer: string): boolean {
    this.#ours.get(peer)?.idle.cancel();
    return this.#ours.delete(peer);
  }
}
