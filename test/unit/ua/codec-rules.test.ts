/** Which codecs stand in offers and answers, in which order and with which parameters, and what the media is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCodec } from '../../../src/codecs/registry.js';
import { MediaEngine } from '../../../src/media/index.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import type { CodecRules, CodecSettings, MediaPreferences } from '../../../src/ua/index.js';
import { mediaOf, type Party, type RawPeer, UaWorld } from '../../support/ua-harness.js';
import '../../support/preloaded.js';

type OpusAnswer = CodecSettings['opus'];

let world: UaWorld;
let alice: Party;
let peer: RawPeer;

async function setUp(media: MediaPreferences): Promise<void> {
  world = new UaWorld();
  alice = await world.party('alice', '10.0.0.1', { media });
  peer = await world.peer('peer', '10.0.0.9');
}

beforeEach(() => setUp({}));
afterEach(() => world.end());

/** `PCMA/8000`, `opus/48000/2 maxplaybackrate=…`: the formats of a description in order, without events. */
function formats(sdp: string): string[] {
  const order = /m=audio \d+ \S+ (.*)\r/.exec(sdp)?.[1].split(' ') ?? [];
  return order
    .map((number) => {
      const name = new RegExp(`a=rtpmap:${number} (.*)\r`).exec(sdp)?.[1] ?? number;
      const fmtp = new RegExp(`a=fmtp:${number} (.*)\r`).exec(sdp)?.[1];
      return fmtp ? `${name} ${fmtp}` : name;
    })
    .filter((text) => !text.startsWith('telephone-event'));
}

function names(sdp: string): string[] {
  return formats(sdp).map((text) => text.split(' ')[0]);
}

/** What a call to the peer offers; the call is over afterwards. */
async function offerOf(media: MediaPreferences, user = 'peer'): Promise<string> {
  const call = alice.agent.invite(`sip:${user}@10.0.0.9`, { from: alice.uri, media });
  await world.run(30);
  const invite = peer.last('INVITE');
  peer.respond(invite, 486);
  await world.run(100);
  expect(call.state).toBe('ended');
  return invite.toBytes().toString();
}

