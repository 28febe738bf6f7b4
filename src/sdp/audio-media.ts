/**
 * Our side of the audio stream: from the wishes of the user agent to the media description we send. Used by the
 * offer/answer engine for offers and answers alike.
 */
import { type AudioFormat, encodingText, type NumberedFormat, numbered } from './audio-format.js';
import type { LocalAudio, TelephoneEventFormat } from './audio-session.js';
import { type CryptoAttribute, printCrypto } from './crypto-attribute.js';
import type { LocalKeys } from './crypto-negotiation.js';
import type { Attribute, MediaDescription, SdpLine } from './description.js';
import type { Direction } from './direction.js';
import type { PayloadNumbers } from './payload-numbers.js';

/** Digits, *, #, A-D: also what a missing fmtp means (RFC 4733 §2.4.1, §3.2). */
export const DTMF_EVENTS = '0-15';
/** Not assigned by any RFC, but what everybody uses. */
const USUAL_EVENT_NUMBER = 101;
/** RFC 3389 §4. */
const COMFORT_NOISE: AudioFormat = { name: 'CN', clockRate: 8000, channels: 1 };

/** One description of the audio stream by us, sent or about to be. */
export interface AudioPlan {
  address: string;
  port: number;
  rtcpPort?: number;
  protocol: string;
  direction: Direction;
  formats: NumberedFormat[];
  events: TelephoneEventFormat[];
  comfortNoise?: number;
  ptime?: number;
  maxptime?: number;
  rtcpMux: boolean;
  /** RFC 8858: the offerer refuses to use two ports. */
  rtcpMuxOnly: boolean;
  crypto: CryptoAttribute[];
  extraAttributes: readonly Attribute[];
  extraLines: readonly SdpLine[];
}

/** What an offer of `local` contains. */
export function planOffer(local: LocalAudio, numbers: PayloadNumbers, keys: LocalKeys): AudioPlan {
  const taken = new Set<number>();
  const formats = local.formats.flatMap((format): NumberedFormat[] => {
    const payloadType = numbers.assign(format, taken);
    return payloadType === undefined ? [] : [numbered(payloadType, format)];
  });
  const rates = [...new Set(formats.map(({ format }) => format.clockRate))];
  let comfortNoise: number | undefined;
  if (local.comfortNoise && rates.includes(COMFORT_NOISE.clockRate)) {
    comfortNoise = numbers.assign(COMFORT_NOISE, taken);
  }
  // RFC 4733 §2.1: events share the clock of the audio, so that each rate needs a format of its own.
  const events = wantsEvents(local)
    ? rates.flatMap((clockRate): TelephoneEventFormat[] => {
        const payloadType = numbers.assign(eventFormat(local, clockRate), taken);
        return payloadType === undefined ? [] : [{ payloadType, clockRate, events: DTMF_EVENTS }];
      })
    : [];
  return {
    ...planBase(local),
    protocol: local.protocol ?? 'RTP/AVP',
    direction: local.direction,
    formats,
    events,
    comfortNoise,
    rtcpMux: local.rtcpMux === 'offer' || local.rtcpMux === 'require',
    rtcpMuxOnly: local.rtcpMux === 'require',
    crypto: keys.attributes(local),
  };
}

/** The part of a plan that is the same in offers and answers. */
export function planBase(
  local: LocalAudio,
): Pick<
  AudioPlan,
  'address' | 'port' | 'rtcpPort' | 'ptime' | 'maxptime' | 'extraAttributes' | 'extraLines'
> {
  const { address, port, rtcpPort, ptime, maxptime, extraAttributes = [], extraLines } = local;
  return { address, port, rtcpPort, ptime, maxptime, extraAttributes, extraLines: extraLines?.media ?? [] };
}

export function wantsEvents(local: LocalAudio): boolean {
  return local.telephoneEvent !== false;
}

/** The wish for a certain number counts for the usual clock only; the others take what is free. */
export function eventFormat(local: LocalAudio, clockRate: number): AudioFormat {
  const wanted =
    typeof local.telephoneEvent === 'object' ? local.telephoneEvent.payloadType : USUAL_EVENT_NUMBER;
  return {
    name: 'telephone-event',
    clockRate,
    channels: 1,
    fmtp: DTMF_EVENTS,
    ...(clockRate === 8000 && { payloadType: wanted }),
  };
}

export function isEventFormat({ name }: AudioFormat): boolean {
  return name.toLowerCase() === 'telephone-event';
}

export function isComfortNoise({ name }: AudioFormat): boolean {
  return name.toUpperCase() === COMFORT_NOISE.name;
}

/** The only comfort noise we negotiate: that of the 8000 Hz codecs. */
export function isUsableComfortNoise(format: AudioFormat): boolean {
  return isComfortNoise(format) && format.clockRate === COMFORT_NOISE.clockRate;
}

/** The media description of a plan. */
export function audioMedia(plan: AudioPlan): MediaDescription {
  const formats: number[] = [];
  const attributes: Attribute[] = [];
  const list = (payloadType: number, format: AudioFormat) => {
    formats.push(payloadType);
    // RFC 3264 §5.1: also for static numbers.
    attributes.push({ name: 'rtpmap', value: `${payloadType} ${encodingText(format)}` });
    if (format.fmtp) attributes.push({ name: 'fmtp', value: `${payloadType} ${format.fmtp}` });
  };
  for (const { payloadType, format } of plan.formats) list(payloadType, format);
  if (plan.comfortNoise !== undefined) list(plan.comfortNoise, COMFORT_NOISE);
  for (const { payloadType, clockRate, events } of plan.events) {
    list(payloadType, { name: 'telephone-event', clockRate, channels: 1, fmtp: events });
  }
  if (plan.ptime !== undefined) attributes.push({ name: 'ptime', value: String(plan.ptime) });
  if (plan.maxptime !== undefined) attributes.push({ name: 'maxptime', value: String(plan.maxptime) });
  // RFC 3605: only needed when it is not the next port.
  if (plan.rtcpPort !== undefined && plan.rtcpPort !== plan.port + 1) {
    attributes.push({ name: 'rtcp', value: String(plan.rtcpPort) });
  }
  if (plan.rtcpMux) attributes.push({ name: 'rtcp-mux' });
  if (plan.rtcpMuxOnly) attributes.push({ name: 'rtcp-mux-only' });
  for (const crypto of plan.crypto) attributes.push({ name: 'crypto', value: printCrypto(crypto) });
  attributes.push({ name: plan.direction }, ...plan.extraAttributes);
  const other: SdpLine[] = [];
  addLines(plan.extraLines, attributes, other);
  return {
    kind: 'audio',
    port: plan.port,
    protocol: plan.protocol,
    formats: formats.map(String),
    bandwidth: [],
    attributes,
    other,
  };
}

/** Puts lines an application wants where the printer expects them. */
export function addLines(lines: readonly SdpLine[], attributes: Attribute[], other: SdpLine[]): void {
  for (const line of lines) {
    const colon = line.value.indexOf(':');
    if (line.type !== 'a') other.push({ ...line });
    else if (colon < 0) attributes.push({ name: line.value });
    else attributes.push({ name: line.value.slice(0, colon), value: line.value.slice(colon + 1) });
  }
}
