/**
 * Plays files and samples to the peers for the API, and tells by PLAYREADY when that is over. A new file takes the place
 * of one that still plays; buffers queue up. What is to be heard here goes to the devices.
 */
import { openUnpacker, type Playback, type StreamAudio, type Unpacker } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import { type InputFormat, inputFormat } from '../mapping/stream-options.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { SettingsReader } from '../settings/settings.js';
import type { LineDesk } from '../status/line-desk.js';
import { rtpAudio } from './rtp-input.js';

export interface PlayerDeskOptions {
  desk: LineDesk;
  notifications: NotificationHub;
  settings: SettingsReader;
  report(message: string, error?: unknown): void;
}

const WAV_HEADER_BYTES = 12;
const USUAL_RATE = 8000;

export class PlayerDesk {
  readonly #options: PlayerDeskOptions;
  readonly #playing = new Map<Call, Set<Playback>>();
  readonly #unpackers = new Map<Call, Promise<Unpacker>>();
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

  /** Sends samples as the settings describe them, a whole WAV file, or an RTP packet, after what is still to be sent. */
  stream(line: number, bytes: Uint8Array, length: number): boolean {
    const calls = this.#connected(line);
    const part = length > 0 ? bytes.subarray(0, length) : bytes;
    const format = inputFormat(this.#options.settings);
    const audio = format.rtp === false ? undefined : rtpAudio(part, format.rtp === true);
    if (audio) {
      for (const call of calls) this.#unpack(call, audio, Buffer.from(part));
      return calls.length > 0;
    }
    if (format.rtp === true) return false;
    const samples = samplesOf(part, format);
    if (calls.length === 0 || samples.length === 0) return false;
    for (const call of calls) {
      if (format.realTime) call.clearAudio();
      this.#queue(call, samples, format.sampleRate || USUAL_RATE);
    }
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

  /** Packets are transcoded one after the other. */
  #unpack(call: Call, audio: StreamAudio, packet: Buffer): void {
    let unpacker = this.#unpackers.get(call);
    if (!unpacker) {
      unpacker = openUnpacker(audio);
      this.#unpackers.set(call, unpacker);
      void call.ended.then(() => {
        this.#unpackers.delete(call);
        void unpacker?.then((one) => one.close());
      });
    }
    void unpacker.then(
      (one) => {
        const samples = one.unpack(packet);
        if (samples && call.state === 'connected') this.#queue(call, samples, one.sampleRate);
      },
      (error: unknown) => this.#options.report('API_StreamSoundBuff', error),
    );
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

/** One channel of 16 bits, whatever it was. */
function samplesOf(bytes: Uint8Array, { bits, channels }: InputFormat): Int16Array {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const riff = start.length > WAV_HEADER_BYTES && start.toString('latin1', 0, 4) === 'RIFF';
  const body = riff ? dataOf(start) : start;
  const width = bits / 8;
  const read = (at: number): number => (width === 1 ? (body[at] - 128) << 8 : body.readInt16LE(at));
  return Int16Array.from({ length: Math.floor(body.length / (width * channels)) }, (_, i) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read((i * channels + channel) * width);
    return Math.round(sum / channels);
  });
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
