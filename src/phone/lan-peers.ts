/**
 * Finds other phones on the same network: asks by multicast who is there, and answers who asks. Off unless turned on.
 * The datagrams are small JSON texts of this project's own; what others send into the group is ignored. Made by Phone.
 *
 *     {"switchhook":1,"ask":true,"id":"…","user":"alice","uri":"sip:alice@192.0.2.7:5060","name":"Alice"}
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, Timer } from '../base/clock.js';
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';

export interface LanPeersOptions {
  /** `answer` is found by others and does not search. Default 'off'. */
  mode?: 'off' | 'answer' | 'search';
  /** IPv4 multicast group, or a broadcast address. Default 239.255.76.73 (for this organisation only). */
  group?: string;
  /** Default 50760. */
  port?: number;
  /** Address of the network interface; default: the system's choice. */
  interface?: string;
  /** Seconds between two searches. Default 60. */
  interval?: number;
}

export interface LanPeer {
  user: string;
  uri: string;
  name: string;
}

export type LanPeersEvents = {
  /** Somebody we did not know. */
  found: [peer: LanPeer];
};

export interface LanPeersEnvironment {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Who we are, and where we are called by somebody at `remote`. */
  self(remote: string | undefined): LanPeer;
}

const GROUP = '239.255.76.73';
const PORT = 50_760;
const INTERVAL_S = 60;
const MAX_BYTES = 1200;
const MAX_PEERS = 1000;
/** Answers of many phones to one question are spread over this time. */
const SPREAD_MS = 300;
/** Nobody is answered more often. */
const ANSWER_GAP_MS = 1000;

export class LanPeers extends Emitter<LanPeersEvents> {
  readonly #env: LanPeersEnvironment;
  readonly #id: string;
  readonly #peers = new Map<string, LanPeer>();
  readonly #timers = new Set<Timer>();
  #options: LanPeersOptions;
  #socket: Socket | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(env: LanPeersEnvironment, options: LanPeersOptions = {}) {
    super();
    this.#env = env;
    this.#options = options;
    this.#id = env.random.token(12);
  }

  /** Those found so far. */
  get peers(): readonly LanPeer[] {
    return [...this.#peers.values()];
  }

  /** Does as the mode says. @throws ERR_SIP_LISTEN when the port cannot be had */
  async start(options: LanPeersOptions = this.#options): Promise<void> {
    await this.close();
    this.#options = options;
    const { mode = 'off', group = GROUP, port = PORT } = options;
    if (mode === 'off') return;
    // The port is shared with the other phones of this machine.
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('message', (data, from) => this.#onMessage(data, from));
    socket.on('error', (error) => this.#env.logger.warn('LAN peers', { error }));
    try {
      socket.bind({ port, exclusive: false });
      await once(socket, 'listening');
      if (isMulticast(group)) {
        socket.addMembership(group, options.interface);
        if (options.interface) socket.setMulticastInterface(options.interface);
        socket.setMulticastLoopback(true);
        socket.setMulticastTTL(1);
      } else {
        socket.setBroadcast(true);
      }
    } catch (cause) {
      socket.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SwitchhookError('ERR_SIP_LISTEN', { address: `${group}:${port}`, why }, { cause });
    }
    socket.unref();
    this.#socket = socket;
    if (mode === 'search') this.search();
  }

  /** Asks now, and again after the interval. */
  search(): void {
    this.#send(true, undefined);
    this.#after((this.#options.interval ?? INTERVAL_S) * 1000, () => this.search());
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }

  #after(ms: number, act: () => void): void {
    const timer = this.#env.clock.after(ms, () => {
      this.#timers.delete(timer);
      act();
    });
    this.#timers.add(timer);
  }

  #send(ask: boolean, to: string | undefined): void {
    const { group = GROUP, port = PORT } = this.#options;
    const text = JSON.stringify({ switchhook: 1, ask, id: this.#id, ...this.#env.self(to) });
    this.#socket?.send(text, port, group, (error) => {
      if (error) this.#env.logger.debug('LAN peers', { error });
    });
  }

  #onMessage(data: Buffer, from: RemoteInfo): void {
    const message = data.length <= MAX_BYTES ? parse(data) : undefined;
    if (!message || message.id === this.#id) return;
    const known = this.#peers.get(message.peer.uri);
    if (!known && this.#peers.size < MAX_PEERS) {
      this.#peers.set(message.peer.uri, message.peer);
      this.emit('found', message.peer);
    }
    const now = this.#env.clock.now();
    if (!message.ask || now - this.#answeredAt < ANSWER_GAP_MS) return;
    this.#answeredAt = now;
    this.#after(SPREAD_MS * this.#env.random.float(), () => this.#send(false, from.address));
  }
}

function parse(data: Buffer): { id: string; ask: boolean; peer: LanPeer } | undefined {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { switchhook, ask, id, user, uri, name } = value as Record<string, unknown>;
    if (switchhook !== 1 || typeof id !== 'string' || typeof user !== 'string') return undefined;
    if (typeof uri !== 'string' || !/^sips?:[^\s<>"]+$/i.test(uri)) return undefined;
    return { id, ask: ask === true, peer: { user, uri, name: typeof name === 'string' ? name : '' } };
  } catch {
    return undefined;
  }
}

function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0]);
  return first >= 224 && first <= 239;
}
