/**
 * What INVITE and non-INVITE client transactions share: the request goes out, again and again over UDP, until something
 * comes back or the time is up (timers A and E, B and F), and the user hears of time-outs and of what the transport says.
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

export abstract class ClientTransactionBase<State extends string> implements Transaction {
  readonly key: string;
  protected interval: number;
  #state: State | 'terminated';
  #resendTimer: Timer | undefined;
  #stateTimer: Timer | undefined;
  #stopWatchingFlow: (() => void) | undefined;
  readonly #kind: string;
  #resendsLeft = Number.POSITIVE_INFINITY;
  readonly #sent: SendDone = (error) => {
    if (error) this.#onTransportError(error);
  };

  /** @param bytes `request` as it goes on the wire, with its top Via */
  constructor(
    protected readonly context: TransactionContext,
    readonly request: SipRequest,
    private readonly bytes: Uint8Array,
    readonly flow: Flow,
    protected readonly user: ClientTransactionUser,
    first: { state: State; kind: string },
  ) {
    this.key = clientKey(request.topVia?.branch ?? '', request.method);
    this.interval = context.timers.t1;
    this.#state = first.state;
    this.#kind = first.kind;
  }

  get state(): State | 'terminated' {
    return this.#state;
  }

  start(): void {
    const { clock, timers } = this.context;
    if (this.flow.reliable) this.#stopWatchingFlow = this.flow.onClose((error) => this.#onFlowClosed(error));
    else this.#resendTimer = clock.after(timers.t1, this.#onResendTimer);
    this.#stateTimer = clock.after(transactionTimeout(timers), this.#onTimeout);
    this.transmit(this.bytes);
  }

  abstract receive(response: SipResponse): void;

  /** Sends it once more than the timers would. */
  repeat(): void {
    if (this.needsTransport) this.transmit(this.bytes);
  }

  /** How often the timers repeat it from now on; who has not answered by then is taken to be silent. */
  limitResends(count: number): void {
    this.#resendsLeft = count;
  }

  /** Repeats it no more, and still waits for what comes. */
  hush(): void {
    this.#resendTimer?.cancel();
  }

  /** The user gives up: no more retransmissions and no more reports. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.stopTimers();
    this.stopWatchingFlow();
    this.enter('terminated');
    this.context.ended(this);
  }

  /** The pause before the next repetition. */
  protected abstract nextInterval(): number;
  /** Nothing has come back so far. */
  protected abstract get awaitsFirst(): boolean;
  /** In this state an error of the transport ends the transaction. */
  protected abstract get needsTransport(): boolean;
  /** In this state it ends with its connection. */
  protected abstract get needsConnection(): boolean;

  protected transmit(bytes: Uint8Array): void {
    this.flow.send(bytes, this.#sent);
  }

  /** The end comes by itself after `ms`. */
  protected endAfter(ms: number): void {
    this.#stateTimer = this.context.clock.after(ms, () => this.terminate());
  }

  protected stopTimers(): void {
    this.#resendTimer?.cancel();
    this.#stateTimer?.cancel();
  }

  protected stopWatchingFlow(): void {
    this.#stopWatchingFlow?.();
  }

  protected enter(state: State | 'terminated'): void {
    traceState(this.context, this.request.callId, this.#kind, this.#state, state);
    this.#state = state;
  }

  readonly #onResendTimer = (): void => {
    if (this.#resendsLeft-- <= 0) {
      if (this.awaitsFirst) this.#onTimeout();
      return;
    }
    this.interval = this.nextInterval();
    this.#resendTimer = this.context.clock.after(this.interval, this.#onResendTimer);
    this.transmit(this.bytes);
  };

  readonly #onTimeout = (): void => {
    this.terminate();
    this.user.onTimeout(this);
  };

  #onTransportError(error: SwitchhookError): void {
    if (!this.needsTransport) return;
    this.terminate();
    this.user.onTransportError(error, this);
  }

  #onFlowClosed(error: SwitchhookError | undefined): void {
    if (!this.needsConnection) return;
    this.#onTransportError(
      error ??
        new SwitchhookError('ERR_SIP_TRANSPORT', {
          method: this.request.method,
          target: `${this.flow.remote.host}:${this.flow.remote.port}`,
          why: 'the connection was closed',
        }),
    );
  }
}
