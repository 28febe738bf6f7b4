/**
 * The digest authentication of a user agent client (RFC 3261 §22, RFC 7616, RFC 8760). One per account: it remembers
 * the nonces of the realms it met and counts their uses. Called by the endpoint for every request sent with `auth`.
 * It never logs and never keeps a password; credentials are asked for when needed.
 */
import type { Random } from '../../base/random.js';
import {
  AuthParams,
  type Challenge,
  Credentials,
  type SipRequest,
  type SipResponse,
} from '../message/index.js';
import {
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  type DigestSecret,
  digestResponse,
  parseAlgorithm,
  type Qop,
} from './digest.js';

/** Who we are in a realm. */
export interface DigestCredentials extends DigestSecret {
  username: string;
}

export interface DigestClientOptions {
  /** The credentials for a realm; undefined when there are none. */
  credentials(realm: string): DigestCredentials | undefined;
  random: Random;
  /** The realm they are for. Another one gets an answer only to a password, since a hash fits one realm. */
  realm?: string;
  /** The algorithms we answer to; by default all. */
  algorithms?: readonly DigestAlgorithm[];
  /** Whose challenges are answered: those of servers (401), of proxies (407), or both. Default 'both'. */
  challenges?: 'both' | 'server' | 'proxy';
}

/** What a server told us about one realm, and how often we used it. */
interface Protection {
  readonly header: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  /** The token as the server spelled it; undefined when it gave none. */
  readonly algorithmToken: string | undefined;
  readonly opaque: string | undefined;
  readonly qop: Qop | undefined;
  readonly cnonce: string;
  nonce: string;
  count: number;
}

/** A server that always says stale=true must not keep us busy. */
const MAX_STALE_RETRIES = 2;
/** Realms remembered; more than that means a server that invents them. */
const MAX_REALMS = 32;
/** 47 bits, fresh for every nonce; requests have to fit into a datagram. */
const CNONCE_LENGTH = 8;

interface Attempts {
  readonly realm: string;
  answered: number;
  stale: number;
  refused: boolean;
}

export class DigestClient {
  readonly #options: DigestClientOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #protections = new Map<string, Protection>();
  /** Per request and realm, how often a challenge was answered. */
  readonly #attempts = new WeakMap<SipRequest, Map<string, Attempts>>();

  constructor(options: DigestClientOptions) {
    this.#options = options;
    this.#algorithms = options.algorithms ?? DIGEST_ALGORITHMS;
  }

  /**
   * Puts credentials into `request` for every challenge of a 401 or 407 (a forking proxy may have gathered several,
   * §22.3) that can be answered.
   * Each realm is answered once per request, and again when the nonce was merely too old.
   * @returns 'failed' when nothing new could be answered: no credentials, nothing we understand, or refused before
   */
  authorize(request: SipRequest, response: SipResponse): 'retry' | 'failed' {
    const seen = new Set<string>();
    let answered = false;
    let refused = false;
    for (const challenge of challengesOf(response)) {
      const protection = this.#select(challenge);
      if (!protection || !this.#wants(protection)) continue;
      // Several challenges of one realm differ in the algorithm; the topmost we know counts (RFC 8760 §2.4).
      const key = keyOf(protection);
      if (seen.has(key)) continue;
      const attempts = this.#attemptsOf(request, key, protection.realm);
      if (this.#isForeign(protection.realm)) {
        attempts.refused = true;
        continue;
      }
      const { stale } = challenge.challenge;
      if (attempts.answered > 0 && (!stale || attempts.stale >= MAX_STALE_RETRIES)) {
        seen.add(key);
        attempts.refused = refused = true;
        this.#protections.delete(key);
      } else if (this.#sign(request, protection)) {
        seen.add(key);
        if (attempts.answered > 0) attempts.stale++;
        attempts.answered++;
        if (protection.header === 'Proxy-Authorization' && !response.has('WWW-Authenticate'))
          dropCredentials(request, protection.realm);
        this.#remember(key, protection);
        answered = true;
      }
    }
    return answered && !refused ? 'retry' : 'failed';
  }

  #isForeign(realm: string): boolean {
    const { realm: ours } = this.#options;
    if (ours === undefined || realm === ours) return false;
    const who = this.#options.credentials(realm);
    return who !== undefined && who.password === undefined;
  }

