/**
 * One request on its way through the exchange: a stateful proxy's response context (RFC 3261 §16.6 to §16.10). It
 * sends the request to all its targets at once, passes on what comes back, chooses the best final answer, and cancels
 * the branches nobody needs any more.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import {
  type ClientHandle,
  type Flow,
  type ServerHandle,
  type SipEndpoint,
  type SipRequest,
  SipResponse,
  type SipUri,
} from '../sip/index.js';

export interface ForwardTarget {
  /** Request-URI for this branch. */
  uri: SipUri;
  /** Send over this flow instead of looking the URI up. */
  flow?: Flow;
}

interface Branch {
  handle: ClientHandle;
  final?: SipResponse;
}

/** RFC 3261 §16.6 step 11. */
const TIMER_C_MS = 180_000;

export class Forwarding {
  readonly #tx: ServerHandle;
  readonly #branches: Branch[] = [];
  readonly #invite: boolean;
  #pending = 0;
  #answered = false;
  #timerC: Timer | undefined;

  constructor(
    private readonly endpoint: SipEndpoint,
    private readonly clock: Clock,
    private readonly logger: Logger,
    tx: ServerHandle,
    private readonly onDone: () => void,
  ) {
    this.#tx = tx;
    this.#invite = tx.request.method === 'INVITE';
    tx.onCancel = () => this.#cancelPending();
  }

  /**
   * Ends with `onDone` when every branch has its final response.
   * @param targets at least one
   * @param prepare makes the copy for a branch ready: Record-Route and the like
   */
  start(targets: readonly ForwardTarget[], prepare: (copy: SipRequest, flow: Flow) => void): void {
    const { request } = this.#tx;
    if (this.#invite) this.#timerC = this.clock.after(TIMER_C_MS, () => this.#cancelPending());
    this.#pending = targets.length;
    for (const target of targets) {
      const copy = request.clone();
      copy.uri = target.uri.clone();
      copy.set('Max-Forwards', (request.maxForwards ?? 70) - 1);
      const branch: Partial<Branch> = {};
      branch.handle = this.endpoint.send(copy, {
        flow: target.flow?.open ? target.flow : undefined,
        beforeSend: prepare,
        onProvisional: (response) => this.#provisional(response),
        onFinal: (response) => this.#final(branch as Branch, response),
        onError: (error) => {
          this.logger.debug('a branch failed', { error, uri: copy.uri.toString() });
          const status = error.code === 'ERR_SIP_TIMEOUT' ? 408 : error.code === 'ERR_ABORTED' ? 487 : 503;
          this.#final(branch as Branch, SipResponse.for(request, status));
        },
      });
      this.#branches.push(branch as Branch);
    }
  }

  #provisional(response: SipResponse): void {
    // RFC 3261 §16.7 step 5: 100 is hop by hop.
    if (response.status === 100 || this.#answered) return;
    this.#timerC?.cancel();
    if (this.#invite) this.#timerC = this.clock.after(TIMER_C_MS, () => this.#cancelPending());
    this.#tx.respond(this.#upstream(response));
  }

  #final(branch: Branch, response: SipResponse): void {
    const repeated = branch.final !== undefined;
    branch.final = response;
    if (!repeated && --this.#pending === 0) this.onDone();
    if (response.status < 300) {
      // Every 2xx to an INVITE is passed on, the repeated ones as well (§16.7 step 5, §16.8).
      if (this.#invite || !this.#answered) this.#tx.respond(this.#upstream(response));
      if (!this.#answered) {
        this.#answered = true;
        this.#timerC?.cancel();
        this.#cancelPending();
      }
      return;
    }
    if (response.status >= 600) this.#cancelPending();
    if (this.#pending === 0 && !this.#answered) {
      this.#answered = true;
      this.#timerC?.cancel();
      this.#tx.respond(this.#best());
    }
  }

  /** RFC 3261 §16.7 step 6: a 6xx wins, else the lowest class, in 4xx those that tell the caller what to do. */
  #best(): SipResponse {
    const finals = this.#branches.flatMap(({ final }) => (final ? [final] : []));
    const rank = ({ status }: SipResponse): number => {
      if (status >= 600) return 0;
      const preferred = [401, 407, 415, 420, 484].includes(status) ? 0 : 0.5;
      return Math.floor(status / 100) + preferred + (status === 408 || status === 487 ? 0.25 : 0);
    };
    const best = finals.reduce((a, b) => (rank(b) < rank(a) ? b : a));
    const response = best.topVia ? this.#upstream(best) : best;
    if (best.status === 401 || best.status === 407) {
      // §16.7 step 7: all challenges are collected.
      const header = best.status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
      for (const other of finals) {
        if (other !== best && other.status === best.status)
          for (const value of other.getAll(header)) response.add(header, value);
      }
    }
    // §16.7 step 5: 503 is about us, not about the next hop.
    if (response.status === 503) response.status = 500;
    return response;
  }

  /** The response as our client gets it: without our own Via. */
  #upstream(response: SipResponse): SipResponse {
    if (response.vias.length <= this.#tx.request.vias.length) return response;
    const copy = response.clone();
    copy.removeFirstValue('Via');
    return copy;
  }

  #cancelPending(): void {
    for (const branch of this.#branches) if (!branch.final) branch.handle.cancel();
  }
}
