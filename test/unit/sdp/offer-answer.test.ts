import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import { SeededRandom } from '../../../src/base/random.js';
import { type Direction, meetDirection, OfferAnswer, parseSdp } from '../../../src/sdp/index.js';
import { G722, G729, ILBC, local, OPUS, PCMA, PCMU, SPEEX, sdp } from '../../support/sdp.js';

let seed = 1;
const engine = () => new OfferAnswer({ random: new SeededRandom(seed++) });

/** A peer's description with one audio stream. */
function peer(media: string, version = 1, session = 'c=IN IP4 198.51.100.1'): string {
  return sdp(`
    v=0
    o=peer 99 ${version} IN IP4 198.51.100.1
    s=-
    ${session}
    t=0 0
    ${media}`);
}

function codeOf(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return isSwitchhookError(error) ? error.code : error;
  }
  return undefined;
}

const mediaLines = (text: string) => text.split('\r\n').filter((line) => line.startsWith('m='));
const version = (text: string) => Number(parseSdp(text).origin.sessionVersion);

/** One exchange; both sides' results. */
function exchange(
  a: OfferAnswer,
  b: OfferAnswer,
  ofA = local(),
  ofB = local({ address: '192.0.2.2', port: 5000 }),
) {
  b.receiveOffer(a.createOffer(ofA));
  const answered = b.createAnswer(ofB);
  return { a: a.receiveAnswer(answered.sdp), b: answered.result, answer: answered.sdp };
}

describe('an offer', () => {
  it('describes what we want', () => {
    const offer = engine().createOffer(
      local({
        formats: [OPUS, G722, PCMU],
        comfortNoise: true,
        ptime: 20,
        maxptime: 60,
        rtcpMux: 'offer',
        direction: 'sendonly',
        extraAttributes: [{ name: 'X-own', value: '1' }],
      }),
    );
    expect(offer.replace(/o=- \d+ /, 'o=- ID ')).toBe(
      sdp(`
        v=0
        o=- ID 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 4000 RTP/AVP 96 9 0 13 97 101
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 useinbandfec=1
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:97 telephone-event/48000
        a=fmtp:97 0-15
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=maxptime:60
        a=rtcp-mux
        a=sendonly
        a=X-own:1`),
    );
  });

  it('speaks IPv6, another RTCP port, and refuses two ports when told to', () => {
    const offer = engine().createOffer(local({ address: '2001:db8::1', rtcpPort: 4000, rtcpMux: 'require' }));
    expect(offer).toContain('c=IN IP6 2001:db8::1\r\n');
    expect(offer).toContain(' IN IP6 2001:db8::1\r\n');
    expect(offer).toContain('a=rtcp:4000\r\na=rtcp-mux\r\na=rtcp-mux-only\r\n');
  });

  it('uses the numbers asked for, when they are free', () => {
    const offer = engine().createOffer(
      local({
        formats: [
          { ...OPUS, payloadType: 111 },
          { ...SPEEX, payloadType: 111 },
        ],
        telephoneEvent: { payloadType: 111 },
      }),
    );
    expect(mediaLines(offer)).toEqual(['m=audio 4000 RTP/AVP 111 96 97 98']);
    expect(offer).toContain('a=rtpmap:98 telephone-event/16000');
  });

  it('needs a format and a port', () => {
    const a = engine();
    expect(codeOf(() => a.createOffer(local({ formats: [] })))).toBe('ERR_INVALID_ARGUMENT');
    expect(codeOf(() => a.createOffer(local({ port: 70000 })))).toBe('ERR_INVALID_ARGUMENT');
    expect(a.state).toBe('new');
  });
});

