/**
 * The network side of a phone: the transports and server location of its options, and where it listens. Made by Phone
 * when it starts; knows no account and no call.
 */
import { isIP } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import { isSwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import {
  createDnsClient,
  type EndpointResolver,
  type EndpointTransport,
  type ListenOnOptions,
  type LocateRules,
  listenOn,
  probeRoute,
  type SipUri,
  TargetResolver,
  TransportLayer,
  type TransportLayerOptions,
} from '../sip/index.js';
import { parseServer } from '../ua/index.js';
import type { ValueStore } from './store/store.js';

/** How servers are looked up, and how soon another one is tried. */
export interface LocateOptions extends LocateRules {
  /**
   * Repetitions of a request a silent server is given where there is another one; 0 = all there are. Default 2, which is
   * 3.5 s.
   */
  failoverRetries?: number;
}

/** What the sockets for SIP are like. */
export type SocketOptions = Pick<
  TransportLayerOptions,
  'connectTimeoutMs' | 'maxServers' | 'udpBufferBytes' | 'typeOfService' | 'toldAddress' | 'keepZones'
>;

export interface PhoneListenOptions extends ListenOnOptions {
  transports?: ReadonlyArray<'udp' | 'tcp' | 'tls'>;
  /** When the port is taken, the next ones, up to so many beyond it. Default 0. */
  spare?: number;
  /** Without a port: one drawn of this range and kept to, in later runs as well where there is a store. */
  range?: readonly [min: number, max: number];
  /** Without a host: the families of the addresses to listen on. Default: that of the server. */
  families?: ReadonlyArray<4 | 6>;
  /** Without a host: the address alone that the way to the server leaves from, in place of all. */
  byRoute?: boolean;
  /** Without a host: the server it is for; default: the one of the account. */
  towards?: string;
}

export interface PhoneNetworkOptions {
  locate?: LocateOptions | (() => LocateOptions);
  sockets?: SocketOptions;
  tls?: TransportLayerOptions['tls'];
  dnsServers?: readonly string[];
  /** In place of sockets and DNS. */
  network?: { transport: EndpointTransport; resolver: EndpointResolver };
}

interface Environment {
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
}

export interface PhoneNetwork {
  transport: EndpointTransport;
  resolver: EndpointResolver;
  failoverRetries(): number;
  /** Forgets which addresses lead where. */
  changed(): void;
  /** The address of ours the way to a host leads over; undefined where that is not known. @throws the system's error */
  wayTo(host: string): Promise<string | undefined>;
}

const FAILOVER_RETRIES = 2;
/** Ports drawn before giving up. */
const DRAWS = 20;
/** The name of a value in the store. */
const LAST_PORT = 'sip port';

export function openNetwork(options: PhoneNetworkOptions, env: Environment): PhoneNetwork {
  const { locate = {}, network } = options;
  const rules = typeof locate === 'function' ? locate : () => locate;
  const failoverRetries = (): number => rules().failoverRetries ?? FAILOVER_RETRIES;
  if (network) return { ...network, failoverRetries, changed: () => {}, wayTo: async () => undefined };
  const transport = new TransportLayer({ ...env, ...options.sockets, tls: options.tls });
  const resolver = new TargetResolver({
    ...env,
    dns: createDnsClient({ servers: options.dnsServers }),
    supported: ['udp', 'tcp', 'tls'],
    family: 'any',
    rules,
  });
  return {
    transport,
    resolver,
    failoverRetries,
    changed: () => transport.networkChanged(),
    wayTo: probeRoute,
  };
}

/**
 * Opens the SIP sockets.
 * @param server the one the phone is for, if any
 * @throws ERR_SIP_LISTEN
 */
export async function listen(
  { transport, resolver }: PhoneNetwork,
  options: PhoneListenOptions,
  server: string | undefined,
  { random, store }: { random: Random; store: ValueStore },
): Promise<void> {
  const { transports = ['udp', 'tcp'], ports, port = 0, spare = 0, range } = options;
  const host = options.host ?? (await defaultHosts(options, options.towards ?? server, resolver));
  const drawn = !port && range ? draw(range, random, Number(store.get(LAST_PORT))) : undefined;
  const wanted = drawn ?? Array.from({ length: port ? spare + 1 : 1 }, (_, at) => port && port + at);
  for (const [at, one] of wanted.entries()) {
    try {
      const [{ address }] = await listenOn(transport, transports, { host, port: one, ports });
      if (drawn) store.set(LAST_PORT, String(address.port));
      return;
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_SIP_LISTEN') || at === wanted.length - 1) throw error;
    }
  }
}

/** The port of an earlier run, then others. */
function draw([min, max]: readonly [number, number], random: Random, last: number): number[] {
  const any = Array.from({ length: DRAWS }, () => min + (random.uint32() % (max - min + 1)));
  return last >= min && last <= max ? [last, ...any] : any;
}

/** Loopback, unless the server is elsewhere. */
async function defaultHosts(
  { families, byRoute }: PhoneListenOptions,
  server: string | undefined,
  resolver: EndpointResolver,
): Promise<string[]> {
  const uri = server ? parseServer(server, 'server') : undefined;
  const route = byRoute && uri ? await routeTo(uri, resolver) : undefined;
  if (route) return [route];
  const host = uri?.host ?? 'localhost';
  const near = host === 'localhost' || host === '::1' || /^127\./.test(host);
  const wanted = families ?? [isIP(host) === 6 ? 6 : 4];
  return wanted.map((family) => (family === 6 ? (near ? '::1' : '::') : near ? '127.0.0.1' : '0.0.0.0'));
}

async function routeTo(uri: SipUri, resolver: EndpointResolver): Promise<string | undefined> {
  try {
    const [{ host }] = await resolver.resolve(uri);
    return await probeRoute(host);
  } catch {
    // Without a way to the server any address is as good.
    return undefined;
  }
}
