import { describe, expect, it } from 'vitest';
import { accept, newRequest, Sent, World } from './world.js';

const BOB = 'sip:bob@10.0.0.2:5060';

describe('a call between two endpoints', () => {
  it('is set up and ended over UDP', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2');
    const invite = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(50);
    expect(bob.requests[0]?.method).toBe('INVITE');
    bob.handles[0].reply(180);
    await world.clock.run(50);
    accept(bob.handles[0]);
    await world.clock.run(50);
    expect(invite.provisional.map(({ status }) => status)).toEqual([180]);
    expect(invite.statuses).toEqual([200]);
    const { dialog } = invite.ack(alice);
    await world.clock.run(50);
    expect(bob.acks).toHaveLength(1);

    const bye = alice.endpoint.request(dialog.createRequest('BYE'));
    await world.clock.run(50);
    expect(bob.requests[1].method).toBe('BYE');
    bob.handles[1].reply(200);
    await world.clock.run(50);
    expect((await bye).response.status).toBe(200);
    expect(world.network.startLines()).toEqual([
      `INVITE ${BOB} SIP/2.0`,
      'SIP/2.0 180 Ringing',
      'SIP/2.0 200 OK',
      `ACK ${BOB} SIP/2.0`,
      `BYE ${BOB} SIP/2.0`,
      'SIP/2.0 200 OK',
    ]);
    await world.clock.run(33_000);
    expect(alice.endpoint.counters).toMatchObject({ clientTransactions: 0, strayResponses: 0 });
    expect(bob.endpoint.counters).toMatchObject({ serverTransactions: 0, pendingRequests: 0 });
    expect(world.clock.pending).toBe(0);
  });
});
