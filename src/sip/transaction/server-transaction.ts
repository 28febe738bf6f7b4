/**
 * What INVITE and non-INVITE server transactions share, and what the user of the endpoint holds in its hands for
 * every request it has to answer: the {@link ServerHandle}. A response is serialised once; retransmissions reuse the
 * bytes.
 */
import type { SwitchhookError } from '../../base/errors.js';
import { type SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { type Transaction, type TransactionContext, traceState } from './transaction-context.js';
import { serverKey } from './transaction-key.js';

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
  /** A response could not be sent; the transaction goes on (RFC 6026 §8.8). */
  onTransportError?: (error: SwitchhookError) => void;
}

export abstract class ServerTransaction implements ServerHandle, Transaction {
  readonly key: string;
  onCancel?: (cancel: SipRequest) => void;
  onAckTimeout?: () => void;
  onTransportError?: (error: SwitchhookError) => void;
  #toTag: string | undefined;
  #last: SipResponse | undefined;
  #lastBytes: Uint8Array | undefined;
  #settled = false;
  readonly #sent = (error: SwitchhookError | null): void => {
    if (error) this.onTransportError?.(error);
  };

  constructor(
    protected readonly context: TransactionContext,
    readonly request: SipRequest,
    readonly flow: Flow,
  ) {
    this.key = serverKey(request, request.method);
    context.load.pending++;
  }

  abstract readonly state: string;
  /** True until a final response was given. */
  abstract readonly pending: boolean;
  /** A retransmission of the request, or the ACK of an INVITE. */
  abstract receive(request: SipRequest): void;
  abstract respond(response: SipResponse): void;
  /** The user was told of the request: from now on its silence is noticed. */
  abstract watchUser(): void;
  abstract terminate(): void;

  get toTag(): string {
    this.#toTag ??= this.request.to.tag ?? this.context.random.token(TAG_LENGTH);
    return this.#toTag;
  }

  reply(status: number, reason?: string, init?: (response: SipResponse) => void): SipResponse {
    const response = SipResponse.for(this.request, status, reason);
    init?.(response);
    this.respond(response);
    return response;
  }

  /** The final response is given, or there will be none. */
  protected settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.context.load.pending--;
  }

  /** Sends a response, serialising it unless it is the one sent last. */
  protected transmit(response: SipResponse): void {
    if (response !== this.#last || !this.#lastBytes) {
      this.#complete(response);
      this.#last = response;
      this.#lastBytes = response.toBytes();
    }
    this.context.sendResponse(this.request, this.flow, this.#lastBytes, this.#sent);
  }

  /** Sends the last response again, when there is one. */
  protected retransmit(): void {
    if (this.#lastBytes) this.context.sendResponse(this.request, this.flow, this.#lastBytes, this.#sent);
  }

  /** Whether the tag is the one of the last response: an RFC 2543 ACK is told by it (RFC 3261 §17.2.3). */
  hasResponseTag(tag: string | undefined): boolean {
    return this.#last?.to.tag === tag;
  }

  protected trace(kind: string, from: string, to: string): void {
    traceState(this.context, this.request, kind, from, to);
  }

  /** §8.2.6.2: every response but 100 carries a To tag, the same for all responses to one request. */
  #complete(response: SipResponse): void {
    if (response.status > 100) {
      const tag = response.to.tag;
      if (tag === undefined) response.set('To', `${response.get('To')};tag=${this.toTag}`);
      else this.#toTag ??= tag;
    }
    const { serverName } = this.context;
    if (serverName !== '' && !response.has('Server')) response.add('Server', serverName);
  }
}
