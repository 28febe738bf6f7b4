import { describe, expect, it } from 'vitest';
import type { UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

/** Bob has answered a call of the scripted Carol. */
async function answered(options: Partial<UserAgentOptions> = {}, headers: Record<string, string> = {}) {
  const world = new UaWorld();
  const bob = await world.party('bob', '10.0.0.2', options);
  const peer = await world.peer('carol', '10.0.0.9');
  await peer.request('INVITE', bob, { sdp: sdp(), headers });
  await world.run(20);
  const [call] = bob.calls;
  void call.answer();
  await world.run(20);
  const toTag = peer.answer('INVITE').to.tag;
  await peer.request('ACK', bob, { toTag });
  await world.run(20);
  expect(call.state).toBe('connected');
  let cseq = 1;
  /** A request within the call. */
  const request = async (
    method: string,
    more: { sdp?: string; headers?: Record<string, string>; contentType?: string } = {},
  ) => {
    cseq++;
    await peer.request(method, bob, { toTag, cseq, ...more });
    await world.run(20);
    return peer.answer(method);
  };
  const ack = (body?: string) => peer.request('ACK', bob, { toTag, cseq, sdp: body });
  const polite = () => {
    peer.onRequest = (message) => {
      if (message.method !== 'ACK')
        peer.respond(message, 200, message.method === 'INVITE' ? { sdp: sdp() } : {});
    };
  };
  return { world, bob, peer, call, toTag, request, ack, polite };
}

describe('hold', () => {
  it('is offered as sendonly, and taken back', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(alice, bob);
    const events: string[] = [];
    out.on('hold', ({ by, held }) => events.push(`out ${by} ${held}`));
    incoming.on('hold', ({ by, held }) => events.push(`in ${by} ${held}`));
    const held = outcome(out.hold());
    await world.run(50);
    expect(held.text).toBe('done');
    expect(mediaOf(alice).config?.direction).toBe('sendonly');
    expect(mediaOf(bob).config?.direction).toBe('recvonly');
    expect([out.held, incoming.held]).toEqual([
      { local: true, remote: false },
      { local: false, remote: true },
    ]);
    const both = outcome(incoming.hold());
    await world.run(50);
    expect(both.text).toBe('done');
    expect(mediaOf(alice).config?.direction).toBe('inactive');
    await Promise.all([world.run(50), out.resume()]);
    await Promise.all([world.run(50), incoming.resume()]);
    expect(mediaOf(alice).config?.direction).toBe('sendrecv');
    expect(mediaOf(bob).config?.direction).toBe('sendrecv');
    expect(events).toEqual([
      'in remote true',
      'out local true',
      'out remote true',
      'in local true',
      'in remote false',
      'out local false',
      'out remote false',
      'in local false',
    ]);
    await world.end();
  });

  it('keeps telling what we support, but reliable responses', async () => {
    const { world, peer, call, polite } = await answered();
    polite();
    const held = outcome(call.hold());
    await world.run(50);
    expect(held.text).toBe('done');
    const { supported } = peer.last('INVITE');
    expect(supported).toEqual(expect.arrayContaining(['timer', 'replaces']));
    expect(supported).not.toContain('100rel');
    await world.end();
  });

  it('twice changes nothing; in quick succession each takes effect in order', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const { out } = await world.call(alice, bob);
    const all = [out.hold(), out.hold(), out.resume(), out.hold()].map(outcome);
    await world.run(200);
    expect(all.map(({ text }) => text)).toEqual(['done', 'done', 'done', 'done']);
    expect(mediaOf(bob).config?.direction).toBe('recvonly');
    expect(world.count('INVITE')).toBe(4);
    await world.end();
  });

  it('that is refused leaves the session as it was', async () => {
    const { world, bob, peer, call, polite } = await answered();
    const before = mediaOf(bob).configurations.length;
    const held = outcome(call.hold());
    await world.run(20);
    peer.respond(peer.last('INVITE'), 488);
    await world.run(20);
    expect(held.text).toBe('ERR_CALL_REJECTED');
    expect(call.held.local).toBe(false);
    expect(call.state).toBe('connected');
    expect(mediaOf(bob).configurations).toHaveLength(before);
    polite();
    const again = outcome(call.hold());
    await world.run(20);
    expect(again.text).toBe('done');
    await world.end();
  });

  it('by an old peer with 0.0.0.0 is understood', async () => {
    const { world, bob, call, request, ack, polite } = await answered();
    const ok = await request('INVITE', { sdp: sdp({ host: '0.0.0.0', version: 2 }) });
    expect(ok.status).toBe(200);
    await ack();
    await world.run(20);
    expect(call.held.remote).toBe(true);
    expect(['recvonly', 'inactive']).toContain(mediaOf(bob).config?.direction);
    polite();
    await world.end();
  });

  it('before the call is connected is a state error', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const held = outcome(alice.agent.invite('sip:x@10.0.0.9', { from: alice.uri }).hold());
    await world.run(1);
    expect(held.text).toBe('ERR_CALL_STATE');
    await world.end();
  });
});

