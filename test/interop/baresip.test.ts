/** Calls with baresip, both ways, the audio of both directions compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { Exchange } from '../../dist/exchange/index.js';
import { type Call, nextEvent } from '../../dist/index.js';
import { type Baresip, startBaresip } from '../support/peers/baresip.js';
import { describeWith } from '../support/peers/require-peer.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, SPEECH_RATE, speech } from '../support/speech.js';
import { TAIL_MS } from '../support/talk.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 30_000;
const words = { ours: await speech(0, 4), its: await speech(5, 4) };

/** Records, speaks, and gives what is needed to judge the call when it is over. */
async function converse(bench: Workbench, call: Call): Promise<string> {
  const path = bench.path('ours.wav');
  const recording = await call.record(path);
  await call.play({ samples: words.ours, sampleRate: SPEECH_RATE });
  await sleep(PEER_LEAD_MS + TAIL_MS);
  await recording.stop();
  return path;
}

async function judge(path: string, baresip: Baresip): Promise<void> {
  expectSpeech(words.its, await heardIn(path), 'we heard from baresip');
  expectSpeech(words.ours, await baresip.heard(), 'baresip heard from us');
}

describeWith(['baresip'], 'baresip', () => {
  describe.concurrent('on loopback', () => {
    for (const codec of ['PCMU', 'PCMA']) {
      test(`is called, ${codec}, and we hang up`, async ({ bench }) => {
        const baresip = await startBaresip(bench, { says: words.its });
        const { phone } = await bench.phone('we', { media: { codecs: [codec] } });
        const call = await phone.call(baresip.uri, { signal: AbortSignal.timeout(STEP_MS) });
        expect(call.codec).toBe(codec);
        const path = await converse(bench, call);
        const record = await call.hangup();
        expect(record.media?.received.lost).toBe(0);
        await baresip.event(/CALL_CLOSED/);
        await judge(path, baresip);
      });
    }

    test('calls us, over TCP, and hangs up', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: words.its });
      const { phone } = await bench.phone('we');
      const [{ port }] = phone.addresses;
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      baresip.command('dial', `sip:we@127.0.0.1:${port};transport=tcp`);
      const [call] = await incoming;
      expect(call.remote.user).toBe('baresip');
      await call.answer();
      const path = await converse(bench, call);
      baresip.command('hangup');
      const record = await call.ended;
      expect(record.end).toMatchObject({ by: 'remote', status: 200 });
      await baresip.event(/CALL_CLOSED/);
      await judge(path, baresip);
    });

    test('holds and resumes, and is held; digits both ways', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: words.its });
      const { phone } = await bench.phone('we');
      const call = await phone.call(baresip.uri, { signal: AbortSignal.timeout(STEP_MS) });
      const digits: string[] = [];
      call.on('dtmf', ({ digit }) => digits.push(digit));

      const held = nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS));
      baresip.command('hold');
      expect((await held)[0]).toMatchObject({ by: 'remote', held: true });
      const back = nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS));
      baresip.command('resume');
      expect((await back)[0]).toMatchObject({ by: 'remote', held: false });

      await call.hold();
      await call.resume();
      await call.sendDtmf('159#');
      await baresip.event(/DTMF_START.*"1".*DTMF_START.*"5".*DTMF_START.*"9".*DTMF_START.*"#"/s);
      baresip.command('sndcode', '2');
      await vi.waitFor(() => expect(digits.join('')).toContain('2'), STEP_MS);
      await call.hangup();
    });

    test('calls us through our exchange', async ({ bench }) => {
      const users = { we: 'secret', baresip: 'other' };
      const exchange = await new Exchange({ users, digestAlgorithms: ['MD5'] }).start();
      bench.defer(() => exchange.close());
      const { phone } = await bench.phone('we', {
        server: exchange.address,
        username: 'we',
        password: 'secret',
      });
      await phone.register();
      const baresip = await startBaresip(bench, {
        says: words.its,
        aor: `sip:baresip@${exchange.address}`,
        account: 'regint=60;auth_user=baresip;auth_pass=other',
      });
      await vi.waitFor(() => expect(exchange.registered).toContain('baresip'), STEP_MS);
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      baresip.command('dial', `sip:we@${exchange.address}`);
      const [call] = await incoming;
      await call.answer();
      const path = await converse(bench, call);
      baresip.command('hangup');
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
      await baresip.event(/CALL_CLOSED/);
      await judge(path, baresip);
    });
  });
});
