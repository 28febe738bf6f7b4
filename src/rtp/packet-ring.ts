/**
 * The preallocated packet store of the jitter buffer: a ring of slots by sequence number, into which payloads are
 * copied. It knows order and presence, nothing of time. Allocates only when a larger payload than ever before comes.
 */

/** What is read of a packet to store it; an RtpPacketView is one. */
export interface StorablePacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly data: Uint8Array;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

/** Where {@link PacketRing.read} puts a packet. */
export interface StoredPacket {
  data: Uint8Array;
  offset: number;
  length: number;
  payloadType: number;
  marker: boolean;
  timestamp: number;
  duration: number;
}

/**
 * `audio` a frame; `silence` a comfort noise or SID frame, after which missing packets mean silence; `other` a packet
 * of the same sequence that carries no audio (telephone-event), which only must not look lost.
 */
export type JitterPacketKind = 'audio' | 'silence' | 'other';

/** First size of a payload slot. */
const INITIAL_SLOT_BYTES = 256;
const MIN_SLOTS = 8;

export class PacketRing {
  /** Slots minus one; the slot of a packet is `sequence & mask`. */
  readonly mask: number;
  /** Packets stored. */
  count = 0;

  /** Per slot: mapped timestamp and duration, RTP clock units. */
  readonly time: Float64Array;
  readonly duration: Int32Array;
  readonly kind: JitterPacketKind[];
  /** Per slot: the extended sequence number of the packet in it, -1 when it is free. */
  readonly sequence: Float64Array;

  readonly #timestamp: Float64Array;
  readonly #length: Int32Array;
  readonly #payloadType: Uint8Array;
  readonly #marker: Uint8Array;
  /** The last extended sequence number that came for a slot, stored still or not: recognises duplicates. */
  readonly #seen: Float64Array;
  #store: Uint8Array;
  #slotBytes = INITIAL_SLOT_BYTES;

  /** @param slots rounded up to a power of two */
  constructor(slots: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(MIN_SLOTS, slots)));
    this.mask = size - 1;
    this.time = new Float64Array(size);
    this.duration = new Int32Array(size);
    this.kind = new Array<JitterPacketKind>(size).fill('audio');
    this.sequence = new Float64Array(size).fill(-1);
    this.#timestamp = new Float64Array(size);
    this.#length = new Int32Array(size);
    this.#payloadType = new Uint8Array(size);
    this.#marker = new Uint8Array(size);
    this.#seen = new Float64Array(size).fill(-1);
    this.#store = new Uint8Array(size * this.#slotBytes);
  }

  has(sequence: number): boolean {
    return this.sequence[sequence & this.mask] === sequence;
  }

  /** True when a packet with this number came before, as far as the ring reaches back. */
  wasSeen(sequence: number): boolean {
    return this.#seen[sequence & this.mask] === sequence;
  }

  /** Notes a packet that came but is not stored. */
  markSeen(sequence: number): void {
    const slot = sequence & this.mask;
    if (sequence > this.#seen[slot]) this.#seen[slot] = sequence;
  }

  /** Stores a packet; its slot must be free. */
  write(
    sequence: number,
    time: number,
    duration: number,
    packet: StorablePacket,
    kind: JitterPacketKind,
  ): void {
    const slot = sequence & this.mask;
    const length = kind === 'other' ? 0 : packet.payloadLength;
    if (length > this.#slotBytes) this.#grow(length);
    const { data, payloadOffset } = packet;
    const store = this.#store;
    const base = slot * this.#slotBytes;
    for (let i = 0; i < length; i++) store[base + i] = data[payloadOffset + i];
    this.sequence[slot] = sequence;
    this.time[slot] = time;
    this.duration[slot] = duration;
    this.kind[slot] = kind;
    this.#timestamp[slot] = packet.timestamp;
    this.#length[slot] = length;
    this.#payloadType[slot] = packet.payloadType;
    this.#marker[slot] = packet.marker ? 1 : 0;
    this.#seen[slot] = sequence;
    this.count++;
  }

  /** Shows the packet in `slot`; the payload stays where it is. */
  read(slot: number, out: StoredPacket): void {
    out.data = this.#store;
    out.offset = slot * this.#slotBytes;
    out.length = this.#length[slot];
    out.payloadType = this.#payloadType[slot];
    out.marker = this.#marker[slot] === 1;
    out.timestamp = this.#timestamp[slot];
    out.duration = this.duration[slot];
  }

  release(slot: number): void {
    this.sequence[slot] = -1;
    this.count--;
  }

  /** The slot of the first packet from `sequence` on; all that are stored lie within the size of the ring from there. */
  firstFrom(sequence: number): number {
    const end = sequence + this.mask;
    while (sequence < end && !this.has(sequence)) sequence++;
    return sequence & this.mask;
  }

  clear(): void {
    this.sequence.fill(-1);
    this.#seen.fill(-1);
    this.count = 0;
  }

  #grow(length: number): void {
    const slotBytes = 2 ** Math.ceil(Math.log2(length));
    const store = new Uint8Array((this.mask + 1) * slotBytes);
    for (let slot = 0; slot <= this.mask; slot++) {
      const from = slot * this.#slotBytes;
      store.set(this.#store.subarray(from, from + this.#length[slot]), slot * slotBytes);
    }
    this.#store = store;
    this.#slotBytes = slotBytes;
  }
}
