/**
 * The media of one call: joins the offer/answer engine (sdp) with the media session (media). The call's signalling
 * parts ask it for offers and answers and hand it what the peer sent; it configures the RTP side. With a forked
 * INVITE every early dialog answers the one offer on its own, so each gets a branch of the negotiation.
 */
import { isIP } from 'node:net';
import { isPrivate } from '../../base/address-scope.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { MediaSession, MediaSessionOptions } from '../../media/index.js';
import {
  type AudioFormat,
  type Direction,
  type LocalAudio,
  type NegotiatedAudio,
  OfferAnswer,
  parseSdp,
} from '../../sdp/index.js';

import type { CallMediaEngine } from './call-host.js';
import { type CodecPlan, type CodecRules, planCodecs } from './codec-rules.js';
import { type CodecSettings, checkCodecSettings, packetTime } from './codec-settings.js';
import { HoldState, type UnholdPolicy } from './hold.js';
import { checkSrtp, type SrtpPreferences, srtpWishes, suiteOf } from './srtp-policy.js';
import { isSame, streamConfig } from './stream-config.js';

export interface MediaPreferences extends SrtpPreferences {
  /**
   * Encoding names in order of preference, where there is a choice with the sampling rate: ['opus/16000', 'PCMA'].
   * Default: the usual ones (not Speex, G.722.1 and L16). Or rules, which also tell what is accepted and not offered.
   */
  codecs?: readonly string[] | CodecRules;
  /** How codecs are to work: bit rates, modes, frames in a packet. */
  codecSettings?: CodecSettings;
  /** Offer no wideband codec, unless there are no others. Default false. */
  narrowband?: boolean;
  /** False: calls to telephone numbers (seven digits or more) are `narrowband`. Default true. */
  widebandToNumbers?: boolean;
  /** Packet time to ask for and to send, in ms. */
  ptime?: number;
  /** Offer and accept RTCP on the RTP port (RFC 5761). Default true. */
  rtcpMux?: boolean;
  /** Ask for VoIP metrics in RTCP XR (RFC 3611). They are sent to whoever asks. Default false. */
  rtcpXr?: boolean;
  /** Offer and accept telephone-events (RFC 4733). Default true. */
  telephoneEvents?: boolean;
  /** Time without RTP until `noMedia` is told, in ms; 0 = never. */
  silenceMs?: number;
  /** Time without RTP until the call is hung up, in ms; 0 = never. Default 0. Not while either side holds. */
  timeoutMs?: number;
  /** The same while no RTP has come at all; default `timeoutMs`. */
  startTimeoutMs?: number;
  /** Bounds of the delay of the jitter buffer. */
  jitter?: MediaSessionOptions['jitter'];
  /** Gain control, noise suppression, voice statistics, detection of tones as digits. */
  processing?: MediaSessionOptions['processing'];
  /** Play faster or slower to follow the delay of the network; false drops frames. Default true. */
  allowSpeedup?: boolean;
  /** Make up what was lost; false plays silence. Default true. */
  concealment?: boolean;
  /** What came before the call was answered is played then; false drops it. Default false. */
  keepEarlyPackets?: boolean;
  /** What is done about frames that could not be sent in their time. */
  skew?: MediaSessionOptions['skew'];
  /** Send RTCP. Default true. */
  rtcp?: boolean;
  /** Numbers RTP begins with. */
  rtpStart?: MediaSessionOptions['start'];
  /** Tell about header extensions of received packets. Default false. */
  headerExtensions?: boolean;
  /** Whom to listen to; default: whoever the peer moves to, with care. */
  strictSource?: MediaSessionOptions['strictSource'];
  /** Address of this machine to take media on, when it is another than that of the signalling. */
  bindAddress?: string;
  /** Told in descriptions in place of the address and port the media is taken on, as those of a fixed NAT. */
  toldAddress?: string;
  toldPort?: number;
  /** Packets that open and keep a NAT towards the peer; 'private' opens it with one where our address is a private one. */
  nat?: Omit<NonNullable<MediaSessionOptions['nat']>, 'opening'> & { opening?: number | 'private' };
  /** When the peer may end our hold. Default 'never'. */
  unhold?: UnholdPolicy;
  /**
   * What our answers list: one codec, all we have in common with the offer, or all of ours, offered or not. Default
   * 'common' (RFC 3264 §6.1).
   */
  answerCodecs?: LocalAudio['answerFormats'];
  /**
   * Name the codec used in the ACK (as a caller): where the answer has several ('several'), likewise but not at hosts
   * where it led to silence ('auto'), always, or never, which is what RFC 3264 says. Default 'never'.
   */
  finalCodec?: 'never' | 'auto' | 'several' | 'always';
}

