/**
 * What user agents and the exchange talk to: the transports, server location and all transactions of one process as
 * one object. Requests go out through {@link SipEndpoint.send}, come in through {@link SipEndpoint.onRequest}. Knows
 * no dialogs, no calls and no SDP.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Diagnostics } from '../../base/diagnostics.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import {
  type ParseFailure,
  type SipMessage,
  SipRequest,
  SipResponse,
  type Uri,
  type Via,
} from '../message/index.js';
import type { ServerHandle } from '../transaction/server-handle.js';
import { ServerInviteTransaction } from '../transaction/server-invite-transaction.js';
import { ServerNonInviteTransaction } from '../transaction/server-non-invite-transaction.js';
import type { ServerTransaction } from '../transaction/server-transaction.js';
import { DEFAULT_TIMERS, type TimerValues } from '../transaction/timers.js';
import type { SendDone, TransactionContext } from '../transaction/transaction-context.js';
import { TransactionTable } from '../transaction/transaction-table.js';
import type { Flow } from '../transport/flow.js';
import type { Listener, ListenOptions } from '../transport/index.js';
import type { Target } from '../transport/target.js';
import { AbandonedInvites } from './abandoned-invites.js';
import { type ClientHandle, ClientRequest, type SendOptions } from './client-request.js';
import {
  DEFAULT_ENDPOINT_LIMITS,
  type EndpointCore,
  type EndpointLimits,
  FAILOVER_RETRIES,
  TcpRefusals,
} from './endpoint-core.js';
import type { EndpointResolver, EndpointTransport } from './endpoint-transport.js';
import type { Destination } from './outgoing.js';
import { OutgoingAck } from './outgoing-ack.js';

export interface SipEndpointOptions {
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
  transport: EndpointTransport;
  resolver: EndpointResolver;
  /** User-Agent of requests and Server of responses. */
  userAgent?: string;
  timers?: Partial<TimerValues>;
  limits?: Partial<EndpointLimits>;
  /**
   * Repetitions of a request a silent server is given where there is another one to try; 0 = all of them. Asked for
   * every request. Default 2, which is 3.5 s.
   */
  failoverRetries?: () => number;
  /** From how many waiting requests on an INVITE gets its 100 at once, instead of after 200 ms; default: never. */
  tryingFrom?: () => number;
  /** False leaves 401 and 407 to INVITE without ACK, against RFC 3261 §17.1.1.3. Default true. */
  acknowledgesChallenges?: () => boolean;
  /** False leaves rport out of Via: servers then answer to the port named there (RFC 3581). Default true. */
  asksRport?: () => boolean;
  /**
   * True for a proxy: copies of a request that come back from a fork are requests of their own, and responses have
   * the Via of who sent us the request. A user agent answers the former with 482 (RFC 3261 §8.2.2.2) and drops the
   * latter (§8.1.3.3).
   */
  proxy?: boolean;
}

/** What happened since the start; the first two are what lives now. */
export interface EndpointCounters {
  clientTransactions: number;
  serverTransactions: number;
  /** Received requests that wait for their final response. */
  pendingRequests: number;
  requestsSent: number;
  requestsReceived: number;
  /** Responses without a transaction (late, or not for us): dropped. */
  strayResponses: number;
  /** Invalid messages: answered with 400 and the like where possible, else dropped. */
  invalidMessages: number;
  /** Requests refused with 503 for overload. */
  refusedRequests: number;
}

export type RequestOptions = Omit<SendOptions, 'onFinal' | 'onError'>;

export interface RequestResult {
  response: SipResponse;
  flow: Flow;
  /** As sent last. */
  request: SipRequest;
}

/** Requests within dialogs are let in up to this many times the limits: they belong to calls already admitted. */
const ADMITTED_FACTOR = 2;

export class SipEndpoint {
  readonly transport: EndpointTransport;
  /** A new request that is neither ACK nor CANCEL; to be answered through the handle. */
  onRequest: (request: SipRequest, handle: ServerHandle) => void = (_request, handle) => {
    handle.reply(501);
  };
  /** An ACK that ends no transaction: that of a 2xx. */
  onAck: (ack: SipRequest, flow: Flow) => void = () => {};

  /** A server has not answered a request, or sent 503: requests go to others first for a while. */
  onServerFailed: (target: Target) => void = () => {};

  /** Asked first of all, for every request: true = as if it had never come. */
  screen: ((request: SipRequest, flow: Flow) => boolean) | undefined;

