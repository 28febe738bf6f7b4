/** Settings of messages, presence, lamps, voice mail, who is let in, and what servers are believed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { type LiveCases, type LivePhone, live } from './live-phone.js';

const LATIN = Buffer.from('café', 'latin1');

/** @returns the status of a text message to us */
const text = (phone: LivePhone, callId: string, body: string | Buffer = 'hello'): Promise<number> =>
  phone.asks('MESSAGE', callId, { sdp: body as string, contentType: 'text/plain' });

/** Somebody wants to see our presence. @returns the status */
const watched = (phone: LivePhone, callId: string): Promise<number> =>
  phone.asks('SUBSCRIBE', callId, {
    headers: { Event: 'presence', Expires: '600', Accept: 'application/pidf+xml' },
  });

/** We write to somebody; the server answers with a status. @returns what was reported last */
async function writes(phone: LivePhone, status: number, content = 'hi'): Promise<string> {
  phone.api.API_SendChat(-1, phone.peer.uri, '', content);
  await phone.run();
  phone.asked('MESSAGE').tx.reply(status);
  await phone.run();
  return phone.w.last('CHATREPORT');
}

const field = (message: string | undefined, name: string): string =>
  new RegExp(`^${name}: (.*?)\\r?$`, 'm').exec(message ?? '')?.[1] ?? '';

/** The last SUBSCRIBE to somebody. */
const subscribe = (phone: LivePhone, user: string): string =>
  phone.sent('SUBSCRIBE').findLast((one) => one.startsWith(`SUBSCRIBE sip:${user}@`)) ?? '';

