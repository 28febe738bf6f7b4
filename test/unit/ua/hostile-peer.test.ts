/**
 * A peer that says anything at any time, in and out of order, well-formed or not: nothing breaks, nothing is left. Each run is
 * decided by its seed.
 */
import { describe, expect, it } from 'vitest';
import { createLogger, formatLogRecord } from '../../../src/base/logger.js';
import { SeededRandom } from '../../../src/base/random.js';
import type { SipRequest } from '../../../src/sip/index.js';
import type { Call } from '../../../src/ua/index.js';
import type { TransferRequestPolicy } from '../../../src/ua/transfer/transfer-types.js';
import { eachSeed, seeds } from '../../support/seeds.js';
import { type Party, type RawPeer, sdp, UaWorld } from '../../support/ua-harness.js';

const STEPS = 40;
const STATUSES = [
  100, 180, 180, 181, 183, 183, 199, 200, 200, 200, 202, 300, 302, 401, 404, 405, 407, 408, 415, 420, 422,
  480, 481, 486, 487, 488, 491, 500, 501, 503, 600, 606, 699,
];
const METHODS = [
  'INVITE',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'UPDATE',
  'UPDATE',
  'PRACK',
  'INFO',
  'OPTIONS',
  'MESSAGE',
  'REFER',
  'NOTIFY',
  'SUBSCRIBE',
  'X-NEW',
];
const TAGS = ['one', 'two', 'three'];
const BODIES = [
  sdp(),
  sdp({ version: 2, port: 41_000 }),
  sdp({ direction: 'sendonly' }),
  sdp({ direction: 'inactive', host: '0.0.0.0' }),
  sdp({ codec: '97' }),
  sdp({ port: 0 }),
  sdp().replace('m=audio', 'm=video'),
  'nonsense',
  '',
  '',
];
const HEADERS: ReadonlyArray<Record<string, string>> = [
  {},
  {},
  {},
  { Require: '100rel', RSeq: '1' },
  { Require: '100rel', RSeq: '2' },
  { Require: '100rel', RSeq: 'x' },
  { 'Retry-After': '1' },
  { 'Retry-After': 'soon' },
  { 'Min-SE': '1000' },
  { 'Session-Expires': '90;refresher=uac', Supported: 'timer' },
  { 'Session-Expires': '100;refresher=uas', Require: 'timer' },
  { 'Session-Expires': 'x' },
  { Contact: '<sip:carol@10.0.0.9>;q=0.1' },
  { Contact: '<<' },
  { Contact: '*' },
  { 'Record-Route': '<sip:10.0.0.9;lr>' },
  { 'Record-Route': ',' },
  { Supported: '100rel, timer' },
  { Allow: 'UPDATE, INVITE' },
  { Allow: '' },
  { 'Content-Type': 'application/sdp' },
  { 'Content-Type': 'multipart/mixed;boundary=x' },
  { 'Content-Encoding': 'gzip' },
  { 'Proxy-Authenticate': 'Digest realm="x", nonce="n", qop="auth"' },
  { 'WWW-Authenticate': 'Digest realm="y", nonce="m", stale=true' },
  { Reason: 'SIP;cause=200' },
  { Reason: '"' },
  { RAck: '1 1 INVITE' },
  { 'Refer-To': '<sip:dave@10.0.0.77>' },
  { 'Refer-To': '<sip:dave@10.0.0.77?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>' },
  { Event: 'refer', 'Subscription-State': 'terminated' },
  { Replaces: 'x;to-tag=a;from-tag=b' },
  { Expires: '1' },
];

class Chaos {
  readonly random: SeededRandom;
  #cseq = 1;

