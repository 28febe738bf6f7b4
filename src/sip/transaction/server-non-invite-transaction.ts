/**
 * The non-INVITE server transaction (RFC 3261 §17.2.2 with the corrections of RFC 4320). Made by the endpoint for
 * every new request but INVITE and ACK; its user answers through {@link ServerHandle}.
 *
 * ```
 *                  request: tell user
 *                          │
 *   request: nothing     ┌─▼──────┐
 *                      └─┤ trying ├──────────────────────────────┐
 *                        └─┬──────┘ 200-699 from user: send      │
 *       100 from user or   │                                     │
 *       long silence: send │                                     │
 *                        ┌─▼──────────┐ 200-699 from user: send  │
 *   request, 100 from  └─┤ proceeding ├────────────────────────┐ │
 *   user: 100 (again)    └────────────┘                        │ │
 *                                                            ┌─▼─▼───────┐
 *                     request: final response again        └─┤ completed │
 *                                                            └─┬─────────┘
 *                                                              │ J
 *                                                         terminated
 * ```
 * A transport error is told to the user and changes no state.
 */
import type { Timer } from '../../base/clock.js';
import { ServerTransaction } from './server-transaction.js';
import { nonInviteTryingDelay, transactionTimeout } from './timers.js';

export type ServerNonInviteState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class ServerNonInviteTransaction extends ServerTransaction {
  #state: ServerNonInviteState = 'trying';
  /** The timer for 100, then J. */
  #timer: Timer | undefined;
  /** So much time has passed that a 100 may be sent over UDP (RFC 4320 §4.1). */
  #tryingDue = false;

  override get state(): ServerNonInviteState {
    return this.#state;
  }

  /** RFC 4320 §4.1: a 100 is due when the client's retransmission interval has reached T2. */
  override watchUser(): void {
    if (this.#state !== 'trying') return;
    this.#timer = this.context.clock.after(nonInviteTryingDelay(this.context.timers), () => {
      this.#tryingDue = true;
      this.handle?.reply(100);
    });
  }

  override receive(): void {
    if (this.#state === 'proceeding' || this.#state === 'completed') this.retransmit();
  }

  override respond(status: number, bytes: Uint8Array): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    if (status < 200) {
      if (!this.#mayProceed(status)) return;
      if (this.#state === 'trying') this.#enter('proceeding');
      this.#timer?.cancel();
      this.transmit(bytes);
      return;
    }
    // RFC 4320 §4.2: 408 would come when the client has given up already.
    if (status === 408) {
      this.terminate();
      return;
    }
    this.#timer?.cancel();
    this.settle();
    this.#enter('completed');
    const j = this.flow.reliable ? 0 : transactionTimeout(this.context.timers);
    this.#timer = this.context.clock.after(j, this.#end);
    this.transmit(bytes);
  }

  override terminate(): void {
    if (this.#state === 'terminated') return;
    this.#timer?.cancel();
    this.settle();
    this.#enter('terminated');
    this.context.ended(this);
  }

  /** RFC 4320 §4.1: no provisional response but 100, and that one over UDP not before T2 is reached. */
  #mayProceed(status: number): boolean {
    return status === 100 && (this.flow.reliable || this.#tryingDue);
  }

  /** Timer J. */
  readonly #end = (): void => {
    this.terminate();
  };

  #enter(state: ServerNonInviteState): void {
    this.trace('server-transaction', this.#state, state);
    this.#state = state;
  }
}
