/**
 * The rules of RFC 3264 for one audio stream: answering an offer (§6), reading an answer (§7). Called by the offer/answer
 * engine, which keeps the state; nothing here remembers anything beyond the payload numbers it is given.
 */
import { SwitchhookError } from '../base/errors.js';
import {
  attributeValues,
  audioFormats,
  connectionOf,
  direction,
  isGroupAddress,
  isUnspecified,
  maxptime,
  ptime,
  rtcpDestination,
  rtcpMux,
  ssrcs,
} from './attributes.js';
import {
  type AudioFormat,
  closest,
  encodingText,
  type FormatMatcher,
  type NumberedFormat,
  numbered,
  sameFormat,
} from './audio-format.js';
import {
  type AudioPlan,
  DTMF_EVENTS,
  eventFormat,
  isComfortNoise,
  isEventFormat,
  isUsableComfortNoise,
  planBase,
  wantsEvents,
} from './audio-media.js';
import type { LocalAudio, NegotiatedAudio, TelephoneEventFormat } from './audio-session.js';
import {
  acceptedCrypto,
  answerCrypto,
  isRtpProtocol,
  isSecureProtocol,
  type LocalKeys,
} from './crypto-negotiation.js';
import type { MediaDescription, SessionDescription } from './description.js';
import { directionOf, meetDirection, receives, sends } from './direction.js';
import type { PayloadNumbers } from './payload-numbers.js';

type PeerFormat = AudioFormat & { payloadType: number };

/** The result of an exchange in which the audio stream was rejected, ended, or not there. */
export function inactiveAudio(protocol = 'RTP/AVP'): NegotiatedAudio {
  return {
    active: false,
    direction: 'inactive',
    remoteAllows: 'sendrecv',
    remoteHeld: false,
    remote: { address: '', port: 0, rtcpAddress: '', rtcpPort: 0 },
    protocol,
    send: [],
    receive: [],
    telephoneEventReceive: [],
    rtcpMux: false,
    rtcpXr: false,
  };
}

/** True when the author of `media` does not want to receive: by direction, address (RFC 3264 §8.4) or bandwidth (§5). */
export function isHeld(session: SessionDescription, media: MediaDescription): boolean {
  return !receives(direction(session, media)) || takesNothing(session, media);
}

function takesNothing(session: SessionDescription, media: MediaDescription): boolean {
  const bandwidth = media.bandwidth.length > 0 ? media.bandwidth : session.bandwidth;
  return (
    isUnspecified(connectionOf(session, media)?.address ?? '0.0.0.0') ||
    bandwidth.some(({ type, value }) => value === 0 && /^(AS|CT|TIAS)$/i.test(type))
  );
}

/**
 * Answers one offered audio stream.
 * @throws SwitchhookError `ERR_MEDIA_NO_COMMON_CODEC`, `ERR_MEDIA_SRTP`, `ERR_SDP_UNACCEPTABLE`
 */
