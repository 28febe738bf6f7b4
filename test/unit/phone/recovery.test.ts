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
