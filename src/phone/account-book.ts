/**
 * The accounts of a phone: the main one, which calls go out by, and up to 99 others. Keeps them apart by user@domain,
 * registers the main one first, and chooses another main one when that is removed or out of order. Made by Phone.
 *
 *     main: registering ──registered or failed──► the others: registering …
 */
import type { Clock } from '../base/clock.js';
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import {
  type Account,
  type AccountOptions,
  parseServer,
  type Registration,
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
  /** Another account is the main one; `by` tells whether somebody chose it. */
  main: [event: { account: Account | undefined; previous: Account | undefined; by: 'user' | 'phone' }];
  /** Added, replaced or removed. */
  changed: [];
};

interface Entry {
  readonly options: AccountOptions;
  readonly registration: Registration;
  /** A registration was asked for at least once, and taken back. */
  wanted: boolean;
  left: boolean;
}

const MAX_ACCOUNTS = 100;
/** A choice of the user stands at least so long. */
const GENTLE_MS = 6000;
const FAILURE_MS = 12_000;

export class AccountBook extends Emitter<AccountBookEvents> {
  readonly #agent: UserAgent;
  readonly #clock: Clock;
  #options: AccountBookOptions;
  readonly #entries = new Map<string, Entry>();
  #main: string | undefined;
  #chosenAt: number | undefined;

  constructor(agent: UserAgent, clock: Clock, options: AccountBookOptions = {}) {
    super();
    this.#agent = agent;
    this.#clock = clock;
    this.#options = options;
  }

  configure(options: AccountBookOptions): void {
    this.#options = options;
  }

  /** The main one first. */
  get accounts(): readonly Account[] {
    return this.registrations.map(({ account }) => account);
  }

  get registrations(): readonly Registration[] {
    const main = this.#mainEntry;
    const all = [...this.#entries.values()];
    return (main ? [main, ...all.filter((entry) => entry !== main)] : all).map(
      ({ registration }) => registration,
    );
  }

  get main(): Account | undefined {
    return this.#mainEntry?.registration.account;
  }

  /** What the accounts were made of, the main one first: to be kept and given to {@link add} again. */
  get options(): readonly AccountOptions[] {
    return this.registrations.map(({ account }) => this.#entryOf(account)?.options as AccountOptions);
  }

  /**
   * Adds an account; one with the same user and domain is replaced, and what the new one leaves open taken from it.
   * The first one is the main one.
   * @throws ERR_INVALID_ARGUMENT, also for the 101st; ERR_CLOSED
   */
  add(options: AccountOptions): Registration {
    const key = identityOf(options.aor);
    const known = this.#entries.get(key);
    if (!known && this.#entries.size >= MAX_ACCOUNTS) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `there are ${MAX_ACCOUNTS} accounts already`,
      });
    }
    const merged = known ? { ...known.options, ...defined(options) } : options;
    const registration = this.#agent.addAccount(merged);
    this.#entries.set(key, { options: merged, registration, wanted: known?.wanted ?? false, left: false });
    if (known) void this.#agent.removeAccount(known.registration.account);
    registration.on('state', (state) => {
      if (state === 'registered' || state === 'failed' || state === 'waiting') this.#reconsider();
    });
    this.#main ??= key;
    this.emit('changed');
    return registration;
  }

  /** The account of that `user@domain`, SIP address or user name alone. */
  get(name: string): Account | undefined {
    const key = name.includes('@') ? identityOf(name) : undefined;
    const entry =
      key === undefined
        ? [...this.#entries].find(([known]) => known.startsWith(`${name.toLowerCase()}@`))?.[1]
        : this.#entries.get(key);
    return entry?.registration.account;
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

  /** Unregisters and forgets an account; its calls go on. Without the main one the next is. */
  async remove(account: Account): Promise<boolean> {
    const key = this.#keyOf(account);
    if (key === undefined) return false;
    this.#entries.delete(key);
    if (this.#main === key) {
      this.#main = undefined;
      this.#switch(this.#bestKey(), 'phone', account);
    }
    this.emit('changed');
    await this.#agent.removeAccount(account);
    return true;
  }

  /**
   * Registers the main account, then the others, whatever comes of it.
   * @throws as Registration.register, for the main account
   */
  async registerAll(options: { signal?: AbortSignal } = {}): Promise<void> {
    const [main, ...others] = this.registrations;
    if (!main) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: "option 'server' is needed to register" });
    }
    try {
      await this.register(main.account, options);
    } finally {
      // What comes of these is told by their own events.
      for (const { account } of others) {
        if (this.#entryOf(account)) this.register(account).catch(() => {});
      }
    }
  }

  /** @throws as Registration.register */
  async register(account: Account, options: { signal?: AbortSignal } = {}): Promise<void> {
    const entry = this.#entryOf(account);
    if (!entry) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'the account has been removed' });
    entry.wanted = true;
    entry.left = false;
    await entry.registration.register(options);
  }

  async unregister(account: Account): Promise<void> {
    const entry = this.#entryOf(account);
    if (!entry) return;
    entry.left = true;
    await entry.registration.unregister();
  }

  /** How an account is doing. */
  stateOf(account: Account | undefined): AccountState {
    if (!account) return 'none';
    const entry = this.#entryOf(account);
    if (!entry) return 'invalid';
    const { registration, wanted, left } = entry;
    switch (registration.state) {
      case 'registered':
        return 'registered';
      case 'registering':
      case 'unregistering':
        return 'working';
      case 'waiting':
      case 'failed':
        return registration.error?.code === 'ERR_INVALID_ARGUMENT' ? 'error' : 'failed';
      case 'idle':
        return left ? 'unregistered' : wanted ? 'working' : 'notRegistering';
    }
  }

  /** The account for a call to `host`: one of that domain, which then becomes the main one if it may, else the main one. */
  forCallTo(host: string): Account | undefined {
    const { main } = this;
    if (!main || main.uri.host === host) return main;
    const found = [...this.#entries].find(([, { registration }]) => registration.account.uri.host === host);
    if (!found) return main;
    if (this.#maySwitch('gentle')) this.#switch(found[0], 'phone');
    return found[1].registration.account;
  }

  /** The main one is out of order and another is not. */
  #reconsider(): void {
    const { main } = this;
    if (!main || this.stateOf(main) !== 'failed' || !this.#maySwitch('failure')) return;
    const better = [...this.#entries].find(([, { registration }]) => registration.state === 'registered');
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
    return keys.find((key) => this.#entries.get(key)?.registration.state === 'registered') ?? keys[0];
  }

  get #mainEntry(): Entry | undefined {
    return this.#main === undefined ? undefined : this.#entries.get(this.#main);
  }

  #entryOf(account: Account): Entry | undefined {
    const key = this.#keyOf(account);
    return key === undefined ? undefined : this.#entries.get(key);
  }

  #keyOf(account: Account): string | undefined {
    for (const [key, { registration }] of this.#entries) if (registration.account === account) return key;
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
