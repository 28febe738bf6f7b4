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
import { BurstMeter, type BurstMetrics } from './burst-meter.js';
import { DelayEstimator, type DelayLimits } from './delay-estimator.js';
import { type JitterPacketKind, PacketRing, type StorablePacket, type StoredPacket } from './packet-ring.js';
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
export interface JitterFrame extends StoredPacket {
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
  /** Usual packet duration, ms. */
  frameMs: number;
  bursts: BurstMetrics;
}

const DEFAULT_LIMITS: DelayLimits = { minDelayMs: 20, maxDelayMs: 500, initialDelayMs: 40 };
const DEFAULT_SLOTS = 64;
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
/**
 * Advice is given outside of a band this wide, ms: frames are asked for at the ticks of the caller, so that what one of
 * them waits moves by as much as a tick.
 */
const STRETCH_BAND_MS = 20;

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
  readonly #ring: PacketRing;
  readonly #bursts = new BurstMeter();

  #msPerUnit: number;
  #state: State = 'idle';
  /** Something of this timeline has been played: what precedes {@link #nextSequence} is late. */
  #begun = false;
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
  /** Decoded audio the caller still had at this decision, ms. */
  #queuedMs = 0;
  #drainExcess = Number.POSITIVE_INFINITY;

  #delayMs = 0;
  #minDelayMs = Number.POSITIVE_INFINITY;
  #maxSeenDelayMs = 0;
  #targetMs: number;
  #slackMs = 0;
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
    this.#ring = new PacketRing(options.slots ?? DEFAULT_SLOTS);
    this.#msPerUnit = 1000 / options.clockRate;
    this.#frameUnits = Math.round(WAIT_MS / this.#msPerUnit);
  }

  /** Packets waiting. */
  get size(): number {
    return this.#ring.count;
  }

  /**
   * Takes a packet; its payload is copied.
   * @param durationUnits its length in RTP clock units, 0 when unknown
   * @param arrivalMs when it arrived
   */
  put(
    packet: StorablePacket,
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
    if (this.#ring.wasSeen(sequence)) {
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
      // Before the start, packets overtaken by the first one are welcome as long as the ring holds all of them.
      if (this.#begun || this.#sequences.highest - sequence > this.#ring.mask) {
        this.#ring.markSeen(sequence);
        this.#late++;
        return 'late';
      }
      this.#nextSequence = sequence;
      this.#nextTime = time;
    }
    if (sequence > this.#nextSequence + this.#ring.mask) this.#makeRoom(sequence - this.#ring.mask);

    this.#ring.write(sequence, time, duration, packet, kind);
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
    this.#queuedMs = queuedUnits * this.#msPerUnit;
    const playMs = nowMs + this.#queuedMs;
    this.#targetMs = this.#estimator.target(nowMs);
    this.#slackMs = this.#estimator.slack(nowMs);
    this.frame.stretch = 0;
    if (this.#state !== 'playing' && this.#ring.count === 0) return this.#nothing('empty');
    if (this.#state === 'filling') {
      const head = this.#ring.firstFrom(this.#nextSequence);
      if (playMs < this.#dueMs(this.#ring.time[head])) return this.#nothing(this.#silence ? 'gap' : 'empty');
      this.#countLost(this.#ring.sequence[head] - this.#nextSequence);
      this.#nextSequence = this.#ring.sequence[head];
      this.#nextTime = this.#ring.time[head];
      this.#state = 'playing';
      this.#begun = true;
      this.#watchDelay(playMs);
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
      frameMs: this.#frameUnits * this.#msPerUnit,
      bursts: this.#bursts.metrics(),
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
    this.#ring.clear();
    this.#sequences.reset();
    this.#timestamps.reset();
    this.#state = 'idle';
    this.#begun = false;
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
      const slot = this.#nextSequence & this.#ring.mask;
      if (this.#ring.has(this.#nextSequence)) {
        if (this.#ring.kind[slot] === 'other') {
          this.#ring.release(slot);
          this.#nextSequence++;
          this.#silence = true;
          continue;
        }
        const gap = this.#ring.time[slot] - this.#nextTime;
        // Next in sequence but later in time: the sender was silent (RFC 3550 §5.1, RFC 3551 §4.1).
        const silent = gap > this.#waited + this.#frameUnits / 2;
        if (silent && playMs < this.#dueMs(this.#ring.time[slot])) return this.#nothing('gap');
        if (silent) this.#watchDelay(playMs);
        else if (this.#tooLate(slot, playMs)) {
          this.#drop(slot);
          continue;
        }
        return this.#play(slot, playMs);
      }
      if (this.#ring.count === 0) return this.#runDry();
      const decided = this.#passMissing(playMs);
      if (decided) return this.frame;
    }
  }

  /**
   * The next packet is missing, a later one is there.
   * @returns true when {@link frame} holds the decision, false when the timeline moved on to packets that may be there
   */
  #passMissing(playMs: number): boolean {
    const head = this.#ring.firstFrom(this.#nextSequence);
    const missing = this.#ring.sequence[head] - this.#nextSequence;
    const gap = this.#ring.time[head] - this.#nextTime;
    if (this.#silence && this.#ring.kind[head] === 'audio' && playMs < this.#dueMs(this.#ring.time[head])) {
      this.#nothing('gap');
      return true;
    }
    if (this.#silence || this.#ring.kind[head] === 'other' || gap <= this.#waited) {
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
      this.#ring.read(head, this.frame);
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
    this.#ring.read(slot, frame);
    frame.kind = 'decode';
    const time = this.#ring.time[slot];
    const delay = this.#delayAt(time, playMs);
    this.#delayMs = delay;
    if (delay < this.#minDelayMs) this.#minDelayMs = delay;
    if (delay > this.#maxSeenDelayMs) this.#maxSeenDelayMs = delay;
    if (this.#timeScaling) frame.stretch = this.#stretchAdvice(delay, time, frame.duration);
    this.#silence = this.#ring.kind[slot] === 'silence';
    this.#advancePast(slot);
    this.#played++;
    this.#bursts.received();
    return frame;
  }

  /** Steps over the packet in `slot`, which leaves the ring. */
  #advancePast(slot: number): void {
    this.#nextTime = this.#ring.time[slot] + this.#ring.duration[slot];
    this.#nextSequence++;
    this.#waited = 0;
    this.#ring.release(slot);
  }

  #drop(slot: number): void {
    this.#dropped++;
    this.#advancePast(slot);
  }

  /** True when the frame in `slot` should be left out to bring the delay down. */
  #tooLate(slot: number, playMs: number): boolean {
    const following = this.#nextSequence + 1;
    if (this.#ring.kind[slot] !== 'audio' || !this.#ring.has(following)) return false;
    const delay = this.#delayAt(this.#ring.time[slot], playMs);
    const frameMs = this.#ring.duration[slot] * this.#msPerUnit;
    if (delay - frameMs >= this.#maxDelayMs) return true;
    if (this.#timeScaling) return false;
    this.#drainExcess = Math.min(this.#drainExcess, delay - this.#targetMs);
    if (playMs - this.#drainStart < DRAIN_WINDOW_MS) return false;
    const drop = this.#drainExcess >= Math.max(frameMs, WAIT_MS) + DRAIN_HYSTERESIS_MS;
    this.#watchDelay(playMs);
    return drop;
  }

  /** Begins a new window in which the delay must be too high all the time before a frame is dropped. */
  #watchDelay(playMs: number): void {
    this.#drainStart = playMs;
    this.#drainExcess = Number.POSITIVE_INFINITY;
  }

  #stretchAdvice(delayMs: number, time: number, duration: number): number {
    // A frame is asked for before what is queued has been played: it is then that it must have come.
    const excess = delayMs - this.#queuedMs - this.#targetMs;
    // Below the target packets are late, above it is only delay: the band lies around it as far as there is slack.
    const lowest = -Math.min(STRETCH_BAND_MS / 2, this.#slackMs);
    if (excess > lowest + STRETCH_BAND_MS) {
      // Never play away more than is waiting behind this frame.
      const waiting = Math.max(0, this.#highestTime + this.#highestDuration - time - duration);
      return -Math.min(Math.round(excess / this.#msPerUnit), waiting);
    }
    return excess < lowest ? Math.round(-excess / this.#msPerUnit) : 0;
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

  /** Drops packets so that the ring can begin at `sequence`. */
  #makeRoom(sequence: number): void {
    const last = Math.min(sequence, this.#nextSequence + this.#ring.mask + 1);
    for (let old = this.#nextSequence; old < last; old++) {
      const slot = old & this.#ring.mask;
      if (!this.#ring.has(old)) continue;
      this.#ring.release(slot);
      this.#overflows++;
    }
    this.#nextSequence = sequence;
    this.#waited = 0;
    this.#nextTime =
      this.#ring.count > 0 ? this.#ring.time[this.#ring.firstFrom(this.#nextSequence)] : this.#highestTime;
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
    const step = sequence - previousHighest;
    let expected = this.#highestTime + step * this.#frameUnits;
    const behind = (time - expected) * this.#msPerUnit < -JUMP_MS;
    if (this.#estimator.hasBase) {
      // Ahead of real time, not merely after a pause of the sender or a loss: that much time has not passed.
      const delay = this.#delayAt(time, arrivalMs);
      // A sender that skips sequence numbers: its clock shows that nothing is missing.
      const skips = step > 1 && delay <= JUMP_MS;
      if (delay >= -JUMP_MS && (!behind || skips)) return time;
      if (this.#delayAt(expected, arrivalMs) < -JUMP_MS) expected = this.#highestTime + this.#frameUnits;
    } else if (!behind) return time;
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
    if (packets <= 0) return;
    this.#lost += packets;
    this.#bursts.lost(packets);
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
