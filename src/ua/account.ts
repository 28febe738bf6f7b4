/**
 * One identity on one server: who we are (AOR, display name, credentials), where requests go first (registrar,
 * outbound proxy, service route) and from which flow. The UserAgent asks it for every out-of-dialog request; it
 * never sends anything itself: see registration.ts.
 */

import { isPublic } from '../base/address-scope.js';
import type { SocketAddress } from '../base/diagnostics.js';
import { SwitchhookError } from '../base/errors.js';
import { cryptoRandom, type Random } from '../base/random.js';
import {
  DigestClient,
  type Flow,
  NameAddr,
  type SipResponse,
  SipUri,
  type Target,
  type TransportProtocol,
} from '../sip/index.js';
import type { Gruus, RegistrationOptions } from './registration-options.js';

export interface AccountOptions {
  /** Address of record, `sip:user@domain`. */
  aor: string;
  displayName?: string;
  /** User name for digest authentication when it differs from the user of the AOR. */
  authUsername?: string;
  password?: string;
  /** HA1 hash (MD5 of user:realm:password, hex) in place of the password. */
  ha1?: string;
  /** The realm of the login, for which `ha1` was made. A challenge of another one is answered with a password only. */
  realm?: string;
  /** Whose challenges are answered: those of servers (401), of proxies (407), or both. Default 'both'. */
  challenges?: 'both' | 'server' | 'proxy';
  /** Server to register at and to send requests through, `host`, `host:port` or a SIP URI; default: the domain. */
  server?: string;
  /** Proxy all requests pass first, `host`, `host:port` or a SIP URI. */
  outboundProxy?: string;
  /** Transport to the server; default: what DNS says (RFC 3263), UDP without a record. */
  transport?: 'udp' | 'tcp' | 'tls';
  /** Registration lifetime asked for, in seconds. Default 600. */
  expires?: number;
  /** `urn:uuid:…` naming this device (RFC 5626 §4.1); default: a fresh one per Account. */
  instanceId?: string;
  /** Keep-alive interval in seconds: 0 turns it off. Default 25 over UDP, 90 over connections. */
  keepAlive?: number;
  /**
   * Seconds between the OPTIONS that watch whether the server answers, as trunks without registration want it;
   * default 0 = none. What comes of it is told by the `reachability` event; a registration whose server ceases to answer
   * is made anew, at the backup if there is one.
   */
  ping?: number;
  /** How it registers, beyond the defaults. */
  registration?: RegistrationOptions;
}

/** A server requests may go to: the one of the account, the same by another transport, or the backup. */
export interface Hop {
  readonly uri: SipUri;
  /** Domain of our address there. */
  domain: string;
}

/** Parses `host`, `host:port`, `[v6]:port` or a SIP URI. */
export function parseServer(text: string, option: string): SipUri {
  const trimmed = text.trim();
  try {
    const uri = SipUri.parse(/^sips?:/i.test(trimmed) ? trimmed : `sip:${bracketed(trimmed)}`);
    if (!uri.host) throw new Error('no host');
    return uri;
  } catch (cause) {
    throw new SwitchhookError(
      'ERR_INVALID_ARGUMENT',
      { what: `option '${option}': "${text}" is not a host, host:port or SIP URI` },
      { cause },
    );
  }
}

/** A bare IPv6 literal gets its brackets. */
function bracketed(text: string): string {
  return /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
}

export class Account {
  readonly displayName: string | undefined;
  readonly registration: RegistrationOptions;
  /** Where requests may go, the best first. */
  readonly hops: readonly Hop[];
  /** Index of the one in use. */
  hop = 0;
  /** Digest credentials and the nonces in use. */
  readonly auth: DigestClient;
  readonly #uri: SipUri;
  readonly outboundProxy: SipUri | undefined;
  readonly expires: number;
  readonly instanceId: string;
  readonly keepAlive: number | undefined;
  /** Seconds between OPTIONS to the server; 0 = none. */
  readonly ping: number;
  /** Route set learned from Service-Route (RFC 3608). */
  serviceRoute: NameAddr[] = [];
  /** The flow the last successful REGISTER used (RFC 5626: requests to us arrive there). */
  flow: Flow | undefined;
  /** The addresses that lead to this device from anywhere, as long as it is registered (RFC 5627). */
  gruu: Gruus | undefined;
  /** The way to the registrar does not support RFC 5626 (439). */
  outboundRefused = false;
  #publicAddress: SocketAddress | undefined;
  /** The flow on which that is told. */
  #seenOver: Flow | undefined;
  /** A NAT maps us anew again and again: what the server sees is of no use. */
  #unstable = false;

