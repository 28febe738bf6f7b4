/** The examples of RFC 3264 §10 and RFC 4317, played against the engine in the role of either party. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import {
  type LocalAudio,
  type NegotiatedAudio,
  OfferAnswer,
  parseSdp,
  printSdp,
} from '../../../src/sdp/index.js';
import { ILBC, local, PCMA, PCMU, sdp } from '../../support/sdp.js';

const G723 = { name: 'G723', clockRate: 8000, channels: 1 };
const G729 = { name: 'G729', clockRate: 8000, channels: 1 };
/** Without fmtp, as in the examples. */
const ILBC_97 = { ...ILBC, fmtp: undefined, payloadType: 97 };

/** One party's description; `media` from the examples. */
function description(who: 'alice' | 'bob', version: number, media: string): string {
  const [id, host] = who === 'alice' ? ['2890844526', 'host.atlanta'] : ['2808844564', 'host.biloxi'];
  return sdp(`
    v=0
    o=${who} ${id} ${version} IN IP4 ${host}.example.com
    s=
    c=IN IP4 ${host}.example.com
    t=0 0
    ${media}`);
}

const ours = (formats: LocalAudio['formats'], more: Partial<LocalAudio> = {}) =>
  local({ formats, telephoneEvent: false, ...more });
const engine = () => new OfferAnswer({ random: new SeededRandom(42) });
const mediaLines = (text: string) => text.split('\r\n').filter((line) => line.startsWith('m='));
const numbers = (list: NegotiatedAudio['send']) =>
  list.map(({ payloadType, format }) => [payloadType, format.name]);

function answer(us: OfferAnswer, offer: string, settings: LocalAudio) {
  us.receiveOffer(offer);
  const { sdp: text, result } = us.createAnswer(settings);
  return { media: mediaLines(text), text, result };
}

const AUDIO_VIDEO = `
  m=audio 49170 RTP/AVP 0 8 97
  a=rtpmap:0 PCMU/8000
  a=rtpmap:8 PCMA/8000
  a=rtpmap:97 iLBC/8000
  m=video 51372 RTP/AVP 31 32
  a=rtpmap:31 H261/90000
  a=rtpmap:32 MPV/90000`;

describe('RFC 3264 §10', () => {
  it('§10.1: basic exchange, with an audio stream for events added by the peer', () => {
    const alice = engine();
    // Alice's offer has video as well, which we never offer ourselves: it enters through an offer of Bob's.
    const first = answer(
      alice,
      description(
        'bob',
        1,
        'm=audio 49920 RTP/AVP 0\nm=video 0 RTP/AVP 31\nm=video 53000 RTP/AVP 32\na=rtpmap:32 MPV/90000',
      ),
      ours([PCMU]),
    );
    expect(first.media).toEqual(['m=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 31', 'm=video 0 RTP/AVP 32']);
    const second = answer(
      alice,
      description(
        'bob',
        2,
        `m=audio 65422 RTP/AVP 0
         a=rtpmap:0 PCMU/8000
         m=video 0 RTP/AVP 31
         m=video 53000 RTP/AVP 32
         a=rtpmap:32 MPV/90000
         m=audio 51434 RTP/AVP 110
         a=rtpmap:110 telephone-events/8000
         a=recvonly`,
      ),
      ours([PCMU]),
    );
    expect(second.media).toEqual([
      'm=audio 4000 RTP/AVP 0',
      'm=video 0 RTP/AVP 31',
      'm=video 0 RTP/AVP 32',
      'm=audio 0 RTP/AVP 110',
    ]);
    expect(second.result.remote).toMatchObject({
      address: 'host.biloxi.example.com',
      port: 65422,
      rtcpPort: 65423,
    });
    expect(parseSdp(second.text).origin.sessionVersion).toBe('2');
  });

  it('§10.2: one of N codecs, as the offerer and as the answerer', () => {
    const [alice, bob] = [engine(), engine()];
    const offer = alice.createOffer(ours([PCMU, G723, G729], { direction: 'inactive' }));
    expect(mediaLines(offer)).toEqual(['m=audio 4000 RTP/AVP 0 4 18']);
    const first = answer(bob, offer, ours([PCMU, G723]));
    expect(first.media).toEqual(['m=audio 4000 RTP/AVP 0 4']);
    expect(first.text).toContain('a=inactive\r\n');
    expect(alice.receiveAnswer(first.text)).toMatchObject({ direction: 'inactive', remoteHeld: true });
    const locked = answer(bob, alice.createOffer(ours([G723])), ours([PCMU, G723]));
    expect(locked.media).toEqual(['m=audio 4000 RTP/AVP 4']);
    expect([alice.receiveAnswer(locked.text).direction, locked.result.direction]).toEqual([
      'sendrecv',
      'sendrecv',
    ]);
    expect([alice.localSdp, bob.localSdp].map((text) => parseSdp(text ?? '').origin.sessionVersion)).toEqual([
      '2',
      '2',
    ]);
  });
});

