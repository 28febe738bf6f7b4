import { describe, expect, it } from 'vitest';
import type { ThirdPartyFlow } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, type Party, UaWorld } from '../../support/ua-harness.js';

/** The controller arranges a call between Alice and Bob, who answer after `answerMs`. */
async function arranged(flow: ThirdPartyFlow, answers: [boolean, boolean] = [true, true]) {
  const world = new UaWorld();
  const controller = await world.party('controller', '10.0.0.8');
  const alice = await world.party('alice', '10.0.0.1');
  const bob = await world.party('bob', '10.0.0.2');
  [alice, bob].forEach((party: Party, i) => {
    party.agent.on(
      'incoming',
      (call) => void (answers[i] ? call.answer().catch(() => {}) : call.reject(486)),
    );
  });
  const call = controller.agent.connectParties(alice.uri, bob.uri, { flow, from: controller.uri });
  const done = outcome(call.connected);
  await world.run(400);
  return { world, controller, alice, bob, call, done };
}

describe('a call between others', () => {
  it.each<ThirdPartyFlow>(['I', 'II', 'III', 'IV'])(
    '[third-party-cc/1] flow %s: both are called, hear each other, and we only signal',
    async (flow) => {
      const { world, controller, alice, bob, call, done } = await arranged(flow);
      expect([done.text, call.state]).toEqual(['done', 'connected']);
      expect(mediaOf(alice).config).toMatchObject({
        direction: 'sendrecv',
        remote: { address: bob.host, port: mediaOf(bob).rtpPort },
      });
      expect(mediaOf(bob).config).toMatchObject({
        direction: 'sendrecv',
        remote: { address: alice.host, port: mediaOf(alice).rtpPort },
      });
      expect(controller.engine.open.size).toBe(0);
      expect([alice.calls[0].state, bob.calls[0].state]).toEqual(['connected', 'connected']);
      call.hangup();
      await world.run(100);
      expect([alice.calls[0].state, bob.calls[0].state]).toEqual(['ended', 'ended']);
      await world.end();
    },
  );

  it('each may hold the other, and the end of one is the end of both', async () => {
    const { world, alice, bob, call } = await arranged('III');
    const held = outcome(alice.calls[0].hold());
    await world.run(150);
    expect([held.text, mediaOf(alice).config?.direction, mediaOf(bob).config?.direction]).toEqual([
      'done',
      'sendonly',
      'recvonly',
    ]);
    const ended: string[] = [];
    call.on('ended', (reason) => ended.push(reason));
    void bob.calls[0].hangup();
    await world.run(150);
    expect([alice.calls[0].state, ended.length]).toEqual(['ended', 1]);
    await world.end();
  });

  it('digits by INFO reach the other', async () => {
    const { world, alice, bob } = await arranged('II');
    const heard: string[] = [];
    bob.calls[0].on('dtmf', ({ digit }) => heard.push(digit));
    void alice.calls[0].sendDtmf('8', { method: 'info' });
    await world.run(100);
    expect(heard).toEqual(['8']);
    await world.end();
  });

  it.each<[ThirdPartyFlow, [boolean, boolean]]>([
    ['I', [true, false]],
    ['III', [true, false]],
    ['IV', [false, true]],
  ])('flow %s: when one refuses (%j) the other is let go', async (flow, answers) => {
    const { world, alice, bob, call, done } = await arranged(flow, answers);
    expect([done.text, call.state]).toEqual(['ERR_CALL_REJECTED', 'ended']);
    for (const party of [alice, bob]) expect(party.agent.calls).toHaveLength(0);
    await world.end();
  });

  it('given up while the second rings: both are let go', async () => {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8');
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    alice.agent.on('incoming', (call) => void call.answer());
    const call = controller.agent.connectParties(alice.uri, bob.uri, { from: controller.uri });
    await world.run(150);
    expect(bob.calls[0].state).toBe('ringing');
    call.hangup();
    await world.run(150);
    expect([alice.calls[0].state, bob.calls[0].state, call.state]).toEqual(['ended', 'ended', 'ended']);
    await world.end();
  });
});
