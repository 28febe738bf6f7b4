/**
 * A call between two others that we arrange and do not hear (RFC 3725): we call both, hand each the other's description,
 * and stay in the signalling, so that either may change or end it. `UserAgent.connectParties` makes it.
 *
 * Flow I calls the second party with the first one's offer; II to IV let the first one wait, with audio to nowhere, with
 * its own offer held, or without media, so that the second may take its time.
 */
import type { Clock } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { SipRequest } from '../../sip/index.js';
import type { CallEnvironment } from '../call/call-host.js';
import type { InviteOptions } from '../user-agent-types.js';
import { blackHole, heldAnswer, withoutMedia } from './descriptions.js';
import { type LegOwner, SignalledLeg } from './signalled-leg.js';

export type ThirdPartyFlow = 'I' | 'II' | 'III' | 'IV';

export interface ThirdPartyOptions
  extends Pick<InviteOptions, 'account' | 'from' | 'displayName' | 'headers' | 'ringTimeout'> {
  /** Default 'III', which works with parties that take long to answer. */
  flow?: ThirdPartyFlow;
}

export type ThirdPartyEvents = {
  /** The first party has answered; the second is called. */
  first: [];
  /** They hear each other. */
  connected: [];
  ended: [reason: string];
};

export class ThirdPartyCall extends Emitter<ThirdPartyEvents> implements LegOwner {
  readonly #first: SignalledLeg;
  readonly #second: SignalledLeg;
  readonly #onEnded: () => void;
  readonly #clock: Clock;
  /** How long each party may ring, in ms; 0 = for ever. */
  readonly #ringMs: number;
  #giveUp: (error: SwitchhookError) => void = () => {};
  #state: 'calling' | 'connected' | 'ended' = 'calling';
  /** Whose offer is being answered by the other one. */
  #pending: SignalledLeg | undefined;
  /**
   * Resolves when both are connected.
   * Rejects with ERR_CALL_REJECTED {status}, ERR_TIMEOUT, ERR_SIP_TIMEOUT, ERR_CALL_ENDED …: whatever came instead
   */
  readonly connected: Promise<void>;

  /** @throws ERR_INVALID_ARGUMENT for addresses that cannot be called */
  constructor(
    env: CallEnvironment,
    first: string,
    second: string,
    options: ThirdPartyOptions,
    onEnded: () => void,
  ) {
    super();
    const { flow = 'III', ringTimeout = 0, ...invite } = options;
    this.#clock = env.clock;
    this.#ringMs = ringTimeout * 1000;
    this.#first = new SignalledLeg(env, first, invite, this);
    this.#second = new SignalledLeg(env, second, invite, this);
    this.#onEnded = onEnded;
    // Whoever waits is not kept waiting for what the parties say to its end.
    const over = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    this.connected = Promise.race([this.#connect(flow), over]);
    this.connected.catch(() => {});
  }

  get state(): 'calling' | 'connected' | 'ended' {
    return this.#state;
  }

  /** Ends both calls. */
  hangup(): void {
    this.#end('hung up');
  }

  async #connect(flow: ThirdPartyFlow): Promise<void> {
    try {
      if (flow === 'I') await this.#flowOne();
      else await this.#flowWithWaiting(flow);
      this.#check();
      this.#state = 'connected';
      this.emit('connected');
    } catch (error) {
      if (isSwitchhookError(error)) this.#end(error.message, error);
      else this.#end(String(error));
      throw error;
    }
  }

  async #flowOne(): Promise<void> {
    const offer = await this.#ring(this.#first);
    this.#check();
    this.emit('first');
    // RFC 3725 §4.1: when that fails, the first party gets an answer to its open offer before it is sent away.
    const answer = needed(await this.#ring(this.#second, needed(offer)));
    this.#second.ack();
    this.#first.ack(answer);
  }

  async #flowWithWaiting(flow: 'II' | 'III' | 'IV'): Promise<void> {
    const begin = flow === 'II' ? blackHole() : flow === 'IV' ? withoutMedia() : undefined;
    const waiting = await this.#ring(this.#first, begin);
    this.#check();
    this.#first.ack(flow === 'III' ? heldAnswer(needed(waiting)) : undefined);
    this.emit('first');
    const offer = needed(await this.#ring(this.#second));
    this.#check();
    const answer = needed(await this.#first.reinvite(offer));
    this.#first.ack();
    this.#second.ack(answer);
  }

  /** Calls a party, for as long as it may ring. @returns what its 2xx describes */
  async #ring(leg: SignalledLeg, sdp?: string): Promise<string | undefined> {
    const answered = leg.invite(sdp);
    if (this.#ringMs <= 0) return answered;
    const timer = this.#clock.after(this.#ringMs, () => {
      const what = `the answer of ${leg.target}`;
      const error = new SwitchhookError('ERR_TIMEOUT', { what, ms: this.#ringMs });
      this.#end(error.message, error);
    });
    return answered.finally(() => timer.cancel());
  }

  #check(): void {
    if (this.#state === 'ended') throw new SwitchhookError('ERR_CALL_ENDED');
  }

  onBye(leg: SignalledLeg): void {
    this.#end(`${leg.target} hung up`);
  }

  /** RFC 3725 §7: what one party wants to change is for the other to answer. */
  async onOffer(leg: SignalledLeg, sdp: string | undefined): Promise<string | undefined> {
    if (this.#pending || this.#state !== 'connected')
      throw new SwitchhookError('ERR_CALL_REJECTED', { status: 491, reason: 'Request Pending' });
    this.#pending = leg;
    try {
      const answer = await this.#otherOf(leg).reinvite(sdp);
      if (sdp !== undefined) this.#otherOf(leg).ack();
      return answer;
    } finally {
      this.#pending = undefined;
    }
  }

  onAck(leg: SignalledLeg, sdp: string | undefined): void {
    // The answer to the offer that the other's 2xx brought.
    this.#otherOf(leg).ack(sdp);
  }

  onOther(leg: SignalledLeg, request: SipRequest): Promise<number> {
    return this.#otherOf(leg).forward(request);
  }

  #otherOf(leg: SignalledLeg): SignalledLeg {
    return leg === this.#first ? this.#second : this.#first;
  }

  #end(reason: string, error = new SwitchhookError('ERR_CALL_ENDED')): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#giveUp(error);
    this.#first.end(reason);
    this.#second.end(reason);
    this.#onEnded();
    this.emit('ended', reason);
  }
}

function needed(sdp: string | undefined): string {
  if (sdp !== undefined) return sdp;
  throw new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: 'the 2xx has no session description' });
}
