/**
 * The accounts of a webphone as its settings and texts have them: the main one of the settings, further ones by text.
 * While there is a phone, its account book has them all, registers them and says which is the main one; this puts them
 * there, finds them by what users write, and keeps the settings in step, so that they are there again with the next
 * start. What becomes of them shows in its events; the status board makes notifications of them.
 */
import { Emitter } from '../../base/emitter.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { AccountBook, Phone } from '../../phone/index.js';
import { Account, type AccountOptions, type Registration, type RegistrationState } from '../../ua/index.js';
import { accountSettings } from '../mapping/account-options.js';
import type { Settings, SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import {
  type AccountFields,
  domainOf,
  formatAccount,
  identityOf,
  MAX_ACCOUNTS,
  parseAccount,
  parseAccounts,
} from './account-string.js';
import { failureText, registeredEx, regState } from './registration-texts.js';

/** What of an account a call is made with. */
const OF_THE_WAY = ['server', 'password', 'proxy', 'realm', 'authUsername', 'transport'] as const;
/** For accounts given as text. */
const DEFAULT_INTERVAL_S = 3600;

export interface AccountEntry {
  readonly identity: string;
  fields: AccountFields;
  state?: RegistrationState;
  error?: SwitchhookError;
  /** Added by itself: it stays when it is no longer the account of the settings. */
  added?: boolean;
  /** How the last attempt ended. */
  before?: 'registered' | 'failed';
}

export type AccountEvents = {
  state: [event: { entry: AccountEntry; state: RegistrationState; error?: SwitchhookError; main: boolean }];
  /** Another account is the main one. */
  main: [entry: AccountEntry | undefined];
};

export interface AccountDeskOptions {
  settings: Settings;
  stack: Stack;
  background(work: Promise<unknown>, what: string): void;
}

export class AccountDesk extends Emitter<AccountEvents> {
  readonly #options: AccountDeskOptions;
  readonly #entries = new Map<string, AccountEntry>();
  #main: string | undefined;
  /** The account of the settings, as they were looked at last. */
  #own: string | undefined;
  /** The user has said which is the main one. */
  #chosen = false;
  /** Whose account is whose, of those as well that are just leaving. */
  readonly #byAccount = new WeakMap<Account, AccountEntry>();
  /** The book has them all. */
  #filled = false;
  /** To be registered as soon as the phone runs. */
  readonly #waiting = new Set<AccountEntry>();

  constructor(options: AccountDeskOptions) {
    super();
    this.#options = options;
    options.stack.on('made', (phone) => this.#follow(phone));
    options.stack.on('running', () => {
      // What is registered anyway from the start on comes first.
      queueMicrotask(() => {
        for (const entry of this.#waiting) this.#register(entry);
        this.#waiting.clear();
      });
    });
    options.stack.on('failed', () => {
      this.#filled = false;
    });
    options.stack.on('stopped', () => {
      this.#filled = false;
      this.#waiting.clear();
      for (const entry of this.#entries.values()) entry.state = undefined;
    });
  }

  get #book(): AccountBook | undefined {
    return this.#options.stack.phone?.accountBook;
  }

  #follow(phone: Phone): void {
    const { main, all } = this;
    if (main) this.#put(main);
    for (const entry of all) if (entry !== main) this.#put(entry);
    this.#filled = true;
    const account = this.mainAccount;
    const { accountBook } = phone;
    if (account && (this.#chosen || accountBook.main !== account)) accountBook.setMain(account);
    phone.on('registration', ({ account: one, state, error }) => {
      const entry = this.#byAccount.get(one);
      if (entry) this.#changed(entry, state, error);
    });
    phone.on('mainAccount', ({ account: one }) => {
      const entry = one && this.#byAccount.get(one);
      this.#main = entry?.identity;
      this.emit('main', entry);
    });
  }

  /** The main account while there is a phone. */
  get mainAccount(): Account | undefined {
    const { main } = this;
    return main && this.accountOf(main);
  }

  /** The Call-ID its REGISTERs have. */
  get callId(): string | undefined {
    const { main } = this;
    return main && this.registrationOf(main)?.callId;
  }

  /** The account while there is a phone. */
  accountOf({ fields }: AccountEntry): Account | undefined {
    return this.#book?.get(addressOf(fields));
  }

  registrationOf(entry: AccountEntry): Registration | undefined {
    const account = this.accountOf(entry);
    return account && this.#book?.registrationOf(account);
  }

  /** Puts an account into the book, or changes it there. */
  #put(entry: AccountEntry): Account | undefined {
    try {
      const account = this.#book?.replace(this.#accountOptions(entry));
      if (account) this.#byAccount.set(account, entry);
      return account;
    } catch (error) {
      this.#options.background(Promise.reject(error), `account ${entry.identity}`);
      return undefined;
    }
  }

  get all(): readonly AccountEntry[] {
    this.refresh();
    return [...this.#entries.values()];
  }

  /** There is a main account with all it takes to register. */
  complete(withPassword: boolean): boolean {
    const { main } = this;
    if (!main?.fields.enabled) return false;
    const hashed = main.identity === this.#own && this.#options.settings.text('md5') !== '';
    return !withPassword || hashed || main.fields.password !== '';
  }

  get main(): AccountEntry | undefined {
    this.refresh();
    return this.#main === undefined ? undefined : this.#entries.get(this.#main);
  }

  /** Takes over what the settings say now. */
  refresh(): void {
    const { settings } = this.#options;
    const server = settings.text('serveraddress');
    const username = settings.text('username');
    const before = this.#own;
    this.#own = server && username ? identityOf({ server, username }) : undefined;
    if (this.#own) this.#merge(this.#fieldsOf(settings));
    const defaults = { server, username };
    const extra = parseAccounts(settings.text('extraregisteraccounts'), defaults);
    for (const member of settings.members('usernameN')) {
      extra.push({
        server: settings.text('serveraddressN', member) || server,
        username: settings.text('usernameN', member),
        password: settings.text('passwordN', member),
        interval: settings.number('registerintervalN', member) || accountSettings(settings).expires,
        proxy: '',
        realm: '',
        authUsername: '',
        displayName: '',
        enabled: true,
      });
    }
    for (const fields of extra.slice(0, MAX_ACCOUNTS)) {
      const entry = this.#merge(fields);
      if (!fields.main || this.#main !== undefined) continue;
      this.#main = entry.identity;
      this.#chosen = true;
    }
    this.#main ??= this.#own;
    if (before !== undefined && before !== this.#own) this.#ownChanged(before, extra);
    if (this.#main === undefined || !this.#entries.has(this.#main)) {
      this.#main = [...this.#entries.keys()][0];
    }
  }

  /** The settings name another account now, or none: the one before goes, and was the main one in its place. */
  #ownChanged(before: string, extra: readonly AccountFields[]): void {
    const entry = this.#entries.get(before);
    if (!entry) return;
    const next = this.#own === undefined ? undefined : this.#entries.get(this.#own);
    if (next && this.#main === before) this.#makeMain(next);
    const stays = entry.added || extra.some((fields) => identityOf(fields) === before);
    if (!stays) this.#forget(entry, true);
  }

  #fieldsOf(settings: SettingsReader): AccountFields {
    const account = accountSettings(settings);
    return {
      server: account.server,
      username: account.username,
      password: account.password ?? '',
      interval: account.expires,
      proxy: account.outboundProxy ?? '',
      realm: settings.text('realm'),
      authUsername: account.authUsername ?? '',
      displayName: account.displayName ?? '',
      transport: account.transport,
      enabled: true,
    };
  }

  #merge(fields: AccountFields): AccountEntry {
    const identity = identityOf(fields);
    const known = this.#entries.get(identity);
    if (known) {
      known.fields = { ...known.fields, ...withoutEmpty(fields) };
      return known;
    }
    const entry: AccountEntry = { identity, fields };
    this.#entries.set(identity, entry);
    if (this.#filled) this.#put(entry);
    return entry;
  }

  /**
   * The account that is meant: user@domain, or the user or domain alone when only one has it.
   * @param strict nothing but the whole address
   */
  find(text: string, strict = false): AccountEntry | undefined {
    this.refresh();
    const wanted = parseAccount(text, { server: '', username: '' });
    if (wanted) return this.#entries.get(identityOf(wanted));
    if (strict) return undefined;
    const plain = text
      .trim()
      .replace(/^sips?:/i, '')
      .toLowerCase();
    if (!plain) return undefined;
    const found = [...this.#entries.values()].filter(
      (entry) =>
        entry.fields.username.toLowerCase() === plain ||
        domainOf(entry.fields.server).toLowerCase() === domainOf(plain) ||
        this.registrationOf(entry)?.callId === text.trim(),
    );
    return found.length === 1 ? found[0] : found.find(({ identity }) => identity === this.#main);
  }

  /** Adds or changes an account, keeps it, and registers it if the phone runs. */
  add(fields: AccountFields): AccountEntry | undefined {
    this.refresh();
    if (this.#entries.size >= MAX_ACCOUNTS + 1 && !this.#entries.has(identityOf(fields))) return undefined;
    const before = this.#entries.get(identityOf(fields))?.fields;
    const changed =
      before && JSON.stringify({ ...before, ...withoutEmpty(fields) }) !== JSON.stringify(before);
    const entry = this.#merge(fields);
    entry.added = true;
    this.#keep();
    this.#put(entry);
    if (fields.main) this.setMain(entry);
    else this.#main ??= entry.identity;
    const state = this.registrationOf(entry)?.state;
    const settled = state === 'registered' || state === 'registering';
    if (entry.fields.enabled && (changed || !settled)) this.#register(entry);
    return entry;
  }

  /** Forgets an account, also in the settings. */
  remove(entry: AccountEntry, unregister = true): void {
    this.#entries.delete(entry.identity);
    const { settings } = this.#options;
    if (
      identityOf({ server: settings.text('serveraddress'), username: settings.text('username') }) ===
      entry.identity
    ) {
      for (const name of ['serveraddress', 'username', 'password', 'sipusername', 'displayname'] as const) {
        settings.set(name, 'NULL');
      }
    }
    this.#keep();
    this.#forget(entry, unregister);
  }

  #forget(entry: AccountEntry, unregister: boolean): void {
    const account = this.accountOf(entry);
    this.#waiting.delete(entry);
    this.#entries.delete(entry.identity);
    if (account && this.#book) {
      this.#options.background(this.#book.remove(account, { silent: !unregister }), 'unregister');
      return;
    }
    if (this.#main !== entry.identity) return;
    this.#main = [...this.#entries.keys()][0];
    this.emit('main', this.main);
  }

  /** Replaces all but the main one by those of a text; `null` takes them away. */
  replaceExtra(text: string): boolean {
    const { settings } = this.#options;
    const defaults = { server: settings.text('serveraddress'), username: settings.text('username') };
    const accounts = parseAccounts(text, defaults);
    const clears = /^\s*null\s*$/i.test(text);
    if (accounts.length === 0 && !clears) return false;
    if (clears) {
      settings.set('extraregisteraccounts', 'NULL');
      for (const entry of this.all.filter(({ identity }) => identity !== this.#main)) this.remove(entry);
      return true;
    }
    return accounts.map((fields) => this.add(fields)).every((entry) => entry !== undefined);
  }

  setMain(entry: AccountEntry): void {
    this.#chosen = true;
    this.#makeMain(entry);
    this.#keep();
  }

  #makeMain(entry: AccountEntry): void {
    const account = this.accountOf(entry);
    if (account && this.#book) {
      this.#book.setMain(account);
      return;
    }
    if (this.#main === entry.identity) return;
    this.#main = entry.identity;
    this.emit('main', entry);
  }

  forget(): void {
    for (const entry of [...this.#entries.values()]) this.remove(entry);
    this.#options.settings.set('extraregisteraccounts', 'NULL');
  }

  /** Registers all: the main one first, the others when it has succeeded or failed. */
  register(): boolean {
    const entries = this.all.filter(({ fields }) => fields.enabled);
    const book = this.#book;
    if (entries.length === 0 || !book) return false;
    this.#waiting.clear();
    const accounts = new Set(entries.map((entry) => this.#put(entry)));
    for (const entry of entries) {
      const registration = this.registrationOf(entry);
      if (registration?.state === 'registered') registration.refresh('asked for').catch(() => {});
    }
    const work = book.registerAll({ which: (account) => accounts.has(account) });
    // What comes of it is told by their states.
    this.#options.background(
      work.catch(() => {}),
      'register',
    );
    return true;
  }

  /** Registers an account when its turn has come: the main one goes first. */
  #register(entry: AccountEntry): void {
    const { stack, background } = this.#options;
    const account = this.accountOf(entry);
    const book = this.#book;
    if (stack.state === 'starting') this.#waiting.add(entry);
    else if (stack.state === 'running' && account && book) {
      background(
        book.registerInTurn(account).catch(() => {}),
        `account ${entry.identity}`,
      );
    }
  }

  #changed(entry: AccountEntry, state: RegistrationState, error: SwitchhookError | undefined): void {
    entry.state = state;
    entry.error = state === 'waiting' || state === 'failed' ? error : undefined;
    this.emit('state', { entry, state, error, main: entry.identity === this.#main });
    if (state === 'registered') entry.before = 'registered';
    else if (entry.error) entry.before = 'failed';
  }

  #accountOptions({ fields }: AccountEntry): AccountOptions {
    const { settings } = this.#options;
    const ours =
      identityOf({ server: settings.text('serveraddress'), username: settings.text('username') }) ===
      identityOf(fields);
    const { keepAlive, ping, registration, challenges } = accountSettings(settings);
    // A digest stands in place of the password of the settings, whatever password was known before.
    const ha1 = ours && settings.text('password') === '' ? settings.text('md5') || undefined : undefined;
    const password = fields.password || (ours ? undefined : settings.text('password') || undefined);
    return {
      aor: addressOf(fields),
      server: fields.server,
      authUsername: fields.authUsername || undefined,
      // What an account leaves open is as with the main one.
      password: ha1 ? undefined : password,
      realm: fields.realm || undefined,
      ha1,
      displayName: fields.displayName || undefined,
      outboundProxy: fields.proxy || undefined,
      transport: fields.transport,
      expires: fields.interval ?? DEFAULT_INTERVAL_S,
      keepAlive,
      ping,
      registration,
      challenges,
    };
  }

  /**
   * Takes registrations back.
   * @param only one account; all when absent
   */
  async unregister(only?: AccountEntry): Promise<void> {
    const entries = only ? [only] : [...this.#entries.values()];
    const accounts = entries.flatMap((entry) => this.accountOf(entry) ?? []);
    await Promise.all(accounts.map((account) => this.#book?.unregister(account)));
  }

  /**
   * The account of a line that has one of its own in its settings; undefined leaves the choice to the phone, which
   * knows the main one.
   */
  forCall(reader: SettingsReader): Account | undefined {
    this.refresh();
    const own = this.#fieldsOf(reader);
    const identity = identityOf(own);
    if (own.server === '' || own.username === '') return undefined;
    const ours = this.#fieldsOf(this.#options.settings);
    if (identity !== identityOf(ours)) {
      const entry = this.#entries.get(identity) ?? { identity, fields: own };
      return this.accountOf(entry) ?? this.#put(entry);
    }
    if (OF_THE_WAY.every((field) => own[field] === ours[field])) return undefined;
    // The same address by another way or login: of these calls only, beside the one that is registered.
    return new Account(this.#accountOptions({ identity, fields: own }));
  }

  /** The account a text names: one there is, or one that is made of it, not registered and not kept. */
  forRequest(text: string): Account | undefined {
    const { settings } = this.#options;
    const known = this.find(text);
    if (known) return this.accountOf(known);
    const defaults = { server: settings.text('serveraddress'), username: settings.text('username') };
    const fields = parseAccount(text, defaults);
    if (!fields) return undefined;
    const entry = { identity: identityOf(fields), fields };
    return this.accountOf(entry) ?? this.#put(entry);
  }

  /** Registers anew what does not look well. */
  async check(): Promise<void> {
    const work = this.all.map((entry) =>
      this.registrationOf(entry)
        ?.refresh('asked for')
        .catch(() => {}),
    );
    await Promise.all(work);
  }

  /** As API_GetAccountRegState. */
  regState({ state, before }: AccountEntry): number {
    return regState(state, before !== undefined);
  }

  /** As API_IsRegisteredEx, of the main account. */
  get registeredEx(): number {
    const { main } = this;
    const { settings } = this.#options;
    const needed = main !== undefined && (settings.number('register') !== 0 || main.state !== undefined);
    return registeredEx(main?.state, main?.before, needed);
  }

  get registered(): boolean {
    const value = this.registeredEx;
    return value === 2 || value === 3;
  }

  /** Why the last registration failed; empty when it did not. */
  failure(extended: boolean): string {
    const entry = this.main?.error ? this.main : [...this.#entries.values()].find(({ error }) => error);
    if (!entry?.error) return '';
    const text = failureText(entry.error, entry.before === 'registered');
    return extended ? `${text}: ${entry.error.message}` : text;
  }

  /** The accounts beside the one of the settings, for the next start. */
  #keep(): void {
    const { settings } = this.#options;
    const own = identityOf({ server: settings.text('serveraddress'), username: settings.text('username') });
    const others = [...this.#entries.values()].filter(({ identity }) => identity !== own);
    settings.set(
      'extraregisteraccounts',
      others
        .map(({ fields, identity }) =>
          formatAccount({ ...fields, main: this.#chosen && identity === this.#main ? true : undefined }),
        )
        .join(';') || 'NULL',
    );
  }
}

function addressOf({ username, server }: AccountFields): string {
  return `sip:${encodeURIComponent(username).replace(/%2B/g, '+')}@${server}`;
}

function withoutEmpty(fields: AccountFields): Partial<AccountFields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined),
  ) as Partial<AccountFields>;
}
