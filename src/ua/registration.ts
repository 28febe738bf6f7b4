/**
 * Keeps one {@link Account} registered (RFC 3261 §10, RFC 5626): refresh before expiry, 423, back-off with jitter
 * after failures, again after a lost connection or a network change. Used by the UserAgent; it never storms: at most
 * one REGISTER is under way and every retry waits.
 *
 *     idle ──register()──► registering ──2xx──► registered ──refresh──► registering
 *      ▲                       │ rejected / no answer                      │
 *      │                       ▼                                           │
 *      │                    waiting ──back-off over──► registering         │
 *      └──────2xx── unregistering ◄──unregister()──────────────────────────┘
 *
 * A refusal that time does not heal (401 after credentials, 403, 404 …) ends in `failed`.
 */
import type { Clock, Timer } from '../base/clock.js';
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import {
  type Flow,
  type NameAddr,
  type SipEndpoint,
  SipRequest,
  type SipResponse,
  type Target,
} from '../sip/index.js';
import type { Account } from './account.js';

export type RegistrationState =
  | 'idle'
  | 'registering'
  | 'registered'
  | 'waiting'
  | 'unregistering'
  | 'failed';

export interface RegistrationEvents {
  /** Every state change; `error` tells why for waiting and failed. */
  state: [state: RegistrationState, error?: SwitchhookError];
}

interface RegistrationEnvironment {
  endpoint: SipEndpoint;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Called for each REGISTER before it leaves, to add headers. */
  decorate?(request: SipRequest): void;
}

/** RFC 5626 §4.5: base time when all flows failed, and the ceiling, in seconds. */
const BACKOFF_BASE_S = 30;
const BACKOFF_MAX_S = 1800;
/** Answers that waiting does not change. */
const PERMANENT = new Set([400, 401, 402, 403, 404, 405, 407, 410, 416, 420, 421, 484, 485, 501, 604]);
const UDP_KEEPALIVE_S = 25;
const CONNECTION_KEEPALIVE_S = 90;

interface Attempt {
  resolve(): void;
  reject(error: SwitchhookError): void;
}

export class Registration extends Emitter<RegistrationEvents> {
  readonly account: Account;
  readonly #env: RegistrationEnvironment;
  readonly #callId: string;
  readonly #fromTag: string;
  #state: RegistrationState = 'idle';
  #cseq = 0;
  #failures = 0;
  /** What we asked for; raised by 423. */
  #expires: number;
  /** Lifetime the registrar granted, in seconds. */
  #granted = 0;
  #wanted = false;
  #busy = false;
  #again = false;
  #timer: Timer | undefined;
  #waiters: Attempt[] = [];
  #contact: NameAddr | undefined;
  #dropFlowWatch: (() => void) | undefined;
  #error: SwitchhookError | undefined;

  constructor(account: Account, env: RegistrationEnvironment) {
    super();
    this.account = account;
    this.#env = env;
    this.#callId = env.random.token(24);
    this.#fromTag = env.random.token(10);
    this.#expires = account.expires;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Lifetime of the binding as granted, in seconds; 0 when not registered. */
  get grantedSeconds(): number {
    return this.#state === 'registered' || this.#busy ? this.#granted : 0;
  }

  /** Why the last attempt failed. */
  get error(): SwitchhookError | undefined {
    return this.#error;
  }

  /**
   * Registers and stays registered.
   * @throws ERR_REGISTRATION_REJECTED, ERR_AUTHENTICATION_FAILED, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT,
   * ERR_DNS_NOT_FOUND for the first attempt; after the last three it goes on trying in the background
   */
  register(): Promise<void> {
    this.#wanted = true;
    if (this.#state === 'registered' && !this.#busy) return Promise.resolve();
    return this.#attempt();
  }

  /** Sends a REGISTER now, as after a network change; the next hop is looked up again. */
  refresh(reason: string): Promise<void> {
    if (!this.#wanted) return Promise.resolve();
    this.#env.logger.info('registering again', { aor: this.account.uri.toString(), reason });
    this.account.flow = undefined;
    this.#failures = 0;
    return this.#attempt();
  }

  /** Removes our binding; resolves also when the server does not answer, since there is nothing more to do. */
  async unregister(): Promise<void> {
    this.#wanted = false;
    this.#timer?.cancel();
    while (this.#busy) await this.#settled();
    if (!this.#contact) return this.#enter('idle');
    this.#enter('unregistering');
    try {
      await this.#send(0);
    } catch (error) {
      this.#env.logger.warn('unregister failed', { aor: this.account.uri.toString(), error });
    }
    this.#forget();
    this.#enter('idle');
  }

  /** Stops without telling the server. */
  close(): void {
    this.#wanted = false;
    this.#forget();
    this.#rejectWaiters(new SwitchhookError('ERR_CLOSED', { what: 'the registration' }));
    this.#state = 'idle';
  }

  #forget(): void {
    this.#timer?.cancel();
    this.#dropFlowWatch?.();
    this.#dropFlowWatch = undefined;
    this.account.flow?.keepAlive(0);
    this.account.flow = undefined;
    this.account.serviceRoute = [];
    this.#contact = undefined;
    this.#granted = 0;
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ resolve, reject: () => resolve() });
    });
  }

