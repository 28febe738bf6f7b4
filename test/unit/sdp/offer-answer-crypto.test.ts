import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import { SeededRandom } from '../../../src/base/random.js';
import { cryptoAttributes, type LocalAudio, OfferAnswer, parseSdp } from '../../../src/sdp/index.js';
import { local, sdp } from '../../support/sdp.js';

const SHA80 = { suite: 'AES_CM_128_HMAC_SHA1_80' };
const SHA32 = { suite: 'AES_CM_128_HMAC_SHA1_32' };
const GCM = { suite: 'AEAD_AES_128_GCM' };
const KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';

const required = (crypto: LocalAudio['crypto'] = [SHA80], more: Partial<LocalAudio> = {}) =>
  local({ protocol: 'RTP/SAVP', crypto, ...more });
const optional = (crypto: LocalAudio['crypto'] = [SHA80], more: Partial<LocalAudio> = {}) =>
  local({ crypto, ...more });

let seed = 100;
const engine = () => new OfferAnswer({ random: new SeededRandom(seed++) });

function peer(protocol: string, ...attributes: string[]): string {
  return sdp(`
    v=0
    o=peer 99 1 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 6000 ${protocol} 0
    ${attributes.map((attribute) => `a=${attribute}`).join('\n')}`);
}

function exchange(ofA: LocalAudio, ofB: LocalAudio, a = engine(), b = engine()) {
  b.receiveOffer(a.createOffer(ofA));
  const answer = b.createAnswer(ofB);
  return { a: a.receiveAnswer(answer.sdp), b: answer.result, answer: answer.sdp, offer: b.remoteSdp ?? '' };
}

function codeOf(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return isSwitchhookError(error) ? error.code : error;
  }
  return undefined;
}

const lines = (text: string) => cryptoAttributes(parseSdp(text).media[0]);

