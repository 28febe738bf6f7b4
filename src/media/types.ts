/**
 * The face of the media room: what ua, phone, cli and exchange see of it. A {@link MediaSession} is one audio stream
 * pair of one call; it knows formats, addresses and directions, never SIP or SDP. All methods of a closed session
 * reject (or do nothing) with ERR_CLOSED.
 */
import type { Clock } from '../base/clock.js';
import type { SocketAddress } from '../base/diagnostics.js';
import type { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { CodecOptions } from '../codecs/codec.js';
import type { AgcOptions } from '../dsp/agc.js';
import type { NoiseSuppressionStrength } from '../dsp/noise-suppression.js';
import type { ToneSpec } from '../dsp/tone.js';
import type { VadStats } from '../dsp/vad.js';
import type { HeaderExtension, HeaderExtensionElement } from '../rtp/header-extension.js';
import type { VoipMetrics } from '../rtp/rtcp-xr.js';
import type { SrtpOptions } from '../rtp/srtp/srtp.js';
import type { AudioBackend } from './devices/audio-backend.js';
import type { LoadCanceller } from './devices/echo-control.js';
import type { DatagramTransport } from './transport.js';

export interface MediaEngineOptions {
  /** Number of worker threads, started with the first session, or 'in-process': in the caller's thread; 1 when absent. */
  workers?: number | 'in-process';
  logger?: Logger;
  rtp?: {
    /** First and last RTP/RTCP port, inclusive; the system chooses when absent. */
    portRange?: readonly [min: number, max: number];
    /** Which free ports of the range a session takes. Default 'random' (RFC 6056). */
    portOrder?: 'random' | 'first';
    /** Socket buffer to ask the system for, in bytes; 0 = what it gives by itself. Default 256 KiB for what is received. */
    bufferBytes?: number;
    /**
     * Traffic class (ToS byte, DSCP in its upper six bits) of RTP. Not supported: Node.js cannot set it on a UDP socket.
     * A value other than 0 is warned of once and has no effect; mark the packets in the system (nftables, QoS policy).
     */
    trafficClass?: number;
  };
  /** In-process only: virtual time for tests. */
  clock?: Clock;
  /** In-process only: reproducible SSRCs and sequence numbers for tests. */
  random?: Random;
  /** In-process only: a network other than UDP sockets, for tests. */
  transport?: DatagramTransport;
  /** In-process only: sound devices other than the system's, for tests. */
  audioBackend?: AudioBackend;
  /** In-process only: an echo canceller other than the usual one, for tests. */
  loadCanceller?: LoadCanceller;
}

export interface MediaSessionOptions {
  /** Local IP address to bind; it goes into the SDP, so not 0.0.0.0. */
  address: string;
  /** Names the session in logs: the Call-ID. */
  label: string;
  watchdog?: WatchdogOptions;
  jitter?: JitterLimits;
  processing?: ProcessingOptions;
  /**
   * Whom to listen to: a peer may change address and SSRC as NATs and transfers need it (the default, with care),
   * 'address' keeps to the address in the SDP, 'ssrc' to the first SSRC from it as well.
   */
  strictSource?: 'address' | 'ssrc';
  /** Tell about header extensions of received packets. Default false. */
  headerExtensions?: boolean;
  /** Plays faster or slower, at the same pitch, to follow the delay of the network; false drops frames. Default true. */
  allowSpeedup?: boolean;
  /** Makes up what was lost; false plays silence instead. Default true. */
  concealment?: boolean;
  nat?: NatPacketOptions;
  /** What came before the first `configure` is played then, up to half a second. Default false: it is dropped. */
  keepEarlyPackets?: boolean;
  /** What is done about frames that could not be sent in their time. Default: the timestamp jumps over them. */
  skew?: SkewOptions;
  /** RTCP is sent. Default true. */
  rtcp?: boolean;
  /** Where RTP begins, in place of random numbers (RFC 3550 §5.1). */
  start?: RtpStart;
}

export interface SkewOptions {
  /** So many frames within ten times as many packets are let pass: the stream is late by them. Default 0. */
  toleratedFrames?: number;
  /** More than those, but no more than this: the last packet is sent again for each. Default 0. */
  repeatUpTo?: number;
}

export interface RtpStart {
  ssrc?: number;
  sequence?: number;
  timestamp?: number;
}

/** Packets without content that keep a NAT open towards the peer. */
export interface NatPacketOptions {
  /**
   * How many at the beginning, and whenever the peer's address changes: one a period, and what is left of them ahead of
   * the first packet of media; default 0.
   */
  opening?: number;
  /** What they are: a line end, an empty datagram, or RTP of a payload type nobody knows. Default: 'crlf' at the beginning, 'empty' later. */
  kind?: 'crlf' | 'empty' | 'rtp';
  /** One after so long without RTP (hold, mute); 0 = never. Default 15000 (RFC 6263). */
  keepAliveMs?: number;
}

/** What is done to the audio of one direction. */
export interface SideProcessingOptions {
  /** Brings speech to one level and limits peaks. */
  agc?: boolean | AgcOptions;
  noiseSuppression?: NoiseSuppressionStrength;
  /** Statistics of who spoke when and how loud, see {@link MediaStats.voice}. */
  vad?: boolean;
}

export interface ProcessingOptions {
  sent?: SideProcessingOptions;
  received?: SideProcessingOptions;
  /** Recognises digits in the received audio; 'auto': only while the peer has no telephone-events. Default 'off'. */
  dtmfDetection?: 'off' | 'auto' | 'on';
}

/** Bounds of the delay by which the jitter buffer evens out the network, in ms, 0 to 4000. */
export interface JitterLimits {
  /** Default 20. */
  minMs?: number;
  /** Default 500. */
  maxMs?: number;
  /** One delay for all the time instead of an adaptive one. */
  fixedMs?: number;
}

/** What leaves while nobody says anything: silence as RTP all the time, for the first two seconds, or not at all. */
export type IdleSending = 'silence' | 'beginning' | 'nothing';

export interface WatchdogOptions {
  /** Silence after `configure` until 'noMedia' is told, in ms; 0 = never. Default 5000. */
  firstPacketMs?: number;
  /** Silence after the last packet until 'noMedia' is told, in ms; 0 = never. Default 10000. */
  silenceMs?: number;
  /** Silence since the last packet until 'mediaTimeout' is told, in ms; never when absent. */
  timeoutMs?: number;
  /** The same from the start, while no packet has come at all. Default `timeoutMs`. */
  startTimeoutMs?: number;
}

/** Ours, by RFC 3264: 'sendonly' means we send. */
export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface StreamFormat {
  payloadType: number;
  /** Encoding name as in `a=rtpmap`: "PCMU". */
  codec: string;
  clockRate: number;
  options?: CodecOptions;
}

/** What offer/answer has agreed on; see sdp's NegotiatedAudio. */
export interface StreamConfig {
  remote: {
    address: string;
    /** 0 = do not send. */
    port: number;
    /** Absent: the RTP address and, unless rtcp-mux, the port after the RTP port. */
    rtcpAddress?: string;
    rtcpPort?: number;
  };
  direction: MediaDirection;
  /** What is sent; absent = nothing. */
  send?: StreamFormat;
  /** What may arrive, by our payload numbers. */
  receive: readonly StreamFormat[];
  telephoneEventSend?: { payloadType: number; clockRate: number };
  telephoneEventReceive?: ReadonlyArray<{ payloadType: number; clockRate: number }>;
  /** RFC 3389 payload types; silence suppression happens only when asked for. */
  comfortNoise?: { sendPayloadType?: number; receivePayloadType?: number; suppressSilence?: boolean };
  /** Packet time to send, in ms; the codec's default when absent. */
  ptimeMs?: number;
  rtcpMux?: boolean;
  /** The peer wants VoIP metrics (RFC 3611 §5.1). */
  rtcpXr?: boolean;
  /** Secures RTP and RTCP; absent = plain. Under the same keys as before the contexts go on. Never logged. */
  srtp?: SrtpOptions;
}

export type PlaySource =
  /**
   * WAV (PCM, G.711), Ogg Opus, raw GSM, and what a system ffmpeg can decode where there is one. Several files follow
   * each other without a gap.
   */
  | { file: string | readonly string[] }
  /** A name ('milliwatt', 'ringback-us', 'busy-de': dial, ringback, busy, congestion or waiting of a country) or a description. */
  | { tone: string | ToneSpec }
  | { samples: Int16Array; sampleRate: number };

export interface PlayOptions {
  /** Begin again at the end; false when absent. */
  loop?: boolean;
  /** Linear factor; 1 when absent. */
  gain?: number;
}

export interface PlaybackResult {
  reason: 'end' | 'stopped' | 'error';
  /** Audio sent, in ms. */
  playedMs: number;
  error?: SwitchhookError;
}

export interface Playback {
  /** Resolves, never rejects, when the last frame went out, the playback was stopped, failed, or the session ended. */
  readonly done: Promise<PlaybackResult>;
  stop(): void;
}

/** Kinds of files that can be recorded: 'vorbis' and 'opus' in Ogg, 'gsm' without any container. */
export type RecordingFormat = 'wav' | 'gsm' | 'mp3' | 'vorbis' | 'opus';

export interface RecordOptions {
  /**
   * 'stereo': left = received, right = sent; 'mono': both added; 'separate': two files, of which the names end in
   * -received and -sent; 'received', 'sent': one side only. Default 'stereo'; with 'gsm', which is mono, 'separate'.
   */
  layout?: 'mono' | 'stereo' | 'separate' | 'received' | 'sent';
  /**
   * In Hz, or 'call': that of the call's codec when the recording begins; 8000 when absent. GSM is always 8000; Opus takes
   * the next of 8000, 16000, 24000 and 48000.
   */
  sampleRate?: number | 'call';
  /**
   * What is done while one side says nothing at all: 'noise' fills it with faint noise; 'both' begins only once both
   * sides have been heard. Both sides are in time with each other in any case.
   */
  sync?: 'noise' | 'both';
  /** By the extension when absent (.wav, .gsm, .mp3, .ogg, .opus), WAV for others. */
  format?: RecordingFormat;
}

export interface RecordingResult {
  /** The file, or the first of two. */
  path: string;
  /** Both files, where the layout makes two. */
  paths?: readonly string[];
  durationMs: number;
  /** Of all files. */
  bytes: number;
  /** Set when the file could not be written to the end (disk full). */
  error?: SwitchhookError;
}

export interface Recording {
  /** Resolves when the file is complete on disk. Calling it again gives the same result. */
  stop(): Promise<RecordingResult>;
  /** Leaves the time until `resume` out of the file. */
  pause(): void;
  resume(): void;
}

/** What is in the packets of a stream over UDP. */
export type StreamAudio =
  /** 16-bit PCM, mono. Rate in Hz: 8000 or 16000 as the codec of the call when absent. Little endian when absent. */
  | { kind: 'pcm'; sampleRate?: number; bigEndian?: boolean }
  /** Coded anew, in RTP packets or without their header. PCMU/8000 when absent. */
  | { kind: 'rtp' | 'payload'; codec?: string; clockRate?: number; payloadType?: number };

/** Bytes before the audio of each packet, in this order. */
export interface StreamHeader {
  /** A byte: 1 = audio. */
  mediaType?: boolean;
  /** A byte: 1 = received, 2 = sent. */
  direction?: boolean;
  /**
   * 'text': "2,"; 'text-call-id': "2,abc,"; 'byte': the number, 0 to 127; 'byte-vad': that and a byte for voice
   * activity (0 unknown, 1 silence, 2 speech).
   */
  line?: 'text' | 'text-call-id' | 'byte' | 'byte-vad';
  lineNumber?: number;
  callId?: string;
}

export interface UdpStreamOptions {
  /** IP address to send to; 127.0.0.1 when absent. */
  address?: string;
  /** Port for what is received in the call; absent = not sent. */
  receivedPort?: number;
  /** Port for what is sent in the call; absent = not sent. */
  sentPort?: number;
  /** PCM when absent. */
  audio?: StreamAudio;
  header?: StreamHeader;
  /** Packets of three bytes, "BOF" and "EOF", at the beginning and the end. */
  marks?: boolean;
}

/** Of a conference, which is sent nothing itself. */
export type BridgeStreamOptions = Omit<UdpStreamOptions, 'sentPort'>;

export interface UdpStream {
  close(): void;
}

export interface DtmfSendOptions {
  /** As telephone-events (RFC 4733, the default) or as tones in the audio. */
  method?: 'rfc4733' | 'inband';
  /** Length of a digit in ms; 100 when absent. */
  durationMs?: number;
  /** Pause after a digit in ms; 60 when absent. */
  gapMs?: number;
}

/** Audio from the application into the call; mixed with what is played. */
export interface PcmWriter {
  /**
   * Queues samples (mono). True when all were taken at once; else a promise that resolves true when the last one was
   * taken, false when `clear` or the end of the session dropped some. Await it: at most 60 s are kept.
   * @throws ERR_INVALID_ARGUMENT for an unsupported rate or when more than 60 s wait
   */
  write(samples: Int16Array, sampleRate: number): true | Promise<boolean>;
  /** Drops what has not been sent yet. */
  clear(): void;
}

export interface AudioFrame {
  samples: Int16Array;
  /** Position of the first sample on the session's time line, in ms since the output was opened. */
  timeMs: number;
}

/** Audio from the call to the application, 20 ms frames, also while nothing arrives (concealed or silent). */
export interface PcmReader extends AsyncIterable<AudioFrame> {
  /** Frames thrown away because the application did not read for more than 2 s. */
  readonly dropped: number;
  close(): void;
}

/** What a link test has measured so far, of the way to this session. */
export interface LinkTestStats {
  /** Test packets sent from here. */
  sent: number;
  /** From the first to the last that came. */
  expected: number;
  /** Without copies. */
  received: number;
  /** Behind one with a higher number, or for the second time. */
  disordered: number;
  /** Other packets: since the first that came, or all of them when none has. */
  unknown: number;
  /** Sum of how long those received were under way, and the longest. */
  delayTotalMs: number;
  delayMaxMs: number;
  /** How many came within so long and later than 10 ms less, up to two seconds. */
  arrivals: ReadonlyArray<{ withinMs: number; packets: number }>;
}

export interface MediaStats {
  codec: string | undefined;
  sent: { packets: number; bytes: number };
  received: {
    packets: number;
    bytes: number;
    lost: number;
    late: number;
    duplicate: number;
    outOfOrder: number;
    /** Interarrival jitter, RFC 3550 §6.4.1, in ms. */
    jitterMs: number;
    /** Datagrams that were not RTP we could use. */
    invalid: number;
    /** Good RTP from an address or of an SSRC that was not accepted. */
    unexpected: number;
    /** Packets whose SRTP or SRTCP authentication failed. */
    notAuthentic: number;
    /** Packets refused by the replay protection of SRTP; copies made by the network are among them. */
    replayed: number;
  };
  /** The crypto-suite RTP and RTCP are secured with; absent = plain. */
  srtp?: string;
  roundTripMs: number | undefined;
  /** What the peer reports about what we send. */
  remoteReport: { fractionLost: number; lost: number; jitterMs: number } | undefined;
  /** ITU-T G.107 estimate for what we hear, 1 to 4.5. */
  mos: number;
  /** How losses, late packets among them, come together (RFC 3611 §4.7.2, Gmin 16): densities 0 to 1, mean lengths. */
  bursts: {
    burstDensity: number;
    gapDensity: number;
    burstMs: number;
    gapMs: number;
    /** Mean length of losses in a row over that of random loss (G.107); 1 = random. */
    ratio: number;
  };
  /** What the peer says about our audio in its VoIP metrics (RFC 3611 §4.7), in the units of the RFC. */
  remoteMetrics: VoipMetrics | undefined;
  /** While and after a link test: {@link MediaSession.setLinkTest}. */
  linkTest?: LinkTestStats;
  /** Present delay of the jitter buffer in ms. */
  delayMs: number;
  /** Audio made up for lost or late packets, in ms. */
  concealedMs: number;
  /** Where we send to now. */
  remote: SocketAddress | undefined;
  /** Level of what was sent and heard last, dBov (0 = full scale, -127 = silence). */
  level: { sentDbov: number; receivedDbov: number };
  /** Who spoke how long and how loud, where asked for. */
  voice?: { sent?: VadStats; received?: VadStats };
  /** Frames not sent since the clock came too late. */
  skippedFrames: number;
}

export type DtmfPath = 'rfc4733' | 'inband' | 'info';

export interface ReceivedDigit {
  digit: string;
  durationMs: number;
  /** The path that told it first. */
  via: DtmfPath;
}

export interface NoMediaReport {
  /** Time without RTP in ms. */
  silentMs: number;
  /** Where RTP should come from by the SDP. */
  expected: SocketAddress;
  /** Where something came from instead, if anything did. */
  got?: SocketAddress;
  /** One sentence that says why there is no audio, as far as it can be told. */
  explanation: string;
}

export type MediaSessionEvents = {
  /** A digit was received, once, at its end. */
  dtmf: [event: ReceivedDigit];
  /** The first RTP packet was accepted. */
  flowing: [event: { remote: SocketAddress }];
  noMedia: [event: NoMediaReport];
  mediaBack: [event: { silentMs: number }];
  /** The silence has lasted for `timeoutMs`: time to hang up. Told once per silence. */
  mediaTimeout: [event: { silentMs: number }];
  /** The header extension of received packets has changed; told every 200 ms at most. */
  headerExtension: [extension: HeaderExtension];
  /** Our SRTP key has protected nearly as many packets as it may: a new one must be negotiated. */
  srtpKeyExpiring: [event: Record<string, never>];
  /** Somebody began or ceased to speak, where voice statistics are asked for. */
  voice: [event: { side: 'sent' | 'received'; speaking: boolean }];
  ssrcChanged: [event: { from: number; to: number }];
  /** Something failed; the session lives on. */
  error: [error: SwitchhookError];
  /** The session is gone: closed, or its worker died (with the error). */
  ended: [error: SwitchhookError | undefined];
};

export interface MediaSession {
  readonly id: number;
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  /** Sets or changes the stream; state is kept where it can be (re-INVITE). @throws ERR_INVALID_ARGUMENT */
  configure(config: StreamConfig): Promise<void>;
  /** Goes on at another address of this machine, with ports of its own there. @throws as MediaEngine.openSession; nothing has changed then */
  move(address: string): Promise<void>;
  play(source: PlaySource, options?: PlayOptions): Playback;
  /** @throws ERR_MEDIA_FILE when the file cannot be created */
  record(path: string, options?: RecordOptions): Promise<Recording>;
  /**
   * Sends 0-9 * # A-D, as telephone-events unless asked otherwise; ',' pauses 500 ms (as many dial strings do). Digits of several calls queue up.
   * @throws ERR_INVALID_ARGUMENT for other characters or when the peer takes no telephone-events
   */
  sendDtmf(digits: string, options?: DtmfSendOptions): Promise<void>;
  /** A digit arrived by SIP INFO: told as 'dtmf' unless it came by the media as well. */
  reportDigit(digit: string, durationMs: number): void;
  /** Replaces all processing options. */
  setProcessing(options: ProcessingOptions): void;
  /**
   * Sends a header extension with every RTP packet: a list by RFC 8285 or any other (RFC 3550 §5.3.1); none to stop.
   * @param whileMuted packets of silence sent with it although the session is muted without RTP; none when absent
   * @throws ERR_INVALID_ARGUMENT for more than 64 bytes
   */
  setHeaderExtension(
    extension?: readonly HeaderExtensionElement[] | { profile: number; data: Uint8Array },
    whileMuted?: number,
  ): void;
  /** Sends what is heard and said to other programs over UDP. @throws ERR_INVALID_ARGUMENT, ERR_MEDIA_CODEC */
  stream(options: UdpStreamOptions): Promise<UdpStream>;
  setMute(options: { send?: boolean; receive?: boolean; rtp?: 'stop' | 'silence' }): void;
  /** What leaves while no source of the session has anything to say; 'silence' unless it is set. */
  setIdle(sending: IdleSending): void;
  /**
   * Sends test packets in place of speech, and measures those that come from another session of this process: how long
   * they were under way, what was lost. They are not played. Once on it stays on.
   */
  setLinkTest(): void;
  /** Sends back what is received. */
  setEcho(on: boolean): void;
  readonly input: PcmWriter;
  /** @throws ERR_INVALID_ARGUMENT for an unsupported rate */
  output(options: { sampleRate: number }): PcmReader;
  stats(): Promise<MediaStats>;
  on<K extends keyof MediaSessionEvents>(
    event: K,
    listener: (...args: MediaSessionEvents[K]) => unknown,
  ): unknown;
  once<K extends keyof MediaSessionEvents>(
    event: K,
    listener: (...args: MediaSessionEvents[K]) => unknown,
  ): unknown;
  off<K extends keyof MediaSessionEvents>(
    event: K,
    listener: (...args: MediaSessionEvents[K]) => unknown,
  ): unknown;
  /** Ends the session and gives its last statistics; calling it again gives the same. */
  close(): Promise<MediaStats>;
}

export interface BridgeOptions {
  /** Names the bridge in logs. */
  label: string;
  /** Of the mix, in Hz; 16000 when absent. The highest rate of the members is best. */
  sampleRate?: number;
}

export interface BridgeMemberOptions {
  /** Linear factor for what the member says; 1 when absent. */
  gain?: number;
  /** Not heard for now. */
  muted?: boolean;
  /** Never heard, never the active speaker (barge-in). */
  listenOnly?: boolean;
  /** Hears nothing. */
  deaf?: boolean;
  /** Heard by these members only (a supervisor's whisper), and still hears everybody. */
  whisperTo?: readonly MediaSession[];
  /** What the member is sent itself is heard as well, as if it said it: for listening in. Not changed once it is in. */
  bothSides?: boolean;
}

export type BridgeEvents = {
  /** Another member speaks now; 'local' is the application. */
  speaker: [member: MediaSession | 'local'];
  /** Something failed; the bridge lives on. */
  error: [error: SwitchhookError];
  /** The bridge is gone: closed, or its worker died (with the error). */
  ended: [error: SwitchhookError | undefined];
};

/**
 * A conference of sessions of one engine, whatever their codecs and workers: each hears all others and not itself. The
 * application is a member by {@link input} and {@link output}. Who joins or leaves is faded in or out.
 */
export interface MediaBridge {
  readonly id: number;
  readonly sampleRate: number;
  readonly members: readonly MediaSession[];
  /** Lets a session in, or changes how it takes part. It leaves by itself when it ends. @throws ERR_CLOSED */
  add(session: MediaSession, options?: BridgeMemberOptions): void;
  /** Replaces all options of a member. */
  set(session: MediaSession, options: BridgeMemberOptions): void;
  remove(session: MediaSession): void;
  readonly input: PcmWriter;
  /** What the members say, without what the application says itself. @throws ERR_INVALID_ARGUMENT, ERR_CLOSED */
  output(options: { sampleRate: number }): PcmReader;
  /** Records the mix of all, mono. @throws ERR_MEDIA_FILE */
  record(path: string, options?: { sampleRate?: number }): Promise<Recording>;
  /** Sends what the members say, mixed, over UDP. @throws ERR_INVALID_ARGUMENT, ERR_CLOSED */
  stream(options: BridgeStreamOptions): Promise<UdpStream>;
  on<K extends keyof BridgeEvents>(event: K, listener: (...args: BridgeEvents[K]) => unknown): unknown;
  once<K extends keyof BridgeEvents>(event: K, listener: (...args: BridgeEvents[K]) => unknown): unknown;
  off<K extends keyof BridgeEvents>(event: K, listener: (...args: BridgeEvents[K]) => unknown): unknown;
  /** Ends the bridge, not its members. */
  close(): Promise<void>;
}

export interface EngineStats {
  sessions: number;
  /** Clock slots that came more than 5 ms late. */
  lateTicks: number;
  /** Frames of all sessions that were skipped as stale. */
  skippedFrames: number;
  maxLateMs: number;
  /** That run: none before the first session. */
  workers: number;
}
