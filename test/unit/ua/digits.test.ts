import { describe, expect, it } from 'vitest';
import type { DtmfMethod, UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

const NO_EVENTS = sdp().replace(' 101', '').replace('a=rtpmap:101 telephone-event/8000\r\n', '');

/** Alice in a call with the scripted Bob; `infoStatus` is what INFO gets, 0 = nothing. */
async function talking(body = sdp(), infoStatus = 200, agent: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', agent);
  const peer = await world.peer('bob', '10.0.0.9');
  peer.onRequest = (request) => {
    if (request.method === 'ACK' || (request.method === 'INFO' && infoStatus === 0)) return;
    if (request.method === 'INVITE') peer.respond(request, 200, { sdp: body });
    else peer.respond(request, request.method === 'INFO' ? infoStatus : 200);
  };
  const call = alice.agent.invite(peer.uri);
  await world.run(50);
  expect(call.state).toBe('connected');
  const infos = () =>
    peer.requests
      .filter(({ message }) => message.method === 'INFO')
      .map(({ message }) => /Signal=(.)/.exec(message.bodyText)?.[1]);
  return { world, alice, peer, call, infos };
}

describe('sending digits', () => {
  it.each<[DtmfMethod, string, string, string | undefined]>([
    ['info', '12', '', undefined],
    ['rfc4733', '', '12', 'rfc4733'],
    ['inband', '', '12', 'inband'],
    ['info+rfc4733', '12', '12', 'rfc4733'],
    ['info+inband', '12', '12', 'inband'],
    ['off', '', '', undefined],
    ['auto', '', '12', 'rfc4733'],
  ])('[dtmf/0] %s: INFO "%s", RTP "%s"', async (method, byInfo, byRtp, how) => {
    const { world, alice, call, infos } = await talking();
    const sent = outcome(call.sendDtmf('12', { method }));
    await world.run(100);
    expect(sent.text).toBe('done');
    expect([infos().join(''), mediaOf(alice).digits]).toEqual([byInfo, byRtp]);
    const ways = mediaOf(alice).digitMethods;
    if (how) expect(new Set(ways)).toEqual(new Set([how]));
    await world.end();
  });

  it('[dtmf/0] automatic: INFO to a peer without telephone-events', async () => {
    const { world, alice, call, infos } = await talking(NO_EVENTS);
    void call.sendDtmf('5');
    await world.run(50);
    expect([infos(), mediaOf(alice).digits]).toEqual([['5'], '']);
    await world.end();
  });

  it.each([
    ['refused', sdp(), 415, 'rfc4733'],
    ['refused', NO_EVENTS, 501, 'inband'],
    ['unanswered', sdp(), 0, 'rfc4733'],
  ] as const)('[dtmf/1] INFO that is %s goes over to RTP and says so', async (_, body, status, to) => {
    const { world, alice, call } = await talking(body, status);
    const warnings: string[] = [];
    call.on('dtmfFallback', (event) => warnings.push(`${event.digit} ${event.to}`));
    const sent = outcome(call.sendDtmf('7', { method: 'info' }));
    await world.run(33_000);
    expect([warnings, mediaOf(alice).digits, sent.text]).toEqual([[`7 ${to}`], '7', 'done']);
    await world.end();
  });

  it('[dtmf/2] INFO and telephone-events of the peer are told as digits', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(alice, bob);
    const heard: string[] = [];
    incoming.on('dtmf', ({ digit, via }) => heard.push(`${digit} ${via}`));
    void out.sendDtmf('9', { method: 'info' });
    await world.run(50);
    mediaOf(bob).emit('dtmf', { digit: '#', durationMs: 100, via: 'rfc4733' });
    expect(heard).toEqual(['9 info', '# rfc4733']);
    await world.end();
  });

  it('[dtmf/3] takes 0-9, *, #, A-D, space for a pause, several in a row, and nothing else', async () => {
    const { world, alice, call } = await talking();
    void call.sendDtmf('0123456789*#abcD 1');
    await world.run(50);
    expect(mediaOf(alice).digits).toBe('0123456789*#ABCD,1');
    await expect(call.sendDtmf('12x')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    await world.end();
  });

  it.each([
    ['never', true, false],
    ['auto', false, false],
    ['auto', true, true],
    ['always', false, true],
  ] as const)('[dtmf/4] before the answer, policy %s, RTP has come: %s', async (early, heard, sends) => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1', { policies: { dtmf: { early } } });
    const peer = await world.peer('bob', '10.0.0.9');
    const call = alice.agent.invite(peer.uri);
    await world.run(30);
    peer.respond(peer.last('INVITE'), 183, { sdp: sdp() });
    await world.run(20);
    if (heard) mediaOf(alice).emit('flowing', { remote: { host: '10.0.0.9', port: 40_000 } });
    const sent = outcome(call.sendDtmf('4'));
    await world.run(20);
    expect([sent.text, mediaOf(alice).digits]).toEqual(sends ? ['done', '4'] : ['ERR_CALL_STATE', '']);
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    await world.end();
  });

  it('[dtmf/6] INFO is done with its 2xx, RTP once it is given to the media', async () => {
    const { world, call, peer } = await talking(sdp(), 0);
    const byInfo = outcome(call.sendDtmf('1', { method: 'info' }));
    const byRtp = outcome(call.sendDtmf('1', { method: 'rfc4733' }));
    await world.run(50);
    expect([byInfo.text, byRtp.text]).toEqual(['pending', 'done']);
    peer.respond(peer.last('INFO'), 200);
    await world.run(20);
    expect(byInfo.text).toBe('done');
    await world.end();
  });
});

