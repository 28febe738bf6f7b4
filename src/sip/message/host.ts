/** The `host [":" port]` of URIs and Via values, IPv6 references included (RFC 3261 §25.1, RFC 5118). */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { ALPHANUM, Code, codeTable, isSpace, parseError, skipSpace } from './grammar.js';

export interface HostPort {
  /** Lower case; an IPv6 address without brackets. */
  host: string;
  port?: number;
  /** The index behind it. */
  end: number;
}

/** Letters, digits, "-" and "."; also "_", which names in the field have. */
const HOST_CODES = codeTable(`${ALPHANUM}-._`);

/**
 * Reads a host and a port from `start`, as far as they go.
 * @param spaces allow white space around the colon, as Via does (COLON = SWS ":" SWS)
 * @throws ERR_SIP_PARSE
 */
export function parseHostPort(text: string, start: number, end: number, spaces: boolean): HostPort {
  let i = start;
  let host: string;
  if (text.charCodeAt(i) === Code.BRACKET_OPEN) {
    const close = text.indexOf(']', i);
    if (close < 0 || close >= end) throw parseError('host', 'the closing "]" is missing');
    // RFC 3261's grammar allows a third colon before an embedded IPv4 address by mistake (RFC 5118 §4.10).
    host = text
      .slice(i + 1, close)
      .toLowerCase()
      .replace(':::', '::');
    if (!isIPv6(host)) throw parseError('host', `"${host}" is not an IPv6 address`);
    i = close + 1;
  } else {
    let upper = false;
    for (; i < end; i++) {
      const code = text.charCodeAt(i);
      if (HOST_CODES[code] !== 1) break;
      upper ||= code >= 0x41 && code <= 0x5a;
    }
    if (i === start) throw parseError('host', 'there is none');
    host = text.slice(start, i);
    if (upper) host = host.toLowerCase();
  }
  const colon = spaces ? skipSpace(text, i, end) : i;
  if (colon >= end || text.charCodeAt(colon) !== Code.COLON) return { host, port: undefined, end: i };
  i = spaces ? skipSpace(text, colon + 1, end) : colon + 1;
  const portStart = i;
  let port = 0;
  for (; i < end; i++) {
    const digit = text.charCodeAt(i) - Code.ZERO;
    if (digit < 0 || digit > 9) break;
    port = port * 10 + digit;
    if (port > 65535) throw parseError('port', 'it is larger than 65535');
  }
  if (i === portStart) throw parseError('port', 'it is not a number');
  if (spaces) while (i < end && isSpace(text.charCodeAt(i))) i++;
  return { host, port, end: i };
}

/** The host as a URI or a Via writes it: IPv6 in brackets. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A host given by the program: a name or an address, brackets optional. */
export function normalizeHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const lower = bare.toLowerCase();
  const valid = lower.includes(':') ? isIPv6(lower) : /^[a-z0-9._-]+$/.test(lower);
  if (!valid) throw parseError('host', `"${host}" is neither a name nor an address`);
  return lower;
}

/** Names ignoring case, addresses by value: every spelling of an IPv6 address is equal (RFC 5954 §3.2). */
export function sameHost(a: string, b: string): boolean {
  if (a === b) return true;
  if (isIPv6(a) && isIPv6(b)) return canonicalIPv6(a) === canonicalIPv6(b);
  if (isIPv4(a) || isIPv4(b)) return false;
  return a.toLowerCase() === b.toLowerCase();
}

function canonicalIPv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
