import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LINE_ALL, LINE_CURRENT, LINE_NEXT, LINE_NONE } from '../../../src/phone/index.js';
import { PhoneWorld } from '../../support/phone-world.js';

let world: PhoneWorld;

beforeEach(() => {
  world = new PhoneWorld();
});

afterEach(() => world.end());

describe('lines', () => {
  it('[line-model/0] are numbered from 1; -1 is the active one, -2 all, -3 the next, 0 none', async () => {
    const [alice, bob] = await world.started(2);
    const first = await alice.dial(world.uriOf(bob, 'one'));
    const second = await alice.dial(world.uriOf(bob, 'two'));
    expect([alice.lines.lineOf(first), alice.lines.lineOf(second)]).toEqual([1, 2]);
    expect(alice.lines.select(LINE_CURRENT)).toEqual([2]);
    expect(alice.lines.select(LINE_ALL)).toEqual([1, 2]);
    expect(alice.lines.select(LINE_NEXT)).toEqual([3]);
    expect(alice.lines.select(LINE_NONE)).toEqual([]);
    expect(alice.lines.select(1)).toEqual([1]);
    expect(alice.lines.get(1)).toBe(first);
  });

  it('[line-model/1] an occupied active line makes calls of both directions take a free one and switch to it', async () => {
    const [alice, bob] = await world.started(2);
    const switches: unknown[] = [];
    alice.lines.on('active', (event) => switches.push(event));
    await alice.dial(world.uriOf(bob, 'one'));
    expect(switches).toEqual([]);
    await alice.dial(world.uriOf(bob, 'two'));
    await bob.dial(world.uriOf(alice));
    await world.run(50);
    expect(alice.lines.lineOf(alice.came[0])).toBe(3);
    expect(switches).toEqual([
      { line: 2, previous: 1, by: 'outgoing' },
      { line: 3, previous: 2, by: 'incoming' },
    ]);
    alice.lines.setActive(1);
    expect(alice.lines.current).toBe(alice.calls[0]);
    expect(switches.at(-1)).toEqual({ line: 1, previous: 3, by: 'user' });
  });

  it('takes the line asked for when it is free, and another one when not', async () => {
    const [alice, bob] = await world.started(2);
    const seventh = await alice.dial(world.uriOf(bob), { line: 7 });
    expect(alice.lines.lineOf(seventh)).toBe(7);
    const other = await alice.dial(world.uriOf(bob, 'two'), { line: 7 });
    expect(alice.lines.lineOf(other)).toBe(1);
    alice.lines.strict = true;
    await expect(alice.dial(world.uriOf(bob), { line: 7 })).rejects.toMatchObject({
      code: 'ERR_CALL_REFUSED',
      details: { rule: 'line' },
    });
    expect(() => alice.lines.setActive(0)).toThrow(/line 0/);
  });

  it('[line-model/2] the best line is one in conversation, before holding, ringing and calling ones', async () => {
    const [alice, bob] = await world.started(2);
    const { out } = await world.talk(alice, bob);
    const ringing = await alice.dial(world.uriOf(bob, 'two'));
    await world.run(50);
    expect(ringing.state).toBe('ringing');
    expect(alice.lines.active).toBe(2);
    expect(alice.lines.best).toBe(1);
    await world.soon(out.hold());
    expect(alice.lines.best).toBe(1);
    await world.soon(out.hangup());
    expect(alice.lines.best).toBe(2);
    await world.soon(ringing.hangup());
    expect(alice.lines.best).toBeUndefined();
  });

  it('[line-model/3] an order for a line without a call reaches the best one, with strict lines none', async () => {
    const [alice, bob] = await world.started(2);
    await world.talk(alice, bob);
    expect(alice.lines.select(5)).toEqual([1]);
    alice.lines.setActive(3);
    expect(alice.lines.select(LINE_CURRENT)).toEqual([1]);
    alice.lines.strict = true;
    expect(alice.lines.select(5)).toEqual([]);
    expect(alice.lines.select(LINE_CURRENT)).toEqual([]);
    expect(alice.lines.select(1)).toEqual([1]);
  });

  it('[line-model/4] double on demand up to the maximum, beyond which calls are refused', async () => {
    const [alice, bob] = await world.started(2, { lines: { initial: 2, maximum: 5 } });
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      await alice.dial(world.uriOf(bob, `u${i}`));
      counts.push(alice.lines.count);
    }
    expect(counts).toEqual([2, 4, 4, 5, 5]);
    await world.run(50);
    expect(bob.lines.taken).toEqual([1, 2, 3, 4, 5]);
    await expect(alice.dial(world.uriOf(bob, 'u6'))).rejects.toMatchObject({ details: { rule: 'line' } });
    const [carol] = [world.phone('10.0.0.3')];
    const refused = await carol.dial(world.uriOf(bob, 'x'));
    await world.run(50);
    expect(refused.end?.status).toBe(486);
    const [defaults] = [world.phone('10.0.0.4')];
    expect(defaults.lines.maximum).toBe(512);
  });

  it('may be fewer or more while the phone runs; calls beyond the limit go on', async () => {
    const [alice, bob] = await world.started(2, { lines: { initial: 2, maximum: 5 } });
    const before = [];
    for (let i = 0; i < 4; i++) before.push(await alice.dial(world.uriOf(bob, `u${i}`)));
    alice.configure({ lines: { initial: 1, maximum: 2 } });
    expect([alice.lines.count, alice.lines.maximum, alice.lines.active]).toEqual([4, 2, 4]);
    await expect(alice.dial(world.uriOf(bob))).rejects.toMatchObject({ details: { rule: 'line' } });
    for (const call of before.slice(1)) void call.hangup();
    await world.run(100);
    const next = await alice.dial(world.uriOf(bob));
    expect([alice.lines.lineOf(next), alice.lines.active]).toEqual([2, 2]);
    expect(() => alice.lines.setActive(3)).toThrow('line 3 is not one of 1 to 2');
    alice.configure({ lines: { maximum: 3 } });
    alice.lines.setActive(3);
    alice.configure({ lines: { maximum: 2 } });
    expect(alice.lines.active).toBe(1);
    expect(() => alice.configure({ lines: { maximum: 0 } })).toThrow("option 'lines.maximum': 0");
  });

  it('are free the moment the call has ended, in every race, and remembered for the record', async () => {
    const [alice, bob] = await world.started(2);
    const { out, in: incoming } = await world.talk(alice, bob);
    const freed: unknown[] = [];
    alice.lines.on('freed', ({ line, call }) => freed.push([line, call.state]));
    void out.hangup();
    void incoming.hangup(); // both at once
    expect(alice.lines.taken).toEqual([]);
    expect(bob.lines.taken).toEqual([]);
    await world.run(100);
    expect(freed).toEqual([[1, 'ended']]);
    expect(alice.lines.lineOf(out)).toBe(1);
    const cancelled = await alice.dial(world.uriOf(bob));
    void cancelled.hangup();
    expect(alice.lines.taken).toEqual([]);
    await world.run(1000);
    expect(bob.lines.taken).toEqual([]);
  });

  it('a call that steps into the place of another keeps its line', async () => {
    const [alice, bob] = await world.started(2);
    const first = await alice.dial(world.uriOf(bob, 'one'), { line: 3 });
    const second = await alice.dial(world.uriOf(bob, 'two'));
    void first.hangup();
    const third = await alice.dial(world.uriOf(bob, 'three'));
    expect(alice.lines.takeOver(first, third)).toBe(alice.lines.lineOf(third));
    expect(alice.lines.lineOf(second)).toBe(1);
  });
});