describe('the states', () => {
  it('go through one exchange at a time', () => {
    const [a, b] = [engine(), engine()];
    expect([a.state, a.current, a.localSdp, a.remoteSdp]).toEqual(['new', undefined, undefined, undefined]);
    const offer = a.createOffer(local());
    expect([a.state, a.localSdp]).toEqual(['local-offer', offer]);
    expect(codeOf(() => a.createOffer(local()))).toBe('ERR_SDP_STATE');
    expect(codeOf(() => a.receiveOffer(offer))).toBe('ERR_SDP_STATE');
    expect(codeOf(() => a.createAnswer(local()))).toBe('ERR_SDP_STATE');
    b.receiveOffer(offer);
    expect([b.state, b.remoteSdp]).toEqual(['remote-offer', offer]);
    expect(codeOf(() => b.createOffer(local()))).toBe('ERR_SDP_STATE');
    expect(codeOf(() => b.receiveAnswer(offer))).toBe('ERR_SDP_STATE');
    const { sdp: answer, result } = b.createAnswer(local({ port: 5000 }));
    expect([b.state, b.localSdp, b.remoteSdp, b.current]).toEqual(['stable', answer, offer, result]);
    const read = a.receiveAnswer(answer);
    expect([a.state, a.localSdp, a.remoteSdp, a.current]).toEqual(['stable', offer, answer, read]);
    expect(codeOf(() => a.receiveAnswer(answer))).toBe('ERR_SDP_STATE');
  });

  it('keep what was agreed when a new offer fails', () => {
    const [a, b] = [engine(), engine()];
    const { a: before } = exchange(a, b);
    const agreedSdp = a.localSdp;

    // Ours is refused with 488.
    a.createOffer(local({ direction: 'inactive' }));
    a.rollback();
    expect([a.state, a.current, a.localSdp]).toEqual(['stable', before, agreedSdp]);

    // Ours is answered with nonsense.
    for (const [answer, code] of [
      ['nonsense', 'ERR_SDP_PARSE'],
      [peer('m=audio 6000 RTP/AVP 18'), 'ERR_MEDIA_NO_COMMON_CODEC'],
      [peer('m=audio 6000 udp 0'), 'ERR_SDP_UNACCEPTABLE'],
      [peer('m=audio 6000 RTP/AVP 0', 1, ''), 'ERR_SDP_UNACCEPTABLE'],
    ]) {
      a.createOffer(local());
      expect(codeOf(() => a.receiveAnswer(answer))).toBe(code);
      expect([a.state, a.current]).toEqual(['stable', before]);
    }

    // The peer's cannot be accepted.
    expect(codeOf(() => a.receiveOffer('nonsense'))).toBe('ERR_SDP_PARSE');
    expect(a.state).toBe('stable');
    a.receiveOffer(peer('m=audio 6000 RTP/AVP 18'));
    expect(codeOf(() => a.createAnswer(local()))).toBe('ERR_MEDIA_NO_COMMON_CODEC');
    expect([a.state, a.current]).toEqual(['stable', before]);
    a.receiveOffer(peer('m=audio 6000 RTP/AVP 0'));
    a.rollback();
    expect([a.state, a.current]).toEqual(['stable', before]);
  });

  it('serve an offerless INVITE: the offer in the 200, the answer in the ACK', () => {
    const [caller, callee] = [engine(), engine()];
    caller.receiveOffer(callee.createOffer(local()));
    const { sdp: answer, result } = caller.createAnswer(local({ port: 5000 }));
    expect(callee.receiveAnswer(answer).remote.port).toBe(5000);
    expect(result.remote.port).toBe(4000);
  });

  it('fork: each early dialog answers the same offer', () => {
    const a = engine();
    a.createOffer(local({ formats: [PCMU, OPUS] }));
    const [one, two] = [a.fork(), a.fork()];
    one.receiveAnswer(peer('m=audio 6000 RTP/AVP 0'));
    two.receiveAnswer(peer('m=audio 7000 RTP/AVP 96\na=rtpmap:96 opus/48000/2'));
    expect([one.current?.remote.port, two.current?.remote.port, a.state]).toEqual([
      6000,
      7000,
      'local-offer',
    ]);
    expect(one.current?.send[0].format.name).toBe('PCMU');
    expect(two.current?.send[0].format.name).toBe('opus');
    one.receiveOffer(peer('m=audio 6000 RTP/AVP 120\na=rtpmap:120 opus/48000/2', 2));
    one.createAnswer(local({ formats: [OPUS] }));
    expect(two.createOffer(local({ formats: [OPUS] }))).not.toContain('120');
  });

  it('preview an answer without concluding', () => {
    const a = engine();
    a.createOffer(local());
    expect(a.previewAnswer(peer('m=audio 6000 RTP/AVP 8')).send[0].payloadType).toBe(8);
    expect([a.state, a.current]).toEqual(['local-offer', undefined]);
    expect(codeOf(() => a.previewAnswer('x'))).toBe('ERR_SDP_PARSE');
    expect(a.receiveAnswer(peer('m=audio 7000 RTP/AVP 0')).remote.port).toBe(7000);
  });
});

