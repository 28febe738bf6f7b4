import { describe, expect, it } from 'vitest';
import { EventValue } from '../../../../src/sip/index.js';
import type {
  EventPackage,
  IncomingSubscription,
  SendInDialog,
  Subscription,
} from '../../../../src/ua/index.js';
import { UaWorld } from '../../../support/ua-harness.js';

async function setUp(options: Partial<EventPackage> = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const bob = await world.party('bob', '10.0.0.2');
  const weather = { now: 'sun' };
  const subscribers: IncomingSubscription[] = [];
  bob.agent.subscriptions.offer({
    name: 'weather',
    contentTypes: ['text/plain'],
    onSubscribe: (one) => subscribers.push(one),
    render: () => ({ contentType: 'text/plain', body: weather.now }),
    ...options,
  });
  const bodies: string[] = [];
  const subscribe = (more = {}): Subscription =>
    alice.agent
      .subscribe(bob.uri, { event: 'weather', from: alice.uri, accept: ['text/plain'], ...more })
      .on('notify', ({ state, body }) => bodies.push(`${state} ${body}`));
  return { world, alice, bob, weather, subscribers, subscribe, bodies };
}

describe('a notifier', () => {
  it('tells the state at once, at every change, and on a refresh', async () => {
    const { world, bob, weather, subscribers, subscribe, bodies } = await setUp();
    const subscription = subscribe();
    await world.run(50);
    expect(subscription.phase).toBe('active');
    expect(bodies).toEqual(['active sun']);
    await world.run(2000);
    weather.now = 'rain';
    subscribers[0].notify();
    await world.run(50);
    expect(bodies).toEqual(['active sun', 'active rain']);
    await world.run(3600_000);
    expect(bodies).toEqual(['active sun', 'active rain', 'active rain']);
    expect(bob.agent.counters.subscriptions).toBe(1);
    subscription.close();
    await world.run(50);
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('keeps an interval between two NOTIFYs and sends the newest state', async () => {
    const { world, weather, subscribers, subscribe, bodies } = await setUp({ interval: 5000 });
    subscribe();
    await world.run(50);
    for (const now of ['a', 'b', 'c']) {
      weather.now = now;
      subscribers[0].notify();
      await world.run(100);
    }
    expect(bodies).toEqual(['active sun']);
    await world.run(5000);
    expect(bodies).toEqual(['active sun', 'active c']);
    await world.end();
  });

  it('has one NOTIFY at a time on the way', async () => {
    const { world, weather, subscribers, subscribe } = await setUp({ interval: 0 });
    subscribe();
    await world.run(50);
    world.loseNext('NOTIFY');
    for (const now of ['a', 'b', 'c']) {
      weather.now = now;
      subscribers[0].notify();
    }
    await world.run(100);
    expect(world.count('NOTIFY')).toBe(2);
    await world.run(1000);
    expect(world.count('NOTIFY')).toBe(4);
    await world.end();
  });

  it('pending tells nothing until it is authorized', async () => {
    const { world, subscribers, subscribe, bodies } = await setUp({
      onSubscribe: (one) => {
        subscribers.push(one);
        one.pending();
      },
    });
    const subscription = subscribe();
    await world.run(50);
    expect(subscription.phase).toBe('pending');
    expect(bodies).toEqual(['pending ']);
    subscribers[0].authorize();
    await world.run(50);
    expect(subscription.phase).toBe('active');
    expect(bodies).toEqual(['pending ', 'active sun']);
    subscribers[0].reject();
    await world.run(50);
    expect(bodies.at(-1)).toBe('terminated ');
    expect(subscription.end?.reason).toBe('rejected');
    await world.end();
  });

  it('refuses before it begins', async () => {
    const { world, bob, subscribe } = await setUp({ onSubscribe: (one) => one.reject(403) });
    const subscription = subscribe();
    await world.run(50);
    expect(subscription.end).toMatchObject({ reason: 'failed', status: 403 });
    expect(world.count('NOTIFY')).toBe(0);
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('ends when the time is over, and when the subscriber is gone', async () => {
    const { world, bob, subscribers } = await setUp();
    const ends: string[] = [];
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => void peer.respond(request, 200);
    await peer.request('SUBSCRIBE', bob, { headers: { Event: 'weather', Expires: '120' } });
    await world.run(50);
    subscribers[0].on('ended', (reason) => ends.push(reason));
    expect(peer.answer('SUBSCRIBE').expires).toBe(120);
    expect(peer.last('NOTIFY').subscriptionState?.expires).toBe(120);
    await world.run(121_000);
    expect(peer.last('NOTIFY').get('Subscription-State')).toBe('terminated;reason=timeout');
    expect(ends).toEqual(['timeout']);

    for (const [status, callId] of [
      [481, 'one'],
      [0, 'two'],
      [500, 'three'],
    ] as const) {
      peer.onRequest = (request) => status !== 0 && void peer.respond(request, status);
      await peer.request('SUBSCRIBE', bob, { callId, headers: { Event: 'weather' } });
      await world.run(40_000);
      expect(bob.agent.counters.subscriptions).toBe(0);
    }
    await world.end();
  });

  it('a refusal with Retry-After is only a delay (RFC 6665 §4.2.2)', async () => {
    const { world, bob } = await setUp();
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => void peer.respond(request, 503, { headers: { 'Retry-After': '30' } });
    await peer.request('SUBSCRIBE', bob, { headers: { Event: 'weather' } });
    await world.run(50);
    peer.onRequest = (request) => void peer.respond(request, 200);
    await world.run(31_000);
    expect(peer.count('NOTIFY')).toBe(2);
    expect(bob.agent.counters.subscriptions).toBe(1);
    await world.end();
  });

  it('a goodbye does not wait for the Retry-After of a NOTIFY, nor does the answer to a SUBSCRIBE', async () => {
    const { world, bob, subscribers } = await setUp();
    const peer = await world.peer('carol', '10.0.0.9');
    const later = { headers: { 'Retry-After': '4000000000' } };
    peer.onRequest = (request) => void peer.respond(request, 503, later);
    await peer.request('SUBSCRIBE', bob, { headers: { Event: 'weather' } });
    await world.run(50);
    const toTag = peer.answer('SUBSCRIBE').to.tag;
    await peer.request('SUBSCRIBE', bob, { toTag, cseq: 2, headers: { Event: 'weather' } });
    await world.run(50);
    expect(peer.count('NOTIFY')).toBe(2);
    subscribers[0].terminate('noresource');
    await world.run(50);
    expect(peer.count('NOTIFY')).toBe(3);
    expect(peer.last('NOTIFY').get('Subscription-State')).toBe('terminated;reason=noresource');
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('answers a fetch with one NOTIFY', async () => {
    const { world, bob, subscribe, bodies } = await setUp();
    const subscription = subscribe({ expires: 0 });
    await world.run(50);
    expect(bodies).toEqual(['terminated sun']);
    expect(subscription.end).toEqual({ reason: 'fetched' });
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it.each([
    [{ Expires: '10' }, 423, 'Min-Expires'],
    [{ Accept: 'application/xml' }, 406, 'Accept'],
    [{ Contact: '' }, 400, ''],
    [{ Event: 'presence' }, 489, 'Allow-Events'],
    [{ Require: 'eventlist' }, 420, 'Unsupported'],
  ])('SUBSCRIBE with %j gets %d', async (headers, status, header) => {
    const { world, bob } = await setUp();
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('SUBSCRIBE', bob, {
      headers: { Event: 'weather', ...headers } as Record<string, string>,
    });
    await world.run(50);
    expect(peer.answer('SUBSCRIBE').status).toBe(status);
    if (header) expect(peer.answer('SUBSCRIBE').has(header)).toBe(true);
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('within a dialog: 481 for one that is not there, 500 out of order', async () => {
    const { world, bob } = await setUp();
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => void peer.respond(request, 200);
    await peer.request('SUBSCRIBE', bob, { toTag: 'nobody', headers: { Event: 'weather' } });
    await world.run(50);
    expect(peer.answer('SUBSCRIBE').status).toBe(481);
    await peer.request('SUBSCRIBE', bob, { callId: 'real', cseq: 10, headers: { Event: 'weather' } });
    await world.run(50);
    const toTag = peer.answer('SUBSCRIBE').to.tag;
    await peer.request('SUBSCRIBE', bob, { callId: 'real', cseq: 9, toTag, headers: { Event: 'weather' } });
    await world.run(50);
    expect(peer.answer('SUBSCRIBE').status).toBe(500);
    await peer.request('SUBSCRIBE', bob, { callId: 'real', cseq: 11, toTag, headers: { Event: 'other' } });
    await world.run(50);
    expect(peer.answer('SUBSCRIBE').status).toBe(481);
    await world.end();
  });

  it('a flood of SUBSCRIBEs is stopped at the limit with 503, and drains', async () => {
    const { world, bob } = await setUp({ limit: 100 });
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => void peer.respond(request, 200);
    for (let n = 0; n < 1000; n++) {
      await peer.request('SUBSCRIBE', bob, {
        callId: `flood-${n}`,
        fromTag: `t${n}`,
        headers: { Event: 'weather', Expires: '60' },
      });
    }
    await world.run(500);
    const statuses = peer.responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 503)).toHaveLength(900);
    expect(peer.answer('SUBSCRIBE').retryAfter?.delta).toBeGreaterThan(0);
    await world.run(61_000);
    expect(bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('says goodbye when the agent closes', async () => {
    const { world, bob } = await setUp();
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => void peer.respond(request, 200);
    await peer.request('SUBSCRIBE', bob, { headers: { Event: 'weather' } });
    await world.run(50);
    const closing = bob.agent.close();
    await world.run(100);
    await closing;
    expect(peer.last('NOTIFY').get('Subscription-State')).toMatch(
      /^terminated;reason=probation;retry-after=/,
    );
    await world.end();
  });
});

describe('the implicit subscription of REFER (RFC 3515 §2.4.4)', () => {
  it('lives in the dialog of a call, for both roles', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const calls = await world.call(alice, bob);
    const sipfrag = (line: string) => ({
      contentType: 'message/sipfrag;version=2.0',
      body: `SIP/2.0 ${line}\r\n`,
    });
    bob.agent.methods.register('REFER', {
      inCall: (request, tx, dialog, session) => {
        tx.reply(202);
        const notifier = session.env.subscriptions.notifier(
          {
            dialog,
            send: (over, message, handlers) => session.way.send(over, message, handlers),
            event: EventValue.parse(`refer;id=${request.cseq.seq}`),
            expires: 60,
          },
          sipfrag('100 Trying'),
        );
        world.clock.after(2000, () => notifier.terminate('noresource', { body: sipfrag('200 OK') }));
      },
    });
    const heard: string[] = [];
    // Bob asks Alice, in the call, to refer him.
    alice.agent.methods.register('X', {
      inCall: (_request, tx, dialog, session) => {
        tx.reply(200);
        const send: SendInDialog = (over, message, handlers) => session.way.send(over, message, handlers);
        const refer = dialog.createRequest('REFER').set('Refer-To', '<sip:carol@10.0.0.9>');
        session.env.subscriptions
          .implicit({ request: refer, event: 'refer', dialog, send })
          .on('notify', ({ state, body }) => heard.push(`${state} ${body.trim()}`))
          .on('ended', ({ reason }) => heard.push(reason));
        send(dialog, refer, { onFinal() {}, onError() {} });
      },
    });
    bob.agent.methods.register('X', {});
    void calls.in.request('X');
    await world.run(3000);
    expect(heard).toEqual(['active SIP/2.0 100 Trying', 'terminated SIP/2.0 200 OK', 'noresource']);
    expect(calls.out.state).toBe('connected');
    expect(alice.agent.counters.subscriptions + bob.agent.counters.subscriptions).toBe(0);
    await world.end();
  });
});