describe('SRTP by security descriptions', () => {
  it('is offered with a key of its own for each suite', () => {
    const offer = engine().createOffer(required([GCM, SHA80, SHA32]));
    expect(offer).toContain('m=audio 4000 RTP/SAVP ');
    const offered = lines(offer);
    expect(offered.map(({ tag, suite, keys }) => [tag, suite, keys[0].keySalt.length])).toEqual([
      [1, 'AEAD_AES_128_GCM', 28],
      [2, 'AES_CM_128_HMAC_SHA1_80', 30],
      [3, 'AES_CM_128_HMAC_SHA1_32', 30],
    ]);
    expect(new Set(offered.map(({ keys }) => keys[0].keySalt.join())).size).toBe(3);
  });

  it('takes the first offered line of a suite of ours and echoes its tag', () => {
    const { a, b, answer } = exchange(required([GCM, SHA32, SHA80]), required([SHA80, SHA32]));
    expect(lines(answer).map(({ tag, suite }) => [tag, suite])).toEqual([[2, 'AES_CM_128_HMAC_SHA1_32']]);
    expect([a.crypto?.suite, a.crypto?.tag, a.protocol]).toEqual(['AES_CM_128_HMAC_SHA1_32', 2, 'RTP/SAVP']);
    expect(a.crypto?.localKey).toEqual(b.crypto?.remoteKey);
    expect(b.crypto?.localKey).toEqual(a.crypto?.remoteKey);
    expect(a.crypto?.localKey).not.toEqual(a.crypto?.remoteKey);
  });

  it.each([
    ['required', 'required', 'RTP/SAVP'],
    ['required', 'optional', 'RTP/SAVP'],
    ['optional', 'optional', 'RTP/AVP'],
    ['optional', 'required', 'RTP/AVP'],
    ['optional', 'off', undefined],
    ['off', 'optional', undefined],
    ['off', 'off', undefined],
    ['required', 'off', 'ERR_MEDIA_SRTP'],
    ['off', 'required', 'ERR_MEDIA_SRTP'],
  ])('offered %s, answered %s', (ofA, ofB, expected) => {
    const settings = (mode: string) =>
      mode === 'required' ? required() : mode === 'optional' ? optional() : local();
    if (expected === 'ERR_MEDIA_SRTP') {
      expect(codeOf(() => exchange(settings(ofA), settings(ofB)))).toBe(expected);
      return;
    }
    const { a, b, offer, answer } = exchange(settings(ofA), settings(ofB));
    expect([a.crypto !== undefined, b.crypto !== undefined]).toEqual([
      expected !== undefined,
      expected !== undefined,
    ]);
    expect(parseSdp(answer).media[0].protocol).toBe(parseSdp(offer).media[0].protocol);
    expect(lines(answer).length).toBe(expected === undefined ? 0 : 1);
  });

  it('says what is offered', () => {
    const b = engine();
    const security = (text: string) => {
      const summary = b.receiveOffer(text).security;
      b.rollback();
      return summary;
    };
    expect(security(peer('RTP/SAVP', `crypto:1 ${SHA80.suite} inline:${KEY}`))).toBe('required');
    expect(security(peer('RTP/AVP', `crypto:1 ${SHA80.suite} inline:${KEY}`))).toBe('optional');
    expect(security(peer('RTP/AVP'))).toBe('none');
  });

  it('prefers the secure one of two offered streams', () => {
    const two = `${peer('RTP/AVP')}m=audio 6100 RTP/SAVP 0\r\na=crypto:1 ${SHA80.suite} inline:${KEY}\r\n`;
    const [with_, without] = [engine(), engine()];
    with_.receiveOffer(two);
    expect(with_.createAnswer(optional()).result).toMatchObject({
      remote: { port: 6100 },
      crypto: { tag: 1 },
    });
    without.receiveOffer(two);
    expect(without.createAnswer(local()).result.remote.port).toBe(6000);
  });

  it('passes over lines it cannot honour', () => {
    const b = engine();
    b.receiveOffer(
      peer(
        'RTP/SAVP',
        `crypto:1 ${SHA80.suite} inline:short`,
        `crypto:2 ${SHA80.suite} inline:${KEY} UNENCRYPTED_SRTP`,
        `crypto:3 ${SHA80.suite} inline:${KEY} KDR=3`,
        `crypto:4 NEW_SUITE inline:${KEY}`,
        `crypto:5 ${SHA80.suite} inline:${KEY}|2^31|1:1 WSH=128 -UNKNOWN=1`,
      ),
    );
    const { crypto } = b.createAnswer(required()).result;
    expect([crypto?.tag, crypto?.remoteKey.lifetime, crypto?.remoteKey.mki]).toEqual([
      5,
      2 ** 31,
      { value: 1n, length: 1 },
    ]);
  });

  it('declines what it cannot do where SRTP is optional, and fails where it is not', () => {
    const b = engine();
    b.receiveOffer(peer('RTP/AVP', `crypto:1 NEW_SUITE inline:${KEY}`));
    expect(b.createAnswer(optional()).result.crypto).toBeUndefined();
    b.receiveOffer(peer('RTP/SAVP', `crypto:1 NEW_SUITE inline:${KEY}`));
    expect(codeOf(() => b.createAnswer(optional()))).toBe('ERR_MEDIA_SRTP');
  });

  it.each([
    ['no crypto line', required(), 'RTP/SAVP', []],
    ['an unknown tag', required(), 'RTP/SAVP', [`crypto:9 ${SHA80.suite} inline:${KEY}`]],
    ['another suite', required(), 'RTP/SAVP', [`crypto:1 ${SHA32.suite} inline:${KEY}`]],
    ['a broken key', optional(), 'RTP/AVP', [`crypto:1 ${SHA80.suite} inline:short`]],
    ['a secure profile nobody offered', local(), 'RTP/SAVP', [`crypto:1 ${SHA80.suite} inline:${KEY}`]],
  ])('refuses an answer with %s', (_, settings, protocol, attributes) => {
    const a = engine();
    a.createOffer(settings);
    expect(codeOf(() => a.receiveAnswer(peer(protocol, ...attributes)))).toBe('ERR_MEDIA_SRTP');
    expect(a.state).toBe('new');
  });

  it('refuses our own keys sent back', () => {
    const a = engine();
    const [mine] = lines(a.createOffer(required()));
    const echoed = `crypto:1 ${SHA80.suite} inline:${Buffer.from(mine.keys[0].keySalt).toString('base64')}`;
    expect(codeOf(() => a.receiveAnswer(peer('RTP/SAVP', echoed)))).toBe('ERR_MEDIA_SRTP');
  });

  it('keeps the keys over re-offers until address or port change (RFC 4568 §7.1.4)', () => {
    const [a, b] = [engine(), engine()];
    const key = (ofA: LocalAudio) =>
      exchange(ofA, required(undefined, { port: 5000 }), a, b).a.crypto?.localKey;
    const first = key(required());
    expect(key(required([SHA80], { direction: 'sendonly' }))).toEqual(first);
    expect(key(required([SHA80], { port: 4002 }))).not.toEqual(first);
  });

  it('takes keys from the caller, with MKI and lifetime', () => {
    const keys = [{ keySalt: new Uint8Array(30).fill(7), lifetime: 2 ** 20, mki: { value: 3n, length: 2 } }];
    const { a, b } = exchange(required([{ ...SHA80, keys, sessionParameters: ['WSH=64'] }]), required());
    expect(a.crypto?.localKey).toEqual(keys[0]);
    expect(b.crypto?.remoteKeys).toEqual(keys);
  });

  it('needs suites it knows', () => {
    expect(codeOf(() => engine().createOffer(required([])))).toBe('ERR_INVALID_ARGUMENT');
    expect(codeOf(() => engine().createOffer(required([{ suite: 'X' }])))).toBe('ERR_INVALID_ARGUMENT');
  });
});