async function withServer(work: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(LATIN);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Nobody answers our REGISTER any more. @returns what is said of the network */
async function goneServer(phone: LivePhone): Promise<string> {
  phone.w.forget();
  phone.api.API_SetParameter('serveraddress', 'pbx.example');
  phone.w.resolver.table.set('pbx.example', [{ protocol: 'udp', host: '10.0.0.99', port: 5060 }]);
  phone.w.world.network.unreachable.add('10.0.0.99');
  phone.api.API_DelAccount('all');
  phone.api.API_SetCredentials('pbx.example', 'alice', 'secret');
  phone.api.API_Register();
  await phone.run(70_000);
  return phone.w.strings('EVENT').find((one) => /network/i.test(one)) ?? '';
}

export const serviceCases: LiveCases = {
  textmessaging: live(async (phone) => {
    expect(await text(phone, 'a')).toBe(200);
    await phone.set('textmessaging', 0);
    expect(await text(phone, 'b')).toBeGreaterThanOrEqual(400);
    expect(phone.w.strings('CHAT')).toHaveLength(1);
  }),
  offlinechat: live(async (phone) => {
    await phone.set('offlinechat', 0);
    expect(await writes(phone, 480)).toMatch(/^CHATREPORT,0,raw,3,/);
    await phone.set('offlinechat', 2);
    expect(await writes(phone, 480)).toMatch(/^CHATREPORT,0,raw,4,/);
  }),
  chatacceptasok: live(async (phone) => {
    const before = await writes(phone, 202);
    await phone.set('chatacceptasok', 1);
    const after = await writes(phone, 202);
    expect(before).toMatch(/^CHATREPORT,0,raw,4,/);
    expect(after).toMatch(/^CHATREPORT,0,raw,2,/);
  }),
  separatechatdiag: live(async (phone) => {
    const call = await phone.talk();
    const callId = async (): Promise<string> => {
      phone.api.API_SendChat(1, phone.bob.uri, '', 'hi');
      await phone.run(500);
      return field(phone.sent('MESSAGE').at(-1), 'Call-ID');
    };
    expect(await callId()).toBe(call.id);
    await phone.set('separatechatdiag', 1);
    expect(await callId()).not.toBe(call.id);
  }),
  contenttype: live(async (phone) => {
    await writes(phone, 200);
    expect(phone.asked('MESSAGE').request.get('Content-Type')).toBe('text/plain');
    await phone.set('contenttype', 'text/html');
    await writes(phone, 200);
    expect(phone.asked('MESSAGE').request.get('Content-Type')).toBe('text/html');
  }),
  charset: live(async (phone) => {
    await phone.set('charset', 'latin1');
    await text(phone, 'a', LATIN);
    expect(phone.w.last('CHAT')).toBe('CHAT,0,raw,café');
  }),
  charset_sip: live(async (phone) => {
    await phone.set('charset_sip', 'latin1');
    await writes(phone, 200, 'café');
    expect(Buffer.from(phone.asked('MESSAGE').request.body)).toEqual(LATIN);
  }),
  charset_bytes: live(async (phone) => {
    await withServer(async (url) => {
      expect(await phone.api.API_HTTPGet(url)).not.toBe('café');
      await phone.set('charset_bytes', 'latin1');
      expect(await phone.api.API_HTTPGet(url)).toBe('café');
    });
  }),
  http_addr: live(async (phone) => {
    await withServer(async (url, asked) => {
      await phone.set('http_addr', `${url}store/FILENAME`);
      await phone.api.API_LoadFileRemoteSync('a.txt');
      expect(asked).toEqual(['GET /store/a.txt']);
    });
  }),
  ftp_addr: live(async (phone) => {
    // Nobody listens there: it is named as what could not be reached.
    await phone.set('ftp_addr', 'ftp://127.0.0.1:1/store');
    expect(await phone.api.API_LoadFileRemoteSync('a.txt')).toContain('ftp://127.0.0.1:1/store/a.txt');
  }),
  voicemailnum: live(async (phone) => {
    const number = async (callId: string): Promise<string> => {
      await phone.asks('NOTIFY', callId, {
        sdp: 'Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n',
        contentType: 'application/simple-message-summary',
        headers: { Event: 'message-summary', 'Subscription-State': 'active' },
      });
      return phone.w.last('MWI').split(',')[2];
    };
    expect(await number('a')).not.toBe('5001');
    await phone.set('voicemailnum', '5001');
    expect(await number('b')).toBe('5001');
  }),
  profilestatustext: live(async (phone) => {
    await phone.set('profilestatustext', 'In a meeting');
    expect(phone.api.API_GetProfileStatusText('')).toBe('In a meeting');
  }),
  enablepresence: live(async (phone) => {
    expect(await watched(phone, 'a')).toBeLessThan(300);
    await phone.set('enablepresence', 0);
    expect(await watched(phone, 'b')).toBe(489);
    await phone.set('enablepresence', 1);
    expect(await watched(phone, 'c')).toBeLessThan(300);
  }),
  presenceexpire: live(async (phone) => {
    await phone.set('presenceexpire', 120);
    phone.api.API_CheckPresence('201');
    await phone.run();
    expect(field(subscribe(phone, '201'), 'Expires')).toBe('120');
  }),
  notifyexpiresec: live(async (phone) => {
    await phone.set('notifyexpiresec', 130);
    phone.api.API_CheckBLF('202');
    await phone.run(1000);
    expect(field(subscribe(phone, '202'), 'Expires')).toBe('130');
  }),
  autoacceptpresencerequests: live(async (phone) => {
    await phone.set('autoacceptpresencerequests', 0);
    expect(await watched(phone, 'a')).toBe(403);
    await phone.set('autoacceptpresencerequests', 2);
    expect(await watched(phone, 'b')).toBe(200);
  }),
  email: live(async (phone) => {
    await phone.set('email', 'alice@example.com');
    phone.api.API_CheckPresence('203');
    await phone.run();
    expect(field(subscribe(phone, '203'), 'Call-Info')).toContain('mailto:alice@example.com');
  }),
  upresence_USERNAME: live(
    async (phone) => {
      phone.peer.onRequest = (request) => void phone.peer.respond(request, 200);
      await watched(phone, 'a');
      const told = (): string => String(Buffer.from(phone.peer.last('NOTIFY').body));
      await phone.set('upresence_raw', 'DND');
      await phone.run(2000);
      expect(told()).toMatch(/dnd|do.?not.?disturb|busy/i);
      await phone.set('upresence_raw', 'NULL');
      await phone.run(2000);
      expect(told()).not.toMatch(/dnd|do.?not.?disturb|busy/i);
    },
    { autoacceptpresencerequests: 2 },
  ),
  enableblf: live(
    async (phone) => {
      await phone.run(1000);
      expect(subscribe(phone, '204')).toBe('');
      await phone.set('enableblf', 2);
      await phone.run(1000);
      expect(subscribe(phone, '204')).not.toBe('');
    },
    { enableblf: 0, blfuserlist: '204' },
  ),
  blfuserlist: live(async (phone) => {
    await phone.set('blfuserlist', '205');
    await phone.run(1000);
    expect(subscribe(phone, '205')).not.toBe('');
  }),
  blacklist: live(async (phone) => {
    expect(await text(phone, 'a')).toBe(200);
    await phone.set('blacklist', 'raw');
    await text(phone, 'b');
    expect(phone.w.strings('CHAT')).toHaveLength(1);
  }),
  whitelist: live(async (phone) => {
    await phone.set('whitelist', 'friend');
    await text(phone, 'a');
    expect(phone.w.strings('CHAT')).toEqual([]);
    await phone.set('whitelist', 'raw');
    await text(phone, 'b');
    expect(phone.w.strings('CHAT')).toHaveLength(1);
  }),
  blockmode: live(
    async (phone) => {
      await phone.set('blockmode', 2);
      expect([await text(phone, 'a'), await phone.asks('INVITE', 'b')]).toEqual([200, 403]);
      await phone.set('blockmode', 1);
      expect([await text(phone, 'c'), await phone.asks('INVITE', 'd')]).toEqual([0, 0]);
    },
    { blacklist: 'raw' },
  ),
  sendblocknotifications: live(
    async (phone) => {
      await text(phone, 'a');
      expect(phone.w.strings('BLOCK')).toEqual([]);
      await phone.set('sendblocknotifications', 1);
      await text(phone, 'b');
      expect(phone.w.strings('BLOCK')).toHaveLength(1);
    },
    { blacklist: 'raw' },
  ),
  acceptsettingsfromsip: live(async (phone) => {
    const learns = async (value: string): Promise<string> => {
      phone.registrar.decorate = (response) => response.set('X-MParam', `techprefix=${value}`);
      phone.api.API_Register();
      await phone.run(3000);
      return phone.api.API_GetParameter('techprefix');
    };
    expect(await learns('11')).toBe('11');
    await phone.set('acceptsettingsfromsip', 0);
    expect(await learns('22')).toBe('11');
  }),
  networkchecks: live(async (phone) => {
    expect(await goneServer(phone)).toBe('');
    await phone.set('networkchecks', 1);
    expect(await goneServer(phone)).toBe('EVENT,WARNING,No network');
  }),
  networkchecksdomain: live(
    async (phone) => {
      phone.w.resolver.table.set('probe.example', [{ protocol: 'udp', host: '198.51.100.1', port: 5060 }]);
      await phone.set('networkchecksdomain', 'probe.example');
      expect(await goneServer(phone)).toContain('the server does not answer');
    },
    { networkchecks: 1 },
  ),
  rtpextraheader: live(async (phone) => {
    await phone.talk();
    await phone.set('rtpextraheader', '7');
    expect(phone.w.media().extension).toEqual({ profile: 0, data: Buffer.from([0, 0, 0, 7]) });
  }),
  rtpextraheader_profile: live(
    async (phone) => {
      await phone.talk();
      await phone.set('rtpextraheader_profile', 258);
      expect(phone.w.media().extension?.profile).toBe(258);
    },
    { rtpextraheader: '7' },
  ),
  sendrtpeextraheaderonmute: live(
    async (phone) => {
      await phone.talk();
      expect(phone.w.media().extensionWhileMuted).toBe(3);
      await phone.set('sendrtpeextraheaderonmute', 5);
      expect(phone.w.media().extensionWhileMuted).toBe(5);
    },
    { rtpextraheader: '7' },
  ),
  rtpeextraheadernotify: live(async (phone) => {
    await phone.talk();
    const media = phone.w.media();
    const arrives = (): void =>
      void media.emit('headerExtension', {
        profile: 1,
        data: Buffer.from([0, 0, 0, 9]),
        elements: [] as never,
      });
    arrives();
    expect(phone.w.strings('RTPE')).toEqual([]);
    await phone.set('rtpeextraheadernotify', 1);
    arrives();
    expect(phone.w.strings('RTPE')).toEqual(['RTPE,1,1,9']);
  }),
};
