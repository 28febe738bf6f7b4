/**
 * The INVITE of an incoming call, from the first look to the ACK (RFC 3261 §13.3): ringing and early media, plain or
 * reliable (RFC 3262), answer with the 2xx repeated until it is acknowledged, rejection, CANCEL. Ends with
 * `established` or `finish` on its call.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import {
  AcceptRetransmitter,
  Dialog,
  ProvisionalRetransmitter,
  type ServerHandle,
  type SipRequest,
  SipResponse,
} from '../../sip/index.js';
import { type CallHost, q850Cause, sdpOf, setSdp } from './call-host.js';

type Phase = 'offered' | 'answering' | 'accepted' | 'done';

interface PendingProvisional {
  rseq: number;
  retransmitter: ProvisionalRetransmitter;
  hasSdp: boolean;
  acknowledged: () => void;
}

export class IncomingInvite {
  readonly dialog: Dialog;
  readonly #host: CallHost;
  readonly #request: SipRequest;
  readonly #tx: ServerHandle;
  readonly #useReliable: boolean;
  #phase: Phase = 'offered';
  #answerSdp: string | undefined;
  /** The 2xx carried our offer; the ACK brings the answer. */
  #awaitingAnswer = false;
  #rseq: number;
  #pending: PendingProvisional | undefined;
  #retransmitter: AcceptRetransmitter | undefined;
  #onDone: (() => void) | undefined;

  constructor(host: CallHost, request: SipRequest, tx: ServerHandle) {
    this.#host = host;
    this.#request = request;
    this.#tx = tx;
    this.dialog = Dialog.fromRequest(request, host.localTag);
    const { reliable, random } = host.env;
    this.#useReliable =
      request.require.includes('100rel') || (reliable !== 'off' && request.supported.includes('100rel'));
    this.#rseq = random.uint32() & 0x3fffffff;
    tx.onCancel = () => this.#cancelled();
    tx.onTransportError = () => this.#lost('the answer could not be sent');
  }

  get offerless(): boolean {
    return sdpOf(this.#request) === undefined;
  }

  /** Sends a provisional response; with `earlyMedia` the media is settled and may flow before the answer. */
  async progress(status: number, reason?: string, earlyMedia = false): Promise<void> {
    if (this.#phase !== 'offered') return;
    const response = this.#respond(status, reason);
    if (earlyMedia && !this.offerless) setSdp(response, await this.#answer());
    if (this.#phase !== 'offered') return;
    if (this.#useReliable && status > 100) await this.#sendReliably(response);
    else this.#tx.respond(response);
  }

  /**
   * Answers with 200; resolves when the ACK arrived.
   * @throws ERR_MEDIA_NO_COMMON_CODEC, ERR_CALL_ENDED when the caller gave up, ERR_SIP_TIMEOUT without ACK
   */
  async accept(decorate?: (response: SipResponse) => void): Promise<void> {
    if (this.#phase !== 'offered')
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'answer', state: this.#phase });
    this.#phase = 'answering';
    const host = this.#host;
    const media = host.media;
    const response = this.#respond(200);
    try {
      if (media) {
        if (this.offerless) {
          setSdp(response, media.createOffer());
          this.#awaitingAnswer = true;
        } else {
          setSdp(response, await this.#answer());
        }
      }
    } catch (error) {
      this.#phase = 'offered';
      throw error;
    }
    // RFC 3262 §3: a 2xx waits for the PRACK of a reliable response that carried the session description.
    if (this.#pending?.hasSdp) await new Promise<void>((resolve) => (this.#pending!.acknowledged = resolve));
    if (this.#isDone()) throw new SwitchhookError('ERR_CALL_ENDED');
    host.timer.accept(this.#request, response);
    decorate?.(response);
    this.#dropPending();
    this.#phase = 'accepted';
    host.dialog = this.dialog;
    this.dialog.confirm(response);
    const acknowledged = new Promise<void>((resolve) => (this.#onDone = resolve));
    this.#retransmitter = new AcceptRetransmitter({
      clock: host.env.clock,
      timers: host.env.timers,
      resend: () => this.#tx.respond(response),
      onTimeout: () => this.#unacknowledged(),
    });
    this.#tx.respond(response);
    this.#retransmitter.start();
    await acknowledged;
    if (host.ended) throw new SwitchhookError('ERR_CALL_ENDED');
  }

  /** Refuses the call with a final response. */
  reject(status: number, reason?: string, decorate?: (response: SipResponse) => void): void {
    if (this.#phase === 'accepted' || this.#phase === 'done') return;
    this.#finalize();
    const response = this.#respond(status, reason);
    decorate?.(response);
    this.#tx.respond(response);
  }

  /** The ACK of our 2xx. */
  async onAck(ack: SipRequest): Promise<void> {
    if (this.#phase !== 'accepted' || !this.#retransmitter) return;
    this.#retransmitter.stop();
    this.#retransmitter = undefined;
    try {
      if (this.#awaitingAnswer) {
        const sdp = sdpOf(ack);
        if (sdp === undefined)
          throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the ACK has no answer to our offer' });
        await this.#host.media?.acceptAnswer(sdp);
      }
    } catch (error) {
      this.#fail(488, 'Not Acceptable Here', error);
      return;
    }
    this.#phase = 'done';
    if (!this.#host.ended) this.#host.established(this.dialog);
    this.#onDone?.();
  }

  /** PRACK within the early dialog (RFC 3262 §3). */
  onPrack(request: SipRequest, tx: ServerHandle): void {
    const rack = request.rack;
    const { cseq } = this.#request;
    const pending = this.#pending;
    if (
      !pending ||
      !rack ||
      rack.rseq !== pending.rseq ||
      rack.seq !== cseq.seq ||
      rack.method !== cseq.method
    ) {
      tx.reply(481);
      return;
    }
    tx.reply(200);
    pending.retransmitter.stop();
    this.#pending = undefined;
    pending.acknowledged();
  }

  /** The call ended by other means: stop repeating. */
  stop(): void {
    this.#finalize();
  }

  #respond(status: number, reason?: string): SipResponse {
    const response = SipResponse.for(this.#request, status, reason);
    const to = response.to.clone();
    to.tag = this.#host.localTag;
    response.set('To', to);
    if (status < 300) {
      response.set('Contact', this.#host.contact(this.#tx.flow));
      response.set('Allow', this.#host.env.allow);
      if (status >= 200) response.set('Supported', this.#host.env.supported);
    }
    this.#host.env.decorate(response);
    return response;
  }

  async #answer(): Promise<string> {
    if (this.#answerSdp === undefined) {
      const media = this.#host.media;
      if (!media) throw new SwitchhookError('ERR_CALL_STATE', { what: 'answer', state: 'without media' });
      this.#answerSdp = await media.answerOffer(sdpOf(this.#request) ?? '');
    }
    return this.#answerSdp;
  }

  /** Sends a provisional response until its PRACK arrives; one at a time (RFC 3262 §3). */
  async #sendReliably(response: SipResponse): Promise<void> {
    if (this.#pending) {
      await new Promise<void>((resolve) => {
        const { acknowledged } = this.#pending!;
        this.#pending!.acknowledged = () => {
          acknowledged();
          resolve();
        };
      });
      if (this.#phase !== 'offered') return;
    }
    const { clock, timers } = this.#host.env;
    const rseq = ++this.#rseq;
    response.add('Require', '100rel');
    response.set('RSeq', rseq);
    const retransmitter = new ProvisionalRetransmitter({
      clock,
      timers,
      resend: () => this.#tx.respond(response),
      onTimeout: () => {
        // RFC 3262 §3: rejected with a 5xx when no PRACK comes for 64*T1.
        this.reject(504, 'PRACK Time-out');
        const error = new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'PRACK', target: 'the caller' });
        this.#host.finish({ by: 'error', status: 504, reason: 'no PRACK', error });
      },
    });
    this.#pending = { rseq, hasSdp: response.body.length > 0, acknowledged: () => {}, retransmitter };
    this.#tx.respond(response);
    retransmitter.start();
  }

  #isDone(): boolean {
    return this.#phase === 'done';
  }

  #dropPending(): void {
    this.#pending?.retransmitter.stop();
    const waiting = this.#pending?.acknowledged;
    this.#pending = undefined;
    waiting?.();
  }

  #finalize(): void {
    this.#phase = 'done';
    this.#retransmitter?.stop();
    this.#retransmitter = undefined;
    this.#dropPending();
    this.#onDone?.();
  }

  #cancelled(): void {
    if (this.#phase === 'accepted' || this.#phase === 'done') return; // CANCEL lost the race against our 2xx (§9.2)
    this.reject(487);
    this.#host.finish({
      by: 'remote',
      status: 487,
      reason: 'Request Terminated',
      q850: q850Cause(this.#request),
      error: new SwitchhookError('ERR_CALL_CANCELLED'),
    });
  }

  /** RFC 3261 §13.3.1.4: no ACK for 64*T1: the dialog is confirmed, but the session ends with BYE. */
  #unacknowledged(): void {
    this.#fail(
      408,
      'no ACK',
      new SwitchhookError('ERR_SIP_TIMEOUT', { method: '200 to INVITE (no ACK)', target: 'the caller' }),
    );
  }

  #lost(reason: string): void {
    if (this.#phase === 'done') return;
    const wasAccepted = this.#phase === 'accepted';
    if (wasAccepted) return; // the repetitions go on until the ACK or the time-out
    this.#finalize();
    this.#host.finish({
      by: 'error',
      status: 500,
      reason,
      error: new SwitchhookError('ERR_SIP_TRANSPORT', {
        method: 'the response',
        target: 'the caller',
        why: reason,
      }),
    });
  }

  #fail(status: number, reason: string, error: unknown): void {
    const cause = isSwitchhookError(error)
      ? error
      : new SwitchhookError('ERR_SIP_PARSE', { what: 'ACK', why: String(error) });
    this.#host.bye(this.dialog, `SIP;cause=${status};text="${reason}"`);
    this.#host.finish({ by: 'error', status, reason, error: cause });
    this.#finalize();
  }
}
