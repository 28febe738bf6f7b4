/**
 * What the transport layer does with the top Via: noting where a request really came from (RFC 3261 §18.2.1, RFC 3581
 * §4) and finding where its response goes (§18.2.2). Pure.
 */
import { isIP } from 'node:net';
import type { SocketAddress } from '../../base/diagnostics.js';
import { sameHost } from '../message/host.js';
import type { SipRequest } from '../message/message.js';
import type { Via } from '../message/via.js';
import { withoutZone } from './address.js';
import { DEFAULT_PORTS, type TransportProtocol } from './target.js';

/** Adds `received` and `rport` where they are due; what the client wrote there itself is not believed. */
export function markSource(request: SipRequest, remote: SocketAddress): void {
  const via = request.topVia;
  if (!via) return;
  const source = withoutZone(remote.host);
  const asked = via.params.has('rport');
  const named = isIP(via.host) !== 0 && sameHost(via.host, source);
  if (named && !asked && !via.params.has('received')) return;
  const marked = via.clone();
  marked.received = source;
  if (asked) marked.rport = remote.port;
  request.replaceFirstValue('Via', marked);
}

/** Where the response to a datagram goes; `remote` is where the request came from. */
export function datagramResponseAddress(via: Via, remote: SocketAddress): SocketAddress {
  const port = via.port || DEFAULT_PORTS.udp;
  const maddr = via.params.get('maddr')?.replace(/^\[|\]$/g, '');
  if (maddr && isIP(maddr)) return { host: maddr, port };
  const rport = via.params.get('rport');
  // RFC 3581 §4: where it came from; we noted both ourselves.
  if (via.received !== undefined && rport) return remote;
  // A name in sent-by always has `received` beside it (§18.2.1), and an address without it is the source.
  return { host: remote.host, port };
}

/** Where to connect for a response when the connection of the request is gone (§18.2.2). */
export function connectionResponseAddress(
  via: Via,
  remote: SocketAddress,
  protocol: TransportProtocol,
): SocketAddress {
  return { host: remote.host, port: via.port || DEFAULT_PORTS[protocol] };
}
