/**
 * Changes to an established session, both ways: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311), with glare (491), the
 * offer in the 200 for an offerless re-INVITE, and the refreshes of the session timer. A change that fails leaves the
 * session as it was. One change of ours runs at a time; further ones wait their turn.
 *
 *     idle ──modify()──► sending ──2xx──► idle
 *      │                   │ 491 ──► waiting ──random time──► sending
 *      ├──INVITE in──► answering ──2xx──► unacknowledged ──ACK──► idle
 *      └──UPDATE in──► answering ──2xx──► idle
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import {
  AcceptRetransmitter,
  type ClientHandle,
  type Dialog,
  type ServerHandle,
  type SipMessage,
  type SipRequest,
  SipResponse,
} from '../../sip/index.js';
import { lenient } from '../lenient.js';
import {
  asSdpError,
  type CallHost,
  REINVITE_PATIENCE_MS,
  refusalOf,
  refuseForeignBody,
  sdpOf,
  setSdp,
} from './call-host.js';

type Purpose = 'media' | 'refresh';

/** How a change is told: an UPDATE only where the peer takes it. */
export type ChangeMethod = 'invite' | 'update';

interface Change {
  purpose: Purpose;
  method: ChangeMethod;
  /** Carries an offer. */
  offers: boolean;
  resolve(): void;
  reject(error: SwitchhookError): void;
  attempts: number;
  /** Sent as INVITE, not as UPDATE. */
  invite: boolean;
  /** It was cancelled for want of a final response. */
  givenUp?: boolean;
}

interface IncomingChange {
  request: SipRequest;
  tx: ServerHandle;
  /** Set once the 2xx is out. */
  retransmitter?: AcceptRetransmitter;
  /** Our 200 carried the offer. */
  awaitingAnswer: boolean;
}

const MAX_ATTEMPTS = 6;
/** RFC 3261 §14.2 has up to ten seconds; a peer that wants more does not want the change. */
const LONGEST_RETRY_S = 30;
/** RFC 3261 §21.4.6, §21.5.2. */
const NO_SUCH_METHOD: ReadonlySet<number> = new Set([405, 501]);

export class SessionModifier {
  readonly #host: CallHost;
  /** True when we made the Call-ID: decides who waits longer after a 491 (RFC 3261 §14.1). */
  readonly #ownsCallId: boolean;
  readonly #onRemoteChange: () => void;
  readonly #queue: Change[] = [];
  #current: Change | undefined;
  /** The re-INVITE of ours that has no final response yet. */
  #pending: ClientHandle | undefined;
  #retry: Timer | undefined;
  #incoming: IncomingChange | undefined;
  /** UPDATEs of the peer being answered. */
  #updating = 0;
  #peerAllowsUpdate = false;
  /** Whatever its Allow says. */
  #updateRefused = false;

  constructor(host: CallHost, ownsCallId: boolean, onRemoteChange: () => void) {
    this.#host = host;
    this.#ownsCallId = ownsCallId;
    this.#onRemoteChange = onRemoteChange;
  }

  /** Learns from the peer's Allow header whether UPDATE may be used. */
  learn(message: SipMessage): void {
    const allow = lenient(() => message.allow, []);
    if (allow.length > 0) this.#peerAllowsUpdate = allow.includes('UPDATE');
  }

