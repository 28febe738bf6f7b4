/**
 * The registrar of the embedded exchange (RFC 3261 §10.3): who is reachable where. Keeps bindings in memory, with a
 * lifetime each; the exchange asks it where a user is.
 */
import type { Clock } from '../base/clock.js';
import {
  type Flow,
  type NameAddr,
  type ServerHandle,
  type SipRequest,
  type SipResponse,
  SipUri,
} from '../sip/index.js';

export interface Binding {
  readonly contact: SipUri;
  /** The flow the REGISTER came by: over connections, and through NATs, requests go back on it. */
  readonly flow: Flow;
  readonly callId: string;
  readonly cseq: number;
  readonly instance?: string;
  /** On the clock's time line, ms. */
  readonly expiresAt: number;
}

export interface RegistrarOptions {
  clock: Clock;
  /** Seconds; shorter wishes get 423. Default 30. */
  minExpires?: number;
  /** Seconds; longer wishes are cut. Default 3600. */
  maxExpires?: number;
}

const MAX_BINDINGS = 10;
const DEFAULT_EXPIRES = 3600;

export class Registrar {
  readonly #clock: Clock;
  readonly #minExpires: number;
  readonly #maxExpires: number;
  readonly #bindings = new Map<string, Binding[]>();

  constructor(options: RegistrarOptions) {
    this.#clock = options.clock;
    this.#minExpires = options.minExpires ?? 30;
    this.#maxExpires = options.maxExpires ?? 3600;
  }

  /** Where `user` is now. */
  lookup(user: string): readonly Binding[] {
    const now = this.#clock.now();
    const all = this.#bindings.get(user);
    if (!all) return [];
    const alive = all.filter(
      (binding) => binding.expiresAt > now && (binding.flow.open || !binding.flow.reliable),
    );
    if (alive.length === 0) this.#bindings.delete(user);
    else if (alive.length !== all.length) this.#bindings.set(user, alive);
    return alive;
  }

  /** Users with a binding. */
  get users(): readonly string[] {
    return [...this.#bindings.keys()].filter((user) => this.lookup(user).length > 0);
  }

  /** Forgets all bindings, as a restart would. */
  clear(): void {
    this.#bindings.clear();
  }

  /** Answers a REGISTER of the authenticated `user`. */
  handle(request: SipRequest, tx: ServerHandle, user: string): void {
    const known = [...this.lookup(user)];
    if (request.contactWildcard) {
      // RFC 3261 §10.3 step 6
      if (request.expires !== 0) return void tx.reply(400, 'Wildcard needs Expires: 0');
      this.#bindings.delete(user);
      return this.#answer(tx, []);
    }
    let next = known;
    for (const contact of request.contacts) {
      if (!(contact.uri instanceof SipUri)) return void tx.reply(400, 'Contact is not a SIP URI');
      const seconds = this.#lifetime(request, contact);
      if (seconds > 0 && seconds < this.#minExpires) {
        return void tx.reply(423, undefined, (response) => response.set('Min-Expires', this.#minExpires));
      }
      const instance = contact.params.get('+sip.instance');
      const { uri } = contact;
      const previous = next.find((binding) => binding.contact.equals(uri));
      // RFC 3261 §10.3 step 7: an older request must not undo a newer one.
      if (previous && previous.callId === request.callId && request.cseq.seq <= previous.cseq) {
        return void tx.reply(500, 'CSeq out of order');
      }
      next = next.filter(
        (binding) =>
          !binding.contact.equals(uri) && !(seconds > 0 && instance && binding.instance === instance),
      );
      if (seconds > 0) {
        next.push({
          contact: uri,
          flow: tx.flow,
          callId: request.callId,
          cseq: request.cseq.seq,
          instance,
          expiresAt: this.#clock.now() + Math.min(seconds, this.#maxExpires) * 1000,
        });
      }
    }
    if (next.length > MAX_BINDINGS) return void tx.reply(403, 'Too many bindings');
    if (next.length > 0) this.#bindings.set(user, next);
    else this.#bindings.delete(user);
    this.#answer(tx, next);
  }

  #lifetime(request: SipRequest, contact: NameAddr): number {
    const own = contact.params.get('expires');
    const seconds = own === undefined ? (request.expires ?? DEFAULT_EXPIRES) : Number(own);
    return Number.isInteger(seconds) && seconds >= 0 ? seconds : DEFAULT_EXPIRES;
  }

  #answer(tx: ServerHandle, bindings: readonly Binding[]): void {
    const now = this.#clock.now();
    tx.reply(200, undefined, (response: SipResponse) => {
      for (const binding of bindings) {
        const left = Math.ceil((binding.expiresAt - now) / 1000);
        response.add('Contact', `<${binding.contact}>;expires=${left}`);
      }
      response.set('Date', new Date(this.#clock.wallTime()).toUTCString());
    });
  }
}
