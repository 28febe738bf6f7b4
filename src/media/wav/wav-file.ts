/** Whole WAV files in memory: for tests, comparisons and short prompts. Long files are streamed by the player instead. */
import { readFile, writeFile } from 'node:fs/promises';
import { SwitchhookError } from '../../base/errors.js';
import { fileErrorText } from '../file-error.js';
import { parseWavHeader, WAV_HEADER_LENGTH, writeWavHeader } from './wav-header.js';
import { WavSampleDecoder } from './wav-samples.js';

export interface WavAudio {
  sampleRate: number;
  /** One array of 16-bit samples per channel. */
  channels: Int16Array[];
  /** The mean of the channels; the channel itself when there is one. */
  mono: Int16Array;
}

/** @throws ERR_MEDIA_FILE {path, why}; `path` only names the source in the error */
export function parseWav(bytes: Uint8Array, path = 'WAV data'): WavAudio {
  const result = parseWavHeader(bytes);
  if (!('header' in result)) {
    throw new SwitchhookError('ERR_MEDIA_FILE', { path, why: 'error' in result ? result.error : 'cut off' });
  }
  const { header } = result;
  const data = bytes.subarray(
    header.dataOffset,
    Math.min(bytes.length, header.dataOffset + header.dataLength),
  );
  const length = Math.floor(data.length / header.blockAlign);
  const decoder = new WavSampleDecoder(header);
  const channels = Array.from({ length: header.channels }, (_, channel) => {
    const out = new Int16Array(length);
    decoder.decode(data, out, 0, channel);
    return out;
  });
  let mono = channels[0];
  if (channels.length > 1) {
    mono = new Int16Array(length);
    decoder.decode(data, mono, 0);
  }
  return { sampleRate: header.sampleRate, channels, mono };
}

/** @throws ERR_MEDIA_FILE {path, why} */
export async function readWav(path: string): Promise<WavAudio> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new SwitchhookError('ERR_MEDIA_FILE', { path, why: fileErrorText(error) }, { cause: error });
  }
  return parseWav(bytes, path);
}

/** The bytes of a 16-bit PCM file with these channels (all of the same length). */
export function formatWav(channels: readonly Int16Array[], sampleRate: number): Uint8Array {
  const length = channels[0]?.length ?? 0;
  const dataLength = length * channels.length * 2;
  const bytes = new Uint8Array(WAV_HEADER_LENGTH + dataLength);
  writeWavHeader(bytes, { channels: channels.length, sampleRate }, dataLength);
  const view = new DataView(bytes.buffer);
  for (const [c, samples] of channels.entries()) {
    for (let i = 0; i < length; i++) {
      view.setInt16(WAV_HEADER_LENGTH + (i * channels.length + c) * 2, samples[i], true);
    }
  }
  return bytes;
}

/** Writes a 16-bit PCM file. @throws ERR_MEDIA_FILE {path, why} */
export async function writeWav(
  path: string,
  channels: readonly Int16Array[],
  sampleRate: number,
): Promise<void> {
  try {
    await writeFile(path, formatWav(channels, sampleRate));
  } catch (error) {
    throw new SwitchhookError('ERR_MEDIA_FILE', { path, why: fileErrorText(error) }, { cause: error });
  }
}
