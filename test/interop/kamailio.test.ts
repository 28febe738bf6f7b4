/** Registration and calls through Kamailio, with digest, over every transport. */
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { type Call, nextEvent, type Phone } from '../../dist/index.js';
import { TestAuthority } from '../support/certificates.js';
import { KAMAILIO_DOMAIN, type Kamailio, startKamailio } from '../support/peers/kamailio.js';
import { describeWith } from '../support/peers/require-peer.js';
import { talk } from '../support/talk.js';
import { type PhoneOptions, type TestPhone, test, Workbench } from '../support/workbench.js';

type Transport = 'udp' | 'tcp' | 'tls';

const STEP_MS = 30_000;
/** Keep the INVITE below 1300 bytes, beyond which it leaves UDP (RFC 3261 §18.1.1). */
const SMALL = { codecs: ['PCMU', 'PCMA'] } as const;

/** Two for each test, since the tests run at the same time. */
const USERS = {
  ...{ 'udp-a': 'wonderland', 'udp-b': 'builder' },
  ...{ 'tcp-a': 'singer "of" \\ ✓ Größe', 'tcp-b': '#1%40;=' },
  ...{ 'tls-a': 'one', 'tls-b': 'two' },
  ...{ 'mixed-a': 'three', 'mixed-b': 'four' },
  ...{ 'large-a': 'five', 'large-b': 'six' },
  ...{ 'fork-a': 'seven', 'fork-b': 'eight' },
  ...{ 'cancel-a': 'nine', 'cancel-b': 'ten' },
  mallory: 'right',
} as const;

type User = keyof typeof USERS;

/** Answers the next call of `phone`. */
async function answerNext(phone: Phone): Promise<Call> {
  const [call] = await nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
  await call.answer();
  return call;
}

/** Calls, and gives both ends when the call stands. */
async function connect(
  from: TestPhone,
  to: TestPhone,
  target: string,
): Promise<[caller: Call, callee: Call]> {
  const answering = answerNext(to.phone);
  const calling = from.phone.call(target, { signal: AbortSignal.timeout(STEP_MS) });
  return Promise.all([calling, answering]);
}

