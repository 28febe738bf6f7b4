import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PhoneOptions, PolicyOptions } from '../../../src/phone/index.js';
import type { Call } from '../../../src/ua/index.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld } from '../../support/phone-world.js';

const SERVER = '10.0.0.100';

let world: PhoneWorld;

beforeEach(() => {
  world = new PhoneWorld();
});

afterEach(() => world.end());

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: { code?: string; details?: { rule?: string } }) => error.details?.rule ?? error.code,
  );
}

describe('an outgoing call', () => {
  it('[outgoing-call/0] takes the next free line; without a number it calls the last one again', async () => {
    const [alice, bob] = await world.started(2);
    expect(await refusal(alice.dial(''))).toBe('ERR_INVALID_ARGUMENT');
    const first = await alice.dial(world.uriOf(bob, 'one'));
    const again = await alice.dial('  ');
    expect([alice.lines.lineOf(first), alice.lines.lineOf(again)]).toEqual([1, 2]);
    expect(again.remote.uri).toBe(first.remote.uri);
    expect(alice.lastDialled).toBe(world.uriOf(bob, 'one'));
  });

  it('[outgoing-call/1] sends digits after a comma when it is answered, after a semicolon a little later', async () => {
    for (const [separator, delay] of [
      [',', 0],
      [';', 1000],
    ] as const) {
      const registrar = await FakeRegistrar.start(world, SERVER);
      const bob = world.phone('10.0.0.2');
      await bob.start();
      const alice = world.phone('10.0.0.1', { server: SERVER, username: 'alice' });
      const call = await alice.dial(`1234${separator}56#`);
      await world.run(50);
      const { tx } = registrar.others[0];
      expect(tx.request.uri.toString()).toBe(`sip:1234@${SERVER}`);
      tx.reply(302, undefined, (response) => response.set('Contact', `<${world.uriOf(bob)}>`));
      await world.run(100);
      const answered = outcome(bob.came[0].answer());
      await world.run(50 + delay / 2);
      expect(answered.text).toBe('done');
      const [media] = alice.engine.open;
      if (delay > 0) expect(media.digits).toBe('');
      await world.run(delay);
      expect(media.digits).toBe('56#');
      void call.hangup();
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[outgoing-call/1] a full address is called as it is, by its user alone, or past the server', async () => {
    for (const [numbers, host, uri] of [
      [{}, SERVER, 'sip:bob@10.0.0.2'],
      [{ directCalls: 'never' }, SERVER, `sip:bob@${SERVER}`],
      [{ directRoute: 'target' }, '10.0.0.2', 'sip:bob@10.0.0.2'],
    ] as const) {
      await FakeRegistrar.start(world, SERVER);
      await world.peer('bob', '10.0.0.2');
      const alice = world.phone('10.0.0.1', { server: SERVER, username: 'alice', policies: { numbers } });
      const call = await alice.dial('sip:bob@10.0.0.2');
      await world.run(50);
      const [invite] = world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
      expect([numbers, invite.to.host, invite.text.split(' ')[1]]).toEqual([numbers, host, uri]);
      expect(invite.text).toContain('From: <sip:alice@10.0.0.100>');
      void call.hangup();
      await world.end();
      world = new PhoneWorld();
    }
  });

  it("[outgoing-call/1] a full address is called by its user alone when its domain is nobody's", async () => {
    await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', {
      server: SERVER,
      username: 'alice',
      policies: { numbers: { directCalls: 'resolvable' } },
    });
    world.resolvers
      .get('10.0.0.1')
      ?.table.set('here.example', [{ protocol: 'udp', host: '10.0.0.2', port: 5060 }]);
    for (const [target, uri] of [
      ['sip:bob@here.example', 'sip:bob@here.example'],
      ['sip:bob@10.0.0.2', 'sip:bob@10.0.0.2'],
      ['sip:bob@nowhere.example', `sip:bob@${SERVER}`],
    ]) {
      world.network.packets.length = 0;
      const call = await alice.dial(target);
      await world.run(50);
      const [invite] = world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
      expect([target, invite.text.split(' ')[1]]).toEqual([target, uri]);
      void call.hangup();
      await world.run(40_000);
    }
  });

  it('[outgoing-call/2] limits, lists and the registration are asked before the INVITE', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', { server: SERVER, username: 'alice' });
    await alice.start();
    const set = (policies: PolicyOptions): void => alice.policies.configure(policies);
    set({ limits: { maxCalls: 0 } });
    expect(await refusal(alice.dial('1'))).toBe('maxCalls');
    set({ limits: { maxCalls: undefined, needsRegistration: true } });
    expect(await refusal(alice.dial('1'))).toBe('registration');
    set({ limits: { needsRegistration: false }, filter: { block: ['1'] } });
    expect(await refusal(alice.dial('1'))).toBe('blocked');
    expect(registrar.others).toHaveLength(0);
    set({ limits: { needsRegistration: true } });
    outcome(alice.register());
    await world.run(100);
    const call = await alice.dial('2');
    await world.run(50);
    expect(registrar.others).toHaveLength(1);
    registrar.others[0].tx.reply(486);
    await world.run(50);
    expect(call.state).toBe('ended');
  });

  it.each([
    ['allow', 0, undefined],
    ['recent', 1000, 'sameNumber'],
    ['recent', 7000, undefined],
    ['outgoing', 7000, 'sameNumber'],
    ['any', 7000, 'sameNumber'],
  ] as const)('[param:disablesamecall] %s after %i ms: %s', async (sameNumber, ms, rule) => {
    const [alice, bob] = await world.started(2, { policies: { limits: { sameNumber } } });
    await alice.dial(world.uriOf(bob));
    await world.run(ms);
    expect(await refusal(alice.dial(world.uriOf(bob)))).toBe(rule);
    expect(await refusal(alice.dial(world.uriOf(bob, 'other')))).toBeUndefined();
  });

  it('[param:disablesamecall] counts calls of the other direction only when told to', async () => {
    for (const [sameNumber, rule] of [
      ['outgoing', undefined],
      ['any', 'sameNumber'],
    ] as const) {
      const [alice, bob] = await world.started(2, { policies: { limits: { sameNumber } } });
      await bob.dial(world.uriOf(alice), { from: 'sip:bob@10.0.0.2' });
      await world.run(50);
      expect(await refusal(alice.dial('sip:bob@10.0.0.2'))).toBe(rule);
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[outgoing-call/3] follows 302 when it may, with Diversion; else the call has failed', async () => {
    for (const redirects of [5, 0]) {
      const [alice, bob, carol] = await world.started(3);
      bob.policies.configure({ forwarding: { always: world.uriOf(carol) } });
      const call = await alice.dial(world.uriOf(bob), { redirects });
      await world.run(200);
      if (redirects > 0) {
        expect(call.state).toBe('ringing');
        expect(carol.came[0].diversions[0]?.uri).toContain('10.0.0.2');
      } else {
        expect(call.end?.status).toBe(302);
        expect(carol.came).toEqual([]);
      }
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[p2p/1] direct addresses work without any server', async () => {
    const [alice, bob] = await world.started(2);
    const { out, in: incoming } = await world.talk(alice, bob);
    expect([out.state, incoming.state]).toEqual(['connected', 'connected']);
    expect(alice.accounts).toEqual([]);
  });

  it('[p2p/1] without a server a name is one at our own address, whom the other side can answer', async () => {
    const bob = world.phone('10.0.0.2');
    await bob.start();
    const alice = world.phone('10.0.0.1', { username: 'alice', displayName: 'Alice' });
    await alice.dial('bob@10.0.0.2');
    const texts: string[] = [];
    bob.messages.on('message', ({ from, text }) => texts.push(`${from.uri} ${text}`));
    void alice.messages.send('sip:bob@10.0.0.2', 'hello');
    await world.run(500);
    expect(bob.came[0].remote).toMatchObject({ uri: 'sip:alice@10.0.0.1:5060', displayName: 'Alice' });
    expect(texts).toEqual(['sip:alice@10.0.0.1 hello']);
  });

  it('[p2p/0] [p2p/2] a phone with a fixed port is reached as user@ip:port, also as somebody’s server', async () => {
    const bob = world.phone('10.0.0.2', { listen: { host: '10.0.0.2', port: 5070 } });
    await bob.start();
    expect(bob.addresses[0]).toMatchObject({ host: '10.0.0.2', port: 5070 });
    const direct = world.phone('10.0.0.1');
    const one = await direct.dial('anybody@10.0.0.2:5070');
    const served = world.phone('10.0.0.3', { server: '10.0.0.2:5070', username: 'carol' });
    const two = await served.dial('user');
    await world.run(100);
    expect([one.state, two.state]).toEqual(['ringing', 'ringing']);
    expect(bob.came.map(({ local }) => local)).toEqual([
      'sip:anybody@10.0.0.2:5070',
      'sip:user@10.0.0.2:5070',
    ]);
  });
});

