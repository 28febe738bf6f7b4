/** Transfers with other people's phones: they are transferred by us, and we by them; the audio afterwards is compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { type Call, nextEvent, type Phone } from '../../dist/index.js';
import { startBaresip } from '../support/peers/baresip.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { startSipp } from '../support/peers/sipp.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, speech } from '../support/speech.js';
import { TAIL_MS } from '../support/talk.js';
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

    test('it is sent elsewhere by 302 with Diversion', async ({ bench }) => {
      const { phone } = await bench.phone('we', { media });
      phone.on('incoming', (call) => call.redirect('sip:desk@127.0.0.1:9', { reason: 'user-busy' }));
      const sipp = await startSipp(bench, { scenario: 'uac-302', target: { port: phone.addresses[0].port } });
      await sipp.succeeded();
    });
  });
});