describeWith(['kamailio', 'kamailio tls', 'openssl'], 'Kamailio', () => {
  let hall: Workbench;
  let kamailio: Kamailio;
  let authority: TestAuthority;

  beforeAll(async () => {
    hall = await Workbench.open();
    authority = new TestAuthority();
    const certificate = authority.issue(['IP:127.0.0.1', 'DNS:localhost']);
    kamailio = await startKamailio(hall, { certificate, users: USERS });
  });
  afterAll(async () => {
    await hall?.[Symbol.asyncDispose]();
    authority?.[Symbol.dispose]();
  });

  function phone(
    bench: Workbench,
    username: User,
    transport: Transport,
    options: PhoneOptions = {},
  ): Promise<TestPhone> {
    return bench.phone(username, {
      server: kamailio.server(transport),
      username,
      password: USERS[username],
      transport,
      domain: KAMAILIO_DOMAIN,
      tls: transport === 'tls' ? { ca: authority.ca } : undefined,
      ...options,
    });
  }

  /** Both register; the one calls the other; both speak; hold and resume; one of them hangs up; they unregister. */
  async function wholeCall(
    bench: Workbench,
    [from, fromTransport]: [User, Transport],
    [to, toTransport]: [User, Transport],
    { byCallee = false, media }: { byCallee?: boolean; media?: PhoneOptions['media'] } = {},
  ): Promise<[caller: TestPhone, callee: TestPhone]> {
    bench.watch(() => kamailio.process.log.slice(-6000));
    const caller = await phone(bench, from, fromTransport, { media });
    const callee = await phone(bench, to, toTransport, { media });
    await Promise.all([caller.phone.register(), callee.phone.register()]);
    expect(caller.sip.find('in', '401', 'REGISTER')).toHaveLength(1);

    const [call, answered] = await connect(caller, callee, to);
    expect(caller.sip.find('in', '407', 'INVITE')).toHaveLength(1);
    expect(answered.remote.user).toBe(from);
    await talk(bench, call, answered);

    // A change within the dialog goes the recorded way.
    const held = nextEvent(answered.events, 'hold', AbortSignal.timeout(STEP_MS));
    await call.hold();
    expect((await held)[0]).toMatchObject({ by: 'remote', held: true });
    await call.resume();

    await (byCallee ? answered : call).hangup();
    const record = await (byCallee ? call : answered).ended;
    expect(record.end).toMatchObject({ by: 'remote', status: 200 });
    expect(record.media?.received.lost).toBe(0);
    await Promise.all([caller.phone.unregister(), callee.phone.unregister()]);
    for (const { phone, sip } of [caller, callee]) {
      expect(phone.registrations[0].state).toBe('idle');
      expect(sip.find('in', '200', 'REGISTER')).toHaveLength(2);
    }
    return [caller, callee];
  }

  const transportsOf = ({ sip }: TestPhone): string[] => [
    ...new Set(sip.messages.map(({ protocol }) => protocol)),
  ];

  describe.concurrent('on loopback', () => {
    test('over UDP', async ({ bench }) => {
      const phones = await wholeCall(bench, ['udp-a', 'udp'], ['udp-b', 'udp'], {
        byCallee: true,
        media: SMALL,
      });
      // Later requests grow with routes and credentials, and may leave UDP.
      const [{ sip }] = phones;
      const requests = [...sip.find('out', 'REGISTER'), ...sip.find('out', 'INVITE').slice(0, 2)];
      expect(requests.map(({ protocol }) => protocol)).toEqual(['udp', 'udp', 'udp', 'udp', 'udp']);
    });

    test('over TCP, with passwords that want escaping', async ({ bench }) => {
      const phones = await wholeCall(bench, ['tcp-a', 'tcp'], ['tcp-b', 'tcp']);
      for (const phone of phones) expect(transportsOf(phone)).toEqual(['tcp']);
    });

    test('over TLS', async ({ bench }) => {
      const phones = await wholeCall(bench, ['tls-a', 'tls'], ['tls-b', 'tls'], { byCallee: true });
      for (const phone of phones) expect(transportsOf(phone)).toEqual(['tls']);
    });

    test('from UDP to TLS', async ({ bench }) => {
      await wholeCall(bench, ['mixed-a', 'udp'], ['mixed-b', 'tls'], { media: SMALL });
    });

    test('an INVITE too large for UDP goes over TCP', async ({ bench }) => {
      const caller = await phone(bench, 'large-a', 'udp');
      const callee = await phone(bench, 'large-b', 'udp');
      await Promise.all([caller.phone.register(), callee.phone.register()]);
      const answering = answerNext(callee.phone);
      const headers = { Subject: 'long'.repeat(300) };
      const call = await caller.phone.call('large-b', { headers, signal: AbortSignal.timeout(STEP_MS) });
      const answered = await answering;
      expect(caller.sip.find('out', 'INVITE').map(({ protocol }) => protocol)).toEqual(['tcp', 'tcp']);
      await talk(bench, call, answered, { seconds: 2 });
      await answered.hangup();
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
    });

    test('a call forks to two phones; the other one stops ringing', async ({ bench }) => {
      const caller = await phone(bench, 'fork-a', 'tcp');
      const first = await phone(bench, 'fork-b', 'tcp');
      const second = await phone(bench, 'fork-b', 'udp');
      await Promise.all([caller, first, second].map((each) => each.phone.register()));
      const [atFirst, atSecond, call] = await Promise.all([
        nextEvent(first.phone, 'incoming', AbortSignal.timeout(STEP_MS)),
        nextEvent(second.phone, 'incoming', AbortSignal.timeout(STEP_MS)),
        caller.phone.dial('fork-b', { signal: AbortSignal.timeout(STEP_MS) }),
      ]);
      await caller.sip.waitFor('in', '180', { count: 2 });
      await Promise.all([call.answered(), atSecond[0].answer()]);
      const lost = await atFirst[0].ended;
      expect(lost.end).toMatchObject({ by: 'remote', status: 487 });
      await talk(bench, call, atSecond[0], { seconds: 2 });
      await call.hangup();
    });

    test('a call given up while it rings stops ringing', async ({ bench }) => {
      const caller = await phone(bench, 'cancel-a', 'tls');
      const callee = await phone(bench, 'cancel-b', 'udp');
      await Promise.all([caller.phone.register(), callee.phone.register()]);
      const [[ringing], call] = await Promise.all([
        nextEvent(callee.phone, 'incoming', AbortSignal.timeout(STEP_MS)),
        caller.phone.dial('cancel-b'),
      ]);
      await caller.sip.waitFor('in', '180');
      await call.hangup();
      expect((await ringing.ended).end).toMatchObject({ by: 'remote', status: 487 });
      await caller.sip.waitFor('in', '487', { method: 'INVITE' });
      const missing = caller.phone.call('nobody', { signal: AbortSignal.timeout(STEP_MS) });
      await expect(missing).rejects.toMatchObject({ code: 'ERR_CALL_REJECTED', details: { status: 404 } });
    });

    test('a wrong password ends in a coded error after one retry', async ({ bench }) => {
      const { phone: mallory, sip } = await phone(bench, 'mallory', 'udp', { password: 'wrong' });
      await expect(mallory.register()).rejects.toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
      expect(mallory.registrations[0].state).toBe('failed');
      expect(sip.find('out', 'REGISTER')).toHaveLength(2);
      const call = mallory.call('udp-a', { signal: AbortSignal.timeout(STEP_MS) });
      await expect(call).rejects.toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
      expect(sip.find('out', 'INVITE')).toHaveLength(2);
    });

    test('a server with a certificate of another authority is refused', async ({ bench }) => {
      using stranger = new TestAuthority();
      for (const ca of [stranger.ca, undefined]) {
        const { phone: careful, sip } = await phone(bench, 'mallory', 'tls', { tls: { ca } });
        await expect(careful.register()).rejects.toMatchObject({ code: 'ERR_SIP_CERTIFICATE' });
        await expect(careful.call('udp-a')).rejects.toMatchObject({ code: 'ERR_SIP_CERTIFICATE' });
        expect(sip.find('out', 'REGISTER')).toHaveLength(0);
      }
    });

    test('SHA-256 challenges, nonces that expire, and a restart of the server', async ({ bench }) => {
      const users = { alice: 'wonderland' };
      const options = { users, algorithm: 'SHA-256', nonceLifetime: 2 } as const;
      const first = await startKamailio(bench, options);
      const { phone: alice, sip } = await bench.phone('alice', {
        server: first.server('tcp'),
        transport: 'tcp',
        username: 'alice',
        password: users.alice,
        domain: KAMAILIO_DOMAIN,
        media: SMALL,
      });
      await alice.register();
      expect(sip.find('out', 'REGISTER').at(-1)?.text).toMatch(/Authorization: Digest .*algorithm=SHA-256/);
      // Kamailio answers a nonce that is too old with a new challenge, which is no wrong password.
      await new Promise((resolve) => setTimeout(resolve, 3500));
      await alice.registrations[0].refresh('test');
      expect(alice.registrations[0].state).toBe('registered');

      const before = sip.find('in', '200', 'REGISTER').length;
      await first.process.stop();
      await startKamailio(bench, { ...options, port: first.port });
      await sip.waitFor('in', '200', { method: 'REGISTER', count: before + 1, timeoutMs: 60_000 });
      await vi.waitFor(() => expect(alice.registrations[0].state).toBe('registered'));
    });
  });
});
