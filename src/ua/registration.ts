/**
 * Keeps one {@link Account} registered (RFC 3261 §10, RFC 5626): refresh before expiry, 423, back-off with jitter
 * after failures, again after a lost connection or a network change. Used by the UserAgent; it never storms: at most
 * one REGISTER is under way and every retry waits.
 *
 *     idle ──register()──► registering ──2xx──► registered ──refresh due, refresh()──► registering
 *      ▲                    ▲       │ no answer, refused for now       │
 *      │                    │       ▼                                  │ flow lost: 0 to 2 s
 *      │                    └── waiting ◄──────────────────────────────┘
 *      └────2xx, no answer── unregistering ◄──unregister()── any
 *
 * A refusal that time does not heal (401 after credentials, 403, 404 …) ends in `failed`, from where only
 * `register()` leads.
 */
import { abortable } from '../base/abort.js';
import type { Clock, Timer } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import { Emitter } from '../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import {
  type Flow,
  NameAddr,
  type RequestResult,
  type SipEndpoint,
  SipRequest,
  type SipResponse,
  type Target,
} from '../sip/index.js';
import type { Account } from './account.js';
import { lenient } from './lenient.js';
import { keepAliveBytes, NotifyKeepAlive } from './registration-keep-alive.js';
import { grantedGruus, grantedLifetime, ownRefreshDelay } from './registration-options.js';
import { backoff, isPermanent, isUnreachable, refreshDelay, withoutDead } from './registration-retry.js';
import { ServerWatch } from './server-watch.js';

export type RegistrationState =
  | 'idle'
  | 'registering'
  | 'registered'
  | 'waiting'
  | 'unregistering'
  | 'failed';

export type RegistrationEvents = {
  /** Every state change; `error` tells why for waiting and failed. */
  state: [state: RegistrationState, error?: SwitchhookError];
};

export interface RegistrationEnvironment {
  endpoint: SipEndpoint;
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
  /** Called for each REGISTER before it leaves, to add headers. */
  decorate(request: SipRequest): void;
}

/** A server that restarts loses all its connections at once: the returns are spread over this time, in seconds. */
const RECONNECT_SPREAD_S = 2;
const UDP_KEEPALIVE_S = 25;
const CONNECTION_KEEPALIVE_S = 90;
/** UDP has no other way to tell that nobody is there; connections have theirs. */
const UDP_ANSWER_MS = 22_000;
/** While there is another server to try, one is not waited for longer. */
const HOP_PATIENCE_MS = 8000;
const PROBE_MS = 1000;
/** Attempts in a row that found nobody. */
const FRESH_AFTER = 2;

interface Waiter {
  resolve(): void;
  reject(error: SwitchhookError): void;
}

interface Way {
  flow?: Flow;
  targets?: Target[];
}

export class Registration extends Emitter<RegistrationEvents> {
  readonly account: Account;
  readonly #env: RegistrationEnvironment;
  #callId: string;
  #fromTag: string;
  #state: RegistrationState = 'idle';
  #cseq = 0;
  #failures = 0;
  /** What we ask for; raised by 423. */
  #expires: number;
  /** Lifetime the registrar granted, in seconds. */
  #granted = 0;
  /** The application wants to be registered. */
  #wanted = false;
  /** A REGISTER is under way. */
  #busy = false;
  /** The one under way is to be given up and begun anew. */
  #again = false;
  #closed = false;
  #abort: AbortController | undefined;
  #leaving: Promise<void> | undefined;
  #timer: Timer | undefined;
  #waiters: Waiter[] = [];
  /** The Contact of the REGISTER under way. */
  #sent: NameAddr | undefined;
  /** The Contact the registrar has; undefined when we are not registered. */
  #bound: NameAddr | undefined;
  /** Ends the watch over `account.flow`. */
  #unwatch: (() => void) | undefined;
  #error: SwitchhookError | undefined;
  readonly #watch: ServerWatch;
  readonly #notifies: NotifyKeepAlive;
  /** Bindings of an earlier life have been seen to. */
  #cleared = false;

