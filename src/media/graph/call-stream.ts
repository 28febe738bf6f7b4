/**
 * The audio of one call: everything that happens between its sockets and its sources and sinks. Ticked by the media
 * clock; datagrams come straight from the sockets. Per tick: jitter buffer → decoder → sinks (application, recorders,
 * echo), then sources (players, application, echo) → encoder → packet. Nothing of this allocates, waits or emits.
 */
import { EMPTY_BYTES } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import { DtmfDetector } from '../../dsp/dtmf-detector.js';
import { Gain } from '../../dsp/gain.js';
import { LevelMeter } from '../../dsp/level.js';
import { addSaturated } from '../../dsp/mix.js';
import { readHeaderExtension } from '../../rtp/header-extension.js';
import type { RtpPacketView } from '../../rtp/packet.js';
import type { VoipMetrics } from '../../rtp/rtcp-xr.js';
import { RtpSession, type RtpSink } from '../../rtp/rtp-session.js';
import { Srtp } from '../../rtp/srtp/srtp.js';
import { digitOfEvent } from '../../rtp/telephone-event.js';
import { TelephoneEventReceiver } from '../../rtp/telephone-event-receiver.js';
import type { DeadlineClock, Ticked } from '../engine/deadline-clock.js';
import type { SessionEvent } from '../engine/protocol.js';
import type { DatagramPair } from '../transport.js';
import type {
  IdleSending,
  MediaSessionOptions,
  MediaStats,
  ProcessingOptions,
  StreamConfig,
} from '../types.js';
import type { AppInput, AppOutput } from './app-io.js';
import type { BridgePort } from './bridge-port.js';
import type { CallSink } from './call-sink.js';
import { DigitMerger } from './digit-merger.js';
import { DtmfQueue } from './dtmf-queue.js';
import { EarlyPackets } from './early-packets.js';
import { InbandDialer } from './inband-dialer.js';
import { LinkTest } from './link-test.js';
import { NatPackets } from './nat-packets.js';
import type { Player } from './player.js';
import { RateAdapter } from './rate-adapter.js';
import { ReceivePath } from './receive-path.js';
import { SendPath } from './send-path.js';
import { SendSkew } from './send-skew.js';
import { SideProcessing } from './side-processing.js';
import { type ResolvedStream, resolveStream } from './stream-config.js';
import { callStreamStats } from './stream-stats.js';
import { voipMetrics } from './voip-metrics.js';
import { Watchdog } from './watchdog.js';

/** A source that changes its SSRC all the time is told about once a second. */
const SSRC_EVENT_MS = 1000;
/** Changes of a header extension are told this often at most. */
const EXTENSION_EVENT_MS = 200;
/** Strangers' datagrams are remembered for this long. */
const STRANGER_MS = 30_000;
const FRAME_SAMPLES = 48 * 20;
/** Long enough to open NATs and to start the peer's buffers. */
const BEGINNING_MS = 2000;

export interface CallStreamOptions extends Omit<MediaSessionOptions, 'address' | 'label'> {
  clock: Clock;
  random: Random;
  logger: Logger;
  deadlines: DeadlineClock;
  emit: (event: SessionEvent) => void;
  onError: (error: SwitchhookError) => void;
  onPlayed: (player: Player) => void;
  /** A bridge has let go of the call. */
  onUnplugged: (port: number) => void;
}

export class CallStream implements Ticked, RtpSink {
  readonly rtp: RtpSession;
  readonly received: ReceivePath;
  readonly sent: SendPath;
  readonly dtmf: DtmfQueue;
  readonly receivedLevel = new LevelMeter(8000);
  readonly sentLevel = new LevelMeter(8000);
  skippedFrames = 0;
  #linkTest: LinkTest | undefined;

