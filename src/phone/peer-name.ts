/** By which name a peer is known: `sip:user@host` without port and parameters, so that all its addresses are one. Pure. */
import { type NameAddr, parseUri, type Uri } from '../sip/index.js';

export interface Peer {
  /** `sip:user@host`, lower case but for the user. */
  readonly uri: string;
  /** The user alone, or the host when there is none. */
  readonly user: string;
  readonly displayName?: string;
  /** The whole address, to send something there. */
  readonly address: string;
}

export function peerOf(address: NameAddr | Uri | string): Peer {
  if (typeof address === 'string') {
    try {
      return peerOf(parseUri(address.replace(/^pres:/i, 'sip:')));
    } catch {
      return { uri: address, user: address, address };
    }
  }
  if ('kind' in address) {
    const whole = address.toString();
    if (address.kind !== 'sip') return { uri: whole, user: whole.replace(/^tel:/, ''), address: whole };
    const host = address.host.toLowerCase();
    return {
      uri: `sip:${address.user ? `${address.user}@` : ''}${host}`,
      user: address.user ?? host,
      address: whole,
    };
  }
  return { ...peerOf(address.uri), displayName: address.displayName || undefined };
}
