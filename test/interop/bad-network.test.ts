/**
 * Calls through a network that loses 10 % of the packets and delays each by up to 60 ms: what arrives is intelligible.
 * Speech with every tenth packet concealed and the rest re-timed is not what was sent, so the bounds are measured ones
 * with margin (unrelated speech has a correlation of about 0.3 and -5 dB).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { type Call, nextEvent } from '../../dist/index.js';
import { LossyLine } from '../support/lossy-relay.js';
import { startBaresip } from '../support/peers/baresip.js';
import { describeWith } from '../support/peers/require-peer.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, SPEECH_RATE, speech } from '../support/speech.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 60_000;
const BAD = { lossPercent: 10, jitterMs: 60 } as const;
/** G.711, and an INVITE small enough for UDP, which is all the line carries. */
const media = { codecs: ['PCMU'] } as const;
/** Measured on a busy machine: 0.84 to 0.96 and 6 to 20 dB. */
const LEAST = { correlation: 0.7, segmentalSnrDb: 3 };
/** The jitter buffer is deep on such a network. */
const TAIL_MS = 1500;
const SECONDS = 7;

async function speakAndHear(bench: Workbench, call: Call, words: Int16Array, name: string): Promise<string> {
  const path = bench.path(`${name}.wav`);
  const recording = await call.record(path);
  await call.play({ samples: words, sampleRate: SPEECH_RATE });
  await sleep(TAIL_MS);
  await recording.stop();
  return path;
}

function expectIntelligible(words: Int16Array, heard: Int16Array, what: string): void {
  expectSpeech(words, heard, what, LEAST.correlation, LEAST.segmentalSnrDb);
}

describe.concurrent('10 % loss and 60 ms jitter', () => {
  for (const seed of [1, 2]) {
    test(`between two phones of ours (seed ${seed})`, async ({ bench }) => {
      const { phone: callee } = await bench.phone('callee', { media });
      const line = await LossyLine.open({ ...BAD, seed }, callee.addresses[0].port);
      bench.defer(() => line.close());
      const { phone: caller } = await bench.phone('caller', { media });
      const incoming = nextEvent(callee, 'incoming', AbortSignal.timeout(STEP_MS));
      const calling = caller.call(`sip:callee@127.0.0.1:${line.port}`, {
        signal: AbortSignal.timeout(STEP_MS),
      });
      const [answering] = await incoming;
      await answering.answer();
      const call = await calling;
      const digits: string[] = [];
      answering.on('dtmf', ({ digit, durationMs, via }) => {
        digits.push(digit);
        heard.push(`${Math.round(performance.now())} ${digit} ${durationMs} ms ${via}`);
      });
      const heard: string[] = [];
      bench.watch(() => `— digits\n${heard.join('\n')}`);

      const [first, second] = [await speech(0, SECONDS), await speech(12 - SECONDS, SECONDS)];
      const [atCaller, atCallee] = await Promise.all([
        speakAndHear(bench, call, first, 'caller'),
        speakAndHear(bench, answering, second, 'callee'),
      ]);
      expectIntelligible(second, await heardIn(atCaller), 'the caller heard');
      expectIntelligible(first, await heardIn(atCallee), 'the callee heard');

      // Digits are neither lost nor doubled (RFC 4733 §2.5.1.4: the end is sent three times).
      await call.sendDtmf('1122*0');
      await vi.waitFor(() => expect(digits.length).toBeGreaterThanOrEqual(6), 10_000);
      expect(digits.join('')).toBe('1122*0');
      const { media: stats } = await call.hangup();
      const { lost = 0, packets = 0 } = stats?.received ?? {};
      expect(lost / (lost + packets)).toBeGreaterThan(0.05);
      expect(line.media.counts.lost).toBeGreaterThan(30);
    });
  }
});

describeWith(['baresip'], '10 % loss and 60 ms jitter, with baresip', () => {
  test('we hear it', async ({ bench }) => {
    const words = await speech(0, SECONDS);
    const baresip = await startBaresip(bench, { says: words });
    const line = await LossyLine.open(BAD, baresip.port);
    bench.defer(() => line.close());
    const { phone } = await bench.phone('we', { media });
    const call = await phone.call(`sip:baresip@127.0.0.1:${line.port}`, {
      signal: AbortSignal.timeout(STEP_MS),
    });
    // It begins later than we do.
    const longer = await speech(0, SECONDS + Math.ceil(PEER_LEAD_MS / 1000));
    const path = await speakAndHear(bench, call, longer, 'we');
    await call.hangup();
    expectIntelligible(words, await heardIn(path), 'we heard from baresip');
  });
});
