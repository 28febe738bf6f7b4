/** What a Phone can be told when it is made, and the checks of it. */
import type { Clock } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { MediaEngine } from '../media/index.js';
import type { EndpointResolver, EndpointTransport, TimerValues, TlsOptions } from '../sip/index.js';
import {
  Account,
  type AccountOptions,
  type CallPolicies,
  type CustomHeaderMode,
  checkSrtp,
  type DeviceHeaders,
  type MediaPreferences,
  parseServer,
  type RegistrationOptions,
} from '../ua/index.js';
import type { AccountBookOptions } from './account-book.js';
import type { PhoneAudioOptions } from './audio/phone-audio.js';
import type { BlfOptions } from './blf/blf.js';
import type { ConferenceGroupOptions } from './conference-groups.js';
import type { LanPeersOptions } from './lan-peers.js';
import type { LineOptions } from './lines.js';
import type { MessagesOptions } from './messaging/message-types.js';
import type { MuteOptions } from './mute-control.js';
import type { LocateOptions, PhoneListenOptions, SocketOptions } from './phone-network.js';
import type { PolicyOptions } from './policies/policies.js';
import type { PresenceOptions } from './presence/presence.js';
import type { RecoveryOptions } from './recovery.js';
import type { Store } from './store/store.js';
import type { VoicemailOptions } from './voicemail/voicemail.js';

/** What a phone needs of an engine; conferences need `openBridge`, sound devices `openHeadset`. */
export type PhoneMediaEngine = Pick<MediaEngine, 'openSession' | 'close'> &
  Partial<Pick<MediaEngine, 'openBridge' | 'openHeadset'>>;

export interface PhoneOptions {
  /** SIP server or domain: `sip.example.com`, `10.0.0.5:5080` or a SIP URI. Without it calls go peer to peer. */
  server?: string;
  /** Name of the account; without a server our name at our own address. */
  username?: string;
  /** Who we are in requests of no account, as a SIP address; default: `username` at our own address. */
  from?: () => string | undefined;
  password?: string;
  /** HA1 hash (MD5 of user:realm:password, hex) in place of the password. */
  ha1?: string;
  /** The realm of the login, for which `ha1` was made. A challenge of another one is answered with a password only. */
  realm?: string;
  /** Digest user name when it differs from `username`. */
  authUsername?: string;
  displayName?: string;
  /** Domain of our address when it differs from `server`. */
  domain?: string;
  /** Proxy all requests pass first. */
  outboundProxy?: string;
  /** To the server; default: what DNS says, UDP without a record. */
  transport?: 'udp' | 'tcp' | 'tls';
  /** Whose challenges are answered. Default 'both'. */
  challenges?: AccountOptions['challenges'];
  /** Registration lifetime to ask for, in seconds; default 600. */
  expires?: number;
  /** Keep-alive interval in seconds; 0 = none. */
  keepAlive?: number;
  /**
   * Where to listen for SIP. Default: an ephemeral port on the loopback address when the server is there or there is
   * none, else on all addresses.
   */
  listen?: PhoneListenOptions;
  /** How servers are looked up, and how soon another one is tried; a function is asked every time. */
  locate?: LocateOptions | (() => LocateOptions);
  /** What the sockets for SIP are like. */
  sockets?: SocketOptions;
  /** Certificates are verified unless `verify` is false. `cert` and `key` are needed to listen on TLS. */
  tls?: TlsOptions;
  media?: MediaPreferences & {
    /** Media threads; `in-process` runs the media in this thread. Default 1. */
    workers?: number | 'in-process';
    /** First and last RTP port, or how they follow from the port for SIP. */
    portRange?:
      | readonly [min: number, max: number]
      | ((sipPort: number) => readonly [min: number, max: number] | undefined);
    /** Which free ports of the range a call takes: the first ones, or any (RFC 6056). Default 'random'. */
    portOrder?: 'random' | 'first';
    /** Buffer of every RTP socket, in bytes; 0 = the system's. */
    bufferBytes?: number;
  };
  /**
   * Puts every call on microphone and speaker, and rings. Without it calls are silent here, as on a server, until
   * `phone.audio` is used.
   */
  audio?: PhoneAudioOptions;
  /** Seconds; 0 turns session timers off. Default 1800. */
  sessionExpires?: number;
  /** Smallest session interval accepted, in seconds; default and least 90. */
  minSessionExpires?: number;
  /** Reliable provisional responses (RFC 3262): for early media when the caller knows them, or for all. Default 'supported'. */
  reliableProvisionals?: 'off' | 'supported' | 'required';
  /** How long a call may ring, in seconds, whoever calls; 0 = for ever. Default 180. */
  ringTimeout?: number;
  /**
   * Seconds between OPTIONS to the server, for a trunk without registration: `reachability` tells whether it answers.
   * Default 0 = none.
   */
  ping?: number;
  /** Ask the server for its abilities once, at the start; what matters is that the request passes the NAT. Default false. */
  capabilityRequest?: boolean;
  /** How the account registers, beyond the defaults. */
  registration?: RegistrationOptions;
  /** Which of several accounts is the main one. */
  accountBook?: AccountBookOptions;
  lines?: LineOptions;
  /** Where contacts, calls, values and waiting messages are kept; not closed with the phone. Default: in memory, of calls the latest 500. */
  store?: Store;
  /** When the phone begins anew by itself. */
  recovery?: RecoveryOptions;
  /** Whether the phones of this network find each other; where that cannot be, the log says so and calls go on. */
  lanPeers?: LanPeersOptions;
  presence?: PresenceOptions;
  blf?: BlfOptions;
  voicemail?: VoicemailOptions;
  messages?: MessagesOptions;
  mute?: MuteOptions;
  conferences?: ConferenceGroupOptions;
  /** What the phone does by itself. */
  policies?: PolicyOptions;
  /** How all calls are made, beyond the defaults; a call may differ. */
  calls?: CallPolicies;
  /** What becomes of a header that both the phone and the application have. Default 'keep'. */
  customHeaders?: CustomHeaderMode;
  /** Value of Allow-Events; default: what is served, in answers to OPTIONS. */
  allowEvents?: string;
  /** Data of this device for all messages; nothing of it is sent unless asked for. */
  device?: DeviceHeaders;
  /** Calls at once; default 1000. */
  maxCalls?: number;
  /** Product name in User-Agent and Server. */
  userAgent?: string;
  /** DNS servers instead of the system's, `address` or `address:port`. */
  dnsServers?: readonly string[];
  logger?: Logger;
  diagnostics?: Diagnostics;
  /** SIP timers other than those of the RFC, in ms; for tests and private networks. */
  sipTimers?: Partial<TimerValues>;
  /** False leaves 401 and 407 to INVITE without ACK, for servers that stumble over it. Default true. */
  acknowledgesChallenges?: boolean;
  /** False leaves rport out of Via, for servers that stumble over it (RFC 3581). Default true. */
  asksRport?: boolean;
  /**
   * From how many waiting requests on a caller gets 100 at once; he gets it after 200 ms else. Default: never at once.
   */
  tryingFrom?: number;
  /** For tests. */
  clock?: Clock;
  /** For tests. */
  random?: Random;
  /** An engine shared with other phones; it is not closed with this one. */
  engine?: PhoneMediaEngine;
  /** For tests: something in place of sockets and DNS. */
  network?: { transport: EndpointTransport; resolver: EndpointResolver };
}

