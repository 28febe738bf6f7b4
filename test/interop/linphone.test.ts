/** Calls with linphonec, both ways, the audio of both directions compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { Exchange } from '../../dist/exchange/index.js';
import { type Call, nextEvent } from '../../dist/index.js';
import { type Linphone, startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, SPEECH_RATE, speech } from '../support/speech.js';
import { TAIL_MS } from '../support/talk.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 30_000;
/** Lossless up to the codec, so that correlation can judge. */
const media = { codecs: ['PCMU', 'PCMA'] } as const;

const words = { ours: await speech(0, 4), its: await speech(5, 4) };

/** Records, speaks, and gives what is needed to judge the call when it is over. */
async function converse(bench: Workbench, call: Call): Promise<string> {
  const path = bench.path('ours.wav');
  const recording = await call.record(path);
  await call.play({ samples: words.ours, sampleRate: SPEECH_RATE });
  // It begins later than we do.
  await sleep(PEER_LEAD_MS + TAIL_MS);
  await recording.stop();
  return path;
}

async function judge(path: string, linphone: Linphone): Promise<void> {
  expectSpeech(words.its, await heardIn(path), 'we heard from linphone');
  expectSpeech(words.ours, await linphone.heard(), 'linphone heard from us');
}

describeWith(['linphonec'], 'linphone', () => {
  describe.concurrent('on loopback', () => {
    test('is called, and we hang up', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: words.its, autoAnswer: true });
      const { phone } = await bench.phone('we', { media });
      const call = await phone.call(linphone.uri, { signal: AbortSignal.timeout(STEP_MS) });
      const path = await converse(bench, call);
      const record = await call.hangup();
      expect(record.media?.received.lost).toBe(0);
      await linphone.process.waitFor(/ended \(/);
      await judge(path, linphone);
    });

    test('calls us, over TCP, and hangs up', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: words.its });
      const { phone } = await bench.phone('we', { media });
      const [{ port }] = phone.addresses;
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      linphone.command(`call sip:we@127.0.0.1:${port};transport=tcp`);
      const [call] = await incoming;
      await call.answer();
      const path = await converse(bench, call);
      linphone.command('terminate');
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
      await linphone.process.waitFor(/ended \(/);
      await judge(path, linphone);
    });

    test('holds and resumes, is held; digits both ways', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says: words.its, autoAnswer: true });
      const { phone } = await bench.phone('we', { media });
      const call = await phone.call(linphone.uri, { signal: AbortSignal.timeout(STEP_MS) });
      const digits: string[] = [];
      call.on('dtmf', ({ digit }) => digits.push(digit));
      await linphone.process.waitFor(/Media streams established/);

      const held = nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS));
      linphone.command('pause');
      expect((await held)[0]).toMatchObject({ by: 'remote', held: true });
      await linphone.process.waitFor(/is now paused/);
      const back = nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS));
      linphone.command('resume');
      expect((await back)[0]).toMatchObject({ by: 'remote', held: false });
      await linphone.process.waitFor(/Media streams established.*Media streams established/s);

      await call.hold();
      await call.resume();
      await call.sendDtmf('159#');
      await linphone.process.waitFor(/tone 1.*tone 5.*tone 9.*tone #/is);
      linphone.command('2');
      await vi.waitFor(() => expect(digits).toContain('2'), STEP_MS);
      await call.hangup();
    });

    test('registers at our exchange and is called through it', async ({ bench }) => {
      const exchange = await new Exchange({ users: { we: 'secret', linphone: 'other' } }).start();
      bench.defer(() => exchange.close());
      const { phone } = await bench.phone('we', {
        server: exchange.address,
        username: 'we',
        password: 'secret',
        media,
      });
      await phone.register();
      const linphone = await startLinphone(bench, { says: words.its, autoAnswer: true });
      linphone.command(`register sip:linphone@${exchange.address} sip:${exchange.address} other`);
      await vi.waitFor(() => expect(exchange.registered).toContain('linphone'), STEP_MS);
      const call = await phone.call('linphone', { signal: AbortSignal.timeout(STEP_MS) });
      const path = await converse(bench, call);
      await call.hangup();
      await linphone.process.waitFor(/ended \(/);
      await judge(path, linphone);
    });
  });
});
