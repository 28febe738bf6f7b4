import { describe, expect, it } from 'vitest';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

async function bobAndCarol() {
  const world = new UaWorld();
  const bob = await world.party('bob', '10.0.0.2');
  const peer = await world.peer('carol', '10.0.0.9');
  return { world, bob, peer };
}

describe('requests outside of a dialog', () => {
  it('OPTIONS is answered as an INVITE would be (RFC 3261 §11.2)', async () => {
    const { world, bob, peer } = await bobAndCarol();
    await peer.request('OPTIONS', bob);
    await world.run(20);
    const ok = peer.answer('OPTIONS');
    expect(ok.status).toBe(200);
    expect(ok.allow).toEqual(expect.arrayContaining(['INVITE', 'BYE', 'UPDATE']));
    expect(ok.get('Accept')).toContain('application/sdp');
    expect([ok.get('Accept-Encoding'), ok.get('Accept-Language')]).toEqual(['identity', 'en']);
    expect(ok.supported).toEqual(['timer', '100rel', 'replaces', 'norefersub', 'tdialog']);
    expect(ok.contacts).toHaveLength(1);
    await world.end();
  });

  it.each([
    ['SUBSCRIBE', {}, undefined, 405, 'Allow'],
    ['NONSENSE', {}, undefined, 501, 'Allow'],
    ['INVITE', { Require: 'a-thing, timer' }, sdp(), 420, 'Unsupported'],
    ['INVITE', {}, 'text', 415, 'Accept'],
    ['INVITE', { Contact: '' }, sdp(), 400, ''],
    ['BYE', {}, undefined, 481, ''],
    ['UPDATE', {}, undefined, 481, ''],
    ['PRACK', {}, undefined, 481, ''],
    ['INFO', {}, undefined, 481, ''],
  ])('%s with %j and body %j gets %d', async (method, headers, body, status, header) => {
    const { world, bob, peer } = await bobAndCarol();
    await peer.request(method, bob, {
      headers: headers as Record<string, string>,
      sdp: body,
      contentType: body === 'text' ? 'text/plain' : undefined,
    });
    await world.run(20);
    expect(peer.answer(method).status).toBe(status);
    if (header !== '') expect(peer.answer(method).has(header)).toBe(true);
    expect(bob.agent.counters.calls).toBe(0);
    await world.end();
  });

  it('an unknown URI scheme gets 416, an INVITE that does not accept SDP 406', async () => {
    const { world, bob, peer } = await bobAndCarol();
    await peer.request('INVITE', bob, { headers: { Accept: 'text/plain' }, sdp: sdp() });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(406);
    const before = peer.responses.length;
    const flow = await peer.transport.connect({ protocol: 'udp', host: bob.host, port: 5060 });
    flow.send(
      Buffer.from(
        [
          'OPTIONS http://example.com SIP/2.0',
          'Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKscheme',
          'From: <sip:carol@10.0.0.9>;tag=1',
          'To: <sip:bob@10.0.0.2>',
          'Call-ID: scheme',
          'CSeq: 1 OPTIONS',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
      ),
    );
    await world.run(20);
    expect(peer.responses.length).toBeGreaterThan(before);
    expect(peer.answer('OPTIONS').status).toBe(416);
    await world.end();
  });

  it('a request of an unknown dialog gets 481', async () => {
    const { world, bob, peer } = await bobAndCarol();
    await peer.request('INVITE', bob, { toTag: 'gone', sdp: sdp() });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(481);
    await world.end();
  });

  it('the same INVITE by two ways gets 482 once (RFC 3261 §8.2.2.2)', async () => {
    const { world, bob, peer } = await bobAndCarol();
    await peer.request('INVITE', bob, { sdp: sdp() });
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    expect(peer.responses.map(({ status }) => status).sort()).toEqual([180, 482]);
    bob.calls[0].reject();
    await world.end();
  });

  it('one call more than allowed gets 486 with Retry-After, and OPTIONS tells so', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2', { maxCalls: 1 });
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    await peer.request('INVITE', bob, { sdp: sdp(), callId: 'another' });
    await peer.request('OPTIONS', bob, { callId: 'third' });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(486);
    expect(peer.answer('INVITE').has('Retry-After')).toBe(true);
    expect(peer.answer('OPTIONS').status).toBe(486);
    bob.calls[0].reject();
    await world.end();
  });

  it('after close a call gets 480', async () => {
    const { world, bob, peer } = await bobAndCarol();
    const closing = bob.agent.close();
    await world.run(10);
    await closing;
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(480);
    expect(() => bob.agent.invite('sip:x@y')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    await world.end();
  });
});

describe('asking for abilities', () => {
  it('gives the response whatever its status, and errors when there is none', async () => {
    const { world, bob, peer } = await bobAndCarol();
    peer.onRequest = (request) => void peer.respond(request, 404);
    const asked = bob.agent.options(peer.uri);
    await world.run(20);
    expect((await asked).status).toBe(404);
    const silent = outcome(bob.agent.options('sip:x@10.0.0.77'));
    const abort = new AbortController();
    const aborted = outcome(bob.agent.options('sip:x@10.0.0.77', { signal: abort.signal }));
    await world.run(1_000);
    abort.abort();
    await world.run(32_000);
    expect([silent.text, aborted.text]).toEqual(['ERR_SIP_TIMEOUT', 'ERR_ABORTED']);
    await world.end();
  });
});

describe('redirected requests outside of calls (RFC 3261 §8.1.3.4)', () => {
  it('are followed with the same Call-ID and a higher CSeq, in no circle', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    const other = await world.peer('dave', '10.0.0.10');
    let status = 200;
    peer.onRequest = (request) =>
      void peer.respond(request, 302, {
        headers: { Contact: '<sip:dave@10.0.0.10>' },
      });
    other.onRequest = (request) =>
      void other.respond(request, status, { headers: { Contact: '<sip:carol@10.0.0.9>' } });
    const sent = alice.agent.message(peer.uri, { from: alice.uri, body: 'hello' });
    await world.run(100);
    expect((await sent).status).toBe(200);
    const [first, second] = [peer.last('MESSAGE'), other.last('MESSAGE')];
    expect([second.callId, second.bodyText, second.to.uri.toString()]).toEqual([
      first.callId,
      'hello',
      peer.uri,
    ]);
    expect(second.cseq.seq).toBeGreaterThan(first.cseq.seq);
    status = 302;
    const circle = alice.agent.message(other.uri, { from: alice.uri, body: 'x' });
    await world.run(100);
    expect((await circle).status).toBe(302);
    expect([peer.count('MESSAGE'), other.count('MESSAGE')]).toEqual([2, 2]);
    const secure = await world.endpoint('10.0.0.30');
    secure.endpoint.onRequest = (_, tx) =>
      tx.reply(302, undefined, (response) => response.set('Contact', '<sip:carol@10.0.0.9>'));
    const plain = alice.agent.message('sips:e@10.0.0.30', { from: alice.uri, body: 'secret' });
    await world.run(100);
    expect([(await plain).status, peer.count('MESSAGE')]).toEqual([302, 2]);
    await world.end();
  });
});

