/** `switchhook doctor <number>`: a call there, and what can be told about the audio in both directions. */
import { nextEvent } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Call } from '../../ua/index.js';
import type { Values } from '../arguments.js';
import { phoneFrom } from '../phone-from-options.js';
import { Finding } from './finding.js';
import { speakAndListen } from './voice.js';

const ANSWER_MS = 30_000;
/** The watchdog of the media speaks up 5 s after the answer. */
const WATCHDOG_MS = 3_000;
/** An echo that has been through codecs, time scaling and somebody else's jitter buffer. */
const ECHO_CORRELATION = 0.6;
/** Comfort noise and line noise stay below it: -46 dBFS. */
const SILENCE_PEAK = 160;

export async function testCall(values: Values, number: string): Promise<string> {
  await using phone = phoneFrom(values);
  const dialled = performance.now();
  const call = await phone
    .call(number, { signal: AbortSignal.timeout(ANSWER_MS) })
    .catch((error: unknown) => {
      if (performance.now() - dialled < ANSWER_MS) throw error;
      throw new SwitchhookError('ERR_TIMEOUT', { what: 'the answer', ms: ANSWER_MS });
    });
  const answered = `answered after ${((performance.now() - dialled) / 1000).toFixed(1)} s`;
  const explained = nextEvent(call.events, 'noMedia', AbortSignal.timeout(ANSWER_MS)).then(
    ([{ explanation }]) => explanation,
    () => undefined,
  );
  const heard = await speakAndListen(call);
  const { received } = await call.stats();
  if (received.packets === 0) throw await noAudio(call, answered, explained);
  const record = await call.hangup();
  const quality =
    `${call.codec}, ${received.packets} packets, ${received.lost} lost, jitter ${received.jitterMs.toFixed(1)} ms` +
    (record.media ? `, MOS ${record.media.mos.toFixed(1)}` : '');
  if (heard.peak < SILENCE_PEAK)
    return `${answered}; ${quality}; what arrives is silence: nobody speaks there`;
  if (heard.correlation < ECHO_CORRELATION) {
    return `${answered}; ${quality}; audio arrives, and is no echo of ours: only an echo shows the way there`;
  }
  return `${answered}; ${quality}; our voice came back in ${heard.delayMs.toFixed(0)} ms: audio goes both ways`;
}

async function noAudio(
  call: Call,
  answered: string,
  explained: Promise<string | undefined>,
): Promise<Finding> {
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, WATCHDOG_MS, undefined));
  const why = await Promise.race([explained, patience]);
  const { sent } = await call.stats();
  await call.hangup();
  return new Finding(
    `${answered}, but no audio comes: ${why ?? 'no RTP arrived'} (${sent.packets} packets sent)`,
    'Look for NAT and firewalls between here and that address: RTP must pass in both directions.',
  );
}
