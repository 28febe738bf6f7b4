/**
 * The INVITE of an outgoing call, from the offer to the ACK (RFC 3261 §13.2): early dialogs of a forked INVITE, each
 * with its early media (RFC 3960) and reliable provisional responses (RFC 3262), redirection, 422, CANCEL and its
 * races. Ends with `established` or `finish` on its call; it never touches an established dialog afterwards, except
 * to repeat the ACK.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import {
  type ClientHandle,
  Dialog,
  type Flow,
  type NameAddr,
  type SipRequest,
  type SipResponse,
  SipUri,
  type Target,
} from '../../sip/index.js';
import { type CallHost, q850Cause, sdpOf, setSdp } from './call-host.js';

export interface OutgoingInviteOptions {
  /** Builds a fresh INVITE to `target` with everything but SDP, Contact and session timer. */
  build(target: SipUri | undefined): SipRequest;
  targets?: Target[];
  flow?: Flow;
  /** Leave the offer to the callee (RFC 3261 §13.2.1). */
  offerless?: boolean;
  /** How many 3xx to follow; 0 = none. */
  redirects: number;
  onProgress(response: SipResponse, earlyMedia: boolean): void;
}

interface EarlyDialog {
  dialog: Dialog;
  /** Highest RSeq seen (RFC 3262 §4). */
  rseq?: number;
}

export class OutgoingInvite {
  readonly #host: CallHost;
  readonly #options: OutgoingInviteOptions;
  readonly #early = new Map<string, EarlyDialog>();
  /** ACKs sent, by remote tag, to repeat when the 2xx is. */
  readonly #acks = new Map<string, SipRequest>();
  #handle: ClientHandle | undefined;
  #cancelled = false;
  #cancelReason: string | undefined;
  #redirectsLeft: number;
  #retries = 0;
  #done = false;

  constructor(host: CallHost, options: OutgoingInviteOptions) {
    this.#host = host;
    this.#options = options;
    this.#redirectsLeft = options.redirects;
  }

  start(): void {
    this.#send(undefined, this.#options.targets);
  }