describe('versions', () => {
  it('go up by one when the description changes, and only then', () => {
    const [a, b] = [engine(), engine()];
    exchange(a, b);
    const first = parseSdp(a.localSdp ?? '').origin;
    exchange(a, b);
    expect(parseSdp(a.localSdp ?? '').origin).toEqual(first);
    expect(version(b.localSdp ?? '')).toBe(1);
    exchange(a, b, local({ direction: 'sendonly', address: '192.0.2.77' }));
    expect(parseSdp(a.localSdp ?? '').origin).toEqual({ ...first, sessionVersion: '2' });
  });

  it('are not used again for other content after a rejected offer', () => {
    const [a, b] = [engine(), engine()];
    exchange(a, b);
    expect(version(a.createOffer(local({ direction: 'sendonly' })))).toBe(2);
    a.rollback();
    expect(version(a.createOffer(local({ direction: 'inactive' })))).toBe(3);
    a.rollback();
    expect(version(a.createOffer(local({ direction: 'inactive' })))).toBe(3);
  });

  it('tell an offer that changes nothing', () => {
    const [a, b] = [engine(), engine()];
    exchange(a, b);
    expect(b.receiveOffer(a.createOffer(local())).unchanged).toBe(true);
    const { sdp: answer, result } = b.createAnswer(local({ address: '192.0.2.2', port: 5000 }));
    expect(version(answer)).toBe(1);
    expect(result).toEqual(b.current);
    a.receiveAnswer(answer);
    expect(b.receiveOffer(a.createOffer(local({ ptime: 40 }))).unchanged).toBe(false);
  });
});

