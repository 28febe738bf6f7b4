/** ffmpeg as a second opinion about audio files. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProbedAudio {
  codec: string;
  channels: number;
  sampleRate: number;
  seconds: number;
}

export async function probe(path: string): Promise<ProbedAudio> {
  const fields = 'stream=codec_name,channels,sample_rate:format=duration';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_entries', fields, path]);
  const { streams, format } = JSON.parse(stdout) as {
    streams: { codec_name: string; channels: number; sample_rate: string }[];
    format: { duration?: string };
  };
  const [{ codec_name, channels, sample_rate }] = streams;
  return {
    codec: codec_name,
    channels,
    sampleRate: Number(sample_rate),
    seconds: Number(format.duration),
  };
}

/** One array of samples for each channel. */
export async function decode(path: string, channels: number, sampleRate: number): Promise<Int16Array[]> {
  const output = ['-f', 's16le', '-ac', String(channels), '-ar', String(sampleRate), 'pipe:1'];
  const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', path, ...output], {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
  });
  const all = new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  return Array.from({ length: channels }, (_, channel) =>
    Int16Array.from({ length: all.length / channels }, (_, i) => all[i * channels + channel]),
  );
}

/** Lets ffmpeg write `path` from another file. */
export async function convert(from: string, path: string, options: readonly string[] = []): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-i', from, ...options, path]);
}
