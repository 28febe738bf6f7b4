/**
 * One request on its way out: finds its targets (RFC 3263), gets a flow to the first that has one, puts the Via on,
 * and takes TCP instead of UDP when the request is large (RFC 3261 §18.1.1). What happens with the bytes is for the
 * subclasses to say: a transaction, or just sending an ACK.
 *
 * ```
 *   start ─▶ locating ─▶ connecting ─▶ begin() ──answer──▶ settled
 *                            ▲            │
 *                            └─ tryNext() ┘ time-out, transport error, 503: next target, new branch
 *                               none left: fail()
 * ```
 */
import { SwitchhookError } from '../../base/errors.js';
import { nextHop } from '../dialog/routing.js';
import { BRANCH_COOKIE, type SipRequest } from '../message/index.js';
import { MAX_FORWARDS } from '../transaction/derived-requests.js';
import type { Flow } from '../transport/flow.js';
import type { Target } from '../transport/target.js';
import type { EndpointCore } from './endpoint-core.js';

/** Where a request shall go; by default where its Route or Request-URI point to. */
export interface Destination {
  /** Tried in this order. */
  targets?: readonly Target[];
  /** An existing flow, and nothing else (RFC 5626). */
  flow?: Flow;
  /** Larger requests go over TCP instead of UDP; default: the limit of the endpoint. */
  maxUdpBytes?: number;
  signal?: AbortSignal;
}

/** With the cookie about 100 random bits. */
const BRANCH_LENGTH = 20;
/** How long TCP may take to connect before a large request goes over UDP after all, in T1. */
const TCP_PATIENCE = 4;

export abstract class Outgoing {
  /** Nothing more will be sent or reported by this object. */
  protected settled = false;
  #flow: Flow | undefined;
  #target: Target | undefined;
  #targets: readonly Target[] = [];
  #next = 0;
  #hasVia = false;
  #tcpTried = false;
  #lastFailure: SwitchhookError | undefined;

  constructor(
    protected readonly core: EndpointCore,
    readonly request: SipRequest,
    private readonly destination: Destination,
  ) {}

  /** The flow of the current attempt. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  /** The last chance to change the request for this flow. */
  protected abstract prepare(flow: Flow): void;
  /** The request as it goes out, once per attempt. */
  protected abstract begin(flow: Flow, bytes: Uint8Array): void;
  /** There is nobody left to try. */
  protected abstract fail(error: SwitchhookError): void;