  #attempt(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    if (this.#busy) this.#again = true;
    else void this.#run();
    return done;
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    this.#busy = true;
    this.#again = false;
    this.#enter('registering');
    try {
      const response = await this.#send(this.#expires);
      this.#busy = false;
      this.#succeeded(response);
    } catch (error) {
      this.#busy = false;
      this.#failed(
        error instanceof SwitchhookError
          ? error
          : new SwitchhookError(
              'ERR_SIP_TRANSPORT',
              { method: 'REGISTER', why: String(error) },
              { cause: error },
            ),
      );
    }
    if (this.#again && this.#wanted) void this.#run();
  }

  /** One REGISTER with its answer; 423 is retried with the interval asked for (RFC 3261 §10.2.8). */
  async #send(expires: number, retried = false): Promise<SipResponse> {
    const { account } = this;
    const { endpoint } = this.#env;
    const request = new SipRequest('REGISTER', account.registrar.clone());
    const from = account.identity();
    from.tag = this.#fromTag;
    for (const route of account.routes(true)) request.add('Route', route);
    request.set('From', from);
    request.set('To', account.identity());
    request.set('Call-ID', this.#callId);
    request.set('CSeq', `${++this.#cseq} REGISTER`);
    request.set('Supported', 'path, outbound, gruu');
    request.set('Expires', expires);
    this.#env.decorate?.(request);

    const flow = account.flow?.open ? account.flow : undefined;
    const targets: Target[] | undefined = flow ? undefined : await endpoint.resolve(account.nextHop);
    const result = await endpoint.request(request, {
      flow,
      targets,
      auth: account.auth,
      nextCseq: () => ++this.#cseq,
      beforeSend: (message, over) => this.#setContact(message, over, expires),
    });
    const { response } = result;
    if (response.status === 423 && !retried) {
      const minimum = response.minExpires;
      if (minimum !== undefined && minimum > expires && expires > 0) {
        this.#expires = minimum;
        return this.#send(minimum, true);
      }
    }
    if (response.status >= 300) {
      throw new SwitchhookError('ERR_REGISTRATION_REJECTED', {
        aor: account.uri.toString(),
        status: response.status,
        reason: response.reason,
        retryAfter: response.retryAfter?.delta,
      });
    }
    if (expires > 0) this.#adopt(result.flow, response);
    return response;
  }

  #setContact(request: SipRequest, flow: Flow, expires: number): void {
    const contact = this.account.contact(flow);
    contact.params.set('+sip.instance', `<${this.account.instanceId}>`);
    contact.params.set('reg-id', '1');
    const previous = this.#contact;
    // A binding made from another address is removed with the same request, or calls would fork to a dead one.
    const moved = previous && expires > 0 && !previous.uri.equals(contact.uri) ? previous.clone() : undefined;
    request.set('Contact', contact);
    if (moved) {
      moved.params.set('expires', '0');
      request.add('Contact', moved);
    }
    this.#contact = contact;
  }

  #adopt(flow: Flow, response: SipResponse): void {
    const { account } = this;
    if (account.flow !== flow) {
      this.#dropFlowWatch?.();
      account.flow?.keepAlive(0);
      account.flow = flow;
      this.#dropFlowWatch = flow.onClose((error) => this.#flowLost(error));
    }
    const advised = response.flowTimer;
    const seconds =
      account.keepAlive ?? advised ?? (flow.reliable ? CONNECTION_KEEPALIVE_S : UDP_KEEPALIVE_S);
    flow.keepAlive(seconds * 1000);
    this.#learnPublicAddress(flow, response);
  }

  /** RFC 3581: the answer's top Via tells the address the server saw; over UDP that is the one calls must use. */
  #learnPublicAddress(flow: Flow, response: SipResponse): void {
    if (flow.protocol !== 'udp') return;
    const via = response.topVia;
    if (typeof via?.rport !== 'number') return;
    const host = via.received ?? via.host;
    const port = via.rport;
    const sent = this.#contact?.uri;
    if (sent?.kind !== 'sip' || (sent.host === host && (sent.port ?? 5060) === port)) return;
    const known = this.account.publicAddress;
    if (known?.host === host && known.port === port) return;
    this.account.publicAddress = { host, port };
    this.#env.logger.info('behind a NAT: the server sees us elsewhere', {
      ours: sent.host,
      seen: `${host}:${port}`,
    });
    this.#again = true;
  }

  #flowLost(error?: SwitchhookError): void {
    this.#dropFlowWatch = undefined;
    this.account.flow = undefined;
    if (!this.#wanted || this.#busy) return;
    this.#env.logger.warn('the connection to the server was lost', {
      aor: this.account.uri.toString(),
      error: error?.message,
    });
    // A server that restarts loses all its connections at once: spread the returns over two seconds.
    this.#schedule(this.#env.random.float() * 2);
    this.#enter('waiting', error);
  }

  #succeeded(response: SipResponse): void {
    this.#failures = 0;
    this.#error = undefined;
    this.#granted = this.#grantedLifetime(response);
    this.account.serviceRoute = response.serviceRoutes.map((route) => route.clone());
    this.#enter('registered');
    const waiters = this.#waiters.splice(0);
    for (const waiter of waiters) waiter.resolve();
    if (!this.#wanted) return;
    this.#schedule(refreshDelay(this.#granted, this.#env.random));
  }

  /** RFC 3261 §10.2.4: the lifetime of our own binding, else Expires, else what we asked for. */
  #grantedLifetime(response: SipResponse): number {
    const ours = response.contacts.find((contact) => this.#contact && contact.uri.equals(this.#contact.uri));
    const parameter = Number(ours?.params.get('expires'));
    if (Number.isInteger(parameter) && parameter > 0) return parameter;
    return response.expires || this.#expires;
  }

  #failed(error: SwitchhookError): void {
    this.#error = error;
    const status = Number(error.details.status);
    const permanent = error.code === 'ERR_AUTHENTICATION_FAILED' || PERMANENT.has(status);
    if (permanent || !this.#wanted) {
      this.#forget();
      this.#wanted = false;
      this.#enter('failed', error);
    } else {
      if (error.code !== 'ERR_REGISTRATION_REJECTED') this.account.flow = undefined;
      this.#failures++;
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
    this.#rejectWaiters(error);
  }

  #rejectWaiters(error: SwitchhookError): void {
    const waiters = this.#waiters.splice(0);
    for (const waiter of waiters) waiter.reject(error);
  }

  #schedule(seconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#env.clock.after(seconds * 1000, () => {
      if (this.#wanted && !this.#busy) void this.#run();
    });
  }

  #enter(state: RegistrationState, error?: SwitchhookError): void {
    if (state === this.#state) return;
    this.#env.logger.info('registration', { aor: this.account.uri.toString(), from: this.#state, to: state });
    this.#state = state;
    this.emit('state', state, error);
  }
}

/** When to refresh a binding of `seconds`: at 80 to 90 %, so that a missed attempt still has time to be repeated. */
function refreshDelay(seconds: number, random: Random): number {
  return Math.max(1, seconds * (0.8 + 0.1 * random.float()));
}

/** RFC 5626 §4.5: a random time between half of and the whole of min(max, base × 2^failures). */
function backoff(failures: number, random: Random): number {
  const upper = Math.min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** (failures - 1));
  return upper * (0.5 + 0.5 * random.float());
}
