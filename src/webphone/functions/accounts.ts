/** Accounts and their registrations. */
import {
  type AccountFields,
  describeAccount,
  parseAccount,
  transportOf,
} from '../accounts/account-string.js';
import { REG_STATE, REG_STATE_TEXTS } from '../accounts/registration-texts.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const URI = { name: 'uri', type: 'string', doc: 'user@domain, or what is unique of it' } as const;
const FORMAT = {
  name: 'format',
  type: 'int',
  default: 2,
  doc: '1 all fields, 2 user@domain, 3 the shortest that is unique, 4 the user, 5 the domain',
} as const;
const LINE = { name: 'line', type: 'int', doc: 'line number, -1 the active one' } as const;
const LONG_FORM = [
  { name: 'server', type: 'string', doc: 'domain or address, with a port if need be' },
  { name: 'proxy', type: 'string', doc: 'outbound proxy if it differs' },
  { name: 'username', type: 'string' },
  { name: 'sipusername', type: 'string', doc: 'user name for authentication if it differs' },
  { name: 'displayname', type: 'string' },
  { name: 'password', type: 'string' },
  { name: 'transport', type: 'int', default: -1, doc: '0 UDP, 1 TCP, 2 TLS, -1 automatic' },
  { name: 'registerinterval', type: 'int', default: -1, doc: 'seconds' },
  { name: 'ismain', type: 'int', default: -1, doc: '1 the main account, 0 not, -1 automatic' },
] as const;
const BY_FIELDS = [
  { name: 'domain', type: 'string' },
  { name: 'proxy', type: 'string' },
  { name: 'username', type: 'string' },
  { name: 'sipusername', type: 'string' },
] as const;

