/** What settings and functions make of calls that come, seen by a scripted caller: forwarded, answered, blocked. */
import { afterEach, describe, expect, it } from 'vitest';
import { type RawPeer, sdp } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

type Given = Readonly<Record<string, string | number>>;
type Request = NonNullable<Parameters<RawPeer['request']>[2]>;

const US = { uri: `sip:me@${HOST}`, host: HOST };
const ELSEWHERE = 'sip:elsewhere@10.0.0.77';

let w: WebphoneWorld;
let peer: RawPeer;

afterEach(() => w.end());

async function begin(settings: Given): Promise<void> {
  w = new WebphoneWorld({ codec: 'pcmu', setfinalcodec: 0, ...settings });
  w.webphone.API_Start();
  peer = await w.world.peer('bob', '10.0.0.9');
  peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
  await w.run(100);
}

/** What the peer gets for a request, until `ms` have passed. */
async function asks(method: string, options: Request, ms = 200): Promise<number[]> {
  const before = peer.responses.length;
  await peer.request(method, US, options);
  await w.run(ms);
  return peer.responses.slice(before).map(({ status }) => status);
}

const calls = (options: Request = {}, ms?: number): Promise<number[]> =>
  asks('INVITE', { callId: `call-${peer.responses.length}`, sdp: sdp(), ...options }, ms);

/** We are in a call with somebody else. */
async function busy(): Promise<void> {
  await w.calls(await w.party('carol', '10.0.0.3'));
  w.forget();
}

/** The reason in the last CDR. */
const reason = (): string => w.last('CDR').split(',')[9];

async function again(settings: Given): Promise<void> {
  await w.end();
  await begin(settings);
}

describe('forwarding', () => {
  it.each([
    [{}, 302],
    [{ callforwardcode: 302 }, 302],
    [{ callforwardcode: 301 }, 301],
  ])(
    '[call-forward/0] [call-forward/2] [param:callforwardcode] %j: calls that are not answered yet go elsewhere with %i',
    async (code, status) => {
      await begin({ callforwardalways: ELSEWHERE, ...code });
      expect((await calls()).at(-1)).toBe(status);
      expect(peer.answer('INVITE').get('Contact')).toBe(`<${ELSEWHERE}>`);
      expect(reason()).toMatch(/^forwardalways/);

      await again({ callforwardonbusy: ELSEWHERE, ...code });
      expect(await calls({ callId: 'free' })).toContain(180);
      await asks('CANCEL', { callId: 'free' });
      await busy();
      expect((await calls()).at(-1)).toBe(status);
      expect(peer.answer('INVITE').get('Contact')).toBe(`<${ELSEWHERE}>`);
      expect(reason()).toMatch(/^forwardonbusy/);

      await again({ callforwardonnoanswer: ELSEWHERE, ...code });
      expect((await calls({}, 16_000)).at(-1)).toBe(status);
      expect(peer.answer('INVITE').get('Contact')).toBe(`<${ELSEWHERE}>`);
      expect(reason()).toMatch(/^forwardonnoanswer/);

      await again({ ...code });
      expect((await calls()).at(-1)).toBe(180);
      expect(w.webphone.API_Forward(-1, ELSEWHERE)).toBe(true);
      await w.run(100);
      expect(peer.answer('INVITE').status).toBe(status);
      expect(peer.answer('INVITE').get('Contact')).toBe(`<${ELSEWHERE}>`);
      expect(reason()).toMatch(/^forward( |$)/);
      await busy();
      expect(w.webphone.API_Forward(-1, ELSEWHERE)).toBe(false);
    },
  );

  it.each([
    [{}, 15_000],
    [{ callforwardonnoanswertimeout: 4 }, 4000],
  ])(
    '[call-forward/1] [param:callforwardonnoanswertimeout] %j: on no answer after %i ms',
    async (given, ms) => {
      await begin({ callforwardonnoanswer: ELSEWHERE, ...given });
      expect((await calls({}, ms - 300)).at(-1)).toBe(180);
      await w.run(600);
      expect(peer.answer('INVITE').status).toBe(302);
    },
  );
});

