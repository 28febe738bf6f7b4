/** Where requests go, what happens when that fails, and how challenges are answered. */
import { describe, expect, it } from 'vitest';
import {
  DigestClient,
  DigestServer,
  type Flow,
  type SipRequest,
  type Target,
} from '../../../../src/sip/index.js';
import { accept, type Host, newRequest, Sent, World } from './world.js';

const BOB = 'sip:bob@10.0.0.2:5060';
const udp = (host: string): Target => ({ protocol: 'udp', host, port: 5060 });
const tcp = (host: string): Target => ({ protocol: 'tcp', host, port: 5060 });

async function pair(): Promise<{ world: World; alice: Host; bob: Host }> {
  const world = new World();
  return { world, alice: await world.host('10.0.0.1'), bob: await world.host('10.0.0.2') };
}

/** Answers everything at once. */
function answering(host: Host, status: number): void {
  host.endpoint.onRequest = (request, handle) => {
    host.requests.push(request);
    handle.reply(status);
  };
}

describe('a request on its way out', () => {
  it('gets Via, Max-Forwards and User-Agent, and keeps what it has', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1', { userAgent: 'Switchhook' });
    const bob = await world.host('10.0.0.2');
    new Sent(alice, newRequest('OPTIONS', BOB));
    new Sent(alice, newRequest('OPTIONS', BOB).set('Max-Forwards', 3).set('User-Agent', 'mine'));
    await world.clock.run(50);
    const [first, second] = bob.requests;
    expect(first.get('Via')).toMatch(
      /^SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bK[a-z0-9]{20};rport=5060;received=/,
    );
    expect(first.maxForwards).toBe(70);
    expect(first.userAgent).toBe('Switchhook');
    expect(second.maxForwards).toBe(3);
    expect(second.userAgent).toBe('mine');
  });

  it('goes to the first Route', async () => {
    const { world, alice, bob } = await pair();
    new Sent(alice, newRequest('OPTIONS', 'sip:somebody@nowhere.example').set('Route', '<sip:10.0.0.2;lr>'));
    await world.clock.run(50);
    expect(String(bob.requests[0].uri)).toBe('sip:somebody@nowhere.example');
  });

  it('goes to the targets or over the flow given', async () => {
    const { world, alice, bob } = await pair();
    new Sent(alice, newRequest('OPTIONS', 'sip:x@nowhere.example'), { targets: [tcp('10.0.0.2')] });
    await world.clock.run(100);
    expect(bob.handles[0].flow.protocol).toBe('tcp');
    const flow = await alice.endpoint.connect(udp('10.0.0.2'));
    const sent = new Sent(alice, newRequest('OPTIONS', 'sip:x@nowhere.example'), { flow });
    await world.clock.run(100);
    expect(bob.handles[1].flow.protocol).toBe('udp');
    expect(sent.handle.flow).toBe(flow);
  });

  it('can be changed for the flow of every attempt', async () => {
    const { world, alice } = await pair();
    const seen: string[] = [];
    const beforeSend = (request: SipRequest, flow: Flow): void => {
      request.set('Contact', `<sip:alice@${flow.sentBy};transport=${flow.protocol}>`);
      seen.push(request.get('Contact') ?? '');
    };
    new Sent(alice, newRequest('INVITE', 'sip:bob@x'), {
      targets: [tcp('10.0.0.9'), udp('10.0.0.2')],
      beforeSend,
    });
    await world.clock.run(100);
    expect(seen).toEqual(['<sip:alice@10.0.0.1:5060;transport=udp>']);
  });

  it('fails with the error of the resolver', async () => {
    const { world, alice } = await pair();
    const sent = new Sent(alice, newRequest('OPTIONS', 'sip:bob@nowhere.example'));
    await world.clock.run(0);
    expect(sent.codes).toEqual(['ERR_DNS_NOT_FOUND']);
  });

  it('fails when it cannot be built', async () => {
    const { world, alice } = await pair();
    const sent = new Sent(alice, newRequest('OPTIONS', BOB), {
      beforeSend: () => {
        throw new Error('no contact');
      },
    });
    await world.clock.run(50);
    expect(sent.codes).toEqual(['ERR_SIP_TRANSPORT']);
    expect(world.network.packets).toHaveLength(0);
  });
});