describe('a re-INVITE of the peer', () => {
  it('moves the media and the target', async () => {
    const { world, bob, peer, call, request, ack, polite } = await answered();
    const ok = await request('INVITE', {
      sdp: sdp({ port: 44_000, version: 2 }),
      headers: { Contact: '<sip:elsewhere@10.0.0.9>' },
    });
    expect(ok.status).toBe(200);
    await ack();
    expect(mediaOf(bob).config?.remote.port).toBe(44_000);
    polite();
    void call.hangup();
    await world.run(20);
    expect(peer.last('BYE').uri.toString()).toBe('sip:elsewhere@10.0.0.9');
    await world.end();
  });

  it('that is refused moves neither', async () => {
    const { world, bob, peer, call, request, polite } = await answered();
    const refused = await request('INVITE', {
      sdp: sdp({ codec: '97', version: 2 }),
      headers: { Contact: '<sip:elsewhere@10.0.0.9>' },
    });
    expect(refused.status).toBe(488);
    expect(mediaOf(bob).config?.remote.port).toBe(40_000);
    expect(call.state).toBe('connected');
    polite();
    void call.hangup();
    await world.run(20);
    expect(peer.last('BYE').uri.toString()).toBe('sip:carol@10.0.0.9');
    await world.end();
  });

  it('without SDP gets our offer; the ACK answers it', async () => {
    const { world, bob, call, request, ack, polite } = await answered();
    const ok = await request('INVITE');
    expect(ok.bodyText).toContain('m=audio');
    await ack(sdp({ port: 45_000, version: 2 }));
    await world.run(20);
    expect(mediaOf(bob).config?.remote.port).toBe(45_000);
    expect(call.state).toBe('connected');
    polite();
    await world.end();
  });

  it('without SDP whose ACK has none either leaves the session as it was', async () => {
    const { world, bob, call, request, ack, polite } = await answered();
    await request('INVITE');
    await ack();
    await world.run(20);
    expect(call.state).toBe('connected');
    expect(mediaOf(bob).config?.remote.port).toBe(40_000);
    polite();
    const held = outcome(call.hold());
    await world.run(20);
    expect(held.text).toBe('done');
    await world.end();
  });

  it('whose ACK never comes ends the call with BYE', async () => {
    const { world, peer, call, request } = await answered();
    await request('INVITE', { sdp: sdp({ version: 2 }) });
    await world.run(33_000);
    expect(call.end).toMatchObject({ by: 'error', status: 408 });
    expect(peer.count('BYE')).toBeGreaterThan(0);
    await world.end();
  });

  it('follows another whose ACK was lost (RFC 5407 §3.1.4)', async () => {
    const { world, request, ack, polite } = await answered();
    await request('INVITE', { sdp: sdp({ version: 2 }) });
    const second = await request('INVITE', { sdp: sdp({ version: 3 }) });
    expect(second.status).toBe(200);
    await ack();
    polite();
    await world.run(40_000);
    await world.end();
  });

  it('while the answer to our offer is missing gets 491 (RFC 5407 §3.1.5)', async () => {
    const { world, request, polite } = await answered();
    await request('INVITE');
    const second = await request('INVITE', { sdp: sdp({ version: 3 }) });
    expect(second.status).toBe(491);
    polite();
    await world.end();
  });

  it('with a body that is no SDP gets 415', async () => {
    const { world, request, polite } = await answered();
    const refused = await request('INVITE', { sdp: 'x', contentType: 'text/plain' });
    expect(refused.status).toBe(415);
    expect(refused.get('Accept')).toBe('application/sdp');
    polite();
    await world.end();
  });

  it('whose body is encoded gets 415 with Accept-Encoding (RFC 3261 §8.2.3)', async () => {
    const { world, request, polite } = await answered();
    const refused = await request('INVITE', { sdp: sdp(), headers: { 'Content-Encoding': 'gzip' } });
    expect([refused.status, refused.get('Accept-Encoding')]).toEqual([415, 'identity']);
    polite();
    await world.end();
  });

  it('that is cancelled too late is answered', async () => {
    const { world, bob, peer, call, toTag, ack, polite } = await answered();
    await peer.request('INVITE', bob, { toTag, cseq: 2, sdp: sdp({ version: 2 }), branch: 'z9hG4bK-re' });
    await peer.request('CANCEL', bob, { toTag, cseq: 2, branch: 'z9hG4bK-re' });
    await world.run(20);
    expect(peer.answer('CANCEL').status).toBe(200);
    expect(peer.answer('INVITE').status).toBe(200);
    await peer.request('ACK', bob, { toTag, cseq: 2 });
    void ack;
    await world.run(40_000);
    expect(call.state).toBe('connected');
    polite();
    await world.end();
  });
});

