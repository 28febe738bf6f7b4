/**
 * Starting and stopping as the API has them: on top of the stack it registers by itself, says START and STOP, notices
 * when a restart would do good, and ends a phone whose web page is gone. Used by functions/lifecycle.ts and Webphone.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Notification, NotificationHub } from './notifications/index.js';
import type { Settings } from './settings/settings.js';
import type { Stack } from './stack.js';

export interface LifecycleOptions {
  clock: Clock;
  settings: Settings;
  notifications: NotificationHub;
  stack: Stack;
  /** The phone listens. */
  initialized(): void;
  /** Registers the accounts of the settings. */
  register(): void;
  /** How the accounts stand. */
  registration(): 'none' | 'registered' | 'missing';
  /** There is an account to register. */
  hasAccount(withPassword: boolean): boolean;
  /** Something is going on that a restart would end. */
  busy(): boolean;
  /** Deletes accounts, contacts, calls, messages and what else is kept. */
  forget(): void;
  /** Takes the presets of all lines away. */
  forgetPresets(): void;
  /** Tells that something could not be done. */
  report(message: string, error?: unknown): void;
}

const MINUTE_MS = 60_000;
/** Not registered for so long: a restart may help. */
const PATIENCE_MS = 3 * MINUTE_MS;
/** How often it is looked whether one would. */
const LOOK_MS = MINUTE_MS / 2;

/** Level of API_DelSettings. */
const CACHES = 3;

/** `destroymode`: stopping forgets as much as exiting. */
const FULL = 1;

type Listener = (notification: Notification) => unknown;

export class Lifecycle {
  readonly #options: LifecycleOptions;
  #apiStarted = false;
  #exited = false;
  #gone: Promise<void> = Promise.resolve();
  /** What follows as soon as the phone has stopped. */
  #next: (() => unknown) | undefined;
  #autoRegister = false;
  #unregisteredSince: number | undefined;
  #settingsDeleted = false;
  #unlisten: (() => void) | undefined;
  #pageTimer: Timer | undefined;
  #startTimer: Timer | undefined;
  #lookTimer: Timer | undefined;
  /** The need of a restart has been told. */
  #resetTold = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    const { stack, notifications } = options;
    stack.on('running', () => {
      notifications.publish('START', { what: 'sip' });
      options.initialized();
      if (this.#autoRegister) options.register();
      this.#autoRegister = false;
      this.#look();
    });
    stack.on('made', (phone) => {
      this.#unregisteredSince = undefined;
      this.#resetTold = false;
      phone.on('shouldReset', ({ reason }) => this.#tellReset(reason));
    });
    stack.on('failed', (error) => options.report('the SIP stack could not be started', error));
    stack.on('stopped', () => {
      this.#lookTimer?.cancel();
      const mode = options.settings.number('destroymode');
      if (mode === FULL || (mode < 0 && this.#exited)) options.forgetPresets();
      if (!this.#exited) notifications.publish('STOP', { what: 'sip' });
    });
  }

  /** Resolves when {@link exit} is done. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** False after {@link exit}. */
  get usable(): boolean {
    return !this.#exited;
  }

  /** @param when the setting `startsipstack`: 0 not, 1 with a complete account, 2 at once, more: after so many seconds */
  autoStart(when: number): void {
    const { clock, hasAccount } = this.#options;
    const complete = hasAccount(true);
    const start = (): void => {
      try {
        this.start();
      } catch (error) {
        this.#options.report('the phone could not be started', error);
      }
    };
    if (when === 2 || (when === 1 && complete)) start();
    else if (when > 2) this.#startTimer = clock.after(1000 * when, start);
  }

  start(): boolean {
    const { settings, stack, hasAccount } = this.#options;
    if (stack.state === 'stopping') return this.#whenStopped(() => this.start());
    const wanted = settings.number('register');
    return this.#start(wanted === 2 || (wanted !== 0 && hasAccount(false)));
  }

  /** Starts if need be, and registers once it runs. */
  startAndRegister(): boolean {
    const { state } = this.#options.stack;
    if (state === 'stopping') return this.#whenStopped(() => this.startAndRegister());
    if (state !== 'running') return this.#start(true);
    this.#options.register();
    return true;
  }

  startStack(): boolean {
    return this.#start(false);
  }

  #start(register: boolean): boolean {
    const { stack, notifications } = this.#options;
    if (this.#exited) return false;
    if (!this.#apiStarted) {
      this.#apiStarted = true;
      notifications.publish('START', { what: 'api' });
    }
    this.#autoRegister ||= register;
    if (stack.state === 'running' && register && this.#options.registration() === 'none')
      this.#options.register();
    stack.start();
    return true;
  }

  stop(): boolean {
    this.#next = undefined;
    void this.#options.stack.stop();
    return true;
  }

  exit(): boolean {
    if (this.#exited) return true;
    this.#exited = true;
    this.#pageTimer?.cancel();
    this.#startTimer?.cancel();
    this.#gone = this.#options.stack.end().then(() => {
      this.#options.notifications.publish('STOP', { what: 'api' });
    });
    return true;
  }

  restart(): boolean {
    if (this.#next) return false;
    return this.#whenStopped(() => this.start());
  }

  /** Stops if need be; the last that was asked for meanwhile is done then. */
  #whenStopped(act: () => unknown): boolean {
    if (this.#exited) return false;
    const first = this.#next === undefined;
    this.#next = act;
    if (first) void this.#options.stack.stop().then(() => this.#goOn());
    return true;
  }

  #goOn(): void {
    const next = this.#next;
    this.#next = undefined;
    if (this.#exited) return;
    try {
      next?.();
    } catch (error) {
      this.#options.report('the phone could not be started', error);
    }
  }

  /** 0 no, 1 it has not been registered for a while, 2 the network changed. */
  shouldReset(): number {
    const { stack, clock, registration, busy } = this.#options;
    if (stack.state !== 'running' || busy()) return 0;
    if (stack.phone?.resetRecommended !== undefined) return 2;
    if (registration() !== 'missing') this.#unregisteredSince = undefined;
    else this.#unregisteredSince ??= clock.now();
    return this.#unregisteredSince !== undefined && clock.now() - this.#unregisteredSince >= PATIENCE_MS
      ? 1
      : 0;
  }

  /** Tells when the registration has been missing for so long that a restart may help. */
  #look(): void {
    this.#lookTimer = this.#options.clock.after(LOOK_MS, () => {
      if (this.shouldReset() === 1) this.#tellReset('not registered for minutes');
      else if (this.#unregisteredSince === undefined) this.#resetTold = false;
      if (this.#options.stack.state === 'running') this.#look();
    });
  }

  #tellReset(reason: string): void {
    if (this.#resetTold) return;
    this.#resetTold = true;
    this.#options.notifications.publish('SHOULDRESET', { reason });
  }

  /** The page that controls us is there; without a sign of it for `httpsessiontimeout` minutes calls end. */
  keepAlive(): boolean {
    const minutes = this.#options.settings.number('httpsessiontimeout');
    this.#pageTimer?.cancel();
    this.#pageTimer = undefined;
    if (minutes > 0) {
      this.#pageTimer = this.#options.clock.after(minutes * MINUTE_MS, () => {
        this.#options.notifications.publish('EVENT', {
          type: 'WARNING',
          txt: 'the controlling page is gone',
        });
        void this.#options.stack.stop();
      });
    }
    return true;
  }

