/**
 * One way to one peer. UDP flows and connections share what is here: identity, keep-alives (RFC 5626 §4.4) and telling
 * that they are lost. Made by the transports only; users send on them and watch them.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { SocketAddress } from '../../base/diagnostics.js';
import { Emitter } from '../../base/emitter.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { TransportProtocol } from './target.js';

/** A UDP socket of ours with a remote address, or a connection. */
export interface Flow {
  readonly id: number;
  readonly protocol: TransportProtocol;
  /** The real source address, never a wildcard. */
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly reliable: boolean;
  readonly secure: boolean;
  readonly open: boolean;
  /** 'host:port' for Via: our address and the port we listen on, or what is told in their place. */
  readonly sentBy: string;
  /** Our address as a NAT shows it to the peer, to be told in place of our own; of UDP flows only. */
  seenAs: SocketAddress | undefined;
  /**
   * Sends one message, which must not be changed afterwards.
   * @param done gets ERR_SIP_TRANSPORT when the message could not be sent; never called before `send` returns
   */
  send(data: Uint8Array, done?: (error: SwitchhookError | null) => void): void;
  /**
   * Sends keep-alives at random times between 80 and 100 % of `intervalMs`; 0 ends it. A peer that has answered
   * once has to answer every time within 10 s, else the flow is lost.
   */
  keepAlive(intervalMs: number, options?: KeepAliveOptions): void;
  /**
   * Calls `fn` once when the flow is gone: with an error when we did not close it ourselves. A connection that
   * somebody watches is not closed for being idle.
   * @returns the function that takes it back
   */
  onClose(fn: (error?: SwitchhookError) => void): () => void;
  close(): void;
}

export interface KeepAliveOptions {
  /** Whose wish it is: accounts that share a flow give themselves, and the shortest interval counts. */
  owner?: object;
  /** The peer is known to answer (RFC 5626 outbound): the first ping counts as well. */
  pongRequired?: boolean;
  /** What is sent; by default what the protocol of the flow is used to. */
  ping?: Uint8Array;
  /** How long an answer may take, in ms; 0 = for ever. Default 10 s. */
  answerMs?: number;
}

/** RFC 5626 §4.4.1. */
const PONG_TIMEOUT_MS = 10_000;
const SHORTEST_INTERVAL = 0.8;

let nextId = 1;

export abstract class BaseFlow implements Flow {
  readonly id: number = nextId++;
  abstract readonly protocol: TransportProtocol;
  abstract readonly local: SocketAddress;
  abstract readonly remote: SocketAddress;
  abstract readonly reliable: boolean;
  abstract readonly secure: boolean;
  abstract readonly sentBy: string;
  seenAs: SocketAddress | undefined;
  protected readonly clock: Clock;
  readonly #random: Random;
  #open = true;
  #watchers: Emitter<{ closed: [error: SwitchhookError | undefined] }> | undefined;
  #closeError: SwitchhookError | undefined;
  #intervals: Map<object, number> | undefined;
  #keepAliveTimer: Timer | undefined;
  #pongTimer: Timer | undefined;
  #pongExpected = false;
  #ping: Uint8Array | undefined;
  #answerMs = PONG_TIMEOUT_MS;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.#random = random;
  }

  abstract send(data: Uint8Array, done?: (error: SwitchhookError | null) => void): void;
  abstract close(): void;
  /** @param ping what to send in place of the usual */
  protected abstract sendPing(ping?: Uint8Array): void;
  /** The peer does not answer any more. Flows without answers never get here. */
  protected abstract pongMissing(): void;
  /** Called when the first watcher comes and when the last one goes. */
  protected watchedChanged(_watched: boolean): void {}

  get open(): boolean {
    return this.#open;
  }

  /** Somebody would miss this flow. */
  get watched(): boolean {
    return this.#keepAliveTimer !== undefined || (this.#watchers?.listenerCount('closed') ?? 0) > 0;
  }

  keepAlive(intervalMs: number, options: KeepAliveOptions = {}): void {
    if (!this.#open) return;
    const { owner = this, pongRequired = false, ping, answerMs } = options;
    if (intervalMs > 0) {
      this.#ping = ping;
      this.#answerMs = answerMs ?? PONG_TIMEOUT_MS;
    }
    this.#intervals ??= new Map();
    if (intervalMs > 0) this.#intervals.set(owner, intervalMs);
    else this.#intervals.delete(owner);
    this.#pongExpected ||= pongRequired;
    this.#scheduleKeepAlive();
  }

  #scheduleKeepAlive(): void {
    this.#keepAliveTimer?.cancel();
    this.#keepAliveTimer = undefined;
    if (!this.#intervals || this.#intervals.size === 0) return;
    const interval = Math.min(...this.#intervals.values());
    const wait = interval * (SHORTEST_INTERVAL + (1 - SHORTEST_INTERVAL) * this.#random.float());
    this.#keepAliveTimer = this.clock.after(wait, () => {
      this.sendPing(this.#ping);
      if (this.#open) this.#scheduleKeepAlive();
    });
  }

  onClose(fn: (error?: SwitchhookError) => void): () => void {
    if (!this.#open) {
      let wanted = true;
      queueMicrotask(() => {
        if (wanted) fn(this.#closeError);
      });
      return () => {
        wanted = false;
      };
    }
    this.#watchers ??= new Emitter();
    const watchers = this.#watchers;
    // Wrapped, so that the same function may watch twice.
    const watcher = (error?: SwitchhookError) => fn(error);
    watchers.on('closed', watcher);
    if (watchers.listenerCount('closed') === 1) this.watchedChanged(true);
    return () => {
      watchers.off('closed', watcher);
      if (this.#open && watchers.listenerCount('closed') === 0) this.watchedChanged(false);
    };
  }

  /** A ping went out: from now on a pong is due. */
  protected expectPong(): void {
    if (this.#pongTimer?.active || this.#answerMs <= 0) return;
    this.#pongTimer = this.clock.after(this.#answerMs, () => {
      // A peer that never answered may not know RFC 5626: the ping then only keeps the way open.
      if (this.#pongExpected) this.pongMissing();
    });
  }

  protected pongArrived(): void {
    if (!this.#pongTimer?.active) return;
    this.#pongTimer.cancel();
    this.#pongExpected = true;
  }

  /** To be called by the transport when the flow is gone; once is enough. */
  protected closed(error: SwitchhookError | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeError = error;
    this.#keepAliveTimer?.cancel();
    this.#pongTimer?.cancel();
    this.#watchers?.emit('closed', error);
    this.#watchers?.removeAllListeners();
  }
}
