/**
 * A small SIP exchange inside the process: registrar with digest authentication, stateful proxy between its users,
 * and numbers that answer by themselves. For demos and tests, ours and our users'; it never leaves the addresses it
 * was told to listen on and forwards nothing that is not for its users.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { createDiagnostics, type Diagnostics } from '../base/diagnostics.js';
import { isSwitchhookError } from '../base/errors.js';
import { type Logger, nullLogger } from '../base/logger.js';
import { cryptoRandom, type Random } from '../base/random.js';
import type { MediaEngine } from '../media/index.js';
import {
  createDnsClient,
  type DigestAlgorithm,
  DigestServer,
  type Flow,
  listenOn,
  type ServerHandle,
  SipEndpoint,
  type SipRequest,
  SipUri,
  TargetResolver,
  TransportLayer,
  type Uri,
  validateRequest,
} from '../sip/index.js';
import { Forwarding, type ForwardTarget } from './forwarding.js';
import { type Binding, Registrar } from './registrar.js';
import { Services } from './services.js';

export interface ExchangeOptions {
  /** User name → password; with an empty one anybody may register as that user. */
  users: Readonly<Record<string, string>>;
  /** Address to listen on; default 127.0.0.1. */
  host?: string;
  /** Port for UDP and TCP; default: one the system chooses. TLS takes the next one. */
  port?: number;
  transports?: ReadonlyArray<'udp' | 'tcp' | 'tls'>;
  tls?: { cert: string; key: string };
  /** Domain and realm; default: the address. */
  domain?: string;
  /** Ask callers of our users for credentials (407). Default true. */
  authenticateCalls?: boolean;
  /**
   * Digest algorithms to ask for, one challenge each; default SHA-256, then MD5 (RFC 8760). Some older phones give up
   * at a challenge they do not know instead of looking at the next: `['MD5']` is for them.
   */
  digestAlgorithms?: readonly DigestAlgorithm[];
  /** Seconds; shorter registrations get 423. Default 30. */
  minExpires?: number;
  /** WAV file for the numbers `prompt` and `early`. */
  prompt?: string;
  engine?: MediaEngine;
  logger?: Logger;
  diagnostics?: Diagnostics;
  clock?: Clock;
  random?: Random;
}

