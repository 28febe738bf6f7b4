/** The settings about finding servers: DNS records, fail-over, families of addresses. Pure. */
import type { LocateOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';

/** `checksrvrecords` from -1 on; 2 asks for them for our own server only. */
const RECORDS = ['rfc', 'address', 'address-first', 'srv-first', 'srv-first', 'srv'] as const;
const SRV_PORTS = ['auto', 'never', 'always'] as const;
const CACHES = ['ttl', 'fresh', 'ttl', 'keep', 'only', 'off'] as const;
const OWN_SERVER_ONLY = 2;

export function locateOptions(settings: SettingsReader): LocateOptions {
  const records = settings.number('checksrvrecords');
  const { families, literals } = addressFamilies(settings);
  const retries = settings.number('dnscanfailower');
  return {
    records: RECORDS[records + 1],
    srvDomains: records === OWN_SERVER_ONLY ? ownServers(settings) : undefined,
    srvPort: SRV_PORTS[settings.number('applysrvport') + 1],
    allAddresses: settings.number('checkmultiarecords') !== 0,
    failover: retries !== 0,
    failoverRetries: retries,
    cache: CACHES[settings.number('dnslookup')],
    families,
    literals,
  };
}

/** What `inet` stands for: whether each family is used, and which one first. */
const INET = [
  { v4: true, v6: true, prefer: 4 },
  { v4: true, v6: false, prefer: 4 },
  { v4: true, v6: false, prefer: 4 },
  { v4: true, v6: true, prefer: 4 },
  { v4: true, v6: true, prefer: 'either' },
  { v4: true, v6: true, prefer: 6 },
  { v4: false, v6: true, prefer: 6 },
] as const;
/** `preferipv` from -1 on. */
const PREFERENCES = [4, 'either', 4, 6] as const;
/** `inet` from which on both families are listened on without further words. */
const BOTH_FROM = 2;
const IPV4_AND_LITERALS = 1;

/** Families looked up in the order to try them, those of plain addresses, and those listened on. */
export function addressFamilies(settings: SettingsReader): Pick<LocateOptions, 'families' | 'literals'> & {
  listen: ReadonlyArray<4 | 6> | undefined;
} {
  const inet = settings.number('inet');
  const { v4, v6, prefer } = INET[inet + 1];
  const use = (name: 'hasipv4' | 'hasipv6', by: boolean): boolean =>
    settings.given(name) ? settings.flag(name) : by;
  const used = ([4, 6] as const).filter((family) => (family === 4 ? use('hasipv4', v4) : use('hasipv6', v6)));
  const preferred = settings.given('preferipv') ? PREFERENCES[settings.number('preferipv') + 1] : prefer;
  const asked = settings.given('listenonipv6')
    ? settings.flag('listenonipv6')
    : settings.given('ipvdualstack')
      ? settings.flag('ipvdualstack')
      : undefined;
  const decided = inet >= 0 || settings.given('hasipv4') || settings.given('hasipv6') || asked !== undefined;
  const both = asked ?? inet >= BOTH_FROM;
  return {
    families: used.length < 2 ? used : preferred === 'either' ? 'either' : preferred === 6 ? [6, 4] : [4, 6],
    literals: inet === IPV4_AND_LITERALS ? [4, 6] : used,
    listen: decided ? used.filter((family) => family === 4 || both || used.length === 1) : undefined,
  };
}

function ownServers(settings: SettingsReader): string[] {
  return (['serveraddress', 'proxyaddress', 'backupserver'] as const)
    .map((name) =>
      settings
        .text(name)
        .replace(/^sips?:/i, '')
        .replace(/:\d+$/, '')
        .toLowerCase(),
    )
    .filter((host) => host !== '');
}