  #wants({ header }: Protection): boolean {
    const { challenges = 'both' } = this.#options;
    return challenges === 'both' || (challenges === 'proxy') === (header === 'Proxy-Authorization');
  }

  /** After 'failed': the realm that refused our credentials, and why; undefined when there were none to refuse. */
  refusal(request: SipRequest): { realm: string; why: string } | undefined {
    const { realm: ours } = this.#options;
    for (const { realm, refused, answered } of this.#attempts.get(request)?.values() ?? []) {
      if (!refused) continue;
      const told = answered > 0 ? 'were refused' : 'were not given';
      return { realm, why: ours === undefined || realm === ours ? told : `${told}: ours are for "${ours}"` };
    }
    return undefined;
  }

  /** Puts in the credentials of the realms met before, so that the server need not challenge (§22.2). */
  preauthorize(request: SipRequest): void {
    for (const protection of this.#protections.values()) {
      const { header, realm } = protection;
      // Registrar and proxy of one realm: what passes the proxy shows it one set of credentials, not the registrar's too.
      const viaProxy = this.#protections.has(`Proxy-Authorization ${realm}`);
      if (header === 'Authorization' && viaProxy && request.method !== 'REGISTER') continue;
      this.#sign(request, protection);
    }
  }

  /** Learns the next nonce from Authentication-Info in the answer to `request` (RFC 7616 §3.5). */
  learn(request: SipRequest, response: SipResponse): void {
    try {
      if (response.has('Authentication-Info')) {
        this.#takeNextNonce(request.authorization, 'Authorization', response.authenticationInfo);
      }
      if (response.has('Proxy-Authentication-Info')) {
        this.#takeNextNonce(
          request.proxyAuthorization,
          'Proxy-Authorization',
          response.proxyAuthenticationInfo,
        );
      }
    } catch {
      // A malformed header is one that tells us nothing; the request itself has succeeded.
    }
  }

  /** Forgets all nonces: after the password changed. */
  reset(): void {
    this.#protections.clear();
  }

  #takeNextNonce(used: Credentials[], header: Protection['header'], info: AuthParams | undefined): void {
    const next = info?.get('nextnonce');
    if (!next) return;
    for (const credentials of used) {
      const protection = this.#protections.get(`${header} ${credentials.realm}`);
      if (!protection || protection.nonce !== credentials.nonce) continue;
      protection.nonce = next;
      protection.count = 0;
    }
  }

  /** undefined when the challenge is of a kind we cannot answer. */
  #select({ challenge, header }: ReceivedChallenge): Protection | undefined {
    const { realm, nonce } = challenge;
    if (!challenge.isDigest || realm === undefined || nonce === undefined) return undefined;
    const algorithm = parseAlgorithm(challenge.algorithm);
    if (!algorithm || !this.#algorithms.includes(algorithm)) return undefined;
    const offered = challenge.qop;
    const qop = offered.includes('auth') ? 'auth' : offered.includes('auth-int') ? 'auth-int' : undefined;
    if (offered.length > 0 && !qop) return undefined;
    return {
      header,
      realm,
      algorithm,
      algorithmToken: challenge.algorithm,
      opaque: challenge.opaque,
      qop,
      // Kept as long as the nonce: a session key is bound to the first one (RFC 7616 §3.4.2).
      cnonce: this.#options.random.token(CNONCE_LENGTH),
      nonce,
      count: 0,
    };
  }

  #attemptsOf(request: SipRequest, key: string, realm: string): Attempts {
    let perRealm = this.#attempts.get(request);
    if (!perRealm) this.#attempts.set(request, (perRealm = new Map()));
    let attempts = perRealm.get(key);
    if (!attempts) perRealm.set(key, (attempts = { realm, answered: 0, stale: 0, refused: false }));
    return attempts;
  }

  #remember(key: string, protection: Protection): void {
    this.#protections.delete(key);
    this.#protections.set(key, protection);
    if (this.#protections.size <= MAX_REALMS) return;
    for (const oldest of this.#protections.keys()) {
      this.#protections.delete(oldest);
      break;
    }
  }

  /** Replaces the credentials for this realm in `request`; false when we have none. */
  #sign(request: SipRequest, protection: Protection): boolean {
    const { header, realm, algorithm, qop, cnonce, nonce } = protection;
    const who = this.#options.credentials(realm);
    if (!who) return false;
    protection.count++;
    const needsCnonce = qop !== undefined || algorithm.endsWith('-sess');
    const nc = protection.count.toString(16).padStart(8, '0');
    const uri = request.uri.toString();
    const { username } = who;
    const { method, body } = request;
    const input = { algorithm, username, realm, method, uri, nonce, qop, nc, cnonce, body };
    const value = digestResponse(input, who);
    if (value === undefined) return false;
    const params = new AuthParams()
      .setQuoted('username', username)
      .setQuoted('realm', realm)
      .setQuoted('nonce', nonce)
      .setQuoted('uri', uri)
      .setQuoted('response', value);
    if (protection.algorithmToken !== undefined) params.set('algorithm', protection.algorithmToken);
    if (needsCnonce) params.setQuoted('cnonce', cnonce);
    if (protection.opaque !== undefined) params.setQuoted('opaque', protection.opaque);
    if (qop) params.set('qop', qop).set('nc', nc);
    putCredentials(request, header, new Credentials('Digest', params));
    return true;
  }
}

interface ReceivedChallenge {
  challenge: Challenge;
  header: Protection['header'];
}

function keyOf(protection: Protection): string {
  return `${protection.header} ${protection.realm}`;
}

/** A malformed challenge is one we cannot answer. */
function challengesOf(response: SipResponse): ReceivedChallenge[] {
  const list: ReceivedChallenge[] = [];
  try {
    for (const challenge of response.wwwAuthenticate) list.push({ challenge, header: 'Authorization' });
    for (const challenge of response.proxyAuthenticate)
      list.push({ challenge, header: 'Proxy-Authorization' });
  } catch {
    return [];
  }
  return list;
}

/** One set of credentials per realm (§22.3); those of other realms stay. */
function putCredentials(request: SipRequest, header: Protection['header'], credentials: Credentials): void {
  const present = header === 'Authorization' ? request.authorization : request.proxyAuthorization;
  const others = present.filter((other) => other.realm !== credentials.realm);
  request.set(header, [...others, credentials]);
}

/** The credentials for the registrar that were put in before it was known that a proxy of its realm asks for its own. */
function dropCredentials(request: SipRequest, realm: string): void {
  const others = request.authorization.filter((other) => other.realm !== realm);
  if (others.length > 0) request.set('Authorization', others);
  else request.remove('Authorization');
}
