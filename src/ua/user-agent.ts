/**
 * The SIP user agent (RFC 3261 §8, §10, §12): owns the accounts and the calls, and decides what happens to every
 * request that arrives. Made by `Phone`, which adds the policies. It never opens sockets: that is the endpoint's.
 */
import type { Clock } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import { Emitter } from '../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { MediaEngine } from '../media/index.js';
import {
  DEFAULT_TIMERS,
  DialogTable,
  type Flow,
  NameAddr,
  parseUri,
  type ServerHandle,
  type SipEndpoint,
  type SipMessage,
  SipRequest,
  type SipResponse,
  SipUri,
  type Target,
  type TimerValues,
  type ValidationRules,
  validateRequest,
} from '../sip/index.js';
import { Account, type AccountOptions, contactFor } from './account.js';
import { Call } from './call/call.js';
import {
  type CallEnvironment,
  type DialogEntry,
  type ReliableProvisionals,
  SDP_TYPE,
} from './call/call-host.js';
import type { MediaPreferences } from './call/call-media.js';
import { CallSession } from './call/call-session.js';
import { ABSOLUTE_MIN_SE } from './call/session-timer.js';
import { Registration } from './registration.js';

const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, PRACK, UPDATE';
const SUPPORTED = 'timer, 100rel';
const ACCEPT = 'application/sdp, application/dtmf-relay, application/dtmf';
const RULES: ValidationRules = { role: 'uas', methods: ALLOW.split(', '), extensions: SUPPORTED.split(', ') };

export interface UserAgentOptions {
  endpoint: SipEndpoint;
  engine: MediaEngine;
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
  /** Product name for User-Agent and Server. */
  userAgent: string;
  media?: MediaPreferences;
  /** Seconds; 0 turns session timers off. Default 1800. */
  sessionExpires?: number;
  /** Seconds, at least 90. */
  minSessionExpires?: number;
  /** Reliable provisional responses (RFC 3262). Default 'supported'. */
  reliableProvisionals?: ReliableProvisionals;
  /** SIP timers, as the endpoint has them. */
  timers?: TimerValues;
  /** Calls at once; a further one gets 486. Default 1000. */
  maxCalls?: number;
}

export interface InviteOptions {
  account?: Account;
  /** Who calls, when there is no account. */
  from?: string;
  displayName?: string;
  /** Further headers for the INVITE. */
  headers?: Readonly<Record<string, string>>;
  media?: MediaPreferences;
  /** Leave the offer to the callee. */
  offerless?: boolean;
  /** How many redirections to follow; default 5. */
  redirects?: number;
}

export type UserAgentEvents = {
  /** A call arrives; nothing but 100 has been answered yet. */
  incoming: [call: Call];
  /** A call is over and its resources are free. */
  callEnded: [call: Call];
};

export class UserAgent extends Emitter<UserAgentEvents> {
  readonly #options: UserAgentOptions;
  readonly #env: CallEnvironment;
  readonly #dialogs = new DialogTable<DialogEntry>();
  readonly #calls = new Map<CallSession, Call>();
  readonly #registrations = new Map<Account, Registration>();
  #closed = false;

