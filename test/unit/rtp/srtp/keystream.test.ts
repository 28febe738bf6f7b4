import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { blocksOf, Keystream } from '../../../../src/rtp/srtp/keystream.js';

const random = new SeededRandom(5);
const key = random.bytes(16);
const salt = random.bytes(14);

/** RFC 3711 §4.1.1, by node:crypto. */
function reference(ssrc: number, high: number, low: number, length: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(ssrc, 4);
  iv.writeUInt32BE(high, 8);
  iv.writeUInt16BE(low, 12);
  for (let i = 0; i < 14; i++) iv[i] ^= salt[i];
  return createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(length));
}

describe.each([true, false])('Keystream, ahead: %s', (ahead) => {
  const keystream = new Keystream(key, salt, { ssrcAt: 4, firstCounter: 0 }, ahead);
  const check = (ssrc: number, high: number, low: number, length: number) => {
    const stream = keystream.of(ssrc, high, low, blocksOf(length));
    const own = stream.subarray(keystream.offset, keystream.offset + length);
    expect(Buffer.compare(own, reference(ssrc, high, low, length)), `${high} ${low} ${length}`).toBe(0);
  };

  it('is that of counter mode for packets in a row, over the wrap', () => {
    for (let index = 0xffff - 40; index < 0x10000 + 40; index++) check(1, index >>> 16, index & 0xffff, 160);
  });

  it('is so for lost, late and repeated packets of all lengths and sources', () => {
    let index = 0x1_fff0;
    for (let i = 0; i < 2000; i++) {
      index += random.uint32() % 8 === 0 ? (random.uint32() % 40) - 20 : 1;
      const length = random.uint32() % 16 === 0 ? random.uint32() % 1500 : 160;
      const ssrc = random.uint32() % 32 === 0 ? 0xfedcba98 : 7;
      check(ssrc, index >>> 16, index & 0xffff, length);
    }
  });

  it('does not keep what an oversized packet needed', () => {
    check(7, 3, 100, 60_000);
    check(7, 3, 101, 160);
    expect(keystream.of(7, 3, 101, 10).length).toBe(ahead ? 16 * 160 : 160);
    check(7, 3, 102, 0);
  });
});
