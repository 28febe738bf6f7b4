import { describe, expect, it } from 'vitest';
import type { CallPolicies, HoldOptions, MediaPreferences, UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

/** Alice is in a call with the scripted Carol, who answers every INVITE and UPDATE as `answer` says. */
async function scripted(
  options: Partial<UserAgentOptions> = {},
  answer: (offer: string) => string = (offer) => sdp({ direction: mirror(offer) }),
  allow = 'INVITE, ACK, BYE, UPDATE',
) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', options);
  const peer = await world.peer('carol', '10.0.0.9');
  let version = 1;
  peer.onRequest = (request) => {
    if (request.method === 'INVITE' || request.method === 'UPDATE') {
      const description = answer(request.bodyText).replace('o=peer 77 1', `o=peer 77 ${version++}`);
      peer.respond(request, 200, { sdp: description, headers: { Allow: allow } });
    } else if (request.method !== 'ACK') peer.respond(request, 200);
  };
  const call = alice.agent.invite(peer.uri);
  await world.run(50);
  expect(call.state).toBe('connected');
  const { callId, from } = peer.last('INVITE');
  let cseq = 0;
  /** Carol's own offer. */
  const offer = async (description: string, method = 'INVITE') => {
    await peer.request(method, alice, {
      callId,
      fromTag: 'carol',
      toTag: from.tag,
      cseq: ++cseq,
      sdp: description,
    });
    await world.run(20);
    const response = peer.answer(method);
    if (method === 'INVITE')
      await peer.request('ACK', alice, { callId, fromTag: 'carol', toTag: from.tag, cseq });
    await world.run(20);
    return response.bodyText;
  };
  return { world, alice, peer, call, offer };
}

function mirror(offer: string): string {
  const direction = directionIn(offer);
  return direction === 'sendonly'
    ? 'recvonly'
    : direction === 'recvonly'
      ? 'sendonly'
      : (direction ?? 'sendrecv');
}

function directionIn(text: string): string | undefined {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\r$/m.exec(text)?.[1];
}

async function pair(media: MediaPreferences = {}, policies: CallPolicies = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', { media, policies });
  const bob = await world.party('bob', '10.0.0.2');
  const { out, in: incoming } = await world.call(alice, bob);
  return { world, alice, bob, out, incoming };
}

describe('the kind of hold', () => {
  it.each<[HoldOptions, string, string]>([
    [{}, 'sendonly', 'recvonly'],
    [{ direction: 'sendonly' }, 'sendonly', 'recvonly'],
    [{ direction: 'recvonly' }, 'recvonly', 'sendonly'],
    [{ direction: 'inactive' }, 'inactive', 'inactive'],
    [{ direction: 'sendrecv' }, 'sendrecv', 'sendrecv'],
  ])('[hold/0] %j offers a=%s, which leaves the peer %s', async (options, offered, theirs) => {
    const { world, alice, bob, out } = await pair();
    void out.hold(options);
    await world.run(50);
    expect(directionIn(String(out.messages.invite('sent')))).toBe(offered);
    expect(mediaOf(alice).config?.direction).toBe(offered);
    expect(mediaOf(bob).config?.direction).toBe(theirs);
    await world.end();
  });

  it('[hold/0] the default of hold() is a policy', async () => {
    const { world, bob, out } = await pair({}, { hold: { direction: 'inactive' } });
    void out.hold();
    await world.run(50);
    expect(mediaOf(bob).config?.direction).toBe('inactive');
    await world.end();
  });

  it('by address 0.0.0.0 for old peers, and back', async () => {
    const { world, alice, peer, call } = await scripted();
    void call.hold({ direction: 'sendrecv', zeroAddress: true });
    await world.run(50);
    expect(peer.last('INVITE').bodyText).toContain('c=IN IP4 0.0.0.0');
    expect(call.held.local).toBe(true);
    expect(mediaOf(alice).config?.direction).toBe('sendonly');
    void call.resume();
    await world.run(50);
    expect(peer.last('INVITE').bodyText).toContain('c=IN IP4 10.0.0.1');
    expect(mediaOf(alice).config?.direction).toBe('sendrecv');
    await world.end();
  });
});

