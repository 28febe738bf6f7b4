/**
 * The accounts of a phone: the main one, which calls go out by, and up to 99 others. Keeps them apart by user@domain,
 * registers the main one first, and chooses another main one when that is removed or out of order. It lives as long as
 * the phone; their registrations are made whenever Phone has made a SIP stack, and go with it.
 *
 *     main: registering ──registered or failed──► the others: registering …
 */
import type { Clock } from '../base/clock.js';
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import {
  Account,
  type AccountOptions,
  parseServer,
  type Registration,
  type RegistrationState,
  type UserAgent,
} from '../ua/index.js';

export interface AccountBookOptions {
  /**
   * When another account becomes the main one by itself: `never`; `gentle`: when the main one cannot register and nobody
   * chose it, and for calls to the domain of another; `failure`: also when it was chosen, but not just now; `always`.
   * Default 'failure'.
   */
  autoMain?: 'never' | 'gentle' | 'failure' | 'always';
}

/** How an account is doing, in the words of a user. */
export type AccountState =
  | 'error'
  | 'invalid'
  | 'none'
  | 'notRegistering'
  | 'working'
  | 'registered'
  | 'failed'
  | 'unregistered';

/** The same as numbers, as status displays and control interfaces give them. */
export const ACCOUNT_STATES: Readonly<Record<AccountState, number>> = {
  error: -4,
  invalid: -3,
  none: -2,
  notRegistering: -1,
  working: 0,
  registered: 1,
  failed: 2,
  unregistered: 3,
};

export type AccountBookEvents = {
  /** The registration of an account changed its state. */
  registration: [event: { account: Account; state: RegistrationState; error?: SwitchhookError }];
  /** Another account is the main one; `by` tells whether somebody chose it. */
  main: [event: { account: Account | undefined; previous: Account | undefined; by: 'user' | 'phone' }];
  /** Removed, or replaced by one made anew. */
  gone: [account: Account];
  /** Added, replaced or removed. */
  changed: [];
};

interface Entry {
  readonly options: AccountOptions;
  readonly account: Account;
  /** Undefined while there is no SIP stack. */
  registration: Registration | undefined;
  /** A registration was asked for at least once, and taken back. */
  wanted: boolean;
  left: boolean;
}

export interface RegisterAllOptions {
  signal?: AbortSignal;
  /** Leaves those out it says false for. */
  which?(account: Account): boolean;
}

const MAX_ACCOUNTS = 100;
/** A choice of the user stands at least so long. */
const GENTLE_MS = 6000;
const FAILURE_MS = 12_000;

export class AccountBook extends Emitter<AccountBookEvents> {
  readonly #clock: Clock;
  readonly #random: Random;
  #options: AccountBookOptions;
  #agent: UserAgent | undefined;
  readonly #entries = new Map<string, Entry>();
  #main: string | undefined;
  #chosenAt: number | undefined;
  /** Resolves when the main account has succeeded or failed. */
  #mainDone: Promise<void> = Promise.resolve();

  constructor(clock: Clock, random: Random, options: AccountBookOptions = {}) {
    super();
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
  }

  configure(options: AccountBookOptions): void {
    this.#options = options;
  }

