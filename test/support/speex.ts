/** What the Speex tests share: the three codecs, whole-stream coding in packets, and what the codec hears of a signal. */
import type { Codec, CodecOptions } from '../../src/codecs/codec.js';
import { speexNarrow, speexUltraWide, speexWide } from '../../src/codecs/speex/codec.js';
import {
  HighPass,
  NARROW_INPUT,
  NARROW_OUTPUT,
  WIDE_INPUT,
  WIDE_OUTPUT,
} from '../../src/codecs/speex/filters.js';
import { BandJoiner, BandSplitter } from '../../src/codecs/speex/quadrature-mirror.js';

/** By number of high bands. */
export const SPEEX_BANDS: readonly Codec[] = [speexNarrow, speexWide, speexUltraWide];

/** Samples by which coding alone makes speech late: look-ahead of the encoder and of the decoder's enhancement. */
export const SPEEX_DELAYS = [80, 160, 320];

export function encodeFrames(codec: Codec, pcm: Int16Array, options?: CodecOptions): Uint8Array[] {
  const encoder = codec.createEncoder(options);
  const { frameSamples, maxFrameBytes } = codec.info;
  const packets: Uint8Array[] = [];
  for (let at = 0; at + frameSamples <= pcm.length; at += frameSamples) {
    const out = new Uint8Array(maxFrameBytes);
    packets.push(out.subarray(0, encoder.encode(pcm, at, out, 0)));
  }
  return packets;
}

/** Decodes packets of up to four frames; those that `lost` names are concealed as one frame. */
export function decodePackets(
  codec: Codec,
  packets: readonly Uint8Array[],
  lost: (i: number) => boolean = () => false,
): Int16Array {
  const decoder = codec.createDecoder();
  const { frameSamples } = codec.info;
  const out = new Int16Array(packets.length * 4 * frameSamples);
  let at = 0;
  packets.forEach((packet, i) => {
    if (lost(i)) {
      decoder.conceal(out, at, frameSamples);
      at += frameSamples;
    } else at += decoder.decode(packet, 0, packet.length, out, at);
  });
  return out.subarray(0, at);
}

/** A signal through the filters that stand around the coding, which turn its phases. */
export function heardBySpeex(pcm: Int16Array, highBands: number): Int16Array {
  const wide = highBands > 0;
  const before = new HighPass(wide ? WIDE_INPUT : NARROW_INPUT);
  const after = new HighPass(wide ? WIDE_OUTPUT : NARROW_OUTPUT);
  return Int16Array.from(
    through(Float64Array.from(pcm), highBands, (low) => {
      before.filter(low, low.length);
      after.filter(low, low.length);
    }),
    (x) => Math.max(-32768, Math.min(32767, Math.round(x))),
  );
}

function through(signal: Float64Array, splits: number, filter: (low: Float64Array) => void): Float64Array {
  if (splits === 0) {
    filter(signal);
    return signal;
  }
  const half = Math.floor(signal.length / 2);
  const low = new Float64Array(half);
  const high = new Float64Array(half);
  const joined = new Float64Array(2 * half);
  new BandSplitter(half).split(signal, low, high);
  new BandJoiner(half).join(through(low, splits - 1, filter), high, joined);
  return joined;
}
