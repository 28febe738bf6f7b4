/**
 * One bound UDP socket and the flows over it. Made by the UDP transport. A datagram goes from here to the endpoint
 * without a promise; sending costs one call of the system. Never interprets a message beyond its top Via.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import { SipRequest } from '../message/message.js';
import { type ParseResult, parseMessage } from '../message/parse-message.js';
import { isWildcard } from './address.js';
import { describe, type TransportContext, trace, transportError } from './context.js';
import { BaseFlow } from './flow.js';
import { anyLocalAddress, type RouteProbe } from './route-probe.js';
import { hostPort } from './target.js';
import { markSource } from './via-rules.js';

/** 65,535 less the UDP header and, for IPv4, the IP header (RFC 768, RFC 791). */
const MAX_PAYLOAD = { udp4: 65_507, udp6: 65_527 } as const;
/** Flows kept so that the same peer gets the same flow; one that falls out still works. */
const MAX_FLOWS = 10_000;
/** Datagrams that wait for the route to their sender to be found. */
const MAX_WAITING = 256;
const CRLF = Buffer.from('\r\n');
const CR = 0x0d;
const LF = 0x0a;
/** RFC 7983 §7: STUN and the like start with octets no SIP message starts with. */
const FIRST_SIP_OCTET = 0x20;

export class UdpFlow extends BaseFlow {
  readonly protocol = 'udp';
  readonly reliable = false;
  readonly secure = false;
  readonly remote: SocketAddress;
  readonly socket: UdpSocket;

  constructor(socket: UdpSocket, remote: SocketAddress) {
    super(socket.context.clock, socket.context.random);
    this.socket = socket;
    this.remote = remote;
  }

  get local(): SocketAddress {
    return this.socket.localAddress(this.remote.host);
  }

  get sentBy(): string {
    if (this.seenAs) return hostPort(this.seenAs.host, this.seenAs.port);
    const { host, port } = this.local;
    return hostPort(this.socket.context.told(host), port);
  }

  send(data: Uint8Array, done?: (error: SwitchhookError | null) => void): void {
    this.socket.send(this, data, done);
  }

  close(): void {
    this.closed(undefined);
    this.socket.forget(this);
  }

  /** The socket is gone. */
  lose(error: SwitchhookError | undefined): void {
    this.closed(error);
  }

  /** Keeps a NAT binding open; few servers answer (RFC 5626 wants STUN for that, most take this). */
  protected sendPing(ping: Uint8Array = CRLF): void {
    this.socket.sendRaw(ping, this.remote);
    this.expectPong();
  }

  protected pongMissing(): void {
    const target = hostPort(this.remote.host, this.remote.port);
    const why = 'the peer does not answer the keep-alive';
    this.closed(new SwitchhookError('ERR_SIP_CONNECTION_LOST', { target, why }));
    this.socket.forget(this);
  }

  /** A datagram with nothing but line ends came from there. */
  answered(): void {
    this.pongArrived();
  }

  protected override watchedChanged(watched: boolean): void {
    this.socket.watch(this, watched);
  }
}

export class UdpSocket {
  readonly context: TransportContext;
  readonly address: SocketAddress;
  readonly wildcard: boolean;
  readonly #socket: Socket;
  readonly #type: 'udp4' | 'udp6';
  readonly #routes: RouteProbe;
  readonly #flows = new Map<string, UdpFlow>();
  readonly #watched = new Set<UdpFlow>();
  #waiting = 0;
  #open = true;

  /** @throws SwitchhookError ERR_SIP_LISTEN */
  static async bind(
    context: TransportContext,
    routes: RouteProbe,
    address: SocketAddress,
  ): Promise<UdpSocket> {
    const type = address.host.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({
      type,
      ipv6Only: type === 'udp6',
      // All our hosts are literals: without this Node defers every send by a turn of the event loop.
      lookup: (host, _options, callback) => callback(null, host, type === 'udp6' ? 6 : 4),
    });
    try {
      // With that lookup the event may come before bind() returns.
      const listening = once(socket, 'listening');
      socket.bind({ address: address.host, port: address.port, exclusive: true });
      await listening;
    } catch (cause) {
      socket.close();
      const details = { address: `udp:${hostPort(address.host, address.port)}`, why: describe(cause) };
      throw new SwitchhookError('ERR_SIP_LISTEN', details, { cause });
    }
    return new UdpSocket(context, routes, socket, type);
  }