export function answerAudio(
  session: SessionDescription,
  media: MediaDescription,
  local: LocalAudio,
  numbers: PayloadNumbers,
  keys: LocalKeys,
  accept: FormatMatcher,
): { plan: AudioPlan; result: NegotiatedAudio } {
  requireUsable(session, media);
  const offered = audioFormats(media);
  const pairs = matchOffer(offered, local, accept);
  if (pairs.length === 0) noCommonCodec(local.formats, offered);
  if (local.answerFormats === 'one') pairs.length = 1;
  const crypto = answerCrypto(media, local, keys);

  const taken = new Set<number>();
  const send: NumberedFormat[] = [];
  const receive: NumberedFormat[] = [];
  for (const { ours, theirs } of pairs) {
    const payloadType = numbers.adopt(theirs.payloadType, ours, taken);
    if (payloadType === undefined) continue;
    receive.push(numbered(payloadType, ours));
    send.push(toSend(theirs, ours));
  }
  if (send.length === 0) noCommonCodec(local.formats, offered);
  if (local.answerFormats === 'all') {
    for (const ours of local.formats) {
      if (receive.some(({ format }) => sameFormat(format, ours))) continue;
      const payloadType = numbers.assign(ours, taken);
      if (payloadType !== undefined) receive.push(numbered(payloadType, ours));
    }
  }

  const noise = local.comfortNoise ? offered.find(isUsableComfortNoise) : undefined;
  const noiseNumber = noise && numbers.adopt(noise.payloadType, noise, taken);
  const eventsSend: TelephoneEventFormat[] = [];
  const eventsReceive: TelephoneEventFormat[] = [];
  for (const theirs of wantsEvents(local) ? usableEvents(offered, send) : []) {
    const payloadType = numbers.adopt(theirs.payloadType, eventFormat(local, theirs.clockRate), taken);
    if (payloadType === undefined) continue;
    eventsReceive.push({ payloadType, clockRate: theirs.clockRate, events: DTMF_EVENTS });
    eventsSend.push(toSendEvents(theirs));
  }

  const mux = answerMux(media, local, offered, taken);
  const plan: AudioPlan = {
    ...planBase(local),
    protocol: media.protocol,
    direction: meetDirection(direction(session, media), local.direction),
    formats: receive,
    events: eventsReceive,
    comfortNoise: noiseNumber,
    rtcpMux: mux,
    rtcpMuxOnly: false,
    crypto: crypto.attribute ? [crypto.attribute] : [],
  };
  const result = outcome(session, media, plan, {
    send,
    receive,
    eventsSend,
    telephoneEventReceive: eventsReceive,
    comfortNoiseSend: noiseNumber === undefined ? undefined : noise?.payloadType,
    comfortNoiseReceive: noiseNumber,
    rtcpMux: mux,
    crypto: crypto.negotiated,
  });
  return { plan, result };
}

/**
 * Reads the answer to the audio stream we offered as `plan`.
 * @throws SwitchhookError `ERR_MEDIA_NO_COMMON_CODEC`, `ERR_MEDIA_SRTP`, `ERR_SDP_UNACCEPTABLE`
 */
export function readAudioAnswer(
  session: SessionDescription,
  media: MediaDescription,
  plan: AudioPlan,
  accept: FormatMatcher,
): NegotiatedAudio {
  requireUsable(session, media);
  const answered = audioFormats(media);
  const pairs = matchAnswer(answered, plan, accept);
  if (pairs.length === 0)
    noCommonCodec(
      plan.formats.map(({ format }) => format),
      answered,
    );
  const crypto = acceptedCrypto(media, plan.crypto, isSecureProtocol(plan.protocol));
  const mux = plan.rtcpMux && rtcpMux(media);
  if (plan.rtcpMuxOnly && !mux) unacceptable('the answer does not multiplex RTP and RTCP, which we require');

  const send = pairs.map(({ ours, theirs }) => toSend(theirs, ours.format));
  const noise = plan.comfortNoise === undefined ? undefined : answered.find(isUsableComfortNoise);
  const eventPairs = answered.filter(isEventFormat).flatMap((theirs) => {
    const ours = plan.events.find(({ clockRate }) => clockRate === theirs.clockRate);
    return ours ? [{ ours, theirs }] : [];
  });

  // Numbers the peer uses for itself where we use others: accepted too, as long as they mean nothing else to us.
  const known = new Set([...plan.formats, ...plan.events].map(({ payloadType }) => payloadType));
  if (plan.comfortNoise !== undefined) known.add(plan.comfortNoise);
  const isAlias = (payloadType: number) => !known.has(payloadType) && known.add(payloadType);
  const receive = pairs.map(({ ours }) => ours);
  for (const { ours, theirs } of pairs) {
    const { payloadType } = theirs;
    if (isAlias(payloadType)) receive.push(numbered(payloadType, ours.format));
  }
  const telephoneEventReceive = eventPairs.map(({ ours }) => ours);
  for (const { ours, theirs } of eventPairs) {
    const { payloadType } = theirs;
    if (isAlias(payloadType)) telephoneEventReceive.push({ ...ours, payloadType });
  }
  return outcome(session, media, plan, {
    send,
    receive,
    eventsSend: eventPairs.map(({ theirs }) => toSendEvents(theirs)),
    telephoneEventReceive,
    comfortNoiseSend: noise?.payloadType,
    comfortNoiseReceive: noise && plan.comfortNoise,
    rtcpMux: mux,
    crypto,
  });
}

