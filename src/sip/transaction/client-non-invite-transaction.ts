/**
 * The non-INVITE client transaction (RFC 3261 §17.1.2). Made by the endpoint for every request but INVITE and ACK it
 * sends to one target, CANCEL included.
 *
 * ```
 *                start: send request, arm E (UDP) and F
 *                                 │
 *   E: send again, E doubles    ┌─▼──────┐ F, transport error: tell user
 *   up to T2                  └─┤ trying ├───────────────────────────────┐
 *                               └─┬────┬─┘                               │
 *         200-699: tell user      │    │ 1xx: tell user                  │
 *     ┌───────────────────────────┘    │                                 │
 *     │                         ┌──────▼─────┐ F, transport error:       │
 *     │      E: send again,   └─┤ proceeding ├ tell user                 │
 *     │      E = T2             └──┬──────┬──┘───────────────────────────┤
 *     │  200-699: tell user        │      └┘ 1xx: tell user              │
 *  ┌──▼────────┐◀──────────────────┘                                     │
 *  │ completed │                                                         │
 *  └──┬────────┘ K                                                       │
 *     └──────────────────────────▶ terminated ◀──────────────────────────┘
 * ```
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { transactionTimeout } from './timers.js';
import {
  type ClientTransactionUser,
  type SendDone,
  type Transaction,
  type TransactionContext,
  traceState,
} from './transaction-context.js';
import { clientKey } from './transaction-key.js';

export type ClientNonInviteState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class ClientNonInviteTransaction implements Transaction {
  readonly key: string;
  #state: ClientNonInviteState = 'trying';
  #resendTimer: Timer | undefined;
  #stateTimer: Timer | undefined;
  #interval: number;
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
    this.key = clientKey(request.topVia?.branch ?? '', request.method);
    this.#interval = context.timers.t1;
  }

  get state(): ClientNonInviteState {
    return this.#state;
  }

  start(): void {
    const { clock, timers } = this.context;
    if (this.flow.reliable) this.#stopWatchingFlow = this.flow.onClose((error) => this.#onFlowClosed(error));
    else this.#resendTimer = clock.after(timers.t1, this.#onTimerE);
    this.#stateTimer = clock.after(transactionTimeout(timers), this.#onTimerF);
    this.flow.send(this.bytes, this.#sent);
  }

  receive(response: SipResponse): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    if (response.status < 200) {
      if (this.#state === 'trying') this.#enter('proceeding');
    } else {
      this.#stopTimers();
      this.#stopWatchingFlow?.();
      this.#enter('completed');
      const k = this.flow.reliable ? 0 : this.context.timers.t4;
      this.#stateTimer = this.context.clock.after(k, this.#onTimerK);
    }
    this.user.onResponse(response, this);
  }

  /** The user gives up: no more retransmissions and no more reports. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#stopTimers();
    this.#stopWatchingFlow?.();
    this.#enter('terminated');
    this.context.ended(this);
  }

  readonly #onTimerE = (): void => {
    const { t2 } = this.context.timers;
    this.#interval = this.#state === 'proceeding' ? t2 : Math.min(this.#interval * 2, t2);
    this.#resendTimer = this.context.clock.after(this.#interval, this.#onTimerE);
    this.flow.send(this.bytes, this.#sent);
  };

  readonly #onTimerF = (): void => {
    this.terminate();
    this.user.onTimeout(this);
  };

  readonly #onTimerK = (): void => {
    this.terminate();
  };

  #onTransportError(error: SwitchhookError): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    this.terminate();
    this.user.onTransportError(error, this);
  }

  #onFlowClosed(error: SwitchhookError | undefined): void {
    this.#onTransportError(
      error ??
        new SwitchhookError('ERR_SIP_TRANSPORT', {
          method: this.request.method,
          target: `${this.flow.remote.host}:${this.flow.remote.port}`,
          why: 'the connection was closed',
        }),
    );
  }

  #stopTimers(): void {
    this.#resendTimer?.cancel();
    this.#stateTimer?.cancel();
  }

  #enter(state: ClientNonInviteState): void {
    traceState(this.context, this.request.callId, 'client-transaction', this.#state, state);
    this.#state = state;
  }
}
