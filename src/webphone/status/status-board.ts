/**
 * Tells how the phone is doing: the global state, the lines, the registrations, and what the last call was. It listens
 * to the phone, the accounts and the stack, and publishes STATUS, REGISTER, LINE, ACCOUNT, CDR, BLOCK and EVENT.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { Phone } from '../../phone/index.js';
import type { Call, CallEnd, CallRecord } from '../../ua/index.js';
import type { AccountDesk, AccountEntry } from '../accounts/account-desk.js';
import { describeAccount } from '../accounts/account-string.js';
import { failureText, REG_STATE_TEXTS, reasonCode } from '../accounts/registration-texts.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import { CallMonitor } from './call-monitor.js';
import { type DisconnectReason, disconnectReason } from './disconnect-reason.js';
import type { LineDesk } from './line-desk.js';
import { GLOBAL_TEXTS, inCallText, type LineState, speakingText } from './status-texts.js';

export interface LastCall {
  record: CallRecord;
  line: number;
  reason: DisconnectReason;
}

export interface StatusBoardOptions {
  clock: Clock;
  settings: Settings;
  stack: Stack;
  desk: LineDesk;
  accounts: AccountDesk;
  notifications: NotificationHub;
  /** The webphone is leaving for good: that it unregisters is no news. */
  leaving(): boolean;
}

const OFFLINE = 0;
const ONLINE = 1;
/** What is no state of a phone that is in conversation. */
const PASSING: ReadonlySet<string> = new Set([
  GLOBAL_TEXTS.incoming,
  GLOBAL_TEXTS.callInitiated,
  GLOBAL_TEXTS.calling,
  GLOBAL_TEXTS.ringing,
]);

export class StatusBoard {
  readonly #options: StatusBoardOptions;
  readonly #monitors = new Map<Call, CallMonitor>();
  #global: string = GLOBAL_TEXTS.starting;
  #last: LastCall | undefined;
  #lastCode = '';
  #statsTimer: Timer | undefined;
  /** No longer looks at the connections of the phone. */
  #unwatch: () => void = () => {};
  /** What was told of each account last. */
  readonly #told = new Map<string, string>();