export class Exchange {
  readonly diagnostics: Diagnostics;
  readonly #options: ExchangeOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #registrar: Registrar;
  readonly #digest: DigestServer;
  readonly #services: Services;
  #endpoint: SipEndpoint | undefined;
  #transport: TransportLayer | undefined;
  #servicePort = 0;
  /** Requests under way. */
  readonly #forwarding = new Set<string>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? cryptoRandom;
    this.#logger = (options.logger ?? nullLogger).child('exchange');
    this.diagnostics = options.diagnostics ?? createDiagnostics();
    this.#registrar = new Registrar({ clock: this.#clock, minExpires: options.minExpires });
    this.#digest = new DigestServer({
      realm: this.domain,
      random: this.#random,
      clock: this.#clock,
      algorithms: options.digestAlgorithms,
      lookup: (username) => {
        const password = this.#passwordOf(username);
        return password === undefined ? undefined : { password };
      },
    });
    this.#services = new Services({
      host: options.host ?? '127.0.0.1',
      logger: this.#logger,
      engine: options.engine,
      prompt: options.prompt,
    });
  }

  get domain(): string {
    return this.#options.domain ?? this.#options.host ?? '127.0.0.1';
  }

  /** Where UDP and TCP are listened on; 0 before {@link start}. */
  get port(): number {
    return this.#transport?.listeners.find(({ protocol }) => protocol !== 'tls')?.address.port ?? 0;
  }

  get tlsPort(): number {
    return this.#transport?.listeners.find(({ protocol }) => protocol === 'tls')?.address.port ?? 0;
  }

  /** `host:port`, for the `server` option of a phone. */
  get address(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** Users registered now. */
  get registered(): readonly string[] {
    return this.#registrar.users;
  }

  /** Opens the sockets. @throws ERR_SIP_TRANSPORT when the port is taken */
  async start(): Promise<this> {
    const { host = '127.0.0.1', transports = ['udp', 'tcp'], tls } = this.#options;
    const common = {
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      diagnostics: this.diagnostics,
    };
    const transport = new TransportLayer({ ...common, tls });
    const resolver = new TargetResolver({
      ...common,
      dns: createDnsClient(),
      supported: [...transports],
      family: 'any',
    });
    const endpoint = new SipEndpoint({ ...common, transport, resolver, proxy: true });
    this.#transport = transport;
    this.#endpoint = endpoint;
    endpoint.onRequest = (request, tx) => this.#onRequest(request, tx);
    endpoint.onAck = (ack) => this.#forwardAck(ack);
    try {
      await listenOn(transport, transports, { host, port: this.#options.port });
      this.#servicePort = await this.#services.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  /** Forgets all registrations, as a restart would. */
  forgetRegistrations(): void {
    this.#registrar.clear();
  }

  async close(): Promise<void> {
    await this.#services.close();
    await this.#endpoint?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onRequest(request: SipRequest, tx: ServerHandle): void {
    try {
      this.#route(request, tx);
    } catch (error) {
      const malformed = isSwitchhookError(error, 'ERR_SIP_PARSE');
      this.#logger[malformed ? 'warn' : 'error']('request refused', { method: request.method, error });
      tx.reply(malformed ? 400 : 500);
    }
  }

  #route(request: SipRequest, tx: ServerHandle): void {
    const problem = validateRequest(request, { role: 'proxy' });
    if (problem) {
      return void tx.reply(problem.status, undefined, (response) => {
        for (const [name, value] of problem.headers) response.set(name, value);
      });
    }
    const routed = this.#dropOwnRoutes(request);
    if (routed || !this.#isOurs(request.uri)) {
      // Within a dialog we are in the route; anything else for elsewhere is not ours to relay.
      if (!routed || request.to.tag === undefined) return void tx.reply(403, 'Not a domain of this exchange');
      return this.#forward(tx, [this.#inDialogTarget(request)]);
    }
    if (request.method === 'REGISTER') return this.#register(request, tx);
    const user = request.uri.kind === 'sip' ? (request.uri.user ?? '') : '';
    if (user === '' && request.method === 'OPTIONS') return void tx.reply(200);
    if (this.#options.authenticateCalls !== false && !this.#authenticate(request, tx, true)) return;
    request.remove('Proxy-Authorization');
    const targets = this.#targetsOf(user, request);
    if (targets === undefined) return void tx.reply(404);
    if (targets.length === 0) return void tx.reply(480);
    this.#forward(tx, targets);
  }

  #register(request: SipRequest, tx: ServerHandle): void {
    const aor = request.to.uri.kind === 'sip' ? request.to.uri.user : undefined;
    if (aor !== undefined && this.#passwordOf(aor) === '') return this.#registrar.handle(request, tx, aor);
    const username = this.#authenticate(request, tx, false);
    if (!username) return;
    if (aor !== username) return void tx.reply(403, 'Not your address of record');
    this.#registrar.handle(request, tx, username);
  }

  #passwordOf(user: string): string | undefined {
    return Object.hasOwn(this.#options.users, user) ? this.#options.users[user] : undefined;
  }

  /** The user name when the credentials are right; else the challenge went out. */
  #authenticate(request: SipRequest, tx: ServerHandle, proxy: boolean): string | undefined {
    const verdict = this.#digest.verify(request, proxy);
    if (verdict.ok) return verdict.username;
    tx.reply(proxy ? 407 : 401, undefined, (response) => this.#digest.challenge(response, verdict.stale));
    return undefined;
  }

  /** Where a call for `user` goes; undefined for a number we do not have. */
  #targetsOf(user: string, request: SipRequest): ForwardTarget[] | undefined {
    if (user === 'fork') {
      const caller = request.from.uri.kind === 'sip' ? request.from.uri.user : undefined;
      const others = this.#registrar.users.filter((name) => name !== caller);
      return others.flatMap((name) => this.#registrar.lookup(name)).map(toTarget);
    }
    if (this.#services.has(user)) {
      const host = this.#options.host ?? '127.0.0.1';
      return [{ uri: new SipUri({ user, host, port: this.#servicePort, params: { transport: 'udp' } }) }];
    }
    if (!Object.hasOwn(this.#options.users, user)) return undefined;
    return this.#registrar.lookup(user).map(toTarget);
  }

  #inDialogTarget(request: SipRequest): ForwardTarget {
    const uri = request.uri as SipUri;
    if (request.routes.length > 0) return { uri };
    const bindings = this.#registrar.users.flatMap((user) => this.#registrar.lookup(user));
    const binding = bindings.find((candidate) => candidate.contact.equals(uri));
    return binding ? toTarget({ ...binding, contact: uri }) : { uri };
  }

  #forward(tx: ServerHandle, targets: readonly ForwardTarget[]): void {
    const endpoint = this.#endpoint as SipEndpoint;
    const dialogForming = ['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY'].includes(tx.request.method);
    const earlier = tx.request.getAll('Record-Route');
    // RFC 5393 §4.2: what comes back to us as it was would fork again and again.
    const key = loopKey(tx.request);
    if (this.#forwarding.has(key)) return void tx.reply(482);
    this.#forwarding.add(key);
    const done = (): void => void this.#forwarding.delete(key);
    new Forwarding(endpoint, this.#clock, this.#logger, tx, done).start(targets, (copy, flow) => {
      if (!dialogForming) return;
      // Both sides get a route they can speak when the transport changes here (RFC 5658).
      const ours = flow.protocol === tx.flow.protocol ? [flow] : [flow, tx.flow];
      copy.set('Record-Route', [...ours.map(recordRoute), ...earlier]);
    });
  }

  /**
   * The ACK of a 2xx has no transaction: it is passed along the route (RFC 3261 §16.11). Callers that ignore the route
   * send it to the number they called.
   */
  #forwardAck(ack: SipRequest): void {
    const routed = this.#dropOwnRoutes(ack);
    if (ack.to.tag === undefined || !(routed || this.#isOurs(ack.uri))) return;
    const user = ack.uri.kind === 'sip' ? (ack.uri.user ?? '') : '';
    const target = routed ? this.#inDialogTarget(ack) : this.#targetsOf(user, ack)?.[0];
    if (!target) return;
    ack.uri = target.uri;
    ack.set('Max-Forwards', Math.max(0, (ack.maxForwards ?? 70) - 1));
    this.#endpoint?.sendAck(ack, { flow: target.flow?.open ? target.flow : undefined });
  }

  /** A strict router has our Record-Route in the Request-URI, and where it goes at the end of Route. @returns true then */
  #undoStrictRoute(request: SipRequest): boolean {
    const { uri, routes } = request;
    const last = routes.at(-1);
    if (!last || uri.kind !== 'sip' || uri.user !== undefined || !uri.lr || !this.#isOurs(uri)) return false;
    request.uri = last.uri;
    if (routes.length > 1) request.set('Route', routes.slice(0, -1));
    else request.remove('Route');
    return true;
  }

  /** RFC 3261 §16.4; true when it came by a route of ours. */
  #dropOwnRoutes(request: SipRequest): boolean {
    let dropped = this.#undoStrictRoute(request);
    while (request.routes.length > 0 && this.#isOurs(request.routes[0].uri)) {
      request.removeFirstValue('Route');
      dropped = true;
    }
    return dropped;
  }

  #isOurs(uri: Uri): boolean {
    if (uri.kind !== 'sip') return false;
    const host = uri.host.toLowerCase();
    if (uri.port === undefined && host === this.domain.toLowerCase()) return true;
    const listeners = this.#transport?.listeners ?? [];
    const names = [this.domain.toLowerCase(), ...listeners.map(({ address }) => address.host)];
    const port = uri.port ?? (uri.secure ? 5061 : 5060);
    return names.includes(host) && listeners.some(({ address }) => address.port === port);
  }
}

function loopKey({ callId, cseq, from, to, uri }: SipRequest): string {
  return `${callId} ${cseq} ${from.tag} ${to.tag} ${uri}`;
}

/** Requests go to the contact, over the connection the user registered with if there is one. */
function toTarget({ contact, flow }: Binding): ForwardTarget {
  return { uri: contact, flow: flow.reliable ? flow : undefined };
}

function recordRoute(flow: Flow): string {
  const transport = flow.protocol === 'udp' ? '' : `;transport=${flow.protocol}`;
  return `<sip:${flow.sentBy}${transport};lr>`;
}
