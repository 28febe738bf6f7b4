import { describe, expect, it } from 'vitest';
import { UaWorld } from '../../../support/ua-harness.js';

async function world2() {
  const world = new UaWorld();
  const bob = await world.party('bob', '10.0.0.2');
  const peer = await world.peer('carol', '10.0.0.9');
  return { world, bob, peer };
}

describe('requests that belong to nobody yet', () => {
  it('a method is refused with 405 until somebody serves it; Allow and Accept follow', async () => {
    const { world, bob, peer } = await world2();
    await peer.request('MESSAGE', bob, { sdp: 'hi', contentType: 'text/plain' });
    await world.run(20);
    expect(peer.answer('MESSAGE').status).toBe(405);
    expect(peer.answer('MESSAGE').allow).not.toContain('MESSAGE');

    const heard: string[] = [];
    const unregister = bob.agent.methods.register('MESSAGE', {
      accept: ['text/plain'],
      standalone: (request, tx) => {
        heard.push(request.bodyText);
        tx.reply(200);
      },
    });
    await peer.request('MESSAGE', bob, { sdp: 'hello', contentType: 'text/plain', cseq: 2 });
    await peer.request('OPTIONS', bob, { cseq: 3 });
    await world.run(20);
    expect(heard).toEqual(['hello']);
    expect(peer.answer('MESSAGE').status).toBe(200);
    expect(peer.answer('OPTIONS').allow).toContain('MESSAGE');
    expect(peer.answer('OPTIONS').get('Accept')).toContain('text/plain');

    unregister();
    await peer.request('MESSAGE', bob, { sdp: 'again', contentType: 'text/plain', cseq: 4 });
    await world.run(20);
    expect(peer.answer('MESSAGE').status).toBe(405);
    await world.end();
  });

  it('within a call a registered method reaches its handler, any other gets 405', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const calls = await world.call(alice, bob);
    const heard: string[] = [];
    bob.agent.methods.register('MESSAGE', {
      inCall: (request, tx, _dialog, session) => {
        heard.push(`${session.callId} ${request.bodyText}`);
        tx.reply(200);
      },
    });
    expect(await running(world, calls.out.request('MESSAGE', { body: 'psst' }))).toMatchObject({
      status: 200,
    });
    bob.agent.methods.register('PUBLISH', {});
    expect(await running(world, calls.out.request('PUBLISH', {}))).toMatchObject({ status: 405 });
    expect(heard).toEqual([`${calls.out.id} psst`]);
    await world.end();
  });

  it('request() sends any method with credentials and gives the final response', async () => {
    const { world, bob, peer } = await world2();
    peer.onRequest = (request) =>
      void (request.has('Authorization')
        ? peer.respond(request, 202)
        : peer.respond(request, 401, {
            headers: { 'WWW-Authenticate': 'Digest realm="x", nonce="n", algorithm=MD5' },
          }));
    const { account } = bob.agent.addAccount({ aor: 'sip:bob@10.0.0.9', password: 'secret' });
    const response = await running(
      world,
      bob.agent.request('MESSAGE', 'sip:carol@10.0.0.9', { account, body: 'hi', headers: { Subject: 'x' } }),
    );
    expect(response.status).toBe(202);
    const sent = peer.last('MESSAGE');
    expect(sent.cseq.seq).toBe(2);
    expect(sent.has('Contact')).toBe(false); // RFC 3428 §5
    expect(sent.get('Subject')).toBe('x');
    expect(sent.bodyText).toBe('hi');
    await expect(bob.agent.request('INVITE', 'sip:carol@10.0.0.9')).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
    await world.end();
  });

  it('SUBSCRIBE to an event nobody offers gets 489 with Allow-Events', async () => {
    const { world, bob, peer } = await world2();
    bob.agent.subscriptions.offer({
      name: 'weather',
      contentTypes: ['text/plain'],
      onSubscribe() {},
      render: () => undefined,
    });
    await peer.request('SUBSCRIBE', bob, { headers: { Event: 'winfo' } });
    await world.run(20);
    expect(peer.answer('SUBSCRIBE').status).toBe(489);
    expect(peer.answer('SUBSCRIBE').allowEvents).toEqual(['weather']);
    await peer.request('SUBSCRIBE', bob, { cseq: 2 });
    await world.run(20);
    expect(peer.answer('SUBSCRIBE').status).toBe(489);
    await peer.request('OPTIONS', bob, { cseq: 3 });
    await world.run(20);
    expect(peer.answer('OPTIONS').allow).toEqual(expect.arrayContaining(['SUBSCRIBE', 'NOTIFY']));
    expect(peer.answer('OPTIONS').allowEvents).toEqual(['weather']);
    await world.end();
  });
});

async function running<T>(world: UaWorld, promise: Promise<T>): Promise<T> {
  await world.run(100);
  return promise;
}
