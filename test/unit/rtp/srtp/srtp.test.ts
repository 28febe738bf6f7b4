import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { writeRtpHeader } from '../../../../src/rtp/packet.js';
import { KEY_USED_UP } from '../../../../src/rtp/protection.js';
import { AesCounter } from '../../../../src/rtp/srtp/aes-counter.js';
import { GcmTransform } from '../../../../src/rtp/srtp/gcm-transform.js';
import { HmacSha1 } from '../../../../src/rtp/srtp/hmac-sha1.js';
import { deriveKey } from '../../../../src/rtp/srtp/key-derivation.js';
import { Srtp } from '../../../../src/rtp/srtp/srtp.js';
import { SRTP_SUITES, type SrtpSuite } from '../../../../src/rtp/srtp/suite-names.js';
import { hasShared, sharedPath } from '../../../support/shared.js';

const KEY_SALT_LENGTH: Record<SrtpSuite, number> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex');
}

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(sharedPath('vectors', 'srtp', name), 'utf8'));
}

/** Copies `packet` into a buffer with room, at an offset, and protects it there. */
function protect(srtp: Srtp, packet: Uint8Array, rtcp = false): Uint8Array {
  const data = new Uint8Array(packet.length + 100);
  data.set(packet, 7);
  const length = rtcp ? srtp.protectRtcp(data, 7, packet.length) : srtp.protectRtp(data, 7, packet.length);
  expect(length - packet.length).toBeLessThanOrEqual(srtp.overhead);
  return data.slice(7, 7 + length);
}

function unprotect(srtp: Srtp, packet: Uint8Array, rtcp = false): Uint8Array | undefined {
  const data = packet.slice();
  const length = rtcp ? srtp.unprotectRtcp(data, 0, data.length) : srtp.unprotectRtp(data, 0, data.length);
  return length < 0 ? undefined : data.subarray(0, length);
}

function rtp(sequence: number, ssrc = 1, payload = 160): Uint8Array {
  const data = new Uint8Array(12 + payload).fill(sequence);
  writeRtpHeader(data, 0, 0, false, sequence & 0xffff, sequence * 160, ssrc);
  return data;
}

const RTCP = bytes('80c90001cafebabe81ca0003cafebabe0104746573740000');

function pair(suite: SrtpSuite, mki?: Uint8Array): { sender: Srtp; receiver: Srtp } {
  const keySalt = new SeededRandom(9).bytes(KEY_SALT_LENGTH[suite]);
  const make = () => new Srtp({ suite, send: { keySalt, mki }, receive: [{ keySalt, mki }] });
  return { sender: make(), receiver: make() };
}

describe('HmacSha1', () => {
  it('agrees with node:crypto for every length', () => {
    for (let length = 0; length <= 260; length++) {
      const key = randomBytes(20);
      const data = randomBytes(length);
      const mac = new HmacSha1(key);
      mac.compute(data, 0, length, -1);
      expect(hex(mac.digest)).toBe(createHmac('sha1', key).update(data).digest('hex'));
      mac.compute(data, Math.min(3, length), length, 0xfedcba98);
      const trailer = Buffer.from('fedcba98', 'hex');
      const expected = createHmac('sha1', key)
        .update(data.subarray(Math.min(3, length)))
        .update(trailer);
      expect(hex(mac.digest)).toBe(expected.digest('hex'));
    }
  });
});

describe('GcmTransform', () => {
  it('agrees with node:crypto for every length of header and payload', () => {
    const key = randomBytes(32);
    const salt = randomBytes(12);
    const transform = new GcmTransform({ key, salt }, { key, salt });
    for (const length of [...Array.from({ length: 200 }, (_, i) => i), 1500, 1536, 4001]) {
      const header = 12 + 4 * (length % 16);
      const end = header + length;
      const plain = randomBytes(end);
      const data = new Uint8Array(end + 16);
      data.set(plain);
      const place = {
        start: 0,
        payload: header,
        end,
        tagAt: end,
        ssrc: 0xfedcba98,
        roc: 0x1020304,
        sequence: length,
      };
      transform.sealRtp(data, place);
      const iv = Buffer.alloc(12);
      iv.writeUInt32BE(place.ssrc, 2);
      iv.writeUInt32BE(place.roc, 6);
      iv.writeUInt16BE(length, 10);
      for (let i = 0; i < 12; i++) iv[i] ^= salt[i];
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(plain.subarray(0, header));
      const text = Buffer.concat([cipher.update(plain.subarray(header)), cipher.final()]);
      expect(hex(data)).toBe(hex(Buffer.concat([plain.subarray(0, header), text, cipher.getAuthTag()])));
      expect(transform.openRtp(data, place)).toBe(true);
      expect(hex(data.subarray(0, end))).toBe(hex(plain));
    }
  });
});

