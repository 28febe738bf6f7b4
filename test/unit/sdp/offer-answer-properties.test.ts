/** Two engines, any sequence of offers and answers: their views must fit together after every step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import { SeededRandom } from '../../../src/base/random.js';
import {
  audioFormats,
  type LocalAudio,
  type NegotiatedAudio,
  OfferAnswer,
  parseSdp,
  receives,
  sameEncoding,
  sends,
} from '../../../src/sdp/index.js';
import { G722, G729, ILBC, OPUS, PCMA, PCMU, SPEEX } from '../../support/sdp.js';

const POOL = [PCMU, PCMA, G722, G729, ILBC, SPEEX, OPUS, { ...SPEEX, clockRate: 8000 }];
const payloadType = fc.option(fc.integer({ min: 90, max: 102 }), { nil: undefined });
const format = fc
  .tuple(fc.constantFrom(...POOL), payloadType)
  .map(([one, number]) => (number === undefined ? one : { ...one, payloadType: number }));

const settings = (address: string): fc.Arbitrary<LocalAudio> =>
  fc.record(
    {
      address: fc.constant(address),
      port: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(4000, 4010) },
        { weight: 1, arbitrary: fc.constant(0) },
      ),
      formats: fc.uniqueArray(format, {
        minLength: 1,
        maxLength: 5,
        selector: (f) => `${f.name}/${f.clockRate}`,
      }),
      direction: fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive'),
      answerOrder: fc.constantFrom('offer', 'local'),
      telephoneEvent: fc.oneof(fc.boolean(), fc.record({ payloadType: fc.integer({ min: 96, max: 102 }) })),
      comfortNoise: fc.boolean(),
      rtcpMux: fc.constantFrom('off', 'offer'),
      ptime: fc.constantFrom(20, 30),
      protocol: fc.constant('RTP/AVP'),
      crypto: fc.constantFrom([{ suite: 'AEAD_AES_128_GCM' }], [{ suite: 'AES_CM_128_HMAC_SHA1_80' }]),
    },
    { requiredKeys: ['address', 'port', 'formats', 'direction'] },
  );

const step = fc.record({
  offerer: fc.constantFrom(0, 1),
  locals: fc.tuple(settings('192.0.2.1'), settings('198.51.100.1')),
  rejected: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  /** The answer comes in an unreliable 18x first. */
  preview: fc.boolean(),
});

/** Every description one side issued, checked for what must hold over the whole session. */
class History {
  readonly numbers = new Map<number, string>();
  origin: string | undefined;
  version = 0;
  mediaCount = 0;
  latest = '';

  add(text: string): void {
    const description = parseSdp(text);
    const { sessionVersion, ...fixed } = description.origin;
    this.origin ??= JSON.stringify(fixed);
    expect(JSON.stringify(fixed)).toBe(this.origin);
    const increment = Number(sessionVersion) - this.version;
    expect(increment).toBe(text === this.latest ? 0 : 1);
    this.version = Number(sessionVersion);
    this.latest = text;
    expect(description.media.length).toBeGreaterThanOrEqual(this.mediaCount);
    this.mediaCount = description.media.length;
    for (const media of description.media) {
      if (media.port === 0) continue;
      const all = audioFormats(media);
      expect(all.length).toBe(media.formats.length);
      for (const { payloadType: number, name, clockRate } of all) {
        const meaning = `${name.toLowerCase()}/${clockRate}`;
        expect(this.numbers.get(number) ?? meaning).toBe(meaning);
        this.numbers.set(number, meaning);
      }
    }
  }
}

/** What `from` may send must be what `to` expects. */
function fits(from: NegotiatedAudio, to: NegotiatedAudio): void {
  for (const { payloadType: number, format: sent } of from.send) {
    const expected = to.receive.find((one) => one.payloadType === number);
    expect(expected && sameEncoding(expected.format, sent)).toBe(true);
  }
  if (from.telephoneEventSend) {
    const { payloadType: number, clockRate } = from.telephoneEventSend;
    expect(to.telephoneEventReceive.some((e) => e.payloadType === number && e.clockRate === clockRate)).toBe(
      true,
    );
  }
  expect(from.comfortNoiseSend).toBe(to.comfortNoiseReceive);
  const numbers = [...to.receive, ...to.telephoneEventReceive].map((one) => one.payloadType);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(sends(from.direction)).toBe(receives(to.direction));
  expect(from.crypto?.localKey).toEqual(to.crypto?.remoteKey);
}

describe('two engines', () => {
  it('agree after any sequence of offers and answers', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(), (steps, seed) => {
        const engines = [0, 1].map((i) => new OfferAnswer({ random: new SeededRandom(seed + i + 1) }));
        const histories = [new History(), new History()];
        for (const { offerer, locals, rejected, preview } of steps) {
          const answerer = 1 - offerer;
          const [a, b] = [engines[offerer], engines[answerer]];
          const before = [a.current, b.current, a.state, b.state];
          const unchanged = () => expect([a.current, b.current, a.state, b.state]).toEqual(before);

          const offer = a.createOffer(locals[offerer]);
          histories[offerer].add(offer);
          b.receiveOffer(offer);
          if (rejected) {
            a.rollback();
            b.rollback();
            unchanged();
            continue;
          }
          let answer: ReturnType<OfferAnswer['createAnswer']>;
          try {
            answer = b.createAnswer(locals[answerer]);
          } catch (error) {
            expect(isSwitchhookError(error, 'ERR_MEDIA_NO_COMMON_CODEC')).toBe(true);
            a.rollback();
            unchanged();
            continue;
          }
          histories[answerer].add(answer.sdp);
          if (preview) expect(a.previewAnswer(answer.sdp).active).toBe(answer.result.active);
          const [ofA, ofB] = [a.receiveAnswer(answer.sdp), answer.result];
          expect([a.state, b.state]).toEqual(['stable', 'stable']);
          expect(ofA.active).toBe(ofB.active);
          expect(ofA.active).toBe(locals[0].port !== 0 && locals[1].port !== 0);
          if (!ofA.active) continue;
          fits(ofA, ofB);
          fits(ofB, ofA);
          expect(ofA.rtcpMux).toBe(ofB.rtcpMux);
          expect(ofA.send[0].format.name).toBe(ofB.send[0].format.name);
          expect(ofA.remote).toMatchObject({
            address: locals[answerer].address,
            port: locals[answerer].port,
          });
          expect(ofB.remote).toMatchObject({ address: locals[offerer].address, port: locals[offerer].port });
        }
      }),
      { numRuns: 150 },
    );
  });
});