describe('UPDATE', () => {
  it('changes the session', async () => {
    const { world, bob, request, polite } = await answered();
    const ok = await request('UPDATE', { sdp: sdp({ port: 46_000, version: 2 }) });
    expect(ok.status).toBe(200);
    expect(ok.bodyText).toContain('m=audio');
    expect(mediaOf(bob).config?.remote.port).toBe(46_000);
    polite();
    await world.end();
  });

  it('during our re-INVITE gets 491 with an offer, 200 without', async () => {
    const { world, peer, call, request, polite } = await answered();
    const held = outcome(call.hold());
    await world.run(20);
    expect((await request('UPDATE', { sdp: sdp({ version: 2 }) })).status).toBe(491);
    expect((await request('UPDATE')).status).toBe(200);
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp({ version: 3, direction: 'recvonly' }) });
    await world.run(20);
    expect(held.text).toBe('done');
    polite();
    await world.end();
  });

  it('is refused with 488 and changes nothing', async () => {
    const { world, bob, call, request, polite } = await answered();
    expect((await request('UPDATE', { sdp: sdp({ codec: '97', version: 2 }) })).status).toBe(488);
    expect(mediaOf(bob).config?.remote.port).toBe(40_000);
    expect(call.state).toBe('connected');
    polite();
    await world.end();
  });
});