describe('INFO', () => {
  it.each([
    [undefined, '{"a":1}', 'application/json'],
    [undefined, '<a/>', 'application/xml'],
    [undefined, 'anything', 'application/octet-stream'],
    ['application/mydata', '{}', 'application/mydata'],
  ])('[custom-info/0] of type %s with %s goes out as %s', async (type, body, expected) => {
    const { world, call, peer } = await talking();
    void call.info(type, body);
    await world.run(20);
    expect([peer.last('INFO').contentType?.essence, peer.last('INFO').bodyText]).toEqual([expected, body]);
    await world.end();
  });

  it('[custom-info/1] of the peer is told with its type and body', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(alice, bob);
    const heard: unknown[] = [];
    incoming.on('info', (event) => heard.push(event));
    void out.info('application/x-app', 'door=open');
    await world.run(30);
    expect(heard).toEqual([{ contentType: 'application/x-app', body: 'door=open' }]);
    await world.end();
  });
});

describe('protection', () => {
  it('[encryption-status/0] unknown, no, weak, yes, strong', async () => {
    const { encryptionLevel } = await import('../../../src/ua/call/encryption-level.js');
    const levels = [
      encryptionLevel({ srtp: undefined, signalling: 'udp' }, false),
      encryptionLevel({ srtp: undefined, signalling: 'tls' }, true),
      encryptionLevel({ srtp: 'AES_CM_128_HMAC_SHA1_80', signalling: 'udp' }, true),
      encryptionLevel({ srtp: 'AES_CM_128_HMAC_SHA1_32', signalling: 'tls' }, true),
      encryptionLevel({ srtp: 'AES_CM_128_HMAC_SHA1_80', signalling: 'tls' }, true),
      encryptionLevel({ srtp: 'AES_256_CM_HMAC_SHA1_80', signalling: 'tls' }, true),
    ];
    expect(levels).toEqual(['unknown', 'no', 'weak', 'weak', 'yes', 'strong']);
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1', { media: { srtp: 'optional' } });
    const bob = await world.party('bob', '10.0.0.2', { media: { srtp: 'optional' } });
    const { out } = await world.call(alice, bob);
    expect(out.encryptionLevel).toBe('weak');
    await world.end();
  });

  it('[encryption-status/0] a call with less than is wanted ends: not encrypted, srtp fail, srtp init fail', async () => {
    const plain = await (async () => {
      const world = new UaWorld();
      const alice = await world.party('alice', '10.0.0.1', {
        policies: { encryption: 'weak' },
        media: { srtp: 'optional' },
      });
      const peer = await world.peer('bob', '10.0.0.9');
      peer.onRequest = (request) =>
        request.method !== 'ACK' &&
        peer.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
      const call = alice.agent.invite(peer.uri);
      await world.run(100);
      return { world, call };
    })();
    expect(plain.call.end).toMatchObject({ cause: 'not-encrypted', party: 'local' });
    await plain.world.end();

    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1', {
      media: { srtp: 'required', srtpWrongKey: 'hangup' },
    });
    const bob = await world.party('bob', '10.0.0.2', { media: { srtp: 'required' } });
    const plainBob = await world.party('dave', '10.0.0.4');
    const { out } = await world.call(alice, bob);
    const { SwitchhookError } = await import('../../../src/base/errors.js');
    mediaOf(alice).emit('error', new SwitchhookError('ERR_MEDIA_SRTP_KEY', { from: 'x', packets: 9 }));
    await world.run(50);
    expect(out.end?.cause).toBe('srtp-failed');
    const refused = alice.agent.invite(plainBob.uri, { from: alice.uri });
    await world.run(30);
    void plainBob.calls[0].answer().catch(() => {});
    await world.run(50);
    expect(refused.end?.cause).toBe('srtp-init-failed');
    await world.end();
  });
});