describe('a call that is to replace another (RFC 3891)', () => {
  async function replacing(mode: 'end' | 'keep') {
    const [alice, bob, carol] = await world.started(3, { calls: { replaces: mode } });
    const { in: old } = await world.talk(alice, bob);
    const ok = world.network.packets.find(({ text }) => text.startsWith('SIP/2.0 200'))?.text ?? '';
    const tag = (name: string): string | undefined => new RegExp(`^${name}:.*;tag=(\\w+)`, 'm').exec(ok)?.[1];
    const headers = { Replaces: `${old.id};to-tag=${tag('To')};from-tag=${tag('From')}` };
    return { bob, old, dial: () => carol.dial(world.uriOf(bob), { headers }) };
  }

  it('gives the line back when it comes to nothing', async () => {
    const { bob, old, dial } = await replacing('end');
    world.loseNext('ACK', 99);
    await dial();
    await world.run(1000);
    const fresh = bob.lines.get(1);
    expect([fresh?.state, old.state]).toEqual(['connecting', 'connected']);
    await world.run(40_000);
    expect(fresh?.state).toBe('ended');
    expect(bob.lines.calls).toEqual([old]);
    void old.hangup();
    expect(bob.lines.taken).toEqual([]);
  });

  it('has a line of its own when the other is kept', async () => {
    const { bob, old, dial } = await replacing('keep');
    await dial();
    await world.run(1000);
    expect(bob.lines.lineOf(old)).toBe(1);
    expect(bob.lines.get(1)).toBe(old);
    expect(bob.lines.get(2)?.state).toBe('connected');
  });
});