  private constructor(context: TransportContext, routes: RouteProbe, socket: Socket, type: 'udp4' | 'udp6') {
    this.context = context;
    this.#routes = routes;
    this.#socket = socket;
    this.#type = type;
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.wildcard = isWildcard(address);
    const { receive, send } = context.udpBufferBytes;
    try {
      if (receive > 0) socket.setRecvBufferSize(receive);
      if (send > 0) socket.setSendBufferSize(send);
    } catch {
      // The system's own size has to do.
    }
    socket.on('message', (data, from) => this.#receive(data, from));
    socket.on('error', (error) => context.logger.warn('UDP socket error', { address: this.#name, error }));
  }

  get family(): 4 | 6 {
    return this.#type === 'udp6' ? 6 : 4;
  }

  get #name(): string {
    return `udp:${hostPort(this.address.host, this.address.port)}`;
  }

  /** The address datagrams to `remoteHost` carry as their source. */
  localAddress(remoteHost: string): SocketAddress {
    if (!this.wildcard) return this.address;
    return { host: this.#routes.get(remoteHost) ?? anyLocalAddress(this.family), port: this.address.port };
  }

  /** The flow to a peer; the same one as long as it is remembered. */
  flow(remote: SocketAddress): UdpFlow {
    const key = hostPort(remote.host, remote.port);
    const known = this.#flows.get(key);
    if (known?.open) return known;
    const flow = new UdpFlow(this, { host: remote.host, port: remote.port });
    this.#flows.set(key, flow);
    if (this.#flows.size > MAX_FLOWS) this.#flows.delete(this.#flows.keys().next().value ?? key);
    return flow;
  }

  forget(flow: UdpFlow): void {
    const key = hostPort(flow.remote.host, flow.remote.port);
    if (this.#flows.get(key) === flow) this.#flows.delete(key);
    this.#watched.delete(flow);
  }

  watch(flow: UdpFlow, watched: boolean): void {
    if (watched) this.#watched.add(flow);
    else this.#watched.delete(flow);
  }

  send(flow: UdpFlow, data: Uint8Array, done?: (error: SwitchhookError | null) => void): void {
    const { context } = this;
    const { remote } = flow;
    const refusal = this.#refusal(flow, data.length);
    if (refusal !== undefined) {
      context.counters.sendErrors++;
      if (done) queueMicrotask(() => done(transportError({ protocol: 'udp', ...remote }, refusal)));
      return;
    }
    if (context.diagnostics.sip.active) trace(context, 'out', flow, data);
    context.counters.messagesOut++;
    const onSent = done
      ? (error: Error | null) => {
          if (error) context.counters.sendErrors++;
          done(error ? transportError({ protocol: 'udp', ...remote }, error) : null);
        }
      : this.#onSent;
    this.#socket.send(data, 0, data.length, remote.port, remote.host, onSent);
  }

  sendRaw(data: Uint8Array, remote: SocketAddress): void {
    if (this.#open) this.#socket.send(data, 0, data.length, remote.port, remote.host, this.#onSent);
  }

  /** Ends all flows. Resolves when the port is free. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const flow of [...this.#watched, ...this.#flows.values()]) flow.lose(undefined);
    this.#flows.clear();
    this.#watched.clear();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #refusal(flow: UdpFlow, size: number): string | undefined {
    if (!this.#open || !flow.open) return 'the flow is closed';
    if (size > MAX_PAYLOAD[this.#type]) return `${size} bytes do not fit into a datagram`;
    if (this.#socket.getSendQueueSize() > this.context.maxSendQueueBytes) return 'the send queue is full';
    return undefined;
  }

  readonly #onSent = (error: Error | null): void => {
    if (!error) return;
    this.context.counters.sendErrors++;
    this.context.logger.debug('datagram not sent', { address: this.#name, error });
  };

  #receive(data: Buffer, from: RemoteInfo): void {
    const { counters, limits } = this.context;
    if (isKeepAlive(data)) {
      counters.keepAlivesIn++;
      this.#flows.get(hostPort(from.address, from.port))?.answered();
      return;
    }
    if (data[0] < FIRST_SIP_OCTET && data[0] !== CR) {
      counters.ignored++;
      return;
    }
    const remote = { host: from.address, port: from.port };
    const result = parseMessage(data, limits);
    if (!this.wildcard || this.#routes.get(remote.host) !== undefined) this.#handUp(result, data, remote);
    else this.#waitForRoute(result, data, remote);
  }

  /** The first datagram of a host has to wait until our own address towards it is known; order is kept. */
  #waitForRoute(result: ParseResult, data: Buffer, remote: SocketAddress): void {
    if (this.#waiting >= MAX_WAITING) {
      this.context.counters.ignored++;
      return;
    }
    this.#waiting++;
    this.#routes
      .find(remote.host)
      .catch(() => undefined)
      .then(() => {
        this.#waiting--;
        if (this.#open) this.#handUp(result, data, remote);
      });
  }

  #handUp(result: ParseResult, data: Buffer, remote: SocketAddress): void {
    const { context } = this;
    // Garbage gets a flow of its own, so that it cannot push real ones out.
    const flow = result.ok ? this.flow(remote) : new UdpFlow(this, remote);
    if (context.diagnostics.sip.active) trace(context, 'in', flow, data);
    if (!result.ok) {
      if (result.request) markSource(result.request, remote);
      context.deliverInvalid(result, flow);
      return;
    }
    if (result.message instanceof SipRequest) markSource(result.message, remote);
    context.deliver(result.message, flow);
  }
}

/** Line ends or zeros alone: what clients send to keep a NAT binding open. */
function isKeepAlive(data: Buffer): boolean {
  if (data.length > 4) return false;
  for (let i = 0; i < data.length; i++) if (data[i] !== CR && data[i] !== LF && data[i] !== 0) return false;
  return true;
}