/** What an offer of ours describes: the session, the session at 0.0.0.0, or a session without media (RFC 3725). */
export type OfferKind = 'full' | 'zero-address' | 'no-media';

/** The IP addresses of a host name. */
export type HostLookup = (host: string) => Promise<string[]>;

/** Stands for the established dialog where an early one is named by its remote tag. */
const ESTABLISHED = '';

export interface CallMediaOptions {
  engine: CallMediaEngine;
  /** Local address to take media on. */
  address: string;
  /** Call-ID, for the logs. */
  label: string;
  preferences: MediaPreferences;
  random: Random;
  lookup: HostLookup;
  /** Lines the application wants in every description. */
  extraLines?: () => LocalAudio['extraLines'];
}

export class CallMedia {
  readonly session: MediaSession;
  readonly #codecs: CodecPlan;
  readonly #preferences: MediaPreferences;
  readonly #lookup: HostLookup;
  readonly #random: Random;
  readonly #extraLines: () => LocalAudio['extraLines'];
  readonly hold: HoldState;
  /** What flows before the call is answered. */
  early: (direction: Direction) => Direction = (direction) => direction;
  #flowing: Direction | undefined;
  #negotiation: OfferAnswer;
  /** Negotiations of the early dialogs by remote tag, while the INVITE is pending. */
  readonly #branches = new Map<string, OfferAnswer>();
  /** SDP of unreliable provisional responses by remote tag: the answer to be. */
  readonly #previews = new Map<string, string>();
  #applied: NegotiatedAudio | undefined;
  /** Counts what was applied: a name that resolves late must not undo what came after. */
  #applications = 0;
  /** Our direction in the offer under way. */
  #asked: LocalAudio['direction'] = 'sendrecv';
  #secureOffer = false;
  #offerWanted = false;

  private constructor(session: MediaSession, codecs: CodecPlan, options: CallMediaOptions) {
    this.session = session;
    this.#codecs = codecs;
    this.#preferences = options.preferences;
    this.#lookup = options.lookup;
    this.#random = options.random;
    this.#extraLines = options.extraLines ?? (() => undefined);
    this.hold = new HoldState(options.preferences.unhold);
    this.#negotiation = new OfferAnswer({ random: options.random });
  }

  /** Binds the RTP ports. @throws ERR_MEDIA_PORTS, ERR_INVALID_ARGUMENT for an unknown codec or crypto-suite */
  static async open(options: CallMediaOptions): Promise<CallMedia> {
    const { engine, label, preferences } = options;
    const address = ofSameFamily(preferences.bindAddress, options.address);
    checkCodecSettings(preferences.codecSettings);
    const codecs = planCodecs(preferences.codecs, preferences.codecSettings, preferences.narrowband);
    checkSrtp(preferences);
    const { silenceMs, timeoutMs, startTimeoutMs, ...how } = preferences;
    const { jitter, processing, strictSource, allowSpeedup, concealment } = how;
    const { keepEarlyPackets, skew, rtcp, rtpStart, headerExtensions } = how;
    const session = await engine.openSession({
      address,
      label,
      watchdog: { firstPacketMs: silenceMs, silenceMs, timeoutMs, startTimeoutMs },
      jitter,
      processing,
      strictSource,
      allowSpeedup,
      concealment,
      keepEarlyPackets,
      skew,
      rtcp,
      start: rtpStart,
      headerExtensions,
      nat: natPackets(preferences.nat, address),
    });
    return new CallMedia(session, codecs, options);
  }

