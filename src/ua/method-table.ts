/**
 * Which requests a user agent serves besides those of calls, and by whom: MESSAGE, REFER, PUBLISH and whatever else is
 * registered here. Allow and Accept follow from it. SUBSCRIBE and NOTIFY are the business of subscription/.
 */
import type { Dialog, ServerHandle, SipRequest } from '../sip/index.js';
import type { CallSession } from './call/call-session.js';

export interface MethodHandler {
  /** A well-formed request outside of any dialog; without this function it gets 481. */
  standalone?(request: SipRequest, tx: ServerHandle): void;
  /** One in the dialog of a call, in order (RFC 3261 §12.2.2); without this function it gets 405. */
  inCall?(request: SipRequest, tx: ServerHandle, dialog: Dialog, call: CallSession): void;
  /** Body types it understands, for Accept. */
  accept?: readonly string[];
}

/** Requests of calls, in the order of Allow. */
const CALL_METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'INFO', 'PRACK', 'UPDATE'];
const CALL_BODIES = ['application/sdp', 'application/dtmf-relay', 'application/dtmf'];

export class MethodTable {
  readonly #handlers = new Map<string, MethodHandler>();
  /** What follows from the handlers, until they change. */
  #announced: { methods: readonly string[]; allow: string; accept: string } | undefined;

  /** The later one wins. @returns takes the handler away again */
  register(method: string, handler: MethodHandler): () => void {
    this.#handlers.set(method, handler);
    this.#announced = undefined;
    return () => {
      if (this.#handlers.get(method) !== handler) return;
      this.#handlers.delete(method);
      this.#announced = undefined;
    };
  }

  get(method: string): MethodHandler | undefined {
    return this.#handlers.get(method);
  }

  get methods(): readonly string[] {
    return this.#announce().methods;
  }

  /** Value of Allow. */
  get allow(): string {
    return this.#announce().allow;
  }

  /** Value of Accept. */
  get accept(): string {
    return this.#announce().accept;
  }

  #announce(): { methods: readonly string[]; allow: string; accept: string } {
    if (!this.#announced) {
      const methods = [...new Set([...CALL_METHODS, ...this.#handlers.keys()])];
      const bodies = [...this.#handlers.values()].flatMap(({ accept = [] }) => accept);
      const accept = [...new Set([...CALL_BODIES, ...bodies])].join(', ');
      this.#announced = { methods, allow: methods.join(', '), accept };
    }
    return this.#announced;
  }
}
