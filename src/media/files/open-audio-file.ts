/** Finds the reader for a file by what is in it; the name decides only where the content has no mark. */
import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { type AudioFileReader, readFully, unreadable } from './audio-file-reader.js';
import { FfmpegReader } from './ffmpeg-reader.js';
import { GsmReader } from './gsm-reader.js';
import { OggOpusReader } from './ogg-opus-reader.js';
import { WavReader } from './wav-reader.js';

const HEAD_BYTES = 512;

/** @throws ERR_MEDIA_FILE, system errors of the file, ERR_MEDIA_CODEC */
export async function openAudioFile(path: string): Promise<AudioFileReader> {
  const file = await open(path, 'r');
  let found: AudioFileReader | string;
  try {
    found = await ownReader(file, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  if (typeof found !== 'string') return found;
  await file.close();
  return FfmpegReader.open(path, found);
}

/** @returns why it cannot be read by ourselves */
async function ownReader(file: FileHandle, path: string): Promise<AudioFileReader | string> {
  const head = Buffer.alloc(HEAD_BYTES);
  const length = await readFully(file, head, 0);
  if (length === 0) throw unreadable(path, 'the file is empty');
  const bytes = head.subarray(0, length);
  if (bytes.subarray(0, 4).equals(Buffer.from('RIFF'))) {
    const wav = await WavReader.open(file);
    return 'error' in wav ? wav.error : wav;
  }
  if (OggOpusReader.recognizes(bytes)) return OggOpusReader.open(file);
  if (extname(path).toLowerCase() === '.gsm' && GsmReader.recognizes(bytes)) return new GsmReader(file);
  return 'neither WAV nor Ogg Opus nor GSM';
}
