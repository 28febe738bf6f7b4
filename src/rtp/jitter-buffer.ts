/**
 * The adaptive jitter buffer of one received stream. The session's sink puts packets in as they arrive; the media
 * clock gets one decision per frame: decode this, conceal, use FEC, silence, or nothing there. Payloads are copied
 * into a preallocated ring, so nothing is allocated per packet. It never decodes and never looks at the clock: the
 * caller gives both times, monotonic and in milliseconds.
 *
 * Timeline: a frame with timestamp T is due at T + base + target, where base is the transit of the fastest recent
 * packet ({@link DelayEstimator}). When the buffer runs dry, the timeline stands still while the caller conceals, so a
 * delay spike costs delay but no packets; when a packet is missing and a later one is there, the timeline goes on.
 *
 *   idle ──first packet──▶ filling ──due──▶ playing ──dry for concealLimitMs──▶ starved ──packet──▶ filling
 */
import { DelayEstimator, type DelayLimits } from './delay-estimator.js';
import { SequenceExtender, TimestampExtender } from './sequence.js';

export interface JitterBufferOptions extends Partial<DelayLimits> {
  /** RTP clock rate of the payload, Hz. */
  clockRate: number;
  /**
   * True when the caller follows {@link JitterFrame.stretch}. Otherwise the buffer shortens the delay by dropping
   * whole frames.
   */
  timeScaling?: boolean;
  /** Packets the ring holds; rounded up to a power of two. Default 64. */
  slots?: number;
}

/** What {@link JitterBuffer.put} reads of a packet; an RtpPacketView is one. */
export interface JitterPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly data: Uint8Array;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

/**
 * `audio` a frame; `silence` a comfort noise or SID frame, after which missing packets mean silence; `other` a packet
 * of the same sequence that carries no audio (telephone-event), which only must not look lost.
 */
export type JitterPacketKind = 'audio' | 'silence' | 'other';

export type JitterPutVerdict = 'stored' | 'late' | 'duplicate';

/**
 * What to do for the next stretch of time; one object, reused by every {@link JitterBuffer.get}.
 * - `decode`: the payload at `data[offset..offset+length)`
 * - `fec`: one frame is lost, the payload is that of the packet after it (it comes again as `decode`): decode its
 *   redundancy, or conceal
 * - `conceal`: make up `duration` samples
 * - `gap`: the sender is silent; play comfort noise or silence for one tick and ask again
 * - `empty`: nothing has come (yet, or for a long time); play silence for one tick and ask again
 */
export interface JitterFrame {
  kind: 'decode' | 'fec' | 'conceal' | 'gap' | 'empty';
  data: Uint8Array;
  offset: number;
  length: number;
  payloadType: number;
  marker: boolean;
  /** RTP timestamp as received (decode, fec). */
  timestamp: number;
  /** Length in RTP clock units; 0 for gap and empty. */
  duration: number;
  /**
   * Advice for time-scale modification, in RTP clock units: play this much longer (> 0, expand) or shorter (< 0,
   * accelerate) than `duration`. A caller may follow it in part; the next advice takes that into account.
   */
  stretch: number;
}

export interface JitterStats {
  /** Delay of the frame last played over the fastest packet, ms. */
  delayMs: number;
  targetMs: number;
  minDelayMs: number;
  maxDelayMs: number;
  /** Frames handed out for decoding. */
  played: number;
  /** Packets that were not there when their time had come, late ones included. */
  lost: number;
  /** Packets that came after their time. */
  late: number;
  duplicates: number;
  /** Time made up by concealment or FEC, ms. */
  concealedMs: number;
  /** Packets dropped because the ring was full. */
  overflows: number;
  /** Frames dropped to shorten the delay. */
  dropped: number;
  /** Times the buffer ran dry. */
  underruns: number;
  /** Timestamp jumps bridged. */
  jumps: number;
}

