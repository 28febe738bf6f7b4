/**
 * Watches whether the server of an account answers, by an OPTIONS every so often (RFC 3261 §11): what trunks without
 * registration use, and what keeps their path through a NAT open. Made by the UserAgent for accounts with `ping`, which
 * registers anew when a server ceases to answer; this only tells. Calls are placed all the same.
 *
 *     unknown ──answer──► reachable ◄──answer── unreachable
 *        │                    │                    ▲
 *        └─no answer, 408, 503┴────────────────────┘
 */
import type { Clock, Timer } from '../base/clock.js';
import { Emitter } from '../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { NameAddr, RequestOptions, RequestResult, SipEndpoint, SipRequest } from '../sip/index.js';
import type { Account } from './account.js';

export type Reachability = 'unknown' | 'reachable' | 'unreachable';

export type OptionsPingEvents = {
  /** Every change; `error` tells why the server counts as unreachable. */
  state: [state: Reachability, error?: SwitchhookError];
};

export interface OptionsPingEnvironment {
  endpoint: Pick<SipEndpoint, 'request' | 'resolve'>;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** A fresh OPTIONS to the server of the account. */
  build(account: Account): SipRequest;
}

/** A server that has not answered several copies of a request by then is of no use for a call. */
const PATIENCE_MS = 10_000;
/** What a proxy answers for a server it cannot reach itself (RFC 3261 §21.4.9, §21.5.4). */
const UNREACHABLE = new Set([408, 503]);

export class OptionsPing extends Emitter<OptionsPingEvents> {
  readonly account: Account;
  readonly #env: OptionsPingEnvironment;
  #state: Reachability = 'unknown';
  #roundTripMs: number | undefined;
  #error: SwitchhookError | undefined;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;
  #closed = false;

  constructor(account: Account, env: OptionsPingEnvironment) {
    super();
    this.account = account;
    this.#env = env;
  }

  get state(): Reachability {
    return this.#state;
  }

  /** Of the last ping that was answered. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Why the server counts as unreachable. */
  get error(): SwitchhookError | undefined {
    return this.#error;
  }

  /** Sends one now, and again every `account.ping` seconds; a ping under way is given up for it. */
  start(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#abort?.abort();
    void this.#ping();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#abort?.abort();
  }

  async #ping(): Promise<void> {
    const { account } = this;
    const { clock } = this.#env;
    const abort = new AbortController();
    this.#abort = abort;
    const patience = clock.after(PATIENCE_MS, () => abort.abort());
    const sentAt = clock.now();
    let error: SwitchhookError | undefined;
    try {
      const { response, flow, contact } = await this.#ask(abort.signal);
      if (UNREACHABLE.has(response.status)) {
        error = new SwitchhookError('ERR_CALL_REJECTED', {
          status: response.status,
          reason: response.reason,
        });
      } else {
        this.#roundTripMs = clock.now() - sentAt;
        account.learnAddress(flow, response, contact);
      }
    } catch (cause) {
      error = isSwitchhookError(cause)
        ? cause
        : new SwitchhookError('ERR_TIMEOUT', { what: 'OPTIONS' }, { cause });
      if (error.code === 'ERR_ABORTED')
        error = new SwitchhookError('ERR_SIP_TIMEOUT', {
          method: 'OPTIONS',
          target: account.nextHop.toString(),
        });
    }
    patience.cancel();
    if (this.#closed || this.#abort !== abort) return;
    this.#error = error;
    this.#enter(error ? 'unreachable' : 'reachable', error);
    // Within the last tenth, so that the pings of many phones do not fall together.
    const seconds = account.ping * (0.9 + 0.1 * this.#env.random.float());
    this.#timer = clock.after(seconds * 1000, () => void this.#ping());
  }

  async #ask(signal: AbortSignal): Promise<RequestResult & { contact: NameAddr | undefined }> {
    const { account } = this;
    const { endpoint } = this.#env;
    let contact: NameAddr | undefined;
    const options: RequestOptions = {
      targets: await endpoint.resolve(account.nextHop, signal),
      auth: account.auth,
      signal,
      beforeSend: (message, flow) => {
        contact = account.binding(flow);
        message.set('Contact', contact);
      },
    };
    return { ...(await endpoint.request(this.#env.build(account), options)), contact };
  }

  #enter(state: Reachability, error: SwitchhookError | undefined): void {
    if (state === this.#state) return;
    const aor = this.account.uri.toString();
    this.#env.logger[error ? 'warn' : 'info']('server', {
      aor,
      from: this.#state,
      to: state,
      error: error?.message,
    });
    this.#state = state;
    this.emit('state', state, error);
  }
}
