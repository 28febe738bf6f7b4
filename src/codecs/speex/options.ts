/** What the Speex encoder takes from the negotiated `a=fmtp` (RFC 5574 §4.1.1). */
import type { CodecOptions } from '../codec.js';

/** 15 kbit/s in the narrow band; "quality" 8 in the others, which contains it and is the default of §4.1.1. */
const NARROW_MODE = 5;
const WIDE_MODE = 8;
const HIGHEST_NARROW_MODE = 8;
const HIGHEST_WIDE_MODE = 10;

/**
 * The first mode of the list that exists, as in `mode="3,any"`.
 * @returns a sub-mode in the narrow band, a row of RFC 5574 table 2 in the others
 */
export function encoderMode(options: CodecOptions | undefined, wide: boolean): number {
  const list = String(options?.mode ?? '').replaceAll('"', '');
  for (const item of list.split(',')) {
    const text = item.trim();
    if (!/^\d+$/.test(text)) continue;
    const mode = Number(text);
    if (wide ? mode <= HIGHEST_WIDE_MODE : mode >= 1 && mode <= HIGHEST_NARROW_MODE) return mode;
  }
  return wide ? WIDE_MODE : NARROW_MODE;
}

/** `vbr=vad` and `vbr=on`: short frames in silence; the rate of speech is constant in either case. */
export function suppressesSilence(options: CodecOptions | undefined): boolean {
  const vbr = String(options?.vbr ?? '').toLowerCase();
  return vbr === 'vad' || vbr === 'on';
}
