/** The facts of iLBC, by which it is known before its code is loaded. */
import type { CodecInfo } from '../codec.js';
import type { IlbcMode } from './mode.js';

export function ilbcInfo(mode: IlbcMode): CodecInfo {
  return {
    name: 'iLBC',
    clockRate: 8000,
    sampleRate: 8000,
    rtpmapChannels: 1,
    frameSamples: mode.frameSamples,
    maxFrameBytes: mode.frameBytes,
    defaultPtimeMs: mode.milliseconds,
    fmtp: `mode=${mode.milliseconds}`,
  };
}
