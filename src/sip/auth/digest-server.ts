/**
 * Digest authentication of requests by a user agent server, registrar or proxy (RFC 3261 §22, RFC 7616, RFC 8760).
 * Used by the exchange; builds challenges and checks credentials. Never logs secrets or says which of user name and
 * password was wrong.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import {
  AuthParams,
  Challenge,
  type Credentials,
  parseUri,
  type SipRequest,
  type SipResponse,
} from '../message/index.js';
import {
  type DigestAlgorithm,
  type DigestSecret,
  digestResponse,
  parseAlgorithm,
  type Qop,
} from './digest.js';
import { NonceStore } from './nonce-store.js';

export interface DigestServerOptions {
  realm: string;
  random: Random;
  clock: Clock;
  /** One challenge is sent for each, in this order; default SHA-256 before MD5 (RFC 8760 §2.4). */
  algorithms?: readonly DigestAlgorithm[];
  /** Offered qualities; default `['auth']`. An empty list asks for the form of RFC 2069. */
  qop?: readonly Qop[];
  /** How long a nonce is good for; default 300,000 ms. */
  nonceLifetimeMs?: number;
  /** Nonces in use at a time; default 10,000. */
  maxNonces?: number;
  /** The secret of a user, or undefined for an unknown one. */
  lookup(username: string, realm: string): DigestSecret | undefined;
}

export type DigestVerdict =
  | { ok: true; username: string }
  | {
      ok: false;
      /** The credentials were right, the nonce is not usable any more: challenge again with stale=true. */
      stale: boolean;
      /** For the log. */
      reason: 'missing' | 'malformed' | 'algorithm' | 'uri' | 'nonce' | 'credentials' | 'stale' | 'replay';
    };

const DEFAULT_LIFETIME_MS = 300_000;
const DEFAULT_MAX_NONCES = 10_000;

export class DigestServer {
  readonly #options: DigestServerOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #qop: readonly Qop[];
  readonly #nonces: NonceStore;

  constructor(options: DigestServerOptions) {
    this.#options = options;
    this.#algorithms = options.algorithms ?? ['SHA-256', 'MD5'];
    this.#qop = options.qop ?? ['auth'];
    this.#nonces = new NonceStore(
      options.clock,
      options.random,
      options.nonceLifetimeMs ?? DEFAULT_LIFETIME_MS,
      options.maxNonces ?? DEFAULT_MAX_NONCES,
    );
  }

  /** Adds our challenges to a 401 (WWW-Authenticate) or 407 (Proxy-Authenticate). */
  challenge(response: SipResponse, stale = false): void {
    const header = response.status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
    const nonce = this.#nonces.create();
    for (const algorithm of this.#algorithms) {
      const params = new AuthParams().setQuoted('realm', this.#options.realm).setQuoted('nonce', nonce);
      if (stale) params.set('stale', 'true');
      params.set('algorithm', algorithm);
      if (this.#qop.length > 0) params.setQuoted('qop', this.#qop.join(','));
      response.add(header, new Challenge('Digest', params));
    }
  }

  /** @param proxy true to look at Proxy-Authorization instead of Authorization */
  verify(request: SipRequest, proxy: boolean): DigestVerdict {
    let list: Credentials[];
    try {
      list = proxy ? request.proxyAuthorization : request.authorization;
    } catch {
      return refuse('malformed');
    }
    const credentials = list.find((other) => other.isDigest && other.realm === this.#options.realm);
    return credentials ? this.#check(request, credentials) : refuse('missing');
  }

  #check(request: SipRequest, credentials: Credentials): DigestVerdict {
    const { username, nonce, params } = credentials;
    const uri = params.get('uri');
    const response = params.get('response');
    if (username === undefined || nonce === undefined || uri === undefined || response === undefined) {
      return refuse('malformed');
    }
    const algorithm = parseAlgorithm(credentials.algorithm);
    if (!algorithm || !this.#algorithms.includes(algorithm)) return refuse('algorithm');
    const use = this.#usage(params);
    if (!use) return refuse('malformed');
    if (!sameUri(uri, request)) return refuse('uri');
    const state = this.#nonces.check(nonce);
    if (state === 'foreign') return refuse('nonce');

    const { realm } = this.#options;
    const secret = this.#options.lookup(username, realm);
    const { method, body } = request;
    const { qop, nc, cnonce } = use;
    const input = { algorithm, username, realm, method, uri, nonce, qop, nc, cnonce, body };
    const expected = secret && digestResponse(input, secret);
    if (expected === undefined || !sameText(expected, response.toLowerCase())) return refuse('credentials');
    // Only now may the client learn that the nonce was the trouble (RFC 7616 §3.3, stale).
    if (state === 'expired') return { ok: false, stale: true, reason: 'stale' };
    if (!this.#nonces.use(nonce, nc === undefined ? 1 : Number.parseInt(nc, 16))) {
      return { ok: false, stale: true, reason: 'replay' };
    }
    return { ok: true, username };
  }

  /**
   * The parameters that come with qop. Credentials without qop are those of an RFC 2069 client: accepted (RFC 3261
   * §22.4), but their nonce is good for one request only, since they have no count.
   */
  #usage(params: AuthParams): { qop?: Qop; nc?: string; cnonce?: string } | undefined {
    const qop = params.get('qop')?.toLowerCase();
    const cnonce = params.get('cnonce');
    if (qop === undefined) return { cnonce };
    if (qop !== 'auth' && qop !== 'auth-int') return undefined;
    if (!this.#qop.includes(qop)) return undefined;
    const nc = params.get('nc');
    if (cnonce === undefined || nc === undefined || !/^[0-9a-f]{8}$/i.test(nc)) return undefined;
    return { qop, nc, cnonce };
  }
}

function refuse(reason: (DigestVerdict & { ok: false })['reason']): DigestVerdict {
  return { ok: false, stale: false, reason };
}

/** The digest-uri names the resource that was asked for (RFC 3261 §22.4 (2)), in any equal spelling. */
function sameUri(text: string, request: SipRequest): boolean {
  if (text === request.uri.toString()) return true;
  try {
    return parseUri(text).equals(request.uri);
  } catch {
    return false;
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
