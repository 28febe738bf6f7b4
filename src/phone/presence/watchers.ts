/**
 * Who may see our presence and our calls: people we know may, strangers are accepted, refused or the user is asked.
 * Asked is once per stranger; what the user says holds for all later requests.
 */
import type { IncomingSubscription } from '../../ua/index.js';
import { type Peer, peerOf } from '../peer-name.js';

/** Somebody we do not know wants to watch us. */
export interface WatchRequest {
  readonly peer: Peer;
  readonly email?: string;
  accept(): void;
  reject(): void;
}

export type StrangerPolicy = 'accept' | 'ask' | 'reject';

const MAX_WAITING = 100;

export class Watchers {
  strangers: StrangerPolicy;
  readonly #ask: (request: WatchRequest) => void;
  readonly #isContact: (peer: Peer) => boolean;
  readonly #known = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #waiting = new Map<string, Set<IncomingSubscription>>();

  /** @param isContact whether somebody is in the list of contacts, and so known without a word */
  constructor(
    strangers: StrangerPolicy,
    ask: (request: WatchRequest) => void,
    isContact: (peer: Peer) => boolean = () => false,
  ) {
    this.strangers = strangers;
    this.#ask = ask;
    this.#isContact = isContact;
  }

  /** People whose requests are accepted: user names or addresses. Those of them that wait are accepted now. */
  know(users: Iterable<string>): void {
    for (const user of users) {
      const name = nameOf(user);
      if (name === '') continue;
      this.#known.add(name);
      this.#refused.delete(name);
      this.#decide(name, (subscription) => subscription.authorize());
    }
  }

  refuse(user: string): void {
    const name = nameOf(user);
    this.#known.delete(name);
    this.#refused.add(name);
    this.#decide(name, (subscription) => subscription.reject());
  }

  /** Known as an address, or by the user name alone; or a contact. */
  knows(peer: Peer): boolean {
    return this.#known.has(peer.uri) || this.#known.has(peer.user) || this.#isContact(peer);
  }

  /** Decides about a subscription, or lets it wait. */
  admit(subscription: IncomingSubscription, email?: string): void {
    const peer = peerOf(subscription.subscriber);
    if (this.#refused.has(peer.uri) || this.#refused.has(peer.user)) return subscription.reject(403);
    if (this.knows(peer) || this.strangers === 'accept') return;
    if (this.strangers === 'reject') return subscription.reject(403);
    const before = this.#waiting.get(peer.uri);
    if (!before && this.#waiting.size >= MAX_WAITING) return subscription.reject(403);
    subscription.pending();
    const waiting = before ?? new Set();
    waiting.add(subscription);
    this.#waiting.set(peer.uri, waiting);
    subscription.on('ended', () => {
      waiting.delete(subscription);
      if (waiting.size === 0 && this.#waiting.get(peer.uri) === waiting) this.#waiting.delete(peer.uri);
    });
    if (before) return;
    this.#ask({
      peer,
      email,
      accept: () => this.know([peer.uri]),
      reject: () => this.refuse(peer.uri),
    });
  }

  #decide(name: string, what: (subscription: IncomingSubscription) => void): void {
    for (const [uri, waiting] of [...this.#waiting]) {
      if (uri !== name && peerOf(uri).user !== name) continue;
      this.#waiting.delete(uri);
      for (const subscription of waiting) what(subscription);
    }
  }
}

/** How a user is known: by the address, or by the user name alone. */
export function nameOf(user: string): string {
  const text = user.trim();
  return text.includes('@') ? peerOf(/^\w+:/.test(text) ? text : `sip:${text}`).uri : text;
}
