/** Text messages by functions and notifications, with a scripted peer. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { RawPeer } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const US = { uri: `sip:me@${HOST}`, host: HOST };
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let w: WebphoneWorld;
let peer: RawPeer;
/** What the peer answers to the next messages; then 200. */
let script: number[];

afterEach(() => w.end());

async function begin(settings: Record<string, string | number> = {}): Promise<void> {
  w = new WebphoneWorld(settings);
  w.webphone.API_Start();
  peer = await w.world.peer('bob', '10.0.0.9');
  script = [];
  peer.onRequest = (request) => {
    const status = request.method === 'MESSAGE' ? (script.shift() ?? 200) : 200;
    if (status !== 0) peer.respond(request, status);
  };
  await w.run(100);
  w.forget();
}

const send = async (text: string, id: number, group = '', ms = 500): Promise<void> => {
  expect(w.webphone.API_SendChat(-1, peer.uri, group, text, id)).toBe(true);
  await w.run(ms);
};

/** Status, text, group, checksum and id of the reports. */
const reports = (): string[][] => w.strings('CHATREPORT').map((text) => text.split(',').slice(3));
const statuses = (): string[] => reports().map(([status]) => status);

const bodies = (): string[] =>
  peer.requests.filter(({ message }) => message.method === 'MESSAGE').map(({ message }) => message.bodyText);

let written = 0;
async function writes(text: string, contentType = 'text/plain'): Promise<void> {
  await peer.request('MESSAGE', US, { sdp: text, contentType, callId: `text-${++written}` });
  await w.run(200);
}

describe('API_SendChat', () => {
  it('[API_SendChat] without a server is of `username` at our address', async () => {
    w = new WebphoneWorld({ serveraddress: '', username: '' });
    w.webphone.API_Start();
    peer = await w.world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) => peer.respond(request, 200);
    await w.run(100);
    w.webphone.API_SetParameter('username', 'alice');
    await send('Hi', 3);
    expect(peer.last('MESSAGE').from.uri.toString()).toBe('sip:alice@10.0.0.1:5060');
  });

  it('[im-chat/0] [API_SendChat] [notify:CHATREPORT] sends MESSAGE with an id; begun, under way, sent', async () => {
    await begin();
    await send('Hi, Bob', 17);
    expect(bodies()).toEqual(['Hi, Bob']);
    expect(peer.last('MESSAGE').get('X-Message-ID')).toBeTruthy();
    expect(statuses()).toEqual(['0', '1', '2']);
    for (const [, , group, sum, id] of reports())
      expect([group, sum, id]).toEqual(['', md5('Hi, Bob'), '17']);
    expect(w.strings('EVENT').join()).toContain('chat message sent successfully');
    // Without one of the application an id is made.
    w.forget();
    await send('again', 0);
    expect(reports()[0][4]).toMatch(/^\d+$/);
  });

  it('[im-chat/0] [notify:CHATREPORT] failed with the reason, and queued', async () => {
    await begin();
    script = [403];
    await send('one', 1);
    expect(statuses()).toEqual(['0', '1', '3']);
    expect(reports()[2][1]).toContain('403');
    expect(w.strings('WARNING').join()).toContain('chat message not delivered');
    w.forget();
    script = [480];
    await send('two', 2);
    expect(statuses()).toEqual(['0', '1', '4']);
  });

  it('[im-chat/1] to a group has its name in the report and before the text, also when it comes', async () => {
    await begin();
    const group = 'emma | john | linda';
    await send('Hi all', 3, group);
    expect(bodies()).toEqual([`GROUP: ${group}: Hi all`]);
    expect(new Set(reports().map(([, , name]) => name))).toEqual(new Set([group]));
    await writes(`GROUP: ${group}: Hi yourself`);
    expect(w.strings('CHAT')).toEqual([`CHAT,0,bob,GROUP: ${group}: Hi yourself`]);
  });

  it('[im-chat/3] [param:offlinechat] 0 gives up; else what failed goes out again when the peer is heard of, once', async () => {
    await begin({ offlinechat: 0 });
    script = [480];
    await send('x', 1);
    expect(statuses()).toEqual(['0', '1', '3']);
    await writes('are you there?');
    await w.run(10_000);
    expect(bodies()).toEqual(['x']);
    await w.end();

    await begin();
    script = [480];
    await send('later', 5);
    expect(statuses()).toEqual(['0', '1', '4']);
    await writes('I am back');
    await w.run(10_000);
    expect(bodies()).toEqual(['later', 'later']);
    expect(statuses().at(-1)).toBe('2');
    expect(reports().at(-1)?.[4]).toBe('5');
    // The same message, which a peer that had got it after all does not tell twice.
    const ids = peer.requests
      .filter(({ message }) => message.method === 'MESSAGE')
      .map(({ message }) => message.get('X-Message-ID'));
    expect(new Set(ids).size).toBe(1);
    await writes('and again');
    await w.run(10_000);
    expect(bodies()).toHaveLength(2);
  });

  it('[im-chat/3] goes out again with the next registration', async () => {
    await begin({ serveraddress: SERVER, username: 'me', password: 'x', register: 0 });
    const registrar = await w.registrar();
    w.webphone.API_SendChat(-1, 'carol', '', 'waiting', 6);
    await w.run(100);
    registrar.others.find(({ request }) => request.method === 'MESSAGE')?.tx.reply(480);
    await w.run(100);
    expect(statuses().at(-1)).toBe('4');
    await w.run(60_000);
    const sent = (): number => registrar.others.filter(({ request }) => request.method === 'MESSAGE').length;
    expect(sent()).toBe(1);
    w.webphone.API_Register();
    await w.run(1000);
    expect(sent()).toBe(2);
    registrar.others.filter(({ request }) => request.method === 'MESSAGE')[1].tx.reply(200);
    await w.run(200);
    expect(statuses().at(-1)).toBe('2');
  });

  it.each([
    [0, '4'],
    [1, '2'],
  ])('[im-chat/4] [param:chatacceptasok] %i: a 202 is told as %s', async (chatacceptasok, status) => {
    await begin({ chatacceptasok });
    script = [202];
    await send('x', 1);
    expect(statuses()).toEqual(['0', '1', status]);
  });
});

