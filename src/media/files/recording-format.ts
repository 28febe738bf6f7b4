/** Which kinds of files can be recorded: chosen by option or extension, opened as an {@link AudioFileWriter}. */
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { RecordingFormat, RecordOptions } from '../types.js';
import type { AudioFileWriter, OpenTrack, RecordingFile } from './audio-file-writer.js';
import { EncodedWriter, type PieceEncoder } from './encoded-writer.js';
import { gsmEncoder } from './gsm-encoder.js';
import { mp3Encoder, vorbisEncoder } from './media-encoders.js';
import { OGG_OPUS_RATES, oggOpusEncoder } from './ogg-opus-encoder.js';
import { WavWriter } from './wav-writer.js';

const BY_EXTENSION: Readonly<Record<string, RecordingFormat>> = {
  '.wav': 'wav',
  '.gsm': 'gsm',
  '.mp3': 'mp3',
  '.ogg': 'vorbis',
  '.oga': 'vorbis',
  '.opus': 'opus',
};

const DEFAULT_RATE = 8000;
const GSM_RATE = 8000;

export interface RecordingPlan {
  format: RecordingFormat;
  layout: NonNullable<RecordOptions['layout']>;
  sampleRate: number;
  /** One file, or two: received and sent. */
  paths: readonly string[];
  /** Of each file. */
  channels: 1 | 2;
}

/** Settles what the options leave open. */
export function planRecording(path: string, options: RecordOptions): RecordingPlan {
  const extension = extname(path);
  const format = options.format ?? BY_EXTENSION[extension.toLowerCase()] ?? 'wav';
  const wanted = options.layout ?? 'stereo';
  const layout = format === 'gsm' && wanted === 'stereo' ? 'separate' : wanted;
  const stem = path.slice(0, path.length - extension.length);
  return {
    format,
    layout,
    sampleRate: fileRate(format, typeof options.sampleRate === 'number' ? options.sampleRate : DEFAULT_RATE),
    paths: layout === 'separate' ? [`${stem}-received${extension}`, `${stem}-sent${extension}`] : [path],
    channels: layout === 'stereo' ? 2 : 1,
  };
}

/** The wanted rate, or the nearest above that the format has. */
function fileRate(format: RecordingFormat, wanted: number): number {
  if (format === 'gsm') return GSM_RATE;
  if (format === 'opus') return OGG_OPUS_RATES.find((rate) => rate >= wanted) ?? 48000;
  return wanted;
}

/** In this thread. @throws ERR_MEDIA_CODEC, or what the file system says */
export const openTrack: OpenTrack = async (path, plan, serial) =>
  beginTrack(await open(path, 'w'), plan, serial);

/** Begins a file that is open already, and closes it when that fails. @throws ERR_MEDIA_CODEC */
export async function beginTrack(
  file: RecordingFile,
  plan: RecordingPlan,
  serial: number,
): Promise<AudioFileWriter> {
  try {
    const { format, channels, sampleRate } = plan;
    const writer =
      format === 'wav'
        ? new WavWriter(file, channels, sampleRate)
        : new EncodedWriter(file, await pieceEncoder(plan, format, serial), channels);
    await writer.begin();
    return writer;
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

async function pieceEncoder(
  { channels, sampleRate }: RecordingPlan,
  format: Exclude<RecordingFormat, 'wav'>,
  serial: number,
): Promise<PieceEncoder> {
  switch (format) {
    case 'gsm':
      return gsmEncoder();
    case 'mp3':
      return mp3Encoder(channels, sampleRate);
    case 'vorbis':
      return vorbisEncoder(channels, sampleRate, serial);
    case 'opus':
      return oggOpusEncoder(channels, sampleRate, serial);
  }
}
