import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import type { InviteOptions, UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

async function dial(options: InviteOptions = {}, agentOptions: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', agentOptions);
  const peer = await world.peer('carol', '10.0.0.9');
  const out = alice.agent.invite(peer.uri, { from: alice.uri, ...options });
  const progress: Array<{ status: number; earlyMedia: boolean }> = [];
  out.on('progress', ({ status, earlyMedia }) => progress.push({ status, earlyMedia }));
  await world.run(20);
  const invite = peer.last('INVITE');
  /** From now on everything but INVITE is answered with 200. */
  const polite = () => {
    peer.onRequest = (request) => {
      if (request.method !== 'INVITE' && request.method !== 'ACK') peer.respond(request, 200);
    };
  };
  return { world, alice, peer, out, progress, invite, polite };
}

describe('an outgoing call', () => {
  it('sends what RFC 3261 §8.1.1 and §13.2.1 want', async () => {
    const { world, invite, peer, out } = await dial({ headers: { Subject: 'lunch' } });
    expect(invite.uri.toString()).toBe('sip:carol@10.0.0.9');
    expect(invite.from.tag).toBeTruthy();
    expect(invite.to.tag).toBeUndefined();
    expect(invite.maxForwards).toBe(70);
    expect(invite.allow).toEqual(
      expect.arrayContaining(['INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE', 'PRACK']),
    );
    expect(invite.supported).toEqual(['timer', '100rel', 'replaces', 'norefersub', 'tdialog']);
    expect(invite.contacts[0].uri.toString()).toBe('sip:alice@10.0.0.1:5060');
    expect(invite.contentType?.is('application/sdp')).toBe(true);
    expect(invite.get('Subject')).toBe('lunch');
    peer.respond(invite, 480);
    await world.run(20);
    expect(out.end).toMatchObject({ by: 'remote', status: 480 });
    expect(peer.count('ACK')).toBe(1);
    await world.end();
  });

  it.each<Record<string, string>>([
    { RSeq: 'x', Require: '100rel' },
    { Require: '(' },
    { 'Content-Type': '///' },
    { Allow: ',' },
  ])('rings also by a 180 with %j', async (headers) => {
    const { world, peer, invite, out } = await dial();
    peer.respond(invite, 180, { sdp: sdp(), headers });
    if ('Content-Type' in headers) peer.respond(invite, 180, { sdp: 'x', contentType: '///' });
    await world.run(20);
    expect(out.state).toBe('ringing');
    peer.respond(invite, 486);
    await world.end();
  });

  it('rings also by a 180 whose Contact cannot be read', async () => {
    const { world, invite, peer, out, progress, polite } = await dial();
    peer.respond(invite, 180, { headers: { Contact: '<<' } });
    await world.run(20);
    expect([out.state, progress]).toEqual(['ringing', [{ status: 180, earlyMedia: false }]]);
    peer.respond(invite, 183, { sdp: sdp() });
    peer.respond(invite, 180, { headers: { Contact: '<<' } });
    await world.run(20);
    expect(progress).toHaveLength(3);
    polite();
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('rejects with the status, the reason and the Q.850 cause', async () => {
    const { world, invite, peer, out } = await dial();
    const answered = out.answered();
    answered.catch(() => {});
    peer.respond(invite, 486, { headers: { Reason: 'Q.850;cause=17;text="User busy"' } });
    await world.run(20);
    await expect(answered).rejects.toMatchObject({ code: 'ERR_CALL_REJECTED', details: { status: 486 } });
    expect(out.end).toMatchObject({ status: 486, q850: 17 });
    await world.end();
  });

  it('times out when nobody is there', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const answered = outcome(alice.agent.invite('sip:x@10.0.0.66', { from: alice.uri }).answered());
    await world.run(33_000);
    expect(answered.text).toBe('ERR_SIP_TIMEOUT');
    await world.end();
  });

  it('fails at once without a server to ask', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const answered = outcome(alice.agent.invite('sip:x@nowhere.invalid', { from: alice.uri }).answered());
    await world.run(10);
    expect(answered.text).toBe('ERR_DNS_NOT_FOUND');
    await world.end();
  });

  it('ends with the error when no media ports are free', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    alice.engine.failure = new SwitchhookError('ERR_MEDIA_PORTS', { address: 'a', range: 'b' });
    const answered = outcome(alice.agent.invite('sip:x@10.0.0.9', { from: alice.uri }).answered());
    await world.run(10);
    expect(answered.text).toBe('ERR_MEDIA_PORTS');
    expect(world.flow()).toEqual([]);
    await world.end();
  });

  it.each([
    ['', 'it is empty'],
    ['bob', 'needs an account'],
    ['tel:+431', 'needs an account'],
    ['sip:a@b\r\nEvil: 1', 'line break'],
    ['sip:@', 'there is none'],
  ])('refuses to call %j', async (target, why) => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    expect(() => alice.agent.invite(target)).toThrow(why);
    expect(() => alice.agent.invite(target)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    await world.end();
  });

  it('refuses headers that would smuggle in others, at once', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    expect(() =>
      alice.agent.invite('sip:x@10.0.0.9', { headers: { Subject: 'a\r\nContact: <sip:evil>' } }),
    ).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
    expect(alice.agent.counters.calls).toBe(0);
    await world.end();
  });

  it('is given up when it rings longer than allowed', async () => {
    const { world, invite, peer, out } = await dial({ ringTimeout: 20 });
    peer.respond(invite, 180);
    const answered = outcome(out.answered());
    await world.run(19_000);
    expect(peer.count('CANCEL')).toBe(0);
    await world.run(2_000);
    expect(answered.text).toBe('ERR_TIMEOUT');
    expect(peer.count('CANCEL')).toBeGreaterThan(0);
    peer.respond(peer.last('CANCEL'), 200);
    peer.respond(invite, 487);
    await world.end();
  });

  it('does not ring out once answered', async () => {
    const { world, invite, peer, out, polite } = await dial({ ringTimeout: 5 });
    polite();
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(10_000);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('is answered by a host name in the SDP, which is looked up', async () => {
    const { world, alice, invite, peer, out, polite } = await dial();
    polite();
    world.name('media.example.com', { protocol: 'udp', host: '10.0.0.55', port: 9 });
    peer.respond(invite, 200, { sdp: sdp({ host: 'media.example.com' }) });
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).config?.remote).toMatchObject({ address: '10.0.0.55', port: 40_000 });
    await world.end();
  });

  it('acknowledges and ends a call whose answer cannot be used', async () => {
    for (const body of [undefined, 'nonsense', sdp({ codec: '96' }), sdp({ host: 'unknown.invalid' })]) {
      const { world, invite, peer, out, polite } = await dial();
      polite();
      const answered = outcome(out.answered());
      peer.respond(invite, 200, { sdp: body });
      await world.run(50);
      expect(answered.text).toMatch(/^ERR_(SDP|MEDIA)/);
      expect(peer.count('ACK')).toBe(1);
      expect(peer.count('BYE')).toBe(1);
      await world.end();
    }
  });

  it('acknowledges and ends a call whose 2xx has broken headers', async () => {
    const { world, invite, peer, out, polite } = await dial();
    polite();
    const answered = outcome(out.answered());
    peer.respond(invite, 200, { sdp: sdp(), headers: { 'Record-Route': '<<<' } });
    await world.run(50);
    expect(answered.text).toBe('ERR_SIP_PARSE');
    expect([peer.count('ACK'), peer.count('BYE')]).toEqual([1, 1]);
    await world.end();
  });

  it('between link-local addresses names no zones to the peer and finds back all the same (RFC 4007 §11.2)', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', 'fe80::a%eth0');
    const bob = await world.party('bob', 'fe80::b%eth0');
    const out = alice.agent.invite('sip:bob@[fe80::b%eth0]', { from: 'sip:alice@[fe80::a]' });
    await world.run(30);
    void bob.calls[0].answer();
    await world.run(100);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).config?.remote.address).toBe('fe80::b%eth0');
    expect(mediaOf(bob).config?.remote).toMatchObject({
      address: 'fe80::a%eth0',
      rtcpAddress: 'fe80::a%eth0',
    });
    void bob.calls[0].hangup();
    await world.run(100);
    expect(out.end?.by).toBe('remote');
    for (const { text } of world.network.packets) expect(text).not.toContain('%');
    await world.end();
  });

  it('takes an answer in a multipart body', async () => {
    const { world, invite, peer, out, polite } = await dial();
    polite();
    const body = `--x\r\nContent-Type: application/sdp\r\n\r\n${sdp()}\r\n--x--\r\n`;
    peer.respond(invite, 200, { sdp: body, contentType: 'multipart/mixed;boundary=x' });
    await world.run(20);
    expect(out.state).toBe('connected');
    await world.end();
  });
});

