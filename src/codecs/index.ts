/** Codecs: PCM in, bytes out, and back. */

export { ComfortNoiseDecoder, ComfortNoiseEncoder } from './cn/comfort-noise.js';
export type { Codec, CodecInfo, CodecOptions, Decoder, Encoder } from './codec.js';
export { WaveformConcealer } from './concealment.js';
export { allCodecs, findCodec } from './registry.js';
