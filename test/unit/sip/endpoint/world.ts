/** Two or more endpoints on a fake network in virtual time, for the tests of this folder. */
import { VirtualClock } from '../../../../src/base/clock.js';
import { createDiagnostics } from '../../../../src/base/diagnostics.js';
import type { SwitchhookError } from '../../../../src/base/errors.js';
import { nullLogger } from '../../../../src/base/logger.js';
import { SeededRandom } from '../../../../src/base/random.js';
import {
  type ClientHandle,
  Dialog,
  type SendOptions,
  type ServerHandle,
  SipEndpoint,
  type SipEndpointOptions,
  SipRequest,
  type SipResponse,
} from '../../../../src/sip/index.js';
import { FakeNetwork, type FakeTransport } from '../../../../src/testing/fake-network.js';
import { FakeResolver } from '../../../../src/testing/fake-resolver.js';

export interface Host {
  endpoint: SipEndpoint;
  transport: FakeTransport;
  resolver: FakeResolver;
  /** Requests handed to the user, in order. */
  requests: SipRequest[];
  handles: ServerHandle[];
  acks: SipRequest[];
}

export class World {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly network = new FakeNetwork({ clock: this.clock, random: this.random, latencyMs: 10 });

  async host(address: string, options: Partial<SipEndpointOptions> = {}, tcp = true): Promise<Host> {
    const transport = this.network.transport(address);
    const resolver = new FakeResolver();
    const endpoint = new SipEndpoint({
      clock: this.clock,
      random: this.random,
      logger: nullLogger,
      diagnostics: createDiagnostics(),
      transport,
      resolver,
      ...options,
    });
    const host: Host = { endpoint, transport, resolver, requests: [], handles: [], acks: [] };
    endpoint.onRequest = (request, handle) => {
      host.requests.push(request);
      host.handles.push(handle);
    };
    endpoint.onAck = (ack) => host.acks.push(ack);
    await endpoint.listen({ protocol: 'udp', port: 5060 });
    if (tcp) await endpoint.listen({ protocol: 'tcp', port: 5060 });
    return host;
  }

  /** How many messages whose start line begins so were sent. */
  count(start: string): number {
    return this.network.startLines().filter((line) => line.startsWith(start)).length;
  }
}

let callNumber = 0;

export function newRequest(method: string, uri: string, body = ''): SipRequest {
  const request = new SipRequest(method, uri)
    .add('From', '<sip:alice@a.example>;tag=alice')
    .add('To', '<sip:bob@b.example>')
    .add('Call-ID', `call-${++callNumber}`)
    .add('CSeq', `1 ${method}`)
    .add('Contact', '<sip:alice@10.0.0.1:5060>');
  if (body !== '') request.setBody(body, 'text/plain');
  return request;
}

/** Sends and notes all that comes back. */
export class Sent {
  readonly provisional: SipResponse[] = [];
  readonly finals: SipResponse[] = [];
  readonly errors: SwitchhookError[] = [];
  readonly handle: ClientHandle;

  constructor(from: Host, request: SipRequest, options: Partial<SendOptions> = {}) {
    this.handle = from.endpoint.send(request, {
      onProvisional: (response) => this.provisional.push(response),
      onFinal: (response) => this.finals.push(response),
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  get statuses(): number[] {
    return this.finals.map(({ status }) => status);
  }

  get codes(): string[] {
    return this.errors.map(({ code }) => code);
  }

  /** Acknowledges the n-th 2xx. */
  ack(from: Host, n = 0): { dialog: Dialog; ack: SipRequest } {
    const dialog = Dialog.fromResponse(this.handle.request, this.finals[n]);
    const ack = dialog.createAck(this.handle.request.cseq.seq);
    from.endpoint.sendAck(ack);
    return { dialog, ack };
  }
}

/** A 200 with a Contact. */
export function accept(handle: ServerHandle, contact = '<sip:bob@10.0.0.2:5060>'): SipResponse {
  return handle.reply(200, undefined, (response) => response.set('Contact', contact));
}