describe('our re-INVITE', () => {
  it('waits 2.1 to 4 s after 491 when the Call-ID is ours, else up to 2 s (RFC 3261 §14.1)', async () => {
    const waits: Record<'owner' | 'other', number[]> = { owner: [], other: [] };
    for (let seed = 1; seed <= 8; seed++) {
      const world = new UaWorld(seed);
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2');
      const { out, in: incoming } = await world.call(alice, bob);
      const start = world.clock.now();
      const both = [outcome(out.hold()), outcome(incoming.hold())];
      await world.run(5_000);
      expect(both.map(({ text }) => text)).toEqual(['done', 'done']);
      const sent = world.network.packets.filter(
        ({ text, time }) => time > start + 50 && text.startsWith('INVITE'),
      );
      for (const { from, time } of sent)
        waits[from.host === alice.host ? 'owner' : 'other'].push(time - start);
      await world.end();
    }
    expect(Math.min(...waits.owner)).toBeGreaterThanOrEqual(2_100);
    expect(Math.max(...waits.owner)).toBeLessThanOrEqual(4_100);
    expect(Math.max(...waits.other)).toBeLessThanOrEqual(2_100);
  });

  it('that only ever gets a provisional answer is cancelled after a minute; the call goes on', async () => {
    for (const stops of [true, false]) {
      const { world, peer, call, polite } = await answered();
      peer.onRequest = (request) => {
        if (request.method === 'INVITE') peer.respond(request, 100);
        if (request.method === 'CANCEL') peer.respond(request, 200);
        if (request.method === 'CANCEL' && stops) peer.respond(peer.last('INVITE'), 487);
      };
      const held = outcome(call.hold());
      await world.run(59_000);
      expect([held.text, peer.count('CANCEL')]).toEqual(['pending', 0]);
      await world.run(2000);
      expect([held.text, peer.count('CANCEL')]).toEqual([stops ? 'ERR_TIMEOUT' : 'pending', 1]);
      await world.run(33_000);
      expect([held.text, call.state, call.held.local]).toEqual([
        stops ? 'ERR_TIMEOUT' : 'ERR_ABORTED',
        'connected',
        false,
      ]);
      polite();
      const again = outcome(call.hold());
      await world.run(100);
      expect(again.text).toBe('done');
      await world.end();
    }
  });

  it.each([
    ['0', 'done'],
    ['2', 'done'],
    ['3600', 'ERR_CALL_REJECTED'],
    ['never', 'ERR_CALL_REJECTED'],
  ])('answered with 500 and Retry-After %s ends in %s (RFC 3261 §14.2)', async (retryAfter, expected) => {
    const { world, peer, call, polite } = await answered();
    peer.onRequest = (request) => {
      polite();
      peer.respond(request, 500, { headers: { 'Retry-After': retryAfter } });
    };
    const held = outcome(call.hold());
    await world.run(5000);
    expect(held.text).toBe(expected);
    await world.end();
  });

  it('is given up after several 491', async () => {
    const { world, peer, call, polite } = await answered();
    peer.onRequest = (request) => void (request.method !== 'ACK' && peer.respond(request, 491));
    const held = outcome(call.hold());
    await world.run(60_000);
    expect(held.text).toBe('ERR_CALL_REJECTED');
    expect(peer.count('INVITE')).toBe(6);
    expect(call.state).toBe('connected');
    polite();
    await world.end();
  });

  it.each([481, 408])('answered with %d ends the call (RFC 3261 §12.2.1.2)', async (status) => {
    const { world, peer, call, polite } = await answered();
    const held = outcome(call.hold());
    await world.run(20);
    polite();
    peer.respond(peer.last('INVITE'), status);
    await world.run(20);
    expect(held.text).toBe('ERR_CALL_REJECTED');
    expect(call.end).toMatchObject({ by: 'error', status });
    await world.end();
  });

  it('without any answer ends the call', async () => {
    const { world, call } = await answered();
    const held = outcome(call.hold());
    await world.run(33_000);
    expect(held.text).toBe('ERR_SIP_TIMEOUT');
    expect(call.end).toMatchObject({ by: 'error', status: 408 });
    await world.end();
  });

  it('without any answer is the last: what waits behind it is not sent into a dead dialog', async () => {
    const { world, peer, call } = await answered();
    const held = outcome(call.hold());
    const resumed = outcome(call.resume());
    await world.run(33_000);
    expect([held.text, resumed.text]).toEqual(['ERR_SIP_TIMEOUT', 'ERR_CALL_ENDED']);
    expect(new Set(peer.requests.map(({ message }) => `${message.cseq}`))).toEqual(
      new Set(['1 INVITE', '2 BYE']),
    );
    await world.end();
  });

  it('by UPDATE moves the target as its 200 says (RFC 3311 §5.1)', async () => {
    const { world, peer, call, polite } = await answered({}, { Allow: 'INVITE, ACK, BYE, UPDATE' });
    const elsewhere = '<sip:carol@10.0.0.9:5060;elsewhere>';
    peer.onRequest = (request) =>
      void peer.respond(request, 200, { sdp: sdp(), headers: { Contact: elsewhere } });
    const held = outcome(call.hold({ method: 'update' }));
    await world.run(20);
    expect(held.text).toBe('done');
    polite();
    void call.hangup();
    await world.run(20);
    expect(`<${peer.last('BYE').uri}>`).toBe(elsewhere);
    await world.end();
  });

  it('gets its ACK repeated for a repeated 200', async () => {
    const { world, peer, call, polite } = await answered();
    void call.hold();
    await world.run(20);
    const invite = peer.last('INVITE');
    peer.respond(invite, 200, { sdp: sdp() });
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(peer.count('ACK')).toBe(2);
    polite();
    await world.end();
  });
});

