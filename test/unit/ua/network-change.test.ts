/** Calls whose machine gets another address: media, Contact and the requests that follow go there (RFC 6141 §4.2). */
import { describe, expect, it } from 'vitest';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

const NEW = '10.0.0.7';

describe('a call whose address is gone', () => {
  it.each([
    ['caller', 'udp'],
    ['callee', 'udp'],
    ['caller', 'tcp'],
    ['callee', 'tcp'],
  ] as const)('of the %s over %s goes on from the new one', async (side, transport) => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const out = alice.agent.invite(`${bob.uri};transport=${transport}`);
    await world.run(60);
    const [incoming] = bob.calls;
    void incoming.answer();
    await world.run(60);
    const [mover, stays] = side === 'caller' ? [alice, bob] : [bob, alice];
    const [moving, staying] = side === 'caller' ? [out, incoming] : [incoming, out];
    mover.transport.moveTo(NEW);
    mover.agent.networkChanged('another cable', (host) => host === NEW);
    await world.run(500);
    expect(mediaOf(mover).address).toBe(NEW);
    expect(mediaOf(stays).config?.remote.address).toBe(NEW);
    const invite = world.network.packets.filter(({ text }) => text.startsWith('INVITE ')).at(-1);
    expect(invite?.from.host).toBe(NEW);
    expect(invite?.text).toMatch(new RegExp(`\r\nContact: <sip:[^>]*${NEW}`));
    expect([moving.state, staying.state]).toEqual(['connected', 'connected']);
    // What the other side asks for from now on finds it.
    const held = staying.hold();
    await world.run(200);
    await held;
    expect(moving.held.remote).toBe(true);
    const ended = staying.hangup();
    await world.run(500);
    expect((await ended).end.status).toBe(200);
    expect(moving.state).toBe('ended');
    await world.end();
  });

  it('that rings follows as soon as it is answered', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const out = alice.agent.invite(bob.uri);
    await world.run(60);
    alice.transport.moveTo(NEW);
    alice.agent.networkChanged('another cable', (host) => host === NEW);
    // The way back for answers is that of the INVITE (RFC 3261 §18.2.2): a proxy, which knows us, stands in for it.
    const { lose } = world.network;
    world.network.lose = (packet) => {
      if (packet.to.host === '10.0.0.1') packet.to.host = NEW;
      return lose(packet);
    };
    void bob.calls[0].answer();
    await world.run(3000);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).address).toBe(NEW);
    expect(mediaOf(bob).config?.remote.address).toBe(NEW);
    await world.end();
  });

  it('is left alone while its address is there, and asked after once the machine slept', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    await world.call(alice, bob);
    const invites = (): number =>
      world.network.packets.filter(({ text }) => text.startsWith('INVITE ')).length;
    const before = invites();
    alice.agent.networkChanged('a VPN', () => true);
    await world.run(500);
    expect(invites()).toBe(before);
    alice.agent.networkChanged('asleep');
    await world.run(500);
    expect(invites()).toBe(before + 1);
    expect(alice.agent.calls).toHaveLength(1);
    await world.end();
  });

  it('lives on while there is no way out, and follows the next change; it ends when the peer knows it no more', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('bob', '10.0.0.9');
    const call = alice.agent.invite(peer.uri);
    await world.run(50);
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
    await world.run(50);
    const { connect } = alice.transport;
    alice.transport.connect = () => Promise.reject(new Error('ENETUNREACH'));
    alice.agent.networkChanged('the cable is out', () => false);
    await world.run(5000);
    expect([call.state, mediaOf(alice).address]).toEqual(['connected', '10.0.0.1']);
    alice.transport.connect = connect;
    alice.transport.moveTo(NEW);
    alice.agent.networkChanged('another cable', (host) => host === NEW);
    await world.run(100);
    expect(mediaOf(alice).address).toBe(NEW);
    peer.respond(peer.last('INVITE'), 481);
    await world.run(100);
    expect(call.end?.status).toBe(481);
    await world.end();
  });
});
