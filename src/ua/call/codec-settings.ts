/**
 * How codecs are to work, codec by codec, as far as the application has wishes: what our descriptions say of them, what
 * the encoder is told when the peer agrees, and how long packets are. Used by {@link CallMedia}; pure.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { MediaFormat, StreamFormat } from '../../media/index.js';
import type { AudioFormat } from '../../sdp/index.js';

/** What is absent is left to the codec. */
export interface OpusSettings {
  /** Of the encoder, in bit/s, 6144 to 522240; 'auto' leaves it to libopus. */
  bitrate?: number | 'auto';
  /** Redundancy against loss: asked for, and sent to peers that can use it. Default true. */
  fec?: boolean;
  /** Nothing is sent in silence, and the peer is asked to do the same; false never does, whatever the peer asks. */
  dtx?: boolean;
  /** Loss to be prepared for, in percent. */
  packetLoss?: number;
  vbr?: boolean;
  /** 0 to 10. */
  complexity?: number;
  application?: 'voip' | 'audio' | 'lowdelay';
  /** Most that is coded. */
  bandwidth?: 'narrow' | 'medium' | 'wide' | 'superwide' | 'full';
  /** True keeps to the bandwidth whatever the bitrate allows. Default false. */
  fixedBandwidth?: boolean;
  /** Say `maxplaybackrate` and `sprop-maxcapturerate`. Default true. */
  announceRate?: boolean;
  /** Rate for a peer that does not say one, in Hz; by the codec rules when absent. */
  assumedRate?: OpusRate;
  /** Rate for all that is sent, whatever was negotiated, in Hz. */
  forcedRate?: OpusRate;
}

type OpusRate = 8000 | 16000 | 24000 | 48000;

export interface CodecSettings {
  /**
   * Codec frames in a packet, 1 to 12: what is sent, within the peer's `maxptime`, and what is asked for. By default
   * packets have 20 ms (G.729: two frames), or what the peer asks for.
   */
  framesPerPacket?: number;
  /** Numbers (96 to 127) to offer codecs by, under the names of `codecs`: { 'G7221/16000': 114 }. */
  payloadTypes?: Readonly<Record<string, number>>;
  /** False: no silence suppression, sent or received (`annexb=no`). */
  g729?: { annexB?: boolean };
  /** Frames of 20 or 30 ms; the longer one of both sides is used (RFC 3952 §5). Default 30. */
  ilbc?: { mode?: 20 | 30 };
  /**
   * `mode`: sub-mode 1 to 8 in the narrow band, `wideMode`: quality 0 to 10 in the others (RFC 5574 table 2);
   * `silenceSuppression`: short frames in silence.
   */
  speex?: { mode?: number; wideMode?: number; silenceSuppression?: boolean };
  /** Bits per second at 16 kHz; others are accepted. */
  g7221?: { bitrate?: 24000 | 32000 };
  /** Bits per second at 32 kHz; others are accepted. */
  g7221Wide?: { bitrate?: 24000 | 32000 | 48000 };
  opus?: OpusSettings;
}

const MIN_OPUS_BITRATE = 6144;
const MAX_OPUS_BITRATE = 522_240;
const MAX_FRAMES = 12;
const OPUS_RATES: readonly number[] = [8000, 16000, 24000, 48000];

/** @throws ERR_INVALID_ARGUMENT naming the setting */
export function checkCodecSettings(settings: CodecSettings = {}): void {
  const { framesPerPacket, payloadTypes = {}, speex = {}, opus = {} } = settings;
  range('framesPerPacket', framesPerPacket, 1, MAX_FRAMES);
  for (const [name, number] of Object.entries(payloadTypes)) range(`payloadTypes.${name}`, number, 96, 127);
  range('speex.mode', speex.mode, 1, 8);
  range('speex.wideMode', speex.wideMode, 0, 10);
  if (opus.bitrate !== 'auto') range('opus.bitrate', opus.bitrate, MIN_OPUS_BITRATE, MAX_OPUS_BITRATE);
  range('opus.packetLoss', opus.packetLoss, 0, 100);
  range('opus.complexity', opus.complexity, 0, 10);
  for (const name of ['assumedRate', 'forcedRate'] as const) {
    const rate = opus[name];
    if (rate !== undefined && !OPUS_RATES.includes(rate)) {
      throw invalid(`opus.${name} is ${rate}, not one of ${OPUS_RATES.join(', ')} Hz`);
    }
  }
}

/**
 * The format as our descriptions have it.
 * @returns also whether offers contain it: of several bit rates only the chosen one
 */
export function describeFormat(
  format: MediaFormat,
  settings: CodecSettings,
): { format: MediaFormat; offer: boolean } {
  const payloadType = numberFor(format, settings) ?? format.payloadType;
  const { fmtp, offer = true } = parametersOf(format, settings);
  return { format: { ...format, payloadType, fmtp }, offer };
}

function numberFor(
  { name, sampleRate }: MediaFormat,
  { payloadTypes = {} }: CodecSettings,
): number | undefined {
  const wanted = [`${name}/${sampleRate}`, name].map((key) => key.toLowerCase());
  return Object.entries(payloadTypes).find(([key]) => wanted.includes(key.toLowerCase()))?.[1];
}

