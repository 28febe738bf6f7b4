/**
 * Opus decoder with libopus' own concealment and its redundancy. The library allocates the samples it returns and
 * throws on packets it cannot use; here those count as nothing.
 */
import type { Decoder } from '../codec.js';
import { FramePieces } from '../frame-pieces.js';
import { Handle } from './library.js';
import { hasRedundancy, MAX_PACKET_MS, packetMs } from './packet.js';
import type { OpusRate } from './settings.js';

export class OpusDecoder implements Decoder {
  readonly #handle;
  /** Samples of a millisecond. */
  readonly #perMs: number;
  readonly #pieces: FramePieces;
  /** Reused for every call. */
  readonly #fec = { decodeFec: true, frameSize: 0 };

  constructor(sampleRate: OpusRate) {
    this.#perMs = sampleRate / 1000;
    this.#handle = new Handle((library) => library.createDecoder({ sampleRate, channels: 1 }));
    this.#pieces = new FramePieces(10 * this.#perMs, (out, offset) =>
      this.#invent(out, offset, 10 * this.#perMs),
    );
  }

  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number {
    const samples = packetMs(data, start, end) * this.#perMs;
    const decoder = this.#handle.current;
    if (!decoder || samples === 0 || samples > out.length - outOffset) return 0;
    this.#pieces.drop();
    try {
      const pcm = decoder.decode(data.subarray(start, end));
      out.set(pcm, outOffset);
      return pcm.length;
    } catch {
      return 0;
    }
  }

  /** Best by whole lost packets: libopus fades with each time it is called. */
  conceal(out: Int16Array, outOffset: number, samples: number): void {
    if (samples % (10 * this.#perMs) !== 0) {
      this.#pieces.fill(out, outOffset, samples);
      return;
    }
    this.#pieces.drop();
    const most = MAX_PACKET_MS * this.#perMs;
    for (let done = 0; done < samples; done += most)
      this.#invent(out, outOffset + done, Math.min(most, samples - done));
  }

  decodeFec(
    data: Uint8Array,
    start: number,
    end: number,
    out: Int16Array,
    outOffset: number,
    samples: number,
  ): number {
    const decoder = this.#handle.current;
    if (!decoder || samples > out.length - outOffset || !hasRedundancy(data, start, end)) return 0;
    this.#pieces.drop();
    this.#fec.frameSize = samples;
    try {
      const pcm = decoder.decode(data.subarray(start, end), this.#fec);
      out.set(pcm, outOffset);
      return pcm.length;
    } catch {
      return 0;
    }
  }

  reset(): void {
    this.#handle.renew();
    this.#pieces.drop();
  }

  close(): void {
    this.#handle.close();
  }

  /** @param samples 10 to 120 ms, in steps of 2.5 ms, which is what the library takes */
  #invent(out: Int16Array, offset: number, samples: number): void {
    const pcm = this.#handle.current?.decodePacketLoss(samples);
    if (pcm) out.set(pcm, offset);
    else out.fill(0, offset, offset + samples);
  }
}