  /** There is a SIP stack: registrations can be made. Those of the stack before are asked for again. */
  attach(agent: UserAgent): void {
    this.#agent = agent;
    for (const entry of this.#inOrder) {
      entry.account.forgetServer();
      this.#enrol(entry, agent);
    }
    const before = new Set(this.#inOrder.filter(({ wanted, left }) => wanted && !left));
    if (before.size === 0) return;
    const which = (account: Account): boolean => [...before].some((entry) => entry.account === account);
    this.registerAll({ which }).catch(() => {});
  }

  /** The SIP stack is about to end, and the registrations with it. */
  detach(): void {
    this.#agent = undefined;
    for (const entry of this.#entries.values()) entry.registration = undefined;
  }

  /** The main one first. */
  get accounts(): readonly Account[] {
    return this.#inOrder.map(({ account }) => account);
  }

  /** The same; empty while there is no SIP stack. */
  get registrations(): readonly Registration[] {
    return this.#inOrder.flatMap(({ registration }) => registration ?? []);
  }

  get main(): Account | undefined {
    return this.#mainEntry?.account;
  }

  /** What the accounts were made of, the main one first: to be kept and given to {@link add} again. */
  get options(): readonly AccountOptions[] {
    return this.#inOrder.map(({ options }) => options);
  }

  /**
   * Adds an account; one with the same user and domain is replaced, and what the new one leaves open taken from it.
   * The first one is the main one.
   * @throws ERR_INVALID_ARGUMENT, also for the 101st; ERR_CLOSED
   */
  add(options: AccountOptions): Account {
    const known = this.#entries.get(identityOf(options.aor));
    return this.replace(known ? { ...known.options, ...defined(options) } : options);
  }

  /**
   * The same, but takes nothing from the one that is replaced; nothing is done when that is just like it.
   * @throws as {@link add}
   */
  replace(options: AccountOptions): Account {
    const key = identityOf(options.aor);
    const known = this.#entries.get(key);
    if (known && sameOptions(known.options, options)) return known.account;
    if (!known && this.#entries.size >= MAX_ACCOUNTS) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `there are ${MAX_ACCOUNTS} accounts already`,
      });
    }
    const account = new Account(options, this.#random);
    const wanted = known?.wanted ?? false;
    const entry: Entry = { options, account, registration: undefined, wanted, left: false };
    if (this.#agent) this.#enrol(entry, this.#agent, known);
    this.#entries.set(key, entry);
    this.#main ??= key;
    if (known) this.emit('gone', known.account);
    this.emit('changed');
    return account;
  }

  #enrol(entry: Entry, agent: UserAgent, replaced?: Entry): void {
    // What becomes of the one replaced is no news.
    replaced?.registration?.removeAllListeners();
    const registration = agent.addAccount(entry.account, replaced?.account);
    entry.registration = registration;
    registration.on('state', (state, error) => {
      if (entry.registration === registration) this.#note(entry, state);
      this.emit('registration', { account: entry.account, state, error });
      if (state === 'registered' || state === 'failed' || state === 'waiting') this.#reconsider();
    });
  }

  /** Registrations may be asked for past the book. */
  #note(entry: Entry, state: RegistrationState): void {
    if (state === 'registering') {
      entry.wanted = true;
      entry.left = false;
    } else if (state === 'idle' || state === 'unregistering') {
      entry.left = true;
    }
  }

