import { describe, expect, it } from 'vitest';
import type { Call, TransferOptions, UserAgentOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, type Party, sdp, UaWorld } from '../../support/ua-harness.js';

interface Trio {
  world: UaWorld;
  alice: Party;
  bob: Party;
  carol: Party;
  /** Alice's call with Bob, and Bob's end of it. */
  out: Call;
  in: Call;
  events: string[];
}

/** Alice, who transfers, talks to Bob. */
async function trio(
  options: Partial<UserAgentOptions> = {},
  bobs: Partial<UserAgentOptions> = {},
): Promise<Trio> {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1', options);
  const bob = await world.party('bob', '10.0.0.2', bobs);
  const carol = await world.party('carol', '10.0.0.3');
  const { out, in: incoming } = await world.call(alice, bob);
  const events: string[] = [];
  out.on('transfer', ({ phase, status }) => events.push(status ? `${phase} ${status}` : phase));
  return { world, alice, bob, carol, out, in: incoming, events };
}

async function answer(world: UaWorld, call: Call | undefined): Promise<void> {
  void call?.answer();
  await world.run(60);
}

/** The direction in the last description of a kind of message between two hosts. */
function directions(world: UaWorld, from: string): string[] {
  return world.network.packets
    .filter(({ text, from: sender }) => sender.host === from && text.startsWith('INVITE'))
    .flatMap(({ text }) => /^a=(sendrecv|sendonly|recvonly|inactive)\r$/m.exec(text)?.[1] ?? []);
}

describe('a transfer without consultation', () => {
  it('[call-transfer/0] [call-transfer/7] by default: hold, REFER, reports; success ends our part', async () => {
    const { world, alice, bob, carol, out, in: incoming, events } = await trio();
    const done = out.transferTo(carol.uri);
    await world.run(120);
    expect(directions(world, alice.host)).toEqual(['sendrecv', 'sendonly']);
    expect(world.lines(alice.host, bob.host).filter((line) => line.startsWith('REFER'))).toHaveLength(1);
    const [ringing] = carol.calls;
    expect(ringing.remote.user).toBe('bob');
    expect(ringing.messages.header('Referred-By')).toContain('alice@10.0.0.1');
    await world.run(1100);
    await answer(world, ringing);
    await world.run(1000);
    expect(await done).toEqual({ result: 'transferred', status: 200, reason: 'OK' });
    expect(events).toEqual([
      'holding',
      'referring',
      'accepted 202',
      'progress 100',
      'progress 180',
      'done 200',
    ]);
    expect(out.end).toMatchObject({ cause: 'transfer-done', party: 'local' });
    expect(incoming.state).toBe('ended');
    expect([bob.agent.calls.length, carol.calls[0].state]).toEqual([1, 'connected']);
    await world.end();
  });

  it('[call-transfer/7] a failure takes the call off hold, with the status the target gave', async () => {
    const { world, alice, carol, out, events } = await trio();
    const done = outcome(out.transferTo(carol.uri));
    await world.run(120);
    carol.calls[0].reject(486);
    await world.run(1200);
    expect(done.text).toBe('ERR_TRANSFER');
    expect(events.at(-1)).toBe('failed 486');
    expect([out.state, out.held.local]).toEqual(['connected', false]);
    expect(directions(world, alice.host)).toEqual(['sendrecv', 'sendonly', 'sendrecv']);
    await world.end();
  });

  it('[call-transfer/1] none at all when they are disabled', async () => {
    const { world, carol, out } = await trio({ policies: { transfer: { kind: 'disabled' } } });
    await expect(out.transferTo(carol.uri)).rejects.toMatchObject({ code: 'ERR_TRANSFER' });
    expect(world.count('REFER')).toBe(0);
    expect(out.state).toBe('connected');
    await world.end();
  });

  it('[call-transfer/2] blind: REFER at once, and our part is over when it is accepted', async () => {
    const { world, alice, carol, out } = await trio();
    const done = out.transferTo(carol.uri, { kind: 'blind' });
    await world.run(60);
    expect(await done).toEqual({ result: 'accepted' });
    expect(out.end).toMatchObject({ cause: 'transfer-disconnect', by: 'local' });
    expect(directions(world, alice.host)).toEqual(['sendrecv']);
    await answer(world, carol.calls[0]);
    expect(carol.calls[0].state).toBe('connected');
    await world.end();
  });

  it('[call-transfer/8] bare REFER: no hold, and the call stays', async () => {
    const { world, alice, carol, out } = await trio();
    const done = out.transferTo(carol.uri, { kind: 'refer' });
    await world.run(60);
    await answer(world, carol.calls[0]);
    await world.run(1000);
    expect((await done).result).toBe('transferred');
    expect(out.state).toBe('connected');
    expect(directions(world, alice.host)).toEqual(['sendrecv']);
    await world.end();
  });

  it('hold once REFER was accepted', async () => {
    const { world, carol, out } = await trio();
    void out.transferTo(carol.uri, { hold: 'started-and-back' }).catch(() => {});
    await world.run(100);
    const lines = world.flow();
    expect(lines.lastIndexOf('INVITE')).toBeGreaterThan(lines.indexOf('REFER'));
    expect(out.held.local).toBe(true);
    carol.calls[0].reject();
    await world.run(1200);
    expect(out.held.local).toBe(false);
    await world.end();
  });

  it('waits before REFER as told; a second transfer meanwhile is refused', async () => {
    const { world, carol, out } = await trio();
    void out.transferTo(carol.uri, { kind: 'refer', delayMs: 400 }).catch(() => {});
    await world.run(390);
    expect(world.count('REFER')).toBe(0);
    await expect(out.transferTo(carol.uri)).rejects.toMatchObject({ code: 'ERR_CALL_STATE' });
    await world.run(20);
    expect(world.count('REFER')).toBe(1);
    await world.end();
  });
});

