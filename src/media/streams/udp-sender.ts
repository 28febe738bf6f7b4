/**
 * Sends what is heard and said in a call to the application over UDP, packet by packet. A sink of the call stream: it
 * never waits, and drops packets the system does not take.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { Vad } from '../../dsp/vad.js';
import type { CallSink } from '../graph/call-sink.js';
import { RateAdapter } from '../graph/rate-adapter.js';
import type { UdpStreamOptions } from '../types.js';
import { codecCoder, type PacketCoder, pcmCoder, streamCodec } from './packet-coder.js';
import { type DIRECTION, type HeaderBytes, headerBytes } from './stream-packet.js';

/** Packets the system may hold: beyond this they are dropped. */
const MAX_IN_FLIGHT = 64;
/** Of the byte for voice activity; 0 = unknown. */
const SILENT = 1;
const SPEAKING = 2;
const NARROW = 8000;
const WIDE = 16000;

interface Wire {
  socket: Socket;
  address: string;
  onError: (error: Error) => void;
  inFlight: number;
  dropped: number;
}

class Side {
  readonly #wire: Wire;
  readonly #port: number;
  readonly #head: HeaderBytes;
  readonly #makeCoder: (sampleRate: number) => PacketCoder;
  readonly #followsCall: boolean;
  readonly #buffers: Buffer[] = [];
  readonly #vads = new Map<number, Vad>();
  #next = 0;
  #coder: PacketCoder | undefined;
  #adapter: RateAdapter | undefined;
  #pcm = new Int16Array(0);
  #filled = 0;
  readonly #sent = (error: Error | null): void => {
    this.#wire.inFlight--;
    if (error) this.#wire.onError(error);
  };

  constructor(
    wire: Wire,
    port: number,
    head: HeaderBytes,
    makeCoder: (sampleRate: number) => PacketCoder,
    followsCall: boolean,
  ) {
    this.#wire = wire;
    this.#port = port;
    this.#head = head;
    this.#makeCoder = makeCoder;
    this.#followsCall = followsCall;
  }

  push(frame: Int16Array, count: number, sampleRate: number): void {
    const coder = this.#fit(sampleRate);
    const adapter = this.#adapter;
    if (!adapter) return;
    const made = adapter.push(frame, count, sampleRate);
    for (let done = 0; done < made; ) {
      const run = Math.min(made - done, coder.samples - this.#filled);
      for (let i = 0; i < run; i++) this.#pcm[this.#filled + i] = adapter.frame[done + i];
      this.#filled += run;
      done += run;
      if (this.#filled < coder.samples) return;
      this.#filled = 0;
      this.#packet(coder);
    }
  }

  skip(ms: number): void {
    const coder = this.#coder;
    if (!coder) return;
    coder.pass(this.#filled + (ms * coder.sampleRate) / 1000, 0);
    this.#filled = 0;
  }

  /** Three bytes at the beginning and the end of the stream. */
  mark(text: 'BOF' | 'EOF', done?: () => void): void {
    this.#wire.socket.send(text, this.#port, this.#wire.address, () => done?.());
  }

  close(): void {
    this.#coder?.close();
  }

  #fit(sampleRate: number): PacketCoder {
    const wanted = this.#followsCall ? (sampleRate > NARROW ? WIDE : NARROW) : 0;
    if (this.#coder && (!wanted || this.#coder.sampleRate === wanted)) return this.#coder;
    const coder = this.#makeCoder(wanted);
    this.#coder = coder;
    this.#adapter = new RateAdapter(coder.sampleRate);
    this.#pcm = new Int16Array(coder.samples);
    this.#filled = 0;
    const bytes = this.#head.bytes.length + coder.maxBytes;
    for (let i = 0; i <= MAX_IN_FLIGHT; i++) {
      this.#buffers[i] = Buffer.alloc(bytes);
      this.#buffers[i].set(this.#head.bytes);
    }
    return coder;
  }

  #packet(coder: PacketCoder): void {
    const wire = this.#wire;
    if (wire.inFlight >= MAX_IN_FLIGHT) {
      wire.dropped++;
      coder.pass(coder.samples, 1);
      return;
    }
    const buffer = this.#buffers[this.#next];
    this.#next = (this.#next + 1) % this.#buffers.length;
    const from = this.#head.bytes.length;
    const length = coder.encode(this.#pcm, buffer, from);
    if (length === 0) return;
    if (this.#head.vadAt >= 0) buffer[this.#head.vadAt] = this.#speaks(coder) ? SPEAKING : SILENT;
    wire.inFlight++;
    wire.socket.send(buffer, 0, from + length, this.#port, wire.address, this.#sent);
  }

  #speaks(coder: PacketCoder): boolean {
    let vad = this.#vads.get(coder.sampleRate);
    if (!vad) {
      vad = new Vad(coder.sampleRate);
      this.#vads.set(coder.sampleRate, vad);
    }
    vad.push(this.#pcm, 0, coder.samples);
    return vad.speaking;
  }
}

export class UdpSender implements CallSink {
  readonly #wire: Wire;
  readonly #received: Side | undefined;
  readonly #sent: Side | undefined;
  readonly #marks: boolean;
  #closed = false;

  private constructor(wire: Wire, received: Side | undefined, sent: Side | undefined, marks: boolean) {
    this.#wire = wire;
    this.#received = received;
    this.#sent = sent;
    this.#marks = marks;
    if (marks) for (const side of this.#sides()) side.mark('BOF');
  }

  /** @throws ERR_INVALID_ARGUMENT, ERR_MEDIA_CODEC */
  static async open(
    options: UdpStreamOptions,
    random: Random,
    onError: (error: Error) => void,
  ): Promise<UdpSender> {
    const { audio = { kind: 'pcm' }, header = {}, address = '127.0.0.1', marks = false } = options;
    const codec = audio.kind === 'pcm' ? undefined : streamCodec(audio);
    if (audio.kind !== 'pcm' && !codec) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `unknown codec '${audio.codec}'` });
    }
    await codec?.load?.();
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.on('error', onError);
    // A stream alone keeps no process alive.
    socket.unref();
    const wire: Wire = { socket, address, onError, inFlight: 0, dropped: 0 };
    const makeCoder = (rate: number): PacketCoder =>
      audio.kind !== 'pcm' && codec
        ? codecCoder(codec, audio, random)
        : pcmCoder(rate, audio.kind === 'pcm' && audio.bigEndian === true);
    const fixed = audio.kind === 'pcm' ? audio.sampleRate : undefined;
    const follows = audio.kind === 'pcm' && fixed === undefined;
    const side = (port: number | undefined, direction: keyof typeof DIRECTION): Side | undefined =>
      port === undefined
        ? undefined
        : new Side(wire, port, headerBytes(header, direction), (rate) => makeCoder(fixed ?? rate), follows);
    return new UdpSender(wire, side(options.receivedPort, 'received'), side(options.sentPort, 'sent'), marks);
  }

  /** Packets the system did not take in time. */
  get dropped(): number {
    return this.#wire.dropped;
  }

  push(
    received: Int16Array,
    receivedCount: number,
    receivedRate: number,
    sent: Int16Array,
    sentCount: number,
    sentRate: number,
  ): void {
    if (this.#closed) return;
    this.#received?.push(received, receivedCount, receivedRate);
    this.#sent?.push(sent, sentCount, sentRate);
  }

  skip(ms: number): void {
    this.#received?.skip(ms);
    this.#sent?.skip(ms);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const sides = this.#sides();
    let open = this.#marks ? sides.length : 0;
    for (const side of sides) {
      side.close();
      if (this.#marks) side.mark('EOF', () => --open === 0 && this.#wire.socket.close());
    }
    if (open === 0) this.#wire.socket.close();
  }

  #sides(): Side[] {
    return [this.#received, this.#sent].filter((side) => side !== undefined);
  }
}
