/**
 * The phone with the flat API: every function of the table as a method and by name, settings by name, notifications.
 * It puts the pieces together and does nothing itself; what a function does stands in functions/.
 */
import { systemClock } from '../base/clock.js';
import type { PhoneOptions } from '../phone/index.js';
import { assemble } from './assemble.js';
import { type ApiArguments, execute } from './functions/execute.js';
import { explain } from './functions/explain.js';
import type { ApiValue } from './functions/spec.js';
import { FUNCTIONS } from './functions/table.js';
import { LiveSettings } from './live-settings.js';
import { phoneOptions } from './mapping/phone-options.js';
import { ServerNews } from './messaging/server-news.js';
import type { ApiMethods } from './methods/index.js';
import type { NotificationHub } from './notifications/notification-hub.js';
import type { NotificationQueue } from './notifications/notification-queue.js';
import type { ParameterName, SettingValues } from './parameters/parameters.js';
import { Settings } from './settings/settings.js';
import { settingsFromSip } from './settings/settings-from-sip.js';
import { statusTranslator, unknownLanguage } from './texts/language.js';
import type { WebphoneContext, WebphoneParts } from './webphone-context.js';
import type { WebphoneLog } from './webphone-log.js';

export interface WebphoneOptions {
  /** 0: it is started by API_Start only; else as the setting of that name. */
  startsipstack?: number;
  /** Settings by name, or an object that keeps them. */
  settings?: Settings | SettingValues;
  /** Options of the phone that settings have no name for, or that are to win over them. */
  phone?: PhoneOptions;
  /**
   * Folder for the data of the phone; default `mwphonedata` in the current one. When it is given, contacts, calls and
   * waiting messages are kept there from one run to the next, unless `autocfgsave` forbids it or `phone.store` is given.
   */
  workFolder?: string;
}

/** A client whose notifications are its own. */
export interface ApiClient {
  queue?: NotificationQueue;
}

class WebphoneCore {
  readonly settings: Settings;
  readonly notifications: NotificationHub;
  readonly log: WebphoneLog;
  readonly #parts: WebphoneParts;
  readonly #shared: WebphoneContext;

  constructor(options: WebphoneOptions | number = {}) {
    const {
      phone = {},
      settings = {},
      startsipstack,
      workFolder,
    }: WebphoneOptions = typeof options === 'number' ? { startsipstack: options } : options;
    this.settings = settings instanceof Settings ? settings : new Settings();
    this.#parts = assemble({
      clock: phone.clock ?? systemClock,
      settings: this.settings,
      workFolder,
      store: phone.store,
      phoneOptions: ({ logger }, { find }) => {
        const set = phoneOptions(this.settings, find);
        return { logger, ...set, ...phone, lanPeers: { ...set.lanPeers, ...phone.lanPeers } };
      },
    });
    new LiveSettings(this.settings, this.#parts, phone);
    followServers(this.settings, this.#parts);
    const { notifications, log, lifecycle } = this.#parts;
    this.notifications = notifications;
    this.log = log;
    this.#shared = { ...this.#parts, queue: notifications.shared };
    this.settings.on('warning', (text) => notifications.publish('WARNING', { text }));
    followSettings(this.settings, notifications);
    if (!(settings instanceof Settings)) {
      for (const [name, value] of Object.entries(settings)) {
        if (value !== undefined) this.settings.set(name, value);
      }
    }
    lifecycle.autoStart(startsipstack ?? this.settings.number('startsipstack'));
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
    return execute(client.queue ? { ...this.#parts, queue: client.queue } : this.#shared, name, args);
  }

  /** What is wrong with such a request: no such function, arguments that do not fit, a setting that is not taken. */
  explain(name: string, args: ApiArguments = []): string | undefined {
    return explain(name, args);
  }

  /** Stops everything and resolves when it is freed. */
  async close(): Promise<void> {
    const { lifecycle, http, sounds, statistics, board, mediaQueue, logOutputs, kept } = this.#parts;
    lifecycle.exit();
    await lifecycle.gone;
    http.close();
    await sounds.close();
    statistics.close();
    board.close();
    mediaQueue.end();
    lifecycle.close();
    this.notifications.close();
    await logOutputs.close();
    await kept.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Servers may send settings and news along with any message. */
function followServers(
  settings: Settings,
  { stack, logger, notifications }: Pick<WebphoneParts, 'stack' | 'logger' | 'notifications'>,
): void {
  stack.on('made', (phone) => {
    const isServer = (host: string): boolean =>
      phone.accounts.some(
        ({ flow, hops }) => flow?.remote.host === host || hops.some(({ uri }) => uri.host === host),
      );
    const news = new ServerNews(notifications, isServer);
    phone.diagnostics.sip.subscribe((trace) => {
      news.received(trace);
      for (const result of settingsFromSip(settings, trace, isServer)) {
        if (!result.ok) logger.warn('a setting of the server was not taken', { why: result.error });
      }
    });
  });
}

const NOTIFICATION_SETTINGS: ReadonlySet<string> = new Set<ParameterName>([
  'events',
  'loglevel',
  'sipmsgnotifications',
  'notificationevents',
  'language',
  'locale',
  'translatemode',
]);

/** The settings that say which notifications pass, and in which language. */
function followSettings(settings: Settings, notifications: NotificationHub): void {
  const apply = (): void =>
    notifications.configure({
      events: settings.number('events'),
      userEvents: settings.number('loglevel') > 0,
      sipMessages: settings.number('sipmsgnotifications') === 1,
      delivery: settings.number('notificationevents'),
      translate: statusTranslator(settings),
    });
  const tellLanguage = (): void => {
    const text = unknownLanguage(settings);
    if (text !== undefined)
      notifications.publish('WARNING', { text: `"${text}" is no language there is; it is English` });
  };
  apply();
  tellLanguage();
  settings.on('change', ({ name }) => {
    if (NOTIFICATION_SETTINGS.has(name)) apply();
    if (name === 'language') tellLanguage();
  });
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
