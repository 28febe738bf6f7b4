/**
 * The signalling side of one call: its state, its parts, how it ends, the call record. {@link Call} is its public face;
 * its parts are the INVITE (outgoing-invite, incoming-invite), its changes (session-modifier), the requests within the
 * dialog (in-dialog-requests), the way messages take (call-way), what both sides have agreed on (agreement), and the
 * media (call-media, media-events). It never renders or parses SDP and never touches RTP.
 */
import type { Timer } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import {
  type Dialog,
  type NameAddr,
  type ServerHandle,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipUri,
} from '../../sip/index.js';
import type { Account } from '../account.js';
import type { Referral } from '../transfer/refer-server.js';
import type { Transfer } from '../transfer/transfer.js';
import { Agreement } from './agreement.js';
import { CALL_CAUSES, type CallCause, completeEnd } from './call-causes.js';
import { CallExtras } from './call-extras.js';
import { type CallEnvironment, type CallHost, reasonHeader } from './call-host.js';
import { CallTimeLimits } from './call-limits.js';
import { CallMedia, type MediaPreferences } from './call-media.js';
import type { CallPolicies } from './call-policies.js';
import { CallTimes } from './call-record.js';
import type {
  CallDirection,
  CallEncryption,
  CallEnd,
  CallEvents,
  CallOutcome,
  CallRecord,
  CallState,
} from './call-types.js';
import { CallWay } from './call-way.js';
import { EarlyMedia } from './early-media.js';
import type { LiveHoldOptions } from './hold.js';
import { onDialogRequest } from './in-dialog-requests.js';
import { IncomingInvite } from './incoming-invite.js';
import { followMedia } from './media-events.js';
import { OutgoingInvite, type OutgoingInviteOptions } from './outgoing-invite.js';
import { noteRedirections } from './redirection.js';
import { noResponse, ResponseWatch } from './response-watch.js';
import { SessionModifier } from './session-modifier.js';
import { SessionTimer } from './session-timer.js';

export interface CallSessionInit {
  direction: CallDirection;
  account: Account | undefined;
  callId: string;
  localTag: string;
  local: NameAddr;
  remote: NameAddr;
  media: MediaPreferences;
  policies: CallPolicies;
  /** Who we are, whatever From says; default `local`. */
  own?: NameAddr;
  /** How long it may ring, in seconds; 0 = for ever. */
  ringTimeout: number;
  /** The call is to a sips URI, or came to one. */
  secure: boolean;
  /** Told once, when the call is over and nothing of it is left. */
  onEnded(session: CallSession): void;
}

/** How we end a call. */
export interface HangUp {
  status?: number;
  reason?: string;
  cause?: CallCause;
  /** Puts further headers into the refusal of an incoming call. */
  decorate?(response: SipResponse): void;
}

/** What a call that cannot be ended yet ends with as soon as it can. */
interface DeferredEnd {
  end: CallOutcome;
  reason: string | undefined;
}

type OutgoingStart = Pick<OutgoingInviteOptions, 'build' | 'targets' | 'flow' | 'offer' | 'redirects'>;

export class CallSession implements CallHost {
  readonly env: CallEnvironment;
  readonly logger: Logger;
  readonly account: Account | undefined;
  readonly callId: string;
  readonly localTag: string;
  readonly direction: CallDirection;
  readonly local: NameAddr;
  readonly remote: NameAddr;
  readonly events = new Emitter<CallEvents>();
  readonly timer: SessionTimer;
  readonly modifier: SessionModifier;
  readonly way: CallWay;
  readonly agreement: Agreement;
  readonly extras: CallExtras;
  readonly policies: CallPolicies;
  dialog: Dialog | undefined;
  /** Our transfer of this call, while it runs. */
  transfer: Transfer | undefined;
  /** The peer's, while it runs. */
  referral: Referral | undefined;
  /** Takes over when the user hangs up; @returns false to let it happen */
  leaving: (() => boolean) | undefined;
  /** The call it wants to join (RFC 3911). */
  joins: CallSession | undefined;
  incoming: IncomingInvite | undefined;
  readonly #init: CallSessionInit;
  #outgoing: OutgoingInvite | undefined;
  #media: CallMedia | undefined;
  #mediaOpening: Promise<CallMedia> | undefined;
  #state: CallState;
  #end: CallEnd | undefined;
  #deferred: DeferredEnd | undefined;
  #ringTimer: Timer | undefined;
  readonly #ended: Promise<CallRecord>;
  #resolveEnded!: (record: CallRecord) => void;
  readonly #times: CallTimes;
  readonly #limits: CallTimeLimits;
  readonly #early: EarlyMedia;
  readonly #responses: ResponseWatch;
  /** Audio of the peer has come. */
  heard = false;
  /** The network has changed before the answer: see {@link followNetwork}. */
  #stillThere: ((host: string) => boolean) | undefined;
  /** What the call ends by when its caller gives up. */
  causeWhenGivenUp: CallCause | undefined;
  #record: CallRecord | undefined;