  readonly #clock: Clock;
  readonly #random: Random;
  readonly #deadlines: DeadlineClock;
  readonly #emit: (event: SessionEvent) => void;
  readonly #onError: (error: SwitchhookError) => void;
  readonly #onPlayed: (player: Player) => void;
  readonly #onUnplugged: (port: number) => void;
  readonly #watchdog: Watchdog;
  readonly #digits: DigitMerger;
  readonly #dialer = new InbandDialer();
  readonly #sentProcessing = new SideProcessing();
  readonly #receivedProcessing = new SideProcessing();
  #dtmfDetection: ProcessingOptions['dtmfDetection'];
  #detector: DtmfDetector | undefined;
  #detectorRate = 0;
  readonly #tellExtensions: boolean;
  #extension: { profile: number; data: Uint8Array } = { profile: -1, data: EMPTY_BYTES };
  #extensionToldMs = Number.NEGATIVE_INFINITY;
  readonly #events: TelephoneEventReceiver;
  readonly #eventClockRates = new Int32Array(128);
  #pair: DatagramPair | undefined;
  #config: ResolvedStream | undefined;
  #srtp: Srtp | undefined;
  #periodMs = 20;
  #stopTicking: (() => void) | undefined;
  readonly #sendFrame = new Int16Array(FRAME_SAMPLES);
  #sendGain = new Gain(8000);
  #receiveGain = new Gain(8000);
  /** Muted without RTP. */
  #quiet = false;
  #idle: IdleSending = 'silence';
  /** Packets that are sent for their header extension although it is quiet. */
  #extensionsDue = 0;
  readonly #early: EarlyPackets | undefined;
  /** How long it could have sent, up to {@link BEGINNING_MS}. */
  #begunMs = 0;
  #echo: RateAdapter | undefined;
  #echoOn = false;
  readonly #players: Player[] = [];
  /** Players whose last samples wait in a packet that is not full. */
  readonly #leaving: Player[] = [];
  readonly #sinks: CallSink[] = [];
  readonly #outputs: AppOutput[] = [];
  readonly #ports: BridgePort[] = [];
  #input: AppInput | undefined;
  readonly #nat: NatPackets;
  #flowing = false;
  #lastSentMs = 0;
  /** The clock at the last tick or datagram. */
  #now = 0;
  #ssrc = -1;
  #ssrcToldMs = Number.NEGATIVE_INFINITY;
  #stranger: SocketAddress | undefined;
  #strangerMs = 0;
  readonly #metrics = (): VoipMetrics => voipMetrics(this, this.rtp.roundTripMs);

