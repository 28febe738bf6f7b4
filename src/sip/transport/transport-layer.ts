/**
 * The transport layer (RFC 3261 §18): listens, connects, sends and receives over UDP, TCP and TLS, IPv4 and IPv6. The
 * endpoint makes one, sets {@link TransportLayer.onMessage} and {@link TransportLayer.onInvalid}, and sends on flows.
 * It knows nothing of transactions; what comes in is parsed, marked with its source and handed up at once.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { abortable } from '../../base/abort.js';
import type { Clock } from '../../base/clock.js';
import type { Diagnostics, SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import { lazy } from '../../base/lazy.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from '../message/limits.js';
import type { SipMessage } from '../message/message.js';
import type { ParseFailure } from '../message/parse-message.js';
import type { Via } from '../message/via.js';
import { canonicalAddress, isWildcard, withoutZone, ZoneBook } from './address.js';
import { type TransportContext, type TransportCounters, transportError } from './context.js';
import type { Flow } from './flow.js';
import type { StreamTransport } from './stream-transport.js';
import { hostPort, type Target, type TransportProtocol } from './target.js';
import type { TlsOptions } from './tls-settings.js';
import { TypeOfService } from './type-of-service.js';
import { UdpFlow } from './udp-socket.js';
import { UdpTransport } from './udp-transport.js';
import { connectionResponseAddress, datagramResponseAddress } from './via-rules.js';

export interface TransportLayerOptions {
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
  limits?: Partial<MessageLimits>;
  tls?: TlsOptions;
  /** Until a connection stands, TLS handshake included; default 10,000. */
  connectTimeoutMs?: number;
  /** A connection nobody watches is closed after so long without a message; default 600,000. */
  idleTimeoutMs?: number;
  /** A peer that connects has so long for its first message, and for the end of every one begun; default 30,000. */
  firstMessageTimeoutMs?: number;
  /** In both directions together; default 1,000. */
  maxConnections?: number;
  /** Unsent bytes of one connection or UDP socket; default 1 MiB. */
  maxSendQueueBytes?: number;
  /** Connections of ours at once, to different servers; default: as many as `maxConnections` allows. */
  maxServers?: number;
  /** Buffers to ask the system for, of every UDP socket; 0 = what it gives by itself. Default 1 MiB each. */
  udpBufferBytes?: { receive: number; send: number };
  /**
   * Type of service (traffic class) of TCP and TLS, 0 to 255; the lowest two bits belong to congestion notification
   * (RFC 3168 §5). Needs Node.js 24.15; what cannot be marked, UDP always, is warned of once. Default: the system's.
   */
  typeOfService?: number;
  /** Told to others (Via, Contact) in place of our own address of the same family, as the public one of a fixed NAT. */
  toldAddress?: string;
  /** Tell the zone of link-local IPv6 addresses (`fe80::1%eth0`) as well, which means nothing elsewhere. Default false. */
  keepZones?: boolean;
}

export interface ListenOptions {
  protocol: TransportProtocol;
  /** Name or IP literal; default '127.0.0.1'. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
}

export interface Listener {
  readonly protocol: TransportProtocol;
  readonly address: SocketAddress;
  /** Stops listening. UDP flows end with it, accepted connections stay. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 600_000;
const FIRST_MESSAGE_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 1000;
const MAX_SEND_QUEUE_BYTES = 1 << 20;
/** The system may give less: bursts of a busy server must fit. */
const UDP_BUFFER_BYTES = { receive: 1 << 20, send: 1 << 20 } as const;
/** Sources of broken messages that were named in the log; then the list starts again. */
const MAX_NAMED_SOURCES = 1000;

const streamTransport = lazy(() => import('./stream-transport.js'));

export class TransportLayer {
  /** Called for every valid message, in order per flow. Set once, before listening. */
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  /** Called for every broken message; `request` and `status` are there when it can be answered. */
  onInvalid: (result: ParseFailure, flow: Flow) => void = () => {};
  readonly counters: Readonly<TransportCounters>;
  readonly #context: TransportContext;
  readonly #udp: UdpTransport;
  /** Loaded with the first listener or connection of its kind: a phone over UDP needs none of it. */
  #streams: StreamTransport | undefined;
  #streamsLoading: Promise<StreamTransport> | undefined;
  readonly #tls: TlsOptions | undefined;
  readonly #listeners = new Set<Listener>();
  readonly #namedSources = new Set<string>();
  readonly #zones = new ZoneBook();
  #closing: Promise<void> | undefined;