  constructor(options: StatusBoardOptions) {
    this.#options = options;
    const { stack, accounts, notifications } = options;
    stack.on('made', (phone) => this.#attach(phone));
    stack.on('stopped', () => {
      this.#monitors.clear();
      this.#told.clear();
      this.#statsTimer?.cancel();
      this.#unwatch();
      this.#global = GLOBAL_TEXTS.idle;
    });
    options.settings.on('change', ({ name }) => {
      if (name === 'stats' && stack.phone) this.#repeat();
    });
    accounts.on('state', (event) => this.#registration(event.entry, event.main));
    accounts.on('main', (entry) => {
      const mode = options.settings.number('accountnotification');
      const several = accounts.all.length > 1 && options.settings.number('autoswitchmainacc') !== 0;
      if (!entry || !(mode === 2 || (mode === 1 && several))) return;
      notifications.publish('ACCOUNT', {
        line: -1,
        change: 0,
        uri: describeAccount(entry.fields, 2, []),
        display: describeAccount(
          entry.fields,
          3,
          accounts.all.map(({ fields }) => fields),
        ),
      });
    });
  }

  /** The state of the phone as a whole. */
  get global(): string {
    const { desk } = this.#options;
    const speaking = desk.calls.find(({ state }) => state === 'connected');
    return speaking ? inCallText(this.#duration(speaking)) : this.#global;
  }

  /** What the last call was that ended. */
  get last(): LastCall | undefined {
    return this.#last;
  }

  /** What ended the last call or refused the last registration: BYE, CANCEL or a status, -1 for neither. */
  get lastCode(): string {
    return this.#lastCode;
  }

  monitor(call: Call): CallMonitor | undefined {
    return this.#monitors.get(call);
  }

  /** Tells a global state. */
  say(text: string): void {
    this.#global = text;
    this.#options.notifications.publish('STATUS', { line: -1, statustext: text });
  }

  /** A text message passes. */
  chat(peer: string): void {
    if (this.#options.desk.calls.length === 0)
      this.#options.notifications.publish('STATUS', { line: -1, statustext: GLOBAL_TEXTS.chat });
    this.#passing(GLOBAL_TEXTS.chat, peer);
  }

  /** Somebody's presence is asked for. */
  subscribes(peer: string): void {
    this.#passing('Subscribe', peer);
  }

  event(text: string, type = 'EVENT'): void {
    this.#options.notifications.publish('EVENT', { type, txt: text });
  }

  /** Registering is about to begin. */
  registerBegins(): void {
    this.say(GLOBAL_TEXTS.register);
    this.event('Connecting...');
    this.#told.clear();
  }

  /** A call is about to be dialled. */
  callBegins(peer: string): void {
    this.say(`Starting call to ${peer}`);
    this.event('call [wpmain]');
    this.say(GLOBAL_TEXTS.call);
    this.say(GLOBAL_TEXTS.callInitiated);
  }

  /** The user hangs up: a call, or one that has no line yet. */
  hangupBegins(call: Call | undefined): void {
    this.say(GLOBAL_TEXTS.hangup);
    if (call?.state === 'connected') this.say(speakingText(this.#duration(call)));
    this.event('hangup [wpmain]');
  }

  /** What is said when nothing is going on. */
  rest(): void {
    const { desk, accounts } = this.#options;
    const speaking = desk.calls.find(({ state }) => state === 'connected');
    if (speaking) return this.say(speakingText(this.#duration(speaking)));
    if (desk.calls.length > 0) return this.say(GLOBAL_TEXTS.calling);
    const texts: Readonly<Record<number, string>> = {
      0: GLOBAL_TEXTS.notRegistered,
      2: GLOBAL_TEXTS.registered,
      3: GLOBAL_TEXTS.registered,
      6: GLOBAL_TEXTS.unregistered,
      7: GLOBAL_TEXTS.registerFailed,
    };
    this.say(texts[accounts.registeredEx] ?? GLOBAL_TEXTS.ready);
  }

  /** An exchange with a peer that is no call. */
  #passing(statustext: LineState, peername: string): void {
    const { notifications, accounts } = this.#options;
    notifications.publish('STATUS', {
      line: 0,
      statustext,
      peername,
      localname: accounts.main?.fields.username ?? '',
      endpointtype: 1,
    });
  }

  #attach(phone: Phone): void {
    const { notifications, settings, desk, clock, accounts } = this.#options;
    const host = {
      notifications,
      desk,
      now: () => clock.now(),
      global: (text: string) => this.#happens(text),
      registered: () => accounts.registeredEx,
      progressIsRinging: () => [1, 3, 4].includes(settings.number('changesptoring')),
      tellsExtensions: () => settings.number('rtpeextraheadernotify') === 1,
      warnsOfSilence: () => settings.number('mediatimeout_notify') > 0,
      port: () => phone.addresses[0]?.port ?? 0,
      ended: (call: Call, end: CallEnd, record: CallRecord) => this.#ended(call, end, record),
    };
    this.#unwatch = phone.diagnostics.state.subscribe(({ kind, to }) => {
      if (kind !== 'connection' || desk.inCall() === 2) return;
      if (to === 'connecting') this.say(GLOBAL_TEXTS.connecting);
      if (to === 'securing') this.say(GLOBAL_TEXTS.securing);
    });
    // Whoever listens to a webphone takes its calls: they ring until a function answers or refuses them.
    phone.on('incoming', () => {});
    phone.on('redial', () => this.#happens(GLOBAL_TEXTS.callInitiated));
    phone.on('blocked', ({ list, request }) => {
      if (settings.number('sendblocknotifications') !== 1) return;
      const type = list === 'block' ? 1 : list === 'allow' ? 2 : 0;
      notifications.publish('BLOCK', { type, message: String(request) });
    });
    phone.mutes.on('changed', (call) => this.monitor(call)?.changed());
    phone.lines.on('active', ({ line }) => notifications.publish('LINE', { line }));
    phone.lines.on('seated', ({ call, line }) => this.#monitors.set(call, new CallMonitor(call, line, host)));
    // The phone tells nothing of them when they are to be hidden. They never get a line: the next free one stands in.
    phone.on('automatic', (call) => {
      if (phone.lines.lineOf(call) !== undefined) return;
      this.#monitors.set(call, new CallMonitor(call, phone.lines.free() ?? 0, host, false));
    });
    this.#repeat();
  }

  /** Something on one line: the state stays that of the best one, which is said again. */
  #happens(text: string): void {
    this.say(text);
    const speaking = this.#options.desk.calls.find(({ state }) => state === 'connected');
    if (speaking && PASSING.has(text)) this.say(speakingText(this.#duration(speaking)));
  }

  #ended(call: Call, end: CallEnd, record: CallRecord): void {
    const line = this.#monitors.get(call)?.line ?? 0;
    this.#monitors.delete(call);
    const reason = disconnectReason(end, record);
    this.#last = { record, line, reason };
    this.#lastCode = reason.code || '-1';
    this.rest();
  }

  /** Statistics in STATUS, every `stats` seconds. */
  #repeat(): void {
    const { clock, settings, stack } = this.#options;
    this.#statsTimer?.cancel();
    const period = settings.number('stats');
    this.#statsTimer = clock.after(1000 * Math.max(1, period || 1), () => {
      if (stack.state === 'stopping' || !stack.phone) return;
      if (period > 0) {
        for (const monitor of this.#monitors.values()) void monitor.report();
        if (this.#options.desk.inCall() === 2) this.say(this.global);
      }
      this.#repeat();
    });
  }

  #duration(call: Call): number {
    const { desk, clock } = this.#options;
    const since = desk.notes(call).connectedAt;
    return since === undefined ? 0 : clock.now() - since;
  }

  #registration(entry: AccountEntry, main: boolean): void {
    const { accounts, desk } = this.#options;
    if (this.#options.leaving()) return;
    const state = accounts.regState(entry);
    const why = entry.error ? failureText(entry.error, entry.before === 'registered') : '';
    const told = `${state} ${why}`;
    const before = this.#told.get(entry.identity);
    // A registration that is only refreshed is no news.
    if (before === told || (state === 0 && before?.startsWith('1 ') && entry.state === 'registering')) return;
    this.#told.set(entry.identity, told);
    if (entry.error) this.#lastCode = String(reasonCode(entry.error));
    const quiet = !main || desk.calls.length > 0;
    switch (entry.state) {
      case 'registering':
        if (!quiet) this.say(GLOBAL_TEXTS.registering);
        this.#line0(entry, main, 'Registering');
        break;
      case 'registered':
        if (!quiet) this.say(GLOBAL_TEXTS.registered);
        this.event(
          `Authenticated successfully. [ep: 0 ${accounts.registrationOf(entry)?.callId} Registering ${this.#port()}]`,
        );
        this.#line0(entry, main, 'Registered');
        break;
      case 'unregistering':
        this.#line0(entry, main, 'Unregister');
        return;
      case 'idle':
        if (!quiet) this.say(GLOBAL_TEXTS.unregistered);
        this.#line0(entry, main, 'Unregistered');
        break;
      default:
        if (!quiet) {
          this.say(GLOBAL_TEXTS.registerFailed);
          // Nobody could be asked: that is said as well.
          if (why === GLOBAL_TEXTS.noNetwork || why === GLOBAL_TEXTS.unreachable) this.say(why);
        }
        // The text of the API does not tell which realm it was.
        if (entry.error?.code === 'ERR_AUTHENTICATION_FAILED') this.event(entry.error.message, 'ERROR');
        this.#line0(entry, main, why);
    }
    this.#options.notifications.publish('REGISTER', {
      line: 0,
      state,
      text: state === 2 ? why : REG_STATE_TEXTS[state],
      main,
      user: entry.fields.username,
      reason: why || undefined,
      reasoncode: reasonCode(entry.error),
    });
  }

  #port(): number {
    return this.#options.stack.phone?.addresses[0]?.port ?? 0;
  }

  /** The state of the endpoint that registers; of further accounts only with `secondarystatus`. */
  #line0(entry: AccountEntry, main: boolean, text: string): void {
    const { fields } = entry;
    const { notifications, settings, accounts, desk } = this.#options;
    if (!main && settings.number('secondarystatus') !== 1) return;
    notifications.publish('STATUS', {
      line: 0,
      statustext: text,
      peername: fields.username,
      localname: fields.username,
      endpointtype: 1,
      peerdisplayname: fields.server,
      callid: accounts.registrationOf(entry)?.callId,
      online: text === GLOBAL_TEXTS.noNetwork ? OFFLINE : ONLINE,
      registered: accounts.registeredEx,
      incall: desk.inCall(),
      mute: 0,
      hold: 0,
      encrypted: 0,
    });
  }

  close(): void {
    this.#unwatch();
    this.#statsTimer?.cancel();
  }
}
