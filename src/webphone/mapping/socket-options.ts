/**
 * The settings about sockets, addresses and ports as options of the phone. Reads the addresses of this machine, nothing
 * else.
 */
import { BlockList, isIP } from 'node:net';
import { interfaceAddresses } from '../../base/interfaces.js';
import type { PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { addressFamilies } from './locate-options.js';

/** Two ports for each call. */
const PORTS_PER_CALL = 2;
const LAST_PORT = 65_535;
/** Smaller numbers of `listenonudp` and its kin are wishes, not ports. */
const FIRST_PORT = 10;
/** Where a port for SIP is drawn from. */
const STABLE_PORTS = [10_000, 20_000] as const;
const SPARE_PORTS = 10;
/** Where the port for media may follow that for SIP. */
const MEDIA_FROM = 10_000;
const MEDIA_TO = 55_000;
/** Without a server peers call us directly, from anywhere. */
const EVERYWHERE = '0.0.0.0';
/** Value of `multiplesigstreams`. */
const NO_LIMIT = 2;
/** Values of `sigtos` (RFC 1349 §3). */
const RELIABILITY = 0x04;
const LOW_DELAY = 0x10;
const MUST_BE_ZERO = 0x01;
const PROTOCOLS = ['udp', 'tcp', 'tls'] as const;

/** The sockets for SIP: a port drawn once and kept, or the one given and up to ten beyond it where that is taken. */
export function listenOptions(settings: SettingsReader): PhoneOptions['listen'] {
  const wishes = PROTOCOLS.map((protocol) => settings.number(`listenon${protocol}`));
  const transport = settings.number('transport');
  const chosen = PROTOCOLS.filter((_, at) => {
    const wish = wishes[at];
    // Automatic: UDP always, TCP unless UDP was asked for; TLS needs a certificate of ours, so it has to be asked for.
    return wish > 0 || (wish < 0 && (at === 0 || (at === 1 && transport !== 0)));
  });
  const ports = PROTOCOLS.flatMap((protocol, at) =>
    wishes[at] >= FIRST_PORT ? [[protocol, wishes[at]] as const] : [],
  );
  const port = settings.number('signalingport');
  const host = bindAddress(settings);
  return {
    ...(host ? { host } : {}),
    towards: settings.text('proxyaddress') || settings.text('serveraddress') || EVERYWHERE,
    byRoute: settings.number('udpconnect') > 0 || settings.number('bindtolocalip') === 1,
    families: addressFamilies(settings).listen,
    ...(ports.length > 0 ? { ports: Object.fromEntries(ports) } : {}),
    ...(port > 0 ? { port, spare: SPARE_PORTS } : { range: STABLE_PORTS }),
    ...(wishes.some((wish) => wish >= 0) || transport >= 0 ? { transports: chosen } : {}),
  };
}

/** The address of this machine to use alone; undefined for all. */
function bindAddress(settings: SettingsReader): string | undefined {
  const bind = settings.text('bindip');
  if (bind) return bind;
  const told = settings.text('localip');
  const wish = settings.number('bindtolocalip');
  if (told && (wish === 1 || (wish === -1 && isBesideServer(told, settings.text('serveraddress')))))
    return told;
  const favourite = settings.text('favlocalip');
  return favourite
    ? interfaceAddresses().find(({ address }) => address.startsWith(favourite))?.address
    : undefined;
}

/** `address` is one of this machine, and the server is in its subnet. */
function isBesideServer(address: string, server: string): boolean {
  const own = interfaceAddresses().find((one) => one.address === address);
  const host = server.replace(/^\[|\](:\d+)?$/g, '').replace(/^([\d.]+):\d+$/, '$1');
  if (!own || isIP(host) !== isIP(address)) return false;
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(own.cidr?.split('/')[1] ?? 0), family);
  return subnet.check(host, family);
}

export function socketOptions(settings: SettingsReader): PhoneOptions['sockets'] {
  const connect = settings.number('tcpconnecttimeout');
  const unlimited = settings.number('multiplesigstreams') === NO_LIMIT;
  const receive = bufferSize(settings, 'sockbuffsize_sig');
  return {
    connectTimeoutMs: connect > 0 ? connect : undefined,
    maxServers: unlimited ? undefined : settings.number('maxsigstreams'),
    udpBufferBytes: receive === undefined ? undefined : { receive, send: Math.floor(receive / 2) },
    typeOfService: typeOfService(settings),
    toldAddress: settings.text('localip') || undefined,
    keepZones: settings.given('cropipv6scopeid') && !settings.flag('cropipv6scopeid'),
  };
}

/**
 * The byte as given: 1 means reliability there, and 10 is the manual's hexadecimal for low delay. Undefined when nobody
 * asks for it: reliability, 4, has since become the mark of less than best effort (RFC 8622).
 */
function typeOfService(settings: SettingsReader): number | undefined {
  const given = settings.given('sigtos') ? settings.number('sigtos') : 0;
  if (given === 0) return undefined;
  if (given === 1) return RELIABILITY;
  return given === 10 ? LOW_DELAY : given & ~MUST_BE_ZERO;
}

/** The setting of a kind of socket, else the one of all; undefined leaves the size to us, 0 to the system. */
function bufferSize(
  settings: SettingsReader,
  name: 'sockbuffsize_sig' | 'sockbuffsize_rtp',
): number | undefined {
  if (settings.given(name)) return settings.number(name);
  const all = settings.number('sockbuffersize');
  return all < 0 ? undefined : all;
}

/** The sockets for media: every call takes the first free ports from the one given on, or from two after that for SIP. */
export function mediaSockets(
  settings: SettingsReader,
): Pick<NonNullable<PhoneOptions['media']>, 'portRange' | 'portOrder' | 'bufferBytes'> {
  const given = settings.number('rtpport');
  const most = settings.number('maxsimcalls');
  const calls = most > 0 ? most : settings.number('maxlineex');
  const from = (first: number): readonly [number, number] => [
    first,
    Math.min(LAST_PORT, first + 2 * PORTS_PER_CALL * calls - 1),
  ];
  return {
    portRange: (sipPort) => {
      if (given > 0) return from(given);
      const first = sipPort + 2;
      return first >= MEDIA_FROM && first <= MEDIA_TO ? from(first) : undefined;
    },
    portOrder: 'first',
    bufferBytes: bufferSize(settings, 'sockbuffsize_rtp'),
  };
}

/** The addresses for media, which count from the next call on. */
export function mediaAddresses(
  settings: SettingsReader,
): Pick<NonNullable<PhoneOptions['media']>, 'bindAddress' | 'toldAddress' | 'toldPort'> {
  return {
    bindAddress: settings.text('rtpbindip') || undefined,
    toldAddress: settings.text('localsdpip') || settings.text('localip') || undefined,
    toldPort: settings.number('localsdpport') || undefined,
  };
}
