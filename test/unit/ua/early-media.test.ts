import { describe, expect, it } from 'vitest';
import type { EarlyMediaOptions, MediaPreferences, UserAgentOptions } from '../../../src/ua/index.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

/** Alice calls the scripted Bob, who has not answered yet. */
async function calling(earlyMedia?: EarlyMediaOptions, agent: Partial<UserAgentOptions> = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', { policies: { earlyMedia }, ...agent });
  const peer = await world.peer('bob', '10.0.0.9');
  const call = alice.agent.invite(peer.uri);
  const ringback: boolean[] = [];
  call.on('ringback', (playing) => ringback.push(playing));
  await world.run(30);
  const invite = peer.last('INVITE');
  const respond = async (status: number, body?: string) => {
    peer.respond(invite, status, { sdp: body });
    await world.run(20);
  };
  peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
  return { world, alice, peer, call, ringback, respond };
}

describe('183 and ringing', () => {
  it.each([
    ['ignore', 'trying', 'sendonly', []],
    ['ringing', 'ringing', 'sendonly', [true]],
    ['ring', 'trying', 'sendrecv', [true]],
    ['open', 'ringing', 'sendrecv', []],
    [undefined, 'ringing', 'sendrecv', [true]],
  ] as const)(
    '[early-media/2] 183 with SDP and %s: %s, audio %s, ringback %j',
    async (progress, state, flows, tone) => {
      const { world, alice, call, ringback, respond } = await calling({ progress });
      await respond(183, sdp());
      expect([call.state, mediaOf(alice).config?.direction, ringback]).toEqual([state, flows, [...tone]]);
      await respond(200, sdp());
      expect([call.state, mediaOf(alice).config?.direction]).toEqual(['connected', 'sendrecv']);
      expect(ringback.at(-1) ?? false).toBe(false);
      await world.end();
    },
  );

  it('[early-media/0] the ringback of our own lasts until audio of the peer comes', async () => {
    const { world, alice, call, ringback, respond } = await calling({ progress: 'ring' });
    await respond(180);
    expect([call.state, ringback]).toEqual(['ringing', [true]]);
    await respond(183, sdp());
    mediaOf(alice).emit('flowing', { remote: { host: '10.0.0.9', port: 40_000 } });
    expect(ringback).toEqual([true, false]);
    await respond(180);
    expect(ringback).toEqual([true, false]);
    void call.hangup();
    await world.end();
  });

  it.each([
    ['never', 'recvonly', false],
    ['silence', 'sendrecv', true],
    ['audio', 'sendrecv', false],
  ] as const)('[early-media/3] we send %s before the answer: %s', async (send, flows, muted) => {
    const { world, alice, respond } = await calling({ send });
    await respond(183, sdp());
    expect([mediaOf(alice).config?.direction, mediaOf(alice).muted.send]).toEqual([flows, muted]);
    await respond(200, sdp());
    expect([mediaOf(alice).config?.direction, mediaOf(alice).muted.send]).toEqual(['sendrecv', false]);
    await world.end();
  });
});

