/**
 * What every transaction needs from its surroundings, made once per endpoint and shared: no closures per transaction.
 */
import type { Clock } from '../../base/clock.js';
import type { StateTrace, Tap } from '../../base/diagnostics.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { SipResponse, Via } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import type { TimerValues } from './timers.js';

/** Anything with a state machine that lives in the {@link TransactionTable}. */
export interface Transaction {
  /** What the table knows it by. */
  readonly key: string;
  readonly state: string;
}

export type SendDone = (error: SwitchhookError | null) => void;

export interface TransactionContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: TimerValues;
  readonly stateTap: Tap<StateTrace>;
  /** The Server header of responses we build; empty for none. */
  readonly serverName: string;
  /** From how many waiting requests on an INVITE gets its 100 at once. */
  tryingFrom(): number;
  /** The final responses 401 and 407 to INVITE are acknowledged. */
  acknowledgesChallenges(): boolean;
  /** How many received requests wait for their final response. */
  readonly load: { pending: number };
  /** The transaction has reached 'terminated' and must be forgotten. */
  ended(transaction: Transaction): void;
  /** Sends the bytes of a response by RFC 3261 §18.2.2; `via` is its top Via, `flow` where the request came from. */
  sendResponse(via: Via | undefined, flow: Flow, bytes: Uint8Array, done: SendDone): void;
}

/** What a client transaction tells its user. Nothing is told after `terminate()`. */
export interface ClientTransactionUser {
  onResponse(response: SipResponse, transaction: Transaction): void;
  /** Timer B or F fired. */
  onTimeout(transaction: Transaction): void;
  onTransportError(error: SwitchhookError, transaction: Transaction): void;
}

/** Publishes a state change when somebody watches. */
export function traceState(
  context: TransactionContext,
  callId: string,
  kind: string,
  from: string,
  to: string,
): void {
  if (!context.stateTap.active) return;
  context.stateTap.publish({ time: context.clock.wallTime(), kind, id: callId, from, to });
}