describe('session timers (RFC 4028)', () => {
  it('as callee: the caller refreshes; without it the call ends before the interval is over', async () => {
    const { world, peer, call, request } = await answered(
      {},
      { Supported: 'timer', 'Session-Expires': '300;refresher=uac' },
    );
    expect(peer.answer('INVITE').sessionExpires).toMatchObject({ delta: 300, refresher: 'uac' });
    expect(peer.answer('INVITE').require).toContain('timer');
    await world.run(200_000);
    expect(
      (await request('UPDATE', { headers: { Supported: 'timer', 'Session-Expires': '300;refresher=uac' } }))
        .status,
    ).toBe(200);
    await world.run(260_000);
    expect(call.state).toBe('connected');
    await world.run(10_000);
    expect(call.end).toMatchObject({ by: 'error', status: 408 });
    expect(peer.count('BYE')).toBeGreaterThan(0);
    await world.end();
  });

  it('as callee: we refresh with re-INVITE, or UPDATE when the peer allows it', async () => {
    for (const [allow, method] of [
      ['INVITE, ACK, BYE', 'INVITE'],
      ['INVITE, ACK, BYE, UPDATE', 'UPDATE'],
    ]) {
      const { world, peer, call } = await answered(
        {},
        { Supported: 'timer', 'Session-Expires': '300;refresher=uas', Allow: allow },
      );
      peer.onRequest = (request) => {
        if (request.method !== 'ACK')
          peer.respond(request, 200, {
            sdp: request.method === 'INVITE' ? sdp() : undefined,
            headers: { 'Session-Expires': '300;refresher=uac' },
          });
      };
      await world.run(149_000);
      expect(peer.count(method)).toBe(0);
      await world.run(2_000);
      expect(peer.count(method)).toBe(1);
      expect(peer.last(method).sessionExpires).toMatchObject({ delta: 300, refresher: 'uac' });
      await world.run(600_000);
      expect(call.state).toBe('connected');
      await world.end();
    }
  });

  it('goes over to re-INVITE for good where UPDATE is refused in spite of Allow', async () => {
    for (const status of [405, 501]) {
      const { world, peer, call } = await answered(
        {},
        { Supported: 'timer', 'Session-Expires': '300;refresher=uas', Allow: 'INVITE, UPDATE' },
      );
      peer.onRequest = (request) => {
        if (request.method === 'UPDATE') peer.respond(request, status);
        else if (request.method === 'INVITE')
          peer.respond(request, 200, {
            sdp: sdp(),
            headers: { 'Session-Expires': '300;refresher=uac', Allow: 'INVITE, UPDATE' },
          });
        else if (request.method !== 'ACK') peer.respond(request, 200);
      };
      await world.run(600_000);
      expect([call.state, peer.count('UPDATE'), peer.count('INVITE')]).toEqual(['connected', 1, 3]);
      await world.end();
    }
  });

  it('between two of us keeps a call up for hours', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1', { sessionExpires: 120 });
    const bob = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(alice, bob);
    await world.run(7_200_000);
    expect([out.state, incoming.state]).toEqual(['connected', 'connected']);
    expect(world.count('UPDATE')).toBe(119);
    world.network.unreachable.add('10.0.0.2');
    await world.run(130_000);
    expect(out.end?.status).toBe(408);
    expect(incoming.end?.status).toBe(408);
    await world.end();
  });

  it('a refresh that fails for now is tried again before the session is given up', async () => {
    const { world, peer, call } = await answered(
      {},
      { Supported: 'timer', 'Session-Expires': '300;refresher=uas', Allow: 'UPDATE' },
    );
    let refusals = 2;
    peer.onRequest = (request) => {
      if (request.method === 'UPDATE' && refusals-- > 0) peer.respond(request, 503);
      else if (request.method !== 'ACK')
        peer.respond(request, 200, { headers: { 'Session-Expires': '300;refresher=uac' } });
    };
    await world.run(1_000_000);
    expect(call.state).toBe('connected');
    await world.end();
  });

  it('an interval too small gets 422 with Min-SE, also within the call', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2', { minSessionExpires: 200 });
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, {
      sdp: sdp(),
      headers: { Supported: 'timer', 'Session-Expires': '100' },
    });
    await world.run(20);
    expect(peer.answer('INVITE')).toMatchObject({ status: 422, minSe: 200 });
    await world.end();
    const set = await answered({ minSessionExpires: 200 });
    const refused = await set.request('UPDATE', {
      headers: { Supported: 'timer', 'Session-Expires': '100' },
    });
    expect(refused).toMatchObject({ status: 422, minSe: 200 });
    set.polite();
    await set.world.end();
  });

  it('a peer without session timers is refreshed by us', async () => {
    const { world, peer, polite } = await answered({ sessionExpires: 400 });
    expect(peer.answer('INVITE').sessionExpires).toMatchObject({ delta: 400, refresher: 'uas' });
    expect(peer.answer('INVITE').require).not.toContain('timer');
    polite();
    await world.run(201_000);
    expect(peer.count('INVITE')).toBe(1);
    await world.end();
  });

  it('can be turned off', async () => {
    const { world, peer, call, polite } = await answered({ sessionExpires: 0 });
    expect(peer.answer('INVITE').has('Session-Expires')).toBe(false);
    polite();
    await world.run(10_000_000);
    expect(call.state).toBe('connected');
    await world.end();
  });
});

