/**
 * One party of a call we only arrange (RFC 3725): an INVITE dialog whose descriptions are the other party's. It knows no
 * media; its owner says what to offer and what to answer.
 *
 *     new ──invite()──► inviting ──2xx──► offered ──ack()──► up ⇄ reinvite(), ack()
 *                          └─refused──► over ◄──bye(), BYE──┘
 */
import { SwitchhookError } from '../../base/errors.js';
import {
  AcceptRetransmitter,
  type ClientHandle,
  Dialog,
  type ServerHandle,
  type SipRequest,
  SipResponse,
} from '../../sip/index.js';
import { contactFor } from '../account.js';
import {
  type CallEnvironment,
  type DialogOwner,
  REINVITE_PATIENCE_MS,
  reasonHeader,
  sdpOf,
  setSdp,
} from '../call/call-host.js';
import { MORTAL_DIALOG } from '../call/mortal-dialog.js';
import { DialogWay } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import { type OutgoingCall, prepareCall } from '../outgoing-call.js';
import type { InviteOptions } from '../user-agent-types.js';
import { findWayOut } from '../way-out.js';
import { heldAnswer, withOrigin } from './descriptions.js';

/** What a leg serves; it knows no extensions: those of its peer would need our part in them. */
const ALLOW = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, OPTIONS';

export interface LegOwner {
  /** The party has hung up. */
  onBye(leg: SignalledLeg): void;
  /** It offers anew, or asks for an offer; resolves with what to answer. */
  onOffer(leg: SignalledLeg, sdp: string | undefined): Promise<string | undefined>;
  /** Its ACK has come, with the answer when our 200 had the offer. */
  onAck(leg: SignalledLeg, sdp: string | undefined): void;
  /** Any other request of the call: INFO. */
  onOther(leg: SignalledLeg, request: SipRequest): Promise<number>;
}

/** The INVITE whose 2xx is not acknowledged yet, or was: a repeated 2xx gets the ACK again. */
interface Settled {
  seq: number;
  invite: SipRequest;
  /** What its 2xx described. */
  sdp: string | undefined;
  ack?: SipRequest;
}

export class SignalledLeg implements DialogOwner {
  readonly target: string;
  readonly #env: CallEnvironment;
  readonly #owner: LegOwner;
  readonly #call: OutgoingCall;
  readonly #options: InviteOptions;
  /** In o= of what this party gets (RFC 3264 §8: one session, version by version). */
  readonly #session: string;
  #version = 0;
  #way: DialogWay;
  #dialog: Dialog | undefined;
  #handle: ClientHandle | undefined;
  #settled: Settled | undefined;
  /** The ACKs of 2xx nobody wanted, by remote tag. */
  readonly #turnedDown = new Map<string, SipRequest>();
  #retransmitter: AcceptRetransmitter | undefined;
  #answering = false;
  #over = false;

  /** @throws ERR_INVALID_ARGUMENT */
  constructor(env: CallEnvironment, target: string, options: InviteOptions, owner: LegOwner) {
    this.#env = env;
    this.#owner = owner;
    this.#options = options;
    this.#call = prepareCall(env, target, options, {});
    this.target = this.#call.uri.toString();
    this.#session = String(env.random.uint32());
    this.#way = new DialogWay(env, options.account, undefined);
  }

  get up(): boolean {
    return this.#dialog !== undefined && !this.#over;
  }

