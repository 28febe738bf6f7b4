import { describe, expect, it } from 'vitest';
import { CRYPTO_SUITES, parseCrypto, printCrypto } from '../../../src/sdp/index.js';

const KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const OTHER = 'QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5';
const SUITE = 'AES_CM_128_HMAC_SHA1_80';

describe('a=crypto', () => {
  it('reads tag, suite, key, lifetime, MKI and session parameters', () => {
    // RFC 4568 §7.1.5
    const crypto = parseCrypto(`1 ${SUITE} inline:${KEY}|2^20|1:4 FEC_ORDER=FEC_SRTP`);
    expect(crypto).toEqual({
      tag: 1,
      suite: SUITE,
      keys: [
        {
          keySalt: Uint8Array.from(Buffer.from(KEY, 'base64')),
          lifetime: 2 ** 20,
          mki: { value: 1n, length: 4 },
        },
      ],
      sessionParameters: ['FEC_ORDER=FEC_SRTP'],
    });
  });

  it('reads several keys, also with the blank of the example in RFC 4568 §7.1.5', () => {
    const crypto = parseCrypto(
      `2 F8_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4; inline:${OTHER}|2^20|2:4 WSH=128`,
    );
    expect(crypto?.keys.map(({ mki }) => mki?.value)).toEqual([1n, 2n]);
    expect(crypto?.sessionParameters).toEqual(['WSH=128']);
  });

  it.each([
    ['lifetime alone', `inline:${KEY}|1024`, { lifetime: 1024 }],
    ['MKI alone', `inline:${KEY}|1066:4`, { mki: { value: 1066n, length: 4 } }],
    ['neither', `inline:${KEY}`, {}],
    ['padding', 'inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==', {}, 'AEAD_AES_128_GCM'],
  ])('reads %s', (_, key, expected, suite = SUITE) => {
    const parsed = parseCrypto(`7 ${suite} ${key}`);
    expect(parsed?.keys[0]).toMatchObject(expected);
    expect(parsed?.keys[0].keySalt).toHaveLength(suite === SUITE ? 30 : 28);
  });

  it.each([
    ['an unknown suite', `1 AES_CM_999 inline:${KEY}`],
    ['a short key', `1 ${SUITE} inline:AAAA`],
    ['a long key', `1 ${SUITE} inline:${KEY}AAAA`],
    ['another method', `1 ${SUITE} uri:http://h/key`],
    ['no key', `1 ${SUITE}`],
    ['no tag', `${SUITE} inline:${KEY}`],
    ['a long tag', `1234567890 ${SUITE} inline:${KEY}`],
    ['an excessive lifetime', `1 ${SUITE} inline:${KEY}|2^49`],
    ['a lifetime of zero', `1 ${SUITE} inline:${KEY}|0`],
    ['an MKI without length', `1 ${SUITE} inline:${KEY}|2^20|1`],
    ['an MKI that does not fit its length', `1 ${SUITE} inline:${KEY}|256:1`],
    ['an MKI too long', `1 ${SUITE} inline:${KEY}|1:129`],
    ['two keys without MKI', `1 ${SUITE} inline:${KEY};inline:${OTHER}`],
    ['two keys with MKIs of different lengths', `1 ${SUITE} inline:${KEY}|1:4;inline:${OTHER}|2:2`],
    ['nothing', ''],
  ])('refuses %s', (_, value) => {
    expect(parseCrypto(value)).toBeUndefined();
  });

  it('prints what it reads', () => {
    for (const value of [
      `1 ${SUITE} inline:${KEY}`,
      `999 ${SUITE} inline:${KEY}|2^31|1066:4 KDR=1 UNENCRYPTED_SRTCP`,
      `2 ${SUITE} inline:${KEY}|1000|1:1;inline:${OTHER}|1|2:1`,
      `1 AEAD_AES_128_GCM inline:${Buffer.alloc(28, 7).toString('base64')}`,
    ]) {
      expect(printCrypto(parseCrypto(value) as never)).toBe(value);
    }
  });

  it('knows the lengths of every suite', () => {
    for (const [suite, { keyLength, saltLength }] of CRYPTO_SUITES) {
      const key = Buffer.alloc(keyLength + saltLength, 1).toString('base64');
      expect(parseCrypto(`1 ${suite} inline:${key}`)?.suite).toBe(suite);
    }
  });
});