describe('fail-over (RFC 3263 §4.3)', () => {
  it('goes on after a time-out with a new branch', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    alice.resolver.table.set('b.example', [udp('10.0.0.9'), udp('10.0.0.2')]);
    const sent = new Sent(alice, newRequest('OPTIONS', 'sip:bob@b.example'));
    await world.clock.run(33_000);
    expect(sent.statuses).toEqual([200]);
    const branches = world.network.packets
      .filter(({ text }) => text.startsWith('OPTIONS'))
      .map(({ to, text }) => `${to.host} ${/branch=(\w+)/.exec(text)?.[1]}`);
    expect(new Set(branches).size).toBe(2);
    expect(bob.requests[0].vias).toHaveLength(1);
    expect(alice.resolver.failed).toEqual([udp('10.0.0.9')]);
  });

  it('[dns-srv/1] gives a silent server up after two repetitions where there is another, and waits for a slow one', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    alice.resolver.table.set('b.example', [udp('10.0.0.9'), udp('10.0.0.2')]);
    const sent = new Sent(alice, newRequest('INVITE', 'sip:bob@b.example'));
    await world.clock.run(3450);
    expect(sent.statuses).toEqual([]);
    await world.clock.run(150);
    expect(sent.statuses).toEqual([200]);
    expect(world.network.packets.filter(({ to }) => to.host === '10.0.0.9')).toHaveLength(3);

    bob.endpoint.onRequest = (_request, handle) => void handle.reply(180);
    alice.resolver.table.set('b.example', [udp('10.0.0.2'), udp('10.0.0.9')]);
    const ringing = new Sent(alice, newRequest('INVITE', 'sip:bob@b.example'));
    await world.clock.run(20_000);
    expect(ringing.provisional.map(({ status }) => status)).toEqual([180]);
    expect(world.network.packets.filter(({ to }) => to.host === '10.0.0.9')).toHaveLength(3);
  });

  it('takes as many repetitions as told, and tells which server failed', async () => {
    for (const [retries, afterMs] of [
      [1, 1500],
      [3, 7500],
      [0, 32_000],
    ]) {
      const world = new World();
      const alice = await world.host('10.0.0.1', { failoverRetries: () => retries });
      const bob = await world.host('10.0.0.2');
      const failed: Target[] = [];
      alice.endpoint.onServerFailed = (target) => failed.push(target);
      answering(bob, 200);
      const targets = [udp('10.0.0.9'), udp('10.0.0.2')];
      const sent = new Sent(alice, newRequest('OPTIONS', 'sip:x@b.example'), { targets });
      await world.clock.run(afterMs - 50);
      expect([sent.statuses, failed]).toEqual([[], []]);
      await world.clock.run(150);
      expect([sent.statuses, failed]).toEqual([[200], [udp('10.0.0.9')]]);
    }
  });

  it('goes on after a refused connection and after 503', async () => {
    const { world, alice, bob } = await pair();
    const carol = await world.host('10.0.0.3');
    answering(bob, 503);
    answering(carol, 200);
    alice.resolver.table.set('b.example', [tcp('10.0.0.9'), udp('10.0.0.2'), udp('10.0.0.3')]);
    const sent = new Sent(alice, newRequest('INVITE', 'sip:bob@b.example'));
    await world.clock.run(200);
    expect(sent.statuses).toEqual([200]);
    expect(alice.resolver.failed).toEqual([tcp('10.0.0.9'), udp('10.0.0.2')]);
    expect(carol.requests[0].cseq.seq).toBe(1);
  });

  it('leaves a server alone for as long as the Retry-After of its 503 says (RFC 3261 §21.5.4)', async () => {
    for (const [retryAfter, others, ms] of [
      ['120', true, [120_000]],
      ['7 (maintenance);duration=5', false, [7000]],
      ['4294967295', false, [3_600_000]],
      ['soon', true, []],
      [undefined, true, []],
    ] as const) {
      const { world, alice, bob } = await pair();
      const carol = await world.host('10.0.0.3');
      bob.endpoint.onRequest = (_, handle) =>
        handle.reply(503, undefined, (response) => {
          if (retryAfter !== undefined) response.set('Retry-After', retryAfter);
        });
      answering(carol, 200);
      const targets = others ? [udp('10.0.0.2'), udp('10.0.0.3')] : [udp('10.0.0.2')];
      const sent = new Sent(alice, newRequest('OPTIONS', BOB), { targets });
      await world.clock.run(200);
      expect([retryAfter, sent.statuses, alice.resolver.failedMs]).toEqual([
        retryAfter,
        [others ? 200 : 503],
        ms,
      ]);
    }
  });

  it('gives the last 503 to the user, and the last error', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 503);
    const sent = new Sent(alice, newRequest('OPTIONS', BOB));
    const lost = new Sent(alice, newRequest('OPTIONS', 'sip:x@y'), {
      targets: [tcp('10.0.0.9'), udp('10.0.0.9')],
    });
    await world.clock.run(33_000);
    expect(sent.statuses).toEqual([503]);
    expect(lost.codes).toEqual(['ERR_SIP_TIMEOUT']);
  });

  it('goes on when the connection breaks before an answer', async () => {
    const { world, alice, bob } = await pair();
    const carol = await world.host('10.0.0.3');
    answering(carol, 200);
    alice.resolver.table.set('b.example', [tcp('10.0.0.2'), udp('10.0.0.3')]);
    const sent = new Sent(alice, newRequest('INVITE', 'sip:bob@b.example'));
    await world.clock.run(50);
    expect(bob.requests).toHaveLength(1);
    bob.transport.breakConnections();
    await world.clock.run(100);
    expect(sent.statuses).toEqual([200]);
    expect(carol.requests).toHaveLength(1);
  });

  it('keeps a ringing call when its connection breaks: the answer comes over a new one', async () => {
    const { world, alice, bob } = await pair();
    const sent = new Sent(alice, newRequest('INVITE', 'sip:bob@10.0.0.2;transport=tcp'));
    await world.clock.run(50);
    bob.handles[0].reply(180);
    await world.clock.run(50);
    alice.transport.breakConnections();
    await world.clock.run(50);
    accept(bob.handles[0]);
    await world.clock.run(100);
    expect(sent.statuses).toEqual([200]);
  });
});

