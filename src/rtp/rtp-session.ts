/**
 * One RTP session of a call: numbers and stamps what is sent, checks and counts what is received, follows the peer's
 * address and SSRC, and keeps RTCP going. The media engine hands in datagrams and time, and gets packets and bytes to
 * send through an {@link RtpSink}. It does no I/O, owns no timer, and allocates nothing per RTP packet.
 *
 * A received datagram passes: kind (RFC 5761 §4) → SRTP → header (RFC 3550 A.1) → payload type → address
 * ({@link SourceLatch}) → SSRC and sequence ({@link SourceStats}) → sink.
 */
import { EMPTY_BYTES } from '../base/bytes.js';
import type { SocketAddress } from '../base/diagnostics.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { MAX_HEADER_EXTENSION } from './header-extension.js';
import { classifyDatagram, RTP_HEADER_LENGTH, RtpPacketView, writeRtpHeader } from './packet.js';
import { KEY_USED_UP, type PacketProtection, REPLAYED } from './protection.js';
import { SourceStats } from './receiver-stats.js';
import { type RemoteReport, RtcpReporter } from './rtcp-reporter.js';
import type { VoipMetrics } from './rtcp-xr.js';
import { SourceLatch } from './source-latch.js';

/** What the session calls; every argument is valid only during the call. */
export interface RtpSink {
  /** A packet to play or decode, of a negotiated payload type; duplicates have been dropped, order is as received. */
  onPacket(packet: RtpPacketView, clockRate: number, arrivalMs: number): void;
  /** The next packet is of another source, or its sequence began anew: reset jitter buffer and decoders. */
  onSourceChange(ssrc: number): void;
  /** Send these bytes to {@link RtpSession.remote}, or to {@link RtpSession.rtcpRemote} when `rtcp`. */
  output(data: Uint8Array, start: number, length: number, rtcp: boolean): void;
  /** The peer is reached, and heard, at another address now. */
  onRemoteChange?(remote: SocketAddress): void;
  /** RTCP BYE of the source being played. */
  onBye?(reason: string | undefined): void;
  /** So many packets in a row failed authentication that the keys must be wrong; told once per {@link RtpSession.protect}. */
  onNotAuthentic?(from: SocketAddress, packets: number): void;
  /**
   * The life of a key is nearly over, or over: packets are not sent, or not taken, then. Each is told once per
   * {@link RtpSession.protect}.
   */
  onKeyLifetime?(event: 'expiring' | 'sendUsedUp' | 'receiveUsedUp'): void;
}

export interface RtpSessionOptions {
  sink: RtpSink;
  random: Random;
  logger: Logger;
  /** Canonical name for SDES (RFC 3550 §6.5.1); random by RFC 7022 when absent. */
  cname?: string;
  /** Wall clock, ms since 1970, for the NTP time of sender reports. */
  wallTime: () => number;
  /** Follow a peer that sends from another address than its SDP says. Default true. */
  latching?: boolean;
  /** Never follow another SSRC at the same address. Default false. */
  lockSsrc?: boolean;
  /** Send RTCP. Default true. */
  rtcp?: boolean;
  /** In place of random numbers (RFC 3550 §5.1). */
  start?: { ssrc?: number; sequence?: number; timestamp?: number };
  /** Mean time between RTCP packets, ms; the minimum of RFC 3550 §6.2 is the default, 5000. */
  rtcpIntervalMs?: number;
}

export interface ReceivePayload {
  payloadType: number;
  /** RTP clock rate, Hz. */
  clockRate: number;
  /** A telephone-event: its timestamps do not measure jitter. */
  event?: boolean;
}

export interface RtpStreamConfig {
  /** Where the SDP says the peer listens; absent while nothing may be sent (port 0, 0.0.0.0). */
  remote?: SocketAddress;
  rtcpRemote?: SocketAddress;
  rtcpMux: boolean;
  /** Payload types that may come. */
  receive: ReadonlyArray<ReceivePayload>;
  /** RTP clock rate of the audio sent, Hz. */
  sendClockRate: number;
}

