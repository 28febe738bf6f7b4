/**
 * The signalling side of one call: its state, its dialogs and what arrives in them, BYE, the session timer, the call
 * record. {@link Call} is its public face; the INVITE, its changes and the media are collaborators. It never renders
 * or parses SDP and never touches RTP.
 */
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { ClientHandle, Dialog, Flow, NameAddr, ServerHandle, SipRequest } from '../../sip/index.js';
import { type Account, contactFor } from '../account.js';
import { type CallEnvironment, type CallHost, type InDialogHandlers, q850Cause } from './call-host.js';
import { CallMedia, type MediaPreferences } from './call-media.js';
import type { CallDirection, CallEnd, CallEvents, CallRecord, CallState } from './call-types.js';
import { parseDtmfInfo } from './dtmf-info.js';
import { IncomingInvite } from './incoming-invite.js';
import { OutgoingInvite, type OutgoingInviteOptions } from './outgoing-invite.js';
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
  /** Told once, when the call is over and nothing of it is left. */
  onEnded(session: CallSession): void;
}

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
  dialog: Dialog | undefined;
  incoming: IncomingInvite | undefined;
  readonly #init: CallSessionInit;
  #outgoing: OutgoingInvite | undefined;
  #media: CallMedia | undefined;
  #mediaOpening: Promise<CallMedia> | undefined;
  #state: CallState;
  /** The flow the dialog was made over. */
  #flow: Flow | undefined;
  #end: CallEnd | undefined;
  readonly #ended: Promise<CallRecord>;
  #resolveEnded!: (record: CallRecord) => void;
  readonly #startedAt: number;
  #ringingAt: number | undefined;
  #answeredAt: number | undefined;
  #record: CallRecord | undefined;
  #wasHeld = false;
  #hangUpOnAck: (() => void) | undefined;

  constructor(env: CallEnvironment, init: CallSessionInit) {
    this.env = env;
    this.#init = init;
    this.account = init.account;
    this.callId = init.callId;
    this.localTag = init.localTag;
    this.direction = init.direction;
    this.local = init.local;
    this.remote = init.remote;
    this.logger = env.logger.child('call', { callId: init.callId });
    this.#state = init.direction === 'incoming' ? 'ringing' : 'trying';
    this.#startedAt = env.clock.wallTime();
    this.timer = new SessionTimer(
      env.clock,
      env.sessionTimer,
      () => void this.modifier.modify('refresh').catch(() => {}),
      () => this.#sessionExpired(),
    );
    this.modifier = new SessionModifier(this, init.direction === 'outgoing', () => this.#remoteChanged());
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
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

  /** Resolves with the call record when the call is over and its resources are free. */
  get whenEnded(): Promise<CallRecord> {
    return this.#ended;
  }

  get record(): CallRecord | undefined {
    return this.#record;
  }

  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  get media(): CallMedia | undefined {
    return this.#media;
  }

  /** Where the INVITE arrived: the address to take its media on. */
  get incomingAddress(): string {
    return this.#flow?.local.host ?? '127.0.0.1';
  }

  /** Opens the RTP ports on `address`, once. @throws ERR_MEDIA_PORTS, ERR_CALL_ENDED */
  async openMedia(address: string): Promise<CallMedia> {
    this.#mediaOpening ??= CallMedia.open(
      this.env.engine,
      address,
      this.callId,
      this.#init.media,
      this.env.random,
    );
    const media = await this.#mediaOpening;
    if (this.#media !== media) {
      this.#media = media;
      this.#listen(media);
    }
    if (this.ended) {
      void media.session.close();
      throw new SwitchhookError('ERR_CALL_ENDED');
    }
    return media;
  }

  startOutgoing(options: Omit<OutgoingInviteOptions, 'onProgress'>): void {
    this.#trace('', 'trying');
    this.#outgoing = new OutgoingInvite(this, {
      ...options,
      onProgress: (response, earlyMedia) => {
        if (response.status === 180 || earlyMedia) {
          this.#ringingAt ??= this.env.clock.wallTime();
          this.enter('ringing');
        }
        this.modifier.learn(response.allow);
        this.events.emit('progress', { status: response.status, reason: response.reason, earlyMedia });
      },
    });
    this.#outgoing.start();
  }

  startIncoming(request: SipRequest, tx: ServerHandle): void {
    this.#trace('', 'ringing');
    this.#flow = tx.flow;
    this.#ringingAt = this.#startedAt;
    this.incoming = new IncomingInvite(this, request, tx);
    this.modifier.learn(request.allow);
    this.env.dialogs.add(this.incoming.dialog, { dialog: this.incoming.dialog, owner: this });
  }

  enter(state: CallState): void {
    const previous = this.#state;
    if (previous === state || previous === 'ended') return;
    if (state === 'ringing' && previous !== 'trying') return;
    this.#state = state;
    this.#trace(previous, state);
    this.events.emit('state', state, previous);
  }

  #trace(from: string, to: string, reason?: string): void {
    const peer = this.remote.uri.toString();
    this.logger.info('state', { from: from || undefined, to, peer, reason });
    const tap = this.env.diagnostics.state;
    if (tap.active)
      tap.publish({ time: this.env.clock.wallTime(), kind: 'call', id: this.callId, from, to, reason });
  }

  contact(flow: Flow): NameAddr {
    return (
      this.account?.contact(flow) ??
      contactFor(this.local.uri.kind === 'sip' ? this.local.uri.user : undefined, flow)
    );
  }

  sendInDialog(dialog: Dialog, request: SipRequest, handlers: InDialogHandlers): ClientHandle {
    this.env.decorate(request);
    return this.env.endpoint.send(request, {
      flow: this.#flowFor(dialog),
      auth: this.account?.auth,
      nextCseq: () => ++dialog.localSeq,
      beforeSend: (message, flow) => {
        if (message.method === 'INVITE' || message.method === 'UPDATE' || message.method === 'SUBSCRIBE') {
          message.set('Contact', this.contact(flow));
        }
      },
      ...handlers,
    });
  }

  sendAck(dialog: Dialog, ack: SipRequest): void {
    this.env.endpoint.sendAck(ack, { flow: this.#flowFor(dialog) });
  }

  /**
   * A connection is used again when the next hop is the peer of it: always for a call that came over it, else when
   * the route goes through the proxy it leads to. Datagrams need no flow.
   */
  #flowFor(dialog: Dialog): Flow | undefined {
    const flow = this.#flow;
    if (!flow?.open || !flow.reliable) return undefined;
    return !dialog.isCaller || dialog.routeSet.length > 0 ? flow : undefined;
  }

  bye(dialog: Dialog, reason?: string): void {
    if (dialog.state === 'terminated') return;
    const request = dialog.createRequest('BYE');
    if (reason) request.set('Reason', reason);
    dialog.terminate();
    this.env.dialogs.remove(dialog);
    this.sendInDialog(dialog, request, {
      onFinal: () => {},
      onError: (error) => this.logger.debug('BYE got no answer', { error }),
    });
  }

  established(dialog: Dialog): void {
    this.dialog = dialog;
    if (this.#hangUpOnAck) return this.#hangUpOnAck();
    this.#answeredAt = this.env.clock.wallTime();
    this.enter('connected');
    this.events.emit('connected');
  }

  /** Hangs up, cancels or rejects, whatever fits the state. Never throws; repeated calls do nothing. */
  hangUp(options: { status?: number; reason?: string } = {}): void {
    if (this.ended) return;
    const { status, reason } = options;
    const reasonHeader = reason
      ? `SIP;cause=${status ?? 200};text="${reason.replace(/["\\\r\n]/g, "'")}"`
      : undefined;
    if (this.#state === 'connected') {
      if (this.dialog) this.bye(this.dialog, reasonHeader);
      this.finish({ by: 'local', status: status ?? 200, reason: reason ?? 'hung up' });
    } else if (this.#state === 'connecting') {
      // RFC 3261 §15: a callee does not send BYE before the ACK; our 2xx is repeated until then.
      this.#hangUpOnAck = () => {
        if (this.dialog) this.bye(this.dialog, reasonHeader);
        this.finish({ by: 'local', status: status ?? 200, reason: reason ?? 'hung up' });
      };
    } else if (this.direction === 'incoming') {
      const code = status && status >= 300 ? status : 603;
      this.incoming?.reject(code, reason);
      this.finish({ by: 'local', status: code, reason: reason ?? 'rejected' });
    } else if (this.#outgoing) {
      this.#outgoing.cancel(reasonHeader);
      // CANCEL may wait for a provisional response that never comes; the application is not kept waiting for it.
      this.finish({
        by: 'local',
        status: 487,
        reason: reason ?? 'cancelled',
        error: new SwitchhookError('ERR_CALL_CANCELLED'),
      });
    } else {
      this.finish({
        by: 'local',
        status: 487,
        reason: reason ?? 'cancelled',
        error: new SwitchhookError('ERR_CALL_CANCELLED'),
      });
    }
  }

  finish(end: CallEnd): void {
    if (this.ended) return;
    this.#end = end;
    const previous = this.#state;
    this.#state = 'ended';
    this.#trace(previous, 'ended', `${end.by}: ${end.status} ${end.reason}`);
    this.timer.stop();
    this.incoming?.stop();
    this.modifier.close(new SwitchhookError('ERR_CALL_ENDED', {}, { cause: end.error }));
    const dialog = this.dialog ?? this.incoming?.dialog;
    if (dialog) {
      this.env.dialogs.remove(dialog);
      dialog.terminate();
    }
    this.events.emit('state', 'ended', previous);
    void this.#finalize(end);
  }

  async #finalize(end: CallEnd): Promise<void> {
    const endedAt = this.env.clock.wallTime();
    const codec = this.#media?.codec;
    const stats = await this.#media?.session.close().catch(() => undefined);
    const record: CallRecord = {
      callId: this.callId,
      direction: this.direction,
      local: this.local.uri.toString(),
      remote: this.remote.uri.toString(),
      remoteDisplayName: this.remote.displayName,
      startedAt: this.#startedAt,
      ringingAt: this.#ringingAt,
      answeredAt: this.#answeredAt,
      endedAt,
      setupMs: this.#answeredAt && this.#answeredAt - this.#startedAt,
      durationMs: this.#answeredAt ? endedAt - this.#answeredAt : 0,
      end,
      codec,
      media: stats,
    };
    this.#record = record;
    this.#init.onEnded(this);
    this.events.emit('ended', end, record);
    this.#resolveEnded(record);
  }

  onDialogRequest(request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
    if (request.method === 'PRACK' && this.incoming && !this.dialog) {
      if (dialog.acceptRequest(request) === 'ok') return this.incoming.onPrack(request, tx);
    } else if (dialog.acceptRequest(request) === 'ok') {
      return this.#dispatch(request, tx, dialog);
    }
    // RFC 3261 §12.2.2
    tx.reply(500, 'CSeq out of order');
  }

  #dispatch(request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
    switch (request.method) {
      case 'BYE':
        tx.reply(200);
        // A BYE within an early dialog ends the call as well (RFC 3261 §15.1.2).
        this.incoming?.reject(487);
        if (dialog === this.dialog || this.direction === 'incoming') {
          this.finish({ by: 'remote', status: 200, reason: byeReason(request), q850: q850Cause(request) });
        } else {
          this.env.dialogs.remove(dialog);
        }
        return;
      case 'INVITE':
        if (this.dialog) return this.modifier.onRequest(request, tx);
        tx.reply(this.direction === 'outgoing' ? 491 : 500, undefined, (response) => {
          if (response.status === 500) response.set('Retry-After', Math.floor(this.env.random.float() * 10));
        });
        return;
      case 'UPDATE':
        return this.modifier.onRequest(request, tx);
      case 'INFO':
        return this.#info(request, tx);
      case 'OPTIONS':
        tx.reply(200, undefined, (response) => {
          response.set('Allow', this.env.allow);
          response.set('Accept', 'application/sdp, application/dtmf-relay');
          response.set('Supported', this.env.supported);
        });
        return;
      case 'PRACK':
        tx.reply(481);
        return;
      default:
        tx.reply(405, undefined, (response) => response.set('Allow', this.env.allow));
    }
  }

  #info(request: SipRequest, tx: ServerHandle): void {
    tx.reply(200);
    const digit = parseDtmfInfo(request);
    if (digit) this.events.emit('dtmf', { ...digit, via: 'info' });
    else if (request.body.length > 0) {
      const { type, subtype } = request.contentType ?? { type: 'text', subtype: 'plain' };
      this.events.emit('info', { contentType: `${type}/${subtype}`, body: request.bodyText });
    }
  }

  onDialogAck(ack: SipRequest): void {
    if (this.incoming && this.#state === 'connecting') void this.incoming.onAck(ack);
    else void this.modifier.onAck(ack);
  }

  #sessionExpired(): void {
    const dialog = this.dialog;
    if (!dialog) return;
    this.logger.warn('the peer did not refresh the session: hanging up', {
      intervalSeconds: this.timer.interval,
    });
    this.bye(dialog, 'SIP;cause=408;text="Session timer expired"');
    this.finish({ by: 'error', status: 408, reason: 'session timer expired' });
  }

  #remoteChanged(): void {
    const held = this.#media?.remoteHold ?? false;
    if (held === this.#wasHeld) return;
    this.#wasHeld = held;
    this.events.emit('hold', { by: 'remote', held });
  }

  #listen(media: CallMedia): void {
    const { session } = media;
    const { events } = this;
    session.on('dtmf', (event) => events.emit('dtmf', event));
    session.on('flowing', (event) => events.emit('flowing', event));
    session.on('mediaBack', (event) => events.emit('mediaBack', event));
    session.on('error', (error) => events.emit('error', error));
    session.on('noMedia', (report) => {
      this.logger.warn('no audio', { why: report.explanation });
      events.emit('noMedia', report);
    });
    session.on('ended', (error) => {
      if (!error || this.ended) return;
      const dialog = this.dialog;
      if (dialog) this.bye(dialog, 'SIP;cause=500;text="media failure"');
      this.finish({ by: 'error', status: 500, reason: error.message, error });
    });
  }
}

function byeReason(request: SipRequest): string {
  const text = request.reasons.find((reason) => reason.text)?.text;
  return text ?? 'hung up by the peer';
}
