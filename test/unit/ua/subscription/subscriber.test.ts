import { describe, expect, it } from 'vitest';
import type { SubscribeOptions, Subscription, SubscriptionEnd } from '../../../../src/ua/index.js';
import { NotifierPeer } from '../../../support/notifier-peer.js';
import { UaWorld } from '../../../support/ua-harness.js';

async function setUp(options: Partial<SubscribeOptions> = {}, before?: (notifier: NotifierPeer) => void) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const peer = await world.peer('carol', '10.0.0.9');
  const notifier = new NotifierPeer(world, peer);
  before?.(notifier);
  const subscription = alice.agent.subscribe(peer.uri, { event: 'weather', from: alice.uri, ...options });
  const bodies: string[] = [];
  const phases: string[] = [];
  const ends: SubscriptionEnd[] = [];
  subscription.on('notify', ({ body, state }) => bodies.push(`${state} ${body}`));
  subscription.on('state', (phase, end) => phases.push(end ? `${phase}: ${end.reason}` : phase));
  subscription.on('ended', (end) => ends.push(end));
  await world.run(50);
  return { world, alice, peer, notifier, subscription, bodies, phases, ends };
}

describe('a subscription', () => {
  it('begins with the NOTIFY, renews itself in time, and says goodbye', async () => {
    const { world, alice, peer, notifier, subscription, phases, bodies, ends } = await setUp({
      accept: ['text/plain'],
    });
    expect(phases).toEqual(['active']);
    const first = notifier.subscribes[0];
    expect(first.expires).toBe(3600);
    expect(first.get('Accept')).toBe('text/plain');
    expect(first.contacts[0].uri.toString()).toContain('10.0.0.1');
    await notifier.notify({ body: 'rain' });
    await world.run(20);
    expect(bodies.at(-1)).toBe('active rain');

    await world.run(3590_000);
    const second = notifier.subscribes[1];
    expect(second.callId).toBe(first.callId);
    expect(second.to.tag).toBe('carol');
    expect(second.cseq.seq).toBe(first.cseq.seq + 1);
    expect(notifier.subscribes).toHaveLength(2);

    subscription.close();
    expect(ends).toEqual([{ reason: 'closed' }]);
    await world.run(50);
    const last = notifier.subscribes[2];
    expect(last.expires).toBe(0);
    expect(peer.answer('NOTIFY').status).toBe(200); // the one that says terminated
    expect(alice.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('renews itself also where the notifier tells no lifetime at all', async () => {
    const { world, notifier, subscription } = await setUp({}, (one) => {
      one.automatic = { state: 'active' };
      one.script = [{ status: 200, headers: { Expires: '' } }];
    });
    expect(notifier.subscribes).toHaveLength(1);
    await world.run(3600_000);
    expect(notifier.subscribes).toHaveLength(2);
    expect(subscription.phase).toBe('active');
    await world.end();
  });

  it('takes a NOTIFY that comes before the 2xx, with the route of the NOTIFY', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    const notifier = new NotifierPeer(world, peer);
    notifier.script = [0];
    const subscription = alice.agent.subscribe(peer.uri, { event: 'weather', from: alice.uri });
    await world.run(20);
    await notifier.notify({ body: 'sun' });
    await world.run(20);
    expect(subscription.phase).toBe('active');
    expect(peer.answer('NOTIFY').status).toBe(200);
    peer.respond(peer.last('SUBSCRIBE'), 200, { headers: { Expires: '120' } });
    await world.run(119_000);
    expect(notifier.subscribes.length).toBeGreaterThan(1);
    expect(notifier.subscribes.at(-1)?.to.tag).toBe('carol');
    await world.end();
  });

  it('fails when no NOTIFY comes within 64*T1 (timer N), and tries again later', async () => {
    const { world, notifier, subscription, phases } = await setUp({}, (one) => {
      one.automatic = undefined;
    });
    await world.run(31_000);
    expect(subscription.phase).toBe('subscribing');
    await world.run(2000);
    expect(subscription.phase).toBe('waiting');
    notifier.automatic = { state: 'active' };
    await world.run(70_000);
    expect(phases).toContain('active');
    expect(new Set(notifier.subscribes.map(({ callId }) => callId)).size).toBe(2);
    await world.end();
  });

  it('asks for the lifetime a 423 wants', async () => {
    const { world, notifier, subscription } = await setUp({ expires: 60 }, (one) => {
      one.script = [{ status: 423, headers: { 'Min-Expires': '300' } }];
    });
    expect(notifier.subscribes.map(({ expires }) => expires)).toEqual([60, 300]);
    expect(subscription.phase).toBe('active');
    await world.end();
  });

  it('a refresh answered with 481 makes a new subscription, other refusals let the old one live', async () => {
    const { world, notifier, subscription, phases } = await setUp({ expires: 600 });
    notifier.script = [{ status: 500, headers: { 'Retry-After': '20' } }];
    await world.run(560_000);
    expect(notifier.subscribes).toHaveLength(3);
    expect(subscription.phase).toBe('active');
    expect(phases).toEqual(['active']);
    notifier.script = [481];
    subscription.refresh();
    await world.run(2000);
    expect(notifier.subscribes.at(-1)?.to.tag).toBeUndefined();
    expect(notifier.subscribes.at(-1)?.callId).not.toBe(notifier.subscribes[0].callId);
    expect(phases).toEqual(['active', 'waiting: gone', 'subscribing', 'active']);
    await world.end();
  });

  it.each([
    ['deactivated', 'soon'],
    ['timeout', 'soon'],
    ['probation;retry-after=300', 300],
    ['giveup;retry-after=900', 900],
    ['rejected', 'never'],
    ['noresource', 'never'],
    ['invariant', 'never'],
    ['something-new;retry-after=700', 700],
  ])('terminated with %s is tried again: %s', async (reason, when) => {
    const { world, notifier, subscription, ends } = await setUp();
    await notifier.notify({ state: `terminated;reason=${reason}`, body: 'last' });
    await world.run(20);
    if (when === 'never') {
      expect(ends).toMatchObject([{ reason }]);
      await world.run(4000_000);
      expect(notifier.subscribes).toHaveLength(1);
    } else {
      expect(subscription.phase).toBe('waiting');
      const seconds = when === 'soon' ? 1 : (when as number);
      if (when !== 'soon') {
        await world.run((seconds - 1) * 1000);
        expect(notifier.subscribes).toHaveLength(1);
      }
      await world.run(when === 'soon' ? 1000 : 2000);
      expect(notifier.subscribes).toHaveLength(2);
      expect(subscription.phase).toBe('active');
    }
    await world.end();
  });

  it('does not storm a notifier that deactivates at once, every time', async () => {
    const { world, notifier } = await setUp({}, (one) => {
      one.automatic = { state: 'terminated;reason=deactivated' };
    });
    await world.run(60_000);
    expect(notifier.subscribes.length).toBeLessThan(5);
    await world.end();
  });

  it.each([403, 404, 489, 603])('refused with %d ends for good', async (status) => {
    const { world, notifier, ends } = await setUp({}, (one) => {
      one.script = [status];
    });
    await world.run(4000_000);
    expect(ends).toMatchObject([{ reason: 'failed', status, error: { code: 'ERR_SUBSCRIPTION' } }]);
    expect(notifier.subscribes).toHaveLength(1);
    await world.end();
  });

  it('refused with 480 or not answered it is tried again; not when it shall not persist', async () => {
    const first = await setUp({}, (one) => {
      one.script = [480];
    });
    expect(first.subscription.phase).toBe('waiting');
    await first.world.run(70_000);
    expect(first.subscription.phase).toBe('active');
    await first.world.end();
    const second = await setUp({ persistent: false }, (one) => {
      one.script = [480];
    });
    expect(second.ends).toMatchObject([{ status: 480 }]);
    await second.world.end();
  });

  it('forked: every device has a dialog of its own, until timer N', async () => {
    const { world, notifier, peer, subscription, bodies } = await setUp();
    await notifier.notify({ tag: 'desk', cseq: 1, body: 'desk' });
    await notifier.notify({ tag: 'mobile', cseq: 7, body: 'mobile' });
    await world.run(20);
    expect(subscription.devices).toBe(3);
    expect(bodies).toEqual(['active ', 'active desk', 'active mobile']);
    await notifier.notify({ tag: 'desk', cseq: 2, state: 'terminated;reason=noresource' });
    await world.run(20);
    expect(subscription.devices).toBe(2);
    expect(subscription.phase).toBe('active');
    await world.run(40_000);
    await notifier.notify({ tag: 'late', cseq: 1 });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(481);
    subscription.close();
    await world.run(20);
    expect(notifier.subscribes.filter(({ expires }) => expires === 0)).toHaveLength(2);
    await world.run(40_000);
    await world.end();
  });

  it('forked: the first device alone when the package wants that', async () => {
    const { world, notifier, peer, subscription } = await setUp({ forks: false });
    await notifier.notify({ tag: 'desk', cseq: 1 });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(481);
    expect(subscription.devices).toBe(1);
    await world.end();
  });

  it('Expires 0 fetches the state once', async () => {
    const { world, notifier, bodies, ends } = await setUp({ expires: 0 }, (one) => {
      one.automatic = { body: 'fog' };
    });
    expect(bodies).toEqual(['terminated fog']);
    expect(ends).toEqual([{ reason: 'fetched' }]);
    await world.run(10_000);
    expect(notifier.subscribes).toHaveLength(1);
    await world.end();
  });

  it('is refreshed when the network has changed', async () => {
    const { world, alice, notifier } = await setUp();
    alice.agent.networkChanged('route');
    await world.run(50);
    expect(notifier.subscribes).toHaveLength(2);
    expect(notifier.subscribes[1].to.tag).toBe('carol');
    expect(notifier.subscribes[1].contacts).toHaveLength(1);
    await world.end();
  });

  it('pending, then active', async () => {
    const { world, notifier, phases } = await setUp({}, (one) => {
      one.automatic = { state: 'pending;expires=600' };
    });
    await notifier.notify({ state: 'active;expires=600' });
    await world.run(20);
    expect(phases).toEqual(['pending', 'active']);
    await world.end();
  });

  it('a shorter life in a NOTIFY is believed, a longer one is not', async () => {
    const { world, notifier } = await setUp({ expires: 600 });
    await notifier.notify({ state: 'active;expires=100' });
    await world.run(99_000);
    expect(notifier.subscribes).toHaveLength(2);
    await notifier.notify({ state: 'active;expires=999999' });
    await world.run(590_000);
    expect(notifier.subscribes).toHaveLength(3);
    await world.end();
  });

  it('a NOTIFY out of order gets 500, without subscription 481, without event 489, without state 400', async () => {
    const { world, notifier, peer, bodies } = await setUp();
    await notifier.notify({ cseq: 10, body: 'new' });
    await notifier.notify({ cseq: 9, body: 'old' });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(500);
    await notifier.notify({ cseq: 11, callId: 'another' });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(481);
    await notifier.notify({ cseq: 11, toTag: 'another' });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(481);
    await notifier.notify({ cseq: 11, event: 'other' });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(481);
    await notifier.notify({ cseq: 11, event: null });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(489);
    await notifier.notify({ cseq: 12, state: '' });
    await world.run(20);
    expect(peer.answer('NOTIFY').status).toBe(400);
    expect(bodies).toEqual(['active ', 'active new']);
    await world.end();
  });

  it('a storm of NOTIFYs is answered, and leaves nothing behind', async () => {
    const { world, alice, notifier, peer, bodies } = await setUp();
    for (let n = 0; n < 2000; n++) void notifier.notify({ body: String(n), cseq: 100 + n });
    for (let n = 0; n < 500; n++) void notifier.notify({ callId: `stray-${n}`, cseq: 1 });
    await world.run(1000);
    expect(bodies).toHaveLength(2001);
    expect(
      peer.responses.filter(({ cseq, status }) => cseq.method === 'NOTIFY' && status === 200).length,
    ).toBe(2001);
    expect(alice.agent.counters.subscriptions).toBe(1);
    await world.end();
  });

  it('the subscriber that goes without a NOTIFY of goodbye is let go by timer N', async () => {
    const { world, alice, notifier, subscription } = await setUp();
    notifier.automatic = undefined;
    subscription.close();
    await world.run(1000);
    expect(alice.agent.counters.subscriptions).toBe(1);
    await world.run(40_000);
    expect(alice.agent.counters.subscriptions).toBe(0);
    await world.end();
  });

  it('closed before its answer it leaves nothing, and the NOTIFY that comes gets 481', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    const notifier = new NotifierPeer(world, peer);
    const subscription: Subscription = alice.agent.subscribe(peer.uri, { event: 'weather', from: alice.uri });
    await world.run(2);
    subscription.close();
    await world.run(100);
    expect(peer.answer('NOTIFY').status).toBe(481);
    expect(alice.agent.counters.subscriptions).toBe(0);
    expect(notifier.subscribes).toHaveLength(1);
    await world.end();
  });
});
