/** A webphone on real sockets, with servers on loopback that note what arrives: for settings only real sockets show. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { createDiagnostics } from '../../src/base/diagnostics.js';
import { nullLogger } from '../../src/base/logger.js';
import { cryptoRandom } from '../../src/base/random.js';
import type { PhoneOptions, SocketOptions } from '../../src/phone/index.js';
import {
  type Flow,
  listenOn,
  type ServerHandle,
  SipEndpoint,
  type SipRequest,
  type TlsOptions,
  TransportLayer,
  type TransportProtocol,
} from '../../src/sip/index.js';
import { DnsServer, type DnsZoneEntry } from '../../src/testing/dns-server.js';
import { FakeMediaEngine } from '../../src/testing/fake-media.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import { type Notification, Webphone } from '../../src/webphone/index.js';
import type { Given } from './settings-world.js';

const COMMON = {
  clock: systemClock,
  random: cryptoRandom,
  logger: nullLogger,
  diagnostics: createDiagnostics(),
};

interface Arrived {
  request: SipRequest;
  flow: Flow;
  tx: ServerHandle;
}

export interface LoopServerOptions {
  host?: string;
  port?: number;
  protocols?: readonly TransportProtocol[];
  tls?: TlsOptions;
}

/** Registers everybody, answers OPTIONS, and leaves the rest to the test. */
export class LoopServer {
  readonly arrived: Arrived[] = [];

  private constructor(
    readonly endpoint: SipEndpoint,
    readonly port: number,
    readonly host: string,
  ) {
    endpoint.onRequest = (request, tx) => {
      this.arrived.push({ request, flow: tx.flow, tx });
      if (request.method === 'OPTIONS') tx.reply(200);
      if (request.method === 'REGISTER') {
        tx.reply(200, undefined, (response) => {
          for (const contact of request.contacts) response.add('Contact', contact);
          response.set('Expires', request.expires ?? 600);
        });
      }
    };
  }

  static async start(options: LoopServerOptions = {}): Promise<LoopServer> {
    const { host = '127.0.0.1', port = 0, protocols = ['udp', 'tcp'], tls } = options;
    const transport = new TransportLayer({ ...COMMON, tls });
    const endpoint = new SipEndpoint({ ...COMMON, transport, resolver: new FakeResolver() });
    const [{ address }] = await listenOn(transport, protocols, { host, port });
    return new LoopServer(endpoint, address.port, host);
  }

  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  /** The n-th request of a method, once it has come. */
  async request(method: string, at = 0, timeout = 5000): Promise<Arrived> {
    return vi.waitFor(
      () => {
        const found = this.arrived.filter(({ request }) => request.method === method)[at];
        if (!found) throw new Error(`no ${method} has come`);
        return found;
      },
      { timeout, interval: 10 },
    );
  }

  count(method: string): number {
    return this.arrived.filter(({ request }) => request.method === method).length;
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}

export class LoopbackWorld {
  readonly engine = new FakeMediaEngine();
  readonly folder = mkdtempSync(join(tmpdir(), 'switchhook-loopback-'));
  readonly told: Notification[] = [];
  readonly #closers: Array<() => Promise<unknown>> = [];
  #dns: DnsServer | undefined;

  async server(options: LoopServerOptions = {}): Promise<LoopServer> {
    const server = await LoopServer.start(options);
    this.#closers.push(() => server.close());
    return server;
  }

  async dns(zone: Readonly<Record<string, DnsZoneEntry>>): Promise<DnsServer> {
    this.#dns = await DnsServer.start(zone);
    this.#closers.push(() => this.#dns?.close() ?? Promise.resolve());
    return this.#dns;
  }

  /** Sockets alone. */
  transport(options: SocketOptions, tls?: TlsOptions): TransportLayer {
    const transport = new TransportLayer({ ...COMMON, ...options, tls });
    this.#closers.push(() => transport.close());
    return transport;
  }

  /** A webphone of these settings that is not started yet; user and password are there. */
  webphone(given: Given, phone: PhoneOptions = {}): Webphone {
    const webphone = new Webphone({
      startsipstack: 0,
      settings: { username: 'anna', password: 'secret', ...given },
      workFolder: this.folder,
      phone: {
        engine: this.engine,
        ...(this.#dns ? { dnsServers: [this.#dns.address] } : {}),
        ...phone,
      },
    });
    webphone.notifications.subscribe((one) => this.told.push(one));
    this.#closers.push(() => webphone.close());
    return webphone;
  }

  /** The same, started, which registers it as well; resolves when it listens. */
  async started(given: Given, phone: PhoneOptions = {}): Promise<Webphone> {
    const webphone = this.webphone(given, phone);
    webphone.API_Start();
    await vi.waitFor(() => {
      if (!this.told.some((one) => /^START,sip/.test(String(one)))) throw new Error('not started');
    }, 5000);
    return webphone;
  }

  strings(): string[] {
    return this.told.map(String);
  }

  async end(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Does something in such a world, and takes it down again. */
export async function onLoopback<T>(work: (world: LoopbackWorld) => Promise<T>): Promise<T> {
  const world = new LoopbackWorld();
  try {
    return await work(world);
  } finally {
    await world.end();
  }
}
