/** Which codecs there are, in the order they are offered when nothing else is asked for. */
import type { Codec } from './codec.js';
import { pcma, pcmu } from './g711/codec.js';
import { g722 } from './g722/codec.js';
import { gsm } from './gsm/codec.js';
import { ilbc30 } from './ilbc/codec.js';
import { l16Narrow, l16Wide } from './l16/codec.js';

const CODECS: readonly Codec[] = [pcmu, pcma, g722, gsm, ilbc30, l16Wide, l16Narrow];

/** All codecs, preferred ones first. */
export function allCodecs(): readonly Codec[] {
  return CODECS;
}

/** @param name encoding name as in `a=rtpmap`, case-insensitive (RFC 8866 §6.6) */
export function findCodec(name: string, clockRate: number): Codec | undefined {
  const wanted = name.toLowerCase();
  return CODECS.find(({ info }) => info.name.toLowerCase() === wanted && info.clockRate === clockRate);
}
