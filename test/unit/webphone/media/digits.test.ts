/** Digits as they are on the wire and in the audio, and what is told of them. */
import { afterEach, describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import type { MediaSession } from '../../../../src/media/index.js';
import type { Call } from '../../../../src/ua/index.js';
import { outcome } from '../../../support/outcome.js';
import { type RawPeer, sdp } from '../../../support/ua-harness.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';
import { SERVER, WebphoneWorld } from '../../../support/webphone-world.js';

/** The digits in our INFOs, and their status. */
const infos = ({ world }: WebphoneDesk): string[] =>
  world.network.packets
    .filter(({ text, from }) => from.host === '10.0.0.1' && text.startsWith('INFO'))
    .map(({ text }) => /Signal=\s*(\S)/.exec(text)?.[1] ?? '');

/** The events of RFC 4733 in a tap: their numbers, without repetitions. */
function events(tap: ReturnType<WebphoneDesk['tap']>): number[] {
  const times = new Map<number, number>();
  for (const { data, rtcp } of tap)
    if (!rtcp && data.length === 16 && (data[1] & 0x7f) >= 96) times.set(data.readUInt32BE(4), data[12]);
  return [...times.values()];
}

/** 5 is 770 and 1336 Hz (ITU-T Q.23). */
const isFive = (pcm: Int16Array): boolean => {
  for (let at = 0; at + 800 <= pcm.length; at += 400) {
    const piece = pcm.subarray(at, at + 800);
    if ([770, 1336].every((hz) => toneLevelDbov(piece, hz, 16_000) > -35)) return true;
  }
  return false;
};

describe('sending digits', () => {
  it.each([
    [0, '', [], false],
    [1, '5', [], false],
    [2, '', [5], false],
    [3, '5', [5], false],
    [4, '', [5], false],
    [5, '', [], true],
    [6, '5', [], true],
  ])(
    '[dtmf/0] [param:dtmfmode] %i: by INFO "%s", by events %j, as tones: %s',
    async (dtmfmode, byInfo, byEvents, tones) => {
      await atDesk({ dtmfmode, codec: 'PCMA' }, async (desk) => {
        const call = await desk.talks();
        const tap = desk.tap();
        expect(desk.webphone.API_Dtmf(-1, '5')).toBe(dtmfmode !== 0);
        const heard = await desk.hear(call, 1000);
        expect(infos(desk).join('')).toBe(byInfo);
        expect(events(tap)).toEqual(byEvents);
        expect(isFive(heard)).toBe(tones);
        expect(desk.strings('INFO')).toEqual(dtmfmode === 0 ? [] : ['INFO,OK,1,peer']);
      });
    },
  );

  it('[dtmf/2] [notify:DTMF] digits of the peer are told, by INFO and by events', async () => {
    await atDesk({}, async (desk) => {
      const call = await desk.talks();
      for (const [digit, method] of [
        ['9', 'info'],
        ['#', 'rfc4733'],
      ] as const) {
        const sent = outcome(call.sendDtmf(digit, { method }));
        await desk.run(1000);
        expect(sent.text).toBe('done');
      }
      expect(desk.strings('DTMF')).toEqual(['DTMF,1,9', 'DTMF,1,#']);
    });
  });

  it('[dtmf/3] [API_Dtmf] several in a row, with pauses, on one line or on all', async () => {
    await atDesk({ dtmfmode: 4, codec: 'PCMA' }, async (desk) => {
      const heard: string[][] = [[], []];
      const calls: Call[] = [];
      for (const [i, line] of [1, 2].entries()) {
        const call = await desk.talks(line);
        (call.media as MediaSession).on('dtmf', ({ digit }) => heard[i].push(digit));
        calls.push(call);
      }
      const { webphone } = desk;
      const from = desk.world.clock.now();
      const at: number[] = [];
      (calls[0].media as MediaSession).on('dtmf', () => at.push(desk.world.clock.now() - from));
      expect(webphone.API_Dtmf(1, '1 2')).toBe(true);
      await desk.run(3000);
      expect(heard).toEqual([['1', '2'], []]);
      expect(at[1] - at[0]).toBeGreaterThan(500);
      expect(webphone.API_Dtmf(-2, '0123456789*#ABCDabcd')).toBe(true);
      await desk.run(8000);
      for (const digits of heard) expect(digits.join('')).toMatch(/0123456789\*#ABCDABCD$/);
      for (const wrong of ['', ' ', 'x', '5E', '+1']) expect(webphone.API_Dtmf(1, wrong)).toBe(false);
    });
  });
});

describe('with a scripted peer', () => {
  let w: WebphoneWorld;
  let peer: RawPeer;
  afterEach(() => w.end());

  /** @param info what INFO gets; 0: nothing */
  async function begin(settings: Record<string, number>, info = 200): Promise<void> {
    w = new WebphoneWorld({ codec: 'pcmu', setfinalcodec: 0, ...settings });
    w.webphone.API_Start();
    peer = await w.world.peer('bob', '10.0.0.9');
    peer.onRequest = ({ method }) => {
      if (['INVITE', 'ACK', 'CANCEL'].includes(method) || (method === 'INFO' && info === 0)) return;
      peer.respond(peer.last(method), method === 'INFO' ? info : 200);
    };
    await w.run();
    w.webphone.API_Call(-1, peer.uri);
    await w.run();
  }

  async function answered(body = sdp()): Promise<void> {
    peer.respond(peer.last('INVITE'), 200, { sdp: body });
    await w.run();
  }

  it('[dtmf/0] [param:dtmfmode] 2 takes INFO for a peer without events', async () => {
    await begin({ dtmfmode: 2 });
    await answered(sdp().replace(' 101', '').replace('a=rtpmap:101 telephone-event/8000\r\n', ''));
    w.webphone.API_Dtmf(-1, '5');
    await w.run();
    expect([peer.count('INFO'), w.media().digits]).toEqual([1, '']);
  });

  it.each([
    [415, sdp(), 'rfc2833'],
    [501, sdp().replace(' 101', '').replace('a=rtpmap:101 telephone-event/8000\r\n', ''), 'inband'],
    [0, sdp(), 'rfc2833'],
  ])(
    '[dtmf/1] [notify:INFO] INFO that gets %i goes over to RTP, and it is said so',
    async (status, body, to) => {
      await begin({ dtmfmode: 1 }, status);
      await answered(body);
      w.webphone.API_Dtmf(-1, '7');
      await w.run(33_000);
      expect(w.media().digits).toBe('7');
      expect(w.media().digitMethods).toEqual([to === 'rfc2833' ? 'rfc4733' : 'inband']);
      expect(w.strings('INFO')).toContain(`INFO,WARNING,1,bob,failback to ${to}`);
    },
  );

  it.each([
    [0, false, ''],
    [0, true, ''],
    [1, false, ''],
    [1, true, '4'],
    [2, false, '4'],
    [2, true, '4'],
  ])(
    '[dtmf/4] [param:sendearlydtmf] %i before the answer, RTP has come: %s',
    async (sendearlydtmf, heard, digits) => {
      await begin({ sendearlydtmf });
      peer.respond(peer.last('INVITE'), 183, { sdp: sdp() });
      await w.run();
      if (heard) w.media().emit('flowing', { remote: { host: '10.0.0.9', port: 40_000 } });
      expect(w.webphone.API_Dtmf(-1, '4')).toBe(sendearlydtmf !== 0);
      await w.run();
      expect(w.media().digits).toBe(digits);
      if (sendearlydtmf !== 0)
        expect(w.last('INFO')).toMatch(digits ? /^INFO,OK,1,bob/ : /^INFO,ERROR,1,bob/);
      await answered();
      expect(w.webphone.API_Dtmf(-1, '6')).toBe(true);
      await w.run();
      expect(w.media().digits).toBe(`${digits}6`);
    },
  );

  it('[dtmf/6] [notify:INFO] OK comes with the answer to INFO, and with the start of events', async () => {
    await begin({ dtmfmode: 1 }, 0);
    await answered();
    w.webphone.API_Dtmf(-1, '1');
    await w.run(400);
    expect(w.strings('INFO')).toEqual([]);
    peer.respond(peer.last('INFO'), 200);
    await w.run();
    expect(w.strings('INFO')).toEqual(['INFO,OK,1,bob']);
    w.forget();
    w.webphone.API_SetParameter('dtmfmode', 4);
    w.webphone.API_Dtmf(-1, '1');
    await w.run(10);
    expect(w.strings('INFO')).toEqual(['INFO,OK,1,bob']);
  });

  it('[dtmf/5] [API_Call] "," in a number sends digits on connect, ";" a little later', async () => {
    w = new WebphoneWorld({
      serveraddress: SERVER,
      username: 'me',
      password: 'x',
      register: 0,
      codec: 'pcmu',
      setfinalcodec: 0,
    });
    const registrar = await w.registrar();
    w.webphone.API_Start();
    await w.run();
    for (const [number, atOnce] of [
      ['1234,56', '56'],
      ['1234;56', ''],
    ]) {
      w.webphone.API_Call(-1, number);
      await w.run();
      const { request, tx } = registrar.others.filter((one) => one.request.method === 'INVITE').at(-1) ?? {};
      expect(request?.uri.toString()).toBe(`sip:1234@${SERVER}`);
      const media = [...w.engine.open].at(-1);
      expect(media?.digits).toBe('');
      tx?.reply(200, undefined, (response) => {
        response.set('Contact', `<sip:1234@${SERVER}>`);
        response.setBody(sdp(), 'application/sdp');
      });
      await w.run();
      expect(media?.digits).toBe(atOnce);
      await w.run(3000);
      expect(media?.digits).toBe('56');
    }
    w.webphone.API_Hangup(-2);
    await w.run();
    for (const { request, tx } of registrar.others) if (request.method === 'BYE') tx.reply(200);
    await w.run();
  });
});
