/**
 * Locates the servers of a SIP URI (RFC 3263) and of a Via (§5 of it): from the URI to an ordered list of addresses,
 * ports and transports. Called by the endpoint before it sends; never sends a SIP message itself.
 *
 *   numeric host ──────────────────────────────────────────────► that address
 *   name with port ───────────────────────────► A / AAAA ──────► addresses, that port (none: SRV)
 *   name with transport ────────► SRV ─► (none) A / AAAA ──────► addresses, SRV port or default port
 *   name ──► NAPTR ─► (none) ───► SRV ─► (none) A / AAAA ──────► the same, transport by NAPTR or SRV found
 *   _sip._udp.name ─────────────► SRV ─► (none) A / AAAA ──────► the same, transport by the name
 *
 * {@link LocateRules} may have it otherwise.
 */
import { isIP } from 'node:net';
import { abortable } from '../../base/abort.js';
import type { Clock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { SipUri, Uri } from '../message/uri.js';
import type { Via } from '../message/via.js';
import { DEFAULT_PORTS, type Target, type TransportProtocol, targetName } from '../transport/target.js';
import { DnsCache } from './dns-cache.js';
import type { DnsClient, NaptrRecord } from './dns-client.js';
import { type LocateRules, lookupOrder, serviceOf } from './locate-rules.js';
import { PenaltyList } from './penalty-list.js';
import { orderSrv } from './srv-order.js';

export interface TargetResolverOptions {
  dns: DnsClient;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** What the client speaks, the preferred one first: decides where neither URI nor NAPTR does. */
  supported: readonly TransportProtocol[];
  /** 'any': IPv4 addresses before IPv6 ones. Where the rules name families these count. */
  family: 4 | 6 | 'any';
  /** How to look, asked with every look-up; default: as RFC 3263 has it. */
  rules?: () => LocateRules;
  /** How long a failed target is tried last; default 60,000. */
  penaltyMs?: number;
  /** For one DNS query; default 8,000. */
  queryTimeoutMs?: number;
}

const PENALTY_MS = 60_000;
/** All targets of one name: more would be hours of fail-over. */
const MAX_TARGETS = 64;

/** RFC 3263 §4.1 and the registry it opened (RFC 7118 §10.2), in the spelling of the NAPTR service field. */
const NAPTR_SERVICES: Readonly<Record<string, TransportProtocol>> = {
  'SIP+D2U': 'udp',
  'SIP+D2T': 'tcp',
  'SIPS+D2T': 'tls',
  'SIP+D2W': 'ws',
  'SIPS+D2W': 'wss',
};

/** RFC 3263 §4.1: "_sip" and "_sips" with the protocol below. */
const SRV_PREFIXES: Readonly<Record<TransportProtocol, string>> = {
  udp: '_sip._udp',
  tcp: '_sip._tcp',
  tls: '_sips._tcp',
  ws: '_sip._ws',
  wss: '_sips._ws',
};

/** A set of SRV records to ask for. */
interface Service {
  protocol: TransportProtocol;
  name: string;
}

/** Where the services of a host are looked for. */
interface Place {
  protocol: TransportProtocol;
  /** As given. */
  port: number | undefined;
  /** What certificates have to name. */
  name: string;
}

export class TargetResolver {
  readonly #cache: DnsCache;
  readonly #penalties: PenaltyList;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #supported: readonly TransportProtocol[];
  readonly #families: ReadonlyArray<4 | 6>;
  readonly #rules: () => LocateRules;

  constructor(options: TargetResolverOptions) {
    const rules = options.rules ?? ((): LocateRules => ({}));
    this.#rules = rules;
    this.#cache = new DnsCache({ ...options, policy: () => rules().cache ?? 'ttl' });
    this.#penalties = new PenaltyList(options.clock, options.penaltyMs ?? PENALTY_MS);
    this.#random = options.random;
    this.#logger = options.logger.child('resolver');
    this.#supported = options.supported;
    this.#families = options.family === 'any' ? [4, 6] : [options.family];
  }

  /**
   * The servers of `uri`, in the order to try them: never an empty list.
   * @throws SwitchhookError ERR_DNS_NOT_FOUND {domain, why}, ERR_ABORTED
   */
  async resolve(uri: Uri, signal?: AbortSignal): Promise<Target[]> {
    if (uri.kind !== 'sip') throw notFound(String(uri), 'only a sip or sips URI names a server');
    const targets = await abortable(this.#locateUri(uri), signal, `looking up ${uri.host}`);
    return this.#rules().failover === false ? targets.slice(0, 1) : this.#penalties.sort(targets);
  }

  /**
   * Where a response goes when the place its request came from has failed (RFC 3263 §5).
   * @throws SwitchhookError ERR_DNS_NOT_FOUND, ERR_ABORTED
   */
  async resolveSentBy(via: Via, signal?: AbortSignal): Promise<Target[]> {
    const protocol = via.transport.toLowerCase();
    if (!isSupported(protocol, this.#supported))
      throw notFound(via.host, `the transport ${via.transport} is not supported`);
    const located = this.#locateByTransport(via.host, protocol, via.port, via.host);
    return this.#penalties.sort(await abortable(located, signal, `looking up ${via.host}`));
  }

  /**
   * Failure as of RFC 3263 §4.3: 503, transport error, or no response at all.
   * @param ms as long as the server has asked for
   */
  markFailed(target: Target, ms?: number): void {
    this.#penalties.add(target, ms);
    this.#logger.debug('target failed', { target: targetName(target) });
  }

  markGood(target: Target): void {
    this.#penalties.remove(target);
  }

  /** Forgets answers and penalties: the network has changed. */
  clear(): void {
    this.#cache.clear();
    this.#penalties.clear();
  }

  async #locateUri(uri: SipUri): Promise<Target[]> {
    // TARGET (§4): where to look; the certificate has to name the URI's own domain (RFC 5922 §7.3).
    const host =
      uri.params
        .get('maddr')
        ?.toLowerCase()
        .replace(/^\[|\]$/g, '') || uri.host;
    const usable = this.#supported.filter((protocol) => !uri.secure || isSecure(protocol));
    const service = serviceOf(host);
    if (service && usable.includes(service.protocol)) return this.#locateService(host, service, uri.port);
    const explicit = uri.transport === undefined ? undefined : transportOf(uri.transport, uri.secure);
    if (uri.transport !== undefined || isIP(host) || uri.port !== undefined) {
      // §4.1: without a transport parameter UDP for sip, TCP (with TLS on it) for sips.
      const byScheme = uri.secure ? 'tls' : 'udp';
      const protocol =
        explicit ??
        (uri.transport === undefined ? (usable.includes(byScheme) ? byScheme : usable[0]) : undefined);
      if (protocol === undefined || !usable.includes(protocol)) {
        throw notFound(
          host,
          `the transport ${uri.transport ?? byScheme} is not supported for ${uri.secure ? 'sips' : 'sip'}`,
        );
      }
      return this.#locateByTransport(host, protocol, uri.port, uri.host);
    }
    return this.#locateByDomain(host, usable, uri);
  }

  /** The transport is known (§4.2). */
  async #locateByTransport(
    host: string,
    protocol: TransportProtocol,
    port: number | undefined,
    name: string,
  ): Promise<Target[]> {
    if (isIP(host)) {
      this.#checkFamily(host);
      return [
        { protocol, host, port: port ?? DEFAULT_PORTS[protocol], serverName: serverName(protocol, name) },
      ];
    }
    const services = [{ protocol, name: `${SRV_PREFIXES[protocol]}.${host}` }];
    return this.#locate(host, services, { protocol, port, name });
  }

  /** The name of SRV records was given in place of a domain. */
  #locateService(
    name: string,
    { protocol, domain }: { protocol: TransportProtocol; domain: string },
    port: number | undefined,
  ): Promise<Target[]> {
    return this.#locate(domain, [{ protocol, name }], { protocol, port, name: domain }, ['srv', 'address']);
  }

  /** SRV and addresses, in the order of the rules. */
  async #locate(
    host: string,
    services: readonly Service[],
    { protocol, port, name }: Place,
    order = lookupOrder(this.#rules(), host, port !== undefined),
  ): Promise<Target[]> {
    let failure: unknown;
    for (const step of order) {
      if (step === 'srv' && isLocalName(host)) continue;
      try {
        const targets =
          step === 'srv'
            ? await this.#servers(services, name, host, port)
            : await this.#hosts(host, protocol, port ?? DEFAULT_PORTS[protocol], serverName(protocol, name));
        if (targets) return targets;
      } catch (error) {
        // Decidedly not available is an answer.
        if (step === 'srv') throw error;
        failure ??= error;
      }
    }
    throw failure ?? notFound(host, 'it has no SRV records');
  }

  /** Neither transport nor port are given (§4.1). */
  async #locateByDomain(
    domain: string,
    usable: readonly TransportProtocol[],
    uri: SipUri,
  ): Promise<Target[]> {
    // For a sip URI without NAPTR only "_sip" names are asked (§4.1).
    const plain = usable.filter((protocol) => !isSecure(protocol));
    const asked = uri.secure || plain.length === 0 ? usable : plain;
    const bySrv = asked.map((protocol) => ({ protocol, name: `${SRV_PREFIXES[protocol]}.${domain}` }));
    let protocol: TransportProtocol | undefined = uri.secure ? 'tls' : 'udp';
    let services: readonly Service[] = bySrv;
    const { records = 'rfc', srvDomains } = this.#rules();
    if (records === 'rfc' && !srvDomains && !isLocalName(domain)) {
      // Asked together: the names NAPTR leads to are usually the same, and the cache shares what is on its way.
      for (const { name } of bySrv) this.#cache.srv(name).catch(() => {});
      const byNaptr = selectNaptr(await this.#orNone(this.#cache.naptr(domain), domain), usable);
      if (byNaptr.length > 0) {
        services = byNaptr;
        protocol = byNaptr[0].protocol;
      }
    }
    if (!usable.includes(protocol)) protocol = asked[0];
    if (protocol === undefined)
      throw notFound(domain, `no transport for ${uri.secure ? 'sips' : 'sip'} is enabled`);
    return this.#locate(domain, services, { protocol, port: undefined, name: uri.host });
  }

  /** The targets of the SRV records of `services`; undefined when there are none. */
  async #servers(
    services: readonly Service[],
    name: string,
    domain: string,
    wanted: number | undefined,
  ): Promise<Target[] | undefined> {
    const { srvPort = 'auto' } = this.#rules();
    const answers = await Promise.all(
      services.map(async ({ protocol, name: service }) => {
        const records = await this.#orNone(this.#cache.srv(service), service);
        return { protocol, records };
      }),
    );
    const found = answers.filter(({ records }) => records.length > 0);
    if (found.length === 0) return undefined;
    const lists = await Promise.all(
      found.flatMap(({ protocol, records }) =>
        orderSrv(records, this.#random)
          // RFC 2782: a target of "." says that the service is decidedly not available.
          .filter(({ target }) => target !== '.' && target !== '')
          .map(async ({ target, port, priority }) => {
            const srvTarget = target.replace(/\.$/, '').toLowerCase();
            const fallback = wanted ?? DEFAULT_PORTS[protocol];
            return (await this.#addresses(srvTarget)).map((host) => ({
              protocol,
              host,
              port: srvPort === 'always' ? port : srvPort === 'never' ? fallback : (wanted ?? port),
              serverName: serverName(protocol, name),
              priority,
              srvTarget,
            }));
          }),
      ),
    );
    const targets = unique(lists.flat());
    if (targets.length === 0) throw notFound(domain, 'its SRV records lead to no server');
    return targets;
  }

  async #hosts(
    host: string,
    protocol: TransportProtocol,
    port: number,
    name: string | undefined,
  ): Promise<Target[]> {
    const trouble: unknown[] = [];
    const addresses = await this.#addresses(host, trouble);
    if (addresses.length === 0) {
      throw notFound(host, trouble.length > 0 ? 'the DNS servers do not answer' : 'it has no address');
    }
    return unique(addresses.map((address) => ({ protocol, host: address, port, serverName: name })));
  }

  /** Addresses from the DNS; from the system (hosts file, search domains) when the DNS knows none. */
  async #addresses(host: string, trouble: unknown[] = []): Promise<string[]> {
    const all = await this.#allAddresses(host, trouble);
    return this.#rules().allAddresses === false ? all.slice(0, 1) : all;
  }

  async #allAddresses(host: string, trouble: unknown[]): Promise<string[]> {
    if (isIP(host)) return this.#lookedUp.includes(isIP(host) as 4 | 6) ? [host] : [];
    if (!isLocalName(host)) {
      const found = await this.#ofFamilies(host, trouble, (family) => this.#cache.address(host, family));
      if (found.length > 0) return found;
    }
    const found = await this.#ofFamilies(host, trouble, (family) => this.#cache.lookup(host, family));
    if (found.length > 0 || !isLocalhost(host)) return found;
    // RFC 6761 §6.3, where the hosts file forgets it.
    return this.#lookedUp.map((family) => (family === 4 ? '127.0.0.1' : '::1'));
  }

  async #ofFamilies(
    host: string,
    trouble: unknown[],
    query: (family: 4 | 6) => Promise<ReadonlyArray<{ address: string }>>,
  ): Promise<string[]> {
    const families = this.#lookedUp;
    const answers = await Promise.all(families.map((family) => this.#orNone(query(family), host, trouble)));
    return answers.flatMap((records, i) =>
      records.map(({ address }) => address).filter((address) => isIP(address) === families[i]),
    );
  }

  /** A server that does not answer one kind of query (often NAPTR, at home routers) must not stop the others. */
  async #orNone<T>(query: Promise<readonly T[]>, name: string, trouble?: unknown[]): Promise<readonly T[]> {
    try {
      return await query;
    } catch (error) {
      trouble?.push(error);
      this.#logger.debug('DNS query unanswered', { name, error });
      return [];
    }
  }

  get #lookedUp(): ReadonlyArray<4 | 6> {
    const { families = this.#families } = this.#rules();
    if (families !== 'either') return families;
    return this.#random.float() < 0.5 ? [4, 6] : [6, 4];
  }

  #checkFamily(host: string): void {
    if (!(this.#rules().literals ?? this.#lookedUp).includes(isIP(host) as 4 | 6))
      throw notFound(host, `IPv${isIP(host)} is not enabled`);
  }
}

/** The applicable NAPTR records as SRV names, in their order (§4.1: flag "s", no regular expression). */
function selectNaptr(records: readonly NaptrRecord[], usable: readonly TransportProtocol[]): Service[] {
  return [...records]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap((record) => {
      const protocol = NAPTR_SERVICES[record.service.toUpperCase()];
      const name = record.replacement.replace(/\.$/, '').toLowerCase();
      const applies = record.flags.toLowerCase() === 's' && record.regexp === '' && name !== '';
      return applies && protocol && usable.includes(protocol) ? [{ protocol, name }] : [];
    });
}

/** `transport=tls` in a sip URI is deprecated (RFC 3261 §26.2.2) and alive. */
function transportOf(name: string, secure: boolean): TransportProtocol | undefined {
  switch (name) {
    case 'udp':
      return secure ? undefined : 'udp';
    case 'tcp':
      return secure ? 'tls' : 'tcp';
    case 'tls':
      return 'tls';
    case 'ws':
      return secure ? 'wss' : 'ws';
    case 'wss':
      return 'wss';
    default:
      return undefined;
  }
}

function isSupported(name: string, supported: readonly TransportProtocol[]): name is TransportProtocol {
  return (supported as readonly string[]).includes(name);
}

function isSecure(protocol: TransportProtocol): boolean {
  return protocol === 'tls' || protocol === 'wss';
}

function serverName(protocol: TransportProtocol, host: string | undefined): string | undefined {
  return isSecure(protocol) ? host : undefined;
}

/** Names without a dot live in hosts files and search domains, which the DNS is not asked for. */
function isLocalName(host: string): boolean {
  return !host.includes('.') || isLocalhost(host);
}

function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [targetName(target), target])).values()].slice(0, MAX_TARGETS);
}

function notFound(domain: string, why: string): SwitchhookError {
  return new SwitchhookError('ERR_DNS_NOT_FOUND', { domain, why });
}
