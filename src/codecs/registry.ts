/** Which codecs there are, and which of them are offered when nothing else is asked for. */
import type { Codec, CodecOptions } from './codec.js';
import { pcma, pcmu } from './g711/codec.js';
import { g722 } from './g722/codec.js';
import { g729 } from './g729/g729.js';
import { g7221Codecs } from './g7221/codec.js';
import { gsm } from './gsm/codec.js';
import { ilbc30 } from './ilbc/codec.js';
import { l16Narrow, l16Wide } from './l16/codec.js';
import { opus48 } from './opus/codec.js';
import { speexNarrow, speexUltraWide, speexWide } from './speex/codec.js';

const OFFERED: readonly Codec[] = [pcmu, pcma, g722, opus48, g729, gsm, ilbc30];

/** Those that few peers have: with all of them a UDP INVITE would outgrow what RFC 3261 §18.1.1 allows. */
const ON_REQUEST: readonly Codec[] = [
  speexWide,
  speexNarrow,
  speexUltraWide,
  ...g7221Codecs,
  l16Wide,
  l16Narrow,
];

const CODECS: readonly Codec[] = [...OFFERED, ...ON_REQUEST];

/** All codecs, preferred ones first. */
export function allCodecs(): readonly Codec[] {
  return CODECS;
}

/** Those that are offered when none are named. */
export function offeredCodecs(): readonly Codec[] {
  return OFFERED;
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
