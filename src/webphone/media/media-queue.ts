/**
 * The audio of calls for programs, as the `sendmedia_…` settings have it: over UDP to ports of theirs, and in a queue for
 * API_GetMedia, for which every connected call streams to a socket of ours on the loopback address. A conference is one
 * stream, mixed and marked as the call on its lowest line, unless `sendmedia_conf` wants its calls one by one. The queue
 * takes 900 packets; when nobody takes them all are dropped, as the manual has it, and counted. Where nobody has come
 * while it ran over several times, it rests until somebody does.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { UdpStream, UdpStreamOptions } from '../../media/index.js';
import { Conference } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import { type StreamPlan, streamPlan } from '../mapping/stream-options.js';
import type { SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';

export const MEDIA_QUEUE_PACKETS = 900;
/** A minute of one call. */
const UNUSED_OVERFLOWS = 3;
const LONGEST_WAIT_MS = 60_000;

export interface MediaQueueOptions {
  desk: LineDesk;
  stack: Stack;
  settings: SettingsReader;
  /** The conference a call is in; call {@link MediaQueue.arrange} when that changes. */
  roomOf(call: Call): Conference | undefined;
  report(message: string, error?: unknown): void;
}

/** What streams of one source there are. */
interface Flow {
  /** The call itself, or the one whose line stands for the conference. */
  readonly lead: Call;
  udp?: Promise<UdpStream[]>;
  queue?: Promise<UdpStream[]>;
}

const NOTHING = new Uint8Array(0);

export class MediaQueue {
  readonly #options: MediaQueueOptions;
  readonly #flows = new Map<Call | Conference, Flow>();
  /** What was set when the call was connected. */
  readonly #plans = new WeakMap<Call, StreamPlan>();
  #socket: Socket | undefined;
  #opening: Promise<number> | undefined;
  #packets: Uint8Array[] = [];
  #wake = new Set<() => void>();
  #dropped = 0;
  #listening = false;
  /** Times it ran over since somebody took a packet. */
  #overflows = 0;

  constructor(options: MediaQueueOptions) {
    this.#options = options;
    options.stack.on('connected', (call) => {
      this.#plans.set(call, this.#plan(call));
      this.arrange();
      void call.ended.then(() => this.arrange());
    });
    options.stack.on('stopped', () => {
      this.end();
      this.#flows.clear();
    });
  }

  /** Packets that nobody took in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The next packet; waits for it up to `timeoutMs`. Empty when there is none. Begins the queueing. */
  async next(timeoutMs: number): Promise<Uint8Array> {
    this.#listening = true;
    this.#overflows = 0;
    this.arrange();
    if (this.#packets.length === 0) await this.#something(Math.min(Math.max(timeoutMs, 20), LONGEST_WAIT_MS));
    return this.#packets.shift() ?? NOTHING;
  }

  /** Ends the queueing and forgets what is queued. */
  end(): boolean {
    this.#listening = false;
    this.#packets = [];
    this.#unplug();
    for (const wake of [...this.#wake]) wake();
    return true;
  }

  /** No packets come any more. */
  #unplug(): void {
    for (const flow of this.#flows.values()) {
      close(flow.queue);
      flow.queue = undefined;
    }
    this.#socket?.close();
    this.#socket = undefined;
    this.#opening = undefined;
  }

  /** Begins and ends streams as calls and conferences have come and gone. */
  arrange(): void {
    const { desk, roomOf } = this.#options;
    const leads = new Map<Call | Conference, Call>();
    for (const call of desk.connected) {
      const source = (this.#plan(call).separate ? undefined : roomOf(call)) ?? call;
      if (!leads.has(source)) leads.set(source, call);
    }
    for (const [source, flow] of this.#flows) {
      if (leads.get(source) === flow.lead) continue;
      this.#flows.delete(source);
      close(flow.udp);
      close(flow.queue);
    }
    for (const [source, lead] of leads) {
      const flow = this.#flows.get(source) ?? { lead };
      this.#flows.set(source, flow);
      this.#fill(source, flow);
    }
  }

  #plan(call: Call): StreamPlan {
    return streamPlan(this.#options.settings, this.#options.desk.lineOf(call), call.id);
  }

  #fill(source: Call | Conference, flow: Flow): void {
    const { lead } = flow;
    const plan = this.#plan(lead);
    const { udp } = this.#plans.get(lead) ?? plan;
    if (udp) flow.udp ??= this.#stream(source, lead, Promise.resolve(udp));
    if ((this.#listening || plan.queued) && this.#overflows < UNUSED_OVERFLOWS)
      flow.queue ??= this.#stream(source, lead, this.#open().then(plan.toQueue));
  }

  /** Never fails. */
  async #stream(
    source: Call | Conference,
    { media }: Call,
    where: Promise<UdpStreamOptions>,
  ): Promise<UdpStream[]> {
    try {
      const { receivedPort, sentPort, ...options } = await where;
      if (!media) return [];
      if (!(source instanceof Conference))
        return [await media.stream({ ...options, receivedPort, sentPort })];
      // What is sent in a conference: what its first member is sent.
      const received = receivedPort && source.stream({ ...options, receivedPort });
      const sent = sentPort && media.stream({ ...options, sentPort });
      return (await Promise.all([received, sent])).filter((stream) => typeof stream === 'object');
    } catch (error) {
      this.#options.report('sendmedia', error);
      return [];
    }
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
      if (++this.#overflows >= UNUSED_OVERFLOWS) return this.#unplug();
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

function close(streams: Promise<UdpStream[]> | undefined): void {
  void streams?.then((list) => {
    for (const stream of list) stream.close();
  });
}
