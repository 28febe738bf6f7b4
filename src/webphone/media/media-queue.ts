/**
 * The audio packets API_GetMedia takes: every connected call streams what is heard and said to a socket of ours on the
 * loopback address, and what comes is queued up to 900 packets. When nobody takes them all are dropped, as the manual
 * has it, and counted.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { StreamAudio, StreamHeader, UdpStream, UdpStreamOptions } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
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
    options.stack.on('made', (phone) => {
      phone.lines.on('seated', ({ call }) => call.on('connected', () => void this.#attach(call)));
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
    for (const call of this.#options.desk.calls) if (call.state === 'connected') void this.#attach(call);
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

  async #attach(call: Call): Promise<void> {
    const wanted = this.#listening || [2, 3].includes(this.#options.settings.number('sendmedia_mode'));
    if (!wanted || this.#streams.has(call) || !call.media) return;
    const { media } = call;
    const stream = this.#open()
      .then((port) =>
        media.stream(streamOptions(this.#options.settings, port, call, this.#options.desk.lineOf(call))),
      )
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

/** What the `sendmedia_…` settings make of a stream. */
export function streamOptions(
  settings: SettingsReader,
  port: number,
  call: Pick<Call, 'id'>,
  line: number,
): UdpStreamOptions {
  const direction = settings.number('sendmedia_dir');
  const type = settings.number('sendmedia_mtype');
  const lineHeaders: ReadonlyArray<StreamHeader['line']> = [
    undefined,
    'text',
    'text-call-id',
    'byte',
    'byte-vad',
  ];
  return {
    address: '127.0.0.1',
    receivedPort: direction === 2 ? undefined : port,
    sentPort: direction === 1 ? undefined : port,
    audio: audioOf(settings.number('sendmedia_atype')),
    header: {
      mediaType: type === 3,
      direction: direction === 3,
      line: lineHeaders[settings.number('sendmedia_line')],
      lineNumber: line,
      callId: call.id,
    },
    marks: settings.number('sendmedia_marks') === 1,
  };
}

function audioOf(type: number): StreamAudio {
  switch (type) {
    case 1:
      return { kind: 'rtp' };
    case 2:
      return { kind: 'pcm', sampleRate: 8000 };
    case 3:
      return { kind: 'pcm', sampleRate: 16_000 };
    case 4:
      return { kind: 'payload' };
    case 5:
      return { kind: 'pcm', sampleRate: 16_000, bigEndian: true };
    case 6:
      return { kind: 'pcm', sampleRate: 16_000 };
    default:
      return { kind: 'pcm' };
  }
}
