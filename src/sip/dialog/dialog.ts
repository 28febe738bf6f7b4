/**
 * A dialog: what two user agents agree on to address requests to each other (RFC 3261 §12). Made by user agents from
 * the request and the response that created it; builds requests and checks the order of received ones. It sends
 * nothing.
 *
 * ```
 *   1xx with To tag        2xx
 *  ────────────────▶ early ────▶ confirmed
 *         2xx ──────────┼──────────▲ │
 *                       └▶ terminated ◀┘   terminate(): BYE, final error, time-out
 * ```
 */
import { SwitchhookError } from '../../base/errors.js';
import { type NameAddr, type SipMessage, SipRequest, type SipResponse, type Uri } from '../message/index.js';
import { applyRouteSet } from './routing.js';

export type DialogState = 'early' | 'confirmed' | 'terminated';

interface DialogInit {
  isCaller: boolean;
  state: DialogState;
  callId: string;
  local: NameAddr;
  remote: NameAddr;
  remoteTarget: Uri;
  routeSet: NameAddr[];
  secure: boolean;
  localSeq: number;
  remoteSeq: number | undefined;
  invite: SipRequest | undefined;
}

/** The key of a dialog as one side sees it. */
export function dialogId(callId: string, localTag: string, remoteTag: string): string {
  return `${callId};${localTag};${remoteTag}`;
}

export class Dialog {
  /** True for the side that sent the request which created the dialog. */
  readonly isCaller: boolean;
  readonly callId: string;
  /** Our side as it stands in From of our requests, tag included. */
  readonly local: NameAddr;
  /** The other side as it stands in To of our requests; without tag for an RFC 2543 peer. */
  readonly remote: NameAddr;
  /** Made by a sips request over TLS: the requests within have to stay so. */
  readonly secure: boolean;
  /** Where requests are addressed to: the Contact of the other side. */
  remoteTarget: Uri;
  routeSet: NameAddr[];
  /** The CSeq of our last request. */
  localSeq: number;
  /** The highest CSeq received; undefined before the first request. */
  remoteSeq: number | undefined;
  #state: DialogState;
  readonly #firstSeq: number;
  /** The INVITE we sent, whose credentials the ACK repeats. */
  readonly #invite: SipRequest | undefined;

  private constructor(init: DialogInit) {
    this.isCaller = init.isCaller;
    this.callId = init.callId;
    this.local = init.local;
    this.remote = init.remote;
    this.secure = init.secure;
    this.remoteTarget = init.remoteTarget;
    this.routeSet = init.routeSet;
    this.localSeq = init.localSeq;
    this.#firstSeq = init.localSeq;
    this.remoteSeq = init.remoteSeq;
    this.#state = init.state;
    this.#invite = init.invite;
  }

  /**
   * The caller's dialog, from a provisional response with a To tag or a 2xx (§12.1.2).
   * @param request as it was sent
   * @throws ERR_SIP_PARSE when Contact or Record-Route of the response are malformed
   */
  static fromResponse(request: SipRequest, response: SipResponse): Dialog {
    return new Dialog({
      isCaller: true,
      state: response.status < 200 ? 'early' : 'confirmed',
      callId: request.callId,
      local: request.from,
      remote: response.to,
      // A provisional response may come without Contact; the target is then what we called.
      remoteTarget: response.contacts[0]?.uri ?? request.uri,
      routeSet: [...response.recordRoutes].reverse(),
      secure: isSecure(request),
      localSeq: request.cseq.seq,
      remoteSeq: undefined,
      invite: request.method === 'INVITE' ? request : undefined,
    });
  }

  /**
   * The callee's dialog, from the request that creates it and the tag of our response (§12.1.1).
   * @throws ERR_SIP_PARSE when Contact is missing or, like Record-Route, malformed
   */
  static fromRequest(request: SipRequest, localTag: string): Dialog {
    const contact = request.contacts[0];
    if (!contact) {
      throw new SwitchhookError('ERR_SIP_PARSE', {
        what: 'Contact header',
        why: 'a request that creates a dialog needs one',
        header: 'Contact',
      });
    }
    const local = request.to.clone();
    local.tag = localTag;
    return new Dialog({
      isCaller: false,
      state: 'early',
      callId: request.callId,
      local,
      remote: request.from,
      remoteTarget: contact.uri,
      routeSet: [...request.recordRoutes],
      secure: isSecure(request),
      localSeq: 0,
      remoteSeq: request.cseq.seq,
      invite: undefined,
    });
  }

