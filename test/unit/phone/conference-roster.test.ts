import { describe, expect, it } from 'vitest';
import type { RosterState } from '../../../src/phone/index.js';
import { parseRegInfo } from '../../../src/ua/index.js';
import { NotifierPeer } from '../../support/notifier-peer.js';
import { PhoneWorld } from '../../support/phone-world.js';

const contentType = 'application/conference-info+xml';
const user = (name: string, status: string, state = 'full'): string =>
  `<user entity="sip:${name}@x" state="${state}"><display-text>${name}</display-text><endpoint entity="sip:${name}@x"><status>${status}</status></endpoint></user>`;
const document = (version: number, state: string, users: string): string =>
  `<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:room@10.0.0.9" state="${state}" version="${version}"><users state="${state}">${users}</users></conference-info>`;

async function watching() {
  const world = new PhoneWorld();
  const alice = world.phone('10.0.0.1', { server: '10.0.0.9', username: 'alice' });
  const notifier = new NotifierPeer(world, await world.peer('room', '10.0.0.9'));
  const roster = alice.rosters.watch('room');
  const states: string[] = [];
  roster.on('change', ({ info, over }: RosterState) => {
    const members = info?.users.map(({ displayName, status }) => `${displayName} ${status}`);
    states.push(over ? 'over' : (members?.join(', ') ?? 'unknown'));
  });
  await world.run(50);
  const notify = async (version: number, state: string, users: string): Promise<void> => {
    await notifier.notify({ contentType, body: document(version, state, users) });
    await world.run(30);
  };
  return { world, alice, notifier, roster, states, notify };
}

describe('the roster of a conference on a server (RFC 4575)', () => {
  it('follows full and partial documents, asks anew when one was lost, and tells the end', async () => {
    const { world, alice, notifier, roster, states, notify } = await watching();
    const [subscribe] = notifier.subscribes;
    expect(`${subscribe.uri} ${subscribe.get('Event')} ${subscribe.get('Accept')}`).toBe(
      `sip:room@10.0.0.9 conference ${contentType}`,
    );
    expect(alice.rosters.watch('room')).toBe(roster);
    await notify(1, 'full', user('bob', 'connected'));
    await notify(2, 'partial', user('carol', 'alerting'));
    await notify(3, 'partial', user('carol', 'connected', 'partial'));
    await notify(3, 'partial', user('mallory', 'connected'));
    expect(states).toEqual([
      'bob connected',
      'bob connected, carol alerting',
      'bob connected, carol connected',
    ]);
    const before = notifier.subscribes.length;
    await notify(6, 'partial', '<user entity="sip:bob@x" state="deleted"/>');
    expect(notifier.subscribes.length).toBe(before + 1);
    await notifier.notify({ contentType, body: '<conference-info' });
    await notify(7, 'deleted', '');
    expect(states.slice(3)).toEqual(['carol connected', 'over']);
    roster.close();
    await world.run(50);
    expect(notifier.subscribes.at(-1)?.expires).toBe(0);
    await world.end();
  });

  it('is unknown when the server tells no more, and is watched again after a restart of the stack', async () => {
    const { world, alice, notifier, roster, states, notify } = await watching();
    await notify(1, 'full', user('bob', 'connected'));
    await world.soon(alice.restart(), 5000);
    await world.run(500);
    await notify(1, 'full', user('dave', 'connected'));
    expect(states).toEqual(['bob connected', 'dave connected']);
    await notifier.notify({ state: 'terminated;reason=noresource' });
    await world.run(50);
    expect(states.at(-1)).toBe('unknown');
    expect(roster.closed).toBe(true);
    await world.end();
  });
});

it('the registrations of an account are told to who subscribes to them (RFC 3680)', async () => {
  const world = new PhoneWorld();
  const alice = world.phone('10.0.0.1', { server: '10.0.0.9', username: 'alice' });
  await alice.start();
  const notifier = new NotifierPeer(world, await world.peer('alice', '10.0.0.9'));
  const seen: string[] = [];
  const account = alice.accounts[0];
  alice.userAgent
    ?.subscribe(account.uri.toString(), { event: 'reg', accept: ['application/reginfo+xml'], account })
    .on('notify', ({ body }) => {
      if (body) seen.push(...parseRegInfo(body).registrations.map(({ aor, state }) => `${aor} ${state}`));
    });
  await world.run(50);
  expect(notifier.subscribes[0].get('Event')).toBe('reg');
  const body =
    '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"><registration aor="sip:alice@10.0.0.9" id="a" state="active"/></reginfo>';
  await notifier.notify({ contentType: 'application/reginfo+xml', body });
  await world.run(50);
  expect(seen).toEqual(['sip:alice@10.0.0.9 active']);
  await world.end();
});