  /** Our address is another one now; the next offer tells the peer. @throws as {@link open} */
  async move(address: string): Promise<void> {
    const wanted = ofSameFamily(this.#preferences.bindAddress, address);
    if (isIP(wanted) !== isIP(this.session.address) || wanted === this.session.address) return;
    await this.session.move(wanted);
  }

  /** What is agreed and in force. */
  get negotiated(): NegotiatedAudio | undefined {
    return this.#applied;
  }

  get codec(): string | undefined {
    return this.#applied?.send[0]?.format.name;
  }

  /** The crypto-suite RTP and RTCP are secured with; undefined for plain RTP. */
  get srtpSuite(): string | undefined {
    return suiteOf(this.#applied?.crypto);
  }

  /** There is no call without SRTP. */
  get requiresSrtp(): boolean {
    return this.#preferences.srtp === 'required';
  }

  get endsOnWrongKey(): boolean {
    return this.#preferences.srtpWrongKey === 'hangup';
  }

  /**
   * The peer refused our offer of optional SRTP: perhaps it knows the secure profile only, not RFC 8643.
   * @returns true when the next offer will have it, which is worth another try, once
   */
  offerSecurely(): boolean {
    if (this.#preferences.srtp !== 'optional' || this.#secureOffer) return false;
    this.#secureOffer = true;
    return true;
  }

  /** The call is answered: all that was agreed on flows. */
  async established(): Promise<void> {
    const audio = this.#applied;
    this.early = (direction) => direction;
    if (audio?.active && this.hold.flow(audio.direction) !== this.#flowing) await this.#apply(audio);
  }

  /** True once after an answer that made another offer of ours necessary. */
  takeOfferWanted(): boolean {
    const wanted = this.#offerWanted;
    this.#offerWanted = false;
    return wanted;
  }

  /** Our next offer has new SRTP keys. */
  renewKeys(): void {
    this.#negotiation.renewKeys();
  }

  get canSendTelephoneEvents(): boolean {
    return this.#applied?.telephoneEventSend !== undefined;
  }

  /** True while an offer of ours waits for its answer. */
  get offerPending(): boolean {
    return this.#negotiation.state === 'local-offer';
  }

  createOffer(kind: OfferKind = 'full'): string {
    const local = this.#local('offer', this.#negotiation);
    this.#asked = local.direction;
    if (kind === 'no-media') return this.#negotiation.createOfferWithoutMedia(local);
    if (kind === 'zero-address') local.address = unspecified(local.address);
    return this.#negotiation.createOffer(local);
  }

  /** A description of what was agreed on with the one codec we use, for the ACK. */
  describeFinal(): string {
    return this.#negotiation.describeFinal(this.#local('offer', this.#negotiation));
  }

  /**
   * The peer names its final codec after the exchange, as some do in the ACK: that one is sent from now on. Whatever
   * else the description says is none of its business.
   */
  async preferCodec(sdp: string): Promise<void> {
    const audio = this.#applied;
    const wanted = firstFormat(sdp);
    const chosen = audio?.send.find(({ payloadType }) => payloadType === wanted);
    if (!audio || !chosen || chosen === audio.send[0]) return;
    await this.#apply({ ...audio, send: [chosen, ...audio.send.filter((other) => other !== chosen)] });
  }

  /**
   * Takes the answer to our offer.
   * @param tag the remote tag of the early dialog it came in; absent once the dialog is established
   * @throws ERR_SDP_PARSE, ERR_SDP_STATE, ERR_SDP_UNACCEPTABLE, ERR_MEDIA_NO_COMMON_CODEC, ERR_MEDIA_SRTP
   */
  async acceptAnswer(sdp: string, tag = ESTABLISHED): Promise<void> {
    await this.#answered(this.#branch(tag).receiveAnswer(sdp));
  }

  async #answered(audio: NegotiatedAudio): Promise<void> {
    if (this.hold.agreed(audio.remoteAllows, this.#asked)) this.#offerWanted = true;
    await this.#apply(audio);
  }

  /**
   * Early media by SDP that is not reliable yet: it may be heard, the answer comes later (RFC 6337 §3.1.1).
   * @throws as {@link acceptAnswer}
   */
  async previewAnswer(sdp: string, tag: string): Promise<void> {
    if (this.#previews.get(tag) === sdp) return;
    const audio = this.#branch(tag).previewAnswer(sdp);
    this.#previews.set(tag, sdp);
    await this.#apply(audio);
  }

  /** What {@link previewAnswer} took: the answer, should the 2xx have none. */
  preview(tag: string): string | undefined {
    return this.#previews.get(tag);
  }

  /** True when offer and answer of that early dialog are complete. */
  isSettled(tag = ESTABLISHED): boolean {
    return this.#branch(tag).state === 'stable';
  }

  /** True while an offer of ours waits for its answer in that early dialog. */
  isOffering(tag = ESTABLISHED): boolean {
    return this.#branch(tag).state === 'local-offer';
  }

  /** The INVITE was answered in the dialog `tag`: its negotiation becomes the call's. */
  async confirmBranch(tag: string): Promise<void> {
    const branch = this.#branches.get(tag);
    if (branch) this.#negotiation = branch;
    this.dropBranches();
    const current = this.#negotiation.current;
    if (current && current !== this.#applied) await this.#apply(current);
  }

  /** The INVITE is tried anew or came to nothing: what its early dialogs agreed on is void. */
  dropBranches(): void {
    this.#branches.clear();
    this.#previews.clear();
  }

  /**
   * Takes an offer of the peer and answers it.
   * @param tag the remote tag of the early dialog it came in
   * @throws ERR_SDP_PARSE, ERR_SDP_STATE, ERR_SDP_UNACCEPTABLE, ERR_MEDIA_NO_COMMON_CODEC, ERR_MEDIA_SRTP; what was
   * agreed before stays in force
   */
  async answerOffer(sdp: string, tag = ESTABLISHED): Promise<string> {
    const negotiation = this.#branch(tag);
    const offer = negotiation.receiveOffer(sdp);
    const holdAgain = offer.active ? this.hold.offered(offer.direction) : undefined;
    let answer: { sdp: string; result: NegotiatedAudio };
    try {
      answer = negotiation.createAnswer(this.#local('answer', negotiation));
    } catch (error) {
      holdAgain?.();
      negotiation.rollback();
      throw error;
    }
    this.hold.agreed(answer.result.remoteAllows);
    await this.#apply(answer.result);
    return answer.sdp;
  }

  /**
   * The answer that takes nothing of an offer, for a call that ends as soon as it is answered. Changes nothing.
   * @throws ERR_SDP_PARSE
   */
  declineOffer(sdp: string): string {
    const apart = new OfferAnswer({ random: this.#random });
    apart.receiveOffer(sdp);
    return apart.createAnswer({ ...this.#local('answer', apart), port: 0 }).sdp;
  }

  /** The last offer came to nothing: what was agreed before stays in force. */
  rollback(): void {
    if (this.#negotiation.state !== 'stable' && this.#negotiation.state !== 'new')
      this.#negotiation.rollback();
  }

  #branch(tag: string): OfferAnswer {
    if (tag === ESTABLISHED) return this.#negotiation;
    let branch = this.#branches.get(tag);
    if (!branch) {
      branch = this.#negotiation.fork();
      this.#branches.set(tag, branch);
    }
    return branch;
  }

  #local(role: 'offer' | 'answer', negotiation: OfferAnswer): LocalAudio {
    const { ptime, rtcpMux = true, telephoneEvents = true } = this.#preferences;
    const { codecSettings = {}, answerCodecs, rtcpXr } = this.#preferences;
    return {
      ...this.#told,
      address: this.hold.zeroAddress ? unspecified(this.session.address) : this.#told.address,
      formats: role === 'offer' ? this.#offered(negotiation.current) : this.#codecs.accepted,
      answerOrder: this.#codecs.answerOrder,
      telephoneEvent: telephoneEvents,
      direction: this.hold.wanted,
      ptime: ptime ?? packetTime(this.#codecs.offered[0].frameMs, codecSettings, undefined, undefined),
      rtcpMux: rtcpMux ? 'offer' : 'off',
      answerFormats: answerCodecs,
      extraAttributes: rtcpXr ? [{ name: 'rtcp-xr', value: 'voip-metrics' }] : undefined,
      extraLines: this.#extraLines(),
      ...srtpWishes(this.#preferences, role, negotiation.current, this.#secureOffer),
    };
  }

  /** Where the peer is to send to. */
  get #told(): { address: string; port: number; rtcpPort: number } {
    const { address, rtpPort, rtcpPort } = this.session;
    const { toldAddress, toldPort } = this.#preferences;
    return {
      // The zone of a link-local address means nothing to the peer.
      address: ofSameFamily(toldAddress, address).replace(/%.*$/, ''),
      port: toldPort ?? rtpPort,
      rtcpPort: toldPort ? toldPort + 1 : rtcpPort,
    };
  }

  /** A codec in use that is only accepted, not offered, stays in a new offer (RFC 3264 §8.3.2). */
  #offered(current: NegotiatedAudio | undefined): readonly AudioFormat[] {
    const { offered, accepted } = this.#codecs;
    if (!current?.active) return offered;
    const used = accepted.filter((format) => current.receive.some((one) => isSame(format, one.format)));
    return [...used.filter((format) => !offered.includes(format)), ...offered];
  }

  async #apply(audio: NegotiatedAudio): Promise<void> {
    const config = streamConfig(audio, this.#preferences, this.#codecs.accepted);
    if (audio.active) config.direction = this.early(this.hold.flow(audio.direction));
    this.#flowing = config.direction;
    if (audio.active && !config.send) {
      throw new SwitchhookError('ERR_MEDIA_NO_COMMON_CODEC', {
        ours: this.#codecs.accepted.map((format) => format.name).join(', '),
        theirs: 'none of them',
      });
    }
    this.#applied = audio;
    const application = ++this.#applications;
    const { remote } = config;
    const rtcpApart = remote.rtcpAddress !== remote.address;
    remote.address = withZoneOf(this.session.address, remote.address);
    if (!rtcpApart) remote.rtcpAddress = remote.address;
    if (config.send && isIP(remote.address) === 0) {
      const address = await this.#resolve(remote.address);
      if (application !== this.#applications) return;
      if (remote.rtcpAddress === remote.address) remote.rtcpAddress = address;
      remote.address = address;
    }
    if (remote.rtcpAddress && isIP(remote.rtcpAddress) === 0) remote.rtcpAddress = undefined;
    await this.session.configure(config);
  }

  /** RFC 8866 §5.7 allows a name where addresses are the rule. */
  async #resolve(host: string): Promise<string> {
    const family = isIP(this.session.address);
    const addresses = await this.#lookup(host).catch(() => []);
    const address = addresses.find((one) => isIP(one) === family);
    if (address) return address;
    throw new SwitchhookError('ERR_SDP_UNACCEPTABLE', {
      why: `its media host ${host} has no address for us`,
    });
  }
}

function natPackets(nat: MediaPreferences['nat'], address: string): MediaSessionOptions['nat'] {
  if (!nat) return undefined;
  const { opening, ...rest } = nat;
  return { ...rest, opening: opening === 'private' ? Number(isPrivate(address)) : opening };
}

/** `wanted`, unless it is of the wrong family for a call that goes by `address`. */
function ofSameFamily(wanted: string | undefined, address: string): string {
  return wanted && isIP(wanted) === isIP(address) ? wanted : address;
}

/** A link-local peer is on our own link, whose zone its description cannot tell. */
function withZoneOf(ours: string, theirs: string): string {
  const percent = ours.indexOf('%');
  return percent >= 0 && /^fe[89ab]/i.test(theirs) && !theirs.includes('%')
    ? theirs + ours.slice(percent)
    : theirs;
}

/** 'Nowhere', which tells the peer to send nothing (RFC 3264 §8.4). */
function unspecified(address: string): string {
  return address.includes(':') ? '::' : '0.0.0.0';
}

function firstFormat(sdp: string): number | undefined {
  const [audio] = parseSdp(sdp).media.filter(({ kind, port }) => kind === 'audio' && port > 0);
  return audio?.formats.length ? Number(audio.formats[0]) : undefined;
}
