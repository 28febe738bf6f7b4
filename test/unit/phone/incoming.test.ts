import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyOptions } from '../../../src/phone/index.js';
import { CALL_CAUSES, type Call, type CallCause } from '../../../src/ua/index.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld, type TestPhone } from '../../support/phone-world.js';

let world: PhoneWorld;

const textOf = (cause: string): string => CALL_CAUSES[cause as CallCause];

beforeEach(() => {
  world = new PhoneWorld();
});

afterEach(() => world.end());

/** Alice calls Bob, who has those policies. */
async function called(
  policies: PolicyOptions,
  options: { headers?: Record<string, string>; user?: string; from?: string; before?: number } = {},
): Promise<{ alice: TestPhone; bob: TestPhone; call: Call; statuses(): number[] }> {
  const alice = world.phone('10.0.0.1');
  const bob = world.phone('10.0.0.2', { policies });
  await bob.start();
  for (let i = 0; i < (options.before ?? 0); i++) await world.talk(alice, bob, `before${i}`);
  const call = await alice.dial(world.uriOf(bob, options.user), {
    headers: options.headers,
    from: options.from,
  });
  await world.run(50);
  const id = call.id;
  const statuses = (): number[] =>
    world.network.packets
      .filter(({ text, from }) => from.host === '10.0.0.2' && text.startsWith('SIP/2.0') && text.includes(id))
      .map(({ text }) => Number(text.slice(8, 11)));
  return { alice, bob, call, statuses };
}