describe.skipIf(!hasShared)('vectors of the RFCs', () => {
  interface RfcVectors {
    aesCm: Array<{
      name: string;
      key: string;
      iv: string;
      blocks: Array<{ index: number; keystream: string }>;
    }>;
    keyDerivation: Array<{
      name: string;
      masterKey: string;
      masterSalt: string;
      derived: Array<{ label: number; hex: string }>;
    }>;
    srtpGcm: Array<{ name: string; key: string; salt: string; roc: number; rtp: string; srtp: string }>;
    srtcpGcm: Array<{
      name: string;
      key: string;
      salt: string;
      srtcpIndex: number;
      encrypted: boolean;
      rtcp: string;
      srtcp: string;
    }>;
  }
  const rfc = hasShared
    ? vectors<RfcVectors>('rfc-vectors.json')
    : { aesCm: [], keyDerivation: [], srtpGcm: [], srtcpGcm: [] };

  it.each(rfc.aesCm)('keystream $name', ({ key, iv, blocks }) => {
    const data = new Uint8Array(0xff02 * 16);
    new AesCounter(bytes(key), bytes(iv).subarray(0, 14)).apply(data, 0, data.length, 0, 0, 0);
    for (const { index, keystream } of blocks) {
      expect(hex(data.subarray(16 * index, 16 * index + 16))).toBe(keystream);
    }
  });

  it.each(rfc.keyDerivation)('key derivation $name', ({ masterKey, masterSalt, derived }) => {
    for (const { label, hex: expected } of derived) {
      expect(hex(deriveKey(bytes(masterKey), bytes(masterSalt), label, expected.length / 2))).toBe(expected);
    }
  });

  it.each(rfc.srtpGcm.filter(({ name }) => name.endsWith('encrypt')))('RTP $name', (vector) => {
    const keys = { key: bytes(vector.key), salt: bytes(vector.salt) };
    const transform = new GcmTransform(keys, keys);
    const plain = bytes(vector.rtp);
    const data = new Uint8Array(plain.length + 16);
    data.set(plain);
    const sequence = (data[2] << 8) | data[3];
    const ssrc = Buffer.from(data).readUInt32BE(8);
    const place = {
      start: 0,
      payload: 12,
      end: plain.length,
      tagAt: plain.length,
      ssrc,
      roc: vector.roc,
      sequence,
    };
    transform.sealRtp(data, place);
    expect(hex(data)).toBe(vector.srtp);
    expect(transform.openRtp(data, place)).toBe(true);
    expect(hex(data.subarray(0, plain.length))).toBe(vector.rtp);
  });

  it.each(rfc.srtcpGcm)('RTCP $name', (vector) => {
    const keys = { key: bytes(vector.key), salt: bytes(vector.salt) };
    const transform = new GcmTransform(keys, keys);
    const plain = bytes(vector.rtcp);
    const { length } = plain;
    const data = bytes(vector.srtcp);
    const { srtcpIndex: index, encrypted } = vector;
    const ssrc = Buffer.from(data).readUInt32BE(4);
    const place = {
      start: 0,
      end: length,
      tagAt: length,
      tagLength: 16,
      indexAt: length + 16,
      ssrc,
      index,
      encrypted,
    };
    expect(transform.openRtcp(data, place)).toBe(true);
    expect(hex(data.subarray(0, length))).toBe(vector.rtcp);
    if (!encrypted) return;
    transform.sealRtcp(data, place);
    expect(hex(data)).toBe(vector.srtcp);
  });
});

describe.skipIf(!hasShared)('packets of libsrtp', () => {
  interface Suite {
    suite: string;
    mki: string | null;
    masterKey: string;
    masterSalt: string;
    rtp: Array<{ rtp: string; srtp: string }>;
    rtcp: Array<{ rtcp: string; srtcp: string }>;
  }
  const suites = hasShared ? vectors<{ suites: Suite[] }>('libsrtp-packets.json').suites : [];
  const ours = suites.filter(({ suite }) => SRTP_SUITES.some((known) => known === suite));

  it('has all our suites', () => {
    expect(new Set(ours.map(({ suite }) => suite))).toEqual(new Set(SRTP_SUITES));
  });

  it.each(ours)('$suite, MKI $mki', (vector) => {
    const keySalt = bytes(vector.masterKey + vector.masterSalt);
    const key = { keySalt, mki: vector.mki ? bytes(vector.mki) : undefined };
    const options = { suite: vector.suite as SrtpSuite, send: key, receive: [key] };
    const sender = new Srtp(options);
    const receiver = new Srtp(options);
    for (const { rtp: plain, srtp } of vector.rtp) {
      expect(hex(protect(sender, bytes(plain)))).toBe(srtp);
      const opened = unprotect(receiver, bytes(srtp));
      expect(opened && hex(opened)).toBe(plain);
      expect(unprotect(receiver, bytes(srtp))).toBeUndefined();
    }
    // libsrtp counts its reports from one.
    protect(sender, bytes(vector.rtcp[0].rtcp), true);
    for (const { rtcp: plain, srtcp } of vector.rtcp) {
      expect(hex(protect(sender, bytes(plain), true))).toBe(srtcp);
      const opened = unprotect(receiver, bytes(srtcp), true);
      expect(opened && hex(opened)).toBe(plain);
      expect(unprotect(receiver, bytes(srtcp), true)).toBeUndefined();
    }
  });
});

