/**
 * The application's audio in other forms than iteration: Node streams of bytes (16-bit PCM, little endian, mono), and a
 * callback for each frame. All over a call's reader and writer, with their bounds.
 */
import { Readable, Writable } from 'node:stream';
import type { AudioFrame, PcmReader, PcmWriter } from '../types.js';

const BUFFERED_BYTES = 16_384;

/** What is heard, as a stream; ends with the call. Destroying it closes the reader. */
export function readableAudio(reader: PcmReader): Readable {
  const frames = reader[Symbol.asyncIterator]();
  return new Readable({
    highWaterMark: BUFFERED_BYTES,
    read() {
      frames.next().then(
        ({ done, value }) =>
          this.push(
            done
              ? null
              : Buffer.from(value.samples.buffer, value.samples.byteOffset, value.samples.byteLength),
          ),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      reader.close();
      done(error);
    },
  });
}

/**
 * A stream into the call; it takes as much as the call does.
 * @param target a session's `input`, or a call
 */
export function writableAudio(target: Pick<PcmWriter, 'write'>, sampleRate: number): Writable {
  /** The first half of a sample. */
  let odd: Buffer = Buffer.alloc(0);
  return new Writable({
    highWaterMark: BUFFERED_BYTES,
    write(chunk: Buffer, _encoding, done) {
      const bytes = odd.length > 0 ? Buffer.concat([odd, chunk]) : chunk;
      odd = Buffer.from(bytes.subarray(bytes.length & ~1));
      const samples = new Int16Array(bytes.length >> 1);
      for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i);
      try {
        const taken = target.write(samples, sampleRate);
        if (taken === true) done();
        else
          taken.then(
            () => done(),
            (error: Error) => done(error),
          );
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

/**
 * Calls `onFrame` for each frame that is heard.
 * @returns resolves at the end of the call or after `reader.close()`; rejects with what `onFrame` threw
 */
export async function eachFrame(reader: PcmReader, onFrame: (frame: AudioFrame) => void): Promise<void> {
  for await (const frame of reader) onFrame(frame);
}