describe('how a hold is told', () => {
  it('[hold/1] by re-INVITE, or by UPDATE where the peer takes it; only once the call is connected', async () => {
    const { world, peer, call } = await scripted();
    void call.hold();
    await world.run(50);
    expect(peer.count('INVITE')).toBe(2);
    void call.resume({ method: 'update' });
    await world.run(50);
    expect([peer.count('INVITE'), peer.count('UPDATE')]).toEqual([2, 1]);
    expect(directionIn(peer.last('UPDATE').bodyText)).toBe('sendrecv');
    expect(call.held.local).toBe(false);
    await world.end();

    const early = new UaWorld();
    const alice = await early.party('alice', '10.0.0.1');
    await early.party('bob', '10.0.0.2');
    const ringing = alice.agent.invite('sip:bob@10.0.0.2');
    await early.run(30);
    const held = outcome(ringing.hold());
    await early.run(10);
    expect(held.text).toBe('ERR_CALL_STATE');
    await early.end();
  });

  it('by UPDATE the peer does not take: by re-INVITE', async () => {
    const { world, peer, call } = await scripted({}, undefined, 'INVITE, ACK, BYE');
    void call.hold({ method: 'update' });
    await world.run(50);
    expect(call.held.local).toBe(true);
    expect([peer.count('INVITE'), peer.count('UPDATE')]).toEqual([2, 0]);
    await world.end();
  });
});

describe('the state of hold', () => {
  it('[hold/2] tells who holds whom in which direction, and toggles', async () => {
    const { world, out, incoming } = await pair();
    const both = { ours: 'sendrecv', theirs: 'sendrecv', direction: 'sendrecv' };
    expect(out.holdStatus).toEqual(both);
    void out.hold();
    await world.run(50);
    expect(out.holdStatus).toEqual({ ours: 'sendonly', theirs: 'sendrecv', direction: 'sendonly' });
    expect(incoming.holdStatus).toEqual({ ours: 'sendrecv', theirs: 'recvonly', direction: 'recvonly' });
    void incoming.hold();
    await world.run(50);
    expect(out.holdStatus).toEqual({ ours: 'sendonly', theirs: 'recvonly', direction: 'inactive' });
    void out.resume();
    await world.run(50);
    expect(out.holdStatus.ours).toBe('sendrecv');
    expect(out.held).toEqual({ local: false, remote: true });
    void incoming.resume();
    await world.run(50);
    expect([out.holdStatus, incoming.holdStatus]).toEqual([both, both]);
    await world.end();
  });

  it('[hold/3] a second hold closes what the first left open, unless it is exact', async () => {
    const { world, out } = await pair();
    void out.hold({ direction: 'sendonly' });
    await world.run(50);
    void out.hold({ direction: 'recvonly' });
    await world.run(50);
    expect(out.holdStatus.ours).toBe('inactive');
    void out.hold({ direction: 'recvonly', exact: true });
    await world.run(50);
    expect(out.holdStatus.ours).toBe('recvonly');
    void out.hold({ direction: 'sendonly', exact: true });
    await world.run(50);
    expect(out.holdStatus.ours).toBe('sendonly');
    await world.end();
  });

  it('a hold of ours alone is not taken for one of the peer', async () => {
    const { world, out, incoming } = await pair();
    const events: string[] = [];
    out.on('hold', ({ by, held }) => events.push(`${by} ${held}`));
    void out.hold({ direction: 'inactive' });
    await world.run(50);
    expect(out.held).toEqual({ local: true, remote: false });
    expect(incoming.held).toEqual({ local: false, remote: true });
    expect(events).toEqual(['local true']);
    await world.end();
  });
});

