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

/** What of a call is still to be sent. */
interface Queue {
  pending: number;
  generation: number;
  /** When the last sample is out, by performance.now(). */
  endsAt: number;
}

const WAV_HEADER_BYTES = 12;
const USUAL_RATE = 8000;
/** With `realtimeplayback`: what waits longer is dropped. */
const REAL_TIME_MS = 200;
/** Larger streams are no announcement. */
const MAX_STREAM_BYTES = 64 * 1024 * 1024;

export class PlayerDesk {
  readonly #options: PlayerDeskOptions;
  readonly #playing = new Map<Call, Set<Playback>>();
  readonly #unpackers = new Map<Call, Promise<Unpacker>>();
  readonly #queues = new Map<Call, Queue>();

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
    return this.#send(line, length > 0 ? bytes.subarray(0, length) : bytes) !== undefined;
  }

  /**
   * Sends a stream of buffers, each when there is room for it: of samples whole frames, whatever the buffers are cut like,
   * and RTP as it comes, a packet each.
   */
  async streamAll(line: number, chunks: AsyncIterable<unknown>): Promise<void> {
    let left = Buffer.alloc(0);
    let total = 0;
    for await (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('the stream has to give buffers');
      total += chunk.length;
      if (total > MAX_STREAM_BYTES) throw new RangeError('the stream is too long');
      const { rtp, bits, channels } = inputFormat(this.#options.settings);
      const packet = rtp !== false && left.length === 0 && rtpAudio(chunk, rtp === true) !== undefined;
      const bytes = packet ? chunk : Buffer.concat([left, chunk]);
      const whole = packet ? bytes.length : bytes.length - (bytes.length % ((bits / 8) * channels));
      left = Buffer.from(bytes.subarray(whole));
      if (whole === 0) continue;
      const taken = this.#send(line, bytes.subarray(0, whole));
      if (!taken) return;
      await Promise.all(taken);
    }
  }

  /** Drops the samples that are still to be sent. */
  stopStream(line: number): boolean {
    for (const call of this.#connected(line)) this.#clear(call);
    return true;
  }

  /** @returns undefined when nobody is there or the bytes are nothing; else when each call has room for more */
  #send(line: number, part: Uint8Array): Array<Promise<unknown>> | undefined {
    const calls = this.#connected(line);
    const format = inputFormat(this.#options.settings);
    const audio = format.rtp === false ? undefined : rtpAudio(part, format.rtp === true);
    if (calls.length === 0) return undefined;
    if (audio) return calls.map((call) => this.#unpack(call, audio, Buffer.from(part)));
    if (format.rtp === true) return undefined;
    const samples = samplesOf(part, format);
    if (samples.length === 0) return undefined;
    return calls.map((call) => {
      const { endsAt } = this.#queues.get(call) ?? { endsAt: 0 };
      if (format.realTime && endsAt - performance.now() > REAL_TIME_MS) this.#clear(call);
      return this.#queue(call, samples, format.sampleRate || USUAL_RATE);
    });
  }

  #clear(call: Call): void {
    const queue = this.#queues.get(call);
    if (queue) {
      queue.generation++;
      queue.endsAt = 0;
    }
    call.clearAudio();
  }

  /** Resolves when the call has room for more. */
  #queue(call: Call, samples: Int16Array, sampleRate: number): Promise<unknown> {
    const written = Promise.resolve(call.write(samples, sampleRate));
    const queue = this.#queues.get(call) ?? { pending: 0, generation: 0, endsAt: 0 };
    this.#queues.set(call, queue);
    const { generation } = queue;
    queue.pending++;
    queue.endsAt = Math.max(queue.endsAt, performance.now()) + (1000 * samples.length) / sampleRate;
    const { endsAt } = queue;
    void written.then(async (taken) => {
      await sleepUntil(call, endsAt);
      queue.pending--;
      if (queue.pending > 0) return;
      this.#queues.delete(call);
      if (taken && generation === queue.generation && call.state === 'connected') this.#ready(call);
    });
    return written;
  }

  /** Packets are transcoded one after the other. */
  async #unpack(call: Call, audio: StreamAudio, packet: Buffer): Promise<void> {
    let unpacker = this.#unpackers.get(call);
    if (!unpacker) {
      unpacker = openUnpacker(audio);
      this.#unpackers.set(call, unpacker);
      void call.ended.then(() => {
        this.#unpackers.delete(call);
        void unpacker?.then((one) => one.close());
      });
    }
    try {
      const one = await unpacker;
      const samples = one.unpack(packet);
      if (samples && call.state === 'connected') await this.#queue(call, samples, one.sampleRate);
    } catch (error) {
      this.#options.report('API_StreamSoundBuff', error);
    }
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
function sleepUntil(call: Call, endsAt: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      call.off('ended', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, endsAt - performance.now()));
    timer.unref();
    call.on('ended', done);
  });
}