/** `a=rtpmap` lines with their `a=fmtp`: ["96 opus/48000/2", …] with parameters after a blank. */
function description(list: readonly string[], extra: readonly string[] = []): string {
  const lines = list.flatMap((text) => {
    const [number, encoding, ...fmtp] = text.split(' ');
    return [
      `a=rtpmap:${number} ${encoding}`,
      ...(fmtp.length > 0 ? [`a=fmtp:${number} ${fmtp.join(' ')}`] : []),
    ];
  });
  const numbers = list.map((text) => text.split(' ')[0]).join(' ');
  return [
    'v=0',
    'o=peer 77 1 IN IP4 10.0.0.9',
    's=-',
    'c=IN IP4 10.0.0.9',
    't=0 0',
    `m=audio 40000 RTP/AVP ${numbers}`,
    ...lines,
    ...extra,
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** What is answered to an offer of the peer; absent when it is refused. The call is over afterwards. */
async function answerTo(offer: readonly string[]): Promise<{ sdp?: string; status: number; send?: string }> {
  const callId = `call-${world.random.token(8)}`;
  await peer.request('INVITE', alice, { sdp: description(offer), callId });
  await world.run(30);
  const call = alice.calls.at(-1);
  const answering = call?.answer().catch(() => {});
  await world.run(30);
  const response = peer.answer('INVITE');
  const { status, to } = response;
  let send: string | undefined;
  if (status === 200) {
    const { codec, options = {} } = mediaOf(alice).config?.send ?? {};
    send = `${codec} ${Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`.trim();
    await peer.request('ACK', alice, { callId, toTag: to.tag });
    await world.run(30);
  }
  await answering;
  void call?.hangup().catch(() => {});
  await world.run(40);
  if (peer.count('BYE') > 0) peer.respond(peer.last('BYE'), 200);
  await world.run(100);
  return { status, sdp: status === 200 ? response.toBytes().toString() : undefined, send };
}

/** The rules of the settings as they are documented, G.722 and L16, which they do not know, left out. */
const MANUAL: CodecRules['rules'] = { G722: 'never', 'L16/8000': 'never', 'L16/16000': 'never' };

describe('codec rules', () => {
  it('[codecs/1] an offer has the codecs of rule high, then those of rule low, each in the built-in order', async () => {
    expect(names(await offerOf({ codecs: { rules: MANUAL } }))).toEqual([
      'opus/48000/2',
      'speex/16000',
      'G729/8000',
      'PCMA/8000',
    ]);
    const rules = { ...MANUAL, PCMU: 'high', iLBC: 'high', 'speex/16000': 'never', GSM: 'low' } as const;
    expect(names(await offerOf({ codecs: { rules } }))).toEqual([
      'PCMU/8000',
      'iLBC/8000',
      'opus/48000/2',
      'G729/8000',
      'PCMA/8000',
      'GSM/8000',
    ]);
  });

  it('[codecs/1] [codecs/4] a codec of rule accept is answered but not offered, one of rule never is refused', async () => {
    await setUp({ codecs: { rules: { ...MANUAL, GSM: 'accept', PCMU: 'never' } } });
    expect(names(await offerOf({}))).not.toContain('GSM/8000');
    const accepted = await answerTo(['3 GSM/8000', '0 PCMU/8000']);
    expect(names(accepted.sdp ?? '')).toEqual(['GSM/8000']);
    expect((await answerTo(['0 PCMU/8000'])).status).toBe(488);
  });

  it('[codecs/4] an answer puts rule high before rule low, whatever the order of the offer', async () => {
    await setUp({ codecs: { rules: { ...MANUAL, GSM: 'high' } } });
    const offer = ['0 PCMU/8000', '8 PCMA/8000', '3 GSM/8000'];
    expect(names((await answerTo(offer)).sdp ?? '')).toEqual(['GSM/8000', 'PCMA/8000', 'PCMU/8000']);
    await setUp({ codecs: { rules: { ...MANUAL, GSM: 'high' }, answerOrder: 'offer' } });
    expect(names((await answerTo(offer)).sdp ?? '')).toEqual(['PCMU/8000', 'PCMA/8000', 'GSM/8000']);
  });

  it('[codecs/2] a preferred codec stands first and is offered whatever its rule is', async () => {
    expect(names(await offerOf({ codecs: { rules: MANUAL, prefer: 'G729' } }))[0]).toBe('G729/8000');
    const rules = { ...MANUAL, PCMU: 'high', iLBC: 'never' } as const;
    expect(names(await offerOf({ codecs: { rules, prefer: 'iLBC' } })).slice(0, 2)).toEqual([
      'iLBC/8000',
      'PCMU/8000',
    ]);
  });

  it('[codecs/2] a list of allowed codecs overrides the rules and their order', async () => {
    const codecs: CodecRules = {
      rules: { GSM: 'never' },
      only: ['opus/16000', 'GSM', 'PCMU'],
      prefer: 'PCMU',
    };
    expect(names(await offerOf({ codecs }))).toEqual(['PCMU/8000', 'opus/48000/2', 'GSM/8000']);
    await setUp({ codecs: { only: ['G729'] } });
    expect(names(await offerOf({}))).toEqual(['G729/8000']);
    expect((await answerTo(['0 PCMU/8000', '8 PCMA/8000'])).status).toBe(488);
  });

  it('[codecs/2] [codecs/6] calls to telephone numbers offer no wideband codec', async () => {
    const codecs: CodecRules = { rules: { G722: 'low' } };
    const narrow = await offerOf({ codecs, widebandToNumbers: false }, '+36301234567');
    expect(names(narrow)).toEqual(['G729/8000', 'PCMA/8000']);
    expect(names(await offerOf({ codecs, widebandToNumbers: false }, '1001'))).toContain('speex/16000');
    expect(names(await offerOf({ codecs }, '+36301234567'))).toContain('G722/8000');
    const wide = await offerOf({ codecs: ['G722'], widebandToNumbers: false }, '+36301234567');
    expect(names(wide)).toEqual(['G722/8000']);
  });

  it('[codecs/6] GSM and PCMU always stand in the offer when so wished, behind all others', async () => {
    const offer = names(await offerOf({ codecs: { rules: MANUAL, lowComplexity: 'always' } }));
    expect(offer.slice(-3)).toEqual(['PCMA/8000', 'PCMU/8000', 'GSM/8000']);
    const without = await offerOf({
      codecs: { rules: { ...MANUAL, GSM: 'never' }, lowComplexity: 'always' },
    });
    expect(names(without)).not.toContain('GSM/8000');
    const forced = await offerOf({ codecs: { only: ['G729'], lowComplexity: 'auto' } });
    expect(names(forced)).toEqual(['G729/8000']);
    const auto = await offerOf({ codecs: { rules: { ...MANUAL, PCMA: 'accept' } } });
    expect(names(auto).at(-1)).toBe('PCMU/8000');
  });

  it('an offer with nothing but codecs to accept has them all; with none there is no call', async () => {
    const nothing = Object.fromEntries(
      ['opus/16000', 'speex/16000', 'G722', 'G729', 'PCMA'].map((name) => [name, 'never'] as const),
    );
    const codecs: CodecRules = { rules: nothing, lowComplexity: 'never' };
    expect(names(await offerOf({ codecs }))).toContain('GSM/8000');
    const call = alice.agent.invite(peer.uri, { from: alice.uri, media: { codecs: { only: [] } } });
    await world.run(30);
    expect(await call.ended).toMatchObject({ end: { reason: 'no codec is enabled' } });
  });

  it('a codec that was only accepted stays when the call is held', async () => {
    await setUp({ codecs: { rules: { ...MANUAL, GSM: 'accept' } } });
    await peer.request('INVITE', alice, { sdp: description(['3 GSM/8000']), callId: 'held' });
    await world.run(30);
    const [call] = alice.calls;
    const answering = call.answer();
    await world.run(30);
    await peer.request('ACK', alice, { callId: 'held', toTag: peer.answer('INVITE').to.tag });
    await world.run(30);
    await answering;
    void call.hold().catch(() => {});
    await world.run(30);
    expect(names(peer.last('INVITE').toBytes().toString())[0]).toBe('GSM/8000');
    peer.respond(peer.last('INVITE'), 200, { sdp: description(['3 GSM/8000']) });
    await world.run(100);
    expect(mediaOf(alice).config?.send?.codec).toBe('GSM');
    void call.hangup().catch(() => {});
    await world.run(30);
    peer.respond(peer.last('BYE'), 200);
  });
});

describe('codec settings on the wire', () => {
  const opusLine = async (opus: OpusAnswer): Promise<string | undefined> =>
    formats(await offerOf({ codecs: { only: ['opus/16000'] }, codecSettings: { opus } }))[0];

  it('[codecs/3] [codecs/7] the fmtp of Opus tells its rate unless it is not to, and FEC and DTX as they are set', async () => {
    expect(await opusLine({})).toBe(
      'opus/48000/2 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1',
    );
    expect(await opusLine({ announceRate: false })).toBe('opus/48000/2 useinbandfec=1');
    expect(await opusLine({ announceRate: false, fec: false })).toBe('opus/48000/2');
    expect(await opusLine({ fec: false, dtx: true })).toBe(
      'opus/48000/2 maxplaybackrate=16000;sprop-maxcapturerate=16000;usedtx=1',
    );
  });

  it('[codecs/3] the encoder is told all that is set of Opus', async () => {
    const opus: OpusAnswer = {
      bitrate: 20000,
      packetLoss: 5,
      vbr: false,
      complexity: 3,
      bandwidth: 'medium',
      fixedBandwidth: true,
      dtx: true,
    };
    await setUp({ codecs: { only: ['opus/16000'] }, codecSettings: { opus } });
    const { send } = await answerTo(['96 opus/48000/2 useinbandfec=1']);
    for (const part of ['bitrate=20000', 'packetloss=5', 'vbr=false', 'complexity=3', 'bandwidth=medium'])
      expect(send).toContain(part);
    for (const part of ['fixedbandwidth=true', 'usedtx=true', 'useinbandfec=1', 'sprop-maxcapturerate=16000'])
      expect(send).toContain(part);
  });

  it('[codecs/3] the rate is the one the peer says, else the assumed one, or always the forced one', async () => {
    const rateFor = async (opus: OpusAnswer, offer: string): Promise<string | undefined> => {
      await setUp({ codecs: { only: ['opus/48000', 'opus/8000'] }, codecSettings: { opus } });
      return (await answerTo([offer])).send;
    };
    expect(await rateFor({}, '96 opus/48000/2 maxplaybackrate=8000')).toContain('maxplaybackrate=8000');
    expect(await rateFor({ assumedRate: 24000 }, '96 opus/48000/2')).toContain('maxplaybackrate=24000');
    expect(await rateFor({ assumedRate: 24000 }, '96 opus/48000/2 maxplaybackrate=8000')).toContain(
      'maxplaybackrate=8000',
    );
    expect(await rateFor({ forcedRate: 16000 }, '96 opus/48000/2 maxplaybackrate=8000')).toContain(
      'maxplaybackrate=16000',
    );
  });

  it('[codecs/0] every codec there is can be offered and answered by name', async () => {
    const all = ['PCMU', 'PCMA', 'G729', 'GSM', 'iLBC', 'speex', 'opus/8000', 'G7221'];
    expect(names(await offerOf({ codecs: all }))).toEqual([
      ...['PCMU/8000', 'PCMA/8000', 'G729/8000', 'GSM/8000', 'iLBC/8000'],
      ...['speex/16000', 'speex/8000', 'speex/32000', 'opus/48000/2'],
      ...['G7221/32000', 'G7221/32000', 'G7221/32000', 'G7221/16000', 'G7221/16000'],
    ]);
    for (const rate of [8000, 16000, 24000, 48000]) {
      await setUp({ codecs: [`opus/${rate}`] });
      const answer = await answerTo(['96 opus/48000/2']);
      expect(answer.send).toContain(`sprop-maxcapturerate=${rate}`);
    }
  });

  it('says the mode of iLBC, and sends frames of 20 ms only when both sides want them', async () => {
    await setUp({ codecs: ['iLBC'], codecSettings: { ilbc: { mode: 20 } } });
    expect(formats(await offerOf({}))).toEqual(['iLBC/8000 mode=20']);
    expect((await answerTo(['97 iLBC/8000 mode=20'])).send).toBe('iLBC mode=20');
    expect((await answerTo(['97 iLBC/8000'])).send).toBe('iLBC mode=30');
    await setUp({ codecs: ['iLBC'] });
    expect((await answerTo(['97 iLBC/8000 mode=20'])).send).toBe('iLBC mode=30');
  });

  it('says the modes of Speex, the bit rate of G.722.1, Annex B of G.729, and chosen numbers', async () => {
    const codecSettings: CodecSettings = {
      g729: { annexB: false },
      speex: { mode: 3, wideMode: 6, silenceSuppression: true },
      g7221: { bitrate: 24000 },
      g7221Wide: { bitrate: 48000 },
      payloadTypes: { 'G7221/16000': 114, 'g7221/32000': 115 },
    };
    const offer = await offerOf({ codecs: ['G729', 'speex/8000', 'speex/16000', 'G7221'], codecSettings });
    expect(formats(offer)).toEqual([
      'G729/8000 annexb=no',
      'speex/8000 mode="3,any";vbr=vad',
      'speex/16000 mode="6,any";vbr=vad',
      'G7221/32000 bitrate=48000',
      'G7221/16000 bitrate=24000',
    ]);
    expect(offer).toContain('a=rtpmap:114 G7221/16000');
    expect(offer).toContain('a=rtpmap:115 G7221/32000');
    await setUp({ codecs: ['G729', 'speex/8000', 'G7221'], codecSettings });
    expect((await answerTo(['18 G729/8000'])).send).toBe('G729 annexb=no');
    expect((await answerTo(['97 speex/8000 mode="2,any"'])).send).toBe('speex mode=3 vbr=vad');
    expect((await answerTo(['97 speex/8000 mode=2'])).send).toBe('speex mode=2 vbr=vad');
    expect((await answerTo(['97 G7221/16000 bitrate=32000'])).send).toBe('G7221 bitrate=32000');
  });

  it('are checked before a call begins', async () => {
    const wrong = (codecSettings: CodecSettings) => {
      const call = alice.agent.invite(peer.uri, { from: alice.uri, media: { codecSettings } });
      return world.run(30).then(async () => (await call.ended).end.reason);
    };
    expect(await wrong({ framesPerPacket: 0 })).toContain('framesPerPacket is 0, not 1 to 12');
    expect(await wrong({ opus: { bitrate: 600_000 } })).toContain('opus.bitrate');
    expect(await wrong({ payloadTypes: { G7221: 8 } })).toContain('payloadTypes.G7221');
  });
});

describe('frames in a packet', () => {
  /** RTP packets in a second of a call, with the length of their payload. */
  async function packets(media: MediaPreferences): Promise<{ count: number; bytes: number; offer: string }> {
    // Code is loaded in real time, of which there is none here.
    await findCodec('G729', 8000)?.load?.();
    const lively = new UaWorld();
    const sizes: number[] = [];
    let counting = false;
    const network = new DatagramNetwork(lively.clock, lively.random, {
      delayMs: 5,
      drop: (data, to) => {
        const isAudio = to.address === '10.0.0.2' && (data[1] & 0x7f) < 35;
        if (counting && isAudio) sizes.push(data.length - 12);
        return false;
      },
    });
    const engine = await MediaEngine.start({
      workers: 'in-process',
      clock: lively.clock,
      random: lively.random,
      transport: network,
    });
    const a = await lively.party('a', '10.0.0.1', { media, engine });
    const b = await lively.party('b', '10.0.0.2', { engine, media: { codecs: ['G729', 'PCMU'] } });
    const { out } = await lively.call(a, b);
    await lively.run(500);
    counting = true;
    await lively.run(1000);
    const offer = lively.network.packets.find(({ text }) => text.startsWith('INVITE'))?.text ?? '';
    void out.hangup();
    await lively.run(1000);
    await engine.close();
    await lively.end();
    return { count: sizes.length, bytes: Math.max(...sizes), offer };
  }
  const G729: MediaPreferences = { codecs: ['G729'], codecSettings: { g729: { annexB: false } } };

  it('[codecs/5] packets have 20 ms by default, which are two frames of G.729', async () => {
    const { count, bytes } = await packets(G729);
    expect(count).toBeCloseTo(50, -1);
    expect(bytes).toBe(20);
  });

  it.each([1, 3, 4])('%i frames of G.729 make packets of that length', async (framesPerPacket) => {
    const codecSettings = { ...G729.codecSettings, framesPerPacket };
    const { count, bytes, offer } = await packets({ ...G729, codecSettings });
    expect(bytes).toBe(10 * framesPerPacket);
    expect(Math.abs(count - 100 / framesPerPacket)).toBeLessThan(3);
    expect(offer).toContain(`a=ptime:${10 * framesPerPacket}`);
  });
});

describe('RTCP XR', () => {
  it('asks for VoIP metrics when it is to, and sends them to a peer that asks (RFC 3611 §5)', async () => {
    expect(await offerOf({})).not.toContain('rtcp-xr');
    expect(await offerOf({ rtcpXr: true })).toContain('a=rtcp-xr:voip-metrics');
    for (const [lines, wanted] of [
      [['a=rtcp-xr:pkt-loss-rle voip-metrics'], true],
      [['a=rtcp-xr:rcvr-rtt=all'], false],
    ] as const) {
      await peer.request('INVITE', alice, {
        sdp: description(['0 PCMU/8000'], lines),
        callId: `xr-${wanted}`,
      });
      await world.run(30);
      const answering = alice.calls.at(-1)?.answer();
      await world.run(30);
      await peer.request('ACK', alice, { callId: `xr-${wanted}`, toTag: peer.answer('INVITE').to.tag });
      await world.run(30);
      await answering;
      expect(mediaOf(alice).config?.rtcpXr).toBe(wanted);
      void alice.calls
        .at(-1)
        ?.hangup()
        .catch(() => {});
      await world.run(30);
      peer.respond(peer.last('BYE'), 200);
      await world.run(100);
    }
  });
});
