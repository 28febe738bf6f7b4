/** The facts of G.722.1 in all its forms, by which it is known before its code is loaded. */
import type { CodecInfo } from '../codec.js';
import { type G7221Mode, g7221Mode } from './mode.js';

/** Best first. */
export const G7221_MODES: readonly G7221Mode[] = [
  g7221Mode(32000, 48000),
  g7221Mode(32000, 32000),
  g7221Mode(32000, 24000),
  g7221Mode(16000, 32000),
  g7221Mode(16000, 24000),
];

export function g7221Info(mode: G7221Mode): CodecInfo {
  return {
    name: 'G7221',
    clockRate: mode.sampleRate,
    sampleRate: mode.sampleRate,
    rtpmapChannels: 1,
    frameSamples: mode.frameSamples,
    maxFrameBytes: mode.frameBits / 8,
    defaultPtimeMs: 20,
    fmtp: `bitrate=${mode.bitrate}`,
  };
}
