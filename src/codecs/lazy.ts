/**
 * A codec known by its facts alone until it is negotiated: its tables and code are loaded by {@link Codec.load}, which
 * everybody awaits before the first encoder or decoder. From then on every call goes straight through.
 */
import { SwitchhookError } from '../base/errors.js';
import type { Codec, CodecInfo, CodecOptions } from './codec.js';

/** @param variant chooses another form by the options, as {@link Codec.variant} */
export function lazyCodec(
  info: CodecInfo,
  importCodec: () => Promise<Codec>,
  variant?: (options: CodecOptions) => Codec,
): Codec {
  let loaded: Codec | undefined;
  const use = (): Codec => {
    if (loaded) return loaded;
    throw new SwitchhookError('ERR_MEDIA_CODEC', { codec: info.name, why: 'it is used before it is loaded' });
  };
  const load = async (): Promise<void> => {
    loaded ??= await importCodec();
  };
  return {
    info,
    variant,
    get load() {
      return loaded ? undefined : load;
    },
    samplesIn: (data, start, end) => use().samplesIn(data, start, end),
    announcesSilence: (data, start, end) => use().announcesSilence?.(data, start, end) ?? false,
    createEncoder: (options) => use().createEncoder(options),
    createDecoder: (options) => use().createDecoder(options),
  };
}
