/** What the endpoint does with requests before and beside its user. */
import { describe, expect, it } from 'vitest';
import { createDiagnostics } from '../../../../src/base/diagnostics.js';
import { nullLogger } from '../../../../src/base/logger.js';
import { SipEndpoint } from '../../../../src/sip/index.js';
import { accept, type Host, newRequest, Sent, World } from './world.js';

const BOB = 'sip:bob@10.0.0.2:5060';
const ALICE_ADDRESS = { host: '10.0.0.1', port: 5060 };
const BOB_ADDRESS = { host: '10.0.0.2', port: 5060 };

async function pair(
  options: Parameters<World['host']>[1] = {},
): Promise<{ world: World; alice: Host; bob: Host }> {
  const world = new World();
  return { world, alice: await world.host('10.0.0.1'), bob: await world.host('10.0.0.2', options) };
}

function receive(host: Host, text: string): void {
  host.transport.receiveDatagram(Buffer.from(text), BOB_ADDRESS, ALICE_ADDRESS);
}

describe('100 Trying', () => {
  it('is sent for an INVITE after 200 ms of silence', async () => {
    const { world, alice, bob } = await pair();
    const invite = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(205);
    expect(world.count('SIP/2.0 100')).toBe(0);
    await world.clock.run(20);
    expect(invite.provisional.map(({ status }) => status)).toEqual([100]);
    expect(bob.handles[0].state).toBe('proceeding');
  });

  it('is not sent when the user speaks', async () => {
    const { world, alice, bob } = await pair();
    bob.endpoint.onRequest = (_request, handle) => handle.reply(180);
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(1000);
    expect(world.count('SIP/2.0 100')).toBe(0);
  });
});

describe('merged requests', () => {
  const copies = async (proxy: boolean) => {
    const { world, alice, bob } = await pair({ proxy });
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    const [packet] = world.network.packets;
    receive(bob, packet.text.replace(/branch=z9hG4bK/, 'branch=z9hG4bKcopy'));
    await world.clock.run(20);
    return { world, bob };
  };

  it('are refused with 482', async () => {
    const { world, bob } = await copies(false);
    expect(bob.requests).toHaveLength(1);
    expect(world.count('SIP/2.0 482')).toBe(1);
  });

  it('are let through to a proxy', async () => {
    const { world, bob } = await copies(true);
    expect(bob.requests).toHaveLength(2);
    expect(world.count('SIP/2.0 482')).toBe(0);
  });
});

describe('a response with the Via of somebody else', () => {
  it('is dropped: it was meant for another (RFC 3261 §8.1.3.3)', async () => {
    const { world, alice, bob } = await pair();
    const sent = new Sent(alice, newRequest('OPTIONS', BOB));
    await world.clock.run(20);
    bob.handles[0].reply(200, undefined, (response) => {
      response.add('Via', 'SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKelse');
    });
    await world.clock.run(20);
    expect(sent.finals).toHaveLength(0);
    expect(alice.endpoint.counters.strayResponses).toBe(1);
  });
});

describe('overload', () => {
  it('is answered with 503 and Retry-After; calls admitted before go on', async () => {
    const { world, alice, bob } = await pair({ limits: { maxPendingRequests: 2, retryAfterSeconds: 7 } });
    const first = new Sent(alice, newRequest('INVITE', BOB));
    const second = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    accept(bob.handles[0]);
    await world.clock.run(20);
    const { dialog } = first.ack(alice);
    const third = new Sent(alice, newRequest('INVITE', BOB));
    const fourth = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(50);
    expect(fourth.statuses).toEqual([503]);
    expect(fourth.finals[0].retryAfter?.delta).toBe(7);
    expect(fourth.finals[0].to.tag).toMatch(/^[0-9a-f]{16}$/);
    expect(bob.requests).toHaveLength(3);
    // Within the dialog of the admitted call requests are still served.
    const bye = new Sent(alice, dialog.createRequest('BYE'));
    await world.clock.run(20);
    bob.handles[3].reply(200);
    for (const handle of bob.handles.slice(1, 3)) handle.reply(486);
    await world.clock.run(50);
    expect(bye.statuses).toEqual([200]);
    expect(second.statuses).toEqual([486]);
    expect(third.statuses).toEqual([486]);
    expect(bob.endpoint.counters).toMatchObject({ refusedRequests: 1, pendingRequests: 0 });
    const later = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    expect(bob.requests).toHaveLength(5);
    expect(later.errors).toEqual([]);
  });

  it('costs no transaction, and the same request gets the same tag', async () => {
    const { world, alice, bob } = await pair({ limits: { maxServerTransactions: 0 } });
    world.network.lose = ({ text, time }) => text.startsWith('SIP/2.0 503') && time < 400;
    const sent = new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(600);
    expect(sent.statuses).toEqual([503]);
    expect(bob.endpoint.counters).toMatchObject({ serverTransactions: 0, refusedRequests: 2 });
    const tags = world.network.packets
      .filter(({ text }) => text.startsWith('SIP/2.0 503'))
      .map(({ text }) => /^To: .*;tag=(\w+)/m.exec(text)?.[1]);
    expect(new Set(tags).size).toBe(1);
  });
});

