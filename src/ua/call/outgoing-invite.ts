/**
 * The INVITE of an outgoing call, from the offer to the ACK (RFC 3261 §13.2): early dialogs of a forked INVITE, each
 * with its early media (RFC 3960) and reliable provisional responses (RFC 3262), redirection, 422, CANCEL and its
 * races. Ends with `established` or `finish` on its call; it never touches an established dialog afterwards, except
 * to repeat the ACK.
 *
 *     inviting ──2xx──► settling ──media agreed, ACK──► over (the call is established)
 *      │  ▲ │ └─3xx, 422: again
 *      │  └─┘
 *      ├──cancel()──► cancelled ──487, 2xx (ACK, BYE), no answer──► over
 *      └──final error, no answer──► over
 */
import type { Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import {
  type ClientHandle,
  Dialog,
  type Flow,
  type SipRequest,
  type SipResponse,
  type SipUri,
  sendsSipsContact,
  type Target,
} from '../../sip/index.js';
import { nextTarget } from '../call-target.js';
import { lenient } from '../lenient.js';
import { asSdpError, type CallHost, endText, q850Cause, sdpOf, setSdp } from './call-host.js';
import type { OfferKind } from './call-media.js';

export interface OutgoingInviteOptions {
  /** Builds a fresh INVITE to `target` with everything but CSeq, SDP, Contact and session timer. */
  build(target: SipUri | undefined): SipRequest;
  targets?: Target[];
  flow?: Flow;
  /** What we offer; 'none' leaves the offer to the callee (RFC 3261 §13.2.1). */
  offer: OfferKind | 'none';
  /** How many 3xx to follow; 0 = none. */
  redirects: number;
  /** An INVITE is about to leave for another target than the one first called. */
  onRedirected(request: SipRequest, redirections: readonly Redirection[]): void;
  /** The ACK need not wait for the media, when it carries no description. */
  earlyAck: boolean;
  /** Whether the ACK names the one codec of several that will be used. */
  finalCodec(dialog: Dialog): boolean;
  onProgress(response: SipResponse, earlyMedia: boolean): void;
  /** The 2xx that makes the call. */
  onAnswer(response: SipResponse): void;
}

/** A 3xx that was followed. */
export interface Redirection {
  response: SipResponse;
  from: SipUri;
  to: SipUri;
}

interface EarlyDialog {
  dialog: Dialog;
  /** Highest RSeq seen (RFC 3262 §4). */
  rseq?: number;
  /** Our answer to its offer has gone out in a PRACK. */
  answered?: boolean;
}

/** What has gone out in an early dialog that was given up: its 2xx may come all the same. */
type Traces = Pick<EarlyDialog, 'answered'> & { seq: number };

/** The ACK of one fork's 2xx, kept to be sent again with every copy of the 2xx. */
interface Acknowledgement {
  dialog: Dialog;
  ack: SipRequest;
  /** False while its session description is being made. */
  ready: boolean;
}

/** More forks than anybody has phones: a bound for memory, not a feature. */
const MAX_FORKS = 64;
const MAX_422 = 2;
/** In which a CANCEL has its effect: T1, the round trip RFC 3261 reckons with. */
const CANCEL_MS = 500;

export class OutgoingInvite {
  readonly #host: CallHost;
  readonly #options: OutgoingInviteOptions;
  readonly #early = new Map<string, EarlyDialog>();
  /** Of forks we have sent a request to, by tag. */
  readonly #dropped = new Map<string, Traces>();
  readonly #acks = new Map<string, Acknowledgement>();
  readonly #visited = new Set<string>();
  #phase: 'inviting' | 'cancelled' | 'settling' | 'over' = 'inviting';
  #handle: ClientHandle | undefined;
  #cancelReason: string | undefined;
  #parted: (() => void) | undefined;
  #silence: Timer | undefined;
  #seq = 0;
  #redirectsLeft: number;
  readonly #redirections: Redirection[] = [];
  #retries = 0;

  constructor(host: CallHost, options: OutgoingInviteOptions) {
    this.#host = host;
    this.#options = options;
    this.#redirectsLeft = options.redirects;
  }

  /** The 2xx has come and its media is being set up: too late to cancel, too early for BYE. */
  get settling(): boolean {
    return this.#phase === 'settling';
  }

  /** The way the INVITE went last. */
  get flow(): Flow | undefined {
    return this.#handle?.flow;
  }

  get #offerless(): boolean {
    return this.#options.offer === 'none';
  }

  start(): void {
    this.#send(undefined, this.#options.targets);
  }

  /** Gives up: CANCEL, or ACK and BYE should the 2xx be on its way already. */
  cancel(reason?: string): void {
    if (this.#phase !== 'inviting') return;
    this.#phase = 'cancelled';
    this.#cancelReason = reason;
    const { policies, env } = this.#host;
    const how = policies.disconnection;
    if (how !== 'quick') this.#parted = env.partings.begin();
    this.#handle?.cancel({ reason, now: how === 'quick', twice: how === 'twice' });
    if (this.#early.size > 0) this.#awaitSilence();
  }

  /** A fork shows up after the CANCEL. */
  #ringsStill(tag: string, response: SipResponse, tx: ClientHandle): void {
    if (this.#host.policies.disconnection !== 'bye-early') return;
    this.#earlyDialog(tag, response, tx);
    this.#awaitSilence();
  }

  /** Who has not stopped ringing soon after the CANCEL is told in another way. */
  #awaitSilence(): void {
    const { policies, env } = this.#host;
    if (policies.disconnection !== 'bye-early') return;
    this.#silence ??= env.clock.after(CANCEL_MS, () => {
      this.#silence = undefined;
      this.#byeEarly(undefined);
    });
  }

  /** RFC 3261 §15: a caller may end an early dialog with BYE. @param done the To tag of who has ended it by itself */
  #byeEarly(done: string | undefined): void {
    if (this.#host.policies.disconnection !== 'bye-early') return;
    for (const [tag, { dialog }] of [...this.#early]) {
      if (tag === done) continue;
      this.#early.delete(tag);
      this.#host.way.bye(dialog, this.#cancelReason);
    }
  }

  #send(target: SipUri | undefined, targets: Target[] | undefined): void {
    const { env, media, timer } = this.#host;
    const request = this.#options.build(target);
    request.set('CSeq', `${++this.#seq} INVITE`);
    timer.propose(request);
    const { offer } = this.#options;
    if (offer !== 'none' && media) {
      media.rollback();
      setSdp(request, media.createOffer(offer));
    }
    if (this.#redirections.length > 0) this.#options.onRedirected(request, this.#redirections);
    this.#visited.add(request.uri.toString());
    this.#host.awaitResponse();
    const { flow } = this.#options;
    // RFC 3261 §26.2.2: a redirection to sips goes over TLS, whatever the way was so far.
    const fits = !flow || flow.secure || !target?.secure;
    this.#handle = env.endpoint.send(request, {
      targets,
      flow: targets || !fits ? undefined : flow,
      maxUdpBytes: this.#host.policies.maxUdpBytes,
      maxResends: this.#host.policies.maxResends,
      auth: this.#host.account?.auth,
      nextCseq: () => ++this.#seq,
      beforeSend: (message, flow) => {
        message.set('Contact', this.#host.way.contact(flow, sendsSipsContact(message)));
        this.#host.noteSent(message);
      },
      onProvisional: (response, tx) => this.#provisional(response, tx),
      onFinal: (response, tx) => this.#final(response, tx),
      onError: (error) => this.#failed(error),
    });
  }

  #provisional(response: SipResponse, tx: ClientHandle): void {
    const tag = response.to.tag;
    this.#host.noteReceived(response);
    if (this.#phase === 'cancelled' && tag !== undefined) this.#ringsStill(tag, response, tx);
    if (this.#phase !== 'inviting' || response.status === 100) return;
    if (tag === undefined) {
      this.#options.onProgress(response, false);
      return;
    }
    if (response.status === 199) return this.#forkEnded(tag);
    const early = lenient(() => this.#earlyDialog(tag, response, tx), undefined);
    if (!early) {
      this.#options.onProgress(response, false);
      return;
    }
    this.#host.way.metOver(tx.flow);
    lenient(() => early.dialog.refreshTarget(response), undefined);
    const rseq = lenient(() => (response.require.includes('100rel') ? response.rseq : undefined), undefined);
    if (rseq !== undefined) {
      // RFC 3262 §4: in order only; a repeated one was acknowledged before.
      if (early.rseq !== undefined && rseq !== early.rseq + 1) return;
      early.rseq = rseq;
      void this.#acknowledgeProvisional(early, response, tx);
      return;
    }
    const sdp = lenient(() => sdpOf(response), undefined);
    this.#options.onProgress(response, sdp !== undefined);
    if (sdp !== undefined && !this.#offerless) void this.#earlyMedia(tag, sdp, false);
  }

  /** RFC 6228: one fork has failed, others may still answer. */
  #forkEnded(tag: string): void {
    const early = this.#early.get(tag);
    if (!early) return;
    this.#early.delete(tag);
    this.#drop(tag, early, undefined);
  }

  #drop(tag: string, { dialog, answered }: EarlyDialog, kept: Dialog | undefined): void {
    if (dialog.requestsSent) this.#dropped.set(tag, { seq: dialog.localSeq, answered });
    if (dialog === kept) return;
    dialog.terminate();
    this.#host.env.dialogs.remove(dialog);
  }

  #earlyDialog(tag: string, response: SipResponse, tx: ClientHandle): EarlyDialog | undefined {
    let early = this.#early.get(tag);
    if (!early && this.#early.size < MAX_FORKS) {
      early = { dialog: Dialog.fromResponse(tx.request, response) };
      this.#early.set(tag, early);
      this.#host.env.dialogs.add(early.dialog, { dialog: early.dialog, owner: this.#host });
    }
    return early;
  }

  /** @param reliable the answer has come for good; else it comes with the 2xx (RFC 6337 §3.1.1) */
  async #earlyMedia(tag: string, sdp: string, reliable: boolean): Promise<void> {
    const media = this.#host.media;
    if (!media?.isOffering(tag)) return;
    try {
      if (reliable) await media.acceptAnswer(sdp, tag);
      else await media.previewAnswer(sdp, tag);
    } catch (error) {
      // The 2xx may still bring an answer we can use; early media is a courtesy.
      this.#host.logger.warn('the early media offered cannot be used', { error });
    }
  }

  /** RFC 3262 §4; the offer of an offerless INVITE's reliable response is answered in the PRACK (§5). */
  async #acknowledgeProvisional(early: EarlyDialog, response: SipResponse, tx: ClientHandle): Promise<void> {
    const { media, logger } = this.#host;
    const tag = early.dialog.remoteTag;
    let answer: string | undefined;
    try {
      const sdp = sdpOf(response);
      if (sdp !== undefined && this.#offerless && media) {
        if (!media.isSettled(tag)) answer = await media.answerOffer(sdp, tag);
      } else if (sdp !== undefined) {
        await this.#earlyMedia(tag, sdp, true);
      }
      if (this.#phase !== 'inviting' || early.dialog.state !== 'early') return;
      this.#options.onProgress(response, sdp !== undefined);
    } catch (error) {
      const known = asSdpError(error);
      this.#host.fail({ by: 'error', status: 488, reason: 'Not Acceptable Here', error: known });
      return;
    }
    const prack = early.dialog.createRequest('PRACK');
    const invite = tx.request.cseq;
    prack.set('RAck', `${response.rseq} ${invite.seq} ${invite.method}`);
    if (answer !== undefined) {
      setSdp(prack, answer);
      early.answered = true;
    }
    this.#host.way.send(early.dialog, prack, {
      onFinal: (final) => {
        if (final.status >= 300) logger.warn('PRACK was refused', { status: final.status });
      },
      onError: (error) => logger.warn('PRACK failed', { error }),
    });
  }

  #final(response: SipResponse, tx: ClientHandle): void {
    this.#host.noteReceived(response);
    if (response.status < 300) {
      this.#accepted(response, tx);
      return;
    }
    if (this.#phase === 'over') return;
    if (this.#phase === 'inviting' && this.#tryAgain(response)) return;
    const cancelled = this.#phase === 'cancelled';
    if (cancelled) this.#byeEarly(response.to.tag);
    this.#close();
    this.#host.media?.rollback();
    const { status, reason } = response;
    this.#host.finish({
      by: cancelled ? 'local' : 'remote',
      status,
      reason,
      q850: lenient(() => q850Cause(response), undefined),
      text: endText(response),
      error: cancelled ? new SwitchhookError('ERR_CALL_CANCELLED') : this.#refusal(status, reason),
    });
  }

  /** RFC 4568 §7.1.2: a peer without SRTP refuses the secure profile, which is what these statuses most likely mean. */
  #refusal(status: number, reason: string): SwitchhookError {
    if (!isAboutMedia(status) || !this.#host.media?.requiresSrtp)
      return new SwitchhookError('ERR_CALL_REJECTED', { status, reason });
    const why = `we require it, and the peer refused the offer with ${status} ${reason}`;
    return new SwitchhookError('ERR_MEDIA_SRTP', { why, status, reason });
  }

  /** 488 to optional SRTP once with the secure profile, 3xx followed (RFC 3261 §8.1.3.4) and 422 with a longer session interval (RFC 4028 §7.3). */
  #tryAgain(response: SipResponse): boolean {
    if (response.status === 422 && this.#retries++ < MAX_422 && this.#host.timer.raise(response)) {
      this.#restart(undefined, this.#options.targets);
      return true;
    }
    if (isAboutMedia(response.status) && !this.#offerless && this.#host.media?.offerSecurely()) {
      this.#restart(undefined, this.#options.targets);
      return true;
    }
    if (response.status >= 400 || this.#redirectsLeft === 0) return false;
    const before = this.#redirections.at(-1)?.to ?? (this.#handle?.request.uri as SipUri);
    const next = nextTarget(response, this.#visited, before.secure);
    if (!next) return false;
    this.#redirectsLeft--;
    this.#redirections.push({ response, from: before, to: next });
    this.#host.logger.info('redirected', { to: next.toString(), status: response.status });
    this.#restart(next, undefined);
    return true;
  }

  #restart(target: SipUri | undefined, targets: Target[] | undefined): void {
    this.#dropEarlyDialogs(undefined);
    this.#host.media?.dropBranches();
    try {
      this.#send(target, targets);
    } catch (error) {
      this.#failed(asSdpError(error));
    }
  }

  /** 2xx: the first makes the call, another fork's is ended, a repeated one gets its ACK again (§13.2.2.4). */
  #accepted(response: SipResponse, tx: ClientHandle): void {
    const tag = response.to.tag ?? '';
    const known = this.#acks.get(tag);
    if (known) {
      if (known.ready) this.#host.way.sendAck(known.dialog, known.ack);
      return;
    }
    if (this.#acks.size >= MAX_FORKS) return;
    this.#host.way.metOver(tx.flow);
    const wanted = this.#phase === 'inviting';
    const { dialog, usable } = this.#confirm(tag, response, tx);
    const ack = dialog.createAck(tx.request.cseq.seq, tx.request);
    const acknowledgement = { dialog, ack, ready: false };
    this.#acks.set(tag, acknowledgement);
    if (!wanted || !usable) {
      this.#turnDown(acknowledgement, response, usable);
      return;
    }
    this.#host.env.dialogs.add(dialog, { dialog, owner: this.#host });
    this.#phase = 'settling';
    this.#dropEarlyDialogs(dialog);
    this.#host.dialog = dialog;
    void this.#settle(acknowledgement, response);
  }

  /** The dialog of a 2xx; one whose headers are broken can still be acknowledged and ended. */
  #confirm(tag: string, response: SipResponse, tx: ClientHandle): { dialog: Dialog; usable: boolean } {
    const early = this.#early.get(tag)?.dialog;
    try {
      early?.confirm(response);
      return { dialog: early ?? this.#freshDialog(tag, response, tx), usable: true };
    } catch (error) {
      this.#host.logger.warn('the 2xx is malformed', { error });
      const bare = response.clone().remove('Record-Route').remove('Contact');
      return { dialog: early ?? this.#freshDialog(tag, bare, tx), usable: false };
    }
  }

  /** RFC 3261 §12.2.1.1: the CSeq of a fork we have sent a PRACK to goes on from there. */
  #freshDialog(tag: string, response: SipResponse, tx: ClientHandle): Dialog {
    const dialog = Dialog.fromResponse(tx.request, response);
    dialog.localSeq = Math.max(dialog.localSeq, this.#dropped.get(tag)?.seq ?? 0);
    return dialog;
  }

  /** A 2xx nobody wants any more: the call was cancelled, or another fork has it. */
  #turnDown(acknowledgement: Acknowledgement, response: SipResponse, usable: boolean): void {
    const { dialog, ack } = acknowledgement;
    this.#decline(ack, response);
    acknowledgement.ready = true;
    this.#host.way.sendAck(dialog, ack);
    this.#host.way.bye(dialog, this.#phase === 'cancelled' ? this.#cancelReason : undefined);
    if (this.#phase === 'cancelled') {
      this.#close();
      const error = new SwitchhookError('ERR_CALL_CANCELLED');
      this.#host.finish({ by: 'local', status: 487, reason: 'Request Terminated', error });
    } else if (!usable && this.#phase === 'inviting') {
      this.#close();
      const error = new SwitchhookError('ERR_SIP_PARSE', { what: '2xx', why: 'Contact or Record-Route' });
      this.#host.finish({ by: 'error', status: 400, reason: error.message, error });
    }
  }

  /** The offer in a 2xx that comes to nothing is answered all the same (RFC 3261 §13.2.2.4). */
  #decline(ack: SipRequest, response: SipResponse): void {
    const tag = response.to.tag ?? '';
    const { answered } = this.#early.get(tag) ?? this.#dropped.get(tag) ?? {};
    if (!this.#offerless || answered) return;
    try {
      const sdp = sdpOf(response);
      if (sdp !== undefined && this.#host.media) setSdp(ack, this.#host.media.declineOffer(sdp));
    } catch (error) {
      this.#host.logger.debug('the offer in the 2xx cannot be answered', { error });
    }
  }

  /** Settles the media and sends the ACK, with our answer when the 2xx brought the offer. */
  async #settle(acknowledgement: Acknowledgement, response: SipResponse): Promise<void> {
    const { dialog, ack } = acknowledgement;
    let failure: SwitchhookError | undefined;
    const early = this.#options.earlyAck && !this.#offerless;
    const acknowledge = (): void => {
      acknowledgement.ready = true;
      this.#host.way.sendAck(dialog, ack);
    };
    if (early) acknowledge();
    try {
      await this.#agree(dialog, sdpOf(response), ack);
    } catch (error) {
      failure = asSdpError(error);
      this.#decline(ack, response);
    }
    this.#phase = 'over';
    // RFC 3261 §13.2.2.4: even a call we cannot use is acknowledged, then ended.
    if (!early) acknowledge();
    if (failure) {
      this.#host.fail({ by: 'error', status: 488, reason: 'Not Acceptable Here', error: failure });
      return;
    }
    this.#options.onAnswer(response);
    if (!this.#host.ended) this.#host.timer.agreed(response);
    this.#host.established(dialog);
  }

  async #agree(dialog: Dialog, sdp: string | undefined, ack: SipRequest): Promise<void> {
    const { media } = this.#host;
    const tag = dialog.remoteTag;
    if (!media) return;
    if (!media.isSettled(tag)) {
      // Some peers think the SDP of a provisional response was enough.
      const body = sdp ?? (this.#offerless ? undefined : media.preview(tag));
      if (body === undefined) {
        throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the 2xx has no session description' });
      }
      if (this.#offerless) setSdp(ack, await media.answerOffer(body, tag));
      else await media.acceptAnswer(body, tag);
    }
    await media.confirmBranch(tag);
    if (!media.negotiated?.active) {
      // RFC 3725 §4.4: the media comes with the next offer; a caller in the middle may send one as well.
      if (this.#options.offer !== 'full') return;
      throw new SwitchhookError('ERR_SDP_UNACCEPTABLE', { why: 'it rejects the audio' });
    }
    if (!this.#offerless && this.#options.finalCodec(dialog)) setSdp(ack, media.describeFinal());
  }

  #failed(error: SwitchhookError): void {
    if (this.#phase === 'over' || this.#phase === 'settling') return;
    const cancelled = this.#phase === 'cancelled';
    this.#close();
    this.#host.finish({
      by: cancelled ? 'local' : 'error',
      status: cancelled ? 487 : statusOf(error),
      reason: cancelled ? 'Request Terminated' : error.message,
      error: cancelled ? new SwitchhookError('ERR_CALL_CANCELLED') : error,
    });
  }

  #close(): void {
    this.#phase = 'over';
    this.#silence?.cancel();
    this.#dropEarlyDialogs(undefined);
    this.#parted?.();
  }

  #dropEarlyDialogs(kept: Dialog | undefined): void {
    for (const [tag, early] of this.#early) this.#drop(tag, early, kept);
    this.#early.clear();
  }
}

/** The session description is not acceptable (RFC 3261 §21.4.13, §21.4.26, §21.6.4). */
function isAboutMedia(status: number): boolean {
  return status === 415 || status === 488 || status === 606;
}

/** The status RFC 3261 §8.1.3.1 has for a request that got no answer. */
function statusOf(error: SwitchhookError): number {
  if (error.code === 'ERR_SIP_TIMEOUT') return 408;
  return error.code === 'ERR_AUTHENTICATION_FAILED' ? 401 : 503;
}