const DEFAULT_LIMITS: DelayLimits = { minDelayMs: 20, maxDelayMs: 500, initialDelayMs: 40 };
const DEFAULT_SLOTS = 64;
/** First size of a payload slot; it grows when a larger payload comes. */
const INITIAL_SLOT_BYTES = 256;
/** No UDP payload can be larger. */
const MAX_SLOT_BYTES = 65_536;
/** Concealment in one go before the stream counts as gone, ms: concealers have faded out by then. */
const CONCEAL_LIMIT_MS = 240;
/** How long to conceal at once while waiting for a packet, ms. */
const WAIT_MS = 20;
/** A timestamp off by more than this against sequence and arrival is a jump, ms. */
const JUMP_MS = 500;
/** A sequence number this far back means that the sender started anew. */
const SEQUENCE_RESTART = 1000;
/** Whole frames are dropped only when this long, ms, the delay was too high all the time … */
const DRAIN_WINDOW_MS = 400;
/** … by more than a frame and this, ms: a dropped frame is heard, a little delay is not. */
const DRAIN_HYSTERESIS_MS = 20;
/** Advice is given beyond this deviation, ms. */
const STRETCH_HYSTERESIS_MS = 10;

type State = 'idle' | 'filling' | 'playing' | 'starved';

export class JitterBuffer {
  readonly frame: JitterFrame = {
    kind: 'empty',
    data: new Uint8Array(0),
    offset: 0,
    length: 0,
    payloadType: 0,
    marker: false,
    timestamp: 0,
    duration: 0,
    stretch: 0,
  };

  readonly #timeScaling: boolean;
  readonly #maxDelayMs: number;
  readonly #estimator: DelayEstimator;
  readonly #sequences = new SequenceExtender();
  readonly #timestamps = new TimestampExtender();
  readonly #mask: number;

  // The ring, one entry per slot; a slot is taken when #slotSequence holds its extended sequence number.
  readonly #slotSequence: Float64Array;
  readonly #slotTime: Float64Array;
  readonly #slotTimestamp: Float64Array;
  readonly #slotDuration: Int32Array;
  readonly #slotLength: Int32Array;
  readonly #slotPayloadType: Uint8Array;
  readonly #slotMarker: Uint8Array;
  readonly #slotKind: JitterPacketKind[];
  /** The last extended sequence number that came for a slot, played or not: recognises duplicates. */
  readonly #seen: Float64Array;
  #store: Uint8Array;
  #slotBytes = INITIAL_SLOT_BYTES;

  #msPerUnit: number;
  #state: State = 'idle';
  #count = 0;
  /** Extended sequence number to play next. */
  #nextSequence = 0;
  /** Where the timeline stands: mapped timestamp of what is to be played next. */
  #nextTime = 0;
  #highestTime = 0;
  #highestDuration = 0;
  /** Usual packet duration, RTP clock units. */
  #frameUnits: number;
  /** Concealed while the timeline stood still, RTP clock units. */
  #waited = 0;
  /** The next packet tells the transit anew: the old zero line means nothing for it. */
  #newTimeline = true;
  /** The last packet announced silence. */
  #silence = false;
  /** mapped time = extended timestamp + offset; the previous offset holds for packets before the jump. */
  #offset = 0;
  #previousOffset = 0;
  #jumpSequence = 0;
  #drainStart = 0;
  #drainExcess = Number.POSITIVE_INFINITY;

  #delayMs = 0;
  #minDelayMs = Number.POSITIVE_INFINITY;
  #maxSeenDelayMs = 0;
  #targetMs: number;
  #played = 0;
  #lost = 0;
  #late = 0;
  #duplicates = 0;
  #concealedMs = 0;
  #overflows = 0;
  #dropped = 0;
  #underruns = 0;
  #jumps = 0;

  constructor(options: JitterBufferOptions) {
    const limits: DelayLimits = {
      minDelayMs: options.minDelayMs ?? DEFAULT_LIMITS.minDelayMs,
      maxDelayMs: options.maxDelayMs ?? DEFAULT_LIMITS.maxDelayMs,
      initialDelayMs: options.initialDelayMs ?? DEFAULT_LIMITS.initialDelayMs,
      fixedDelayMs: options.fixedDelayMs,
    };
    this.#timeScaling = options.timeScaling ?? false;
    this.#maxDelayMs = Math.max(limits.maxDelayMs, limits.fixedDelayMs ?? 0);
    this.#estimator = new DelayEstimator(limits);
    this.#targetMs = limits.fixedDelayMs ?? limits.initialDelayMs;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, options.slots ?? DEFAULT_SLOTS)));
    this.#mask = slots - 1;
    this.#slotSequence = new Float64Array(slots).fill(-1);
    this.#slotTime = new Float64Array(slots);
    this.#slotTimestamp = new Float64Array(slots);
    this.#slotDuration = new Int32Array(slots);
    this.#slotLength = new Int32Array(slots);
    this.#slotPayloadType = new Uint8Array(slots);
    this.#slotMarker = new Uint8Array(slots);
    this.#slotKind = new Array<JitterPacketKind>(slots).fill('audio');
    this.#seen = new Float64Array(slots).fill(-1);
    this.#store = new Uint8Array(slots * this.#slotBytes);
    this.#msPerUnit = 1000 / options.clockRate;
    this.#frameUnits = Math.round(WAIT_MS / this.#msPerUnit);
  }

