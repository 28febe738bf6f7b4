/**
 * From received packets to PCM: jitter buffer, decoder, concealment, comfort noise, time scaling. The call stream puts
 * packets in as they arrive and pulls one period of audio per tick; there is always a period to pull, if only silence.
 */
import { EMPTY_BYTES } from '../../base/bytes.js';
import { ComfortNoiseDecoder } from '../../codecs/cn/comfort-noise.js';
import type { Codec, Decoder } from '../../codecs/codec.js';
import { TimeScaler } from '../../dsp/time-scale.js';
import { JitterBuffer, type JitterFrame, type JitterStats } from '../../rtp/jitter-buffer.js';
import type { RtpPacketView } from '../../rtp/packet.js';
import type { StorablePacket } from '../../rtp/packet-ring.js';
import { sequenceDelta } from '../../rtp/sequence.js';
import type { JitterLimits } from '../types.js';

export interface ReceiveFormat {
  payloadType: number;
  codec: Codec;
  options?: Readonly<Record<string, string | number | boolean | undefined>>;
}

export interface ReceiveOptions {
  jitter?: JitterLimits;
  /** Play faster or slower to follow the delay, instead of dropping frames. Default true. */
  allowSpeedup?: boolean;
  /** Make up what was lost, rather than to play silence. Default true. */
  concealment?: boolean;
}

interface Format {
  readonly codec: Codec;
  readonly decoder: Decoder;
}

/** A packet without audio, with the time of the audio around it. */
class TimelessPacket implements StorablePacket {
  sequence = 0;
  timestamp = 0;
  marker = false;
  payloadType = 0;
  data: Uint8Array = EMPTY_BYTES;
  payloadOffset = 0;
  payloadLength = 0;
}

const MIN_DELAY_MS = 20;
const MAX_DELAY_MS = 500;
const INITIAL_DELAY_MS = 40;
/** Packets may be this short. */
const SHORTEST_PACKET_MS = 5;
/** Twice the longest packet (120 ms, RFC 7587 §4.2) on top of a period. */
const QUEUE_MS = (120 + 20) * 2;
const PERIOD_SAMPLES = 48 * 20;
const SILENT_RATE = 8000;
const PAYLOAD_TYPES = 128;
/** A decision of the jitter buffer that fills nothing must not hold the tick. */
const MAX_DECISIONS = 64;

export class ReceivePath {
  /** What the last {@link pull} gave. */
  readonly frame = new Int16Array(PERIOD_SAMPLES);
  /** Payloads that the decoder could not use. */
  undecodable = 0;
  readonly #formats: Array<Format | undefined> = new Array<Format | undefined>(PAYLOAD_TYPES).fill(undefined);
  #queue = new Int16Array((SILENT_RATE * QUEUE_MS) / 1000);
  #from = 0;
  #to = 0;
  #sampleRate = SILENT_RATE;
  #clockRate = SILENT_RATE;
  #current: Format | undefined;
  #comfortNoise = -1;
  #noise: ComfortNoiseDecoder | undefined;
  /** What fills pauses: comfort noise of RFC 3389 or the codec's own after its silence descriptor. */
  #pause: 'silent' | 'comfortNoise' | 'codec' = 'silent';
  readonly #jitter: JitterBuffer;
  readonly #conceals: boolean;
  #scaler: TimeScaler | undefined;
  readonly #timeless = new TimelessPacket();
  /** Of the newest audio packet; -1 before the first. */
  #lastSequence = -1;
  #lastTimestamp = 0;

