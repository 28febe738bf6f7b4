/**
 * Every call that comes in passes here first: is it wanted, forwarded, refused, answered by itself, or does it ring?
 * Made by Phone, which hands it the calls; it tells the phone what became of them.
 *
 *     refused ◄─ numbers, answering.incoming, limits ─ busy? ─► forwarded
 *     hidden  ◄─ barge-in                              │
 *     rings ◄── deferred, or at once ◄─────────────────┴──► answered after a delay
 *       └─ nobody answers ─► forwarded
 */
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { SipRequest } from '../../sip/index.js';
import type { Call, CallCause } from '../../ua/index.js';
import type { LinePreset } from '../call-options.js';
import type { LineTable } from '../lines.js';
import { automaticAnswer, contains, modeRefused } from './answering.js';
import { atLimit } from './limits.js';
import { judgeCaller } from './number-rules.js';
import type { Policies } from './policies.js';

/** What becomes of a call without anybody's doing. */
export type AutomaticAction = 'answer' | 'forward' | 'reject' | 'ignore' | 'bargeIn';

/** How a call that is offered to the application stands. */
export interface IncomingOffer {
  line: number;
  /** The number of the caller, as the number rules have it. */
  number: string;
  /** The caller hears that it rings; false while `answering.defer` holds it back. */
  rings: boolean;
  /** It will be answered by itself after so many ms. */
  answersInMs?: number;
}

export interface IncomingDeskOptions {
  clock: Clock;
  logger: Logger;
  lines: LineTable<Call, LinePreset>;
  policies: Policies;
  /** Calls the user knows of. */
  calls(): readonly Call[];
  /** @returns false when nobody listens */
  offer(call: Call, offer: IncomingOffer): boolean;
  /** A call was dealt with by the phone itself. */
  handled(call: Call, action: AutomaticAction): void;
  /** Somebody listens in. */
  bargeIn(call: Call): void;
}

const NO_ANSWER_MS = 15_000;
const FORBIDDEN = 403;
/** When nobody listens to calls at all. */
const UNAVAILABLE = 480;
const BUSY = 486;

export class IncomingDesk {
  readonly #options: IncomingDeskOptions;

  constructor(options: IncomingDeskOptions) {
    this.#options = options;
  }

  /** Decides; the 180, if any, is sent from here. */
  receive(call: Call): void {
    const { policies, lines } = this.#options;
    const { answering, forwarding, bargeIn } = policies;
    const invite = call.messages.invite('received') as SipRequest;
    if (contains(invite, bargeIn.match)) {
      this.#options.handled(call, 'bargeIn');
      this.#options.bargeIn(call);
      return;
    }
    const caller = judgeCaller(call.identity.user || call.remote.user, policies.numbers);
    if (caller.action === 'reject') return this.#reject(call, FORBIDDEN, 'auto-reject');
    if (caller.action === 'forward') return this.#forward(call, caller.to ?? '', 'forward', 'unconditional');
    if (caller.action === 'ignore') return this.#ignore(call, 'ignored');
    if (answering.incoming === 'ignore') return this.#ignore(call, 'auto-ignore');
    if (answering.incoming === 'reject') {
      return this.#reject(call, answering.rejectStatus ?? UNAVAILABLE, 'auto-reject');
    }
    if (forwarding.always) return this.#forward(call, forwarding.always, 'forward-always', 'unconditional');
    if (forwarding.transfer) return this.#transfer(call, forwarding.transfer);
    if (this.#busy(call)) {
      if (forwarding.busy) return this.#forward(call, forwarding.busy, 'forward-on-busy', 'user-busy');
      const wanted = policies.answering.rejectWhenBusy && !this.#full(call);
      const cause = wanted ? 'reject-busy' : 'reject-phone-busy';
      return this.#reject(call, answering.busyStatus ?? BUSY, cause);
    }
    const answersInMs = caller.action === 'answer' ? 0 : automaticAnswer(invite, answering);
    if (caller.action !== 'answer' && modeRefused(invite, answering)) {
      return this.#reject(call, FORBIDDEN, 'auto-reject');
    }
    const line = lines.seat(call);
    if (line === undefined) return this.#reject(call, answering.busyStatus ?? BUSY, 'reject-phone-busy');
    this.#offer(call, { line, number: caller.number, rings: !answering.defer, answersInMs });
  }

  #busy(call: Call): boolean {
    const { calls, policies } = this.#options;
    if (this.#full(call)) return true;
    const others = calls().some((other) => other !== call);
    return others && (policies.answering.rejectWhenBusy === true || !!policies.forwarding.busy);
  }

  /** There is no room for another call. */
  #full(call: Call): boolean {
    const { calls, policies, lines } = this.#options;
    const others = calls().filter((other) => other !== call);
    return atLimit(policies.limits, others.length) || lines.free() === undefined;
  }

  /** The caller hears nothing at all. */
  #ignore(call: Call, cause: CallCause): void {
    call.leaveUnanswered(cause);
    this.#options.handled(call, 'ignore');
  }

  #offer(call: Call, offer: IncomingOffer): void {
    const { logger, policies } = this.#options;
    const { answersInMs } = offer;
    const hidden = answersInMs !== undefined && policies.answering.hideAutomatic;
    const heard = hidden || this.#options.offer(call, offer);
    if (!heard && answersInMs === undefined) {
      logger.warn("a call was refused since nobody listens to 'incoming'", { callId: call.id });
      call.reject(UNAVAILABLE);
      return;
    }
    if (call.state !== 'ringing') return;
    if (answersInMs === 0) return this.#answer(call);
    if (offer.rings) call.ring().catch((error: unknown) => logger.warn('180 could not be sent', { error }));
    if (answersInMs !== undefined) this.#after(call, answersInMs, () => this.#answer(call));
    else this.#forwardLater(call);
  }

  #forwardLater(call: Call): void {
    const { noAnswer, noAnswerMs = NO_ANSWER_MS } = this.#options.policies.forwarding;
    if (!noAnswer) return;
    this.#after(call, noAnswerMs, () => this.#forward(call, noAnswer, 'forward-on-no-answer', 'no-answer'));
  }

  /** Unless the call is answered or over by then. */
  #after(call: Call, ms: number, act: () => void): void {
    const timer = this.#options.clock.after(ms, () => {
      if (call.state === 'ringing') act();
    });
    call.once('state', () => timer.cancel());
  }

  #answer(call: Call): void {
    this.#options.handled(call, 'answer');
    call.answer().catch((error: unknown) => {
      this.#options.logger.warn('a call could not be answered by itself', { callId: call.id, error });
    });
  }

  #forward(call: Call, target: string, cause: CallCause, reason: string): void {
    const { status = 302 } = this.#options.policies.forwarding;
    this.#options.handled(call, 'forward');
    try {
      call.redirect(target, { status, cause, reason });
    } catch (error) {
      this.#options.logger.error('a call could not be forwarded', { callId: call.id, target, error });
      call.reject(UNAVAILABLE);
    }
  }

  #transfer(call: Call, target: string): void {
    this.#options.handled(call, 'forward');
    call
      .answer()
      .then(() => call.transferTo(target, { cause: 'transfer-always' }))
      .catch((error: unknown) => {
        this.#options.logger.warn('a call could not be transferred', { callId: call.id, target, error });
        void call.hangup({ cause: 'transfer-failed' });
      });
  }

  #reject(call: Call, status: number, cause: CallCause): void {
    this.#options.handled(call, 'reject');
    call.reject(status, undefined, cause);
  }
}
