/**
 * Plays files and samples to the peers for the API, and tells by PLAYREADY when that is over. A new file takes the place
 * of one that still plays; buffers queue up. What is to be heard here goes to the devices.
 */
import type { Playback } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { SettingsReader } from '../settings/settings.js';
import type { LineDesk } from '../status/line-desk.js';

export interface PlayerDeskOptions {
  desk: LineDesk;
  notifications: NotificationHub;
  settings: SettingsReader;
  report(message: string, error?: unknown): void;
}

const WAV_HEADER_BYTES = 12;

export class PlayerDesk {
  readonly #options: PlayerDeskOptions;
  readonly #playing = new Map<Call, Set<Playback>>();
  readonly #queues = new Map<Call, { pending: number; generation: number }>();

  constructor(options: PlayerDeskOptions) {
    this.#options = options;
  }

  /** Plays a file to the peers of a line. */
  play(line: number, file: string, loop: boolean): boolean {
    const calls = this.#connected(line);
    for (const call of calls) {
      if (this.#options.settings.number('singleaudiostream') !== 0) this.#stopCall(call);
      const playback = call.startPlaying({ file }, { loop });
      const all = this.#playing.get(call) ?? new Set();
      this.#playing.set(call, all.add(playback));
      void playback.done.then(({ reason, error }) => {
        all.delete(playback);
        if (all.size === 0) this.#playing.delete(call);
        if (error) this.#options.report(`${file} could not be played`, error);
        // Not when the call ended, nor when somebody stopped it.
        else if (reason === 'end' && call.state === 'connected') this.#ready(call);
      });
    }
    return calls.length > 0;
  }

  /** Ends what plays on a line. */
  stop(line: number): boolean {
    for (const call of this.#connected(line)) this.#stopCall(call);
    return true;
  }

  /** Sends samples (16-bit PCM, little endian, or a whole WAV file) after those that are still to be sent. */
  stream(line: number, bytes: Uint8Array, length: number): boolean {
    const calls = this.#connected(line);
    const part = length > 0 ? bytes.subarray(0, length) : bytes;
    const { samples, sampleRate } = this.#samples(part);
    if (calls.length === 0 || samples.length === 0) return false;
    for (const call of calls) this.#queue(call, samples, sampleRate);
    return true;
  }

  /** Drops the samples that are still to be sent. */
  stopStream(line: number): boolean {
    for (const call of this.#connected(line)) {
      const queue = this.#queues.get(call);
      if (queue) queue.generation++;
      call.clearAudio();
    }
    return true;
  }

  #queue(call: Call, samples: Int16Array, sampleRate: number): void {
    const queue = this.#queues.get(call) ?? { pending: 0, generation: 0 };
    this.#queues.set(call, queue);
    const { generation } = queue;
    queue.pending++;
    void Promise.resolve(call.write(samples, sampleRate)).then(async (taken) => {
      await sleepUntilSent(call, samples.length / sampleRate);
      queue.pending--;
      if (queue.pending > 0) return;
      this.#queues.delete(call);
      if (taken && generation === queue.generation && call.state === 'connected') this.#ready(call);
    });
  }

  #samples(bytes: Uint8Array): { samples: Int16Array; sampleRate: number } {
    const { settings } = this.#options;
    const rate = settings.number('audioinput_samplerate') || 8000;
    const channels = Math.max(1, settings.number('audioinput_channels') || 1);
    const bits = settings.number('audioinput_bitdepth') || 16;
    const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const body =
      start.length > WAV_HEADER_BYTES && start.toString('latin1', 0, 4) === 'RIFF' ? dataOf(start) : start;
    const width = bits === 8 ? 1 : 2;
    const frames = Math.floor(body.length / (width * channels));
    const samples = new Int16Array(frames);
    for (let i = 0; i < frames; i++) {
      const at = i * width * channels;
      samples[i] = width === 1 ? (body[at] - 128) << 8 : body.readInt16LE(at);
    }
    return { samples, sampleRate: rate };
  }

  #connected(line: number): Call[] {
    return this.#options.desk.select(line).filter(({ state }) => state === 'connected');
  }

  #stopCall(call: Call): void {
    for (const playback of this.#playing.get(call) ?? []) playback.stop();
  }

  #ready(call: Call): void {
    this.#options.notifications.publish('PLAYREADY', {
      line: this.#options.desk.lineOf(call),
      callid: call.id,
    });
  }
}

/** The samples of a RIFF file whose header came along. */
function dataOf(file: Buffer): Buffer {
  let at = WAV_HEADER_BYTES;
  while (at + 8 <= file.length) {
    const size = file.readUInt32LE(at + 4);
    if (file.toString('latin1', at, at + 4) === 'data') return file.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size & 1);
  }
  return file.subarray(file.length);
}

/** What was written is out when its time has passed: the media clock sends in real time. */
function sleepUntilSent(call: Call, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      call.off('ended', done);
      resolve();
    };
    const timer = setTimeout(done, 1000 * seconds);
    timer.unref();
    call.on('ended', done);
  });
}