describe('presets of lines', () => {
  it('[line-parameters/0] are set for a line, the active one, the next call or all', async () => {
    const [alice, bob] = await world.started(2);
    const { presets } = alice.lines;
    presets.set('all', { displayName: 'All', headers: { 'X-All': '1' } });
    presets.set(2, { displayName: 'Two' });
    presets.set('active', { from: 'sip:active@10.0.0.1' });
    await alice.dial(world.uriOf(bob, 'one'));
    presets.set('next', { headers: { 'X-Next': '1' } });
    await alice.dial(world.uriOf(bob, 'two'));
    await alice.dial(world.uriOf(bob, 'three'));
    await world.run(50);
    const invites = world.network.packets
      .filter(({ text }) => text.startsWith('INVITE'))
      .map(({ text }) => text);
    const from = (text: string): string | undefined => /^From: (.*?);tag/m.exec(text)?.[1];
    expect(invites.map(from)).toEqual([
      'All <sip:active@10.0.0.1>',
      'Two <sip:anonymous@anonymous.invalid>',
      'All <sip:anonymous@anonymous.invalid>',
    ]);
    expect(invites.map((text) => /^X-\w+/m.exec(text)?.[0])).toEqual(['X-All', 'X-Next', 'X-All']);
  });

  it('[line-parameters/1] stay for the line when permanent, else hold for one call', async () => {
    const [alice, bob] = await world.started(2);
    const { presets } = alice.lines;
    presets.set(1, { displayName: 'Always' }, { permanent: true });
    presets.set(1, { displayName: 'Once' });
    const names: Array<string | undefined> = [];
    for (let i = 0; i < 3; i++) {
      const call = await alice.dial(world.uriOf(bob), { line: 1 });
      await world.run(30);
      names.push(bob.came.at(-1)?.remote.displayName);
      await world.soon(call.hangup());
    }
    expect(names).toEqual(['Once', 'Always', 'Always']);
  });

  it('[line-parameters/2] are cleared one by one, and all together', () => {
    const { presets } = world.phone('10.0.0.1').lines;
    presets.set(1, { displayName: 'A', digits: '1' }, { permanent: true });
    presets.set('all', { ringTimeout: 5 });
    presets.set(1, { displayName: undefined }, { permanent: true });
    expect(presets.get(1)).toEqual({ digits: '1', ringTimeout: 5 });
    presets.clear();
    expect(presets.get(1)).toEqual({});
  });

  it('[line-parameters/3] carry the account: two calls go through different servers', async () => {
    const [alice] = await world.started(1);
    const one = await alice.addAccount({ aor: 'sip:a@10.0.0.50', password: 'x' });
    const two = await alice.addAccount({ aor: 'sip:b@10.0.0.60', password: 'y' });
    alice.lines.presets.set('next', { account: one.account });
    await alice.dial('100');
    alice.lines.presets.set('next', { account: two.account });
    await alice.dial('100');
    await world.run(50);
    const invites = world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
    expect(new Set(invites.map(({ to }) => to.host))).toEqual(new Set(['10.0.0.50', '10.0.0.60']));
    for (const call of alice.calls) void call.hangup();
    await world.run(100);
  });
});
