/**
 * A transfer of one of our calls, from `call.transferTo` to its outcome, in all its kinds (see transfer-types.ts). Holds,
 * calls the new party, refers, and takes the call back when it comes to nothing. The REFER itself is refer.ts.
 *
 * ```
 *              ┌─kind with consultation─► consulting ──hang-up there──┐
 *  (holding) ──┤                              │ fails                 ▼
 *              └─────────────────────────────────────────────────► referring ──► done
 *                                             ▼                       │ refused, fails
 *                                          failed ◀───────────────────┘
 * ```
 */
import type { Timer } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { NameAddr, SipUri } from '../../sip/index.js';
import type { CallCause } from '../call/call-causes.js';
import type { CallSession } from '../call/call-session.js';
import { resolveTarget } from '../call-target.js';
import { bridgeParties } from './bridge-transfer.js';
import { Refer, type ReferResult } from './refer.js';
import type { TransferEvent, TransferKind, TransferOptions, TransferOutcome } from './transfer-types.js';

const WITH_CONSULTATION: readonly TransferKind[] = [
  'attended',
  'on-leave',
  'on-target-hangup',
  'on-any-hangup',
  'bridge',
];

export class Transfer {
  readonly #session: CallSession;
  readonly #options: TransferOptions;
  readonly #kind: TransferKind;
  readonly #target: string;
  /** Our call to the new party, if there is one. */
  #other: CallSession | undefined;
  #weHold = false;
  #refer: Refer | undefined;
  #delay: Timer | undefined;
  /** It is decided how it ended: nothing more is begun. */
  #over = false;

