/** Server location by RFC 3263: from a SIP URI to the addresses to try. */
export {
  type AddressRecord,
  createDnsClient,
  type DnsClient,
  type DnsClientOptions,
  type NaptrRecord,
  type SrvRecord,
} from './dns-client.js';
export type { DnsCachePolicy, LocateRules } from './locate-rules.js';
export { TargetResolver, type TargetResolverOptions } from './target-resolver.js';