describe('watching a trunk (OPTIONS ping)', () => {
  it('tells when the server becomes unreachable and when it is back', async () => {
    const { world, bob, peer } = await bobAndCarol();
    const events: string[] = [];
    bob.agent.on('reachability', ({ state, error }) => events.push(`${state} ${error?.code ?? ''}`.trim()));
    peer.onRequest = (request) => void peer.respond(request, 405);
    bob.agent.addAccount({ aor: 'sip:trunk@10.0.0.9', ping: 30 });
    await world.run(100_000);
    expect(events).toEqual(['reachable']);
    expect(bob.agent.pings[0].roundTripMs).toBe(10);
    expect(peer.count('OPTIONS')).toBeGreaterThanOrEqual(4);
    expect(peer.count('OPTIONS')).toBeLessThanOrEqual(5);
    world.network.unreachable.add(peer.host);
    await world.run(45_000);
    expect(events.at(-1)).toBe('unreachable ERR_SIP_TIMEOUT');
    world.network.unreachable.clear();
    await world.run(45_000);
    expect(events.at(-1)).toBe('reachable');
    peer.onRequest = (request) => void peer.respond(request, 503);
    await world.run(45_000);
    expect(events.at(-1)).toBe('unreachable ERR_CALL_REJECTED');
    expect(events).toHaveLength(4);
    await world.end();
  });

  it('asks at once after a network change, and ends with the account', async () => {
    const { world, bob, peer } = await bobAndCarol();
    peer.onRequest = (request) => void peer.respond(request, 200);
    const { account } = bob.agent.addAccount({ aor: 'sip:trunk@10.0.0.9', ping: 600 });
    await world.run(20);
    bob.agent.networkChanged('test');
    await world.run(20);
    expect(peer.count('OPTIONS')).toBe(2);
    void bob.agent.removeAccount(account);
    await world.run(2_000_000);
    expect(peer.count('OPTIONS')).toBe(2);
    await world.end();
  });
});

