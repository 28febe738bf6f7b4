import { describe, expect, it } from 'vitest';
import type { InviteOptions, UserAgentOptions } from '../../../src/ua/index.js';
import { hexUserToUser } from '../../../src/ua/index.js';
import { sdp, UaWorld } from '../../support/ua-harness.js';

/** The INVITE Alice (account 1001@example.test, digest name 'digest-alice') sends to Carol. */
async function invited(options: InviteOptions = {}, agent: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  world.name('example.test', { protocol: 'udp', host: '10.0.0.9', port: 5060 });
  const alice = await world.party('alice', '10.0.0.1', agent);
  const peer = await world.peer('carol', '10.0.0.9');
  const { account } = alice.agent.addAccount({
    aor: 'sip:1001@example.test',
    displayName: 'Alice A',
    authUsername: 'digest-alice',
    password: 'x',
  });
  const call = alice.agent.invite('2002', { account, ...options });
  await world.run(50);
  return { world, alice, peer, call, invite: peer.last('INVITE') };
}

/** Bob gets an INVITE of Carol with these headers. */
async function called(headers: Record<string, string>, agent: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  const bob = await world.party('bob', '10.0.0.2', agent);
  const peer = await world.peer('carol', '10.0.0.9');
  await peer.request('INVITE', bob, { sdp: sdp(), headers });
  await world.run(20);
  const [call] = bob.calls;
  return { world, bob, peer, call };
}

describe('who we say we are', () => {
  it('[caller-id/0] user and display name in From and Contact, the digest name nowhere but in the digest', async () => {
    const { world, peer, invite, call } = await invited();
    expect(invite.get('From')).toMatch(/^"?Alice A"? <sip:1001@example\.test>;tag=/);
    expect(invite.contact?.uri.toString()).toBe('sip:1001@10.0.0.1:5060');
    peer.respond(invite, 407, { headers: { 'Proxy-Authenticate': 'Digest realm="r", nonce="n"' } });
    await world.run(50);
    const again = peer.last('INVITE');
    expect(again.get('Proxy-Authorization')).toContain('username="digest-alice"');
    expect(`${again.get('From')}${again.get('Contact')}`).not.toContain('digest-alice');
    void call.hangup();
    await world.end();
  });

  it('[caller-id/1] identity headers are sent when set, computed or as given, and Privacy', async () => {
    const computed = await invited({
      policies: { identity: { preferred: true, asserted: true, remotePartyId: true } },
    });
    const own = expect.stringMatching(/^"?Alice A"? <sip:1001@example\.test>/);
    expect(computed.invite.get('P-Preferred-Identity')).toEqual(own);
    expect(computed.invite.get('P-Asserted-Identity')).toEqual(own);
    expect(computed.invite.get('Remote-Party-ID')).toMatch(/>;party=calling;privacy=off;screen=no$/);
    expect(computed.invite.has('Privacy')).toBe(false);
    await computed.world.end();

    const given = await invited({
      policies: {
        identity: { asserted: '"Desk" <tel:+15550100>', preferred: '5@host.test', privacy: 'none' },
      },
    });
    expect(given.invite.get('P-Asserted-Identity')).toBe('"Desk" <tel:+15550100>');
    expect(given.invite.get('P-Preferred-Identity')).toBe('<sip:5@host.test>');
    expect(given.invite.get('Privacy')).toBe('none');
    await given.world.end();

    for (const [privacy, told] of [
      ['id', 'full'],
      ['header;critical', 'full'],
      ['none', 'off'],
    ]) {
      const hidden = await invited({ policies: { identity: { remotePartyId: true, privacy } } });
      expect(hidden.invite.get('Privacy')).toBe(privacy);
      expect(hidden.invite.get('Remote-Party-ID')).toContain(`;privacy=${told};`);
      await hidden.world.end();
    }

    const plain = await invited();
    for (const name of ['P-Preferred-Identity', 'P-Asserted-Identity', 'Remote-Party-ID', 'Privacy'])
      expect(plain.invite.has(name)).toBe(false);
    await plain.world.end();
  });

  it.each<[string, InviteOptions]>([
    ['asked for', { policies: { identity: { anonymous: true } } }],
    ['by name', { displayName: 'Anonymous' }],
  ])(
    '[caller-id/3] anonymous, %s: nothing but the header for the own server tells who calls',
    async (_, options) => {
      const { world, invite } = await invited(options);
      expect(invite.get('From')).toMatch(/^Anonymous <sip:anonymous@anonymous\.invalid>;tag=/);
      expect(invite.get('Privacy')).toBe('id');
      expect(invite.get('P-Preferred-Identity')).toContain('sip:1001@example.test');
      expect(invite.get('Contact')).not.toContain('1001');
      await world.end();
    },
  );
});

