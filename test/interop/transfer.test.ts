/** Transfers with other people's phones: they are transferred by us, and we by them; the audio afterwards is compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { type Call, nextEvent, type Phone } from '../../dist/index.js';
import { startBaresip } from '../support/peers/baresip.js';
import { KAMAILIO_DOMAIN, startKamailio } from '../support/peers/kamailio.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { startSipp } from '../support/peers/sipp.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, speech } from '../support/speech.js';
import { TAIL_MS, talk } from '../support/talk.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 30_000;
const its = await speech(5, 4);

const signal = (): AbortSignal => AbortSignal.timeout(STEP_MS);
const media = { codecs: ['PCMU', 'PCMA'] } as const;

function addressOf(phone: Phone, user: string): string {
  return `sip:${user}@127.0.0.1:${phone.addresses[0].port}`;
}

/** The phone transfers go to: answers, and hears what the other one says. */
async function third(bench: Workbench): Promise<{ phone: Phone; uri: string; judged(): Promise<Call> }> {
  const { phone } = await bench.phone('third', { media });
  const answered = nextEvent(phone, 'incoming', signal()).then(async ([call]) => {
    await call.answer();
    return call;
  });
  answered.catch(() => {});
  const judged = async (): Promise<Call> => {
    const call = await answered;
    const path = bench.path('third.wav');
    const recording = await call.record(path);
    await sleep(PEER_LEAD_MS + 4000 + TAIL_MS);
    await recording.stop();
    expectSpeech(its, await heardIn(path), 'the target heard');
    return call;
  };
  return { phone, uri: addressOf(phone, 'third'), judged };
}

describeWith(['baresip'], 'transfer with baresip', () => {
  describe.concurrent('on loopback', () => {
    test('it is transferred by us, blind, and the target hears it', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: its });
      const { phone } = await bench.phone('we', { media });
      const target = await third(bench);
      const call = await phone.call(baresip.uri, { signal: signal() });
      const done = call.transferTo(target.uri);
      const moved = await target.judged();
      expect((await done).result).toBe('transferred');
      expect((await call.ended).end.cause).toBe('transfer-done');
      expect(moved.remote.user).toBe('baresip');
      await moved.hangup();
    });

    test('it transfers us', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: its });
      const { phone } = await bench.phone('we', { media });
      const target = await third(bench);
      const call = await phone.call(baresip.uri, { signal: signal() });
      const transferred = nextEvent(call.events, 'transferred', signal());
      baresip.command('transfer', target.uri);
      const [next] = await transferred;
      await next.answered(signal());
      await next.play({ samples: its, sampleRate: 8000 });
      expect(next.remote.user).toBe('third');
      await Promise.all([next.hangup(), call.hangup()]);
    });

    test('a transfer that fails gives the call back', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: its });
      const { phone } = await bench.phone('we', { media });
      const { phone: busy } = await bench.phone('busy', { media });
      busy.on('incoming', (call) => call.reject(486));
      const call = await phone.call(baresip.uri, { signal: signal() });
      await expect(call.transferTo(addressOf(busy, 'busy'), { timeout: 20 })).rejects.toMatchObject({
        code: 'ERR_TRANSFER',
      });
      expect([call.state, call.held.local]).toEqual(['connected', false]);
      await call.hangup();
    });
  });
});

