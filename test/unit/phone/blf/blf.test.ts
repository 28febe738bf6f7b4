import { describe, expect, it } from 'vitest';
import type { BlfState } from '../../../../src/phone/index.js';
import { type DialogInfo, printDialogInfo } from '../../../../src/ua/index.js';
import { neighbours } from '../../../support/neighbours.js';
import { NotifierPeer } from '../../../support/notifier-peer.js';
import { PhoneWorld } from '../../../support/phone-world.js';

async function watching(mode?: 'auto' | 'on' | 'always') {
  const world = new PhoneWorld();
  const alice = world.phone('10.0.0.1', {
    server: '10.0.0.2',
    username: 'alice',
    blf: { mode, watch: ['101', '102'] },
  });
  const peer = await world.peer('101', '10.0.0.2');
  const notifier = new NotifierPeer(world, peer);
  notifier.automatic = undefined;
  const states: BlfState[] = [];
  const modes: string[] = [];
  alice.blf.on('change', (state) => states.push(state)).on('mode', (to) => modes.push(to));
  let version = 0;
  const lamp = async (full: boolean, ...dialogs: DialogInfo[]): Promise<void> => {
    const body = printDialogInfo({ entity: 'sip:101@10.0.0.2', version: version++, full, dialogs });
    await notifier.notify({ contentType: 'application/dialog-info+xml', body });
    await world.run(20);
  };
  return { world, alice, notifier, states, modes, lamp, lose: () => version++ };
}