describe('who calls us', () => {
  it.each([
    ['from', {}, 'carol', undefined],
    ['p-asserted-identity', { 'P-Asserted-Identity': '"Real C" <sip:4711@net.test>' }, '4711', 'Real C'],
    ['remote-party-id', { 'Remote-Party-ID': '"RP" <sip:12@net.test>;party=calling' }, '12', 'RP'],
    ['p-preferred-identity', { 'P-Preferred-Identity': '<sip:33@net.test>' }, '33', undefined],
    ['contact', { From: '<sip:10.0.0.9>;tag=carol', Contact: '<sip:desk@10.0.0.9>' }, 'desk', undefined],
    ['p-asserted-identity', { 'P-Asserted-Identity': '<tel:+15550100>' }, '+15550100', undefined],
  ])('[caller-id/2] is taken from %s (%j)', async (source, headers, user, displayName) => {
    const { world, call } = await called(headers);
    expect(call.identity).toMatchObject({ source, user, anonymous: false });
    if (displayName) expect(call.identity.displayName).toBe(displayName);
    await world.end();
  });

  it('[caller-id/3] one who hides is anonymous, unless a server we listen to says who it is', async () => {
    const hidden = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=carol', Privacy: 'id' };
    const { world, call } = await called(hidden);
    expect(call.identity).toMatchObject({ anonymous: true, source: 'from', privacy: ['id'] });
    await world.end();
    const known = await called({ ...hidden, 'P-Asserted-Identity': '<sip:4711@net.test>' });
    expect(known.call.identity).toMatchObject({ anonymous: true, user: '4711' });
    await known.world.end();
  });

  it('headers that cannot be read are passed over', async () => {
    const { world, call } = await called({
      'P-Asserted-Identity': '<sip:@@',
      Diversion: '<',
      'History-Info': '><',
    });
    expect(call.identity.source).toBe('from');
    expect([call.diversions, call.history]).toEqual([[], []]);
    await world.end();
  });
});

describe('where a call has been', () => {
  it('Diversion is read, the last one first, and sent', async () => {
    const value = '"B" <sip:bob@b.test>;reason=user-busy;counter=2, <sip:eve@e.test>;reason=no-answer';
    const { world, call } = await called({ Diversion: value });
    expect(call.diversions).toMatchObject([
      { user: 'bob', displayName: 'B', reason: 'user-busy', counter: 2 },
      { user: 'eve', reason: 'no-answer' },
    ]);
    await world.end();
    const out = await invited({
      diversion: { uri: 'sip:desk@x.test', user: 'desk', reason: 'unconditional' },
    });
    expect(out.invite.get('Diversion')).toBe('<sip:desk@x.test>;reason=unconditional;counter=1');
    await out.world.end();
  });

  it('History-Info is read, and stands in for a missing Diversion', async () => {
    const { world, call } = await called({
      'History-Info': '<sip:bob@b.test?Reason=SIP%3Bcause%3D486>;index=1, <sip:carl@b.test>;index=1.1;rc=1',
    });
    expect(call.history).toEqual([
      { uri: 'sip:bob@b.test', user: 'bob', index: '1', cause: 486 },
      { uri: 'sip:carl@b.test', user: 'carl', index: '1.1', cause: undefined },
    ]);
    expect(call.diversions).toMatchObject([{ user: 'bob', reason: 'user-busy' }]);
    await world.end();
  });

  it('a 3xx is followed with the trail of it, or not', async () => {
    const { world, peer, invite } = await invited({ policies: { historyInfo: true } });
    peer.respond(invite, 302, { headers: { Contact: '<sip:new@10.0.0.9>' } });
    await world.run(50);
    const next = peer.last('INVITE');
    expect(next.uri.toString()).toBe('sip:new@10.0.0.9');
    expect(next.get('Diversion')).toBe('<sip:2002@example.test>;reason=unconditional;counter=1');
    expect(next.getAll('History-Info')).toEqual([
      '<sip:2002@example.test?Reason=SIP%3Bcause%3D302>;index=1',
      '<sip:new@10.0.0.9>;index=1.1;rc=1',
    ]);
    await world.end();
    const told = await invited();
    told.peer.respond(told.invite, 302, {
      headers: { Contact: '<sip:new@10.0.0.9>', Diversion: '<sip:2002@example.test>;reason=user-busy' },
    });
    await told.world.run(50);
    expect(told.peer.last('INVITE').get('Diversion')).toContain('reason=user-busy');
    await told.world.end();
    const kept = await invited({ redirects: 0 });
    kept.peer.respond(kept.invite, 302, { headers: { Contact: '<sip:new@10.0.0.9>' } });
    await kept.world.run(50);
    expect(kept.call.end).toMatchObject({ status: 302, by: 'remote' });
    await kept.world.end();
  });

  it('a call is sent elsewhere by 302 or 301, with Diversion', async () => {
    const { world, peer, call } = await called({}, { policies: { uui: { value: 'abc' } } });
    call.redirect('sip:sales@example.test', { status: 301, reason: 'do-not-disturb' });
    await world.run(20);
    const answer = peer.answer('INVITE');
    expect([answer.status, answer.get('Contact')]).toEqual([
      301,
      '<sip:sales@example.test?User-to-User=abc>',
    ]);
    expect(answer.get('Diversion')).toBe('<sip:bob@10.0.0.2>;reason=do-not-disturb;counter=1');
    expect(call.end).toMatchObject({ cause: 'forward', code: 301, party: 'local' });
    expect(() => call.redirect('sip:sales@example.test')).toThrow('cannot redirect');
    await world.end();
  });
});