describe.each(SRTP_SUITES)('%s', (suite) => {
  it('opens what it sealed, over two wraps of the sequence', () => {
    const { sender, receiver } = pair(suite);
    for (let sequence = 65_000; sequence < 3 * 65_536; sequence += 97) {
      const plain = rtp(sequence);
      const opened = unprotect(receiver, protect(sender, plain));
      expect(opened && hex(opened)).toBe(hex(plain));
    }
  });

  it('takes packets that are lost and reordered around a wrap', () => {
    const { sender, receiver } = pair(suite);
    const sealed = Array.from({ length: 40 }, (_, i) => protect(sender, rtp(65_516 + i)));
    const order = [0, 1, 25, 3, 2, 18, 30, 19, 20, 39, 21];
    for (const i of order) expect(unprotect(receiver, sealed[i])).toBeDefined();
    for (const i of order) expect(unprotect(receiver, sealed[i])).toBeUndefined();
  });

  it('refuses every packet with a flipped bit, and goes on', () => {
    const { sender, receiver } = pair(suite);
    const first = protect(sender, rtp(1));
    for (let at = 0; at < first.length; at++) {
      const bad = first.slice();
      bad[at] ^= 1 << (at % 8);
      expect(unprotect(receiver, bad)).toBeUndefined();
    }
    expect(unprotect(receiver, first)).toBeDefined();
    const report = protect(sender, RTCP, true);
    for (let at = 0; at < report.length; at++) {
      const bad = report.slice();
      bad[at] ^= 1 << (at % 8);
      expect(unprotect(receiver, bad, true)).toBeUndefined();
    }
    expect(unprotect(receiver, report, true)).toBeDefined();
  });

  it('refuses packets of another key, cut packets and garbage', () => {
    const { sender, receiver } = pair(suite);
    const keySalt = new SeededRandom(10).bytes(KEY_SALT_LENGTH[suite]);
    const stranger = new Srtp({ suite, send: { keySalt }, receive: [{ keySalt }] });
    expect(unprotect(stranger, protect(sender, rtp(1)))).toBeUndefined();
    const sealed = protect(sender, rtp(2));
    const report = protect(sender, RTCP, true);
    for (let length = 0; length < sealed.length; length++) {
      expect(unprotect(receiver, sealed.slice(0, length))).toBeUndefined();
    }
    for (let length = 0; length < report.length; length++) {
      // That is the short tag some peers use.
      if (suite.endsWith('_32') && length === report.length - 6) continue;
      expect(unprotect(receiver, report.slice(0, length), true)).toBeUndefined();
    }
    const random = new SeededRandom(11);
    for (let i = 0; i < 500; i++) {
      const garbage = random.bytes(random.uint32() % 300);
      if (garbage.length > 0) garbage[0] = 0x80 | (garbage[0] & 0x1f);
      expect(unprotect(receiver, garbage)).toBeUndefined();
      expect(unprotect(receiver, garbage, true)).toBeUndefined();
    }
  });

  it('tells several sources and several keys apart', () => {
    const [one, two] = [1, 2].map((seed) => ({
      keySalt: new SeededRandom(seed).bytes(KEY_SALT_LENGTH[suite]),
      mki: Uint8Array.of(0, seed),
    }));
    const receiver = new Srtp({ suite, send: one, receive: [one, two] });
    const senders = [one, two].map((send) => new Srtp({ suite, send, receive: [one] }));
    for (let i = 0; i < 50; i++) {
      const sender = senders[i % 2];
      const plain = rtp(i, 1 + (i % 2));
      expect(unprotect(receiver, protect(sender, plain))).toEqual(plain);
      const report = RTCP.slice();
      report[7] = i % 2;
      expect(unprotect(receiver, protect(sender, report, true), true)).toEqual(report);
    }
  });
});

