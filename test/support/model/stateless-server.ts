/**
 * A registrar and stateless proxy (RFC 3261 §16.11) for worlds in virtual time: no retransmissions, no answers of its
 * own but to REGISTER and to calls for nobody, so that what a lossy network does to the phones shows end to end.
 */
import { createHash } from 'node:crypto';
import { type Flow, type SipMessage, SipRequest, SipResponse, SipUri } from '../../../src/sip/index.js';
import type { FakeNetwork, FakeTransport } from '../../../src/testing/fake-network.js';

export class StatelessServer {
  readonly #transport: FakeTransport;
  readonly #bindings = new Map<string, SipUri>();
  /** Where the response to what was forwarded with that branch goes. */
  readonly #backwards = new Map<string, Flow>();

  constructor(
    network: FakeNetwork,
    readonly host: string,
  ) {
    this.#transport = network.transport(host);
    this.#transport.onMessage = (message, flow) => void this.#onMessage(message, flow).catch(() => {});
  }

  async start(): Promise<void> {
    for (const protocol of ['udp', 'tcp'] as const) await this.#transport.listen({ protocol, port: 5060 });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #onMessage(message: SipMessage, flow: Flow): Promise<void> {
    if (message instanceof SipRequest) {
      if (message.method === 'REGISTER') flow.send(this.#register(message).toBytes());
      else await this.#forward(message, flow);
    } else if (message instanceof SipResponse) {
      const back = this.#backwards.get(message.topVia?.branch ?? '');
      message.removeFirstValue('Via');
      back?.send(message.toBytes());
    }
  }

  #register(request: SipRequest): SipResponse {
    const user = userOf(request.to.uri);
    const response = SipResponse.for(request, 200);
    for (const contact of request.contacts) {
      const expires = Number(contact.params.get('expires') ?? request.expires ?? 3600);
      if (expires > 0 && contact.uri instanceof SipUri) this.#bindings.set(user, contact.uri);
      else this.#bindings.delete(user);
      if (expires > 0) response.add('Contact', `<${contact.uri}>;expires=${expires}`);
    }
    if (request.to.tag === undefined) response.set('To', `${response.get('To')};tag=server`);
    return response;
  }

  async #forward(request: SipRequest, flow: Flow): Promise<void> {
    const { uri } = request;
    const route = request.routes[0]?.uri;
    if (route instanceof SipUri && route.host === this.host) request.removeFirstValue('Route');
    const target =
      uri instanceof SipUri && uri.host === this.host ? this.#bindings.get(userOf(uri)) : (uri as SipUri);
    if (!target) {
      if (request.method !== 'ACK') flow.send(SipResponse.for(request, 404).toBytes());
      return;
    }
    request.uri = target;
    const protocol = target.transport === 'tcp' ? 'tcp' : 'udp';
    const out = await this.#transport.connect({ protocol, host: target.host, port: target.port ?? 5060 });
    const branch = `z9hG4bK${createHash('sha256').update(`${request.topVia?.branch} ${target}`).digest('hex')}`;
    this.#backwards.set(branch, flow);
    request.prepend('Via', `SIP/2.0/${protocol.toUpperCase()} ${out.sentBy};branch=${branch}`);
    out.send(request.toBytes());
  }
}

function userOf(uri: unknown): string {
  return uri instanceof SipUri ? (uri.user ?? '') : '';
}
