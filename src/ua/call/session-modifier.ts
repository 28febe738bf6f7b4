/**
 * Changes to an established session, both ways: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311), with glare (491), the
 * offer in the 200 for an offerless re-INVITE, and the refreshes of the session timer. A change that fails leaves the
 * session as it was. One change of ours runs at a time; further ones wait their turn.
 *
 *     idle ──modify()──► sending ──2xx──► idle
 *      │                   │ 491 ──► waiting ──random time──► sending
 *      ├──INVITE in──► answering ──2xx──► unacknowledged ──ACK──► idle
 */
import type { Timer } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import {
  AcceptRetransmitter,
  type ClientHandle,
  type ServerHandle,
  type SipRequest,
  SipResponse,
} from '../../sip/index.js';
import { type CallHost, sdpOf, setSdp } from './call-host.js';

type Purpose = 'media' | 'refresh';

interface Change {
  purpose: Purpose;
  resolve(): void;
  reject(error: SwitchhookError): void;
  attempts: number;
}

interface IncomingChange {
  request: SipRequest;
  tx: ServerHandle;
  retransmitter?: AcceptRetransmitter;
  /** Our 200 carried the offer. */
  awaitingAnswer: boolean;
}

const MAX_ATTEMPTS = 6;

export class SessionModifier {
  readonly #host: CallHost;
  /** True when we made the Call-ID: decides who waits longer after a 491 (RFC 3261 §14.1). */
  readonly #ownsCallId: boolean;
  readonly #onRemoteChange: () => void;
  readonly #queue: Change[] = [];
  #current: Change | undefined;
  #retry: Timer | undefined;
  #incoming: IncomingChange | undefined;
  #peerAllowsUpdate = false;

  constructor(host: CallHost, ownsCallId: boolean, onRemoteChange: () => void) {
    this.#host = host;
    this.#ownsCallId = ownsCallId;
    this.#onRemoteChange = onRemoteChange;
  }

  /** Learns from the peer's Allow header whether UPDATE may be used. */
  learn(allow: readonly string[]): void {
    if (allow.length > 0) this.#peerAllowsUpdate = allow.includes('UPDATE');
  }