  /** @param level 0 the settings, once; 1 the settings; 2 everything the user has; 3 what was found out as well */
  deleteSettings(level: number): boolean {
    if (level < 0 || level > 3) return false;
    if (level === 0 && this.#settingsDeleted) return true;
    this.#settingsDeleted = true;
    this.#options.settings.forget(level === CACHES);
    if (level >= 2) this.#options.forget();
    return true;
  }

  /** A function, or an object with `onAll` and members such as `onStatus`; it replaces the one before. */
  setListener(listener: unknown): boolean {
    const call = asListener(listener);
    if (!call) return false;
    this.#unlisten?.();
    this.#unlisten = this.#options.notifications.subscribe(call);
    return true;
  }

  close(): void {
    this.#unlisten?.();
    this.#pageTimer?.cancel();
    this.#lookTimer?.cancel();
  }
}

function asListener(listener: unknown): Listener | undefined {
  if (typeof listener === 'function') return listener as Listener;
  if (typeof listener !== 'object' || listener === null) return undefined;
  const members = new Map<string, unknown>();
  for (let at: object | null = listener; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (!/^on[A-Z]/.test(name) || members.has(name.toLowerCase())) continue;
      const member: unknown = Reflect.get(listener, name);
      if (typeof member === 'function') members.set(name.toLowerCase(), member);
    }
  }
  if (members.size === 0) return undefined;
  return (notification) => {
    for (const name of ['onall', `on${notification.kind.toLowerCase()}`]) {
      const member = members.get(name);
      if (typeof member === 'function') Reflect.apply(member, listener, [notification]);
    }
  };
}
