/**
 * `switchhook demo`: two phones register at the embedded exchange, one calls the other and plays speech, the other
 * records; then the recording is compared with what was played. What `npm start` runs.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextEvent } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import { cryptoRandom } from '../../base/random.js';
import { Exchange } from '../../exchange/index.js';
import { readWav } from '../../media/index.js';
import { Phone } from '../../phone/index.js';
import { compareAudio } from '../../testing/index.js';
import type { Call } from '../../ua/index.js';
import { bundledSpeech } from '../assets.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { formatDuration } from '../output.js';
import { loggerFrom } from '../phone-from-options.js';

const LEAST_CORRELATION = 0.98;
/** Of the energy of what was played: nothing may be missing at either end. */
const LEAST_COVERAGE = 0.98;
/** Both sides hear silence meanwhile, as when somebody draws breath before speaking. */
const SETTLE_MS = 1000;
const STEP_TIMEOUT_MS = 15_000;

export const demoCommand: Command = {
  name: 'demo',
  usage: '',
  summary: 'a whole call inside this process, with the audio checked',
  options: ['record', 'log', 'json'],
  examples: ['switchhook demo', 'switchhook demo --json'],
  async run({ values }, output) {
    const logger = loggerFrom(values);
    const speech = bundledSpeech();
    const recordingPath = values.record ?? join(await mkdtemp(join(tmpdir(), 'switchhook-')), 'call.wav');
    const users = { alice: cryptoRandom.token(16), bob: cryptoRandom.token(16) };

    output.text('A call between two phones over an exchange, all in this process, on loopback.\n');
    await using exchange = await new Exchange({ users, logger }).start();
    output.event(
      'exchange',
      `Exchange listening on ${exchange.address}`,
      { address: exchange.address },
      'good',
    );

    const phone = (username: keyof typeof users): Phone =>
      new Phone({ server: exchange.address, username, password: users[username], logger });
    await using alice = phone('alice');
    await using bob = phone('bob');
    await Promise.all([alice.register(), bob.register()]);
    const registered = exchange.registered.length;
    output.event('registered', 'alice and bob registered with digest authentication', { registered }, 'good');

    const incoming = nextEvent(bob, 'incoming', AbortSignal.timeout(STEP_TIMEOUT_MS));
    const startedAt = performance.now();
    const calling = alice.call('bob', { signal: AbortSignal.timeout(STEP_TIMEOUT_MS) });
    const accepting = incoming.then(async ([accepted]: [Call]) => {
      await accepted.answer();
      return accepted;
    });
    const [call, accepted] = await Promise.all([calling, accepting]);
    const callSetupMs = Math.round((performance.now() - startedAt) * 10) / 10;
    output.event(
      'connected',
      `bob answered after ${callSetupMs} ms, ${call.codec}`,
      { callSetupMs, codec: call.codec },
      'good',
    );

    // On a machine that has just installed and compiled all this, the first packets are late: let the two sides settle.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    // Bob records before alice begins, so nothing that she says can be missed.
    const recording = await accepted.record(recordingPath, { layout: 'stereo' });
    const reference = await readWav(speech);
    const totalMs = (reference.mono.length / reference.sampleRate) * 1000;
    const playingSince = performance.now();
    const ticker = setInterval(() => {
      const done = Math.min(1, (performance.now() - playingSince) / totalMs);
      const width = 30;
      const bar = '█'.repeat(Math.round(done * width)).padEnd(width, '░');
      output.live(`  alice speaks ${bar} ${formatDuration(done * totalMs)} of ${formatDuration(totalMs)}`);
    }, 100);
    try {
      await call.play(speech);
      // What is still in the network and the jitter buffer belongs to the recording.
      await new Promise((resolve) => setTimeout(resolve, 400));
    } finally {
      clearInterval(ticker);
      output.live('');
    }
    const { path } = await recording.stop();
    const record = await call.hangup();
    const received = (await accepted.ended).media;
    if (!received) throw new SwitchhookError('ERR_CALL_ENDED');

    const [heard] = (await readWav(path)).channels;
    const { correlation, coverage, delayMs } = compareAudio(reference.mono, heard, reference.sampleRate);
    const packetsLost = received.received.lost + received.received.late;
    const ok = correlation >= LEAST_CORRELATION && coverage >= LEAST_COVERAGE && packetsLost === 0;
    output.event('played', `alice spoke for ${(totalMs / 1000).toFixed(1)} s`, { playedMs: totalMs }, 'good');
    output.text('');
    output.text(`  Packets     ${received.received.packets} received, ${packetsLost} lost`);
    output.text(`  Jitter      ${received.received.jitterMs.toFixed(2)} ms`);
    output.text(`  MOS         ${received.mos.toFixed(2)} (G.107 estimate)`);
    output.text(`  Delay       ${delayMs.toFixed(0)} ms from the start of the recording to the first word`);
    output.text(
      `  Audio       correlation ${correlation.toFixed(4)} of the recorded against the played, ${(coverage * 100).toFixed(1)} % of it there`,
    );
    output.text(
      `  Call record ${record.local} → ${record.remote}, ${formatDuration(record.durationMs)}, ended by ${record.end.by} (${record.end.reason})`,
    );
    output.text(`  Recording   ${path}\n`);
    const verdict = ok
      ? 'The audio that arrived is the audio that was sent.'
      : `The audio that arrived is not what was sent: correlation ${correlation.toFixed(3)} and coverage ${coverage.toFixed(3)} (at least ${LEAST_CORRELATION}), ${packetsLost} packets lost.`;
    output.text(`${output.paint(ok ? 'good' : 'bad', ok ? '✓' : '✗')} ${verdict}`);
    await alice.close();
    await bob.close();
    await exchange.close();
    output.result({
      ok,
      registered,
      callSetupMs,
      correlation: Math.round(correlation * 10_000) / 10_000,
      coverage: Math.round(coverage * 10_000) / 10_000,
      delayMs: Math.round(delayMs * 10) / 10,
      packetsLost,
      jitterMs: Math.round(received.received.jitterMs * 100) / 100,
      mos: Math.round(received.mos * 100) / 100,
      codec: call.codec,
      cdr: { callId: record.callId, durationMs: record.durationMs, setupMs: record.setupMs, end: record.end },
      recording: path,
    });
    return ok ? EXIT.ok : EXIT.media;
  },
};