export const accounts = [
  define('API_Register', {
    group: 'accounts',
    overloads: [
      [],
      [
        { name: 'server', type: 'string' },
        { name: 'username', type: 'string' },
        { name: 'password', type: 'string' },
        { name: 'authname', type: 'string', default: '' },
        { name: 'displayname', type: 'string', default: '' },
      ],
    ],
    returns: 'boolean',
    doc: 'Registers at the server, and stays registered; what is empty is taken from the settings. REGISTER tells the outcome.',
    run: (context, { server, username, password, authname, displayname }) => {
      const given = { serveraddress: server, username, password, sipusername: authname, displayname };
      for (const [name, value] of Object.entries(given)) if (value) context.settings.set(name, value);
      return register(context);
    },
  }),
  define('API_Unregister', {
    group: 'accounts',
    overloads: [
      [],
      [{ name: 'waitfor', type: 'int', doc: '1: wait until the server has answered' }],
      [
        { name: 'account', type: 'string', doc: 'user, user@server or Call-ID' },
        { name: 'waitfor', type: 'int', default: -1 },
        { name: 'stopallsessions', type: 'int', default: -1, doc: '1: end its calls as well' },
        { name: 'delaccount', type: 'int', default: -1, doc: '0: keep the account' },
      ],
    ],
    returns: 'boolean',
    waits: true,
    doc: 'Takes registrations back: all, ending all calls, or that of one account, which is removed.',
    run: unregister,
  }),
  define('API_RegisterEx', {
    group: 'accounts',
    overloads: [
      [{ name: 'accounts', type: 'string', doc: 'accounts, separated by semicolons; "null" takes all back' }],
    ],
    returns: 'boolean',
    doc: 'Registers further accounts, up to 99, which are remembered.',
    run: (context, { accounts }) => startedFor(context) && context.accounts.replaceExtra(accounts),
  }),
  define('API_AddAccount', {
    group: 'accounts',
    overloads: [[{ ...URI, doc: 'user:password@domain:port, or the fields separated by commas' }], LONG_FORM],
    returns: 'boolean',
    doc: 'Adds an account and registers it; one with the same user and domain is changed.',
    run: addAccount,
  }),
  define('API_SetAccount', {
    group: 'accounts',
    overloads: [[{ name: 'params', type: 'string', doc: 'the fields separated by commas' }], LONG_FORM],
    returns: 'boolean',
    doc: 'Changes an account, or adds it when there is none.',
    run: (context, { params, ...rest }) => addAccount(context, { uri: params, ...rest }),
  }),
  define('API_GetAccount', {
    group: 'accounts',
    overloads: [
      [URI, { name: 'strict', type: 'boolean', default: false, doc: 'the whole address has to be right' }],
    ],
    returns: 'string',
    doc: 'An account with all its fields; empty when there is none.',
    run: ({ accounts }, { uri, strict }) => {
      const entry = accounts.find(uri, strict);
      return entry ? describeAccount(entry.fields, 1, []) : '';
    },
  }),
  define('API_DelAccount', {
    group: 'accounts',
    overloads: [[URI, { name: 'unregister', type: 'boolean', default: true, doc: 'tell the server' }]],
    returns: 'boolean',
    doc: 'Removes an account, or "all".',
    run: ({ accounts }, { uri, unregister }) => {
      const entries = uri.trim().toLowerCase() === 'all' ? accounts.all : [accounts.find(uri)];
      for (const entry of entries) if (entry) accounts.remove(entry, unregister);
      return entries.some((entry) => entry !== undefined);
    },
  }),
  define('API_ListAccounts', {
    group: 'accounts',
    overloads: [
      [
        FORMAT,
        { name: 'markmain', type: 'string', default: '', doc: 'put before the main account' },
        { name: 'withstatus', type: 'boolean', default: false, doc: 'with the state of its registration' },
        { name: 'separator', type: 'string', default: ';' },
      ],
    ],
    returns: 'string',
    doc: 'The accounts.',
    run: ({ accounts }, { format, markmain, withstatus, separator }) => {
      const all = accounts.all.map(({ fields }) => fields);
      return accounts.all
        .map((entry) => {
          const mark = entry === accounts.main ? markmain : '';
          const status = withstatus ? ` ${REG_STATE_TEXTS[accounts.regState(entry)]}` : '';
          return `${mark}${describeAccount(entry.fields, format, all)}${status}`;
        })
        .join(separator || ';');
    },
  }),
  define('API_GetMainAccount', {
    group: 'accounts',
    overloads: [
      [{ name: 'strict', type: 'boolean', default: true, doc: 'false: only when there are several' }, FORMAT],
    ],
    returns: 'string',
    doc: 'The main account: calls go out by it. Empty when there is none.',
    run: ({ accounts }, { strict, format }) => {
      const { main, all } = accounts;
      if (!main || (!strict && all.length < 2)) return '';
      return describeAccount(
        main.fields,
        format,
        all.map(({ fields }) => fields),
      );
    },
  }),
  define('API_SetMainAccount', {
    group: 'accounts',
    overloads: [[URI]],
    returns: 'boolean',
    doc: 'Makes an account the main one, adding it when there is none.',
    run: (context, { uri }) => {
      const { accounts } = context;
      let entry = accounts.find(uri);
      if (!entry) {
        const fields = parseAccount(uri, defaults(context));
        entry = fields && accounts.add(fields);
      }
      if (!entry) return false;
      accounts.setMain(entry);
      return true;
    },
  }),
  define('API_GetAccountForLine', {
    group: 'accounts',
    overloads: [
      [LINE, { name: 'strict', type: 'boolean', default: false, doc: 'only an account there is' }, FORMAT],
    ],
    returns: 'string',
    doc: 'The account of the call on a line; empty when there is none.',
    run: accountForLine,
  }),
  define('API_GetAccountURI', {
    group: 'accounts',
    overloads: [[LINE, { name: 'strict', type: 'boolean', default: false }, FORMAT]],
    returns: 'string',
    doc: 'The same as API_GetAccountForLine.',
    run: accountForLine,
  }),
  define('API_GetAccountRegState', {
    group: 'accounts',
    overloads: [[URI], BY_FIELDS],
    returns: 'int',
    failure: REG_STATE.notInitialized,
    doc: 'How the registration of an account stands: 0 in progress, 1 registered, 2 failed, 3 unregistered, -1 not registering, -2 no such account, -3 not an account, -4 not started.',
    run: regState,
  }),
  define('API_GetAccountRegStateString', {
    group: 'accounts',
    overloads: [[URI], BY_FIELDS],
    returns: 'string',
    failure: 'ERROR',
    doc: 'The same in words.',
    run: (context, args) => REG_STATE_TEXTS[regState(context, args)],
  }),
  define('API_IsRegistered', {
    group: 'accounts',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Whether the main account is registered.',
    run: ({ accounts }) => accounts.registered,
  }),
  define('API_IsRegisteredEx', {
    group: 'accounts',
    overloads: [[]],
    returns: 'int',
    failure: 0,
    doc: '0 unknown, 1 not needed, 2 registered, 3 registering and was registered, 4 registering, 5 registering after a failure, 6 unregistered, 7 failed.',
    run: ({ accounts }) => accounts.registeredEx,
  }),
  define('API_GetRegFailReason', {
    group: 'accounts',
    overloads: [[{ name: 'extended', type: 'boolean', default: false, doc: 'with more details' }]],
    returns: 'string',
    doc: 'Why the last registration failed; empty when it did not.',
    run: ({ accounts }, { extended }) => accounts.failure(extended),
  }),
];

function defaults({ settings }: WebphoneContext): { server: string; username: string } {
  return { server: settings.text('serveraddress'), username: settings.text('username') };
}

