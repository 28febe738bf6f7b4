/** SRTP with baresip and linphonec: every suite they have, both ways, the audio of both directions compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { type Call, nextEvent } from '../../dist/index.js';
import { startBaresip } from '../support/peers/baresip.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, SPEECH_RATE, speech } from '../support/speech.js';
import { TAIL_MS } from '../support/talk.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 30_000;
/**
 * Both play files by a thread of their own, and linphone resamples; a busy machine delays them. That either
 * understands the other at all is what counts here; unrelated speech correlates to about 0.3.
 */
const LEAST = 0.7;
/** baresip asks by RTCP APP, before its SRTP is up, whether we are there. */
const PLAIN_PACKETS = 2;

const words = { ours: await speech(0, 4), its: await speech(5, 4) };

interface Peer {
  heard(): Promise<Int16Array>;
}

/** Speaks and listens in a call of that suite, ends it, and compares what both sides heard. */
async function converse(
  bench: Workbench,
  call: Call,
  suite: string | undefined,
  peer: Peer,
  over: () => Promise<unknown>,
): Promise<void> {
  expect(call.encryption.srtp).toBe(suite);
  const path = bench.path('ours.wav');
  const recording = await call.record(path);
  await call.play({ samples: words.ours, sampleRate: SPEECH_RATE });
  // It begins later than we do.
  await sleep(PEER_LEAD_MS + TAIL_MS);
  await recording.stop();
  const { media } = await call.hangup();
  expect(media).toMatchObject({ srtp: suite, received: { lost: 0, replayed: 0 } });
  expect(media?.received.notAuthentic).toBeLessThanOrEqual(PLAIN_PACKETS);
  await over();
  expectSpeech(words.its, await heardIn(path), 'what we heard', LEAST);
  expectSpeech(words.ours, await peer.heard(), 'what the peer heard', LEAST);
}

const dialled = (phone: { call(uri: string, o: { signal: AbortSignal }): Promise<Call> }, uri: string) =>
  phone.call(uri, { signal: AbortSignal.timeout(STEP_MS) });

const BARESIP_SUITES = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
];

describeWith(['baresip'], 'SRTP with baresip', () => {
  describe.concurrent('on loopback', () => {
    for (const suite of BARESIP_SUITES) {
      const media = { codecs: ['PCMU'], srtp: 'required', srtpSuites: [suite] } as const;

      test(`is called, ${suite}`, async ({ bench }) => {
        const account = 'regint=0;answermode=auto;mediaenc=srtp-mand';
        const baresip = await startBaresip(bench, { says: words.its, account });
        const { phone } = await bench.phone('we', { media });
        const call = await dialled(phone, baresip.uri);
        await converse(bench, call, suite, baresip, () => baresip.event(/CALL_CLOSED/));
      });

      // It offers no other, whatever it accepts.
      if (suite !== BARESIP_SUITES[0]) continue;
      test(`calls us, ${suite}`, async ({ bench }) => {
        const baresip = await startBaresip(bench, {
          says: words.its,
          account: 'regint=0;mediaenc=srtp-mand',
        });
        const { phone } = await bench.phone('we', { media });
        const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
        baresip.command('dial', `sip:we@127.0.0.1:${phone.addresses[0].port}`);
        const [call] = await incoming;
        await call.answer();
        await converse(bench, call, suite, baresip, () => baresip.event(/CALL_CLOSED/));
      });
    }

    test('agrees when both have it optional', async ({ bench }) => {
      const account = 'regint=0;answermode=auto;mediaenc=srtp';
      const baresip = await startBaresip(bench, { says: words.its, account });
      const { phone } = await bench.phone('we', { media: { codecs: ['PCMU'], srtp: 'optional' } });
      const call = await dialled(phone, baresip.uri);
      await converse(bench, call, 'AES_CM_128_HMAC_SHA1_80', baresip, () => baresip.event(/CALL_CLOSED/));
    });

    test('has none and gets plain RTP', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: words.its });
      const { phone } = await bench.phone('we', { media: { codecs: ['PCMU'], srtp: 'optional' } });
      const call = await dialled(phone, baresip.uri);
      await converse(bench, call, undefined, baresip, () => baresip.event(/CALL_CLOSED/));
    });

    test('has none and cannot be called when we require it', async ({ bench }) => {
      const baresip = await startBaresip(bench, { says: words.its });
      const { phone } = await bench.phone('we', { media: { srtp: 'required' } });
      await expect(dialled(phone, baresip.uri)).rejects.toMatchObject({ code: 'ERR_MEDIA_SRTP' });
    });

    test('requires it and is refused when we have none', async ({ bench }) => {
      const account = 'regint=0;mediaenc=srtp-mand';
      const baresip = await startBaresip(bench, { says: words.its, account });
      const { phone } = await bench.phone('we');
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      baresip.command('dial', `sip:we@127.0.0.1:${phone.addresses[0].port}`);
      const [call] = await incoming;
      await expect(call.answer()).rejects.toMatchObject({ code: 'ERR_MEDIA_SRTP' });
      await baresip.event(/CALL_CLOSED.*488/s);
    });

    test('keeps its keys over hold and resume from both sides', async ({ bench }) => {
      const account = 'regint=0;answermode=auto;mediaenc=srtp-mand';
      const baresip = await startBaresip(bench, { says: words.its, account });
      const { phone } = await bench.phone('we', { media: { codecs: ['PCMU'], srtp: 'required' } });
      const call = await dialled(phone, baresip.uri);
      const changed = () => nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS));
      const held = changed();
      baresip.command('hold');
      await held;
      const back = changed();
      baresip.command('resume');
      await back;
      await call.hold();
      await call.resume();
      await sleep(500);
      const before = await call.stats();
      await sleep(1000);
      const after = await call.stats();
      expect(after.received.packets - before.received.packets).toBeGreaterThan(30);
      expect(after.received.notAuthentic).toBe(before.received.notAuthentic);
      await call.hangup();
    });
  });
});