  constructor(account: Account, env: RegistrationEnvironment) {
    super();
    this.account = account;
    this.#env = env;
    this.#callId = env.random.token(24);
    this.#fromTag = env.random.token(10);
    this.#expires = account.expires;
    this.#cleared = !account.registration.unregisterFirst;
    this.#watch = new ServerWatch(account, env, () => {
      account.hop = 0;
      this.refresh('the first server is back').catch(() => {});
    });
    this.#notifies = new NotifyKeepAlive(account, env);
  }

  /** The Call-ID of its REGISTERs. */
  get callId(): string {
    return this.#callId;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Lifetime of the binding as granted, in seconds; 0 when there is none. */
  get grantedSeconds(): number {
    return this.#granted;
  }

  /** Why the last attempt failed. */
  get error(): SwitchhookError | undefined {
    return this.#error;
  }

  /** Sends nothing before `previous` has settled: two with one binding must not pass each other (RFC 3261 §10.2). */
  after(previous: Promise<void>): void {
    this.#busy = true;
    const begin = (): void => {
      this.#busy = false;
      if (this.#closed) return;
      if (this.#wanted) void this.#run();
      else
        this.#settle((waiter) =>
          waiter.reject(new SwitchhookError('ERR_ABORTED', { what: 'the registration' })),
        );
    };
    previous.then(begin, begin);
  }

  /**
   * Registers and stays registered.
   * @throws ERR_REGISTRATION_REJECTED, ERR_AUTHENTICATION_FAILED, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT,
   * ERR_DNS_NOT_FOUND for the first attempt; after the last three it goes on trying in the background.
   * ERR_ABORTED when `signal` fires, which gives the registration up
   */
  register(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#closed) return Promise.reject(new SwitchhookError('ERR_CLOSED', { what: 'the registration' }));
    this.#wanted = true;
    if (this.#state === 'registered' && !this.#busy) return Promise.resolve();
    const done = this.#settled();
    if (!this.#busy) void this.#run();
    const { signal } = options;
    if (!signal) return done;
    return abortable(done, signal, 'the registration').catch((error: unknown) => {
      if (isSwitchhookError(error, 'ERR_ABORTED')) void this.unregister();
      throw error;
    });
  }

  /**
   * Sends a REGISTER now, as after a network change; the server is looked up again.
   * @throws as {@link register}; resolves at once when nobody wants to be registered
   */
  refresh(reason: string): Promise<void> {
    if (!this.#wanted || this.#closed) return Promise.resolve();
    this.#env.logger.info('registering again', { aor: this.account.uri.toString(), reason });
    this.#releaseFlow();
    this.#failures = 0;
    const done = this.#settled();
    if (this.#leaving) return done;
    if (this.#busy) {
      this.#again = true;
      this.#abort?.abort();
    } else {
      void this.#run();
    }
    return done;
  }

  /** A server gives no answer, whatever it was asked: if it is the one that has our binding, we go to another. */
  serverFailed({ protocol, host, port }: Target): void {
    const { flow } = this.account;
    if (!flow || flow.protocol !== protocol || flow.remote.host !== host || flow.remote.port !== port) return;
    this.serverLost();
  }

  /** Our server has answered so far, and does no longer. */
  serverLost(): void {
    if (this.#state !== 'registered' || this.#busy) return;
    this.refresh('the server does not answer').catch(() => {});
  }

  /** Removes our binding; resolves also when the server does not answer, since there is nothing more to do. */
  unregister(): Promise<void> {
    this.#wanted = false;
    this.#timer?.cancel();
    this.#leaving ??= this.#leave().finally(() => {
      this.#leaving = undefined;
      if (this.#wanted && !this.#closed) void this.#run();
    });
    return this.#leaving;
  }

  /** Stops without telling the server. */
  close(): void {
    this.#closed = true;
    this.#wanted = false;
    this.#abort?.abort();
    this.#forget();
    this.#settle((waiter) => waiter.reject(new SwitchhookError('ERR_CLOSED', { what: 'the registration' })));
    this.#state = 'idle';
  }

  async #leave(): Promise<void> {
    // RFC 3261 §10.2: one at a time, or the two might pass each other.
    while (this.#busy && !this.#closed) await this.#settled().catch(() => {});
    if (this.#closed) return;
    if (this.#bound && this.account.registration.unregister !== false) {
      this.#busy = true;
      this.#enter('unregistering');
      await this.#takeBack();
      this.#busy = false;
      if (this.#closed) return;
    }
    this.#forget();
    this.#enter('idle');
  }

  /** REGISTER with lifetime 0; never throws. */
  async #takeBack(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const { unregisterWaitMs } = this.account.registration;
    const patience =
      unregisterWaitMs === undefined
        ? undefined
        : this.#env.clock.after(Math.max(1, unregisterWaitMs), () => abort.abort());
    try {
      await this.#send(0, abort.signal);
    } catch (error) {
      this.#env.logger.warn('unregister failed', { aor: this.account.uri.toString(), error });
    }
    patience?.cancel();
  }

  #forget(): void {
    this.#timer?.cancel();
    this.#watch.stop();
    this.account.hop = 0;
    this.#releaseFlow();
    this.account.serviceRoute = [];
    this.account.gruu = undefined;
    this.#bound = undefined;
    this.#granted = 0;
  }

  #releaseFlow(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#notifies.stop();
    this.account.flow?.keepAlive(0, { owner: this });
    this.account.flow = undefined;
  }

  /** The outcome of the REGISTER under way or about to be sent. */
  #settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #settle(tell: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters.splice(0)) tell(waiter);
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    this.#busy = true;
    this.#enter('registering');
    let moved = false;
    for (;;) {
      this.#again = false;
      this.#abort = new AbortController();
      let response: SipResponse;
      try {
        await this.#prepare(this.#abort.signal);
        const result = await this.#send(this.#expires, this.#abort.signal);
        if (this.#closed) return;
        response = result.response;
        this.#adopt(result);
        // Once only: a NAT that maps each datagram anew must not keep us registering.
        if (!moved && this.#mayMove && this.account.learnAddress(result.flow, response, this.#sent)) {
          moved = true;
          this.#env.logger.info('behind a NAT: the server sees us elsewhere', {
            seen: this.account.publicAddress,
          });
          if (this.#wanted) continue;
        } else if (moved && this.account.doubtAddress(result.flow, response, this.#sent)) {
          this.#env.logger.warn('the NAT maps us anew for every request: our own address has to do');
          if (this.#wanted) continue;
        }
      } catch (error) {
        if (this.#closed) return;
        if (this.#again && this.#wanted) continue;
        this.#busy = false;
        this.#failed(asError(error));
        return;
      }
      if (this.#again && this.#wanted) continue;
      this.#busy = false;
      this.#succeeded(response);
      return;
    }
  }

  /** What comes before the first REGISTER. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { account } = this;
    if (this.#cleared && !account.registration.probeFirst) return;
    const first = this.#state === 'registering' && this.#cseq === 0;
    if (first && account.registration.probeFirst && !(await this.#watch.probe(PROBE_MS))) {
      account.hop = account.hops.length - 1;
    }
    if (this.#cleared) return;
    this.#cleared = true;
    await this.#send(0, signal).catch(() => {});
  }

  /** The address the server sees may take the place of our own. */
  get #mayMove(): boolean {
    return this.account.registration.contact !== 'onFailure' || this.#failures > 0;
  }

  /** A REGISTER with its answer over the flow there is, else over the servers in their order. */
  async #send(expires: number, signal: AbortSignal): Promise<RequestResult> {
    const { account } = this;
    const { endpoint } = this.#env;
    const flow = account.flow?.open ? account.flow : undefined;
    if (flow) {
      try {
        return await this.#patiently(
          signal,
          async () =>
            account.hops.length > 1 ||
            withoutDead(await endpoint.resolve(account.nextHop, signal), flow).length > 0,
          (patience) => this.#transmit(expires, { flow }, patience),
        );
      } catch (error) {
        if (signal.aborted || !isUnreachable(error)) throw error;
        this.#releaseFlow();
        const others = withoutDead(await endpoint.resolve(account.nextHop, signal), flow);
        if (others.length > 0 && account.hops.length === 1)
          return this.#transmit(expires, { targets: others }, signal);
        if (account.hops.length === 1) throw error;
      }
    }
    return this.#overHops(expires, signal);
  }

  async #locate(signal: AbortSignal): Promise<Target[]> {
    const targets = await this.#env.endpoint.resolve(this.account.nextHop, signal);
    this.account.learnServer(targets);
    return targets;
  }

  /** The hop in use first, then the others in their order; each is waited for a short time while there is another. */
  async #overHops(expires: number, signal: AbortSignal): Promise<RequestResult> {
    const { account } = this;
    const order = [account.hop, ...account.hops.keys()].filter((hop, at, all) => all.indexOf(hop) === at);
    let failure: unknown;
    for (const [at, hop] of order.entries()) {
      account.hop = hop;
      try {
        return await this.#patiently(
          signal,
          () => at < order.length - 1,
          async (patience) => this.#transmit(expires, { targets: await this.#locate(patience) }, patience),
        );
      } catch (error) {
        if (signal.aborted || isPermanent(asError(error))) throw error;
        failure = error;
        this.#releaseFlow();
      }
    }
    account.hop = 0;
    throw failure;
  }

  /** Where there is an alternative nobody is waited for as long as the RFC has it. */
  async #patiently<T>(
    signal: AbortSignal,
    alternative: () => boolean | Promise<boolean>,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const patience = new AbortController();
    const timer = this.#env.clock.after(HOP_PATIENCE_MS, async () => {
      try {
        if (await alternative()) patience.abort();
      } catch {
        // Nobody knows of another.
      }
    });
    try {
      return await attempt(AbortSignal.any([signal, patience.signal]));
    } catch (error) {
      if (!patience.signal.aborted) throw error;
      const target = this.account.nextHop.toString();
      throw new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'REGISTER', target }, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  /** One REGISTER; 423 is followed by a second with the interval asked for (RFC 3261 §10.2.8), 439 by a plain one. */
  async #transmit(expires: number, way: Way, signal: AbortSignal): Promise<RequestResult> {
    let result = await this.#request(expires, way, signal);
    // RFC 5626 §4.2.1
    if (result.response.status === 439 && this.account.usesOutbound(result.flow)) {
      this.account.outboundRefused = true;
      if (!this.account.usesOutbound(result.flow)) result = await this.#request(expires, way, signal);
    }
    const { response: first } = result;
    const minimum = first.status === 423 ? lenient(() => first.minExpires, undefined) : undefined;
    if (expires > 0 && minimum !== undefined && minimum > expires) {
      this.#expires = minimum;
      result = await this.#request(minimum, way, signal);
    }
    const { response } = result;
    if (response.status < 300) return result;
    throw new SwitchhookError('ERR_REGISTRATION_REJECTED', {
      aor: this.account.uri.toString(),
      status: response.status,
      reason: response.reason,
      retryAfter: lenient(() => response.retryAfter?.delta, undefined),
    });
  }

  #request(expires: number, way: Way, signal: AbortSignal): Promise<RequestResult> {
    const { account } = this;
    const request = new SipRequest('REGISTER', account.registrar.clone());
    const from = account.identity();
    from.tag = this.#fromTag;
    for (const route of account.routes(true)) request.add('Route', route);
    request.set('From', from);
    request.set('To', account.identity());
    request.set('Call-ID', this.#callId);
    request.set('CSeq', `${++this.#cseq} REGISTER`);
    const { askedIn = 'header', event, gruu } = account.registration;
    const supported = ['path', !account.outboundRefused && 'outbound', gruu && 'gruu'];
    request.set('Supported', supported.filter(Boolean).join(', '));
    if (expires === 0 || askedIn === 'header' || askedIn === 'both') request.set('Expires', expires);
    if (event) request.set('Event', event);
    this.#env.decorate(request);
    return this.#env.endpoint.request(request, {
      ...way,
      signal,
      auth: account.auth,
      nextCseq: () => ++this.#cseq,
      beforeSend: (message, over) => this.#setContact(message, over, expires),
    });
  }

  #setContact(request: SipRequest, flow: Flow, expires: number): void {
    const bound = this.#bound;
    const { unregisterAll, unbind = true } = this.account.registration;
    if (expires === 0) {
      request.set('Contact', unregisterAll ? '*' : (bound ?? this.account.binding(flow)));
      return;
    }
    const contact = this.account.binding(flow);
    const outbound = this.account.usesOutbound(flow);
    if (outbound || this.account.registration.gruu)
      contact.params.set('+sip.instance', `<${this.account.instanceId}>`);
    if (outbound) contact.params.set('reg-id', '1');
    this.#sent = contact;
    const { askedIn } = this.account.registration;
    const asked = contact.clone();
    if (askedIn === 'contact' || askedIn === 'both') asked.params.set('expires', String(expires));
    request.set('Contact', asked);
    // A binding made from another address is removed with the same request, or calls would fork to a dead one. It is
    // named without the instance, by which a registrar would find the new one (RFC 5626 §6).
    if (unbind && bound && !bound.uri.equals(contact.uri)) {
      request.add('Contact', new NameAddr(bound.uri, undefined, { expires: '0' }));
    }
  }

  /** The registrar has our Contact, and what it has for us will come over `flow`. */
  #adopt({ flow, response }: RequestResult): void {
    const { account } = this;
    this.#bound = this.#sent;
    if (account.flow !== flow) {
      this.#releaseFlow();
      if (!flow.open) return;
      account.flow = flow;
      this.#unwatch = flow.onClose((error) => this.#flowLost(error));
    }
    const { keepAliveKind, keepAliveAnswerMs } = account.registration;
    const usual = flow.reliable ? CONNECTION_KEEPALIVE_S : UDP_KEEPALIVE_S;
    const seconds = account.keepAlive ?? lenient(() => response.flowTimer, undefined) ?? usual;
    if (keepAliveKind === 'notify') return this.#notifies.start(flow, seconds);
    flow.keepAlive(keepAliveKind === 'none' ? 0 : seconds * 1000, {
      owner: this,
      // RFC 5626 §4.4.1: a registrar that supports outbound answers keep-alives.
      pongRequired: flow.reliable && lenient(() => response.require, []).includes('outbound'),
      ping: keepAliveBytes(keepAliveKind),
      answerMs: keepAliveAnswerMs ?? (flow.reliable ? undefined : UDP_ANSWER_MS),
    });
  }

  #flowLost(error?: SwitchhookError): void {
    this.#releaseFlow();
    if (this.#state !== 'registered' || this.#busy) return;
    this.#env.logger.warn('the connection to the server was lost', {
      aor: this.account.uri.toString(),
      error: error?.message,
    });
    this.#schedule(this.#env.random.float() * RECONNECT_SPREAD_S);
    this.#enter('waiting', error);
  }

  #succeeded(response: SipResponse): void {
    this.#failures = 0;
    this.#error = undefined;
    const isOurs = (contact: NameAddr): boolean => !!this.#bound && contact.uri.equals(this.#bound.uri);
    const { registration } = this.account;
    const ours = lenient(() => response.contacts.find(isOurs), undefined);
    this.account.gruu = registration.gruu && this.#wanted ? grantedGruus(ours) : undefined;
    this.#granted = lenient(
      () => grantedLifetime(response, isOurs, this.#expires, registration),
      this.#expires,
    );
    this.account.serviceRoute = lenient(() => response.serviceRoutes.map((route) => route.clone()), []);
    if (this.#wanted) {
      this.#schedule(
        ownRefreshDelay(this.#granted, registration) ?? refreshDelay(this.#granted, this.#env.random),
      );
      if (this.account.flow) void this.#watch.follow(this.account.flow);
      this.#enter('registered');
    }
    this.#settle((waiter) => waiter.resolve());
    // The flow may have gone while its answer was on the way up.
    if (this.#wanted && !this.account.flow) this.#flowLost();
  }

  #failed(error: SwitchhookError): void {
    this.#error = error;
    if (!this.#wanted) {
      // unregister() waits for us and goes on.
    } else if (isPermanent(error)) {
      this.#forget();
      this.#wanted = false;
      this.#enter('failed', error);
    } else {
      this.#wait(error);
    }
    this.#settle((waiter) => waiter.reject(error));
  }

  #wait(error: SwitchhookError): void {
    if (error.code !== 'ERR_REGISTRATION_REJECTED') this.#releaseFlow();
    this.account.gruu = undefined;
    this.#failures++;
    // A server that lost its memory, or a proxy in between, may be stuck with the old one.
    if (isUnreachable(error) && this.#failures % FRESH_AFTER === 0) this.#freshSession();
    const advised = Number(error.details.retryAfter) || 0;
    const delay = Math.max(advised, backoff(this.#failures, this.#env.random));
    this.#schedule(delay);
    this.#env.logger.warn('registration failed, trying again later', {
      aor: this.account.uri.toString(),
      error: error.message,
      seconds: Math.round(delay),
    });
    this.#enter('waiting', error);
  }

  /** A new Call-ID: the registrar takes it for another client with the same binding (RFC 3261 §10.2.4). */
  #freshSession(): void {
    const { random } = this.#env;
    this.#callId = random.token(24);
    this.#fromTag = random.token(10);
  }

  #schedule(seconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#env.clock.after(seconds * 1000, () => {
      if (this.#wanted && !this.#busy) void this.#run();
    });
  }

  #enter(state: RegistrationState, error?: SwitchhookError): void {
    if (state === this.#state) return;
    const { clock, diagnostics, logger } = this.#env;
    const change = { from: this.#state, to: state, reason: error?.message };
    logger.info('registration', { aor: this.account.uri.toString(), ...change });
    if (diagnostics.state.active) {
      diagnostics.state.publish({
        time: clock.wallTime(),
        kind: 'registration',
        id: this.#callId,
        ...change,
      });
    }
    this.#state = state;
    this.emit('state', state, error);
  }
}

function asError(error: unknown): SwitchhookError {
  if (error instanceof SwitchhookError) return error;
  const details = { method: 'REGISTER', target: 'the server', why: String(error) };
  return new SwitchhookError('ERR_SIP_TRANSPORT', details, { cause: error });
}