  constructor(options: TransportLayerOptions) {
    const counters: TransportCounters = {
      messagesIn: 0,
      messagesOut: 0,
      invalid: 0,
      keepAlivesIn: 0,
      ignored: 0,
      sendErrors: 0,
      connectionsOpened: 0,
      connectionsRefused: 0,
    };
    this.counters = counters;
    const logger = options.logger.child('transport');
    this.#context = {
      clock: options.clock,
      random: options.random,
      logger,
      diagnostics: options.diagnostics,
      limits: { ...DEFAULT_MESSAGE_LIMITS, ...options.limits },
      counters,
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      firstMessageTimeoutMs: options.firstMessageTimeoutMs ?? FIRST_MESSAGE_TIMEOUT_MS,
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
      maxSendQueueBytes: options.maxSendQueueBytes ?? MAX_SEND_QUEUE_BYTES,
      maxServers: options.maxServers ?? Number.POSITIVE_INFINITY,
      udpBufferBytes: options.udpBufferBytes ?? UDP_BUFFER_BYTES,
      typeOfService: new TypeOfService(options.typeOfService, logger),
      told: (local) => told(local, options),
      deliver: (message, flow) => this.#deliver(message, flow),
      deliverInvalid: (result, flow) => this.#deliverInvalid(result, flow),
      listeningPort: (protocol, local) => this.#listeningPort(protocol, local),
    };
    this.#udp = new UdpTransport(this.#context);
    this.#tls = options.tls;
  }

