/**
 * The INVITE server transaction (RFC 3261 §17.2.1 as changed by RFC 6026 §8.5). Made by the endpoint for every new
 * INVITE; its user answers through {@link ServerHandle}. Sends 100 when the user is silent for 200 ms (at once where
 * that is wanted), repeats final
 * responses other than 2xx until the ACK, and never repeats a 2xx by itself.
 *
 * ```
 *                          INVITE: tell user
 *                                  │
 *          INVITE: last response ┌─▼──────────┐ 1xx from user: send; silence of 200 ms: send 100
 *          again               └─┤ proceeding ├─┘
 *                                └─┬────────┬─┘
 *        300-699 from user: send   │        │ 2xx from user: send
 *   ┌──────────────────────────────┘        └────────────────┐
 * ┌─▼─────────┐ INVITE, G (UDP): final response again   ┌────▼─────┐ INVITE: nothing
 * │ completed ├─┘                                       │ accepted ├─┘ 2xx from user: send; ACK: to user
 * └─┬───────┬─┘                                         └────┬─────┘
 *   │ ACK   │ H: tell user                                   │ L
 * ┌─▼─────────┐                                              │
 * │ confirmed │ I                                            │
 * └─┬─────────┘                                              │
 *   └───────┴─────────────────▶ terminated ◀─────────────────┘
 * ```
 * A transport error is told to the user and changes no state.
 */
import type { Timer } from '../../base/clock.js';
import { ServerTransaction } from './server-transaction.js';
import { transactionTimeout } from './timers.js';

export type ServerInviteState = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

export class ServerInviteTransaction extends ServerTransaction {
  #state: ServerInviteState = 'proceeding';
  /** The timer for 100, then G. */
  #sendTimer: Timer | undefined;
  /** H, I or L. */
  #stateTimer: Timer | undefined;
  #interval = 0;
  #provisionalSent = false;

  override get state(): ServerInviteState {
    return this.#state;
  }

  override watchUser(): void {
    if (this.#state !== 'proceeding' || this.#provisionalSent) return;
    const { load, tryingFrom } = this.context;
    if (load.pending >= tryingFrom()) {
      this.handle?.reply(100);
      return;
    }
    this.#sendTimer = this.context.clock.after(this.context.timers.trying, () => {
      if (!this.#provisionalSent) this.handle?.reply(100);
    });
  }

  override receive(method: string): void {
    if (method === 'ACK') {
      if (this.#state === 'completed') this.#enterConfirmed();
    } else if (this.#state === 'proceeding' || this.#state === 'completed') {
      this.retransmit();
      this.onRepeated?.();
    }
  }

  override respond(status: number, bytes: Uint8Array): void {
    const isAcceptance = status >= 200 && status < 300;
    if (this.#state === 'accepted' && isAcceptance) this.send(bytes);
    if (this.#state !== 'proceeding') return;
    this.#sendTimer?.cancel();
    if (status < 200) {
      this.#provisionalSent = true;
      this.transmit(bytes);
    } else if (isAcceptance) {
      this.#enterAccepted();
      this.send(bytes);
    } else {
      this.#enterCompleted();
      this.transmit(bytes);
    }
  }

  override terminate(): void {
    if (this.#state === 'terminated') return;
    this.#sendTimer?.cancel();
    this.#stateTimer?.cancel();
    this.settle();
    this.#enter('terminated');
    this.context.ended(this);
  }

  #enterAccepted(): void {
    this.settle();
    this.forgetResponse();
    this.#enter('accepted');
    this.#stateTimer = this.context.clock.after(transactionTimeout(this.context.timers), this.#end);
  }

  #enterCompleted(): void {
    const { clock, timers } = this.context;
    this.settle();
    this.#enter('completed');
    if (!this.flow.reliable) {
      this.#interval = timers.t1;
      this.#sendTimer = clock.after(timers.t1, this.#onTimerG);
    }
    this.#stateTimer = clock.after(transactionTimeout(timers), this.#onTimerH);
  }

  #enterConfirmed(): void {
    this.#sendTimer?.cancel();
    this.#stateTimer?.cancel();
    this.forgetResponse();
    this.#enter('confirmed');
    this.#stateTimer = this.context.clock.after(this.flow.reliable ? 0 : this.context.timers.t4, this.#end);
  }

  readonly #onTimerG = (): void => {
    this.#interval = Math.min(this.#interval * 2, this.context.timers.t2);
    this.#sendTimer = this.context.clock.after(this.#interval, this.#onTimerG);
    this.retransmit();
  };

  readonly #onTimerH = (): void => {
    this.terminate();
    this.onAckTimeout?.();
  };

  /** Timers I and L. */
  readonly #end = (): void => {
    this.terminate();
  };

  #enter(state: ServerInviteState): void {
    this.trace('server-invite-transaction', this.#state, state);
    this.#state = state;
  }
}
