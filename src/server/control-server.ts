/**
 * The control server: lets programs of any language drive a phone over UDP, TCP, HTTP, WebSocket and server-sent
 * events. It knows the phone only as a {@link CommandTarget}; every way in ends in the same {@link RequestHandler}.
 * Listens on the loopback interface unless told otherwise, and elsewhere only with a token. Executes nothing but the
 * functions of the table.
 */
import { isIP } from 'node:net';
import { type Clock, systemClock } from '../base/clock.js';
import { SwitchhookError } from '../base/errors.js';
import { type Logger, nullLogger } from '../base/logger.js';
import { RateLimit } from './access/rate-limit.js';
import { AccessToken } from './access/token.js';
import { WebPageGuard } from './access/web-page-guard.js';
import { NamedClients } from './clients/named-clients.js';
import { NotificationJournal } from './clients/notification-journal.js';
import type { CommandTarget } from './command-target.js';
import { ControlCounters, prometheusText } from './counters.js';
import { Dispatcher } from './dispatcher.js';
import { homePage } from './pages/home-page.js';
import { openApi } from './pages/openapi.js';
import { RequestHandler, WRONG_TOKENS_PER_SECOND } from './request-handler.js';
import { HttpExchange, type Page } from './transports/http-exchange.js';
import { OutbandNotifier, type OutbandOptions } from './transports/outband-notifier.js';
import { serveEvents } from './transports/server-sent-events.js';
import { type StandardStreams, serveStandardStreams } from './transports/standard-streams.js';
import { StreamListener } from './transports/stream-listener.js';
import { UdpServer } from './transports/udp-server.js';

export interface ControlServerOptions {
  /** Address to listen on. Default 127.0.0.1; any but a loopback address needs a `token`. */
  host?: string;
  /** UDP port; 0 chooses one, undefined: no UDP. */
  udpPort?: number;
  /** Port for TCP, HTTP, WebSocket and server-sent events; 0 chooses one, undefined: none of them. */
  port?: number;
  /** What clients must know. Default: nothing. */
  token?: string;
  /** Origins of web pages that may use the phone, such as `https://phone.example.com`. Default: none. */
  origins?: readonly string[];
  /** Names, besides localhost and addresses, under which the server is reached. */
  hosts?: readonly string[];
  /** Notifications to a port that has not asked. Default: none. */
  outband?: OutbandOptions;
  /** Requests from standard input as well, or from any other pair of streams. Default: no. */
  streams?: StandardStreams;
  /** Longest request, in bytes. Default 65,536. */
  maxRequestBytes?: number;
  /** Connections at a time. Default 256. */
  maxConnections?: number;
  /** Requests a second from one address. Default 5,000. */
  requestsPerSecond?: number;
  /** Shown by `/` and `/openapi.json`. */
  version?: string;
  logger?: Logger;
  clock?: Clock;
}

const DEFAULTS = { host: '127.0.0.1', maxRequestBytes: 65_536, maxConnections: 256, requestsPerSecond: 5000 };
const OPEN_PAGES = new Set(['/', '/health']);

export class ControlServer {
  readonly counters: ControlCounters = new ControlCounters();
  readonly #target: CommandTarget;
  readonly #options: ControlServerOptions & typeof DEFAULTS;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #journal: NotificationJournal;
  readonly #clients: NamedClients;
  #udp: UdpServer | undefined;
  #streams: StreamListener | undefined;
  #outband: OutbandNotifier | undefined;
  #unsubscribe: (() => void) | undefined;
  #endStreams: (() => void) | undefined;
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;
  #startedAt = 0;