describe('DTMF and INFO', () => {
  it('digits go as telephone-events where the peer takes them, else as INFO', async () => {
    const { world, bob, peer, call, polite } = await answered();
    polite();
    await call.sendDtmf('12#');
    expect(mediaOf(bob).digits).toBe('12#');
    const sent = outcome(call.sendDtmf('4,5', { method: 'info' }));
    await world.run(1_000);
    expect(sent.text).toBe('done');
    expect(
      peer.requests.filter(({ message }) => message.method === 'INFO').map(({ message }) => message.bodyText),
    ).toEqual(['Signal=4\r\nDuration=100\r\n', 'Signal=5\r\nDuration=100\r\n']);
    const wrong = outcome(call.sendDtmf('x'));
    await world.run(1);
    expect(wrong.text).toBe('ERR_INVALID_ARGUMENT');
    await world.end();
  });

  it('digits by INFO and by RTP come out of one iterator, which ends with the call', async () => {
    const { world, bob, call, request, polite } = await answered();
    const heard: string[] = [];
    const loop = (async () => {
      for await (const { digit, via } of call.dtmf()) heard.push(`${digit} ${via}`);
      heard.push('end');
    })();
    expect(
      (await request('INFO', { sdp: 'Signal=5\r\nDuration=200\r\n', contentType: 'application/dtmf-relay' }))
        .status,
    ).toBe(200);
    mediaOf(bob).emit('dtmf', { digit: '7', durationMs: 100, via: 'rfc4733' });
    await request('INFO', { sdp: '*', contentType: 'application/dtmf' });
    polite();
    void call.hangup();
    await world.run(20);
    await loop;
    expect(heard).toEqual(['5 info', '7 rfc4733', '* info', 'end']);
    await world.end();
  });

  it('an unknown Info Package gets 469, another body reaches the application', async () => {
    const { world, call, request, polite } = await answered();
    const bodies: string[] = [];
    call.on('info', ({ contentType, body }) => bodies.push(`${contentType} ${body}`));
    expect((await request('INFO', { headers: { 'Info-Package': 'foo' } })).status).toBe(469);
    expect((await request('INFO', { sdp: 'hi', contentType: 'text/plain' })).status).toBe(200);
    expect(bodies).toEqual(['text/plain hi']);
    polite();
    await world.end();
  });

  it.each(['OPTIONS', 'MESSAGE', 'X-OWN'])(
    '%s answered with 408, or not at all, ends the call (RFC 3261 §12.2.1.2)',
    async (method) => {
      for (const answers of [true, false]) {
        const { world, peer, call } = await answered();
        peer.onRequest = (message) => {
          if (message.method === 'BYE') peer.respond(message, 200);
          else if (answers) peer.respond(message, 408);
        };
        const sent = outcome(call.request(method));
        await world.run(answers ? 50 : 33_000);
        expect(sent.text).toBe(answers ? 'done' : 'ERR_SIP_TIMEOUT');
        expect([call.end?.status, peer.count('BYE')]).toEqual([408, 1]);
        await world.end();
      }
    },
  );

  it('a request that is repeated less than usual and not answered leaves the call alone', async () => {
    const { world, peer, call, polite } = await answered({ policies: { maxResends: 2 } });
    const sent = outcome(call.request('MESSAGE'));
    await world.run(10_000);
    expect([sent.text, call.state, peer.count('BYE')]).toEqual(['ERR_SIP_TIMEOUT', 'connected', 0]);
    polite();
    await world.end();
  });

  it('INFO answered with 481 ends the call, with 415 does not', async () => {
    const { world, peer, call, polite } = await answered();
    let status = 415;
    peer.onRequest = (request) => void (request.method === 'INFO' && peer.respond(request, status));
    const first = outcome(call.info('text/plain', 'x'));
    await world.run(20);
    expect([first.text, call.state]).toEqual(['ERR_CALL_REJECTED', 'connected']);
    status = 481;
    outcome(call.info('text/plain', 'x'));
    await world.run(20);
    expect(call.end).toMatchObject({ by: 'error', status: 481 });
    polite();
    await world.end();
  });
});
