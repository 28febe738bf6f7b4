/**
 * Opus (RFC 6716; RTP by RFC 7587) through libopus. On the wire there is one Opus, `opus/48000/2`, with a clock of
 * 48000 Hz whatever is inside; here it comes as one codec for each PCM rate and packet time, mono, which `variant`
 * chooses by the options:
 *
 * - `maxplaybackrate`, `sprop-maxcapturerate` (Hz): the PCM rate that covers the lower of them, and the coded bandwidth
 * - `ptime` (ms): the frame; 10, 20, 40 or 60
 *
 * Encoder options: `bitrate` (bit/s, or 'auto'; never above `maxaveragebitrate`), `bandwidth` ('narrow', 'medium',
 * 'wide', 'superwide', 'full': the most that is coded) and `fixedbandwidth` (true: no less either), `cbr` or `vbr`, `complexity` (0 to 10, default
 * 5), `application` ('voip', 'audio', 'lowdelay'), `usedtx` (silence is not sent), `useinbandfec` with the expected
 * `packetloss` (percent, default 10). `stereo` needs no answer: a mono stream is what everybody can play.
 */
import type { Codec, CodecOptions } from '../codec.js';
import { OpusDecoder } from './decoder.js';
import { DTX_BYTES, OpusEncoder } from './encoder.js';
import { opusInfo } from './info.js';
import { opusLibrary } from './library.js';
import { packetMs } from './packet.js';
import {
  frameMsFor,
  OPUS_FRAMES_MS,
  OPUS_RATES,
  type OpusFrameMs,
  type OpusRate,
  rateFor,
} from './settings.js';

function opus(sampleRate: OpusRate, frameMs: OpusFrameMs): Codec {
  const info = opusInfo(sampleRate, frameMs);
  return {
    info,
    variant,
    load: async () => void (await opusLibrary()),
    samplesIn: (data, start, end) => (packetMs(data, start, end) * sampleRate) / 1000,
    announcesSilence: (_data, start, end) => end - start <= DTX_BYTES,
    createEncoder: (options = {}) => new OpusEncoder(sampleRate, info.frameSamples, options),
    createDecoder: () => new OpusDecoder(sampleRate),
  };
}

const VARIANTS = new Map(
  OPUS_RATES.map((rate) => [rate, new Map(OPUS_FRAMES_MS.map((ms) => [ms, opus(rate, ms)]))]),
);

function variant(options: CodecOptions): Codec {
  return VARIANTS.get(rateFor(options))?.get(frameMsFor(options)) ?? opus48;
}

/** Fullband in frames of 20 ms; the others are its variants. */
export const opus48: Codec = variant({});