describe('a response whose connection is gone', () => {
  it('goes to the host named in Via when the source takes no connection (RFC 3263 §5)', async () => {
    const { world, alice, bob } = await pair();
    const flow = await (async () => {
      const connecting = alice.endpoint.connect(tcp('10.0.0.2'));
      await world.clock.run(30);
      return connecting;
    })();
    bob.resolver.table.set('10.0.0.1', [tcp('10.0.0.3')]);
    const carol = await world.host('10.0.0.3');
    const seen: string[] = [];
    carol.transport.onMessage = (message) => seen.push(message.startLine);
    const sent = new Sent(alice, newRequest('INVITE', BOB), { flow });
    await world.clock.run(50);
    bob.handles[0].reply(180);
    await world.clock.run(50);
    for (const listener of [...alice.transport.listeners]) await listener.close();
    alice.transport.breakConnections();
    await world.clock.run(50);
    accept(bob.handles[0]);
    await world.clock.run(200);
    expect(sent.statuses).toEqual([]);
    expect(seen).toEqual(['SIP/2.0 200 OK']);
  });

  it('is told to the user when there is no way at all', async () => {
    const { world, alice, bob } = await pair();
    new Sent(alice, newRequest('INVITE', 'sip:bob@10.0.0.2;transport=tcp'));
    await world.clock.run(50);
    const errors: string[] = [];
    bob.handles[0].onTransportError = ({ code }) => errors.push(code);
    for (const listener of [...alice.transport.listeners]) await listener.close();
    alice.transport.breakConnections();
    await world.clock.run(50);
    bob.handles[0].reply(486);
    await world.clock.run(200);
    expect(errors).toEqual(['ERR_SIP_TRANSPORT']);
    expect(bob.handles[0].state).toBe('completed');
  });
});

