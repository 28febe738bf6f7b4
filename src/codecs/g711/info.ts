/** The facts of PCMU and PCMA, by which they are known without their code. */
import type { CodecInfo } from '../codec.js';

/** 10 ms: packets of any multiple can be made of it. */
export const FRAME_SAMPLES = 80;

function g711Info(name: string, payloadType: number): CodecInfo {
  return {
    name,
    clockRate: 8000,
    sampleRate: 8000,
    rtpmapChannels: 1,
    payloadType,
    frameSamples: FRAME_SAMPLES,
    maxFrameBytes: FRAME_SAMPLES,
    defaultPtimeMs: 20,
  };
}

export const PCMU_INFO: CodecInfo = g711Info('PCMU', 0);
export const PCMA_INFO: CodecInfo = g711Info('PCMA', 8);
