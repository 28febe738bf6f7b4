/**
 * Speech to send through calls, and the judgement whether what arrived is that speech. Unlike one correlation over the
 * whole signal this one forgives what real programs do to the time line (an adaptive jitter buffer of the peer, a late
 * start, a sound driver that drops a period on a busy machine): each stretch is looked for around its place.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import { readWav } from '../../dist/media/index.js';
import { compareAudio } from '../../dist/testing/index.js';

export const SPEECH_RATE = 8000;
export const SPEECH_FILE = join(import.meta.dirname, '..', '..', 'assets', 'speech.wav');

const WINDOW = 0.4 * SPEECH_RATE;
/** How far from its place a stretch may lie. */
const SEARCH = 0.3 * SPEECH_RATE;
/** Stretches this much below the loudest are pauses. */
const PAUSE_DB = 25;

export interface SpeechMatch {
  /** Of the whole signal at one delay. */
  correlation: number;
  segmentalSnrDb: number;
  delayMs: number;
  /** Mean over the stretches of 0.4 s of the best correlation around their place; stretches that never came count 0. */
  local: number;
  /** Share of the stretches that arrived with a correlation of at least 0.9. */
  intact: number;
  /** Stretches looked for. */
  stretches: number;
}

/** `seconds` of the bundled speech from `from` on, 8 kHz. */
export async function speech(from: number, seconds: number): Promise<Int16Array> {
  const { mono, sampleRate } = await readWav(SPEECH_FILE);
  if (sampleRate !== SPEECH_RATE) throw new Error(`${SPEECH_FILE} has ${sampleRate} Hz`);
  return mono.slice(from * sampleRate, (from + seconds) * sampleRate);
}

export function matchSpeech(reference: Int16Array, heard: Int16Array): SpeechMatch {
  const whole = compareAudio(reference, heard, SPEECH_RATE);
  const delay = Math.round((whole.delayMs * SPEECH_RATE) / 1000);
  const energies: number[] = [];
  for (let at = 0; at + WINDOW <= reference.length; at += WINDOW) energies.push(energy(reference, at));
  const floor = Math.max(...energies) / 10 ** (PAUSE_DB / 10);
  const scores = energies.flatMap((value, i) =>
    value < floor ? [] : [bestNear(reference, i * WINDOW, heard, i * WINDOW + delay)],
  );
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  return {
    correlation: whole.correlation,
    segmentalSnrDb: whole.segmentalSnrDb,
    delayMs: whole.delayMs,
    local: mean,
    intact: scores.filter((score) => score >= 0.9).length / Math.max(1, scores.length),
    stretches: scores.length,
  };
}

/**
 * Fails unless what was heard is the speech that was sent.
 * @param least the mean local correlation asked for. Unrelated speech reaches about 0.4, G.711 alone 0.999.
 */
export function expectSpeech(
  reference: Int16Array,
  heard: Int16Array,
  what: string,
  least = 0.95,
): SpeechMatch {
  const match = matchSpeech(reference, heard);
  if (process.env.SWITCHHOOK_FIGURES === '1') {
    console.log(
      `${what}: local ${match.local.toFixed(4)}, intact ${match.intact.toFixed(2)} of ${match.stretches}, ` +
        `whole ${match.correlation.toFixed(4)}, ${match.segmentalSnrDb.toFixed(1)} dB, ${match.delayMs.toFixed(0)} ms`,
    );
  }
  expect(match.stretches, `${what}: stretches with speech`).toBeGreaterThan(2);
  expect(match.local, `${what}: ${JSON.stringify(match)}`).toBeGreaterThan(least);
  return match;
}

/** The channel of a WAV file. @param channel 0 = left; of a recording of a call: what was received */
export async function heardIn(path: string, channel = 0): Promise<Int16Array> {
  const { channels, sampleRate } = await readWav(path);
  if (sampleRate !== SPEECH_RATE) throw new Error(`${path} has ${sampleRate} Hz`);
  return channels[channel];
}

function energy(signal: Int16Array, from: number): number {
  let sum = 0;
  for (let i = from; i < from + WINDOW; i++) sum += signal[i] * signal[i];
  return sum;
}

/** The highest correlation of a stretch of the reference with what was heard around `place`; 0 if nothing is there. */
function bestNear(reference: Int16Array, from: number, heard: Int16Array, place: number): number {
  let best = 0;
  let bestAt = place;
  for (let at = place - SEARCH; at <= place + SEARCH; at += 2) {
    const score = similarity(reference, from, heard, at, 2);
    if (score > best) {
      best = score;
      bestAt = at;
    }
  }
  for (const at of [bestAt - 1, bestAt, bestAt + 1]) {
    best = Math.max(best, similarity(reference, from, heard, at, 1));
  }
  return best;
}

function similarity(a: Int16Array, fromA: number, b: Int16Array, fromB: number, step: number): number {
  if (fromB < 0 || fromB + WINDOW > b.length) return 0;
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  for (let i = 0; i < WINDOW; i += step) {
    const x = a[fromA + i];
    const y = b[fromB + i];
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  return energyA === 0 || energyB === 0 ? 0 : product / Math.sqrt(energyA * energyB);
}
