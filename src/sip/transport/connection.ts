/**
 * A TCP or TLS connection as a flow: framing (RFC 3261 §18.3), keep-alives (RFC 5626 §4.4.1), bounds on what a peer can
 * make us hold and for how long. Made by the stream transport with an established socket; ends itself on whatever
 * breaks it.
 *
 *     open --close(), garbage--> closing --both sides ended, or 1 s--> gone
 *     open --error, FIN, silence, full send queue--> gone
 */
import type { Socket } from 'node:net';
import type { Timer } from '../../base/clock.js';
import type { SocketAddress } from '../../base/diagnostics.js';
import type { SwitchhookError } from '../../base/errors.js';
import { type SipMessage, SipRequest } from '../message/message.js';
import type { ParseFailure } from '../message/parse-message.js';
import { StreamFramer } from '../message/stream-framer.js';
import { connectionLost, type TransportContext, trace, transportError } from './context.js';
import { BaseFlow } from './flow.js';
import { hostPort } from './target.js';
import { markSource } from './via-rules.js';

const PING = Buffer.from('\r\n\r\n');
const PONG = Buffer.from('\r\n');
/** How long a closing connection may still deliver what was sent. */
const CLOSE_GRACE_MS = 1000;
/** Broken messages in a row after which a peer is taken to speak another protocol. */
const MAX_INVALID = 20;
/** TCP's own probes find peers that vanished without a word. */
const TCP_KEEP_ALIVE_MS = 60_000;

interface ConnectionInit {
  protocol: 'tcp' | 'tls';
  /** 'in': the peer connected to us. */
  direction: 'in' | 'out';
  remote: SocketAddress;
  /** The domains the peer has proved to speak for (TLS with a verified certificate), else []. */
  identities: readonly string[];
}

/** What the transport wants to know of its connections. */
export interface ConnectionOwner {
  /** A request came in, already marked with its source. */
  onRequest(request: SipRequest, connection: Connection): void;
  onGone(connection: Connection): void;
}

export class Connection extends BaseFlow {
  readonly protocol: 'tcp' | 'tls';
  readonly direction: 'in' | 'out';
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly identities: readonly string[];
  readonly reliable = true;
  readonly #context: TransportContext;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  #idleTimer: Timer;
  #lastActive: number;
  /** Since when the start of a message waits for its end. */
  #partialSince: number | undefined;
  #proven = false;
  #invalidInARow = 0;
  #chunk: Uint8Array | undefined;

