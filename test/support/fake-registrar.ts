/** A registrar for tests, on a {@link UaWorld}: digest, smallest interval, and answers out of turn. */
import {
  DigestServer,
  type ServerHandle,
  type SipEndpoint,
  type SipRequest,
  type SipResponse,
} from '../../src/sip/index.js';
import type { FakeTransport } from '../../src/testing/fake-network.js';
import type { UaWorld } from './ua-harness.js';

export interface Binding {
  contact: string;
  expires: number;
}

/** The server has seen the request come from there. */
export function behindNat(response: SipResponse, host: string, port: number): void {
  const via = response.get('Via') ?? '';
  response.set('Via', `${via.replace(/;(rport|received)=[^;]*/g, '')};rport=${port};received=${host}`);
}

export class FakeRegistrar {
  readonly requests: SipRequest[] = [];
  /** When each REGISTER came, ms. */
  readonly times: number[] = [];
  /** Other requests: OPTIONS, INVITE … */
  readonly others: Array<{ request: SipRequest; tx: ServerHandle }> = [];
  readonly bindings = new Map<string, Binding>();
  /** Statuses for the next REGISTERs instead of what they deserve; 0 = no answer. */
  script: Array<number | { status: number; headers: Record<string, string> }> = [];
  password: string | undefined;
  answersOptions = true;
  minExpires = 0;
  /** The longest lifetime given. */
  maxExpires = 3600;
  decorate: (response: SipResponse) => void = () => {};
  readonly #digest: DigestServer;

  private constructor(
    readonly world: UaWorld,
    readonly endpoint: SipEndpoint,
    readonly transport: FakeTransport,
  ) {
    this.#digest = new DigestServer({
      realm: 'example.com',
      random: world.random,
      clock: world.clock,
      lookup: () => (this.password === undefined ? undefined : { password: this.password }),
    });
    endpoint.onRequest = (request, tx) => {
      if (request.method === 'REGISTER') this.#register(request, tx);
      else {
        this.others.push({ request, tx });
        if (request.method === 'OPTIONS' && this.answersOptions) tx.reply(200);
      }
    };
  }

  static async start(world: UaWorld, host: string): Promise<FakeRegistrar> {
    const { endpoint, transport } = await world.endpoint(host);
    return new FakeRegistrar(world, endpoint, transport);
  }

  /** Asks for the password: of a response to any request. */
  challenge(response: SipResponse): void {
    this.#digest.challenge(response, false);
  }

  /** The request has the right one. */
  verifies(request: SipRequest): boolean {
    return this.#digest.verify(request, false).ok;
  }

  get last(): SipRequest {
    const request = this.requests.at(-1);
    if (!request) throw new Error('no REGISTER has come');
    return request;
  }

  #register(request: SipRequest, tx: ServerHandle): void {
    this.requests.push(request);
    this.times.push(this.world.clock.now());
    const scripted = this.script.shift();
    if (scripted === 0) return;
    if (scripted !== undefined) {
      const { status, headers } = typeof scripted === 'number' ? { status: scripted, headers: {} } : scripted;
      tx.reply(status, undefined, (response) => {
        for (const [name, value] of Object.entries(headers)) response.set(name, value);
      });
      return;
    }
    if (this.password !== undefined) {
      const verdict = this.#digest.verify(request, false);
      if (!verdict.ok) {
        tx.reply(401, undefined, (response) => this.#digest.challenge(response, verdict.stale));
        return;
      }
    }
    const asked = request.expires ?? 3600;
    if (asked > 0 && asked < this.minExpires) {
      tx.reply(423, undefined, (response) => response.set('Min-Expires', this.minExpires));
      return;
    }
    for (const contact of request.contacts) {
      const expires = Math.min(Number(contact.params.get('expires') ?? asked), this.maxExpires);
      const uri = contact.uri.toString();
      if (expires > 0) this.bindings.set(uri, { contact: contact.toString(), expires });
      else this.bindings.delete(uri);
    }
    tx.reply(200, undefined, (response) => {
      for (const [uri, { expires }] of this.bindings) response.add('Contact', `<${uri}>;expires=${expires}`);
      this.decorate(response);
    });
  }
}
