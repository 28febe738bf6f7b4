import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { type Party, sdp, UaWorld } from '../../support/ua-harness.js';

async function pair(): Promise<{ world: UaWorld; alice: Party; bob: Party }> {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const bob = await world.party('bob', '10.0.0.2');
  return { world, alice, bob };
}

async function ringing(): Promise<{ world: UaWorld; alice: Party; bob: Party; out: Call; incoming: Call }> {
  const set = await pair();
  const out = set.alice.agent.invite(set.bob.uri, { from: set.alice.uri });
  await set.world.run(30);
  expect(out.state).toBe('ringing');
  return { ...set, out, incoming: set.bob.calls[0] };
}

describe('CANCEL and 200', () => {
  it('CANCEL first: 487, both ends cancelled', async () => {
    const { world, out, incoming } = await ringing();
    const answered = outcome(out.answered());
    const record = out.hangup({ reason: 'changed my mind' });
    await world.run(50);
    expect((await record).end).toMatchObject({ by: 'local', status: 487 });
    expect(answered.text).toBe('ERR_CALL_CANCELLED');
    expect(incoming.end).toMatchObject({ by: 'remote', status: 487, reason: 'changed my mind', q850: 16 });
    expect(world.flow().slice(2)).toEqual(['CANCEL', '200 CANCEL', '487 INVITE', 'ACK']);
    await world.end();
  });

  it('crossing on the wire: the 200 gets ACK and BYE, nobody stays in the call', async () => {
    const { world, out, incoming } = await ringing();
    const answer = outcome(incoming.answer());
    void out.hangup();
    await world.run(200);
    expect(world.count('CANCEL')).toBe(1);
    expect(world.count('ACK')).toBeGreaterThanOrEqual(1);
    expect(world.count('BYE')).toBe(1);
    expect(answer.text).toBe('done');
    expect(incoming.end?.by).toBe('remote');
    expect(out.end).toMatchObject({ by: 'local', status: 487 });
    await world.end();
  });

  it('CANCEL overtaken: the 200 arrives while the CANCEL waits for its first provisional response', async () => {
    const { world, alice, bob } = await pair();
    bob.agent.on('incoming', (call) => void call.answer().catch(() => {}));
    const out = alice.agent.invite(bob.uri, { from: alice.uri });
    await world.run(2);
    void out.hangup();
    await world.run(300);
    expect(world.count('CANCEL')).toBe(0);
    expect(world.count('BYE')).toBe(1);
    expect(bob.calls[0].end?.by).toBe('remote');
    await world.end();
  });

  it('CANCEL for an answered call changes nothing but gets its 200', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp(), branch: 'z9hG4bK-1' });
    await world.run(20);
    void bob.calls[0].answer().catch(() => {});
    await world.run(20);
    await peer.request('CANCEL', bob, { branch: 'z9hG4bK-1' });
    await world.run(20);
    expect(peer.answer('CANCEL').status).toBe(200);
    expect(bob.calls[0].state).toBe('connecting');
    await world.end();
  });

  it('the callee rejects while the CANCEL is on its way', async () => {
    const { world, out, incoming } = await ringing();
    incoming.reject(486);
    void out.hangup();
    await world.run(200);
    expect(incoming.end).toMatchObject({ by: 'local', status: 486 });
    expect(out.end).toMatchObject({ by: 'local', status: 487 });
    await world.end();
  });

  it('the caller hangs up before anything was sent', async () => {
    const { world, alice, bob } = await pair();
    const out = alice.agent.invite(bob.uri, { from: alice.uri });
    const record = out.hangup();
    await world.run(100);
    expect((await record).end.status).toBe(487);
    expect(bob.calls).toHaveLength(0);
    expect(world.flow()).toEqual([]);
    await world.end();
  });

  it('nobody answers the INVITE: the cancelled call is over at once, its transaction after 64*T1', async () => {
    const { world, alice } = await pair();
    const out = alice.agent.invite('sip:nobody@10.0.0.77', { from: alice.uri });
    await world.run(100);
    const ended = outcome(out.hangup());
    await world.run(10);
    expect(ended.text).toBe('done');
    expect(alice.agent.counters.partings).toBe(1);
    await world.run(33_000);
    expect(alice.agent.counters.partings).toBe(0);
    await world.end();
  });
});

