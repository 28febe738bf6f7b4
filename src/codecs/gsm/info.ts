/** The facts of GSM full rate, by which it is known without its code. */
import type { CodecInfo } from '../codec.js';

export const FRAME_BYTES = 33;
export const FRAME_SAMPLES = 160;

export const GSM_INFO: CodecInfo = {
  name: 'GSM',
  clockRate: 8000,
  sampleRate: 8000,
  rtpmapChannels: 1,
  payloadType: 3,
  frameSamples: FRAME_SAMPLES,
  maxFrameBytes: FRAME_BYTES,
  defaultPtimeMs: 20,
};
