/**
 * The INVITE of an incoming call, from the first look to the ACK (RFC 3261 §13.3): ringing and early media, plain or
 * reliable (see reliable-provisional.ts), answer with the 2xx repeated until it is acknowledged, rejection, CANCEL and
 * expiry. Ends with `established` or `finish` on its call.
 *
 *     offered ──accept()──► answering ──2xx──► accepted ──ACK──► done
 *        │                      │                 └─no ACK: BYE──► done
 *        └─reject(), CANCEL, Expires, no PRACK────┴──► done
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import {
  AcceptRetransmitter,
  Dialog,
  type ServerHandle,
  type SipRequest,
  SipResponse,
} from '../../sip/index.js';
import { lenient } from '../lenient.js';
import {
  asSdpError,
  type CallHost,
  endText,
  q850Cause,
  reasonText,
  refusalOf,
  sdpOf,
  setSdp,
} from './call-host.js';
import { ReliableProvisional } from './reliable-provisional.js';

type Phase = 'offered' | 'answering' | 'accepted' | 'done';

/** RFC 3261 §13.3.1.1: proxies give up on an INVITE they hear nothing of for three minutes. */
const REPEAT_PROVISIONAL_MS = 60_000;
/** The same for a caller who seems to have heard nothing yet, and must not cancel before it has (§9.1). */
const REPEAT_UNHEARD_MS = 10_000;
const UNHEARD_REPEATS = 6;

export class IncomingInvite {
  readonly dialog: Dialog;
  readonly #host: CallHost;
  readonly request: SipRequest;
  readonly #tx: ServerHandle;
  readonly #reliable: ReliableProvisional | undefined;
  /** Where nobody asks for more, only a session description is worth the PRACK. */
  readonly #alwaysReliable: boolean;
  #phase: Phase = 'offered';
  /** Our answer to the offer in the INVITE, or our offer when it has none. */
  #description: Promise<string> | undefined;
  #retransmitter: AcceptRetransmitter | undefined;
  #repeat: Timer | undefined;
  /** The one to be repeated, and when it was first sent. */
  #provisional: SipResponse | undefined;
  #lastSentAt = 0;
  /** Repetitions of the provisional response that do not wait for a minute. */
  #soon = 0;
  #expiry: Timer | undefined;
  #onDone: (() => void) | undefined;

  /** @throws ERR_SIP_PARSE when Contact or Record-Route are malformed */
  constructor(host: CallHost, request: SipRequest, tx: ServerHandle) {
    this.#host = host;
    this.request = request;
    this.#tx = tx;
    this.dialog = Dialog.fromRequest(request, host.localTag);
    const { env } = host;
    const required = request.require.includes('100rel');
    this.#alwaysReliable = required || env.reliable === 'required';
    // RFC 3262 §5: a reliable response to an INVITE without offer would have to bring one, before anybody answers.
    const wanted =
      env.reliable !== 'off' && request.supported.includes('100rel') && sdpOf(request) !== undefined;
    if (required || wanted) {
      this.#reliable = new ReliableProvisional(env, request, tx, () => this.#unheard());
    }
    tx.onCancel = (cancel) => this.#cancelled(cancel);
    tx.onTransportError = (error) => this.#lost(error);
    tx.onRepeated = () => this.#seemsUnheard();
    const { expires } = request;
    // RFC 3261 §13.3.1: the invitation is void when it expires before the answer.
    if (expires) this.#expiry = env.clock.after(expires * 1000, () => this.#expired());
  }

  get offerless(): boolean {
    return sdpOf(this.request) === undefined;
  }

  /** The caller insists on reliable responses and left the offer to us: the first one has to bring it. */
  get ringingNeedsMedia(): boolean {
    return this.#reliable !== undefined && this.offerless;
  }

  /** The 2xx is out and its ACK is missing: too late to refuse, too early for BYE (RFC 3261 §15). */
  get awaitingAck(): boolean {
    return this.#phase === 'accepted';
  }

  /** The caller has our answer for sure, or there is none to come: it may offer anew (RFC 3311 §5.2). */
  get answerConfirmed(): boolean {
    return this.#reliable?.sdpAcknowledged ?? false;
  }