  constructor(options: AccountOptions, random: Random = cryptoRandom) {
    const aor = /^sips?:/i.test(options.aor) ? options.aor : `sip:${options.aor}`;
    try {
      this.#uri = SipUri.parse(aor);
    } catch (cause) {
      throw new SwitchhookError(
        'ERR_INVALID_ARGUMENT',
        { what: `option 'aor': "${options.aor}" is not a SIP address (user@domain)` },
        { cause },
      );
    }
    this.displayName = options.displayName;
    this.registration = options.registration ?? {};
    this.hops = hopsOf(options, this.#uri);
    if (options.outboundProxy) {
      this.outboundProxy = this.hops[0].uri.clone();
      this.outboundProxy.params.set('lr');
    }
    this.expires = options.expires ?? 600;
    checkSeconds('expires', this.expires, 1);
    this.ping = options.ping ?? 0;
    checkSeconds('ping', this.ping, 0);
    checkSeconds('keepAlive', options.keepAlive ?? 0, 0);
    this.keepAlive = options.keepAlive;
    this.instanceId = options.instanceId ?? `urn:uuid:${uuid(random)}`;
    const username = options.authUsername ?? this.#uri.user ?? '';
    this.auth = new DigestClient({
      random,
      challenges: options.challenges,
      realm: options.realm,
      credentials: () =>
        options.password === undefined && options.ha1 === undefined
          ? undefined
          : { username, password: options.password, ha1: options.ha1 },
    });
  }

  /** Our address as the server sees it, when a NAT rewrites it (RFC 3581). */
  get publicAddress(): SocketAddress | undefined {
    return this.#publicAddress;
  }

  /** Our address of record; on a backup server with a domain of its own that of there. */
  get uri(): SipUri {
    const { domain } = this.hops[this.hop];
    if (domain === this.#uri.host) return this.#uri;
    const there = this.#uri.clone();
    there.host = domain;
    there.port = undefined;
    return there;
  }

  /** Request-URI of REGISTER. */
  get registrar(): SipUri {
    const { host, port, secure } = this.uri;
    return new SipUri({ host, port, secure });
  }

  /** The URI whose DNS records tell where requests go. */
  get nextHop(): SipUri {
    return this.hops[this.hop].uri;
  }

  /** RFC 5626: requests to us come over the connection we made. */
  usesOutbound(flow: Pick<Flow, 'protocol'>): boolean {
    const { outbound = 'auto' } = this.registration;
    return outbound === 'always' || (outbound === 'auto' && !this.outboundRefused && flow.protocol !== 'udp');
  }

  /** `"Display" <sip:user@domain>` for From. */
  identity(): NameAddr {
    return new NameAddr(this.uri.clone(), this.displayName);
  }

  /** Pre-loaded Route set of an out-of-dialog request: outbound proxy, then Service-Route (RFC 3608 §6.1). */
  routes(forRegister = false): NameAddr[] {
    const routes = this.outboundProxy && this.hop === 0 ? [new NameAddr(this.outboundProxy.clone())] : [];
    if (!forRegister) routes.push(...this.serviceRoute.map((route) => route.clone()));
    return routes;
  }

  /**
   * Our Contact in requests and answers that go by `flow`: a GRUU where there is one (RFC 5627 §4.4), else the binding.
   * @param anonymous it must not tell who we are
   */
  contact(flow: Pick<Flow, 'protocol' | 'sentBy' | 'local'>, secure = false, anonymous = false): NameAddr {
    const gruu = anonymous ? this.gruu?.temporary : this.gruu?.public;
    return gruu && (gruu.secure || !secure) ? new NameAddr(gruu.clone()) : this.binding(flow, secure);
  }

  /** The address REGISTER binds, for requests that leave by `flow`. */
  binding(flow: Pick<Flow, 'protocol' | 'sentBy' | 'local'>, secure = false): NameAddr {
    const seen = this.registration.contact === 'local' ? undefined : this.publicAddress;
    const contact = contactFor(this.#uri.user, flow, seen, secure || this.#uri.secure);
    if (this.usesOutbound(flow) && contact.uri.kind === 'sip') contact.uri.params.set('ob');
    return contact;
  }

  /** What servers have told of us holds for one life of the SIP stack. */
  forgetServer(): void {
    this.hop = 0;
    this.serviceRoute = [];
    this.flow = undefined;
    this.outboundRefused = false;
    this.gruu = undefined;
    this.forgetAddress();
  }

  /** What servers saw of us holds for one network. */
  forgetAddress(): void {
    this.#tell(undefined);
    this.#unstable = false;
  }

  /** The servers of the hop in use have been found: its domain may follow them. */
  learnServer([first]: readonly Target[]): void {
    const { domain = 'auto' } = this.registration;
    const hop = this.hops[this.hop];
    if (!first?.srvTarget || !(domain === 'target' || (domain === 'auto' && SERVICE_NAME.test(hop.uri.host))))
      return;
    hop.domain = first.srvTarget;
  }

  /**
   * RFC 3581: the top Via of an answer tells the address the server saw; over UDP that is the one calls must use.
   * @param sent the Contact the request had
   * @returns true when it is not the one we knew
   */
  learnAddress(flow: Flow, response: SipResponse, sent: NameAddr | undefined): boolean {
    const { contact, seenAddress = 'stable' } = this.registration;
    const seen = seenElsewhere(flow, response, sent);
    if (!seen || contact === 'local' || this.#unstable || isFixed(flow)) return false;
    if (seenAddress !== 'any' && isPublic(flow.local.host)) return false;
    this.#tell(seen, flow);
    return true;
  }

  /**
   * The answer to a request that told the address learned.
   * @returns true when the server sees us elsewhere again, and our own address is told from now on
   */
  doubtAddress(flow: Flow, response: SipResponse, sent: NameAddr | undefined): boolean {
    const { seenAddress = 'stable' } = this.registration;
    if (seenAddress !== 'stable' || !this.#publicAddress || !seenElsewhere(flow, response, sent))
      return false;
    this.#unstable = true;
    this.#tell(undefined);
    return true;
  }

  #tell(address: SocketAddress | undefined, flow?: Flow): void {
    if (this.#seenOver) this.#seenOver.seenAs = undefined;
    this.#publicAddress = address;
    this.#seenOver = flow;
    if (flow) flow.seenAs = address;
  }
}

/** Where the server sees us, when that is not what the Contact said. */
function seenElsewhere(
  flow: Flow,
  response: SipResponse,
  sent: NameAddr | undefined,
): SocketAddress | undefined {
  const via = response.topVia;
  if (flow.protocol !== 'udp' || typeof via?.rport !== 'number' || sent?.uri.kind !== 'sip') return undefined;
  const host = via.received ?? via.host;
  const port = via.rport;
  if (sent.uri.host === host && (sent.uri.port ?? DEFAULT_PORT) === port) return undefined;
  return { host, port };
}

/** The address told was given by the user: he knows better than any server. */
function isFixed(flow: Flow): boolean {
  const told = splitSentBy(flow.sentBy)?.host;
  return !flow.seenAs && told !== undefined && told !== flow.local.host.replace(/%.*/, '');
}

/** The servers of an account: its own, the same by other transports, the backup. */
function hopsOf(options: AccountOptions, aor: SipUri): Hop[] {
  const { outboundProxy, server, transport, registration = {} } = options;
  const given = outboundProxy ?? server;
  const first = given
    ? parseServer(given, outboundProxy ? 'outboundProxy' : 'server')
    : new SipUri({ host: aor.host, port: aor.port, secure: aor.secure });
  const named = first.transport !== undefined || first.secure;
  if (transport && !first.transport) first.params.set('transport', transport);
  const hops = [first];
  if (registration.otherTransports && !named && (transport ?? 'udp') === 'udp') {
    for (const other of ['tcp', 'tls']) {
      const uri = first.clone();
      // The port is that of UDP and TCP; TLS has one of its own.
      if (other === 'tls') uri.port = undefined;
      uri.params.set('transport', other);
      hops.push(uri);
    }
  }
  const bare = (registration.domain ?? 'auto') === 'given' ? aor.host : aor.host.replace(SERVICE_NAME, '');
  const own = hops.map((uri) => ({ uri, domain: bare }));
  const { backup } = registration;
  if (!backup) return own;
  const uri = parseServer(backup.server, 'registration.backup');
  if (transport && !uri.transport) uri.params.set('transport', transport);
  return [...own, { uri, domain: backup.domain ?? aor.host }];
}

/** A server given as the name of SRV records (RFC 3263 §4.1). */
const SERVICE_NAME = /^_sips?\._(udp|tcp|tls|ws)\./;
const DEFAULT_PORT = 5060;
/** RFC 3261 §25.1: delta-seconds have 32 bits. */
const MAX_SECONDS = 0xffff_ffff;

function checkSeconds(option: string, value: number, min: number): void {
  if (value >= min && value <= MAX_SECONDS) return;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `option '${option}': ${value} is not a time in seconds`,
  });
}

/**
 * A Contact that reaches us over the kind of flow given.
 * @param publicAddress what a NAT makes of our UDP port
 * @param secure a request to a sips URI wants a sips Contact (RFC 3261 §8.1.1.8)
 */
export function contactFor(
  user: string | undefined,
  flow: Pick<Flow, 'protocol' | 'sentBy' | 'local'>,
  publicAddress?: { host: string; port: number },
  secure = false,
): NameAddr {
  const { host, port } =
    (flow.protocol === 'udp' ? publicAddress : undefined) ?? splitSentBy(flow.sentBy) ?? flow.local;
  const uri = new SipUri({ user, host, port, secure });
  // RFC 5630 §3.1.3: sips means TLS already.
  if (flow.protocol !== 'udp' && !(secure && flow.protocol === 'tls')) {
    uri.params.set('transport', transportParameter(flow.protocol));
  }
  return new NameAddr(uri);
}

/** RFC 3261 §19.1.1: `tls` is a transport of its own in practice; `wss` is written `ws` (RFC 7118 §5.2.4). */
function transportParameter(protocol: TransportProtocol): string {
  return protocol === 'wss' ? 'ws' : protocol;
}

function splitSentBy(sentBy: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(sentBy);
  return match ? { host: match[1] ?? match[2], port: Number(match[3]) } : undefined;
}

function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
