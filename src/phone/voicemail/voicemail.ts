/**
 * Whether messages wait in our mailbox (RFC 3842): `phone.voicemail` takes the NOTIFYs servers send unasked, and
 * subscribes where they do not.
 */
import { Emitter } from '../../base/emitter.js';
import type { SipRequest } from '../../sip/index.js';
import {
  type Account,
  MESSAGE_SUMMARY_TYPE,
  type MessageCount,
  parseMessageSummary,
  type Subscription,
  type UserAgent,
} from '../../ua/index.js';
import { peerOf } from '../peer-name.js';
import type { ServiceHost } from '../service-host.js';

/**
 * `unsolicited` takes what comes; `auto` subscribes when nothing has come a while after registration; `registered` and
 * `start` subscribe then.
 */
export type VoicemailMode = 'off' | 'unsolicited' | 'auto' | 'registered' | 'start';

export interface VoicemailOptions {
  /** Default `auto`. */
  mode?: VoicemailMode;
  /** Whom to call to hear messages, when the server does not say. */
  number?: string;
  /** Seconds. Default 3600. */
  expires?: number;
}

export interface VoicemailState {
  waiting: boolean;
  /** Whom to call to hear them: user part or number. */
  number?: string;
  /** Whose mailbox: the user the notice was for. */
  to: string;
  /** New voice messages. */
  count: number;
  /** The voice messages in the words of the server: `3/0 (1/0)`. */
  message: string;
  voice?: MessageCount;
  /** Fax and others, by their class. */
  counts: ReadonlyMap<string, MessageCount>;
}

export type VoicemailEvents = {
  /** Every notice; `account` is whose mailbox it is, if it is one of ours. */
  change: [state: VoicemailState, account: Account | undefined];
};

/** Servers that notify unasked do so soon after the registration. */
const PATIENCE_MS = 10_000;

export class Voicemail extends Emitter<VoicemailEvents> {
  readonly #host: ServiceHost;
  readonly #options: VoicemailOptions;
  readonly #subscriptions = new Map<Account, Subscription>();
  readonly #waits = new Map<Account, { cancel(): void }>();
  /** Accounts whose server notifies unasked. */
  readonly #notifies = new Set<Account>();
  /** They are subscribed for again with the next SIP stack. */
  #paused: Account[] = [];
  #agent: UserAgent | undefined;
  #deaf: (() => void) | undefined;
  #state: VoicemailState | undefined;

  constructor(host: ServiceHost, options: VoicemailOptions = {}) {
    super();
    this.#host = host;
    this.#options = { ...options };
  }

  get mode(): VoicemailMode {
    return this.#options.mode ?? 'auto';
  }

  /** The last notice. */
  get state(): VoicemailState | undefined {
    return this.#state;
  }

  /** Changes what was given when the phone was made. */
  configure(options: VoicemailOptions): void {
    Object.assign(this.#options, options);
    if (this.mode === 'off') this.close();
    else if (this.#agent) this.attach(this.#agent);
  }

  /** Subscribes now, or asks anew where it is subscribed. @throws ERR_CLOSED, ERR_SIP_TRANSPORT */
  async check(): Promise<void> {
    await this.#host.agent();
    const account = this.#host.account();
    if (account) this.#subscribe(account);
  }

  /** For the phone: it has started. */
  attach(agent: UserAgent): void {
    this.#agent = agent;
    if (this.mode === 'off') return;
    this.#deaf ??= agent.subscriptions.unsolicited('message-summary', (request) =>
      this.#unsolicited(request),
    );
    for (const account of this.#paused.splice(0)) this.#subscribe(account);
    if (this.mode === 'start') void this.check().catch(() => {});
  }

  /** For the phone: the SIP stack ends and another one will come. */
  detach(): void {
    this.#paused = [...this.#subscriptions.keys()];
    this.close();
  }

  /** For the phone: that account is no more. */
  forget(account: Account): void {
    this.#waits.get(account)?.cancel();
    this.#waits.delete(account);
    this.#notifies.delete(account);
    this.#subscriptions.get(account)?.close();
  }

  /** For the phone: that account is registered. */
  registered(account: Account): void {
    if (this.#subscriptions.has(account)) return;
    if (this.mode === 'registered') this.#subscribe(account);
    if (this.mode !== 'auto' || this.#waits.has(account) || this.#notifies.has(account)) return;
    this.#waits.set(
      account,
      this.#host.clock.after(PATIENCE_MS, () => this.#subscribe(account)),
    );
  }

  /** Ends the subscriptions; notices that come unasked are refused. */
  close(): void {
    this.unsubscribe();
    this.#deaf?.();
    this.#deaf = undefined;
  }

  /** Ends the subscriptions. */
  unsubscribe(): void {
    for (const wait of this.#waits.values()) wait.cancel();
    this.#waits.clear();
    for (const subscription of [...this.#subscriptions.values()]) subscription.close();
  }

  #subscribe(account: Account): void {
    const known = this.#subscriptions.get(account);
    if (known) return known.refresh();
    const { expires } = this.#options;
    const subscription = this.#agent?.subscribe(account.uri.toString(), {
      event: 'message-summary',
      accept: [MESSAGE_SUMMARY_TYPE],
      expires,
      account,
    });
    if (!subscription) return;
    this.#subscriptions.set(account, subscription);
    subscription.on('notify', ({ body }) => void this.#take(body, account.uri.user ?? '', account));
    subscription.on('ended', () => this.#subscriptions.delete(account));
  }

  #unsolicited(request: SipRequest): boolean {
    const account = this.#agent?.registrations
      .map((registration) => registration.account)
      .find(({ uri }) => request.to.uri.kind === 'sip' && uri.user === request.to.uri.user);
    // It notifies by itself: there is no need to subscribe.
    if (account) {
      this.#notifies.add(account);
      this.#waits.get(account)?.cancel();
    }
    return this.#take(request.bodyText, peerOf(request.to.uri).user, account);
  }

  #take(body: string, to: string, account: Account | undefined): boolean {
    const summary = parseMessageSummary(body);
    if (!summary) return body === '';
    const { waiting, voice, text, counts } = summary;
    const number = summary.account ? peerOf(summary.account).user : this.#options.number;
    this.#state = { waiting, number, to, count: voice?.new ?? 0, message: text ?? '', voice, counts };
    this.emit('change', this.#state, account);
    return true;
  }
}
