/** What the player needs of a file format: its samples, one piece after the other, all channels mixed into one. */
import type { FileHandle } from 'node:fs/promises';
import { SwitchhookError } from '../../base/errors.js';

export interface AudioFileReader {
  /** In Hz. */
  readonly sampleRate: number;
  /** Fills `out` as far as it can. @returns samples given; 0 at the end. @throws ERR_MEDIA_FILE */
  read(out: Int16Array): Promise<number>;
  /** Goes back to the beginning. */
  rewind(): Promise<void>;
  /** Harmless when called twice, or while reading. */
  close(): Promise<void>;
}

export function unreadable(path: string, why: string, cause?: unknown): SwitchhookError {
  return new SwitchhookError('ERR_MEDIA_FILE', { path, why }, { cause });
}

/** Fills `bytes` from `position`, as far as the file goes. @returns bytes read */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let got = 0;
  while (got < bytes.length) {
    const { bytesRead } = await file.read(bytes, got, bytes.length - got, position + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return got;
}
