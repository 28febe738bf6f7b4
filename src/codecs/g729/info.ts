/** The facts of G.729, by which it is known before its code is loaded. */
import type { CodecInfo } from '../codec.js';
import { SPEECH_BYTES } from './bitstream.js';
import { FRAME } from './dimensions.js';

export const G729_INFO: CodecInfo = {
  name: 'G729',
  clockRate: 8000,
  sampleRate: 8000,
  rtpmapChannels: 1,
  payloadType: 18,
  frameSamples: FRAME,
  maxFrameBytes: SPEECH_BYTES,
  defaultPtimeMs: 20,
};
