/** Speex against libspeex, as ffmpeg contains it: each decodes what the other has coded, and ours keeps speech as well. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { snr } from '../support/codecs.js';
import { oggSpeex, packetsOfOgg } from '../support/ogg-speex.js';
import { codingDelay, segmentalSnr } from '../support/segmental.js';
import { hasShared, sharedPath } from '../support/shared.js';
import { decodePackets, encodeFrames, heardBySpeex, SPEEX_BANDS, SPEEX_DELAYS } from '../support/speex.js';

const encoders = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
const hasLibspeex = encoders.status === 0 && encoders.stdout.includes('libspeex');

function ffmpeg(args: string[], input?: Uint8Array): Buffer {
  const result = spawnSync('ffmpeg', ['-v', 'error', ...args, '-'], { input, maxBuffer: 1 << 26 });
  if (result.status !== 0) throw new Error(result.stderr.toString());
  return result.stdout;
}

function samples(bytes: Buffer): Int16Array {
  return new Int16Array(Uint8Array.from(bytes).buffer);
}

/** The male voice of the reference audio at a rate. */
function speech(rate: number): Int16Array {
  const file = sharedPath('vectors', 'audio', 'speech-male-48k.wav');
  return samples(ffmpeg(['-i', file, '-ar', String(rate), '-f', 's16le']));
}

/** With libspeex: ffmpeg's own decoder has another high-pass in the wide band. */
function decodeOutside(packets: readonly Uint8Array[], band: number): Int16Array {
  return samples(ffmpeg(['-c:a', 'libspeex', '-i', 'pipe:0', '-f', 's16le'], oggSpeex(packets, band)));
}

function encodeOutside(pcm: Int16Array, rate: number, quality: number): Uint8Array[] {
  const raw = ['-f', 's16le', '-ar', String(rate), '-ac', '1', '-i', 'pipe:0'];
  const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return packetsOfOgg(
    ffmpeg([...raw, '-c:a', 'libspeex', '-cbr_quality', String(quality), '-f', 'ogg'], bytes),
  );
}

/** The common length, at the delay at which they fit. */
function likeness(ours: Int16Array, theirs: Int16Array): number {
  const delay = codingDelay(theirs, ours, 1000);
  return snr(theirs, ours, delay);
}

describe.skipIf(!hasLibspeex || !hasShared)('Speex and libspeex', () => {
  // Of the narrow band the sub-mode and the quality that means it; in the others both are the same.
  const cases = [
    [0, 2, 2],
    [0, 3, 4],
    [0, 4, 6],
    [0, 5, 8],
    [0, 6, 9],
    [0, 7, 10],
    [0, 8, 1],
    [1, 4, 4],
    [1, 6, 6],
    [1, 8, 8],
    [1, 10, 10],
    [2, 8, 8],
  ] as const;

  it.each(cases)('agree on band %i, mode %i (quality %i)', (band, mode, quality) => {
    const codec = SPEEX_BANDS[band];
    const { sampleRate } = codec.info;
    const pcm = speech(sampleRate);
    const heard = heardBySpeex(pcm, band);

    const packets = encodeFrames(codec, pcm, { mode: String(mode) });
    const ours = decodePackets(codec, packets);
    expect(likeness(ours, decodeOutside(packets, band))).toBeGreaterThan(45);

    const foreign = encodeOutside(pcm, sampleRate, quality);
    const theirs = decodePackets(codec, foreign);
    expect(likeness(theirs, decodeOutside(foreign, band))).toBeGreaterThan(45);
    expect(foreign[5].length).toBe(packets[5].length);

    const own = segmentalSnr(heard, ours, sampleRate, SPEEX_DELAYS[band]);
    const other = segmentalSnr(heard, theirs, sampleRate, SPEEX_DELAYS[band]);
    if (process.env.SWITCHHOOK_FIGURES === '1')
      console.log(`band ${band}, mode ${mode}: ${own.toFixed(2)} dB, libspeex ${other.toFixed(2)} dB`);
    expect(own).toBeGreaterThan(other - 0.5);
  });
});