describe('large requests over UDP (§18.1.1)', () => {
  const body = 'x'.repeat(1400);

  it('go over TCP', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    const sent = new Sent(alice, newRequest('MESSAGE', BOB, body));
    await world.clock.run(100);
    expect(sent.statuses).toEqual([200]);
    expect(bob.requests[0].topVia?.transport).toBe('TCP');
    expect(bob.requests[0].vias).toHaveLength(1);
  });

  it('stay on UDP when short header names make them fit (§7.3.3)', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    const large = (size: number) => {
      const request = newRequest('MESSAGE', BOB, 'x'.repeat(size));
      request.set('Supported', 'timer, 100rel, replaces');
      return request;
    };
    new Sent(alice, large(1));
    await world.clock.run(100);
    const small = bob.requests[0].toBytes().length;
    const sent = new Sent(alice, large(1330 - small));
    await world.clock.run(100);
    expect(sent.statuses).toEqual([200]);
    const [, request] = bob.requests;
    expect(request.get('Supported')).toBe('timer,100rel,replaces');
    expect(request.supported).toEqual(['timer', '100rel', 'replaces']);
    expect(request.topVia?.transport).toBe('UDP');
    const names = [...request.fields()].map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Via', 'From', 'To', 'i', 'm', 'c', 'l']));
  });

  it('fall back to UDP when TCP is refused, and remember it', async () => {
    const world = new World();
    const alice = await world.host('10.0.0.1');
    const bob = await world.host('10.0.0.2', {}, false);
    answering(bob, 200);
    const sent = new Sent(alice, newRequest('MESSAGE', BOB, body));
    await world.clock.run(100);
    expect(sent.statuses).toEqual([200]);
    expect(bob.requests[0].topVia?.transport).toBe('UDP');
    const again = new Sent(alice, newRequest('MESSAGE', BOB, body));
    await world.clock.run(20);
    expect(again.statuses).toEqual([200]);
    expect(alice.resolver.failed).toEqual([]);
  });

  it('fall back to UDP when TCP does not connect for a while', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    const connect = alice.transport.connect.bind(alice.transport);
    alice.transport.connect = (target, signal) =>
      target.protocol === 'tcp' ? new Promise(() => {}) : connect(target, signal);
    const sent = new Sent(alice, newRequest('MESSAGE', BOB, body));
    await world.clock.run(1900);
    expect(sent.statuses).toEqual([]);
    await world.clock.run(200);
    expect(sent.statuses).toEqual([200]);
  });

  it('stay on a flow that was given', async () => {
    const { world, alice, bob } = await pair();
    const flow = await alice.endpoint.connect(udp('10.0.0.2'));
    new Sent(alice, newRequest('MESSAGE', BOB, body), { flow });
    await world.clock.run(50);
    expect(bob.handles[0].flow.protocol).toBe('udp');
  });
});

