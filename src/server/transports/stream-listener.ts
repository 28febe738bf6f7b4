/**
 * The TCP port: looks at the first bytes of a connection and hands it to the text protocol or to HTTP, and from there
 * to WebSocket. Bounds how many connections there are and how long one may say nothing.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { tokenOf } from '../access/token.js';
import type { WebPageGuard } from '../access/web-page-guard.js';
import type { NotificationJournal } from '../clients/notification-journal.js';
import type { ControlCounters } from '../counters.js';
import type { RequestHandler } from '../request-handler.js';
import type { HttpExchange } from './http-exchange.js';
import { sniff } from './sniff.js';
import { TextConnection } from './text-connection.js';
import { serveWebSocket } from './web-socket-connection.js';

/** RFC 6455 §7.4.1 */
const GOING_AWAY = 1001;
/** From the connection, or the last answer over HTTP, to the next whole head of a request. */
const HEAD_MS = 10_000;
/** A kept connection waits this long for the next request. */
const KEEP_ALIVE_MS = 60_000;
/** What clients are sent last has so long to get through. */
const GOODBYE_MS = 500;
const MAX_HEAD_BYTES = 16 << 10;
const MAX_HEADERS = 100;

export interface StreamListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly maxRequestBytes: number;
}

export interface StreamListenerParts {
  readonly handler: RequestHandler;
  readonly exchange: HttpExchange;
  readonly guard: WebPageGuard;
  readonly journal: NotificationJournal;
  readonly counters: ControlCounters;
  readonly clock: Clock;
  readonly log: Logger;
  pushes(): boolean;
}

export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #parts: StreamListenerParts;
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  /** The time a connection has for the head of its (next) HTTP request. */
  readonly #heads = new Map<Socket, Timer>();

  constructor(options: StreamListenerOptions, parts: StreamListenerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#onConnection(socket),
    );
    this.#http = createHttpServer({ maxHeaderSize: MAX_HEAD_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
    this.#http.maxHeadersCount = MAX_HEADERS;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: options.maxRequestBytes,
    });
    this.#http.on('request', (request, response) => {
      this.#heads.get(request.socket)?.cancel();
      response.once('finish', () => this.#expectHead(request.socket, KEEP_ALIVE_MS));
      void this.#parts.exchange.serve(request, response);
    });
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
      parts.counters.refused[tooLong ? 'size' : 'malformed']++;
      if (socket.writable)
        refuse(socket, tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request');
      else socket.destroy();
    });
  }

  async start(): Promise<void> {
    this.#server.listen({ host: this.#options.host, port: this.#options.port });
    await once(this.#server, 'listening');
    this.#server.on('error', (error) => this.#parts.log.warn('control port', { error }));
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#webSockets.clients) socket.close(GOING_AWAY, 'the server stops');
    this.#webSockets.close();
    // What is being answered is answered first.
    await new Promise(setImmediate);
    for (const socket of this.#sockets) socket.end();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, GOODBYE_MS);
    await closed;
    clearTimeout(timer);
  }

  #onConnection(socket: Socket): void {
    if (this.#sockets.size >= this.#options.maxConnections) {
      this.#parts.counters.refused.connections++;
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#heads.get(socket)?.cancel();
      this.#heads.delete(socket);
    });
    this.#expectHead(socket, KEEP_ALIVE_MS);
    this.#sniff(socket);
  }

  #sniff(socket: Socket): void {
    let read: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      // Once it has begun to speak, it may not take its time.
      if (read.length === 0) this.#expectHead(socket, HEAD_MS);
      read = Buffer.concat([read, chunk]);
      const spoken = sniff(read);
      if (!spoken) return;
      socket.off('data', onData);
      socket.off('end', onEnd);
      if (spoken === 'tls') socket.destroy();
      else if (spoken === 'http') this.#toHttp(socket, read);
      else this.#toText(socket, read);
    };
    const onEnd = (): void => {
      socket.end();
    };
    socket.on('data', onData);
    socket.on('end', onEnd);
  }

  #toHttp(socket: Socket, read: Buffer): void {
    socket.pause();
    this.#http.emit('connection', socket);
    socket.unshift(read);
    socket.resume();
  }

  #toText(socket: Socket, read: Buffer): void {
    this.#heads.get(socket)?.cancel();
    new TextConnection(socket, read, { ...this.#parts, maxRequestBytes: this.#options.maxRequestBytes });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { guard, handler, counters, journal, clock, pushes } = this.#parts;
    if (request.headers.upgrade?.trim().toLowerCase() !== 'websocket')
      return this.#notUpgraded(request, head);
    this.#heads.get(request.socket)?.cancel();
    const verdict = guard.judge(request.headers);
    if (!verdict.allowed) {
      counters.refused['web-page']++;
      return refuse(socket, '403 Forbidden');
    }
    const search = new URLSearchParams(request.url?.split('?')[1] ?? '');
    const address = request.socket.remoteAddress ?? '?';
    const caller = { transport: 'websocket', address, token: tokenOf(request.headers, search) } as const;
    if (handler.admit(caller, undefined)) return refuse(socket, '401 Unauthorized');
    this.#webSockets.handleUpgrade(request, socket, head, (accepted) => {
      serveWebSocket(
        accepted,
        { address, asText: search.get('format') === 'text' },
        { handler, counters, journal, clock, pushes },
      );
    });
  }

  /**
   * RFC 9110 §7.8: an upgrade we do not know (HTTP/2, which Java and curl offer) is ignored. The request is read once
   * more, without it.
   */
  #notUpgraded(request: IncomingMessage, head: Buffer): void {
    const { method, url, httpVersion, rawHeaders, socket } = request;
    const lines = [`${method} ${url} HTTP/${httpVersion}`];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (!/^(upgrade|connection|http2-settings)$/i.test(rawHeaders[at]))
        lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
    this.#toHttp(socket, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  }

  #expectHead(socket: Socket, ms: number): void {
    this.#heads.get(socket)?.cancel();
    if (socket.destroyed) return;
    const timer = this.#parts.clock.after(ms, () => {
      this.#parts.counters.refused.slow++;
      socket.destroy();
    });
    this.#heads.set(socket, timer);
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
