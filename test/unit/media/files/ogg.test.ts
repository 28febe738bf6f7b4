import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { type OggPacket, OggReader, OggWriter } from '../../../../src/media/files/ogg.js';

const random = new SeededRandom(3);
const packets = [0, 1, 254, 255, 256, 510, 2000, 30_000].map((length) => random.bytes(length));

function stream(): Uint8Array {
  const writer = new OggWriter(77);
  const pages: Uint8Array[] = [];
  for (const [i, packet] of packets.entries()) {
    const page = writer.add(packet, 960 * (i + 1));
    if (page) pages.push(page);
    if (i % 3 === 0) pages.push(writer.flush());
  }
  writer.granule = 7000;
  pages.push(writer.flush(true));
  return Buffer.concat(pages);
}

function read(bytes: Uint8Array, step: number): { packets: OggPacket[]; reader: OggReader } {
  const reader = new OggReader();
  const found: OggPacket[] = [];
  for (let at = 0; at < bytes.length; at += step) found.push(...reader.push(bytes.subarray(at, at + step)));
  return { packets: found, reader };
}

describe('Ogg pages', () => {
  it('have the checksum of RFC 3533', () => {
    // Calculated bit by bit from the generator polynomial.
    const writer = new OggWriter(1);
    writer.add(Uint8Array.of(1, 2, 3), 5);
    expect(Buffer.from(writer.flush()).toString('hex')).toBe(
      '4f676753000205000000000000000100000000000000f7d076630103010203',
    );
  });

  it('give back every packet, in whatever portions they come', () => {
    for (const step of [99, 4000, 1 << 20]) {
      const { packets: found, reader } = read(stream(), step);
      expect(found.map(({ data }) => Buffer.from(data))).toEqual(packets.map((p) => Buffer.from(p)));
      expect(found[0].first).toBe(true);
      expect(found.filter(({ last }) => last)).toHaveLength(1);
      expect(found.at(-1)).toMatchObject({ last: true, granule: 7000, serial: 77 });
      expect(reader.damaged).toBe(0);
    }
  });

  it('that are damaged cost their packets only', () => {
    const bytes = stream();
    bytes[bytes.length - 20_000] ^= 1;
    const junk = Buffer.concat([random.bytes(999), bytes, Buffer.from('Ogg'), stream()]);
    const { packets: found, reader } = read(junk, 1000);
    expect(reader.damaged).toBeGreaterThan(0);
    expect(found.length).toBeGreaterThan(packets.length);
    for (const { data } of found) {
      expect(packets.some((packet) => Buffer.from(packet).equals(Buffer.from(data)))).toBe(true);
    }
  });

  it('read from noise, and from pages that never end, hold no memory', () => {
    const reader = new OggReader();
    for (let i = 0; i < 100; i++) reader.push(random.bytes(10_000));
    const endless = new Uint8Array(255 * 255);
    const writer = new OggWriter(5);
    writer.add(endless.subarray(0, 255 * 254), 0);
    expect(reader.push(writer.flush())).toHaveLength(1);
  });
});
