/**
 * User agents and scripted peers on a fake network in virtual time. `world.end()` closes everything and checks that
 * nothing is left: no dialog, call, transaction, media session or timer.
 */
import { expect } from 'vitest';
import { VirtualClock } from '../../src/base/clock.js';
import { createDiagnostics } from '../../src/base/diagnostics.js';
import { createLogger, formatLogRecord, nullLogger } from '../../src/base/logger.js';
import { SeededRandom } from '../../src/base/random.js';
import {
  type Flow,
  SipEndpoint,
  type SipEndpointOptions,
  type SipMessage,
  SipRequest,
  SipResponse,
  type Target,
} from '../../src/sip/index.js';
import { FakeMediaEngine, type FakeMediaSession } from '../../src/testing/fake-media.js';
import { FakeNetwork, type FakeTransport } from '../../src/testing/fake-network.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import { type Call, UserAgent, type UserAgentOptions } from '../../src/ua/index.js';

/** 64*T1, timers D and the like are over. */
const TRANSACTIONS_OVER_MS = 70_000;

export interface Party {
  name: string;
  host: string;
  uri: string;
  agent: UserAgent;
  endpoint: SipEndpoint;
  transport: FakeTransport;
  resolver: FakeResolver;
  engine: FakeMediaEngine;
  /** Incoming calls in order. */
  calls: Call[];
}

export class UaWorld {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: FakeNetwork;
  readonly parties: Party[] = [];
  readonly peers: RawPeer[] = [];
  readonly #endpoints: SipEndpoint[] = [];
  readonly #names: Record<string, Target[]> = {};

  constructor(seed = 11) {
    this.random = new SeededRandom(seed);
    this.network = new FakeNetwork({ clock: this.clock, random: this.random, latencyMs: 5 });
  }

  /** Makes a host name known to all parties. */
  name(host: string, ...targets: Target[]): void {
    this.#names[host] = targets;
    for (const party of this.parties) party.resolver.table.set(host, targets);
  }

  run(ms: number): Promise<void> {
    return this.clock.run(ms);
  }