describe('a transfer with consultation', () => {
  async function consult(kind: TransferOptions['kind'], options: TransferOptions = {}) {
    const all = await trio();
    const { world, carol, out } = all;
    let consultation: Call | undefined;
    out.on('transfer', (event) => {
      consultation ??= event.consultation;
    });
    const result = out.transferTo(carol.uri, { kind, ...options });
    const done = outcome(result);
    await world.run(120);
    await answer(world, carol.calls[0]);
    return { ...all, consultation: consultation as Call, result, done };
  }

  it('[call-transfer/6] attended: the caller is held, our hang-up over there sends REFER with Replaces', async () => {
    const { world, alice, bob, carol, out, consultation, done } = await consult('attended');
    expect(out.held.local).toBe(true);
    expect(consultation.state).toBe('connected');
    expect(world.count('REFER')).toBe(0);
    void consultation.hangup();
    await world.run(1200);
    const [refer] = world.network.packets.filter(({ text }) => text.startsWith('REFER'));
    expect([refer.from.host, refer.to.host]).toEqual([alice.host, bob.host]);
    expect(refer.text).toMatch(/Refer-To: <sip:carol@10\.0\.0\.3:5060\?Replaces=/);
    expect(done.text).toBe('done');
    expect([out.state, consultation.state]).toEqual(['ended', 'ended']);
    expect(carol.agent.calls).toHaveLength(1);
    expect(carol.agent.calls[0].remote.user).toBe('bob');
    expect([carol.agent.calls[0].state, bob.agent.calls[0].state]).toEqual(['connected', 'connected']);
    await world.end();
  });

  it('[call-transfer/4] on leave: the same without hold', async () => {
    const { world, bob, out, consultation, done } = await consult('on-leave');
    expect(out.held.local).toBe(false);
    void consultation.hangup();
    await world.run(1200);
    expect([done.text, out.state, bob.agent.calls.length]).toEqual(['done', 'ended', 1]);
    await world.end();
  });

  it('[call-transfer/3] on the hang-up of the consulted party', async () => {
    const { world, carol, out, done } = await consult('on-target-hangup');
    expect(world.count('REFER')).toBe(0);
    void carol.calls[0].hangup();
    await world.run(100);
    expect(world.count('REFER')).toBe(1);
    await answer(world, carol.calls[1]);
    await world.run(1200);
    expect([done.text, out.state, carol.agent.calls[0].remote.user]).toEqual(['done', 'ended', 'bob']);
    await world.end();
  });

  it.each(['target', 'us', 'caller'])('[call-transfer/5] on any hang-up: of %s', async (who) => {
    const { world, carol, in: incoming, consultation, done } = await consult('on-any-hangup');
    if (who === 'target') void carol.calls[0].hangup();
    else if (who === 'us') void consultation.hangup();
    else void incoming.hangup();
    await world.run(100);
    expect(world.count('REFER')).toBe(who === 'caller' ? 0 : 1);
    if (who === 'target') await answer(world, carol.calls[1]);
    await world.run(1200);
    expect(done.text).toBe(who === 'caller' ? 'ERR_CALL_ENDED' : 'done');
    await world.end();
  });

  it('[call-transfer/13] one whose consultation call fails takes the first call off hold', async () => {
    const { world, carol, out } = await trio();
    const done = outcome(out.transferTo(carol.uri, { kind: 'attended' }));
    await world.run(120);
    expect(out.held.local).toBe(true);
    carol.calls[0].reject(486);
    await world.run(100);
    expect([done.text, out.state, out.held.local]).toEqual(['ERR_TRANSFER', 'connected', false]);
    expect(world.count('REFER')).toBe(0);
    await world.end();
  });

  it('given up by signal: the consultation ends, the call is taken back', async () => {
    const { world, carol, out } = await trio();
    const stop = new AbortController();
    const done = outcome(out.transferTo(carol.uri, { kind: 'attended', signal: stop.signal }));
    await world.run(120);
    await answer(world, carol.calls[0]);
    stop.abort();
    await world.run(100);
    expect([done.text, out.held.local, carol.calls[0].state]).toEqual(['ERR_ABORTED', false, 'ended']);
    await world.end();
  });

  it('inverse: REFER goes to the consulted party', async () => {
    const { world, bob, carol, consultation, done } = await consult('attended', { inverse: true });
    void consultation.hangup();
    await world.run(1200);
    const [refer] = world.network.packets.filter(({ text }) => text.startsWith('REFER'));
    expect(refer.to.host).toBe(carol.host);
    expect(done.text).toBe('done');
    expect(bob.agent.calls[0].remote.user).toBe('carol');
    await world.end();
  });
});

