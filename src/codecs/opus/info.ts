/** The facts of Opus in all its forms, by which it is known without its code. */
import type { CodecInfo, CodecOptions } from '../codec.js';
import { frameMsFor, type OpusFrameMs, type OpusRate, rateFor } from './settings.js';

/** RFC 7587 §4.1: whatever is inside. */
export const CLOCK_RATE = 48000;
/** RFC 6716 §3.2.1: no frame is longer; a packet of several frames (40 and 60 ms of music) is kept to it as well. */
export const MAX_PACKET_BYTES = 1275;

export function opusInfo(sampleRate: OpusRate, frameMs: OpusFrameMs): CodecInfo {
  const rates =
    sampleRate < CLOCK_RATE ? `maxplaybackrate=${sampleRate};sprop-maxcapturerate=${sampleRate};` : '';
  return {
    name: 'opus',
    clockRate: CLOCK_RATE,
    sampleRate,
    rtpmapChannels: 2,
    frameSamples: (sampleRate / 1000) * frameMs,
    maxFrameBytes: MAX_PACKET_BYTES,
    maxFramesPerPacket: 1,
    defaultPtimeMs: frameMs,
    fmtp: `${rates}useinbandfec=1`,
  };
}

/** Of the form that the options ask for; fullband in frames of 20 ms when they ask for nothing. */
export function opusInfoFor(options: CodecOptions): CodecInfo {
  return opusInfo(rateFor(options), frameMsFor(options));
}
