/** A conversation between two calls of ours: both sides speak at once, and what each hears is compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../dist/index.js';
import type { AudioComparison } from '../../dist/testing/index.js';
import { expectSpeech, heardIn, SPEECH_RATE, speech } from './speech.js';
import type { Workbench } from './workbench.js';

/** What is in the network and the jitter buffer when the last frame was sent. */
export const TAIL_MS = 600;

let conversations = 0;

/** @returns how well each side heard the other. @throws when one did not */
export async function talk(
  bench: Workbench,
  caller: Call,
  callee: Call,
  { seconds = 4, least }: { seconds?: number; least?: number } = {},
): Promise<{ caller: AudioComparison; callee: AudioComparison }> {
  const name = `talk${++conversations}`;
  const paths = [bench.path(`${name}-caller.wav`), bench.path(`${name}-callee.wav`)];
  const words = [await speech(0, seconds), await speech(5, seconds)];
  const sides = [caller, callee];
  const recordings = await Promise.all(sides.map((call, i) => call.record(paths[i])));
  await Promise.all(sides.map((call, i) => call.play({ samples: words[i], sampleRate: SPEECH_RATE })));
  await sleep(TAIL_MS);
  await Promise.all(recordings.map((recording) => recording.stop()));
  return {
    caller: expectSpeech(words[1], await heardIn(paths[0]), 'what the caller heard', least),
    callee: expectSpeech(words[0], await heardIn(paths[1]), 'what the callee heard', least),
  };
}

/** Speaks to a peer that sends back what it hears, and compares what comes back. */
export async function hearEcho(
  bench: Workbench,
  call: Call,
  { seconds = 2, least }: { seconds?: number; least?: number } = {},
): Promise<AudioComparison> {
  const path = bench.path(`echo${++conversations}.wav`);
  const words = await speech(0, seconds);
  const recording = await call.record(path);
  await call.play({ samples: words, sampleRate: SPEECH_RATE });
  await sleep(TAIL_MS);
  await recording.stop();
  return expectSpeech(words, await heardIn(path), 'the echo', least);
}
