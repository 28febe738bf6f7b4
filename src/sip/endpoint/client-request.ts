/**
 * A request sent by the user of the endpoint, from the first attempt to the last answer: one client transaction after
 * another over the targets, answers to challenges, CANCEL. The {@link ClientHandle} is its outside.
 *
 * ```
 *              1xx                       2xx (INVITE: again for other forks)
 *   waiting ────────▶ waiting ─────────────────────────────▶ settled: onFinal
 *    │ ▲ 401, 407 with credentials: CSeq+1, same target        ▲
 *    │ └ time-out, transport error, 503: next target           │ 3xx-6xx
 *    │   (silence: sooner where there is a next target)        │
 *    ├─────────────────────────────────────────────────────────┘
 *    └─ nobody left, cancelled or aborted without an answer ─▶ settled: onError
 * ```
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { DigestClient } from '../auth/index.js';
import type { SipRequest, SipResponse } from '../message/index.js';
import { ClientInviteTransaction } from '../transaction/client-invite-transaction.js';
import { ClientNonInviteTransaction } from '../transaction/client-non-invite-transaction.js';
import { createCancel } from '../transaction/derived-requests.js';
import { transactionTimeout } from '../transaction/timers.js';
import type { ClientTransactionUser, Transaction } from '../transaction/transaction-context.js';
import type { ClientTransaction } from '../transaction/transaction-table.js';
import type { Flow } from '../transport/flow.js';
import { type EndpointCore, failoverPatience } from './endpoint-core.js';
import { type Destination, Outgoing } from './outgoing.js';

export interface SendOptions extends Destination {
  /** Answers 401 and 407, and puts in credentials beforehand for realms it knows. */
  auth?: DigestClient;
  /** The CSeq of a request repeated with credentials; default the last one plus one. */
  nextCseq?: () => number;
  /** Repeats over UDP while nothing comes back; then it counts as timed out. Default as RFC 3261 has it. */
  maxResends?: number;
  /** Sent twice at once, for peers that miss things. */
  twice?: boolean;
  /** Called before every attempt, with the flow it goes over: the moment to set Contact. */
  beforeSend?(request: SipRequest, flow: Flow): void;
  onProvisional?(response: SipResponse, handle: ClientHandle): void;
  /**
   * The final response. For a 2xx to INVITE again for every retransmission and every other fork, told apart by the
   * To tag.
   */
  onFinal(response: SipResponse, handle: ClientHandle): void;
  /** There will be no final response: ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND, … */
  onError(error: SwitchhookError): void;
}

export interface CancelOptions {
  /** The value of a Reason header (RFC 3326). */
  reason?: string;
  /** Without waiting for a provisional response, against RFC 3261 §9.1; the INVITE is not repeated any more. */
  now?: boolean;
  /** Sent twice at once. */
  twice?: boolean;
}

/** A request that was sent. */
export interface ClientHandle {
  /** As sent last: with Via, credentials, CSeq. */
  readonly request: SipRequest;
  /** The flow it was sent over last. */
  readonly flow?: Flow;
  /**
   * Gives up. An INVITE is cancelled as soon as a provisional response allows it (RFC 3261 §9.1) and still ends with
   * onFinal (487, or a 2xx that crossed the CANCEL and has to be acknowledged and ended); when it was not sent or
   * nobody answers, with onError ERR_ABORTED, as any other request at once.
   */
  cancel(options?: CancelOptions): void;
}

/** No server keeps its clients away for longer, whatever it says. */
const MAX_RETRY_AFTER_S = 3600;

/** undefined without Retry-After, or with one that cannot be read. */
function retryAfterMs(response: SipResponse): number | undefined {
  try {
    const { retryAfter } = response;
    return retryAfter && Math.min(retryAfter.delta, MAX_RETRY_AFTER_S) * 1000;
  } catch {
    return undefined;
  }
}

/** Whatever comes of a CANCEL shows in its INVITE. */
const NO_USER: ClientTransactionUser = { onResponse() {}, onTimeout() {}, onTransportError() {} };

export class ClientRequest extends Outgoing implements ClientHandle, ClientTransactionUser {
  #transaction: ClientTransaction | undefined;
  #provisional = false;
  #cancelled = false;
  #cancelling: CancelOptions = {};
  #cancelTimer: Timer | undefined;
  /** The server of this attempt is given up when it has fired. */
  #patience: Timer | undefined;
  /** The request carries a fresh answer to a challenge. */
  #authorized = false;

  constructor(
    core: EndpointCore,
    request: SipRequest,
    private readonly options: SendOptions,
  ) {
    super(core, request, options);
  }