export interface RtpSessionStats {
  ssrc: number;
  /** SSRC of the source being played, if any. */
  remoteSsrc?: number;
  remote?: SocketAddress;
  sent: { packets: number; bytes: number };
  received: {
    packets: number;
    bytes: number;
    lost: number;
    duplicates: number;
    reordered: number;
    jitterMs: number;
    maxJitterMs: number;
    /** SSRC changes and sequence restarts that were followed. */
    sourceChanges: number;
  };
  /** Datagrams not used, by reason. */
  dropped: {
    invalid: number;
    unknownPayloadType: number;
    unexpectedAddress: number;
    unexpectedSsrc: number;
    badSequence: number;
    /** Failed the authentication of SRTP or SRTCP. */
    notAuthentic: number;
    /** Refused by the replay protection of SRTP or SRTCP; also copies made by the network. */
    replayed: number;
  };
  rtcp: { sent: number; received: number; invalid: number };
  /** From LSR and DLSR of the peer's reports (RFC 3550 §6.4.1). */
  roundTripMs?: number;
  /** What the peer last reported about our stream. */
  remoteReport?: RemoteReport;
}

/** A new SSRC is believed after this many packets in a row (RFC 3550 A.1, MIN_SEQUENTIAL). */
const MIN_SEQUENTIAL = 2;
/** … and when the source being played has been silent for this long, ms: two packet times. */
const SOURCE_SILENT_MS = 40;
const PAYLOAD_TYPES = 128;
/** RFC 3550 §5.1: an extension follows the header. */
const EXTENSION_BIT = 0x10;
/** Packets in a row that fail authentication until it is told: more than stray packets or a change of keys make. */
const WRONG_KEY_PACKETS = 15;

export class RtpSession {
  /** Our synchronization source identifier. */
  readonly ssrc: number;

  readonly #sink: RtpSink;
  readonly #logger: Logger;
  readonly #view = new RtpPacketView();
  readonly #latch: SourceLatch;
  readonly #lockSsrc: boolean;
  readonly #reporter: RtcpReporter;
  readonly #clockRates = new Int32Array(PAYLOAD_TYPES);
  readonly #isEvent = new Uint8Array(PAYLOAD_TYPES);
  #protection: PacketProtection | undefined;
  #rtcpMux = false;
  #rtcpRemote: SocketAddress | undefined;
  #closed = false;

  // Send side.
  #sequence: number;
  readonly #timestampBase: number;
  #extension: Uint8Array = EMPTY_BYTES;
  #sendClockRate = 8000;
  #sentPackets = 0;
  #sentBytes = 0;
  #lastTimestamp = 0;
  #lastSendMs = 0;

  // Receive side: the source being played and one that may follow it.
  #source = new SourceStats();
  #candidate = new SourceStats();
  #hasSource = false;
  #hasCandidate = false;
  /** The address has changed: whoever is heard from there first is the source. */
  #expectNewSource = false;
  #sourceClockRate = 8000;
  #sourceHeardMs = 0;
  #lastAccepted = Number.NEGATIVE_INFINITY;

  /** Of the sources before the current one. */
  #past = { packets: 0, bytes: 0, lost: 0, duplicates: 0, reordered: 0 };
  #sourceChanges = 0;
  #invalid = 0;
  #unknownPayloadType = 0;
  #unexpectedAddress = 0;
  #unexpectedSsrc = 0;
  #badSequence = 0;
  #notAuthentic = 0;
  #replayed = 0;
  /** RTP packets since the last authentic one. */
  #notAuthenticRun = 0;
  #wrongKeyTold = false;
  #expiringTold = false;
  #sendUsedUpTold = false;
  #receiveUsedUpTold = false;

