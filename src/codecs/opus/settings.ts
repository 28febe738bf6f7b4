/**
 * What the options of Opus mean: the fmtp parameters of RFC 7587 §6.1 as the peer wrote them (text) and the
 * application's own preferences. Turned here into what libopus is told; values that make no sense count as absent.
 */
import type { EncoderOptions } from 'libopus-wasm';
import type { CodecOptions } from '../codec.js';

/** PCM rates offered here; libopus also has 12000 Hz, which nothing else in a call uses. */
export type OpusRate = 8000 | 16000 | 24000 | 48000;
export const OPUS_RATES: readonly OpusRate[] = [8000, 16000, 24000, 48000];

/** Packet times: one Opus frame each, since frames of several packets cannot simply be joined. */
export type OpusFrameMs = 10 | 20 | 40 | 60;
export const OPUS_FRAMES_MS: readonly OpusFrameMs[] = [10, 20, 40, 60];

const DEFAULT_FRAME_MS = 20;
/** Half the work of the highest, hardly to be heard in speech. */
const DEFAULT_COMPLEXITY = 5;
/** Loss to be prepared for when redundancy is asked for and nothing is known of the network, in percent. */
const DEFAULT_LOSS = 10;
/** Bits per second: upper ends for speech in RFC 7587 §3.1.1, and room for redundancy at the low rates. */
const DEFAULT_BITRATE: Readonly<Record<OpusRate, number>> = {
  8000: 16000,
  16000: 24000,
  24000: 32000,
  48000: 40000,
};
const MIN_BITRATE = 6000;
const MAX_BITRATE = 510000;

/** Coded bandwidths by the PCM rate they need (RFC 6716 table 1): libopus numbers them from 1101 (OPUS_SET_MAX_BANDWIDTH). */
const BANDWIDTHS = [
  { rate: 8000, bandwidth: 1101 },
  { rate: 12000, bandwidth: 1102 },
  { rate: 16000, bandwidth: 1103 },
  { rate: 24000, bandwidth: 1104 },
  { rate: 48000, bandwidth: 1105 },
] as const;

/** The `bandwidth` option. */
const NAMED_BANDWIDTHS: Readonly<Record<string, number>> = {
  narrow: 8000,
  medium: 12000,
  wide: 16000,
  superwide: 24000,
  full: 48000,
};

/** libopus' numbers (OPUS_APPLICATION_…). */
const APPLICATIONS = { voip: 2048, audio: 2049, lowdelay: 2051 } as const;

function integer(value: CodecOptions[string], low: number, high: number): number | undefined {
  if (value === undefined || value === '' || typeof value === 'boolean') return undefined;
  const number = Math.round(Number(value));
  return Number.isNaN(number) ? undefined : Math.max(low, Math.min(high, number));
}

/** fmtp writes flags as 0 and 1. */
function flag(value: CodecOptions[string]): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const number = integer(value, 0, 1);
  return number === undefined ? undefined : number === 1;
}

/** The highest rate that is of any use: what the receiver can play and the sender can capture. */
function usefulRate(options: CodecOptions): number {
  const played = integer(options.maxplaybackrate, 8000, 48000) ?? 48000;
  const captured = integer(options['sprop-maxcapturerate'], 8000, 48000) ?? 48000;
  return Math.min(played, captured);
}

/** The PCM rate that covers `maxplaybackrate` and `sprop-maxcapturerate`. */
export function rateFor(options: CodecOptions): OpusRate {
  const useful = usefulRate(options);
  return OPUS_RATES.find((rate) => rate >= useful) ?? 48000;
}

/** The frame for a packet time: the longest one that is not longer. */
export function frameMsFor(options: CodecOptions): OpusFrameMs {
  const wanted = integer(options.ptime, 10, 60) ?? DEFAULT_FRAME_MS;
  return OPUS_FRAMES_MS.findLast((ms) => ms <= wanted) ?? DEFAULT_FRAME_MS;
}

export function encoderSettings(sampleRate: OpusRate, frameSize: number, options: CodecOptions) {
  const { application } = options;
  const limit = integer(options.maxaveragebitrate, MIN_BITRATE, MAX_BITRATE) ?? MAX_BITRATE;
  const automatic = options.bitrate === 'auto' && options.maxaveragebitrate === undefined;
  const bitrate = integer(options.bitrate, MIN_BITRATE, MAX_BITRATE) ?? DEFAULT_BITRATE[sampleRate];
  const fec = flag(options.useinbandfec) ?? false;
  const most = NAMED_BANDWIDTHS[String(options.bandwidth)] ?? sampleRate;
  const useful = Math.min(sampleRate, usefulRate(options), most);
  return {
    sampleRate,
    channels: 1,
    frameSize,
    application:
      application === 'audio' || application === 'lowdelay' ? APPLICATIONS[application] : APPLICATIONS.voip,
    bitrate: automatic ? ('auto' as const) : Math.min(bitrate, limit),
    complexity: integer(options.complexity, 0, 10) ?? DEFAULT_COMPLEXITY,
    vbr: flag(options.vbr) ?? !(flag(options.cbr) ?? false),
    dtx: flag(options.usedtx) ?? false,
    fec,
    packetLossPercent: fec ? (integer(options.packetloss, 0, 100) ?? DEFAULT_LOSS) : 0,
    maxBandwidth: BANDWIDTHS.find(({ rate }) => rate >= useful)?.bandwidth,
  } satisfies EncoderOptions;
}
