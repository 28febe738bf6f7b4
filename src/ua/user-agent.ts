/**
 * The SIP user agent (RFC 3261 §8, §10, §12): owns the accounts and the calls, and decides what happens to every
 * request that arrives. Made by `Phone`, which adds the policies. It never opens sockets: that is the endpoint's.
 */
import { Emitter } from '../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../base/errors.js';
import {
  answersSipsContact,
  DialogTable,
  type Flow,
  NameAddr,
  type ServerHandle,
  type SipMessage,
  SipRequest,
  type SipResponse,
} from '../sip/index.js';
import { Account, type AccountOptions, contactFor } from './account.js';
import { Call } from './call/call.js';
import { type CallEnvironment, type DialogEntry, sdpOf } from './call/call-host.js';
import type { CallPolicies } from './call/call-policies.js';
import { CallSession, type CallSessionInit } from './call/call-session.js';
import { preferencesFor } from './call/codec-rules.js';
import { ABSOLUTE_MIN_SE } from './call/session-timer.js';
import { resolveTarget } from './call-target.js';
import { CustomLines } from './identity/custom-lines.js';
import { MethodTable } from './method-table.js';
import { OptionsPing } from './options-ping.js';
import { buildRequest, type RequestOptions, requestOnce } from './out-of-dialog.js';
import { type OutgoingCall, prepareCall } from './outgoing-call.js';
import { Partings } from './partings.js';
import { Registration } from './registration.js';
import { RequestDispatcher } from './request-dispatcher.js';
import type { SignallingEnvironment } from './signalling.js';
import type { Publication, PublishOptions } from './subscription/publication.js';
import type { Subscription } from './subscription/subscription.js';
import type { SubscribeOptions } from './subscription/subscription-types.js';
import { Subscriptions } from './subscription/subscriptions.js';
import { leavesMediaOpen } from './third-party/descriptions.js';
import { ThirdPartyCall, type ThirdPartyOptions } from './third-party/third-party-call.js';
import { ReferServer } from './transfer/refer-server.js';
import { referenceOf } from './transfer/replaces.js';
import type {
  InviteOptions,
  LiveUserAgentOptions,
  UserAgentCounters,
  UserAgentEvents,
  UserAgentOptions,
} from './user-agent-types.js';
import { findWayOut } from './way-out.js';

const SUPPORTED = 'timer, 100rel, replaces, norefersub, tdialog';
const SUPPORTED_WITHOUT_100REL = SUPPORTED.replace(' 100rel,', '');
/** As long as proxies let a phone ring (RFC 3261 §16.6: timer C). */
const RING_TIMEOUT_S = 180;