describe('audio while we hold', () => {
  it.each<[HoldOptions, string]>([
    [{ direction: 'sendonly', mute: 'direction' }, 'sendonly'],
    [{ direction: 'sendonly', mute: 'none' }, 'sendrecv'],
    [{ direction: 'sendonly', mute: 'send' }, 'recvonly'],
    [{ direction: 'sendonly', mute: 'receive' }, 'sendonly'],
    [{ direction: 'sendonly', mute: 'both' }, 'inactive'],
    [{ direction: 'inactive', mute: 'none' }, 'sendrecv'],
    [{ direction: 'recvonly', mute: 'direction' }, 'recvonly'],
  ])('[hold/4] %j leaves our RTP %s', async (options, flows) => {
    const { world, alice, out } = await pair();
    void out.hold(options);
    await world.run(50);
    expect(mediaOf(alice).config?.direction).toBe(flows);
    void out.resume();
    await world.run(50);
    expect(mediaOf(alice).config?.direction).toBe('sendrecv');
    await world.end();
  });
});

describe('a peer that ends our hold', () => {
  it('[hold/5] cannot by default: its sendrecv is answered with our hold', async () => {
    const { world, call, offer } = await scripted();
    void call.hold();
    await world.run(50);
    expect(directionIn(await offer(sdp({ version: 9 })))).toBe('sendonly');
    expect(call.held.local).toBe(true);
    await world.end();
  });

  it.each(['INVITE', 'UPDATE'])('[hold/5] may by an offer in %s where the policy says so', async (method) => {
    const { world, alice, call, offer } = await scripted({ media: { unhold: 'offer' } });
    const events: string[] = [];
    call.on('hold', ({ by, held }) => events.push(`${by} ${held}`));
    void call.hold();
    await world.run(50);
    expect(directionIn(await offer(sdp({ version: 9 }), method))).toBe('sendrecv');
    expect(call.held.local).toBe(false);
    expect(mediaOf(alice).config?.direction).toBe('sendrecv');
    expect(events).toEqual(['local true', 'local false']);
    await world.end();
  });

  it('[hold/5] by an answer that grants more: only with "always", and then an offer says so', async () => {
    const open = () => sdp({ direction: 'sendrecv' });
    const kept = await scripted({ media: { unhold: 'offer' } }, open);
    void kept.call.hold();
    await kept.world.run(50);
    expect(kept.call.held.local).toBe(true);
    await kept.world.end();

    const ended = await scripted({ media: { unhold: 'always' } }, open);
    void ended.call.hold();
    await ended.world.run(100);
    expect(ended.call.held.local).toBe(false);
    expect(directionIn(ended.peer.last('INVITE').bodyText)).toBe('sendrecv');
    expect(mediaOf(ended.alice).config?.direction).toBe('sendrecv');
    await ended.world.end();
  });
});

it('a resume that fails after an answer of ours has told of it stays', async () => {
  const { world, peer, call, offer } = await scripted();
  void call.hold();
  await world.run(50);
  const answer = peer.onRequest;
  peer.onRequest = (request) => {
    const status = peer.count('INVITE') === 3 ? 491 : 403;
    if (request.method === 'INVITE') peer.respond(request, status);
  };
  const resumed = outcome(call.resume());
  await world.run(50);
  expect(directionIn(await offer(sdp({ version: 9, direction: 'sendonly' })))).toBe('recvonly');
  await world.run(5000);
  expect(resumed.text).toBe('ERR_CALL_REJECTED');
  expect(call.held).toEqual({ local: false, remote: true });
  peer.onRequest = answer;
  await world.end();
});

it('a hold and the resume that waits behind it both fail: nothing is held', async () => {
  const { world, peer, call } = await scripted();
  const answer = peer.onRequest;
  peer.onRequest = (request) => {
    if (request.method !== 'ACK') world.clock.after(500, () => peer.respond(request, 403));
  };
  const both = [outcome(call.hold()), outcome(call.resume())];
  await world.run(3000);
  expect(both.map(({ text }) => text)).toEqual(['ERR_CALL_REJECTED', 'ERR_CALL_REJECTED']);
  expect(call.held.local).toBe(false);
  peer.onRequest = answer;
  await world.end();
});
