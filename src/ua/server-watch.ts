/**
 * Brings a registration home: while it is with a server of lesser rank (a backup, another transport, an SRV record of
 * lower priority) this asks the first one every now and then whether it is back. One OPTIONS at a time, and only then.
 * Made by Registration.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { type Flow, NameAddr, type SipEndpoint, SipRequest, type Target } from '../sip/index.js';
import type { Account } from './account.js';

export interface ServerWatchEnvironment {
  endpoint: Pick<SipEndpoint, 'request' | 'resolve'>;
  clock: Clock;
  random: Random;
  logger: Logger;
}

const RETURN_S = 120;
/** A server that takes longer is not one to go back to. */
const PATIENCE_MS = 4000;

export class ServerWatch {
  readonly #account: Account;
  readonly #env: ServerWatchEnvironment;
  readonly #onReturn: () => void;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;

  /** @param onReturn the first server answers: register there */
  constructor(account: Account, env: ServerWatchEnvironment, onReturn: () => void) {
    this.#account = account;
    this.#env = env;
    this.#onReturn = onReturn;
  }

  /** The registration is with the server behind `flow`: watches the first one when that is another. */
  async follow(flow: Flow): Promise<void> {
    const pending = this.#timer?.active ?? false;
    const abort = pending && this.#abort ? this.#abort : new AbortController();
    this.#abort = abort;
    const best = await this.#best(abort.signal);
    if (abort.signal.aborted) return;
    const home = this.#account.hop === 0 && best.some((target) => leadsTo(target, flow));
    if (home || best.length === 0) return this.stop();
    // A refresh must not put the question off.
    if (pending) return;
    const seconds = this.#account.registration.returnSeconds ?? RETURN_S;
    const ask = async (): Promise<void> => {
      if (await this.#answers(abort.signal)) {
        if (abort.signal.aborted) return;
        this.#env.logger.info('the first server is back', { aor: this.#account.uri.toString() });
        this.#onReturn();
      } else if (!abort.signal.aborted) {
        this.#timer = this.#env.clock.after(seconds * 1000, () => void ask());
      }
    };
    this.#timer = this.#env.clock.after(seconds * 1000, () => void ask());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#abort?.abort();
  }

  /** True when one of the first servers answers whatever it may be. Never throws. */
  async probe(patienceMs = PATIENCE_MS): Promise<boolean> {
    const abort = new AbortController();
    return this.#answers(abort.signal, patienceMs);
  }

  async #answers(signal: AbortSignal, patienceMs = PATIENCE_MS): Promise<boolean> {
    const { endpoint, clock } = this.#env;
    const patience = new AbortController();
    const timer = clock.after(patienceMs, () => patience.abort());
    try {
      const both = AbortSignal.any([signal, patience.signal]);
      const targets = await this.#best(both);
      const { response } = await endpoint.request(this.#options(), { targets, signal: both });
      return response.status !== 503 && response.status !== 408;
    } catch {
      return false;
    } finally {
      timer.cancel();
    }
  }

  /** The servers of the first hop, those of the best priority only. */
  async #best(signal: AbortSignal): Promise<Target[]> {
    try {
      const targets = await this.#env.endpoint.resolve(this.#account.hops[0].uri, signal);
      const first = Math.min(...targets.map(({ priority = 0 }) => priority));
      return targets.filter(({ priority = 0 }) => priority === first);
    } catch {
      return [];
    }
  }

  #options(): SipRequest {
    const { random } = this.#env;
    const [{ uri }] = this.#account.hops;
    const from = this.#account.identity();
    from.tag = random.token(10);
    const request = new SipRequest('OPTIONS', uri.clone());
    request.set('From', from);
    request.set('To', new NameAddr(uri.clone()));
    request.set('Call-ID', random.token(24));
    request.set('CSeq', '1 OPTIONS');
    return request;
  }
}

function leadsTo({ protocol, host, port }: Target, flow: Flow): boolean {
  return protocol === flow.protocol && host === flow.remote.host && port === flow.remote.port;
}
