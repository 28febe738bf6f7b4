/**
 * The ACK of a 2xx: sent without a transaction (RFC 3261 §13.2.2.4, §17.1). Sent again with the same bytes for every
 * retransmission of the 2xx.
 */
import type { SwitchhookError } from '../../base/errors.js';
import type { Flow } from '../transport/flow.js';
import { Outgoing } from './outgoing.js';

export class OutgoingAck extends Outgoing {
  #bytes: Uint8Array | undefined;
  /** Its way is being looked for. */
  #starting = false;

  send(): void {
    const { flow } = this;
    if (this.#bytes && flow?.open) {
      flow.send(this.#bytes);
    } else if (!this.#starting) {
      this.#starting = true;
      this.start();
    }
  }

  protected override prepare(): void {}

  protected override begin(flow: Flow, bytes: Uint8Array): void {
    this.#starting = false;
    this.#bytes = bytes;
    flow.send(bytes, (error) => {
      if (error) this.tryNext(error);
    });
  }

  protected override fail(error: SwitchhookError): void {
    this.#starting = false;
    this.core.logger.warn('ACK not sent', { callId: this.request.callId, error });
  }
}
