/** The facts of Speex at its three rates, by which it is known before its code is loaded. */
import type { CodecInfo } from '../codec.js';

function speexInfo(rate: number, details: Pick<CodecInfo, 'maxFrameBytes' | 'fmtp'>): CodecInfo {
  return {
    name: 'speex',
    clockRate: rate,
    sampleRate: rate,
    rtpmapChannels: 1,
    frameSamples: rate / 50,
    defaultPtimeMs: 20,
    ...details,
  };
}

/** Narrow, wide, ultra-wide. 15 kbit/s in the narrow band is asked for, because by default it would be 8. */
export const SPEEX_INFOS: readonly [CodecInfo, CodecInfo, CodecInfo] = [
  speexInfo(8000, { maxFrameBytes: 62, fmtp: 'mode="5,any"' }),
  speexInfo(16000, { maxFrameBytes: 106 }),
  speexInfo(32000, { maxFrameBytes: 110 }),
];
