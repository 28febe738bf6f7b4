/** What the engine can speak, in the form that offers are made of; used by ua and exchange. */
import { SwitchhookError } from '../base/errors.js';
import { allCodecInfos, codecInfosNamed, offeredCodecInfos } from '../codecs/catalogue.js';
import type { CodecInfo } from '../codecs/codec.js';

/** As in an `a=rtpmap` line; sdp's AudioFormat has the same shape. */
export interface MediaFormat {
  name: string;
  clockRate: number;
  channels: number;
  payloadType?: number;
  fmtp?: string;
  /** Of the PCM inside, in Hz; not the same as the clock with G722 and Opus. */
  sampleRate: number;
  /** Length of one codec frame. */
  frameMs: number;
}

/**
 * @param names codecs in order of preference, the usual ones when absent: encoding names, case-insensitive, which may
 * say a sampling rate where there are several ("G7221/32000", "opus/16000")
 * @throws ERR_INVALID_ARGUMENT for a name that is no codec of ours, or none at all
 */
export function audioFormats(names?: readonly string[]): MediaFormat[] {
  const chosen = names ? names.flatMap(codecsNamed) : offeredCodecInfos();
  if (chosen.length === 0) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'no codec is enabled' });
  return chosen.map((info) => ({
    name: info.name,
    clockRate: info.clockRate,
    channels: info.rtpmapChannels,
    payloadType: info.payloadType,
    fmtp: info.fmtp,
    sampleRate: info.sampleRate,
    frameMs: (info.frameSamples * 1000) / info.sampleRate,
  }));
}

function codecsNamed(text: string): readonly CodecInfo[] {
  const [name, rate] = text.split('/', 2);
  const found = codecInfosNamed(name, rate === undefined ? undefined : Number(rate));
  if (found.length > 0) return found;
  const known = [...new Set(allCodecInfos().map((info) => info.name))].join(', ');
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `unknown codec '${text}' (there are ${known})` });
}