function parametersOf(format: MediaFormat, settings: CodecSettings): { fmtp?: string; offer?: boolean } {
  const { g729, ilbc, speex, g7221, g7221Wide, opus = {} } = settings;
  switch (format.name) {
    case 'G729':
      return { fmtp: g729?.annexB === false ? 'annexb=no' : format.fmtp };
    case 'iLBC':
      // Without the parameter it is 30 ms (RFC 3952 §5).
      return { fmtp: ilbc?.mode === 20 ? 'mode=20' : undefined };
    case 'speex': {
      const mode = format.sampleRate === 8000 ? speex?.mode : speex?.wideMode;
      const vbr = speex?.silenceSuppression ? ['vbr=vad'] : [];
      const parts = mode === undefined ? (format.fmtp ? [format.fmtp] : []) : [`mode="${mode},any"`];
      return { fmtp: [...parts, ...vbr].join(';') || undefined };
    }
    case 'G7221': {
      const wanted = format.sampleRate === 16000 ? g7221?.bitrate : g7221Wide?.bitrate;
      return { fmtp: format.fmtp, offer: wanted === undefined || format.fmtp === `bitrate=${wanted}` };
    }
    case 'opus': {
      const { announceRate = true, fec = true, dtx } = opus;
      const rate = format.sampleRate;
      const parts =
        announceRate && rate < 48000 ? [`maxplaybackrate=${rate}`, `sprop-maxcapturerate=${rate}`] : [];
      if (fec) parts.push('useinbandfec=1');
      if (dtx) parts.push('usedtx=1');
      return { fmtp: parts.join(';') || undefined };
    }
    default:
      return { fmtp: format.fmtp };
  }
}

/** Options of the decoder of a format of ours. */
export function receiveOptions(
  ours: MediaFormat | undefined,
  fmtp: string | undefined,
): StreamFormat['options'] {
  const options = parseParameters(fmtp);
  // The rate we play at, said or not.
  return ours?.name === 'opus' ? { ...options, maxplaybackrate: ours.sampleRate } : options;
}

/**
 * Options of the encoder: what the peer's description asks for, met with our wishes.
 * @param ours our format that the peer's matches
 */
export function sendOptions(
  theirs: AudioFormat,
  ours: MediaFormat | undefined,
  settings: CodecSettings,
): StreamFormat['options'] {
  const peer = parseParameters(theirs.fmtp);
  switch (theirs.name) {
    case 'G729':
      return settings.g729?.annexB === false ? { ...peer, annexb: 'no' } : peer;
    case 'iLBC': {
      const mode = Math.max(Number(peer.mode ?? 30) || 30, settings.ilbc?.mode ?? 30);
      return { ...peer, mode };
    }
    case 'speex':
      return speexOptions(peer, theirs.clockRate, settings);
    case 'opus':
      return opusOptions(peer, ours, settings.opus ?? {});
    default:
      return peer;
  }
}

function speexOptions(
  peer: Record<string, string>,
  clockRate: number,
  { speex = {} }: CodecSettings,
): StreamFormat['options'] {
  const own = clockRate === 8000 ? speex.mode : speex.wideMode;
  const list = (peer.mode ?? 'any').replaceAll('"', '').split(',');
  const agreed = own !== undefined && list.some((one) => one.trim() === 'any' || one.trim() === String(own));
  const options: Record<string, string> = agreed ? { ...peer, mode: String(own) } : { ...peer };
  if (speex.silenceSuppression !== undefined) options.vbr = speex.silenceSuppression ? 'vad' : 'off';
  return options;
}

function opusOptions(
  peer: Record<string, string>,
  ours: MediaFormat | undefined,
  settings: OpusSettings,
): StreamFormat['options'] {
  const { bitrate, packetLoss, vbr, complexity, application, bandwidth, fixedBandwidth } = settings;
  const limit = peer.maxplaybackrate === undefined ? settings.assumedRate : undefined;
  const own = limit ?? ours?.sampleRate ?? 48000;
  const { 'sprop-maxcapturerate': _theirCapture, ...asked } = peer;
  return {
    ...asked,
    ...(limit !== undefined && { maxplaybackrate: limit }),
    ...(settings.forcedRate !== undefined && { maxplaybackrate: settings.forcedRate }),
    'sprop-maxcapturerate': settings.forcedRate ?? own,
    ...(settings.fec === false && { useinbandfec: false }),
    ...(settings.dtx !== undefined && { usedtx: settings.dtx }),
    bitrate,
    packetloss: packetLoss,
    vbr,
    complexity,
    application,
    bandwidth,
    fixedbandwidth: fixedBandwidth,
  };
}

/**
 * The packet time to send.
 * @param peer what the peer asks for, in ms
 * @param maxMs the peer's `maxptime`
 */
export function packetTime(
  frameMs: number | undefined,
  { framesPerPacket }: CodecSettings,
  peer: number | undefined,
  maxMs: number | undefined,
): number | undefined {
  if (framesPerPacket === undefined || frameMs === undefined) return peer;
  const most = maxMs === undefined ? framesPerPacket : Math.max(1, Math.floor(maxMs / frameMs));
  return Math.min(framesPerPacket, most) * frameMs;
}

/** `mode=20;annexb=no` → { mode: '20', annexb: 'no' }. */
function parseParameters(fmtp: string | undefined): Record<string, string> {
  const options: Record<string, string> = {};
  for (const part of (fmtp ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0) options[part.slice(0, at).trim().toLowerCase()] = part.slice(at + 1).trim();
  }
  return options;
}

function range(name: string, value: number | undefined, low: number, high: number): void {
  if (value === undefined || (value >= low && value <= high)) return;
  throw invalid(`${name} is ${value}, not ${low} to ${high}`);
}

function invalid(what: string): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `codec setting ${what}` });
}
