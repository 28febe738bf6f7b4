/** What crosses on the wire: CANCEL and final responses, repeated messages, late ACKs, forks. */
import { describe, expect, it } from 'vitest';
import { AcceptRetransmitter } from '../../../../src/sip/dialog/index.js';
import type { ServerHandle } from '../../../../src/sip/index.js';
import { accept, type Host, newRequest, Sent, World } from './world.js';

const BOB = 'sip:bob@10.0.0.2:5060';

async function ringing(): Promise<{
  world: World;
  alice: Host;
  bob: Host;
  invite: Sent;
  handle: ServerHandle;
}> {
  const world = new World();
  const alice = await world.host('10.0.0.1');
  const bob = await world.host('10.0.0.2');
  const invite = new Sent(alice, newRequest('INVITE', BOB));
  await world.clock.run(20);
  bob.handles[0].reply(180);
  await world.clock.run(20);
  return { world, alice, bob, invite, handle: bob.handles[0] };
}

/** Nothing lives on: no transaction, no timer. */
async function expectQuiet(world: World, ...hosts: Host[]): Promise<void> {
  await world.clock.run(70_000);
  for (const { endpoint } of hosts) {
    expect(endpoint.counters).toMatchObject({
      clientTransactions: 0,
      serverTransactions: 0,
      pendingRequests: 0,
    });
  }
  expect(world.clock.pending).toBe(0);
}

describe('CANCEL', () => {
  it('for a request that cannot be cancelled gets 200 and has no effect; for none it gets 481 (§9.2)', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    const sent = new Sent(alice, newRequest('OPTIONS', BOB));
    await world.clock.run(50);
    const statuses: number[] = [];
    for (const branch of [sent.handle.request.topVia?.branch, 'z9hG4bKunknown']) {
      const cancel = sent.handle.request.clone();
      cancel.method = 'CANCEL';
      cancel.set('CSeq', '1 CANCEL').replaceFirstValue('Via', `SIP/2.0/UDP 10.0.0.1:5060;branch=${branch}`);
      const flow = await alice.endpoint.connect({ protocol: 'udp', host: '10.0.0.2', port: 5060 });
      flow.send(cancel.toBytes());
      await world.clock.run(50);
      const answer = world.network.packets.filter(({ text }) => /CSeq: 1 CANCEL/.test(text)).at(-1);
      statuses.push(Number(answer?.text.slice(8, 11)));
    }
    expect(statuses).toEqual([200, 481]);
    expect(bob.endpoint.counters.pendingRequests).toBe(1);
  });

  it('ends a ringing call with 487', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    const reasons: Array<string | undefined> = [];
    handle.onCancel = (cancel) => {
      reasons.push(cancel.get('Reason'));
      handle.reply(487);
    };
    invite.handle.cancel({ reason: 'SIP;cause=200;text="Call completed elsewhere"' });
    invite.handle.cancel();
    await world.clock.run(100);
    expect(reasons).toEqual(['SIP;cause=200;text="Call completed elsewhere"']);
    expect(invite.statuses).toEqual([487]);
    expect(world.count('CANCEL')).toBe(1);
    expect(world.count('ACK')).toBe(1);
    const cancel = world.network.packets.find(({ text }) => text.startsWith('CANCEL'))?.text ?? '';
    const original = world.network.packets[0].text;
    for (const header of ['Via', 'From', 'To', 'Call-ID']) {
      const line = new RegExp(`^${header}: .*$`, 'm');
      expect(line.exec(cancel)?.[0]).toBe(line.exec(original)?.[0]);
    }
    expect(cancel).toContain('CSeq: 1 CANCEL\r\n');
    await expectQuiet(world, alice, bob);
  });

  it('is answered with the To tag of the INVITE (§9.2)', async () => {
    const { world, invite, handle } = await ringing();
    invite.handle.cancel();
    await world.clock.run(100);
    const ok = world.network.packets.find(
      ({ text }) => /CSeq: 1 CANCEL/.test(text) && text.startsWith('SIP/2.0 200'),
    );
    expect(ok?.text).toContain(`;tag=${handle.toTag}`);
    // Nobody set onCancel: the endpoint ends the INVITE itself.
    expect(invite.statuses).toEqual([487]);
  });

  it('waits for the first provisional response (§9.1)', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    const invite = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(50);
    invite.handle.cancel();
    await world.clock.run(100);
    expect(world.count('CANCEL')).toBe(0);
    // The server says 100 after 200 ms of silence, and the CANCEL follows.
    await world.clock.run(100);
    expect(world.count('CANCEL')).toBe(1);
    expect(invite.statuses).toEqual([487]);
    await expectQuiet(world, alice, bob);
  });

  it('crosses a 200: the call stands, and its user has to end it', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    let cancelled = 0;
    handle.onCancel = () => cancelled++;
    accept(handle);
    invite.handle.cancel();
    await world.clock.run(100);
    expect(invite.statuses).toEqual([200]);
    expect(cancelled).toBe(0);
    // The CANCEL found its INVITE answered: 200, and no effect (§9.2).
    expect(world.count('SIP/2.0 481')).toBe(0);
    const { dialog } = invite.ack(alice);
    const bye = alice.endpoint.request(dialog.createRequest('BYE'));
    await world.clock.run(50);
    bob.handles[1].reply(200);
    await world.clock.run(50);
    expect((await bye).response.status).toBe(200);
    expect(bob.acks).toHaveLength(1);
    await expectQuiet(world, alice, bob);
  });

  it('crosses a refusal', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    handle.reply(486);
    invite.handle.cancel();
    await world.clock.run(100);
    expect(invite.statuses).toEqual([486]);
    expect(invite.errors).toEqual([]);
    await expectQuiet(world, alice, bob);
  });

  it('does nothing after the final response', async () => {
    const { world, invite, handle } = await ringing();
    accept(handle);
    await world.clock.run(50);
    invite.handle.cancel();
    await world.clock.run(50);
    expect(world.count('CANCEL')).toBe(0);
  });

  it('is repeated when it gets lost, and acts once', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    let cancelled = 0;
    handle.onCancel = () => {
      cancelled++;
      handle.reply(487);
    };
    let lost = 0;
    world.network.lose = ({ text }) => /CSeq: 1 CANCEL/.test(text) && lost++ < 3;
    invite.handle.cancel();
    await world.clock.run(5000);
    expect(cancelled).toBe(1);
    expect(invite.statuses).toEqual([487]);
    await expectQuiet(world, alice, bob);
  });

  it('gives up 64*T1 after a CANCEL that has no effect (§9.1)', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    handle.onCancel = () => {};
    invite.handle.cancel();
    await world.clock.run(31_900);
    expect(invite.codes).toEqual([]);
    await world.clock.run(200);
    expect(invite.codes).toEqual(['ERR_ABORTED']);
    handle.reply(487);
    await expectQuiet(world, alice, bob);
    expect(invite.statuses).toEqual([]);
  });

  it('without an INVITE is answered with 481', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    await world.host('10.0.0.2');
    const stray = new Sent(alice, newRequest('CANCEL', BOB));
    await world.clock.run(50);
    expect(stray.statuses).toEqual([481]);
  });

  it('after nobody answered at all ends with ERR_ABORTED', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    alice.resolver.table.set('b.example', [
      { protocol: 'udp', host: '10.0.0.8', port: 5060 },
      { protocol: 'udp', host: '10.0.0.9', port: 5060 },
    ]);
    const invite = new Sent(alice, newRequest('INVITE', 'sip:bob@b.example'));
    await world.clock.run(1000);
    invite.handle.cancel();
    await world.clock.run(32_000);
    expect(invite.codes).toEqual(['ERR_ABORTED']);
    // No fail-over for a call that nobody wants any more.
    expect(world.network.packets.every(({ to }) => to.host === '10.0.0.8')).toBe(true);
    await expectQuiet(world, alice);
  });
});

