/**
 * What the recorder needs of a file format: takes blocks of PCM and writes them, piece by piece, so that the file is
 * playable at any time. One writer for each kind of file; it never waits on behalf of the media clock, its caller does.
 */

import type { RecordingPlan } from './recording-format.js';

/** What a recorder needs of a file; node's FileHandle has it. */
export interface RecordingFile {
  write(
    data: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes or empties a file and writes what stands at its beginning.
 * @param serial tells the streams of files apart that may be joined later (RFC 3533 §4)
 */
export type OpenTrack = (path: string, plan: RecordingPlan, serial: number) => Promise<AudioFileWriter>;

/** Times are counted in frames: one sample of each channel. */
export interface AudioFileWriter {
  /** Bytes in the file. */
  readonly bytes: number;
  /** Frames in the file. */
  readonly frames: number;
  /** Appends silence, then `frames` frames of interleaved samples, which are free again when the promise resolves. */
  write(silentFrames: number, samples: Int16Array, frames: number): Promise<void>;
  /** Appends silence and completes the file. */
  finish(silentFrames: number): Promise<void>;
  /** Closes the file and gives back what the writer holds, also after an error. */
  close(): Promise<void>;
}

/** Writes all of `bytes` at `position`, in as many steps as the system takes. */
export async function writeAt(file: RecordingFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