function register(context: WebphoneContext): boolean {
  if (!context.lifecycle.usable) return false;
  context.accounts.refresh();
  if (!context.accounts.main) {
    context.report('API_Register: serveraddress and username are needed');
    return false;
  }
  return context.lifecycle.startAndRegister();
}

/** Accounts can be registered as soon as the stack runs. */
function startedFor(context: WebphoneContext): boolean {
  return context.lifecycle.startStack();
}

function addAccount(
  context: WebphoneContext,
  args: {
    uri: string | undefined;
    server: string | undefined;
    proxy: string | undefined;
    username: string | undefined;
    sipusername: string | undefined;
    displayname: string | undefined;
    password: string | undefined;
    transport: number | undefined;
    registerinterval: number | undefined;
    ismain: number | undefined;
  },
): boolean {
  const { server, username } = defaults(context);
  const interval = args.registerinterval ?? -1;
  const fields: AccountFields | undefined =
    args.uri !== undefined
      ? parseAccount(args.uri, { server, username })
      : {
          server: args.server || server,
          username: args.username || username,
          password: args.password ?? '',
          interval: interval > 0 ? interval : undefined,
          proxy: args.proxy ?? '',
          realm: '',
          authUsername: args.sipusername ?? '',
          displayName: args.displayname ?? '',
          transport: transportOf(args.transport ?? -1),
          main: args.ismain === 1 ? true : args.ismain === 0 ? false : undefined,
          enabled: true,
        };
  if (!fields?.server || !fields.username) return false;
  return context.accounts.add(fields) !== undefined;
}

function accountForLine(
  { accounts, desk }: WebphoneContext,
  { line, strict, format }: { line: number; strict: boolean; format: number },
): string {
  const call = desk.one(line);
  if (!call) return '';
  const all = accounts.all.map(({ fields }) => fields);
  const local = plainAddress(call.local);
  const entry = accounts.find(local, true);
  if (entry) return describeAccount(entry.fields, format, all);
  const fields = strict ? undefined : parseAccount(local, { server: '', username: '' });
  return fields ? describeAccount(fields, format, all) : '';
}

function plainAddress(uri: string): string {
  return uri.replace(/^sips?:/i, '').replace(/[;?].*$/, '');
}

function regState(
  { accounts, stack }: WebphoneContext,
  args: {
    uri: string | undefined;
    domain: string | undefined;
    username: string | undefined;
    sipusername: string | undefined;
  },
): number {
  const { uri, domain = '', username = '', sipusername = '' } = args;
  if (uri !== undefined ? uri.trim() === '' : !domain && !username) return REG_STATE.invalid;
  const entry =
    uri !== undefined
      ? accounts.find(uri)
      : accounts.all.find(
          ({ fields }) =>
            (!username || fields.username === username) &&
            (!domain || fields.server === domain || fields.server.startsWith(`${domain}:`)) &&
            (!sipusername || fields.authUsername === sipusername),
        );
  if (!entry) return REG_STATE.unknownAccount;
  return stack.phone ? accounts.regState(entry) : REG_STATE.notInitialized;
}

async function unregister(
  context: WebphoneContext,
  args: {
    account: string | undefined;
    waitfor: number | undefined;
    stopallsessions: number | undefined;
    delaccount: number | undefined;
  },
): Promise<boolean> {
  const { accounts, settings, desk, stack } = context;
  if (!stack.phone) return false;
  // Clients that send texts cannot say that they mean the number, which stands alone.
  const alone = [args.waitfor, args.stopallsessions, args.delaccount].every((one) => (one ?? -1) === -1);
  const isWait = alone && args.account !== undefined && /^(-1|0|1)$/.test(args.account);
  const waitfor = isWait ? Number(args.account) : (args.waitfor ?? -1);
  const name = isWait ? undefined : args.account;
  const entry = name === undefined ? undefined : accounts.find(name);
  if (name !== undefined && !entry) return false;
  const endsCalls = entry
    ? args.stopallsessions === 1
    : settings.number('disconunregister') !== 0 || !settings.given('disconunregister');
  if (endsCalls) {
    const calls = entry
      ? desk.calls.filter(({ local }) => accounts.find(plainAddress(local), true) === entry)
      : desk.calls;
    for (const call of calls) void call.hangup({ reason: 'unregister' });
  }
  const work = accounts.unregister(entry).then(() => {
    if (entry && args.delaccount !== 0) accounts.remove(entry);
    if (!entry && settings.number('clearcredentialsonunreg') === 1) {
      for (const one of ['serveraddress', 'username', 'password'] as const) settings.set(one, 'NULL');
    }
  });
  const longest = settings.number('waitforunregister');
  if (waitfor !== 1 || longest <= 0) {
    context.background(work, 'API_Unregister');
    return true;
  }
  await Promise.race([work, new Promise<void>((resolve) => context.clock.after(longest, resolve))]);
  return true;
}
