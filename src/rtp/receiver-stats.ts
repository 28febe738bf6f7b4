/**
 * Reception statistics of one synchronization source: validity of the sequence (RFC 3550 A.1), loss (A.3) and
 * interarrival jitter (A.8). The session keeps one for the source it plays and one for a candidate. Pure and
 * allocation-free; it never looks at payloads.
 */
import { sequenceDelta, timestampDelta } from './sequence.js';

/** RFC 3550 A.1. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SEQUENCE_MODULUS = 0x10000;
const NO_BAD_SEQUENCE = SEQUENCE_MODULUS + 1;

/** How far back duplicates are recognised, in packets; a power of two above MAX_MISORDER. */
const HISTORY = 128;

/** The cumulative loss is a signed 24-bit field (RFC 3550 §6.4.1). */
const MAX_CUMULATIVE_LOSS = 0x7fffff;

/**
 * `valid` next in order (gaps allowed), `reordered` older but new, `duplicate` seen before, `restarted` the peer began
 * a new sequence, `probation` not trusted yet, `bad` a jump that the next packet must confirm.
 */
export type SequenceVerdict = 'valid' | 'reordered' | 'duplicate' | 'restarted' | 'probation' | 'bad';

export class SourceStats {
  ssrc = 0;
  /** Packets counted as received, duplicates included (RFC 3550 §6.4.1). */
  received = 0;
  /** Payload bytes received. */
  bytes = 0;
  duplicates = 0;
  reordered = 0;
  /** Sequence restarts without a change of SSRC. */
  restarts = 0;
  /** Interarrival jitter in RTP clock units (RFC 3550 A.8). */
  jitter = 0;
  maxJitter = 0;

  #minSequential = 1;
  #probation = 0;
  #baseSequence = 0;
  #maxSequence = 0;
  #cycles = 0;
  #badSequence = NO_BAD_SEQUENCE;
  /** Packets expected before the last restart. */
  #expectedBefore = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #lastTransit = 0;
  #hasTransit = false;
  readonly #seen = new Int32Array(HISTORY);

  /**
   * Begins a source whose first packet, `sequence`, is given to {@link update} next.
   * @param minSequential packets in a row wanted before it is trusted (MIN_SEQUENTIAL); 1 trusts the first one
   */
  begin(ssrc: number, sequence: number, minSequential: number): void {
    this.ssrc = ssrc;
    this.received = 0;
    this.bytes = 0;
    this.duplicates = 0;
    this.reordered = 0;
    this.restarts = 0;
    this.jitter = 0;
    this.maxJitter = 0;
    this.#expectedBefore = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#hasTransit = false;
    this.#initSequence(sequence);
    this.#maxSequence = (sequence - 1) & 0xffff;
    this.#minSequential = minSequential;
    this.#probation = minSequential;
  }

  /** True while the source has not yet shown enough packets in a row. */
  get onProbation(): boolean {
    return this.#probation > 0;
  }

  /** Highest sequence number received, with the count of cycles in the upper bits (RFC 3550 §6.4.1). */
  get extendedHighest(): number {
    return (this.#cycles + this.#maxSequence) >>> 0;
  }

  /** Packets the sender must have sent so far. */
  get expected(): number {
    if (this.received === 0) return 0;
    return this.#expectedBefore + this.#cycles + this.#maxSequence - this.#baseSequence + 1;
  }

  /** Packets that never came; duplicates do not hide losses, unlike in {@link cumulativeLost}. */
  get lost(): number {
    return Math.max(0, this.expected - (this.received - this.duplicates));
  }

  /** The signed value for report blocks: negative when duplicates outnumber losses. */
  get cumulativeLost(): number {
    const lost = this.expected - this.received;
    return Math.max(-MAX_CUMULATIVE_LOSS - 1, Math.min(MAX_CUMULATIVE_LOSS, lost));
  }

  /** Judges and counts one packet of this source, `length` bytes of payload. */
  update(sequence: number, length: number): SequenceVerdict {
    const delta = sequenceDelta(sequence, this.#maxSequence);
    if (this.#probation > 0) {
      this.#probation = delta === 1 ? this.#probation - 1 : this.#minSequential - 1;
      this.#maxSequence = sequence;
      if (this.#probation > 0) return 'probation';
      this.#initSequence(sequence);
      this.#count(sequence, length);
      return 'valid';
    }
    if (delta > 0 && delta < MAX_DROPOUT) {
      if (sequence < this.#maxSequence) this.#cycles += SEQUENCE_MODULUS;
      this.#maxSequence = sequence;
      this.#count(sequence, length);
      return 'valid';
    }
    if (delta >= MAX_DROPOUT || delta < -MAX_MISORDER) {
      if (sequence !== this.#badSequence) {
        this.#badSequence = (sequence + 1) & 0xffff;
        return 'bad';
      }
      // Two in a row after a jump: the other side restarted without telling us (A.1).
      const before = this.expected;
      this.restarts++;
      this.#initSequence(sequence);
      this.#expectedBefore = before;
      this.#count(sequence, length);
      return 'restarted';
    }
    if (this.#seen[sequence & (HISTORY - 1)] === sequence) {
      this.received++;
      this.duplicates++;
      return 'duplicate';
    }
    this.reordered++;
    this.#count(sequence, length);
    return 'reordered';
  }

  /**
   * Updates the jitter with a packet whose timestamp tells its sampling instant; not for telephone-events, which
   * repeat one timestamp.
   * @param arrival local time in units of the RTP clock
   */
  updateJitter(timestamp: number, arrival: number): void {
    const arrivalUnits = Math.floor(arrival) % 0x1_0000_0000;
    const transit = timestampDelta(arrivalUnits, timestamp);
    if (this.#hasTransit) {
      const difference = Math.abs(timestampDelta(transit, this.#lastTransit));
      this.jitter += (difference - this.jitter) / 16;
      if (this.jitter > this.maxJitter) this.maxJitter = this.jitter;
    }
    this.#lastTransit = transit;
    this.#hasTransit = true;
  }

  /** Forgets the last transit: after a change of clock or a talkspurt whose timestamp jumped. */
  resetTransit(): void {
    this.#hasTransit = false;
  }

  /** Fraction lost since the last call, in 1/256 (RFC 3550 A.3); starts the next interval. */
  takeFractionLost(): number {
    const expected = this.expected;
    const expectedInterval = expected - this.#expectedPrior;
    const lostInterval = expectedInterval - (this.received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.received;
    if (expectedInterval <= 0 || lostInterval <= 0) return 0;
    return Math.min(255, Math.floor((lostInterval * 256) / expectedInterval));
  }

  #initSequence(sequence: number): void {
    this.#baseSequence = sequence;
    this.#maxSequence = sequence;
    this.#badSequence = NO_BAD_SEQUENCE;
    this.#cycles = 0;
    this.#seen.fill(-1);
  }

  #count(sequence: number, length: number): void {
    this.#seen[sequence & (HISTORY - 1)] = sequence;
    this.received++;
    this.bytes += length;
  }
}
