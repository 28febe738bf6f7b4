/**
 * From PCM to sent packets: collects periods into packets, encodes them, puts telephone-events in the place of audio
 * and suppresses silence when asked to. The RTP timestamp runs with time, whether something is sent or not.
 */
import { ComfortNoiseEncoder } from '../../codecs/cn/comfort-noise.js';
import type { Codec, CodecOptions, Encoder } from '../../codecs/codec.js';
import type { RtpSession } from '../../rtp/rtp-session.js';
import { TelephoneEventSender } from '../../rtp/telephone-event-sender.js';
import type { LinkTest } from './link-test.js';
import type { SendSkew } from './send-skew.js';
import { SilenceDetector } from './silence-detector.js';

export interface SendFormat {
  payloadType: number;
  codec: Codec;
  options?: CodecOptions;
}

export interface SendConfig {
  format: SendFormat;
  ptimeMs: number;
  telephoneEvent?: { payloadType: number; clockRate: number };
  /** Payload type of comfort noise; present only when silence is to be suppressed. */
  comfortNoise?: number;
}

/** Sockets may hold on to a packet for a moment when the system's buffer is full. */
const PACKET_BUFFERS = 4;
const MAX_PTIME_MS = 120;
/** A comfort noise packet at least this often while silent. */
const COMFORT_NOISE_MS = 1000;

export class SendPath {
  readonly #rtp: RtpSession;
  readonly #skew: SendSkew | undefined;
  /** What the last packet was made of, if it may be wanted again. */
  #last = new Int16Array(0);
  #config: SendConfig | undefined;
  #encoder: Encoder | undefined;
  #pcm = new Int16Array(0);
  #filled = 0;
  /** Samples and RTP clock units of one packet. */
  #packetSamples = 0;
  #packetUnits = 0;
  #timestamp = 0;
  #marker = true;
  #packets: Buffer[] = [];
  #nextPacket = 0;
  #events: TelephoneEventSender | undefined;
  #eventPayloadType = 0;
  #eventClockRate = 0;
  readonly #silence = new SilenceDetector();
  /** Marks what is sent in place of speech. */
  linkTest: LinkTest | undefined;
  #noise: ComfortNoiseEncoder | undefined;
  #noiseAgeMs = Number.POSITIVE_INFINITY;

  constructor(rtp: RtpSession, skew?: SendSkew) {
    this.#rtp = rtp;
    this.#skew = skew;
  }

  /** Of the PCM to push, in Hz; 8000 while nothing is configured. */
  get sampleRate(): number {
    return this.#config?.format.codec.info.sampleRate ?? 8000;
  }

  /** Of the next packet, in RTP clock units. */
  get timestamp(): number {
    return this.#timestamp;
  }

  get codecName(): string | undefined {
    return this.#config?.format.codec.info.name;
  }

  /** True when the last push ended a packet, so that nothing waits to be sent. */
  get flushed(): boolean {
    return this.#filled === 0;
  }

  get events(): TelephoneEventSender | undefined {
    return this.#events;
  }