describe('busy lamps', () => {
  it('[blf/0] subscribes to the dialog event of the listed users and tells each state with direction and call id', async () => {
    const { world, alice, notifier, states, lamp } = await watching();
    await alice.start();
    await world.run(20);
    expect(
      notifier.subscribes.map((request) => `${request.uri} ${request.event} ${request.get('Accept')}`),
    ).toEqual([
      'sip:101@10.0.0.2 dialog application/dialog-info+xml',
      'sip:102@10.0.0.2 dialog application/dialog-info+xml',
    ]);
    await lamp(true);
    for (const state of ['trying', 'proceeding', 'early', 'confirmed', 'terminated'] as const)
      await lamp(false, { id: 'd', state, direction: 'initiator', callId: 'abc' });
    await lamp(false, { id: 'e', state: 'early', direction: 'recipient', callId: 'def' });
    await lamp(false, { id: 'e', state: undefined, callId: 'def' });
    expect(states.map(({ peer, state, direction, callId }) => [peer.user, state, direction, callId])).toEqual(
      [
        ['102', 'terminated', undefined, undefined],
        ['102', 'trying', 'outgoing', 'abc'],
        ['102', 'proceeding', 'outgoing', 'abc'],
        ['102', 'early', 'outgoing', 'abc'],
        ['102', 'confirmed', 'outgoing', 'abc'],
        ['102', 'terminated', 'outgoing', 'abc'],
        ['102', 'early', 'incoming', 'def'],
        ['102', 'unknown', 'incoming', 'def'],
      ],
    );
    await notifier.notify({ state: 'terminated;reason=rejected' });
    notifier.script = [500];
    alice.blf.watch('103');
    await world.run(50);
    expect(states.at(-1)).toMatchObject({ peer: { user: '103' }, state: 'failed' });
    await world.end();
  });

  it('[blf/0] a lamp whose extension tells nothing any more has failed, and is told anew when it is back', async () => {
    const { world, alice, notifier, states, lamp } = await watching('on');
    await alice.start();
    await world.run(20);
    await lamp(true, { id: 'd', state: 'confirmed', callId: 'abc' });
    states.length = 0;
    const told = (): string[] =>
      states.filter(({ peer }) => peer.user === '102').map(({ state, callId }) => `${state} ${callId}`);
    await notifier.notify({ state: 'terminated;reason=probation;retry-after=60' });
    await world.run(20);
    alice.blf.unwatch('101');
    expect(told()).toEqual(['failed undefined']);
    await world.run(70_000);
    expect(notifier.subscribes.at(-1)?.uri.toString()).toBe('sip:102@10.0.0.2');
    await lamp(true);
    expect(told().slice(1)).toEqual(['terminated abc', 'terminated undefined']);
    await notifier.notify({ state: 'terminated;reason=noresource' });
    await world.run(20);
    expect(states.at(-1)?.state).toBe('failed');
    await world.end();
  });

  it('[blf/1] auto switches itself off when extensions refuse, always does not', async () => {
    const off = await watching('auto');
    off.notifier.script = [489, 489];
    await off.alice.start();
    await off.world.run(100);
    expect(off.modes).toEqual(['off']);
    expect(off.alice.blf.mode).toBe('off');
    expect(off.states.some(({ state }) => state === 'failed')).toBe(true);
    await off.world.run(4000_000);
    const asked = off.notifier.subscribes.length;
    expect(off.alice.blf.watch('104').closed).toBe(true);
    await off.world.run(100);
    expect(off.notifier.subscribes).toHaveLength(asked);
    await off.world.end();

    const always = await watching('always');
    always.notifier.script = [489, 489, 489];
    await always.alice.start();
    await always.world.run(100);
    expect(always.alice.blf.mode).toBe('always');
    await always.world.run(310_000);
    expect(always.notifier.subscribes).toHaveLength(4);
    await always.world.end();
  });

  it('auto is on once an extension has answered, and one that refuses later ends alone', async () => {
    const { world, alice, notifier, modes, lamp } = await watching('auto');
    await alice.start();
    await world.run(20);
    await lamp(true);
    expect(modes).toEqual(['on']);
    notifier.script = [403];
    alice.blf.watch('109');
    await world.run(100);
    expect(alice.blf.mode).toBe('on');
    expect(alice.blf.watched.map(({ peer }) => peer.user)).toEqual(['101', '102']);
    await world.end();
  });

  it('asks for the full state when a document was lost, and survives broken ones', async () => {
    const { world, alice, notifier, states, lamp, lose } = await watching('on');
    await alice.start();
    await world.run(20);
    await lamp(true);
    const before = notifier.subscribes.length;
    lose();
    await lamp(false, { id: 'd', state: 'early' });
    expect(notifier.subscribes.length).toBe(before + 1);
    expect(notifier.subscribes.at(-1)?.to.tag).toBeDefined();
    for (const body of [
      '<dialog-info',
      '<x/>',
      '<dialog-info version="-1"><dialog><state/></dialog></dialog-info>',
    ]) {
      await notifier.notify({ contentType: 'application/dialog-info+xml', body });
      await world.run(20);
    }
    expect(states.filter(({ state }) => state === 'early')).toHaveLength(1);
    await world.end();
  });

  it('our own calls and presence are watched again after our stack was made anew', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { contacts: ['alice'] } });
    const seen: string[] = [];
    alice.blf.on('change', ({ state }) => seen.push(state));
    alice.blf.watch('sip:bob@10.0.0.2');
    const presence = alice.presence.watch('sip:bob@10.0.0.2');
    await world.run(100);
    expect([seen, presence.state.group]).toEqual([['terminated'], 'online']);
    await world.soon(bob.restart(), 5000);
    await world.run(120_000);
    expect([seen.at(-1), presence.state.group]).toEqual(['terminated', 'online']);
    await world.soon(bob.dial('alice'));
    await world.run(200);
    expect(seen.at(-1)).toBe('early');
    await world.run(60_000);
    await world.end();
  });

  it('our own calls are watched by those who may', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { contacts: ['alice'] } });
    const seen: string[] = [];
    alice.blf.on('change', ({ state, direction, callId, remote }) =>
      seen.push([state, direction, callId, remote].join(' ').trim()),
    );
    const watch = alice.blf.watch('sip:bob@10.0.0.2');
    await world.run(100);
    expect(alice.blf.mode).toBe('on');
    const peer = await world.peer('carol', '10.0.0.9');
    await peer.request('SUBSCRIBE', { uri: 'sip:bob@10.0.0.2', host: '10.0.0.2' } as never, {
      headers: { Event: 'dialog' },
    });
    await world.run(50);
    expect(peer.answer('SUBSCRIBE').status).toBe(403); // a stranger
    const { out } = await world.talk(alice, bob, 'bob');
    await world.run(1000);
    expect(watch.dialogs).toMatchObject([{ state: 'confirmed', direction: 'recipient' }]);
    void out.hangup();
    await world.run(1000);
    const id = out.id;
    expect(seen).toEqual([
      'terminated',
      `early incoming ${id} sip:alice@10.0.0.1`,
      `confirmed incoming ${id} sip:alice@10.0.0.1`,
      `terminated incoming ${id} sip:alice@10.0.0.1`,
    ]);
    await world.end();
  });
});