  constructor(options: CallStreamOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#deadlines = options.deadlines;
    this.#emit = options.emit;
    this.#onError = options.onError;
    this.#onPlayed = options.onPlayed;
    this.#onUnplugged = options.onUnplugged;
    this.received = new ReceivePath(options);
    this.#watchdog = new Watchdog(options.watchdog);
    this.#digits = new DigitMerger((value) => this.#emit({ name: 'dtmf', value }));
    this.#tellExtensions = options.headerExtensions ?? false;
    this.rtp = new RtpSession({
      latching: options.strictSource === undefined,
      lockSsrc: options.strictSource === 'ssrc',
      sink: this,
      random: options.random,
      logger: options.logger,
      wallTime: () => options.clock.wallTime(),
      rtcp: options.rtcp,
      start: options.start,
    });
    this.sent = new SendPath(this.rtp, options.skew && new SendSkew(options.skew));
    this.#early = options.keepEarlyPackets ? new EarlyPackets() : undefined;
    this.#nat = new NatPackets(
      {
        headroom: this.rtp.headroom,
        raw: (data) => this.#sendRaw(data),
        rtp: (data, start, length, payloadType) =>
          this.rtp.send(data, start, length, payloadType, this.sent.timestamp, false, this.#now),
      },
      options.nat,
    );
    this.dtmf = new DtmfQueue(this.sent, this.#dialer);
    if (options.processing) this.processing = options.processing;
    this.#events = new TelephoneEventReceiver({
      onEventStart: () => {},
      onEventEnd: (event, durationMs) => {
        const digit = digitOfEvent(event);
        if (digit !== undefined) this.#digits.take(digit, durationMs, 'rfc4733', this.#clock.now());
      },
    });
  }

  /** Takes the place of the sockets there were. */
  attach(pair: DatagramPair): void {
    this.#pair?.close();
    this.#pair = pair;
  }

  get config(): ResolvedStream | undefined {
    return this.#config;
  }

  /** @throws ERR_INVALID_ARGUMENT; the stream then goes on as before */
  configure(config: StreamConfig): void {
    const resolved = resolveStream(config);
    this.#secure(config.srtp);
    const now = this.#clock.now();
    const before = this.#config;
    this.#config = resolved;
    this.#eventClockRates.fill(0);
    for (const { payloadType, clockRate } of resolved.receiveEvents)
      this.#eventClockRates[payloadType] = clockRate;
    this.rtp.configure(resolved.rtp, now);
    this.#nat.aim(resolved.rtp.remote);
    this.rtp.voipMetrics = config.rtcpXr ? this.#metrics : undefined;
    if (before?.receives && !resolved.receives) this.received.reset();
    this.received.configure(resolved.receive, resolved.receiveComfortNoise);
    this.sent.configure(resolved.send);
    this.dtmf.onConfigured();
    if (resolved.receives && resolved.rtp.remote) this.#watchdog.expect(now);
    else this.#watchdog.ignore();
    if (!this.#stopTicking || resolved.periodMs !== this.#periodMs) {
      this.#stopTicking?.();
      this.#periodMs = resolved.periodMs;
      this.#stopTicking = this.#deadlines.add(this, resolved.periodMs);
    }
    this.#early?.release((data, address, port, rtcp) => this.onDatagram(data, address, port, rtcp));
  }

  /** The crypto-suite in use. */
  get srtpSuite(): string | undefined {
    return this.#srtp?.suite;
  }

  addPlayer(player: Player): void {
    this.#players.push(player);
  }

  /** @returns the player, if it was playing */
  removePlayer(id: number): Player | undefined {
    const at = this.#players.findIndex((player) => player.id === id);
    return at < 0 ? undefined : this.#players.splice(at, 1)[0];
  }

  addSink(sink: CallSink): void {
    this.#sinks.push(sink);
  }

  removeSink(sink: CallSink): void {
    const at = this.#sinks.indexOf(sink);
    if (at >= 0) this.#sinks.splice(at, 1);
  }

  addOutput(output: AppOutput): void {
    this.#outputs.push(output);
  }

  removeOutput(id: number): AppOutput | undefined {
    const at = this.#outputs.findIndex((output) => output.id === id);
    return at < 0 ? undefined : this.#outputs.splice(at, 1)[0];
  }

  plugIn(port: BridgePort): void {
    this.#ports.push(port);
  }

  unplug(id: number): void {
    const at = this.#ports.findIndex((port) => port.id === id);
    if (at >= 0) this.#ports.splice(at, 1)[0].close();
  }

  set input(input: AppInput) {
    this.#input = input;
  }

  /** @param stop a muted side sends no RTP, but for keep-alives */
  setMute(send: boolean | undefined, receive: boolean | undefined, stop?: boolean): void {
    if (send !== undefined) this.#sendGain.set(send ? 0 : 1);
    if (send !== undefined || stop !== undefined) this.#quiet = (send ?? this.#quiet) && stop === true;
    if (receive !== undefined) this.#receiveGain.set(receive ? 0 : 1);
  }

  /** @param whileMuted packets to send with it even if it is quiet */
  setHeaderExtension(extension: Uint8Array | undefined, whileMuted: number): void {
    this.rtp.headerExtension = extension;
    this.#extensionsDue = extension ? whileMuted : 0;
  }

  testLink(): void {
    this.#linkTest ??= new LinkTest(this.#clock, this.#random);
    this.sent.linkTest = this.#linkTest;
  }

  get linkTest(): LinkTest | undefined {
    return this.#linkTest;
  }

  set idle(sending: IdleSending) {
    this.#idle = sending;
  }

  get #dialling(): boolean {
    return this.#dialer.busy || (this.sent.events?.busy ?? false);
  }

  reportDigit(digit: string, durationMs: number): void {
    this.#digits.take(digit, durationMs, 'info', this.#clock.now());
  }

  set processing({ sent = {}, received = {}, dtmfDetection }: ProcessingOptions) {
    this.#sentProcessing.options = sent;
    this.#receivedProcessing.options = received;
    this.#dtmfDetection = dtmfDetection;
  }

  get voiceStats(): MediaStats['voice'] {
    const sent = this.#sentProcessing.vadStats;
    const received = this.#receivedProcessing.vadStats;
    return sent || received ? { sent, received } : undefined;
  }

  setEcho(on: boolean): void {
    this.#echoOn = on;
  }

  /** From the sockets. */
  onDatagram(data: Buffer, address: string, port: number, rtcp: boolean): void {
    // Empty ones are keep-alives.
    if (data.length === 0) return;
    if (!this.#config && this.#early) {
      this.#early.keep(data, address, port, rtcp);
      return;
    }
    const now = this.#clock.now();
    this.#now = now;
    this.rtp.onDatagram(data, data.length, address, port, now);
    if (rtcp || this.rtp.lastReceivedMs === now) return;
    const remote = this.rtp.remote;
    if (remote && remote.port === port && remote.host === address) return;
    if (this.#stranger?.port !== port || this.#stranger.host !== address)
      this.#stranger = { host: address, port };
    this.#strangerMs = now;
  }

  onPacket(packet: RtpPacketView, _clockRate: number, arrivalMs: number): void {
    const config = this.#config;
    if (!config?.receives) return;
    if (!this.#flowing) {
      this.#flowing = true;
      const remote = this.rtp.remote;
      if (remote) this.#emit({ name: 'flowing', value: { remote } });
    }
    const eventRate = this.#eventClockRates[packet.payloadType];
    if (eventRate > 0) {
      const { data, payloadOffset, payloadLength, timestamp, marker } = packet;
      this.#events.accept(data, payloadOffset, payloadLength, timestamp, marker, eventRate, arrivalMs);
    } else if (this.#linkTest?.take(packet)) return;
    this.received.put(packet, arrivalMs);
    if (this.#tellExtensions && packet.extensionProfile >= 0) this.#onHeaderExtension(packet, arrivalMs);
  }

  onSourceChange(ssrc: number): void {
    const now = this.#clock.now();
    this.received.reset();
    this.#digits.reset();
    if (this.#ssrc >= 0 && this.#ssrc !== ssrc && now - this.#ssrcToldMs >= SSRC_EVENT_MS) {
      this.#ssrcToldMs = now;
      this.#emit({ name: 'ssrcChanged', value: { from: this.#ssrc, to: ssrc } });
    }
    this.#ssrc = ssrc;
  }

  onNotAuthentic(from: SocketAddress, packets: number): void {
    const host = from.host.includes(':') ? `[${from.host}]` : from.host;
    this.#onError(new SwitchhookError('ERR_MEDIA_SRTP_KEY', { from: `${host}:${from.port}`, packets }));
  }

  onKeyLifetime(event: 'expiring' | 'sendUsedUp' | 'receiveUsedUp'): void {
    if (event === 'expiring') this.#emit({ name: 'srtpKeyExpiring', value: {} });
    else
      this.#onError(
        new SwitchhookError('ERR_MEDIA_SRTP_LIFETIME', {
          whose: event === 'sendUsedUp' ? 'our' : "the peer's",
        }),
      );
  }

  output(data: Uint8Array, start: number, length: number, rtcp: boolean): void {
    const remote = rtcp ? this.rtp.rtcpRemote : this.rtp.remote;
    if (!remote || !this.#pair) return;
    const viaRtcpPort = rtcp && !this.#config?.rtp.rtcpMux;
    this.#pair.send(data, start, length, remote.host, remote.port, viaRtcpPort);
    if (!viaRtcpPort) this.#lastSentMs = this.#now;
  }

  /** Of the side with the wider band, in Hz. */
  get sampleRate(): number {
    return Math.max(this.received.sampleRate, this.sent.sampleRate);
  }

  tick(now: number): void {
    const config = this.#config;
    if (!config) return;
    this.#now = now;
    const heard = config.receives
      ? this.received.pull(this.#periodMs, now)
      : this.received.silence(this.#periodMs);
    if (config.receives) this.#process(heard, config);
    const sentRate = this.sent.sampleRate;
    const sentCount = (this.#periodMs * sentRate) / 1000;
    this.#compose(heard, sentCount, sentRate, config.sends);
    this.receivedLevel.push(this.received.frame, 0, heard);
    this.sentLevel.push(this.#sendFrame, 0, sentCount);
    for (let i = 0; i < this.#sinks.length; i++) {
      this.#sinks[i].push(
        this.received.frame,
        heard,
        this.received.sampleRate,
        this.#sendFrame,
        sentCount,
        sentRate,
      );
    }
    this.#handOut(heard);
    this.#feedBridges(heard, sentCount, sentRate, config.sends);
    // What is dialled goes out in spite of all.
    const sends = config.sends && (this.#dialling || this.#linkTest !== undefined || this.#speaks(sentCount));
    this.#nat.open(sends);
    this.sent.push(this.#sendFrame, sentCount, sends, now);
    if (sends && this.#extensionsDue > 0 && this.sent.flushed) this.#extensionsDue--;
    this.#retirePlayers();
    this.dtmf.check();
    this.#housekeeping(now, sends);
  }

  skip(periods: number): void {
    this.skippedFrames += periods;
    const ms = periods * this.#periodMs;
    this.received.skip();
    this.sent.skip(ms, this.#clock.now());
    for (const sink of this.#sinks) sink.skip(ms);
  }

  stats(): MediaStats {
    return callStreamStats(this, this.#clock.now());
  }

  /** Says goodbye and stops; players, recorders and outputs are the owner's to end. */
  close(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    this.rtp.close(this.#clock.now());
    this.#pair?.close();
    this.sent.close();
    this.received.close();
    for (const player of this.#players) player.close();
    for (const output of this.#outputs) output.end();
    for (const port of this.#ports) port.close();
    this.#ports.length = 0;
    this.#players.length = 0;
    this.#outputs.length = 0;
    this.dtmf.close();
  }

  /** Contexts live as long as SRTP is agreed on, each direction under its key. */
  #secure(srtp: StreamConfig['srtp']): void {
    if (!srtp) {
      if (this.#srtp) this.rtp.protect(undefined);
      this.#srtp = undefined;
      return;
    }
    if (this.#srtp?.rekey(srtp) === false) return;
    this.#srtp ??= new Srtp(srtp);
    this.rtp.protect(this.#srtp);
  }

  /** Fills the frame to send. Players stand still while nothing may be sent, so that a prompt is not lost on hold. */
  #compose(heard: number, count: number, sampleRate: number, sends: boolean): void {
    const frame = this.#sendFrame;
    frame.fill(0, 0, count);
    if (!sends) return;
    if (this.#echoOn) this.#addEcho(heard, count, sampleRate);
    for (let i = 0; i < this.#players.length; i++) this.#players[i].addTo(frame, count, sampleRate);
    for (let i = 0; i < this.#ports.length; i++) this.#ports[i].addTo(frame, count, sampleRate);
    this.#input?.addTo(frame, count, sampleRate);
    this.#sentProcessing.process(frame, count, sampleRate);
    this.#sendGain.process(frame, 0, count);
    this.#dialer.process(frame, count, sampleRate);
  }

  #speaks(count: number): boolean {
    if (this.#quiet) return this.#extensionsDue > 0;
    return this.#extensionsDue > 0 || !this.#isIdle(count);
  }

  /** Nobody says anything, and that is not to be sent. */
  #isIdle(count: number): boolean {
    if (this.#begunMs < BEGINNING_MS) this.#begunMs += this.#periodMs;
    if (this.#idle === 'silence' || (this.#idle === 'beginning' && this.#begunMs < BEGINNING_MS))
      return false;
    if (this.#players.length > 0 || this.#leaving.length > 0) return false;
    for (let i = 0; i < count; i++) if (this.#sendFrame[i] !== 0) return false;
    return true;
  }

  /** Digits are recognised before anything is done to the audio. */
  #process(heard: number, config: ResolvedStream): void {
    const { frame, sampleRate } = this.received;
    const detection = this.#dtmfDetection;
    if (detection === 'on' || (detection === 'auto' && config.receiveEvents.length === 0)) {
      if (sampleRate !== this.#detectorRate) {
        this.#detectorRate = sampleRate;
        this.#detector = new DtmfDetector(sampleRate, {
          onDigit: (digit, durationMs) => this.#digits.take(digit, durationMs, 'inband', this.#now),
        });
      }
      this.#detector?.process(frame, 0, heard);
    }
    this.#receivedProcessing.process(frame, heard, sampleRate);
  }

  /** Most senders repeat the same or count something: told when it changes, and not too often. */
  #onHeaderExtension(packet: RtpPacketView, nowMs: number): void {
    if (nowMs - this.#extensionToldMs < EXTENSION_EVENT_MS) return;
    const told = this.#extension;
    const { data, extensionOffset, extensionLength } = packet;
    let same = told.profile === packet.extensionProfile && told.data.length === extensionLength;
    for (let i = 0; same && i < extensionLength; i++) same = told.data[i] === data[extensionOffset + i];
    const extension = same ? undefined : readHeaderExtension(packet);
    if (!extension) return;
    this.#extensionToldMs = nowMs;
    this.#extension = extension;
    this.#emit({ name: 'headerExtension', value: extension });
  }

  #addEcho(heard: number, count: number, sampleRate: number): void {
    if (this.#echo?.sampleRate !== sampleRate) this.#echo = new RateAdapter(sampleRate);
    const made = this.#echo.push(this.received.frame, heard, this.received.sampleRate);
    addSaturated(this.#sendFrame, 0, this.#echo.frame, 0, Math.min(made, count));
  }

  /** After the recorders: muting what is heard does not blank a recording. */
  #handOut(heard: number): void {
    if (this.#outputs.length === 0 && this.#ports.length === 0) return;
    this.#receiveGain.process(this.received.frame, 0, heard);
    for (let i = 0; i < this.#outputs.length; i++) {
      this.#outputs[i].push(this.received.frame, heard, this.received.sampleRate);
    }
  }

  #feedBridges(heard: number, sentCount: number, sentRate: number, sends: boolean): void {
    for (let i = this.#ports.length - 1; i >= 0; i--) {
      const port = this.#ports[i];
      port.push(this.received.frame, heard, this.received.sampleRate, this.#sendFrame, sentCount, sentRate);
      if (!sends) port.drain();
      if (!port.finished) continue;
      this.#ports.splice(i, 1);
      this.#onUnplugged(port.id);
    }
  }

  #retirePlayers(): void {
    const players = this.#players;
    let kept = 0;
    for (let i = 0; i < players.length; i++) {
      if (players[i].finished) this.#leaving.push(players[i]);
      else players[kept++] = players[i];
    }
    players.length = kept;
    if (this.#leaving.length === 0 || !this.sent.flushed) return;
    for (const player of this.#leaving) this.#onPlayed(player);
    this.#leaving.length = 0;
  }

  #housekeeping(now: number, sends: boolean): void {
    this.#events.poll(now);
    this.rtp.poll(now);
    const verdict = this.#watchdog.check(now, this.rtp.lastReceivedMs);
    if (verdict !== undefined) this.#tell(verdict, now);
    if (this.#receivedProcessing.takeChange()) this.#tellVoice('received', this.#receivedProcessing.speaking);
    if (this.#sentProcessing.takeChange()) this.#tellVoice('sent', this.#sentProcessing.speaking);
    if (this.#nat.poll(sends ? 0 : now - this.#lastSentMs)) this.#lastSentMs = now;
  }

  #tellVoice(side: 'sent' | 'received', speaking: boolean): void {
    this.#emit({ name: 'voice', value: { side, speaking } });
  }

  #sendRaw(data: Uint8Array): void {
    const remote = this.rtp.remote;
    if (remote && this.#pair) this.#pair.send(data, 0, data.length, remote.host, remote.port, false);
  }

  #tell(verdict: 'noMedia' | 'mediaBack' | 'mediaTimeout', now: number): void {
    const { silentMs } = this.#watchdog;
    if (verdict !== 'noMedia') {
      this.#emit({ name: verdict, value: { silentMs } });
      return;
    }
    const expected = this.#config?.rtp.remote;
    if (!expected) return;
    const got = now - this.#strangerMs < STRANGER_MS ? this.#stranger : undefined;
    const explanation = `no RTP for ${(silentMs / 1000).toFixed(1)} s: ${this.rtp.explainSilence()}`;
    this.#emit({ name: 'noMedia', value: { silentMs, expected, got, explanation } });
  }
}
