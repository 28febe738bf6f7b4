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
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { ClientTransactionBase } from './client-transaction.js';
import { createNon2xxAck } from './derived-requests.js';
import { transactionTimeout } from './timers.js';
import type { ClientTransactionUser, TransactionContext } from './transaction-context.js';

export type ClientInviteState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

export class ClientInviteTransaction extends ClientTransactionBase<ClientInviteState> {
  #ack: Uint8Array | undefined;

  /** @param bytes `request` as it goes on the wire, with its top Via */
  constructor(
    context: TransactionContext,
    request: SipRequest,
    bytes: Uint8Array,
    flow: Flow,
    user: ClientTransactionUser,
  ) {
    super(context, request, bytes, flow, user, { state: 'calling', kind: 'client-invite-transaction' });
  }

  override receive(response: SipResponse): void {
    const { status } = response;
    switch (this.state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) {
          if (this.state === 'calling') {
            this.stopTimers();
            this.enter('proceeding');
          }
        } else if (status < 300) {
          this.#enterAccepted();
        } else {
          this.#enterCompleted(response);
        }
        this.user.onResponse(response, this);
        break;
      case 'completed':
        if (status >= 300 && this.#ack) this.transmit(this.#ack);
        break;
      case 'accepted':
        if (status >= 200 && status < 300) this.user.onResponse(response, this);
        break;
      case 'terminated':
        break;
    }
  }

  /** Timer A. */
  protected override nextInterval(): number {
    return this.interval * 2;
  }

  protected override get awaitsFirst(): boolean {
    return this.state === 'calling';
  }

  protected override get needsTransport(): boolean {
    return this.state === 'calling' || this.state === 'completed';
  }

  /**
   * A server that has answered may still reach us over another connection (RFC 3261 §18.2.2); before that the
   * request is lost with the connection.
   */
  protected override get needsConnection(): boolean {
    return this.state === 'calling';
  }

  #enterAccepted(): void {
    this.stopTimers();
    this.endAfter(transactionTimeout(this.context.timers)); // timer M
    this.enter('accepted');
  }

  #enterCompleted(response: SipResponse): void {
    const { timers, acknowledgesChallenges } = this.context;
    this.stopTimers();
    this.enter('completed');
    // Timer D is zero over reliable transports; the timer still runs, so that the user hears before the end.
    this.endAfter(this.flow.reliable ? 0 : Math.max(timers.d, transactionTimeout(timers)));
    const { status } = response;
    // RFC 3261 §17.1.1.3 has no such exception; servers that stumble over it ask for one.
    if ((status === 401 || status === 407) && !acknowledgesChallenges()) return;
    this.#ack = createNon2xxAck(this.request, response).toBytes();
    this.transmit(this.#ack);
  }
}
