/** How far an IP address reaches. Pure. */
import { isIP } from 'node:net';

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6. */
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|f[cd]|fe[89ab])/i;

export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** An address of a local network. */
export function isPrivate(host: string): boolean {
  return PRIVATE.test(host);
}

/** An address everybody reaches. */
export function isPublic(host: string): boolean {
  return isIP(host) !== 0 && !isLoopback(host) && !isPrivate(host);
}