describe('two calls of ours', () => {
  async function two(options: Partial<UserAgentOptions> = {}) {
    const all = await trio(options);
    const { out: second } = await all.world.call(all.alice, all.carol);
    return { ...all, second };
  }

  it('[call-transfer/10] are interconnected by a.transferTo(b)', async () => {
    const { world, bob, carol, out, second } = await two();
    const done = out.transferTo(second);
    await world.run(1300);
    expect((await done).result).toBe('transferred');
    expect([out.state, second.state]).toEqual(['ended', 'ended']);
    expect(bob.agent.calls[0].remote.user).toBe('carol');
    expect(carol.agent.calls[0].remote.user).toBe('bob');
    expect(mediaOf(bob).config?.remote.address).toBe(carol.host);
    await world.end();
  });

  it('[call-transfer/12] Replaces only towards who announces it, always, or never', async () => {
    for (const [replaces, expected] of [
      ['auto', true],
      ['no', false],
      ['force', true],
    ] as const) {
      const { world, carol, out, second } = await two();
      void out.transferTo(second, { replaces }).catch(() => {});
      await world.run(120);
      const [refer] = world.network.packets.filter(({ text }) => text.startsWith('REFER'));
      expect(refer.text.includes('Replaces=')).toBe(expected);
      if (!expected) await answer(world, carol.calls[1]);
      await world.run(1200);
      expect([out.state, second.state, carol.agent.calls.length]).toEqual(['ended', 'ended', 1]);
      await world.end();
    }
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const old = await world.peer('old', '10.0.0.9');
    old.onRequest = (request) =>
      request.method !== 'ACK' &&
      old.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
    const { out } = await world.call(alice, bob);
    const second = alice.agent.invite(old.uri);
    await world.run(50);
    void out.transferTo(second).catch(() => {});
    await world.run(120);
    const [refer] = world.network.packets.filter(({ text }) => text.startsWith('REFER'));
    expect(refer.text).not.toContain('Replaces=');
    await world.end();
  });

  it('one that only rings is cancelled and called anew by the peer', async () => {
    const { world, alice, carol, out } = await trio();
    const second = alice.agent.invite(carol.uri, { from: alice.uri });
    await world.run(40);
    const done = out.transferTo(second);
    await world.run(200);
    expect(second.end).toMatchObject({ cause: 'transfer-other' });
    await answer(world, carol.calls[1]);
    await world.run(1200);
    expect((await done).result).toBe('transferred');
    await world.end();
  });

  it('[call-transfer/9] are mixed here, the old party muted or held', async () => {
    for (const oldParty of ['mute', 'hold', 'join'] as const) {
      const { world, alice, out, second } = await two();
      const done = out.transferTo(second, { kind: 'bridge', oldParty, hold: 'no' });
      await world.run(100);
      expect((await done).result).toBe('bridged');
      const [bridge] = alice.engine.bridges;
      const settings = [...bridge.joined.values()];
      expect(settings.map(({ muted }) => muted ?? false)).toEqual([false, oldParty === 'mute']);
      expect(out.held.local).toBe(oldParty === 'hold');
      expect([out.state, second.state]).toEqual(['connected', 'connected']);
      void second.hangup();
      await world.run(50);
      expect(bridge.closed).toBe(true);
      await world.end();
    }
  });
});

