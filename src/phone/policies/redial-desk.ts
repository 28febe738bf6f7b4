/** Places calls again as redial.ts decides: keeps count, keeps the line, and tells. Made by Switchboard. */
import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Call, CallRecord } from '../../ua/index.js';
import type { CallOptions } from '../call-options.js';
import type { Policies } from './policies.js';
import { decideRedial, type RedialDecision } from './redial.js';

interface Origin {
  target: string;
  options: CallOptions;
  attempt: number;
}

export interface RedialEnvironment {
  clock: Clock;
  logger: Logger;
  policies: Policies;
  others(call: Call): number;
  dial(target: string, options: CallOptions, before: Call): Call;
  /** A call is placed again; `why` names the rule. */
  redialled(before: Call, call: Call, why: RedialDecision['why']): void;
}

export class RedialDesk {
  readonly #env: RedialEnvironment;
  readonly #origins = new WeakMap<Call, Origin>();
  readonly #pending = new Map<Timer, (call: Call | undefined) => void>();
  readonly #next = new WeakMap<Call, Promise<Call | undefined>>();
  #closed = false;

  constructor(env: RedialEnvironment) {
    this.#env = env;
  }

  /** How a call was placed. */
  placed(call: Call, target: string, options: CallOptions): void {
    if (!this.#origins.has(call)) this.#origins.set(call, { target, options, attempt: 0 });
  }

  /** The call that takes the place of one that has ended; undefined when there is none. */
  async next(call: Call): Promise<Call | undefined> {
    await call.ended;
    return this.#next.get(call);
  }

  /** A call is over. */
  ended(call: Call, record: CallRecord): void {
    const { policies, clock } = this.#env;
    const origin = this.#origins.get(call) ?? { target: call.remote.uri, options: {}, attempt: 0 };
    if (this.#closed || origin.options.signal?.aborted) return;
    const decision = decideRedial(
      call,
      record,
      { ...policies.redial, ...origin.options.redial },
      {
        attempt: origin.attempt,
        others: this.#env.others(call),
      },
    );
    if (!decision) return;
    const next = new Promise<Call | undefined>((resolve) => {
      const timer = clock.after(decision.delayMs, () => {
        this.#pending.delete(timer);
        resolve(this.#dial(call, origin, decision));
      });
      this.#pending.set(timer, resolve);
    });
    this.#next.set(call, next);
  }

  /** Nothing is placed again any more. */
  close(): void {
    this.#closed = true;
    for (const [timer, resolve] of this.#pending) {
      timer.cancel();
      resolve(undefined);
    }
    this.#pending.clear();
  }

  #dial(before: Call, origin: Origin, { why, options }: RedialDecision): Call | undefined {
    const { logger } = this.#env;
    // Another call has come meanwhile: the dropped one is not the user's concern any more.
    if (why === 'afterDrop' && this.#env.others(before) > 0) return undefined;
    if (origin.options.signal?.aborted) return undefined;
    try {
      const media = options.media ? { ...origin.options.media, ...options.media } : origin.options.media;
      const call = this.#env.dial(origin.target, { ...origin.options, ...options, media }, before);
      this.#origins.set(call, { ...origin, attempt: origin.attempt + 1 });
      logger.info('the call is placed again', { why, before: before.id, callId: call.id });
      this.#env.redialled(before, call, why);
      return call;
    } catch (error) {
      logger.warn('the call could not be placed again', { why, before: before.id, error });
      return undefined;
    }
  }
}