/** What the two roles find out in different ways. */
type Agreed = Pick<
  NegotiatedAudio,
  | 'send'
  | 'receive'
  | 'telephoneEventReceive'
  | 'comfortNoiseSend'
  | 'comfortNoiseReceive'
  | 'crypto'
  | 'rtcpMux'
> & { eventsSend: readonly TelephoneEventFormat[] };

/** The outcome, with what both roles take from the peer's description in the same way. */
function outcome(
  session: SessionDescription,
  media: MediaDescription,
  plan: AudioPlan,
  agreed: Agreed,
): NegotiatedAudio {
  const address = connectionOf(session, media)?.address ?? '';
  const rtcp = agreed.rtcpMux ? { address, port: media.port } : rtcpDestination(session, media);
  const met = meetDirection(direction(session, media), plan.direction);
  return {
    active: true,
    // RFC 3264 §8.4: nothing may be sent to the unspecified address, whichever side it belongs to.
    direction: directionOf(
      sends(met) && !takesNothing(session, media),
      receives(met) && !isUnspecified(plan.address),
    ),
    remoteAllows: directionOf(!isHeld(session, media), sends(direction(session, media))),
    remoteHeld: isHeld(session, media),
    remote: { address, port: media.port, rtcpAddress: rtcp.address, rtcpPort: rtcp.port },
    protocol: media.protocol,
    send: agreed.send,
    receive: agreed.receive,
    telephoneEventSend: bestEvents(agreed.eventsSend, agreed.send),
    telephoneEventReceive: agreed.telephoneEventReceive,
    comfortNoiseSend: agreed.comfortNoiseSend,
    comfortNoiseReceive: agreed.comfortNoiseReceive,
    ptime: ptime(media),
    maxptime: maxptime(media),
    rtcpMux: agreed.rtcpMux,
    rtcpXr: wantsVoipMetrics(media),
    remoteSsrc: ssrcs(media)[0],
    crypto: agreed.crypto,
  };
}

/** RFC 3611 §5.1: formats separated by blanks, with their parameters. */
function wantsVoipMetrics(media: MediaDescription): boolean {
  return attributeValues(media, 'rtcp-xr').some((value) => /(^|\s)voip-metrics\b/.test(value));
}

function isCodec(format: AudioFormat): boolean {
  return !isEventFormat(format) && !isComfortNoise(format);
}

/** Each format of ours at most once, in the order of the offer or in ours. */
function matchOffer(
  offered: readonly PeerFormat[],
  local: LocalAudio,
  accept: FormatMatcher,
): Array<{ ours: AudioFormat; theirs: PeerFormat }> {
  const left = [...local.formats];
  const pairs: Array<{ ours: AudioFormat; theirs: PeerFormat }> = [];
  for (const theirs of offered.filter(isCodec)) {
    const fitting = left.filter((ours) => accept(theirs, ours));
    const ours = closest(theirs, fitting);
    if (!ours) continue;
    left.splice(left.indexOf(ours), 1);
    pairs.push({ ours, theirs });
  }
  if (local.answerOrder === 'local') {
    pairs.sort((a, b) => local.formats.indexOf(a.ours) - local.formats.indexOf(b.ours));
  }
  return pairs;
}

