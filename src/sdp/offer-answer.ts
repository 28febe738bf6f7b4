/**
 * Offer/answer (RFC 3264) for one dialog with one audio stream, as a state machine. The user agent moves it with what it
 * sends and receives in INVITE, 1xx, 2xx, ACK, PRACK and UPDATE; it never touches sockets or media.
 *
 * ```
 *                    createOffer                          receiveOffer
 *   local-offer <----------------- new | stable ------------------> remote-offer
 *        |                              ^                                |
 *        | receiveAnswer -> stable      |        createAnswer -> stable  |
 *        +------------------------------+--------------------------------+
 *          rollback, or an error: back to new | stable, with what was agreed before
 * ```
 *
 * Other media than our audio stream are rejected with port 0 and keep their place in all further descriptions (§8).
 * A peer that drops m-lines from a re-offer is answered line by line all the same.
 */
import { SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { audioFormats, direction, hasAttribute } from './attributes.js';
import { type FormatMatcher, sameFormat } from './audio-format.js';
import { type AudioPlan, addLines, audioMedia, planOffer } from './audio-media.js';
import {
  answerAudio,
  inactiveAudio,
  isHeld,
  noCommonCodec,
  readAudioAnswer,
  unacceptable,
} from './audio-negotiation.js';
import type { LocalAudio, NegotiatedAudio, RemoteOffer } from './audio-session.js';
import { isRtpProtocol, isSecureProtocol, LocalKeys, requiresSrtp } from './crypto-negotiation.js';
import type { Attribute, MediaDescription, Origin, SdpLine, SessionDescription } from './description.js';
import { parseSdp, type SdpLimits } from './parse.js';
import { PayloadNumbers } from './payload-numbers.js';
import { printSdp } from './print.js';

export interface OfferAnswerOptions {
  random: Random;
  /** In `o=`. Default '-'. */
  username?: string;
  /** In `s=`. Default '-'. */
  sessionName?: string;
  /** Default {@link sameFormat}. */
  acceptFormat?: FormatMatcher;
  /** For what the peer sends. */
  limits?: Partial<SdpLimits>;
}

/** The place of one m-line, kept over the whole session (RFC 3264 §8). */
type Slot = Pick<MediaDescription, 'kind' | 'protocol' | 'formats'>;

interface Agreement {
  slots: readonly Slot[];
  /** Which slot carries our audio stream; -1 when none does. */
  audioSlot: number;
  result: NegotiatedAudio;
  localSdp: string;
  remoteSdp: string;
}

interface LocalOffer {
  sdp: string;
  slots: readonly Slot[];
  audioSlot: number;
  plan: AudioPlan;
}

interface ReceivedOffer {
  sdp: string;
  description: SessionDescription;
}

type Exchange =
  | { state: 'idle' }
  | { state: 'local-offer'; offer: LocalOffer }
  | { state: 'remote-offer'; offer: ReceivedOffer };

const IDLE: Exchange = { state: 'idle' };
/** RFC 3264 §5: a session that begins and ends by signalling. */
const UNBOUNDED: readonly SdpLine[] = [{ type: 't', value: '0 0' }];

export class OfferAnswer {
  readonly #options: OfferAnswerOptions;
  readonly #accept: FormatMatcher;
  #numbers = new PayloadNumbers();
  #keys: LocalKeys;
  #exchange: Exchange = IDLE;
  #agreement: Agreement | undefined;
  /** Of our latest description, sent or not accepted: the version may not go back (RFC 3264 §8). */
  #origin: Origin | undefined;
  #latest: SessionDescription | undefined;

  constructor(options: OfferAnswerOptions) {
    this.#options = options;
    this.#accept = options.acceptFormat ?? sameFormat;
    this.#keys = new LocalKeys(options.random);
  }

  get state(): 'new' | 'stable' | 'local-offer' | 'remote-offer' {
    if (this.#exchange.state !== 'idle') return this.#exchange.state;
    return this.#agreement ? 'stable' : 'new';
  }

  /** What the latest finished exchange agreed on; an exchange under way or failed does not change it. */
  get current(): NegotiatedAudio | undefined {
    return this.#agreement?.result;
  }

  /** Our description: the offer under way, else the agreed one. */
  get localSdp(): string | undefined {
    return this.#exchange.state === 'local-offer' ? this.#exchange.offer.sdp : this.#agreement?.localSdp;
  }

  /** The peer's description: the offer under way, else the agreed one. */
  get remoteSdp(): string | undefined {
    return this.#exchange.state === 'remote-offer' ? this.#exchange.offer.sdp : this.#agreement?.remoteSdp;
  }

  /**
   * An offer, the first or a new one. m-lines and payload numbers stay where they were; the version goes up by one only
   * when the content differs from our latest description. `local.port` 0 ends the stream.
   * @throws SwitchhookError `ERR_SDP_STATE`, `ERR_INVALID_ARGUMENT`
   */
  createOffer(local: LocalAudio): string {
    this.#require('idle', 'make an offer');
    checkLocal(local);
    const plan = planOffer(local, this.#numbers, this.#keys);
    const before = this.#agreement?.slots ?? [];
    let audioSlot = this.#agreement?.audioSlot ?? -1;
    // RFC 3264 §8.1: a new stream may take the place of a disabled one, else stands below all others.
    if (audioSlot < 0) audioSlot = before.findIndex(({ kind }) => kind === 'audio');
    if (audioSlot < 0) audioSlot = before.length;
    const media = before.map(rejectedMedia);
    media[audioSlot] = audioMedia(plan);
    const sdp = this.#describe(local, media, UNBOUNDED);
    this.#exchange = { state: 'local-offer', offer: { sdp, slots: media.map(slotOf), audioSlot, plan } };
    return sdp;
  }

  /**
   * An offer without any m-line: the media follows with a later one (RFC 3725 §4.4). Only as the first.
   * @throws SwitchhookError `ERR_SDP_STATE`, `ERR_INVALID_ARGUMENT`
   */
  createOfferWithoutMedia(local: LocalAudio): string {
    this.#require('idle', 'make an offer');
    checkLocal(local);
    const plan = { ...planOffer(local, this.#numbers, this.#keys), port: 0 };
    const sdp = this.#describe(local, [], UNBOUNDED);
    this.#exchange = { state: 'local-offer', offer: { sdp, slots: [], audioSlot: -1, plan } };
    return sdp;
  }

  /**
   * Concludes our offer.
   * @throws SwitchhookError `ERR_SDP_STATE`; `ERR_SDP_PARSE`, `ERR_SDP_UNACCEPTABLE`, `ERR_MEDIA_NO_COMMON_CODEC` or
   *   `ERR_MEDIA_SRTP`, after which the offer is rolled back
   */
  receiveAnswer(sdp: string): NegotiatedAudio {
    const { offer } = this.#require('local-offer', 'take an answer');
    this.#exchange = IDLE;
    const description = parseSdp(sdp, this.#options.limits);
    const result = this.#readAnswer(description, offer);
    for (const media of description.media) this.#notePeer(media);
    const { slots, audioSlot } = offer;
    this.#agree({ slots, audioSlot, result, localSdp: offer.sdp, remoteSdp: sdp });
    return result;
  }

  /**
   * What an answer means that does not conclude the exchange: SDP in an unreliable 18x (RFC 6337 §3.1.1), used for early
   * media. State and `current` stay.
   * @throws as {@link receiveAnswer}, without the rolling back
   */
  previewAnswer(sdp: string): NegotiatedAudio {
    const { offer } = this.#require('local-offer', 'preview an answer');
    return this.#readAnswer(parseSdp(sdp, this.#options.limits), offer);
  }

  /**
   * Takes an offer to be answered with {@link createAnswer}, or refused with 488 and {@link rollback}.
   * @throws SwitchhookError `ERR_SDP_STATE` (glare: RFC 3261 §14.2), `ERR_SDP_PARSE`; the state stays
   */
  receiveOffer(sdp: string): RemoteOffer {
    this.#require('idle', 'take an offer');
    const description = parseSdp(sdp, this.#options.limits);
    this.#exchange = { state: 'remote-offer', offer: { sdp, description } };
    const media = this.#audioCandidates(description)[0];
    return {
      active: media !== undefined,
      formats: media ? audioFormats(media) : [],
      direction: media ? direction(description, media) : 'inactive',
      held: media !== undefined && isHeld(description, media),
      security: !media ? 'none' : offeredSecurity(media),
      unchanged: sdp === this.#agreement?.remoteSdp,
      description,
    };
  }

  /**
   * Answers the received offer.
   * @throws SwitchhookError `ERR_SDP_STATE`, `ERR_INVALID_ARGUMENT`; `ERR_MEDIA_NO_COMMON_CODEC`, `ERR_MEDIA_SRTP` or
   *   `ERR_SDP_UNACCEPTABLE`, which all want a 488 (RFC 3261 §13.3.1.3) and after which the offer is rolled back
   */
  createAnswer(local: LocalAudio): { sdp: string; result: NegotiatedAudio } {
    const { offer } = this.#require('remote-offer', 'answer');
    checkLocal(local);
    this.#exchange = IDLE;
    const { description } = offer;
    for (const media of description.media) this.#notePeer(media);
    const answer = this.#answerAudio(description, local);
    const media = description.media.map(rejectedMedia);
    const audioSlot = answer ? description.media.indexOf(answer.media) : -1;
    if (answer) media[audioSlot] = audioMedia(answer.plan);
    // RFC 3264 §6: t= must equal that of the offer.
    const sdp = this.#describe(local, media, description.timing.length > 0 ? description.timing : UNBOUNDED);
    const result = answer?.result ?? inactiveAudio();
    this.#agree({ slots: media.map(slotOf), audioSlot, result, localSdp: sdp, remoteSdp: offer.sdp });
    return { sdp, result };
  }

  /**
   * What was agreed on, with the one codec that is used: some peers want it in the ACK when their answer had several.
   * Changes nothing.
   * @throws SwitchhookError `ERR_SDP_STATE` while an offer is under way or before anything was agreed on
   */
  describeFinal(local: LocalAudio): string {
    this.#require('idle', 'describe the session');
    const { result, slots, audioSlot } = this.#agreement ?? {};
    const best = result?.send[0]?.format;
    if (!result || !slots || audioSlot === undefined || !best)
      throw new SwitchhookError('ERR_SDP_STATE', { what: 'describe the session', state: this.state });
    const formats = local.formats.filter((format) => this.#accept(format, best)).slice(0, 1);
    const plan = planOffer({ ...local, formats }, this.#numbers, this.#keys);
    const media = slots.map(rejectedMedia);
    media[audioSlot] = audioMedia({ ...plan, rtcpMux: result.rtcpMux, protocol: result.protocol });
    return this.#describe(local, media, UNBOUNDED);
  }

  /** The next description of ours has new SRTP keys. */
  renewKeys(): void {
    this.#keys.forget();
  }

  /** Forgets the offer under way, ours or the peer's; what was agreed before stays. Harmless when there is none. */
  rollback(): void {
    this.#exchange = IDLE;
  }

  /** An independent copy: each early dialog of a forked INVITE answers the same offer for itself. */
  fork(): OfferAnswer {
    const copy = new OfferAnswer(this.#options);
    copy.#numbers = this.#numbers.clone();
    copy.#keys = this.#keys.clone();
    copy.#exchange = this.#exchange;
    copy.#agreement = this.#agreement;
    copy.#origin = this.#origin;
    copy.#latest = this.#latest;
    return copy;
  }

  #require<S extends Exchange['state']>(state: S, what: string): Extract<Exchange, { state: S }> {
    if (this.#exchange.state !== state)
      throw new SwitchhookError('ERR_SDP_STATE', { what, state: this.state });
    return this.#exchange as Extract<Exchange, { state: S }>;
  }

  #agree(agreement: Agreement): void {
    if (this.#agreement?.result.crypto && !agreement.result.crypto) this.#keys.forget();
    this.#agreement = agreement;
  }

  #notePeer(media: MediaDescription): void {
    if (media.kind === 'audio') this.#numbers.notePeer(audioFormats(media));
  }

  #readAnswer(description: SessionDescription, offer: LocalOffer): NegotiatedAudio {
    // RFC 3264 §6 wants the same m-lines in the same order; a peer that left rejected ones out is still understood.
    const inPlace = description.media[offer.audioSlot];
    const media = isAudio(inPlace)
      ? inPlace
      : description.media.find((one) => isAudio(one) && one.port !== 0);
    if (!media || media.port === 0 || offer.plan.port === 0) return inactiveAudio(offer.plan.protocol);
    return readAudioAnswer(description, media, offer.plan, this.#accept);
  }

  /** The first offered stream we can agree on; undefined when nothing is offered at all. */
  #answerAudio(description: SessionDescription, local: LocalAudio) {
    if (local.port === 0) return undefined;
    let firstError: unknown;
    const candidates = this.#audioCandidates(description, local.crypto !== undefined);
    for (const media of candidates) {
      try {
        return { media, ...answerAudio(description, media, local, this.#numbers, this.#keys, this.#accept) };
      } catch (error) {
        firstError ??= error;
      }
    }
    if (firstError) throw firstError;
    // RFC 3264 §6: an offer of which nothing can be used is rejected as a whole; one that ends all streams is not.
    const wanted = description.media.filter(({ port }) => port !== 0);
    if (wanted.some(isAudio)) unacceptable(`the audio protocol is ${wanted.find(isAudio)?.protocol}`);
    if (wanted.length > 0) noCommonCodec(local.formats, []);
    return undefined;
  }

  /** Audio streams that can be used: the one in use first, then the secure ones if `preferSecure`, then in order. */
  #audioCandidates(description: SessionDescription, preferSecure = false): MediaDescription[] {
    const inUse = description.media[this.#agreement?.audioSlot ?? -1];
    const rank = (media: MediaDescription) =>
      media === inUse ? 0 : preferSecure && isSecureProtocol(media.protocol) ? 1 : 2;
    return description.media
      .filter((media) => isAudio(media) && media.port !== 0 && isRtpProtocol(media.protocol))
      .sort((a, b) => rank(a) - rank(b));
  }

  #describe(local: LocalAudio, media: MediaDescription[], timing: readonly SdpLine[]): string {
    const { random, username = '-', sessionName = '-' } = this.#options;
    const addrType = local.address.includes(':') ? 'IP6' : 'IP4';
    // RFC 3264 §8: all of o= stays the same for the whole session, except the version.
    const origin = (this.#origin ??= {
      username,
      sessionId: sessionId(random),
      sessionVersion: '1',
      netType: 'IN',
      addrType,
      address: local.address,
    });
    const attributes: Attribute[] = [];
    const other: SdpLine[] = [];
    addLines(local.extraLines?.session ?? [], attributes, other);
    const description: SessionDescription = {
      version: 0,
      origin,
      sessionName,
      connection: { addrType, address: local.address },
      bandwidth: [],
      timing: [...timing],
      attributes,
      media,
      other,
    };
    const text = printSdp(description);
    if (this.#latest === undefined || text === printSdp(this.#latest)) {
      this.#latest = description;
      return text;
    }
    this.#origin = { ...origin, sessionVersion: String(Number(origin.sessionVersion) + 1) };
    this.#latest = { ...description, origin: this.#origin };
    return printSdp(this.#latest);
  }
}

/** RFC 3264 §6: rejected by port 0, in the same place, with at least one format. */
function rejectedMedia({ kind, protocol, formats }: Slot): MediaDescription {
  const format = formats[0] ?? '0';
  return { kind, port: 0, protocol, formats: [format], bandwidth: [], attributes: [], other: [] };
}

function slotOf({ kind, protocol, formats }: MediaDescription): Slot {
  return { kind, protocol, formats };
}

function isAudio(media: MediaDescription | undefined): boolean {
  return media?.kind.toLowerCase() === 'audio';
}

function offeredSecurity(media: MediaDescription): RemoteOffer['security'] {
  if (isSecureProtocol(media.protocol)) return 'required';
  return hasAttribute(media, 'crypto') ? 'optional' : 'none';
}

/** RFC 3264 §5: must fit into 64 bits with sign. */
function sessionId(random: Random): string {
  return ((BigInt(random.uint32()) << 30n) | BigInt(random.uint32() >>> 2)).toString();
}

function checkLocal(local: LocalAudio): void {
  const wrong = (what: string) => new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
  if (local.formats.length === 0) throw wrong('no audio format enabled');
  if (!Number.isInteger(local.port) || local.port < 0 || local.port > 0xffff)
    throw wrong(`port ${local.port}`);
  if (requiresSrtp(local) && !local.crypto?.length) throw wrong('RTP/SAVP needs at least one crypto-suite');
}
