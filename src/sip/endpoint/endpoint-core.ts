/** What the parts of one endpoint share. */
import type { Logger } from '../../base/logger.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import type { TransactionTable } from '../transaction/transaction-table.js';
import type { Target } from '../transport/target.js';
import type { AbandonedInvites } from './abandoned-invites.js';
import type { EndpointResolver, EndpointTransport } from './endpoint-transport.js';

export interface EndpointLimits {
  /** Received requests without final response at a time; new ones beyond get 503. */
  maxPendingRequests: number;
  /** Server transactions at a time, finished ones that absorb retransmissions included. */
  maxServerTransactions: number;
  /** The Retry-After of those 503, seconds. */
  retryAfterSeconds: number;
  /** Larger requests go over TCP instead of UDP (RFC 3261 §18.1.1). */
  maxUdpRequestBytes: number;
}

export const DEFAULT_ENDPOINT_LIMITS: Readonly<EndpointLimits> = {
  maxPendingRequests: 5_000,
  maxServerTransactions: 100_000,
  retryAfterSeconds: 10,
  maxUdpRequestBytes: 1_300,
};

export interface EndpointCore {
  readonly context: TransactionContext;
  readonly table: TransactionTable;
  readonly transport: EndpointTransport;
  readonly resolver: EndpointResolver;
  readonly logger: Logger;
  readonly limits: EndpointLimits;
  readonly userAgent: string;
  readonly tcpRefusals: TcpRefusals;
  readonly abandoned: AbandonedInvites;
  /** Where there is another server, one that has left so many repetitions of a request without any answer is given up. */
  failoverRetries(): number;
  /** Requests ask where they are seen to come from (RFC 3581). */
  asksRport(): boolean;
  /** A server does not answer, or not as one that works. */
  serverFailed(target: Target): void;
}

/** RFC 3263 §4.3 waits for 32 s; nobody at a phone does. */
export const FAILOVER_RETRIES = 2;

/** How long `retries` repetitions at doubling intervals, and the wait after the last of them, take. */
export function failoverPatience(t1: number, retries: number): number {
  return t1 * (2 ** (retries + 1) - 1);
}

const REFUSAL_MEMORY_MS = 300_000;
const MAX_REFUSALS = 1_000;

/** Servers that want large requests over UDP, since they refuse TCP: asked again after five minutes. */
export class TcpRefusals {
  readonly #until = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  add(target: Target): void {
    const key = `${target.host} ${target.port}`;
    this.#until.delete(key);
    this.#until.set(key, this.now() + REFUSAL_MEMORY_MS);
    if (this.#until.size <= MAX_REFUSALS) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  has(target: Target): boolean {
    const until = this.#until.get(`${target.host} ${target.port}`);
    return until !== undefined && until > this.now();
  }
}
