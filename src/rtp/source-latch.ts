/**
 * Decides from where media is accepted and to where it is sent (symmetric RTP, RFC 4961): the address in the SDP is
 * right while it sends; another one is believed only while that one is silent, and only after several consecutive
 * packets that look like one stream. Called by the session for every valid packet; never allocates per packet of the
 * accepted source. Keeps count of the packets by unexpected address, for the explanation of missing audio.
 *
 *   expecting ──packet from the SDP address──▶ confirmed
 *   expecting, confirmed (silent) ──LATCH_PACKETS from elsewhere──▶ latched
 *   latched ──packet from the SDP address──▶ confirmed;   any ──expect(new address)──▶ expecting
 */
import type { SocketAddress } from '../base/diagnostics.js';
import type { RtpPacketView } from './packet.js';
import { sequenceDelta } from './sequence.js';

export type LatchState = 'expecting' | 'confirmed' | 'latched';

export interface UnexpectedSource {
  host: string;
  port: number;
  packets: number;
}

/** Packets in a row that make an unexpected source believable. */
const LATCH_PACKETS = 4;
/** Lost packets in between that still count as "in a row". */
const MAX_SKIP = 3;
/** A source heard before must have been silent for this long, ms, before another one is believed. */
const SILENT_MS = 500;
/** After the SDP has named a new address, packets from the old one prove nothing for this long, ms. */
const MOVE_GRACE_MS = 2000;
/** A pause in the candidate's packets that makes it start again, ms. */
const CANDIDATE_PAUSE_MS = 1000;
/** Unexpected addresses remembered by name; the others share one count. */
const MAX_UNEXPECTED = 8;

export class SourceLatch {
  readonly #enabled: boolean;
  readonly #unexpected: UnexpectedSource[] = [];
  #unexpectedOthers = 0;
  #state: LatchState = 'expecting';
  #expected: SocketAddress | undefined;
  #remote: SocketAddress | undefined;
  /** Where media came from before the SDP named another address. */
  #former: SocketAddress | undefined;
  #formerUntil = 0;
  /** When the accepted source was last heard, ms. */
  #heardMs = Number.NEGATIVE_INFINITY;
  #candidateHost = '';
  #candidatePort = 0;
  #candidateSsrc = 0;
  #candidatePayloadType = 0;
  #candidateSequence = 0;
  #candidateCount = 0;
  #candidateMs = 0;

  /** @param enabled false accepts the SDP address only */
  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  get state(): LatchState {
    return this.#state;
  }

  /** The address in the SDP. */
  get expected(): SocketAddress | undefined {
    return this.#expected;
  }

  /** Where to send, and from where media is accepted. */
  get remote(): SocketAddress | undefined {
    return this.#remote;
  }

  get unexpected(): ReadonlyArray<UnexpectedSource> {
    return this.#unexpected;
  }

  /** Packets from addresses beyond those in {@link unexpected}. */
  get unexpectedOthers(): number {
    return this.#unexpectedOthers;
  }

  /** The SDP names `address` (none: nothing is expected, e.g. 0.0.0.0); an unchanged one keeps what was learnt. */
  expect(address: SocketAddress | undefined, nowMs: number): void {
    const same = address?.host === this.#expected?.host && address?.port === this.#expected?.port;
    this.#candidateCount = 0;
    if (same) return;
    this.#former = this.#remote;
    this.#formerUntil = nowMs + MOVE_GRACE_MS;
    this.#expected = address;
    this.#remote = address;
    this.#state = 'expecting';
    this.#heardMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Judges a valid packet with a negotiated payload type.
   * @returns true when the packet is to be accepted; {@link remote} may have changed then
   */
  accept(host: string, port: number, packet: RtpPacketView, nowMs: number): boolean {
    const remote = this.#remote;
    if (remote && remote.port === port && remote.host === host) {
      this.#heardMs = nowMs;
      if (this.#state === 'expecting') this.#state = 'confirmed';
      return true;
    }
    const expected = this.#expected;
    if (expected && expected.port === port && expected.host === host) {
      this.#adopt(expected, 'confirmed', nowMs);
      return true;
    }
    if (this.#enabled && this.#believe(host, port, packet, nowMs)) {
      this.#adopt({ host, port }, 'latched', nowMs);
      return true;
    }
    this.#countUnexpected(host, port);
    return false;
  }

  #adopt(address: SocketAddress, state: LatchState, nowMs: number): void {
    this.#remote = address;
    this.#state = state;
    this.#heardMs = nowMs;
    this.#candidateCount = 0;
  }

  #believe(host: string, port: number, packet: RtpPacketView, nowMs: number): boolean {
    const former = this.#former;
    if (former && former.port === port && former.host === host && nowMs < this.#formerUntil) return false;
    if (nowMs - this.#heardMs < SILENT_MS) {
      this.#candidateCount = 0;
      return false;
    }
    const step = sequenceDelta(packet.sequence, this.#candidateSequence);
    const continues =
      this.#candidateCount > 0 &&
      port === this.#candidatePort &&
      host === this.#candidateHost &&
      packet.ssrc === this.#candidateSsrc &&
      packet.payloadType === this.#candidatePayloadType &&
      nowMs - this.#candidateMs < CANDIDATE_PAUSE_MS;
    // A reordered or doubled packet neither counts nor spoils the row.
    if (continues && step <= 0 && step > -MAX_SKIP) return false;
    this.#candidateCount = continues && step > 0 && step <= 1 + MAX_SKIP ? this.#candidateCount + 1 : 1;
    this.#candidateHost = host;
    this.#candidatePort = port;
    this.#candidateSsrc = packet.ssrc;
    this.#candidatePayloadType = packet.payloadType;
    this.#candidateSequence = packet.sequence;
    this.#candidateMs = nowMs;
    return this.#candidateCount >= LATCH_PACKETS;
  }

  #countUnexpected(host: string, port: number): void {
    for (const source of this.#unexpected) {
      if (source.port !== port || source.host !== host) continue;
      source.packets++;
      return;
    }
    if (this.#unexpected.length < MAX_UNEXPECTED) this.#unexpected.push({ host, port, packets: 1 });
    else this.#unexpectedOthers++;
  }
}
