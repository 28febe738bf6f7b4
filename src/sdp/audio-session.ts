/**
 * What goes into the negotiation of the audio stream and what comes out of it. The user agent fills
 * {@link LocalAudio}, the engine (`OfferAnswer`) answers with {@link RemoteOffer} and {@link NegotiatedAudio}, and the
 * media layer is configured from the latter. Data only.
 */
import type { AudioFormat, NumberedFormat } from './audio-format.js';
import type { CryptoKey } from './crypto-attribute.js';
import type { Attribute, SdpLine, SessionDescription } from './description.js';
import type { Direction } from './direction.js';

/** One crypto-suite we are willing to use (RFC 4568). A parsed `CryptoAttribute` fits as well; its tag is not used. */
export interface LocalCrypto {
  suite: string;
  /** Our master keys. Made by the engine when absent, and kept until our address or port changes (RFC 4568 §7.1.4). */
  keys?: CryptoKey[];
  /** Packets a key made by the engine may protect, as our description says; 2^48, and nothing said, when absent. */
  lifetime?: number;
  sessionParameters?: string[];
}

/** What we want and can do; given anew for every offer and answer. */
export interface LocalAudio {
  /** Where we receive: IP literal without brackets. '0.0.0.0' or '::' tells the peer to send nothing. */
  address: string;
  port: number;
  /** Default: port + 1. */
  rtcpPort?: number;
  /** In order of preference; without telephone-event and comfort noise. */
  formats: readonly AudioFormat[];
  /** Order of formats in our answer and of what we send then. Default 'offer', as RFC 3264 §6.1 recommends. */
  answerOrder?: 'offer' | 'local';
  /** RFC 4733 events, one format per clock rate. Default true, as number 101 if that is free. */
  telephoneEvent?: boolean | { payloadType: number };
  /** RFC 3389 comfort noise at 8000 Hz. Default false. */
  comfortNoise?: boolean;
  direction: Direction;
  /** What we want to receive, in ms. */
  ptime?: number;
  maxptime?: number;
  /**
   * RFC 5761: 'off' (default) never; 'offer' offers it and accepts the peer's; 'require' also refuses a peer without.
   */
  rtcpMux?: 'off' | 'offer' | 'require';
  /** Put at the end of our media description. */
  extraAttributes?: readonly Attribute[];
  /** Further lines, as those an application adds: of the session, and of our media description. */
  extraLines?: { session?: readonly SdpLine[]; media?: readonly SdpLine[] };
  /**
   * What our answer lists: the codec that will be used alone, all we have in common (the default, RFC 3264 §6.1), or all
   * of ours, offered or not.
   */
  answerFormats?: 'one' | 'common' | 'all';
  /**
   * With `crypto`: 'RTP/AVP' makes SRTP optional in the way of RFC 8643, 'RTP/SAVP' makes it required. Without
   * `crypto`: no SRTP. In an answer only "secure or not" counts, the profile is that of the offer. Default 'RTP/AVP'.
   */
  protocol?: 'RTP/AVP' | 'RTP/AVPF' | 'RTP/SAVP' | 'RTP/SAVPF';
  /** In order of preference. */
  crypto?: readonly LocalCrypto[];
}

/** Summary of a received offer, before it is answered. */
export interface RemoteOffer {
  /** False when no audio stream is offered, or only one with port 0. */
  active: boolean;
  /** The formats of the audio stream in the peer's order, with its numbers; events and comfort noise included. */
  formats: AudioFormat[];
  /** The peer's own direction. */
  direction: Direction;
  /** The peer does not want our media: sendonly, inactive, or address 0.0.0.0. */
  held: boolean;
  /** 'optional': keys offered over a plain profile (RFC 8643). */
  security: 'none' | 'optional' | 'required';
  /** Same version and content as the peer's previous description: nothing is to be changed (RFC 3264 §8). */
  unchanged: boolean;
  description: SessionDescription;
}

/** Telephone-events of one clock rate (RFC 4733). */
export interface TelephoneEventFormat {
  payloadType: number;
  clockRate: number;
  /** The event codes understood, as in fmtp: "0-15". */
  events: string;
}

/** The SRTP parameters both sides agreed on (RFC 4568). */
export interface NegotiatedCrypto {
  suite: string;
  tag: number;
  /** For what we send. */
  localKey: CryptoKey;
  /** For what we receive: the first of `remoteKeys`. */
  remoteKey: CryptoKey;
  /** More than one only with MKI. */
  remoteKeys: CryptoKey[];
}

/** The outcome of one offer/answer exchange for the audio stream, from our side. */
export interface NegotiatedAudio {
  /** False: the stream was rejected or ended; nothing else counts then. */
  active: boolean;
  /** Ours. */
  direction: Direction;
  /** What the peer's description leaves us, whatever we wanted: 'recvonly' when it only sends, or has no address. */
  remoteAllows: Direction;
  /** The peer does not want our media. */
  remoteHeld: boolean;
  /** Where to send; hosts may be names. With rtcp-mux both are the same. */
  remote: { address: string; port: number; rtcpAddress: string; rtcpPort: number };
  /** 'RTP/AVP', 'RTP/SAVP', … as in the answer. */
  protocol: string;
  /** What we may send, by the peer's numbers and with its fmtp, best first; without events and comfort noise. */
  send: NumberedFormat[];
  /**
   * What may come, by our numbers and with our fmtp. Numbers the peer chose for itself, where it differs from us, stand
   * behind: some peers wrongly send with their own.
   */
  receive: NumberedFormat[];
  /** Of the clock rate of `send[0]` if there is one, else 8000. */
  telephoneEventSend?: TelephoneEventFormat;
  telephoneEventReceive: TelephoneEventFormat[];
  comfortNoiseSend?: number;
  comfortNoiseReceive?: number;
  /** What the peer wants to receive, in ms. */
  ptime?: number;
  maxptime?: number;
  rtcpMux: boolean;
  /** The peer wants VoIP metrics in RTCP XR (RFC 3611 §5.1). */
  rtcpXr: boolean;
  remoteSsrc?: number;
  /** Present exactly when SRTP is to be used. */
  crypto?: NegotiatedCrypto;
}