  constructor(options: UserAgentOptions) {
    super();
    this.#options = options;
    const { sessionExpires = 1800, minSessionExpires = ABSOLUTE_MIN_SE } = options;
    this.#env = {
      endpoint: options.endpoint,
      engine: options.engine,
      clock: options.clock,
      random: options.random,
      logger: options.logger.child('ua'),
      diagnostics: options.diagnostics,
      dialogs: this.#dialogs,
      timers: options.timers ?? DEFAULT_TIMERS,
      sessionTimer: { interval: sessionExpires, minimum: minSessionExpires },
      reliable: options.reliableProvisionals ?? 'supported',
      allow: ALLOW,
      supported: SUPPORTED,
      decorate: (message) => this.#decorate(message),
    };
    options.endpoint.onRequest = (request, tx) => this.#onRequest(request, tx);
    options.endpoint.onAck = (ack) => this.#dialogs.find(ack)?.owner.onDialogAck(ack);
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  get registrations(): readonly Registration[] {
    return [...this.#registrations.values()];
  }

  /** Adds an account; it registers when told to. */
  addAccount(options: AccountOptions): Registration {
    const account = new Account(options, this.#options.random);
    const { endpoint, clock, random } = this.#options;
    const registration = new Registration(account, {
      endpoint,
      clock,
      random,
      logger: this.#env.logger.child('registration'),
      decorate: (request) => this.#decorate(request),
    });
    this.#registrations.set(account, registration);
    return registration;
  }

  /** Unregisters and forgets an account; its calls go on. */
  async removeAccount(account: Account): Promise<void> {
    const registration = this.#registrations.get(account);
    this.#registrations.delete(account);
    await registration?.unregister();
    registration?.close();
  }

  #decorate(message: SipMessage): void {
    const name = message instanceof SipRequest ? 'User-Agent' : 'Server';
    if (!message.has(name)) message.set(name, this.#options.userAgent);
  }

  /**
   * Starts a call; it is `trying` from now on.
   * @throws ERR_INVALID_ARGUMENT for an address that cannot be called, ERR_CLOSED
   */
  invite(target: string, options: InviteOptions = {}): Call {
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the phone' });
    const { account } = options;
    const { random } = this.#options;
    const uri = resolveTarget(target, account);
    const local = account?.identity() ?? anonymousIdentity(options.from);
    if (options.displayName) local.displayName = options.displayName;
    const localTag = random.token(10);
    const session = this.#newSession({
      direction: 'outgoing',
      account,
      callId: random.token(24),
      localTag,
      local,
      remote: new NameAddr(uri),
      media: { ...this.#options.media, ...options.media },
    });
    const from = local.clone();
    from.tag = localTag;
    let seq = 0;
    const build = (redirected?: SipUri): SipRequest => {
      const request = new SipRequest('INVITE', (redirected ?? uri).clone());
      for (const route of account?.routes() ?? []) request.add('Route', route);
      request.set('From', from);
      request.set('To', new NameAddr(uri.clone()));
      request.set('Call-ID', session.callId);
      request.set('CSeq', `${++seq} INVITE`);
      request.set('Allow', ALLOW);
      request.set('Supported', SUPPORTED);
      if (this.#env.reliable === 'required') request.set('Require', '100rel');
      for (const [name, value] of Object.entries(options.headers ?? {})) request.set(name, value);
      this.#decorate(request);
      return request;
    };
    const call = this.#calls.get(session) as Call;
    void this.#startOutgoing(session, uri, options, build);
    return call;
  }

  /** Finds the way out first: it decides the address the media is taken on. */
  async #startOutgoing(
    session: CallSession,
    uri: SipUri,
    options: InviteOptions,
    build: (redirected?: SipUri) => SipRequest,
  ): Promise<void> {
    const { account } = options;
    try {
      const { flow, targets } = await this.#wayOut(uri, account);
      if (session.ended) return;
      await session.openMedia(flow.local.host);
      session.startOutgoing({
        build,
        targets,
        flow: targets ? undefined : flow,
        offerless: options.offerless,
        redirects: options.redirects ?? 5,
      });
    } catch (error) {
      if (session.ended) return;
      const known = isSwitchhookError(error)
        ? error
        : new SwitchhookError(
            'ERR_SIP_TRANSPORT',
            { method: 'INVITE', target: uri.toString(), why: String(error) },
            { cause: error },
          );
      session.finish({ by: 'error', status: 503, reason: known.message, error: known });
    }
  }

  async #wayOut(uri: SipUri, account: Account | undefined): Promise<{ flow: Flow; targets?: Target[] }> {
    const { endpoint } = this.#options;
    const registered = account?.flow;
    if (registered?.open && registered.reliable) return { flow: registered };
    const route = account?.routes()[0]?.uri;
    const hop = account ? (route instanceof SipUri ? route : account.nextHop) : uri;
    const targets = await endpoint.resolve(hop);
    let failure: unknown = new SwitchhookError('ERR_DNS_NOT_FOUND', {
      domain: hop.host,
      why: 'no usable address',
    });
    for (const [index, target] of targets.entries()) {
      try {
        return { flow: await endpoint.connect(target), targets: targets.slice(index) };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /**
   * Asks a server or phone for its abilities (RFC 3261 §11).
   * @returns the final response, whatever its status
   * @throws ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND
   */
  async options(
    target: string,
    options: { account?: Account; from?: string; signal?: AbortSignal } = {},
  ): Promise<SipResponse> {
    const { account } = options;
    const { endpoint, random } = this.#options;
    const uri = resolveTarget(target, account);
    const from = account?.identity() ?? anonymousIdentity(options.from);
    from.tag = random.token(10);
    const request = new SipRequest('OPTIONS', uri.clone());
    for (const route of account?.routes() ?? []) request.add('Route', route);
    request.set('From', from);
    request.set('To', new NameAddr(uri));
    request.set('Call-ID', random.token(24));
    request.set('CSeq', '1 OPTIONS');
    request.set('Accept', 'application/sdp');
    this.#decorate(request);
    const registered = account?.flow?.open ? account.flow : undefined;
    const { response } = await endpoint.request(request, {
      auth: account?.auth,
      signal: options.signal,
      flow: registered,
      targets: account && !registered ? await endpoint.resolve(account.nextHop, options.signal) : undefined,
      beforeSend: (message, flow) =>
        message.set(
          'Contact',
          account?.contact(flow) ?? contactFor(from.uri.kind === 'sip' ? from.uri.user : undefined, flow),
        ),
    });
    return response;
  }

  /** The network changed: every account registers anew from the address it has now. */
  networkChanged(reason: string): void {
    for (const registration of this.#registrations.values()) {
      registration.account.publicAddress = undefined;
      registration.refresh(reason).catch(() => {});
    }
  }

  /** Hangs up, unregisters, and stops answering; waits for the answers for at most `graceMs`. */
  async close(graceMs = 2000): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const sessions = [...this.#calls.keys()];
    for (const session of sessions) session.hangUp({ reason: 'shutting down' });
    const leaving = [
      ...sessions.map((session) => session.whenEnded),
      ...[...this.#registrations.values()].map((registration) => registration.unregister()),
    ];
    let grace: { cancel(): void } | undefined;
    await Promise.race([
      Promise.allSettled(leaving),
      new Promise<void>((resolve) => {
        grace = this.#options.clock.after(graceMs, resolve);
      }),
    ]);
    grace?.cancel();
    for (const registration of this.#registrations.values()) registration.close();
  }

  #newSession(init: Omit<ConstructorParameters<typeof CallSession>[1], 'onEnded'>): CallSession {
    const session = new CallSession(this.#env, {
      ...init,
      onEnded: (ended) => {
        const over = this.#calls.get(ended);
        this.#calls.delete(ended);
        if (over) this.emit('callEnded', over);
      },
    });
    this.#calls.set(session, new Call(session));
    return session;
  }

  #onRequest(request: SipRequest, tx: ServerHandle): void {
    try {
      this.#dispatch(request, tx);
    } catch (error) {
      // A header that is looked at only now turned out malformed; anything else is a defect of ours.
      const malformed = isSwitchhookError(error, 'ERR_SIP_PARSE');
      this.#env.logger[malformed ? 'warn' : 'error']('request refused', { method: request.method, error });
      tx.reply(
        malformed ? 400 : 500,
        malformed ? `Bad ${String(error.details.header ?? 'header')}` : undefined,
      );
    }
  }

  #dispatch(request: SipRequest, tx: ServerHandle): void {
    const problem = validateRequest(request, RULES);
    if (problem) {
      this.#env.logger.info('request refused', {
        method: request.method,
        status: problem.status,
        why: problem.why,
      });
      tx.reply(problem.status, problem.status === 400 ? problem.why : undefined, (response) => {
        for (const [name, value] of problem.headers) response.set(name, value);
      });
      return;
    }
    if (request.to.tag !== undefined) {
      const entry = this.#dialogs.find(request);
      if (entry) entry.owner.onDialogRequest(request, tx, entry.dialog);
      else tx.reply(481);
      return;
    }
    switch (request.method) {
      case 'INVITE':
        return this.#incomingCall(request, tx);
      case 'OPTIONS':
        return this.#answerOptions(tx);
      case 'BYE':
      case 'PRACK':
      case 'UPDATE':
      case 'INFO':
        tx.reply(481);
        return;
      default:
        tx.reply(405, undefined, (response) => response.set('Allow', ALLOW));
    }
  }

  #answerOptions(tx: ServerHandle): void {
    const busy = this.#calls.size >= this.#maxCalls;
    tx.reply(busy ? 486 : 200, undefined, (response) => {
      response.set('Allow', ALLOW);
      response.set('Accept', ACCEPT);
      response.set('Supported', SUPPORTED);
      response.set(
        'Contact',
        this.#accountFor(tx.request)?.contact(tx.flow) ?? contactFor(userOf(tx.request), tx.flow),
      );
      this.#decorate(response);
    });
  }

  get #maxCalls(): number {
    return this.#options.maxCalls ?? 1000;
  }

  #incomingCall(request: SipRequest, tx: ServerHandle): void {
    if (this.#closed) {
      tx.reply(480);
      return;
    }
    if (this.#calls.size >= this.#maxCalls) {
      tx.reply(486, undefined, (response) => response.set('Retry-After', 10));
      return;
    }
    if (request.body.length > 0 && !request.contentType?.is(SDP_TYPE)) {
      tx.reply(415, undefined, (response) => response.set('Accept', SDP_TYPE));
      return;
    }
    const tooShort = request.sessionExpires;
    const minimum = this.#env.sessionTimer.minimum;
    if (tooShort && tooShort.delta < minimum && request.supported.includes('timer')) {
      tx.reply(422, undefined, (response) => response.set('Min-SE', minimum));
      return;
    }
    if (request.contacts.length === 0) {
      tx.reply(400, 'Missing Contact');
      return;
    }
    const account = this.#accountFor(request);
    const session = this.#newSession({
      direction: 'incoming',
      account,
      callId: request.callId,
      localTag: this.#options.random.token(10),
      local: request.to.clone(),
      remote: withoutTag(request.from),
      media: { ...this.#options.media },
    });
    session.startIncoming(request, tx);
    const call = this.#calls.get(session) as Call;
    const heard = this.emit('incoming', call);
    if (!heard) {
      this.#env.logger.warn("a call was refused since nobody listens to 'incoming'", {
        callId: request.callId,
      });
      session.hangUp({ status: 480 });
    } else if (call.state === 'ringing') {
      void call.ring();
    }
  }

  /** The account a request is for: the one whose user is in the Request-URI or To. */
  #accountFor(request: SipRequest): Account | undefined {
    const users = [userOf(request), request.to.uri.kind === 'sip' ? request.to.uri.user : undefined];
    const accounts = [...this.#registrations.keys()];
    return (
      accounts.find((account) => users.includes(account.uri.user)) ??
      (accounts.length === 1 ? accounts[0] : undefined)
    );
  }
}