describe('retransmissions', () => {
  it.each([
    ['before any response', (_: ServerHandle) => {}, 1, []],
    ['while ringing', (handle: ServerHandle) => handle.reply(180), 1, ['SIP/2.0 180 Ringing']],
    ['after a refusal', (handle: ServerHandle) => handle.reply(486), 1, ['SIP/2.0 486 Busy Here']],
    ['after the answer', (handle: ServerHandle) => accept(handle), 1, []],
  ])('of an INVITE %s are absorbed', async (_name, answer, times, again) => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    answer(bob.handles[0]);
    await world.clock.run(15);
    const before = world.network.packets.length;
    // The same datagram again.
    const [packet] = world.network.packets;
    bob.transport.receiveDatagram(Buffer.from(packet.text), packet.to, packet.from);
    expect(bob.requests).toHaveLength(times);
    expect(world.network.startLines().slice(before)).toEqual(again);
  });

  it('of an INVITE after the ACK of a refusal are absorbed', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    bob.handles[0].reply(486);
    await world.clock.run(100);
    expect(bob.handles[0].state).toBe('confirmed');
    const before = world.network.packets.length;
    const [packet] = world.network.packets;
    bob.transport.receiveDatagram(Buffer.from(packet.text), packet.to, packet.from);
    expect(bob.requests).toHaveLength(1);
    expect(world.network.packets).toHaveLength(before);
  });

  it('of a 200 each reach the caller, who acknowledges with the same bytes', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    let acksToLose = 2;
    world.network.lose = ({ text }) => text.startsWith('ACK') && acksToLose-- > 0;
    const ok = accept(handle);
    const retransmitter = new AcceptRetransmitter({
      clock: world.clock,
      timers: bob.endpoint.timers,
      resend: () => handle.respond(ok),
      onTimeout: () => expect.unreachable(),
    });
    retransmitter.start();
    bob.endpoint.onAck = (ack) => {
      bob.acks.push(ack);
      retransmitter.stop();
    };
    await world.clock.run(20);
    const { ack } = invite.ack(alice);
    await world.clock.run(600);
    expect(invite.statuses).toEqual([200, 200]);
    alice.endpoint.sendAck(ack);
    await world.clock.run(1100);
    expect(invite.statuses).toEqual([200, 200, 200]);
    alice.endpoint.sendAck(ack);
    await world.clock.run(10_000);
    expect(bob.acks).toHaveLength(1);
    const acks = world.network.packets.filter(({ text }) => text.startsWith('ACK')).map(({ text }) => text);
    expect(acks).toHaveLength(3);
    expect(new Set(acks).size).toBe(1);
    await expectQuiet(world, alice, bob);
  });

  it('of a request other than INVITE get the same response', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    let lost = 0;
    world.network.lose = ({ text }) => text.startsWith('SIP/2.0 200') && lost++ < 2;
    const options = new Sent(alice, newRequest('OPTIONS', BOB));
    await world.clock.run(20);
    bob.handles[0].reply(200);
    await world.clock.run(3000);
    expect(options.statuses).toEqual([200]);
    expect(bob.requests).toHaveLength(1);
    expect(
      new Set(
        world.network.packets
          .slice(1)
          .filter(({ text }) => text.startsWith('SIP'))
          .map(({ text }) => text),
      ).size,
    ).toBe(1);
    await expectQuiet(world, alice, bob);
  });
});