describe('an answer', () => {
  it('lists the common formats in the order of the offer, or in ours', () => {
    const offer = peer('m=audio 6000 RTP/AVP 8 97 0 18\na=rtpmap:97 ILBC/8000');
    const formats = [PCMU, ILBC, PCMA];
    const b = engine();
    b.receiveOffer(offer);
    expect(mediaLines(b.createAnswer(local({ formats, telephoneEvent: false })).sdp)).toEqual([
      'm=audio 4000 RTP/AVP 8 97 0',
    ]);
    b.receiveOffer(offer);
    const { result } = b.createAnswer(local({ formats, answerOrder: 'local', telephoneEvent: false }));
    expect(result.send.map(({ payloadType }) => payloadType)).toEqual([0, 97, 8]);
    expect(result.send[1].format).toEqual({ name: 'iLBC', clockRate: 8000, channels: 1, payloadType: 97 });
    expect(result.receive[1].format.fmtp).toBe('mode=30');
  });

  it('keeps the payload numbers of the offer and of each side apart', () => {
    const a = engine();
    // We called iLBC 96 once; the peer calls it 100 and uses 96 for Speex.
    const offer = a.createOffer(local({ formats: [{ ...ILBC, payloadType: 96 }] }));
    expect(mediaLines(offer)).toEqual(['m=audio 4000 RTP/AVP 96 101']);
    a.rollback();
    a.receiveOffer(
      peer(
        'm=audio 6000 RTP/AVP 100 96\na=rtpmap:96 speex/16000\na=rtpmap:100 iLBC/8000\na=fmtp:100 mode=20',
      ),
    );
    const { result, sdp: answer } = a.createAnswer(local({ formats: [ILBC, SPEEX] }));
    expect(result.send.map(({ payloadType, format }) => [payloadType, format.name, format.fmtp])).toEqual([
      [100, 'iLBC', 'mode=20'],
      [96, 'speex', undefined],
    ]);
    expect(result.receive.map(({ payloadType, format }) => [payloadType, format.name])).toEqual([
      [100, 'iLBC'],
      [97, 'speex'],
    ]);
    expect(mediaLines(answer)).toEqual(['m=audio 4000 RTP/AVP 100 97']);
    // And nothing of this ever changes.
    const next = a.createOffer(local({ formats: [ILBC, SPEEX, OPUS], telephoneEvent: false }));
    expect(mediaLines(next)).toEqual(['m=audio 4000 RTP/AVP 100 97 98']);
  });

  it('leaves the numbers of the peer alone in later offers', () => {
    const b = engine();
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 96 0\na=rtpmap:96 unknown/8000'));
    b.createAnswer(local());
    expect(
      mediaLines(b.createOffer(local({ formats: [{ ...OPUS, payloadType: 96 }], telephoneEvent: false }))),
    ).toEqual(['m=audio 4000 RTP/AVP 97']);
  });

  it('carries events and comfort noise', () => {
    const b = engine();
    b.receiveOffer(
      peer(`
        m=audio 6000 RTP/AVP 0 13 110 111
        a=rtpmap:110 telephone-event/8000
        a=fmtp:110 0-11,16
        a=rtpmap:111 telephone-event/48000`),
    );
    const { result, sdp: answer } = b.createAnswer(local({ comfortNoise: true }));
    expect(mediaLines(answer)).toEqual(['m=audio 4000 RTP/AVP 0 13 110']);
    expect(result.telephoneEventSend).toEqual({ payloadType: 110, clockRate: 8000, events: '0-11,16' });
    expect(result.telephoneEventReceive).toEqual([{ payloadType: 110, clockRate: 8000, events: '0-15' }]);
    expect([result.comfortNoiseSend, result.comfortNoiseReceive]).toEqual([13, 13]);
    b.receiveOffer(b.remoteSdp ?? '');
    const without = b.createAnswer(local({ telephoneEvent: false })).result;
    expect(without.telephoneEventSend).toBeUndefined();
    expect(without.telephoneEventReceive).toEqual([]);
    expect(without.comfortNoiseReceive).toBeUndefined();
  });

  it('chooses the events of the clock of the codec', () => {
    const b = engine();
    b.receiveOffer(
      peer(`
        m=audio 6000 RTP/AVP 96 0 97 98
        a=rtpmap:96 opus/48000/2
        a=rtpmap:97 telephone-event/8000
        a=rtpmap:98 telephone-event/48000`),
    );
    const { result } = b.createAnswer(local({ formats: [OPUS, PCMU] }));
    expect(result.telephoneEventSend?.payloadType).toBe(98);
    expect(result.telephoneEventReceive.map(({ clockRate }) => clockRate)).toEqual([8000, 48000]);
  });

  it('rejects every other stream in its place and keeps the places', () => {
    const b = engine();
    b.receiveOffer(
      peer(`
        m=video 6100 RTP/AVP 31 32
        m=audio 6000 RTP/AVP 0
        m=application 6200 UDP/BFCP *
        m=audio 6300 RTP/AVP 8`),
    );
    const places = [
      'm=video 0 RTP/AVP 31',
      'm=audio 4000 RTP/AVP 0',
      'm=application 0 UDP/BFCP *',
      'm=audio 0 RTP/AVP 8',
    ];
    expect(mediaLines(b.createAnswer(local({ telephoneEvent: false })).sdp)).toEqual(places);
    const offer = b.createOffer(local({ telephoneEvent: false, direction: 'sendonly', formats: [PCMU] }));
    expect(mediaLines(offer)).toEqual(places);
    expect(
      b.receiveAnswer(
        peer(
          'm=video 0 RTP/AVP 31\nm=audio 6000 RTP/AVP 0\nm=application 0 UDP/BFCP *\nm=audio 0 RTP/AVP 8',
          2,
        ),
      ).active,
    ).toBe(true);
    // The peer leaves places out, against RFC 3264 §8.
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 0', 3));
    expect(mediaLines(b.createAnswer(local({ telephoneEvent: false })).sdp)).toEqual([
      'm=audio 4000 RTP/AVP 0',
    ]);
  });

  it('takes the audio stream it can use', () => {
    const b = engine();
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 18\nm=audio 6100 UDP/TLS/RTP/SAVP 0\nm=audio 6200 RTP/AVP 8'));
    const { sdp: answer, result } = b.createAnswer(local({ telephoneEvent: false }));
    expect(mediaLines(answer)).toEqual([
      'm=audio 0 RTP/AVP 18',
      'm=audio 0 UDP/TLS/RTP/SAVP 0',
      'm=audio 4000 RTP/AVP 8',
    ]);
    expect(result.remote.port).toBe(6200);
    expect(mediaLines(b.createOffer(local({ telephoneEvent: false, formats: [PCMA] })))[2]).toBe(
      'm=audio 4000 RTP/AVP 8',
    );
  });

  it('copies the time of the offer', () => {
    const b = engine();
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 0').replace('t=0 0', 't=3724394400 3724398000'));
    expect(b.createAnswer(local()).sdp).toContain('\r\nt=3724394400 3724398000\r\n');
  });

  it('is impossible without anything in common', () => {
    const b = engine();
    for (const [media, code] of [
      ['m=audio 6000 RTP/AVP 18 4', 'ERR_MEDIA_NO_COMMON_CODEC'],
      ['m=audio 6000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000', 'ERR_MEDIA_NO_COMMON_CODEC'],
      ['m=video 6000 RTP/AVP 31', 'ERR_MEDIA_NO_COMMON_CODEC'],
      ['m=audio 0 RTP/AVP 0\nm=image 6000 udptl t38', 'ERR_MEDIA_NO_COMMON_CODEC'],
      ['m=audio 6000 UDP/TLS/RTP/SAVP 0', 'ERR_SDP_UNACCEPTABLE'],
    ]) {
      b.receiveOffer(peer(media));
      expect(codeOf(() => b.createAnswer(local()))).toBe(code);
      expect(b.state).toBe('new');
    }
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 18 4'));
    expect(() => b.createAnswer(local())).toThrow(
      'we have PCMU/8000, PCMA/8000, the peer has G729/8000, G723/8000',
    );
  });

  it('asks the caller whether formats fit', () => {
    const picky = new OfferAnswer({
      random: new SeededRandom(9),
      acceptFormat: (offered, ours) => offered.name === ours.name && offered.fmtp === ours.fmtp,
    });
    picky.receiveOffer(peer('m=audio 6000 RTP/AVP 18\na=fmtp:18 annexb=yes'));
    expect(codeOf(() => picky.createAnswer(local({ formats: [G729] })))).toBe('ERR_MEDIA_NO_COMMON_CODEC');
    picky.receiveOffer(peer('m=audio 6000 RTP/AVP 18\na=fmtp:18 annexb=no'));
    expect(picky.createAnswer(local({ formats: [G729] })).result.active).toBe(true);
  });
});

