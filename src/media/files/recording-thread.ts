/**
 * The media thread's line to the recording thread, which encodes and writes files. There is one, started with the first
 * recording and kept; one that dies ends its recordings with an error, not the calls, and is replaced by the next.
 */
import { Worker } from 'node:worker_threads';
import { SwitchhookError } from '../../base/errors.js';
import type { AudioFileWriter, OpenTrack } from './audio-file-writer.js';
import type { RecordingPlan } from './recording-format.js';
import type { RecordingCommand, RecordingReply } from './recording-protocol.js';

type Operation = RecordingCommand extends infer C
  ? C extends RecordingCommand
    ? Omit<C, 'request' | 'track'>
    : never
  : never;

interface Pending {
  resolve(reply: RecordingReply): void;
  reject(error: Error): void;
}

export class RecordingThread {
  readonly #script: URL;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  #nextRequest = 1;
  #nextTrack = 1;

  constructor(script: URL = workerFile()) {
    this.#script = script;
  }

  /** @throws ERR_MEDIA_CODEC, or an error that says what is wrong with the file */
  readonly open: OpenTrack = async (path, plan: RecordingPlan, serial) => {
    const track = new RemoteTrack(this, this.#nextTrack++);
    await track.perform({ op: 'open', path, plan, serial });
    return track;
  };

  send(track: number, operation: Operation): Promise<RecordingReply> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest++;
      this.#pending.set(request, { resolve, reject });
      worker.postMessage({ request, track, ...operation } satisfies RecordingCommand);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { name: 'switchhook-recording' });
    // The media thread decides how long the process lives.
    worker.unref();
    worker.on('message', (reply: RecordingReply) => {
      const pending = this.#pending.get(reply.request);
      this.#pending.delete(reply.request);
      pending?.resolve(reply);
    });
    worker.on('error', (error) => this.#end(worker, error.message));
    worker.on('exit', (code) => this.#end(worker, `exit code ${code}`));
    return worker;
  }

  #end(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new Error(`the recording thread has ended: ${why}`));
  }
}

/** One file in the recording thread. */
class RemoteTrack implements AudioFileWriter {
  bytes = 0;
  frames = 0;
  readonly #thread: RecordingThread;
  readonly #id: number;

  constructor(thread: RecordingThread, id: number) {
    this.#thread = thread;
    this.#id = id;
  }

  async perform(operation: Operation): Promise<void> {
    const { bytes, frames, failure } = await this.#thread.send(this.#id, operation);
    if (operation.op !== 'close') {
      this.bytes = bytes;
      this.frames = frames;
    }
    if (!failure) return;
    const { why, codec } = failure;
    throw codec === undefined ? new Error(why) : new SwitchhookError('ERR_MEDIA_CODEC', { codec, why });
  }

  write(silentFrames: number, samples: Int16Array, frames: number): Promise<void> {
    return this.perform({ op: 'write', silentFrames, samples, frames });
  }

  finish(silentFrames: number): Promise<void> {
    return this.perform({ op: 'finish', silentFrames });
  }

  close(): Promise<void> {
    return this.perform({ op: 'close' });
  }
}

/** Worker threads load JavaScript only: from the sources the built file is used. */
function workerFile(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../../dist/media/files/recording-worker.js', import.meta.url)
    : new URL('./recording-worker.js', import.meta.url);
}