  constructor(context: TransportContext, owner: ConnectionOwner, socket: Socket, init: ConnectionInit) {
    super(context.clock, context.random);
    this.#context = context;
    this.#owner = owner;
    this.#socket = socket;
    this.protocol = init.protocol;
    this.direction = init.direction;
    this.remote = init.remote;
    this.identities = init.identities;
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
    this.#framer = new StreamFramer(context.limits, {
      onMessage: (message) => this.#onMessage(message),
      onInvalid: (result) => this.#onInvalid(result),
      onKeepAlive: (kind) => this.#onKeepAlive(kind),
      onFatal: (error) => this.#refuse(error.message),
    });
    this.#lastActive = this.clock.now();
    this.#idleTimer = this.#scheduleCheck();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('end', () => this.#fail('the peer closed it'));
    socket.on('close', () => {
      this.#fail('it was closed');
      this.#owner.onGone(this);
    });
  }

  get secure(): boolean {
    return this.protocol === 'tls';
  }

  get sentBy(): string {
    const port = this.#context.listeningPort(this.protocol, this.local.host) ?? this.local.port;
    return hostPort(this.#context.told(this.local.host), port);
  }

  /** When something was sent or received last. */
  get lastActive(): number {
    return this.#lastActive;
  }

  /** A valid message or a keep-alive has come over it. */
  get proven(): boolean {
    return this.#proven;
  }

  send(data: Uint8Array, done?: (error: SwitchhookError | null) => void): void {
    const context = this.#context;
    const target = { protocol: this.protocol, ...this.remote };
    if (this.open && this.#socket.writableLength + data.length > context.maxSendQueueBytes) {
      // What a stream has lost cannot be made good: the connection is of no use any more.
      this.#fail('the peer does not take what is sent to it');
    }
    if (!this.open) {
      context.counters.sendErrors++;
      if (done) queueMicrotask(() => done(transportError(target, 'the connection is closed')));
      return;
    }
    if (context.diagnostics.sip.active) trace(context, 'out', this, data);
    context.counters.messagesOut++;
    this.#lastActive = this.clock.now();
    if (!done) {
      this.#socket.write(data);
      return;
    }
    this.#socket.write(data, (error) => {
      if (error) context.counters.sendErrors++;
      done(error ? transportError(target, error) : null);
    });
  }

  /** Delivers what was sent, then ends. */
  close(): void {
    if (this.open) this.#finish(undefined);
  }

  /** Like {@link close}, without waiting for the peer to close its side. */
  closeSoon(): void {
    this.close();
    this.#socket.destroySoon();
  }

  /** It cannot work any more, though the system has not noticed. */
  lose(why: string): void {
    this.#fail(why);
  }

  protected sendPing(ping: Uint8Array = PING): void {
    if (!this.open) return;
    this.#socket.write(ping);
    this.expectPong();
  }

  protected pongMissing(): void {
    this.#fail('the peer does not answer the keep-alive');
  }

  #onData(chunk: Uint8Array): void {
    if (!this.open) return;
    this.#chunk = chunk;
    this.#framer.push(chunk);
    this.#chunk = undefined;
    if (this.#framer.pending === 0) this.#partialSince = undefined;
    else this.#partialSince ??= this.clock.now();
  }

  #onMessage(message: SipMessage): void {
    const context = this.#context;
    // The framer goes on with the rest of a chunk after the connection was closed.
    if (!this.open) return;
    this.#active();
    this.#invalidInARow = 0;
    if (context.diagnostics.sip.active) trace(context, 'in', this, message.toBytes());
    if (message instanceof SipRequest) {
      markSource(message, this.remote);
      this.#owner.onRequest(message, this);
    }
    context.deliver(message, this);
  }

  #onInvalid(result: ParseFailure): void {
    const context = this.#context;
    if (!this.open) return;
    if (context.diagnostics.sip.active && this.#chunk) trace(context, 'in', this, this.#chunk);
    if (result.request) markSource(result.request, this.remote);
    context.deliverInvalid(result, this);
    if (++this.#invalidInARow >= MAX_INVALID) this.#refuse('the peer sends nothing but broken messages');
  }

  #onKeepAlive(kind: 'ping' | 'pong'): void {
    if (!this.open) return;
    this.#active();
    this.#context.counters.keepAlivesIn++;
    // Two pongs that arrive together look like a ping.
    this.pongArrived();
    if (kind === 'ping' && this.#socket.writableLength < this.#context.maxSendQueueBytes)
      this.#socket.write(PONG);
  }

  #active(): void {
    this.#proven = true;
    this.#lastActive = this.clock.now();
    this.#partialSince = undefined;
  }

  #scheduleCheck(): Timer {
    const { idleTimeoutMs, firstMessageTimeoutMs } = this.#context;
    return this.clock.after(Math.min(idleTimeoutMs, firstMessageTimeoutMs), () => this.#checkIdle());
  }

  #checkIdle(): void {
    const { idleTimeoutMs, firstMessageTimeoutMs } = this.#context;
    const now = this.clock.now();
    if (this.direction === 'in' && !this.#proven && !this.watched) {
      this.#fail('the peer connected and sent nothing of use');
    } else if (this.#partialSince !== undefined && now - this.#partialSince >= firstMessageTimeoutMs) {
      this.#fail('the peer began a message and did not finish it');
    } else if (now - this.#lastActive >= idleTimeoutMs && !this.watched) {
      this.#context.logger.debug('connection idle', { remote: this.#name });
      this.close();
    } else {
      this.#idleTimer = this.#scheduleCheck();
    }
  }

  get #name(): string {
    return `${this.protocol}:${hostPort(this.remote.host, this.remote.port)}`;
  }

  #end(): void {
    this.#idleTimer.cancel();
    this.#context.logger.debug('connection closed', { remote: this.#name, direction: this.direction });
  }

  /** The peer is still to get the answer to its last message. */
  #refuse(why: string): void {
    if (this.open) this.#finish(this.#lost(why));
  }

  #finish(error: SwitchhookError | undefined): void {
    this.#end();
    this.closed(error);
    this.#socket.end();
    const force = this.clock.after(CLOSE_GRACE_MS, () => this.#socket.destroy());
    this.#socket.once('close', () => force.cancel());
  }

  #lost(cause: unknown): SwitchhookError {
    return connectionLost({ protocol: this.protocol, ...this.remote }, cause);
  }

  #fail(cause: unknown): void {
    if (!this.open) return;
    this.#end();
    this.closed(this.#lost(cause));
    this.#socket.destroy();
  }
}