describe('Srtp', () => {
  it('refuses keys of a wrong length, and several without MKI', () => {
    const good = { keySalt: new Uint8Array(30) };
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    expect(() => new Srtp({ suite, send: { keySalt: new Uint8Array(28) }, receive: [good] })).toThrow(
      /30 bytes/,
    );
    expect(() => new Srtp({ suite, send: good, receive: [good, good] })).toThrow(/MKI/);
    expect(() => new Srtp({ suite, send: good, receive: [] })).toThrow(/MKI/);
  });

  it('understands peers with a short SRTCP tag, and then speaks like them', () => {
    const { sender, receiver } = pair('AES_CM_128_HMAC_SHA1_32');
    const standard = protect(sender, RTCP, true);
    expect(standard).toHaveLength(RTCP.length + 14);
    // What such a peer sends: the same MAC, cut to 32 bits.
    const short = standard.subarray(0, standard.length - 6);
    expect(unprotect(receiver, short, true)).toEqual(RTCP);
    expect(protect(receiver, RTCP, true)).toHaveLength(RTCP.length + 8);
    // The same packet in either form is a replay.
    expect(unprotect(receiver, short, true)).toBeUndefined();
    expect(unprotect(receiver, standard, true)).toBeUndefined();
    expect(unprotect(receiver, protect(sender, RTCP, true), true)).toEqual(RTCP);
    expect(protect(receiver, RTCP, true)).toHaveLength(RTCP.length + 14);
    const bad = protect(sender, RTCP, true).subarray(0, standard.length - 6);
    bad[bad.length - 1] ^= 1;
    expect(unprotect(receiver, bad, true)).toBeUndefined();
  });

  it('goes on under the same keys and begins anew under others, each direction by itself', () => {
    const [one, two, three] = [1, 2, 3].map((seed) => ({ keySalt: new SeededRandom(seed).bytes(30) }));
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const ours = new Srtp({ suite, send: one, receive: [two] });
    const peer = new Srtp({ suite, send: two, receive: [one] });
    const exchange = (sequence: number) => {
      expect(unprotect(peer, protect(ours, rtp(sequence)))).toEqual(rtp(sequence));
      expect(unprotect(ours, protect(peer, rtp(sequence)))).toEqual(rtp(sequence));
    };
    for (let sequence = 0xfff0; sequence < 0x10010; sequence++) exchange(sequence & 0xffff);
    expect(ours.rekey({ suite, send: { ...one }, receive: [{ ...two }] })).toBe(false);
    exchange(0x20);
    // Ours changes: the peer's stream keeps its roll-over counter.
    const late = protect(ours, rtp(0x21));
    expect(ours.rekey({ suite, send: three, receive: [two] })).toBe(true);
    expect(peer.rekey({ suite, send: two, receive: [three] })).toBe(true);
    expect(unprotect(peer, late)).toEqual(rtp(0x21));
    exchange(0x22);
    // The first packet under the new key has ended the time of the old one.
    const old = new Srtp({ suite, send: one, receive: [two] });
    expect(unprotect(peer, protect(old, rtp(0x23)))).toBeUndefined();
    // Both at once, and another suite.
    const gcm = [4, 5].map((seed) => ({ keySalt: new SeededRandom(seed).bytes(28) }));
    expect(ours.rekey({ suite: 'AEAD_AES_128_GCM', send: gcm[0], receive: [gcm[1]] })).toBe(true);
    expect(peer.rekey({ suite: 'AEAD_AES_128_GCM', send: gcm[1], receive: [gcm[0]] })).toBe(true);
    expect(ours.suite).toBe('AEAD_AES_128_GCM');
    exchange(0x24);
    expect(() => ours.rekey({ suite, send: one, receive: [one, two] })).toThrow(/MKI/);
    exchange(0x25);
  });

  it('stops when a key has protected all the packets it may, and refuses what comes after the life of the peer’s', () => {
    for (const suite of SRTP_SUITES) {
      const keySalt = new SeededRandom(9).bytes(KEY_SALT_LENGTH[suite]);
      const make = (send?: number, receive?: number) =>
        new Srtp({ suite, send: { keySalt, lifetime: send }, receive: [{ keySalt, lifetime: receive }] });
      const [sender, short] = [make(), make(20, 20)];
      for (let i = 0; i < 19; i++) {
        expect(short.expiring).toBe(i >= 18);
        const data = new Uint8Array(200);
        data.set(rtp(i));
        expect(short.protectRtp(data, 0, 172)).toBeGreaterThan(172);
        expect(unprotect(short, protect(sender, rtp(i)))).toEqual(rtp(i));
      }
      // SRTCP counts as well (RFC 4568 §6.1).
      expect(unprotect(short, protect(sender, RTCP, true), true)).toEqual(RTCP);
      protect(short, RTCP, true);
      const data = new Uint8Array(300);
      data.set(rtp(20));
      expect(short.protectRtp(data, 0, 172)).toBe(KEY_USED_UP);
      data.set(RTCP);
      expect(short.protectRtcp(data, 0, RTCP.length)).toBe(KEY_USED_UP);
      const late = protect(sender, rtp(20));
      expect(short.unprotectRtp(late, 0, late.length)).toBe(KEY_USED_UP);
      expect(make().expiring).toBe(false);
    }
  });
});