  /**
   * Offers the session anew, as after a hold.
   * @throws ERR_CALL_REJECTED when the peer refuses (nothing has changed then), ERR_CALL_ENDED, ERR_SIP_TIMEOUT
   */
  modify(
    purpose: Purpose,
    method: ChangeMethod = purpose === 'refresh' ? 'update' : 'invite',
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ purpose, method, offers: true, resolve, reject, attempts: 0, invite: true });
      this.#next();
    });
  }

  /** The call is over. @param cause why, when by an error */
  close(cause: SwitchhookError | undefined): void {
    this.#retry?.cancel();
    // Nobody waits for it any more, and a peer that has only begun to answer need not go on.
    this.#pending?.cancel();
    const pending = this.#queue.splice(0);
    if (this.#current) pending.unshift(this.#current);
    this.#current = undefined;
    for (const change of pending) change.reject(new SwitchhookError('ERR_CALL_ENDED', {}, { cause }));
    const incoming = this.#incoming;
    this.#incoming = undefined;
    if (!incoming) return;
    if (incoming.retransmitter) incoming.retransmitter.stop();
    else incoming.tx.reply(487); // RFC 3261 §15.1.2
  }

  #next(): void {
    const { dialog } = this.#host;
    if (this.#current || this.#incoming || this.#updating > 0 || this.#retry?.active || !dialog) return;
    const change = this.#queue.shift();
    if (!change) return;
    this.#current = change;
    this.#send(change, dialog);
  }

  #send(change: Change, dialog: Dialog): void {
    const { media, timer, env } = this.#host;
    if (this.#host.ended) return this.#done(change, new SwitchhookError('ERR_CALL_ENDED'));
    change.attempts++;
    change.invite = change.method === 'invite' || !this.#peerAllowsUpdate || this.#updateRefused;
    change.offers = change.invite || change.purpose === 'media';
    let offer: string | undefined;
    try {
      if (change.offers) offer = media?.createOffer();
    } catch (error) {
      return this.#done(change, asSdpError(error));
    }
    const request = dialog.createRequest(change.invite ? 'INVITE' : 'UPDATE');
    request.set('Allow', env.allow);
    // RFC 3262 is for the first INVITE: what a re-INVITE asks for is answered at once.
    const options = env.supported.split(', ').filter((option) => option !== '100rel');
    request.set('Supported', options.join(', '));
    timer.propose(request);
    if (offer !== undefined) setSdp(request, offer);
    const ack: { sent?: SipRequest } = {};
    const patience = env.clock.after(REINVITE_PATIENCE_MS, () => {
      change.givenUp = true;
      handle.cancel();
    });
    const handle = this.#host.way.send(dialog, request, {
      onFinal: (response, tx) => {
        patience.cancel();
        if (this.#pending === handle) this.#pending = undefined;
        this.#answered(change, dialog, response, tx, ack);
      },
      onError: (error) => {
        patience.cancel();
        if (this.#pending === handle) this.#pending = undefined;
        if (change.offers) media?.rollback();
        // RFC 3261 §12.2.1.2: without any answer the dialog is gone. A lost connection is not that: it is made anew.
        const gone = error.code === 'ERR_SIP_TIMEOUT';
        this.#done(change, error, !gone);
        if (gone) this.#lost(408, error);
      },
    });
    if (change.invite) this.#pending = handle;
  }

  #answered(
    change: Change,
    dialog: Dialog,
    response: SipResponse,
    tx: ClientHandle,
    ack: { sent?: SipRequest },
  ): void {
    if (ack.sent) return this.#host.way.sendAck(dialog, ack.sent);
    if (response.status >= 300) return this.#refused(change, dialog, response);
    // RFC 3261 §12.2.1.2, RFC 3311 §5.1: both move the target.
    lenient(() => dialog.refreshTarget(response), undefined);
    if (change.invite) {
      ack.sent = dialog.createAck(tx.request.cseq.seq, tx.request);
      this.#host.way.sendAck(dialog, ack.sent);
    }
    if (this.#current === change) void this.#conclude(change, response);
  }

  async #conclude(change: Change, response: SipResponse): Promise<void> {
    const { media, timer } = this.#host;
    let failure: SwitchhookError | undefined;
    try {
      if (change.offers && media) {
        const sdp = sdpOf(response);
        if (sdp === undefined)
          throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the 2xx has no answer to our offer' });
        await media.acceptAnswer(sdp);
      }
    } catch (error) {
      media?.rollback();
      failure = asSdpError(error);
    }
    if (this.#current !== change) return;
    this.learn(response);
    timer.agreed(response);
    if (change.offers && !failure) this.#onRemoteChange();
    this.#done(change, failure);
  }

  #refused(change: Change, dialog: Dialog, response: SipResponse): void {
    const { media, timer, env } = this.#host;
    if (this.#current !== change) return;
    if (change.offers) media?.rollback();
    if (change.attempts < MAX_ATTEMPTS && !change.givenUp) {
      if (response.status === 491) {
        // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other side up to 2 s, in steps of 10 ms.
        const seconds = this.#ownsCallId ? 2.1 + 1.9 * env.random.float() : 2 * env.random.float();
        return this.#again(change, Math.round(seconds * 100) * 10);
      }
      if (response.status === 422 && timer.raise(response)) return this.#send(change, dialog);
      if (!change.invite && NO_SUCH_METHOD.has(response.status)) {
        this.#updateRefused = true;
        return this.#send(change, dialog);
      }
      const later =
        response.status === 500 ? lenient(() => response.retryAfter?.delta, undefined) : undefined;
      if (later !== undefined && later <= LONGEST_RETRY_S) return this.#again(change, later * 1000);
    }
    const { status, reason } = response;
    const error = change.givenUp
      ? new SwitchhookError('ERR_TIMEOUT', { what: 'the answer to the re-INVITE', ms: REINVITE_PATIENCE_MS })
      : new SwitchhookError('ERR_CALL_REJECTED', { status, reason });
    // RFC 3261 §12.2.1.2: these two mean that the dialog is gone.
    const gone = status === 481 || status === 408;
    this.#done(change, error, !gone);
    if (gone) this.#lost(status, error);
  }

  #again(change: Change, ms: number): void {
    this.#current = undefined;
    this.#queue.unshift(change);
    this.#retry = this.#host.env.clock.after(ms, () => this.#next());
  }

  /** @param goesOn with the next change */
  #done(change: Change, error?: SwitchhookError, goesOn = true): void {
    if (this.#current !== change) return;
    this.#current = undefined;
    if (error) change.reject(error);
    else change.resolve();
    if (goesOn) this.#next();
  }

  #lost(status: number, error: SwitchhookError): void {
    this.#host.fail({ by: 'error', status, reason: error.message, error });
  }

  /**
   * A re-INVITE or UPDATE of the peer.
   * @param tag the remote tag when an outgoing call is still early: its dialogs are negotiated apart
   */
  onRequest(request: SipRequest, tx: ServerHandle, dialog: Dialog, tag?: string): void {
    if (refuseForeignBody(request, tx)) return;
    const invite = request.method === 'INVITE';
    const collision = this.#collision(invite, invite || sdpOf(request) !== undefined, tag);
    if (collision !== undefined) {
      tx.reply(collision, undefined, (response) => {
        // RFC 3261 §14.2, RFC 3311 §5.2
        if (collision === 500) response.set('Retry-After', Math.floor(this.#host.env.random.float() * 10));
      });
      return;
    }
    const tooShort = this.#host.timer.refusal(request);
    if (tooShort !== undefined) {
      tx.reply(422, undefined, (response) => response.set('Min-SE', tooShort));
      return;
    }
    this.learn(request);
    if (invite) void this.#answerInvite(request, tx, dialog);
    else void this.#answerUpdate(request, tx, dialog, tag);
  }

  #collision(invite: boolean, offers: boolean, tag: string | undefined): 491 | 500 | undefined {
    if (!offers) return undefined;
    // RFC 5407 §3.1.5: also while the answer to the offer in our 200 is missing.
    if (this.#host.media?.isOffering(tag)) return 491;
    if (invite && this.#current?.invite) return 491;
    if (this.#updating > 0) return 500;
    const incoming = this.#incoming;
    if (!incoming) return undefined;
    if (!incoming.retransmitter) return 500;
    // RFC 5407 §3.1.4: who begins anew has seen our 2xx, only its ACK was lost.
    incoming.retransmitter.stop();
    this.#incoming = undefined;
    return undefined;
  }

  async #answerInvite(request: SipRequest, tx: ServerHandle, dialog: Dialog): Promise<void> {
    const { media, env } = this.#host;
    const incoming: IncomingChange = { request, tx, awaitingAnswer: false };
    this.#incoming = incoming;
    // It is being answered already: a CANCEL comes too late (RFC 3261 §9.2).
    tx.onCancel = () => {};
    const response = this.#ok(request, tx);
    try {
      const sdp = sdpOf(request);
      if (media && sdp !== undefined) {
        setSdp(response, await media.answerOffer(sdp));
      } else if (media) {
        setSdp(response, media.createOffer());
        incoming.awaitingAnswer = true;
      }
    } catch (error) {
      if (this.#incoming !== incoming) return;
      this.#incoming = undefined;
      this.#refuse(tx, error);
      this.#next();
      return;
    }
    if (this.#incoming !== incoming) return;
    dialog.refreshTarget(request);
    this.#host.timer.accept(request, response);
    incoming.retransmitter = new AcceptRetransmitter({
      clock: env.clock,
      timers: env.timers,
      resend: () => tx.respond(response),
      onTimeout: () => {
        // RFC 3261 §14.2: no ACK: the session ends.
        this.#incoming = undefined;
        if (incoming.awaitingAnswer) media?.rollback();
        const method = '200 to re-INVITE (no ACK)';
        this.#lost(408, new SwitchhookError('ERR_SIP_TIMEOUT', { method, target: 'the peer' }));
      },
    });
    this.#host.noteSent(response);
    tx.respond(response);
    incoming.retransmitter.start();
    if (!incoming.awaitingAnswer) this.#onRemoteChange();
  }

  async #answerUpdate(
    request: SipRequest,
    tx: ServerHandle,
    dialog: Dialog,
    tag: string | undefined,
  ): Promise<void> {
    const { media, timer } = this.#host;
    const response = this.#ok(request, tx);
    const sdp = sdpOf(request);
    this.#updating++;
    try {
      if (sdp !== undefined && media) setSdp(response, await media.answerOffer(sdp, tag));
      dialog.refreshTarget(request);
      if (this.#host.dialog === dialog && !this.#host.ended) timer.accept(request, response);
      tx.respond(response);
      if (sdp !== undefined) this.#onRemoteChange();
    } catch (error) {
      this.#refuse(tx, error);
    }
    this.#updating--;
    this.#next();
  }

  /** The ACK of our 2xx to a re-INVITE. */
  async onAck(ack: SipRequest): Promise<void> {
    const incoming = this.#incoming;
    if (!incoming?.retransmitter || ack.cseq.seq !== incoming.request.cseq.seq) return;
    incoming.retransmitter.stop();
    this.#incoming = undefined;
    const { media } = this.#host;
    if (incoming.awaitingAnswer && media) {
      try {
        const sdp = sdpOf(ack);
        if (sdp === undefined)
          throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the ACK has no answer to our offer' });
        await media.acceptAnswer(sdp);
        this.#onRemoteChange();
      } catch (error) {
        media.rollback();
        this.#host.logger.warn('the answer in the ACK cannot be used; the session stays as it was', {
          error,
        });
      }
    }
    this.#next();
  }

  #ok(request: SipRequest, tx: ServerHandle): SipResponse {
    const response = SipResponse.for(request, 200);
    response.set('Contact', this.#host.way.contact(tx.flow));
    response.set('Allow', this.#host.env.allow);
    response.set('Supported', this.#host.env.supported);
    this.#host.decorate(response);
    return response;
  }

  #refuse(tx: ServerHandle, error: unknown): void {
    const known = asSdpError(error);
    const { status, warning } = refusalOf(known);
    this.#host.logger.warn('a change of the session was refused', { error: known.message });
    tx.reply(status, undefined, (response) => response.set('Warning', warning));
  }
}