describe('RFC 4317', () => {
  it('§2.1: one codec of several; the video is rejected by us', () => {
    const { media, result } = answer(engine(), description('alice', 2890844526, AUDIO_VIDEO), ours([PCMU]));
    expect(media).toEqual(['m=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 31']);
    expect(numbers(result.send)).toEqual([[0, 'PCMU']]);
  });

  it('§2.2: two codecs, then locked to one; the declined stream stays', () => {
    const bob = engine();
    const first = answer(bob, description('alice', 2890844526, AUDIO_VIDEO), ours([PCMU, PCMA]));
    expect(first.media).toEqual(['m=audio 4000 RTP/AVP 0 8', 'm=video 0 RTP/AVP 31']);
    const second = answer(
      bob,
      description(
        'alice',
        2890844527,
        'm=audio 51372 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\na=rtpmap:31 H261/90000',
      ),
      ours([PCMU, PCMA]),
    );
    expect(second.media).toEqual(['m=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 31']);
    expect(second.result.remote.port).toBe(51372);
  });

  it('§2.3: the answer may use another dynamic number for the same codec', () => {
    const alice = engine();
    expect(mediaLines(alice.createOffer(ours([PCMU, PCMA, ILBC_97])))).toEqual([
      'm=audio 4000 RTP/AVP 0 8 97',
    ]);
    const result = alice.receiveAnswer(
      description('bob', 2808844564, 'm=audio 49172 RTP/AVP 99\na=rtpmap:99 iLBC/8000'),
    );
    expect(numbers(result.send)).toEqual([[99, 'iLBC']]);
    expect(numbers(result.receive)).toEqual([
      [97, 'iLBC'],
      [99, 'iLBC'],
    ]);
  });

  it('§2.4: of two audio streams the first is used', () => {
    const { media } = answer(
      engine(),
      description(
        'alice',
        2890844526,
        'm=audio 49170 RTP/AVP 0 97\na=rtpmap:97 iLBC/8000\nm=audio 49172 RTP/AVP 98\na=rtpmap:98 telephone-event/8000\na=sendonly',
      ),
      ours([ILBC_97]),
    );
    expect(media).toEqual(['m=audio 4000 RTP/AVP 97', 'm=audio 0 RTP/AVP 98']);
  });

  it('§2.5: the peer moves to another host, our answer stays the same, version and all', () => {
    const alice = engine();
    alice.createOffer(ours([ILBC_97]));
    alice.receiveAnswer(description('bob', 2808844564, 'm=audio 49174 RTP/AVP 97\na=rtpmap:97 iLBC/8000'));
    const before = alice.localSdp;
    const moved = description('bob', 2808844565, 'm=audio 49178 RTP/AVP 97\na=rtpmap:97 iLBC/8000').replace(
      'c=IN IP4 host',
      'c=IN IP4 newhost',
    );
    const { text, result } = answer(alice, moved, ours([ILBC_97]));
    expect(text).toBe(before);
    expect(result.remote).toMatchObject({ address: 'newhost.biloxi.example.com', port: 49178 });
  });

  it('§2.6: the second audio stream is taken when the first does not suit', () => {
    const { media, result } = answer(
      engine(),
      description(
        'alice',
        2890844526,
        'm=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=audio 51372 RTP/AVP 97 101\na=rtpmap:97 iLBC/8000\na=rtpmap:101 telephone-event/8000',
      ),
      local({ formats: [ILBC_97] }),
    );
    expect(media).toEqual(['m=audio 0 RTP/AVP 0', 'm=audio 4000 RTP/AVP 97 101']);
    expect([result.remote.port, result.telephoneEventSend?.payloadType]).toEqual([51372, 101]);
  });

  it('§3.1: held from the start, resumed by the peer', () => {
    const alice = engine();
    alice.createOffer(ours([PCMU, ILBC_97]));
    const held = alice.receiveAnswer(
      description('bob', 2808844564, 'm=audio 49172 RTP/AVP 97\na=rtpmap:97 iLBC/8000\na=sendonly'),
    );
    expect(held).toMatchObject({ direction: 'recvonly', remoteHeld: true });
    const resumed = answer(
      alice,
      description('bob', 2808844565, 'm=audio 49170 RTP/AVP 97\na=rtpmap:97 iLBC/8000'),
      ours([PCMU, ILBC_97], { port: 49178 }),
    );
    expect(resumed.result).toMatchObject({ direction: 'sendrecv', remoteHeld: false });
    expect(resumed.media).toEqual(['m=audio 49178 RTP/AVP 97']);
  });

  it('§3.2: one of two streams held', () => {
    const alice = engine();
    const { result } = answer(
      alice,
      description(
        'bob',
        2808844565,
        'm=audio 49172 RTP/AVP 97\na=rtpmap:97 iLBC/8000\na=sendonly\nm=audio 49174 RTP/AVP 98\na=rtpmap:98 telephone-event/8000\na=recvonly',
      ),
      ours([PCMU, ILBC_97]),
    );
    expect(result.direction).toBe('recvonly');
  });

  it('§4.1, §4.2: streams added later are refused below ours', () => {
    const alice = engine();
    alice.createOffer(ours([PCMU, ILBC_97]));
    alice.receiveAnswer(description('bob', 2808844564, 'm=audio 49170 RTP/AVP 97\na=rtpmap:97 iLBC/8000'));
    const { media } = answer(
      alice,
      description(
        'bob',
        2808844565,
        'm=audio 49170 RTP/AVP 97\na=rtpmap:97 iLBC/8000\nm=audio 48282 RTP/AVP 98\nc=IN IP4 mediaserver.biloxi.example.com\na=rtpmap:98 telephone-event/8000\na=recvonly',
      ),
      ours([PCMU, ILBC_97]),
    );
    expect(media).toEqual(['m=audio 4000 RTP/AVP 97', 'm=audio 0 RTP/AVP 98']);
    expect(mediaLines(alice.createOffer(ours([ILBC_97])))).toEqual(media);
  });

  it('§5.1: no media first, then audio', () => {
    const bob = engine();
    expect(answer(bob, description('alice', 2890844526, ''), ours([PCMU])).media).toEqual([]);
    expect(bob.current?.active).toBe(false);
    const { media, result } = answer(
      bob,
      description('alice', 2890844527, 'm=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000'),
      ours([PCMU]),
    );
    expect([media, result.active]).toEqual([['m=audio 4000 RTP/AVP 0'], true]);
  });

  it('prints every description as it came', () => {
    const text = description('alice', 2890844526, AUDIO_VIDEO);
    expect(printSdp(parseSdp(text))).toBe(text);
  });
});