describeWith(['linphonec'], 'transfer with linphone', () => {
  describe.concurrent('on loopback', () => {
    test('it is transferred by us, blind, and the target hears it', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: its, autoAnswer: true });
      const { phone } = await bench.phone('we', { media });
      const target = await third(bench);
      const call = await phone.call(linphone.uri, { signal: signal() });
      const done = call.transferTo(target.uri);
      const moved = await target.judged();
      expect((await done).result).toBe('transferred');
      expect(moved.remote.user).toBe('linphone');
      await moved.hangup();
    });

    test('it is transferred to a call of ours, which its new call replaces', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: its, autoAnswer: true });
      const { phone } = await bench.phone('we', { media });
      const { phone: other } = await bench.phone('third', { media });
      other.on('incoming', (call) => void call.answer());
      const first = await phone.call(linphone.uri, { signal: signal() });
      const second = await phone.call(addressOf(other, 'third'), { signal: signal() });
      const replaced = nextEvent(other.calls[0].events, 'replaced', signal());
      const done = first.transferTo(second);
      const [by] = await replaced;
      expect((await done).result).toBe('transferred');
      const path = bench.path('third.wav');
      const recording = await by.record(path);
      await sleep(PEER_LEAD_MS + 4000 + TAIL_MS);
      await recording.stop();
      expectSpeech(its, await heardIn(path), 'the target heard');
      expect((await first.ended).end.cause).toBe('transfer-done');
      await second.ended;
      await by.hangup();
    });

    test('it transfers us', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: its, autoAnswer: true });
      const { phone } = await bench.phone('we', { media });
      const target = await third(bench);
      const call = await phone.call(linphone.uri, { signal: signal() });
      await linphone.process.waitFor(/Media streams established/);
      const transferred = nextEvent(call.events, 'transferred', signal());
      linphone.command(`transfer ${target.uri}`);
      const [next] = await transferred;
      await next.answered(signal());
      expect(next.remote.user).toBe('third');
      await Promise.all([next.hangup(), call.hangup()]);
    });
  });
});

const USERS = { we: 'one', second: 'two', third: 'three' } as const;

describeWith(['kamailio'], 'transfer and diversion through Kamailio', () => {
  /** Phones registered at a Kamailio of their own, which answer. */
  async function office(bench: Workbench): Promise<Record<keyof typeof USERS, Phone>> {
    const kamailio = await startKamailio(bench, { users: USERS });
    bench.watch(() => kamailio.process.log.slice(-6000));
    const phones = await Promise.all(
      (['we', 'second', 'third'] as const).map(async (username) => {
        const { phone } = await bench.phone(username, {
          server: kamailio.server('tcp'),
          username,
          password: USERS[username],
          transport: 'tcp',
          domain: KAMAILIO_DOMAIN,
          media,
        });
        await phone.register();
        return phone;
      }),
    );
    const [we, second, other] = phones;
    return { we, second, third: other };
  }
  const answering = async (phone: Phone): Promise<Call> => {
    const [call] = await nextEvent(phone, 'incoming', signal());
    await call.answer();
    return call;
  };

  describe.concurrent('on loopback', () => {
    test('a call is sent on to a call of ours, which it replaces', async ({ bench }) => {
      const { we, second, third } = await office(bench);
      const atSecond = answering(second);
      const first = await we.call('second', { signal: signal() });
      const atThird = answering(third);
      const consulted = await we.call('third', { signal: signal() });
      const replaced = nextEvent((await atThird).events, 'replaced', signal());
      const moved = nextEvent((await atSecond).events, 'transferred', signal());
      expect((await first.transferTo(consulted)).result).toBe('transferred');
      const [[by], [to]] = await Promise.all([replaced, moved]);
      await to.answered(signal());
      await talk(bench, to, by, { seconds: 2 });
      expect((await first.ended).end.cause).toBe('transfer-done');
      await consulted.ended;
      await to.hangup();
    });

    test('a call is sent elsewhere by 302, and goes there', async ({ bench }) => {
      const { we, second, third } = await office(bench);
      second.policies.configure({ forwarding: { always: `sip:third@${KAMAILIO_DOMAIN}` } });
      const atThird = answering(third);
      const call = await we.call('second', { signal: signal() });
      await talk(bench, call, await atThird, { seconds: 2 });
      expect(second.calls).toHaveLength(0);
      await call.hangup();
    });
  });
});

