/**
 * How servers are looked up where RFC 3263 leaves a choice, or where a network wants it otherwise. Data; the target
 * resolver asks for it with every look-up, so a change counts at once.
 */

export interface LocateRules {
  /**
   * `rfc`: NAPTR and SRV, then addresses; only addresses where a port is given, and SRV when there are none. The others
   * leave NAPTR out: `address` asks for A and AAAA only, `srv` for SRV only, the rest for both in the order they name,
   * whether a port is given or not. Default 'rfc'.
   */
  records?: 'rfc' | 'address' | 'address-first' | 'srv-first' | 'srv';
  /** The only domains that SRV records are asked for; default: all. */
  srvDomains?: readonly string[];
  /** The port of an SRV record counts: unless one is given ('auto', the default), 'never', 'always'. */
  srvPort?: 'auto' | 'never' | 'always';
  /** False: one address of each name, and no other when it fails. Default true. */
  allAddresses?: boolean;
  /** False: one server, however many there are. Default true. */
  failover?: boolean;
  /** Families looked up, the preferred one first; `either`: both, in an order drawn for each name. */
  families?: ReadonlyArray<4 | 6> | 'either';
  /** Families addresses may be of where they are given as such; default: those looked up. */
  literals?: ReadonlyArray<4 | 6>;
  cache?: DnsCachePolicy;
}

/**
 * `ttl`: as long as the answer says, and longer only while the DNS does not answer (RFC 8767); `fresh`: for one search;
 * `keep`: until the network changes; `only`: the same, and nothing new is asked; `off`: names are not looked up at all.
 */
export type DnsCachePolicy = 'ttl' | 'fresh' | 'keep' | 'only' | 'off';

/** In which order the two kinds of records are asked for. */
export function lookupOrder(
  { records = 'rfc', srvDomains }: LocateRules,
  host: string,
  hasPort: boolean,
): ReadonlyArray<'srv' | 'address'> {
  if (srvDomains && !srvDomains.includes(host)) return ['address'];
  switch (records) {
    case 'rfc':
      return hasPort ? ['address', 'srv'] : ['srv', 'address'];
    case 'address':
      return ['address'];
    case 'address-first':
      return ['address', 'srv'];
    case 'srv-first':
      return ['srv', 'address'];
    case 'srv':
      return ['srv'];
  }
}

/** A host that is the name of SRV records, as some servers are given. */
export function serviceOf(
  host: string,
): { protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'; domain: string } | undefined {
  const [, scheme, transport, domain] = /^_(sips?)\._(udp|tcp|tls|ws)\.(.+)$/i.exec(host) ?? [];
  if (!domain) return undefined;
  const by = transport.toLowerCase() as 'udp' | 'tcp' | 'tls' | 'ws';
  if (scheme.toLowerCase() === 'sip') return { protocol: by, domain };
  if (by === 'udp') return undefined;
  return { protocol: by === 'ws' ? 'wss' : 'tls', domain };
}