describe('data of the applications', () => {
  it('User-to-User goes out in INVITE, answer and BYE and is read', async () => {
    const { world, alice, call } = await invited({ policies: { uui: { value: hexUserToUser('grüße') } } });
    expect(String(call.messages.invite('sent'))).toContain('User-to-User: 6772c3bcc39f65;encoding=hex');
    void call.hangup();
    await world.run(20);
    void alice;
    await world.end();
    const two = new UaWorld();
    const a = await two.party('alice', '10.0.0.1', {
      policies: { uui: { value: `${hexUserToUser('hello')};purpose=app` } },
    });
    const b = await two.party('bob', '10.0.0.2', { policies: { uui: { value: 'plain', to: 'peer' } } });
    const { out, in: incoming } = await two.call(a, b);
    expect(incoming.userToUser).toEqual([
      { data: '68656c6c6f', encoding: 'hex', purpose: 'app', content: undefined, text: 'hello' },
    ]);
    expect(out.userToUser[0].text).toBe('plain');
    out.setUserToUser({ value: 'bye;encoding=x' });
    void out.hangup();
    await two.run(50);
    expect(incoming.userToUser[0]).toMatchObject({ data: 'bye', encoding: 'x' });
    await two.end();
  });

  it('Session-ID: each end gives its half, from the answer on both are known', async () => {
    const world = new UaWorld();
    const a = await world.party('alice', '10.0.0.1', { policies: { sessionId: 'on' } });
    const b = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(a, b);
    expect(String(out.messages.invite('sent'))).toMatch(/Session-ID: ([0-9a-f]{32});remote=0{32}/);
    expect(out.sessionId.remote).toBe(incoming.sessionId.local);
    expect(incoming.sessionId.remote).toBe(out.sessionId.local);
    await world.end();
    const off = await invited();
    expect(off.invite.has('Session-ID')).toBe(false);
    await off.world.end();
  });

  it('[device-identity/0] device data goes out when asked for, under a name of its own', async () => {
    const { world, alice, peer, invite } = await invited(
      {},
      {
        device: { mac: '02:00:00:00:00:01', country: 'DE' },
        userAgent: 'Desk 7',
      },
    );
    expect([invite.get('X-MAC'), invite.get('X-Country'), invite.get('User-Agent')]).toEqual([
      '02:00:00:00:00:01',
      'DE',
      'Desk 7',
    ]);
    const [registration] = alice.agent.registrations;
    registration.register().catch(() => {});
    await world.run(20);
    expect(peer.last('REGISTER').get('X-MAC')).toBe('02:00:00:00:00:01');
    const other = alice.agent.addAccount({ aor: 'sip:2@example.test' });
    expect(other.account.instanceId).not.toBe(registration.account.instanceId);
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    await world.end();
  });

  it('[device-identity/1] and in no message otherwise', async () => {
    const world = new UaWorld();
    const a = await world.party('alice', '10.0.0.1');
    const b = await world.party('bob', '10.0.0.2');
    const { out } = await world.call(a, b);
    void out.hangup();
    await world.run(50);
    expect(world.network.packets.some(({ text }) => /^X-/im.test(text))).toBe(false);
    await world.end();
  });
});