describe('streams that end', () => {
  it('are answered with port 0 and may come back', () => {
    const [a, b] = [engine(), engine()];
    exchange(a, b);
    const ended = exchange(a, b, local({ port: 0 }));
    expect([ended.a.active, ended.b.active, mediaLines(ended.answer)[0].startsWith('m=audio 0 ')]).toEqual([
      false,
      false,
      true,
    ]);
    const again = exchange(b, a);
    expect([again.a.active, again.b.active, mediaLines(again.answer).length]).toEqual([true, true, 1]);
  });

  it('can be refused by us', () => {
    const b = engine();
    expect(b.receiveOffer(peer('m=audio 6000 RTP/AVP 0'))).toMatchObject({ active: true, held: false });
    const { sdp: answer, result } = b.createAnswer(local({ port: 0 }));
    expect([mediaLines(answer), result.active]).toEqual([['m=audio 0 RTP/AVP 0'], false]);
  });

  it('are refused by the answer', () => {
    const a = engine();
    a.createOffer(local());
    expect(a.receiveAnswer(peer('m=audio 0 RTP/AVP 0', 1, ''))).toMatchObject({
      active: false,
      send: [],
      receive: [],
    });
  });

  it('need not be there', () => {
    const b = engine();
    expect(b.receiveOffer(peer(''))).toMatchObject({
      active: false,
      formats: [],
      direction: 'inactive',
      security: 'none',
    });
    const { sdp: answer, result } = b.createAnswer(local());
    expect([mediaLines(answer), result.active]).toEqual([[], false]);
    expect(mediaLines(b.createOffer(local({ formats: [PCMU], telephoneEvent: false })))).toEqual([
      'm=audio 4000 RTP/AVP 0',
    ]);
    expect(b.receiveAnswer(peer('', 2)).active).toBe(false);
  });
});

