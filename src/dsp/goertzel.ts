/** Power at single frequencies by the Goertzel recursion: tone meters for tests, doctor and tone detection. */
import { powerToDbov } from './level.js';

/**
 * Mean square of the component at `frequency` in `count` samples: for a pure sine of that frequency the same as its
 * mean square. Resolution is about `sampleRate / count` Hz.
 */
export function goertzelPower(
  pcm: Int16Array,
  offset: number,
  count: number,
  frequency: number,
  sampleRate: number,
): number {
  if (count <= 0) return 0;
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let s1 = 0;
  let s2 = 0;
  for (let i = offset; i < offset + count; i++) {
    const s0 = pcm[i] + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  const energy = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  return Math.max(0, (2 * energy) / (count * count));
}

/** Level of the component at `frequency` in dBov. */
export function toneLevelDbov(
  pcm: Int16Array,
  frequency: number,
  sampleRate: number,
  offset = 0,
  count: number = pcm.length - offset,
): number {
  return powerToDbov(goertzelPower(pcm, offset, count, frequency, sampleRate));
}