  /** The account of that `user@domain`, SIP address or user name alone. */
  get(name: string): Account | undefined {
    const key = name.includes('@') ? identityOf(name) : undefined;
    const entry =
      key === undefined
        ? [...this.#entries].find(([known]) => known.startsWith(`${name.toLowerCase()}@`))?.[1]
        : this.#entries.get(key);
    return entry?.account;
  }

  registrationOf(account: Account): Registration | undefined {
    return this.#entryOf(account)?.registration;
  }

  /** Makes an account the main one. @returns false for one that is not in the book */
  setMain(account: Account): boolean {
    const key = this.#keyOf(account);
    if (key === undefined) return false;
    this.#chosenAt = this.#clock.now();
    this.#switch(key, 'user');
    return true;
  }

  /**
   * Unregisters and forgets an account; its calls go on. Without the main one the next is.
   * @param options.silent the server is not told
   */
  async remove(account: Account, options: { silent?: boolean } = {}): Promise<boolean> {
    const key = this.#keyOf(account);
    if (key === undefined) return false;
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (this.#main === key) {
      this.#main = undefined;
      this.#switch(this.#bestKey(), 'phone', account);
    }
    this.emit('gone', account);
    this.emit('changed');
    if (options.silent) entry?.registration?.close();
    await this.#agent?.removeAccount(account);
    return true;
  }

  /**
   * Registers the main account, then the others, whatever comes of it.
   * @throws as Registration.register, for the main account
   */
  async registerAll({ which = () => true, ...options }: RegisterAllOptions = {}): Promise<void> {
    const accounts = this.accounts.filter(which);
    if (accounts.length === 0) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: "option 'server' is needed to register" });
    }
    const { main } = this;
    const first = main && accounts.includes(main) ? this.register(main, options) : Promise.resolve();
    this.#mainDone = first.catch(() => {});
    try {
      await first;
    } finally {
      // What comes of these is told by their own events.
      for (const account of accounts) {
        if (account !== main && this.#entryOf(account)) this.register(account).catch(() => {});
      }
    }
  }

  /** @throws as Registration.register; ERR_CLOSED while there is no SIP stack */
  async register(account: Account, options: { signal?: AbortSignal } = {}): Promise<void> {
    const entry = this.#entryOf(account);
    if (!entry) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'the account has been removed' });
    if (!entry.registration) throw new SwitchhookError('ERR_CLOSED', { what: 'the SIP stack' });
    entry.wanted = true;
    entry.left = false;
    await entry.registration.register(options);
  }

  /** The same, but the main account goes first when it is at it. @throws as {@link register} */
  async registerInTurn(account: Account): Promise<void> {
    if (account !== this.main) await this.#mainDone;
    await this.register(account);
  }

  async unregister(account: Account): Promise<void> {
    const entry = this.#entryOf(account);
    if (!entry) return;
    entry.left = true;
    await entry.registration?.unregister();
  }

  /** How an account is doing. */
  stateOf(account: Account | undefined): AccountState {
    if (!account) return 'none';
    const entry = this.#entryOf(account);
    if (!entry) return 'invalid';
    const { registration, wanted, left } = entry;
    switch (registration?.state) {
      case 'registered':
        return 'registered';
      case 'registering':
      case 'unregistering':
        return 'working';
      case 'waiting':
      case 'failed':
        return registration?.error?.code === 'ERR_INVALID_ARGUMENT' ? 'error' : 'failed';
      case 'idle':
      case undefined:
        return left ? 'unregistered' : wanted ? 'working' : 'notRegistering';
    }
  }

  /** The account for a call to `host`: one of that domain, which then becomes the main one if it may, else the main one. */
  forCallTo(host: string): Account | undefined {
    const { main } = this;
    if (!main || main.uri.host === host) return main;
    const found = [...this.#entries].find(([, { account }]) => account.uri.host === host);
    if (!found) return main;
    if (this.#maySwitch('gentle')) this.#switch(found[0], 'phone');
    return found[1].account;
  }

  /** The main one is out of order and another is not. */
  #reconsider(): void {
    const { main } = this;
    if (!main || this.stateOf(main) !== 'failed' || !this.#maySwitch('failure')) return;
    const better = [...this.#entries].find(([, { registration }]) => registration?.state === 'registered');
    if (better) this.#switch(better[0], 'phone');
  }

  #maySwitch(occasion: 'gentle' | 'failure'): boolean {
    const { autoMain = 'failure' } = this.#options;
    if (autoMain === 'never') return false;
    if (autoMain === 'always' || this.#chosenAt === undefined) return true;
    if (occasion === 'failure' && autoMain === 'gentle') return false;
    return this.#clock.now() - this.#chosenAt >= (occasion === 'gentle' ? GENTLE_MS : FAILURE_MS);
  }

  #switch(key: string | undefined, by: 'user' | 'phone', removed?: Account): void {
    const previous = removed ?? this.main;
    if (key === this.#main && !removed) return;
    this.#main = key;
    this.emit('main', { account: this.main, previous, by });
  }

  /** A registered one before any other. */
  #bestKey(): string | undefined {
    const keys = [...this.#entries.keys()];
    return keys.find((key) => this.#entries.get(key)?.registration?.state === 'registered') ?? keys[0];
  }

  get #inOrder(): readonly Entry[] {
    const main = this.#mainEntry;
    const all = [...this.#entries.values()];
    return main ? [main, ...all.filter((entry) => entry !== main)] : all;
  }

  get #mainEntry(): Entry | undefined {
    return this.#main === undefined ? undefined : this.#entries.get(this.#main);
  }

  #entryOf(account: Account): Entry | undefined {
    const key = this.#keyOf(account);
    return key === undefined ? undefined : this.#entries.get(key);
  }

  #keyOf(account: Account): string | undefined {
    for (const [key, entry] of this.#entries) if (entry.account === account) return key;
    return undefined;
  }
}

/** `user@domain` without the port, in lower case. */
function identityOf(aor: string): string {
  const { user = '', host } = parseServer(aor, 'aor');
  return `${user}@${host}`.toLowerCase();
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Options are plain values. */
function sameOptions(one: AccountOptions, other: AccountOptions): boolean {
  const print = (options: AccountOptions): string =>
    JSON.stringify(Object.entries(defined(options)).sort(([a], [b]) => (a < b ? -1 : 1)));
  return print(one) === print(other);
}