/** linphone's name for each of its suites → ours. */
const LINPHONE_SUITES: ReadonlyArray<readonly [theirs: string, ours: string]> = [
  ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_80'],
  ['AES_CM_128_HMAC_SHA1_32', 'AES_CM_128_HMAC_SHA1_32'],
  ['AES_256_CM_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_80'],
  ['AES_256_CM_HMAC_SHA1_32', 'AES_256_CM_HMAC_SHA1_32'],
];

describeWith(['linphonec'], 'SRTP with linphone', () => {
  describe.concurrent('on loopback', () => {
    for (const [theirs, ours] of LINPHONE_SUITES) {
      const media = { codecs: ['PCMU'], srtp: 'required', srtpSuites: [ours] } as const;

      test(`is called, ${ours}`, async ({ bench }) => {
        const linphone = await startLinphone(bench, {
          says: words.its,
          autoAnswer: true,
          srtpSuites: theirs,
        });
        const { phone } = await bench.phone('we', { media });
        const call = await dialled(phone, linphone.uri);
        await converse(bench, call, ours, linphone, () => linphone.process.waitFor(/ended \(/));
      });

      test(`calls us, ${ours}`, async ({ bench }) => {
        const linphone = await startLinphone(bench, { says: words.its, srtpSuites: theirs });
        const { phone } = await bench.phone('we', { media });
        const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
        linphone.command(`call sip:we@127.0.0.1:${phone.addresses[0].port}`);
        const [call] = await incoming;
        await call.answer();
        await converse(bench, call, ours, linphone, () => linphone.process.waitFor(/ended \(/));
      });
    }

    test('requires the secure profile and gets it although we have SRTP optional', async ({ bench }) => {
      const linphone = await startLinphone(bench, {
        says: words.its,
        autoAnswer: true,
        srtpSuites: 'AES_CM_128_HMAC_SHA1_80',
      });
      const { phone, sip } = await bench.phone('we', { media: { codecs: ['PCMU'], srtp: 'optional' } });
      const call = await dialled(phone, linphone.uri);
      expect(sip.find('out', 'INVITE').map(({ text }) => /RTP\/S?AVP/.exec(text)?.[0])).toEqual([
        'RTP/AVP',
        'RTP/SAVP',
      ]);
      await converse(bench, call, 'AES_CM_128_HMAC_SHA1_80', linphone, () =>
        linphone.process.waitFor(/ended \(/),
      );
    });

    test('has it optional, knows RFC 8643 not, and gets plain RTP', async ({ bench }) => {
      const linphone = await startLinphone(bench, {
        says: words.its,
        autoAnswer: true,
        srtpSuites: 'AES_CM_128_HMAC_SHA1_80',
        srtpOptional: true,
      });
      const { phone } = await bench.phone('we', { media: { codecs: ['PCMU'], srtp: 'optional' } });
      const call = await dialled(phone, linphone.uri);
      await converse(bench, call, undefined, linphone, () => linphone.process.waitFor(/ended \(/));
    });
  });
});