describe('the answer we receive', () => {
  it('separates what we send from what we receive', () => {
    const a = engine();
    a.createOffer(local({ formats: [PCMU, { ...ILBC, payloadType: 97 }, OPUS], comfortNoise: true }));
    const result = a.receiveAnswer(
      peer(`
        m=audio 6000 RTP/AVP 99 13 0 110
        a=rtpmap:99 iLBC/8000
        a=fmtp:99 mode=20
        a=rtpmap:110 telephone-event/8000
        a=ptime:30
        a=maxptime:60
        a=ssrc:77 cname:x`),
    );
    expect(result).toMatchObject({
      active: true,
      direction: 'sendrecv',
      remoteHeld: false,
      remote: { address: '198.51.100.1', port: 6000, rtcpAddress: '198.51.100.1', rtcpPort: 6001 },
      send: [
        { payloadType: 99, format: { name: 'iLBC', fmtp: 'mode=20' } },
        { payloadType: 0, format: { name: 'PCMU' } },
      ],
      telephoneEventSend: { payloadType: 110, clockRate: 8000, events: '0-15' },
      comfortNoiseSend: 13,
      comfortNoiseReceive: 13,
      ptime: 30,
      maxptime: 60,
      rtcpMux: false,
      remoteSsrc: 77,
    });
    // Ours first; then the peer's own numbers, in case it sends with them.
    expect(result.receive.map(({ payloadType, format }) => [payloadType, format.name])).toEqual([
      [97, 'iLBC'],
      [0, 'PCMU'],
      [99, 'iLBC'],
    ]);
    expect(result.telephoneEventReceive.map(({ payloadType }) => payloadType)).toEqual([101, 110]);
  });

  it('does not let a number of the peer hide one of ours', () => {
    const a = engine();
    a.createOffer(
      local({
        formats: [
          { ...ILBC, payloadType: 97 },
          { ...SPEEX, payloadType: 98 },
        ],
      }),
    );
    const result = a.receiveAnswer(
      peer('m=audio 6000 RTP/AVP 98 97\na=rtpmap:98 iLBC/8000\na=rtpmap:97 speex/16000'),
    );
    expect(result.send.map(({ payloadType, format }) => [payloadType, format.name])).toEqual([
      [98, 'iLBC'],
      [97, 'speex'],
    ]);
    expect(result.receive.map(({ payloadType, format }) => [payloadType, format.name])).toEqual([
      [97, 'iLBC'],
      [98, 'speex'],
    ]);
  });

  it('ignores formats we did not offer', () => {
    const a = engine();
    a.createOffer(local({ formats: [PCMU] }));
    const result = a.receiveAnswer(peer('m=audio 6000 RTP/AVP 18 0 8'));
    expect(result.send.map(({ payloadType }) => payloadType)).toEqual([0]);
    expect(result.receive.map(({ payloadType }) => payloadType)).toEqual([0]);
  });

  it('finds the audio stream of a peer that left rejected ones out', () => {
    const b = engine();
    b.receiveOffer(peer('m=video 6100 RTP/AVP 31\nm=audio 6000 RTP/AVP 0'));
    b.createAnswer(local());
    b.createOffer(local());
    expect(b.receiveAnswer(peer('m=audio 6500 RTP/AVP 0', 2)).remote.port).toBe(6500);
  });
});