describe('API_SendSMS', () => {
  it.each([
    [-1, undefined, 'Yes'],
    [5, 'Yes', 'Yes'],
    [6, undefined, undefined],
  ])(
    '[sms-3gpp/2] [param:textmessaging] [API_SendSMS] %i: of chat and SMS the server is to pass on as SMS: %s, %s',
    async (textmessaging, chat, sms) => {
      await begin({ textmessaging });
      await send('hello', 1);
      expect(w.webphone.API_SendSMS(-1, peer.uri, 'hello', 2)).toBe(true);
      await w.run(500);
      const sent = peer.requests.flatMap(({ message }) => (message.method === 'MESSAGE' ? [message] : []));
      expect(sent.map((message) => message.get('X-Sms'))).toEqual([chat, sms]);
      expect(statuses()).toEqual(['0', '1', '2', '0', '1', '2']);
    },
  );
});

describe('typing', () => {
  const state = (name: string): string =>
    `<?xml version="1.0"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>${name}</state></isComposing>`;

  it('[im-chat/2] [API_SendChatIsComposing] [notify:CHATCOMPOSING] is sent, and told when it comes and when it ends', async () => {
    await begin();
    expect(w.webphone.API_SendChatIsComposing(-1, peer.uri)).toBe(true);
    await w.run(500);
    const sent = peer.last('MESSAGE');
    expect(sent.get('Content-Type')).toContain('application/im-iscomposing+xml');
    expect(sent.bodyText).toContain('<state>active</state>');
    await writes(state('active'), 'application/im-iscomposing+xml');
    expect(w.strings('CHATCOMPOSING')).toEqual(['CHATCOMPOSING,0,bob,0']);
    await writes(state('idle'), 'application/im-iscomposing+xml');
    expect(w.strings('CHATCOMPOSING')).toEqual(['CHATCOMPOSING,0,bob,0', 'CHATCOMPOSING,0,bob,1']);
    expect(w.strings('CHAT')).toEqual([]);
  });
});
