/**
 * Accounts as text: `server,user,password,interval,proxy,realm,authuser,display,transport,main,fcm,enabled`, or a SIP
 * address with a password, several separated by semicolons. Pure.
 */

export interface AccountFields {
  /** Domain or address, with a port if need be. */
  server: string;
  username: string;
  password: string;
  /** Seconds; undefined = the default of accounts given as text. */
  interval?: number;
  proxy: string;
  realm: string;
  authUsername: string;
  displayName: string;
  transport?: 'udp' | 'tcp' | 'tls';
  /** Undefined: whatever comes of it. */
  main?: boolean;
  enabled: boolean;
}

export const MAX_ACCOUNTS = 99;
const TRANSPORTS: Readonly<Record<string, AccountFields['transport']>> = {
  '0': 'udp',
  udp: 'udp',
  '1': 'tcp',
  tcp: 'tcp',
  '2': 'tls',
  tls: 'tls',
};
const CODES = { udp: '0', tcp: '1', tls: '2' } as const;

export function transportOf(value: string | number): AccountFields['transport'] {
  return TRANSPORTS[String(value).trim().toLowerCase()];
}

/** @param defaults taken for a missing user or server */
export function parseAccounts(text: string, defaults: { server: string; username: string }): AccountFields[] {
  if (/^\s*null\s*$/i.test(text)) return [];
  return text
    .split(/[;\r\n]+/)
    .map((part) => parseAccount(part, defaults))
    .filter((account) => account !== undefined);
}

/** One account; undefined for a text that is none. */
export function parseAccount(
  text: string,
  defaults: { server: string; username: string },
): AccountFields | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  const fields = trimmed.includes(',') ? byFields(trimmed) : byAddress(trimmed);
  if (!fields) return undefined;
  fields.server ||= defaults.server;
  fields.username ||= defaults.username;
  if (!fields.server || !fields.username) return undefined;
  if (!/^[^\s@<>"]+$/.test(fields.server) || /[\s<>"@]/.test(fields.username)) return undefined;
  return fields;
}

function byFields(text: string): AccountFields {
  const parts = text.split(',').map((part) => part.trim());
  const at = (index: number): string => parts[index] ?? '';
  // A printed example has the transport where the display name belongs.
  const misplaced = parts.length <= 8 && /^(udp|tcp|tls)$/i.test(at(7));
  const interval = Number.parseInt(at(3), 10);
  return {
    server: at(0),
    username: at(1),
    password: at(2),
    interval: interval > 0 ? interval : undefined,
    proxy: at(4),
    realm: at(5),
    authUsername: at(6),
    displayName: misplaced ? '' : at(7),
    transport: transportOf(misplaced ? at(7) : at(8)),
    main: at(9) === '1' ? true : at(9) === '0' ? false : undefined,
    enabled: !/^(false|0)$/i.test(at(11)),
  };
}

/** `"Name" <user:password@domain:port>`, `user@domain`, a bare user or a bare domain. */
function byAddress(text: string): AccountFields | undefined {
  const named = /^(?:"([^"]*)"|([^<"]*))\s*<([^>]*)>$/.exec(text);
  const address = (named ? named[3] : text).replace(/^sips?:/i, '');
  const at = address.lastIndexOf('@');
  const login = at < 0 ? '' : address.slice(0, at);
  const rest = (at < 0 ? address : address.slice(at + 1)).replace(/[;?].*$/, '');
  if (!rest) return undefined;
  const colon = login.indexOf(':');
  const bareUser = at < 0 && !/[.:[]/.test(rest) && rest.toLowerCase() !== 'localhost';
  return {
    server: bareUser ? '' : rest,
    username: bareUser ? rest : colon < 0 ? login : login.slice(0, colon),
    password: colon < 0 ? '' : login.slice(colon + 1),
    proxy: '',
    realm: '',
    authUsername: '',
    displayName: (named?.[1] ?? named?.[2] ?? '').trim(),
    transport: /;transport=tcp/i.test(address) ? 'tcp' : /;transport=tls/i.test(address) ? 'tls' : undefined,
    enabled: true,
  };
}

/** Host of a server without its port. */
export function domainOf(server: string): string {
  return server.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1');
}

/** Two accounts with the same one are the same: user and domain, without the port. */
export function identityOf({ username, server }: Pick<AccountFields, 'username' | 'server'>): string {
  return `${username.toLowerCase()}@${domainOf(server).toLowerCase()}`;
}

/** All fields, as they are read. */
export function formatAccount(account: AccountFields): string {
  const clean = (text: string): string => text.replace(/[,;\r\n]/g, ' ');
  const parts = [
    account.server,
    account.username,
    account.password,
    account.interval === undefined ? '' : String(account.interval),
    account.proxy,
    account.realm,
    account.authUsername,
    account.displayName,
    account.transport ? CODES[account.transport] : '',
    account.main === undefined ? '' : account.main ? '1' : '0',
    '',
    account.enabled ? '' : 'false',
  ].map(clean);
  while (parts.length > 3 && parts[parts.length - 1] === '') parts.pop();
  return parts.join(',');
}

/** @param all the others, among which the shortest form has to be unique */
export function describeAccount(
  account: AccountFields,
  format: number,
  all: readonly AccountFields[],
): string {
  const { username, server } = account;
  switch (format) {
    case 1:
      return formatAccount(account);
    case 3: {
      const users = all.filter((other) => other.username === username).length;
      const domains = new Set(all.map((other) => domainOf(other.server)));
      if (users <= 1 && domains.size <= 1) return username;
      if (new Set(all.map((other) => other.username)).size <= 1) return domainOf(server);
      return users <= 1 ? username : `${username}@${domainOf(server)}`;
    }
    case 4:
      return username;
    case 5:
      return domainOf(server);
    default:
      return `${username}@${server}`;
  }
}