export class UserAgent extends Emitter<UserAgentEvents> {
  /** How calls are made from now on. */
  policies: CallPolicies;
  /** Header and SDP lines of all messages from now on. */
  readonly custom = new CustomLines();
  /** The same for the next call we make; then it is empty again. */
  readonly nextCall = new CustomLines();
  readonly #options: UserAgentOptions;
  readonly #env: CallEnvironment;
  readonly #dialogs = new DialogTable<DialogEntry>();
  readonly #calls = new Map<CallSession, Call>();
  /** Calls between others. */
  readonly #arranged = new Set<ThirdPartyCall>();
  readonly #registrations = new Map<Account, Registration>();
  /** Of accounts that were removed, until the server knows. */
  readonly #departing = new Set<Registration>();
  readonly #pings = new Map<Account, OptionsPing>();
  readonly #partings = new Partings();
  /** Ends what still waits for an answer when the agent is closed. */
  readonly #over = new AbortController();
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: UserAgentOptions) {
    super();
    this.#options = { ...options };
    const { sessionExpires = 1800, minSessionExpires = ABSOLUTE_MIN_SE } = options;
    const signalling: SignallingEnvironment = {
      endpoint: options.endpoint,
      clock: options.clock,
      random: options.random,
      logger: options.logger.child('ua'),
      diagnostics: options.diagnostics,
      timers: options.endpoint.timers,
      partings: this.#partings,
      over: this.#over.signal,
      ourselves: options.ourselves ?? (() => undefined),
      decorate: (message, own) => this.#decorate(message, own),
      accountFor: (request) => this.#accountFor(request),
      contactFor: (request, flow) => this.#contact(request, flow),
    };
    const methods = new MethodTable();
    const agent = this;
    this.#env = {
      ...signalling,
      engine: options.engine,
      dialogs: this.#dialogs,
      methods,
      subscriptions: new Subscriptions(signalling, methods),
      sessionTimer: { interval: sessionExpires, minimum: minSessionExpires },
      get reliable() {
        return agent.#options.reliableProvisionals ?? 'supported';
      },
      get allow() {
        return methods.allow;
      },
      get accept() {
        return methods.accept;
      },
      // RFC 3262 §3: whoever says 100rel has to acknowledge.
      get supported() {
        const own = this.reliable === 'off' ? SUPPORTED_WITHOUT_100REL : SUPPORTED;
        return [own, ...(agent.#options.extensions ?? [])].join(', ');
      },
      codecTrouble: new Set(),
      calls: {
        place: (target, invite, by) => this.#place(target, invite, by),
        sessionOf: (call) => [...this.#calls].find(([, one]) => one === call)?.[0],
        find: (...ids) => {
          const owner = this.#dialogs.findByIds(...ids)?.owner;
          return owner instanceof CallSession ? owner : undefined;
        },
      },
      custom: this.custom,
    };
    this.policies = { ...options.policies };
    new ReferServer(
      this.#env,
      () => this.policies,
      (request) => this.emit('callRequest', request),
    );
    const dispatcher = new RequestDispatcher(this.#env, {
      get busy() {
        return agent.#calls.size >= (agent.#options.maxCalls ?? 1000);
      },
      get closed() {
        return agent.#closed;
      },
      refuses: (request, flow) => options.refuse?.(request, flow),
      describe: (request, tx, response) => response.set('Contact', this.#contact(request, tx.flow)),
      incomingCall: (request, tx) => this.#incomingCall(request, tx),
      heardFrom: (request) => {
        if (this.listenerCount('traffic') > 0) this.emit('traffic', request.from);
      },
    });
    options.endpoint.onRequest = (request, tx) => dispatcher.onRequest(request, tx);
    options.endpoint.onAck = (ack) => dispatcher.onAck(ack);
    options.endpoint.onServerFailed = (target) => {
      for (const registration of this.#registrations.values()) registration.serverFailed(target);
    };
  }

  get counters(): UserAgentCounters {
    return {
      calls: this.#calls.size,
      dialogs: this.#dialogs.size,
      partings: this.#partings.count,
      subscriptions: this.subscriptions.count,
    };
  }

  /** Requests besides those of calls: register who serves MESSAGE, REFER and others here. */
  get methods(): MethodTable {
    return this.#env.methods;
  }

  /** Subscriptions in both directions: offer event packages here. */
  get subscriptions(): Subscriptions {
    return this.#env.subscriptions;
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  get registrations(): readonly Registration[] {
    return [...this.#registrations.values()];
  }

  /** The watches over servers, one for each account with `ping`. */
  get pings(): readonly OptionsPing[] {
    return [...this.#pings.values()];
  }

  /** Changes what was given when it was made, for calls that begin from now on. */
  configure(changes: LiveUserAgentOptions): void {
    Object.assign(this.#options, changes);
    if (changes.policies) this.policies = { ...changes.policies };
  }

  /**
   * Adds an account; it registers when told to. With `ping` its server is watched from now on.
   * @param replaces is unregistered and forgotten first
   * @throws ERR_INVALID_ARGUMENT naming the option, ERR_CLOSED
   */
  addAccount(options: AccountOptions | Account, replaces?: Account): Registration {
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the phone' });
    const account = options instanceof Account ? options : new Account(options, this.#options.random);
    const { endpoint, clock, random } = this.#options;
    const registration = new Registration(account, {
      endpoint,
      clock,
      random,
      logger: this.#env.logger.child('registration'),
      diagnostics: this.#env.diagnostics,
      decorate: (request) => this.#decorate(request),
    });
    if (replaces) registration.after(this.removeAccount(replaces));
    this.#registrations.set(account, registration);
    if (account.ping > 0) this.#watch(account, registration);
    return registration;
  }

  #watch(account: Account, registration: Registration): void {
    const { endpoint, clock, random } = this.#options;
    const ping = new OptionsPing(account, {
      endpoint,
      clock,
      random,
      logger: this.#env.logger.child('ping'),
      build: () =>
        buildRequest(this.#env, 'OPTIONS', account.registrar, {
          account,
          headers: { Accept: 'application/sdp' },
        }),
    });
    let known = false;
    ping.on('state', (state, error) => {
      this.emit('reachability', { account, state, roundTripMs: ping.roundTripMs, error });
      // Of one that never answers OPTIONS its silence tells nothing.
      if (known && state === 'unreachable') registration.serverLost();
      known ||= state === 'reachable';
    });
    this.#pings.set(account, ping);
    ping.start();
  }

  /** Unregisters and forgets an account; its calls go on. */
  async removeAccount(account: Account): Promise<void> {
    const registration = this.#registrations.get(account);
    this.#registrations.delete(account);
    this.#pings.get(account)?.close();
    this.#pings.delete(account);
    if (!registration) return;
    this.#departing.add(registration);
    await registration.unregister();
    registration.close();
    this.#departing.delete(registration);
  }

  #decorate(message: SipMessage, own?: CustomLines): void {
    const { device, customHeaders, allowEvents } = this.#options;
    if (device?.mac) message.set('X-MAC', device.mac);
    if (device?.country) message.set('X-Country', device.country);
    const lines = own && !this.custom.empty ? new CustomLines() : (own ?? this.custom);
    if (own && lines !== own) {
      lines.take(this.custom);
      lines.take(own);
    }
    lines.apply(message, customHeaders);
    if (allowEvents !== undefined && tellsEvents(message)) message.set('Allow-Events', allowEvents);
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
    const prepared = prepareCall(this.#env, target, options, this.policies);
    const { uri, callId, localTag, local, own, policies } = prepared;
    const session = this.#newSession({
      direction: 'outgoing',
      account,
      callId,
      localTag,
      local,
      own,
      policies,
      remote: new NameAddr(uri),
      media: preferencesFor({ ...this.#options.media, ...options.media }, uri.user),
      ringTimeout: options.ringTimeout ?? this.#ringTimeout,
      secure: uri.secure,
    });
    session.extras.custom.take(this.nextCall);
    this.nextCall.clear();
    void this.#startOutgoing(session, prepared, options);
    return this.#calls.get(session) as Call;
  }

  /**
   * Connects two others (RFC 3725): we call both and arrange that they hear each other; our own media has no part in it.
   * @throws ERR_INVALID_ARGUMENT for addresses that cannot be called, ERR_CLOSED
   */
  connectParties(first: string, second: string, options: ThirdPartyOptions = {}): ThirdPartyCall {
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the phone' });
    const all = { ringTimeout: this.#ringTimeout, ...options };
    const call = new ThirdPartyCall(this.#env, first, second, all, () => this.#arranged.delete(call));
    this.#arranged.add(call);
    return call;
  }

  #place(target: string, options: InviteOptions, by: CallSession | undefined): Call {
    const call = this.invite(target, options);
    this.emit('placed', call, by && this.#calls.get(by));
    return call;
  }

  get #ringTimeout(): number {
    return this.#options.ringTimeout ?? RING_TIMEOUT_S;
  }

  /** Finds the way out first: it decides the address the media is taken on. */
  async #startOutgoing(
    session: CallSession,
    { uri, build, offer }: OutgoingCall,
    options: InviteOptions,
  ): Promise<void> {
    try {
      const { flow, targets } = await findWayOut(this.#options.endpoint, uri, options.account);
      if (session.ended) return;
      await session.openMedia(flow.local.host);
      session.startOutgoing({
        build: (redirected) => {
          const request = build(redirected);
          session.decorate(request);
          return request;
        },
        targets,
        flow: targets ? undefined : flow,
        offer,
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

  /**
   * Asks a server or phone for its abilities (RFC 3261 §11).
   * @returns the final response, whatever its status
   * @throws ERR_INVALID_ARGUMENT, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND, ERR_ABORTED
   */
  async options(
    target: string,
    options: { account?: Account; from?: string; signal?: AbortSignal } = {},
  ): Promise<SipResponse> {
    return this.request('OPTIONS', target, { ...options, headers: { Accept: 'application/sdp' } });
  }

  /**
   * A request of any method that opens no call, with its final response, whatever the status.
   * @throws ERR_INVALID_ARGUMENT, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND, ERR_AUTHENTICATION_FAILED,
   * ERR_ABORTED, ERR_CLOSED
   */
  async request(method: string, target: string, options: RequestOptions = {}): Promise<SipResponse> {
    this.#checkOpen();
    const { signal } = options;
    const signals = signal ? [signal, this.#over.signal] : [this.#over.signal];
    return (await requestOnce(this.#env, method, target, { ...options, signal: AbortSignal.any(signals) }))
      .response;
  }

  /** A MESSAGE (RFC 3428) with its final response, whatever the status. @throws as {@link request} */
  message(target: string, options: RequestOptions): Promise<SipResponse> {
    return this.request('MESSAGE', target, options);
  }

  /** Subscribes to a state of `target` (RFC 6665). @throws ERR_INVALID_ARGUMENT, ERR_CLOSED */
  subscribe(target: string, options: SubscribeOptions): Subscription {
    this.#checkOpen();
    return this.subscriptions.subscribe(target, options);
  }

  /**
   * Keeps a state of `options.account`, or of `options.from`, at its server (RFC 3903).
   * @throws ERR_INVALID_ARGUMENT, ERR_CLOSED
   */
  publish(event: string, options: PublishOptions): Publication {
    this.#checkOpen();
    const { account, from } = options;
    const owner = account?.uri ?? resolveTarget(from ?? '', undefined);
    return this.subscriptions.publish(event, owner, options);
  }

  #checkOpen(): void {
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the phone' });
  }

  /**
   * The network changed: every account registers anew from the address it has now, and calls go on from there.
   * @param stillThere tells of a local address whether this machine still has it; connections from others are closed.
   * Without it all connections count as lost
   */
  networkChanged(reason: string, stillThere: (localHost: string) => boolean = () => false): void {
    const flows = new Set<Flow>();
    for (const { account } of this.#registrations.values()) {
      account.forgetAddress();
      if (account.flow?.reliable && !stillThere(account.flow.local.host)) flows.add(account.flow);
    }
    for (const registration of this.#registrations.values()) registration.refresh(reason).catch(() => {});
    for (const flow of flows) flow.close();
    for (const ping of this.#pings.values()) ping.start();
    this.subscriptions.networkChanged();
    for (const session of this.#calls.keys()) void session.followNetwork(stillThere);
  }

  /**
   * Hangs up, unregisters, and stops answering; waits for the peers for at most `graceMs`. Nothing of the calls and
   * accounts is left when it resolves. Repeated calls wait for the first.
   */
  close(graceMs = 2000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const ping of this.#pings.values()) ping.close();
    this.subscriptions.close();
    const sessions = [...this.#calls.keys()];
    for (const session of sessions) session.hangUp({ reason: 'shutting down', cause: 'endpoint-destroyed' });
    for (const call of [...this.#arranged]) call.hangup();
    const registrations = [...this.#registrations.values(), ...this.#departing];
    const unregistered = registrations.map((registration) => registration.unregister());
    const left = Promise.all([...unregistered, ...sessions.map((session) => session.whenEnded)]).then(() =>
      this.#partings.settled(),
    );
    let grace: { cancel(): void } | undefined;
    const patience = new Promise<void>((resolve) => {
      grace = this.#options.clock.after(graceMs, resolve);
    });
    await Promise.race([left, patience]);
    grace?.cancel();
    this.subscriptions.abandon();
    this.#over.abort();
    for (const session of sessions) session.abandon();
    await Promise.all(sessions.map((session) => session.whenEnded));
    for (const registration of registrations) registration.close();
    for (const { dialog } of [...this.#dialogs.values()]) this.#dialogs.remove(dialog);
  }

  #newSession(init: Omit<CallSessionInit, 'onEnded'>): CallSession {
    const session = new CallSession(this.#env, {
      ...init,
      onEnded: (ended) => {
        const over = this.#calls.get(ended);
        this.#calls.delete(ended);
        if (over) this.emit('callEnded', over);
      },
    });
    const call = new Call(session);
    this.#calls.set(session, call);
    this.emit('callStarted', call);
    return session;
  }

  #incomingCall(request: SipRequest, tx: ServerHandle): void {
    if (this.policies.thirdParties === 'refuse' && leavesMediaOpen(sdpOf(request)))
      return void tx.reply(403, 'No Third Parties');
    const reference = referenceOf(this.#env, request, this.policies);
    if (reference.action === 'refuse') return void tx.reply(reference.status);
    const session = this.#newSession({
      direction: 'incoming',
      account: this.#accountFor(request),
      callId: request.callId,
      localTag: this.#options.random.token(10),
      local: request.to.clone(),
      remote: withoutTag(request.from),
      media: { ...this.#options.media },
      policies: { ...this.policies },
      ringTimeout: this.#ringTimeout,
      secure: answersSipsContact(request),
    });
    const call = this.#calls.get(session) as Call;
    try {
      session.startIncoming(request, tx);
    } catch (error) {
      // Nobody has heard of the call yet.
      this.#calls.delete(session);
      session.finish({ by: 'error', status: 400, reason: 'malformed INVITE' });
      throw error;
    }
    if (reference.action === 'replace') return this.#replace(call, reference);
    if (reference.action === 'join') session.joins = reference.old;
    const handling = { ring: true };
    const heard = this.emit('incoming', call, handling);
    if (!heard) {
      this.#env.logger.warn("a call was refused since nobody listens to 'incoming'", {
        callId: request.callId,
      });
      session.hangUp({ status: 480 });
    } else if (handling.ring && call.state === 'ringing') {
      call.ring().catch((error: unknown) => session.logger.warn('180 could not be sent', { error }));
    }
  }

  /** RFC 3891 §3: the new call takes the place of the old one, without ringing. */
  #replace(call: Call, { old, end }: { old: CallSession; end: boolean }): void {
    const replaced = this.#calls.get(old);
    this.emit('placed', call, end ? replaced : undefined);
    call.answer().then(
      () => {
        old.events.emit('replaced', call);
        if (end && !old.ended) old.hangUp({ cause: 'transfer-terminated', reason: 'replaced' });
      },
      (error: unknown) => this.#env.logger.warn('a call could not be replaced', { callId: call.id, error }),
    );
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

  #contact(request: SipRequest, flow: Flow): NameAddr {
    const secure = answersSipsContact(request);
    return (
      this.#accountFor(request)?.contact(flow, secure) ?? contactFor(userOf(request), flow, undefined, secure)
    );
  }
}

/** Where RFC 6665 §8.2.2 has Allow-Events. */
function tellsEvents(message: SipMessage): boolean {
  const method = message instanceof SipRequest ? message.method : message.cseq.method;
  if (!(message instanceof SipRequest) && (message as SipResponse).status >= 300) return false;
  return method === 'INVITE' || method === 'REGISTER' || method === 'OPTIONS' || method === 'SUBSCRIBE';
}

function userOf(request: SipRequest): string | undefined {
  return request.uri.kind === 'sip' ? request.uri.user : undefined;
}

function withoutTag(address: NameAddr): NameAddr {
  const copy = address.clone();
  copy.params.delete('tag');
  return copy;
}
