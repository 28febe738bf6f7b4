/**
 * A call as applications see it: answer, hang up, hold, digits, audio in and out, recording, statistics. Made by
 * `Phone.dial`, `Phone.call` and for every incoming INVITE. All the signalling is CallSession's.
 */
import type { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type {
  AudioFrame,
  MediaSession,
  MediaStats,
  PcmReader,
  Playback,
  PlaybackResult,
  PlayOptions,
  PlaySource,
  Recording,
  RecordOptions,
} from '../../media/index.js';
import type { SipResponse } from '../../sip/index.js';
import { resolveTarget } from '../call-target.js';
import { type CallerIdentity, readCaller } from '../identity/caller-id.js';
import type { CustomLines } from '../identity/custom-lines.js';
import { type Diversion, type HistoryEntry, readDiversions, readHistory } from '../identity/diversion.js';
import {
  checkUserToUser,
  readUserToUser,
  type UserToUser,
  type UserToUserOptions,
} from '../identity/user-to-user.js';
import { Transfer } from '../transfer/transfer.js';
import type { TransferOptions, TransferOutcome } from '../transfer/transfer-types.js';
import type { CallCause } from './call-causes.js';
import type { CallSession } from './call-session.js';
import type {
  CallDirection,
  CallEncryption,
  CallEnd,
  CallEvents,
  CallRecord,
  CallState,
  DtmfEvent,
} from './call-types.js';
import { guessContentType } from './content-type.js';
import { type DtmfOptions, sendDigits } from './digit-sender.js';
import { type EncryptionLevel, encryptionLevel } from './encryption-level.js';
import { EventQueue } from './event-queue.js';
import type { HoldOptions, HoldState, HoldStatus, LiveHoldOptions } from './hold.js';
import type { MessageLog } from './message-log.js';
import { fillRedirect, type RedirectOptions } from './redirection.js';

export interface PlayCallOptions extends PlayOptions {
  /** Stops the playback. */
  signal?: AbortSignal;
}

export interface RemoteParty {
  /** The peer's address, `sip:1234@example.com`. */
  uri: string;
  /** The user part: a number or a name; empty when there is none. */
  user: string;
  displayName?: string;
}

const DTMF_QUEUE = 256;

export class Call {
  readonly #session: CallSession;

  /** @internal */
  constructor(session: CallSession) {
    this.#session = session;
  }

  /** The Call-ID: the name of this call in every trace and log line. */
  get id(): string {
    return this.#session.callId;
  }

  /** `outgoing` for calls of ours. */
  get direction(): CallDirection {
    return this.#session.direction;
  }

  /** Where it stands; told by the `state` event. */
  get state(): CallState {
    return this.#session.state;
  }

  /** The other party as From or To names it; `identity` has what the network vouches for. */
  get remote(): RemoteParty {
    const { uri, displayName } = this.#session.remote;
    const user = uri.kind === 'sip' ? (uri.user ?? '') : uri.kind === 'tel' ? uri.number : '';
    return { uri: uri.toString(), user, displayName };
  }

  /** Our own address in this call. */
  get local(): string {
    return this.#session.local.uri.toString();
  }

  /** Who has put the call on hold. */
  get held(): { local: boolean; remote: boolean } {
    const media = this.#session.media;
    return { local: media?.hold.local ?? false, remote: media?.hold.remote ?? false };
  }

  /** Who holds whom, and in which direction. */
  get holdStatus(): HoldStatus {
    return (
      this.#session.media?.hold.status ?? { ours: 'sendrecv', theirs: 'sendrecv', direction: 'sendrecv' }
    );
  }

  /** The last messages of the call: INVITEs, responses, single headers and SDP fields. */
  get messages(): MessageLog {
    return this.#session.extras.log;
  }

  /** Header and SDP lines of the application for this call. */
  get custom(): CustomLines {
    return this.#session.extras.custom;
  }

  /** Who calls, by the header that tells it best; for a call of ours, who we called. */
  get identity(): CallerIdentity {
    const { invite } = this.#session;
    if (invite) return readCaller(invite);
    const { uri, user, displayName } = this.remote;
    return { uri, user, displayName, source: 'from', anonymous: false, privacy: [] };
  }

  /** Who passed an incoming call on before it came here, the last one first (RFC 5806, RFC 7044). */
  get diversions(): Diversion[] {
    const { invite, policies } = this.#session;
    return invite && policies.diversions !== false ? readDiversions(invite) : [];
  }

  /** The way of an incoming call so far, oldest first (RFC 7044). */
  get history(): HistoryEntry[] {
    const { invite } = this.#session;
    return invite ? readHistory(invite) : [];
  }

  /** User-to-User data of the peer's last message that had some (RFC 7433). */
  get userToUser(): UserToUser[] {
    const { log } = this.#session.extras;
    const messages = [log.latest('received'), log.response('received'), log.invite('received')];
    const found = messages.find((message) => message?.has('User-to-User'));
    return found ? readUserToUser(found) : [];
  }

  /** Changes the User-to-User data for what follows: the answer, BYE, a transfer or redirection. @throws ERR_INVALID_ARGUMENT */
  setUserToUser(uui: UserToUserOptions | undefined): void {
    if (uui) checkUserToUser(uui);
    this.#session.extras.uui = uui;
  }

  /** The two halves of Session-ID (RFC 7989). */
  get sessionId(): { local: string; remote?: string } {
    const { local, remote } = this.#session.extras.sessionId;
    return { local, remote };
  }

  /** How the call ended; undefined while it lasts. */
  get end(): CallEnd | undefined {
    return this.#session.end;
  }

  /** Resolves with the call record when the call is over. Never rejects. */
  get ended(): Promise<CallRecord> {
    return this.#session.whenEnded;
  }

  /** The audio of the call, for bridges and special uses; undefined before media is agreed. */
  get media(): MediaSession | undefined {
    return this.#session.media?.session;
  }

  /** Encoding name of what we send, e.g. "PCMU"; undefined before media is agreed. */
  get codec(): string | undefined {
    return this.#session.media?.codec;
  }

  /** What protects the call now: the crypto-suite of its media and the transport of its signalling. */
  get encryption(): CallEncryption {
    return this.#session.encryption;
  }

  /** The same in one word. */
  get encryptionLevel(): EncryptionLevel {
    const session = this.#session;
    return encryptionLevel(session.encryption, session.media?.negotiated?.active ?? false);
  }

  /** Without SRTP there is no call: the option `srtp` was 'required' when it began. */
  get requiresSrtp(): boolean {
    return this.#session.requiresSrtp;
  }

  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => unknown): this {
    this.#session.events.on(event, listener);
    return this;
  }

  once<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => unknown): this {
    this.#session.events.once(event, listener);
    return this;
  }

  off<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => unknown): this {
    this.#session.events.off(event, listener);
    return this;
  }

  /** The emitter behind `on`, for {@link nextEvent}. */
  get events(): Emitter<CallEvents> {
    return this.#session.events;
  }

  /**
   * Resolves when the call is answered.
   * @throws ERR_CALL_REJECTED {status, reason}, ERR_CALL_CANCELLED, ERR_SIP_TIMEOUT, ERR_MEDIA_NO_COMMON_CODEC …:
   * whatever ended the call instead; ERR_ABORTED when `signal` fires, which hangs up
   */
  answered(signal?: AbortSignal): Promise<void> {
    const session = this.#session;
    if (session.state === 'connected') return Promise.resolve();
    if (session.ended) return Promise.reject(session.end?.error ?? new SwitchhookError('ERR_CALL_ENDED'));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        session.events.off('state', onState);
        signal?.removeEventListener('abort', onAbort);
      };
      const onState = (state: CallState): void => {
        if (state === 'connected') {
          settle();
          resolve();
        } else if (state === 'ended') {
          settle();
          reject(session.end?.error ?? new SwitchhookError('ERR_CALL_ENDED'));
        }
      };
      const onAbort = (): void => {
        settle();
        session.hangUp({ reason: 'aborted' });
        reject(new SwitchhookError('ERR_ABORTED', { what: 'the call' }, { cause: signal?.reason }));
      };
      session.events.on('state', onState);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Tells the caller that it rings (180); done by itself for a call an `incoming` listener did not refuse.
   * @throws ERR_CALL_STATE; ERR_MEDIA_NO_COMMON_CODEC and the like, when the caller wants the session settled first
   */
  async ring(): Promise<void> {
    const incoming = this.#incoming('ring');
    if (incoming.ringingNeedsMedia) await this.#session.openMedia(this.#session.incomingAddress);
    await incoming.progress(180);
  }

  /**
   * Early media: settles the media with a 183, so that `play` is heard before the call is answered (RFC 3960).
   * @throws ERR_MEDIA_NO_COMMON_CODEC, ERR_CALL_STATE
   */
  async progress(): Promise<void> {
    const incoming = this.#incoming('send early media');
    await this.#session.openMedia(this.#session.incomingAddress);
    await incoming.progress(183, undefined, true);
  }

  /**
   * Answers an incoming call; resolves when the caller has confirmed.
   * @throws ERR_MEDIA_NO_COMMON_CODEC, ERR_SDP_PARSE and the like (the caller got 488 or 400), ERR_MEDIA_PORTS (500),
   * ERR_CALL_CANCELLED when the caller gave up, ERR_CALL_ENDED, ERR_CALL_STATE, ERR_SIP_TIMEOUT when the caller never
   * confirms
   */
  async answer(): Promise<void> {
    const session = this.#session;
    const incoming = this.#incoming('answer');
    session.enter('connecting');
    try {
      await session.openMedia(session.incomingAddress);
    } catch (cause) {
      const error = isSwitchhookError(cause) ? cause : new SwitchhookError('ERR_CALL_ENDED', {}, { cause });
      session.fail({ by: 'error', status: 500, reason: error.message, error });
      throw error;
    }
    await incoming.accept();
  }

  /** Refuses an incoming call. @param status 300 to 699; default 486 Busy Here */
  reject(status = 486, reason?: string, cause?: CallCause): void {
    if (!Number.isInteger(status) || status < 300 || status > 699) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `status ${status} is not a final refusal (300 to 699)`,
      });
    }
    this.#session.hangUp({ status, reason, cause });
  }

  /** Nobody is going to answer an incoming call: what its record names as the cause when the caller gives up. */
  leaveUnanswered(cause: CallCause): void {
    this.#session.causeWhenGivenUp = cause;
  }

  /**
   * Sends the caller elsewhere: 302, or another 3xx (RFC 3261 §21.3), with Diversion.
   * @throws ERR_INVALID_ARGUMENT for an address that cannot be called, ERR_CALL_STATE
   */
  redirect(target: string, options: RedirectOptions & { cause?: CallCause } = {}): void {
    const session = this.#session;
    this.#incoming('redirect');
    const { status = 302, cause = 'forward' } = options;
    const uri = resolveTarget(target, session.account);
    const { policies, extras, invite, local } = session;
    const fill = (response: SipResponse): void => {
      const diversions = policies.diversions !== false;
      if (invite)
        fillRedirect(response, uri, local, invite, { ...options, targetUui: extras.targetUui, diversions });
    };
    session.hangUp({ status, cause, decorate: fill });
  }

  /** Ends the call, whatever its state; resolves with the call record. Never throws. */
  hangup(options: { reason?: string; cause?: CallCause } = {}): Promise<CallRecord> {
    if (!this.#session.leaving?.()) this.#session.hangUp(options);
    return this.#session.whenEnded;
  }

  /**
   * Puts the peer on hold (RFC 3264 §8.4). A second hold closes what the first left open, unless it is `exact`.
   * @throws ERR_CALL_STATE, ERR_CALL_REJECTED: then nothing has changed
   */
  hold(options: HoldOptions = {}): Promise<void> {
    const all = { ...this.#session.policies.hold, ...options };
    return this.#changeHold('hold', (hold) => hold.hold(all), all.method);
  }

  /** Takes the call back. @throws as {@link hold} */
  resume(options: Pick<HoldOptions, 'method'> = {}): Promise<void> {
    const method = options.method ?? this.#session.policies.hold?.method;
    return this.#changeHold('resume', (hold) => hold.release(), method);
  }

  /** Changes how it is held from now on; what is on hold stays so. */
  configureHold(options: LiveHoldOptions): void {
    this.#session.configureHold(options);
  }

  async #changeHold(
    what: string,
    change: (hold: HoldState) => (() => void) | undefined,
    method: HoldOptions['method'],
  ): Promise<void> {
    const session = this.#session;
    const { media } = session;
    if (session.state !== 'connected' || !media)
      throw new SwitchhookError('ERR_CALL_STATE', { what, state: session.state });
    const takeBack = change(media.hold);
    if (!takeBack) return;
    try {
      await session.modifier.modify('media', method);
    } catch (error) {
      takeBack();
      throw error;
    }
    session.agreement.holdChanged();
  }

  /**
   * Connects the peer with somebody else: an address, or the peer of another call of ours. With the default `kind` the
   * peer is held and asked to call there (REFER); it resolves when they talk, and our part of the call has ended.
   * @throws ERR_TRANSFER {status, reason}: the call is off hold again; ERR_CALL_STATE, ERR_INVALID_ARGUMENT,
   * ERR_CALL_ENDED, ERR_ABORTED
   */
  async transferTo(target: string | Call, options: TransferOptions = {}): Promise<TransferOutcome> {
    const session = this.#session;
    const all = { ...session.policies.transfer, ...options };
    if (typeof target === 'string') return new Transfer(session, target, undefined, all).run();
    const other = target.#session;
    if (other === session || other.ended || other.env !== session.env)
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'transfer to that call', state: target.state });
    const address = target.remote.uri;
    if (other.state === 'connected') return new Transfer(session, address, other, all).run();
    // RFC 5589 §7.4: a target that only rings is called anew by the peer.
    const transfer = new Transfer(session, address, undefined, { ...all, kind: 'held' });
    other.hangUp({ cause: 'transfer-other' });
    return transfer.run();
  }

  /** The call an incoming one wants to join (RFC 3911). */
  get joins(): string | undefined {
    return this.#session.joins?.callId;
  }

  /**
   * Mutes what we send and/or what we hear; the peer is not told. With `rtp: 'stop'` a muted microphone sends no RTP at
   * all, else silence.
   */
  mute(options: { send?: boolean; receive?: boolean; rtp?: 'stop' | 'silence' } = { send: true }): void {
    this.#session.media?.session.setMute(options);
  }

  /**
   * Sends digits one after the other; `,` and space pause half a second. Resolves when the last one is out.
   * @throws ERR_INVALID_ARGUMENT for other characters, ERR_CALL_STATE
   */
  async sendDtmf(digits: string, options: DtmfOptions = {}): Promise<void> {
    const all = { ...this.#session.policies.dtmf, ...options };
    return sendDigits(this.#session, digits, all, (type, body) => this.info(type, body));
  }

  /** Digits from the peer as a loop; ends with the call. Digits received from now on are kept until taken. */
  dtmf(): AsyncIterableIterator<DtmfEvent> {
    const { events, ended } = this.#session;
    const push = (event: DtmfEvent): void => queue.push(event);
    const close = (): void => queue.close();
    const queue: EventQueue<DtmfEvent> = new EventQueue(DTMF_QUEUE, () => {
      events.off('dtmf', push);
      events.off('ended', close);
    });
    if (ended) queue.close();
    else {
      events.on('dtmf', push);
      events.on('ended', close);
    }
    return queue;
  }

  /**
   * Sends an INFO; resolves when the peer took it. Without a content type JSON, XML or octet-stream, as it looks.
   * @throws ERR_CALL_STATE, ERR_CALL_REJECTED {status} when the peer does not want it, ERR_SIP_TIMEOUT
   */
  async info(contentType: string | undefined, body: string): Promise<void> {
    const type = contentType ?? guessContentType(body);
    const { status, reason } = await this.request('INFO', { contentType: type, body });
    if (status >= 300) throw new SwitchhookError('ERR_CALL_REJECTED', { status, reason });
  }

  /**
   * Sends a request of any method that does not change the session in the dialog of the call: MESSAGE, INFO, OPTIONS.
   * Resolves with the final response, whatever the status; no answer, or one that says that the peer knows nothing of the call, ends it.
   * @throws ERR_CALL_STATE, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_ABORTED when the phone is closed
   */
  request(
    method: string,
    options: {
      body?: string | Uint8Array;
      contentType?: string;
      headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<SipResponse> {
    const session = this.#session;
    const { dialog } = session;
    if (!dialog || session.state !== 'connected') {
      const what = `send ${method}`;
      return Promise.reject(new SwitchhookError('ERR_CALL_STATE', { what, state: session.state }));
    }
    const { body, contentType = 'text/plain', headers = {} } = options;
    return new Promise((resolve, reject) => {
      const request = dialog.createRequest(method);
      for (const [name, value] of Object.entries(headers)) request.set(name, value);
      if (body !== undefined) request.setBody(body, contentType);
      session.way.send(dialog, request, {
        onFinal: resolve,
        onError: reject,
        signal: AbortSignal.any([session.env.over]),
      });
    });
  }

  /**
   * Plays a file or several, a tone or samples to the peer; resolves when the last frame is out or the call ended.
   * @throws ERR_MEDIA_FILE, ERR_CALL_STATE
   */
  async play(source: string | PlaySource, options: PlayCallOptions = {}): Promise<PlaybackResult> {
    const playback = this.startPlaying(source, options);
    const stop = (): void => playback.stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted) stop();
    const result = await playback.done;
    options.signal?.removeEventListener('abort', stop);
    if (result.error) throw result.error;
    return result;
  }

  /** Like {@link play}, but gives the running playback to stop it by hand. */
  startPlaying(source: string | PlaySource, options: PlayOptions = {}): Playback {
    return this.#media('play').play(typeof source === 'string' ? { file: source } : source, options);
  }

  /** Records into a file of the kind its extension says. @throws ERR_MEDIA_FILE, ERR_MEDIA_CODEC, ERR_CALL_STATE */
  record(path: string, options: RecordOptions = {}): Promise<Recording> {
    return this.#media('record').record(path, options);
  }

  /** What the peer says, as mono 16-bit PCM in frames of 20 ms; ends with the call. */
  audio(options: { sampleRate?: number } = {}): PcmReader & AsyncIterable<AudioFrame> {
    return this.#media('read audio').output({ sampleRate: options.sampleRate ?? 8000 });
  }

  /**
   * Says `samples` (mono 16-bit PCM) to the peer, after what was written before.
   * @returns true, or a promise to wait for when the queue is full
   */
  write(samples: Int16Array, sampleRate: number): true | Promise<boolean> {
    return this.#media('write audio').input.write(samples, sampleRate);
  }

  /** Drops what was written and not yet sent. */
  clearAudio(): void {
    this.#session.media?.session.input.clear();
  }

  /** Sends back what is received. */
  echo(on = true): void {
    this.#media('echo').setEcho(on);
  }

  /** Statistics of the media so far; those of the whole call after its end. @throws ERR_CALL_STATE without media */
  async stats(): Promise<MediaStats> {
    const final = this.#session.record?.media;
    if (final) return final;
    return this.#media('read statistics').stats();
  }

  #media(what: string): MediaSession {
    const session = this.#session;
    const media = session.media;
    if (!media || session.ended) throw new SwitchhookError('ERR_CALL_STATE', { what, state: session.state });
    return media.session;
  }

  #incoming(what: string): NonNullable<CallSession['incoming']> {
    const { incoming, state, direction } = this.#session;
    if (!incoming || direction !== 'incoming' || state !== 'ringing') {
      throw new SwitchhookError('ERR_CALL_STATE', { what, state });
    }
    return incoming;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangup();
  }
}