describe('invalid messages', () => {
  const options = [
    'OPTIONS sip:bob@10.0.0.2 SIP/2.0',
    'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx',
    'From: <sip:alice@a.example>;tag=a',
    'To: <sip:bob@b.example>',
    'Call-ID: c',
    'CSeq: 1 OPTIONS',
    '',
    '',
  ].join('\r\n');

  it('are answered with 400 where that can be done', async () => {
    const { world, bob } = await pair();
    receive(bob, options.replace('CSeq: 1 OPTIONS', 'CSeq: 1 INVITE'));
    receive(bob, options.replace('SIP/2.0\r\nVia', 'SIP/3.0\r\nVia'));
    await world.clock.run(20);
    expect(world.network.startLines()).toEqual([
      'SIP/2.0 400 Bad Request',
      'SIP/2.0 505 Version Not Supported',
    ]);
    expect(world.network.packets[0].text).toMatch(/^To: .*;tag=/m);
    expect(bob.requests).toHaveLength(0);
    expect(bob.endpoint.counters).toMatchObject({ invalidMessages: 2, serverTransactions: 0 });
  });

  it('are dropped otherwise', async () => {
    const { world, bob } = await pair();
    receive(bob, 'nonsense\r\n\r\n');
    receive(bob, options.replace(/^Via.*\r\n/m, ''));
    receive(bob, options.replaceAll('OPTIONS', 'ACK').replace('CSeq: 1 ACK', 'CSeq: x ACK'));
    receive(bob, 'SIP/2.0 200 OK\r\n\r\n');
    await world.clock.run(20);
    expect(world.network.packets).toHaveLength(0);
    expect(bob.endpoint.counters.invalidMessages).toBe(4);
  });
});

describe('the user of the endpoint', () => {
  it('that throws lets the request be answered with 500', async () => {
    const { world, alice, bob } = await pair();
    bob.endpoint.onRequest = () => {
      throw new Error('mine');
    };
    const sent = new Sent(alice, newRequest('OPTIONS', BOB));
    await world.clock.run(50);
    expect(sent.statuses).toEqual([500]);
  });

  it('that does not exist lets the request be answered with 501', async () => {
    const { world, alice } = await pair();
    const carol = world.network.transport('10.0.0.3');
    const endpoint = new SipEndpoint({
      clock: world.clock,
      random: world.random,
      logger: nullLogger,
      diagnostics: createDiagnostics(),
      transport: carol,
      resolver: alice.resolver,
    });
    await endpoint.listen({ protocol: 'udp', port: 5060 });
    const sent = new Sent(alice, newRequest('OPTIONS', 'sip:10.0.0.3'));
    await world.clock.run(50);
    expect(sent.statuses).toEqual([501]);
  });

  it('closes it without leaving anything behind', async () => {
    const { world, alice, bob } = await pair();
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    bob.handles[0].reply(180);
    new Sent(alice, newRequest('INVITE', BOB));
    await world.clock.run(20);
    await alice.endpoint.close();
    await bob.endpoint.close();
    await world.clock.run(100);
    expect(world.clock.pending).toBe(0);
    expect(alice.endpoint.counters.clientTransactions).toBe(0);
    expect(bob.endpoint.counters).toMatchObject({ serverTransactions: 0, pendingRequests: 0 });
    expect(bob.endpoint.transport.listeners).toEqual([]);
  });
});

describe('loss, jitter and reordering', () => {
  it('do not keep requests from being answered', async () => {
    const { world, alice, bob } = await pair();
    world.network.lossRate = 0.2;
    world.network.jitterMs = 40;
    // Refused, since repeating a lost 200 is the business of the user.
    bob.endpoint.onRequest = (_request, handle) => {
      handle.reply(180);
      world.clock.after(1000, () => handle.reply(486));
    };
    const calls = Array.from({ length: 20 }, () => new Sent(alice, newRequest('INVITE', BOB)));
    await world.clock.run(120_000);
    expect(calls.map(({ statuses }) => statuses)).toEqual(calls.map(() => [486]));
    expect(world.clock.pending).toBe(0);
  });
});
