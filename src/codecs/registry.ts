/** The codecs of the catalogue with their code. Those with large tables are loaded when a call needs them. */
import type { Codec, CodecOptions } from './codec.js';
import { pcma, pcmu } from './g711/codec.js';
import { g722 } from './g722/codec.js';
import { G729_INFO } from './g729/info.js';
import { G7221_MODES, g7221Info } from './g7221/info.js';
import { gsm } from './gsm/codec.js';
import { ilbcInfo } from './ilbc/info.js';
import { MODE_20, MODE_30 } from './ilbc/mode.js';
import { l16Narrow, l16Wide } from './l16/codec.js';
import { lazyCodec } from './lazy.js';
import { opus48 } from './opus/codec.js';
import { SPEEX_INFOS } from './speex/info.js';

const g729 = lazyCodec(G729_INFO, async () => (await import('./g729/g729.js')).g729);

const [ilbc20, ilbc30]: readonly Codec[] = [MODE_20, MODE_30].map((mode) =>
  lazyCodec(
    ilbcInfo(mode),
    async () => {
      const codecs = await import('./ilbc/codec.js');
      return mode === MODE_20 ? codecs.ilbc20 : codecs.ilbc30;
    },
    // RFC 3952 §5: absent means 30.
    (options): Codec => (Number(options.mode ?? 30) === 20 ? ilbc20 : ilbc30),
  ),
);

const [speexNarrow, speexWide, speexUltraWide] = SPEEX_INFOS.map((info, at) =>
  lazyCodec(info, async () => {
    const codecs = await import('./speex/codec.js');
    return [codecs.speexNarrow, codecs.speexWide, codecs.speexUltraWide][at];
  }),
);

const g7221Codecs: readonly Codec[] = G7221_MODES.map((mode, at) => {
  const info = g7221Info(mode);
  return lazyCodec(
    info,
    async () => (await import('./g7221/codec.js')).g7221Codecs[at],
    ({ bitrate }) =>
      g7221Codecs.find(
        (one) => one.info.clockRate === info.clockRate && one.info.fmtp === `bitrate=${bitrate}`,
      ) ?? g7221Codecs[at],
  );
});

/** In the order of the catalogue. */
const CODECS: readonly Codec[] = [
  pcmu,
  pcma,
  g722,
  opus48,
  g729,
  gsm,
  ilbc30,
  speexWide,
  speexNarrow,
  speexUltraWide,
  ...g7221Codecs,
  l16Wide,
  l16Narrow,
];

/** All codecs, preferred ones first. */
export function allCodecs(): readonly Codec[] {
  return CODECS;
}

/**
 * @param name encoding name as in `a=rtpmap`, case-insensitive (RFC 8866 §6.6)
 * @param options negotiated parameters and preferences, which may ask for a special form of the codec
 */
export function findCodec(name: string, clockRate: number, options?: CodecOptions): Codec | undefined {
  const wanted = name.toLowerCase();
  const found = CODECS.find(({ info }) => info.name.toLowerCase() === wanted && info.clockRate === clockRate);
  return (options && found?.variant?.(options)) ?? found;
}