  /**
   * Sends a provisional response; with `earlyMedia` the media is settled and may flow before the answer.
   * @throws ERR_MEDIA_NO_COMMON_CODEC and the like, when the offer cannot be answered
   */
  async progress(status: number, reason?: string, earlyMedia = false): Promise<void> {
    if (this.#phase !== 'offered') return;
    const response = this.#respond(status, reason);
    const reliable = this.#reliable;
    // RFC 3262 §5: without an offer in the INVITE the first reliable response makes one; an unreliable one cannot.
    const describes = reliable
      ? !reliable.sdpSent && (earlyMedia || this.offerless)
      : earlyMedia && !this.offerless;
    if (describes) setSdp(response, await this.#describe());
    if (this.#phase !== 'offered') return;
    if (reliable && (describes || this.#alwaysReliable)) {
      this.#repeat?.cancel();
      await reliable.send(response, () => this.#phase === 'offered');
      return;
    }
    this.#host.noteSent(response);
    this.#tx.respond(response);
    this.#lastSentAt = this.#host.env.clock.now();
    this.#repeatLater(response);
  }

  /**
   * Answers with 200; resolves when the ACK arrived.
   * @throws ERR_MEDIA_NO_COMMON_CODEC and the like (the caller has been refused then), ERR_CALL_ENDED when the caller
   * gave up, ERR_SIP_TIMEOUT without ACK
   */
  async accept(): Promise<void> {
    if (this.#phase !== 'offered')
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'answer', state: this.#phase });
    this.#phase = 'answering';
    const host = this.#host;
    const response = this.#respond(200);
    try {
      if (this.#reliable?.sdpSent) {
        // RFC 3262 §3: the 2xx waits for the PRACK of a response with SDP. What that settled is not said again (§5).
        await this.#reliable.acknowledged();
      } else if (host.media) {
        setSdp(response, await this.#describe());
      }
    } catch (error) {
      this.#refuse(error);
      throw error;
    }
    if (this.#phase !== 'answering') throw this.#endError();
    host.timer.accept(this.request, response);
    this.#settle('accepted');
    host.dialog = this.dialog;
    this.dialog.confirm(response);
    const done = new Promise<void>((resolve) => {
      this.#onDone = resolve;
    });
    this.#retransmitter = new AcceptRetransmitter({
      clock: host.env.clock,
      timers: host.env.timers,
      resend: () => this.#tx.respond(response),
      onTimeout: () => this.#unacknowledged(),
    });
    host.noteSent(response);
    this.#tx.respond(response);
    this.#retransmitter.start();
    await done;
    if (host.ended) throw this.#endError();
  }

  #endError(): SwitchhookError {
    return this.#host.endError ?? new SwitchhookError('ERR_CALL_ENDED');
  }

  /** Refuses the call with a final response. */
  reject(status: number, reason?: string, decorate?: (response: SipResponse) => void): void {
    if (this.#phase === 'accepted' || this.#phase === 'done') return;
    this.#settle('done');
    const response = this.#respond(status, reason);
    decorate?.(response);
    this.#host.noteSent(response);
    this.#tx.respond(response);
  }

  /** @returns true when `ack` is that of our 2xx */
  onAck(ack: SipRequest): boolean {
    if (ack.cseq.seq !== this.request.cseq.seq) return false;
    if (this.#phase === 'accepted' && this.#retransmitter) {
      this.#retransmitter.stop();
      this.#retransmitter = undefined;
      void this.#acknowledged(ack);
    }
    return true;
  }

  async #acknowledged(ack: SipRequest): Promise<void> {
    const { media } = this.#host;
    try {
      if (media?.isOffering()) {
        const sdp = sdpOf(ack);
        if (sdp === undefined)
          throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the ACK has no answer to our offer' });
        await media.acceptAnswer(sdp);
      } else {
        await this.#finalCodec(ack);
      }
    } catch (error) {
      this.#fail(488, 'Not Acceptable Here', asSdpError(error));
      return;
    }
    this.#phase = 'done';
    if (!this.#host.ended) this.#host.established(this.dialog);
    this.#onDone?.();
  }

  /** Some callers name their choice of the codecs in our answer only now. */
  async #finalCodec(ack: SipRequest): Promise<void> {
    try {
      const sdp = sdpOf(ack);
      if (sdp !== undefined) await this.#host.media?.preferCodec(sdp);
    } catch (error) {
      this.#host.logger.debug('the description in the ACK is of no use', { error });
    }
  }

  /** PRACK within the dialog (RFC 3262 §3), with the answer to our offer or a new offer (§5). */
  onPrack(prack: SipRequest, tx: ServerHandle): void {
    const { media } = this.#host;
    const sdp = sdpOf(prack);
    if (!this.#reliable?.matches(prack)) {
      tx.reply(481);
    } else if (sdp === undefined || !media) {
      tx.reply(200);
      this.#reliable.confirm();
    } else if (media.isOffering()) {
      tx.reply(200);
      media.acceptAnswer(sdp).then(
        () => this.#reliable?.confirm(),
        (error: unknown) => {
          this.#refuse(error);
        },
      );
    } else {
      this.#answerPrack(sdp, tx);
    }
  }

  #answerPrack(sdp: string, tx: ServerHandle): void {
    const { media } = this.#host;
    if (!media?.isSettled()) {
      tx.reply(500);
      return;
    }
    media.answerOffer(sdp).then(
      (answer) => {
        tx.reply(200, undefined, (response) => setSdp(response, answer));
        this.#reliable?.confirm();
      },
      (error: unknown) => {
        tx.reply(refusalOf(asSdpError(error)).status);
        this.#reliable?.confirm();
      },
    );
  }

  /** The call ended by other means: stop repeating. */
  stop(): void {
    this.#settle('done');
    this.#onDone?.();
  }

  #respond(status: number, reason?: string): SipResponse {
    const response = SipResponse.for(this.request, status, reason);
    const to = response.to.clone();
    to.tag = this.#host.localTag;
    response.set('To', to);
    if (status < 300) {
      response.set('Contact', this.#host.way.contact(this.#tx.flow));
      response.set('Allow', this.#host.env.allow);
      if (status >= 200) response.set('Supported', this.#host.env.supported);
    }
    this.#host.decorate(response);
    return response;
  }

  /** Made once, and the same whenever it is sent (RFC 3261 §13.2.1). */
  #describe(): Promise<string> {
    this.#description ??= this.#makeDescription();
    return this.#description;
  }

  async #makeDescription(): Promise<string> {
    const { media } = this.#host;
    if (!media) throw new SwitchhookError('ERR_CALL_STATE', { what: 'answer', state: 'without media' });
    const offer = sdpOf(this.request);
    return offer === undefined ? media.createOffer() : media.answerOffer(offer);
  }

  #repeatLater(response: SipResponse): void {
    this.#repeat?.cancel();
    this.#provisional = response;
    const ms = this.#soon > 0 ? REPEAT_UNHEARD_MS : REPEAT_PROVISIONAL_MS;
    this.#repeat = this.#host.env.clock.after(ms, () => {
      if (this.#soon > 0) this.#soon--;
      this.#tx.respond(response);
      this.#repeatLater(response);
    });
  }

  /** A caller that had heard our last response would not repeat its INVITE for so long (RFC 3261 §17.1.1.2). */
  #seemsUnheard(): void {
    const { clock, timers } = this.#host.env;
    if (!this.#provisional || !this.#repeat?.active || clock.now() - this.#lastSentAt < 2 * timers.t1) return;
    this.#soon = UNHEARD_REPEATS;
    this.#repeatLater(this.#provisional);
  }

  /** The time of provisional responses is over. */
  #settle(phase: 'accepted' | 'done'): void {
    this.#phase = phase;
    this.#repeat?.cancel();
    this.#expiry?.cancel();
    this.#reliable?.stop();
    // The transaction lingers for 64*T1: it must not keep the call in memory.
    this.#tx.onTransportError = undefined;
    this.#tx.onRepeated = undefined;
    if (phase === 'accepted') return;
    this.#retransmitter?.stop();
    this.#retransmitter = undefined;
  }

  /** The offer, or the answer to ours, cannot be used. */
  #refuse(error: unknown): void {
    if (this.#phase === 'done') return;
    const known = asSdpError(error);
    const { status, warning } = refusalOf(known);
    this.reject(status, undefined, (response) => response.set('Warning', warning));
    this.#host.finish({ by: 'error', status, reason: known.message, error: known });
  }

  #cancelled(cancel: SipRequest): void {
    if (this.#phase === 'accepted' || this.#phase === 'done') return; // it lost the race against our 2xx (§9.2)
    this.reject(487);
    this.#host.finish({
      by: 'remote',
      status: 487,
      reason: lenient(() => reasonText(cancel), undefined) ?? 'cancelled by the caller',
      q850: lenient(() => q850Cause(cancel), undefined),
      text: endText(cancel),
      error: new SwitchhookError('ERR_CALL_CANCELLED'),
    });
  }

  #expired(): void {
    if (this.#phase !== 'offered') return;
    this.reject(487);
    const error = new SwitchhookError('ERR_CALL_CANCELLED');
    this.#host.finish({ by: 'remote', status: 487, reason: 'the invitation expired', error });
  }

  /** RFC 3262 §3: no PRACK for 64*T1 ends in a 5xx. */
  #unheard(): void {
    this.reject(504, 'PRACK Time-out');
    const error = new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'PRACK', target: 'the caller' });
    this.#host.finish({ by: 'error', status: 504, reason: 'no PRACK', error });
  }

  /** RFC 3261 §13.3.1.4: no ACK for 64*T1: the dialog is confirmed, but the session ends with BYE. */
  #unacknowledged(): void {
    const details = { method: '200 to INVITE (no ACK)', target: 'the caller' };
    this.#fail(408, 'no ACK', new SwitchhookError('ERR_SIP_TIMEOUT', details));
  }

  /** Until the final response; a 2xx is repeated until the ACK or the time-out all the same. */
  #lost(error: SwitchhookError): void {
    this.#settle('done');
    this.#host.finish({ by: 'error', status: 500, reason: error.message, error });
  }

  #fail(status: number, reason: string, error: SwitchhookError): void {
    this.#settle('done');
    this.#host.fail({ by: 'error', status, reason, error });
    this.#onDone?.();
  }
}