describe('lines of the application', () => {
  it('[sdp/3] SDP lines stand before the first m= or behind it, in offers and answers', async () => {
    const lines = { session: ['a=x-room:7', 'b=AS:64'], media: ['a=x-mic', 'i=desk'] };
    const world = new UaWorld();
    const a = await world.party('alice', '10.0.0.1', { policies: { sdpLines: lines } });
    const b = await world.party('bob', '10.0.0.2', { policies: { sdpLines: lines } });
    const { out, in: incoming } = await world.call(a, b);
    for (const message of [out.messages.invite('sent'), incoming.messages.response('sent')]) {
      const text = message?.bodyText ?? '';
      const m = text.indexOf('\r\nm=audio');
      for (const line of lines.session) expect(text.indexOf(`\r\n${line}\r\n`)).toBeLessThan(m);
      for (const line of lines.media) expect(text.indexOf(`\r\n${line}\r\n`)).toBeGreaterThan(m);
      for (const line of [...lines.session, ...lines.media]) expect(text).toContain(`\r\n${line}\r\n`);
    }
    expect(incoming.messages.sdpField('x-room')).toEqual(['7']);
    expect(incoming.messages.sdpField('a=x-mic')).toEqual(['']);
    expect(incoming.messages.sdpField('s')).toEqual(['-']);
    await world.end();
  });

  it('[custom-info/2] headers of a call, of the next call, of all messages; requests and responses', async () => {
    const world = new UaWorld();
    const a = await world.party('alice', '10.0.0.1');
    const b = await world.party('bob', '10.0.0.2');
    a.agent.custom.setHeader('X-All', '1');
    a.agent.nextCall.setHeader('X-Next', '2');
    b.agent.custom.setHeader('X-Bob', ['a', 'b']);
    const { out, in: incoming } = await world.call(a, b);
    expect([incoming.messages.header('X-All'), incoming.messages.header('X-Next')]).toEqual(['1', '2']);
    expect(out.messages.response('received')?.getAll('X-Bob')).toEqual(['a', 'b']);
    out.custom.setHeader('X-Call', '3');
    void out.hold();
    await world.run(50);
    expect(incoming.messages.invite('received')?.get('X-Call')).toBe('3');
    const second = a.agent.invite(b.uri, { headers: { 'X-First': '4' } });
    await world.run(30);
    const heard = b.calls[1].messages;
    expect([
      heard.header('X-Next'),
      heard.header('X-Call'),
      heard.header('X-First'),
      heard.header('X-All'),
    ]).toEqual([undefined, undefined, '4', '1']);
    void second.hangup();
    await world.end();
  });

  it('headers the stack has itself stay, are replaced or doubled; those a transaction hangs on stay always', async () => {
    for (const [mode, expected] of [
      ['keep', ['Switchhook']],
      ['overwrite', ['Mine']],
      ['duplicate', ['Switchhook', 'Mine']],
    ] as const) {
      const { world, invite } = await invited(
        { policies: { callHeaders: { Supported: 'mine' } } },
        { customHeaders: mode },
      );
      const supported = invite.getAll('Supported');
      expect(supported.includes('mine')).toBe(expected.includes('Mine' as never));
      expect(supported.some((value) => value.includes('timer'))).toBe(
        expected.includes('Switchhook' as never),
      );
      await world.end();
    }
    const { world, call } = await invited();
    expect(() => call.custom.setHeader('Call-ID', 'x')).toThrow("the stack's own");
    expect(() => call.custom.setHeader('X-A', 'a\r\nVia: b')).toThrow('cannot be sent');
    expect(() => call.custom.setSdp({ session: ['v=1'] })).toThrow('not an SDP line');
    await world.end();
  });
});
