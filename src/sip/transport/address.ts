/** Questions about IP literals the transports ask. */
import { isIP, isIPv6, SocketAddress } from 'node:net';
import { interfaceAddresses } from '../../base/interfaces.js';

/** Listening there means all addresses. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** An IPv6 link-local address without its zone ('fe80::1%eth0'), which means nothing to the peer. */
export function withoutZone(host: string): string {
  const percent = host.indexOf('%');
  return percent < 0 ? host : host.slice(0, percent);
}

/** More link-local peers than any link has. */
const MAX_ZONES = 1000;

/**
 * The zones of link-local peers we have met: without one such an address leads nowhere, and what a peer says of itself
 * has none (RFC 4007 §11.2).
 */
export class ZoneBook {
  readonly #zones = new Map<string, string>();

  /** @param host as a socket has it */
  note(host: string): void {
    const percent = host.indexOf('%');
    if (percent < 0) return;
    const bare = host.slice(0, percent);
    if (this.#zones.get(bare) === host) return;
    if (this.#zones.size >= MAX_ZONES) this.#zones.clear();
    this.#zones.set(bare, host);
  }

  /** The same address with its zone, where it needs one and it is known. */
  complete(host: string): string {
    return this.#zones.get(host) ?? host;
  }
}

/** The one spelling an address has as a key; undefined for what is no IP literal. */
export function canonicalAddress(host: string): string | undefined {
  if (!isIP(host)) return undefined;
  if (!isIPv6(host) || host.includes('%')) return host;
  return new SocketAddress({ address: host, family: 'ipv6' }).address;
}

/** All addresses this machine has at the moment, without zones. */
export function localAddresses(): Set<string> {
  return new Set(interfaceAddresses().map(({ address }) => withoutZone(address)));
}
