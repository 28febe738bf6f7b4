/**
 * The forms of G.722.1: the main body (16 kHz, 7 kHz of audio) and Annex C (32 kHz, 14 kHz of audio) at their bit rates.
 * Everything in which they differ; encoder and decoder take one of these as a parameter.
 */

/** Coefficients of a region, the unit in which power is sent and bits are allotted. */
export const REGION = 20;
/** Power is sent in steps of 3.01 dB; the index of the first region is sent with this added. */
export const POWER_OFFSET = 7;
/** Differences of the power index between neighbouring regions are sent from here on. */
export const LOWEST_DIFFERENCE = -12;
/** Tables by power index have this many entries for negative ones. */
export const NEGATIVE_POWERS = 24;

export interface G7221Mode {
  readonly sampleRate: 16000 | 32000;
  /** In bit/s. */
  readonly bitrate: 24000 | 32000 | 48000;
  /** 20 ms; as many coefficients. */
  readonly frameSamples: 320 | 640;
  readonly frameBits: number;
  /** Regions that are sent; above them (7 or 14 kHz) there is nothing. */
  readonly regions: 14 | 28;
  /** Bits of the number that chooses one of the possible allotments of bits. */
  readonly controlBits: 4 | 5;
}

export function g7221Mode(sampleRate: 16000 | 32000, bitrate: 24000 | 32000 | 48000): G7221Mode {
  const wide = sampleRate === 32000;
  return {
    sampleRate,
    bitrate,
    frameSamples: wide ? 640 : 320,
    frameBits: bitrate / 50,
    regions: wide ? 28 : 14,
    controlBits: wide ? 5 : 4,
  };
}
