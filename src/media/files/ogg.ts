/**
 * Ogg pages (RFC 3533): written one after the other, and packets read out of any stream of bytes. Damaged pages are
 * left out and the next good one is looked for. Knows nothing of codecs; never touches files.
 */

const HEADER_BYTES = 27;
/** RFC 3533 §6: a page has up to 255 segments of up to 255 bytes. */
const MAX_SEGMENTS = 255;
const MAX_PAGE_BYTES = HEADER_BYTES + MAX_SEGMENTS + MAX_SEGMENTS * 255;
/** Packets over several pages are kept up to this size. */
const MAX_PACKET_BYTES = 1 << 20;
const CONTINUED = 1;
const FIRST = 2;
const LAST = 4;
const CAPTURE = 0x4f676753;

/** RFC 3533 §6 (8): generator 0x04c11db7, not reflected, no start or end value. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The checksum of a page whose checksum field counts as zero. */
function pageChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i];
    crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte];
  }
  return crc >>> 0;
}

/** Collects packets into pages of one logical stream. A packet is at most 64 kB, since it is kept on one page. */
export class OggWriter {
  readonly #serial: number;
  #sequence = 0;
  #packets: Uint8Array[] = [];
  #segments = 0;
  #granule = 0;

  constructor(serial: number) {
    this.#serial = serial;
  }

  /**
   * @param granule position at the end of the packet, as the codec counts it
   * @returns the page before it, when this one does not fit any more
   */
  add(packet: Uint8Array, granule: number): Uint8Array | undefined {
    const segments = Math.floor(packet.length / 255) + 1;
    const page = this.#segments + segments > MAX_SEGMENTS ? this.flush() : undefined;
    this.#packets.push(Uint8Array.from(packet));
    this.#segments += segments;
    this.#granule = granule;
    return page;
  }

  get empty(): boolean {
    return this.#packets.length === 0;
  }

  /** The page with everything since the last one. @param last ends the stream */
  flush(last = false): Uint8Array {
    const body = this.#packets.reduce((sum, packet) => sum + packet.length, 0);
    const page = new Uint8Array(HEADER_BYTES + this.#segments + body);
    const view = new DataView(page.buffer);
    view.setUint32(0, CAPTURE);
    page[5] = (this.#sequence === 0 ? FIRST : 0) | (last ? LAST : 0);
    view.setBigUint64(6, BigInt(Math.round(this.#granule)), true);
    view.setUint32(14, this.#serial, true);
    view.setUint32(18, this.#sequence++, true);
    page[26] = this.#segments;
    let lacing = HEADER_BYTES;
    let at = HEADER_BYTES + this.#segments;
    for (const packet of this.#packets) {
      page.fill(255, lacing, lacing + Math.floor(packet.length / 255));
      lacing += Math.floor(packet.length / 255);
      page[lacing++] = packet.length % 255;
      page.set(packet, at);
      at += packet.length;
    }
    view.setUint32(22, pageChecksum(page), true);
    this.#packets = [];
    this.#segments = 0;
    return page;
  }

  /** Corrects the granule position of the page to come: the end of the audio within the last packet. */
  set granule(granule: number) {
    this.#granule = granule;
  }
}

export interface OggPacket {
  data: Uint8Array;
  serial: number;
  /** The first packet of a logical stream. */
  first: boolean;
  /** The last one of a page of which the granule position is known; undefined for the others. */
  granule: number | undefined;
  /** The last packet of a logical stream. */
  last: boolean;
}

/** Turns bytes into packets; {@link push} them in any portions. */
export class OggReader {
  #bytes: Uint8Array = new Uint8Array(0);
  /** Beginnings of packets that go on on the next page, by stream. */
  readonly #open = new Map<number, Uint8Array>();
  /** Bytes and pages that could not be used. */
  damaged = 0;

  /** @returns the packets that are complete now */
  push(bytes: Uint8Array): OggPacket[] {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    const packets: OggPacket[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= all.length) {
      const length = this.#pageLength(all, at);
      if (length < 0) break;
      if (length === 0) {
        this.damaged++;
        at = nextCapture(all, at + 1);
        continue;
      }
      this.#readPage(all.subarray(at, at + length), packets);
      at += length;
    }
    this.#bytes = all.slice(at);
    return packets;
  }

  /** @returns 0 when there is no good page at `at`, -1 when there is more to come */
  #pageLength(all: Uint8Array, at: number): number {
    const view = new DataView(all.buffer, all.byteOffset + at);
    if (view.getUint32(0) !== CAPTURE || all[at + 4] !== 0) return 0;
    const body = HEADER_BYTES + all[at + 26];
    if (at + body > all.length) return -1;
    let length = body;
    for (let i = HEADER_BYTES; i < body; i++) length += all[at + i];
    if (at + length > all.length) return length > MAX_PAGE_BYTES ? 0 : -1;
    return pageChecksum(all.subarray(at, at + length)) === view.getUint32(22, true) ? length : 0;
  }

  #readPage(page: Uint8Array, packets: OggPacket[]): void {
    const view = new DataView(page.buffer, page.byteOffset);
    const serial = view.getUint32(14, true);
    const flags = page[5];
    const segments = page[26];
    const position = view.getBigInt64(6, true);
    let at = HEADER_BYTES + segments;
    let from = at;
    let open = flags & CONTINUED ? this.#open.get(serial) : undefined;
    // The rest of a packet whose beginning is not there.
    let orphan = (flags & CONTINUED) !== 0 && open === undefined;
    this.#open.delete(serial);
    const before = packets.length;
    for (let i = 0; i < segments; i++) {
      const size = page[HEADER_BYTES + i];
      at += size;
      if (size === 255) continue;
      const part = page.subarray(from, at);
      if (!orphan) {
        const data = open ? join(open, part) : part.slice();
        const first = (flags & FIRST) !== 0 && packets.length === before;
        packets.push({ data, serial, first, granule: undefined, last: false });
      }
      orphan = false;
      open = undefined;
      from = at;
    }
    if (from < at && !orphan) {
      const rest = open ? join(open, page.subarray(from, at)) : page.slice(from, at);
      if (rest.length <= MAX_PACKET_BYTES) this.#open.set(serial, rest);
    }
    if (packets.length === before) return;
    const final = packets[packets.length - 1];
    // -1: no packet ends on this page (RFC 3533 §6).
    if (position >= 0n) final.granule = Number(position);
    final.last = (flags & LAST) !== 0;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function nextCapture(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(CAPTURE >>> 24, from);
  return at < 0 ? bytes.length : at;
}
