/**
 * The media of one call: joins the offer/answer engine (sdp) with the media session (media). The call's signalling
 * parts ask it for offers and answers and hand it what the peer sent; it configures the RTP side. With a forked
 * INVITE every early dialog answers the one offer on its own, so each gets a branch of the negotiation.
 */
import { isIP } from 'node:net';
import { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import {
  audioFormats,
  type MediaSession,
  type MediaSessionOptions,
  type StreamConfig,
} from '../../media/index.js';
import {
  type AudioFormat,
  type Direction,
  type LocalAudio,
  type NegotiatedAudio,
  OfferAnswer,
} from '../../sdp/index.js';

import type { CallMediaEngine } from './call-host.js';
import { checkSrtp, type SrtpPreferences, srtpConfig, srtpWishes, suiteOf } from './srtp-policy.js';

export interface MediaPreferences extends SrtpPreferences {
  /**
   * Encoding names in order of preference, where there is a choice with the sampling rate: ['opus/16000', 'PCMA'].
   * Default: the usual ones (not Speex, G.722.1 and L16).
   */
  codecs?: readonly string[];
  /** Packet time to ask for and to send, in ms. */
  ptime?: number;
  /** Offer and accept RTCP on the RTP port (RFC 5761). Default true. */
  rtcpMux?: boolean;
  /** Offer and accept telephone-events (RFC 4733). Default true. */
  telephoneEvents?: boolean;
  /** Time without RTP until `noMedia` is told, in ms; 0 = never. */
  silenceMs?: number;
  /** Time without RTP until the call is hung up, in ms; 0 = never. Default 0. Not while either side holds. */
  timeoutMs?: number;
  /** Bounds of the delay of the jitter buffer. */
  jitter?: MediaSessionOptions['jitter'];
  /** Gain control, noise suppression, voice statistics, detection of tones as digits. */
  processing?: MediaSessionOptions['processing'];
  /** Whom to listen to; default: whoever the peer moves to, with care. */
  strictSource?: MediaSessionOptions['strictSource'];
}

/** The IP addresses of a host name. */
export type HostLookup = (host: string) => Promise<string[]>;

/** RFC 7587 §6.1. */
const CAPTURE_RATE = 'sprop-maxcapturerate';
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
}

export class CallMedia {
  readonly session: MediaSession;
  readonly #formats: AudioFormat[];
  readonly #preferences: MediaPreferences;
  readonly #lookup: HostLookup;
  #negotiation: OfferAnswer;
  /** Negotiations of the early dialogs by remote tag, while the INVITE is pending. */
  readonly #branches = new Map<string, OfferAnswer>();
  /** SDP of unreliable provisional responses by remote tag: the answer to be. */
  readonly #previews = new Map<string, string>();
  #applied: NegotiatedAudio | undefined;
  /** Counts what was applied: a name that resolves late must not undo what came after. */
  #applications = 0;
  #localHold = false;
  #secureOffer = false;

  private constructor(session: MediaSession, formats: AudioFormat[], options: CallMediaOptions) {
    this.session = session;
    this.#formats = formats;
    this.#preferences = options.preferences;
    this.#lookup = options.lookup;
    this.#negotiation = new OfferAnswer({ random: options.random });
  }