  get listeners(): readonly Listener[] {
    return [...this.#listeners];
  }

  /** Connections open at the moment. */
  get connections(): number {
    return this.#streams?.connections ?? 0;
  }

  /** @throws SwitchhookError ERR_SIP_LISTEN, ERR_INVALID_ARGUMENT, ERR_CLOSED */
  async listen(options: ListenOptions): Promise<Listener> {
    const { protocol, host = '127.0.0.1', port = 0 } = options;
    this.#checkOpen();
    const address = { host: await literal(host), port };
    const listener = await this.#bind(protocol, address);
    this.#listeners.add(listener);
    this.#context.logger.info('listening', {
      protocol,
      address: hostPort(listener.address.host, listener.address.port),
    });
    return listener;
  }

  /**
   * A flow to `target`: a connection that is open already, else a new one. For UDP nothing is sent.
   * @throws SwitchhookError ERR_SIP_TRANSPORT, ERR_SIP_CERTIFICATE, ERR_ABORTED, ERR_CLOSED
   */
  async connect(target: Target, signal?: AbortSignal): Promise<Flow> {
    this.#checkOpen();
    const literal = canonicalAddress(target.host);
    if (literal === undefined) throw transportError(target, 'the host is not an IP address');
    this.#zones.note(literal);
    const host = this.#zones.complete(literal);
    if (!(target.port > 0 && target.port <= 65_535))
      throw transportError(target, 'the port is not between 1 and 65535');
    const { protocol, port, serverName } = target;
    if (protocol === 'udp')
      return abortable(this.#udp.connect({ host, port }), signal, `connecting to ${host}`);
    if (protocol === 'tcp' || protocol === 'tls') {
      const streams = this.#streams ?? (await this.#loadStreams());
      return streams.connect({ protocol, host, port, serverName }, signal);
    }
    throw transportError(target, 'WebSocket is not available');
  }

  /**
   * The flow the response to a request goes out on (RFC 3261 §18.2.2, RFC 3581 §4).
   * @param flow the one the request came in on
   * @param via the top Via of the response
   * @throws as {@link connect}, by rejection, when the connection is gone and no new one can be made
   */
  responseFlow(flow: Flow, via: Via): Flow | Promise<Flow> {
    if (flow.reliable) {
      if (flow.open) return flow;
      const { protocol, remote, secure } = flow;
      const address = connectionResponseAddress(via, remote, protocol);
      return this.connect({ protocol, ...address, serverName: secure ? via.host : undefined });
    }
    const { host, port } = datagramResponseAddress(via, flow.remote);
    if (host === flow.remote.host && port === flow.remote.port) return flow;
    // From the socket the request came in on (RFC 3581 §4).
    if (flow instanceof UdpFlow) return flow.socket.flow({ host, port });
    return this.connect({ protocol: flow.protocol, host, port });
  }

  /** Forgets which local addresses lead where, and ends connections from addresses that are gone. */
  networkChanged(): void {
    this.#udp.networkChanged();
    this.#streams?.networkChanged();
  }

  /** Ends listeners and flows, what was sent is still delivered; resolves when no socket is left. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const streams = this.#streams ?? this.#streamsLoading;
    await Promise.all([this.#udp.closeAll(), streams && (await streams).closeAll()]);
    this.#listeners.clear();
  }

  async #loadStreams(): Promise<StreamTransport> {
    this.#streamsLoading ??= streamTransport().then(
      ({ StreamTransport }) => new StreamTransport(this.#context, this.#tls),
    );
    this.#streams = await this.#streamsLoading;
    this.#checkOpen();
    return this.#streams;
  }

  #checkOpen(): void {
    if (this.#closing) throw new SwitchhookError('ERR_CLOSED', { what: 'the transport layer' });
  }

  async #bind(protocol: TransportProtocol, address: SocketAddress): Promise<Listener> {
    let bound: SocketAddress;
    let stop: () => Promise<void>;
    if (protocol === 'udp') {
      const socket = await this.#udp.listen(address);
      bound = socket.address;
      stop = () => this.#udp.close(socket);
    } else if (protocol === 'tcp' || protocol === 'tls') {
      const streams = this.#streams ?? (await this.#loadStreams());
      const listening = await streams.listen(protocol, address);
      bound = listening.address;
      stop = () => streams.stopListening(listening.server);
    } else {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'WebSocket is not available' });
    }
    const listener: Listener = {
      protocol,
      address: bound,
      close: async () => {
        if (this.#listeners.delete(listener)) await stop();
      },
    };
    return listener;
  }

  #listeningPort(protocol: TransportProtocol, local: string): number | undefined {
    const family = isIP(local);
    let port: number | undefined;
    for (const listener of this.#listeners) {
      if (listener.protocol !== protocol) continue;
      const { host } = listener.address;
      if (host === local) return listener.address.port;
      if (isWildcard(host) && isIP(host) === family) port ??= listener.address.port;
    }
    return port;
  }

  #deliver(message: SipMessage, flow: Flow): void {
    this.#context.counters.messagesIn++;
    this.#zones.note(flow.remote.host);
    try {
      this.onMessage(message, flow);
    } catch (error) {
      this.#context.logger.error('a message could not be handled', { error, source: sourceOf(flow) });
    }
  }

  #deliverInvalid(result: ParseFailure, flow: Flow): void {
    this.#context.counters.invalid++;
    const { host } = flow.remote;
    if (!this.#namedSources.has(host)) {
      if (this.#namedSources.size >= MAX_NAMED_SOURCES) this.#namedSources.clear();
      this.#namedSources.add(host);
      this.#context.logger.warn('broken message; further ones from there are only counted', {
        source: sourceOf(flow),
        why: result.error.message,
      });
    }
    try {
      this.onInvalid(result, flow);
    } catch (error) {
      this.#context.logger.error('a broken message could not be handled', { error, source: sourceOf(flow) });
    }
  }
}

function told(local: string, { toldAddress, keepZones }: TransportLayerOptions): string {
  if (toldAddress && isIP(toldAddress) === isIP(local)) return toldAddress;
  return keepZones ? local : withoutZone(local);
}

function sourceOf({ protocol, remote }: Flow): string {
  return `${protocol}:${hostPort(remote.host, remote.port)}`;
}

async function literal(host: string): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare)) return bare;
  try {
    return (await lookup(bare)).address;
  } catch (cause) {
    throw new SwitchhookError('ERR_SIP_LISTEN', { address: host, why: 'the name has no address' }, { cause });
  }
}