describe('what REFER says and how it is reported', () => {
  it('[call-transfer/11] domains of the dialog or of our server; a dialog of its own on request', async () => {
    const world = new UaWorld();
    world.name('example.test', { protocol: 'udp', host: '10.0.0.9', port: 5060 });
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) =>
      request.method !== 'ACK' &&
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
    const { account } = alice.agent.addAccount({ aor: 'sip:1001@example.test' });
    const refer = async (options: TransferOptions) => {
      const call = alice.agent.invite('sip:bob@10.0.0.9', { account });
      await world.run(50);
      void call.transferTo('sip:carol@away.test', { kind: 'refer', ...options }).catch(() => {});
      await world.run(50);
      void call.hangup();
      await world.run(50);
      return peer.last('REFER');
    };
    const plain = await refer({});
    expect([plain.get('Refer-To'), plain.get('Referred-By')]).toEqual([
      '<sip:carol@away.test>',
      '<sip:1001@example.test>',
    ]);
    expect(plain.to.tag).toBe('bob');
    expect((await refer({ serverDomain: 'refer-to' })).get('Refer-To')).toBe('<sip:carol@example.test>');
    const both = await refer({ serverDomain: 'both', newDialog: true });
    expect(both.get('Refer-To')).toBe('<sip:carol@example.test>');
    expect(both.to.tag).toBeUndefined();
    expect(both.get('Target-Dialog')).toContain(`${peer.last('INVITE').callId};local-tag=bob;remote-tag=`);
    await world.end();
  });

  it('User-to-User for the target is escaped in its address', async () => {
    const { world, bob, carol, out } = await trio({ policies: { uui: { value: 'x1', to: 'target' } } });
    void out.transferTo(carol.uri).catch(() => {});
    await world.run(120);
    expect(bob.calls[0].userToUser).toEqual([]);
    expect(carol.calls[0].userToUser[0].data).toBe('x1');
    await world.end();
  });

  it('[call-transfer/14] without reports the application finishes: resume or hang up', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) =>
      request.method !== 'ACK' &&
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
    const call = alice.agent.invite(peer.uri);
    await world.run(50);
    const done = call.transferTo('sip:carol@10.0.0.3');
    await world.run(33_000);
    expect(await done).toEqual({ result: 'accepted', status: undefined, reason: undefined });
    expect([call.state, call.held.local]).toEqual(['connected', true]);
    void call.resume();
    await world.run(50);
    expect(call.held.local).toBe(false);
    void call.hangup();
    await world.run(50);
    expect(call.end?.by).toBe('local');
    await world.end();
  });

  it('without reports by agreement (RFC 4488)', async () => {
    const { world, bob, carol, out } = await trio();
    const done = out.transferTo(carol.uri, { kind: 'refer', withoutReports: true });
    await world.run(100);
    expect((await done).result).toBe('accepted');
    expect(world.count('NOTIFY')).toBe(0);
    expect(String(bob.calls[0].messages.latest('received'))).toContain('Refer-Sub: false');
    await world.end();
  });

  it('SUBSCRIBE for the reports when none come', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const peer = await world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) =>
      request.method !== 'ACK' &&
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
    const call = alice.agent.invite(peer.uri);
    await world.run(50);
    void call.transferTo('sip:carol@10.0.0.3', { subscribe: 'if-silent' }).catch(() => {});
    await world.run(4900);
    expect(peer.count('SUBSCRIBE')).toBe(0);
    await world.run(300);
    expect(peer.last('SUBSCRIBE').get('Event')).toMatch(/^refer/);
    await world.end();
  });

  it('no outcome in time: the call is taken back, or ended where the policy says so', async () => {
    for (const disconnect of ['auto', 'timeout'] as const) {
      const { world, carol, out } = await trio();
      const done = outcome(out.transferTo(carol.uri, { timeout: 20, disconnect }));
      await world.run(21_000);
      expect([done.text, out.state]).toEqual(
        disconnect === 'auto' ? ['ERR_TRANSFER', 'connected'] : ['done', 'ended'],
      );
      expect(out.end?.cause).toBe(disconnect === 'auto' ? undefined : 'transfer-timeout');
      await world.end();
    }
  });

  it('REFER refused: the call goes on', async () => {
    const { world, carol, out, events } = await trio({}, { policies: { transferRequests: { refuse: 603 } } });
    const done = outcome(out.transferTo(carol.uri));
    await world.run(150);
    expect([done.text, out.held.local, out.state]).toEqual(['ERR_TRANSFER', false, 'connected']);
    expect(events.at(-1)).toBe('failed 603');
    await world.end();
  });

  it('a peer that hangs up once it has accepted is a transfer that was accepted', async () => {
    const { world, carol, out, in: incoming } = await trio();
    const done = out.transferTo(carol.uri);
    await world.run(120);
    void incoming.hangup();
    await world.run(50);
    expect((await done).result).toBe('accepted');
    await world.end();
  });
});