  /**
   * Offers the session anew, as after a hold.
   * @throws ERR_CALL_REJECTED when the peer refuses (nothing has changed then), ERR_CALL_ENDED, ERR_SIP_TIMEOUT
   */
  modify(purpose: Purpose): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ purpose, resolve, reject, attempts: 0 });
      this.#next();
    });
  }

  close(error: SwitchhookError): void {
    this.#retry?.cancel();
    const pending = this.#current ? [this.#current, ...this.#queue] : [...this.#queue];
    this.#queue.length = 0;
    this.#current = undefined;
    for (const change of pending) change.reject(error);
    const incoming = this.#incoming;
    this.#incoming = undefined;
    if (!incoming) return;
    if (incoming.retransmitter) incoming.retransmitter.stop();
    else incoming.tx.reply(487);
  }

  #next(): void {
    const { dialog } = this.#host;
    if (this.#current || this.#incoming || this.#retry?.active || !dialog) return;
    const change = this.#queue.shift();
    if (!change) return;
    this.#current = change;
    this.#send(change);
  }

  #send(change: Change): void {
    const { dialog, media, timer } = this.#host;
    if (!dialog || this.#host.ended) return this.#done(change, new SwitchhookError('ERR_CALL_ENDED'));
    change.attempts++;
    const update = change.purpose === 'refresh' && this.#peerAllowsUpdate;
    const request = dialog.createRequest(update ? 'UPDATE' : 'INVITE');
    request.set('Allow', this.#host.env.allow);
    request.set('Supported', this.#host.env.supported);
    timer.propose(request);
    if (!update && media) setSdp(request, media.createOffer());
    const ack: { sent?: SipRequest } = {};
    this.#host.sendInDialog(dialog, request, {
      onFinal: (response, tx) => void this.#answered(change, response, tx, ack),
      onError: (error) => {
        media?.rollback();
        this.#done(change, error);
        this.#lost(error.code === 'ERR_SIP_TIMEOUT' ? 408 : 503, error);
      },
    });
  }

  async #answered(
    change: Change,
    response: SipResponse,
    tx: ClientHandle,
    ack: { sent?: SipRequest },
  ): Promise<void> {
    const { dialog, media, timer } = this.#host;
    const isInvite = tx.request.method === 'INVITE';
    if (ack.sent && dialog) return this.#host.sendAck(dialog, ack.sent);
    if (response.status >= 300) return this.#refused(change, response);
    let failure: SwitchhookError | undefined;
    if (isInvite && dialog) {
      dialog.refreshTarget(response);
      const acknowledgement = dialog.createAck(tx.request.cseq.seq, tx.request);
      ack.sent = acknowledgement;
      this.#host.sendAck(dialog, acknowledgement);
      const sdp = sdpOf(response);
      try {
        if (media?.offerPending && sdp !== undefined) await media.acceptAnswer(sdp);
        else media?.rollback();
      } catch (error) {
        media?.rollback();
        failure = asError(error);
      }
    }
    this.learn(response.allow);
    timer.agreed(response);
    this.#done(change, failure);
  }

  #refused(change: Change, response: SipResponse): void {
    const { media, timer, env } = this.#host;
    media?.rollback();
    if (this.#current !== change) return;
    if (change.attempts < MAX_ATTEMPTS) {
      if (response.status === 491) {
        // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other side up to 2 s, in steps of 10 ms.
        const seconds = this.#ownsCallId ? 2.1 + 1.9 * env.random.float() : 2 * env.random.float();
        return this.#again(change, Math.round(seconds * 100) * 10);
      }
      if (response.status === 422 && timer.raise(response)) return this.#send(change);
      if (response.status === 500 && response.retryAfter)
        return this.#again(change, response.retryAfter.delta * 1000);
    }
    const error = new SwitchhookError('ERR_CALL_REJECTED', {
      status: response.status,
      reason: response.reason,
    });
    this.#done(change, error);
    // RFC 3261 §12.2.1.2: these two mean that the dialog is gone.
    if (response.status === 481 || response.status === 408) this.#lost(response.status, error);
  }

  #again(change: Change, ms: number): void {
    this.#current = undefined;
    this.#queue.unshift(change);
    this.#retry = this.#host.env.clock.after(ms, () => this.#next());
  }

  #done(change: Change, error?: SwitchhookError): void {
    if (this.#current !== change) return;
    this.#current = undefined;
    if (error) change.reject(error);
    else change.resolve();
    this.#next();
  }

  #lost(status: number, error: SwitchhookError): void {
    const { dialog } = this.#host;
    if (this.#host.ended || !dialog) return;
    this.#host.bye(dialog, `SIP;cause=${status}`);
    this.#host.finish({ by: 'error', status, reason: error.message, error });
  }

  /** A re-INVITE or UPDATE of the peer. */
  onRequest(request: SipRequest, tx: ServerHandle): void {
    const { media } = this.#host;
    const invite = request.method === 'INVITE';
    const offers = invite || sdpOf(request) !== undefined;
    if (this.#incoming && offers) {
      // RFC 3261 §14.2, RFC 3311 §5.2: one after the other.
      tx.reply(500, undefined, (response) =>
        response.set('Retry-After', Math.floor(this.#host.env.random.float() * 10)),
      );
      return;
    }
    if (offers && (media?.offerPending || (invite && this.#current?.purpose === 'media'))) {
      tx.reply(491);
      return;
    }
    const tooShort = this.#host.timer.refusal(request);
    if (tooShort !== undefined) {
      tx.reply(422, undefined, (response) => response.set('Min-SE', tooShort));
      return;
    }
    this.#host.dialog?.refreshTarget(request);
    this.learn(request.allow);
    if (invite) void this.#answerInvite(request, tx);
    else void this.#answerUpdate(request, tx);
  }

  async #answerInvite(request: SipRequest, tx: ServerHandle): Promise<void> {
    const { media, env } = this.#host;
    const incoming: IncomingChange = { request, tx, awaitingAnswer: false };
    this.#incoming = incoming;
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
      if (this.#incoming === incoming) this.#incoming = undefined;
      this.#refuse(tx, error);
      this.#next();
      return;
    }
    if (this.#incoming !== incoming) return;
    this.#host.timer.accept(request, response);
    incoming.retransmitter = new AcceptRetransmitter({
      clock: env.clock,
      timers: env.timers,
      resend: () => tx.respond(response),
      onTimeout: () => {
        // RFC 3261 §14.2: no ACK: the session ends.
        this.#incoming = undefined;
        if (incoming.awaitingAnswer) media?.rollback();
        this.#lost(
          408,
          new SwitchhookError('ERR_SIP_TIMEOUT', { method: '200 to re-INVITE (no ACK)', target: 'the peer' }),
        );
      },
    });
    tx.respond(response);
    incoming.retransmitter.start();
    if (!incoming.awaitingAnswer) this.#onRemoteChange();
  }

  async #answerUpdate(request: SipRequest, tx: ServerHandle): Promise<void> {
    const response = this.#ok(request, tx);
    const sdp = sdpOf(request);
    try {
      if (sdp !== undefined && this.#host.media) setSdp(response, await this.#host.media.answerOffer(sdp));
    } catch (error) {
      this.#refuse(tx, error);
      return;
    }
    this.#host.timer.accept(request, response);
    tx.respond(response);
    if (sdp !== undefined) this.#onRemoteChange();
  }

  /** The ACK of our 2xx to a re-INVITE. */
  async onAck(ack: SipRequest): Promise<void> {
    const incoming = this.#incoming;
    if (!incoming?.retransmitter || ack.cseq.seq !== incoming.request.cseq.seq) return;
    incoming.retransmitter.stop();
    this.#incoming = undefined;
    const { media } = this.#host;
    if (incoming.awaitingAnswer && media) {
      const sdp = sdpOf(ack);
      try {
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
    response.set('Contact', this.#host.contact(tx.flow));
    response.set('Allow', this.#host.env.allow);
    response.set('Supported', this.#host.env.supported);
    this.#host.env.decorate(response);
    return response;
  }

  #refuse(tx: ServerHandle, error: unknown): void {
    const known = asError(error);
    this.#host.logger.warn('a change of the session was refused', { error: known.message });
    tx.reply(known.code === 'ERR_SDP_PARSE' ? 400 : 488, undefined, (response) =>
      response.set('Warning', `399 switchhook "${known.message.replace(/["\\\r\n]/g, "'")}"`),
    );
  }
}

function asError(error: unknown): SwitchhookError {
  return isSwitchhookError(error)
    ? error
    : new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: String(error) }, { cause: error });
}
