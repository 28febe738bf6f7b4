/**
 * TCP and TLS of a transport layer: listening, connecting, using connections again. Made by the transport layer, which
 * also hands it the settings. WebSocket will stand beside it with the same pool and its own connection class.
 */
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { abortable } from '../../base/abort.js';
import { isLoopback } from '../../base/address-scope.js';
import type { SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import type { SipRequest } from '../message/message.js';
import { localAddresses, withoutZone } from './address.js';
import { sipIdentities } from './certificate.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { ConnectionPool, reuseKey } from './connection-pool.js';
import { describe, type TransportContext, transportError } from './context.js';
import { dial } from './dial.js';
import { hostPort, type Target, targetName } from './target.js';
import { type TlsOptions, TlsSettings } from './tls-settings.js';

type StreamTarget = Target & { protocol: 'tcp' | 'tls' };

/** A connection being opened, and for how many. */
interface Dialling {
  connection: Promise<Connection>;
  waiting: number;
  controller: AbortController;
}

export class StreamTransport implements ConnectionOwner {
  readonly #context: TransportContext;
  readonly #tls: TlsSettings;
  readonly #pool: ConnectionPool;
  readonly #dialling = new Map<string, Dialling>();
  readonly #servers = new Set<Server>();
  /** Sockets whose TLS handshake is under way, by the address of the peer. */
  readonly #handshakes = new Map<string, Socket>();
  #onEmpty: (() => void) | undefined;
  #open = true;

  constructor(context: TransportContext, tls: TlsOptions | undefined) {
    this.#context = context;
    this.#tls = new TlsSettings(tls);
    this.#pool = new ConnectionPool(context.maxConnections, () => context.counters.connectionsRefused++);
  }

  get connections(): number {
    return this.#pool.size;
  }

  /** @throws SwitchhookError ERR_SIP_LISTEN, ERR_INVALID_ARGUMENT */
  async listen(
    protocol: 'tcp' | 'tls',
    address: SocketAddress,
  ): Promise<{ server: Server; address: SocketAddress }> {
    const server = protocol === 'tls' ? this.#tlsServer() : this.#tcpServer();
    // The pool decides below; this bounds handshakes under way.
    server.maxConnections = 2 * this.#context.maxConnections;
    server.on('drop', () => this.#context.counters.connectionsRefused++);
    try {
      server.listen({
        host: address.host,
        port: address.port,
        exclusive: true,
        ipv6Only: address.host.includes(':'),
      });
      await once(server, 'listening');
    } catch (cause) {
      const details = { address: targetName({ protocol, ...address }), why: describe(cause) };
      throw new SwitchhookError('ERR_SIP_LISTEN', details, { cause });
    }
    if (!this.#open) {
      server.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the transport layer' });
    }
    server.on('error', (error) => this.#context.logger.warn('listening socket error', { protocol, error }));
    this.#servers.add(server);
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address');
    return { server, address: { host: bound.address, port: bound.port } };
  }

  /** Accepted connections stay. */
  async stopListening(server: Server): Promise<void> {
    if (!this.#servers.delete(server)) return;
    // close() would wait for the connections it has accepted: the port itself is free at once.
    server.close();
  }

  /** @throws SwitchhookError ERR_SIP_TRANSPORT, ERR_SIP_CERTIFICATE, ERR_ABORTED */
  async connect(target: StreamTarget, signal?: AbortSignal): Promise<Connection> {
    const existing = this.#pool.find(target);
    if (existing) return existing;
    const key = reuseKey(target);
    let dialling = this.#dialling.get(key);
    if (!dialling) {
      if (!this.#pool.makeRoom(this.#dialling.size)) {
        this.#context.counters.connectionsRefused++;
        throw transportError(target, `there are ${this.#context.maxConnections} connections already`);
      }
      const { maxServers } = this.#context;
      if (
        maxServers < Number.POSITIVE_INFINITY &&
        !this.#pool.makeRoomForServer(maxServers, this.#dialling.size)
      )
        throw transportError(target, `there are connections to ${maxServers} servers already`);
      dialling = this.#dial(target, key);
    }
    dialling.waiting++;
    try {
      return await abortable(dialling.connection, signal, `connecting to ${targetName(target)}`);
    } finally {
      dialling.waiting--;
      if (dialling.waiting === 0) {
        dialling.controller.abort();
        this.#forget(key, dialling);
      }
    }
  }

  async closeAll(): Promise<void> {
    this.#open = false;
    for (const { controller } of this.#dialling.values()) controller.abort();
    const ends = [...this.#servers].map((server) => {
      const closed = once(server, 'close');
      server.close();
      return closed;
    });
    this.#servers.clear();
    for (const socket of this.#handshakes.values()) socket.destroy();
    for (const connection of this.#pool) connection.closeSoon();
    await Promise.all(ends);
    while (this.#pool.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** Ends the connections whose own address this machine does not have any more: they would only time out. */
  networkChanged(): void {
    const addresses = localAddresses();
    for (const connection of [...this.#pool]) {
      const { host } = connection.local;
      if (!isLoopback(host) && !addresses.has(withoutZone(host))) connection.lose('the network has changed');
    }
  }

  onRequest(request: SipRequest, connection: Connection): void {
    this.#pool.addAliases(connection, request);
  }

  onGone(connection: Connection): void {
    this.#pool.remove(connection);
    if (this.#pool.size === 0) this.#onEmpty?.();
  }

  #dial(target: StreamTarget, key: string): Dialling {
    const controller = new AbortController();
    const connection = dial(this.#context, target, this.#tls, controller.signal)
      .then(({ socket, identities }) => this.#adopt(socket, target, 'out', identities))
      .finally(() => this.#forget(key, dialling));
    // Nobody may be waiting any more.
    connection.catch(() => {});
    const dialling: Dialling = { connection, waiting: 0, controller };
    this.#dialling.set(key, dialling);
    return dialling;
  }

  #forget(key: string, dialling: Dialling): void {
    if (this.#dialling.get(key) === dialling) this.#dialling.delete(key);
  }

  #tcpServer(): Server {
    return createTcpServer((socket) => {
      this.#context.typeOfService.mark(socket);
      this.#accept(socket, 'tcp');
    });
  }

  #tlsServer(): Server {
    const server = createTlsServer(
      { ...this.#tls.serverOptions, handshakeTimeout: this.#context.connectTimeoutMs },
      (socket) => {
        this.#handshakes.delete(nameOf(socket));
        this.#accept(socket, 'tls');
      },
    );
    server.on('connection', (socket) => {
      this.#context.typeOfService.mark(socket);
      const name = nameOf(socket);
      this.#handshakes.set(name, socket);
      socket.once('close', () => {
        if (this.#handshakes.get(name) === socket) this.#handshakes.delete(name);
      });
    });
    server.on('tlsClientError', (error, socket) => {
      const { remoteAddress: host, remotePort: port } = socket;
      this.#context.logger.debug('TLS handshake failed', {
        remote: host && hostPort(host, port ?? 0),
        error,
      });
      socket.destroy();
    });
    return server;
  }

  #accept(socket: Socket, protocol: 'tcp' | 'tls'): void {
    const { remoteAddress: host, remotePort: port } = socket;
    if (
      host === undefined ||
      port === undefined ||
      !this.#open ||
      !this.#pool.makeRoom(this.#dialling.size)
    ) {
      this.#context.counters.connectionsRefused++;
      // A peer that is gone already, or one too many.
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const verified = socket instanceof TLSSocket && socket.authorized;
    const identities = verified ? sipIdentities(socket.getPeerCertificate()) : [];
    this.#adopt(socket, { protocol, host, port }, 'in', identities);
  }

  #adopt(
    socket: Socket,
    target: StreamTarget,
    direction: 'in' | 'out',
    identities: readonly string[],
  ): Connection {
    const { protocol, host, port } = target;
    if (!this.#open) {
      socket.destroy();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the transport layer' });
    }
    const remote = { host, port };
    const connection = new Connection(this.#context, this, socket, {
      protocol,
      direction,
      remote,
      identities,
    });
    this.#pool.add(connection, target);
    this.#context.counters.connectionsOpened++;
    this.#context.logger.debug('connection open', { remote: targetName(target), direction });
    return connection;
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return hostPort(remoteAddress ?? '', remotePort ?? 0);
}