describe('hanging up', () => {
  it('while connecting waits for the ACK and then sends BYE', async () => {
    const { world, out, incoming } = await ringing();
    world.loseNext('ACK', 2);
    const answer = outcome(incoming.answer());
    await world.run(20);
    expect(incoming.state).toBe('connecting');
    const record = incoming.hangup();
    await world.run(200);
    expect(world.count('BYE')).toBe(0);
    await world.run(4_000);
    expect(world.count('BYE')).toBe(1);
    expect((await record).end).toMatchObject({ by: 'local', status: 200 });
    expect(answer.text).toBe('ERR_CALL_ENDED');
    expect(out.end?.by).toBe('remote');
    await world.end();
  });

  it('while connecting, when the ACK never comes, ends with BYE after 64*T1', async () => {
    const { world, incoming } = await ringing();
    world.network.lose = ({ text }) => text.startsWith('ACK');
    const answer = outcome(incoming.answer());
    await world.run(20);
    const record = incoming.hangup();
    await world.run(33_000);
    expect((await record).end).toMatchObject({ by: 'local', status: 200 });
    expect(world.count('BYE')).toBe(1);
    expect(answer.text).toBe('ERR_CALL_ENDED');
    await world.end();
  });

  it('in the moment of answering, before the 200 is out', async () => {
    const { world, out, incoming } = await ringing();
    const answer = outcome(incoming.answer());
    const record = incoming.hangup();
    await world.run(100);
    expect((await record).end.by).toBe('local');
    expect(answer.text).toMatch(/^ERR_CALL_ENDED/);
    expect(world.count('200 INVITE')).toBe(0);
    expect(out.end).toMatchObject({ by: 'remote', status: 603 });
    await world.end();
  });

  it('while the 200 is being settled sends ACK and BYE', async () => {
    const { world, out, incoming } = await ringing();
    void incoming.answer().catch(() => {});
    let hungUp = false;
    // The media session is configured between the 200 and the ACK.
    for (const session of world.parties[0].engine.open) {
      const configure = session.configure.bind(session);
      session.configure = async (config) => {
        await configure(config);
        hungUp = true;
        void out.hangup();
      };
    }
    await world.run(200);
    expect(hungUp).toBe(true);
    expect(world.count('ACK')).toBe(1);
    expect(world.count('BYE')).toBe(1);
    expect(out.end?.by).toBe('local');
    expect(incoming.end?.by).toBe('remote');
    await world.end();
  });

  it('by both at once: each BYE gets 200', async () => {
    const { world, alice, bob } = await pair();
    const { out, in: incoming } = await world.call(alice, bob);
    void out.hangup();
    void incoming.hangup();
    await world.run(100);
    expect(world.count('BYE')).toBe(2);
    expect(world.count('200 BYE')).toBe(2);
    expect([out.end?.by, incoming.end?.by]).toEqual(['local', 'local']);
    await world.end();
  });

  it('with the 200 to BYE lost is repeated until it is answered', async () => {
    const { world, alice, bob } = await pair();
    const { out } = await world.call(alice, bob);
    world.loseNext('200 BYE', 2);
    void out.hangup();
    await world.run(5_000);
    expect(world.count('BYE')).toBe(3);
    expect(alice.agent.counters).toMatchObject({ calls: 0, dialogs: 0, partings: 0 });
    await world.end();
  });

  it('crosses a re-INVITE: the BYE wins, the re-INVITE ends with an error, no media stays', async () => {
    const { world, alice, bob } = await pair();
    const { out, in: incoming } = await world.call(alice, bob);
    const held = outcome(out.hold());
    void incoming.hangup();
    await world.run(200);
    expect(held.text).toBe('ERR_CALL_ENDED');
    expect(out.end?.by).toBe('remote');
    expect(incoming.end?.by).toBe('local');
    expect(world.count('481 INVITE')).toBe(1);
    await world.end();
  });

  it('in the middle of our own re-INVITE', async () => {
    const { world, alice, bob } = await pair();
    const { out, in: incoming } = await world.call(alice, bob);
    const held = outcome(out.hold());
    await world.run(2);
    void out.hangup();
    await world.run(200);
    expect(held.text).toBe('ERR_CALL_ENDED');
    expect(incoming.end?.by).toBe('remote');
    // The 200 to the re-INVITE gets its ACK all the same.
    expect(world.count('200 INVITE')).toBe(2);
    expect(world.count('ACK')).toBeGreaterThanOrEqual(2);
    await world.end();
  });

  it('in the middle of the peer’s re-INVITE answers that with 487', async () => {
    const { world, alice, bob } = await pair();
    const { out, in: incoming } = await world.call(alice, bob);
    for (const session of bob.engine.open) {
      const configure = session.configure.bind(session);
      session.configure = async (config) => {
        void incoming.hangup();
        await configure(config);
      };
    }
    const held = outcome(out.hold());
    await world.run(200);
    expect(world.count('487 INVITE')).toBe(1);
    expect(held.text).toMatch(/^ERR_CALL/);
    expect(out.end?.by).toBe('remote');
    await world.end();
  });

  it('a second BYE of the peer and stray requests find no dialog', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('BYE', bob, { toTag: 'nobody', cseq: 5 });
    await world.run(20);
    expect(peer.answer('BYE').status).toBe(481);
    await world.end();
  });
});