describe('placing a call again', () => {
  const quick = { delayMs: 100 };

  async function refused(
    redial: PolicyOptions['redial'],
    status: number,
    media: PhoneOptions['media'] = {},
  ): Promise<number> {
    const peer = await world.peer('bob', '10.0.0.2');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, status);
    };
    const alice = world.phone('10.0.0.1', { media, policies: { redial: { ...quick, ...redial } } });
    await alice.dial(peer.uri);
    await world.run(5000);
    const count = new Set(
      peer.requests.filter(({ message }) => message.method === 'INVITE').map(({ message }) => message.callId),
    ).size;
    await world.end();
    world = new PhoneWorld();
    return count;
  }

  it('[redial-control/0] with everything off a failed call is not placed again', async () => {
    for (const status of [408, 415, 420, 488, 500, 503, 603]) {
      const off = { onFail: 'never', afterDrop: 'never', otherCodecs: false, plain: false } as const;
      expect([status, await refused(off, status)]).toEqual([status, 1]);
    }
  });

  it('[outgoing-call/4] [redial-control/2] failures are tried again as the rules say, once, on the same line', async () => {
    expect(await refused({ onFail: 'unreachable' }, 503)).toBe(2);
    expect(await refused({ onFail: 'unreachable' }, 500)).toBe(1);
    expect(await refused({ onFail: 'trouble' }, 500)).toBe(2);
    expect(await refused({ onFail: 'trouble' }, 486)).toBe(1);
    expect(await refused({ onFail: 'trouble', attempts: 3 }, 503)).toBe(4);
    expect(await refused({ otherCodecs: true }, 488)).toBe(2);
    expect(await refused({ plain: true }, 420)).toBe(2);
    expect(await refused({ plain: true }, 404)).toBe(1);
  });

  it.each([
    ['optional', 420, 2],
    ['required', 420, 1],
    ['required', 421, 1],
    ['required', 494, 1],
  ] as const)('SRTP that is %s: after %i there are %i INVITEs', async (srtp, status, invites) => {
    expect(await refused({ plain: true }, status, { srtp })).toBe(invites);
  });

  it('phone.call waits for the attempt that succeeds', async () => {
    const peer = await world.peer('bob', '10.0.0.2');
    const bob = world.phone('10.0.0.3', { policies: { answering: { automatic: 'all' } } });
    await bob.start();
    let first = true;
    peer.onRequest = (request) => {
      if (request.method !== 'INVITE') return;
      if (first) peer.respond(request, 503);
      else peer.respond(request, 302, { headers: { Contact: `<${world.uriOf(bob)}>` } });
      if (request.callId) first = false;
    };
    const alice = world.phone('10.0.0.1', { policies: { redial: { onFail: 'unreachable', delayMs: 1000 } } });
    const calling = alice.call(peer.uri);
    const done = outcome(calling);
    await world.run(5000);
    expect(done.text).toBe('done');
    expect(alice.lines.lineOf(await calling)).toBe(1);
  });

  it('[redial-control/1] a call that was cut off is, but never after a hang-up of ours or beside another call', async () => {
    for (const [how, expected] of [
      ['remote', 1],
      ['local', 0],
      ['beside', 0],
    ] as const) {
      const [alice, bob] = await world.started(2, {
        policies: { redial: { afterDrop: 'always', ...quick } },
      });
      bob.policies.configure({ redial: { afterDrop: 'never' } });
      const again: Call[] = [];
      alice.on('redial', ({ call, why }) => {
        expect(why).toBe('afterDrop');
        again.push(call);
      });
      const { out, in: incoming } = await world.talk(alice, bob);
      if (how === 'beside') await alice.dial(world.uriOf(bob, 'other'));
      void (how === 'local' ? out : incoming).hangup();
      await world.run(1000);
      expect([how, again.length]).toEqual([how, expected]);
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[param:autoredial] tells time-outs of the media, callers and callees apart', async () => {
    const { decideRedial } = await import('../../../src/phone/policies/redial.js');
    const { SwitchhookError } = await import('../../../src/base/errors.js');
    const timeout = new SwitchhookError('ERR_MEDIA_TIMEOUT', { seconds: 300 });
    const base = { status: 200, reason: '', cause: 'bye-received', party: 'remote' } as const;
    const redials = (
      afterDrop: 'mediaTimeoutWhenCaller' | 'mediaTimeout' | 'whenCaller' | 'whenCalled' | 'always',
    ) =>
      (['outgoing', 'incoming'] as const).flatMap((direction) =>
        [undefined, timeout].map((error) => {
          const end = { ...base, by: error ? ('error' as const) : ('remote' as const), error };
          return decideRedial(
            { direction, requiresSrtp: false },
            { end, answeredAt: 1 },
            { afterDrop },
            { attempt: 0, others: 0 },
          )
            ? 1
            : 0;
        }),
      );
    // caller: BYE, media time-out; callee: BYE, media time-out
    expect(redials('mediaTimeoutWhenCaller')).toEqual([0, 1, 0, 0]);
    expect(redials('mediaTimeout')).toEqual([0, 1, 0, 1]);
    expect(redials('whenCaller')).toEqual([1, 1, 0, 0]);
    expect(redials('whenCalled')).toEqual([0, 0, 1, 1]);
    expect(redials('always')).toEqual([1, 1, 1, 1]);
  });
});
