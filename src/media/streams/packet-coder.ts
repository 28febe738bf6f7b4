/** Turns 20 ms or so of PCM into the payload of a packet: linear PCM, coded audio, or RTP around coded audio. */

import type { Random } from '../../base/random.js';
import type { Codec, Encoder } from '../../codecs/codec.js';
import { findCodec } from '../../codecs/registry.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../rtp/packet.js';
import type { StreamAudio } from '../types.js';

const PACKET_MS = 20;
const DYNAMIC_PAYLOAD_TYPE = 96;

export interface PacketCoder {
  readonly sampleRate: number;
  /** Samples of one packet. */
  readonly samples: number;
  readonly maxBytes: number;
  /** @returns bytes written from `offset`; 0 when there is nothing to send */
  encode(pcm: Int16Array, out: Buffer, offset: number): number;
  /** Audio of so many samples is left out: of `packets` that are lost, or of none, when there was nothing to send. */
  pass(samples: number, packets: number): void;
  close(): void;
}

export function pcmCoder(sampleRate: number, bigEndian: boolean): PacketCoder {
  const samples = (sampleRate * PACKET_MS) / 1000;
  return {
    sampleRate,
    samples,
    maxBytes: samples * 2,
    encode(pcm, out, offset) {
      const high = bigEndian ? 0 : 1;
      for (let i = 0; i < samples; i++) {
        const at = offset + 2 * i;
        out[at + high] = pcm[i] >> 8;
        out[at + 1 - high] = pcm[i] & 0xff;
      }
      return samples * 2;
    },
    pass() {},
    close() {},
  };
}

/** The codec of a stream, by its encoding name. */
export function streamCodec({ codec = 'PCMU', clockRate = 8000 }: CodedAudio): Codec | undefined {
  return findCodec(codec, clockRate);
}

type CodedAudio = Extract<StreamAudio, { kind: 'rtp' | 'payload' }>;

/** Await the codec's `load` before. */
export function codecCoder(codec: Codec, audio: CodedAudio, random: Random): PacketCoder {
  const { info } = codec;
  const encoder: Encoder = codec.createEncoder();
  const frames = Math.max(1, Math.round((info.sampleRate * PACKET_MS) / 1000 / info.frameSamples));
  const samples = frames * info.frameSamples;
  const header = audio.kind === 'rtp' ? RTP_HEADER_LENGTH : 0;
  const payloadType = audio.payloadType ?? info.payloadType ?? DYNAMIC_PAYLOAD_TYPE;
  const units = Math.round((samples * info.clockRate) / info.sampleRate);
  const ssrc = random.uint32();
  let sequence = random.uint32() & 0xffff;
  let timestamp = random.uint32();
  let marker = true;
  return {
    sampleRate: info.sampleRate,
    samples,
    maxBytes: header + frames * info.maxFrameBytes,
    encode(pcm, out, offset) {
      const from = offset + header;
      let length = 0;
      if (encoder.encodePacket) length = encoder.encodePacket(pcm, 0, frames, out, from);
      else {
        for (let i = 0; i < frames; i++)
          length += encoder.encode(pcm, i * info.frameSamples, out, from + length);
      }
      if (length > 0 && header > 0) {
        writeRtpHeader(out, offset, payloadType, marker, sequence, timestamp, ssrc);
        sequence = (sequence + 1) & 0xffff;
      }
      marker = length === 0;
      timestamp = (timestamp + units) >>> 0;
      return length === 0 ? 0 : header + length;
    },
    pass(skipped, packets) {
      // RFC 3550 §5.1: the timestamp goes on with time, the sequence with packets, so that a lost one is missed.
      timestamp = (timestamp + Math.round((skipped * info.clockRate) / info.sampleRate)) >>> 0;
      sequence = (sequence + packets) & 0xffff;
      marker ||= packets === 0;
    },
    close: () => encoder.close?.(),
  };
}
