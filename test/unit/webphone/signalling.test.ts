import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;

beforeEach(async () => {
  w = new WebphoneWorld();
  w.webphone.API_Start();
  bob = await w.party('bob');
  await w.run();
  w.forget();
});

afterEach(() => w.end());

const invites = (): string[] =>
  w.world.network.packets
    .filter(({ text, to }) => text.startsWith('INVITE') && to.host === bob.host)
    .map(({ text }) => text);

describe('headers and descriptions', () => {
  it('[API_SetSIPHeader] sets headers for the next call, for all, and takes them back', async () => {
    expect(await w.webphone.API_SetSIPHeader(-3, 'X-One: 1\r\nX-Two: 2')).toBe(true);
    await w.calls(bob);
    expect(invites()[0]).toContain('X-One: 1\r\n');
    expect(invites()[0]).toContain('X-Two: 2\r\n');
    await w.webphone.API_SetSIPHeader(1, 'X-Line: 3');
    w.webphone.API_Hold(1, true);
    await w.run();
    expect(invites()[1]).toContain('X-Line: 3\r\n');
    w.webphone.API_Hangup(-2);
    await w.webphone.API_SetSIPHeader(-2, 'X-All: 4');
    await w.run();
    await w.calls(bob);
    expect(invites()[2]).toContain('X-All: 4\r\n');
    expect(invites()[2]).not.toContain('X-One');
    w.webphone.API_Hangup(-2);
    await w.webphone.API_SetSIPHeader(0, '');
    await w.run();
    await w.calls(bob);
    expect(invites()[3]).not.toContain('X-All');
    expect(await w.webphone.API_SetSIPHeader(-1, 'no header')).toBe(false);
    expect(await w.webphone.API_SetSIPHeader(-2, 'Call-ID: mine')).toBe(false);
    expect(w.last('ERROR')).toContain("stack's own");
  });

  it('[API_GetSIPHeader] [API_GetSDPField] read what was received', async () => {
    expect(w.webphone.API_GetSIPHeader(-1, 'From')).toBe('ERROR: no such line');
    expect(w.webphone.API_GetSDPField(-1, 'o')).toBe('ERROR: no such line');
    bob.agent.invite('sip:me@10.0.0.1', { from: bob.uri, headers: { 'X-Room': '7' } });
    await w.run();
    expect(w.webphone.API_GetSIPHeader(-1, 'X-Room')).toBe('7');
    expect(w.webphone.API_GetSIPHeader(1, 'X-Nothing')).toBe('ERROR: no such header');
    expect(w.webphone.API_GetSDPField(-1, 'c')).toBe(`IN IP4 ${bob.host}`);
    expect(w.webphone.API_GetSDPField(-1, 'nothing')).toBe('ERROR: no such field');
  });

  it('[API_SetSDPField] adds lines before and behind m=', async () => {
    expect(await w.webphone.API_SetSDPField(-3, 'a=x-room:7', 0)).toBe(true);
    expect(await w.webphone.API_SetSDPField(-3, 'a=x-mic:2', 1)).toBe(true);
    await w.calls(bob);
    const [text] = invites();
    expect(text.indexOf('a=x-room:7')).toBeGreaterThan(0);
    expect(text.indexOf('a=x-room:7')).toBeLessThan(text.indexOf('m=audio'));
    expect(text.indexOf('a=x-mic:2')).toBeGreaterThan(text.indexOf('m=audio'));
    expect(await w.webphone.API_SetSDPField(-1, 'not a line', 0)).toBe(false);
  });

  it('[API_SetUUI] sends User-to-User data in the next call', async () => {
    expect(w.webphone.API_SetUUI(-1, '56a390f3d2;encoding=hex', 0)).toBe(true);
    await w.calls(bob);
    expect(invites()[0]).toContain('User-to-User: 56a390f3d2;encoding=hex');
    w.webphone.API_Hangup(-2);
    await w.run();
    await w.calls(bob);
    expect(invites()[1]).not.toContain('User-to-User');
  });

  it('[API_RTPHeaderExtension] [notify:RTPE] sets the extension of a call, and tells that of the peer', async () => {
    w.webphone.API_SetParameter('rtpeextraheadernotify', 1);
    await w.calls(bob);
    const session = w.media();
    const set: unknown[] = [];
    session.setHeaderExtension = (...args: unknown[]) => void set.push(args[0]);
    expect(w.webphone.API_RTPHeaderExtension(-1, 1, '98;76543')).toBe(true);
    expect(set).toEqual([{ profile: 1, data: Buffer.from([0, 0, 0, 98, 0, 1, 42, 255]) }]);
    w.webphone.API_RTPHeaderExtension(-1, 0, '');
    expect(set[1]).toBeUndefined();
    expect(w.webphone.API_RTPHeaderExtension(-1, 1, 'x')).toBe(false);
    session.emit('headerExtension', {
      profile: 1,
      data: Buffer.from([0, 0, 0, 98, 0, 1, 42, 255]),
      elements: [],
    });
    expect(w.last('RTPE')).toBe('RTPE,1,1,98;76543');
  });
});