  /** Calls the party. @returns the description in its 2xx, which waits for {@link ack} */
  async invite(sdp?: string): Promise<string | undefined> {
    const { account } = this.#options;
    const { uri, local } = this.#call;
    const { flow, targets } = await findWayOut(this.#env.endpoint, uri, account);
    if (this.#over) throw new SwitchhookError('ERR_CALL_ENDED');
    this.#way = new DialogWay(this.#env, account, flow);
    const request = this.#call.build();
    request.set('CSeq', '1 INVITE');
    request.set('Allow', ALLOW).remove('Supported').remove('Require');
    if (sdp !== undefined) setSdp(request, this.#own(sdp));
    this.#env.decorate(request);
    const user = local.uri.kind === 'sip' ? local.uri.user : undefined;
    let seq = 1;
    return new Promise((resolve, reject) => {
      this.#handle = this.#env.endpoint.send(request, {
        targets,
        flow: targets ? undefined : flow,
        auth: account?.auth,
        nextCseq: () => ++seq,
        beforeSend: (message, over) =>
          message.set(
            'Contact',
            account?.contact(over, uri.secure) ?? contactFor(user, over, undefined, uri.secure),
          ),
        onFinal: (response, tx) => {
          if (response.status >= 300) return this.#refused(response, reject);
          const failure = this.#answered(response, tx);
          if (failure) reject(failure);
          else resolve(sdpOf(response));
        },
        onError: (error) => {
          this.#over = true;
          reject(error);
        },
      });
    });
  }

  /** @returns why the first 2xx does not make the call; it has been acknowledged and ended then */
  #answered(response: SipResponse, tx: ClientHandle): SwitchhookError | undefined {
    const known = this.#dialog;
    const { tag } = response.to;
    if (known && known.remoteTag === tag) {
      this.#again();
      return undefined;
    }
    const invite = tx.request;
    const before = this.#turnedDown.get(tag ?? '');
    if (before) {
      this.#env.endpoint.sendAck(before);
      return undefined;
    }
    const sound = lenient(() => Dialog.fromResponse(invite, response), undefined);
    if (sound && !known && !this.#over) {
      this.#dialog = sound;
      this.#way.metOver(tx.flow);
      this.#env.dialogs.add(sound, { dialog: sound, owner: this });
      this.#settled = { seq: invite.cseq.seq, invite, sdp: sdpOf(response) };
      return undefined;
    }
    // Another fork, or nobody wants it any more, or its headers are broken: RFC 3261 §13.2.2.4.
    const dialog =
      sound ?? Dialog.fromResponse(invite, response.clone().remove('Record-Route').remove('Contact'));
    const ack = dialog.createAck(invite.cseq.seq, invite);
    const answer = parting(invite, sdpOf(response));
    if (answer !== undefined) setSdp(ack, this.#own(answer));
    this.#turnedDown.set(tag ?? '', ack);
    this.#env.endpoint.sendAck(ack);
    this.#sayBye(dialog);
    if (known) return undefined;
    const unwanted = this.#over;
    this.#over = true;
    return unwanted
      ? new SwitchhookError('ERR_CALL_ENDED')
      : new SwitchhookError('ERR_SIP_PARSE', { what: '2xx', why: 'Contact or Record-Route' });
  }

  #refused({ status, reason }: SipResponse, reject: (error: SwitchhookError) => void): void {
    this.#over = true;
    reject(new SwitchhookError('ERR_CALL_REJECTED', { status, reason }));
  }