describeWith(['linphonec'], 'diversion of linphone', () => {
  test('it is sent elsewhere by 302, and the target hears it', async ({ bench }) => {
    const linphone = await startLinphone(bench, { says: its });
    const target = await third(bench);
    const { phone } = await bench.phone('we', { media });
    phone.policies.configure({ forwarding: { always: target.uri } });
    linphone.command(`call ${addressOf(phone, 'we')}`);
    const moved = await target.judged();
    expect(moved.remote.user).toBe('linphone');
    expect(phone.calls).toHaveLength(0);
    await moved.hangup();
  });
});

describeWith(['baresip'], 'diversion of baresip', () => {
  test('it is answered, sent on by REFER, and the target hears it', async ({ bench }) => {
    const baresip = await startBaresip(bench, { says: its, account: 'regint=0' });
    const target = await third(bench);
    const { phone } = await bench.phone('we', { media });
    phone.policies.configure({ forwarding: { transfer: target.uri } });
    baresip.command('dial', addressOf(phone, 'we'));
    const moved = await target.judged();
    expect(moved.remote.user).toBe('baresip');
    await vi.waitFor(() => expect(phone.calls).toHaveLength(0), STEP_MS);
    await moved.hangup();
  });
});

describeWith(['sipp'], 'transfer with SIPp', () => {
  describe.concurrent('on loopback', () => {
    test('it takes our REFER and reports', async ({ bench }) => {
      const sipp = await startSipp(bench, { scenario: 'uas-refer' });
      const { phone } = await bench.phone('we', { media });
      const call = await phone.call(sipp.uri, { signal: signal() });
      const progress: number[] = [];
      call.on('transfer', ({ phase, status }) => phase === 'progress' && status && progress.push(status));
      const outcome = await call.transferTo('sip:target@127.0.0.1:9', { hold: 'no' });
      expect(outcome).toMatchObject({ result: 'transferred', status: 200 });
      expect(progress).toEqual([100]);
      await sipp.succeeded();
    });

    test('its REFER is done and reported', async ({ bench }) => {
      const { phone } = await bench.phone('we', { media });
      const { phone: other } = await bench.phone('third', { media });
      other.on('incoming', (call) => void call.answer());
      phone.on('incoming', (call) => void call.answer());
      const sipp = await startSipp(bench, {
        scenario: 'uac-refer',
        target: { port: phone.addresses[0].port },
        keys: { elsewhere: addressOf(other, 'third') },
      });
      await sipp.succeeded();
      expect(other.calls[0].remote.user).toBe('we');
      await other.calls[0].hangup();
    });

    test('its INVITE replaces a call of ours', async ({ bench }) => {
      const { phone } = await bench.phone('we', { media });
      const { phone: other, sip } = await bench.phone('third', { media });
      other.on('incoming', (call) => void call.answer());
      const call = await phone.call(addressOf(other, 'third'), { signal: signal() });
      const replaced = nextEvent(other.calls[0].events, 'replaced', signal());
      // The dialog as the replaced party sees it (RFC 3891 §3).
      const [ok] = sip.find('out', '200', 'INVITE');
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(ok.text)?.[1] ?? '';
      const tag = (name: string): string => /;tag=([^;\s]+)/.exec(field(name))?.[1] ?? '';
      const keys = { 'call-id': field('Call-ID'), to: tag('To'), from: tag('From') };
      const replaces = `${keys['call-id']};to-tag=${keys.to};from-tag=${keys.from}`;
      const sipp = await startSipp(bench, {
        scenario: 'uac-replaces',
        target: { port: other.addresses[0].port, user: 'third' },
        keys: { replaces },
      });
      const [by] = await replaced;
      expect(by.remote.user).toBe('sipp');
      expect((await call.ended).end.by).toBe('remote');
      await sipp.succeeded();
      await by.ended;
    });

    test('it is sent elsewhere by 302 with Diversion', async ({ bench }) => {
      const { phone } = await bench.phone('we', { media });
      phone.on('incoming', (call) => call.redirect('sip:desk@127.0.0.1:9', { reason: 'user-busy' }));
      const sipp = await startSipp(bench, { scenario: 'uac-302', target: { port: phone.addresses[0].port } });
      await sipp.succeeded();
    });
  });
});
