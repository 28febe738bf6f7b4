/** Recordings made without a call, and played back without one. */
import { openAudioFile } from '../../src/media/files/open-audio-file.js';
import { Recorder } from '../../src/media/graph/recorder.js';
import type { RecordingResult, RecordOptions } from '../../src/media/index.js';

/** Records both sides, given at 8 kHz, as fast as the disk takes them. */
export async function recordSides(
  path: string,
  received: Int16Array,
  sent: Int16Array,
  options: RecordOptions = {},
): Promise<RecordingResult> {
  const recorder = await Recorder.create(path, options, () => {});
  for (let at = 0; at + 160 <= received.length; at += 160) {
    recorder.push(received.subarray(at, at + 160), 160, 8000, sent.subarray(at, at + 160), 160, 8000);
    // Faster than the queue is bounded.
    if (at % 16_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return recorder.stop();
}

/** The whole file, as the player reads it. */
export async function playWhole(path: string): Promise<{ sampleRate: number; samples: Int16Array }> {
  const reader = await openAudioFile(path);
  const pieces: Int16Array[] = [];
  let length = 0;
  for (;;) {
    const piece = new Int16Array(4000);
    const count = await reader.read(piece);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
    length += count;
  }
  await reader.close();
  const samples = new Int16Array(length);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return { sampleRate: reader.sampleRate, samples };
}
