/**
 * Which codecs there are, which of them are offered when nothing else is asked for, and what is known of each. Offers
 * are made of this alone; the code of the codecs is in the registry, and loaded where audio is.
 */
import type { CodecInfo } from './codec.js';
import { PCMA_INFO, PCMU_INFO } from './g711/info.js';
import { G722_INFO } from './g722/info.js';
import { G729_INFO } from './g729/info.js';
import { G7221_MODES, g7221Info } from './g7221/info.js';
import { GSM_INFO } from './gsm/info.js';
import { ilbcInfo } from './ilbc/info.js';
import { MODE_30 } from './ilbc/mode.js';
import { L16_NARROW_INFO, L16_WIDE_INFO } from './l16/info.js';
import { opusInfoFor } from './opus/info.js';
import { SPEEX_INFOS } from './speex/info.js';

const OPUS_INFO = opusInfoFor({});
const [SPEEX_NARROW_INFO, SPEEX_WIDE_INFO, SPEEX_ULTRA_WIDE_INFO] = SPEEX_INFOS;

const OFFERED: readonly CodecInfo[] = [
  PCMU_INFO,
  PCMA_INFO,
  G722_INFO,
  OPUS_INFO,
  G729_INFO,
  GSM_INFO,
  ilbcInfo(MODE_30),
];

/** Those that few peers have: with all of them a UDP INVITE would outgrow what RFC 3261 §18.1.1 allows. */
const ON_REQUEST: readonly CodecInfo[] = [
  SPEEX_WIDE_INFO,
  SPEEX_NARROW_INFO,
  SPEEX_ULTRA_WIDE_INFO,
  ...G7221_MODES.map(g7221Info),
  L16_WIDE_INFO,
  L16_NARROW_INFO,
];

const ALL: readonly CodecInfo[] = [...OFFERED, ...ON_REQUEST];

/** All codecs, preferred ones first. */
export function allCodecInfos(): readonly CodecInfo[] {
  return ALL;
}

/** Those that are offered when none are named. */
export function offeredCodecInfos(): readonly CodecInfo[] {
  return OFFERED;
}

/**
 * @param name encoding name, case-insensitive
 * @param rate of the clock or of the PCM inside, where there are several; of Opus the form that covers it
 */
export function codecInfosNamed(name: string, rate?: number): readonly CodecInfo[] {
  const wanted = name.toLowerCase();
  const named = ALL.filter((info) => info.name.toLowerCase() === wanted);
  if (rate === undefined) return named;
  return named
    .map((info) => (info === OPUS_INFO ? opusInfoFor({ maxplaybackrate: rate }) : info))
    .filter(({ sampleRate, clockRate }) => sampleRate === rate || clockRate === rate);
}