describe('lost messages', () => {
  it('a lost 200 is repeated, and so is its lost ACK', async () => {
    const { world, incoming } = await ringing();
    world.loseNext('200 INVITE', 1);
    world.loseNext('ACK', 1);
    const answer = outcome(incoming.answer());
    await world.run(5_000);
    expect(answer.text).toBe('done');
    expect(world.count('200 INVITE')).toBe(3);
    expect(world.count('ACK')).toBe(2);
    await world.run(40_000);
    expect(incoming.state).toBe('connected');
    await world.end();
  });

  it('a late copy of the 200 gets the same ACK again and changes nothing', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    const out = alice.agent.invite(peer.uri, { from: alice.uri });
    await world.run(20);
    const invite = peer.last('INVITE');
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(out.state).toBe('connected');
    peer.respond(invite, 200, { sdp: sdp() });
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(peer.count('ACK')).toBe(3);
    expect(
      new Set(world.network.packets.filter(({ text }) => text.startsWith('ACK')).map(({ text }) => text))
        .size,
    ).toBe(1);
    peer.onRequest = (request) => void peer.respond(request, 200);
    await world.end();
  });

  it('a late copy of the 200 after our BYE still gets its ACK', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    const out = alice.agent.invite(peer.uri, { from: alice.uri });
    await world.run(20);
    const invite = peer.last('INVITE');
    peer.respond(invite, 180);
    await world.run(20);
    void out.hangup();
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(peer.count('ACK')).toBe(1);
    expect(peer.count('BYE')).toBe(1);
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(peer.count('ACK')).toBe(2);
    expect(peer.count('BYE')).toBe(1);
    peer.respond(peer.last('BYE'), 200);
    await world.end();
  });

  it('an ACK that never comes ends the call with BYE (RFC 3261 §13.3.1.4)', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    const answer = outcome(bob.calls[0].answer());
    await world.run(33_000);
    expect(answer.text).toBe('ERR_SIP_TIMEOUT');
    expect(bob.calls[0].end).toMatchObject({ by: 'error', status: 408 });
    expect(peer.count('BYE')).toBeGreaterThan(0);
    expect(peer.responses.filter(({ status }) => status === 200).length).toBe(11);
    await world.end();
  });

  it('a late ACK after the call ended is ignored', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    void bob.calls[0].answer().catch(() => {});
    await world.run(20);
    const toTag = peer.answer('INVITE').to.tag;
    await peer.request('BYE', bob, { toTag, cseq: 2 });
    await world.run(20);
    expect(bob.calls[0].state).toBe('ended');
    await peer.request('ACK', bob, { toTag, cseq: 1 });
    await world.run(20);
    expect(bob.calls[0].state).toBe('ended');
    await world.end();
  });

  it('an ACK of another INVITE does not confirm the call', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp(), cseq: 7 });
    await world.run(20);
    void bob.calls[0].answer().catch(() => {});
    await world.run(20);
    const toTag = peer.answer('INVITE').to.tag;
    await peer.request('ACK', bob, { toTag, cseq: 6 });
    await world.run(20);
    expect(bob.calls[0].state).toBe('connecting');
    await peer.request('ACK', bob, { toTag, cseq: 7 });
    await world.run(20);
    expect(bob.calls[0].state).toBe('connected');
    peer.onRequest = (request) => void peer.respond(request, 200);
    await world.end();
  });
});

describe('glare', () => {
  it('two re-INVITEs at once: both get 491, both succeed later (RFC 3261 §14.1)', async () => {
    const { world, alice, bob } = await pair();
    const { out, in: incoming } = await world.call(alice, bob);
    const first = outcome(out.hold());
    const second = outcome(incoming.hold());
    await world.run(100);
    expect(world.count('491 INVITE')).toBe(2);
    expect([first.text, second.text]).toEqual(['pending', 'pending']);
    await world.run(10_000);
    expect([first.text, second.text]).toEqual(['done', 'done']);
    expect(out.held).toEqual({ local: true, remote: true });
    expect(incoming.held).toEqual({ local: true, remote: true });
    await world.end();
  });

  it.each([1, 2, 3, 4, 5, 6])(
    're-INVITEs close together end in the same session on both sides (%d)',
    async (seed) => {
      const world = new UaWorld(seed);
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2');
      const { out, in: incoming } = await world.call(alice, bob);
      const all = [outcome(out.hold())];
      await world.run(seed * 2);
      all.push(outcome(incoming.hold()));
      await world.run(seed);
      all.push(outcome(out.resume()));
      await world.run(20_000);
      expect(all.map(({ text }) => text)).toEqual(['done', 'done', 'done']);
      expect(out.held).toEqual({ local: false, remote: true });
      expect(incoming.held).toEqual({ local: true, remote: false });
      await world.end();
    },
  );
});
