import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { sdp, UaWorld } from '../../support/ua-harness.js';

/** What no peer writes in good faith: none of it may end in an exception, a stuck call or a missing answer. */
const BROKEN: Array<Record<string, string>> = [
  { 'Session-Expires': 'soon' },
  { 'Min-SE': '-' },
  { Allow: '"' },
  { Supported: ',,;' },
  { Require: '"' },
  { RSeq: 'x' },
  { Contact: '<sip:' },
  { 'Record-Route': '<' },
  { Reason: '=;' },
  { 'Content-Type': '/' },
  { 'Retry-After': 'later' },
  { Expires: 'never' },
  { 'Min-Expires': '?' },
  { 'Flow-Timer': '?' },
  { 'Service-Route': '<<' },
  { 'WWW-Authenticate': 'Digest' },
  { 'Content-Disposition': ';' },
  { 'Content-Encoding': '' },
  { Warning: 'x' },
];

const rejections: unknown[] = [];
const note = (error: unknown): void => void rejections.push(error);

beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(rejections).toEqual([]);
});

describe.each(BROKEN)('a broken header %j', (headers) => {
  it.each([183, 200, 302, 422])('in a %d to INVITE', async (status) => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, status, { sdp: sdp(), headers });
      else if (request.method !== 'ACK') peer.respond(request, 200);
    };
    const out = alice.agent.invite(peer.uri, { from: alice.uri, ringTimeout: 5 });
    const answered = outcome(out.answered());
    await world.run(100);
    if (status >= 200) {
      expect(answered.text).not.toBe('pending');
      expect(peer.count('ACK')).toBeGreaterThan(0);
    }
    await world.end();
  });

  it('in an INVITE', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp(), headers });
    await world.run(20);
    for (const call of bob.calls) outcome(call.answer());
    await world.run(20);
    const status = peer.answer('INVITE').status;
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).not.toBe(500);
    peer.onRequest = (request) => void peer.respond(request, 200);
    await world.end();
  });

  it.each(['INVITE', 'UPDATE', 'INFO', 'BYE'])(
    'in a %s within a call, and in the answer to ours',
    async (method) => {
      const world = new UaWorld();
      const bob = await world.party('bob', '10.0.0.2');
      const peer = await world.peer('carol', '10.0.0.9');
      await peer.request('INVITE', bob, { sdp: sdp() });
      await world.run(20);
      const [call] = bob.calls;
      void call.answer();
      await world.run(20);
      const toTag = peer.answer('INVITE').to.tag;
      await peer.request('ACK', bob, { toTag });
      await world.run(20);
      expect(call.state).toBe('connected');
      peer.onRequest = (request) => {
        if (request.method !== 'ACK') peer.respond(request, 200, { sdp: sdp(), headers });
      };
      const held = outcome(call.hold());
      await world.run(50);
      expect(held.text).not.toBe('pending');
      const before = peer.responses.length;
      await peer.request(method, bob, {
        toTag,
        cseq: 2,
        sdp: method === 'BYE' ? undefined : sdp({ version: 2 }),
        headers,
      });
      await world.run(50);
      expect(peer.responses.length).toBeGreaterThan(before);
      expect(peer.responses.at(-1)?.status).not.toBe(500);
      await world.end();
    },
  );

  it.each([200, 423])('in a %d to REGISTER', async (status) => {
    const world = new UaWorld();
    const registrar = await FakeRegistrar.start(world, '10.0.0.100');
    registrar.script = [{ status, headers }];
    const alice = await world.party('alice', '10.0.0.1');
    const registration = alice.agent.addAccount({ aor: 'sip:alice@10.0.0.100', password: 'x' });
    const registered = outcome(registration.register());
    await world.run(100);
    expect(registered.text).not.toBe('pending');
    if (status === 200) expect(registration.state).toBe('registered');
    await world.end();
  });
});
