/** Speex packets in an Ogg file and out of it (RFC 3533, and the header of the Speex manual), as ffmpeg reads and writes them. */

const PAGE_HEADER = 27;
const FIRST_PAGE = 2;
const LAST_PAGE = 4;
/** A page holds up to 255 segments of up to 255 octets; one packet per page is enough here. */
const SEGMENT = 255;
const CHECKSUM_AT = 22;
const SPEEX_HEADER = 80;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

function checksum(page: Buffer): number {
  let crc = 0;
  for (const octet of page) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ octet];
  return crc >>> 0;
}

function page(packet: Uint8Array, sequence: number, flags: number, position: number): Buffer {
  const segments = Math.floor(packet.length / SEGMENT) + 1;
  const out = Buffer.alloc(PAGE_HEADER + segments + packet.length);
  out.write('OggS', 0, 'latin1');
  out[5] = flags;
  out.writeBigUInt64LE(BigInt(position), 6);
  out.writeUInt32LE(1, 14);
  out.writeUInt32LE(sequence, 18);
  out[26] = segments;
  out.fill(SEGMENT, PAGE_HEADER, PAGE_HEADER + segments - 1);
  out[PAGE_HEADER + segments - 1] = packet.length % SEGMENT;
  out.set(packet, PAGE_HEADER + segments);
  out.writeUInt32LE(checksum(out), CHECKSUM_AT);
  return out;
}

/** @param highBands 0 narrow, 1 wide, 2 ultra-wide band */
export function oggSpeex(packets: readonly Uint8Array[], highBands: number, framesPerPacket = 1): Buffer {
  const rate = 8000 << highBands;
  const header = Buffer.alloc(SPEEX_HEADER);
  header.write('Speex   1.2.1', 0, 'latin1');
  const numbers = [1, SPEEX_HEADER, rate, highBands, 4, 1, -1, rate / 50, 0, framesPerPacket];
  numbers.forEach((number, i) => {
    header.writeInt32LE(number, 28 + 4 * i);
  });
  const pages = [page(header, 0, FIRST_PAGE, 0), page(new Uint8Array(8), 1, 0, 0)];
  packets.forEach((packet, i) => {
    const position = ((i + 1) * framesPerPacket * rate) / 50;
    pages.push(page(packet, i + 2, i === packets.length - 1 ? LAST_PAGE : 0, position));
  });
  return Buffer.concat(pages);
}

/** The packets of a file after its two header packets. */
export function packetsOfOgg(file: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (let at = 0; at + PAGE_HEADER <= file.length; ) {
    const segments = file[at + 26];
    let data = at + PAGE_HEADER + segments;
    for (let i = 0; i < segments; i++) {
      const length = file[at + PAGE_HEADER + i];
      parts.push(file.subarray(data, data + length));
      data += length;
      if (length === SEGMENT) continue;
      packets.push(Buffer.concat(parts));
      parts = [];
    }
    at = data;
  }
  return packets.slice(2);
}
