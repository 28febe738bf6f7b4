/** Speech to send through calls, and the judgement whether what arrived is that speech. */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { resampleAll } from '../../dist/dsp/index.js';
import { readWav } from '../../dist/media/index.js';
import { type AudioComparison, compareAudio } from '../../dist/testing/index.js';

export const SPEECH_RATE = 8000;
/** Peers speak as soon as a call stands: so long are they silent first, that a busy machine records by then. */
export const PEER_LEAD_MS = 3000;
const SPEECH_FILE = join(import.meta.dirname, '..', '..', 'assets', 'speech.wav');

/** `seconds` of the bundled speech from `from` on, 8 kHz. */
export async function speech(from: number, seconds: number): Promise<Int16Array> {
  const { mono, sampleRate } = await readWav(SPEECH_FILE);
  if (sampleRate !== SPEECH_RATE) throw new Error(`${SPEECH_FILE} has ${sampleRate} Hz`);
  return mono.slice(from * sampleRate, (from + seconds) * sampleRate);
}

/**
 * What every conversation must reach. G.711 has 0.9999 on an idle machine; on a busy one jitter buffers stretch and
 * shorten the speech, which measured down to 0.89 for 2 s of it. Unrelated speech has about 0.3.
 */
const LEAST_CORRELATION = 0.85;
const LEAST_COVERAGE = 0.97;
/** Share of the last 10 s in which something that could run had no processor, in percent. */
const BUSY_PERCENT = 40;

/**
 * Fails unless what was heard is the speech that was sent, from its beginning to its end. On a machine that has much
 * more to do than it can, media cannot be in time, neither ours nor the peer's: the error says so then, and the test
 * is tried again (see `retry` in vitest.config.ts).
 */
export function expectSpeech(
  reference: Int16Array,
  heard: Int16Array,
  what: string,
  least = LEAST_CORRELATION,
  leastSnrDb = Number.NEGATIVE_INFINITY,
): AudioComparison {
  const result = compareAudio(reference, heard, SPEECH_RATE);
  if (process.env.SWITCHHOOK_FIGURES === '1') console.log(what, JSON.stringify(result));
  const { coverage, correlation, segmentalSnrDb } = result;
  if (coverage < LEAST_COVERAGE || correlation < least || segmentalSnrDb < leastSnrDb) {
    const wanted = { coverage: LEAST_COVERAGE, correlation: least, segmentalSnrDb: leastSnrDb };
    const busy = isMachineBusy() ? 'the machine is too busy to judge: ' : '';
    throw new Error(
      `${busy}${what} is not what was said: ${JSON.stringify(result)}, at least ${JSON.stringify(wanted)}`,
    );
  }
  return result;
}

/** By the kernel's pressure stall information, or the load average where there is none. */
function isMachineBusy(): boolean {
  try {
    const stalled = /^some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'));
    return stalled !== null && Number(stalled[1]) > BUSY_PERCENT;
  } catch {
    return loadavg()[0] > 2 * availableParallelism();
  }
}

/**
 * The channel of a WAV file, at 8 kHz: peers record at the rate of the codec.
 * @param channel 0 = left; of a recording of a call: what was received
 */
export async function heardIn(path: string, channel = 0): Promise<Int16Array> {
  const { channels, sampleRate } = await readWav(path);
  return resampleAll(channels[channel], sampleRate, SPEECH_RATE);
}