  protected start(): void {
    const { request, core, destination } = this;
    if (!request.has('Max-Forwards')) request.add('Max-Forwards', MAX_FORWARDS);
    if (core.userAgent !== '' && !request.has('User-Agent')) request.add('User-Agent', core.userAgent);
    const { flow, targets, signal } = destination;
    if (flow) {
      queueMicrotask(() => this.#attempt(flow));
      return;
    }
    const found = targets ? Promise.resolve(targets) : core.resolver.resolve(nextHop(request), signal);
    found.then(
      (list) => {
        this.#targets = list;
        this.#next = 0;
        this.tryNext();
      },
      (error: unknown) => this.fail(asError(error, request, 'its server')),
    );
  }

  /** True when another target could be tried. */
  protected get hasNext(): boolean {
    return this.#next < this.#targets.length;
  }

  /** Goes on to the next target; fails with `failure`, or the one before, when there is none. */
  protected tryNext(failure?: SwitchhookError): void {
    if (this.settled) return;
    if (failure) {
      this.#lastFailure = failure;
      this.markFailed();
    }
    const target = this.#targets[this.#next++];
    if (!target) {
      const nowhere = {
        method: this.request.method,
        target: nextHop(this.request),
        why: 'there is no target',
      };
      this.fail(this.#lastFailure ?? new SwitchhookError('ERR_SIP_TRANSPORT', nowhere));
      return;
    }
    this.#target = target;
    this.#tcpTried = false;
    this.#connect(target);
  }

  /** Sends again to the same place, with a new branch: the answer to a challenge. */
  protected again(): void {
    const flow = this.#flow;
    if (flow?.open) this.#attempt(flow);
    else if (this.#target) this.#connect(this.#target);
    else this.fail(this.failure('the connection was closed'));
  }

  protected markFailed(): void {
    const target = this.#server;
    if (!target) return;
    this.avoid();
    this.core.serverFailed(target);
  }

  /** Others are asked before this server, for `ms` or as long as the resolver has it. */
  protected avoid(ms?: number): void {
    const target = this.#server;
    if (target) this.core.resolver.markFailed(target, ms);
  }

  protected markGood(): void {
    const target = this.#server;
    if (target) this.core.resolver.markGood(target);
  }

  /** Who is asked by this attempt. */
  get #server(): Target | undefined {
    const flow = this.#flow;
    return this.#target ?? (flow && { protocol: flow.protocol, ...flow.remote });
  }

  protected failure(why: string): SwitchhookError {
    return new SwitchhookError('ERR_SIP_TRANSPORT', {
      method: this.request.method,
      target: this.targetName,
      why,
    });
  }

  /** For errors and logs. */
  protected get targetName(): string {
    const server = this.#server;
    return `${server?.protocol}:${server?.host}:${server?.port}`;
  }

  #connect(target: Target): void {
    this.core.transport.connect(target, this.destination.signal).then(
      (flow) => this.#attempt(flow),
      (error: unknown) => this.tryNext(asError(error, this.request, this.targetName)),
    );
  }

  #attempt(flow: Flow): void {
    if (this.settled) return;
    this.#flow = flow;
    let bytes: Uint8Array;
    const { uri } = this.request;
    if (uri.kind === 'sip') this.request.uri = uri.withoutZone();
    try {
      this.#putVia(flow);
      this.prepare(flow);
      bytes = this.request.toBytes();
      if (this.#tooLarge(flow, bytes)) {
        const compact = this.request.toBytes(true);
        if (!this.#tooLarge(flow, compact)) bytes = compact;
      }
    } catch (error) {
      this.fail(asError(error, this.request, this.targetName));
      return;
    }
    if (this.#wantsTcp(flow, bytes)) this.#overTcp(flow, bytes);
    else this.begin(flow, bytes);
  }

  /** A new branch for every attempt: each is a transaction of its own. */
  #putVia(flow: Flow): void {
    const branch = BRANCH_COOKIE + this.core.context.random.token(BRANCH_LENGTH);
    const rport = this.core.asksRport() ? ';rport' : '';
    const via = `SIP/2.0/${flow.protocol.toUpperCase()} ${flow.sentBy};branch=${branch}${rport}`;
    if (this.#hasVia) this.request.replaceFirstValue('Via', via);
    else this.request.prepend('Via', via);
    this.#hasVia = true;
  }

  #tooLarge(flow: Flow, bytes: Uint8Array): boolean {
    const { maxUdpBytes = this.core.limits.maxUdpRequestBytes } = this.destination;
    return flow.protocol === 'udp' && bytes.length > maxUdpBytes;
  }

  #wantsTcp(flow: Flow, bytes: Uint8Array): boolean {
    return (
      this.#tooLarge(flow, bytes) &&
      this.#target !== undefined &&
      !this.#tcpTried &&
      !this.core.tcpRefusals.has(this.#target)
    );
  }

  #overTcp(udp: Flow, bytes: Uint8Array): void {
    const { core } = this;
    const target: Target = { ...(this.#target as Target), protocol: 'tcp' };
    this.#tcpTried = true;
    let decided = false;
    const refused = (): void => {
      if (decided || this.settled) return;
      decided = true;
      patience.cancel();
      core.tcpRefusals.add(target);
      this.begin(udp, bytes);
    };
    const patience = core.context.clock.after(TCP_PATIENCE * core.context.timers.t1, refused);
    core.transport.connect(target, this.destination.signal).then((flow) => {
      if (decided) return;
      decided = true;
      patience.cancel();
      this.#attempt(flow);
    }, refused);
  }
}

/** Errors of ours pass through; anything else has to do with the transport. */
function asError(error: unknown, request: SipRequest, target: string): SwitchhookError {
  if (error instanceof SwitchhookError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new SwitchhookError('ERR_SIP_TRANSPORT', { method: request.method, target, why }, { cause: error });
}
