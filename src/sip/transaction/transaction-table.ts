/**
 * All live transactions of an endpoint and the rules by which messages find theirs (RFC 3261 §17.1.3, §17.2.3,
 * §8.2.2.2, §9.2). Filled by the endpoint, emptied by the transactions as they end. Decides nothing else.
 */
import type { SipRequest, SipResponse } from '../message/index.js';
import { REGISTERED_METHODS } from '../message/methods.js';
import type { ClientInviteTransaction } from './client-invite-transaction.js';
import type { ClientNonInviteTransaction } from './client-non-invite-transaction.js';
import { ServerTransaction } from './server-transaction.js';
import type { Transaction } from './transaction-context.js';
import { mergeKey, responseKey, serverKey } from './transaction-key.js';

export type ClientTransaction = ClientInviteTransaction | ClientNonInviteTransaction;

export class TransactionTable {
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  /** Server transactions of requests without To tag, by what their merged copies share. */
  readonly #mergeable = new Map<string, ServerTransaction>();

  get clientCount(): number {
    return this.#clients.size;
  }

  get serverCount(): number {
    return this.#servers.size;
  }

  addClient(transaction: ClientTransaction): void {
    this.#clients.set(transaction.key, transaction);
  }

  addServer(transaction: ServerTransaction): void {
    this.#servers.set(transaction.key, transaction);
    const { mergeKey: key } = transaction;
    if (key !== undefined && !this.#mergeable.has(key)) this.#mergeable.set(key, transaction);
  }

  remove(transaction: Transaction): void {
    if (!(transaction instanceof ServerTransaction)) {
      this.#clients.delete(transaction.key);
      return;
    }
    this.#servers.delete(transaction.key);
    const { mergeKey: key } = transaction;
    if (key !== undefined && this.#mergeable.get(key) === transaction) this.#mergeable.delete(key);
  }

  /** The client transaction a response belongs to. */
  matchResponse(response: SipResponse): ClientTransaction | undefined {
    return this.#clients.get(responseKey(response));
  }

  /** The server transaction a request repeats, or that an ACK belongs to. */
  matchRequest(request: SipRequest): ServerTransaction | undefined {
    const isAck = request.method === 'ACK';
    const found = this.#servers.get(serverKey(request, isAck ? 'INVITE' : request.method));
    if (!found?.isRfc2543) return found;
    // RFC 2543: the To tag belongs to the key, for an ACK the one our response had.
    const tag = request.to.tag;
    return tag === (isAck ? found.responseTag : found.requestTag) ? found : undefined;
  }

  /** The INVITE a CANCEL means: it matches as if it were that INVITE (§9.2). */
  matchCancel(cancel: SipRequest): ServerTransaction | undefined {
    return this.#servers.get(serverKey(cancel, 'INVITE'));
  }

  /** A CANCEL for a request that cannot be cancelled: it has no effect, but is answered with 200 (§9.2). */
  isVainCancel(cancel: SipRequest): boolean {
    for (const method of REGISTERED_METHODS) {
      if (method !== 'CANCEL' && this.#servers.has(serverKey(cancel, method))) return true;
    }
    return false;
  }

  /**
   * True when a request without To tag is a copy, come another way, of one that has a transaction (§8.2.2.2). To be
   * asked only when {@link matchRequest} found nothing.
   */
  isMerged(request: SipRequest): boolean {
    return request.to.tag === undefined && this.#mergeable.has(mergeKey(request));
  }

  /** Every transaction, for closing down. */
  *all(): IterableIterator<ClientTransaction | ServerTransaction> {
    yield* this.#clients.values();
    yield* this.#servers.values();
  }
}
