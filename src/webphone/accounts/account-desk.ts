/**
 * The accounts of a webphone: the main one of the settings, further ones by text, which of them is the main one, and
 * their registrations. It keeps the settings in step, so that accounts are there again with the next start. What it
 * does shows in its events; the status board makes notifications of them.
 */
import type { Clock } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { Account, AccountOptions, Registration, RegistrationState } from '../../ua/index.js';
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

/** For accounts given as text. */
const DEFAULT_INTERVAL_S = 3600;

export interface AccountEntry {
  readonly identity: string;
  fields: AccountFields;
  registration?: Registration;
  state?: RegistrationState;
  error?: SwitchhookError;
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
  clock: Clock;
  background(work: Promise<unknown>, what: string): void;
}

export class AccountDesk extends Emitter<AccountEvents> {
  readonly #options: AccountDeskOptions;
  readonly #entries = new Map<string, AccountEntry>();
  /** Accounts that only calls of a line use. */
  readonly #temporary = new Map<string, AccountEntry>();
  #main: string | undefined;
  #explicitAt = Number.NEGATIVE_INFINITY;
  /** What is to be registered once the main account is. */
  #after: AccountEntry[] = [];
  /** The main account has not succeeded or failed yet. */
  #mainPending = false;

  constructor(options: AccountDeskOptions) {
    super();
    this.#options = options;
    options.stack.on('running', () => {
      // What is registered anyway from the start on comes first.
      queueMicrotask(() => {
        if (!this.#mainPending) this.#registerOthers();
      });
    });
    options.stack.on('stopped', () => {
      this.#after = [];
      this.#mainPending = false;
      this.#temporary.clear();
      for (const entry of this.#entries.values()) {
        entry.registration = undefined;
        entry.state = undefined;
      }
    });
  }

  get all(): readonly AccountEntry[] {
    this.refresh();
    return [...this.#entries.values()];
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
    if (server && username) {
      this.#merge(this.#fieldsOf(settings));
      this.#main ??= identityOf({ server, username });
    }
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
      if (fields.main) this.#main ??= entry.identity;
    }
    if (this.#main === undefined || !this.#entries.has(this.#main)) {
      this.#main = [...this.#entries.keys()][0];
    }
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
      ({ fields, registration }) =>
        fields.username.toLowerCase() === plain ||
        domainOf(fields.server).toLowerCase() === domainOf(plain) ||
        registration?.callId === text.trim(),
    );
    return found.length === 1 ? found[0] : found.find(({ identity }) => identity === this.#main);
  }

  /** The account of a call. */
  of(account: Account | undefined): AccountEntry | undefined {
    if (!account) return undefined;
    return [...this.#entries.values()].find(({ registration }) => registration?.account === account);
  }

  /** Adds or changes an account, keeps it, and registers it if the phone runs. */
  add(fields: AccountFields): AccountEntry | undefined {
    this.refresh();
    if (this.#entries.size >= MAX_ACCOUNTS + 1 && !this.#entries.has(identityOf(fields))) return undefined;
    const before = this.#entries.get(identityOf(fields))?.fields;
    const changed =
      before && JSON.stringify({ ...before, ...withoutEmpty(fields) }) !== JSON.stringify(before);
    const entry = this.#merge(fields);
    this.#keep();
    if (fields.main) this.setMain(entry);
    else this.#main ??= entry.identity;
    if (entry.fields.enabled && (changed || !entry.registration)) this.#queue(entry);
    return entry;
  }

  /** Forgets an account. @returns false when there is no such one */
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
    const { phone } = this.#options.stack;
    const { registration } = entry;
    if (registration && phone) {
      if (!unregister) registration.close();
      this.#options.background(phone.removeAccount(registration.account), 'unregister');
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

  setMain(entry: AccountEntry, explicit = true): void {
    if (explicit) this.#explicitAt = this.#options.clock.now();
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
    const { main } = this;
    if (entries.length === 0) return false;
    this.#after = entries.filter((entry) => entry !== main);
    this.#mainPending = main?.fields.enabled ?? false;
    if (main && this.#mainPending) this.#renew(main);
    else this.#registerOthers();
    return true;
  }

  /** Registers an account when its turn has come: the main one goes first. */
  #queue(entry: AccountEntry): void {
    const { stack } = this.#options;
    if (stack.state === 'running' && !this.#mainPending) this.#renew(entry);
    else if (stack.state !== 'idle' && !this.#after.includes(entry)) this.#after.push(entry);
  }

  #registerOthers(): void {
    for (const entry of this.#after.splice(0)) this.#renew(entry);
  }

  /** A new registration in place of the one there may be. */
  #renew(entry: AccountEntry): void {
    const { stack, background } = this.#options;
    if (stack.state === 'idle') return;
    const phone = stack.start();
    const old = entry.registration;
    entry.registration = undefined;
    const work = async (): Promise<void> => {
      if (old) {
        old.removeAllListeners();
        await phone.removeAccount(old.account);
      }
      const registration = await phone.addAccount(this.#accountOptions(entry));
      entry.registration = registration;
      registration.on('state', (state, error) => this.#changed(entry, state, error));
      // What came of it is told by its states.
      await registration.register().catch(() => {});
    };
    background(work(), `account ${entry.identity}`);
  }

  #changed(entry: AccountEntry, state: RegistrationState, error: SwitchhookError | undefined): void {
    entry.state = state;
    entry.error = state === 'waiting' || state === 'failed' ? error : undefined;
    this.emit('state', { entry, state, error, main: entry.identity === this.#main });
    if (state === 'registered') entry.before = 'registered';
    else if (entry.error) entry.before = 'failed';
    const settled = state === 'registered' || state === 'waiting' || state === 'failed';
    if (settled && entry.identity === this.#main) {
      this.#mainPending = false;
      this.#registerOthers();
    }
    if (settled) this.#maybeSwitch(entry, state);
  }

  /** The main account cannot be reached: one that can takes its place, as `autoswitchmainacc` allows. */
  #maybeSwitch(entry: AccountEntry, state: RegistrationState): void {
    const { settings, clock } = this.#options;
    const mode = settings.number('autoswitchmainacc');
    const { main } = this;
    if (mode < 2 || state !== 'registered' || entry === main || main?.state === 'registered') return;
    if (main?.state !== 'failed' && main?.state !== 'waiting') return;
    if (mode === 2 && clock.now() - this.#explicitAt < PROTECTED_MS) return;
    this.setMain(entry, false);
  }

  #accountOptions({ fields }: AccountEntry): AccountOptions {
    const { settings } = this.#options;
    const ours =
      identityOf({ server: settings.text('serveraddress'), username: settings.text('username') }) ===
      identityOf(fields);
    const { keepAlive, registration, challenges } = accountSettings(settings);
    return {
      aor: `sip:${encodeURIComponent(fields.username).replace(/%2B/g, '+')}@${fields.server}`,
      server: fields.server,
      authUsername: fields.authUsername || undefined,
      // What an account leaves open is as with the main one.
      password: fields.password || (ours ? undefined : settings.text('password') || undefined),
      ha1: ours && !fields.password ? settings.text('md5') || undefined : undefined,
      displayName: fields.displayName || undefined,
      outboundProxy: fields.proxy || undefined,
      transport: fields.transport,
      expires: fields.interval ?? DEFAULT_INTERVAL_S,
      keepAlive,
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
    await Promise.all(entries.map(({ registration }) => registration?.unregister()));
  }

  /** The account a call goes out by: the main one, or another when the settings of its line name one. */
  async forCall(reader: SettingsReader): Promise<Account | undefined> {
    this.refresh();
    const own = this.#fieldsOf(reader);
    const main = this.main;
    const differs =
      own.server !== '' && own.username !== '' && identityOf(own) !== (main && identityOf(main.fields));
    const isOfSettings = identityOf(own) === identityOf(this.#fieldsOf(this.#options.settings));
    let entry = differs && !isOfSettings ? this.#temporary.get(identityOf(own)) : main;
    if (differs && !isOfSettings && !entry) {
      entry = { identity: identityOf(own), fields: own };
      this.#temporary.set(entry.identity, entry);
    }
    if (!entry) return undefined;
    // Calls need no registration, but they need an account.
    entry.registration ??= await this.#options.stack.start().addAccount(this.#accountOptions(entry));
    return entry.registration.account;
  }

  /** Registers anew what does not look well. */
  async check(): Promise<void> {
    const work = this.all.map(({ registration }) => registration?.refresh('asked for').catch(() => {}));
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
    const needed =
      main !== undefined && (settings.number('register') !== 0 || main.registration !== undefined);
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
      others.map(({ fields }) => formatAccount(fields)).join(';') || 'NULL',
    );
  }
}

/** How long a main account that was chosen by hand stays. */
const PROTECTED_MS = 12_000;

function withoutEmpty(fields: AccountFields): Partial<AccountFields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined),
  ) as Partial<AccountFields>;
}