  constructor({ jitter = {}, allowSpeedup = true, concealment = true }: ReceiveOptions = {}) {
    this.#conceals = concealment;
    const maxDelayMs = jitter.maxMs ?? Math.max(MAX_DELAY_MS, jitter.minMs ?? 0);
    const minDelayMs = Math.min(jitter.minMs ?? MIN_DELAY_MS, maxDelayMs);
    const longestMs = Math.max(maxDelayMs, jitter.fixedMs ?? 0);
    this.longestDelayMs = longestMs;
    this.#jitter = new JitterBuffer({
      clockRate: SILENT_RATE,
      minDelayMs,
      maxDelayMs,
      initialDelayMs: Math.max(minDelayMs, Math.min(maxDelayMs, INITIAL_DELAY_MS)),
      fixedDelayMs: jitter.fixedMs,
      slots: Math.ceil(longestMs / SHORTEST_PACKET_MS),
      timeScaling: allowSpeedup,
    });
    if (allowSpeedup) this.#scaler = new TimeScaler(SILENT_RATE);
  }

  /** Most that the jitter buffer may delay, ms. */
  readonly longestDelayMs: number;

  /** Of {@link frame}, in Hz. */
  get sampleRate(): number {
    return this.#sampleRate;
  }

  /** Name of the codec that is being received, or would be. */
  get codecName(): string | undefined {
    return this.#current?.codec.info.name;
  }

  get jitterStats(): JitterStats {
    return this.#jitter.stats();
  }

  /** Keeps decoders whose payload type and codec stay the same. */
  configure(formats: readonly ReceiveFormat[], comfortNoise: number | undefined): void {
    const old = this.#formats.slice();
    this.#formats.fill(undefined);
    for (const { payloadType, codec, options } of formats) {
      const before = old[payloadType & 0x7f];
      this.#formats[payloadType & 0x7f] =
        before?.codec === codec ? before : { codec, decoder: codec.createDecoder(options) };
    }
    for (const format of old) if (format && !this.#formats.includes(format)) format.decoder.close?.();
    this.#comfortNoise = comfortNoise ?? -1;
    const first = formats[0] && this.#formats[formats[0].payloadType & 0x7f];
    if (!this.#current || !this.#formats.includes(this.#current)) {
      this.#current = undefined;
      if (first) this.#use(first);
    }
  }

  /** @param packet of a payload type of {@link configure}, or one that carries no audio (telephone-event) */
  put(packet: RtpPacketView, nowMs: number): void {
    const format = this.#formats[packet.payloadType];
    if (format) this.#putAudio(packet, format.codec, nowMs);
    else if (packet.payloadType === this.#comfortNoise) this.#jitter.put(packet, 0, nowMs, 'silence');
    else this.#putTimeless(packet, nowMs);
  }

  #putAudio(packet: RtpPacketView, codec: Codec, nowMs: number): void {
    const { data, payloadOffset, payloadLength } = packet;
    const end = payloadOffset + payloadLength;
    const { clockRate, sampleRate } = codec.info;
    const newest = this.#lastSequence < 0 || sequenceDelta(packet.sequence, this.#lastSequence) > 0;
    if (clockRate !== this.#clockRate) {
      // One that was overtaken by the change to another clock has no place on the new time line.
      if (!newest) return;
      this.#changeClock(clockRate);
    }
    if (newest) {
      this.#lastSequence = packet.sequence;
      this.#lastTimestamp = packet.timestamp;
    }
    const samples = codec.samplesIn(data, payloadOffset, end);
    const silent = codec.announcesSilence?.(data, payloadOffset, end) ?? false;
    const units = Math.round((samples * clockRate) / sampleRate);
    this.#jitter.put(packet, units, nowMs, silent ? 'silence' : 'audio');
  }

  /** Telephone-events repeat the time of their start and may even have another clock: the audio's time counts. */
  #putTimeless(packet: RtpPacketView, nowMs: number): void {
    if (this.#lastSequence < 0) return;
    const timeless = this.#timeless;
    timeless.sequence = packet.sequence;
    timeless.timestamp = this.#lastTimestamp;
    timeless.payloadType = packet.payloadType;
    this.#jitter.put(timeless, 0, nowMs, 'other');
  }

  /** Another source speaks from now on. */
  reset(): void {
    this.#jitter.reset();
    for (const format of this.#formats) format?.decoder.reset();
    this.#noise?.reset();
    this.#pause = 'silent';
    this.#scaler?.reset();
    this.#lastSequence = -1;
  }

  close(): void {
    for (const format of this.#formats) format?.decoder.close?.();
  }

  /** Time has passed without a pull: what should have been played then is left to the jitter buffer to catch up. */
  skip(): void {
    this.#from = 0;
    this.#to = 0;
  }

  /**
   * Gives the next `periodMs` of audio.
   * @returns samples in {@link frame}
   */
  pull(periodMs: number, nowMs: number): number {
    let count = this.#periodSamples(periodMs);
    for (let decisions = 0; this.#to - this.#from < count && decisions < MAX_DECISIONS; decisions++) {
      const queued = ((this.#to - this.#from) * this.#clockRate) / this.#sampleRate;
      this.#take(this.#jitter.get(nowMs, queued), count - (this.#to - this.#from));
      // The codec, and with it the rate, may have changed.
      count = this.#periodSamples(periodMs);
    }
    const available = Math.min(count, this.#to - this.#from);
    for (let i = 0; i < available; i++) this.frame[i] = this.#queue[this.#from + i];
    this.frame.fill(0, available, count);
    this.#from += available;
    if (this.#from === this.#to) {
      this.#from = 0;
      this.#to = 0;
    }
    return count;
  }

  /** Silence of the right length, while nothing is to be received. */
  silence(periodMs: number): number {
    const count = this.#periodSamples(periodMs);
    this.frame.fill(0, 0, count);
    return count;
  }

  #periodSamples(periodMs: number): number {
    return Math.round((periodMs * this.#sampleRate) / 1000);
  }

  /** Follows one decision of the jitter buffer; `missing` samples are wanted. */
  #take(frame: JitterFrame, missing: number): void {
    this.#makeRoom();
    switch (frame.kind) {
      case 'decode':
        this.#decode(frame);
        break;
      case 'fec':
        if (!this.#conceals || !this.#decodeFec(frame)) this.#conceal(this.#samplesOf(frame.duration));
        break;
      case 'conceal':
        this.#conceal(this.#samplesOf(frame.duration));
        break;
      default:
        this.#fillSilence(missing);
    }
  }

  #decode(frame: JitterFrame): void {
    if (frame.payloadType === this.#comfortNoise) {
      this.#noise ??= new ComfortNoiseDecoder();
      this.#noise.update(frame.data, frame.offset, frame.offset + frame.length);
      this.#pause = 'comfortNoise';
      this.#fillSilence(this.#samplesOf(frame.duration));
      return;
    }
    const format = this.#formats[frame.payloadType];
    if (!format) {
      this.#conceal(this.#samplesOf(frame.duration));
      return;
    }
    if (format !== this.#current) this.#use(format);
    const end = frame.offset + frame.length;
    const written = format.decoder.decode(frame.data, frame.offset, end, this.#queue, this.#to);
    const silent = format.codec.announcesSilence?.(frame.data, frame.offset, end) ?? false;
    this.#pause = silent ? 'codec' : 'silent';
    if (written > 0) this.#append(written, this.#samplesOf(frame.stretch));
    else {
      this.undecodable++;
      this.#conceal(this.#samplesOf(frame.duration));
    }
  }

  #decodeFec(frame: JitterFrame): boolean {
    const decoder = this.#formats[frame.payloadType]?.decoder;
    if (!decoder?.decodeFec || decoder !== this.#current?.decoder) return false;
    const samples = this.#samplesOf(frame.duration);
    const { data, offset, length } = frame;
    const written = decoder.decodeFec(data, offset, offset + length, this.#queue, this.#to, samples);
    if (written > 0) this.#append(written, 0);
    return written > 0;
  }

  #conceal(samples: number): void {
    const count = Math.min(samples, this.#queue.length - this.#to);
    if (this.#current && (this.#conceals || this.#pause === 'codec'))
      this.#current.decoder.conceal(this.#queue, this.#to, count);
    else this.#queue.fill(0, this.#to, this.#to + count);
    this.#append(count, 0);
  }

  #fillSilence(samples: number): void {
    if (this.#pause === 'codec') return this.#conceal(samples);
    const count = Math.min(samples, this.#queue.length - this.#to);
    if (this.#pause === 'comfortNoise') this.#noise?.generate(this.#queue, this.#to, count);
    else this.#queue.fill(0, this.#to, this.#to + count);
    this.#append(count, 0);
  }

  /** Takes what was written behind the queue, longer or shorter by up to `wanted` samples. */
  #append(count: number, wanted: number): void {
    this.#to += this.#scaler?.process(this.#queue, this.#to, count, wanted) ?? count;
  }

  #samplesOf(units: number): number {
    return Math.round((units * this.#sampleRate) / this.#clockRate);
  }

  /** Switches to another codec; what is queued of the old one counts only at the same rate. */
  #use(format: Format): void {
    // Should it come back, what it remembers is of another time.
    this.#current?.decoder.reset();
    this.#current = format;
    const { sampleRate } = format.codec.info;
    if (sampleRate === this.#sampleRate) return;
    this.#sampleRate = sampleRate;
    this.#queue = new Int16Array((sampleRate * QUEUE_MS) / 1000);
    if (this.#scaler) this.#scaler = new TimeScaler(sampleRate);
    this.skip();
  }

  #changeClock(clockRate: number): void {
    this.#clockRate = clockRate;
    this.#jitter.reset(clockRate);
  }

  #makeRoom(): void {
    if (this.#from === 0) return;
    this.#queue.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
  }
}
