/**
 * How requests of one dialog that is no call leave: over the connection the peer was met on as long as it fits, with
 * our Contact and credentials. Used by subscriptions, on both sides.
 */
import type { ClientHandle, Dialog, Flow, NameAddr, SipRequest } from '../sip/index.js';
import { type Account, contactFor } from './account.js';
import type { InDialogHandlers, SignallingEnvironment } from './signalling.js';

/** Sends a request of a dialog; a call lends its own for what lives in its dialog. */
export type SendInDialog = (dialog: Dialog, request: SipRequest, handlers: InDialogHandlers) => ClientHandle;

export class DialogWay {
  readonly account: Account | undefined;
  readonly #env: SignallingEnvironment;
  #flow: Flow | undefined;

  constructor(env: SignallingEnvironment, account: Account | undefined, flow: Flow | undefined) {
    this.#env = env;
    this.account = account;
    this.#flow = flow;
  }

  metOver(flow: Flow | undefined): void {
    this.#flow = flow ?? this.#flow;
  }

  contact(dialog: Dialog, flow: Flow): NameAddr {
    const { local, secure } = dialog;
    const user = local.uri.kind === 'sip' ? local.uri.user : undefined;
    return this.account?.contact(flow, secure) ?? contactFor(user, flow, undefined, secure);
  }

  readonly send: SendInDialog = (dialog, request, handlers) => {
    const flow = this.#flow?.open && this.#flow.reliable ? this.#flow : undefined;
    this.#env.decorate(request);
    return this.#env.endpoint.send(request, {
      // A connection we opened leads to the first hop of the route, one they opened back to them.
      flow: !dialog.isCaller || dialog.routeSet.length > 0 ? flow : undefined,
      auth: this.account?.auth,
      nextCseq: () => ++dialog.localSeq,
      beforeSend: (message, over) => message.set('Contact', this.contact(dialog, over)),
      ...handlers,
    });
  };
}
