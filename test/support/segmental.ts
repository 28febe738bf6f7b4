/** How near a coded signal is to the original, frame by frame, as speech coders are compared. */

const FRAME_MS = 20;
/** Frames below this effective value are pauses and say nothing. */
const PAUSE = 100;
/** Every frame counts within these bounds, in dB. */
const WORST_DB = -10;
const BEST_DB = 35;

/** The delay of `coded`, in samples, at which it resembles the original most. */
export function codingDelay(original: Int16Array, coded: Int16Array, most: number): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let delay = 0; delay <= most; delay++) {
    let sum = 0;
    for (let i = 0; i < Math.min(original.length, coded.length - delay); i++)
      sum += original[i] * coded[i + delay];
    if (sum > highest) {
      highest = sum;
      best = delay;
    }
  }
  return best;
}

/** Mean over the frames of the ratio of signal to noise, in dB. */
export function segmentalSnr(
  original: Int16Array,
  coded: Int16Array,
  sampleRate: number,
  delay: number,
): number {
  const frame = (sampleRate * FRAME_MS) / 1000;
  let sum = 0;
  let frames = 0;
  for (let at = 0; at + frame <= Math.min(original.length, coded.length - delay); at += frame) {
    let signal = 0;
    let noise = 1e-9;
    for (let i = at; i < at + frame; i++) {
      signal += original[i] ** 2;
      noise += (original[i] - coded[i + delay]) ** 2;
    }
    if (signal < frame * PAUSE * PAUSE) continue;
    sum += Math.max(WORST_DB, Math.min(BEST_DB, 10 * Math.log10(signal / noise)));
    frames++;
  }
  return sum / frames;
}