describe('answering', () => {
  const wishes = {
    'Call-Info': '<sip:x>;answer-after=0',
    'Alert-Info': '<http://x>;info=alert-autoanswer',
    'Answer-Mode': 'Auto',
    'Auto-Answer': 'yes',
  };

  it('[auto-answer/0] [param:enableautoaccept] 0: only by API_Accept', async () => {
    await begin({ enableautoaccept: 0, autoacceptheader: 'x-door' });
    expect((await calls({ callId: 'a', headers: { ...wishes, 'X-Door': '1' } }, 3000)).at(-1)).toBe(180);
    expect(w.webphone.API_Accept(-1)).toBe(true);
    await w.run(100);
    expect(peer.answer('INVITE').status).toBe(200);
    await peer.request('ACK', US, { callId: 'a', toTag: peer.answer('INVITE').to.tag });
    await w.run(50);
  });

  it.each([1, 2, 3])(
    '[auto-answer/0] [param:enableautoaccept] %i: also by the setting, the text and the wish of the caller it names',
    async (enableautoaccept) => {
      const answered = async (headers: Record<string, string>): Promise<boolean> => {
        const callId = `call-${peer.responses.length}`;
        await calls({ callId, headers }, 1500);
        const yes = peer.responses.some((one) => one.callId === callId && one.status === 200);
        if (yes) await peer.request('ACK', US, { callId, toTag: peer.answer('INVITE').to.tag });
        await w.run(50);
        w.webphone.API_Hangup(-2);
        await w.run(500);
        return yes;
      };
      await begin({ enableautoaccept, autoacceptheader: 'X-DOOR: front' });
      expect(await answered({})).toBe(enableautoaccept === 3);
      expect(await answered({ 'X-Door': 'Front' })).toBe(true);
      for (const [name, value] of Object.entries(wishes))
        expect(await answered({ [name]: value })).toBe(enableautoaccept >= 2);
    },
  );

  it.each([
    [{ enableautoaccept: 2 }, 3000],
    [{ enableautoaccept: 2, autoacceptdelay: 0 }, 0],
    [{ enableautoaccept: 2, autoacceptdelay: 5000 }, 5000],
    [{ enableautoaccept: 3, autoacceptdelay: 2000 }, 2000],
  ])(
    '[auto-answer/1] [param:autoacceptdelay] %j: after %i ms when the caller says 3 s',
    async (given, ms) => {
      await begin(given);
      const headers = { 'Call-Info': '<sip:x>;answer-after=3' };
      if (ms > 0) expect((await calls({ callId: 'a', headers }, ms - 300)).at(-1)).toBe(180);
      else await calls({ callId: 'a', headers }, 0);
      // About a second is the accuracy it may have.
      await w.run(1300);
      expect(peer.answer('INVITE').status).toBe(200);
      await peer.request('ACK', US, { callId: 'a', toTag: peer.answer('INVITE').to.tag });
      await w.run(50);
    },
  );
});

describe('the lists', () => {
  const watches: Request = { callId: 'watch', headers: { Event: 'presence', Expires: '600' } };
  const writes: Request = { callId: 'text', headers: { 'Content-Type': 'text/plain' } };

  it.each([
    [0, 'lets calls through and refuses watchers', [180], [606], []],
    [1, 'answers nothing at all', [], [], ['INVITE', 'SUBSCRIBE', 'MESSAGE']],
    [2, 'refuses calls and watchers', [606], [606], ['INVITE', 'SUBSCRIBE']],
    [3, 'refuses calls and answers nothing else', [606], [], ['INVITE', 'SUBSCRIBE', 'MESSAGE']],
  ])(
    '[block-lists/0] [block-lists/1] [param:blockmode] %i: %s',
    async (blockmode, _how, invited, watched, told) => {
      for (const blacklist of ['bob, mallory', '10.0.0.9', 'BOB@10.0.0.9']) {
        await begin({ blacklist, blockmode, blockrejectcode: 606, sendblocknotifications: 1 });
        const finals = (statuses: number[]): number[] => [
          ...new Set(statuses.filter((status) => status > 100)),
        ];
        expect([blacklist, finals(await calls({ callId: 'call' }))]).toEqual([blacklist, invited]);
        expect([blacklist, finals(await asks('SUBSCRIBE', watches))]).toEqual([blacklist, watched]);
        await asks('MESSAGE', writes);
        const methods = w.strings('BLOCK').map((text) => /^BLOCK,1,(\w+)/.exec(text)?.[1]);
        for (const method of told) expect(methods).toContain(method);
        if (blockmode === 0) expect(methods).not.toContain('INVITE');
        await w.end();
      }
      await begin({ blacklist: 'somebody-else', blockmode });
      expect(await calls()).toContain(180);
    },
  );

  it('[block-lists/0] [notify:BLOCK] is told only when asked to', async () => {
    await begin({ blacklist: 'bob' });
    await calls();
    expect(w.strings('BLOCK')).toEqual([]);
  });

  it('[block-lists/2] [param:whitelist] blocks everybody else, the OPTIONS of the server included', async () => {
    await begin({ whitelist: 'anna' });
    expect(await asks('OPTIONS', { callId: 'o' })).toEqual([]);
    expect(await calls()).toEqual([]);
    await again({ whitelist: 'anna,bob' });
    expect(await asks('OPTIONS', { callId: 'o' })).toEqual([200]);
    expect(await calls()).toContain(180);
  });
});

