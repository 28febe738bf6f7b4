/**
 * INVITEs nobody answered in time. Their provisional responses may all have been lost: a device then goes on ringing
 * for a caller who has long given up, and a CANCEL must not be sent before a provisional response has come (RFC 3261
 * §9.1). Remembered here for as long as such a device says every minute that it rings (§13.3.1.1), so that a late
 * response is answered with the CANCEL that was due. Filled by ClientRequest, asked for every stray response.
 */
import type { SipRequest, SipResponse } from '../message/index.js';
import { ClientNonInviteTransaction } from '../transaction/client-non-invite-transaction.js';
import { createCancel } from '../transaction/derived-requests.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import { clientKey, responseKey } from '../transaction/transaction-key.js';
import type { TransactionTable } from '../transaction/transaction-table.js';
import type { Flow } from '../transport/flow.js';

interface Abandoned {
  readonly invite: SipRequest;
  readonly flow: Flow;
  readonly reason: string | undefined;
  readonly until: number;
}

/** As long as a proxy waits for an answer at least (RFC 3261 §16.6: timer C). */
const MEMORY_MS = 185_000;
const MAX_REMEMBERED = 1_000;

export class AbandonedInvites {
  readonly #byKey = new Map<string, Abandoned>();

  constructor(
    private readonly context: TransactionContext,
    private readonly table: TransactionTable,
  ) {}

  /** @param reason the value of a Reason header for the CANCEL (RFC 3326) */
  add(invite: SipRequest, flow: Flow, reason: string | undefined): void {
    this.#remember({
      invite: invite.clone(),
      flow,
      reason,
      until: this.context.clock.now() + MEMORY_MS,
    });
  }

  /** Cancels what a late provisional response tells to be alive. @returns false when it is not one of those */
  answered(response: SipResponse): boolean {
    const { status } = response;
    if (this.#byKey.size === 0 || status <= 100 || status >= 200) return false;
    const key = responseKey(response);
    const found = this.#byKey.get(key);
    if (!found) return false;
    this.#byKey.delete(key);
    if (found.until > this.context.clock.now() && found.flow.open) this.#cancel(found);
    return true;
  }

  #cancel(abandoned: Abandoned): void {
    const { invite, flow, reason } = abandoned;
    const cancel = createCancel(invite, reason);
    const transaction = new ClientNonInviteTransaction(this.context, cancel, cancel.toBytes(), flow, {
      onResponse() {},
      onTransportError() {},
      onTimeout: () => this.#remember(abandoned),
    });
    this.table.addClient(transaction);
    transaction.start();
  }

  #remember(abandoned: Abandoned): void {
    const { invite } = abandoned;
    this.#byKey.set(clientKey(invite.topVia?.branch ?? '', 'INVITE'), abandoned);
    if (this.#byKey.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest);
      return;
    }
  }
}
