/**
 * Requests as datagrams, one each; the answer and from then on the notifications go to where the request came from.
 * The 16 addresses that asked last get notifications; a datagram that is lost is lost.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Logger } from '../../base/logger.js';
import { ControlClient } from '../clients/control-client.js';
import {
  framedNotification,
  JournalCursor,
  type NotificationJournal,
} from '../clients/notification-journal.js';
import type { RequestHandler } from '../request-handler.js';

const MAX_PEERS = 16;
/** What fits into a datagram (RFC 768 with IPv4). */
const MAX_DATAGRAM = 65_507;
/** What is sent to clients. Two servers that got each other's would answer for ever. */
const ANSWER = /^\s*(APIREQUEST:|WPNOTIFICATION,|ERROR:|BOFCOMMANDBOFLINEAPIREQUEST:)/;
/** Polled notifications in one answer, so that it fits also where the format makes it longer. */
const MAX_POLLED = 48 << 10;
/** In bytes; a notification that is longer is cut: better than not told. */
const MAX_NOTIFICATION = 60_000;

export function notificationDatagram(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_NOTIFICATION) return framedNotification(text);
  // A character that was cut through goes.
  return framedNotification(bytes.toString('utf8', 0, MAX_NOTIFICATION).replace(/\ufffd+$/, ''));
}

export interface UdpServerOptions {
  readonly host: string;
  readonly port: number;
}

export interface UdpServerParts {
  readonly handler: RequestHandler;
  readonly journal: NotificationJournal;
  readonly log: Logger;
  pushes(): boolean;
}

interface Peer {
  readonly host: string;
  readonly port: number;
  readonly client: ControlClient;
}

export class UdpServer {
  readonly #parts: UdpServerParts;
  readonly #options: UdpServerOptions;
  readonly #peers = new Map<string, Peer>();
  #socket: Socket;
  #unwatch: (() => void) | undefined;

  constructor(options: UdpServerOptions, parts: UdpServerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#socket = this.#newSocket();
  }

  /**
   * Takes another port when the wanted one is not free; a client that gets notifications unasked learns it from them.
   * @throws the error of the socket when the address cannot be bound at all
   */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    try {
      await this.#bind(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port === 0) throw error;
      this.#socket = this.#newSocket();
      await this.#bind(0);
      this.#parts.log.warn('the UDP port is taken, another one is used', {
        host,
        port,
        instead: this.address.port,
      });
    }
    this.#socket.on('error', (error) => this.#parts.log.warn('UDP socket', { error }));
    this.#socket.on('message', (bytes, from) => this.#onDatagram(bytes, from));
    this.#unwatch = this.#parts.journal.watch(() => this.#push());
  }

  /** True when requests have come from that port of this machine. */
  hears(port: number): boolean {
    return [...this.#peers.values()].some((peer) => peer.port === port);
  }

  /** True when nobody has sent a request yet. */
  get unasked(): boolean {
    return this.#peers.size === 0;
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  async close(): Promise<void> {
    this.#unwatch?.();
    for (const { client } of this.#peers.values()) client.close();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #newSocket(): Socket {
    return createSocket({
      type: this.#options.host.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: 1 << 20,
    });
  }

  async #bind(port: number): Promise<void> {
    this.#socket.bind({ address: this.#options.host, port, exclusive: true });
    await once(this.#socket, 'listening');
  }

  #onDatagram(bytes: Buffer, from: RemoteInfo): void {
    let text = bytes.toString('utf8').trimStart();
    const first = /^token\s*=\s*([^,&\r\n]+)\r?\n/i.exec(text);
    if (first) text = text.slice(first[0].length);
    if (text.trim() === '' || ANSWER.test(text)) return;
    const key = `${from.address} ${from.port}`;
    const peer: Peer = this.#peers.get(key) ?? {
      host: from.address,
      port: from.port,
      client: new ControlClient(new JournalCursor(this.#parts.journal), MAX_POLLED),
    };
    const reply = this.#parts.handler.handle(text, {
      transport: 'udp',
      address: from.address,
      token: first?.[1].trim(),
      client: () => peer.client,
      onAdmitted: () => this.#remember(key, peer),
    });
    if (reply instanceof Promise) void reply.then((late) => this.#answer(late.text, peer));
    else this.#answer(reply.text, peer);
  }

  #remember(key: string, peer: Peer): void {
    this.#peers.delete(key);
    this.#peers.set(key, peer);
    if (this.#peers.size <= MAX_PEERS) return;
    const [oldest, { client }] = this.#peers.entries().next().value as [string, Peer];
    this.#peers.delete(oldest);
    client.close();
  }

  #answer(text: string, peer: Peer): void {
    const size = Buffer.byteLength(text);
    this.send(
      size > MAX_DATAGRAM ? `ERROR: the answer has ${size} bytes, too many for a datagram` : text,
      peer,
    );
    this.#push();
  }

  #push(): void {
    if (!this.#parts.pushes()) return;
    for (const peer of this.#peers.values()) {
      if (peer.client.polls) continue;
      for (const { text } of peer.client.cursor.take()) this.send(notificationDatagram(text), peer);
    }
  }

  /** Sends from the port requests are received on. */
  send(text: string, { host, port }: Pick<Peer, 'host' | 'port'>): void {
    this.#socket.send(text, port, host, (error) => {
      if (error) this.#parts.log.debug('a datagram could not be sent', { host, port, error });
    });
  }
}