describe('an account', () => {
  it('removed while its server is silent is gone with the agent, and whoever waits hears of it', async () => {
    const { world, bob } = await bobAndCarol();
    world.network.unreachable.add('10.0.0.9');
    const registration = bob.agent.addAccount({ aor: 'sip:trunk@10.0.0.9' });
    const registered = outcome(registration.register());
    await world.run(10);
    const removed = outcome(bob.agent.removeAccount(registration.account));
    await world.run(10);
    const closed = outcome(bob.agent.close());
    await world.run(3000);
    expect([closed.text, removed.text, registered.text]).toEqual(['done', 'done', 'ERR_CLOSED']);
    await world.end();
  });
});

describe('calls without a server', () => {
  it('go from peer to peer over TCP, and in-dialog requests use the connection', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const out = alice.agent.invite('sip:bob@10.0.0.2;transport=tcp', { from: alice.uri });
    await world.run(60);
    void bob.calls[0].answer();
    await world.run(60);
    expect(out.state).toBe('connected');
    void bob.calls[0].hangup();
    await world.run(60);
    expect(out.end?.by).toBe('remote');
    expect(world.network.packets.every(({ protocol }) => protocol === 'tcp')).toBe(true);
    await world.end();
  });

  it('survive the loss of the connection', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const out = alice.agent.invite('sip:bob@10.0.0.2;transport=tcp', { from: alice.uri });
    await world.run(60);
    void bob.calls[0].answer();
    await world.run(60);
    alice.transport.breakConnections();
    await world.run(1_000);
    expect([out.state, bob.calls[0].state]).toEqual(['connected', 'connected']);
    const held = [outcome(out.hold())];
    await world.run(200);
    alice.transport.breakConnections();
    await world.run(100);
    held.push(outcome(bob.calls[0].hold()));
    await world.run(200);
    expect(held.map(({ text }) => text)).toEqual(['done', 'done']);
    await world.end();
  });

  it('a sips address is called over TLS only, with a sips Contact', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const out = alice.agent.invite('sips:bob@10.0.0.2', { from: 'sips:alice@10.0.0.1' });
    await world.run(60);
    void bob.calls[0].answer();
    await world.run(60);
    expect(out.state).toBe('connected');
    void bob.calls[0].hangup();
    await world.run(60);
    expect(out.end?.by).toBe('remote');
    expect(world.network.packets.every(({ protocol }) => protocol === 'tls')).toBe(true);
    const contacts = world.network.packets
      .map(({ text }) => /^Contact: (.*)$/m.exec(text)?.[1])
      .filter(Boolean);
    expect(contacts.length).toBeGreaterThan(2);
    for (const contact of contacts) expect(contact).toMatch(/^<sips:/);
    await world.end();
  });

  it('a sips address behind an account without TLS is an error, nothing is sent', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    world.name('example.com', { protocol: 'udp', host: '10.0.0.9', port: 5060 });
    const { account } = alice.agent.addAccount({ aor: 'sip:alice@example.com' });
    const answered = outcome(alice.agent.invite('sips:bob@example.com', { account }).answered());
    await world.run(20);
    expect(answered.text).toBe('ERR_DNS_NOT_FOUND');
    expect(world.flow()).toEqual([]);
    await world.end();
  });

  it('go to the next server when the first does not answer', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    world.name(
      'example.com',
      { protocol: 'tcp', host: '10.0.0.70', port: 5060 },
      { protocol: 'udp', host: '10.0.0.2', port: 5060 },
    );
    const out = alice.agent.invite('bob@example.com', { from: alice.uri });
    await world.run(100);
    expect(bob.calls).toHaveLength(1);
    void out.hangup();
    await world.end();
  });
});

