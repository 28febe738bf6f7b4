/**
 * The account of the settings, or of a line that has settings of its own, as options of an account. Pure; further
 * accounts are read by accounts/account-string.ts.
 */
import type { AccountOptions } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { imsOptions } from './ims-options.js';
import { registrationOptions } from './registration-options.js';

/** What every account of the settings has, as far as it is given. */
export interface AccountSettings
  extends Pick<
    AccountOptions,
    | 'displayName'
    | 'authUsername'
    | 'password'
    | 'ha1'
    | 'realm'
    | 'challenges'
    | 'outboundProxy'
    | 'transport'
    | 'expires'
    | 'keepAlive'
    | 'ping'
    | 'registration'
  > {
  server: string;
  username: string;
}

const UDP_EXPIRES = 180;
const CONNECTION_EXPIRES = 600;
/** Up to here an interval of keep-alives is taken as seconds, from here on as milliseconds. */
const KEEP_ALIVE_SECONDS_MAX = 3000;
const UDP_KEEP_ALIVE = 28;
const CONNECTION_KEEP_ALIVE = 600;
const TLS_PORT = /:5061$/;
const CHALLENGES = ['both', 'proxy', 'server'] as const;

/** The account of the phone, or of a line that has settings of its own. */
export function accountSettings(settings: SettingsReader): AccountSettings {
  const server = serverOf(settings);
  const transport = transportOf(settings.number('transport'), server);
  const connected = transport === 'tcp' || transport === 'tls';
  const keepAlive = keepAliveOf(settings, connected);
  return {
    server,
    username: settings.text('username'),
    displayName: textOrNone(settings.text('displayname')),
    authUsername: authUsername(settings),
    password: textOrNone(settings.text('password')),
    ha1: textOrNone(settings.text('md5')),
    realm: textOrNone(settings.text('realm')),
    challenges: CHALLENGES[settings.number('authtype')],
    outboundProxy: proxyOf(settings),
    transport,
    expires: expiresOf(settings.number('registerinterval'), connected),
    keepAlive,
    ping: connected || !noticesLoss(settings) ? 0 : keepAlive,
    registration: registrationOptions(settings),
  };
}

/** Settings of a line may name its server in parts. */
function serverOf(settings: SettingsReader): string {
  const whole = settings.text('serverdomainandport') || settings.text('serveraddr');
  const server = whole || settings.text('serveraddress');
  const port = settings.number('serverport');
  return port > 0 ? `${server.replace(/:\d+$/, '')}:${port}` : server;
}

/** The proxy; or the address of the server, where that is not what its name says. */
function proxyOf(settings: SettingsReader): string | undefined {
  const proxy = settings.text('proxyip') || settings.text('proxyaddress') || settings.text('serverip');
  const port = settings.number('proxyport');
  if (!proxy) return undefined;
  return port > 0 ? `${proxy.replace(/:\d+$/, '')}:${port}` : proxy;
}

function authUsername(settings: SettingsReader): string | undefined {
  const login = settings.text('sipusername');
  // The private identity of an IMS network has the domain in it.
  if (imsOptions(settings).privateIdentity) {
    const user = login || settings.text('username');
    const domain = settings.text('realm') || serverOf(settings).replace(/:\d+$/, '');
    return user && domain && !user.includes('@') ? `${user}@${domain}` : textOrNone(user);
  }
  return textOrNone(login);
}

/** Automatic is TLS on the port of TLS, and else what DNS says. */
function transportOf(value: number, server: string): 'udp' | 'tcp' | 'tls' | undefined {
  const transport = (['udp', 'tcp', 'tls'] as const)[value];
  return transport ?? (TLS_PORT.test(server) ? 'tls' : undefined);
}

function expiresOf(seconds: number, connected: boolean): number {
  if (seconds > 0) return seconds;
  return connected ? CONNECTION_EXPIRES : UDP_EXPIRES;
}

/** In seconds. */
function keepAliveOf(settings: SettingsReader, connected: boolean): number {
  const value = settings.number('keepaliveival');
  if (value === 0 || settings.number('keepalivetype') === 0) return 0;
  if (value < 0) return connected ? CONNECTION_KEEP_ALIVE : UDP_KEEP_ALIVE;
  return value <= KEEP_ALIVE_SECONDS_MAX ? value : value / 1000;
}

/** Few servers answer keep-alives over UDP, all answer OPTIONS: asked where a loss is urgent, or there is another server. */
function noticesLoss(settings: SettingsReader): boolean {
  const level = settings.number('reconnectonnokeepalive');
  return level === 2 || (level === 1 && settings.text('backupserver') !== '');
}

function textOrNone(text: string | undefined): string | undefined {
  return text === undefined || text === '' || /^null$/i.test(text) ? undefined : text;
}
