/**
 * The media of one call: joins the offer/answer engine (sdp) with the media session (media). The call's signalling
 * parts ask it for offers and answers and hand it what the peer sent; it configures the RTP side. With a forked
 * INVITE every early dialog answers the one offer on its own, so each gets a branch of the negotiation.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { audioFormats, type MediaEngine, type MediaSession, type StreamConfig } from '../../media/index.js';
import {
  type AudioFormat,
  type Direction,
  type LocalAudio,
  type NegotiatedAudio,
  OfferAnswer,
} from '../../sdp/index.js';

export interface MediaPreferences {
  /** Encoding names in order of preference, e.g. ['PCMU', 'PCMA']. Default: all the engine has. */
  codecs?: readonly string[];
  /** Packet time to ask for and to send, in ms. */
  ptime?: number;
  /** Offer and accept RTCP on the RTP port (RFC 5761). Default true. */
  rtcpMux?: boolean;
  /** Offer and accept telephone-events (RFC 4733). Default true. */
  telephoneEvents?: boolean;
  /** Time without RTP until `noMedia` is told, in ms; 0 = never. */
  silenceMs?: number;
}

const INITIAL = '';

export class CallMedia {
  readonly session: MediaSession;
  readonly #formats: AudioFormat[];
  readonly #preferences: MediaPreferences;
  #negotiation: OfferAnswer;
  /** Negotiations of the early dialogs by remote tag, while the INVITE is pending. */
  readonly #branches = new Map<string, OfferAnswer>();
  #applied: NegotiatedAudio | undefined;
  #localHold = false;

  private constructor(
    session: MediaSession,
    formats: AudioFormat[],
    preferences: MediaPreferences,
    random: Random,
  ) {
    this.session = session;
    this.#formats = formats;
    this.#preferences = preferences;
    this.#negotiation = new OfferAnswer({ random });
  }

  /**
   * Binds the RTP ports on `address`.
   * @throws ERR_MEDIA_PORTS, ERR_INVALID_ARGUMENT for an unknown codec
   */
  static async open(
    engine: MediaEngine,
    address: string,
    label: string,
    preferences: MediaPreferences,
    random: Random,
  ): Promise<CallMedia> {
    const formats = audioFormats(preferences.codecs);
    const silenceMs = preferences.silenceMs;
    const session = await engine.openSession({
      address,
      label,
      watchdog: silenceMs === undefined ? undefined : { firstPacketMs: silenceMs, silenceMs },
    });
    return new CallMedia(session, formats, preferences, random);
  }

  /** What is agreed and in force. */
  get negotiated(): NegotiatedAudio | undefined {
    return this.#applied;
  }

  get codec(): string | undefined {
    return this.#applied?.send[0]?.format.name;
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
    return this.#negotiation.createOffer(this.#local());
  }

  /**
   * Takes the answer to our offer.
   * @param tag the remote tag of the early dialog it came in; absent once the dialog is established
   * @throws ERR_SDP_PARSE, ERR_SDP_STATE, ERR_MEDIA_NO_COMMON_CODEC
   */
  async acceptAnswer(sdp: string, tag = INITIAL): Promise<void> {
    const negotiation = tag === INITIAL ? this.#negotiation : this.#branch(tag);
    await this.#apply(negotiation.receiveAnswer(sdp));
  }

  /** True when the early dialog `tag` has had its answer already (a later copy is not looked at, RFC 3261 §13.2.1). */
  isAnswered(tag: string): boolean {
    return this.#branch(tag).state === 'stable';
  }

  /** The INVITE was answered in the dialog `tag`: its negotiation becomes the call's. */
  async confirmBranch(tag: string): Promise<void> {
    const branch = this.#branches.get(tag);
    if (branch) this.#negotiation = branch;
    this.#branches.clear();
    const current = this.#negotiation.current;
    if (current && current !== this.#applied) await this.#apply(current);
  }

  /**
   * Takes an offer of the peer and answers it.
   * @throws ERR_SDP_PARSE, ERR_SDP_STATE, ERR_MEDIA_NO_COMMON_CODEC; what was agreed before stays in force
   */
  async answerOffer(sdp: string): Promise<string> {
    const negotiation = this.#negotiation;
    negotiation.receiveOffer(sdp);
    let answer: { sdp: string; result: NegotiatedAudio };
    try {
      answer = negotiation.createAnswer(this.#local());
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
    let branch = this.#branches.get(tag);
    if (!branch) {
      branch = this.#negotiation.fork();
      this.#branches.set(tag, branch);
    }
    return branch;
  }

  #local(): LocalAudio {
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
    await this.session.configure(config);
  }
}

function streamConfig(audio: NegotiatedAudio, preferences: MediaPreferences): StreamConfig {
  const best = audio.active ? audio.send[0] : undefined;
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
      options: codecOptions(best.format.fmtp),
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
  };
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