  /** Acknowledges the last 2xx, with the answer where it brought the offer. */
  ack(sdp?: string): void {
    const settled = this.#settled;
    if (!this.#dialog || !settled || settled.ack) return;
    settled.ack = this.#dialog.createAck(settled.seq, settled.invite);
    if (sdp !== undefined) setSdp(settled.ack, this.#own(sdp));
    this.#again();
  }

  #again(): void {
    if (this.#settled?.ack) this.#env.endpoint.sendAck(this.#settled.ack);
  }

  /** Offers anew, or asks for an offer. @returns the description in the 2xx, which waits for {@link ack} */
  reinvite(sdp?: string): Promise<string | undefined> {
    const dialog = this.#dialog;
    if (!dialog || this.#over) return Promise.reject(new SwitchhookError('ERR_CALL_ENDED'));
    const request = dialog.createRequest('INVITE');
    request.set('Allow', ALLOW);
    if (sdp !== undefined) setSdp(request, this.#own(sdp));
    return new Promise((resolve, reject) => {
      const refused = (error: SwitchhookError, gone: boolean): void => {
        reject(error);
        // RFC 3261 §12.2.1.2: it knows nothing of the call any more.
        if (gone) this.#owner.onBye(this);
      };
      const patience = this.#env.clock.after(REINVITE_PATIENCE_MS, () => handle.cancel());
      const handle = this.#way.send(dialog, request, {
        onFinal: (response, tx) => {
          patience.cancel();
          const { seq } = tx.request.cseq;
          if (this.#settled?.seq === seq) return this.#again();
          const { status, reason } = response;
          if (status >= 300)
            return refused(
              new SwitchhookError('ERR_CALL_REJECTED', { status, reason }),
              status === 481 || status === 408,
            );
          lenient(() => dialog.refreshTarget(response), undefined);
          const sdp = sdpOf(response);
          this.#settled = { seq, invite: tx.request, sdp };
          resolve(sdp);
        },
        onError: (error) => {
          patience.cancel();
          refused(error, error.code === 'ERR_SIP_TIMEOUT');
        },
      });
    });
  }

  /** Passes a request on. @returns the status it got */
  forward(request: SipRequest): Promise<number> {
    const dialog = this.#dialog;
    if (!dialog || this.#over) return Promise.resolve(481);
    const copy = dialog.createRequest(request.method);
    if (request.body.length > 0)
      copy.setBody(request.body, request.contentType ?? 'application/octet-stream');
    return new Promise((resolve) => {
      this.#way.send(dialog, copy, { onFinal: ({ status }) => resolve(status), onError: () => resolve(408) });
    });
  }

  /** Ends it, whatever its state. */
  end(reason?: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#retransmitter?.stop();
    if (!this.#dialog) {
      this.#handle?.cancel({ reason: reason === undefined ? undefined : reasonHeader(undefined, reason) });
      return;
    }
    this.ack(this.#settled && parting(this.#settled.invite, this.#settled.sdp));
    this.#sayBye(this.#dialog);
  }

  #sayBye(dialog: Dialog): void {
    const bye = dialog.createRequest('BYE');
    dialog.terminate();
    this.#env.dialogs.add(dialog, { dialog, owner: MORTAL_DIALOG });
    const parted = this.#env.partings.begin();
    const over = (): void => {
      this.#env.dialogs.remove(dialog);
      parted();
    };
    this.#way.send(dialog, bye, { onFinal: over, onError: over });
  }

  onDialogRequest(request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
    if (dialog.acceptRequest(request) !== 'ok') return void tx.reply(500, 'CSeq out of order');
    switch (request.method) {
      case 'BYE':
        tx.reply(200);
        this.#over = true;
        this.#retransmitter?.stop();
        dialog.terminate();
        this.#env.dialogs.remove(dialog);
        this.#owner.onBye(this);
        return;
      case 'UPDATE':
        // It asks for nothing: a refresh of the session (RFC 4028 §7.4).
        if (sdpOf(request) === undefined) return tx.respond(this.#ok(request, tx, dialog));
        return void this.#answerOffer(request, tx, dialog);
      case 'INVITE':
        return void this.#answerOffer(request, tx, dialog);
      case 'INFO':
        return void this.#owner.onOther(this, request).then((status) => tx.reply(status));
      case 'OPTIONS':
        tx.reply(200);
        return;
      default:
        tx.reply(405, undefined, (response) => response.set('Allow', ALLOW));
    }
  }

  async #answerOffer(request: SipRequest, tx: ServerHandle, dialog: Dialog): Promise<void> {
    if (this.#answering) return void tx.reply(491);
    this.#answering = true;
    try {
      const answer = await this.#owner.onOffer(this, sdpOf(request));
      const response = this.#ok(request, tx, dialog);
      if (answer !== undefined) setSdp(response, this.#own(answer));
      tx.respond(response);
      if (request.method === 'INVITE') this.#repeat(() => tx.respond(response));
    } catch (error) {
      const status = error instanceof SwitchhookError ? Number(error.details.status) : Number.NaN;
      tx.reply(status >= 300 ? status : 488);
    }
    this.#answering = false;
  }

  #ok(request: SipRequest, tx: ServerHandle, dialog: Dialog): SipResponse {
    dialog.refreshTarget(request);
    const response = SipResponse.for(request, 200);
    response.set('Contact', this.#way.contact(dialog, tx.flow));
    this.#env.decorate(response);
    return response;
  }

  #repeat(resend: () => void): void {
    const { clock, timers } = this.#env;
    this.#retransmitter?.stop();
    this.#retransmitter = new AcceptRetransmitter({
      clock,
      timers,
      resend,
      onTimeout: () => this.#owner.onBye(this),
    });
    this.#retransmitter.start();
  }

  onDialogAck(ack: SipRequest): void {
    this.#retransmitter?.stop();
    this.#retransmitter = undefined;
    this.#owner.onAck(this, sdpOf(ack));
  }

  #own(sdp: string): string {
    return withOrigin(sdp, this.#session, ++this.#version);
  }
}

/** An offer gets an answer, even in the ACK of a call that ends at once (RFC 3261 §13.2.1). */
function parting(invite: SipRequest, sdp: string | undefined): string | undefined {
  return sdp === undefined || sdpOf(invite) !== undefined
    ? undefined
    : lenient(() => heldAnswer(sdp), undefined);
}
