import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nullLogger } from '../../../src/base/logger.js';
import { Recovery } from '../../../src/phone/recovery.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld } from '../../support/phone-world.js';

const SERVER = '10.0.0.100';

let world: PhoneWorld;

beforeEach(() => {
  world = new PhoneWorld();
});

afterEach(() => world.end());

describe('recovery', () => {
  it('[auto-recover/0] [registration/4] without answers it registers anew, in a fresh session, and makes the stack anew', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', {
      server: SERVER,
      username: 'alice',
      recovery: { restartAfter: 3 },
    });
    let restarts = 0;
    alice.on('restarted', () => restarts++);
    outcome(alice.register());
    await world.run(100);
    const [first] = registrar.requests;
    world.network.unreachable.add(SERVER);
    await world.run(1_200_000);
    const ids = new Set(
      world.network.packets
        .filter(({ text }) => text.startsWith('REGISTER'))
        .map(({ text }) => /^Call-ID: (.*)$/m.exec(text)?.[1]),
    );
    expect(ids.size).toBeGreaterThan(2);
    expect(restarts).toBeGreaterThan(0);
    world.network.unreachable.delete(SERVER);
    await world.run(2_000_000);
    expect(alice.registrations.map(({ state }) => state)).toEqual(['registered']);
    expect(registrar.last.callId).not.toBe(first.callId);
  });

  it('keeps the accounts added meanwhile when it cannot start anew, and registers them as soon as it can', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', { server: SERVER, username: 'alice' });
    const second = (await alice.addAccount({ aor: `sip:second@${SERVER}` })).account;
    await alice.addAccount({ aor: `sip:third@${SERVER}` });
    await world.soon(alice.register());
    await world.run(50);
    alice.accountBook.setMain(second);
    const third = alice.accountBook.get('third');
    if (third) await world.soon(alice.accountBook.unregister(third));
    alice.portsTaken = true;
    const failed = outcome(alice.restart());
    await world.run(100);
    expect(failed.text).toBe('ERR_SIP_LISTEN');
    expect(registrar.bindings.size).toBe(0);
    expect(alice.accounts.map(({ uri }) => uri.user)).toEqual(['second', 'alice', 'third']);
    alice.portsTaken = false;
    await world.soon(alice.start());
    await world.run(100);
    expect(alice.accounts[0]).toBe(second);
    expect(alice.registrations.map(({ state }) => state)).toEqual(['registered', 'registered', 'idle']);
    expect(registrar.bindings.size).toBe(2);
  });

  it('[auto-recover/0] a phone that could not start anew by itself goes on trying', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', {
      server: SERVER,
      username: 'alice',
      recovery: { restartAfter: 2 },
    });
    outcome(alice.register());
    await world.run(100);
    world.network.unreachable.add(SERVER);
    alice.portsTaken = true;
    await world.run(1_500_000);
    expect(alice.addresses).toEqual([]);
    world.network.unreachable.delete(SERVER);
    alice.portsTaken = false;
    registrar.requests.length = 0;
    await world.run(35_000);
    expect(alice.registrations.map(({ state }) => state)).toEqual(['registered']);
    expect(registrar.requests).toHaveLength(1);
  });

  it('leaves what the application holds of the phone: watches, loops, listeners', async () => {
    const [alice, bob] = await world.started(2, { presence: { strangers: 'accept' }, blf: { share: 'all' } });
    const uri = world.uriOf(bob);
    const states: string[] = [];
    const lamps: string[] = [];
    const texts: string[] = [];
    const watch = alice.presence.watch(uri);
    const lamp = alice.blf.watch(uri);
    alice.presence.on('change', ({ group }) => states.push(group));
    alice.blf.on('change', ({ state }) => lamps.push(state));
    const loop = (async () => {
      for await (const { text } of alice.messages) texts.push(text);
    })();
    const call = await bob.dial('sip:x@10.0.0.77');
    await world.run(3000);
    expect([states.at(-1), lamps.at(-1)]).toEqual(['online', 'trying']);
    const listeners = [alice.lines.listenerCount('seated'), alice.conferences.listenerCount('group')];
    const restarted = alice.restart();
    // Nobody tells the phone that the call is over.
    void call.hangup();
    expect(await world.soon(restarted, 3000)).toBe(true);
    await world.soon(alice.restart(), 3000);
    await world.soon(bob.presence.publish('away'));
    await world.soon(bob.messages.send(world.uriOf(alice), 'are you there?'));
    await world.run(3000);
    expect([watch.closed, lamp.closed]).toEqual([false, false]);
    expect([states.at(-1), lamps.at(-1)]).toEqual(['away', 'terminated']);
    expect(texts).toEqual(['are you there?']);
    expect([alice.lines.listenerCount('seated'), alice.conferences.listenerCount('group')]).toEqual(
      listeners,
    );
    await world.soon(alice.close(), 3000);
    await loop;
  });

  it('[registration/4] without answers it is not made anew while there is a call', async () => {
    await FakeRegistrar.start(world, SERVER);
    const alice = world.phone('10.0.0.1', {
      server: SERVER,
      username: 'alice',
      recovery: { restartAfter: 3 },
    });
    const bob = world.phone('10.0.0.2');
    await bob.start();
    let restarts = 0;
    alice.on('restarted', () => restarts++);
    outcome(alice.register());
    await world.run(100);
    const { out } = await world.talk(bob, alice);
    world.network.unreachable.add(SERVER);
    await world.run(1_200_000);
    expect([out.state, restarts]).toEqual(['connected', 0]);
    await world.soon(out.hangup());
    await world.run(5000);
    expect(restarts).toBe(1);
  });

  it('is not restarted while there is a call', async () => {
    const [alice, bob] = await world.started(2);
    const { out } = await world.talk(alice, bob);
    expect(await alice.restart()).toBe(false);
    expect(out.state).toBe('connected');
    await world.soon(out.hangup());
    expect(await world.soon(alice.restart(), 3000)).toBe(true);
    const again = await alice.dial(world.uriOf(bob));
    await world.run(100);
    expect(again.state).toBe('ringing');
  });

  it('[auto-recover/1] recommends a restart after the addresses have changed, never during a call', () => {
    let calls = true;
    const told: string[] = [];
    const recovery = new Recovery({
      logger: nullLogger,
      hasCalls: () => calls,
      recommend: (reason) => told.push(reason),
      restart: () => told.push('restart'),
    });
    recovery.networkChanged('the addresses changed');
    expect(told).toEqual([]);
    expect(recovery.recommendation).toBe('the addresses changed');
    recovery.callEnded();
    expect(told).toEqual([]);
    calls = false;
    recovery.callEnded();
    expect(told).toEqual(['the addresses changed']);
  });
});