describe('accounts', () => {
  it.each([
    [{ aor: 'sip:a b@c' }, 'aor'],
    [{ aor: 'sip:a@b', server: '::::' }, 'server'],
    [{ aor: 'sip:a@b', outboundProxy: 'x y' }, 'outboundProxy'],
    [{ aor: 'sip:a@b', expires: 0 }, 'expires'],
    [{ aor: 'sip:a@b', ping: -1 }, 'ping'],
  ])('%j is refused by name', async (options, name) => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    expect(() => alice.agent.addAccount(options)).toThrow(new RegExp(`option '${name}'`));
    await world.end();
  });

  it('an incoming call belongs to the account it was made to', async () => {
    const { world, bob, peer } = await bobAndCarol();
    bob.agent.addAccount({ aor: 'sip:sales@example.com' });
    bob.agent.addAccount({ aor: 'sip:bob@example.com' });
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    expect(bob.calls[0].local).toBe('sip:bob@10.0.0.2');
    expect(peer.answer('INVITE').contacts[0].uri.toString()).toBe('sip:bob@10.0.0.2:5060');
    bob.calls[0].reject();
    await world.end();
  });

  it('requests pass the outbound proxy first', async () => {
    const { world, bob, peer } = await bobAndCarol();
    const { account } = bob.agent.addAccount({ aor: 'sip:bob@example.com', outboundProxy: peer.host });
    void bob.agent.invite('1234', { account });
    await world.run(20);
    expect(peer.last('INVITE').uri.toString()).toBe('sip:1234@example.com');
    expect(peer.last('INVITE').routes.map(String)).toEqual(['<sip:10.0.0.9;lr>']);
    peer.respond(peer.last('INVITE'), 486);
    await world.end();
  });
});

describe('closing', () => {
  it.each([0, 3, 8, 20, 40, 60, 100])(
    'a call in whatever state it is after %d ms leaves nothing',
    async (ms) => {
      const world = new UaWorld();
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2');
      bob.agent.on('incoming', (call) => {
        world.clock.after(15, () => void call.answer().catch(() => {}));
      });
      const out = alice.agent.invite(bob.uri, { from: alice.uri });
      world.clock.after(60, () => {
        if (out.state === 'connected') outcome(out.hold());
      });
      await world.run(ms);
      const closed = [outcome(alice.agent.close()), outcome(bob.agent.close())];
      await world.run(2_100);
      expect(closed.map(({ text }) => text)).toEqual(['done', 'done']);
      expect([alice.agent.counters.calls, bob.agent.counters.calls]).toEqual([0, 0]);
      await world.end();
    },
  );

  it('with a peer that does not answer takes two seconds at most', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    await world.call(alice, bob);
    world.network.unreachable.add(bob.host);
    const closed = outcome(alice.agent.close());
    await world.run(1_900);
    expect(closed.text).toBe('pending');
    await world.run(200);
    expect(closed.text).toBe('done');
    expect(mediaOf(bob)).toBeDefined();
    expect(alice.agent.counters.dialogs).toBe(0);
    world.network.unreachable.clear();
    await world.end();
  });
});
