/** The facts of L16 at its two rates, by which it is known without its code. */
import type { CodecInfo } from '../codec.js';

const FRAMES_PER_SECOND = 100;

function l16Info(rate: number): CodecInfo {
  const frameSamples = rate / FRAMES_PER_SECOND;
  return {
    name: 'L16',
    clockRate: rate,
    sampleRate: rate,
    rtpmapChannels: 1,
    frameSamples,
    maxFrameBytes: 2 * frameSamples,
    defaultPtimeMs: 20,
  };
}

export const L16_NARROW_INFO: CodecInfo = l16Info(8000);
export const L16_WIDE_INFO: CodecInfo = l16Info(16000);