describe('an incoming call', () => {
  it('[incoming-call/0] rings with its direction, and is refused with the code chosen', async () => {
    const { bob, call, statuses } = await called({});
    expect(bob.came[0]).toMatchObject({ direction: 'incoming', state: 'ringing' });
    expect(statuses()).toEqual([180]);
    bob.came[0].reject(603);
    await world.run(50);
    expect(call.end).toMatchObject({ status: 603, by: 'remote' });
  });

  it.each([
    ['ignore', [100], undefined],
    ['reject', [480], 480],
  ] as const)('[param:autoignore] %s answers %o', async (incoming, expected, status) => {
    const { bob, call, statuses } = await called({ answering: { incoming } });
    await world.run(1000);
    expect(statuses()).toEqual(expected);
    expect(call.end?.status).toBe(status);
    expect(bob.came).toEqual([]);
    expect(bob.lines.taken).toEqual([]);
  });

  it('[incoming-call/1] a deferred one gets no 180 before somebody handles it', async () => {
    const { bob, call, statuses } = await called({ answering: { defer: true } });
    await world.run(3000);
    expect(statuses()).toEqual([100]);
    expect(bob.came).toHaveLength(1);
    await world.soon(bob.came[0].ring());
    expect(call.state).toBe('ringing');
    await world.soon(bob.came[0].answer());
    expect(call.state).toBe('connected');
  });

  it('[incoming-call/2] is refused on a busy phone: by setting, and by the limit of calls', async () => {
    const { call } = await called({ answering: { rejectWhenBusy: true } }, { before: 1 });
    expect(call.end).toMatchObject({ status: 486 });
    await world.end();
    world = new PhoneWorld();
    const limited = await called({ limits: { maxCalls: 2 } }, { before: 2 });
    expect(limited.call.end).toMatchObject({ status: 486 });
    await world.end();
    world = new PhoneWorld();
    const none = await called({ limits: { maxCalls: 0 }, answering: { busyStatus: 600 } });
    expect(none.call.end).toMatchObject({ status: 600 });
  });

  it('[disconnect-reasons/1] is recorded with what this phone did about it', async () => {
    const rule = { calls: 'incomingAll', when: 'equals', text: 'mallory', min: 1 } as const;
    for (const [policies, before, reason] of [
      [{ answering: { incoming: 'ignore' } }, 0, 'autoignore'],
      [{ numbers: { rules: [{ ...rule, action: 'ignore' }] } }, 0, 'ignored'],
      [{ answering: { incoming: 'reject' } }, 0, 'autoreject'],
      [{ answering: { rejectWhenBusy: true } }, 1, 'rejectbusy'],
      [{ limits: { maxCalls: 1 } }, 1, 'rejectionphonebusy'],
      [{ forwarding: { always: 'sip:x@10.0.0.9' } }, 0, 'forwardalways'],
      [{ forwarding: { busy: 'sip:x@10.0.0.9' } }, 1, 'forwardonbusy'],
      [{ forwarding: { noAnswer: 'sip:x@10.0.0.9', noAnswerMs: 3000 } }, 0, 'forwardonnoanswer'],
      [{ numbers: { rules: [{ ...rule, action: 'forward', to: 'sip:x@10.0.0.9' }] } }, 0, 'forward'],
    ] as const) {
      const ended: string[] = [];
      const { bob, call } = await called(policies, { before, from: 'sip:mallory@10.0.0.1' });
      bob.on('record', ({ cause }) => ended.push(textOf(cause)));
      await world.run(5000);
      void call.hangup();
      await world.run(500);
      const last = bob.store.calls.latest().map(({ cause }) => textOf(cause));
      expect([reason, [...ended, ...last].includes(reason)]).toEqual([reason, true]);
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[disconnect-reasons/1] that is transferred by a standing order is recorded so', async () => {
    for (const [answers, reason] of [
      [true, 'transferalways'],
      [false, 'transfer fail'],
    ] as const) {
      const { bob, call } = await called({ forwarding: { transfer: 'sip:carol@10.0.0.3' } });
      if (answers) {
        const carol = world.phone('10.0.0.3', { policies: { answering: { automatic: 'all' } } });
        await carol.start();
      }
      await world.run(100_000);
      expect(bob.store.calls.latest().map(({ cause }) => textOf(cause))).toEqual([reason]);
      expect(call.state).toBe('ended');
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[param:hideautocall] 1 tells nothing of a call that is dealt with by itself', async () => {
    for (const hideAutomatic of [false, true]) {
      const told: unknown[] = [];
      const { bob, alice } = await called({ answering: { incoming: 'reject', hideAutomatic } });
      bob.on('automatic', (_call, action) => told.push(action));
      bob.on('callEnded', ({ end }) => told.push(end?.cause));
      await alice.dial(world.uriOf(bob));
      await world.run(100);
      expect(told).toEqual(hideAutomatic ? [] : ['reject', 'auto-reject']);
      await world.end();
      world = new PhoneWorld();
    }
  });
});

describe('automatic answer', () => {
  it('[auto-answer/0] by setting, by a text in the INVITE, and by the headers of the caller', async () => {
    for (const [answering, headers, answered] of [
      [{ automatic: 'all' }, {}, true],
      [{ match: 'x-door: front' }, { 'X-Door': 'Front' }, true],
      [{ match: 'x-door: front' }, { 'X-Door': 'Back' }, false],
      [{ automatic: 'caller' }, { 'Call-Info': '<sip:x>;answer-after=0' }, true],
      [{ automatic: 'caller' }, { 'Alert-Info': '<http://x>;info=alert-autoanswer' }, true],
      [{ automatic: 'caller' }, { 'Answer-Mode': 'Auto' }, true],
      [{ automatic: 'caller' }, { 'Auto-Answer': 'yes' }, true],
      [{ automatic: 'match' }, { 'Answer-Mode': 'Auto' }, false],
      [{ automatic: 'never' }, { 'Answer-Mode': 'Auto' }, false],
    ] as const) {
      const { call } = await called({ answering }, { headers });
      await world.run(50);
      expect([answering, headers, call.state]).toEqual([
        answering,
        headers,
        answered ? 'connected' : 'ringing',
      ]);
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[auto-answer/1] rings for the time of answer-after, unless there is a delay of our own', async () => {
    for (const [delayMs, expected] of [
      [undefined, 3000],
      [0, 0],
      [5000, 5000],
    ] as const) {
      const headers = { 'Call-Info': '<sip:x>;answer-after=3' };
      const { call, bob } = await called({ answering: { automatic: 'caller', delayMs } }, { headers });
      expect(bob.offerOf(bob.came[0])?.answersInMs).toBe(expected);
      if (expected > 0) {
        await world.run(expected - 200);
        expect(call.state).toBe('ringing');
        await world.run(300);
      }
      await world.run(50);
      expect(call.state).toBe('connected');
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('knows the extension of RFC 5373 when a caller requires it', async () => {
    for (const [answering, status] of [
      [{ automatic: 'caller' }, 200],
      [{}, 403],
    ] as const) {
      const { call, statuses } = await called(
        { answering },
        { headers: { Require: 'answermode', 'Answer-Mode': 'Auto;require' } },
      );
      await world.run(100);
      expect(statuses().at(-1)).toBe(status);
      void call.hangup();
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('refuses a mode that is required and not given (RFC 5373)', async () => {
    const { call } = await called({}, { headers: { 'Answer-Mode': 'Auto;require' } });
    expect(call.end?.status).toBe(403);
  });
});

describe('forwarding', () => {
  const target = 'sip:elsewhere@10.0.0.3';

  /** What Bob has answered to the last INVITE. */
  function redirection(): string | undefined {
    return world.network.packets
      .filter(({ text, from }) => from.host === '10.0.0.2' && /^SIP\/2\.0 30/.test(text))
      .at(-1)?.text;
  }

  it('[call-forward/0] always, on busy and by decision, with 301 or 302', async () => {
    for (const status of [301, 302] as const) {
      await called({ forwarding: { always: target, status } });
      expect(redirection()).toMatch(new RegExp(`^SIP/2.0 ${status} `));
      expect(redirection()).toContain(`Contact: <${target}>`);
      await world.end();
      world = new PhoneWorld();
    }
    await called({ forwarding: { busy: target } }, { before: 1 });
    expect(redirection()).toMatch(/^SIP\/2\.0 302 /);
    await world.end();
    world = new PhoneWorld();
    const { bob } = await called({ forwarding: { busy: target } });
    expect(redirection()).toBeUndefined();
    bob.came[0].redirect(target, { status: 301 });
    await world.run(50);
    expect(redirection()).toMatch(/^SIP\/2\.0 301 /);
  });

  it('[call-forward/1] on no answer, after 15 s or the time given', async () => {
    for (const [noAnswerMs, expected] of [
      [undefined, 15_000],
      [4000, 4000],
    ] as const) {
      await called({ forwarding: { noAnswer: target, noAnswerMs } });
      await world.run(expected - 200);
      expect(redirection()).toBeUndefined();
      await world.run(300);
      expect(redirection()).toMatch(/^SIP\/2\.0 302 /);
      await world.end();
      world = new PhoneWorld();
    }
    const { bob } = await called({ forwarding: { noAnswer: target } });
    await world.soon(bob.came[0].answer());
    await world.run(20_000);
    expect(redirection()).toBeUndefined();
  });

  it('[call-forward/2] is the cause in the record of the call', async () => {
    for (const [forwarding, before, cause] of [
      [{ always: target }, 0, 'forward-always'],
      [{ busy: target }, 1, 'forward-on-busy'],
      [{ noAnswer: target, noAnswerMs: 1 }, 0, 'forward-on-no-answer'],
      [{}, 0, 'forward'],
    ] as const) {
      const causes: unknown[] = [];
      const inner = called({ forwarding }, { before });
      const bob = world.phones.find(({ policies }) => policies.forwarding === forwarding) ?? world.phones[1];
      bob.on('callEnded', ({ end }) => causes.push(end?.cause));
      await inner;
      if (cause === 'forward') bob.came[0].redirect(target);
      await world.run(100);
      expect(causes).toEqual([cause]);
      await world.end();
      world = new PhoneWorld();
    }
  });
});

describe('the lists', () => {
  it('[block-lists/0] users and addresses are dropped, refused, or both, and told', async () => {
    for (const [mode, entry, statuses, told] of [
      ['drop', 'mallory', [], ['INVITE dropped']],
      ['reject', 'mallory', [403], ['INVITE refused']],
      ['reject', 'MALLORY@10.0.0.1', [403], ['INVITE refused']],
      ['both', '10.0.0.1', [403], ['INVITE refused']],
      ['reject', 'someone-else', [180], []],
    ] as const) {
      const events: string[] = [];
      const alice = world.phone('10.0.0.1');
      const bob = world.phone('10.0.0.2', { policies: { filter: { block: [entry], mode } } });
      bob.on('blocked', ({ method, action }) => events.push(`${method} ${action}`));
      await bob.start();
      await alice.dial(world.uriOf(bob), { from: 'sip:mallory@10.0.0.1' });
      await world.run(100);
      const answers = world.lines('10.0.0.2').map((line) => Number(line.slice(8, 11)));
      expect([mode, entry, answers, [...new Set(events)]]).toEqual([mode, entry, statuses, told]);
      await world.end();
      world = new PhoneWorld();
    }
  });

  it('[block-lists/1] mode presence refuses subscriptions and lets calls pass; the others see to calls', async () => {
    const bob = world.phone('10.0.0.2', { policies: { filter: { block: ['mallory'], mode: 'presence' } } });
    await bob.start();
    const peer = await world.peer('mallory', '10.0.0.9');
    const party = { uri: 'sip:bob@10.0.0.2', host: '10.0.0.2' } as Parameters<typeof peer.request>[1];
    await peer.request('SUBSCRIBE', party, { headers: { Event: 'presence' }, callId: 'a' });
    await world.run(100);
    expect(peer.answer('SUBSCRIBE').status).toBe(403);
    bob.policies.configure({ filter: { mode: 'reject', rejectStatus: 606 } });
    const alice = world.phone('10.0.0.1');
    const call = await alice.dial(world.uriOf(bob), { from: 'sip:mallory@x.example' });
    await world.run(100);
    expect(call.end?.status).toBe(606);
    bob.policies.configure({ filter: { mode: 'presence' } });
    const passes = await alice.dial(world.uriOf(bob), { from: 'sip:mallory@x.example' });
    await world.run(100);
    expect(passes.state).toBe('ringing');
  });

  it('[block-lists/2] with an allow list even OPTIONS of the server are blocked unless its user is on it', async () => {
    const bob = world.phone('10.0.0.2', { policies: { filter: { allow: ['alice'] } } });
    await bob.start();
    const peer = await world.peer('server', '10.0.0.9');
    const party = { uri: 'sip:bob@10.0.0.2', host: '10.0.0.2' } as Parameters<typeof peer.request>[1];
    await peer.request('OPTIONS', party, { callId: 'a' });
    await world.run(100);
    expect(peer.responses).toHaveLength(0);
    bob.policies.configure({ filter: { allow: ['alice', 'server'] } });
    await peer.request('OPTIONS', party, { callId: 'b' });
    await world.run(100);
    expect(peer.answer('OPTIONS').status).toBe(200);
  });

  it('[security-strict/3] calls for others and from unknown sources are refused', async () => {
    const registrar = await FakeRegistrar.start(world, '10.0.0.100');
    const bob = world.phone('10.0.0.2', {
      server: '10.0.0.100',
      username: 'bob',
      policies: { filter: { callsFor: 'us' } },
    });
    outcome(bob.register());
    await world.run(100);
    const alice = world.phone('10.0.0.1');
    const call = async (user: string): Promise<Call> => {
      const made = await alice.dial(world.uriOf(bob, user));
      await world.run(100);
      return made;
    };
    expect((await call('carol')).end?.status).toBe(404);
    expect((await call('bob')).state).toBe('ringing');
    bob.policies.configure({ filter: { refuseUnknownSources: true } });
    expect((await call('bob')).end?.status).toBe(403);
    expect(registrar.bindings.size).toBe(1);
  });

  it('[p2p/3] the user of a direct address does not matter unless calls for others are refused', async () => {
    const bob = world.phone('10.0.0.2', { username: 'bob' });
    await bob.start();
    const alice = world.phone('10.0.0.1');
    const any = await alice.dial(world.uriOf(bob, 'whoever'));
    await world.run(50);
    expect(any.state).toBe('ringing');
    bob.policies.configure({ filter: { callsFor: 'us' } });
    const refused = await alice.dial(world.uriOf(bob, 'whoever'));
    await world.run(50);
    expect(refused.end?.status).toBe(404);
  });
});

describe('rules for callers', () => {
  it('answer, ignore, forward and refuse by number, and change what is shown', async () => {
    const rule = { calls: 'incomingAll', when: 'equals', min: 1 } as const;
    const rules = [
      { ...rule, text: '1', action: 'answer' },
      { ...rule, text: '2', action: 'reject' },
      { ...rule, text: '3', action: 'forward', to: 'sip:x@10.0.0.9' },
      { ...rule, text: '4', action: 'ignore' },
      { ...rule, text: '5', action: 'prefix', to: '+49' },
    ] as const;
    const states: unknown[] = [];
    for (const number of ['1', '2', '3', '4', '5']) {
      const { call, bob } = await called({ numbers: { rules } }, { from: `sip:${number}@10.0.0.1` });
      await world.run(50);
      const [offered] = bob.came;
      states.push(
        call.state === 'ended' ? call.end?.status : call.state,
        offered && bob.offerOf(offered)?.number,
      );
      void call.hangup();
      await world.end();
      world = new PhoneWorld();
    }
    expect(states).toEqual([
      'connected',
      '1',
      403,
      undefined,
      'trying',
      undefined,
      'trying',
      undefined,
      'ringing',
      '+495',
    ]);
  });
});
