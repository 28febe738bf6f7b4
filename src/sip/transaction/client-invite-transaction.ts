/**
 * The INVITE client transaction (RFC 3261 §17.1.1 as changed by RFC 6026 §8.4). Made by the endpoint for every INVITE
 * it sends to one target; acknowledges final responses other than 2xx by itself and never a 2xx.
 *
 * ```
 *                 start: send INVITE, arm A (UDP) and B
 *                                   │
 *        A: send again, A doubles ┌─▼───────┐ B, transport error: tell user
 *                               └─┤ calling ├──────────────────────────────┐
 *                                 └─┬─┬─┬───┘                              │
 *          300-699: ACK, tell user  │ │ │ 2xx: tell user                   │
 *      ┌────────────────────────────┘ │ └─────────────────────────┐        │
 *      │                              │ 1xx: tell user            │        │
 *      │                        ┌─────▼──────┐                    │        │
 *      │                        │ proceeding ├◀┐ 1xx: tell user   │        │
 *      │                        └──┬──────┬──┴─┘                  │        │
 *      │   300-699: ACK, tell user │      │ 2xx: tell user        │        │
 *  ┌───▼─────────────────┐◀────────┘      └──────────────▶┌───────▼──┐     │
 *  │ completed           │ 300-699: ACK                   │ accepted │ 2xx: tell user
 *  └───┬─────────────────┘                                └───────┬──┘     │
 *      │ D, transport error: tell user                            │ M      │
 *      └──────────────────────────▶ terminated ◀──────────────────┴────────┘
 * ```
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { createNon2xxAck } from './derived-requests.js';
import { transactionTimeout } from './timers.js';
import {
  type ClientTransactionUser,
  type SendDone,
  type Transaction,
  type TransactionContext,
  traceState,
} from './transaction-context.js';
import { clientKey } from './transaction-key.js';

export type ClientInviteState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

export class ClientInviteTransaction implements Transaction {
  readonly key: string;
  #state: ClientInviteState = 'calling';
  #resendTimer: Timer | undefined;
  #stateTimer: Timer | undefined;
  #interval: number;
  #ack: Uint8Array | undefined;
  #stopWatchingFlow: (() => void) | undefined;
  readonly #sent: SendDone = (error) => {
    if (error) this.#onTransportError(error);
  };

  /** @param bytes `request` as it goes on the wire, with its top Via */
  constructor(
    private readonly context: TransactionContext,
    readonly request: SipRequest,
    private readonly bytes: Uint8Array,
    readonly flow: Flow,
    private readonly user: ClientTransactionUser,
  ) {
    this.key = clientKey(request.topVia?.branch ?? '', 'INVITE');
    this.#interval = context.timers.t1;
  }

  get state(): ClientInviteState {
    return this.#state;
  }

  start(): void {
    const { clock, timers } = this.context;
    if (this.flow.reliable) this.#stopWatchingFlow = this.flow.onClose((error) => this.#onFlowClosed(error));
    else this.#resendTimer = clock.after(timers.t1, this.#onTimerA);
    this.#stateTimer = clock.after(transactionTimeout(timers), this.#onTimerB);
    this.flow.send(this.bytes, this.#sent);
  }

  receive(response: SipResponse): void {
    const { status } = response;
    switch (this.#state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) {
          if (this.#state === 'calling') {
            this.#stopTimers();
            this.#enter('proceeding');
          }
        } else if (status < 300) {
          this.#enterAccepted();
        } else {
          this.#enterCompleted(response);
        }
        this.user.onResponse(response, this);
        break;
      case 'completed':
        if (status >= 300 && this.#ack) this.flow.send(this.#ack, this.#sent);
        break;
      case 'accepted':
        if (status >= 200 && status < 300) this.user.onResponse(response, this);
        break;
      case 'terminated':
        break;
    }
  }

  /** The user gives up: no more retransmissions and no more reports. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#stopTimers();
    this.#stopWatchingFlow?.();
    this.#enter('terminated');
    this.context.ended(this);
  }

  #enterAccepted(): void {
    this.#stopTimers();
    this.#stateTimer = this.context.clock.after(transactionTimeout(this.context.timers), this.#onStateTimer);
    this.#enter('accepted');
  }

  #enterCompleted(response: SipResponse): void {
    this.#stopTimers();
    this.#ack = createNon2xxAck(this.request, response).toBytes();
    this.#enter('completed');
    // Timer D is zero over reliable transports; the timer still runs, so that the user hears before the end.
    const d = this.flow.reliable
      ? 0
      : Math.max(this.context.timers.d, transactionTimeout(this.context.timers));
    this.#stateTimer = this.context.clock.after(d, this.#onStateTimer);
    const { status } = response;
    // RFC 3261 §17.1.1.3 has no such exception; servers that stumble over it ask for one.
    if ((status === 401 || status === 407) && !this.context.acknowledgesChallenges()) this.#ack = undefined;
    if (this.#ack) this.flow.send(this.#ack, this.#sent);
  }

  readonly #onTimerA = (): void => {
    this.#interval *= 2;
    this.#resendTimer = this.context.clock.after(this.#interval, this.#onTimerA);
    this.flow.send(this.bytes, this.#sent);
  };

  readonly #onTimerB = (): void => {
    this.terminate();
    this.user.onTimeout(this);
  };

  /** Timers D and M. */
  readonly #onStateTimer = (): void => {
    this.terminate();
  };

  #onTransportError(error: SwitchhookError): void {
    if (this.#state !== 'calling' && this.#state !== 'completed') return;
    this.terminate();
    this.user.onTransportError(error, this);
  }

  /**
   * A server that has answered may still reach us over another connection (RFC 3261 §18.2.2); before that the
   * request is lost with the connection.
   */
  #onFlowClosed(error: SwitchhookError | undefined): void {
    if (this.#state !== 'calling') return;
    this.#onTransportError(
      error ??
        new SwitchhookError('ERR_SIP_TRANSPORT', {
          method: 'INVITE',
          target: `${this.flow.remote.host}:${this.flow.remote.port}`,
          why: 'the connection was closed',
        }),
    );
  }

  #stopTimers(): void {
    this.#resendTimer?.cancel();
    this.#stateTimer?.cancel();
  }

  #enter(state: ClientInviteState): void {
    traceState(this.context, this.request.callId, 'client-invite-transaction', this.#state, state);
    this.#state = state;
  }
}
