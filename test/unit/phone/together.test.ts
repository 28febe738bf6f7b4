/** Several calls of one phone: conferences, listening in, holding and muting the others, music. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PushToTalk } from '../../../src/phone/index.js';
import type { FakeMediaSession } from '../../../src/testing/fake-media.js';
import type { Call } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld, type TestPhone } from '../../support/phone-world.js';

let world: PhoneWorld;
let alice: TestPhone;
let bob: TestPhone;

beforeEach(async () => {
  world = new PhoneWorld();
  [alice, bob] = await world.started(2);
});

afterEach(() => world.end());

/** Alice in conversation with `count` numbers of Bob's. */
async function talks(count: number): Promise<Call[]> {
  const calls: Call[] = [];
  for (let i = 0; i < count; i++) calls.push((await world.talk(alice, bob, `u${i}`)).out);
  return calls;
}

const mediaOf = (call: Call): FakeMediaSession => call.media as FakeMediaSession;

/** The bridges that are open. */
const open = ({ engine }: TestPhone) => engine.bridges.filter(({ closed }) => !closed);

describe('conferences', () => {
  it('[conf-multi/1] all running calls come together, and a number is called and joins', async () => {
    const calls = await talks(2);
    const conference = await world.soon(alice.conferences.addAll());
    expect(conference.members).toEqual(calls);
    bob.policies.configure({ answering: { automatic: 'all' } });
    const joined = await world.soon(alice.conferences.addNumber(world.uriOf(bob, 'third')), 300);
    expect(conference.members).toEqual([...calls, joined]);
    expect(open(alice).length).toBe(1);
  });

  it('[conf-multi/2] lines are added and removed; destroyed it keeps the calls', async () => {
    const [one, two, three] = await talks(3);
    const conference = await world.soon(alice.conferences.add(two, one));
    await world.soon(alice.conferences.add(three));
    expect(conference.members).toEqual([one, two, three]);
    expect(await world.soon(alice.conferences.remove(two))).toBe(true);
    expect(await world.soon(alice.conferences.remove(two))).toBe(false);
    expect(conference.members).toEqual([one, three]);
    await world.soon(alice.conferences.destroy());
    expect(alice.conferences.all).toEqual([]);
    expect([one, two, three].map(({ state }) => state)).toEqual(['connected', 'connected', 'connected']);
    expect(open(alice).length).toBe(0);
  });

  it('[conf-multi/2] joins the conference of another line; [conf-multi/3] several at once tell their members', async () => {
    alice.conferences.options = { several: true };
    const told: unknown[] = [];
    alice.conferences.on('group', ({ conference, lines }) =>
      told.push([alice.conferences.all.indexOf(conference), lines]),
    );
    const calls = await talks(5);
    const first = await world.soon(alice.conferences.add(calls[1], calls[0]));
    const second = await world.soon(alice.conferences.add(calls[3], calls[2]));
    expect(first).not.toBe(second);
    await world.soon(alice.conferences.add(calls[4], calls[3]));
    expect(second.members).toEqual([calls[2], calls[3], calls[4]]);
    await world.soon(alice.conferences.add(calls[4], calls[0]));
    expect(first.members).toEqual([calls[0], calls[1], calls[4]]);
    expect(second.members).toEqual([calls[2], calls[3]]);
    expect(told).toContainEqual([1, [3, 4, 5]]);
    expect(told.at(-1)).toEqual([0, [1, 2, 5]]);
  });

  it('with one member left is over, and without several every call joins the one there is', async () => {
    const calls = await talks(4);
    const conference = await world.soon(alice.conferences.add(calls[1], calls[0]));
    expect(await world.soon(alice.conferences.add(calls[3], calls[2]))).toBe(conference);
    for (const call of calls.slice(1)) await world.soon(call.hangup());
    expect(alice.conferences.all).toEqual([]);
    expect(calls[0].state).toBe('connected');
  });

  it('two calls added at the same time make one conference', async () => {
    const calls = await talks(3);
    const both = [alice.conferences.add(calls[1], calls[0]), alice.conferences.add(calls[2], calls[0])];
    const [one, two] = await world.soon(Promise.all(both));
    expect(one).toBe(two);
    expect(open(alice).length).toBe(1);
  });

  it('needs calls in conversation', async () => {
    expect(await alice.conferences.addAll().catch((error) => error.code)).toBe('ERR_CALL_STATE');
    const [one] = await talks(1);
    expect(await alice.conferences.add(one).catch((error) => error.code)).toBe('ERR_CALL_STATE');
    const ringing = await alice.dial(world.uriOf(bob));
    await world.run(50);
    expect(await alice.conferences.add(ringing, one).catch((error) => error.code)).toBe('ERR_CALL_STATE');
    expect(open(alice).length).toBe(0);
  });
});

