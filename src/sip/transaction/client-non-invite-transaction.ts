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
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/flow.js';
import { ClientTransactionBase } from './client-transaction.js';
import type { ClientTransactionUser, TransactionContext } from './transaction-context.js';

export type ClientNonInviteState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class ClientNonInviteTransaction extends ClientTransactionBase<ClientNonInviteState> {
  /** @param bytes `request` as it goes on the wire, with its top Via */
  constructor(
    context: TransactionContext,
    request: SipRequest,
    bytes: Uint8Array,
    flow: Flow,
    user: ClientTransactionUser,
  ) {
    super(context, request, bytes, flow, user, { state: 'trying', kind: 'client-transaction' });
  }

  override receive(response: SipResponse): void {
    if (!this.needsTransport) return;
    if (response.status < 200) {
      if (this.state === 'trying') this.enter('proceeding');
    } else {
      this.stopTimers();
      this.stopWatchingFlow();
      this.enter('completed');
      this.endAfter(this.flow.reliable ? 0 : this.context.timers.t4); // timer K
    }
    this.user.onResponse(response, this);
  }

  /** Timer E. */
  protected override nextInterval(): number {
    const { t2 } = this.context.timers;
    return this.state === 'proceeding' ? t2 : Math.min(this.interval * 2, t2);
  }

  protected override get awaitsFirst(): boolean {
    return this.state === 'trying';
  }

  protected override get needsTransport(): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  protected override get needsConnection(): boolean {
    return this.needsTransport;
  }
}