/** In the order of the answer; the same number first, since two of our formats may match one of the answer. */
function matchAnswer(
  answered: readonly PeerFormat[],
  plan: AudioPlan,
  accept: FormatMatcher,
): Array<{ ours: NumberedFormat; theirs: PeerFormat }> {
  const left = new Set(plan.formats);
  return answered.filter(isCodec).flatMap((theirs) => {
    const fitting = [...left].filter(({ format }) => accept(theirs, format));
    const ours = fitting.find(({ payloadType }) => payloadType === theirs.payloadType) ?? fitting[0];
    if (!ours) return [];
    left.delete(ours);
    return [{ ours, theirs }];
  });
}

/** The peer's number and parameters, in our spelling of the name and with our reading of the clock. */
function toSend({ payloadType, fmtp }: PeerFormat, ours: AudioFormat): NumberedFormat {
  const { name, clockRate, channels } = ours;
  return { payloadType, format: { name, clockRate, channels, payloadType, fmtp } };
}

/** Events of the clocks in use, and of 8000 Hz, which many peers offer with every codec. One per clock. */
function usableEvents(offered: readonly PeerFormat[], codecs: readonly NumberedFormat[]): PeerFormat[] {
  const rates = new Set([8000, ...codecs.map(({ format }) => format.clockRate)]);
  return offered.filter((format) => isEventFormat(format) && rates.delete(format.clockRate));
}

function toSendEvents({ payloadType, clockRate, fmtp }: PeerFormat): TelephoneEventFormat {
  return { payloadType, clockRate, events: fmtp && /^[\d,-]+$/.test(fmtp) ? fmtp : DTMF_EVENTS };
}

function bestEvents(
  events: readonly TelephoneEventFormat[],
  send: readonly NumberedFormat[],
): TelephoneEventFormat | undefined {
  const of = (rate: number) => events.find(({ clockRate }) => clockRate === rate);
  return of(send[0].format.clockRate) ?? of(8000) ?? events[0];
}

/** RFC 5761 §4: not with payload types that look like RTCP packet types. */
function answerMux(
  media: MediaDescription,
  local: LocalAudio,
  offered: readonly PeerFormat[],
  ours: ReadonlySet<number>,
): boolean {
  const collides = (number: number) => number >= 64 && number <= 95;
  const possible =
    rtcpMux(media) && ![...ours].some(collides) && !offered.some(({ payloadType }) => collides(payloadType));
  if (local.rtcpMux === 'require' && !possible) {
    unacceptable('the offer does not multiplex RTP and RTCP, which we require');
  }
  return possible && local.rtcpMux !== undefined && local.rtcpMux !== 'off';
}

/**
 * An address of the other family is no reason to refuse: phones that signal over IPv4 and write their IPv6 address send
 * their audio from one we can answer, which symmetric RTP finds.
 */
function requireUsable(session: SessionDescription, media: MediaDescription): void {
  if (!isRtpProtocol(media.protocol)) unacceptable(`the audio protocol is ${media.protocol}`);
  const connection = connectionOf(session, media);
  if (!connection) return unacceptable('there is no c= line for the audio stream');
  const { address, multicast } = connection;
  // A call is between two (RFC 3264 §6.2 would have both sides use the group).
  if (multicast !== undefined || isGroupAddress(address)) unacceptable(`${address} is a multicast address`);
}

export function unacceptable(why: string): never {
  throw new SwitchhookError('ERR_SDP_UNACCEPTABLE', { why });
}

export function noCommonCodec(ours: readonly AudioFormat[], theirs: readonly AudioFormat[]): never {
  const names = (formats: readonly AudioFormat[]) =>
    formats.filter(isCodec).map(encodingText).join(', ') || 'none';
  throw new SwitchhookError('ERR_MEDIA_NO_COMMON_CODEC', { ours: names(ours), theirs: names(theirs) });
}
