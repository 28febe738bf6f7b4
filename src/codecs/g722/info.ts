/** The facts of G.722, by which it is known without its code. */
import type { CodecInfo } from '../codec.js';

export const SAMPLE_RATE = 16000;
export const FRAME_SAMPLES = 160;
export const FRAME_BYTES = FRAME_SAMPLES / 2;

/** The clock rate is historic (RFC 3551 §4.5.2). */
export const G722_INFO: CodecInfo = {
  name: 'G722',
  clockRate: 8000,
  sampleRate: SAMPLE_RATE,
  rtpmapChannels: 1,
  payloadType: 9,
  frameSamples: FRAME_SAMPLES,
  maxFrameBytes: FRAME_BYTES,
  defaultPtimeMs: 20,
};