describe('barge-in', () => {
  it('[barge-in/0] a supervisor is let in silently and hears both sides of all calls, who hear no more than before', async () => {
    alice.policies.configure({ bargeIn: { match: 'x-bargein: YES' }, answering: { automatic: 'never' } });
    const calls = await talks(2);
    const supervisor = world.phone('10.0.0.3');
    const listening = await supervisor.dial(world.uriOf(alice), { headers: { 'X-BargeIn': 'yes' } });
    await world.run(100);
    expect(listening.state).toBe('connected');
    const [bridge] = open(alice);
    const hidden = bridge.members.filter((media) => bridge.joined.get(media)?.listenOnly);
    expect(hidden).toHaveLength(1);
    for (const call of calls) {
      expect(bridge.joined.get(mediaOf(call))).toEqual({ whisperTo: hidden, deaf: true, bothSides: true });
    }
    const [third] = await talks(1);
    expect(bridge.members).toContain(mediaOf(third));
    await world.soon(listening.hangup());
    await world.run(50);
    expect(open(alice).length).toBe(0);
    expect(calls[0].state).toBe('connected');
  });

  it('hears a conference once', async () => {
    alice.policies.configure({ bargeIn: { match: 'X-BargeIn' } });
    const [one, two] = await talks(2);
    const supervisor = world.phone('10.0.0.3');
    await supervisor.dial(world.uriOf(alice), { headers: { 'X-BargeIn': 'yes' } });
    await world.run(100);
    const [bridge] = open(alice);
    expect(bridge.members).toHaveLength(3);
    await world.soon(alice.conferences.add(two, one));
    expect(bridge.members).toHaveLength(2);
    expect(bridge.members).toContain(mediaOf(one));
    await world.soon(alice.conferences.destroy());
    expect(bridge.members).toHaveLength(3);
  });

  it('[barge-in/1] no event tells the agent of it, and no line shows it', async () => {
    alice.policies.configure({ bargeIn: { match: 'X-BargeIn' } });
    const events: string[] = [];
    for (const event of ['incoming', 'automatic', 'callEnded', 'blocked'] as const)
      alice.on(event, () => events.push(event));
    for (const event of ['active', 'seated', 'freed'] as const)
      alice.lines.on(event, () => events.push(event));
    const supervisor = world.phone('10.0.0.3');
    const listening = await supervisor.dial(world.uriOf(alice), { headers: { 'X-BargeIn': 'yes' } });
    await world.run(100);
    expect(listening.state).toBe('connected');
    expect(alice.calls).toEqual([]);
    expect(alice.lines.taken).toEqual([]);
    await world.soon(listening.hangup());
    await world.run(100);
    expect(events).toEqual([]);
  });
});

describe('the other lines', () => {
  it('[param:autohold] are held when a call is dialled, answered, or another line is chosen', async () => {
    alice.policies.configure({ otherLines: { hold: { outgoing: true } } });
    const [one, two] = await talks(2);
    await world.run(50);
    expect([one.held.local, two.held.local]).toEqual([true, false]);
    alice.policies.configure({ otherLines: { hold: { incoming: true } } });
    await bob.dial(world.uriOf(alice));
    await world.run(50);
    expect(two.held.local).toBe(false);
    await world.soon(alice.came[0].answer());
    await world.run(50);
    expect(two.held.local).toBe(true);
    alice.lines.setActive(1);
    alice.policies.configure({ otherLines: { hold: { select: true } } });
    await world.soon(one.resume());
    alice.lines.setActive(3);
    await world.run(50);
    expect(one.held.local).toBe(true);
    expect(alice.came[0].held.local).toBe(false);
  });

  it('[mute/1] are muted when a call begins, unless they are together with it', async () => {
    alice.policies.configure({ otherLines: { mute: { outgoing: true, select: true } } });
    const [one, two] = await talks(2);
    expect([alice.mutes.of(one), alice.mutes.of(two)]).toEqual(['microphone', undefined]);
    alice.mutes.set(one, false);
    await world.soon(alice.conferences.add(two, one));
    alice.lines.setActive(1);
    expect(alice.mutes.of(two)).toBeUndefined();
  });
});

