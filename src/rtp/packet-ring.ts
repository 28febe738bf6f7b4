/**
 * The preallocated packet store of the jitter buffer: a ring of slots by sequence number; payloads are copied into
 * blocks, of which there are no more than were ever needed at once. It knows order and presence, nothing of time.
 * Allocates only when more packets wait than ever before, or a larger one comes.
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

/** First size and number of the blocks for payloads: 320 ms of G.711. */
const INITIAL_BLOCK_BYTES = 256;
const INITIAL_BLOCKS = 16;
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
  /** Per slot: the block of its payload. */
  readonly #block: Int16Array;
  /** A stack of the blocks that are free. */
  readonly #free: Int16Array;
  #freeBlocks = 0;
  #blocks = 0;
  #blockBytes = INITIAL_BLOCK_BYTES;
  #store: Uint8Array = new Uint8Array(0);

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
    this.#block = new Int16Array(size);
    this.#free = new Int16Array(size);
    this.#grow(Math.min(size, INITIAL_BLOCKS), INITIAL_BLOCK_BYTES);
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
    if (length > this.#blockBytes) this.#grow(this.#blocks, 2 ** Math.ceil(Math.log2(length)));
    if (this.#freeBlocks === 0) this.#grow(Math.min(2 * this.#blocks, this.mask + 1), this.#blockBytes);
    const block = this.#free[--this.#freeBlocks];
    this.#block[slot] = block;
    const { data, payloadOffset } = packet;
    const store = this.#store;
    const base = block * this.#blockBytes;
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

  /** Shows the packet in `slot`; the payload stays where it is until another packet is written. */
  read(slot: number, out: StoredPacket): void {
    out.data = this.#store;
    out.offset = this.#block[slot] * this.#blockBytes;
    out.length = this.#length[slot];
    out.payloadType = this.#payloadType[slot];
    out.marker = this.#marker[slot] === 1;
    out.timestamp = this.#timestamp[slot];
    out.duration = this.duration[slot];
  }

  release(slot: number): void {
    this.sequence[slot] = -1;
    this.#free[this.#freeBlocks++] = this.#block[slot];
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
    for (let block = 0; block < this.#blocks; block++) this.#free[block] = block;
    this.#freeBlocks = this.#blocks;
  }

  /** What was shown of the old blocks stays as it is. */
  #grow(blocks: number, blockBytes: number): void {
    const store = new Uint8Array(blocks * blockBytes);
    const old = this.#store;
    for (let block = 0; block < this.#blocks; block++) {
      const from = block * this.#blockBytes;
      store.set(old.subarray(from, from + this.#blockBytes), block * blockBytes);
    }
    for (let block = this.#blocks; block < blocks; block++) this.#free[this.#freeBlocks++] = block;
    this.#store = store;
    this.#blocks = blocks;
    this.#blockBytes = blockBytes;
  }
}
