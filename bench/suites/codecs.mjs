/**
 * What every codec takes to encode and decode 20 ms of speech. Yardstick: ffmpeg doing the same to a minute of it, as
 * far as it has the encoder (else decoding alone, of what we encoded).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCodec } from '../../dist/codecs/index.js';
import { resampleAll } from '../../dist/dsp/index.js';
import { readWav } from '../../dist/media/index.js';

const SPEECH = new URL('../../assets/speech.wav', import.meta.url);
const FRAME_MS = 20;
const SECONDS = 60;

/** Goals are those of a plain cloud machine; `ffmpeg`: encoder and container it can read again. */
const CODECS = [
  { name: 'G729', clockRate: 8000, options: { annexb: 'no' }, goal: 400 },
  { name: 'iLBC', clockRate: 8000, goal: 500 },
  { name: 'speex', clockRate: 8000, ffmpeg: ['libspeex', 'ogg'] },
  { name: 'speex', clockRate: 16_000, goal: 700, ffmpeg: ['libspeex', 'ogg'] },
  { name: 'speex', clockRate: 32_000, ffmpeg: ['libspeex', 'ogg'] },
  { name: 'G722', clockRate: 8000, goal: 40, ffmpeg: ['g722', 'wav'] },
  { name: 'GSM', clockRate: 8000, goal: 60, ffmpeg: ['libgsm', 'gsm'] },
  { name: 'G7221', clockRate: 16_000, options: { bitrate: 32_000 }, goal: 250 },
  { name: 'G7221', clockRate: 32_000, options: { bitrate: 48_000 } },
  { name: 'PCMU', clockRate: 8000, ffmpeg: ['pcm_mulaw', 'wav'] },
  { name: 'opus', clockRate: 48_000, options: { maxplaybackrate: 16_000 }, ffmpeg: ['libopus', 'ogg'] },
];

/** Best time for 20 ms in µs, encoding and decoding. */
function measure(codec, options, pcm, rounds) {
  const { frameSamples, maxFrameBytes, sampleRate } = codec.info;
  const encoder = codec.createEncoder(options);
  const decoder = codec.createDecoder(options);
  const bytes = new Uint8Array(maxFrameBytes + 16);
  const out = new Int16Array(frameSamples * 4);
  const frames = Math.floor(pcm.length / frameSamples);
  return sleep(200).then(() => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      for (let i = 0; i < frames; i++) {
        const length = encoder.encode(pcm, i * frameSamples, bytes, 0);
        if (length > 0) decoder.decode(bytes, 0, length, out, 0);
      }
      const us = (performance.now() - start) * 1000;
      best = Math.min(best, (us * FRAME_MS * sampleRate) / 1000 / (frames * frameSamples));
    }
    encoder.close?.();
    decoder.close?.();
    return best;
  });
}

/** CPU time in seconds, as `-benchmark` tells it. */
function ffmpeg(...args) {
  const { stderr, status } = spawnSync('ffmpeg', ['-hide_banner', '-benchmark', '-y', ...args], {
    encoding: 'utf8',
  });
  const found = /utime=([\d.]+)s/.exec(stderr ?? '');
  return status === 0 && found ? Number(found[1]) : undefined;
}

/** Both ways, less what ffmpeg takes to copy the samples. */
function yardstick([encoder, container], pcm, sampleRate, folder) {
  const raw = join(folder, 'in.raw');
  writeFileSync(raw, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  const coded = join(folder, `coded.${container}`);
  const input = ['-f', 's16le', '-ar', String(sampleRate), '-ac', '1', '-i', raw];
  const copied = ffmpeg(...input, '-f', 's16le', join(folder, 'out.raw'));
  const encoded = ffmpeg(...input, '-c:a', encoder, '-threads', '1', coded);
  const decoded = ffmpeg('-threads', '1', '-i', coded, '-f', 's16le', join(folder, 'out.raw'));
  if (copied === undefined || encoded === undefined || decoded === undefined) return undefined;
  const seconds = Math.max(0, encoded - copied) + Math.max(0, decoded - copied);
  const frames = (pcm.length * 1000) / sampleRate / FRAME_MS;
  return { name: `ffmpeg ${encoder}`, value: (seconds * 1e6) / frames, unit: 'µs' };
}

export async function run({ quick = false } = {}) {
  const { mono, sampleRate: rate } = await readWav(SPEECH.pathname);
  const folder = mkdtempSync(join(tmpdir(), 'switchhook-bench-'));
  const results = [];
  for (const { name, clockRate, options = {}, goal, ffmpeg: other } of CODECS) {
    const codec = findCodec(name, clockRate, options);
    await codec.load?.();
    const { sampleRate } = codec.info;
    const speech = resampleAll(mono, rate, sampleRate);
    const value = await measure(codec, options, speech, quick ? 5 : 15);
    const minute = new Int16Array(SECONDS * sampleRate);
    for (let at = 0; at < minute.length; at += speech.length) {
      minute.set(speech.subarray(0, Math.min(speech.length, minute.length - at)), at);
    }
    const beside = other && yardstick(other, minute, sampleRate, folder);
    const what = `${name}, ${sampleRate / 1000} kHz: encode and decode 20 ms`;
    results.push({ name: what, value, unit: 'µs', goal, yardstick: beside });
  }
  rmSync(folder, { recursive: true });
  return results;
}
