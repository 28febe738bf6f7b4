/** Makes tones out of the table of countries: call progress tones, and the ring of a phone by the country's cadence. */
import { type CallTone, countryTone, isCallTone } from './country-tones-table.js';
import type { ToneSegment, ToneSpec } from './tone.js';

/** What a lone frequency without a cadence lasts for in one round. */
const ROUND_MS = 1000;

/** `425/1000,0/4000` → segments. */
function segments(notation: string): ToneSegment[] {
  return notation.split(',').map((part) => {
    const [frequencies, durationMs] = part.split('/');
    return {
      frequencies: frequencies
        .split('+')
        .map(Number)
        .filter((hz) => hz > 0),
      durationMs: durationMs === undefined ? ROUND_MS : Number(durationMs),
    };
  });
}

/** A call progress tone of a country, `de` or `DE`; that of most of Europe for a country unknown. */
export function callTone(tone: CallTone, country: string): ToneSpec {
  const notation = countryTone(tone, country.toLowerCase()) ?? countryTone(tone, 'eu') ?? '425';
  return { segments: segments(notation) };
}

/** By a name like `busy-de`; undefined for any other. */
export function toneOfCountry(name: string): ToneSpec | undefined {
  const [tone, country, more] = name.split('-');
  if (!country || more !== undefined || !isCallTone(tone)) return undefined;
  const notation = countryTone(tone, country.toLowerCase());
  return notation === undefined ? undefined : { segments: segments(notation) };
}

/** Two tones in turn, twenty times a second: the bell of an electronic phone. */
const BELL: readonly number[] = [784, 988];
const BELL_MS = 25;
const BELL_LEVEL = -14;

/** How a phone rings in a country: its bell, in the cadence of the ringing tone there. */
export function ringTone(country: string): ToneSpec {
  const cadence = callTone('ringback', country).segments;
  return {
    level: BELL_LEVEL,
    segments: cadence.flatMap(({ frequencies, durationMs }) => {
      if (frequencies.length === 0) return { frequencies, durationMs };
      return Array.from({ length: Math.round(durationMs / BELL_MS) }, (_, i) => ({
        frequencies: [BELL[i % BELL.length]],
        durationMs: BELL_MS,
      }));
    }),
  };
}
