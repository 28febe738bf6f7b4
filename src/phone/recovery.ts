/**
 * When a phone had better begin anew: after its addresses have changed, and when the registration fails again and again.
 * Never during a call. It only decides; Phone tells the application and restarts itself.
 *
 *     fine ──addresses changed──► due ──no call──► told
 *     fine ──n REGISTERs unanswered──► due ──no call──► restarted
 */
import type { Logger } from '../base/logger.js';
import type { RegistrationState } from '../ua/index.js';

export interface RecoveryOptions {
  /** Make the SIP stack anew after so many registrations in a row found nobody; 0 = never. Default 4. */
  restartAfter?: number;
}

export interface RecoveryEnvironment {
  logger: Logger;
  hasCalls(): boolean;
  /** A restart by the application is recommended. */
  recommend(reason: string): void;
  restart(): void;
}

const RESTART_AFTER = 4;
/** Nobody answered, or nothing could be sent. */
const NOBODY = new Set(['ERR_SIP_TIMEOUT', 'ERR_SIP_TRANSPORT', 'ERR_SIP_CONNECTION_LOST']);

export class Recovery {
  readonly #env: RecoveryEnvironment;
  readonly #restartAfter: number;
  #recommendation: string | undefined;
  #failures = 0;
  #restartDue = false;

  constructor(env: RecoveryEnvironment, { restartAfter = RESTART_AFTER }: RecoveryOptions = {}) {
    this.#env = env;
    this.#restartAfter = restartAfter;
  }

  /** Why a restart is recommended; undefined while none is. */
  get recommendation(): string | undefined {
    return this.#recommendation;
  }

  networkChanged(reason: string): void {
    this.#recommendation = reason;
    if (!this.#env.hasCalls()) this.#env.recommend(reason);
  }

  registration(state: RegistrationState, code: string | undefined): void {
    if (state === 'registered') {
      this.#failures = 0;
      this.#restartDue = false;
    }
    if (state !== 'waiting' || !NOBODY.has(code ?? '') || this.#restartAfter <= 0) return;
    if (++this.#failures % this.#restartAfter !== 0) return;
    this.#restartDue = true;
    this.#act();
  }

  /** A call is over. */
  callEnded(): void {
    if (this.#env.hasCalls()) return;
    if (this.#recommendation) this.#env.recommend(this.#recommendation);
    this.#act();
  }

  #act(): void {
    if (!this.#restartDue || this.#env.hasCalls()) return;
    this.#restartDue = false;
    this.#env.logger.warn('nobody has answered for long: the SIP stack is made anew');
    this.#env.restart();
  }
}