const MANY = (host = '10.0.0.9') =>
  [
    'v=0',
    `o=peer 77 1 IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 8 0 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=sendrecv',
    '',
  ].join('\r\n');

function codecs(body: string): string[] {
  return [...body.matchAll(/^a=rtpmap:\d+ (\w+)\//gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'telephone');
}

describe('variants of offer and answer', () => {
  async function answered(media: MediaPreferences) {
    const world = new UaWorld();
    const bob = await world.party('bob', '10.0.0.2', { media });
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    await peer.request('INVITE', bob, { sdp: MANY() });
    await world.run(20);
    void bob.calls[0].answer();
    await world.run(20);
    return { world, bob, peer, body: peer.answer('INVITE').bodyText };
  }

  it.each([
    ['one', ['PCMA']],
    ['common', ['PCMA', 'PCMU']],
    ['all', ['PCMA', 'PCMU', 'GSM']],
  ] as const)('[sdp/1] an answer with %s codec(s) lists %j', async (answerCodecs, names) => {
    const { world, bob, peer, body } = await answered({ codecs: ['PCMU', 'PCMA', 'GSM'], answerCodecs });
    expect([...codecs(body)].sort()).toEqual([...names].sort());
    await peer.request('ACK', bob, { toTag: peer.answer('INVITE').to.tag });
    await world.run(20);
    expect(bob.calls[0].state).toBe('connected');
    await world.end();
  });

  it.each([
    ['never', MANY(), false],
    ['several', MANY(), true],
    ['several', sdp(), false],
    ['auto', MANY(), true],
    ['always', sdp(), true],
  ] as const)('[sdp/2] the codec is named in the ACK: %s', async (finalCodec, answer, named) => {
    const { world, peer, respond } = await calling(undefined, {
      media: { codecs: ['PCMU', 'PCMA'], finalCodec },
    });
    await respond(200, answer);
    const { bodyText } = peer.last('ACK');
    expect(codecs(bodyText)).toHaveLength(named ? 1 : 0);
    await world.end();
  });

  it('[sdp/2] automatic: not again at a host where silence followed', async () => {
    const { world, alice, peer, respond } = await calling(undefined, { media: { finalCodec: 'auto' } });
    await respond(200, MANY());
    expect(peer.last('ACK').bodyText).not.toBe('');
    mediaOf(alice).emit('noMedia', {
      silentMs: 5000,
      expected: { host: '10.0.0.9', port: 40_000 },
      explanation: 'nothing came',
    } as never);
    const second = alice.agent.invite(peer.uri);
    peer.onRequest = (request) =>
      request.method !== 'ACK' &&
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: MANY() } : {});
    await world.run(50);
    expect([second.state, peer.last('ACK').bodyText]).toEqual(['connected', '']);
    await world.end();
  });

  it('[sdp/4] a late offer is answered in the ACK', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) =>
      request.method !== 'ACK' &&
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: MANY() } : {});
    const call = alice.agent.invite(peer.uri, { offer: 'none' });
    await world.run(50);
    expect(peer.last('INVITE').bodyText).toBe('');
    expect(peer.last('ACK').bodyText).toContain('m=audio');
    expect([call.state, call.codec]).toEqual(['connected', 'PCMA']);
    await world.end();
  });

  it('[sdp/0] early media, a caller that names its codec in the ACK, several codecs, lines of the application', async () => {
    const early = await calling();
    await early.respond(183, sdp());
    expect(mediaOf(early.alice).config?.remote.port).toBe(40_000);
    await early.respond(200, sdp());
    await early.world.end();

    const { world, bob, peer, body } = await answered({ codecs: ['PCMA', 'PCMU'] });
    expect(codecs(body)).toHaveLength(2);
    expect(mediaOf(bob).config?.send?.codec).toBe('PCMA');
    await peer.request('ACK', bob, { toTag: peer.answer('INVITE').to.tag, sdp: sdp() });
    await world.run(20);
    expect(mediaOf(bob).config?.send?.codec).toBe('PCMU');
    bob.calls[0].custom.setSdp({ media: ['a=x-tone:9'] });
    bob.calls[0].hold().catch(() => {});
    await world.run(20);
    expect(peer.last('INVITE').bodyText).toContain('\r\na=x-tone:9\r\n');
    await world.end();
  });

  it('[third-party-cc/0] INVITE without SDP, SDP without media and address 0.0.0.0 make a call whose media follows', async () => {
    const bare = 'v=0\r\no=peer 77 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n';
    for (const first of [undefined, bare, sdp({ host: '0.0.0.0' })]) {
      const world = new UaWorld();
      const bob = await world.party('bob', '10.0.0.2');
      const peer = await world.peer('carol', '10.0.0.9');
      peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
      await peer.request('INVITE', bob, { sdp: first });
      await world.run(20);
      void bob.calls[0].answer();
      await world.run(20);
      const toTag = peer.answer('INVITE').to.tag;
      await peer.request('ACK', bob, {
        toTag,
        sdp: first === undefined ? sdp({ host: '0.0.0.0' }) : undefined,
      });
      await world.run(20);
      expect(bob.calls[0].state).toBe('connected');
      expect(mediaOf(bob).config?.direction ?? 'inactive').not.toBe('sendrecv');
      await peer.request('INVITE', bob, { toTag, cseq: 2, sdp: sdp({ host: '10.0.0.7', version: 2 }) });
      await world.run(20);
      await peer.request('ACK', bob, { toTag, cseq: 2 });
      await world.run(20);
      expect(mediaOf(bob).config).toMatchObject({ direction: 'sendrecv', remote: { address: '10.0.0.7' } });
      await world.end();
    }
  });

  it.each([
    ['zero-address', 'c=IN IP4 0.0.0.0'],
    ['no-media', ''],
    ['none', undefined],
  ] as const)(
    '[third-party-cc/1] a call begins with %s and gets its media by re-INVITE',
    async (offer, expected) => {
      const world = new UaWorld();
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2');
      const call = alice.agent.invite(bob.uri, { from: alice.uri, offer });
      await world.run(30);
      const first = bob.calls[0].messages.invite('received')?.bodyText ?? '';
      if (expected === undefined) expect(first).toBe('');
      else expect(first).toContain(expected);
      if (offer === 'no-media') expect(first).not.toContain('m=');
      void bob.calls[0].answer();
      await world.run(150);
      expect(call.state).toBe('connected');
      expect([mediaOf(alice).config?.direction, mediaOf(bob).config?.direction]).toEqual([
        'sendrecv',
        'sendrecv',
      ]);
      await world.end();
    },
  );
});