  constructor(env: CallEnvironment, init: CallSessionInit) {
    this.env = env;
    this.#init = init;
    this.account = init.account;
    this.callId = init.callId;
    this.localTag = init.localTag;
    this.direction = init.direction;
    this.local = init.local;
    this.remote = init.remote;
    this.policies = init.policies;
    this.extras = new CallExtras(init.policies, init.own ?? init.local, env.custom, env.random);
    this.logger = env.logger.child('call', { callId: init.callId });
    this.#state = init.direction === 'incoming' ? 'ringing' : 'trying';
    this.#times = new CallTimes(env.clock);
    this.timer = new SessionTimer(
      env.clock,
      env.sessionTimer,
      () => this.modifier.modify('refresh'),
      () => this.#sessionExpired(),
    );
    this.modifier = new SessionModifier(this, init.direction === 'outgoing', () => this.agreement.changed());
    this.agreement = new Agreement(this);
    this.way = new CallWay(this, {
      local: init.local,
      secure: init.secure,
      anonymous: () => this.extras.anonymous,
    });
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    if (init.ringTimeout > 0) {
      this.#ringTimer = env.clock.after(init.ringTimeout * 1000, () => this.#unanswered());
    }
    this.#early = new EarlyMedia(init.policies.earlyMedia ?? {}, (playing) =>
      this.events.emit('ringback', playing),
    );
    this.#responses = new ResponseWatch(env.clock, env.timers.t1, (ms) => this.#noResponse(ms));
    if (init.direction === 'outgoing') this.awaitResponse();
    this.#limits = new CallTimeLimits(env.clock, init.policies.limits ?? {}, (cause, seconds) =>
      this.#timeUp(cause, seconds),
    );
    this.#trace('', this.#state);
  }

  get state(): CallState {
    return this.#state;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get end(): CallEnd | undefined {
    return this.#end;
  }

  get endError(): SwitchhookError | undefined {
    return this.#end?.error;
  }

  /** Resolves with the call record when the call is over and its resources are free. */
  get whenEnded(): Promise<CallRecord> {
    return this.#ended;
  }

  /** The INVITE of an incoming call. */
  get invite(): SipRequest | undefined {
    return this.incoming?.request;
  }

  get record(): CallRecord | undefined {
    return this.#record;
  }

  get media(): CallMedia | undefined {
    return this.#media;
  }

  get requiresSrtp(): boolean {
    return this.#init.media.srtp === 'required';
  }

  get encryption(): CallEncryption {
    return { srtp: this.#media?.srtpSuite, signalling: this.way.flow?.protocol };
  }

  /** Where the INVITE arrived: the address to take its media on. */
  get incomingAddress(): string {
    return this.way.flow?.local.host ?? '127.0.0.1';
  }

  /** Opens the RTP ports on `address`, once. @throws ERR_MEDIA_PORTS, ERR_CALL_ENDED */
  async openMedia(address: string): Promise<CallMedia> {
    this.#mediaOpening ??= this.#openMedia(address);
    const media = await this.#mediaOpening;
    if (this.ended) throw this.endError ?? new SwitchhookError('ERR_CALL_ENDED');
    return media;
  }

  /** For the call: how it is held from now on. */
  configureHold({ hold = this.policies.hold, unhold = this.#init.media.unhold }: LiveHoldOptions): void {
    this.policies.hold = hold;
    this.#init.media = { ...this.#init.media, unhold };
    if (this.#media) this.#media.hold.unhold = unhold ?? 'never';
  }

  async #openMedia(address: string): Promise<CallMedia> {
    const { engine, random } = this.env;
    const media = await CallMedia.open({
      engine,
      address,
      label: this.callId,
      preferences: this.#init.media,
      random,
      lookup: (host) => this.#lookup(host),
      extraLines: () => this.extras.sdpLines,
    });
    if (this.direction === 'outgoing') {
      media.early = (direction) => this.#early.flow(direction);
      if (this.#early.sendsSilence) media.session.setMute({ send: true });
    }
    if (this.ended) void media.session.close().catch(() => {});
    else followMedia(this, media, () => this.#heard());
    this.#media = media;
    return media;
  }

  #heard(): void {
    this.heard = true;
    this.#early.heard();
  }

  /** RFC 3263 §4.2: a numeric port means that the host has only A and AAAA records. */
  async #lookup(host: string): Promise<string[]> {
    const uri = new SipUri({ host, port: 9, params: { transport: 'udp' } });
    return (await this.env.endpoint.resolve(uri)).map((target) => target.host);
  }

  startOutgoing(options: OutgoingStart): void {
    const { offer } = options;
    this.#outgoing = new OutgoingInvite(this, {
      ...options,
      onRedirected: (request, redirections) => noteRedirections(request, redirections, this.policies),
      earlyAck: this.policies.earlyAck === true && (this.#init.media.finalCodec ?? 'never') === 'never',
      finalCodec: (dialog) => this.#namesFinalCodec(dialog),
      onProgress: (response, earlyMedia) => {
        if (this.#early.progress(response, earlyMedia)) {
          this.#times.ringing();
          this.enter('ringing');
        }
        this.modifier.learn(response);
        this.events.emit('progress', { status: response.status, reason: response.reason, earlyMedia });
      },
      // Its Allow tells whether the session may be refreshed with UPDATE (RFC 4028 §7.4).
      onAnswer: (response) => this.modifier.learn(response),
    });
    this.#outgoing.start();
    // RFC 3725 §4.2, §4.4: an offer without media or without address is made good once the call stands.
    if (offer === 'zero-address' || offer === 'no-media') {
      this.events.once('connected', () => this.renegotiate());
    }
  }

  /** Makes a new offer; a failure is told as an event. */
  renegotiate(): void {
    this.modifier.modify('media').catch((error) => this.#troubled(error));
  }

  /**
   * The network has changed: a call whose address is gone goes on from the one there is now, and the peer is told both
   * where to send its audio and its requests to (RFC 3261 §14.1, RFC 6141 §4.2).
   * @param stillThere whether this machine still has an address
   */
  async followNetwork(stillThere: (host: string) => boolean): Promise<void> {
    const media = this.#media;
    const { dialog } = this;
    // A call that is not answered yet follows when it is.
    this.#stillThere = this.#state === 'connected' ? undefined : stillThere;
    if (this.#state !== 'connected' || !media || !dialog || stillThere(media.session.address)) return;
    try {
      await media.move(await this.way.localAddress(dialog));
      if (!this.ended) await this.modifier.modify('media');
    } catch (error) {
      this.logger.warn('the call could not follow the network', { error });
    }
  }

  #troubled(error: SwitchhookError): void {
    if (!this.ended) this.events.emit('error', error);
  }

  #namesFinalCodec(dialog: Dialog): boolean {
    const { finalCodec = 'never' } = this.#init.media;
    const codecs = this.#media?.negotiated?.send.length ?? 0;
    const { remoteTarget } = dialog;
    const host = remoteTarget.kind === 'sip' ? remoteTarget.host : '';
    const named =
      finalCodec === 'always' ||
      (codecs > 1 &&
        (finalCodec === 'several' || (finalCodec === 'auto' && !this.env.codecTrouble.has(host))));
    // A server that mishandles it shows by silence: the next call goes without.
    if (named && finalCodec === 'auto') this.events.once('noMedia', () => this.env.codecTrouble.add(host));
    return named;
  }

  /** @throws ERR_SIP_PARSE for headers of the INVITE that no dialog can be made of */
  startIncoming(request: SipRequest, tx: ServerHandle): void {
    this.way.metOver(tx.flow);
    this.noteReceived(request);
    this.#times.ringing();
    this.incoming = new IncomingInvite(this, request, tx);
    this.modifier.learn(request);
    this.env.dialogs.add(this.incoming.dialog, { dialog: this.incoming.dialog, owner: this });
  }

  enter(state: CallState): void {
    const previous = this.#state;
    if (previous === state || previous === 'ended') return;
    if (state === 'ringing' && previous !== 'trying') return;
    this.#state = state;
    if (state !== 'ringing') this.#ringTimer?.cancel();
    this.#trace(previous, state);
    this.events.emit('state', state, previous);
  }

  #trace(from: string, to: string, reason?: string): void {
    if (this.logger.enabled('info')) {
      this.logger.info('state', { from: from || undefined, to, peer: this.remote.uri.toString(), reason });
    }
    const tap = this.env.diagnostics.state;
    if (tap.active)
      tap.publish({ time: this.env.clock.wallTime(), kind: 'call', id: this.callId, from, to, reason });
  }

  decorate(message: SipMessage): void {
    this.extras.decorate(message, this.env.decorate);
  }

  noteSent(message: SipMessage): void {
    this.extras.sent(message);
  }

  awaitResponse(): void {
    this.#responses.begin();
  }

  #noResponse(ms: number): void {
    const report = noResponse(this.remote.uri.toString(), this.#outgoing?.flow, ms);
    this.logger.warn('no answer so far', { target: report.target, explanation: report.explanation });
    this.events.emit('noResponse', report);
  }

  noteReceived(message: SipMessage): void {
    this.#responses.stop();
    this.extras.received(message);
  }

  established(dialog: Dialog): void {
    this.dialog = dialog;
    if (this.#deferred) {
      this.#conclude(this.#deferred.end, this.#deferred.reason);
      return;
    }
    if (this.ended) return this.way.bye(dialog);
    this.#times.answered();
    this.#limits.answered();
    this.#early.end();
    if (this.#early.sendsSilence) this.#media?.session.setMute({ send: false });
    void this.#media?.established().catch((error) => this.#troubled(error));
    this.enter('connected');
    if (this.agreement.begin()) this.agreement.changed();
    if (this.#stillThere) void this.followNetwork(this.#stillThere);
  }

  /** Hangs up, cancels or rejects, whatever fits the state. Never throws; repeated calls do nothing. */
  hangUp(options: HangUp = {}): void {
    const { status, reason, cause } = options;
    const header = reason === undefined ? undefined : reasonHeader(status, reason);
    const answered = this.dialog !== undefined || this.incoming?.awaitingAck || this.#outgoing?.settling;
    if (answered) {
      this.#conclude({ by: 'local', status: status ?? 200, reason: reason ?? 'hung up', cause }, header);
    } else if (this.direction === 'incoming') {
      const code = status && status >= 300 ? status : 603;
      this.#conclude(
        { by: 'local', status: code, reason: reason ?? 'rejected', cause },
        header,
        options.decorate,
      );
    } else {
      const error = new SwitchhookError('ERR_CALL_CANCELLED');
      this.#conclude({ by: 'local', status: 487, reason: reason ?? 'cancelled', cause, error }, header);
    }
  }

  fail(end: CallOutcome): void {
    this.#conclude(end, reasonHeader(end.status, end.reason));
  }

  /** Ends the call although the ACK it waits for is missing: when closing down. */
  abandon(): void {
    const dialog = this.dialog ?? this.incoming?.dialog;
    if (this.incoming?.awaitingAck && dialog) this.way.bye(dialog);
    this.finish({ by: 'local', status: 200, reason: 'shutting down', cause: 'endpoint-destroyed' });
  }

  #conclude(end: CallOutcome, reason: string | undefined, decorate?: HangUp['decorate']): void {
    if (this.ended) return;
    if (this.incoming?.awaitingAck || this.#outgoing?.settling) {
      // RFC 3261 §15: no BYE before the ACK, neither ours nor the caller's.
      this.#deferred ??= { end, reason };
      return;
    }
    if (this.dialog) {
      this.way.bye(this.dialog, reason);
    } else {
      this.incoming?.reject(
        end.status >= 300 ? end.status : 603,
        end.by === 'local' ? refusal(end) : undefined,
        decorate,
      );
      // CANCEL may wait for a provisional response that never comes; the application is not kept waiting for it.
      this.#outgoing?.cancel(reason);
    }
    this.finish(end);
  }

  finish(given: CallOutcome): void {
    if (this.ended) return;
    const outcome = this.#deferred?.end ?? given;
    const gaveUp = outcome.by === 'remote' && !this.#times.wasAnswered ? this.causeWhenGivenUp : undefined;
    const end = completeEnd(
      { ...outcome, cause: outcome.cause ?? gaveUp },
      this.#times.wasAnswered,
      this.#times.rang,
    );
    this.#end = end;
    const previous = this.#state;
    this.#state = 'ended';
    this.#trace(previous, 'ended', `${end.by}: ${end.status} ${end.reason}`);
    this.#ringTimer?.cancel();
    this.#early.end();
    this.#responses.stop();
    this.#limits.stop();
    this.timer.stop();
    this.incoming?.stop();
    this.modifier.close(end.error);
    const dialog = this.dialog ?? this.incoming?.dialog;
    if (dialog && dialog.state !== 'terminated') {
      this.env.dialogs.remove(dialog);
      dialog.terminate();
    }
    this.events.emit('state', 'ended', previous);
    void this.#finalize(end);
  }

  async #finalize(end: CallEnd): Promise<void> {
    this.#times.ended();
    const codec = this.#media?.codec;
    const { encryption } = this;
    const stats = await this.#media?.session.close().catch(() => undefined);
    const record = this.#times.record(this, end, { codec, media: stats, encryption });
    this.#record = record;
    this.#init.onEnded(this);
    this.events.emit('ended', end, record);
    this.#resolveEnded(record);
  }

  onDialogRequest(request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
    this.noteReceived(request);
    onDialogRequest(this, request, tx, dialog);
  }

  onDialogAck(ack: SipRequest): void {
    this.noteReceived(ack);
    if (!this.incoming?.onAck(ack)) void this.modifier.onAck(ack);
  }

  #unanswered(): void {
    const ms = this.#init.ringTimeout * 1000;
    const status = this.direction === 'incoming' ? 480 : 408;
    const error = new SwitchhookError('ERR_TIMEOUT', { what: 'the answer to the call', ms });
    this.#conclude(
      { by: 'local', status, reason: 'no answer', error, cause: 'ring-timeout' },
      reasonHeader(status, 'no answer'),
    );
  }

  #timeUp(cause: CallCause, seconds: number): void {
    const reason = CALL_CAUSES[cause];
    const error = new SwitchhookError('ERR_TIMEOUT', { what: 'the call', ms: seconds * 1000 });
    this.#conclude({ by: 'local', status: 408, reason, cause, error }, reasonHeader(undefined, reason));
  }

  #sessionExpired(): void {
    this.logger.warn('the session was not refreshed: hanging up', { intervalSeconds: this.timer.interval });
    const error = new SwitchhookError('ERR_SIP_TIMEOUT', { method: 'session refresh', target: 'the peer' });
    this.fail({
      by: 'error',
      status: 408,
      reason: 'session timer expired',
      cause: 'call-timer-expired',
      error,
    });
  }
}

/** The reason phrase of a refusal that the application worded. */
function refusal(end: CallOutcome): string | undefined {
  return end.reason === 'rejected' ? undefined : end.reason.replace(/[\r\n]+/g, ' ');
}
