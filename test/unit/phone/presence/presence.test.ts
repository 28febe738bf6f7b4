import { describe, expect, it } from 'vitest';
import {
  contact,
  MemoryStore,
  type PresenceGroup,
  type PresenceState,
  presenceGroup,
  presenceInfo,
  type WatchRequest,
} from '../../../../src/phone/index.js';
import { parsePidf } from '../../../../src/ua/index.js';
import { neighbours } from '../../../support/neighbours.js';
import { NotifierPeer } from '../../../support/notifier-peer.js';
import { PhoneWorld } from '../../../support/phone-world.js';

const BOB = 'sip:bob@10.0.0.2';

describe('presence', () => {
  it('[presence/0] watches by SUBSCRIBE and NOTIFY, and publishes Online, Away, DND, Invisible, Offline to watchers', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { strangers: 'accept' } });
    const seen: string[] = [];
    alice.presence.on('change', ({ peer, group, details }) => seen.push(`${peer.user} ${group} ${details}`));
    const watch = alice.presence.watch(BOB);
    expect(alice.presence.watch('bob@10.0.0.2')).toBe(watch);
    await world.run(100);
    expect(world.count('SUBSCRIBE')).toBe(1);
    for (const status of ['away', 'dnd', 'busy', 'online', 'offline'] as const) {
      await world.run(1000);
      await world.soon(bob.presence.publish(status));
    }
    expect(seen).toEqual([
      'bob online Online',
      'bob away Away',
      'bob dnd DND',
      'bob busy Busy',
      'bob online Online',
      'bob offline Offline',
    ]);
    await world.run(1000);
    await world.soon(bob.presence.publish('online', 'at lunch'));
    const notifies = world.count('NOTIFY');
    await world.soon(bob.presence.publish('invisible'));
    await world.run(5000);
    expect(world.count('NOTIFY')).toBe(notifies); // nobody is told
    watch.refresh();
    await world.run(100);
    expect(watch.state).toMatchObject({ group: 'offline', details: 'Offline' }); // who asks sees nobody there
    alice.presence.unwatch();
    await world.run(100);
    expect(alice.presence.watched).toEqual([]);
    await world.end();
  });

  it('is published where the main account is, and taken back where it was', async () => {
    const world = new PhoneWorld();
    const servers = [await world.peer('one', '10.0.0.100'), await world.peer('two', '10.0.0.101')];
    for (const server of servers)
      server.onRequest = (request) =>
        void server.respond(request, 200, { headers: { 'SIP-ETag': 'e', Expires: '600' } });
    const alice = world.phone('10.0.0.1', { server: '10.0.0.100', username: 'alice' });
    const second = (await alice.addAccount({ aor: 'sip:second@10.0.0.101' })).account;
    await world.soon(alice.presence.publish('away'));
    const published = (): unknown[] =>
      servers.map(({ requests }) => requests.map(({ message }) => `${message.from.uri} ${message.expires}`));
    expect(published()).toEqual([['sip:alice@10.0.0.100 3600'], []]);
    alice.accountBook.setMain(second);
    await world.run(50);
    expect(published()).toEqual([
      ['sip:alice@10.0.0.100 3600', 'sip:alice@10.0.0.100 0'],
      ['sip:second@10.0.0.101 3600'],
    ]);
    await world.end();
  });

  it('publishes to a server that takes it, refreshes, and stops asking one that does not (RFC 3903)', async () => {
    for (const status of [200, 405]) {
      const world = new PhoneWorld();
      const server = await world.peer('server', '10.0.0.100');
      server.onRequest = (request) =>
        void server.respond(request, status, { headers: { 'SIP-ETag': 'e', Expires: '600' } });
      const alice = world.phone('10.0.0.1', {
        server: '10.0.0.100',
        username: 'alice',
        presence: { expires: 600 },
      });
      await world.soon(alice.presence.publish('away', 'gone fishing'));
      const published = parsePidf(server.last('PUBLISH').bodyText);
      expect(published).toMatchObject({
        entity: 'sip:alice@10.0.0.100',
        activities: ['away'],
        note: 'gone fishing',
      });
      await world.soon(alice.presence.publish('online'));
      expect(server.count('PUBLISH')).toBe(status === 200 ? 2 : 1);
      await world.run(600_000);
      expect(server.count('PUBLISH')).toBe(status === 200 ? 3 : 1);
      if (status === 200) {
        await world.soon(alice.presence.publish('invisible'));
        expect(server.last('PUBLISH').expires).toBe(0);
      }
      await world.end();
    }
  });

  it('[presence/1] unknown watchers are accepted, rejected or asked about; contacts are always accepted', async () => {
    for (const [strangers, contacts, phase] of [
      ['accept', [], 'online'],
      ['reject', [], 'unknown'],
      ['reject', ['alice'], 'online'],
      ['ask', ['sip:alice@10.0.0.1'], 'online'],
    ] as const) {
      const { world, alice } = await neighbours({}, { presence: { strangers, contacts } });
      const watch = alice.presence.watch(BOB);
      await world.run(100);
      expect(watch.state.group).toBe(phase);
      await world.end();
    }
    const { world, alice, bob } = await neighbours({ presence: { email: 'alice@example.com' } });
    const asked: WatchRequest[] = [];
    bob.presence.on('watcher', (request) => asked.push(request));
    const watch = alice.presence.watch(BOB);
    await world.run(100);
    expect(watch.state).toMatchObject({ group: 'pending', state: 'Pending' });
    expect(asked).toHaveLength(1);
    expect(asked[0].peer).toMatchObject({
      user: 'alice',
      displayName: 'Alice A.',
      uri: 'sip:alice@10.0.0.1',
    });
    asked[0].accept();
    await world.run(100);
    expect(watch.state.group).toBe('online');
    watch.close();
    await world.run(1000);
    alice.presence.watch(BOB);
    await world.run(100);
    expect(asked).toHaveLength(1); // the answer holds
    bob.presence.watchers.refuse('alice');
    alice.presence.unwatch();
    await world.run(1000);
    const again = alice.presence.watch(BOB);
    await world.run(100);
    expect(again.closed).toBe(true);
    await world.end();
  });

  it('[presence/2] tells status, details, name and e-mail of peers, and of strangers who ask', async () => {
    const { world, alice, bob } = await neighbours(
      { presence: { email: 'alice@example.com' } },
      { presence: { email: 'bob@example.com', strangers: 'ask' } },
    );
    const requests: WatchRequest[] = [];
    const states: PresenceState[] = [];
    bob.presence.on('watcher', (request) => requests.push(request));
    alice.presence.on('change', (state) => states.push(state));
    await world.soon(bob.presence.publish('away', 'back at three'));
    alice.presence.watch(BOB);
    await world.run(100);
    expect(requests[0]).toMatchObject({
      email: 'alice@example.com',
      peer: { user: 'alice', displayName: 'Alice A.', uri: 'sip:alice@10.0.0.1' },
    });
    requests[0].accept();
    await world.run(100);
    expect(states.at(-1)).toMatchObject({
      peer: { user: 'bob' },
      group: 'away',
      state: 'Open',
      details: 'back at three',
      displayName: 'Bob B.',
      email: 'bob@example.com',
    });
    await world.end();
  });

  it('[presence/3] the usual words fall into seven groups', () => {
    const words: Record<PresenceGroup, string[]> = {
      online: ['Open', 'Online', 'Reachable', 'Available', 'Call Me', 'CallMe', 'Registered', 'READY'],
      dnd: ['DND', 'DoNotDisturb', 'do not disturb'],
      busy: ['Busy', 'Speaking', 'CallSetup', 'on-the-phone'],
      pending: ['Pending', 'Forwarding', 'CallForward'],
      away: ['Away', 'Idle'],
      offline: ['Close', 'Closed', 'Unreachable', 'Offline', 'Unregistered', 'Invisible'],
      unknown: ['Unknown', 'Not Set', 'NotExists', 'Other'],
    };
    for (const [group, list] of Object.entries(words))
      for (const word of list) expect(`${word}: ${presenceGroup(word)}`).toBe(`${word}: ${group}`);
    expect(presenceGroup('fishing')).toBeUndefined();
    const info = (basic: string, note: string, activity = ''): PresenceGroup =>
      presenceInfo(
        parsePidf(
          `<presence><tuple id="a"><status><basic>${basic}</basic></status></tuple><note>${note}</note><person><activities>${activity}</activities></person></presence>`,
        ),
      ).group;
    expect(info('open', '')).toBe('online');
    expect(info('open', 'gone fishing')).toBe('online');
    expect(info('open', 'dnd', '<busy/>')).toBe('dnd');
    expect(info('open', 'in a call', '<on-the-phone/>')).toBe('busy');
    expect(info('closed', 'Away')).toBe('offline');
  });

  it('[presence/0] a peer that is gone is not shown as it was: it closes, dies, ends or refuses the subscription', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { strangers: 'accept' } });
    const watch = alice.presence.watch(BOB);
    await world.run(1100);
    expect(watch.state.group).toBe('online');
    const closing = bob.close();
    await world.run(3000);
    await closing;
    expect(watch.state).toMatchObject({ group: 'offline', state: 'Closed', details: 'Offline' });
    await world.run(200_000);
    expect(watch.state).toMatchObject({ group: 'offline', state: 'Closed', details: 'Unreachable' });
    expect(watch.closed).toBe(false);
    await world.end();

    const other = new PhoneWorld();
    const carol = other.phone('10.0.0.1');
    await carol.start();
    const notifier = new NotifierPeer(other, await other.peer('bob', '10.0.0.2'));
    const contentType = 'application/pidf+xml';
    const open = '<presence><tuple id="a"><status><basic>open</basic></status></tuple></presence>';
    const online = async () => {
      const one = carol.presence.watch(BOB);
      await other.run(100);
      await notifier.notify({ contentType, body: open });
      await other.run(100);
      expect(one.state.group).toBe('online');
      return one;
    };
    for (const reason of ['rejected', 'noresource']) {
      const one = await online();
      await notifier.notify({ state: `terminated;reason=${reason}` });
      await other.run(100);
      expect([one.state.group, one.closed]).toEqual(['unknown', true]);
    }
    // A server that starts anew asks for patience (RFC 6665 §4.1.3), then tells as before.
    const one = await online();
    await notifier.notify({ state: 'terminated;reason=probation;retry-after=60' });
    await other.run(30_000);
    expect([one.state.group, one.closed]).toEqual(['unknown', false]);
    await other.run(60_000);
    await notifier.notify({ contentType, body: open });
    await other.run(100);
    expect(one.state.group).toBe('online');
    // Nobody answers any more: nothing is told while the next attempt may still tell better.
    const seen: string[] = [];
    one.on('change', ({ details, state }) => seen.push(details || state));
    notifier.script = Array(40).fill(0);
    await other.run(4_000_000);
    expect(seen).toEqual(['Unreachable']);
    notifier.script = [];
    await other.end();
  });

  it('looks for strangers in the list of contacts once a second, however often they ask', async () => {
    const store = new MemoryStore();
    for (let n = 0; n < 1000; n++) store.contacts.set(contact({ name: `n${n}`, sip: `sip:n${n}@10.0.0.1` }));
    store.contacts.set(contact({ name: 'Alice', phone: 'alice' }));
    let read = 0;
    const all = store.contacts.all.bind(store.contacts);
    store.contacts.all = () => {
      read++;
      return all();
    };
    const { world, alice } = await neighbours({}, { store, presence: { strangers: 'reject' } });
    for (let n = 0; n < 200; n++) {
      const watch = alice.presence.watch(BOB);
      await world.run(15);
      expect(watch.state.group).toBe('online');
      watch.close();
    }
    expect(read).toBeLessThan(6);
    await world.end();
  });

  it('shows one peer another status than all others', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { strangers: 'accept' } });
    const watch = alice.presence.watch(BOB);
    await world.run(1100);
    await world.soon(bob.presence.publishTo('sip:alice@10.0.0.1', 'dnd'));
    expect(watch.state.group).toBe('dnd');
    await world.soon(bob.presence.publish('away'));
    await world.run(1100);
    expect(watch.state.group).toBe('dnd');
    await world.soon(bob.presence.publishTo('sip:alice@10.0.0.1', undefined));
    await world.run(1100);
    expect(watch.state.group).toBe('away');
    await world.end();
  });

  it('watches whom we called, when told to', async () => {
    const { world, alice, bob } = await neighbours(
      { presence: { watchCalled: true } },
      { presence: { strangers: 'accept' } },
    );
    const { out } = await world.talk(alice, bob, 'bob');
    void out.hangup();
    await world.run(200);
    expect(alice.presence.watched.map(({ state }) => `${state.peer.user} ${state.group}`)).toEqual([
      'bob online',
    ]);
    await world.end();
  });

  it('switched off it is neither watched nor watches', async () => {
    const { world, alice, bob } = await neighbours({}, { presence: { enabled: false } });
    const watch = alice.presence.watch(BOB);
    bob.presence.watch('sip:alice@10.0.0.1');
    await world.run(100);
    expect(watch.closed).toBe(true);
    expect(world.count('SUBSCRIBE')).toBe(1);
    await world.end();
  });

  it('a document that is no XML, or no presence, changes nothing; a user that is not there is known not to be', async () => {
    const world = new PhoneWorld();
    const alice = world.phone('10.0.0.1');
    await alice.start();
    const notifier = new NotifierPeer(world, await world.peer('bob', '10.0.0.2'));
    const watch = alice.presence.watch(BOB);
    await world.run(100);
    const contentType = 'application/pidf+xml';
    await notifier.notify({
      contentType,
      body: '<presence><tuple id="a"><status><basic>open</basic></status></tuple></presence>',
    });
    await world.run(50);
    expect(watch.state.group).toBe('online');
    for (const body of [
      '<presence><tuple>',
      '<!DOCTYPE x>',
      '\u0000',
      'x'.repeat(50_000),
      '<a/>'.repeat(2),
    ]) {
      await notifier.notify({ contentType, body });
      await world.run(50);
      expect(watch.state.group).toBe('online');
    }
    watch.close();
    await world.run(100);
    notifier.script = [404];
    const gone = alice.presence.watch(BOB);
    await world.run(100);
    expect(gone.state).toMatchObject({ group: 'unknown', state: 'NotExists' });
    await world.end();
  });
});