  async endpoint(
    host: string,
    options: Partial<SipEndpointOptions> = {},
  ): Promise<{
    endpoint: SipEndpoint;
    transport: FakeTransport;
    resolver: FakeResolver;
  }> {
    const transport = this.network.transport(host);
    const resolver = new FakeResolver(this.#names);
    const endpoint = new SipEndpoint({
      clock: this.clock,
      random: this.random,
      logger: logger(host),
      diagnostics: createDiagnostics(),
      transport,
      resolver,
      ...options,
    });
    await endpoint.listen({ protocol: 'udp', port: 5060 });
    await endpoint.listen({ protocol: 'tcp', port: 5060 });
    await endpoint.listen({ protocol: 'tls', port: 5061 });
    this.#endpoints.push(endpoint);
    return { endpoint, transport, resolver };
  }

  /** A user agent; incoming calls ring until the test does something about them. */
  async party(name: string, host: string, options: Partial<UserAgentOptions> = {}): Promise<Party> {
    const { endpoint, transport, resolver } = await this.endpoint(host);
    const engine = new FakeMediaEngine();
    const agent = new UserAgent({
      endpoint,
      engine,
      clock: this.clock,
      random: this.random,
      logger: logger(name),
      diagnostics: createDiagnostics(),
      userAgent: 'Switchhook',
      ...options,
    });
    const party: Party = {
      name,
      host,
      uri: `sip:${name}@${host}`,
      agent,
      endpoint,
      transport,
      resolver,
      engine,
      calls: [],
    };
    agent.on('incoming', (call) => party.calls.push(call));
    this.parties.push(party);
    return party;
  }

  /** Somebody who says what the test tells it to. */
  async peer(name: string, host: string): Promise<RawPeer> {
    const transport = this.network.transport(host);
    await transport.listen({ protocol: 'udp', port: 5060 });
    await transport.listen({ protocol: 'tcp', port: 5060 });
    const peer = new RawPeer(this, name, host, transport);
    this.peers.push(peer);
    return peer;
  }

  /** Alice calls Bob, who answers. */
  async call(alice: Party, bob: Party): Promise<{ out: Call; in: Call }> {
    const out = alice.agent.invite(bob.uri, { from: alice.uri });
    await this.run(30);
    const incoming = bob.calls.at(-1) as Call;
    const answered = incoming.answer();
    await this.run(50);
    await answered;
    expect(out.state).toBe('connected');
    return { out, in: incoming };
  }

  /** The start lines sent so far, lost ones included; `from` and `to` are hosts. */
  lines(from?: string, to?: string): string[] {
    return this.network.packets
      .filter((packet) => (!from || packet.from.host === from) && (!to || packet.to.host === to))
      .map(({ text }) => text.slice(0, text.indexOf('\r\n')));
  }

  /** Start lines in short: `INVITE`, `180`, `200 INVITE`. */
  flow(): string[] {
    return this.network.packets.map(({ text }) => short(text));
  }

  /** How many of those there were. */
  count(message: string): number {
    return this.flow().filter((one) => one === message).length;
  }

  /** Loses the next `times` messages of that short name. */
  loseNext(message: string, times = 1): void {
    let left = times;
    const before = this.network.lose;
    this.network.lose = (packet) => {
      if (left > 0 && short(packet.text) === message) {
        left--;
        return true;
      }
      return before(packet);
    };
  }

  /** Closes all parties and checks that nothing is left of anything. */
  async end(): Promise<void> {
    this.network.lose = () => false;
    this.network.lossRate = 0;
    this.network.unreachable.clear();
    const closing = Promise.all(this.parties.map(({ agent }) => agent.close()));
    await this.run(TRANSACTIONS_OVER_MS);
    await closing;
    for (const { agent, engine, endpoint } of this.parties) {
      expect(agent.counters).toEqual({ calls: 0, dialogs: 0, partings: 0, subscriptions: 0 });
      expect(engine.open.size).toBe(0);
      expect(endpoint.counters).toMatchObject({
        clientTransactions: 0,
        serverTransactions: 0,
        pendingRequests: 0,
      });
    }
    for (const endpoint of this.#endpoints) await endpoint.close();
    await this.run(1000);
    expect(this.clock.pending).toBe(0);
  }
}

/** `INVITE`, `180 INVITE`, … of a message. */
export function short(text: string): string {
  const line = text.slice(0, text.indexOf('\r\n'));
  if (!line.startsWith('SIP/2.0 ')) return line.slice(0, line.indexOf(' '));
  return `${line.slice(8, 11)} ${/^CSeq:\s*\d+\s+(\w+)/im.exec(text)?.[1]}`;
}

/** Set SIP_LOG=1 to see what goes on. */
function logger(name: string) {
  if (process.env.SIP_LOG !== '1') return nullLogger;
  return createLogger({ level: 'debug', sink: (record) => console.log(name, formatLogRecord(record)) });
}

export interface Received<T extends SipMessage> {
  message: T;
  flow: Flow;
}

/** A SIP device without a mind of its own: no transactions, no retransmissions, no automatic answers. */
export class RawPeer {
  readonly uri: string;
  readonly requests: Array<Received<SipRequest>> = [];
  readonly responses: SipResponse[] = [];
  /** Answers by itself, if set. */
  onRequest: (request: SipRequest, flow: Flow) => void = () => {};
  #branch = 0;

  constructor(
    readonly world: UaWorld,
    readonly name: string,
    readonly host: string,
    readonly transport: FakeTransport,
  ) {
    this.uri = `sip:${name}@${host}`;
    transport.onMessage = (message, flow) => {
      if (message instanceof SipRequest) {
        this.requests.push({ message, flow });
        this.onRequest(message, flow);
      } else if (message instanceof SipResponse) {
        this.responses.push(message);
      }
    };
  }

  /** The last request of that method. */
  last(method: string): SipRequest {
    const found = this.requests.filter(({ message }) => message.method === method).at(-1);
    if (!found) throw new Error(`${this.name} has received no ${method}`);
    return found.message;
  }

  count(method: string): number {
    return this.requests.filter(({ message }) => message.method === method).length;
  }

  /** The last response to that method. */
  answer(method: string): SipResponse {
    const found = this.responses.filter(({ cseq }) => cseq.method === method).at(-1);
    if (!found) throw new Error(`${this.name} has received no answer to ${method}`);
    return found;
  }

  /** Answers `request`; `sdp` becomes the body. */
  respond(
    request: SipRequest,
    status: number,
    options: { tag?: string; sdp?: string; contentType?: string; headers?: Record<string, string> } = {},
  ): SipResponse {
    const response = SipResponse.for(request, status);
    const { tag = this.name, sdp, contentType = 'application/sdp', headers = {} } = options;
    if (request.to.tag === undefined && status > 100) response.set('To', `${response.get('To')};tag=${tag}`);
    if (status < 300) response.set('Contact', `<${this.uri}>`);
    for (const [name, value] of Object.entries(headers)) response.set(name, value);
    if (sdp) response.setBody(sdp, contentType);
    this.send(response, this.requests.find(({ message }) => message === request)?.flow);
    return response;
  }

  send(message: SipMessage, flow: Flow | undefined): void {
    flow?.send(message.toBytes());
  }

  /** A request outside of or within a dialog, sent to `host` by UDP. */
  async request(
    method: string,
    to: Pick<Party, 'uri' | 'host'>,
    options: {
      callId?: string;
      cseq?: number;
      fromTag?: string;
      toTag?: string;
      sdp?: string;
      contentType?: string;
      headers?: Record<string, string>;
      branch?: string;
    } = {},
  ): Promise<SipRequest> {
    const { callId = `${this.name}-call`, cseq = 1, fromTag = this.name, toTag, sdp, headers = {} } = options;
    const { contentType = 'application/sdp' } = options;
    const branch = options.branch ?? `z9hG4bK-${this.name}-${++this.#branch}`;
    const request = new SipRequest(method, to.uri)
      .add('Via', `SIP/2.0/UDP ${this.host}:5060;branch=${branch};rport`)
      .add('Max-Forwards', 70)
      .add('From', `<${this.uri}>;tag=${fromTag}`)
      .add('To', `<${to.uri}>${toTag ? `;tag=${toTag}` : ''}`)
      .add('Call-ID', callId)
      .add('CSeq', `${cseq} ${method}`)
      .add('Contact', `<${this.uri}>`);
    for (const [name, value] of Object.entries(headers)) request.set(name, value);
    if (sdp) request.setBody(sdp, contentType);
    const flow = await this.transport.connect({ protocol: 'udp', host: to.host, port: 5060 });
    this.send(request, flow);
    return request;
  }
}

/** A session description of a peer with PCMU and telephone-events. */
export function sdp(
  options: { host?: string; port?: number; version?: number; direction?: string; codec?: string } = {},
): string {
  const { host = '10.0.0.9', port = 40_000, version = 1, direction = 'sendrecv', codec = '0' } = options;
  return [
    'v=0',
    `o=peer 77 ${version} IN IP4 10.0.0.9`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${codec} 101`,
    ...(codec === '0' ? ['a=rtpmap:0 PCMU/8000'] : [`a=rtpmap:${codec} NOBODY-HAS/8000`]),
    'a=rtpmap:101 telephone-event/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** The media session of a party's only call. */
export function mediaOf(party: Party): FakeMediaSession {
  const [session] = party.engine.open;
  if (!session) throw new Error(`${party.name} has no media session`);
  return session;
}
