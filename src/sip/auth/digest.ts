/**
 * The arithmetic of digest authentication (RFC 7616, RFC 8760; RFC 2617 and RFC 2069 forms for old peers). Called by
 * {@link DigestClient} and {@link DigestServer}; knows no message, keeps no state, and never logs its inputs.
 */
import { createHash } from 'node:crypto';

export type DigestAlgorithm =
  | 'MD5'
  | 'MD5-sess'
  | 'SHA-256'
  | 'SHA-256-sess'
  | 'SHA-512-256'
  | 'SHA-512-256-sess';

/** `auth-int` covers the body as well; none is the form of RFC 2069. */
export type Qop = 'auth' | 'auth-int';

/** All algorithms, the strongest first. */
export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = [
  'SHA-512-256',
  'SHA-512-256-sess',
  'SHA-256',
  'SHA-256-sess',
  'MD5',
  'MD5-sess',
];

/** The name as node:crypto knows it, by the algorithm without `-sess`. */
const HASH_NAMES = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;

/** What a realm's secret may be given as: the password, or H(username:realm:password) in hex. */
export interface DigestSecret {
  password?: string;
  /** Valid for one hash only: MD5 unless `ha1Algorithm` says otherwise. */
  ha1?: string;
  ha1Algorithm?: 'MD5' | 'SHA-256' | 'SHA-512-256';
}

/** What goes into a response value besides the secret. */
export interface DigestInput {
  algorithm: DigestAlgorithm;
  username: string;
  realm: string;
  method: string;
  /** The digest-uri, as it stands in the header. */
  uri: string;
  nonce: string;
  qop?: Qop;
  /** Eight hexadecimal digits; with qop only. */
  nc?: string;
  cnonce?: string;
  /** The entity body; used by `auth-int` only. */
  body?: Uint8Array;
}

/** The algorithm a token names, in any case; MD5 when there is none (RFC 7616 §3.3); undefined when unknown. */
export function parseAlgorithm(token: string | undefined): DigestAlgorithm | undefined {
  if (token === undefined) return 'MD5';
  const wanted = token.toLowerCase();
  return DIGEST_ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === wanted);
}

function baseOf(algorithm: DigestAlgorithm): keyof typeof HASH_NAMES {
  return algorithm.endsWith('-sess')
    ? (algorithm.slice(0, -'-sess'.length) as keyof typeof HASH_NAMES)
    : (algorithm as keyof typeof HASH_NAMES);
}

function hash(algorithm: DigestAlgorithm, data: string | Uint8Array): string {
  return createHash(HASH_NAMES[baseOf(algorithm)]).update(data).digest('hex');
}

/** H(username:realm:password), without the session part. */
export function digestHa1(
  algorithm: DigestAlgorithm,
  username: string,
  realm: string,
  password: string,
): string {
  return hash(algorithm, `${username}:${realm}:${password}`);
}

/**
 * The value of `response=` (RFC 7616 §3.4.1).
 * @returns lower-case hex, or undefined when `secret` cannot serve this algorithm
 */
export function digestResponse(input: DigestInput, secret: DigestSecret): string | undefined {
  const { algorithm, nonce, qop, nc, cnonce } = input;
  let ha1: string;
  if (secret.password !== undefined) {
    ha1 = digestHa1(algorithm, input.username, input.realm, secret.password);
  } else if (secret.ha1 !== undefined && (secret.ha1Algorithm ?? 'MD5') === baseOf(algorithm)) {
    ha1 = secret.ha1.toLowerCase();
  } else {
    return undefined;
  }
  if (algorithm.endsWith('-sess')) ha1 = hash(algorithm, `${ha1}:${nonce}:${cnonce ?? ''}`);
  const a2 =
    qop === 'auth-int'
      ? `${input.method}:${input.uri}:${hash(algorithm, input.body ?? '')}`
      : `${input.method}:${input.uri}`;
  const ha2 = hash(algorithm, a2);
  return qop
    ? hash(algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`)
    : hash(algorithm, `${ha1}:${nonce}:${ha2}`);
}