const DIRECTIONS: Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
/** RFC 3264 §6.1: offer → the answers allowed. */
const ALLOWED: Record<Direction, Direction[]> = {
  sendrecv: DIRECTIONS,
  sendonly: ['recvonly', 'inactive'],
  recvonly: ['sendonly', 'inactive'],
  inactive: ['inactive'],
};
const REVERSE: Record<Direction, Direction> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};

describe('directions', () => {
  it('follow RFC 3264 §6.1 and complement each other', () => {
    for (const offered of DIRECTIONS) {
      for (const wanted of DIRECTIONS) {
        const [a, b] = [engine(), engine()];
        const {
          a: ofA,
          b: ofB,
          answer,
        } = exchange(a, b, local({ direction: offered }), local({ direction: wanted }));
        const answered = DIRECTIONS.find((d) => answer.includes(`a=${d}\r\n`)) as Direction;
        expect(ALLOWED[offered]).toContain(answered);
        expect(ofB.direction).toBe(answered);
        expect(ofA.direction).toBe(REVERSE[answered]);
        // As much as both want.
        if (ALLOWED[offered].includes(wanted)) expect(answered).toBe(wanted);
      }
    }
  });

  it('survive an answer that grants more than was offered', () => {
    const a = engine();
    a.createOffer(local({ direction: 'sendonly' }));
    expect(a.receiveAnswer(peer('m=audio 6000 RTP/AVP 0')).direction).toBe('sendonly');
    expect(meetDirection('sendrecv', 'recvonly')).toBe('recvonly');
  });

  it('hold and resume', () => {
    const [a, b] = [engine(), engine()];
    exchange(a, b);
    const held = exchange(a, b, local({ direction: 'sendonly' }));
    expect([held.b.direction, held.b.remoteHeld, held.a.direction]).toEqual(['recvonly', true, 'sendonly']);
    const both = exchange(b, a, local({ direction: 'inactive' }), local({ direction: 'sendonly' }));
    expect([both.a.direction, both.b.direction]).toEqual(['inactive', 'inactive']);
    const resumed = exchange(a, b);
    expect([resumed.a.direction, resumed.b.direction, resumed.b.remoteHeld]).toEqual([
      'sendrecv',
      'sendrecv',
      false,
    ]);
  });

  it.each([
    ['session', 'm=audio 6000 RTP/AVP 0', 'c=IN IP4 0.0.0.0'],
    ['media', 'm=audio 6000 RTP/AVP 0\nc=IN IP4 0.0.0.0', 'c=IN IP4 198.51.100.1'],
    ['IPv6', 'm=audio 6000 RTP/AVP 0\nc=IN IP6 ::', 'c=IN IP4 198.51.100.1'],
    ['no bandwidth', 'm=audio 6000 RTP/AVP 0\nb=AS:0', 'c=IN IP4 198.51.100.1'],
    ['no bandwidth of the session', 'm=audio 6000 RTP/AVP 0', 'c=IN IP4 198.51.100.1\nb=CT:0'],
  ])('take the unspecified address, or no bandwidth (RFC 3264 §5), as hold (%s)', (_, media, session) => {
    const b = engine();
    expect(b.receiveOffer(peer(media, 1, session))).toMatchObject({
      held: true,
      active: true,
      direction: 'sendrecv',
    });
    const { result } = b.createAnswer(local());
    expect(result).toMatchObject({ active: true, direction: 'recvonly', remoteHeld: true });
    b.createOffer(local());
    expect(b.receiveAnswer(peer(media, 2, session))).toMatchObject({
      direction: 'recvonly',
      remoteHeld: true,
    });
  });

  it.each([
    ['multicast', 'c=IN IP4 233.252.0.1/127'],
    ['multicast without a TTL', 'c=IN IP4 239.1.2.3'],
    ['multicast of IPv6', 'c=IN IP6 FF15::101/3'],
    ['broadcast', 'c=IN IP4 255.255.255.255'],
  ])('refuse a stream to %s (RFC 3264 §6), and take the next one', (_, connection) => {
    const b = engine();
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 0', 1, connection));
    expect(codeOf(() => b.createAnswer(local()))).toBe('ERR_SDP_UNACCEPTABLE');
    b.createOffer(local());
    expect(codeOf(() => b.receiveAnswer(peer('m=audio 6000 RTP/AVP 0', 1, connection)))).toBe(
      'ERR_SDP_UNACCEPTABLE',
    );
    const both = `m=audio 6000 RTP/AVP 0\n${connection}\nm=audio 6002 RTP/AVP 0`;
    b.receiveOffer(peer(both));
    expect(mediaLines(b.createAnswer(local()).sdp)).toEqual([
      'm=audio 0 RTP/AVP 0',
      expect.stringMatching(/^m=audio [1-9]/),
    ]);
  });

  it('take a stream to an address of the other family: its sender may well be reached (linphone)', () => {
    const b = engine();
    const other = 'c=IN IP6 2001:db8::1';
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 0', 1, other));
    const remote = { address: '2001:db8::1', port: 6000 };
    expect(b.createAnswer(local()).result).toMatchObject({ active: true, direction: 'sendrecv', remote });
    b.createOffer(local());
    expect(b.receiveAnswer(peer('m=audio 6000 RTP/AVP 0', 2, other))).toMatchObject({ active: true, remote });
  });

  it('do not take other bandwidths as hold, nor that for RTCP', () => {
    const b = engine();
    const media = 'm=audio 6000 RTP/AVP 0\nb=AS:64\nb=RS:0\nb=RR:0';
    b.receiveOffer(peer(media, 1, 'c=IN IP4 198.51.100.1\nb=AS:0'));
    expect(b.createAnswer(local()).result).toMatchObject({ direction: 'sendrecv', remoteHeld: false });
  });

  it('hold with the unspecified address', () => {
    const [a, b] = [engine(), engine()];
    const { a: ofA, b: ofB } = exchange(a, b, local({ address: '0.0.0.0' }));
    expect([ofA.direction, ofB.direction, ofB.remoteHeld]).toEqual(['sendonly', 'recvonly', true]);
  });
});