describe('challenges', () => {
  function guard(world: World, host: Host, proxy = false): DigestServer {
    const server = new DigestServer({
      realm: 'b.example',
      clock: world.clock,
      random: world.random,
      nonceLifetimeMs: 10_000,
      lookup: () => ({ password: 'secret' }),
    });
    host.endpoint.onRequest = (request, handle) => {
      host.requests.push(request);
      const verdict = server.verify(request, proxy);
      if (verdict.ok) accept(handle);
      else
        handle.reply(proxy ? 407 : 401, undefined, (response) => server.challenge(response, verdict.stale));
    };
    return server;
  }

  const client = (world: World, password = 'secret'): DigestClient =>
    new DigestClient({ credentials: () => ({ username: 'alice', password }), random: world.random });

  it.each([false, true])(
    'are answered once, with the next CSeq and a new branch (proxy: %s)',
    async (proxy) => {
      const { world, alice, bob } = await pair();
      guard(world, bob, proxy);
      const auth = client(world);
      const invite = new Sent(alice, newRequest('INVITE', BOB), { auth });
      await world.clock.run(100);
      expect(invite.statuses).toEqual([200]);
      expect(bob.requests.map(({ cseq }) => cseq.seq)).toEqual([1, 2]);
      expect(new Set(bob.requests.map(({ topVia }) => topVia?.branch)).size).toBe(2);
      expect(world.count('ACK')).toBe(1);
      const { ack } = invite.ack(alice);
      expect(ack.has(proxy ? 'Proxy-Authorization' : 'Authorization')).toBe(true);
      expect(ack.cseq.seq).toBe(2);
      // The next request brings its credentials along.
      const next = new Sent(alice, newRequest('OPTIONS', BOB), { auth });
      await world.clock.run(100);
      expect(next.statuses).toEqual([200]);
      expect(bob.requests).toHaveLength(3);
    },
  );

  it('are answered again when the nonce has become stale', async () => {
    const { world, alice, bob } = await pair();
    guard(world, bob);
    const auth = client(world);
    await Promise.all([alice.endpoint.request(newRequest('OPTIONS', BOB), { auth }), world.clock.run(50)]);
    await world.clock.run(20_000);
    const [{ response, request }] = await Promise.all([
      alice.endpoint.request(newRequest('OPTIONS', BOB), { auth, nextCseq: () => 77 }),
      world.clock.run(100),
    ]);
    expect(response.status).toBe(200);
    expect(request.cseq.seq).toBe(77);
    expect(bob.requests).toHaveLength(4);
  });

  it('end in ERR_AUTHENTICATION_FAILED after one try with a wrong password', async () => {
    const { world, alice, bob } = await pair();
    guard(world, bob);
    const sent = new Sent(alice, newRequest('REGISTER', BOB), { auth: client(world, 'wrong') });
    await world.clock.run(1000);
    expect(sent.codes).toEqual(['ERR_AUTHENTICATION_FAILED']);
    expect(sent.errors[0].details).toEqual({
      realm: 'b.example',
      why: 'were refused',
      status: 401,
    });
    expect(bob.requests).toHaveLength(2);
    expect(JSON.stringify(sent.errors[0].details)).not.toContain('wrong');
  });

  it('go to the user when there are no credentials', async () => {
    const { world, alice, bob } = await pair();
    guard(world, bob);
    const none = new DigestClient({ credentials: () => undefined, random: world.random });
    const sent = [
      new Sent(alice, newRequest('OPTIONS', BOB), { auth: none }),
      new Sent(alice, newRequest('OPTIONS', BOB)),
    ];
    await world.clock.run(100);
    expect(sent.map(({ statuses }) => statuses)).toEqual([[401], [401]]);
  });
});

describe('AbortSignal', () => {
  it('cancels a ringing INVITE', async () => {
    const { world, alice, bob } = await pair();
    const controller = new AbortController();
    const invite = new Sent(alice, newRequest('INVITE', BOB), { signal: controller.signal });
    await world.clock.run(50);
    bob.handles[0].reply(180);
    await world.clock.run(50);
    controller.abort();
    await world.clock.run(100);
    expect(invite.statuses).toEqual([487]);
  });

  it('ends other requests at once', async () => {
    const { world, alice } = await pair();
    const controller = new AbortController();
    const promise = alice.endpoint.request(newRequest('OPTIONS', BOB), { signal: controller.signal });
    await world.clock.run(50);
    controller.abort();
    await expect(promise).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(alice.endpoint.counters.clientTransactions).toBe(0);
  });

  it('that has fired sends nothing', async () => {
    const { world, alice } = await pair();
    const invite = new Sent(alice, newRequest('INVITE', BOB), { signal: AbortSignal.abort() });
    expect(invite.codes).toEqual([]);
    await world.clock.run(50);
    expect(invite.codes).toEqual(['ERR_ABORTED']);
    expect(world.network.packets).toHaveLength(0);
  });

  it('stops an INVITE whose server is still looked for', async () => {
    const { world, alice } = await pair();
    const controller = new AbortController();
    const invite = new Sent(alice, newRequest('INVITE', 'sip:x@y'), {
      targets: [tcp('10.0.0.2')],
      signal: controller.signal,
    });
    await world.clock.run(5);
    controller.abort();
    await world.clock.run(100);
    expect(invite.codes).toEqual(['ERR_ABORTED']);
    expect(world.network.packets).toHaveLength(0);
  });
});

describe('a response handler that throws', () => {
  it('disturbs nobody', async () => {
    const { world, alice, bob } = await pair();
    answering(bob, 200);
    new Sent(alice, newRequest('OPTIONS', BOB), {
      onFinal: () => {
        throw new Error('mine');
      },
    });
    const other = new Sent(alice, newRequest('OPTIONS', BOB));
    await world.clock.run(100);
    expect(other.statuses).toEqual([200]);
  });
});
