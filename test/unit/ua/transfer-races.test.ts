/** Transfers that are interrupted: by the application, by the peer, by the target. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import { outcome } from '../../support/outcome.js';
import { UaWorld } from '../../support/ua-harness.js';

/** Alice, who transfers, talks to Bob; Carol is the target. */
async function trio() {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const bob = await world.party('bob', '10.0.0.2');
  const carol = await world.party('carol', '10.0.0.3');
  const { out, in: incoming } = await world.call(alice, bob);
  return { world, alice, bob, carol, out, in: incoming };
}

describe('a transfer given up', () => {
  it('while the call is being held refers nobody, and takes the call back', async () => {
    const { world, carol, out, bob } = await trio();
    const abort = new AbortController();
    const done = outcome(out.transferTo(carol.uri, { signal: abort.signal }));
    await world.run(2);
    expect(world.count('INVITE')).toBe(2);
    abort.abort();
    await world.run(3000);
    expect(done.text).toBe('ERR_ABORTED');
    expect(world.count('REFER')).toBe(0);
    expect([out.state, out.held.local, bob.calls[0].held.remote]).toEqual(['connected', false, false]);
    await world.end();
  });

  it('during the delay leaves no timer, and refers nobody', async () => {
    const { world, carol, out } = await trio();
    const abort = new AbortController();
    const timers = world.clock.pending;
    const done = outcome(
      out.transferTo(carol.uri, { kind: 'blind', delayMs: 900_000, signal: abort.signal }),
    );
    await world.run(10);
    expect(world.clock.pending).toBe(timers + 1);
    abort.abort();
    await world.run(10);
    expect(done.text).toBe('ERR_ABORTED');
    expect(world.clock.pending).toBe(timers);
    await world.end();
  });

  it('or done no longer listens to the signal', async () => {
    const { world, carol, out } = await trio();
    const { signal } = new AbortController();
    const done = outcome(out.transferTo(carol.uri, { kind: 'blind', signal }));
    await world.run(100);
    expect(done.text).toBe('done');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await world.end();
  });

  it('since the peer has left: the target that hangs up later starts nothing', async () => {
    const { world, bob, carol, out } = await trio();
    const done = outcome(out.transferTo(carol.uri, { kind: 'on-target-hangup' }));
    await world.run(1000);
    const consulted = carol.calls[0].answer();
    await world.run(100);
    await consulted;
    void bob.calls[0].hangup();
    await world.run(100);
    expect(done.text).toBe('ERR_CALL_ENDED');
    void carol.calls[0].hangup();
    await world.run(1000);
    expect(world.count('REFER')).toBe(0);
    await world.end();
  });

  it('since the old party cannot be held: nothing is mixed any more', async () => {
    const { world, alice, bob, carol, out } = await trio();
    const bobs = bob.engine.open.values().next().value;
    if (!bobs) throw new Error('no media');
    bobs.configure = () => Promise.reject(new SwitchhookError('ERR_MEDIA_PORTS', { why: 'test' }));
    const done = outcome(
      out.transferTo(carol.uri, { kind: 'bridge', hold: 'no', oldParty: 'hold', onFailure: 'keep' }),
    );
    await world.run(1000);
    const consulted = carol.calls[0].answer();
    await world.run(1000);
    await consulted;
    expect(done.text).toBe('ERR_CALL_REJECTED');
    expect(alice.engine.bridges.map(({ closed }) => closed)).toEqual([true]);
    expect([out.state, out.held.local]).toEqual(['connected', false]);
    await world.end();
  });
});