describe('RTCP', () => {
  it('is multiplexed only when both sides say so', () => {
    for (const [ofA, ofB, expected] of [
      ['offer', 'offer', true],
      ['offer', 'off', false],
      ['off', 'offer', false],
      ['require', 'offer', true],
      ['offer', 'require', true],
      [undefined, undefined, false],
    ] as const) {
      const result = exchange(
        engine(),
        engine(),
        local({ rtcpMux: ofA }),
        local({ port: 5000, rtcpMux: ofB }),
      );
      expect([result.a.rtcpMux, result.b.rtcpMux]).toEqual([expected, expected]);
      expect(result.a.remote.rtcpPort).toBe(expected ? 5000 : 5001);
    }
  });

  it('fails where it is required and not granted', () => {
    const [a, b] = [engine(), engine()];
    a.createOffer(local({ rtcpMux: 'require' }));
    expect(codeOf(() => a.receiveAnswer(peer('m=audio 6000 RTP/AVP 0')))).toBe('ERR_SDP_UNACCEPTABLE');
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 0'));
    expect(codeOf(() => b.createAnswer(local({ rtcpMux: 'require' })))).toBe('ERR_SDP_UNACCEPTABLE');
  });

  it('is not multiplexed with payload types that look like RTCP (RFC 5761 §4)', () => {
    const b = engine();
    b.receiveOffer(peer('m=audio 6000 RTP/AVP 72\na=rtpmap:72 PCMU/8000\na=rtcp-mux'));
    expect(b.createAnswer(local({ rtcpMux: 'offer' })).result.rtcpMux).toBe(false);
  });

  it('goes where a=rtcp says', () => {
    const { a, b } = exchange(engine(), engine(), local({ rtcpPort: 4999 }));
    expect(b.remote).toEqual({ address: '192.0.2.1', port: 4000, rtcpAddress: '192.0.2.1', rtcpPort: 4999 });
    expect(a.remote.rtcpPort).toBe(5001);
  });
});
