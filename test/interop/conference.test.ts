/** A conference of ours with other people's phones: each hears the others and not itself, by their tones. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { nextEvent } from '../../dist/index.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import { startBaresip } from '../support/peers/baresip.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { sines } from '../support/signals.js';
import { heardIn, PEER_LEAD_MS, SPEECH_RATE } from '../support/speech.js';
import { test } from '../support/workbench.js';

const TOGETHER_MS = 3000;
const HZ = { baresip: 500, linphone: 900, ours: 1700 } as const;
/** Each says -15 dBov; what a mixer leaves out is far below. */
const HEARD_DBOV = -25;
const SILENT_DBOV = -45;

const signal = (): AbortSignal => AbortSignal.timeout(30_000);
const tone = (hz: number, durationMs: number): Int16Array =>
  sines(SPEECH_RATE, durationMs, { hz, levelDb: -12 });

/** Of a second, from `secondsBeforeEnd` on: the median of short pieces, since jitter buffers break the phase. */
function level(pcm: Int16Array, hz: number, secondsBeforeEnd: number): number {
  const start = pcm.length - secondsBeforeEnd * SPEECH_RATE;
  const pieces = Array.from({ length: 10 }, (_, i) =>
    toneLevelDbov(pcm, hz, SPEECH_RATE, start + i * 800, 800),
  );
  return pieces.sort((a, b) => a - b)[5];
}

function expectHeard(
  pcm: Int16Array,
  who: string,
  heard: readonly number[],
  silent: readonly number[],
  secondsBeforeEnd = 2,
): void {
  for (const hz of heard)
    expect(level(pcm, hz, secondsBeforeEnd), `${who} hears ${hz} Hz`).toBeGreaterThan(HEARD_DBOV);
  for (const hz of silent)
    expect(level(pcm, hz, secondsBeforeEnd), `${who} hears no ${hz} Hz`).toBeLessThan(SILENT_DBOV);
}

describeWith(['baresip', 'linphonec'], 'a conference with baresip and linphone', () => {
  test('each hears the others and not itself; one leaves, the others go on', async ({ bench }) => {
    const baresip = await startBaresip(bench, { says: tone(HZ.baresip, 30_000), codecs: ['g711'] });
    const linphone = await startLinphone(bench, { says: tone(HZ.linphone, 30_000), autoAnswer: true });
    const { phone: third } = await bench.phone('third', { media: { codecs: ['PCMA'] } });
    third.on('incoming', (call) => void call.answer());
    const target = `sip:third@127.0.0.1:${third.addresses[0].port}`;
    const { phone: host } = await bench.phone('host', { media: { codecs: ['PCMU', 'PCMA'] } });
    const [one, two, three] = await Promise.all([
      host.call(baresip.uri, { signal: signal() }),
      host.call(linphone.uri, { signal: signal() }),
      host.call(target, { signal: signal() }),
    ]);
    const conference = await host.conference([one, two, three]);
    const [ours] = third.calls;
    const path = bench.path('third.wav');
    const recording = await ours.record(path);
    ours.play({ samples: tone(HZ.ours, 30_000), sampleRate: SPEECH_RATE }).catch(() => {});
    await sleep(PEER_LEAD_MS + TOGETHER_MS);

    await recording.stop();
    await two.hangup();
    await linphone.process.waitFor(/ended \(/);
    expectHeard(await heardIn(path), 'our third', [HZ.baresip, HZ.linphone], [HZ.ours]);
    expectHeard(await linphone.heard(), 'linphone', [HZ.baresip, HZ.ours], [HZ.linphone]);

    await sleep(TOGETHER_MS);
    expect(conference.members.map(({ remote }) => remote.user)).toEqual(['baresip', 'third']);
    await one.hangup();
    await baresip.event(/CALL_CLOSED/);
    const heard = await baresip.heard();
    expectHeard(heard, 'baresip, of three', [HZ.linphone, HZ.ours], [HZ.baresip], TOGETHER_MS / 1000 + 2);
    expectHeard(heard, 'baresip, of two', [HZ.ours], [HZ.baresip, HZ.linphone]);
    await conference.close();
    await Promise.all([three.hangup(), nextEvent(ours.events, 'ended', signal())]);
  });
});