  constructor(
    readonly seed: number,
    readonly world: UaWorld,
    readonly alice: Party,
    readonly peer: RawPeer,
  ) {
    this.random = new SeededRandom(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random.float() * list.length)];
  }

  get #message(): { sdp: string | undefined; headers: Record<string, string> } {
    return { sdp: this.pick(BODIES) || undefined, headers: { ...this.pick(HEADERS), ...this.pick(HEADERS) } };
  }

  /** Any answer to any request of alice's that has come. */
  respond(): void {
    const { requests } = this.peer;
    if (requests.length === 0) return;
    const { message } = this.random.float() < 0.6 ? requests[requests.length - 1] : this.pick(requests);
    if (message.method === 'ACK') return;
    // A sound one now and then, or hardly any call would come about.
    if (this.random.float() < 0.3) this.peer.respond(message, 200, { tag: 'one', sdp: sdp() });
    else this.peer.respond(message, this.pick(STATUSES), { tag: this.pick(TAGS), ...this.#message });
  }

  /** Any request, mostly within a dialog alice knows. */
  async ask(): Promise<void> {
    const invites = this.peer.requests.filter(({ message }) => message.method === 'INVITE');
    const { message: invite } = invites.length > 0 ? this.pick(invites.slice(-3)) : { message: undefined };
    const callId = this.pick(['first', 'second', 'third']);
    const answer = this.peer.responses.findLast((one) => one.callId === callId && one.to.tag !== undefined);
    const ids =
      invite && this.random.float() < 0.5
        ? { callId: invite.callId, toTag: invite.from.tag, fromTag: this.pick(TAGS) }
        : { callId, toTag: this.random.float() < 0.8 ? answer?.to.tag : undefined, fromTag: 'carol' };
    if (this.random.float() < 0.2 && answer && answer.status < 300) {
      const { seq } = answer.cseq;
      await this.peer.request('ACK', this.alice, {
        callId,
        toTag: answer.to.tag,
        fromTag: 'carol',
        cseq: seq,
      });
      return;
    }
    const branch = this.random.float() < 0.2 ? 'z9hG4bK-same' : undefined;
    await this.peer.request(this.pick(METHODS), this.alice, {
      ...ids,
      branch,
      cseq: this.random.float() < 0.7 ? ++this.#cseq : Math.floor(this.random.float() * this.#cseq),
      ...this.#message,
    });
  }

  /** Anything alice's user may do. */
  act(): void {
    const calls = this.alice.agent.calls;
    const { agent, uri: from } = this.alice;
    const other = this.random.float();
    if (other < 0.05)
      return void agent.connectParties(this.peer.uri, this.peer.uri, { from, ringTimeout: 20 });
    if (other < 0.1) return void agent.subscribe(this.peer.uri, { event: 'presence', from, expires: 100 });
    if (other < 0.13) return this.alice.transport.breakConnections();
    if (calls.length === 0) {
      const account = this.random.float() < 0.5 ? agent.registrations[0]?.account : undefined;
      agent.invite(this.random.float() < 0.2 ? `${this.peer.uri};transport=tcp` : this.peer.uri, {
        from,
        account,
        offerless: this.random.float() < 0.3,
        ringTimeout: 20,
      });
      return;
    }
    const call = this.pick(calls);
    const ignore = (): void => {};
    const actions: ReadonlyArray<(call: Call) => unknown> = [
      (one) => one.hangup(),
      (one) => one.answer().catch(ignore),
      (one) => one.ring().catch(ignore),
      (one) => one.progress().catch(ignore),
      (one) => one.hold().catch(ignore),
      (one) => one.hold({ method: 'update' }).catch(ignore),
      (one) => one.resume().catch(ignore),
      (one) => one.info('text/plain', 'x').catch(ignore),
      (one) => one.request('MESSAGE').catch(ignore),
      (one) => one.transferTo('sip:dave@10.0.0.78', { kind: 'refer' }).catch(ignore),
      (one) => one.direction === 'incoming' && one.state === 'ringing' && one.reject(486),
    ];
    this.pick(actions)(call);
  }

  async run(): Promise<void> {
    for (let i = 0; i < STEPS; i++) {
      const dice = this.random.float();
      if (dice < 0.4) this.respond();
      else if (dice < 0.7) await this.ask();
      else this.act();
      await this.world.run(this.pick([1, 5, 20, 20, 200, 1000, 5000]));
    }
  }
}

async function chaos(seed: number): Promise<{ errors: string[]; connected: number }> {
  const world = new UaWorld(seed);
  const errors: string[] = [];
  const logger = createLogger({
    level: 'error',
    sink: (record) => errors.push(`seed ${seed}: ${formatLogRecord(record)}`),
  });
  const choose = <T>(...list: T[]): T => list[seed % list.length];
  const alice = await world.party('alice', '10.0.0.1', {
    logger,
    reliableProvisionals: choose('supported', 'required', 'off'),
    sessionExpires: choose(1800, 90, 0, 200),
    policies: {
      disconnection: choose('rfc', 'bye-early', 'twice', 'quick', 'rfc'),
      callRequests: choose<TransferRequestPolicy>({ refuse: 403 }, 'accept'),
      joins: choose('refuse', 'offer'),
    },
    media: { srtp: choose('off', 'off', 'optional') },
  });
  let connected = 0;
  alice.agent.on('callStarted', (call) => call.on('connected', () => connected++));
  alice.agent.addAccount({ aor: 'sip:alice@10.0.0.9', password: 'secret' });
  if (seed % 4 === 0) Object.assign(world.network, { lossRate: 0.1, duplicateRate: 0.1, jitterMs: 30 });
  const peer = await world.peer('carol', '10.0.0.9');
  await new Chaos(seed, world, alice, peer).run();
  // From now on it behaves, so that what is left could be said.
  peer.onRequest = (request: SipRequest) => {
    if (request.method !== 'INVITE' && request.method !== 'ACK') peer.respond(request, 200);
    if (request.method === 'INVITE') peer.respond(request, 486);
  };
  await world.end();
  return { errors, connected };
}

describe('a peer that says anything at any time', () => {
  it('breaks nothing, and nothing is left', async () => {
    const runs = await eachSeed(seeds(60), chaos);
    expect(runs.flatMap(({ errors }) => errors)).toEqual([]);
    const connected = runs.reduce((sum, run) => sum + run.connected, 0);
    // Enough of it got as far as a call.
    expect(connected).toBeGreaterThan(runs.length / 2);
  });
});
