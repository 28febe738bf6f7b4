/**
 * A network inside one process for tests in virtual time: several {@link FakeTransport}s, each a host with an address,
 * exchange SIP messages as bytes, with latency, loss, copies and broken connections. Stands where the real TransportLayer
 * stands (see EndpointTransport). Opens no socket.
 */
import { EMPTY_BYTES, utf8Text } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import type { SocketAddress } from '../base/diagnostics.js';
import { SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import {
  type EndpointTransport,
  type Flow,
  hostPort,
  type KeepAliveOptions,
  type Listener,
  type ListenOptions,
  type ParseFailure,
  parseMessage,
  type SipMessage,
  SipRequest,
  type Target,
  type TransportProtocol,
  type Via,
} from '../sip/index.js';
import { withoutZone, ZoneBook } from '../sip/transport/address.js';
import { connectionResponseAddress, markSource } from '../sip/transport/via-rules.js';

export interface FakeNetworkOptions {
  clock: Clock;
  random: Random;
  /** One way; default 5 ms. */
  latencyMs?: number;
  /** Added at random to the latency of UDP, so that datagrams overtake each other; default 0. */
  jitterMs?: number;
  /** Share of the UDP datagrams that get lost, 0 to 1; default 0. */
  lossRate?: number;
  /** Share of the UDP datagrams that arrive twice, 0 to 1; default 0. */
  duplicateRate?: number;
}

/** A message on the wire. */
export interface FakePacket {
  /** Clock time when it was sent, ms. */
  time: number;
  protocol: TransportProtocol;
  from: SocketAddress;
  to: SocketAddress;
  text: string;
  lost: boolean;
}

type SendDone = (error: SwitchhookError | null) => void;

const key = (protocol: TransportProtocol, { host, port }: SocketAddress): string =>
  `${protocol} ${host} ${port}`;

export class FakeNetwork {
  readonly clock: Clock;
  latencyMs: number;
  jitterMs: number;
  lossRate: number;
  duplicateRate: number;
  /** Decides the fate of a single message, beside the loss rate: true loses it. */
  lose: (packet: FakePacket) => boolean = () => false;
  /** Everything sent so far, the lost included. */
  readonly packets: FakePacket[] = [];
  /** Hosts whose network is down: nothing reaches them and nothing comes from them. */
  readonly unreachable = new Set<string>();
  readonly #random: Random;
  readonly #listeners = new Map<string, FakeTransport>();
  #flowId = 0;

  constructor(options: FakeNetworkOptions) {
    this.clock = options.clock;
    this.#random = options.random;
    this.latencyMs = options.latencyMs ?? 5;
    this.jitterMs = options.jitterMs ?? 0;
    this.lossRate = options.lossRate ?? 0;
    this.duplicateRate = options.duplicateRate ?? 0;
  }

  /** A new host. */
  transport(host: string): FakeTransport {
    return new FakeTransport(this, host);
  }

  /** The start lines of what was sent, for assertions: 'INVITE sip:bob@… SIP/2.0', 'SIP/2.0 200 OK'. */
  startLines(): string[] {
    return this.packets.map(({ text }) => text.slice(0, text.indexOf('\r\n')));
  }

  /** For transports only. */
  attach(protocol: TransportProtocol, address: SocketAddress, transport: FakeTransport): void {
    this.#listeners.set(key(protocol, address), transport);
  }

  /** For transports only. */
  detach(protocol: TransportProtocol, address: SocketAddress): void {
    this.#listeners.delete(key(protocol, address));
  }

  /** For transports only. */
  at(protocol: TransportProtocol, address: SocketAddress): FakeTransport | undefined {
    return this.isUp(address.host) ? this.#listeners.get(key(protocol, address)) : undefined;
  }

  /** For transports only. */
  isUp(host: string): boolean {
    return !this.unreachable.has(host);
  }

  /** For transports only. */
  nextFlowId(): number {
    return ++this.#flowId;
  }

  /** For transports only: carries bytes to the other side, which `deliver` knows. */
  carry(flow: FakeFlow, data: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const packet: FakePacket = {
      time: this.clock.now(),
      protocol: flow.protocol,
      from: flow.local,
      to: flow.remote,
      text: utf8Text(data),
      lost: !this.isUp(flow.local.host) || !this.isUp(flow.remote.host),
    };
    if (!flow.reliable && this.lossRate > 0 && this.#random.float() < this.lossRate) packet.lost = true;
    packet.lost ||= this.lose(packet);
    this.packets.push(packet);
    if (packet.lost) return;
    const bytes = Uint8Array.from(data);
    const arrive = (): void => {
      const jitter = flow.reliable ? 0 : this.jitterMs * this.#random.float();
      this.clock.after(this.latencyMs + jitter, () => deliver(bytes));
    };
    arrive();
    if (!flow.reliable && this.duplicateRate > 0 && this.#random.float() < this.duplicateRate) arrive();
  }
}

/** One way between two hosts; the two ends of a connection know each other. */
export class FakeFlow implements Flow {
  readonly id: number;
  readonly reliable: boolean;
  readonly secure: boolean;
  /** The other end of a connection. For transports only. */
  peer: FakeFlow | undefined;
  seenAs: SocketAddress | undefined;
  #open = true;
  readonly #closeListeners = new Set<(error?: SwitchhookError) => void>();

  constructor(
    private readonly owner: FakeTransport,
    readonly protocol: TransportProtocol,
    /** For transports only: a host may move. */
    public local: SocketAddress,
    readonly remote: SocketAddress,
    public listensOn: string,
  ) {
    this.id = owner.network.nextFlowId();
    this.reliable = protocol !== 'udp';
    this.secure = protocol === 'tls' || protocol === 'wss';
  }

  get open(): boolean {
    return this.#open;
  }

  get sentBy(): string {
    return this.seenAs ? hostPort(this.seenAs.host, this.seenAs.port) : this.listensOn;
  }

  send(data: Uint8Array, done?: SendDone): void {
    const { network } = this.owner;
    if (!this.#open) {
      const error = this.#lost();
      if (done) queueMicrotask(() => done(error));
      return;
    }
    network.carry(this, data, (bytes) => {
      if (this.peer) this.peer.receive(bytes);
      else network.at('udp', this.remote)?.receiveDatagram(bytes, this.remote, this.local);
    });
    if (done) queueMicrotask(() => done(null));
  }

  /** What the last call of {@link keepAlive} asked for: nothing is sent. */
  keptAlive: { intervalMs: number; options: KeepAliveOptions } | undefined;

  keepAlive(intervalMs: number, options: KeepAliveOptions = {}): void {
    this.keptAlive = intervalMs > 0 ? { intervalMs, options } : undefined;
  }

  onClose(listener: (error?: SwitchhookError) => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  close(): void {
    if (!this.#open) return;
    this.#closed();
    const { peer } = this;
    if (peer) this.owner.network.clock.after(this.owner.network.latencyMs, () => peer.#closed(peer.#lost()));
  }

  #closed(error?: SwitchhookError): void {
    if (!this.#open) return;
    this.#open = false;
    this.owner.forget(this);
    for (const listener of this.#closeListeners) {
      queueMicrotask(() => {
        if (this.#closeListeners.has(listener)) listener(error);
      });
    }
  }

  #lost(): SwitchhookError {
    const target = `${this.protocol}:${this.remote.host}:${this.remote.port}`;
    return new SwitchhookError('ERR_SIP_TRANSPORT', {
      method: 'message',
      target,
      why: 'the connection is closed',
    });
  }

  /** For the network only. */
  receive(bytes: Uint8Array): void {
    if (this.#open) this.owner.receive(bytes, this);
  }
}

const EPHEMERAL_PORT = 40_000;

/** One host of a {@link FakeNetwork}. */
export class FakeTransport implements EndpointTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onInvalid: (failure: ParseFailure, flow: Flow) => void = () => {};
  readonly listeners: Listener[] = [];
  readonly #flows = new Map<string, FakeFlow>();
  readonly #zones = new ZoneBook();
  #nextPort = EPHEMERAL_PORT;

  constructor(
    readonly network: FakeNetwork,
    public host: string,
  ) {}

  /** The host has another address from now on: its sockets are there, its connections are gone. */
  moveTo(host: string): void {
    for (const { protocol, address } of this.listeners) {
      this.network.detach(protocol, address);
      address.host = host;
      this.network.attach(protocol, address, this);
    }
    this.host = host;
    for (const flow of [...this.#flows.values()]) {
      if (flow.reliable) flow.close();
      flow.local = { ...flow.local, host };
      flow.listensOn = `${host}:${flow.local.port}`;
    }
  }

  async listen({ protocol, host = this.host, port = 0 }: ListenOptions): Promise<Listener> {
    const address = { host, port: port || this.#nextPort++ };
    this.network.attach(protocol, address, this);
    const listener: Listener = {
      protocol,
      address,
      close: async () => {
        this.network.detach(protocol, address);
        this.listeners.splice(this.listeners.indexOf(listener), 1);
      },
    };
    this.listeners.push(listener);
    return listener;
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Flow> {
    signal?.throwIfAborted();
    const { protocol, port } = target;
    const host = this.#zones.complete(target.host);
    const remote = { host, port };
    const known = this.#flows.get(key(protocol, remote));
    if (known) return known;
    if (protocol === 'udp') {
      const own = this.listeners.find((listener) => listener.protocol === 'udp');
      const { address } = own ?? (await this.listen({ protocol }));
      return this.#flow(protocol, address, remote);
    }
    await new Promise<void>((resolve) => this.network.clock.after(2 * this.network.latencyMs, resolve));
    const server = this.network.isUp(this.host) ? this.network.at(protocol, remote) : undefined;
    if (!server) {
      const details = { method: 'message', target: `${protocol}:${host}:${port}`, why: 'connection refused' };
      throw new SwitchhookError('ERR_SIP_TRANSPORT', details);
    }
    const local = { host: this.host, port: this.#nextPort++ };
    const near = this.#flow(protocol, local, remote);
    const far = server.#flow(protocol, remote, local);
    near.peer = far;
    far.peer = near;
    return near;
  }

  responseFlow(flow: Flow, via: Via): Flow | Promise<Flow> {
    if (flow.open) return flow;
    return this.connect({
      protocol: flow.protocol,
      ...connectionResponseAddress(via, flow.remote, flow.protocol),
    });
  }

  async close(): Promise<void> {
    for (const flow of [...this.#flows.values()]) flow.close();
    for (const listener of [...this.listeners]) await listener.close();
  }

  /** Breaks all connections, as a router does that lost its state. */
  breakConnections(): void {
    for (const flow of [...this.#flows.values()]) if (flow.reliable) flow.close();
  }

  /** For the network only. */
  receiveDatagram(bytes: Uint8Array, local: SocketAddress, remote: SocketAddress): void {
    const flow = this.#flows.get(key('udp', remote)) ?? this.#flow('udp', local, remote);
    this.receive(bytes, flow);
  }

  /** For flows only. */
  receive(bytes: Uint8Array, flow: FakeFlow): void {
    const result = parseMessage(bytes.length > 0 ? bytes : EMPTY_BYTES);
    if (!result.ok) {
      this.onInvalid(result, flow);
      return;
    }
    if (result.message instanceof SipRequest) markSource(result.message, flow.remote);
    this.onMessage(result.message, flow);
  }

  /** For flows only. */
  forget(flow: FakeFlow): void {
    this.#flows.delete(key(flow.protocol, flow.remote));
  }

  #flow(protocol: TransportProtocol, local: SocketAddress, remote: SocketAddress): FakeFlow {
    const own = this.listeners.find((listener) => listener.protocol === protocol)?.address ?? local;
    const flow = new FakeFlow(this, protocol, local, remote, hostPort(withoutZone(own.host), own.port));
    this.#zones.note(remote.host);
    this.#flows.set(key(protocol, remote), flow);
    return flow;
  }
}