  /** @throws ERR_CONTROL_TOKEN when it would listen to others without a token */
  constructor(target: CommandTarget, options: ControlServerOptions = {}) {
    this.#target = target;
    this.#options = { ...DEFAULTS, ...withoutUndefined(options) };
    this.#clock = options.clock ?? systemClock;
    this.#log = (options.logger ?? nullLogger).child('control');
    this.#journal = new NotificationJournal(this.#clock);
    this.#clients = new NamedClients(this.#journal);
    if (!isLoopback(this.#options.host) && !options.token) {
      throw new SwitchhookError('ERR_CONTROL_TOKEN', { host: this.#options.host });
    }
  }

  /** @throws ERR_CONTROL_LISTEN */
  async start(): Promise<void> {
    const { host, udpPort, port, maxConnections, maxRequestBytes, outband, streams } = this.#options;
    this.#startedAt = this.#clock.now();
    const { handler, guard } = this.#access();
    const common = { handler, journal: this.#journal, log: this.#log, pushes: this.#pushes };
    try {
      if (udpPort !== undefined) {
        this.#udp = new UdpServer({ host, port: udpPort }, common);
        await this.#udp.start();
      }
      if (port !== undefined) {
        const exchange = this.#exchange(handler, guard);
        const parts = { ...common, exchange, guard, counters: this.counters, clock: this.#clock };
        this.#streams = new StreamListener({ host, port, maxConnections, maxRequestBytes }, parts);
        await this.#streams.start();
      }
    } catch (cause) {
      await this.#udp?.close().catch(() => {});
      this.#udp = undefined;
      this.#streams = undefined;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SwitchhookError(
        'ERR_CONTROL_LISTEN',
        { address: `${host}:${port ?? udpPort}`, why },
        { cause },
      );
    }
    if (streams) this.#endStreams = serveStandardStreams(streams, { ...common, maxRequestBytes });
    this.tellOutband(outband);
    this.#unsubscribe = this.#target.notifications.subscribe((one) => this.#journal.append(one), 'all');
    this.#log.info('listens', { udp: this.addresses.udp?.port, tcp: this.addresses.tcp?.port, host });
  }

  /** Where it listens, once started. */
  get addresses(): { udp?: { host: string; port: number }; tcp?: { host: string; port: number } } {
    return { udp: this.#udp?.address, tcp: this.#streams?.address };
  }

  /** Sends notifications to another port that has not asked for them; undefined: to none. */
  tellOutband(outband: OutbandOptions | undefined): void {
    this.#outband?.close();
    this.#outband =
      outband &&
      new OutbandNotifier(outband, {
        journal: this.#journal,
        log: this.#log,
        pushes: this.#pushes,
        udp: this.#udp,
      });
  }

  readonly #pushes = (): boolean => this.#target.notifications.allows('socket');

  /** Ends all connections; what was told last gets through. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#unsubscribe?.();
    this.#outband?.close();
    this.#endStreams?.();
    this.#clients.close();
    this.#ending.abort();
    await Promise.all([this.#udp?.close(), this.#streams?.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #access(): { handler: RequestHandler; guard: WebPageGuard } {
    const { token, origins = [], hosts = [], requestsPerSecond } = this.#options;
    const access = new AccessToken(token);
    const handler = new RequestHandler({
      dispatcher: new Dispatcher(this.#target, this.#log),
      token: access,
      requests: new RateLimit(this.#clock, requestsPerSecond),
      wrongTokens: new RateLimit(this.#clock, WRONG_TOKENS_PER_SECOND),
      counters: this.counters,
    });
    return { handler, guard: new WebPageGuard({ origins, hosts, anyHost: access.required }) };
  }

  #exchange(handler: RequestHandler, guard: WebPageGuard): HttpExchange {
    const { maxRequestBytes } = this.#options;
    const parts = {
      journal: this.#journal,
      counters: this.counters,
      clock: this.#clock,
      closing: this.#ending.signal,
    };
    return new HttpExchange({
      handler,
      guard,
      clients: this.#clients,
      counters: this.counters,
      maxRequestBytes,
      pages: this.#pages(),
      openPages: OPEN_PAGES,
      events: (request, response) => serveEvents(request, response, parts),
    });
  }

  #pages(): ReadonlyMap<string, Page> {
    const { version = '', token } = this.#options;
    const json = 'application/json; charset=utf-8';
    const text = (mediaType: string, make: () => string): Page => ({ mediaType, text: make });
    return new Map([
      ['/', text('text/html; charset=utf-8', () => homePage(version))],
      [
        '/openapi.json',
        text(json, () => JSON.stringify(openApi(this.#target.functions, { version, token: !!token }))),
      ],
      ['/health', text(json, () => JSON.stringify({ ok: true, uptime: this.#uptime() }))],
      ['/metrics', text('text/plain; version=0.0.4; charset=utf-8', () => this.#metrics())],
    ]);
  }

  #metrics(): string {
    return prometheusText(this.counters, {
      connections: this.#streams?.connections ?? 0,
      notifications: this.#journal.last,
      uptimeSeconds: this.#uptime(),
    });
  }

  #uptime(): number {
    return Math.round((this.#clock.now() - this.#startedAt) / 1000);
  }
}

/** RFC 1122 §3.2.1.3: all of 127/8. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
