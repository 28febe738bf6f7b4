/**
 * The audio of calls for programs, as the `sendmedia_…` settings have it: over UDP to ports of theirs, and in a queue for
 * API_GetMedia, for which every connected call streams to a socket of ours on the loopback address. The queue takes 900
 * packets; when nobody takes them all are dropped, as the manual has it, and counted.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { UdpStream } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import { type StreamPlan, streamPlan } from '../mapping/stream-options.js';
import type { SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';

export const MEDIA_QUEUE_PACKETS = 900;

export interface MediaQueueOptions {
  desk: LineDesk;
  stack: Stack;
  settings: SettingsReader;
  report(message: string, error?: unknown): void;
}

const NOTHING = new Uint8Array(0);

export class MediaQueue {
  readonly #options: MediaQueueOptions;
  readonly #streams = new Map<Call, Promise<UdpStream | undefined>>();
  #socket: Socket | undefined;
  #opening: Promise<number> | undefined;
  #packets: Uint8Array[] = [];
  #wake = new Set<() => void>();
  #dropped = 0;
  #listening = false;

  constructor(options: MediaQueueOptions) {
    this.#options = options;
    options.stack.on('connected', (call) => {
      this.#send(call);
      this.#attach(call);
    });
    options.stack.on('stopped', () => this.end());
  }

  /** Packets that nobody took in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The next packet; waits for it up to `timeoutMs`. Empty when there is none. Begins the queueing. */
  async next(timeoutMs: number): Promise<Uint8Array> {
    this.#listening = true;
    for (const call of this.#options.desk.connected) this.#attach(call);
    if (this.#packets.length === 0) await this.#something(Math.max(timeoutMs, 20));
    return this.#packets.shift() ?? NOTHING;
  }

  /** Ends the queueing and forgets what is queued. */
  end(): boolean {
    this.#listening = false;
    for (const stream of this.#streams.values()) void stream.then((one) => one?.close());
    this.#streams.clear();
    this.#socket?.close();
    this.#socket = undefined;
    this.#opening = undefined;
    this.#packets = [];
    for (const wake of [...this.#wake]) wake();
    return true;
  }

  #plan(call: Call): StreamPlan {
    return streamPlan(this.#options.settings, this.#options.desk.lineOf(call), call.id);
  }

  /** To the ports of another program, until the call ends. */
  #send(call: Call): void {
    const { udp } = this.#plan(call);
    if (udp) call.media?.stream(udp).catch((error: unknown) => this.#options.report('sendmedia', error));
  }

  #attach(call: Call): void {
    const plan = this.#plan(call);
    const { media } = call;
    if (!(this.#listening || plan.queued) || this.#streams.has(call) || !media) return;
    const stream = this.#open()
      .then((port) => media.stream(plan.toQueue(port)))
      .catch((error: unknown) => {
        this.#options.report('API_GetMedia', error);
        return undefined;
      });
    this.#streams.set(call, stream);
    void call.ended.then(() => this.#streams.delete(call));
  }

  /** The port packets come to. */
  #open(): Promise<number> {
    this.#opening ??= new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      this.#socket = socket;
      socket.on('error', reject);
      socket.on('message', (data) => this.#push(data));
      socket.bind(0, '127.0.0.1', () => {
        socket.unref();
        resolve(socket.address().port);
      });
    });
    return this.#opening;
  }

  #push(packet: Uint8Array): void {
    if (this.#packets.length >= MEDIA_QUEUE_PACKETS) {
      this.#dropped += this.#packets.length;
      this.#packets = [];
    }
    this.#packets.push(new Uint8Array(packet));
    for (const wake of [...this.#wake]) wake();
  }

  #something(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#wake.add(done);
    });
  }
}