describe('a call that comes', () => {
  /** Its states on line 1, each with the direction told beside it (2 = incoming). */
  const told = (): string[] => [
    ...new Set(
      w.strings('STATUS').flatMap((text) => {
        const [, line, state, , , type] = text.split(',');
        return line === '1' ? [`${state} ${type}`] : [];
      }),
    ),
  ];

  it('[incoming-call/0] rings with direction IN, is accepted, refused by cause, ignored, forwarded or left to ring', async () => {
    await begin({});
    expect(await calls()).toEqual([180]);
    expect(told()).toEqual(['CallSetup 2', 'Ringing 2']);
    expect(w.webphone.API_Accept(-1)).toBe(true);
    await w.run(100);
    expect(peer.answer('INVITE').status).toBe(200);

    // By the user, by a list, by the phone itself.
    for (const [settings, status] of [
      [{}, 603],
      [{ userrejectdisccode: 486 }, 486],
      [{ blacklist: 'bob', blockmode: 2 }, 403],
      [{ blacklist: 'bob', blockmode: 2, blockrejectcode: 404 }, 404],
      [{ autoignore: 2 }, 480],
      [{ autoignore: 2, disccode: 488 }, 488],
    ] as const) {
      await again(settings);
      await calls();
      w.webphone.API_Reject(-1);
      await w.run(100);
      expect([settings, peer.answer('INVITE').status]).toEqual([settings, status]);
    }

    await again({ autoignore: 1 });
    expect(await calls({}, 5000)).toEqual([100]);
    expect(told()).not.toContain('Ringing 2');

    await again({});
    await calls();
    expect(w.webphone.API_Forward(-1, ELSEWHERE)).toBe(true);
    await w.run(100);
    expect(peer.answer('INVITE').status).toBe(302);
  });

  it('[incoming-call/1] [param:deferincomingcall] held back it gets no 180 before API_HandleCall or API_Accept', async () => {
    await begin({ deferincomingcall: 1 });
    expect(await calls({}, 3000)).toEqual([100]);
    expect(w.webphone.API_HandleCall()).toBe(true);
    await w.run(100);
    expect(peer.answer('INVITE').status).toBe(180);
    await again({ deferincomingcall: 1 });
    expect(await calls({}, 3000)).toEqual([100]);
    expect(w.webphone.API_Accept(-1)).toBe(true);
    await w.run(100);
    expect(peer.answer('INVITE').status).toBe(200);
  });

  it('[incoming-call/2] [param:rejectonbusy] [param:maxsimcalls] is refused when there are others', async () => {
    for (const settings of [{ rejectonbusy: 1 }, { maxsimcalls: 1 }] as Given[]) {
      await begin({ disablesamecall: 0, ...settings });
      await busy();
      expect((await calls()).at(-1)).toBe(486);
      w.webphone.API_Hangup(-2);
      await w.run(100);
      expect((await calls({ callId: 'later' })).at(-1)).toBe(180);
      await w.end();
    }
    await begin({});
    await busy();
    expect((await calls()).at(-1)).toBe(180);
  });
});

describe('one who listens in', () => {
  const barging: Request = { callId: 'barge', headers: { 'X-Monitor': 'YES please' } };

  it.each([0, 1, 3])(
    '[barge-in/0] [barge-in/1] [param:bargeinheader] enableautoaccept %i: is let in without a word, whatever the case of the text',
    async (enableautoaccept) => {
      await begin({ bargeinheader: 'x-monitor: yes', enableautoaccept, rejectonbusy: 1, maxsimcalls: 1 });
      await busy();
      const details = w.webphone.API_GetLineDetails(-1);
      const before = w.engine.bridges.length;
      w.forget();
      expect((await asks('INVITE', { sdp: sdp(), ...barging }, 3000)).at(-1)).toBe(200);
      await peer.request('ACK', US, { callId: 'barge', toTag: peer.answer('INVITE').to.tag });
      await w.run(3000);
      // What is told is of the call there was.
      expect(new Set(w.told.map((one) => ('line' in one ? one.line : one.kind)))).toEqual(new Set([]));
      expect(w.strings().filter((text) => /bob|barge/i.test(text))).toEqual([]);
      expect(w.webphone.API_GetLine()).toBe(1);
      expect(w.webphone.API_GetLineDetails(-1)).toBe(details);
      expect(w.webphone.API_GetLineStatus(2)).toBe(0);
      expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(1);
      expect(w.engine.bridges.length).toBe(before + 1);
      await peer.request('BYE', US, { callId: 'barge', toTag: peer.answer('INVITE').to.tag, cseq: 2 });
      await w.run(1000);
      expect(w.strings().filter((text) => /bob|barge|CDR/i.test(text))).toEqual([]);
      expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(1);
    },
  );

  it('[barge-in/0] without the text it is a call like any other', async () => {
    await begin({ bargeinheader: 'x-monitor: yes' });
    expect((await calls({ headers: { 'X-Monitor': 'no' } })).at(-1)).toBe(180);
  });
});