  constructor(options: RtpSessionOptions) {
    const { random } = options;
    this.#sink = options.sink;
    this.#logger = options.logger;
    this.#latch = new SourceLatch(options.latching ?? true);
    this.#lockSsrc = options.lockSsrc ?? false;
    const { start = {} } = options;
    this.ssrc = (start.ssrc ?? random.uint32()) >>> 0;
    // RFC 3550 §5.1: both start at random values. The sequence stays below 2^15 so that SRTP peers agree on the
    // roll-over counter even when the first packets are lost (RFC 3711 §3.3.1).
    this.#sequence = (start.sequence ?? random.uint32() & 0x7fff) & 0xffff;
    this.#timestampBase = (start.timestamp ?? random.uint32()) >>> 0;
    this.#reporter = new RtcpReporter({
      ssrc: this.ssrc,
      random,
      cname: options.cname ?? randomCname(random),
      wallTime: options.wallTime,
      enabled: options.rtcp ?? true,
      intervalMs: options.rtcpIntervalMs,
    });
  }

  /** Where RTP goes: the SDP's address or the one the peer was found at; undefined while nothing may be sent. */
  get remote(): SocketAddress | undefined {
    return this.#latch.remote;
  }

  get rtcpRemote(): SocketAddress | undefined {
    return this.#rtcpMux ? this.#latch.remote : this.#rtcpRemote;
  }

  /** When the last usable RTP packet came, ms; -Infinity before the first. */
  get lastReceivedMs(): number {
    return this.#lastAccepted;
  }

  /** Free bytes that must lie before a payload given to {@link send}. */
  get headroom(): number {
    return RTP_HEADER_LENGTH + MAX_HEADER_EXTENSION;
  }

  /** Goes out with every packet from now on: what `packHeaderExtension` made. */
  set headerExtension(extension: Uint8Array | undefined) {
    this.#extension = extension ?? EMPTY_BYTES;
  }

  /** Free bytes that must lie after it. */
  get tailroom(): number {
    return this.#protection?.overhead ?? 0;
  }

  /** Applies the outcome of an offer/answer exchange; may be called again at any time. */
  configure(config: RtpStreamConfig, nowMs: number): void {
    this.#clockRates.fill(0);
    this.#isEvent.fill(0);
    for (const { payloadType, clockRate, event } of config.receive) {
      this.#clockRates[payloadType & 0x7f] = clockRate;
      this.#isEvent[payloadType & 0x7f] = event ? 1 : 0;
    }
    this.#sendClockRate = config.sendClockRate;
    this.#rtcpMux = config.rtcpMux;
    const before = this.#latch.expected;
    this.#latch.expect(config.remote, nowMs);
    if (before?.host !== config.remote?.host || before?.port !== config.remote?.port) {
      this.#rtcpRemote = config.rtcpRemote;
      this.#expectNewSource = true;
    }
    this.#rtcpRemote ??= config.rtcpRemote;
    this.#reporter.start(nowMs);
  }

  /**
   * Asked for the figures of every report from now on, which go out as XR VoIP metrics with RRTR and DLRR (RFC 3611).
   * Only when the peer asked for them by a=rtcp-xr (§5).
   */
  set voipMetrics(metrics: (() => VoipMetrics) | undefined) {
    this.#reporter.localMetrics = metrics;
  }

  get roundTripMs(): number | undefined {
    return this.#reporter.roundTripMs;
  }

  /** The peer's VoIP metrics about our stream, if it sent any. */
  get remoteVoipMetrics(): VoipMetrics | undefined {
    return this.#reporter.remoteMetrics;
  }

  /** Sets or removes SRTP; to be told as well when its keys have changed. */
  protect(protection: PacketProtection | undefined): void {
    this.#protection = protection;
    this.#notAuthenticRun = 0;
    this.#wrongKeyTold = false;
    this.#expiringTold = false;
    this.#sendUsedUpTold = false;
    this.#receiveUsedUpTold = false;
  }

  /**
   * Sends one packet: the header is written before the payload ({@link headroom}), SRTP behind it.
   * @param timestamp media time in RTP clock units; the session adds its random offset
   * @returns false while there is nowhere to send
   */
  send(
    data: Uint8Array,
    payloadStart: number,
    payloadLength: number,
    payloadType: number,
    timestamp: number,
    marker: boolean,
    nowMs: number,
  ): boolean {
    if (this.#closed || !this.#latch.remote) return false;
    const extension = this.#extension;
    const headerLength = RTP_HEADER_LENGTH + extension.length;
    const start = payloadStart - headerLength;
    const wire = (timestamp + this.#timestampBase) >>> 0;
    writeRtpHeader(data, start, payloadType, marker, this.#sequence, wire, this.ssrc);
    if (extension.length > 0) {
      data[start] |= EXTENSION_BIT;
      for (let i = 0; i < extension.length; i++) data[start + RTP_HEADER_LENGTH + i] = extension[i];
    }
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#sentPackets++;
    this.#sentBytes += payloadLength;
    this.#lastTimestamp = wire;
    this.#lastSendMs = nowMs;
    let length = headerLength + payloadLength;
    if (this.#protection) {
      length = this.#protection.protectRtp(data, start, length);
      if (!this.#mayLeave(this.#protection, length)) return false;
    }
    this.#sink.output(data, start, length, false);
    return true;
  }

  /**
   * Takes a datagram from the RTP or the RTCP socket.
   * @param data may be changed in place (SRTP)
   */
  onDatagram(data: Uint8Array, length: number, host: string, port: number, nowMs: number): void {
    if (this.#closed) return;
    const kind = classifyDatagram(data, length);
    if (kind === 'rtp') this.#onRtp(data, length, host, port, nowMs);
    else if (kind === 'rtcp') this.#onRtcp(data, length, host, port, nowMs);
    else this.#invalid++;
  }

  /** Sends RTCP when it is due. Call it at least every 100 ms. */
  poll(nowMs: number): void {
    if (this.#closed || !this.#reporter.due(nowMs)) return;
    this.#sendRtcp(nowMs, false);
  }

  /** Says BYE (RFC 3550 §6.3.7) and stops. */
  close(nowMs: number): void {
    if (this.#closed) return;
    if (this.#reporter.started && (this.#sentPackets > 0 || this.#reporter.sent > 0))
      this.#sendRtcp(nowMs, true);
    this.#closed = true;
  }

  #onRtp(data: Uint8Array, length: number, host: string, port: number, nowMs: number): void {
    if (this.#protection) {
      length = this.#protection.unprotectRtp(data, 0, length);
      if (length < 0) {
        this.#refuse(length, host, port);
        return;
      }
      this.#notAuthenticRun = 0;
    }
    const packet = this.#view;
    if (!packet.parse(data, 0, length)) {
      this.#invalid++;
      return;
    }
    const clockRate = this.#clockRates[packet.payloadType];
    if (clockRate === 0) {
      this.#unknownPayloadType++;
      return;
    }
    const remote = this.#latch.remote;
    if (!this.#latch.accept(host, port, packet, nowMs)) {
      this.#unexpectedAddress++;
      return;
    }
    if (this.#latch.remote !== remote) this.#onRemoteChange(remote);
    if (!this.#acceptSource(packet, nowMs)) return;
    this.#expectNewSource = false;
    this.#lastAccepted = nowMs;
    this.#sourceHeardMs = nowMs;
    if (this.#isEvent[packet.payloadType] === 0) {
      if (clockRate !== this.#sourceClockRate) {
        this.#sourceClockRate = clockRate;
        this.#source.resetTransit();
      }
      this.#source.updateJitter(packet.timestamp, (nowMs * clockRate) / 1000);
    }
    this.#sink.onPacket(packet, clockRate, nowMs);
  }

  /** Watches the life of the key we send under. @param length what protecting gave */
  #mayLeave(protection: PacketProtection, length: number): boolean {
    if (length === KEY_USED_UP) {
      if (!this.#sendUsedUpTold) this.#sink.onKeyLifetime?.('sendUsedUp');
      this.#sendUsedUpTold = true;
    } else if (protection.expiring && !this.#expiringTold) {
      this.#expiringTold = true;
      this.#sink.onKeyLifetime?.('expiring');
    }
    return length >= 0;
  }

  #refuse(verdict: number, host: string, port: number): void {
    if (verdict === REPLAYED) {
      this.#replayed++;
      return;
    }
    if (verdict === KEY_USED_UP) {
      this.#notAuthentic++;
      if (!this.#receiveUsedUpTold) this.#sink.onKeyLifetime?.('receiveUsedUp');
      this.#receiveUsedUpTold = true;
      return;
    }
    this.#notAuthentic++;
    this.#notAuthenticRun++;
    if (this.#notAuthenticRun < WRONG_KEY_PACKETS || this.#wrongKeyTold) return;
    this.#wrongKeyTold = true;
    this.#sink.onNotAuthentic?.({ host, port }, this.#notAuthenticRun);
  }

  /** SSRC and sequence: true when the packet is to be played. */
  #acceptSource(packet: RtpPacketView, nowMs: number): boolean {
    const { ssrc, sequence, payloadLength } = packet;
    if (!this.#hasSource) {
      this.#hasSource = true;
      this.#source.begin(ssrc, sequence, 1);
      this.#source.update(sequence, payloadLength);
      this.#sink.onSourceChange(ssrc);
      return true;
    }
    if (ssrc !== this.#source.ssrc) return this.#acceptCandidate(packet, nowMs);
    switch (this.#source.update(sequence, payloadLength)) {
      case 'valid':
      case 'reordered':
        return true;
      case 'restarted':
        this.#sourceChanges++;
        this.#logger.info('the peer restarted its RTP sequence', { ssrc, sequence });
        this.#sink.onSourceChange(ssrc);
        return true;
      case 'bad':
        this.#badSequence++;
        return false;
      default:
        return false;
    }
  }

  /**
   * Another SSRC than the one being played. Our own SSRC coming back is no collision to act on (RFC 3550 §8.2): an
   * echo service that reflects packets unchanged is to be heard.
   */
  #acceptCandidate(packet: RtpPacketView, nowMs: number): boolean {
    const { ssrc, sequence, payloadLength } = packet;
    const candidate = this.#candidate;
    if (!this.#hasCandidate || candidate.ssrc !== ssrc) {
      this.#hasCandidate = true;
      candidate.begin(ssrc, sequence, MIN_SEQUENTIAL);
    }
    candidate.update(sequence, payloadLength);
    const early = this.#lockSsrc || candidate.onProbation || nowMs - this.#sourceHeardMs < SOURCE_SILENT_MS;
    if (early && !this.#expectNewSource) {
      this.#unexpectedSsrc++;
      return false;
    }
    this.#logger.info('the peer changed its SSRC', { from: this.#source.ssrc, to: ssrc });
    this.#retireSource();
    this.#candidate = this.#source;
    this.#source = candidate;
    this.#hasCandidate = false;
    candidate.begin(ssrc, sequence, 1);
    candidate.update(sequence, payloadLength);
    this.#sourceChanges++;
    this.#sink.onSourceChange(ssrc);
    return true;
  }

  #retireSource(): void {
    const source = this.#source;
    const past = this.#past;
    past.packets += source.received;
    past.bytes += source.bytes;
    past.lost += source.lost;
    past.duplicates += source.duplicates;
    past.reordered += source.reordered;
  }

  #onRemoteChange(previous: SocketAddress | undefined): void {
    const remote = this.#latch.remote;
    if (!remote) return;
    this.#expectNewSource = true;
    this.#logger.info('media comes from another address', {
      remote: formatAddress(remote),
      previous: previous && formatAddress(previous),
      expected: this.#latch.expected && formatAddress(this.#latch.expected),
    });
    // RFC 3550 §11: RTCP on the next port, until it is heard from elsewhere.
    if (this.#latch.state === 'latched') this.#rtcpRemote = { host: remote.host, port: remote.port + 1 };
    this.#sink.onRemoteChange?.(remote);
  }

  #onRtcp(data: Uint8Array, length: number, host: string, port: number, nowMs: number): void {
    const remote = this.#latch.remote;
    // Reports come from the host of the media or from the address the SDP gave for them; nobody else is listened to.
    const known =
      (remote && remote.host === host) || (this.#rtcpRemote?.host === host && this.#rtcpRemote.port === port);
    if (!known) {
      this.#unexpectedAddress++;
      return;
    }
    if (this.#protection) {
      length = this.#protection.unprotectRtcp(data, 0, length);
      if (length < 0) {
        if (length === REPLAYED) this.#replayed++;
        else this.#notAuthentic++;
        return;
      }
    }
    const sender = this.#reporter.receive(data, 0, length, nowMs);
    if (sender < 0 || !this.#hasSource || sender !== this.#source.ssrc) return;
    const rtcpRemote = this.#rtcpRemote;
    if (!this.#rtcpMux && (rtcpRemote?.port !== port || rtcpRemote.host !== host))
      this.#rtcpRemote = { host, port };
    if (this.#reporter.saidBye) this.#sink.onBye?.(this.#reporter.byeReason);
  }

  #sendRtcp(nowMs: number, bye: boolean): void {
    const elapsed = ((nowMs - this.#lastSendMs) * this.#sendClockRate) / 1000;
    let length = this.#reporter.build(nowMs, bye, {
      packets: this.#sentPackets,
      bytes: this.#sentBytes,
      // RFC 3550 §6.4.1: the RTP timestamp of the same instant as the NTP time.
      timestamp: (this.#lastTimestamp + Math.round(elapsed)) >>> 0,
      source: this.#hasSource ? this.#source : undefined,
    });
    if (!this.rtcpRemote) return;
    const data = this.#reporter.buffer;
    if (this.#protection) {
      length = this.#protection.protectRtcp(data, 0, length);
      if (!this.#mayLeave(this.#protection, length)) return;
    }
    this.#sink.output(data, 0, length, true);
  }

  stats(nowMs: number): RtpSessionStats {
    const source = this.#source;
    const past = this.#past;
    const unitMs = 1000 / this.#sourceClockRate;
    return {
      ssrc: this.ssrc,
      remoteSsrc: this.#hasSource ? source.ssrc : undefined,
      remote: this.remote,
      sent: { packets: this.#sentPackets, bytes: this.#sentBytes },
      received: {
        packets: past.packets + source.received,
        bytes: past.bytes + source.bytes,
        lost: past.lost + source.lost,
        duplicates: past.duplicates + source.duplicates,
        reordered: past.reordered + source.reordered,
        jitterMs: source.jitter * unitMs,
        maxJitterMs: source.maxJitter * unitMs,
        sourceChanges: this.#sourceChanges,
      },
      dropped: {
        invalid: this.#invalid,
        unknownPayloadType: this.#unknownPayloadType,
        unexpectedAddress: this.#unexpectedAddress,
        unexpectedSsrc: this.#unexpectedSsrc,
        badSequence: this.#badSequence,
        notAuthentic: this.#notAuthentic,
        replayed: this.#replayed,
      },
      rtcp: {
        sent: this.#reporter.sent,
        received: this.#reporter.received,
        invalid: this.#reporter.invalid,
      },
      roundTripMs: this.#reporter.roundTripMs,
      remoteReport: this.#reporter.remoteReport(nowMs, this.#sendClockRate),
    };
  }

  /** Why there is no audio, in one sentence for people; names what came instead of what was expected. */
  explainSilence(): string {
    const expected = this.#latch.expected;
    const from = expected
      ? `the SDP said ${formatAddress(expected)}`
      : 'the SDP named no address to expect it from';
    if (this.#notAuthenticRun > 0) {
      return (
        `packets arrive (${this.#notAuthenticRun} so far) but their SRTP authentication fails: the peer uses another ` +
        'key or suite than its SDP says, or does not encrypt'
      );
    }
    const others = this.#latch.unexpected.map((s) => `${s.packets} from ${formatAddress(s)}`);
    if (others.length > 0) return `RTP came from another address (${others.join(', ')}), but ${from}`;
    if (this.#unknownPayloadType > 0) {
      return `${this.#unknownPayloadType} RTP packets came with a payload type that was not negotiated`;
    }
    if (this.#invalid > 0) return `${this.#invalid} datagrams came that are not RTP; ${from}`;
    if (this.#source.received > 0 && this.remote) {
      return `the RTP from ${formatAddress(this.remote)} stopped after ${this.#source.received} packets`;
    }
    return `no RTP came at all; ${from}`;
  }
}

function formatAddress(address: { host: string; port: number }): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** RFC 7022 §4.2: 96 random bits, new for each session. */
function randomCname(random: Random): string {
  return Buffer.from(random.bytes(12)).toString('base64');
}