  /** Packets waiting. */
  get size(): number {
    return this.#count;
  }

  /**
   * Takes a packet; its payload is copied.
   * @param durationUnits its length in RTP clock units, 0 when unknown
   * @param arrivalMs when it arrived
   */
  put(
    packet: JitterPacket,
    durationUnits: number,
    arrivalMs: number,
    kind: JitterPacketKind = 'audio',
  ): JitterPutVerdict {
    const previousHighest = this.#sequences.highest;
    let sequence = this.#sequences.peek(packet.sequence);
    if (previousHighest >= 0 && sequence < previousHighest - SEQUENCE_RESTART) {
      this.restart();
      sequence = this.#sequences.peek(packet.sequence);
    }
    this.#sequences.extend(packet.sequence);
    const first = this.#state === 'idle';
    const newest = first || sequence > previousHighest;
    const slot = sequence & this.#mask;
    if (this.#seen[slot] === sequence) {
      this.#duplicates++;
      return 'duplicate';
    }

    const duration = durationUnits > 0 ? durationUnits : this.#frameUnits;
    const time = this.#mapTime(packet.timestamp, sequence, newest && !first, previousHighest, arrivalMs);
    // A telephone-event repeats the timestamp of its start (RFC 4733 §2.2.2): no measure of transit.
    if (kind !== 'other') this.#measure(time, arrivalMs);

    if (first) {
      this.#nextSequence = sequence;
      this.#nextTime = time;
      this.#state = 'filling';
    } else if (sequence < this.#nextSequence) {
      if (this.#state !== 'filling' || this.#played > 0 || sequence <= this.#nextSequence - this.#mask) {
        this.#seen[slot] = Math.max(this.#seen[slot], sequence);
        this.#late++;
        return 'late';
      }
      this.#nextSequence = sequence;
      this.#nextTime = time;
    }
    if (sequence > this.#nextSequence + this.#mask) this.#makeRoom(sequence - this.#mask);

    this.#write(slot, sequence, time, duration, packet, kind);
    if (newest) {
      this.#highestTime = time;
      this.#highestDuration = kind === 'audio' ? duration : 0;
    }
    if (kind === 'audio') this.#frameUnits = duration;
    return 'stored';
  }

  /**
   * Decides about the next stretch of time.
   * @param queuedUnits decoded audio the caller has not played yet, RTP clock units
   * @returns {@link frame}; its payload is valid until the next `put`
   */
  get(nowMs: number, queuedUnits = 0): JitterFrame {
    const playMs = nowMs + queuedUnits * this.#msPerUnit;
    this.#targetMs = this.#estimator.target(nowMs);
    this.frame.stretch = 0;
    if (this.#state === 'idle' || (this.#state !== 'playing' && this.#count === 0))
      return this.#nothing('empty');
    if (this.#state === 'filling') {
      const head = this.#findHead();
      if (playMs < this.#dueMs(this.#slotTime[head])) return this.#nothing(this.#silence ? 'gap' : 'empty');
      this.#countLost(this.#slotSequence[head] - this.#nextSequence);
      this.#nextSequence = this.#slotSequence[head];
      this.#nextTime = this.#slotTime[head];
      this.#state = 'playing';
    }
    return this.#next(playMs);
  }

  stats(): JitterStats {
    return {
      delayMs: this.#delayMs,
      targetMs: this.#targetMs,
      minDelayMs: Number.isFinite(this.#minDelayMs) ? this.#minDelayMs : 0,
      maxDelayMs: this.#maxSeenDelayMs,
      played: this.#played,
      lost: this.#lost,
      late: this.#late,
      duplicates: this.#duplicates,
      concealedMs: this.#concealedMs,
      overflows: this.#overflows,
      dropped: this.#dropped,
      underruns: this.#underruns,
      jumps: this.#jumps,
    };
  }

  /** Forgets the stream (a new source, another codec); what was counted stays. */
  reset(clockRate?: number): void {
    this.restart();
    this.#estimator.reset();
    if (clockRate === undefined) return;
    this.#msPerUnit = 1000 / clockRate;
    this.#frameUnits = Math.round(WAIT_MS / this.#msPerUnit);
  }

  /** Empties the ring and starts a new timeline, but keeps what is known about the jitter of the path. */
  restart(): void {
    this.#slotSequence.fill(-1);
    this.#seen.fill(-1);
    this.#count = 0;
    this.#sequences.reset();
    this.#timestamps.reset();
    this.#state = 'idle';
    this.#newTimeline = true;
    this.#offset = 0;
    this.#previousOffset = 0;
    this.#jumpSequence = 0;
    this.#waited = 0;
    this.#silence = false;
  }

  /** Decides while `playing`: see the class comment for the rules. */
  #next(playMs: number): JitterFrame {
    for (;;) {
      const slot = this.#nextSequence & this.#mask;
      if (this.#slotSequence[slot] === this.#nextSequence) {
        if (this.#slotKind[slot] === 'other') {
          this.#release(slot);
          this.#nextSequence++;
          this.#silence = true;
          continue;
        }
        const gap = this.#slotTime[slot] - this.#nextTime;
        // Next in sequence but later in time: the sender was silent (RFC 3550 §5.1, RFC 3551 §4.1).
        const silent = gap > this.#waited + this.#frameUnits / 2;
        if (silent && playMs < this.#dueMs(this.#slotTime[slot])) return this.#nothing('gap');
        if (!silent && this.#tooLate(slot, playMs)) {
          this.#drop(slot);
          continue;
        }
        return this.#play(slot, playMs);
      }
      if (this.#count === 0) return this.#runDry();
      const decided = this.#passMissing(playMs);
      if (decided) return this.frame;
    }
  }

  /**
   * The next packet is missing, a later one is there.
   * @returns true when {@link frame} holds the decision, false when the timeline moved on to packets that may be there
   */
  #passMissing(playMs: number): boolean {
    const head = this.#findHead();
    const missing = this.#slotSequence[head] - this.#nextSequence;
    const gap = this.#slotTime[head] - this.#nextTime;
    if (this.#silence && this.#slotKind[head] === 'audio' && playMs < this.#dueMs(this.#slotTime[head])) {
      this.#nothing('gap');
      return true;
    }
    if (this.#silence || this.#slotKind[head] === 'other' || gap <= this.#waited) {
      this.#countLost(missing);
      this.#nextSequence += missing;
      return false;
    }
    if (this.#waited > 0) {
      // What was concealed while the buffer was dry stood for the first of the lost packets.
      const covered = Math.min(missing, Math.round(this.#waited / this.#frameUnits));
      this.#countLost(covered);
      this.#nextSequence += covered;
      this.#nextTime += this.#waited;
      this.#waited = 0;
      return false;
    }
    if (this.#delayAt(this.#nextTime, playMs) + this.#frameUnits * this.#msPerUnit <= this.#targetMs) {
      // Ahead of the target: the packet may still come, and waiting for it brings the delay to where it should be.
      this.#conceal(this.#waitUnits());
      return true;
    }
    const duration = Math.max(1, Math.min(this.#frameUnits, gap));
    this.#conceal(duration);
    if (missing === 1 && gap <= 1.5 * this.#frameUnits) {
      this.#fill(head);
      this.frame.kind = 'fec';
      this.frame.duration = duration;
    }
    this.#countLost(1);
    this.#nextSequence++;
    this.#nextTime += duration;
    return true;
  }

  /** Nothing is left: conceal without moving the timeline, then give up. */
  #runDry(): JitterFrame {
    if (this.#silence) return this.#nothing('gap');
    if (this.#waited === 0) this.#underruns++;
    if (this.#waited * this.#msPerUnit >= CONCEAL_LIMIT_MS) {
      // A pause of the sender and a stall of the network look alike; the next packet shows where the zero line is.
      this.#state = 'starved';
      this.#newTimeline = true;
      this.#waited = 0;
      return this.#nothing('empty');
    }
    const duration = this.#waitUnits();
    this.#waited += duration;
    return this.#conceal(duration);
  }

  #play(slot: number, playMs: number): JitterFrame {
    const frame = this.frame;
    this.#fill(slot);
    frame.kind = 'decode';
    const time = this.#slotTime[slot];
    const delay = this.#delayAt(time, playMs);
    this.#delayMs = delay;
    if (delay < this.#minDelayMs) this.#minDelayMs = delay;
    if (delay > this.#maxSeenDelayMs) this.#maxSeenDelayMs = delay;
    if (this.#timeScaling) frame.stretch = this.#stretchAdvice(delay, time, frame.duration);
    this.#silence = this.#slotKind[slot] === 'silence';
    this.#advancePast(slot);
    this.#played++;
    return frame;
  }

  /** Steps over the packet in `slot`, which leaves the ring. */
  #advancePast(slot: number): void {
    this.#nextTime = this.#slotTime[slot] + this.#slotDuration[slot];
    this.#nextSequence++;
    this.#waited = 0;
    this.#release(slot);
  }

  #drop(slot: number): void {
    this.#dropped++;
    this.#advancePast(slot);
  }

  /** True when the frame in `slot` should be left out to bring the delay down. */
  #tooLate(slot: number, playMs: number): boolean {
    const following = this.#nextSequence + 1;
    if (this.#slotKind[slot] !== 'audio' || this.#slotSequence[following & this.#mask] !== following)
      return false;
    const delay = this.#delayAt(this.#slotTime[slot], playMs);
    const frameMs = this.#slotDuration[slot] * this.#msPerUnit;
    if (delay - frameMs >= this.#maxDelayMs) return true;
    if (this.#timeScaling) return false;
    this.#drainExcess = Math.min(this.#drainExcess, delay - this.#targetMs);
    if (playMs - this.#drainStart < DRAIN_WINDOW_MS) return false;
    const drop = this.#drainExcess >= Math.max(frameMs, WAIT_MS) + DRAIN_HYSTERESIS_MS;
    this.#drainStart = playMs;
    this.#drainExcess = Number.POSITIVE_INFINITY;
    return drop;
  }

  #stretchAdvice(delayMs: number, time: number, duration: number): number {
    const excess = delayMs - this.#targetMs;
    if (excess > STRETCH_HYSTERESIS_MS) {
      // Never play away more than is waiting behind this frame.
      const waiting = Math.max(0, this.#highestTime + this.#highestDuration - time - duration);
      return -Math.min(Math.round(excess / this.#msPerUnit), waiting);
    }
    return excess < -STRETCH_HYSTERESIS_MS ? Math.round(-excess / this.#msPerUnit) : 0;
  }

  #nothing(kind: 'gap' | 'empty'): JitterFrame {
    const frame = this.frame;
    frame.kind = kind;
    frame.length = 0;
    frame.duration = 0;
    return frame;
  }

  #conceal(duration: number): JitterFrame {
    const frame = this.frame;
    frame.kind = 'conceal';
    frame.length = 0;
    frame.duration = duration;
    this.#concealedMs += duration * this.#msPerUnit;
    return frame;
  }

  #fill(slot: number): void {
    const frame = this.frame;
    frame.data = this.#store;
    frame.offset = slot * this.#slotBytes;
    frame.length = this.#slotLength[slot];
    frame.payloadType = this.#slotPayloadType[slot];
    frame.marker = this.#slotMarker[slot] === 1;
    frame.timestamp = this.#slotTimestamp[slot];
    frame.duration = this.#slotDuration[slot];
  }

  #write(
    slot: number,
    sequence: number,
    time: number,
    duration: number,
    packet: JitterPacket,
    kind: JitterPacketKind,
  ): void {
    const length = kind === 'other' ? 0 : packet.payloadLength;
    if (length > this.#slotBytes) this.#growSlots(length);
    const { data, payloadOffset } = packet;
    const store = this.#store;
    const base = slot * this.#slotBytes;
    for (let i = 0; i < length; i++) store[base + i] = data[payloadOffset + i];
    this.#slotSequence[slot] = sequence;
    this.#slotTime[slot] = time;
    this.#slotTimestamp[slot] = packet.timestamp;
    this.#slotDuration[slot] = duration;
    this.#slotLength[slot] = length;
    this.#slotPayloadType[slot] = packet.payloadType;
    this.#slotMarker[slot] = packet.marker ? 1 : 0;
    this.#slotKind[slot] = kind;
    this.#seen[slot] = sequence;
    this.#count++;
  }

  /** Happens at most a few times in the life of a stream: when a larger payload than ever before comes. */
  #growSlots(length: number): void {
    const slotBytes = Math.min(MAX_SLOT_BYTES, 2 ** Math.ceil(Math.log2(length)));
    const store = new Uint8Array((this.#mask + 1) * slotBytes);
    for (let slot = 0; slot <= this.#mask; slot++) {
      const from = slot * this.#slotBytes;
      store.set(this.#store.subarray(from, from + this.#slotLength[slot]), slot * slotBytes);
    }
    this.#store = store;
    this.#slotBytes = slotBytes;
  }

  #release(slot: number): void {
    this.#slotSequence[slot] = -1;
    this.#count--;
  }

  /** The slot of the first packet waiting; there must be one. */
  #findHead(): number {
    let sequence = this.#nextSequence;
    while (this.#slotSequence[sequence & this.#mask] !== sequence) sequence++;
    return sequence & this.#mask;
  }

  /** Drops packets so that the ring can begin at `sequence`. */
  #makeRoom(sequence: number): void {
    const last = Math.min(sequence, this.#nextSequence + this.#mask + 1);
    for (let old = this.#nextSequence; old < last; old++) {
      const slot = old & this.#mask;
      if (this.#slotSequence[slot] !== old) continue;
      this.#release(slot);
      this.#overflows++;
    }
    this.#nextSequence = sequence;
    this.#waited = 0;
    this.#nextTime = this.#count > 0 ? this.#slotTime[this.#findHead()] : this.#highestTime;
  }

  /** Puts a timestamp on the timeline, bridging jumps that neither the sequence nor the clock explain. */
  #mapTime(
    timestamp: number,
    sequence: number,
    newest: boolean,
    previousHighest: number,
    arrivalMs: number,
  ): number {
    const extended = this.#timestamps.extend(timestamp);
    if (sequence < this.#jumpSequence) return extended + this.#previousOffset;
    const time = extended + this.#offset;
    if (!newest) return time;
    const expected = this.#highestTime + (sequence - previousHighest) * this.#frameUnits;
    const excessMs = (time - expected) * this.#msPerUnit;
    // Ahead of real time, not merely after a pause of the sender.
    const early = this.#estimator.hasBase && this.#delayAt(time, arrivalMs) < -JUMP_MS;
    if (excessMs >= -JUMP_MS && !(excessMs > JUMP_MS && early)) return time;
    this.#jumps++;
    this.#previousOffset = this.#offset;
    this.#jumpSequence = sequence;
    this.#offset = expected - extended;
    return expected;
  }

  #measure(time: number, arrivalMs: number): void {
    const transit = arrivalMs - time * this.#msPerUnit;
    if (this.#newTimeline && this.#estimator.hasBase) this.#estimator.rebase(transit, arrivalMs);
    this.#newTimeline = false;
    if (this.#state === 'starved') this.#state = 'filling';
    this.#estimator.update(transit, arrivalMs);
  }

  #countLost(packets: number): void {
    if (packets > 0) this.#lost += packets;
  }

  /** How long after the fastest possible moment `time` is played at `playMs`, ms. */
  #delayAt(time: number, playMs: number): number {
    return playMs - time * this.#msPerUnit - this.#estimator.base;
  }

  #dueMs(time: number): number {
    return time * this.#msPerUnit + this.#estimator.base + this.#targetMs;
  }

  /** While waiting, ask again soon: a long frame would add its whole length to the delay. */
  #waitUnits(): number {
    return Math.min(this.#frameUnits, Math.round(WAIT_MS / this.#msPerUnit));
  }
}