  /** Gives up: CANCEL, or BYE should the 2xx be on its way already. */
  cancel(reason?: string): void {
    if (this.#done || this.#cancelled) return;
    this.#cancelled = true;
    this.#cancelReason = reason;
    this.#handle?.cancel(reason);
  }

  #send(target: SipUri | undefined, targets: Target[] | undefined): void {
    const { env, media, timer } = this.#host;
    const request = this.#options.build(target);
    timer.propose(request);
    if (!this.#options.offerless && media) {
      media.rollback();
      setSdp(request, media.createOffer());
    }
    this.#handle = env.endpoint.send(request, {
      targets,
      flow: targets ? undefined : this.#options.flow,
      auth: this.#host.account?.auth,
      beforeSend: (message, flow) => message.set('Contact', this.#host.contact(flow)),
      onProvisional: (response, tx) => this.#provisional(response, tx),
      onFinal: (response, tx) => this.#final(response, tx),
      onError: (error) => this.#failed(error),
    });
  }

  #provisional(response: SipResponse, tx: ClientHandle): void {
    if (this.#done) return;
    const tag = response.to.tag;
    if (response.status === 100) return;
    const sdp = sdpOf(response);
    if (tag === undefined) {
      this.#options.onProgress(response, false);
      return;
    }
    const early = this.#earlyDialog(tag, response, tx);
    early.dialog.refreshTarget(response);
    if (response.require.includes('100rel') && response.rseq !== undefined) {
      // RFC 3262 §4: in order only; a repeated one was acknowledged before.
      if (early.rseq !== undefined && response.rseq !== early.rseq + 1) return;
      early.rseq = response.rseq;
      void this.#acknowledgeProvisional(early, response, tx, sdp);
      return;
    }
    this.#options.onProgress(response, sdp !== undefined);
    if (sdp !== undefined && !this.#options.offerless) void this.#earlyAnswer(tag, sdp);
  }

  #earlyDialog(tag: string, response: SipResponse, tx: ClientHandle): EarlyDialog {
    let early = this.#early.get(tag);
    if (!early) {
      early = { dialog: Dialog.fromResponse(tx.request, response) };
      this.#early.set(tag, early);
      this.#host.env.dialogs.add(early.dialog, { dialog: early.dialog, owner: this.#host });
    }
    return early;
  }

  async #earlyAnswer(tag: string, sdp: string): Promise<void> {
    const media = this.#host.media;
    if (!media || media.isAnswered(tag)) return;
    try {
      await media.acceptAnswer(sdp, tag);
    } catch (error) {
      // RFC 3261 §13.2.1: the 2xx may still bring an answer we can use; early media is a courtesy.
      this.#host.logger.warn('the early media offered cannot be used', { error });
    }
  }

  /** RFC 3262 §4; the offer of an offerless INVITE's reliable response is answered in the PRACK (§5). */
  async #acknowledgeProvisional(
    early: EarlyDialog,
    response: SipResponse,
    tx: ClientHandle,
    sdp: string | undefined,
  ): Promise<void> {
    const { media } = this.#host;
    const tag = early.dialog.remoteTag;
    let answer: string | undefined;
    if (sdp !== undefined && media) {
      if (this.#options.offerless && !media.negotiated) {
        answer = await media.answerOffer(sdp).catch(() => undefined);
      } else {
        await this.#earlyAnswer(tag, sdp);
      }
    }
    if (this.#done) return;
    const prack = early.dialog.createRequest('PRACK');
    const invite = tx.request.cseq;
    prack.set('RAck', `${response.rseq} ${invite.seq} ${invite.method}`);
    if (answer !== undefined) setSdp(prack, answer);
    this.#host.sendInDialog(early.dialog, prack, {
      onFinal: () => {},
      onError: (error) => this.#host.logger.warn('PRACK failed', { error }),
    });
    this.#options.onProgress(response, sdp !== undefined);
  }

  #final(response: SipResponse, tx: ClientHandle): void {
    if (response.status < 300) {
      this.#accepted(response, tx);
      return;
    }
    if (this.#done) return;
    if (!this.#cancelled && this.#tryAgain(response)) return;
    this.#close(undefined);
    this.#host.media?.rollback();
    const rejected = new SwitchhookError('ERR_CALL_REJECTED', {
      status: response.status,
      reason: response.reason,
    });
    this.#host.finish({
      by: this.#cancelled ? 'local' : 'remote',
      status: response.status,
      reason: response.reason,
      q850: q850Cause(response),
      error: this.#cancelled ? new SwitchhookError('ERR_CALL_CANCELLED') : rejected,
    });
  }

  /** 3xx followed (RFC 3261 §8.1.3.4) and 422 with a longer session interval (RFC 4028 §7.3). */
  #tryAgain(response: SipResponse): boolean {
    if (response.status === 422 && this.#retries++ < 2 && this.#host.timer.raise(response)) {
      this.#restart(undefined, this.#options.targets);
      return true;
    }
    if (response.status < 400 && this.#redirectsLeft > 0) {
      const next = bestContact(response.contacts);
      if (next) {
        this.#redirectsLeft--;
        this.#host.logger.info('redirected', { to: next.toString(), status: response.status });
        this.#restart(next, undefined);
        return true;
      }
    }
    return false;
  }

  #restart(target: SipUri | undefined, targets: Target[] | undefined): void {
    this.#dropEarlyDialogs(undefined);
    this.#send(target, targets);
  }

  /** 2xx: the first makes the call, another fork's is ended, a repeated one gets its ACK again (§13.2.2.4). */
  #accepted(response: SipResponse, tx: ClientHandle): void {
    const tag = response.to.tag ?? '';
    const ack = this.#acks.get(tag);
    if (ack) {
      const dialog = this.#host.dialog;
      if (dialog) this.#host.sendAck(dialog, ack);
      return;
    }
    const known = this.#early.get(tag)?.dialog;
    const dialog = known ?? Dialog.fromResponse(tx.request, response);
    dialog.confirm(response);
    const acknowledgement = dialog.createAck(tx.request.cseq.seq, tx.request);
    this.#acks.set(tag, acknowledgement);
    if (this.#done || this.#cancelled) {
      this.#host.sendAck(dialog, acknowledgement);
      this.#host.bye(dialog, this.#cancelled ? this.#cancelReason : undefined);
      if (!this.#done) {
        this.#close(undefined);
        this.#host.finish({
          by: 'local',
          status: 487,
          reason: 'Request Terminated',
          error: new SwitchhookError('ERR_CALL_CANCELLED'),
        });
      }
      return;
    }
    if (!known) this.#host.env.dialogs.add(dialog, { dialog, owner: this.#host });
    this.#close(dialog);
    this.#host.dialog = dialog;
    void this.#settle(dialog, response, acknowledgement);
  }

  /** Settles the media and sends the ACK, with our answer when the 2xx brought the offer. */
  async #settle(dialog: Dialog, response: SipResponse, ack: SipRequest): Promise<void> {
    const { media } = this.#host;
    const tag = dialog.remoteTag;
    const sdp = sdpOf(response);
    let failure: SwitchhookError | undefined;
    try {
      if (media) {
        if (this.#options.offerless && !media.negotiated) {
          if (sdp === undefined)
            throw new SwitchhookError('ERR_SDP_PARSE', {
              line: 0,
              why: 'the answer to an offerless INVITE has no offer',
            });
          setSdp(ack, await media.answerOffer(sdp));
        } else if (!this.#options.offerless) {
          if (sdp !== undefined && !media.isAnswered(tag)) await media.acceptAnswer(sdp, tag);
          await media.confirmBranch(tag);
          if (!media.negotiated)
            throw new SwitchhookError('ERR_SDP_PARSE', {
              line: 0,
              why: 'the answer has no session description',
            });
        }
      }
    } catch (error) {
      failure = isSwitchhookError(error)
        ? error
        : new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: String(error) }, { cause: error });
    }
    // RFC 3261 §13.2.2.4: even a call we cannot use is acknowledged, then ended.
    this.#host.sendAck(dialog, ack);
    if (this.#host.ended) return;
    if (failure) {
      this.#host.bye(dialog, 'SIP;cause=488;text="Not Acceptable Here"');
      this.#host.finish({ by: 'error', status: 488, reason: 'Not Acceptable Here', error: failure });
      return;
    }
    this.#host.timer.agreed(response);
    this.#host.established(dialog);
  }

  #failed(error: SwitchhookError): void {
    if (this.#done) return;
    this.#close(undefined);
    const cancelled = this.#cancelled;
    this.#host.finish({
      by: cancelled ? 'local' : 'error',
      status: cancelled
        ? 487
        : error.code === 'ERR_SIP_TIMEOUT'
          ? 408
          : error.code === 'ERR_AUTHENTICATION_FAILED'
            ? 401
            : 503,
      reason: cancelled ? 'Request Terminated' : error.message,
      error: cancelled ? new SwitchhookError('ERR_CALL_CANCELLED') : error,
    });
  }

  #close(kept: Dialog | undefined): void {
    this.#done = true;
    this.#dropEarlyDialogs(kept);
  }

  #dropEarlyDialogs(kept: Dialog | undefined): void {
    for (const { dialog } of this.#early.values()) {
      if (dialog === kept) continue;
      dialog.terminate();
      this.#host.env.dialogs.remove(dialog);
    }
    this.#early.clear();
  }
}

/** The SIP contact of a 3xx with the highest q value. */
function bestContact(contacts: readonly NameAddr[]): SipUri | undefined {
  let best: SipUri | undefined;
  let bestQ = -1;
  for (const contact of contacts) {
    const q = Number(contact.params.get('q') ?? 1);
    if (contact.uri instanceof SipUri && q > bestQ) {
      best = contact.uri;
      bestQ = q;
    }
  }
  return best;
}
