import { describe, expect, it } from 'vitest';
import type { Call, TransferRequest, UserAgentOptions } from '../../../src/ua/index.js';
import { sdp, UaWorld } from '../../support/ua-harness.js';

describe('REFER to us', () => {
  async function referred(options: Partial<UserAgentOptions> = {}, headers: Record<string, string> = {}) {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2', options);
    const carol = await world.party('carol', '10.0.0.3');
    const peer = await world.peer('alice', '10.0.0.9');
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    await peer.request('INVITE', bob, { sdp: sdp() });
    await world.run(20);
    const [call] = bob.calls;
    void call.answer();
    await world.run(20);
    const toTag = peer.answer('INVITE').to.tag;
    await peer.request('ACK', bob, { toTag });
    await world.run(20);
    let cseq = 1;
    const refer = async (more: Record<string, string> = {}) => {
      await peer.request('REFER', bob, {
        toTag,
        cseq: ++cseq,
        headers: { 'Refer-To': `<${carol.uri}>`, ...headers, ...more },
      });
      await world.run(30);
      return peer.responses.filter((one) => one.cseq.method === 'REFER').at(-1)?.status;
    };
    return { world, bob, carol, peer, call, refer };
  }

  it('[call-transfer/12] is done and reported: trying, ringing, answered', async () => {
    const { world, bob, carol, peer, call, refer } = await referred();
    const made: Call[] = [];
    call.on('transferred', (next) => made.push(next));
    expect(await refer()).toBe(202);
    await world.run(1100);
    void carol.calls[0]?.answer();
    await world.run(60);
    await world.run(1100);
    const reports = peer.requests
      .filter(({ message }) => message.method === 'NOTIFY')
      .map(({ message }) => message);
    expect(reports.map((one) => one.bodyText.trim())).toEqual([
      'SIP/2.0 100 Trying',
      'SIP/2.0 180 Ringing',
      'SIP/2.0 200 OK',
    ]);
    expect(reports.at(-1)?.get('Subscription-State')).toBe('terminated;reason=noresource');
    expect(reports[0].contentType?.essence).toBe('message/sipfrag');
    expect([made[0].state, bob.agent.calls.length]).toEqual(['connected', 2]);
    await world.end();
  });

  it.each([
    ['ignore', undefined],
    [{ refuse: 497 }, 497],
    [{ refuse: 480 }, 480],
  ] as const)('[call-transfer/15] is ignored or refused by policy: %j', async (transferRequests, status) => {
    const { world, carol, call, refer } = await referred({ policies: { transferRequests } });
    expect(await refer()).toBe(status);
    await world.run(100);
    expect([carol.calls.length, call.state]).toEqual([0, 'connected']);
    await world.end();
  });

  it('is for the application to decide, where it listens', async () => {
    const { world, carol, peer, call, refer } = await referred();
    const asked: string[] = [];
    call.on('transferRequest', (request) => {
      asked.push(`${request.target} ${request.referredBy} ${request.replaces}`);
      request.reject();
    });
    expect(await refer({ 'Referred-By': '<sip:boss@x.test>' })).toBe(202);
    await world.run(50);
    expect(asked).toEqual(['sip:carol@10.0.0.3 sip:boss@x.test false']);
    expect(peer.last('NOTIFY').bodyText).toContain('603');
    expect(carol.calls).toHaveLength(0);
    await world.end();
  });

  it('that the application never decides on is void with its reports: the next one is taken', async () => {
    const { world, carol, peer, call, refer } = await referred();
    const asked: TransferRequest[] = [];
    call.on('transferRequest', (request) => asked.push(request));
    expect(await refer()).toBe(202);
    expect(await refer()).toBe(491);
    await world.run(301_000);
    expect(peer.last('NOTIFY').get('Subscription-State')).toBe('terminated;reason=timeout');
    expect(() => asked[0].accept()).toThrow();
    expect(await refer()).toBe(202);
    asked[1].accept();
    await world.run(50);
    expect(carol.calls).toHaveLength(1);
    await world.end();
  });

  it('to nowhere is reported as a failure; the old call lives on', async () => {
    const { world, peer, call, refer } = await referred();
    expect(await refer({ 'Refer-To': '<sip:nobody@nowhere.invalid>' })).toBe(202);
    await world.run(100);
    expect(peer.last('NOTIFY').bodyText).toMatch(/SIP\/2\.0 [45]\d\d/);
    expect(call.state).toBe('connected');
    await world.end();
  });

  it.each([
    [{ 'Refer-To': '<http://x.test/>' }, 416],
    [{ 'Refer-To': '<sip:carol@10.0.0.3;method=BYE>' }, 603],
    [{ 'Refer-To': '<<' }, 400],
  ])('that asks for what we do not do is refused: %j', async (headers, status) => {
    const { world, refer } = await referred();
    expect(await refer(headers)).toBe(status);
    await world.end();
  });

  it('twice at once: the second gets 491', async () => {
    const { world, refer } = await referred();
    expect(await refer()).toBe(202);
    expect(await refer()).toBe(491);
    await world.end();
  });

  it('takes over from its URI what a call may carry and nothing else', async () => {
    const { world, carol, refer } = await referred();
    await refer({
      'Refer-To': `<sip:carol@10.0.0.3?Subject=hi&From=evil&Route=%3Csip:x.test%3E&User-to-User=ab>`,
    });
    const { messages } = carol.calls[0];
    expect([messages.header('Subject'), messages.header('User-to-User'), messages.header('Route')]).toEqual([
      'hi',
      'ab',
      undefined,
    ]);
    expect(messages.header('From')).not.toContain('evil');
    await world.end();
  });

  it('outside of any call is refused, or a call the application may place', async () => {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2');
    const carol = await world.party('carol', '10.0.0.3');
    const peer = await world.peer('alice', '10.0.0.9');
    peer.onRequest = (request) => peer.respond(request, 200);
    const refer = (callId: string) =>
      peer.request('REFER', bob, { callId, headers: { 'Refer-To': `<${carol.uri}>` } });
    await refer('one');
    await world.run(20);
    expect(peer.answer('REFER').status).toBe(403);
    bob.agent.policies = { callRequests: 'ask' };
    bob.agent.on('callRequest', (request) => void request.accept());
    await refer('two');
    await world.run(50);
    expect(peer.answer('REFER').status).toBe(202);
    void carol.calls[0]?.answer();
    await world.run(60);
    await world.run(1100);
    expect(peer.last('NOTIFY').bodyText).toContain('200 OK');
    await world.end();
  });
});