  send(): void {
    const { signal } = this.options;
    if (signal?.aborted) {
      queueMicrotask(() => this.fail(this.#abortError()));
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.start();
  }

  cancel(options: CancelOptions = {}): void {
    if (this.settled || this.#cancelled) return;
    this.#cancelling = options;
    const transaction = this.#transaction;
    if (!transaction || this.request.method !== 'INVITE') {
      transaction?.terminate();
      this.fail(this.#abortError());
      return;
    }
    this.#cancelled = true;
    if (options.now) transaction.hush();
    if (this.#provisional || options.now) this.#sendCancel();
  }

  onResponse(response: SipResponse, transaction: Transaction): void {
    if (transaction !== this.#transaction) return;
    const { status } = response;
    if (!this.#provisional) {
      this.#provisional = true;
      this.#patience?.cancel();
      this.markGood();
    }
    if (status < 200) {
      if (this.#cancelled && !this.#cancelTimer) this.#sendCancel();
      this.#report(() => this.options.onProvisional?.(response, this));
    } else if (status < 300) {
      this.options.auth?.learn(this.request, response);
      this.#finish(response);
    } else if (this.#cancelled) {
      this.#finish(response);
    } else if ((status === 401 || status === 407) && this.options.auth) {
      this.#answerChallenge(response, this.options.auth);
    } else if (status === 503) {
      this.#unavailable(response);
    } else {
      this.#finish(response);
    }
  }

  onTimeout(transaction: Transaction): void {
    if (transaction !== this.#transaction) return;
    const { method } = this.request;
    this.#abandon();
    this.#onLost(new SwitchhookError('ERR_SIP_TIMEOUT', { method, target: this.targetName }));
  }

  onTransportError(error: SwitchhookError, transaction: Transaction): void {
    if (transaction === this.#transaction) this.#onLost(error);
  }

  protected override prepare(flow: Flow): void {
    this.options.beforeSend?.(this.request, flow);
    if (!this.#authorized) this.options.auth?.preauthorize(this.request);
  }

  protected override begin(flow: Flow, bytes: Uint8Array): void {
    const { context, table } = this.core;
    const Kind = this.request.method === 'INVITE' ? ClientInviteTransaction : ClientNonInviteTransaction;
    const transaction = new Kind(context, this.request, bytes, flow, this);
    this.#transaction = transaction;
    this.#provisional = false;
    this.#authorized = false;
    if (this.options.maxResends !== undefined) transaction.limitResends(this.options.maxResends);
    table.addClient(transaction);
    transaction.start();
    if (this.options.twice) transaction.repeat();
    this.#patience?.cancel();
    const retries = this.core.failoverRetries();
    if (!this.hasNext || retries <= 0) return;
    this.#patience = context.clock.after(failoverPatience(context.timers.t1, retries), () => {
      if (this.settled || this.#cancelled || this.#transaction !== transaction) return;
      transaction.terminate();
      this.onTimeout(transaction);
    });
  }

  protected override fail(error: SwitchhookError): void {
    if (this.settled) return;
    this.#settle();
    this.#report(() => this.options.onError(error));
  }

  readonly #onAbort = (): void => {
    this.cancel();
  };

  #finish(response: SipResponse): void {
    this.#settle();
    this.#report(() => this.options.onFinal(response, this));
  }

  #onLost(error: SwitchhookError): void {
    if (this.settled) return;
    this.#transaction = undefined;
    if (this.#cancelled) this.fail(this.#abortError());
    else this.tryNext(error);
  }

  /** RFC 3263 §4.3: the next server is asked. RFC 3261 §21.5.4: this one not again before the time it names. */
  #unavailable(response: SipResponse): void {
    const ms = retryAfterMs(response);
    const goesOn = this.hasNext;
    if (goesOn) this.markFailed();
    if (ms !== undefined) this.avoid(ms);
    if (!goesOn) return this.#finish(response);
    this.#transaction = undefined;
    this.tryNext();
  }

  #answerChallenge(response: SipResponse, auth: DigestClient): void {
    if (auth.authorize(this.request, response) === 'failed') {
      const refusal = auth.refusal(this.request);
      if (refusal === undefined) this.#finish(response);
      else
        this.fail(new SwitchhookError('ERR_AUTHENTICATION_FAILED', { ...refusal, status: response.status }));
      return;
    }
    const { seq, method } = this.request.cseq;
    this.request.set('CSeq', `${this.options.nextCseq?.() ?? seq + 1} ${method}`);
    this.#authorized = true;
    this.#transaction = undefined;
    this.again();
  }

  #sendCancel(): void {
    const { context, table } = this.core;
    const { flow } = this;
    if (!flow) return;
    const cancel = createCancel(this.request, this.#cancelling.reason);
    const transaction = new ClientNonInviteTransaction(context, cancel, cancel.toBytes(), flow, NO_USER);
    // RFC 3261 §9.1: an RFC 2543 server sends no final response; after 64*T1 the INVITE counts as cancelled.
    this.#cancelTimer = context.clock.after(transactionTimeout(context.timers), () => {
      this.#transaction?.terminate();
      this.#abandon();
      this.fail(this.#abortError());
    });
    table.addClient(transaction);
    transaction.start();
    if (this.#cancelling.twice) transaction.repeat();
  }

  /** Nobody has answered; should somebody ring after all, it is to stop. */
  #abandon(): void {
    const { flow, request, core } = this;
    if (flow && request.method === 'INVITE') core.abandoned.add(request, flow, this.#cancelling.reason);
  }

  #settle(): void {
    this.settled = true;
    this.#cancelTimer?.cancel();
    this.#patience?.cancel();
    this.options.signal?.removeEventListener('abort', this.#onAbort);
  }

  #abortError(): SwitchhookError {
    return new SwitchhookError('ERR_ABORTED', { what: this.request.method });
  }

  /** What the user does in its callback must not break the transaction that called. */
  #report(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.core.logger.error('a response handler failed', { callId: this.request.callId, error });
    }
  }
}
