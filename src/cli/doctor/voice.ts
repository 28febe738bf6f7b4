/** Speaks into a call and keeps what is heard meanwhile. */
import { readWav } from '../../media/index.js';
import { compareAudio } from '../../testing/index.js';
import type { Call } from '../../ua/index.js';
import { bundledSpeech } from '../assets.js';

const SECONDS = 3;
/** What is still under way when the last word is out. */
const LINGER_MS = 500;

interface Heard {
  /** What was heard against what was said; 1 is a perfect echo. */
  correlation: number;
  /** How much of what was said was heard, 0 to 1. */
  coverage: number;
  delayMs: number;
  /** The loudest sample, 0 to 32768. */
  peak: number;
}

export async function speakAndListen(call: Call): Promise<Heard> {
  const { mono, sampleRate } = await readWav(bundledSpeech());
  const samples = mono.subarray(0, SECONDS * sampleRate);
  const heard: number[] = [];
  const reader = call.audio({ sampleRate });
  const listening = (async () => {
    for await (const frame of reader) heard.push(...frame.samples);
  })();
  await call.play({ samples, sampleRate });
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  reader.close();
  await listening;
  const peak = heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return { ...compareAudio(samples, Int16Array.from(heard), sampleRate), peak };
}