describe('INVITE with Replaces or Join', () => {
  /** Bob talks to Alice; Carol wants something with that call. */
  async function replaced(policies: UserAgentOptions['policies'] = {}) {
    const { world, bob, out, in: incoming } = await trio({}, { policies });
    const peer = await world.peer('dave', '10.0.0.9');
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    const { callId } = incoming.messages.invite('received') as { callId: string };
    const from = out.messages.invite('sent')?.from.tag;
    const to = out.messages.response('received')?.to.tag;
    const reference = `${callId};to-tag=${to};from-tag=${from}`;
    const invite = async (headers: Record<string, string>) => {
      await peer.request('INVITE', bob, { sdp: sdp(), headers });
      await world.run(30);
      const { status, to: answered } = peer.answer('INVITE');
      if (status === 200) await peer.request('ACK', bob, { toTag: answered.tag });
      await world.run(50);
      return status;
    };
    return { world, bob, out, incoming, peer, reference, invite };
  }

  it.each([
    [undefined, 200, 'ended'],
    ['end', 200, 'ended'],
    ['keep', 200, 'connected'],
    ['refuse', 603, 'connected'],
  ] as const)(
    '[call-transfer/12] is answered by policy %s with %i; the old call is %s',
    async (mode, status, state) => {
      const { world, bob, out, incoming, reference, invite } = await replaced({ replaces: mode });
      const by: Call[] = [];
      incoming.on('replaced', (call) => by.push(call));
      expect(await invite({ Replaces: reference, Require: 'replaces' })).toBe(status);
      expect([incoming.state, out.state]).toEqual([state, state]);
      expect(by.map((call) => call.state)).toEqual(status === 200 ? ['connected'] : []);
      expect(bob.calls).toHaveLength(1); // the new one has not rung
      await world.end();
    },
  );

  it.each([
    ['Replaces', 'nothing@x;to-tag=a;from-tag=b', 481],
    ['Replaces', 'broken', 400],
    ['Join', 'nothing@x;to-tag=a;from-tag=b', 488],
  ])('%s: %s gets %i', async (name, value, status) => {
    const { world, incoming, invite } = await replaced();
    expect(await invite({ [name]: value })).toBe(status);
    expect(incoming.state).toBe('connected');
    await world.end();
  });

  it('early-only on an answered call gets 486; an incoming call that rings cannot be replaced', async () => {
    const { world, reference, invite } = await replaced();
    expect(await invite({ Replaces: `${reference};early-only` })).toBe(486);
    await world.end();
    const early = new UaWorld();
    const alice = await early.party('alice', '10.0.0.1');
    const bob = await early.party('bob', '10.0.0.2');
    const peer = await early.peer('dave', '10.0.0.9');
    const ringing = alice.agent.invite(bob.uri, { from: alice.uri });
    await early.run(30);
    const { from, callId } = ringing.messages.invite('sent') as { from: { tag?: string }; callId: string };
    const tag = ringing.messages.response('received')?.to.tag;
    await peer.request('INVITE', bob, {
      sdp: sdp(),
      headers: { Replaces: `${callId};to-tag=${tag};from-tag=${from.tag}` },
    });
    await early.run(20);
    expect(peer.answer('INVITE').status).toBe(481);
    // Our own early call can: the one who rings is cancelled.
    await peer.request('INVITE', alice, {
      callId: 'pickup',
      sdp: sdp(),
      headers: { Replaces: `${callId};to-tag=${from.tag};from-tag=${tag};early-only` },
    });
    await early.run(50);
    expect(peer.answer('INVITE').status).toBe(200);
    await peer.request('ACK', alice, { callId: 'pickup', toTag: peer.answer('INVITE').to.tag });
    await early.run(50);
    expect([ringing.state, bob.calls[0].state]).toEqual(['ended', 'ended']);
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
    await early.end();
  });

  it('Join is offered to the application where it wants that', async () => {
    const { world, bob, incoming, reference, peer } = await replaced({ joins: 'offer' });
    await peer.request('INVITE', bob, { sdp: sdp(), headers: { Join: reference } });
    await world.run(30);
    expect(bob.calls[1].joins).toBe(incoming.id);
    bob.calls[1].reject();
    await world.run(50);
    await world.end();
  });
});