const TRANSPORTS = ['udp', 'tcp', 'tls'];

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function checkOptions(options: PhoneOptions): void {
  const fail = (what: string): never => {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
  };
  for (const name of [
    'server',
    'username',
    'password',
    'authUsername',
    'displayName',
    'domain',
    'outboundProxy',
  ] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== 'string') fail(`option '${name}' must be a text`);
    if (typeof value === 'string' && name !== 'password' && /[\r\n]/.test(value))
      fail(`option '${name}' has a line break`);
  }
  if (options.server !== undefined) parseServer(options.server, 'server');
  if (options.outboundProxy !== undefined) parseServer(options.outboundProxy, 'outboundProxy');
  if (options.password !== undefined && !options.username && !options.authUsername) {
    fail("option 'password' needs 'username'");
  }
  if (options.transport !== undefined && !TRANSPORTS.includes(options.transport)) {
    fail(`option 'transport': "${options.transport}" is not one of ${TRANSPORTS.join(', ')}`);
  }
  const { listen, media } = options;
  if (
    listen?.port !== undefined &&
    !(Number.isInteger(listen.port) && listen.port >= 0 && listen.port <= 65_535)
  ) {
    fail(`option 'listen.port': ${listen.port} is not a port`);
  }
  if (listen?.transports?.includes('tls') && !options.tls?.pfx && !(options.tls?.cert && options.tls.key)) {
    fail("option 'listen.transports': listening on TLS needs 'tls.cert' and 'tls.key'");
  }
  if (media?.ptime !== undefined && !(media.ptime >= 10 && media.ptime <= 120 && media.ptime % 10 === 0)) {
    fail(`option 'media.ptime': ${media.ptime} is not a multiple of 10 from 10 to 120 ms`);
  }
  if (media?.portRange && typeof media.portRange !== 'function') {
    const [min, max] = media.portRange;
    if (!(min >= 1 && max <= 65_535 && max > min))
      fail(`option 'media.portRange': ${min}-${max} is not a port range`);
  }
  if (media) checkSrtp(media);
  for (const name of ['ringTimeout', 'maxCalls', 'minSessionExpires'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0)) fail(`option '${name}': ${value} is not a number from 0 on`);
  }
  if (options.sessionExpires !== undefined && options.sessionExpires !== 0 && options.sessionExpires < 90) {
    fail(`option 'sessionExpires': ${options.sessionExpires} is less than 90 s (RFC 4028)`);
  }
  const account = accountOf(options);
  if (account) new Account(account); // it has checks of its own
}

/** What may be changed while a phone runs. */
export type LivePhoneOptions = Pick<
  PhoneOptions,
  | 'policies'
  | 'calls'
  | 'media'
  | 'mute'
  | 'presence'
  | 'blf'
  | 'voicemail'
  | 'messages'
  | 'accountBook'
  | 'ringTimeout'
  | 'maxCalls'
  | 'lines'
  | 'conferences'
  | 'reliableProvisionals'
  | 'asksRport'
  | 'customHeaders'
  | 'device'
>;

/** The account of the options; undefined for a phone without a server. */
export function accountOf(options: PhoneOptions): AccountOptions | undefined {
  const { server, username, domain } = options;
  if (!server) return undefined;
  const host = domain ?? hostOf(server);
  return {
    aor: `${/^sips:/i.test(server) ? 'sips' : 'sip'}:${username ? `${encodeURIComponent(username).replace(/%2B/g, '+')}@` : ''}${host}`,
    displayName: options.displayName,
    authUsername: options.authUsername,
    password: options.password,
    ha1: options.ha1,
    realm: options.realm,
    challenges: options.challenges,
    server,
    outboundProxy: options.outboundProxy,
    transport: options.transport,
    expires: options.expires,
    keepAlive: options.keepAlive,
    ping: options.ping,
    registration: options.registration,
  };
}

/** The host (with its port, which makes it another domain) of a server setting. */
function hostOf(server: string): string {
  return server
    .replace(/^sips?:/i, '')
    .replace(/^[^@]*@/, '')
    .replace(/[;?].*$/, '');
}
