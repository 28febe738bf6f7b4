/**
 * What the recorder needs of a file format: takes blocks of PCM and writes them, piece by piece, so that the file is
 * playable at any time. One writer for each kind of file; it never waits on behalf of the media clock, its caller does.
 */

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

/** Times are counted in frames: one sample of each channel. */
export interface AudioFileWriter {
  /** Bytes in the file. */
  readonly bytes: number;
  /** Frames in the file. */
  readonly frames: number;
  /** Writes what stands at the beginning. */
  begin(): Promise<void>;
  /** Appends silence, then `frames` frames of interleaved samples. */
  write(silentFrames: number, samples: Int16Array, frames: number): Promise<void>;
  /** Appends silence and completes the file; closing it is the caller's. */
  finish(silentFrames: number): Promise<void>;
  /** Gives back what the writer holds, also after an error. */
  close(): void;
}

/** Writes all of `bytes` at `position`, in as many steps as the system takes. */
export async function writeAt(file: RecordingFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
