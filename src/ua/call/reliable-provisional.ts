/**
 * Reliable provisional responses of one incoming INVITE (RFC 3262 §3): numbered, repeated until their PRACK, one at a
 * time. Used by IncomingInvite, which deals with the session descriptions; it answers no PRACK itself.
 */
import type { Timer } from '../../base/clock.js';
import {
  ProvisionalRetransmitter,
  type ServerHandle,
  type SipRequest,
  type SipResponse,
} from '../../sip/index.js';
import type { CallEnvironment } from './call-host.js';

/** RFC 3262 §3: "every two and one half minutes", so that no proxy loses patience. */
const REFRESH_MS = 150_000;

interface Pending {
  rseq: number;
  hasSdp: boolean;
  retransmitter: ProvisionalRetransmitter;
}

export class ReliableProvisional {
  readonly #env: CallEnvironment;
  readonly #invite: SipRequest;
  readonly #tx: ServerHandle;
  readonly #onTimeout: () => void;
  #rseq: number;
  #pending: Pending | undefined;
  /** Whoever waits for the PRACK. */
  #waiting: Array<() => void> = [];
  #refresh: Timer | undefined;
  #stopped = false;
  #sdpSent = false;
  #sdpAcknowledged = false;

  /** @param onTimeout no PRACK came for 64*T1 */
  constructor(env: CallEnvironment, invite: SipRequest, tx: ServerHandle, onTimeout: () => void) {
    this.#env = env;
    this.#invite = invite;
    this.#tx = tx;
    this.#onTimeout = onTimeout;
    // RFC 3262 §7.1: the first between 1 and 2^31 - 1.
    this.#rseq = env.random.uint32() & 0x3fffffff;
  }

  /** A session description went out in a reliable response. */
  get sdpSent(): boolean {
    return this.#sdpSent;
  }

  /** … and the caller has it. */
  get sdpAcknowledged(): boolean {
    return this.#sdpAcknowledged;
  }

  /**
   * Sends after the PRACK of the one before; resolves when it is out.
   * @param stillWanted asked after the wait
   */
  async send(response: SipResponse, stillWanted: () => boolean): Promise<void> {
    while (this.#pending && !this.#stopped) await this.acknowledged();
    if (this.#stopped || !stillWanted()) return;
    if (response.body.length > 0) this.#sdpSent = true;
    this.#refresh?.cancel();
    const rseq = ++this.#rseq;
    response.add('Require', '100rel');
    response.set('RSeq', rseq);
    const { clock, timers } = this.#env;
    const retransmitter = new ProvisionalRetransmitter({
      clock,
      timers,
      resend: () => this.#tx.respond(response),
      onTimeout: this.#onTimeout,
    });
    this.#pending = { rseq, hasSdp: response.body.length > 0, retransmitter };
    this.#tx.respond(response);
    retransmitter.start();
    this.#refresh = clock.after(REFRESH_MS, () => {
      const again = response.clone().remove('RSeq').remove('Require');
      again.remove('Content-Type').body = new Uint8Array(0);
      void this.send(again, stillWanted);
    });
  }

  /** Resolves when nothing waits for its PRACK, or never will. */
  acknowledged(): Promise<void> {
    if (!this.#pending || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** True for the PRACK of the response sent last, also when the INVITE was answered meanwhile. */
  matches(prack: SipRequest): boolean {
    const { rack } = prack;
    const { seq, method } = this.#invite.cseq;
    return (
      rack !== undefined && rack.rseq === this.#pending?.rseq && rack.seq === seq && rack.method === method
    );
  }

  /** Its PRACK has come. */
  confirm(): void {
    const pending = this.#pending;
    if (!pending) return;
    pending.retransmitter.stop();
    this.#pending = undefined;
    if (pending.hasSdp) this.#sdpAcknowledged = true;
    this.#release();
  }

  /** There is a final response: nothing is repeated any more, a late PRACK is still known (RFC 3262 §3). */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pending?.retransmitter.stop();
    this.#refresh?.cancel();
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
