import { describe, expect, it } from 'vitest';
import { outcome } from '../../support/outcome.js';
import { seeds } from '../../support/seeds.js';
import { UaWorld } from '../../support/ua-harness.js';

const SEEDS = seeds(40);
/** In ms: for thousands of them. */
const LONG = 3_600_000;

async function lossyPair(seed: number, reliable: 'supported' | 'required' = 'supported') {
  const world = new UaWorld(seed * 7919);
  const alice = await world.party('alice', '10.0.0.1', { reliableProvisionals: reliable, ringTimeout: 60 });
  // Nothing ends by ringing for too long.
  const bob = await world.party('bob', '10.0.0.2', { reliableProvisionals: reliable, ringTimeout: 0 });
  world.network.lossRate = 0.3;
  world.network.jitterMs = 40;
  return { world, alice, bob };
}

describe('with 30 % of the datagrams lost and others overtaken', () => {
  it.each(['supported', 'required'] as const)(
    'calls are set up, held and ended (100rel %s)',
    async (reliable) => {
      let connected = 0;
      let held = 0;
      for (const seed of SEEDS) {
        const { world, alice, bob } = await lossyPair(seed, reliable);
        bob.agent.on('incoming', (call) => {
          world.clock.after(3_000, () => void call.answer().catch(() => {}));
        });
        const out = alice.agent.invite(bob.uri, { from: alice.uri });
        const answered = outcome(out.answered());
        await world.run(40_000);
        if (answered.text === 'done' && out.state === 'connected') {
          connected++;
          const hold = outcome(out.hold());
          await world.run(35_000);
          if (hold.text === 'done') held++;
        }
        const incoming = bob.calls[0];
        void (seed % 2 ? out : (incoming ?? out)).hangup();
        await world.run(70_000);
        expect(out.state, `seed ${seed}`).toBe('ended');
        if (incoming) expect(incoming.state, `seed ${seed}`).toBe('ended');
        await world.end();
      }
      // 64*T1 of repetitions get through 30 % loss nearly always.
      expect(connected).toBeGreaterThanOrEqual(0.95 * SEEDS.length);
      expect(held).toBeGreaterThanOrEqual(0.92 * SEEDS.length);
    },
    LONG,
  );

  it(
    'cancelled calls leave nobody ringing',
    async () => {
      for (const seed of SEEDS) {
        const { world, alice, bob } = await lossyPair(seed);
        const out = alice.agent.invite(bob.uri, { from: alice.uri });
        await world.run((seed % 40) * 100);
        void out.hangup();
        // When each response of the first minutes is lost, that of the next one ends it.
        await world.run(250_000);
        expect(out.state, `seed ${seed}`).toBe('ended');
        for (const call of bob.calls) expect(call.state, `seed ${seed}`).toBe('ended');
        await world.end();
      }
    },
    LONG,
  );

  it('a caller who goes on repeating its INVITE hears the ringing again before a minute is over', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2', { ringTimeout: 0 });
    world.network.lose = ({ from, time }) => from.host === bob.host && time < 34_000;
    const out = alice.agent.invite(bob.uri, { from: alice.uri });
    await world.run(1_000);
    void out.hangup();
    // The last INVITE leaves after 31.5 s; the response to it is lost as well.
    await world.run(33_000);
    expect(bob.calls[0].state).toBe('ringing');
    await world.run(9_000);
    expect(bob.calls[0].state).toBe('ended');
    await world.end();
  });

  it.each(['cancelled', 'given up'])(
    'a call %s whose ringing was never heard is cancelled by a late 180',
    async (how) => {
      const world = new UaWorld();
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2', { ringTimeout: 0 });
      world.network.lose = ({ from, time }) => from.host === bob.host && time < 48_000;
      const out = alice.agent.invite(bob.uri, { from: alice.uri });
      await world.run(1_000);
      if (how === 'cancelled') void out.hangup();
      await world.run(45_000);
      expect(out.state).toBe('ended');
      expect(bob.calls[0].state).toBe('ringing');
      world.loseNext('CANCEL', 2);
      await world.run(60_000);
      expect(bob.calls[0].state).toBe('ended');
      expect(world.lines(bob.host).at(-1)).toBe('SIP/2.0 487 Request Terminated');
      await world.end();
    },
  );

  it(
    'calls hung up by anybody at any time end on both sides',
    async () => {
      for (const seed of SEEDS) {
        const { world, alice, bob } = await lossyPair(seed);
        bob.agent.on('incoming', (call) => {
          world.clock.after(200 + world.random.float() * 2_000, () => void call.answer().catch(() => {}));
        });
        const out = alice.agent.invite(bob.uri, { from: alice.uri });
        world.clock.after(world.random.float() * 5_000, () => void out.hangup());
        world.clock.after(world.random.float() * 5_000, () => void bob.calls[0]?.hangup());
        await world.run(120_000);
        expect(out.state, `seed ${seed}`).toBe('ended');
        for (const call of bob.calls) expect(call.state, `seed ${seed}`).toBe('ended');
        await world.end();
      }
    },
    LONG,
  );
});
