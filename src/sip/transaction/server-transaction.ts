/**
 * What INVITE and non-INVITE server transactions share. They see responses as a status and bytes, and keep of an
 * answered request only what retransmissions need, since thousands of them linger for 32 s each.
 */
import type { SwitchhookError } from '../../base/errors.js';
import type { SipRequest, Via } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { datagramResponseAddress } from '../transport/via-rules.js';
import { IncomingRequest } from './server-handle.js';
import {
  type SendDone,
  type Transaction,
  type TransactionContext,
  traceState,
} from './transaction-context.js';
import { isRfc2543, mergeKey, serverKey } from './transaction-key.js';

export abstract class ServerTransaction implements Transaction {
  readonly key: string;
  /** What copies of the request share with it; undefined within a dialog, where there are none (RFC 3261 §8.2.2.2). */
  readonly mergeKey: string | undefined;
  /** The client knows no branches: its messages are matched by their headers, To tags included. */
  readonly isRfc2543: boolean;
  /** The To tag of an RFC 2543 request. */
  readonly requestTag: string | undefined;
  /** The To tag of the last response: that of the response to a CANCEL, and an RFC 2543 ACK is told by it (§17.2.3). */
  responseTag: string | undefined;
  onAckTimeout?: () => void;
  onRepeated?: () => void;
  onTransportError?: (error: SwitchhookError) => void;
  #handle: IncomingRequest | undefined;
  #lastBytes: Uint8Array | undefined;
  /** Where responses go, unless it is where the request came from in any case. */
  readonly #via: Via | undefined;
  readonly #callId: string;
  readonly #sent: SendDone = (error) => {
    if (error) this.onTransportError?.(error);
  };

  constructor(
    protected readonly context: TransactionContext,
    request: SipRequest,
    readonly flow: Flow,
  ) {
    this.key = serverKey(request, request.method);
    const toTag = request.to.tag;
    this.mergeKey = toTag === undefined ? mergeKey(request) : undefined;
    this.isRfc2543 = isRfc2543(request);
    this.requestTag = this.isRfc2543 ? toTag : undefined;
    this.#via = viaNeeded(request.topVia, flow);
    this.#callId = context.stateTap.active ? request.callId : '';
    this.#handle = new IncomingRequest(context, this, request);
    context.load.pending++;
  }

  abstract readonly state: string;
  /** A retransmission of the request, or the ACK of an INVITE. */
  abstract receive(method: string): void;
  /** A response from the user, serialised. */
  abstract respond(status: number, bytes: Uint8Array): void;
  /** The user was told of the request: from now on its silence is noticed. */
  abstract watchUser(): void;
  abstract terminate(): void;

  /** For the user; undefined from the final response on. */
  get handle(): IncomingRequest | undefined {
    return this.#handle;
  }

  /** The final response is given, or there will be none. */
  protected settle(): void {
    if (!this.#handle) return;
    this.#handle = undefined;
    this.context.load.pending--;
  }

  /** Sends a response that {@link retransmit} may have to repeat. */
  protected transmit(bytes: Uint8Array): void {
    this.#lastBytes = bytes;
    this.send(bytes);
  }

  /** Sends the last response again, when there is one. */
  protected retransmit(): void {
    if (this.#lastBytes) this.send(this.#lastBytes);
  }

  /** Sends a response that is repeated by the user alone. */
  protected send(bytes: Uint8Array): void {
    this.context.sendResponse(this.#via, this.flow, bytes, this.#sent);
  }

  /** No response will have to be repeated any more. */
  protected forgetResponse(): void {
    this.#lastBytes = undefined;
  }

  protected trace(kind: string, from: string, to: string): void {
    traceState(this.context, this.#callId, kind, from, to);
  }
}

/** A connection may be gone when the response is due (RFC 3261 §18.2.2); the way of a datagram is known at once. */
function viaNeeded(via: Via | undefined, { reliable, remote }: Flow): Via | undefined {
  if (!via || reliable) return via;
  const { host, port } = datagramResponseAddress(via, remote);
  return host === remote.host && port === remote.port ? undefined : via;
}