describe('ACK', () => {
  it('that never comes ends the repetition of a 2xx', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    const ok = accept(handle);
    let timedOut = false;
    new AcceptRetransmitter({
      clock: world.clock,
      timers: bob.endpoint.timers,
      resend: () => handle.respond(ok),
      onTimeout: () => {
        timedOut = true;
      },
    }).start();
    await world.clock.run(32_100);
    expect(timedOut).toBe(true);
    expect(invite.statuses).toHaveLength(11);
    await expectQuiet(world, alice, bob);
  });

  it('that never comes after a refusal is told', async () => {
    const { world, alice, bob, handle } = await ringing();
    world.network.lose = ({ text }) => text.startsWith('ACK');
    let timedOut = false;
    handle.onAckTimeout = () => {
      timedOut = true;
    };
    handle.reply(603);
    await world.clock.run(32_100);
    expect(timedOut).toBe(true);
    expect(bob.acks).toHaveLength(0);
    await expectQuiet(world, alice, bob);
  });

  it('is sent over a new connection when the first one broke', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    const invite = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    accept(bob.handles[0], '<sip:bob@10.0.0.2:5060;transport=tcp>');
    await world.clock.run(20);
    const { ack } = invite.ack(alice);
    // The 2xx comes again before the connection stands.
    alice.endpoint.sendAck(ack);
    await world.clock.run(50);
    expect(bob.acks).toHaveLength(1);
    alice.transport.breakConnections();
    await world.clock.run(50);
    alice.endpoint.sendAck(ack);
    await world.clock.run(50);
    expect(bob.acks).toHaveLength(2);
    expect(bob.acks[1].vias).toHaveLength(1);
  });

  it('that comes late still reaches the user', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    accept(handle);
    await world.clock.run(33_000);
    expect(handle.state).toBe('terminated');
    invite.ack(alice);
    await world.clock.run(50);
    expect(bob.acks).toHaveLength(1);
  });
});

describe('forked INVITEs', () => {
  it('give one final response per fork and accept each', async () => {
    const { world, alice, bob, invite, handle } = await ringing();
    accept(handle);
    await world.clock.run(20);
    // The other fork, which a proxy would let through: same Via, another To tag.
    const second = world.network.packets.find(({ text }) => text.startsWith('SIP/2.0 200'));
    const fork = second?.text.replace(handle.toTag, 'other-fork') ?? '';
    alice.transport.receiveDatagram(
      Buffer.from(fork),
      { host: '10.0.0.1', port: 5060 },
      { host: '10.0.0.2', port: 5060 },
    );
    expect(invite.finals.map(({ to }) => to.tag)).toEqual([handle.toTag, 'other-fork']);
    const left = invite.ack(alice, 0);
    const right = invite.ack(alice, 1);
    expect(left.dialog.id).not.toBe(right.dialog.id);
    await world.clock.run(50);
    expect(bob.acks.map(({ to }) => to.tag)).toEqual([handle.toTag, 'other-fork']);
    // After timer M nobody knows the INVITE any more.
    await world.clock.run(33_000);
    alice.transport.receiveDatagram(
      Buffer.from(fork),
      { host: '10.0.0.1', port: 5060 },
      { host: '10.0.0.2', port: 5060 },
    );
    expect(invite.finals).toHaveLength(2);
    expect(alice.endpoint.counters.strayResponses).toBe(1);
  });
});