  configure(config: SendConfig | undefined): void {
    const before = this.#config;
    this.#config = config;
    if (!config) return;
    const { info } = config.format.codec;
    if (
      before?.format.codec !== config.format.codec ||
      before.format.payloadType !== config.format.payloadType ||
      !sameOptions(before.format.options, config.format.options)
    ) {
      this.#encoder?.close?.();
      this.#encoder = config.format.codec.createEncoder(config.format.options);
      this.#marker = true;
    }
    // Whole codec frames.
    const wanted = Math.min(config.ptimeMs, MAX_PTIME_MS);
    const frames = Math.max(1, Math.round((wanted * info.sampleRate) / 1000 / info.frameSamples));
    const samples = frames * info.frameSamples;
    if (samples !== this.#packetSamples || before?.format.codec !== config.format.codec) {
      this.#packetSamples = samples;
      this.#packetUnits = Math.round((samples * info.clockRate) / info.sampleRate);
      this.#pcm = new Int16Array(samples);
      if (this.#skew?.repeats) this.#last = new Int16Array(samples);
      this.#filled = 0;
      const bytes = this.#rtp.headroom + Math.max(64, frames * info.maxFrameBytes) + 64;
      this.#packets = Array.from({ length: PACKET_BUFFERS }, () => Buffer.alloc(bytes));
    }
    this.#noise = config.comfortNoise === undefined ? undefined : (this.#noise ?? new ComfortNoiseEncoder());
    this.#configureEvents(config.telephoneEvent);
  }

  /** Encodes and sends when a packet is full. @param active false: time passes, nothing is sent */
  push(pcm: Int16Array, count: number, active: boolean, nowMs: number): void {
    if (!this.#config) return;
    if (this.#filled === 0 && count === this.#packetSamples) {
      this.#packet(pcm, active, nowMs);
      return;
    }
    for (let done = 0; done < count; ) {
      const run = Math.min(count - done, this.#packetSamples - this.#filled);
      for (let i = 0; i < run; i++) this.#pcm[this.#filled + i] = pcm[done + i];
      this.#filled += run;
      done += run;
      if (this.#filled < this.#packetSamples) return;
      this.#filled = 0;
      this.#packet(this.#pcm, active, nowMs);
    }
  }

  /** Time has passed in which nothing was pushed. */
  skip(ms: number, nowMs: number): void {
    if (!this.#config) return;
    const units = Math.round((ms * this.#config.format.codec.info.clockRate) / 1000);
    const frames = Math.round(units / this.#packetUnits);
    const missing = this.#skew ? this.#skew.lag(frames) : frames;
    for (let i = missing; i < 0; i++) this.#packet(this.#last, !this.#marker, nowMs);
    if (missing <= 0) return;
    this.#timestamp += missing === frames ? units : missing * this.#packetUnits;
    this.#marker = true;
  }

  close(): void {
    this.#encoder?.close?.();
    this.#encoder = undefined;
  }

  #packet(pcm: Int16Array, active: boolean, nowMs: number): void {
    if (active) this.#sendPacket(pcm, nowMs);
    else this.#marker = true;
    if (this.#skew) this.#remember(this.#skew, pcm);
    this.#timestamp += this.#packetUnits;
  }

  #remember(skew: SendSkew, pcm: Int16Array): void {
    skew.pass();
    if (!skew.repeats || pcm === this.#last) return;
    for (let i = 0; i < this.#last.length; i++) this.#last[i] = pcm[i];
  }

  #sendPacket(pcm: Int16Array, nowMs: number): void {
    const config = this.#config;
    const encoder = this.#encoder;
    if (!config || !encoder) return;
    const packet = this.#packets[this.#nextPacket];
    this.#nextPacket = (this.#nextPacket + 1) % PACKET_BUFFERS;
    const start = this.#rtp.headroom;
    if (this.#events?.busy && this.#sendEvent(this.#events, packet, start, nowMs)) return;
    if (this.#noise && !this.linkTest && this.#suppressed(this.#noise, config, pcm, packet, start, nowMs))
      return;
    this.#sendAudio(config, encoder, pcm, packet, start, nowMs);
  }

  /**
   * One packet, unless the codec has nothing to say in between or says that it falls silent: then what there is goes
   * out by itself, and the rest, if any, with its own timestamp (RFC 3551 §4.5.6: the silence descriptor comes last).
   */
  #sendAudio(
    config: SendConfig,
    encoder: Encoder,
    pcm: Int16Array,
    packet: Buffer,
    start: number,
    nowMs: number,
  ): void {
    const { codec, payloadType } = config.format;
    const { frameSamples, clockRate, sampleRate } = codec.info;
    const step = encoder.encodePacket ? this.#packetSamples : frameSamples;
    let timestamp = this.#timestamp;
    let length = 0;
    let speaks = false;
    for (let at = 0; at < this.#packetSamples; at += step) {
      if (length === 0) timestamp = this.#timestamp + Math.round((at * clockRate) / sampleRate);
      const from = start + length;
      const made = encoder.encodePacket
        ? encoder.encodePacket(pcm, at, step / frameSamples, packet, from)
        : encoder.encode(pcm, at, packet, from);
      length += made;
      const silent = made === 0 || (codec.announcesSilence?.(packet, from, from + made) ?? false);
      if (length > 0 && (silent || at + step === this.#packetSamples)) {
        // The marker is for the first packet of speech (RFC 3551 §4.1).
        const marker = this.#marker && (speaks || !silent);
        if (this.linkTest) length = this.linkTest.mark(packet, start, length);
        this.#rtp.send(packet, start, length, payloadType, timestamp, marker, nowMs);
        if (marker) this.#marker = false;
        length = 0;
      }
      speaks = !silent && length > 0;
      if (silent) this.#marker = true;
    }
  }

  #sendEvent(events: TelephoneEventSender, packet: Buffer, start: number, nowMs: number): boolean {
    const clockRate = this.#config?.format.codec.info.clockRate ?? this.#eventClockRate;
    const scale = this.#eventClockRate / clockRate;
    const timestamp = Math.round(this.#timestamp * scale) >>> 0;
    const length = events.next(timestamp, Math.round(this.#packetUnits * scale), packet, start);
    if (length === 0) return false;
    this.#rtp.send(packet, start, length, this.#eventPayloadType, events.timestamp, events.marker, nowMs);
    return true;
  }

  /** RFC 3389: one packet at the start of a pause, then now and then. */
  #suppressed(
    noise: ComfortNoiseEncoder,
    config: SendConfig,
    pcm: Int16Array,
    packet: Buffer,
    start: number,
    nowMs: number,
  ): boolean {
    const { sampleRate } = config.format.codec.info;
    const durationMs = (this.#packetSamples * 1000) / sampleRate;
    if (!this.#silence.push(pcm, this.#packetSamples, sampleRate)) {
      this.#noiseAgeMs = Number.POSITIVE_INFINITY;
      return false;
    }
    noise.analyse(pcm, 0, this.#packetSamples);
    this.#noiseAgeMs += durationMs;
    if (this.#noiseAgeMs >= COMFORT_NOISE_MS && config.comfortNoise !== undefined) {
      const length = noise.write(packet, start);
      this.#rtp.send(packet, start, length, config.comfortNoise, this.#timestamp, false, nowMs);
      this.#noiseAgeMs = 0;
    }
    this.#marker = true;
    return true;
  }

  #configureEvents(event: SendConfig['telephoneEvent']): void {
    if (!event) {
      this.#events = undefined;
      return;
    }
    if (!this.#events || this.#eventClockRate !== event.clockRate) {
      this.#events = new TelephoneEventSender(event.clockRate);
    }
    this.#eventPayloadType = event.payloadType;
    this.#eventClockRate = event.clockRate;
  }
}

function sameOptions(a: CodecOptions = {}, b: CodecOptions = {}): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
