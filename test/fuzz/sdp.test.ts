/** Descriptions mutated at random: only coded errors come out, always in time, and the engine stays usable. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../src/base/errors.js';
import { SeededRandom } from '../../src/base/random.js';
import { OfferAnswer, parseSdp, printSdp } from '../../src/sdp/index.js';
import { G722, ILBC, local, OPUS, PCMU, sdp } from '../support/sdp.js';
import { hasShared, sharedPath } from '../support/shared.js';

const SEEDS = [
  sdp(`
    v=0
    o=alice 2890844526 2890844526 IN IP4 192.0.2.9
    s=-
    c=IN IP4 192.0.2.9
    t=0 0
    m=audio 49170 RTP/AVP 0 8 97 101 13
    a=rtpmap:97 iLBC/8000
    a=fmtp:97 mode=20
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=rtcp:49180 IN IP4 192.0.2.10
    a=rtcp-mux
    a=sendonly
    m=video 51372 RTP/AVP 31
    a=rtpmap:31 H261/90000`),
  sdp(`
    v=0
    o=- 1 1 IN IP6 2001:db8::1
    s=-
    c=IN IP6 2001:db8::1
    b=AS:64
    t=0 0
    a=recvonly
    m=audio 4000/2 RTP/SAVP 96 0
    a=rtpmap:96 opus/48000/2
    a=fmtp:96 useinbandfec=1
    a=ssrc:1 cname:x
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 WSH=64
    m=audio 0 RTP/AVP 9`),
];

const SPICE = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '=',
  ':',
  '/',
  ' ',
  '|',
  ';',
  'a=',
  'm=audio ',
  'c=IN IP4 0.0.0.0',
  '-1',
  '0',
  '65536',
  '99999999999999999999',
  '2^99',
  'é',
  '\u2028',
  '\ud800',
];

function mutate(text: string, random: SeededRandom): string {
  let out = text;
  for (let i = 1 + (random.uint32() % 6); i > 0; i--) {
    const at = random.uint32() % (out.length + 1);
    const length = random.uint32() % 12;
    const other = SEEDS[random.uint32() % SEEDS.length];
    const from = random.uint32() % other.length;
    switch (random.uint32() % 5) {
      case 0:
        out = out.slice(0, at) + out.slice(at + length);
        break;
      case 1:
        out = out.slice(0, at) + SPICE[random.uint32() % SPICE.length] + out.slice(at);
        break;
      case 2:
        out = out.slice(0, at) + String.fromCharCode(random.uint32() % 256) + out.slice(at + 1);
        break;
      case 3:
        out = out.slice(0, at) + other.slice(from, from + length * 5) + out.slice(at);
        break;
      default:
        out = out.slice(0, at);
    }
  }
  return out;
}

/** Runs `fn`; anything but a result or a coded error fails the test. */
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof SwitchhookError) return undefined;
    throw error;
  }
}

describe('mutated descriptions', () => {
  it('are parsed or refused, and printed as they came', () => {
    const random = new SeededRandom(7);
    let parsed = 0;
    for (let i = 0; i < 20_000; i++) {
      const text = mutate(SEEDS[i % SEEDS.length], random);
      const description = attempt(() => parseSdp(text));
      if (!description) continue;
      parsed++;
      if (printSdp(description) !== text) expect(printSdp(description)).toBe(text);
    }
    expect(parsed).toBeGreaterThan(4_000);
  });

  it('never bring the engine out of step', () => {
    const random = new SeededRandom(11);
    const settings = () =>
      local({
        formats: [OPUS, G722, ILBC, PCMU],
        comfortNoise: true,
        rtcpMux: 'offer',
        ...(random.uint32() % 2 === 0 && { crypto: [{ suite: 'AES_CM_128_HMAC_SHA1_80' }] }),
      });
    let engine = new OfferAnswer({ random });
    let agreed = 0;
    for (let i = 0; i < 4_000; i++) {
      if (i % 50 === 0) engine = new OfferAnswer({ random });
      const before = engine.current;
      const text = mutate(SEEDS[i % SEEDS.length], random);
      let done: unknown;
      if (random.uint32() % 2 === 0) {
        if (attempt(() => engine.receiveOffer(text))) done = attempt(() => engine.createAnswer(settings()));
      } else {
        attempt(() => engine.createOffer(settings()));
        done = attempt(() => engine.receiveAnswer(text));
      }
      expect(engine.state).toBe(engine.current ? 'stable' : 'new');
      if (!done) expect(engine.current).toBe(before);
      else {
        agreed++;
        expect(parseSdp(engine.localSdp ?? '').media.length).toBeLessThanOrEqual(32);
      }
    }
    expect(agreed).toBeGreaterThan(200);
  });
});

describe('texts made to be slow', () => {
  const head = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n';
  const long = (unit: string) => unit.repeat(Math.floor(8_000 / unit.length));
  it.each([
    ['NULs', `${'\0'.repeat(65_000)}x`],
    [
      'blanks in fmtp',
      `${head}m=audio 1 RTP/AVP 0\r\na=fmtp:0 ${long(' ')}\u2028\u2028\r\n`.padEnd(60_000, ' '),
    ],
    ['one line of formats', `${head}m=audio 1 RTP/AVP ${long('0 ')}\r\n`],
    ['many attributes', `${head}m=audio 1 RTP/AVP 0\r\n${'a=rtpmap:0 PCMU/8000\r\n'.repeat(1_900)}`],
    [
      'many keys',
      `${head}m=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 ${long('inline:A;')}\r\n`,
    ],
    [
      'an MKI of digits',
      `${head}m=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AA|${long('9')}:9\r\n`,
    ],
    ['many media', head + 'm=audio 1 RTP/AVP 18 4\r\n'.repeat(32)],
  ])('%s', (_, text) => {
    const engine = new OfferAnswer({ random: new SeededRandom(3) });
    for (let i = 0; i < 20; i++) {
      if (attempt(() => engine.receiveOffer(text))) attempt(() => engine.createAnswer(local()));
    }
    expect(engine.state).not.toBe('remote-offer');
  });
});

describe.skipIf(!hasShared)('descriptions in the torture messages', () => {
  const folders = ['rfc4475', 'rfc5118'].map((name) => sharedPath('vectors', 'sip-torture', name));
  const files = hasShared
    ? folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    : [];

  it('are parsed or refused', () => {
    let parsed = 0;
    for (const file of files) {
      const message = readFileSync(file, 'latin1');
      const at = message.indexOf('\r\n\r\nv=0');
      if (at < 0) continue;
      const body = message.slice(at + 4);
      const description = attempt(() => parseSdp(body));
      if (!description) continue;
      parsed++;
      expect(printSdp(description)).toBe(body);
    }
    expect(parsed).toBeGreaterThan(10);
  });
});
