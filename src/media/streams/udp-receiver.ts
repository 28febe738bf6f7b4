/**
 * Takes audio from other programs over UDP into a call: linear PCM, or RTP of one codec. Lives in the application's
 * thread; the queue of the call evens out when packets come, so it has no jitter buffer of its own.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { SwitchhookError } from '../../base/errors.js';
import type { Decoder } from '../../codecs/codec.js';
import { isSampleRate } from '../../dsp/sample-rates.js';
import { RtpPacketView } from '../../rtp/packet.js';
import type { PcmWriter, StreamAudio } from '../types.js';
import { streamCodec } from './packet-coder.js';

export interface UdpInputOptions {
  /** Local address; loopback when absent. */
  address?: string;
  /** The system chooses when absent. */
  port?: number;
  /** What is in the packets; PCM at 8000 Hz when absent. */
  audio?: StreamAudio;
  /** Bytes at the start of each packet to leave out. */
  headerBytes?: number;
}

export interface UdpInput {
  readonly address: string;
  readonly port: number;
  /** Packets taken. */
  readonly packets: number;
  /** Packets left out: no audio in them, too late, or more than the call can take. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** Writes that may wait for the call to take them: a second of audio in 20 ms packets. */
const MAX_WAITING = 50;
/** Longer gaps in RTP are pauses of the sender. */
const MAX_CONCEALED = 5;
/** Packets that are overtaken by no more than so many others are late, not a new beginning. */
const MAX_MISORDER = 100;
const MAX_FRAME_SAMPLES = 5760;
const PCM_RATE = 8000;

/** Makes samples of a packet; undefined when there are none in it. */
export interface Unpacker {
  readonly sampleRate: number;
  unpack(data: Buffer): Int16Array | undefined;
  close(): void;
}

function pcmUnpacker(sampleRate: number, bigEndian: boolean): Unpacker {
  return {
    sampleRate,
    unpack(data) {
      const samples = new Int16Array(data.length >> 1);
      for (let i = 0; i < samples.length; i++)
        samples[i] = bigEndian ? data.readInt16BE(2 * i) : data.readInt16LE(2 * i);
      return samples.length > 0 ? samples : undefined;
    },
    close() {},
  };
}

class CodedUnpacker implements Unpacker {
  readonly sampleRate: number;
  readonly #decoder: Decoder;
  readonly #rtp: boolean;
  readonly #view = new RtpPacketView();
  readonly #pcm = new Int16Array(MAX_FRAME_SAMPLES * (MAX_CONCEALED + 1));
  #ssrc = -1;
  #sequence = 0;
  #lastSamples = 0;
  /** What would be the second packet of a sender that began anew; -1 when nothing looks like it. */
  #restart = -1;

  constructor(decoder: Decoder, sampleRate: number, rtp: boolean) {
    this.#decoder = decoder;
    this.sampleRate = sampleRate;
    this.#rtp = rtp;
  }

  unpack(data: Buffer): Int16Array | undefined {
    let start = 0;
    let end = data.length;
    let filled = 0;
    if (this.#rtp) {
      const view = this.#view;
      if (!view.parse(data, 0, data.length)) return undefined;
      const lost = this.#missing(view);
      if (lost < 0) return undefined;
      start = view.payloadOffset;
      end = start + view.payloadLength;
      filled = Math.min(lost, MAX_CONCEALED) * this.#lastSamples;
      if (filled > 0) this.#decoder.conceal(this.#pcm, 0, filled);
    }
    const made = this.#decoder.decode(data, start, end, this.#pcm, filled);
    if (made > 0) this.#lastSamples = Math.min(made, MAX_FRAME_SAMPLES);
    return filled + made > 0 ? this.#pcm.slice(0, filled + made) : undefined;
  }

  close(): void {
    this.#decoder.close?.();
  }

  /** Packets lost before this one; -1 when it is a copy or comes too late. */
  #missing({ ssrc, sequence }: RtpPacketView): number {
    // RFC 3550 §5.1: the sequence number wraps around.
    const step = (sequence - this.#sequence) & 0xffff;
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#sequence = sequence;
      this.#decoder.reset();
      return 0;
    }
    if (step === 0) return -1;
    if (step > 0x7fff) {
      // RFC 3550 A.1: two in a row from far behind are a sender that began anew.
      const restarts = sequence === this.#restart;
      this.#restart = 0x10000 - step > MAX_MISORDER ? (sequence + 1) & 0xffff : -1;
      if (!restarts) return -1;
      this.#restart = -1;
      this.#sequence = sequence;
      this.#decoder.reset();
      return 0;
    }
    this.#restart = -1;
    this.#sequence = sequence;
    return step - 1;
  }

  static async open(audio: Exclude<StreamAudio, { kind: 'pcm' }>): Promise<CodedUnpacker> {
    const codec = streamCodec(audio);
    if (!codec) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `unknown codec '${audio.codec}'` });
    await codec.load?.();
    return new CodedUnpacker(codec.createDecoder(), codec.info.sampleRate, audio.kind === 'rtp');
  }
}

/** For packets that come in another way. @throws ERR_INVALID_ARGUMENT for an unknown codec */
export function openUnpacker(audio: StreamAudio): Promise<Unpacker> {
  if (audio.kind === 'pcm')
    return Promise.resolve(pcmUnpacker(audio.sampleRate ?? PCM_RATE, audio.bigEndian === true));
  return CodedUnpacker.open(audio);
}

class Receiver implements UdpInput {
  readonly #socket: Socket;
  readonly #unpacker: Unpacker;
  address = '';
  port = 0;
  packets = 0;
  dropped = 0;
  #waiting = 0;
  #closed: Promise<unknown> | undefined;

  constructor(socket: Socket, unpacker: Unpacker) {
    this.#socket = socket;
    this.#unpacker = unpacker;
  }

  take(target: Pick<PcmWriter, 'write'>, data: Buffer): void {
    const samples = this.#waiting < MAX_WAITING ? this.#unpacker.unpack(data) : undefined;
    if (!samples) {
      this.dropped++;
      return;
    }
    try {
      const taken = target.write(samples, this.#unpacker.sampleRate);
      this.packets++;
      if (taken === true) return;
      this.#waiting++;
      void taken.catch(() => {}).then(() => this.#waiting--);
    } catch {
      // The call has ended, or takes no more.
      this.dropped++;
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = once(this.#socket, 'close');
      this.#socket.close();
      this.#unpacker.close();
    }
    await this.#closed;
  }
}

/**
 * @param target a session's `input`, or a call
 * @throws ERR_INVALID_ARGUMENT, ERR_MEDIA_SOCKET
 */
export async function receiveAudio(
  target: Pick<PcmWriter, 'write'>,
  options: UdpInputOptions = {},
): Promise<UdpInput> {
  const { address = '127.0.0.1', port = 0, audio = { kind: 'pcm' }, headerBytes = 0 } = options;
  const rate = audio.kind === 'pcm' ? (audio.sampleRate ?? PCM_RATE) : PCM_RATE;
  if (!isSampleRate(rate)) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `sampleRate ${rate}` });
  const unpacker = await openUnpacker(audio);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const receiver = new Receiver(socket, unpacker);
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
  } catch (error) {
    unpacker.close();
    socket.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new SwitchhookError('ERR_MEDIA_SOCKET', { why }, { cause: error });
  }
  // What comes later concerns single packets.
  socket.on('error', () => receiver.dropped++);
  socket.on('message', (data) => receiver.take(target, data.subarray(headerBytes)));
  const bound: AddressInfo = socket.address();
  receiver.address = bound.address;
  receiver.port = bound.port;
  return receiver;
}
