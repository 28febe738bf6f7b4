/** The ITU-T vectors of G.729: their serial bit stream format, and how to run the codec on it. */
import { FrameDecoder } from '../../src/codecs/g729/frame-decoder.js';
import { g729 } from '../../src/codecs/g729/g729.js';
import { differences, vectorWords } from './codecs.js';

const FRAME = 80;

/** A frame of the ITU's serial format: how many bits it has and those bits packed; erased when a bit is missing. */
export interface SerialFrame {
  bits: number;
  bytes: Uint8Array;
  erased: boolean;
}

/** Reads a file, or its first `most` frames. */
export function serialFrames(file: string, most = Number.POSITIVE_INFINITY): SerialFrame[] {
  const words = vectorWords('g729', file);
  const frames: SerialFrame[] = [];
  for (let at = 0; at + 1 < words.length && frames.length < most; at += 2 + words[at + 1]) {
    const bits = words[at + 1];
    const bytes = new Uint8Array(Math.ceil(bits / 8));
    let erased = bits === 0 && words[at] !== 0x6b21;
    for (let i = 0; i < bits; i++) {
      if (words[at + 2 + i] === 0) erased = true;
      if (words[at + 2 + i] === 0x81) bytes[i >> 3] |= 0x80 >> (i & 7);
    }
    frames.push({ bits, bytes, erased });
  }
  return frames;
}

export function decodeSerial(frames: SerialFrame[]): Int16Array {
  const decoder = new FrameDecoder();
  const out = new Int16Array(frames.length * FRAME);
  frames.forEach(({ bits, bytes, erased }, i) => {
    if (erased) decoder.conceal(out, i * FRAME);
    else if (bits === 80) decoder.decodeSpeech(bytes, 0, out, i * FRAME);
    else if (bits > 0) decoder.decodeSilence(bytes, 0, out, i * FRAME);
    else decoder.decodeUntransmitted(out, i * FRAME);
  });
  return out;
}

/** Frames of which the encoder's bytes are not those expected. */
export function wrongFrames(pcm: Int16Array, expected: SerialFrame[], annexb: string): number {
  const encoder = g729.createEncoder({ annexb });
  const out = new Uint8Array(g729.info.maxFrameBytes);
  let wrong = 0;
  for (const [i, { bytes }] of expected.entries()) {
    const length = encoder.encode(pcm, i * FRAME, out, 0);
    if (differences(out.subarray(0, length), bytes) > 0) wrong++;
  }
  return wrong;
}

/** Annex A: input and bit stream of the encoder, bit stream and output of the decoder. */
export const ANNEX_A_ENCODER = ['ALGTHM', 'FIXED', 'LSP', 'PITCH', 'SPEECH', 'TAME', 'TEST'].map(
  (name) => [`annexA/${name}.IN`, `annexA/${name}.BIT`] as const,
);
export const ANNEX_A_DECODER = [
  ...['ALGTHM', 'ERASURE', 'FIXED', 'LSP', 'OVERFLOW', 'PARITY', 'PITCH', 'SPEECH', 'TAME'].map(
    (name) => [`annexA/${name}.BIT`, `annexA/${name}.PST`] as const,
  ),
  ['annexA/TEST.BIT', 'annexA/TEST.pst'] as const,
];
/** Annex A with Annex B: silence compression. */
export const ANNEX_B_ENCODER = [1, 2, 3, 4].map(
  (number) => [`annexB/tstseq${number}.bin`, `annexB/tstseq${number}a.bit`] as const,
);
export const ANNEX_B_DECODER = [
  ...[1, 2, 3, 4].map((number) => [`annexB/tstseq${number}a.bit`, `annexB/tstseq${number}a.out`] as const),
  ['annexB/tstseq5.bit', 'annexB/tstseq5a.out'] as const,
  ['annexB/tstseq6.bit', 'annexB/tstseq6a.out'] as const,
];
