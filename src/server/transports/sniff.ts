/** Tells by the first bytes of a connection what its client speaks: HTTP, the text protocol, or TLS by mistake. */

export type Spoken = 'http' | 'text' | 'tls' | undefined;

const METHODS = [
  'GET ',
  'POST ',
  'PUT ',
  'HEAD ',
  'OPTIONS ',
  'DELETE ',
  'PATCH ',
  'CONNECT ',
  'TRACE ',
  'PRI ',
];
const TLS_HANDSHAKE = 0x16;

/** @returns undefined while too little has come to tell */
export function sniff(bytes: Uint8Array): Spoken {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const text = String.fromCharCode(...bytes.subarray(0, 8));
  if (METHODS.some((method) => text.startsWith(method))) return 'http';
  return METHODS.some((method) => method.startsWith(text)) ? undefined : 'text';
}

/** True for the first line of an HTTP request: a browser must not get through to the text protocol. */
export function isHttpLine(line: string): boolean {
  return /\sHTTP\/\d(\.\d)?\s*$/i.test(line);
}
