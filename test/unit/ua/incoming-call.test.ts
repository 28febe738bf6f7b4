import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import type { UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, type RawPeer, sdp, UaWorld } from '../../support/ua-harness.js';

type InviteSettings = Parameters<RawPeer['request']>[2];

async function ring(settings: InviteSettings = { sdp: sdp() }, options: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  const bob = await world.party('bob', '10.0.0.2', options);
  const peer = await world.peer('carol', '10.0.0.9');
  const invite = await peer.request('INVITE', bob, settings);
  await world.run(20);
  const call = bob.calls[0];
  const toTag = peer.responses.at(-1)?.to.tag;
  const ack = (body?: string) => peer.request('ACK', bob, { toTag, sdp: body });
  /** From now on all requests are answered with 200. */
  const polite = () => {
    peer.onRequest = (request) => {
      if (request.method !== 'ACK') peer.respond(request, 200);
    };
  };
  return { world, bob, peer, invite, call, toTag, ack, polite };
}

describe('an incoming call', () => {
  it('rings with 180, is answered with 200 and confirmed by ACK', async () => {
    const { world, bob, peer, call, ack, polite } = await ring();
    expect(peer.responses.map(({ status }) => status)).toEqual([180]);
    expect(call.state).toBe('ringing');
    expect(call.remote).toMatchObject({ uri: 'sip:carol@10.0.0.9', user: 'carol' });
    const answer = outcome(call.answer());
    await world.run(20);
    expect(call.state).toBe('connecting');
    const ok = peer.answer('INVITE');
    expect(ok.status).toBe(200);
    expect(ok.contacts[0].uri.toString()).toBe('sip:bob@10.0.0.2:5060');
    expect(ok.allow).toContain('UPDATE');
    expect(ok.supported).toContain('timer');
    expect(ok.contentType?.is('application/sdp')).toBe(true);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    expect(call.state).toBe('connected');
    expect(mediaOf(bob).config).toMatchObject({ direction: 'sendrecv', remote: { port: 40_000 } });
    polite();
    await world.end();
  });

  it('is rejected with the status given', async () => {
    const { world, peer, call } = await ring();
    call.reject(603, 'not\r\ntoday: x');
    await world.run(20);
    expect(peer.answer('INVITE')).toMatchObject({ status: 603, reason: 'not today: x' });
    expect(call.end).toMatchObject({ by: 'local', status: 603 });
    expect(() => call.reject(200)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
    await world.end();
  });

  it('is refused with 480 when nobody listens', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    bob.agent.removeAllListeners();
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(480);
    await world.end();
  });

  it('goes on when a listener throws', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const { Emitter } = await import('../../../src/base/emitter.js');
    const failures: unknown[] = [];
    Emitter.onListenerError = (error) => failures.push(error);
    bob.agent.on('incoming', (call) => {
      call.on('state', () => {
        throw new Error('listener');
      });
      throw new Error('listener');
    });
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(180);
    bob.calls[0].reject();
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(486);
    expect(failures).toHaveLength(2);
    await world.end();
  });

  it.each([
    [{ sdp: 'v=0\r\nnonsense' }, 400],
    [{ sdp: sdp({ codec: '96' }) }, 488],
  ])('that offers %j is refused when answered', async (settings, status) => {
    const { world, peer, call } = await ring(settings);
    const answer = outcome(call.answer());
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(status);
    expect(peer.answer('INVITE').has('Warning')).toBe(true);
    expect(answer.text).toMatch(/^ERR_/);
    expect(call.end).toMatchObject({ by: 'error', status });
    await world.end();
  });

  it('is refused with 500 without media ports', async () => {
    const { world, bob, peer, call } = await ring();
    bob.engine.failure = new SwitchhookError('ERR_MEDIA_PORTS', { address: 'a', range: 'b' });
    const answer = outcome(call.answer());
    await world.run(20);
    expect(answer.text).toBe('ERR_MEDIA_PORTS');
    expect(peer.answer('INVITE').status).toBe(500);
    await world.end();
  });

  it('cannot be answered twice, nor after its end', async () => {
    const { world, call, ack, polite } = await ring();
    const first = outcome(call.answer());
    const second = outcome(call.answer());
    await world.run(20);
    await ack();
    await world.run(20);
    expect([first.text, second.text]).toEqual(['done', 'ERR_CALL_STATE']);
    polite();
    await call.hangup();
    const third = outcome(call.answer());
    await world.run(1);
    expect(third.text).toBe('ERR_CALL_STATE');
    await world.end();
  });

  it('ends by its Expires (RFC 3261 §13.3.1)', async () => {
    const { world, peer, call } = await ring({ sdp: sdp(), headers: { Expires: '10' } });
    await world.run(9_900);
    expect(call.state).toBe('ringing');
    await world.run(200);
    expect(peer.answer('INVITE').status).toBe(487);
    expect(call.end).toMatchObject({ by: 'remote', status: 487 });
    await world.end();
  });

  it('ends when nobody answers in time', async () => {
    const { world, peer, call } = await ring({ sdp: sdp() }, { ringTimeout: 30 });
    await world.run(30_100);
    expect(peer.answer('INVITE').status).toBe(480);
    expect(call.end).toMatchObject({ by: 'local', status: 480, error: { code: 'ERR_TIMEOUT' } });
    await world.end();
  });

  it('tells that it still rings every minute (RFC 3261 §13.3.1.1)', async () => {
    const { world, peer, call } = await ring();
    await world.run(125_000);
    expect(peer.responses.filter(({ status }) => status === 180)).toHaveLength(3);
    call.reject();
    await world.end();
  });

  it('is offered to when the INVITE has none; the ACK brings the answer', async () => {
    const { world, bob, peer, call, ack, polite } = await ring({});
    const answer = outcome(call.answer());
    await world.run(20);
    expect(peer.answer('INVITE').bodyText).toContain('m=audio');
    await ack(sdp());
    await world.run(20);
    expect(answer.text).toBe('done');
    expect(mediaOf(bob).config?.remote.port).toBe(40_000);
    polite();
    await world.end();
  });

  it.each([undefined, 'nonsense', sdp({ codec: '96' })])(
    'ends when the ACK answers our offer with %j',
    async (body) => {
      const { world, peer, call, ack, polite } = await ring({});
      polite();
      const answer = outcome(call.answer());
      await world.run(20);
      await ack(body);
      await world.run(50);
      expect(answer.text).toMatch(/^ERR_(SDP|MEDIA)/);
      expect(call.end).toMatchObject({ by: 'error', status: 488 });
      expect(peer.count('BYE')).toBe(1);
      await world.end();
    },
  );

  it('takes an offer within a multipart body', async () => {
    const body = `--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\nContent-Type: application/sdp\r\n\r\n${sdp()}\r\n--x--\r\n`;
    const { world, bob, call, ack, polite } = await ring({
      sdp: body,
      contentType: 'multipart/mixed;boundary=x',
    });
    const answer = outcome(call.answer());
    await world.run(20);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    expect(mediaOf(bob).config?.remote.port).toBe(40_000);
    polite();
    await world.end();
  });

  it('is ended by a BYE before it was answered', async () => {
    const { world, bob, peer, call, toTag } = await ring();
    await peer.request('BYE', bob, { toTag, cseq: 2 });
    await world.run(20);
    expect(peer.answer('BYE').status).toBe(200);
    expect(peer.answer('INVITE').status).toBe(487);
    expect(call.end?.by).toBe('remote');
    await world.end();
  });

  it('gives the reason of a CANCEL', async () => {
    const { world, bob, peer, call } = await ring({ sdp: sdp(), branch: 'z9hG4bK-x' });
    await peer.request('CANCEL', bob, {
      branch: 'z9hG4bK-x',
      headers: { Reason: 'SIP;cause=200;text="Call completed elsewhere"' },
    });
    await world.run(20);
    expect(call.end).toMatchObject({ by: 'remote', status: 487, reason: 'Call completed elsewhere' });
    await world.end();
  });

  it('keeps the lines of other calls apart when one is malformed', async () => {
    const { world, bob, peer, call } = await ring();
    await peer.request('INVITE', bob, {
      callId: 'second',
      sdp: sdp(),
      headers: { 'Record-Route': '<sip:a' },
    });
    await peer.request('INVITE', bob, {
      callId: 'third',
      sdp: sdp(),
      headers: { 'Session-Expires': 'soon' },
    });
    await world.run(20);
    expect(peer.responses.filter(({ status }) => status === 400)).toHaveLength(2);
    expect(bob.agent.counters.calls).toBe(1);
    expect(call.state).toBe('ringing');
    call.reject();
    await world.end();
  });
});