function userOf(request: SipRequest): string | undefined {
  return request.uri.kind === 'sip' ? request.uri.user : undefined;
}

function withoutTag(address: NameAddr): NameAddr {
  const copy = address.clone();
  copy.params.delete('tag');
  return copy;
}

function anonymousIdentity(from: string | undefined): NameAddr {
  if (from) return NameAddr.parse(/^sips?:|</i.test(from) ? from : `sip:${from}`);
  return new NameAddr(new SipUri({ user: 'anonymous', host: 'anonymous.invalid' }), 'Anonymous');
}

/** `1234`, `bob@example.com`, `sip:…`, `tel:+1…` as the address to call; a bare number is completed with our domain. */
export function resolveTarget(target: string, account: Account | undefined): SipUri {
  const text = target.trim();
  const invalid = (why: string): SwitchhookError =>
    new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${target}" cannot be called: ${why}` });
  if (text === '') throw invalid('it is empty');
  if (/[\r\n]/.test(text)) throw invalid('it has a line break');
  try {
    if (/^sips?:/i.test(text)) return SipUri.parse(text);
    if (/^tel:/i.test(text)) {
      const uri = parseUri(text);
      if (!account) throw invalid('a telephone number needs an account or a server');
      // RFC 3261 §19.1.6: the telephone-subscriber becomes the user part.
      return new SipUri({
        user: text.slice(4),
        host: account.uri.host,
        params: { user: 'phone' },
        secure: uri.kind === 'sip' && uri.secure,
      });
    }
    if (text.includes('@')) return SipUri.parse(`sip:${text}`);
  } catch (error) {
    if (isSwitchhookError(error, 'ERR_INVALID_ARGUMENT')) throw error;
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  if (!account) throw invalid('a number or name alone needs an account or a server; write sip:user@host');
  return new SipUri({
    user: text.replace(/[\s()]/g, ''),
    host: account.uri.host,
    port: account.uri.port,
    secure: account.uri.secure,
  });
}
