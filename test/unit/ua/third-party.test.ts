import { describe, expect, it } from 'vitest';
import type { ThirdPartyFlow } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, type Party, sdp, UaWorld } from '../../support/ua-harness.js';

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

  it('a party that rings longer than calls may is given up, and the other is let go', async () => {
    for (const flow of ['I', 'III'] as const) {
      const world = new UaWorld();
      const controller = await world.party('controller', '10.0.0.8', { ringTimeout: 20 });
      const alice = await world.party('alice', '10.0.0.1');
      const bob = await world.party('bob', '10.0.0.2');
      alice.agent.on('incoming', (call) => void call.answer().catch(() => {}));
      const options = { flow, from: controller.uri };
      const call = controller.agent.connectParties(alice.uri, bob.uri, options);
      const done = outcome(call.connected);
      await world.run(20_000);
      expect([done.text, bob.calls[0].state]).toEqual(['pending', 'ringing']);
      await world.run(500);
      expect([done.text, call.state]).toEqual(['ERR_TIMEOUT', 'ended']);
      expect([alice.calls[0].state, bob.calls[0].state]).toEqual(['ended', 'ended']);
      expect(bob.calls[0].end).toMatchObject({ status: 487, q850: 16 });
      await world.end();
    }
  });

  it('may ring as long as told, also for ever', async () => {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8');
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, 180);
      else if (request.method !== 'ACK') peer.respond(request, 200);
      if (request.method === 'CANCEL') peer.respond(peer.last('INVITE'), 487);
    };
    const from = controller.uri;
    const short = controller.agent.connectParties(peer.uri, 'sip:b@10.0.0.2', { from, ringTimeout: 5 });
    await world.run(6000);
    expect(short.state).toBe('ended');
    const long = controller.agent.connectParties(peer.uri, 'sip:b@10.0.0.2', { from, ringTimeout: 0 });
    await world.run(1_000_000);
    expect(long.state).toBe('calling');
    await world.end();
  });

  it('asks for no extension it would have a part in: reliable responses, session timers, Replaces', async () => {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8', { reliableProvisionals: 'required' });
    const peer = await world.peer('carol', '10.0.0.9');
    controller.agent.connectParties(peer.uri, 'sip:b@10.0.0.2', { from: controller.uri });
    await world.run(50);
    const invite = peer.last('INVITE');
    expect([invite.supported, invite.require]).toEqual([[], []]);
    expect(invite.allow).not.toContain('PRACK');
    peer.respond(invite, 486);
    await world.end();
  });

  it('given up as the first party answers: it is let go, and whoever waits hears of it', async () => {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8');
    const alice = await world.party('alice', '10.0.0.1');
    alice.agent.on('incoming', (call) => void call.answer().catch(() => {}));
    const call = controller.agent.connectParties(alice.uri, 'sip:bob@10.0.0.2', { from: controller.uri });
    const done = outcome(call.connected);
    while (world.count('200 INVITE') === 0) await world.run(1);
    call.hangup();
    await world.run(1000);
    expect([done.text, call.state, alice.calls[0].state]).toEqual(['ERR_CALL_ENDED', 'ended', 'ended']);
    expect([world.count('ACK'), world.count('BYE')]).toEqual([1, 1]);
    await world.end();
  });

  it('given up, or closed with its phone, while nobody answers: whoever waits hears of it at once', async () => {
    for (const how of ['hangup', 'close'] as const) {
      const world = new UaWorld();
      const controller = await world.party('controller', '10.0.0.8');
      const call = controller.agent.connectParties('sip:a@10.0.0.77', 'sip:b@10.0.0.78', {
        from: controller.uri,
      });
      const done = outcome(call.connected);
      await world.run(100);
      if (how === 'hangup') call.hangup();
      else void controller.agent.close();
      await world.run(1);
      expect([how, done.text, call.state]).toEqual([how, 'ERR_CALL_ENDED', 'ended']);
      await world.end();
    }
  });

  it('a 2xx without a usable Contact is acknowledged and ended (RFC 3261 §13.2.2.4)', async () => {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8');
    const peer = await world.peer('carol', '10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, 200, { sdp: sdp(), headers: { Contact: '<<' } });
      else if (request.method !== 'ACK') peer.respond(request, 200);
    };
    const call = controller.agent.connectParties(peer.uri, 'sip:bob@10.0.0.2', { from: controller.uri });
    const done = outcome(call.connected);
    await world.run(1000);
    expect([done.text, call.state]).toEqual(['ERR_SIP_PARSE', 'ended']);
    expect([peer.count('ACK'), peer.count('BYE')]).toEqual([1, 1]);
    await world.end();
  });

  /** Alice and the scripted Carol hear each other. */
  async function withCarol() {
    const world = new UaWorld();
    const controller = await world.party('controller', '10.0.0.8');
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('carol', '10.0.0.9');
    alice.agent.on('incoming', (call) => void call.answer());
    peer.onRequest = (request) => {
      const { method } = request;
      if (method !== 'ACK') peer.respond(request, 200, method === 'INVITE' ? { sdp: sdp() } : {});
    };
    const call = controller.agent.connectParties(alice.uri, peer.uri, { from: controller.uri });
    await world.run(200);
    expect(call.state).toBe('connected');
    const invite = peer.last('INVITE');
    const inDialog = (method: string, more: { sdp?: string } = {}) =>
      peer.request(method, controller, {
        callId: invite.callId,
        cseq: 7,
        toTag: invite.from.tag,
        ...more,
      });
    return { world, alice, peer, call, inDialog };
  }

  it('an UPDATE that only refreshes the session is answered without asking the other (RFC 4028 §7.4)', async () => {
    const { world, alice, peer, call, inDialog } = await withCarol();
    const before = world.count('INVITE');
    await inDialog('UPDATE');
    await world.run(40_000);
    expect(peer.answer('UPDATE')).toMatchObject({ status: 200, bodyText: '' });
    expect(world.count('INVITE')).toBe(before);
    expect([call.state, alice.calls[0].state]).toEqual(['connected', 'connected']);
    await world.end();
  });

  it('is over when one party does not answer a change at all', async () => {
    const { world, alice, peer, call } = await withCarol();
    peer.onRequest = () => {};
    const held = outcome(alice.calls[0].hold());
    await world.run(40_000);
    expect(held.text).toMatch(/^ERR_CALL/);
    expect([call.state, alice.calls[0].state]).toEqual(['ended', 'ended']);
    await world.end();
  });

  it('goes on when one party only ever says that it is at it: the change is given up after a minute', async () => {
    const { world, alice, peer, call } = await withCarol();
    const invites = peer.count('INVITE');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, 100);
      if (request.method === 'CANCEL') {
        peer.respond(request, 200);
        peer.respond(peer.last('INVITE'), 487);
      }
    };
    const held = outcome(alice.calls[0].hold());
    await world.run(58_000);
    expect([held.text, peer.count('INVITE') - invites]).toEqual(['pending', 1]);
    await world.run(5000);
    expect([held.text, call.state, alice.calls[0].state]).toEqual([
      expect.stringMatching(/^ERR_/),
      'connected',
      'connected',
    ]);
    peer.onRequest = (request) => {
      if (request.method !== 'ACK') peer.respond(request, 200);
    };
    await world.end();
  });

  it('is over when one party knows nothing of it any more', async () => {
    const { world, alice, peer, call } = await withCarol();
    peer.onRequest = (request) => {
      if (request.method !== 'ACK') peer.respond(request, request.method === 'INVITE' ? 481 : 200);
    };
    const held = outcome(alice.calls[0].hold());
    await world.run(2000);
    expect(held.text).toMatch(/^ERR_CALL/);
    expect([call.state, alice.calls[0].state]).toEqual(['ended', 'ended']);
    await world.end();
  });
});
