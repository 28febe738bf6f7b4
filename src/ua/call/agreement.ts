/**
 * What both sides of a call have agreed on, and what of it has changed: hold by us or by the peer, the direction of the
 * audio, its encryption, and whether that is as much protection as the policy wants. Looked at by CallSession whenever
 * an offer and its answer have met; it tells the changes as events of the call.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { CallSession } from './call-session.js';
import type { CallEncryption } from './call-types.js';
import { encryptionLevel, isAtLeast } from './encryption-level.js';
import type { HoldStatus } from './hold.js';

export class Agreement {
  readonly #session: CallSession;
  #wasHeld = false;
  #direction: HoldStatus['direction'] = 'sendrecv';
  /** The direction our hold leaves, as last told. */
  #holding = 'none';
  /** As last told; undefined before the answer. */
  #encryption: CallEncryption | undefined;

  constructor(session: CallSession) {
    this.#session = session;
  }

  /** The call is answered. @returns false when it had to be ended for want of protection */
  begin(): boolean {
    const { encryption, events, logger } = this.#session;
    this.#encryption = encryption;
    logger.info('encryption', { ...encryption });
    events.emit('connected');
    return this.#protected();
  }

  /** An offer and its answer have met. */
  changed(): void {
    const session = this.#session;
    if (session.ended) return;
    this.#encryptionChanged();
    if (!this.#protected()) return;
    const hold = session.media?.hold;
    if (!hold) return;
    const { remote, status } = hold;
    if (remote !== this.#wasHeld) {
      this.#wasHeld = remote;
      session.events.emit('hold', { by: 'remote', held: remote, status });
    }
    this.holdChanged();
    this.#directionChanged();
    // The peer's answer has ended our hold: now the description has to say so.
    if (session.media?.takeOfferWanted()) session.renegotiate();
  }

  /** Our own hold may have changed, by us or by the peer. */
  holdChanged(): void {
    const hold = this.#session.media?.hold;
    const now = hold?.local ? hold.status.ours : 'none';
    if (!hold || now === this.#holding) return;
    this.#holding = now;
    this.#session.events.emit('hold', { by: 'local', held: hold.local, status: hold.status });
    this.#directionChanged();
  }

  #directionChanged(): void {
    const status = this.#session.media?.hold.status;
    if (!status || status.direction === this.#direction) return;
    this.#direction = status.direction;
    this.#session.events.emit('direction', status);
  }

  #encryptionChanged(): void {
    const { encryption, logger } = this.#session;
    const before = this.#encryption?.srtp;
    if (!this.#encryption || before === encryption.srtp) return;
    this.#encryption = encryption;
    if (encryption.srtp) logger.info('encryption', { ...encryption });
    else logger.warn('the media is no longer encrypted', { before });
    this.#session.events.emit('encryption', encryption);
  }

  /** Ends a call with less protection than the policy wants. @returns false then */
  #protected(): boolean {
    const session = this.#session;
    const { encryption: wanted } = session.policies;
    if (wanted === undefined || !session.media?.negotiated?.active) return true;
    const level = encryptionLevel(session.encryption, true);
    if (isAtLeast(level, wanted)) return true;
    const error = new SwitchhookError('ERR_MEDIA_SRTP', {
      why: `protection is "${level}", "${wanted}" is needed`,
    });
    session.fail({ by: 'local', status: 488, reason: error.message, error, cause: 'not-encrypted' });
    return false;
  }
}
