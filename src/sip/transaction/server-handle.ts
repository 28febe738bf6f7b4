/**
 * What the user of the endpoint holds in its hands for every request it has to answer. Completes responses (To tag,
 * Server) and serialises each once; the {@link ServerTransaction} behind it only sees bytes. Request and responses
 * live as long as the user keeps the handle: a transaction that has been answered lets go of it.
 */
import type { SwitchhookError } from '../../base/errors.js';
import { type SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import type { ServerTransaction } from './server-transaction.js';
import type { TransactionContext } from './transaction-context.js';

/** Length of the tags we make: 62 bits, above the 32 RFC 3261 §19.3 asks for. */
const TAG_LENGTH = 12;

/** A received request and the means to answer it. */
export interface ServerHandle {
  readonly request: SipRequest;
  /** Where the request came from. */
  readonly flow: Flow;
  readonly state: string;
  /** The To tag of our responses: the one of the request, or the one put on responses that have none. */
  readonly toTag: string;
  /**
   * Sends a response. A To tag and Server are added when missing. Given the same object again it is sent again
   * unchanged (2xx to INVITE, RFC 3261 §13.3.1.4; reliable provisional responses, RFC 3262 §3). Does nothing once
   * a final response has settled the transaction.
   */
  respond(response: SipResponse): void;
  /** Builds a response, lets `init` add to it, and sends it. */
  reply(status: number, reason?: string, init?: (response: SipResponse) => void): SipResponse;
  /** A CANCEL for this INVITE arrived before its final response; it has been answered. Send 487 now. */
  onCancel?: (cancel: SipRequest) => void;
  /** No ACK for a final response other than 2xx within 64*T1. */
  onAckTimeout?: () => void;
  /** The INVITE came again: the response sent last, which is sent again by itself, may not have been heard. */
  onRepeated?: () => void;
  /** A response could not be sent; the transaction goes on (RFC 6026 §8.8). */
  onTransportError?: (error: SwitchhookError) => void;
}

export class IncomingRequest implements ServerHandle {
  onCancel?: (cancel: SipRequest) => void;
  #toTag: string | undefined;
  #last: SipResponse | undefined;
  #lastBytes: Uint8Array | undefined;

  constructor(
    private readonly context: TransactionContext,
    private readonly transaction: ServerTransaction,
    readonly request: SipRequest,
  ) {}

  get flow(): Flow {
    return this.transaction.flow;
  }

  get state(): string {
    return this.transaction.state;
  }

  get toTag(): string {
    this.#toTag ??= this.request.to.tag ?? this.context.random.token(TAG_LENGTH);
    return this.#toTag;
  }

  get onAckTimeout(): (() => void) | undefined {
    return this.transaction.onAckTimeout;
  }

  set onAckTimeout(listener: (() => void) | undefined) {
    this.transaction.onAckTimeout = listener;
  }

  get onRepeated(): (() => void) | undefined {
    return this.transaction.onRepeated;
  }

  set onRepeated(listener: (() => void) | undefined) {
    this.transaction.onRepeated = listener;
  }

  get onTransportError(): ((error: SwitchhookError) => void) | undefined {
    return this.transaction.onTransportError;
  }

  set onTransportError(listener: ((error: SwitchhookError) => void) | undefined) {
    this.transaction.onTransportError = listener;
  }

  reply(status: number, reason?: string, init?: (response: SipResponse) => void): SipResponse {
    const response = SipResponse.for(this.request, status, reason);
    init?.(response);
    this.respond(response);
    return response;
  }

  respond(response: SipResponse): void {
    if (response !== this.#last || !this.#lastBytes) {
      this.#complete(response);
      this.#last = response;
      this.#lastBytes = response.toBytes();
    }
    this.transaction.respond(response.status, this.#lastBytes);
  }

  /** §8.2.6.2: every response but 100 carries a To tag, the same for all responses to one request. */
  #complete(response: SipResponse): void {
    if (response.status > 100) {
      // As a rule the To of the request, which has been read already.
      const same = response.get('To') === this.request.get('To');
      const { tag } = (same ? this.request : response).to;
      if (tag === undefined) response.set('To', `${response.get('To')};tag=${this.toTag}`);
      else this.#toTag ??= tag;
      this.transaction.responseTag = tag ?? this.toTag;
    }
    const { serverName } = this.context;
    if (serverName !== '' && !response.has('Server')) response.add('Server', serverName);
  }
}