describe('early media as callee', () => {
  it('is settled by a 183; the answer repeats the same SDP', async () => {
    const { world, bob, peer, call, ack, polite } = await ring();
    const early = outcome(call.progress());
    await world.run(20);
    expect(early.text).toBe('done');
    const session = peer.answer('INVITE');
    expect(session.status).toBe(183);
    expect(mediaOf(bob).config?.direction).toBe('sendrecv');
    const answer = outcome(call.answer());
    await world.run(20);
    expect(peer.answer('INVITE').bodyText).toBe(session.bodyText);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    polite();
    await world.end();
  });
});

describe('reliable provisional responses as callee (RFC 3262)', () => {
  const supported = { sdp: sdp(), headers: { Supported: '100rel, timer' } };
  const required = { sdp: sdp(), headers: { Require: '100rel' } };

  async function prack(set: Awaited<ReturnType<typeof ring>>, options: { cseq?: number; sdp?: string } = {}) {
    const rseq = set.peer.responses.filter((response) => response.rseq !== undefined).at(-1)?.rseq;
    const headers = { RAck: `${rseq} 1 INVITE` };
    await set.peer.request('PRACK', set.bob, { toTag: set.toTag, cseq: 2, ...options, headers });
    await set.world.run(20);
  }

  it('are for early media only, when the caller merely knows them', async () => {
    const set = await ring(supported);
    const { world, peer, call, ack, polite } = set;
    expect(peer.answer('INVITE').rseq).toBeUndefined();
    const early = outcome(call.progress());
    await world.run(20);
    expect(peer.answer('INVITE')).toMatchObject({ status: 183, require: ['100rel'] });
    await prack(set);
    expect(peer.answer('PRACK').status).toBe(200);
    expect(early.text).toBe('done');
    const answer = outcome(call.answer());
    await world.run(20);
    // What was settled reliably is not said again.
    expect(peer.answer('INVITE')).toMatchObject({ status: 200 });
    expect(peer.answer('INVITE').body).toHaveLength(0);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    polite();
    await world.end();
  });

  it('are repeated until PRACK; without one the call ends with 504', async () => {
    const { world, peer, call } = await ring(required);
    expect(peer.answer('INVITE').rseq).toBeGreaterThan(0);
    await world.run(4_000);
    expect(peer.responses.filter(({ status }) => status === 180)).toHaveLength(4);
    await world.run(30_000);
    expect(peer.answer('INVITE').status).toBe(504);
    expect(call.end).toMatchObject({ by: 'error', status: 504 });
    await world.end();
  });

  it('a wrong RAck gets 481, a late PRACK after the 200 gets 200', async () => {
    const set = await ring(required);
    const { world, bob, peer, call, toTag, ack, polite } = set;
    await peer.request('PRACK', bob, { toTag, cseq: 2, headers: { RAck: '7 1 INVITE' } });
    await world.run(20);
    expect(peer.answer('PRACK').status).toBe(481);
    const answer = outcome(call.answer());
    await world.run(20);
    expect(peer.answer('INVITE').status).toBe(200);
    await prack(set, { cseq: 3 });
    expect(peer.answer('PRACK').status).toBe(200);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    polite();
    await world.end();
  });

  it('the 200 waits for the PRACK of early media', async () => {
    const set = await ring(supported);
    const { world, peer, call, ack, polite } = set;
    void call.progress();
    await world.run(20);
    const answer = outcome(call.answer());
    await world.run(100);
    expect(peer.answer('INVITE').status).toBe(183);
    await prack(set);
    expect(peer.answer('INVITE').status).toBe(200);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    polite();
    await world.end();
  });

  it('a second one that waits for the PRACK of the first is dropped when the call ends', async () => {
    for (const how of ['hangup', 'CANCEL', 'no PRACK', 'answer'] as const) {
      const { world, bob, peer, call, ack, polite } = await ring({ ...required, branch: 'z9hG4bK-wait' });
      const waiting = outcome(call.progress());
      await world.run(20);
      expect(waiting.text).toBe('pending');
      if (how === 'hangup') void call.hangup();
      else if (how === 'answer') outcome(call.answer());
      else if (how === 'CANCEL') await peer.request('CANCEL', bob, { branch: 'z9hG4bK-wait' });
      await world.run(how === 'no PRACK' ? 33_000 : 50);
      expect([how, waiting.text, peer.count('PRACK')]).toEqual([how, 'done', 0]);
      expect(peer.responses.filter(({ status }) => status === 183)).toEqual([]);
      if (how === 'answer') await ack();
      await world.run(50);
      polite();
      await world.end();
    }
  });

  it('hanging up while the 200 waits for a PRACK rejects the call', async () => {
    const { world, peer, call } = await ring(supported);
    void call.progress();
    await world.run(20);
    const answer = outcome(call.answer());
    await world.run(100);
    void call.hangup();
    await world.run(20);
    expect(answer.text).toBe('ERR_CALL_ENDED');
    expect(peer.answer('INVITE').status).toBe(603);
    await world.end();
  });

  it('bring our offer when they are required and the INVITE has none', async () => {
    const set = await ring({ headers: { Require: '100rel' } });
    const { world, bob, peer, call, ack, polite } = set;
    expect(peer.answer('INVITE').bodyText).toContain('m=audio');
    await prack(set, { sdp: sdp({ port: 45_000 }) });
    expect(peer.answer('PRACK').status).toBe(200);
    expect(mediaOf(bob).config?.remote.port).toBe(45_000);
    const answer = outcome(call.answer());
    await world.run(20);
    expect(peer.answer('INVITE').body).toHaveLength(0);
    await ack();
    await world.run(20);
    expect(answer.text).toBe('done');
    polite();
    await world.end();
  });

  it('a PRACK may offer anew; its 200 answers', async () => {
    const set = await ring(supported);
    const { world, bob, peer, call } = set;
    void call.progress();
    await world.run(20);
    await prack(set, { sdp: sdp({ port: 46_000, version: 2 }) });
    expect(peer.answer('PRACK').bodyText).toContain('m=audio');
    expect(mediaOf(bob).config?.remote.port).toBe(46_000);
    call.reject();
    await world.end();
  });

  it('an UPDATE with an offer has to wait for our answer, then may change the session (RFC 3311 §5.2)', async () => {
    const set = await ring(supported);
    const { world, bob, peer, call, toTag } = set;
    await peer.request('UPDATE', bob, { toTag, cseq: 2, sdp: sdp({ version: 2 }) });
    await world.run(20);
    expect(peer.answer('UPDATE').status).toBe(500);
    expect(peer.answer('UPDATE').has('Retry-After')).toBe(true);
    void call.progress();
    await world.run(20);
    await prack(set, { cseq: 3 });
    await peer.request('UPDATE', bob, { toTag, cseq: 4, sdp: sdp({ version: 2, port: 47_000 }) });
    await world.run(20);
    expect(peer.answer('UPDATE').status).toBe(200);
    expect(mediaOf(bob).config?.remote.port).toBe(47_000);
    call.reject();
    await world.end();
  });

  it('a CSeq that goes back gets 500', async () => {
    const { world, bob, peer, call, toTag } = await ring();
    await peer.request('INFO', bob, { toTag, cseq: 9 });
    await peer.request('INFO', bob, { toTag, cseq: 5 });
    await world.run(20);
    expect(peer.responses.filter(({ cseq }) => cseq.method === 'INFO').map(({ status }) => status)).toEqual([
      200, 500,
    ]);
    call.reject();
    await world.end();
  });
});