describe('early media (RFC 3960)', () => {
  it('is heard before the answer; the answer of the 2xx counts', async () => {
    const { world, alice, invite, peer, out, progress, polite } = await dial();
    polite();
    peer.respond(invite, 183, { sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    expect(out.state).toBe('ringing');
    expect(progress).toEqual([{ status: 183, earlyMedia: true }]);
    expect(mediaOf(alice).config?.remote.port).toBe(41_000);
    peer.respond(invite, 200, { sdp: sdp({ port: 42_000, version: 2 }) });
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).config?.remote.port).toBe(42_000);
    await world.end();
  });

  it('serves as the answer when the 2xx has none', async () => {
    const { world, alice, invite, peer, out, polite } = await dial();
    polite();
    peer.respond(invite, 183, { sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    peer.respond(invite, 200);
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).config?.remote.port).toBe(41_000);
    await world.end();
  });

  it('that cannot be used does not stop the call', async () => {
    const { world, invite, peer, out, polite } = await dial();
    polite();
    peer.respond(invite, 183, { sdp: sdp({ codec: '97' }) });
    await world.run(20);
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(out.state).toBe('connected');
    await world.end();
  });
});

describe('forking', () => {
  it('keeps each early dialog apart; the 2xx of one makes the call', async () => {
    const { world, alice, invite, peer, out, polite } = await dial();
    polite();
    peer.respond(invite, 183, { tag: 'one', sdp: sdp({ port: 41_000 }) });
    peer.respond(invite, 183, { tag: 'two', sdp: sdp({ port: 42_000 }) });
    peer.respond(invite, 180, { tag: 'three' });
    await world.run(20);
    expect(alice.agent.counters.dialogs).toBe(3);
    expect(mediaOf(alice).config?.remote.port).toBe(42_000);
    peer.respond(invite, 200, { tag: 'one', sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(alice.agent.counters.dialogs).toBe(1);
    expect(mediaOf(alice).config?.remote.port).toBe(41_000);
    expect(peer.last('ACK').to.tag).toBe('one');
    await world.end();
  });

  it('ends the late 2xx of another fork with ACK and BYE', async () => {
    const { world, invite, peer, out, polite } = await dial();
    polite();
    peer.respond(invite, 180, { tag: 'two' });
    peer.respond(invite, 200, { tag: 'one', sdp: sdp() });
    await world.run(20);
    peer.respond(invite, 200, { tag: 'two', sdp: sdp() });
    peer.respond(invite, 200, { tag: 'never-seen', sdp: sdp() });
    await world.run(20);
    const acks = peer.requests
      .filter(({ message }) => message.method === 'ACK')
      .map(({ message }) => message.to.tag);
    const byes = peer.requests
      .filter(({ message }) => message.method === 'BYE')
      .map(({ message }) => message.to.tag);
    expect(acks).toEqual(['one', 'two', 'never-seen']);
    expect(byes).toEqual(['two', 'never-seen']);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('drops a fork that 199 ends (RFC 6228) or BYE', async () => {
    const { world, alice, invite, peer, out } = await dial();
    peer.respond(invite, 180, { tag: 'one' });
    peer.respond(invite, 180, { tag: 'two' });
    peer.respond(invite, 180, { tag: 'three' });
    await world.run(20);
    peer.respond(invite, 199, { tag: 'one' });
    const ids = { callId: invite.callId, toTag: invite.from.tag };
    await peer.request('BYE', alice, { ...ids, fromTag: 'two' });
    await world.run(20);
    expect(peer.answer('BYE').status).toBe(200);
    expect(alice.agent.counters.dialogs).toBe(1);
    expect(out.state).toBe('ringing');
    peer.respond(invite, 486, { tag: 'three' });
    await world.run(20);
    expect(out.end?.status).toBe(486);
    await world.end();
  });

  it('is bounded', async () => {
    const { world, alice, invite, peer } = await dial();
    for (let i = 0; i < 500; i++) peer.respond(invite, 180, { tag: `fork${i}` });
    await world.run(20);
    expect(alice.agent.counters.dialogs).toBeLessThanOrEqual(64);
    peer.respond(invite, 486);
    await world.end();
  });
});

describe('reliable provisional responses as caller (RFC 3262)', () => {
  const reliable = (rseq: number) => ({ Require: '100rel', RSeq: String(rseq) });

  it('are acknowledged in order, once each', async () => {
    const { world, invite, peer, out, progress, polite } = await dial();
    peer.respond(invite, 180, { headers: reliable(10) });
    peer.respond(invite, 180, { headers: reliable(10) });
    peer.respond(invite, 183, { headers: reliable(12) });
    await world.run(20);
    expect(peer.count('PRACK')).toBe(1);
    expect(peer.last('PRACK').get('RAck')).toBe(`10 ${invite.cseq.seq} INVITE`);
    expect(progress).toHaveLength(1);
    peer.respond(peer.last('PRACK'), 200);
    peer.respond(invite, 183, { headers: reliable(11), sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    expect(peer.count('PRACK')).toBe(2);
    polite();
    peer.respond(peer.last('PRACK'), 200);
    peer.respond(invite, 200);
    await world.run(20);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('settle the session: other SDP in the 2xx is not looked at', async () => {
    const { world, alice, invite, peer, out, polite } = await dial();
    polite();
    peer.respond(invite, 183, { headers: reliable(1), sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    peer.respond(invite, 200, { sdp: sdp({ port: 49_000 }) });
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(mediaOf(alice).config?.remote.port).toBe(41_000);
    await world.end();
  });

  it('repeats a lost PRACK', async () => {
    const { world, invite, peer, polite } = await dial();
    world.loseNext('PRACK', 2);
    peer.respond(invite, 180, { headers: reliable(1) });
    await world.run(2_000);
    expect(peer.count('PRACK')).toBe(1);
    expect(world.count('PRACK')).toBe(3);
    polite();
    peer.respond(peer.last('PRACK'), 200);
    peer.respond(invite, 486);
    await world.end();
  });

  it('bring the offer for an INVITE without one; PRACK answers it', async () => {
    const { world, alice, invite, peer, out, polite } = await dial({ offerless: true });
    expect(invite.body).toHaveLength(0);
    polite();
    peer.respond(invite, 183, { headers: reliable(1), sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    expect(peer.last('PRACK').contentType?.is('application/sdp')).toBe(true);
    peer.respond(invite, 200);
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(peer.last('ACK').body).toHaveLength(0);
    expect(mediaOf(alice).config?.remote.port).toBe(41_000);
    await world.end();
  });

  it('take an UPDATE in the early dialog once its session is settled (RFC 3311)', async () => {
    const { world, alice, invite, peer, polite } = await dial();
    const ids = { callId: invite.callId, toTag: invite.from.tag, fromTag: 'carol' };
    polite();
    peer.respond(invite, 180);
    await world.run(20);
    await peer.request('UPDATE', alice, { ...ids, cseq: 1, sdp: sdp() });
    await world.run(20);
    expect(peer.answer('UPDATE').status).toBe(491);
    peer.respond(invite, 183, { headers: reliable(1), sdp: sdp({ port: 41_000 }) });
    await world.run(20);
    await peer.request('UPDATE', alice, { ...ids, cseq: 2, sdp: sdp({ port: 43_000, version: 2 }) });
    await world.run(20);
    expect(peer.answer('UPDATE').status).toBe(200);
    expect(mediaOf(alice).config?.remote.port).toBe(43_000);
    peer.respond(invite, 200);
    await world.run(20);
    expect(mediaOf(alice).config?.remote.port).toBe(43_000);
    await world.end();
  });
});

describe('an INVITE without offer', () => {
  it('answers the offer of the 2xx in the ACK', async () => {
    const { world, alice, invite, peer, out, polite } = await dial({ offerless: true });
    polite();
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(out.state).toBe('connected');
    expect(peer.last('ACK').bodyText).toContain('m=audio');
    expect(mediaOf(alice).config?.remote.port).toBe(40_000);
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(20);
    expect(peer.last('ACK').bodyText).toContain('m=audio');
    await world.end();
  });
});

describe('responses that lead to another try', () => {
  it('follows a 3xx to the best contact, with the same Call-ID', async () => {
    const { world, invite, peer, out, polite } = await dial();
    const other = await world.peer('dave', '10.0.0.10');
    other.onRequest = (request) => {
      if (request.method === 'INVITE') other.respond(request, 200, { sdp: sdp() });
      else if (request.method !== 'ACK') other.respond(request, 200);
    };
    polite();
    peer.respond(invite, 302, {
      headers: { Contact: '<sip:low@10.0.0.11>;q=0.1, <sip:dave@10.0.0.10?Subject=x>;q=0.9' },
    });
    await world.run(50);
    expect(out.state).toBe('connected');
    const second = other.last('INVITE');
    expect(second.uri.toString()).toBe('sip:dave@10.0.0.10');
    expect(second.callId).toBe(invite.callId);
    expect(second.cseq.seq).toBeGreaterThan(invite.cseq.seq);
    expect(second.to.uri.toString()).toBe('sip:carol@10.0.0.9');
    await world.end();
  });

  it('does not follow redirections in a circle, nor more than allowed', async () => {
    const { world, peer, invite, out } = await dial();
    let n = 0;
    peer.onRequest = (request) => {
      if (request.method === 'INVITE')
        peer.respond(request, 302, { headers: { Contact: `<sip:carol${n++ % 2}@10.0.0.9>` } });
    };
    peer.respond(invite, 302, { headers: { Contact: '<sip:carol0@10.0.0.9>' } });
    await world.run(500);
    expect(out.end).toMatchObject({ by: 'remote', status: 302 });
    expect(peer.count('INVITE')).toBeLessThanOrEqual(4);
    await world.end();
  });

  it('to sips is followed over TLS with a sips Contact; one from sips to sip is not (RFC 3261 §8.1.1.8, §26.2.2)', async () => {
    const { world, peer, invite, out } = await dial();
    const secure = await world.endpoint('10.0.0.20');
    const seen: Array<[string, string]> = [];
    secure.endpoint.onRequest = (request, tx) => {
      seen.push([tx.flow.protocol, String(request.contacts[0].uri)]);
      tx.reply(302, undefined, (response) => response.set('Contact', '<sip:carol@10.0.0.9>'));
    };
    peer.respond(invite, 302, { headers: { Contact: '<sips:dave@10.0.0.20>' } });
    await world.run(200);
    expect(seen).toEqual([['tls', expect.stringMatching(/^sips:/)]]);
    expect([out.end?.status, peer.count('INVITE')]).toEqual([302, 1]);
    await world.end();
  });

  it('repeats with a longer session interval after 422 (RFC 4028 §7.3), CSeq never twice', async () => {
    const { world, peer, invite, out, polite } = await dial({}, { sessionExpires: 200 });
    polite();
    expect(invite.sessionExpires?.delta).toBe(200);
    peer.respond(invite, 422, { headers: { 'Min-SE': '900' } });
    await world.run(20);
    const second = peer.last('INVITE');
    expect(second.sessionExpires?.delta).toBe(900);
    expect(second.minSe).toBe(900);
    expect(second.cseq.seq).toBe(invite.cseq.seq + 1);
    peer.respond(second, 200, { sdp: sdp(), headers: { 'Session-Expires': '900;refresher=uas' } });
    await world.run(20);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('answers 401 with the password of the account and never uses a CSeq twice', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('server', '10.0.0.9');
    const { account } = alice.agent.addAccount({ aor: 'sip:alice@10.0.0.9', password: 'secret' });
    const out = alice.agent.invite('bob', { account });
    await world.run(20);
    const challenge = { 'WWW-Authenticate': 'Digest realm="x", nonce="abc", qop="auth"' };
    peer.respond(peer.last('INVITE'), 401, { headers: challenge });
    await world.run(20);
    expect(peer.last('INVITE').authorization).toHaveLength(1);
    peer.respond(peer.last('INVITE'), 422, { headers: { 'Min-SE': '4000' } });
    await world.run(20);
    const numbers = peer.requests
      .filter(({ message }) => message.method === 'INVITE')
      .map(({ message }) => message.cseq.seq);
    expect(numbers).toEqual([1, 2, 3]);
    const answered = outcome(out.answered());
    peer.respond(peer.last('INVITE'), 401, { headers: challenge });
    await world.run(20);
    peer.respond(peer.last('INVITE'), 401, { headers: challenge });
    await world.run(20);
    expect(answered.text).toBe('ERR_AUTHENTICATION_FAILED');
    await world.end();
  });
});