  readonly #core: EndpointCore;
  readonly #context: TransactionContext;
  readonly #table = new TransactionTable();
  readonly #load = { pending: 0 };
  readonly #limits: EndpointLimits;
  readonly #logger: Logger;
  readonly #proxy: boolean;
  readonly #statelessSecret: string;
  /** ACKs by their message, so that a repeated one goes out with the same bytes. */
  readonly #acks = new WeakMap<SipRequest, OutgoingAck>();
  readonly #counts = {
    requestsSent: 0,
    requestsReceived: 0,
    strayResponses: 0,
    invalidMessages: 0,
    refusedRequests: 0,
  };

  constructor(options: SipEndpointOptions) {
    const { clock, random, transport, resolver, userAgent = '' } = options;
    this.transport = transport;
    this.#logger = options.logger.child('sip');
    this.#limits = { ...DEFAULT_ENDPOINT_LIMITS, ...options.limits };
    this.#proxy = options.proxy ?? false;
    this.#statelessSecret = random.token(32);
    this.#context = {
      clock,
      random,
      timers: { ...DEFAULT_TIMERS, ...options.timers },
      stateTap: options.diagnostics.state,
      serverName: userAgent,
      tryingFrom: options.tryingFrom ?? (() => Number.POSITIVE_INFINITY),
      acknowledgesChallenges: options.acknowledgesChallenges ?? (() => true),
      load: this.#load,
      ended: (transaction) => this.#table.remove(transaction),
      sendResponse: (via, flow, bytes, done) => this.#sendResponse(via, flow, bytes, done),
    };
    this.#core = {
      context: this.#context,
      table: this.#table,
      transport,
      resolver,
      logger: this.#logger,
      limits: this.#limits,
      userAgent,
      tcpRefusals: new TcpRefusals(() => clock.now()),
      abandoned: new AbandonedInvites(this.#context, this.#table),
      failoverRetries: options.failoverRetries ?? (() => FAILOVER_RETRIES),
      asksRport: options.asksRport ?? (() => true),
      serverFailed: (target) => this.onServerFailed(target),
    };
    transport.onMessage = (message, flow) => this.#onMessage(message, flow);
    transport.onInvalid = (failure, flow) => this.#onInvalid(failure, flow);
  }

  /** The timers in use, for retransmissions that are the business of the user agent. */
  get timers(): TimerValues {
    return this.#context.timers;
  }

  get counters(): EndpointCounters {
    return {
      clientTransactions: this.#table.clientCount,
      serverTransactions: this.#table.serverCount,
      pendingRequests: this.#load.pending,
      ...this.#counts,
    };
  }

  /**
   * Sends a request, which from then on belongs to the endpoint: it adds Via, Max-Forwards, User-Agent, credentials
   * and, for an answer to a challenge, a new CSeq. The outcome is told through the callbacks, never before this
   * function has returned.
   */
  send(request: SipRequest, options: SendOptions): ClientHandle {
    this.#counts.requestsSent++;
    const outgoing = new ClientRequest(this.#core, request, options);
    outgoing.send();
    return outgoing;
  }

  /**
   * {@link send} as a promise of the final response, whatever its status.
   * @throws SwitchhookError as {@link SendOptions.onError}
   */
  request(request: SipRequest, options: RequestOptions = {}): Promise<RequestResult> {
    return new Promise((resolve, reject) => {
      this.send(request, {
        ...options,
        onFinal: (response, handle) =>
          resolve({ response, flow: handle.flow as Flow, request: handle.request }),
        onError: reject,
      });
    });
  }

  /** Sends the ACK of a 2xx. Given the same ACK again (the 2xx was repeated) it sends the same bytes. */
  sendAck(ack: SipRequest, destination: Destination = {}): void {
    let outgoing = this.#acks.get(ack);
    if (!outgoing) {
      outgoing = new OutgoingAck(this.#core, ack, destination);
      this.#acks.set(ack, outgoing);
    }
    outgoing.send();
  }

  listen(options: ListenOptions): Promise<Listener> {
    return this.transport.listen(options);
  }

  connect(target: Target, signal?: AbortSignal): Promise<Flow> {
    return this.transport.connect(target, signal);
  }

  resolve(uri: Uri, signal?: AbortSignal): Promise<Target[]> {
    return this.#core.resolver.resolve(uri, signal);
  }

  /** Ends all transactions without a word to anybody, and the transports. */
  async close(): Promise<void> {
    for (const transaction of [...this.#table.all()]) transaction.terminate();
    await this.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onMessage(message: SipMessage, flow: Flow): void {
    try {
      if (message instanceof SipRequest) this.#onRequest(message, flow);
      else if (message instanceof SipResponse) this.#onResponse(message);
    } catch (error) {
      this.#logger.error('a received message could not be handled', {
        callId: message.get('Call-ID'),
        error,
      });
    }
  }

  #onResponse(response: SipResponse): void {
    const transaction = this.#table.matchResponse(response);
    if (transaction && (this.#proxy || response.vias.length === 1)) transaction.receive(response);
    else if (!this.#core.abandoned.answered(response)) this.#counts.strayResponses++;
  }

  #onRequest(request: SipRequest, flow: Flow): void {
    this.#counts.requestsReceived++;
    if (this.screen?.(request, flow)) return;
    const known = this.#table.matchRequest(request);
    if (request.method === 'ACK') {
      known?.receive('ACK');
      // RFC 6026 §7.1: an accepted INVITE leaves the ACK to its user.
      if (!known || known.state === 'accepted') this.onAck(request, flow);
      return;
    }
    if (known) known.receive(request.method);
    else if (request.method === 'CANCEL') this.#onCancel(request, flow);
    else if (this.#isOverloaded(request)) this.#refuse(request, flow);
    else this.#onNewRequest(request, flow);
  }

  #onNewRequest(request: SipRequest, flow: Flow): void {
    const merged = !this.#proxy && this.#table.isMerged(request);
    const transaction = this.#open(request, flow);
    const handle = transaction.handle as ServerHandle;
    if (merged) {
      handle.reply(482);
      return;
    }
    try {
      this.onRequest(request, handle);
    } catch (error) {
      this.#logger.error('a request handler failed', {
        callId: request.callId,
        method: request.method,
        error,
      });
      handle.reply(500);
    }
    transaction.watchUser();
  }

  #open(request: SipRequest, flow: Flow): ServerTransaction {
    const Kind = request.method === 'INVITE' ? ServerInviteTransaction : ServerNonInviteTransaction;
    const transaction = new Kind(this.#context, request, flow);
    this.#table.addServer(transaction);
    return transaction;
  }

  /** RFC 3261 §9.2: the CANCEL is answered here, its INVITE by the user, unless that has happened already. */
  #onCancel(cancel: SipRequest, flow: Flow): void {
    const invite = this.#table.matchCancel(cancel);
    const vain = !invite && this.#table.isVainCancel(cancel);
    const { handle } = this.#open(cancel, flow);
    if (!invite) {
      handle?.reply(vain ? 200 : 481);
      return;
    }
    const pending = invite.handle;
    const tag = pending?.toTag ?? invite.responseTag;
    handle?.reply(200, undefined, (response) => {
      if (response.to.tag === undefined) response.set('To', `${response.get('To')};tag=${tag}`);
    });
    if (pending?.onCancel) pending.onCancel(cancel);
    else pending?.reply(487);
  }

  #isOverloaded(request: SipRequest): boolean {
    const { maxPendingRequests, maxServerTransactions } = this.#limits;
    const factor = request.to.tag === undefined ? 1 : ADMITTED_FACTOR;
    return (
      this.#load.pending >= maxPendingRequests * factor ||
      this.#table.serverCount >= maxServerTransactions * factor
    );
  }

  /** Without a transaction: overload must not cost memory. */
  #refuse(request: SipRequest, flow: Flow): void {
    this.#counts.refusedRequests++;
    const response = SipResponse.for(request, 503).add('Retry-After', this.#limits.retryAfterSeconds);
    this.#sendStateless(request, response, flow);
  }

  /** The transport has logged it. */
  #onInvalid(failure: ParseFailure, flow: Flow): void {
    this.#counts.invalidMessages++;
    const { request, status } = failure;
    if (!request || status === undefined || request.method === 'ACK') return;
    try {
      this.#sendStateless(request, SipResponse.for(request, status), flow);
    } catch (error) {
      this.#logger.debug('invalid request not answered', { error });
    }
  }

  /** RFC 3261 §8.2.7: the same request gets the same To tag without our remembering it. */
  #sendStateless(request: SipRequest, response: SipResponse, flow: Flow): void {
    const to = response.get('To');
    if (to !== undefined && !/;\s*tag\s*=/i.test(to)) {
      const seed = `${this.#statelessSecret} ${request.get('Via')} ${request.get('Call-ID')}`;
      response.set('To', `${to};tag=${createHash('sha256').update(seed).digest('hex').slice(0, 16)}`);
    }
    if (this.#context.serverName !== '') response.add('Server', this.#context.serverName);
    this.#sendResponse(request.topVia, flow, response.toBytes(), (error) => {
      if (error) this.#logger.debug('response not sent', { callId: request.get('Call-ID'), error });
    });
  }

  #sendResponse(via: Via | undefined, flow: Flow, bytes: Uint8Array, done: SendDone): void {
    const out = via ? this.transport.responseFlow(flow, via) : flow;
    if (out instanceof Promise) {
      out.then(
        (found) => found.send(bytes, done),
        (error: SwitchhookError) => this.#sendToSentBy(via as Via, bytes, done, error),
      );
    } else {
      out.send(bytes, done);
    }
  }

  /** The connection of the request is gone and its source takes no new one: RFC 3263 §5. */
  async #sendToSentBy(via: Via, bytes: Uint8Array, done: SendDone, error: SwitchhookError): Promise<void> {
    let targets: Target[] = [];
    try {
      targets = await this.#core.resolver.resolveSentBy(via);
    } catch (cause) {
      this.#logger.debug('no way back for a response', { sentBy: via.sentBy, error: cause });
    }
    for (const target of targets) {
      try {
        const flow = await this.transport.connect(target);
        flow.send(bytes, done);
        return;
      } catch (cause) {
        this.#logger.debug('no way back for a response', { target: target.host, error: cause });
      }
    }
    done(error);
  }
}