describe('mute', () => {
  it('[mute/0] by direction: microphone, speaker or both, on one line, the current one or all', async () => {
    const [one, two] = await talks(2);
    expect(alice.mutes.set(1, true, 'speaker')).toBe(1);
    expect(mediaOf(one).muted).toMatchObject({ send: false, receive: true });
    expect(alice.mutes.set(-1, true, 'microphone')).toBe(1);
    expect(mediaOf(two).muted).toMatchObject({ send: true, receive: false });
    expect(alice.mutes.set(-2, true, 'both')).toBe(2);
    expect([alice.mutes.of(1), alice.mutes.of(2)]).toEqual(['both', 'both']);
    alice.mutes.set(-2, false, 'speaker');
    expect([alice.mutes.of(1), alice.mutes.of(2)]).toEqual(['microphone', 'microphone']);
    alice.mutes.options = { direction: 'both' };
    alice.mutes.set(1, false);
    expect(alice.mutes.of(1)).toBeUndefined();
  });

  it('[mute/2] stops sending, unless silence is to go on; [param:defsetmuted] calls may start muted', async () => {
    alice.mutes.options = { atStart: 'microphone' };
    const [one] = await talks(1);
    expect(mediaOf(one).muted).toEqual({ send: true, receive: false, rtp: 'stop' });
    alice.mutes.options = { keepSending: true };
    alice.mutes.set(one, true);
    expect(mediaOf(one).muted).toEqual({ send: true, receive: false, rtp: 'silence' });
  });
});

describe('push to talk', () => {
  it('[ptt/0] switches the direction by mute or by hold', async () => {
    const { out, in: incoming } = await world.talk(alice, bob);
    const byMute = new PushToTalk(out, alice.mutes);
    await byMute.release();
    expect(alice.mutes.of(out)).toBe('microphone');
    await byMute.press();
    expect(alice.mutes.of(out)).toBeUndefined();
    const byHold = new PushToTalk(out, alice.mutes, 'hold');
    await world.soon(byHold.release());
    expect(out.holdStatus.direction).toBe('recvonly');
    expect(incoming.holdStatus.direction).toBe('sendonly');
    await world.soon(byHold.press());
    expect(out.holdStatus.direction).toBe('sendrecv');
  });
});

describe('music on hold', () => {
  it('[moh/0] plays while we hold and send, or while the peer listens only', async () => {
    alice.policies.configure({ music: { when: 'localHold', file: 'music.wav' } });
    bob.policies.configure({ music: { when: 'remoteHold', file: 'other.wav' } });
    const { out, in: incoming } = await world.talk(alice, bob);
    await world.soon(out.hold());
    expect(mediaOf(out).playing).toEqual([{ file: 'music.wav' }]);
    await world.soon(out.resume());
    expect(mediaOf(out).playing).toEqual([]);
    await world.soon(out.hold({ direction: 'recvonly' }));
    expect(mediaOf(out).playing).toEqual([]);
    expect(mediaOf(incoming).playing).toEqual([{ file: 'other.wav' }]);
    await world.soon(out.resume());
    expect(mediaOf(incoming).playing).toEqual([]);
  });

  it('[moh/1] only where the hold leaves us sending', async () => {
    alice.policies.configure({ music: { when: 'localHold', file: 'music.wav' } });
    const { out } = await world.talk(alice, bob);
    for (const direction of ['inactive', 'recvonly'] as const) {
      await world.soon(out.hold({ direction, exact: true }));
      expect([direction, mediaOf(out).playing]).toEqual([direction, []]);
      await world.soon(out.resume());
    }
  });
});

describe('park and pickup', () => {
  it('[call-park/0] go through the feature codes of the server: digits in the call, and a number to call', async () => {
    const { out } = await world.talk(alice, bob);
    await world.soon(out.sendDtmf('*68'));
    expect(mediaOf(out).digits).toBe('*68');
    const pickup = outcome(alice.dial(`sip:*85@10.0.0.2`));
    await world.run(50);
    expect(pickup.text).toBe('done');
    expect(bob.came.at(-1)?.local).toBe('sip:*85@10.0.0.2');
  });
});