  /** Binds the RTP ports. @throws ERR_MEDIA_PORTS, ERR_INVALID_ARGUMENT for an unknown codec or crypto-suite */
  static async open(options: CallMediaOptions): Promise<CallMedia> {
    const { engine, address, label, preferences } = options;
    const formats = audioFormats(preferences.codecs);
    checkSrtp(preferences);
    const { silenceMs, timeoutMs, jitter, processing, strictSource } = preferences;
    const session = await engine.openSession({
      address,
      label,
      watchdog: { firstPacketMs: silenceMs, silenceMs, timeoutMs },
      jitter,
      processing,
      strictSource,
    });
    return new CallMedia(session, formats, options);
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

  get localHold(): boolean {
    return this.#localHold;
  }

  /** Takes effect with the next offer or answer. */
  set localHold(held: boolean) {
    this.#localHold = held;
  }

  get remoteHold(): boolean {
    return this.#applied?.remoteHeld ?? false;
  }

  get canSendTelephoneEvents(): boolean {
    return this.#applied?.telephoneEventSend !== undefined;
  }

  /** True while an offer of ours waits for its answer. */
  get offerPending(): boolean {
    return this.#negotiation.state === 'local-offer';
  }

  createOffer(): string {
    return this.#negotiation.createOffer(this.#local('offer', this.#negotiation));
  }

  /**
   * Takes the answer to our offer.
   * @param tag the remote tag of the early dialog it came in; absent once the dialog is established
   * @throws ERR_SDP_PARSE, ERR_SDP_STATE, ERR_SDP_UNACCEPTABLE, ERR_MEDIA_NO_COMMON_CODEC, ERR_MEDIA_SRTP
   */
  async acceptAnswer(sdp: string, tag = ESTABLISHED): Promise<void> {
    await this.#apply(this.#branch(tag).receiveAnswer(sdp));
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
    negotiation.receiveOffer(sdp);
    let answer: { sdp: string; result: NegotiatedAudio };
    try {
      answer = negotiation.createAnswer(this.#local('answer', negotiation));
    } catch (error) {
      negotiation.rollback();
      throw error;
    }
    await this.#apply(answer.result);
    return answer.sdp;
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
    return {
      address: this.session.address,
      port: this.session.rtpPort,
      rtcpPort: this.session.rtcpPort,
      formats: this.#formats,
      telephoneEvent: telephoneEvents,
      direction: this.#direction(),
      ptime,
      rtcpMux: rtcpMux ? 'offer' : 'off',
      ...srtpWishes(this.#preferences, role, negotiation.current, this.#secureOffer),
    };
  }

  /** RFC 3264 §8.4: to hold a stream means to stop taking its media. */
  #direction(): Direction {
    return this.#localHold ? 'sendonly' : 'sendrecv';
  }

  async #apply(audio: NegotiatedAudio): Promise<void> {
    const config = streamConfig(audio, this.#preferences);
    if (audio.active && !config.send) {
      throw new SwitchhookError('ERR_MEDIA_NO_COMMON_CODEC', {
        ours: this.#formats.map((format) => format.name).join(', '),
        theirs: 'none of them',
      });
    }
    this.#applied = audio;
    const application = ++this.#applications;
    const { remote } = config;
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

function streamConfig(audio: NegotiatedAudio, preferences: MediaPreferences): StreamConfig {
  const best = audio.active ? audio.send[0] : undefined;
  const ours = audio.receive.find(
    ({ format }) => format.name === best?.format.name && format.clockRate === best.format.clockRate,
  );
  const { telephoneEventSend: events } = audio;
  return {
    remote: {
      address: audio.remote.address,
      port: audio.active ? audio.remote.port : 0,
      rtcpAddress: audio.remote.rtcpAddress,
      rtcpPort: audio.remote.rtcpPort,
    },
    direction: audio.active ? audio.direction : 'inactive',
    send: best && {
      payloadType: best.payloadType,
      codec: best.format.name,
      clockRate: best.format.clockRate,
      options: { ...codecOptions(best.format.fmtp), ...ownSendOptions(ours?.format.fmtp) },
    },
    receive: audio.receive.map(({ payloadType, format }) => ({
      payloadType,
      codec: format.name,
      clockRate: format.clockRate,
      options: codecOptions(format.fmtp),
    })),
    telephoneEventSend: events && { payloadType: events.payloadType, clockRate: events.clockRate },
    telephoneEventReceive: audio.telephoneEventReceive.map(({ payloadType, clockRate }) => ({
      payloadType,
      clockRate,
    })),
    comfortNoise:
      audio.comfortNoiseReceive === undefined ? undefined : { receivePayloadType: audio.comfortNoiseReceive },
    ptimeMs: audio.ptime ?? preferences.ptime,
    rtcpMux: audio.rtcpMux,
    srtp: audio.active ? srtpConfig(audio.crypto) : undefined,
  };
}

/** What our own description says of what we send, rather than of what we take. */
function ownSendOptions(fmtp: string | undefined): Record<string, string> | undefined {
  const rate = codecOptions(fmtp)?.[CAPTURE_RATE];
  return rate === undefined ? undefined : { [CAPTURE_RATE]: rate };
}

/** `mode=20;annexb=no` → { mode: '20', annexb: 'no' }. */
function codecOptions(fmtp: string | undefined): Record<string, string> | undefined {
  if (!fmtp) return undefined;
  const options: Record<string, string> = {};
  for (const part of fmtp.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) options[part.slice(0, at).trim().toLowerCase()] = part.slice(at + 1).trim();
  }
  return options;
}
