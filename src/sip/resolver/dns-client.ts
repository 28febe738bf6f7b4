/**
 * The four DNS queries of RFC 3263 and the seam they go through. {@link createDnsClient} stands on Node's own
 * resolver; tests inject a table. No caching here: see dns-cache.
 */
import { lookup, Resolver } from 'node:dns/promises';

interface DnsRecord {
  /** How long the record may be kept, in seconds. */
  ttl: number;
}

export interface NaptrRecord extends DnsRecord {
  order: number;
  preference: number;
  flags: string;
  service: string;
  regexp: string;
  replacement: string;
}

export interface SrvRecord extends DnsRecord {
  priority: number;
  weight: number;
  port: number;
  target: string;
}

export interface AddressRecord extends DnsRecord {
  address: string;
}

/** An empty list: the name exists not, or has no such record. A rejection: the DNS did not say. */
export interface DnsClient {
  naptr(name: string): Promise<NaptrRecord[]>;
  srv(name: string): Promise<SrvRecord[]>;
  a(name: string): Promise<AddressRecord[]>;
  aaaa(name: string): Promise<AddressRecord[]>;
  /** Asks the operating system (hosts file, mDNS, search domains) for what the DNS does not know. */
  lookup?(name: string, family: 4 | 6): Promise<AddressRecord[]>;
}

export interface DnsClientOptions {
  /** 'address' or 'address:port' ('[v6]:port'); default: the system's. */
  servers?: readonly string[];
  /** For one try; default 2,000. The next try waits longer. */
  timeoutMs?: number;
  /** Default 2. */
  tries?: number;
}

/**
 * Node gives no TTL for SRV and NAPTR records nor for the system's lookup: kept so long, a changed record is noticed
 * soon and a call is not held up by a query each time.
 */
const UNKNOWN_TTL_S = 60;

/** What Node calls "there is none", as opposed to "no answer". */
const NONE = new Set(['ENODATA', 'ENOTFOUND', 'EAI_NONAME', 'EAI_NODATA']);

async function emptyWhenNone<T>(query: Promise<T[]>): Promise<T[]> {
  try {
    return await query;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NONE.has(String(error.code))) return [];
    throw error;
  }
}

/** A client of the system's DNS servers, or of `servers`. */
export function createDnsClient(options: DnsClientOptions = {}): DnsClient {
  const resolver = new Resolver({ timeout: options.timeoutMs ?? 2000, tries: options.tries ?? 2 });
  if (options.servers) resolver.setServers(options.servers);
  const addresses = (records: Array<{ address: string; ttl: number }>): AddressRecord[] => records;
  return {
    naptr: (name) =>
      emptyWhenNone(
        resolver
          .resolveNaptr(name)
          .then((records) => records.map((record) => ({ ...record, ttl: UNKNOWN_TTL_S }))),
      ),
    srv: (name) =>
      emptyWhenNone(
        resolver.resolveSrv(name).then((records) =>
          records.map(({ priority, weight, port, name: target }) => ({
            priority,
            weight,
            port,
            target,
            ttl: UNKNOWN_TTL_S,
          })),
        ),
      ),
    a: (name) => emptyWhenNone(resolver.resolve4(name, { ttl: true }).then(addresses)),
    aaaa: (name) => emptyWhenNone(resolver.resolve6(name, { ttl: true }).then(addresses)),
    lookup: (name, family) =>
      emptyWhenNone(
        lookup(name, { family, all: true }).then((found) =>
          found.map(({ address }) => ({ address, ttl: UNKNOWN_TTL_S })),
        ),
      ),
  };
}
