/**
 * The accounts of the settings as options of the phone: the main one, further ones (`extraregisteraccounts` and the
 * numbered settings), and the one a line has to itself. Pure.
 */
import type { AccountOptions } from '../../ua/index.js';
import type { Settings, SettingsReader } from '../settings/settings.js';
import { registrationOptions } from './registration-options.js';

/** What every account of the settings has, as far as it is given. */
export interface AccountSettings
  extends Pick<
    AccountOptions,
    | 'displayName'
    | 'authUsername'
    | 'password'
    | 'ha1'
    | 'outboundProxy'
    | 'transport'
    | 'expires'
    | 'keepAlive'
    | 'registration'
  > {
  server: string;
  username: string;
}

/** An account beside the main one. */
export interface ExtraAccount extends AccountSettings {
  /** May it become the main one: never, by need, or is it meant to be. */
  main: 'never' | 'auto' | 'always';
  enabled: boolean;
}

const UDP_EXPIRES = 180;
const CONNECTION_EXPIRES = 600;
const EXTRA_EXPIRES = 3600;
/** Up to here an interval of keep-alives is taken as seconds, from here on as milliseconds. */
const KEEP_ALIVE_SECONDS_MAX = 3000;
const UDP_KEEP_ALIVE = 28;
const CONNECTION_KEEP_ALIVE = 600;
const TLS_PORT = /:5061$/;

/** The account of the phone, or of a line that has settings of its own. */
export function accountSettings(settings: SettingsReader): AccountSettings {
  const server = serverOf(settings);
  const transport = transportOf(settings.number('transport'), server);
  const connected = transport === 'tcp' || transport === 'tls';
  return {
    server: settings.text('sipproto') === 'sips' && server ? `sips:${server}` : server,
    username: settings.text('username'),
    displayName: textOrNone(settings.text('displayname')),
    authUsername: authUsername(settings),
    password: textOrNone(settings.text('password')),
    ha1: textOrNone(settings.text('md5')),
    outboundProxy: proxyOf(settings),
    transport,
    expires: expiresOf(settings.number('registerinterval'), connected),
    keepAlive: keepAliveOf(settings, connected),
    registration: registrationOptions(settings),
  };
}

/** @param fallback lifetime of accounts that do not say their own */
export function extraAccounts(settings: Settings, fallback: number = EXTRA_EXPIRES): ExtraAccount[] {
  const main = accountSettings(settings);
  const listed = settings
    .text('extraregisteraccounts')
    .split(/;(?![^<]*>)/)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .flatMap((text) => (isAddress(text) ? fromAddress(text) : fromFields(text)));
  const numbers = new Set([...settings.members('usernameN'), ...settings.members('serveraddressN')]);
  const numbered = [...numbers]
    .sort((a, b) => Number(a) - Number(b))
    .map(
      (number): Partial<ExtraAccount> => ({
        server: textOrNone(settings.text('serveraddressN', number)),
        username: textOrNone(settings.text('usernameN', number)),
        password: textOrNone(settings.text('passwordN', number)),
        expires: settings.given('registerintervalN', number)
          ? expiresOf(settings.number('registerintervalN', number), false)
          : undefined,
      }),
    );
  return [...listed, ...numbered].flatMap((account) => {
    const username = account.username ?? main.username;
    const server = account.server ?? main.server;
    if (!username || !server) return [];
    const same = server === main.server;
    return [
      {
        server,
        username,
        // A password goes with its user; the login name as well.
        password: account.password ?? main.password,
        authUsername: account.authUsername,
        displayName: account.displayName,
        outboundProxy: account.outboundProxy ?? (same ? main.outboundProxy : undefined),
        transport: account.transport ?? main.transport,
        expires: account.expires ?? fallback,
        keepAlive: main.keepAlive,
        registration: main.registration,
        main: account.main ?? 'auto',
        enabled: account.enabled ?? true,
      },
    ];
  });
}

/** server,user,password,seconds,proxy,realm,login,display name,transport,main,push token,enabled */
function fromFields(text: string): Partial<ExtraAccount>[] {
  const fields = text.split(',').map((field) => field.trim());
  // An example of the manual has the transport one place too early.
  if (/^(udp|tcp|tls)$/i.test(fields[7] ?? '') && !fields[8]) fields.splice(7, 0, '');
  const [server, username, password, seconds, proxy, , login, displayName, transport, main, , enabled] =
    fields;
  if (!username) return [];
  return [
    {
      server: textOrNone(server),
      username,
      password: textOrNone(password),
      expires: Number(seconds) > 0 ? Number(seconds) : undefined,
      outboundProxy: textOrNone(proxy),
      authUsername: textOrNone(login),
      displayName: textOrNone(displayName),
      transport: /^(udp|tcp|tls)$/i.test(transport ?? '')
        ? (transport.toLowerCase() as 'udp' | 'tcp' | 'tls')
        : undefined,
      main: main === '1' ? 'always' : main === '0' ? 'never' : 'auto',
      enabled: !/^(false|0)$/i.test(enabled ?? ''),
    },
  ];
}

function isAddress(text: string): boolean {
  return /^("[^"]*"\s*)?<[^>]*>$|^sips?:[^,]*@[^,]*$/i.test(text);
}

/** `"Name" <user:password@host:port>`, with or without the scheme. */
function fromAddress(text: string): Partial<ExtraAccount>[] {
  const match = /^(?:"([^"]*)"\s*)?<?(?:sips?:)?([^:@<>]+)(?::([^@]*))?@([^<>;]+)/i.exec(text);
  if (!match) return [];
  const [, displayName, username, password, server] = match;
  return [{ displayName: textOrNone(displayName), username, password: textOrNone(password), server }];
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
  if (settings.number('ims3gpp_authuname') === 1) {
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

function textOrNone(text: string | undefined): string | undefined {
  return text === undefined || text === '' || /^null$/i.test(text) ? undefined : text;
}
