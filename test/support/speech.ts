/** Speech to send through calls, and the judgement whether what arrived is that speech. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { readWav } from '../../dist/media/index.js';
import { type AudioComparison, compareAudio } from '../../dist/testing/index.js';

export const SPEECH_RATE = 8000;
const SPEECH_FILE = join(import.meta.dirname, '..', '..', 'assets', 'speech.wav');

/** `seconds` of the bundled speech from `from` on, 8 kHz. */
export async function speech(from: number, seconds: number): Promise<Int16Array> {
  const { mono, sampleRate } = await readWav(SPEECH_FILE);
  if (sampleRate !== SPEECH_RATE) throw new Error(`${SPEECH_FILE} has ${sampleRate} Hz`);
  return mono.slice(from * sampleRate, (from + seconds) * sampleRate);
}

/**
 * What every conversation must reach. G.711 over an idle machine has 0.9999; on a machine with five times the work it
 * can do, jitter buffers stretch and shorten the speech, which measured down to 0.89 for 2 s of it. Unrelated speech
 * has about 0.3.
 */
const LEAST_CORRELATION = 0.8;

/** Fails unless what was heard is the speech that was sent, from its beginning to its end. */
export function expectSpeech(
  reference: Int16Array,
  heard: Int16Array,
  what: string,
  least = LEAST_CORRELATION,
): AudioComparison {
  const result = compareAudio(reference, heard, SPEECH_RATE);
  if (process.env.SWITCHHOOK_FIGURES === '1') console.log(what, JSON.stringify(result));
  expect(result.coverage, `${what}: ${JSON.stringify(result)}`).toBeGreaterThan(0.97);
  expect(result.correlation, `${what}: ${JSON.stringify(result)}`).toBeGreaterThan(least);
  return result;
}

/** The channel of a WAV file. @param channel 0 = left; of a recording of a call: what was received */
export async function heardIn(path: string, channel = 0): Promise<Int16Array> {
  const { channels, sampleRate } = await readWav(path);
  if (sampleRate !== SPEECH_RATE) throw new Error(`${path} has ${sampleRate} Hz`);
  return channels[channel];
}
