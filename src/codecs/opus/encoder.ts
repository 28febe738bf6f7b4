/** Opus encoder: one frame, one packet. The library allocates the packet it returns; nothing else is allocated. */
import type { CodecOptions, Encoder } from '../codec.js';
import { MAX_PACKET_BYTES } from './info.js';
import { Handle } from './library.js';
import { encoderSettings, type OpusRate } from './settings.js';

const LIMITS = { maxPacketBytes: MAX_PACKET_BYTES };
/** OPUS_SET_BANDWIDTH. */
const SET_BANDWIDTH = 4008;
/** RFC 6716 §2.1.9, libopus: a packet as short as this says that there is nothing to say. */
export const DTX_BYTES = 2;

export class OpusEncoder implements Encoder {
  readonly #handle;
  readonly #frame: Int16Array;
  /** The same memory, as the library takes it. */
  readonly #bytes: Uint8Array;
  readonly #discontinuous: boolean;
  /** The last packet announced silence: the receiver knows, the next ones like it are not sent. */
  #silent = false;

  constructor(sampleRate: OpusRate, frameSamples: number, options: CodecOptions) {
    const settings = encoderSettings(sampleRate, frameSamples, options);
    const fixed = options.fixedbandwidth === true ? settings.maxBandwidth : undefined;
    this.#handle = new Handle(async (library) => {
      const encoder = await library.createEncoder(settings);
      if (fixed !== undefined) encoder.encoderCtl(SET_BANDWIDTH, fixed);
      return encoder;
    });
    this.#frame = new Int16Array(frameSamples);
    this.#bytes = new Uint8Array(this.#frame.buffer);
    this.#discontinuous = settings.dtx;
  }

  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number {
    const encoder = this.#handle.current;
    if (!encoder) return 0;
    const frame = this.#frame;
    for (let i = 0; i < frame.length; i++) frame[i] = pcm[pcmOffset + i];
    const packet = encoder.encode(this.#bytes, LIMITS);
    const announced = this.#silent;
    this.#silent = this.#discontinuous && packet.length <= DTX_BYTES;
    if (announced && this.#silent) return 0;
    out.set(packet, outOffset);
    return packet.length;
  }

  reset(): void {
    this.#handle.renew();
    this.#silent = false;
  }

  close(): void {
    this.#handle.close();
  }
}