  /**
   * The subscriber's dialog, from the first NOTIFY of a notifier (RFC 6665 §4.4.1): the SUBSCRIBE may have been forked.
   * @param subscribe the request we sent that leads to it, SUBSCRIBE or REFER
   * @throws ERR_SIP_PARSE when Contact is missing or, like Record-Route, malformed
   */
  static fromNotify(subscribe: SipRequest, notify: SipRequest): Dialog {
    const contact = notify.contacts[0];
    if (!contact) {
      throw new SwitchhookError('ERR_SIP_PARSE', {
        what: 'Contact header',
        why: 'a NOTIFY that creates a dialog needs one',
        header: 'Contact',
      });
    }
    return new Dialog({
      isCaller: true,
      state: 'confirmed',
      callId: subscribe.callId,
      local: subscribe.from,
      remote: notify.from,
      remoteTarget: contact.uri,
      routeSet: [...notify.recordRoutes],
      secure: isSecure(subscribe),
      localSeq: subscribe.cseq.seq,
      remoteSeq: undefined,
      invite: undefined,
    });
  }

  get state(): DialogState {
    return this.#state;
  }

  get localTag(): string {
    return this.local.tag ?? '';
  }

  /** '' for an RFC 2543 peer. */
  get remoteTag(): string {
    return this.remote.tag ?? '';
  }

  get id(): string {
    return dialogId(this.callId, this.localTag, this.remoteTag);
  }

  /**
   * A 2xx was received (caller: target and route set are those of the 2xx, §13.2.2.4) or sent (callee).
   * @throws ERR_SIP_PARSE when Contact or Record-Route of the response are malformed
   */
  confirm(response: SipResponse): void {
    if (this.#state !== 'early') return;
    if (this.isCaller) {
      this.routeSet = [...response.recordRoutes].reverse();
      this.refreshTarget(response);
    }
    this.#state = 'confirmed';
  }

  /** A request of ours has followed the one that made it. */
  get requestsSent(): boolean {
    return this.localSeq > this.#firstSeq;
  }

  /** A request within the dialog with the next CSeq (§12.2.1.1); the endpoint adds Via and Max-Forwards. */
  createRequest(method: string): SipRequest {
    this.localSeq++;
    return this.#create(method, this.localSeq);
  }

  /**
   * The ACK of a 2xx (§13.2.2.4), with the credentials of the INVITE it ends (§22.1).
   * @param invite a re-INVITE; by default the INVITE that made the dialog
   */
  createAck(inviteCseq: number, invite: SipRequest | undefined = this.#invite): SipRequest {
    const ack = this.#create('ACK', inviteCseq);
    if (invite?.cseq.seq === inviteCseq)
      ack.copy(invite, 'Authorization').copy(invite, 'Proxy-Authorization');
    return ack;
  }

  /**
   * Checks a received request against the order of the dialog (§12.2.2). ACK and CANCEL carry the number of their
   * INVITE and are always fine.
   * @returns 'out-of-order' when it has to be answered with 500
   */
  acceptRequest(request: SipRequest): 'ok' | 'out-of-order' {
    if (request.method === 'ACK' || request.method === 'CANCEL') return 'ok';
    const { seq } = request.cseq;
    if (this.remoteSeq !== undefined && seq < this.remoteSeq) return 'out-of-order';
    this.remoteSeq = seq;
    return 'ok';
  }

  /** Takes over the Contact of a target refresh request, or of the 2xx to one (§12.2). */
  refreshTarget(message: SipMessage): void {
    const contact = message.contacts[0];
    if (contact) this.remoteTarget = contact.uri;
  }

  terminate(): void {
    this.#state = 'terminated';
  }

  #create(method: string, seq: number): SipRequest {
    const request = new SipRequest(method, this.remoteTarget);
    applyRouteSet(request, this.remoteTarget, this.routeSet);
    return request
      .add('From', this.local)
      .add('To', this.remote)
      .add('Call-ID', this.callId)
      .add('CSeq', `${seq} ${method}`);
  }
}

function isSecure(request: SipRequest): boolean {
  return request.uri.kind === 'sip' && request.uri.secure;
}
