/**
 * The way the messages of a call take: over which flow requests within its dialogs go, the Contact they carry, and the
 * BYE that outlives the call. Made by CallSession, used by all parts of a call that send.
 */
import { SwitchhookError } from '../../base/errors.js';
import {
  type ClientHandle,
  type Dialog,
  type Flow,
  type NameAddr,
  type SipRequest,
  SipUri,
  sendsSipsContact,
} from '../../sip/index.js';
import { contactFor } from '../account.js';
import type { InDialogHandlers } from '../signalling.js';
import type { CallHost } from './call-host.js';
import { MORTAL_DIALOG } from './mortal-dialog.js';
import { flowOf } from './request-way.js';

export interface CallWayOptions {
  /** Whose user the Contact has, where no account gives one. */
  local: NameAddr;
  /** The call is to a sips URI, or came to one. */
  secure: boolean;
  /** No header tells who calls (RFC 3323 §4.1.1.3). */
  anonymous(): boolean;
}

/** RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §4.4.1. */
const REFRESHES_TARGET = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/** What their answers mean for the call is for those to say who send them; NOTIFY and SUBSCRIBE have usages of their own. */
const JUDGED_ELSEWHERE = new Set(['INVITE', 'UPDATE', 'PRACK', 'BYE', 'NOTIFY', 'SUBSCRIBE']);

export class CallWay {
  readonly #host: CallHost;
  readonly #options: CallWayOptions;
  /** Where the peer was met. */
  #flow: Flow | undefined;

  constructor(host: CallHost, options: CallWayOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The connection the peer was met over. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  /** Requests of the call go over `flow` as long as it fits; the first one counts. */
  metOver(flow: Flow | undefined): void {
    this.#flow ??= flow;
  }

  /** @param sips the request it is for wants a sips URI, whatever the call wants */
  contact(flow: Flow, sips = false): NameAddr {
    const { account } = this.#host;
    const { local } = this.#options;
    const secure = sips || this.#options.secure;
    const user = local.uri.kind === 'sip' ? local.uri.user : undefined;
    const anonymous = this.#options.anonymous();
    const contact = account?.contact(flow, secure, anonymous) ?? contactFor(user, flow, undefined, secure);
    const { uri } = contact;
    // RFC 5627 §4.2: a GRUU is not changed.
    if (anonymous && uri instanceof SipUri && !uri.params.has('gr')) uri.user = 'anonymous';
    return contact;
  }

  /** The address of ours requests of `dialog` leave from now. @throws ERR_DNS_NOT_FOUND, ERR_SIP_TRANSPORT */
  async localAddress(dialog: Dialog): Promise<string> {
    const met = this.#flow;
    if (met?.open && met.reliable && (!dialog.isCaller || dialog.routeSet.length > 0)) return met.local.host;
    const { endpoint } = this.#host.env;
    const hop = dialog.routeSet[0]?.uri ?? dialog.remoteTarget;
    const [target] = hop instanceof SipUri ? await endpoint.resolve(hop) : [];
    if (!target)
      throw new SwitchhookError('ERR_DNS_NOT_FOUND', { domain: hop.toString(), why: 'no address' });
    return (await endpoint.connect(target)).local.host;
  }

  /** Sends a request of `dialog` on the way the dialog was made. */
  send(dialog: Dialog, request: SipRequest, handlers: InDialogHandlers): ClientHandle {
    const host = this.#host;
    host.decorate(request);
    return host.env.endpoint.send(request, {
      flow: this.#flowFor(dialog, request),
      maxUdpBytes: host.policies.maxUdpBytes,
      maxResends: host.policies.maxResends,
      twice: request.method === 'BYE' && host.policies.disconnection === 'twice',
      auth: host.account?.auth,
      nextCseq: () => ++dialog.localSeq,
      beforeSend: (message, flow) => {
        if (REFRESHES_TARGET.has(message.method))
          message.set('Contact', this.contact(flow, sendsSipsContact(message)));
        host.noteSent(message);
      },
      ...handlers,
      onFinal: (response, tx) => {
        const { status, reason } = response;
        host.noteReceived(response);
        handlers.onFinal(response, tx);
        if (status === 481 || status === 408)
          this.#gone(
            dialog,
            request.method,
            status,
            new SwitchhookError('ERR_CALL_REJECTED', { status, reason }),
          );
      },
      onError: (error) => {
        handlers.onError(error);
        // Who repeats less than the RFC has it proves less by it.
        const proven = error.code === 'ERR_SIP_TIMEOUT' && host.policies.maxResends === undefined;
        if (proven) this.#gone(dialog, request.method, 408, error);
      },
    });
  }

  /**
   * RFC 3261 §12.2.1.2: a peer that answers so, or not at all, knows nothing of the call any more. Peers that leave INFO
   * without an answer are known: digits then go another way.
   */
  #gone(dialog: Dialog, method: string, status: number, error: SwitchhookError): void {
    if (dialog !== this.#host.dialog || JUDGED_ELSEWHERE.has(method)) return;
    if (method === 'INFO' && status !== 481) return;
    this.#host.fail({ by: 'error', status, reason: error.message, error });
  }

  sendAck(dialog: Dialog, ack: SipRequest): void {
    this.#host.env.endpoint.sendAck(ack, { flow: this.#flowFor(dialog, ack) });
  }

  /** Ends `dialog` with BYE and forgets it. */
  bye(dialog: Dialog, reason?: string): void {
    if (dialog.state === 'terminated') return;
    const { env, logger, policies } = this.#host;
    const request = dialog.createRequest('BYE');
    if (reason) request.set('Reason', reason);
    dialog.terminate();
    env.dialogs.add(dialog, { dialog, owner: MORTAL_DIALOG });
    const parted = policies.disconnection === 'quick' ? undefined : env.partings.begin();
    const over = (): void => {
      env.dialogs.remove(dialog);
      parted?.();
    };
    this.send(dialog, request, {
      onFinal: over,
      onError: (error) => {
        logger.debug('BYE got no answer', { error });
        over();
      },
    });
  }

  #flowFor(dialog: Dialog, request: SipRequest): Flow | undefined {
    return flowOf(request, dialog, this.#flow, this.#host.policies.requestWay ?? 'rfc');
  }
}
