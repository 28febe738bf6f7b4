/**
 * The phone with the flat API: every function of the table as a method and by name, settings by name, notifications.
 * It puts the pieces together and does nothing itself; what a function does stands in functions/.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { isSwitchhookError } from '../base/errors.js';
import type { PhoneOptions } from '../phone/index.js';
import { type ApiArguments, execute } from './functions/execute.js';
import type { ApiValue, MethodOf } from './functions/spec.js';
import { FUNCTIONS, type TYPED_FUNCTIONS } from './functions/table.js';
import { Lifecycle } from './lifecycle.js';
import { NotificationHub } from './notifications/notification-hub.js';
import type { NotificationQueue } from './notifications/notification-queue.js';
import type { SettingValue } from './parameters/spec.js';
import { Settings } from './settings/settings.js';
import { Stack } from './stack.js';
import type { WebphoneContext } from './webphone-context.js';
import { WebphoneLog } from './webphone-log.js';

export interface WebphoneOptions {
  /** 0: it is started by API_Start only; else as the setting of that name. */
  startsipstack?: number;
  /** Settings by name, or an object that keeps them. */
  settings?: Settings | Readonly<Record<string, SettingValue>>;
  /** Options of the phone that settings have no name for, or that are to win over them. */
  phone?: PhoneOptions;
}

/** A client whose notifications are its own. */
export interface ApiClient {
  queue?: NotificationQueue;
}

type Row = (typeof TYPED_FUNCTIONS)[number];

/** `API_Call(line, peer)` and all others, typed from the table. */
export type ApiMethods = { readonly [F in Row as F['name']]: MethodOf<F> };

class WebphoneCore {
  readonly settings: Settings;
  readonly notifications: NotificationHub;
  readonly log: WebphoneLog;
  readonly #clock: Clock;
  readonly #stack: Stack;
  readonly #lifecycle: Lifecycle;
  readonly #warned = new Set<string>();
  readonly #context: WebphoneContext;

  constructor(options: WebphoneOptions | number = {}) {
    const {
      phone = {},
      settings = {},
      startsipstack,
    }: WebphoneOptions = typeof options === 'number' ? { startsipstack: options } : options;
    this.#clock = phone.clock ?? systemClock;
    this.settings = settings instanceof Settings ? settings : new Settings();
    this.notifications = new NotificationHub(this.#clock);
    this.log = new WebphoneLog({
      notifications: this.notifications,
      level: () => this.settings.number('loglevel'),
      polling: () => this.settings.number('logpolling') === 1,
      path: () => this.settings.text('logpath') || 'webphonelog.dat',
    });
    this.#stack = new Stack(() => ({ logger: this.log.logger, ...phone }));
    this.#lifecycle = new Lifecycle({
      clock: this.#clock,
      settings: this.settings,
      notifications: this.notifications,
      stack: this.#stack,
      register: () => {},
      registration: () => 'none',
      busy: () => (this.#stack.phone?.calls.length ?? 0) > 0,
      forget: () => {},
      report: (message, error) => this.#report(message, error),
    });
    this.#context = this.#makeContext(this.notifications.shared);
    this.settings.on('warning', (text) => this.notifications.publish('WARNING', { text }));
    if (!(settings instanceof Settings)) {
      for (const [name, value] of Object.entries(settings)) this.settings.set(name, value);
    }
    const start = startsipstack ?? this.settings.number('startsipstack');
    this.#lifecycle.autoStart(start);
  }

  /** The function table. */
  get functions(): typeof FUNCTIONS {
    return FUNCTIONS;
  }

  /**
   * Runs a function by its name. Never throws and never rejects: a failure is the failure value of the function (false,
   * -1, '' or a text that begins with ERROR) and an ERROR notification.
   * @param args in their order, or by name
   * @param client whose notifications the polling functions take; all without a queue of their own share one
   * @returns a promise for functions that wait
   */
  execute(name: string, args: ApiArguments = [], client: ApiClient = {}): ApiValue | Promise<ApiValue> {
    return execute(client.queue ? this.#makeContext(client.queue) : this.#context, name, args);
  }

  /** Stops everything and resolves when it is freed. */
  async close(): Promise<void> {
    this.#lifecycle.exit();
    await this.#stack.settled;
    this.#lifecycle.close();
    this.notifications.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #makeContext(queue: NotificationQueue): WebphoneContext {
    return {
      clock: this.#clock,
      logger: this.log.logger,
      settings: this.settings,
      notifications: this.notifications,
      queue,
      stack: this.#stack,
      lifecycle: this.#lifecycle,
      log: this.log,
      reveal: (text) => this.settings.decrypt(text),
      report: (message, error) => this.#report(message, error),
      warnOnce: (key, message) => {
        if (this.#warned.has(key)) return;
        this.#warned.add(key);
        this.notifications.publish('WARNING', { text: message });
      },
      background: (work, what) => {
        work.catch((error: unknown) => this.#report(what, error));
      },
    };
  }

  #report(message: string, error?: unknown): void {
    const reason = error instanceof Error && !message.includes(error.message) ? `: ${error.message}` : '';
    this.notifications.publish('ERROR', { text: `${message}${reason}` });
    const code = isSwitchhookError(error) ? error.code : undefined;
    this.log.logger.warn(message, { error, code });
  }
}

/** The phone with the flat API; every `API_` function is a method. */
export type Webphone = WebphoneCore & ApiMethods;

for (const { name, aliases } of FUNCTIONS) {
  for (const method of [name, ...aliases]) {
    Object.defineProperty(WebphoneCore.prototype, method, {
      value(this: WebphoneCore, ...args: unknown[]) {
        return this.execute(name, args);
      },
      configurable: true,
      writable: true,
    });
  }
}

/** `new Webphone()`, `new Webphone(0)` or `new Webphone({ settings: { serveraddress: … } })`. */
export const Webphone = WebphoneCore as unknown as new (options?: WebphoneOptions | number) => Webphone;