describe('messages', () => {
  it('[API_GetLastSentInvite] [API_GetLastRecInvite] [API_GetSIPMessage] [API_GetLastRecSIPMessage] give the last', async () => {
    expect(w.webphone.API_GetLastSentInvite()).toBe('');
    await w.calls(bob);
    expect(w.webphone.API_GetLastSentInvite()).toMatch(/^INVITE sip:bob@/);
    expect(w.webphone.API_GetSIPMessage(-1, 0, 4)).toMatch(/^SIP\/2\.0 200 /);
    expect(w.webphone.API_GetSIPMessage(1, 1, 1)).toMatch(/^ACK /);
    expect(w.webphone.API_GetLastRecSIPMessage(bob.calls[0].id)).toMatch(/^SIP\/2\.0 200 /);
    void bob.calls[0].hangup();
    await w.run();
    expect(w.webphone.API_GetSIPMessage(-1, 0, 1)).toMatch(/^BYE /);
    expect(w.webphone.API_GetLastRecSIPMessage('-1')).toMatch(/^BYE /);
    await w.called(bob);
    expect(w.webphone.API_GetLastRecInvite()).toMatch(/^INVITE sip:me@/);
  });

  it('[API_CapabilityRequest] asks a server', async () => {
    expect(w.webphone.API_CapabilityRequest('', '')).toBe(false);
    expect(w.webphone.API_CapabilityRequest(bob.host, '')).toBe(true);
    await w.run();
    expect(w.last('EVENT')).toBe(`EVENT,EVENT,OPTIONS ${bob.host}: 200 OK`);
    expect(w.world.network.packets.find(({ text }) => text.startsWith('OPTIONS'))?.text).toContain(
      'From: <sip:unknown@',
    );
  });

  it('[API_SendSIPMessage] [custom-info/2] sends any request', async () => {
    expect(w.webphone.API_SendSIPMessage(0, 'OPTIONS', '', '', bob.uri)).toBe(true);
    await w.run();
    expect(w.last('EVENT')).toBe('EVENT,EVENT,OPTIONS: 200 OK');
    const whole = `MESSAGE ${bob.uri} SIP/2.0\r\nX-Mine: 1\r\nContent-Type: text/plain\r\n\r\nhello`;
    expect(w.webphone.API_SendSIPMessage(-3, whole)).toBe(true);
    await w.run();
    const sent = w.world.network.packets.find(({ text }) => text.startsWith('MESSAGE'))?.text ?? '';
    expect(sent).toContain('X-Mine: 1');
    expect(sent).toMatch(/Content-Type: text\/plain\r\n[\s\S]*\r\n\r\nhello$/);
    expect(w.webphone.API_SendSIPMessage(-1, 'not a method')).toBe(false);
    expect(w.webphone.API_SendSIPMessage(-1, 'OPTIONS')).toBe(false);
  });

  /** Requests of a method we sent, as text. */
  const sent = (method: string): string[] =>
    w.world.network.packets
      .filter(({ text, from }) => from.host === '10.0.0.1' && text.startsWith(`${method} `))
      .map(({ text }) => text);

  it('[API_SendSIPMessage] [custom-info/2] sends any request in the call of a line, or of all lines', async () => {
    const carol = await w.party('carol');
    const calls = [await w.calls(bob), await w.calls(carol)];
    const infos: string[] = [];
    for (const call of calls)
      call.on('info', ({ contentType, body }) => infos.push(`${contentType} ${body}`));
    const inCall = (text: string, { id }: { id: string }): boolean =>
      text.includes(`Call-ID: ${id}\r\n`) && /\r\nTo: [^\r]*;tag=/.test(text);
    expect(w.webphone.API_SendSIPMessage(1, 'UPDATE')).toBe(true);
    await w.run();
    expect(sent('UPDATE').map((text) => inCall(text, calls[0]))).toEqual([true]);
    expect(w.last('EVENT')).toBe('EVENT,EVENT,UPDATE: 200 OK');
    const info = 'INFO\r\nContent-Type: text/x-mine\r\nX-Mine: 1\r\n\r\nhello';
    expect(w.webphone.API_SendSIPMessage(-2, info)).toBe(true);
    await w.run();
    expect(infos).toEqual(['text/x-mine hello', 'text/x-mine hello']);
    expect(sent('INFO').every((text) => text.includes('X-Mine: 1'))).toBe(true);
    // The active line is that of the last call, unless somebody else is named.
    for (const target of ['', bob.uri]) w.webphone.API_SendSIPMessage(-1, 'OPTIONS', '', '', target);
    await w.run();
    expect(sent('OPTIONS').map((text) => inCall(text, calls[1]))).toEqual([true, false]);
    for (const method of ['INVITE', 'ACK', 'PRACK'])
      expect(w.webphone.API_SendSIPMessage(1, method), method).toBe(false);
    expect(w.webphone.API_SendSIPMessage(1, 'BYE')).toBe(true);
    await w.run();
    expect(calls.map(({ state }) => state)).toEqual(['ended', 'connected']);
  });

  it('[API_SendSIPMessage] calls by INVITE, and asks other servers by an account of its own', async () => {
    expect(w.webphone.API_SendSIPMessage(-3, `INVITE ${bob.uri} SIP/2.0\r\nX-Mine: 1`)).toBe(true);
    await w.run();
    expect(invites()[0]).toContain('X-Mine: 1');
    expect(w.webphone.API_SendSIPMessage(1, 'CANCEL')).toBe(true);
    await w.run();
    expect(bob.calls[0].end?.status).toBe(487);
    const server = await w.world.peer('server', '10.0.0.77');
    server.onRequest = (request) => {
      const challenge = { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' };
      if (request.has('Authorization')) server.respond(request, 200);
      else server.respond(request, 401, { headers: challenge });
    };
    for (const method of ['OPTIONS', 'REGISTER']) {
      expect(w.webphone.API_SendSIPMessage(-3, method, '', 'eve:secret@10.0.0.77')).toBe(true);
      await w.run();
      const asked = server.last(method);
      expect(asked.get('Authorization')).toContain('username="eve"');
      expect(asked.from.uri.toString()).toBe('sip:eve@10.0.0.77');
      // RFC 3261 §10.2
      expect(asked.to.uri.toString()).toBe(method === 'REGISTER' ? 'sip:eve@10.0.0.77' : 'sip:10.0.0.77');
    }
  });

  it('[param:sipmsgnotifications] tells every message, in for sent and out for received as printed', async () => {
    w.webphone.API_SetParameter('sipmsgnotifications', 1);
    w.webphone.API_SendSIPMessage(0, 'OPTIONS', '', '', bob.uri);
    await w.run();
    const [sent, received] = w.strings('SIP');
    expect(sent).toMatch(new RegExp(`^SIP,in,${bob.host}:5060,OPTIONS `));
    expect(received).toMatch(new RegExp(`^SIP,out,${bob.host}:5060,SIP/2\\.0 200 OK\r\n`));
    w.webphone.API_SetParameter('sipmsgnotifications', 0);
    w.forget();
    w.webphone.API_SendSIPMessage(0, 'OPTIONS', '', '', bob.uri);
    await w.run();
    expect(w.strings('SIP')).toEqual([]);
  });

  it('[API_SetSSLContext] takes certificates and refuses anything else', () => {
    expect(w.webphone.API_SetSSLContext({ ca: 'PEM', verify: false })).toBe(true);
    expect(w.webphone.API_SetSSLContext({})).toBe(false);
    expect(w.webphone.API_SetSSLContext([] as never)).toBe(false);
  });
});

describe('digits and INFO', () => {
  it('[API_Dtmf] [API_Info] [notify:INFO] [notify:DTMF] [custom-info/0] [custom-info/1] are sent, reported and told', async () => {
    const call = await w.calls(bob);
    const infos: string[] = [];
    call.on('info', ({ contentType, body }) => infos.push(`${contentType} ${body}`));
    expect(w.webphone.API_Dtmf(-2, ' 12 345 #')).toBe(true);
    await w.run();
    expect(w.media().digits.replaceAll(',', '')).toBe('12345#');
    expect(w.last('INFO')).toBe('INFO,OK,1,bob');
    expect(w.webphone.API_Dtmf(-1, 'xyz')).toBe(false);
    expect(w.webphone.API_Info(-1, '{"a":1}')).toBe(true);
    await w.run();
    expect(infos).toEqual(['application/json {"a":1}']);
    const back = call.info('text/plain', 'hello, you');
    await w.run();
    await back;
    expect(w.last('INFO')).toBe('INFO,REC,1,bob,hello, you');
    w.media().emit('dtmf', { digit: '7', durationMs: 100, via: 'rfc4733' });
    expect(w.last('DTMF')).toBe('DTMF,1,7');
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(w.webphone.API_Info(-1, 'x')).toBe(false);
  });
});