  /**
   * @param other the call the first party is to be connected with
   * @throws ERR_CALL_STATE, ERR_INVALID_ARGUMENT, ERR_TRANSFER when transfers are disabled
   */
  constructor(
    session: CallSession,
    target: string,
    other: CallSession | undefined,
    options: TransferOptions,
  ) {
    const { kind = 'held' } = options;
    if (kind === 'disabled')
      throw new SwitchhookError('ERR_TRANSFER', { target, why: 'transfers are disabled' });
    if (session.state !== 'connected')
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'transfer', state: session.state });
    if (session.transfer)
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'transfer', state: 'being transferred' });
    if (!other) resolveTarget(target, session.account);
    this.#session = session;
    this.#options = options;
    this.#kind = kind;
    this.#target = target;
    this.#other = other;
  }

  /** @throws ERR_TRANSFER {status}, ERR_CALL_ENDED, ERR_ABORTED; the call is then off hold again, as the options say */
  async run(): Promise<TransferOutcome> {
    const { signal } = this.#options;
    this.#session.transfer = this;
    let abort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(new SwitchhookError('ERR_ABORTED', { what: 'the transfer' }));
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const ended = this.#session.whenEnded.then((): TransferOutcome => {
      if (this.#refer?.accepted) return { result: 'accepted' };
      throw new SwitchhookError('ERR_CALL_ENDED', {}, { cause: this.#session.endError });
    });
    ended.catch(() => {});
    aborted.catch(() => {});
    try {
      const outcome = await Promise.race([this.#run(), ended, aborted]);
      const { status, reason } = outcome;
      this.#tell({ phase: 'done', status, reason });
      return outcome;
    } catch (cause) {
      const error = isSwitchhookError(cause) ? cause : this.#failure(String(cause));
      this.#over = true;
      this.#giveUp(error);
      throw error;
    } finally {
      this.#over = true;
      this.#delay?.cancel();
      signal?.removeEventListener('abort', abort);
      this.#refer?.forget();
      this.#session.transfer = undefined;
    }
  }

  async #run(): Promise<TransferOutcome> {
    const { delayMs = 0 } = this.#options;
    if (this.#hold.startsWith('before')) await this.#holdNow();
    this.#goOn();
    if (!this.#other && WITH_CONSULTATION.includes(this.#kind)) {
      await this.#pause(delayMs);
      await this.#consult();
      this.#goOn();
      if (this.#kind === 'bridge') return this.#bridge();
    } else if (this.#other && this.#kind === 'bridge') {
      return this.#bridge();
    }
    await this.#pause(delayMs);
    return this.#referNow();
  }

  /** After a wait. @throws ERR_ABORTED when the transfer is over meanwhile */
  #goOn(): void {
    if (this.#over) throw new SwitchhookError('ERR_ABORTED', { what: 'the transfer' });
  }

  get #hold(): NonNullable<TransferOptions['hold']> {
    const { hold } = this.#options;
    if (hold) return hold;
    const takesBack = this.#other !== undefined || this.#kind === 'held' || this.#kind === 'attended';
    return takesBack ? 'before-and-back' : 'no';
  }

  async #holdNow(): Promise<void> {
    const { media, modifier } = this.#session;
    if (this.#over || this.#weHold || !media || media.hold.local) return;
    this.#tell({ phase: 'holding' });
    const { hold } = this.#session.policies;
    const takeBack = media.hold.hold(hold ?? {});
    if (!takeBack) return;
    this.#weHold = true;
    try {
      await modifier.modify('media', hold?.method);
      this.#session.agreement.holdChanged();
    } catch (error) {
      takeBack();
      this.#weHold = false;
      throw error;
    }
  }

  /** Calls the new party; resolves when the time for REFER has come. */
  async #consult(): Promise<void> {
    const { env, account } = this.#session;
    const consultation = env.calls.place(this.#target, { account, ...this.#options.invite }, this.#session);
    const other = env.calls.sessionOf(consultation) as CallSession;
    this.#other = other;
    const started = (): void => {
      if (this.#hold.startsWith('started')) this.#holdNow().catch(() => {});
    };
    other.events.once('progress', started);
    other.events.once('connected', started);
    this.#tell({ phase: 'consulting', consultation });
    const left = this.#whenLeft(other);
    const answered = new Promise<void>((resolve, reject) => {
      other.events.once('connected', resolve);
      void other.whenEnded.then(({ end }) => {
        const { status, reason } = end;
        reject(this.#failure(`${status} ${reason}`, status, reason));
      });
    });
    answered.catch(() => {});
    left.catch(() => {});
    if (this.#kind === 'bridge') await answered;
    else if ((await Promise.race([answered, left])) === undefined) await left;
  }

  /** Resolves when the hang-up that means "go" comes. */
  #whenLeft(other: CallSession): Promise<'left'> {
    const onTarget = this.#kind === 'on-target-hangup' || this.#kind === 'on-any-hangup';
    return new Promise((resolve, reject) => {
      if (this.#kind !== 'on-target-hangup' && this.#kind !== 'bridge') {
        // Our hang-up over there starts the transfer; the call itself ends with it.
        other.leaving = () => {
          other.leaving = undefined;
          if (other.state !== 'connected') this.#drop(other, 'transfer-other');
          resolve('left');
          return true;
        };
      }
      void other.whenEnded.then(({ end, answeredAt }) => {
        if (onTarget && end.by === 'remote' && answeredAt !== undefined) resolve('left');
        else reject(this.#failure('the target hung up', end.status, end.reason));
      });
    });
  }

  async #referNow(): Promise<TransferOutcome> {
    const { unhold = 'no', inverse = false } = this.#options;
    const other = this.#other;
    const replaced = this.#replaces(other);
    const to = inverse && other && !other.ended ? other : this.#session;
    if (unhold === 'always' || (unhold === 'with-replaces' && replaced)) await this.#release(to);
    this.#goOn();
    const refer = new Refer(to, this.#referTo(to, replaced), this.#referredBy(to), this.#options);
    this.#refer = refer;
    this.#tell({ phase: 'referring' });
    refer.on('progress', (status, reason) => this.#tell({ phase: 'progress', status, reason }));
    refer.on('accepted', ({ status, reason }) => {
      this.#tell({ phase: 'accepted', status, reason });
      if (this.#hold.startsWith('started')) this.#holdNow().catch(() => {});
    });
    const accepted = new Promise<void>((resolve) => refer.once('accepted', () => resolve()));
    const first = await Promise.race([accepted, refer.result]);
    const { disconnect = 'auto' } = this.#options;
    if (disconnect === 'accepted' || (disconnect === 'auto' && this.#kind === 'blind' && !other)) {
      this.#drop(this.#session, 'transfer-disconnect');
      return { result: 'accepted' };
    }
    return this.#conclude(first ?? (await refer.result));
  }

  #conclude({ kind, status, reason }: ReferResult): TransferOutcome {
    const { disconnect = 'auto' } = this.#options;
    const ends = this.#kind !== 'refer' || this.#other !== undefined;
    if (kind === 'failed') throw this.#failure(`${status} ${reason}`, status, reason);
    if (kind === 'timeout') {
      if (!disconnect.includes('timeout'))
        throw this.#failure('the peer has not told how it went', status, reason);
      this.#drop(this.#session, 'transfer-timeout');
      return { result: 'accepted', status, reason };
    }
    const connected = disconnect.startsWith('connected') || (disconnect === 'auto' && ends);
    if (kind === 'answered') {
      if (connected) this.#drop(this.#session, 'transfer-done');
      // Without Replaces the target is called anew: our call with it has done its duty.
      this.#drop(this.#other, 'transfer-done');
      return { result: 'transferred', status, reason };
    }
    this.#drop(this.#other, 'transfer-other');
    return { result: 'accepted', status, reason };
  }

  async #bridge(): Promise<TransferOutcome> {
    const other = this.#other as CallSession;
    other.leaving = undefined;
    const bridge = await bridgeParties(this.#session, other, this.#options.oldParty ?? 'mute');
    if (this.#over) void bridge.close();
    return { result: 'bridged' };
  }

  /** The transfer came to nothing: the call is as before. */
  #giveUp(error: SwitchhookError): void {
    const { status, reason } = error.details as { status?: number; reason?: string };
    const other = this.#other;
    if (other) other.leaving = undefined;
    this.#tell({ phase: 'failed', status, reason: reason ?? error.message });
    const { onFailure = 'keep' } = this.#options;
    if (onFailure === 'hangup') return this.#drop(this.#session, 'transfer-failed');
    const consulted = other !== undefined && WITH_CONSULTATION.includes(this.#kind);
    if (consulted && error.code === 'ERR_ABORTED') this.#drop(other, 'transfer-terminated');
    const back =
      onFailure === 'resume' || (onFailure === 'keep' && (consulted || this.#hold.endsWith('back')));
    if (this.#weHold && back) this.#release(this.#session).catch(() => {});
  }

  async #release(session: CallSession): Promise<void> {
    const takeBack = session.ended ? undefined : session.media?.hold.release();
    if (!takeBack) return;
    if (session === this.#session) this.#weHold = false;
    try {
      await session.modifier.modify('media', session.policies.hold?.method);
      session.agreement.holdChanged();
    } catch {
      takeBack();
    }
  }

  #replaces(other: CallSession | undefined): boolean {
    const { replaces = 'auto' } = this.#options;
    if (!other?.dialog || other.ended || replaces === 'no') return false;
    return replaces !== 'auto' || other.extras.peerSupports('replaces');
  }

  /** Whom `to` shall call: the address, or the device we talk to with its dialog in Replaces (RFC 5589 §7.3). */
  #referTo(to: CallSession, replaced: boolean): NameAddr {
    const other = to === this.#session ? this.#other : this.#session;
    const dialog = replaced ? other?.dialog : undefined;
    const uri =
      dialog?.remoteTarget instanceof SipUri
        ? dialog.remoteTarget.clone()
        : ((other?.remote.uri as SipUri | undefined)?.clone() ??
          resolveTarget(this.#target, this.#session.account));
    const { serverDomain = 'none' } = this.#options;
    const server = this.#session.account?.uri;
    if (server && (serverDomain === 'refer-to' || serverDomain === 'both')) {
      const user = other?.remote.uri.kind === 'sip' ? other.remote.uri.user : uri.user;
      Object.assign(uri, { host: server.host, port: server.port, user });
      uri.params.delete('transport');
    }
    if (dialog) {
      const { callId, localTag, remoteTag } = dialog;
      // RFC 3891 §6.1: the tags as the target has them.
      uri.headers.push(['Replaces', `${callId};to-tag=${remoteTag};from-tag=${localTag}`]);
    }
    const { targetUui } = to.extras;
    if (targetUui !== undefined) uri.headers.push(['User-to-User', targetUui]);
    return new NameAddr(uri);
  }

  #referredBy(to: CallSession): NameAddr {
    const { serverDomain = 'none' } = this.#options;
    const uri = to.local.uri.clone();
    const server = to.account?.uri;
    if (server && uri instanceof SipUri && (serverDomain === 'referred-by' || serverDomain === 'both'))
      Object.assign(uri, { host: server.host, port: server.port });
    return new NameAddr(uri);
  }

  #drop(session: CallSession | undefined, cause: CallCause): void {
    if (!session || session.ended) return;
    session.leaving = undefined;
    const named = session === this.#session && cause !== 'transfer-failed' ? this.#options.cause : undefined;
    session.hangUp({ cause: named ?? cause, reason: cause.replace('-', ' ') });
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#delay = this.#session.env.clock.after(ms, resolve);
    });
  }

  #failure(why: string, status?: number, reason?: string): SwitchhookError {
    return new SwitchhookError('ERR_TRANSFER', { target: this.#target, why, status, reason });
  }

  #tell(event: Omit<TransferEvent, 'target'>): void {
    this.#session.events.emit('transfer', { ...event, target: this.#target });
  }
}
